package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/retain"
)

type retentionCmd struct {
	List   retentionListCmd   `cmd:"" help:"Runs of the deletion job, the newest first."`
	Report retentionReportCmd `cmd:"" help:"What one run erased, by activity and cause, with the days late."`
	Run    retentionRunCmd    `cmd:"" help:"Erase what has expired now, or say what would go on a day."`
	Stores retentionStoresCmd `cmd:"" help:"Where personal values stand, and for how long."`
}

type retentionListCmd struct {
	Limit int    `help:"How many." default:"20"`
	After string `help:"Begin behind this run, for the next page." placeholder:"RUN"`
	JSON  bool   `help:"Print JSON."`
}

func (c *retentionListCmd) Run(ctx context.Context, a *app, std streams) error {
	after, err := optionalID("--after", c.After)
	if err != nil {
		return err
	}
	if c.Limit <= 0 {
		return misuse{errors.New("--limit is a number of runs, 1 or more")}
	}
	runs, err := a.store.Runs(ctx, a.controller, after, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, append([]retain.Run{}, runs...))
	}
	if len(runs) == 0 {
		fmt.Fprintln(std.out, "none: a worker erases once an hour")
		return nil
	}
	rows := [][]string{{"RUN", "BEGAN", "ERASED", "UNINFORMED", "HELD", "WAITING", ""}}
	for _, r := range runs {
		rows = append(rows, []string{r.ID.String(), whenIn(r.StartedAt, a.reg.Controller.Zone), strconv.Itoa(r.People), strconv.Itoa(r.Uninformed()),
			strconv.Itoa(r.Held), strconv.Itoa(r.Waiting), brokenOff(r)})
	}
	table(std.out, rows)
	return nil
}

func brokenOff(r retain.Run) string {
	if r.EndedAt.IsZero() {
		return "under way, or broken off: the next one goes on"
	}
	return ""
}

type retentionReportCmd struct {
	ID   string `arg:"" optional:"" help:"The run; default the last one."`
	JSON bool   `help:"Print JSON."`
}

func (c *retentionReportCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := optionalID("the run", c.ID)
	if err != nil {
		return err
	}
	before := id
	if !id.IsZero() {
		before[len(before)-1]++ // itself is the first before the next
	}
	runs, err := a.store.Runs(ctx, a.controller, before, 1)
	if err != nil {
		return err
	}
	if len(runs) == 0 || !id.IsZero() && runs[0].ID != id {
		return errors.New("there is no such run: 'article14 retention list' shows those there are")
	}
	if c.JSON {
		return printJSON(std.out, runs[0])
	}
	fmt.Fprintf(std.out, "run %s of %s\n", runs[0].ID, whenIn(runs[0].StartedAt, a.reg.Controller.Zone))
	if words := brokenOff(runs[0]); words != "" {
		fmt.Fprintln(std.out, words)
	}
	printRun(std.out, runs[0], "erased")
	return nil
}

// printRun says what went, or would go.
func printRun(w io.Writer, r retain.Run, verb string) {
	fmt.Fprintf(w, "%s: %s, %s of them altogether\n", verb, counted(int64(r.People), "person", "people"), number(int64(r.Whole)))
	if r.Held > 0 {
		fmt.Fprintf(w, "held: %s over their date, by a legal hold ('hold list')\n", counted(int64(r.Held), "person", "people"))
	}
	if r.Waiting > 0 {
		fmt.Fprintf(w, "waiting: %s over their date, for a notice on its way or an answer that is owed\n", counted(int64(r.Waiting), "person", "people"))
	}
	if len(r.Counts) == 0 {
		return
	}
	rows := [][]string{{"ACTIVITY", "CAUSE", "DUTIES", "AS"}}
	for _, c := range r.Counts {
		as := strings.ReplaceAll(string(c.As), "_", " ")
		if c.Late > 0 {
			as += fmt.Sprintf("; %s behind the date, by up to %s", number(int64(c.Late)), counted(int64(c.DaysLate), "day", "days"))
		}
		rows = append(rows, []string{c.Activity, string(c.Cause), strconv.Itoa(c.Duties), as})
	}
	section(w, rows)
}

type retentionRunCmd struct {
	DryRun bool   `help:"Change nothing: say what would go."`
	On     string `help:"With --dry-run: on this day, from today on." placeholder:"YYYY-MM-DD"`
	People bool   `help:"With --dry-run: each person's id as well, never a name."`
	JSON   bool   `help:"Print JSON; people as one object a line before it."`
}

func (c *retentionRunCmd) Run(ctx context.Context, a *app, std streams) error {
	if !c.DryRun && (c.On != "" || c.People) {
		return misuse{errors.New("--on and --people go with --dry-run")}
	}
	if !c.DryRun {
		return c.now(ctx, a, std)
	}
	on := calendar.DateOf(a.now(), a.reg.Controller.Zone)
	var err error
	if c.On != "" {
		if on, err = calendar.Parse(c.On); err != nil {
			return misuse{fmt.Errorf("--on: %w", err)}
		}
	}
	var each func(retain.Planned)
	if c.People {
		each = c.person(std.out)
	}
	run, err := a.eraser().DryRun(ctx, on, each)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, run)
	}
	fmt.Fprintf(std.out, "on %s, by what is known today:\n", on)
	printRun(std.out, run, "would be erased")
	return nil
}

// person prints who goes as they are found: a day may have a million.
func (c *retentionRunCmd) person(w io.Writer) func(retain.Planned) {
	return func(p retain.Planned) {
		if c.JSON {
			json.NewEncoder(w).Encode(p) // what cannot be written, the object behind it tells
			return
		}
		words := "all, " + string(p.Cause)
		switch {
		case p.Waiting:
			words = "waits"
		case p.Cause == "":
			words = "nothing"
		case !p.Whole:
			words = "a part, " + string(p.Cause)
		}
		for _, h := range p.HeldBy {
			words += "; held by " + h.String()
		}
		fmt.Fprintf(w, "%s  %s\n", p.ContactID, words)
	}
}

func (c *retentionRunCmd) now(ctx context.Context, a *app, std streams) error {
	if a.unledgered != nil { // after a restore they would be here again
		return a.unledgered
	}
	began := a.now()
	out, err := a.eraser().Pass(ctx)
	if err != nil {
		return err
	}
	runs, err := a.store.Runs(ctx, a.controller, mailer.ID{}, 1)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, runs[0])
	}
	printRun(std.out, runs[0], "erased")
	if took := a.now().Sub(began); out.Contacts > 0 && took > time.Second {
		fmt.Fprintf(std.out, "in %s, %.0f a second\n", took.Round(time.Second), float64(out.Contacts)/took.Seconds())
	}
	return nil
}

type retentionStoresCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run needs no database.
func (c *retentionStoresCmd) Run(std streams) error {
	if c.JSON {
		return printJSON(std.out, retain.Places)
	}
	rows := [][]string{{"WHERE", "WHAT", "HOW LONG"}}
	for _, s := range retain.Places {
		if s.Personal {
			rows = append(rows, []string{s.Where, s.What, s.Period})
		}
	}
	table(std.out, rows)
	return nil
}
