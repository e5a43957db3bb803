package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"article14/internal/register"
	"article14/mailer"
	"article14/mailer/complete"
	"article14/mailer/plan"
)

type registerCmd struct {
	Check  registerCheckCmd  `cmd:"" help:"Name everything that a register file lacks, with its place; changes nothing."`
	Apply  registerApplyCmd  `cmd:"" help:"Store a register file as the next version; the same file again changes nothing."`
	Show   registerShowCmd   `cmd:"" help:"Print the register in force, as it was given."`
	Schema registerSchemaCmd `cmd:"" help:"Print a JSON Schema for editors."`
}

type registerCheckCmd struct {
	File string `arg:"" help:"The register file." type:"existingfile"`
}

func (c *registerCheckCmd) Run(std streams) error {
	_, _, err := readRegister(c.File, std.out)
	if err == nil {
		fmt.Fprintln(std.out, c.File, "is complete")
	}
	return err
}

// readRegister reads and checks a file; what it lacks goes to w.
func readRegister(file string, w io.Writer) ([]byte, *mailer.Register, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	reg, positions, err := register.Parse(file, body)
	if err != nil {
		return nil, nil, err
	}
	findings := complete.Check(reg, nil)
	fmt.Fprint(w, register.Report(findings, positions))
	for _, f := range findings {
		if !f.Warning {
			return nil, nil, fmt.Errorf("%s is incomplete: nothing was changed; mend what is named above and try again", file)
		}
	}
	return body, reg, nil
}

type registerApplyCmd struct {
	File string `arg:"" help:"The register file." type:"existingfile"`
	By   string `help:"Who applies it, for the record; default your user name." placeholder:"NAME"`
}

func (c *registerApplyCmd) Run(ctx context.Context, s *Settings, std streams) error {
	body, reg, err := readRegister(c.File, std.err)
	if err != nil {
		return err
	}
	if s.Controller != "" && s.Controller != reg.Controller.Key {
		return misuse{fmt.Errorf("%s is the register of controller %q, and --controller names %q: leave --controller out", c.File, reg.Controller.Key, s.Controller)}
	}
	own := *s
	own.Controller = reg.Controller.Key // the file says whose it is, also where an instance has several
	a, err := open(ctx, &own, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	out, err := a.applyRegister(ctx, reg, body, person(c.By))
	if err != nil {
		return err
	}
	v := out.Version
	if out.Opened > 0 {
		fmt.Fprintf(std.out, "%d people whose data you hold already must be told of %d new purposes before they start\n", out.Opened, out.Purposes)
	}
	if !out.Made {
		fmt.Fprintf(std.out, "version %d of %s is in force already; nothing was changed\n", v.Version, reg.Controller.Key)
		return nil
	}
	fmt.Fprintf(std.out, "version %d of %s is in force (SHA-256 %s)\n", v.Version, reg.Controller.Key, hex.EncodeToString(v.Hash))
	return nil
}

func (a *app) applyRegister(ctx context.Context, reg *mailer.Register, body []byte, by string) (plan.Applied, error) {
	out, err := plan.Registrar{Registers: a.registers}.Apply(ctx, reg, body, by, a.now())
	if err != nil {
		return out, err
	}
	a.controller, a.key, a.reg = out.Version.ControllerID, reg.Controller.Key, reg
	return out, nil
}

// person is who does something: the name given, or that of the user.
func person(given string) string {
	if given != "" {
		return given
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

type registerShowCmd struct {
	JSON bool `help:"Print the version's particulars as JSON."`
}

func (c *registerShowCmd) Run(ctx context.Context, a *app, std streams) error {
	v, reg, err := a.registers.Current(ctx, a.key)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, struct {
			Controller string    `json:"controller"`
			Version    int       `json:"version"`
			SHA256     string    `json:"sha256"`
			AppliedAt  time.Time `json:"applied_at"`
			AppliedBy  string    `json:"applied_by"`
		}{reg.Controller.Key, v.Version, hex.EncodeToString(v.Hash), v.AppliedAt, v.AppliedBy})
	}
	_, err = std.out.Write(v.Body)
	return err
}

type registerSchemaCmd struct{}

func (c *registerSchemaCmd) Run(std streams) error {
	_, err := std.out.Write(register.Schema())
	return err
}
