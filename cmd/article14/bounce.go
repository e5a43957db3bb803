package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/term"

	"article14/internal/bounce"
	"article14/mailer"
	"article14/mailer/status"
	"article14/mailer/track"
)

// exitTempFail is EX_TEMPFAIL of sysexits: mail systems keep the message and try again.
const exitTempFail = 75

// tryAgain is an error after which the mail system shall bring the message again.
type tryAgain struct{ error }

func (e tryAgain) Unwrap() error { return e.error }

type bounceCmd struct {
	To   []string `help:"Address to which the report was sent, as the mail system knows it. Default: what Postfix (ORIGINAL_RECIPIENT, RECIPIENT) or Exim (LOCAL_PART, DOMAIN) say in the environment." placeholder:"ADDRESS"`
	List bool     `help:"Read nothing; list the reports that found no delivery."`
	Show string   `help:"Read nothing; print a report that was not matched or not understood, as it came. It may name people." placeholder:"ID"`
	JSON bool     `help:"Print JSON."`
}

// Help says what a mail system must know.
func (c *bounceCmd) Help() string {
	return `Reads one message on standard input: a report of a mail system (RFC 3464), a complaint (RFC 5965), an automatic reply or a person's answer, and does what follows from it. A report is never answered; a clear objection is acknowledged to the address that we know.

Exit status: 0 the report is kept, whether it found its delivery or not; 75 it could not be kept (the database is away, say): the mail system shall try again; 2 misuse. docs/bounces.md shows how to wire Postfix and Exim.`
}

// bounceWithin bounds one report: a mail system waits no longer either, and tries again.
const bounceWithin = time.Minute

func (c *bounceCmd) Run(ctx context.Context, s *Settings, std streams) error {
	if c.List {
		return c.list(ctx, s, std)
	}
	if c.Show != "" {
		return c.show(ctx, s, std)
	}
	if f, ok := std.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return misuse{errors.New("a report is read on standard input: pipe one in, or name a file with < FILE")}
	}
	// Input first: whoever pipes must be able to finish, whatever becomes of us.
	raw, err := io.ReadAll(io.LimitReader(std.in, bounce.MaxSize))
	if err == nil {
		_, err = io.Copy(io.Discard, std.in)
	}
	if err != nil {
		return tryAgain{fmt.Errorf("read the report: %w", err)}
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return misuse{errors.New("there is no report on standard input")}
	}
	ctx, cancel := context.WithTimeout(ctx, bounceWithin)
	defer cancel()
	if err := c.take(ctx, s, std, raw); err != nil {
		return tryAgain{err}
	}
	return nil
}

func (c *bounceCmd) take(ctx context.Context, s *Settings, std streams, raw []byte) error {
	a, err := openWithRegister(ctx, s, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	fate, verdict, err := a.reports().Judge(ctx, track.Incoming{Door: track.DoorPipe, SentTo: sentTo(c.To, os.Getenv), Raw: raw})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, newBounceJSON(fate, verdict))
	}
	fmt.Fprintln(std.out, bounceWords(fate, verdict))
	return nil
}

// sentTo are the addresses to which the mail system says that the report was
// sent: the flag's, or those that Postfix's local(8) and Exim's pipe transport put
// into the environment.
func sentTo(flags []string, env func(string) string) []string {
	if len(flags) > 0 {
		return flags
	}
	out := []string{env("ORIGINAL_RECIPIENT"), env("RECIPIENT")}
	if local := env("LOCAL_PART"); local != "" { // Exim's own: a prefix or suffix that a router took off belongs to it
		out = append(out, env("LOCAL_PART_PREFIX")+local+env("LOCAL_PART_SUFFIX")+"@"+env("DOMAIN"))
	}
	return slices.DeleteFunc(out, func(addr string) bool { return addr == "" })
}

type bounceJSON struct {
	Finding  string               `json:"finding"`
	Status   string               `json:"status,omitempty"`
	Replayed bool                 `json:"replayed"`
	Delivery mailer.ID            `json:"delivery,omitzero"`
	To       mailer.DeliveryState `json:"delivery_state,omitempty"`
	Duties   mailer.DutyState     `json:"duties,omitempty"`
	Why      track.WhyUnmatched   `json:"unmatched,omitempty"`
	Answer   *answerJSON          `json:"answer,omitempty"`
}

