package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/deliver"
)

type instanceCmd struct {
	Show  instanceShowCmd  `cmd:"" help:"Which copy of the database this is, and whether it sends."`
	Adopt instanceAdoptCmd `cmd:"" help:"Confirm that this copy of the database is the one that sends from now on."`
}

type instanceShowCmd struct {
	JSON bool `help:"Print JSON."`
}

type instanceJSON struct {
	ID         mailer.ID     `json:"id"`
	Label      string        `json:"label,omitempty"`
	CreatedAt  time.Time     `json:"created_at"`
	Place      deliver.Place `json:"place"`
	Here       deliver.Place `json:"here"`
	Held       bool          `json:"held"`
	HeldAt     time.Time     `json:"held_at,omitzero"`
	HeldReason string        `json:"held_reason,omitempty"`
}

func instanceReport(i deliver.Instance) instanceJSON {
	return instanceJSON{i.ID, i.Label, i.CreatedAt, i.Place, i.Here, i.Held(), i.HeldAt, i.HeldReason}
}

func (c *instanceShowCmd) Run(ctx context.Context, s *Settings, std streams) error {
	a, err := open(ctx, s, s.logger(io.Discard)) // what the log would say is printed
	if err != nil {
		return err
	}
	defer a.close()
	if c.JSON {
		return printJSON(std.out, instanceReport(a.instance))
	}
	printInstance(std.out, a.instance)
	return nil
}

func printInstance(w io.Writer, i deliver.Instance) {
	state := "sends"
	if i.Held() {
		state = "HELD since " + when(i.HeldAt) + ": nothing is sent"
	}
	table(w, [][]string{{"instance", i.ID.String()}, {"label", cmp.Or(i.Label, "none")}, {"known since", when(i.CreatedAt)},
		{"place", string(i.Place)}, {"state", state}})
	if held := i.HeldError(); held != nil {
		fmt.Fprintf(w, "here: %s\n\n%s\n", i.Here, held)
	}
	if !i.Here.Known() {
		fmt.Fprintln(w, "\nA part of the place is unknown, because the database's role may not ask for it: copies that differ in nothing else are not told apart.")
	}
}

type instanceAdoptCmd struct {
	By  string `help:"Who says so." required:"" placeholder:"NAME"`
	Why string `help:"Why this copy and not the other one; it stays on record." required:"" placeholder:"TEXT"`

	LedgerLost bool `help:"A ledger that this database knows of is lost for good: objections and erasures since the backup are lost with it."`
}

func (c *instanceAdoptCmd) Run(ctx context.Context, s *Settings, std streams) error {
	if strings.TrimSpace(c.By) == "" || strings.TrimSpace(c.Why) == "" {
		return misuse{errors.New("--by and --why must say something: they are the record of this decision")}
	}
	a, err := open(ctx, s, s.logger(io.Discard))
	if err != nil {
		return err
	}
	defer a.close()
	label := cmp.Or(s.Instance, a.instance.Label)
	if !a.instance.Held() && label == a.instance.Label {
		fmt.Fprintln(std.out, "nothing to adopt: this instance is not held")
		return nil
	}
	if err := a.allReplayed(ctx, c.LedgerLost); err != nil {
		return err
	}
	i, err := a.store.Adopt(ctx, label, c.By, c.Why, a.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "this copy sends from now on, as instance %s; make sure that no other copy does\n", i.ID)
	return nil
}
