package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"article14/internal/calendar"
	"article14/mailer"
)

type contactCmd struct {
	Show contactShowCmd `cmd:"" help:"Who was told what, when, and why then."`
}

type contactShowCmd struct {
	ID   string `arg:"" help:"The contact's id."`
	JSON bool   `help:"Print JSON."`
}

func (c *contactShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := mailer.ParseID(c.ID)
	if err != nil {
		return misuse{err}
	}
	reg := a.reg
	r, err := a.store.ContactReport(ctx, a.controller, id)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, r)
	}
	printContact(std.out, r, reg)
	return nil
}

func printContact(w io.Writer, r mailer.ContactReport, reg *mailer.Register) {
	zone := reg.Controller.Zone
	fmt.Fprintf(w, "%s  %s  %s %s\n\n", r.Contact.ID, r.Contact.Name, r.Contact.Country, r.Contact.Language)
	rows := [][]string{{"OBTAINED", "SOURCE", "ACTIVITY", "VISIBILITY", "KNOWN FROM"}}
	for _, a := range r.Acquisitions {
		rows = append(rows, []string{when(a.ObtainedAt), a.SourceKey, a.ActivityKey, string(a.Visibility), string(a.Basis)})
	}
	table(w, rows)
	rows = [][]string{{"DUTY DUE", "RULE", "SOURCE", "STATE", "WHAT UNBLOCKS IT"}}
	for _, d := range r.Duties {
		rows = append(rows, []string{calendar.DateOf(d.Due.At, zone).String(), string(d.Due.Rule), d.SourceKey, string(d.State), d.Reason.Remedy()})
	}
	fmt.Fprintln(w)
	table(w, rows)
	rows = [][]string{{"DELIVERY", "DOCUMENT", "STATE", "LANGUAGE", "WHY", "SHA-256"}}
	for _, d := range r.Deliveries {
		rows = append(rows, []string{d.ID.String(), string(d.Document), string(d.State), d.Languages, d.LanguageRule, hex.EncodeToString(d.SHA256)})
		for _, at := range d.Attempts {
			rows = append(rows, []string{"  " + when(at.BegunAt), "attempt", string(at.Outcome), string(at.Stage), fmt.Sprintf("%d %s", at.Reply.Code, at.Reply.Enhanced), at.Relay})
		}
	}
	fmt.Fprintln(w)
	table(w, rows)
	for _, o := range r.Objections {
		fmt.Fprintf(w, "\nobjected to %s on %s (%s)\n", o.ActivityKey, when(o.MadeAt), o.Way)
	}
	for _, q := range r.Requests {
		fmt.Fprintf(w, "\nasked for %s on %s, answer due by %s\n", q.Kind, when(q.ReceivedAt), calendar.DateOf(q.DueAt, zone))
	}
}
