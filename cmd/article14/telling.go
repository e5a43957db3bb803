package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"article14/internal/hooks"
	"article14/mailer"
	"article14/mailer/telling"
)

type tellingCmd struct {
	List   tellingListCmd   `cmd:"" help:"List what recipients are told, by id, the newest first."`
	Show   tellingShowCmd   `cmd:"" help:"Show one with its attempts; --values: with what its recipient is told, which is a person's."`
	Retry  tellingRetryCmd  `cmd:"" help:"Have what a recipient's system did not take tried again."`
	Done   tellingDoneCmd   `cmd:"" help:"Put on record that a recipient was told by other means."`
	Export tellingExportCmd `cmd:"" help:"Write what a recipient without a system is to be told as CSV, and mark it as told."`
}

// recipients are the systems of --recipients; none without.
func (f *WorkerFlags) recipients() (*hooks.Sender, error) {
	var list []hooks.Recipient
	if f.Recipients != "" {
		var err error
		if list, err = hooks.ReadFile(f.Recipients); err != nil {
			return nil, misuse{err}
		}
	}
	s, err := hooks.New(list, hooks.Options{Now: time.Now})
	if err != nil {
		return nil, misuse{err}
	}
	return s, nil
}

// warnOfUntold says at once which recipients of the register have no address to be told at. It
// is no reason not to start: what they must be told waits.
func (a *app) warnOfUntold(s telling.Sender) {
	known := s.Recipients()
	for _, activity := range a.reg.Activities {
		for _, r := range activity.Recipients {
			if r.System && !slices.Contains(known, r.Key) {
				a.log.Warn("a recipient is to be told by its system, and is not in the recipients file: what it must be told waits", "recipient", r.Key)
			}
		}
	}
}

type tellingListCmd struct {
	State     string `help:"Only those that stand so: ${enum}." enum:",waiting,sending,told,dead,done,excused,lapsed" default:"" placeholder:"STATE"`
	Recipient string `help:"Only this recipient's." placeholder:"KEY"`
	Contact   string `help:"Only of this contact." placeholder:"ID"`
	After     string `help:"Begin behind this one, for the next page." placeholder:"TELLING"`
	Limit     int    `help:"How many." default:"50"`
	JSON      bool   `help:"Print JSON."`
}

func (c *tellingListCmd) Run(ctx context.Context, a *app, std streams) error {
	if c.Limit <= 0 {
		return misuse{errors.New("--limit is a number of tellings, 1 or more")}
	}
	contact, err := optionalID("--contact", c.Contact)
	if err != nil {
		return err
	}
	after, err := optionalID("--after", c.After)
	if err != nil {
		return err
	}
	entries, err := a.store.Tellings(ctx, a.controller, telling.Query{State: mailer.TellState(c.State), Recipient: c.Recipient, Contact: contact, Before: after, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, append([]telling.Entry{}, entries...))
	}
	printTellings(std.out, entries, a.reg.Controller.Zone)
	if len(entries) == c.Limit {
		fmt.Fprintf(std.err, "there may be more: --after %s\n", entries[len(entries)-1].ID)
	}
	return nil
}

func printTellings(w io.Writer, entries []telling.Entry, zone *time.Location) {
	if len(entries) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"TELLING", "RECIPIENT", "EVENT", "MADE"}}
	for _, e := range entries {
		rows = append(rows, []string{e.ID.String(), e.RecipientKey, strings.TrimPrefix(string(e.Event), "contact."), whenIn(e.MadeAt, zone)}, []string{"  " + tellingStand(e, zone)})
	}
	table(w, rows)
}

// tellingStand says where a telling stands, and what is next.
func tellingStand(e telling.Entry, zone *time.Location) string {
	by := ""
	if e.EndedBy != "" {
		by = " by " + visible(e.EndedBy)
	}
	switch e.State {
	case mailer.TellWaiting:
		if e.By == mailer.TellList {
			return "waits for 'telling export'"
		}
		return "waits, the next try not before " + whenIn(e.ReadyAt, zone) + tried(e.Tries)
	case mailer.TellSending:
		return "is being sent"
	case mailer.TellDead:
		return "DEAD: its system did not take it" + tried(e.Tries) + "; kept until " + whenIn(e.KeepUntil, zone)
	case mailer.TellExcused:
		return "not told (Article 19): " + visible(e.EndedWhy)
	case mailer.TellLapsed:
		return "LAPSED on " + whenIn(e.EndedAt, zone) + ": its recipient was not told, and its values are gone"
	}
	why := ""
	if e.EndedWhy != "" {
		why = " (" + visible(e.EndedWhy) + ")"
	}
	return string(e.State) + " on " + whenIn(e.EndedAt, zone) + by + why
}

func tried(n int) string {
	if n == 0 {
		return ""
	}
	return ", after " + counted(int64(n), "try", "tries")
}

type tellingShowCmd struct {
	ID     string `arg:"" help:"The telling's id."`
	Values bool   `help:"Show what its recipient is told. These are a person's data."`
	JSON   bool   `help:"Print JSON."`
}

