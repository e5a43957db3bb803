package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/retain"
)

type contactEraseCmd struct {
	ID     string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	By     string `help:"Who decides this." placeholder:"NAME"`
	Why    string `help:"Why, for the record; name nobody in it." placeholder:"TEXT"`
	DryRun bool   `help:"Only say what would go, what would stay, and why."`
}

func (c *contactEraseCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.ID)
	if err != nil {
		return err
	}
	plan, held, err := a.eraser().Preview(ctx, id)
	if err != nil {
		return fmt.Errorf("%s cannot be erased now: %w", id, err)
	}
	printErasing(std.out, plan, held, a.reg)
	if c.DryRun {
		return nil
	}
	if c.By == "" || c.Why == "" {
		return misuse{errors.New("erasing is put on record: give --by NAME and --why TEXT, or --dry-run to look only")}
	}
	if a.unledgered != nil { // after a restore they would be here again
		return a.unledgered
	}
	if err := a.eraser().Erase(ctx, id, c.By, c.Why); err != nil {
		return fmt.Errorf("%s was not erased: %w", id, err)
	}
	fmt.Fprintf(std.out, "\n%s is erased\n", id)
	return nil
}

// printErasing says what goes and what stays. It prints no values: what is about to
// be erased need not go to a terminal's memory.
func printErasing(w io.Writer, plan retain.Erasing, held retain.Held, reg *mailer.Register) {
	rows := [][]string{{"GOES", "", ""}}
	goes := func(n int, what, why string) {
		if n > 0 {
			rows = append(rows, []string{what, strconv.Itoa(n), why})
		}
	}
	goes(1, "name, place, job, language", "they say who it was")
	goes(len(held.Identifiers), "identifiers", "addresses, profiles, telephone numbers, references")
	goes(len(held.Acquisitions), "acquisitions", "where the data came from, and when")
	goes(len(plan.Emptied), "values and replies of deliveries", "what was put into the texts")
	goes(len(plan.Cancel), "deliveries that have not gone out", "cancelled")
	table(w, rows)
	fmt.Fprintln(w)
	rows = [][]string{{"STAYS: DUTY DUE (" + reg.Controller.Zone.String() + ")", "SOURCE", "AS"}}
	ends := map[mailer.ID]retain.ErasedDuty{}
	for _, e := range plan.Duties {
		ends[e.ID] = e
	}
	for _, d := range held.Duties {
		if e, erased := ends[d.ID]; erased {
			d.State, d.Reason, d.Detail = mailer.DutyErased, e.Reason, e.Detail
		}
		rows = append(rows, []string{calendar.DateOf(d.Due.At, reg.Controller.Zone).String(), d.SourceKey, remedy(d)})
	}
	table(w, rows)
	fmt.Fprintf(w, "\nalso stay: the hash of each message, and %d keyed hashes that keep them from being taken in again\n", len(plan.Suppress))
}
