package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"article14/internal/licence"
)

// licencesCmd prints the terms that travel with the program. It needs no database.
type licencesCmd struct {
	List bool `help:"Which terms each part has, without their texts."`
	JSON bool `help:"Print JSON."`
}

type licenceJSON struct {
	Part    string `json:"part"`
	Version string `json:"version,omitempty"`
	File    string `json:"file"`
	Licence string `json:"licence"`
	Text    string `json:"text,omitempty"`
}

func (c *licencesCmd) Run(std streams) error {
	texts, err := licence.Texts()
	if err != nil {
		return err
	}
	built := builtWith()
	var rows []licenceJSON
	for _, t := range texts {
		row := licenceJSON{Part: t.Part, Version: built[t.Part], File: t.File, Licence: t.Kind}
		if !c.List {
			row.Text = t.Body
		}
		rows = append(rows, row)
	}
	switch {
	case c.JSON:
		return printJSON(std.out, rows)
	case c.List:
		out := [][]string{{"PART", "VERSION", "LICENCE", "FILE"}}
		for _, r := range rows {
			out = append(out, []string{r.Part, r.Version, r.Licence, r.File})
		}
		table(std.out, out)
		return nil
	}
	for i, r := range rows {
		if i > 0 {
			fmt.Fprint(std.out, "\n\n")
		}
		fmt.Fprintf(std.out, "==== %s %s (%s, %s)\n\n%s", r.Part, r.Version, r.Licence, r.File, r.Text)
	}
	fmt.Fprintln(std.out)
	return nil
}

// builtWith is the version of each part, as the build knows it.
func builtWith() map[string]string {
	out := map[string]string{licence.Own: version(), licence.GoSelf: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, m := range info.Deps {
		out[m.Path] = m.Version
	}
	return out
}