type tellingJSON struct {
	telling.Entry
	Attempts []telling.Try   `json:"attempts"`
	Body     json.RawMessage `json:"body,omitempty"`
}

func (c *tellingShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := tellingID(c.ID)
	if err != nil {
		return err
	}
	t, tries, err := a.store.Telling(ctx, a.controller, id)
	if err != nil {
		return err
	}
	if c.JSON {
		out := tellingJSON{Entry: t.Entry, Attempts: append([]telling.Try{}, tries...)}
		if c.Values && len(t.Body) > 0 {
			out.Body = t.Body
		}
		return printJSON(std.out, out)
	}
	zone := a.reg.Controller.Zone
	about := t.ActivityKey
	if about == "" {
		about = "all"
	}
	table(std.out, [][]string{{"telling", t.ID.String()}, {"recipient", t.RecipientKey + ", by " + string(t.By)}, {"contact", t.ContactID.String() + ", number " + strconv.Itoa(t.Number)},
		{"event", string(t.Event)}, {"activity", about}, {"made", whenIn(t.MadeAt, zone)}, {"stands", tellingStand(t.Entry, zone)}})
	rows := [][]string{{"ATTEMPT", "BEGUN", "ENDED", "ANSWER"}}
	for i, try := range tries {
		rows = append(rows, []string{strconv.Itoa(i + 1), whenIn(try.BegunAt, zone), whenIn(try.EndedAt, zone), tryWords(try)})
	}
	section(std.out, rows)
	switch {
	case c.Values && len(t.Body) == 0:
		fmt.Fprintln(std.out, "\nits values are not kept any more")
	case c.Values:
		fmt.Fprintln(std.out)
		return printJSON(std.out, json.RawMessage(t.Body))
	}
	return nil
}

func tryWords(t telling.Try) string {
	switch {
	case t.EndedAt.IsZero():
		return "nobody knows"
	case t.Status > 0:
		return strconv.Itoa(t.Status)
	}
	return "none: " + string(t.Fault)
}

func tellingID(given string) (mailer.ID, error) {
	id, err := mailer.ParseID(given)
	if err != nil {
		return id, misuse{errors.New("give the id that 'article14 telling list' shows")}
	}
	return id, nil
}

type tellingRetryCmd struct {
	ID        string `arg:"" optional:"" help:"The telling's id; left out with --recipient."`
	Recipient string `help:"All of this recipient that are dead; its system is told again, if it had said that it is gone." placeholder:"KEY"`
	By        string `help:"Who decides: a person's name, kept on record." required:"" placeholder:"NAME"`
	Why       string `help:"Why, for the record; name nobody in it." required:"" placeholder:"TEXT"`
}

func (c *tellingRetryCmd) Run(ctx context.Context, a *app, std streams) error {
	if (c.ID == "") == (c.Recipient == "") {
		return misuse{errors.New("give the id of one telling, or --recipient KEY for all of a recipient")}
	}
	if c.ID != "" {
		id, err := tellingID(c.ID)
		if err != nil {
			return err
		}
		if err := a.tellDesk().Retry(ctx, id, c.By, c.Why); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "%s is tried again by the worker\n", id)
		return nil
	}
	again, overtaken, err := a.tellDesk().RetryAll(ctx, c.Recipient, c.By, c.Why)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "recipient %s is told again: %s dead\n", c.Recipient, counted(int64(again), "telling was", "tellings were"))
	if overtaken > 0 {
		sentences(std.out, "", counted(int64(overtaken), "other stays", "others stay")+" dead: something later has got through since; tell them by other means, and mark each with 'telling done'")
	}
	return nil
}

type tellingDoneCmd struct {
	ID  string `arg:"" help:"The telling's id."`
	By  string `help:"Who says so: a person's name, kept on record." required:"" placeholder:"NAME"`
	Why string `help:"How the recipient was told, for the record; name nobody in it." required:"" placeholder:"TEXT"`
}

func (c *tellingDoneCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := tellingID(c.ID)
	if err != nil {
		return err
	}
	if err := a.tellDesk().Done(ctx, id, c.By, c.Why); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is done\n", id)
	return nil
}

type tellingExportCmd struct {
	Recipient string `help:"The recipient's key." required:"" placeholder:"KEY"`
	Out       string `help:"File to write, for your eyes only (mode 0600); it must not be there." type:"path" required:"" placeholder:"FILE"`
	By        string `help:"Who passes it on: a person's name, kept on record." required:"" placeholder:"NAME"`
}

func (c *tellingExportCmd) Run(ctx context.Context, a *app, std streams) error {
	n, err := a.tellDesk().Export(ctx, c.Recipient, c.By, func() (telling.List, error) { return newTellingList(c.Out) })
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Fprintln(std.out, "nothing waits to be passed on to "+c.Recipient+", and no file was written")
		return nil
	}
	fmt.Fprintf(std.out, "%s in %s, marked as told\n", counted(int64(n), "telling", "tellings"), c.Out)
	sentences(std.out, "", "pass it on by a way that nobody else can read, and delete the file then")
	return nil
}
