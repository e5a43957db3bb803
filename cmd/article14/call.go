package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
)

type callCmd struct {
	List   callListCmd   `cmd:"" help:"Who is to be called, the earliest date first. It shows names and numbers."`
	Script callScriptCmd `cmd:"" help:"What to say to somebody, in their language."`
	Log    callLogCmd    `cmd:"" help:"Take down a call that was made."`
}

type callListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *callListCmd) Run(ctx context.Context, a *app, std streams) error {
	calls, err := a.store.WaitingCalls(ctx, a.controller, listedLetters, a.now())
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, append([]byhand.WaitingCall{}, calls...))
	}
	if len(calls) == 0 {
		fmt.Fprintln(std.out, "nobody is to be called")
		return nil
	}
	printCalls(std.out, calls, a.now(), a.reg.Controller.Zone)
	return nil
}

// printCalls prints each call on two lines: a name may be long, and a date must not be hidden by it (D7).
func printCalls(w io.Writer, calls []byhand.WaitingCall, now time.Time, zone *time.Location) {
	rows := [][]string{{"CONTACT", "LANGUAGE", "TRIES", "DUE"}}
	for _, c := range calls {
		rows = append(rows, []string{c.ContactID.String(), c.Languages, number(int64(c.Tries)), dueIn(c.DueAt, now, zone)},
			[]string{"  " + visible(c.Name) + ", " + visible(c.Phone)})
		if !c.NotBefore.IsZero() {
			rows = append(rows, []string{"  not before " + whenIn(c.NotBefore, zone)})
		}
	}
	table(w, rows)
	section(w, [][]string{{"BEFORE", "article14 call script CONTACT"}, {"AFTER", "article14 call log CONTACT --on TIME --result RESULT --by NAME"}})
}

type callScriptCmd struct {
	Contact string `arg:"" help:"The contact's id."`
}

func (c *callScriptCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.Contact)
	if err != nil {
		return err
	}
	s, err := a.calls().Script(ctx, id)
	if err != nil {
		return err
	}
	reg, err := a.registers.Version(ctx, s.RegisterID)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "call %s, in %s; ask first whether it is they\n\n", visible(s.Facts.Contact.Name), s.Languages)
	for line := range strings.Lines(s.Text) {
		sentences(std.out, "", visible(strings.TrimSuffix(line, "\n")))
	}
	fmt.Fprintf(std.out, "\nthe page: %s\nthe code: %s\n", reg.Controller.Mail.ShownAs, s.Code)
	return nil
}

type callLogCmd struct {
	Contact string `arg:"" help:"The contact's id."`
	On      string `help:"When it was made, in the controller's time." required:"" placeholder:"'YYYY-MM-DD hh:mm'"`
	Result  string `help:"What came of it: ${enum}." enum:"told,not_reached,wrong_number,refused" required:"" placeholder:"RESULT"`
	By      string `help:"Who called: a person's name, kept on record." required:"" placeholder:"NAME"`
	Note    string `help:"What else matters. It goes when the person is erased." placeholder:"TEXT"`
}

func (c *callLogCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.Contact)
	if err != nil {
		return err
	}
	zone := a.reg.Controller.Zone
	on, err := time.ParseInLocation("2006-01-02 15:04", c.On, zone)
	if err != nil {
		return misuse{errors.New("--on: write the time of the call as '2026-03-31 14:05'")}
	}
	fate, err := a.calls().Log(ctx, byhand.CallLog{ContactID: id, On: on, Result: byhand.CallResult(c.Result), By: c.By, Note: c.Note})
	if err != nil {
		return err
	}
	switch {
	case fate.To == mailer.Relayed:
		fmt.Fprintln(std.out, "told: their duties are met")
	case !fate.Again.IsZero():
		fmt.Fprintf(std.out, "to be called again, not before %s\n", whenIn(fate.Again, zone))
	default:
		fmt.Fprintln(std.out, "the next channel is looked for; without one, their duties wait for a decision")
	}
	return nil
}