func newBounceJSON(f track.ReportFate, v track.Verdict) bounceJSON {
	out := bounceJSON{Finding: v.Finding(), Status: v.Reply.Enhanced, Replayed: f.Replayed, Delivery: f.DeliveryID, To: f.To, Duties: f.Duty, Why: f.Why}
	if f.Answer != nil {
		a := newAnswerJSON(*f.Answer)
		out.Answer = &a
	}
	return out
}

func bounceWords(f track.ReportFate, v track.Verdict) string {
	switch {
	case f.Replayed:
		return v.Finding() + ": was taken in before; nothing changed"
	case f.Answer != nil:
		return fmt.Sprintf("answer %s, suggested %s, is %s; see 'article14 answer show'", f.Answer.ID, f.Answer.Kind, answerShort(*f.Answer))
	case f.Why != "" && v.Kind == track.KindAutomatic:
		return v.Finding() + ": counted, and not kept"
	case f.Why != "":
		return v.Finding() + ": no delivery found (" + string(f.Why) + "); kept"
	case f.To == "":
		return fmt.Sprintf("%s: recorded with delivery %s", v.Finding(), f.DeliveryID)
	case f.Duty == "":
		return fmt.Sprintf("%s: delivery %s is %s", v.Finding(), f.DeliveryID, f.To)
	}
	return fmt.Sprintf("%s: delivery %s is %s, its duties are %s", v.Finding(), f.DeliveryID, f.To, f.Duty)
}

// answerShort is where an answer stands, in a word or two.
func answerShort(a track.AnswerItem) string {
	if a.No == track.NoRecorded {
		return string(a.State) + ", its objection recorded"
	}
	return string(a.State)
}

func (c *bounceCmd) show(ctx context.Context, s *Settings, std streams) error {
	id, err := mailer.ParseID(c.Show)
	if err != nil {
		return misuse{err}
	}
	a, err := openWithRegister(ctx, s, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	raw, err := a.store.RawReport(ctx, a.controller, id)
	if err != nil {
		return err
	}
	_, err = std.out.Write(raw)
	return err
}

// listedReports is how many reports are listed.
const listedReports = 200

func (c *bounceCmd) list(ctx context.Context, s *Settings, std streams) error {
	a, err := openWithRegister(ctx, s, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	us, err := a.store.UnmatchedReports(ctx, a.controller, listedReports)
	if err != nil {
		return err
	}
	f, err := a.store.Figures(ctx, a.controller, a.now())
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, struct {
			Reports   map[string]int64        `json:"reports"`
			Unmatched map[string]int64        `json:"unmatched"`
			Newest    []track.UnmatchedReport `json:"newest"`
		}{f.Reports, f.Unmatched, append([]track.UnmatchedReport{}, us...)})
	}
	counts := reportRows(f)
	if len(counts) == 0 && len(us) == 0 {
		fmt.Fprintln(std.out, "none")
		return nil
	}
	table(std.out, counts)
	if len(us) == 0 {
		return nil
	}
	zone := a.reg.Controller.Zone
	rows := [][]string{{"NOT MATCHED", "RECEIVED", "FINDING", "STATUS", "WHY"}}
	for _, u := range us {
		rows = append(rows, []string{u.ID.String(), whenIn(u.ReceivedAt, zone), u.Finding, u.Status, words(u.Why)},
			[]string{fmt.Sprintf("  %s, after %s%s", words(u.State), counted(int64(u.Tries), "try", "tries"), nextTry(u.NextTryAt, zone))})
	}
	fmt.Fprintln(std.out)
	table(std.out, rows)
	return nil
}

func nextTry(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return "; the next at " + whenIn(at, zone)
}

// reportRows are the figures of what came back.
func reportRows(f status.Figures) [][]string {
	var rows [][]string
	add := func(words string, n int64) {
		if n > 0 {
			rows = append(rows, []string{words, strconv.FormatInt(n, 10)})
		}
	}
	for _, class := range track.BounceClasses {
		add("bounced, "+string(class), f.Reports[string(class)])
	}
	for _, action := range track.Actions {
		add("reported "+string(action), f.Reports[string(action)])
	}
	add("complaints", f.Reports[string(track.KindComplaint)])
	add("automatic replies", f.Reports[string(track.KindAutomatic)])
	add("answers", f.Reports[string(track.KindAnswer)])
	add("reports not understood", f.Reports[track.NotUnderstood])
	add("reports waiting for their delivery", f.Unmatched["waiting"])
	add("reports that found no delivery, given up", f.Unmatched["given_up"])
	return rows
}
