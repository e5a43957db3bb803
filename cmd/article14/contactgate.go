package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
)

func (a *app) gate() *gate.Gate {
	return &gate.Gate{Store: a.store, Registers: a.registers, Keys: a.keys, Controller: a.controller, Key: a.key, Now: a.now}
}

type contactGateCmd struct {
	Who      string `arg:"" help:"The contact's id, the code of a notice of theirs, an e-mail address, or a number with its country's code."`
	Purpose  string `arg:"" help:"The purpose's key in the register."`
	Activity string `help:"The activity's key, where several have such a purpose." placeholder:"KEY"`
	Used     string `help:"Put on record that it was done: communication, or disclosure." enum:",communication,disclosure" default:"" placeholder:"KIND"`
	To       string `help:"With --used disclosure: the recipient, as the register names it." placeholder:"NAME"`
	At       string `help:"With --used: when, 2026-03-01T10:00:00+01:00; default now." placeholder:"INSTANT"`
	By       string `help:"With --used: who says so, for the record; default your user name." placeholder:"NAME"`
	JSON     bool   `help:"Print JSON."`
}

// errGateClosed lets a script see a no by the exit status.
var errGateClosed = errors.New("no")

func (c *contactGateCmd) Run(ctx context.Context, a *app, std streams) error {
	q := gate.Question{Activity: c.Activity, Purpose: c.Purpose}
	var err error
	if q.Who, err = c.who(ctx, a); err != nil {
		return err
	}
	answer, recorded, err := c.answer(ctx, a, q)
	var unclear *gate.QuestionError
	if errors.As(err, &unclear) {
		return misuse{errors.New(unclear.What)}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(std.out, newGateJSON(answer, c.Used != "", recorded)); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(std.out, gateWords(answer, a.reg.Controller.Zone))
		if c.Used != "" {
			fmt.Fprintf(std.out, "on record: %s\n", counted(int64(recorded), "use", "uses"))
		}
	}
	if !answer.Allowed {
		return errGateClosed
	}
	return nil
}

func (c *contactGateCmd) who(ctx context.Context, a *app) (gate.Who, error) {
	switch {
	case strings.Contains(c.Who, "@"):
		return gate.Who{Email: c.Who}, nil
	case strings.HasPrefix(c.Who, "+"):
		return gate.Who{Phone: c.Who}, nil
	}
	id, err := a.contact(ctx, c.Who)
	return gate.Who{Contact: id}, err
}

func (c *contactGateCmd) answer(ctx context.Context, a *app, q gate.Question) (gate.Answer, int, error) {
	if c.Used == "" {
		if c.To != "" || c.At != "" {
			return gate.Answer{}, 0, misuse{errors.New("--to and --at belong to --used")}
		}
		out, err := a.gate().Ask(ctx, []gate.Question{q})
		if err != nil {
			return gate.Answer{}, 0, err
		}
		return out[0], 0, nil
	}
	use := gate.Use{Question: q, Kind: gate.Kind(c.Used), Recipient: c.To, By: person(c.By)}
	if c.At != "" {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return gate.Answer{}, 0, misuse{errors.New("--at is an instant with its zone: 2026-03-01T10:00:00+01:00")}
		}
		use.At = at
	}
	out, err := a.gate().Confirm(ctx, []gate.Use{use})
	if err != nil {
		return gate.Answer{}, 0, err
	}
	return out[0].Answer, out[0].Recorded, nil
}

// gateJSON is the answer as 'contact gate --json' prints it.
type gateJSON struct {
	Allowed  bool        `json:"allowed"`
	Reason   gate.Reason `json:"reason,omitempty"`
	From     time.Time   `json:"from,omitzero"`
	DueAt    time.Time   `json:"due_at,omitzero"`
	Contacts []mailer.ID `json:"contacts"`
	Recorded *int        `json:"recorded,omitempty"`
}

func newGateJSON(g gate.Answer, used bool, recorded int) gateJSON {
	out := gateJSON{g.Allowed, g.Reason, g.From, g.DueAt, append([]mailer.ID{}, g.Contacts...), nil}
	if used {
		out.Recorded = &recorded
	}
	return out
}

// gateWords is an answer as people read it, with what would make it a yes.
func gateWords(g gate.Answer, zone *time.Location) string {
	if g.Allowed {
		return "yes"
	}
	why := map[gate.Reason]string{
		gate.Unknown:     "nobody is held here under that: import them first, and tell them",
		gate.Erased:      "their data are erased: nothing of them may be used",
		gate.NotHeld:     "they are held, but not for this activity",
		gate.Objected:    "they said no; only they can take that back",
		gate.Restricted:  "their data are restricted until that is lifted",
		gate.Expired:     "storage has ended: the worker erases them",
		gate.Quarantined: "who held the data limited who may see them, or that is not known: decide with 'contact tell' or 'contact erase'",
		gate.NotStarted:  "this purpose begins later",
		gate.NotInformed: "they have not been told yet",
	}[g.Reason]
	if !g.From.IsZero() {
		why += "; from " + calendar.DateOf(g.From, zone).String()
	}
	if !g.DueAt.IsZero() {
		why += "; they must be told by " + calendar.DateOf(g.DueAt, zone).String()
	}
	return fmt.Sprintf("no (%s): %s", g.Reason, why)
}

// useWords is a use on record as people read it.
func useWords(d gate.Disclosure, zone *time.Location) string {
	what := "contacted"
	if d.Kind == gate.Passing {
		what = "passed on to " + d.Recipient
	}
	words := fmt.Sprintf("%s for %s/%s on %s, by %s", what, d.ActivityKey, d.PurposeKey, whenIn(d.At, zone), d.By)
	if !d.Allowed {
		words += fmt.Sprintf(", although the gate refuses it (%s)", d.Reason)
	}
	return words
}
