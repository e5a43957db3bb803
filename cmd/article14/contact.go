package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/status"
)

type contactCmd struct {
	Show   contactShowCmd   `cmd:"" help:"Who was told what, when, and why then."`
	Tell   contactTellCmd   `cmd:"" help:"Decide that somebody is told whose data are quarantined, or who is reached only by an office's or a shared mailbox."`
	Copy   contactCopyCmd   `cmd:"" help:"Print all that is held about somebody, as they may ask for it (Article 15)."`
	Gate   contactGateCmd   `cmd:"" help:"May somebody be contacted, or their data passed on, for a purpose? Changes nothing unless told what was done."`
	Erase  contactEraseCmd  `cmd:"" help:"Erase somebody for good, with what they were owed on record."`
	List   contactListCmd   `cmd:"" help:"List people by what became of their duties, without names unless asked."`
	Exempt contactExemptCmd `cmd:"" help:"Record that a person, or many, need not be told (Article 14(5)), until a review."`
}

type contactShowCmd struct {
	ID   string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	JSON bool   `help:"Print JSON."`
}

func (c *contactShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.ID)
	if err != nil {
		return err
	}
	reg := a.reg
	r, err := a.store.ContactReport(ctx, a.controller, id)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, newContactJSON(r, a.now(), reg.Controller.Zone))
	}
	printContact(std.out, r, reg, a.now())
	return nil
}

// contact is whom an id means, or the code of a notice.
func (a *app) contact(ctx context.Context, given string) (mailer.ID, error) {
	if id, err := mailer.ParseID(given); err == nil {
		return id, nil
	}
	code, ok := mailer.ReadCode(given)
	if !ok {
		return mailer.ID{}, misuse{errors.New("that is neither a contact's id nor the code of a notice (XXXX-XXXX-XXXX)")}
	}
	link, err := a.store.DeliveryByCode(ctx, a.controller, code)
	if errors.Is(err, mailer.ErrNoSuchLink) {
		return mailer.ID{}, errors.New("no notice bears that code: read it again from the notice")
	}
	return link.ContactID, err
}

// whenIn is an instant as the controller's day has it, which is the day that counts (D10).
func whenIn(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

func printContact(w io.Writer, r status.ContactReport, reg *mailer.Register, now time.Time) {
	zone := reg.Controller.Zone
	fmt.Fprintln(w, strings.TrimSpace(strings.Join([]string{r.Contact.ID.String(), r.Contact.Name, r.Contact.Country, r.Contact.Language}, "  ")))
	if !r.Contact.ErasedAt.IsZero() {
		fmt.Fprintf(w, "erased %s\n", whenIn(r.Contact.ErasedAt, zone))
	}
	for _, i := range r.Identifiers {
		if i.Kind == mailer.ByPostal {
			sentences(w, "", "post: "+visible(postalWords(i.Value)))
		}
	}
	for _, d := range r.Decisions {
		sentences(w, "", fmt.Sprintf("decided to %s %s by %s: %s", d.Kind, whenIn(d.At, zone), d.By, visible(d.Why)))
	}
	rows := [][]string{{"OBTAINED (" + zone.String() + ")", "SOURCE", "ACTIVITY", "VISIBILITY", "KNOWN FROM"}}
	for _, a := range r.Acquisitions {
		rows = append(rows, []string{whenIn(a.ObtainedAt, zone), a.SourceKey, a.ActivityKey, string(a.Visibility), string(a.Basis)})
	}
	section(w, rows)
	rows = [][]string{{"DUTY DUE (" + zone.String() + ")", "RULE", "SOURCE", "STATE", "WHAT CAME OF IT, OR UNBLOCKS IT"}}
	for _, d := range r.Duties {
		rows = append(rows, []string{calendar.DateOf(d.Due.At, zone).String(), string(d.Due.Rule), d.SourceKey, words(d.State), dutyWords(d, now, zone)})
	}
	section(w, rows)
	printExcuses(w, r, zone)
	for _, d := range r.Deliveries {
		printDelivery(w, d, zone)
	}
	if len(r.Answers) > 0 {
		fmt.Fprintln(w)
		printAnswers(w, r.Answers, now, zone)
	}
	for _, o := range r.Objections {
		fmt.Fprintf(w, "\nobjected to %s on %s (%s)\n", o.ActivityKey, whenIn(o.MadeAt, zone), o.Way)
	}
	for _, d := range r.Disclosures {
		fmt.Fprintf(w, "\n%s\n", useWords(d, zone))
	}
	for _, q := range r.Requests {
		fmt.Fprintf(w, "\nasked for %s on %s, answer due by %s\n", q.Kind, whenIn(q.ReceivedAt, zone), calendar.DateOf(q.DueAt, zone))
	}
}

// postalWords is a postal address on one line.
func postalWords(value string) string {
	a, err := mailer.ParsePostal(value)
	if err != nil {
		return "unreadable"
	}
	return a.OneLine()
}

// section prints a table behind an empty line, unless it has nothing but its header.
func section(w io.Writer, rows [][]string) {
	if len(rows) > 1 {
		fmt.Fprintln(w)
		table(w, rows)
	}
}

// printDelivery prints a message's way: in which language and why, its hash, what
// was said on the wire, and what came back.
func printDelivery(w io.Writer, d status.DeliveryReport, zone *time.Location) {
	of := ""
	switch d.Channel {
	case mailer.ChannelLetter:
		of = " by letter"
	case mailer.ChannelPhone:
		of = " by telephone"
	}
	if d.CampaignKey != "" {
		of += " of campaign " + d.CampaignKey
	}
	fmt.Fprintf(w, "\n%s %s%s: %s\n", words(d.Document), d.ID, of, words(d.State))
	rule := "by " + d.LanguageRule
	if strings.HasPrefix(d.LanguageRule, "as ") { // as the notice, that a receipt follows
		rule = d.LanguageRule
	}
	sentences(w, "  ", "in "+d.Languages+", "+rule)
	if len(d.SHA256) > 0 {
		fmt.Fprintf(w, "  SHA-256 %x\n", d.SHA256)
	}
	var rows [][]string
	for _, at := range d.Attempts {
		rows = append(rows, []string{"  " + whenIn(at.BegunAt, zone), "attempt", attemptWords(at), replyWords(at.Reply)})
	}
	for _, rep := range d.Reports {
		rows = append(rows, []string{"  " + whenIn(rep.ReceivedAt, zone), "report", rep.Finding, replyWords(rep.Reply) + " (" + rep.Door + ", by " + string(rep.By) + ")"})
	}
	table(w, rows)
}

func attemptWords(a status.AttemptReport) string {
	if a.Outcome == "" {
		return "not settled, " + a.Relay
	}
	if a.Stage == "" { // by post or telephone
		return string(a.Outcome) + ", " + a.Relay
	}
	return string(a.Outcome) + " at " + string(a.Stage) + ", " + a.Relay
}

// dutyWords say what came of a duty, with the days late: none of them is hidden (D7).
func dutyWords(d mailer.Duty, now time.Time, zone *time.Location) string {
	late := ""
	if days := lateDays(d, now, zone); days > 0 {
		late = "late by " + counted(int64(days), "day", "days")
	}
	switch d.State {
	case mailer.DutyMet:
		return "on " + calendar.DateOf(d.MetAt, zone).String() + ", " + cmp.Or(late, "in time")
	case mailer.DutyErased: // its words have the days late
		return remedy(d)
	case mailer.DutyExcused:
		return strings.Join(slices.DeleteFunc([]string{words(d.Excuse), late}, func(s string) bool { return s == "" }), ", ")
	}
	return strings.Join(slices.DeleteFunc([]string{late, remedy(d)}, func(s string) bool { return s == "" }), "; ")
}

// remedy is what unblocks a duty, or what it came to when its data went.
func remedy(d mailer.Duty) string {
	if d.State != mailer.DutyErased {
		what := d.Reason.Remedy()
		if d.Reason == mailer.BlockNoChannel || d.Reason == mailer.BlockAddressDead {
			what = strings.TrimSuffix(what+" ("+d.Detail+")", " ()")
		}
		return what
	}
	words := strings.ReplaceAll(string(d.Reason), "_", " ")
	if d.Detail != "" {
		words += ", " + d.Detail
	}
	return words
}

// replyWords is what a relay said, its addresses masked, on one line. A message
// that never reached the wire has a text and no code.
func replyWords(r mailer.Reply) string {
	var codes []string
	if r.Code != 0 {
		codes = append(codes, strconv.Itoa(r.Code))
	}
	text := strings.Join(strings.Fields(r.Text), " ")
	said := strings.TrimSpace(strings.Join(append(codes, r.Enhanced), " "))
	if said == "" || text == said || strings.HasPrefix(text, said+" ") { // a report quotes the whole reply, codes and all
		return cmp.Or(text, said)
	}
	return strings.TrimSpace(said + " " + text)
}
