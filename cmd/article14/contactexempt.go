package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/exempt"
	"article14/mailer/status"
)

type contactExemptCmd struct {
	ID       string   `arg:"" optional:"" help:"The contact's id, or the code that a notice of theirs bears. Without it the filter says whom: then a second name confirms."`
	Ground   string   `help:"Ground of Article 14(5): 14.5.a (has the information), 14.5.b (impossible, disproportionate effort, serious impairment), 14.5.c (laid down by law), 14.5.d (secrecy)." placeholder:"GROUND"`
	Weighing string   `help:"Why the person's interest in being told weighs less here, in 80 characters and 10 different words at least: an authority will read it." placeholder:"TEXT"`
	Because  []string `help:"For 14.5.b: age_of_data, no_contact_details, impairs_objectives, archiving_or_research; cost and scale count only beside these." placeholder:"FACTOR"`
	Public   string   `help:"For 14.5.b: where the information is made public." placeholder:"URL"`
	Law      string   `help:"For 14.5.c and 14.5.d: the law that lays it down, with its article." placeholder:"LAW"`
	Review   string   `help:"The day on which the duties are open again unless it is weighed anew; within two years." placeholder:"YYYY-MM-DD"`
	By       string   `help:"Who decides: a person's name, kept on record." placeholder:"NAME"`
	Confirm  string   `help:"Carry out a proposal, in another name than its author's." placeholder:"PROPOSAL"`
	Withdraw string   `help:"End an exemption before its review, or drop a proposal." placeholder:"EXEMPTION"`
	List     bool     `help:"Show exemptions and proposals, those first that are reviewed first."`
	JSON     bool     `help:"Print JSON."`
	dutyFlags
}

func (c *contactExemptCmd) Run(ctx context.Context, a *app, std streams) error {
	asked := 0
	for _, one := range []bool{c.List, c.Confirm != "", c.Withdraw != "", c.Ground != ""} {
		if one {
			asked++
		}
	}
	if asked != 1 {
		return misuse{errors.New("say one thing: --ground with what it needs, --confirm PROPOSAL, --withdraw EXEMPTION, or --list")}
	}
	if c.List {
		return c.list(ctx, a, std)
	}
	if strings.TrimSpace(c.By) == "" {
		return misuse{errors.New("an exemption is a person's decision: say whose with --by NAME")}
	}
	e, err := c.decide(ctx, a, std)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, e)
	}
	printDecision(std.out, e)
	return nil
}

// decide does what was asked about one exemption.
func (c *contactExemptCmd) decide(ctx context.Context, a *app, std streams) (exempt.Exemption, error) {
	x := a.exemptions()
	if given := c.Confirm + c.Withdraw; given != "" {
		id, err := mailer.ParseID(given)
		if err != nil {
			return exempt.Exemption{}, misuse{fmt.Errorf("%q is no exemption's id: %w", given, exempt.ErrNoExemption)}
		}
		if c.Withdraw != "" {
			return x.Withdraw(ctx, id, c.By)
		}
		p := newProgress(std.err, "excusing", -1)
		e, err := x.Confirm(ctx, id, c.By, p.set)
		p.done()
		return e, err
	}
	e, err := c.exemption(ctx, a)
	if err != nil {
		return e, err
	}
	return x.Propose(ctx, e)
}

// exemption is what the flags say.
func (c *contactExemptCmd) exemption(ctx context.Context, a *app) (e exempt.Exemption, err error) {
	e = exempt.Exemption{Ground: exempt.Ground(c.Ground), Weighing: strings.TrimSpace(c.Weighing), PublicURL: c.Public, Law: strings.TrimSpace(c.Law), ProposedBy: c.By}
	for _, f := range c.Because {
		e.Because = append(e.Because, exempt.Factor(f))
	}
	if c.Review != "" {
		if e.ReviewOn, err = calendar.Parse(c.Review); err != nil {
			return e, misuse{fmt.Errorf("--review: %w", err)}
		}
	}
	if e.Filter, err = c.filter(a.reg.Controller.Zone); err != nil {
		return e, misuse{err}
	}
	if c.ID != "" {
		e.ContactID, err = a.contact(ctx, c.ID)
		return e, err
	}
	if !c.given() {
		return e, misuse{errors.New("say whom: a contact's id, or a filter such as --source KEY --reason no_channel")}
	}
	if e.Filter.Activity == "" {
		if len(a.reg.Activities) != 1 {
			return e, misuse{fmt.Errorf("an exemption is weighed for one activity: name it with --activity: %s", joined(activityKeys(a.reg)))}
		}
		e.Filter.Activity = a.reg.Activities[0].Key
	}
	return e, nil
}

func printDecision(w io.Writer, e exempt.Exemption) {
	switch e.State {
	case exempt.Proposed:
		fmt.Fprintf(w, "proposal %s\nground %s, %s, %s, review on %s; nobody is excused yet\n", e.ID, e.Ground, counted(e.People, "person", "people"), duties(e.Duties), e.ReviewOn)
		fmt.Fprintf(w, "somebody else carries it out:\n  article14 contact exempt --confirm %s --by NAME\n", e.ID)
	case exempt.Ended:
		fmt.Fprintf(w, "exemption %s has ended; the duties that it excused are open again\n", e.ID)
	default:
		fmt.Fprintf(w, "exemption %s\nground %s, excused until the review on %s: %s\n", e.ID, e.Ground, e.ReviewOn, duties(e.Excused))
	}
}

func (c *contactExemptCmd) list(ctx context.Context, a *app, std streams) error {
	es, err := a.store.Exemptions(ctx, a.controller, false)
	if err != nil {
		return err
	}
	if c.JSON {
		if es == nil {
			es = []exempt.Exemption{}
		}
		return printJSON(std.out, es)
	}
	if len(es) == 0 {
		fmt.Fprintln(std.out, "there is none")
		return nil
	}
	rows := [][]string{{"EXEMPTION", "STATE", "GROUND", "PEOPLE", "EXCUSED", "REVIEW"}}
	for _, e := range es {
		rows = append(rows, []string{e.ID.String(), words(e.State), string(e.Ground), number(e.People), number(e.Excused), e.ReviewOn.String()},
			[]string{"  of " + whom(e) + ", by " + e.ProposedBy + also(e.ConfirmedBy)})
	}
	table(std.out, rows)
	return nil
}

// whom says in a few words whom an exemption is about.
func whom(e exempt.Exemption) string {
	if !e.ContactID.IsZero() {
		return e.ContactID.String()
	}
	f := e.Filter
	parts := []string{f.Activity}
	for _, list := range []string{joined(f.Sources), joined(f.Countries), joined(f.States), joined(f.Reasons)} {
		if list != "" {
			parts = append(parts, list)
		}
	}
	if !f.ObtainedFrom.IsZero() || !f.ObtainedUntil.IsZero() {
		parts = append(parts, "obtained in a window")
	}
	return strings.Join(parts, "; ")
}

// printExcuses shows on a person's record when they were told before, and on what
// ground they need not be.
func printExcuses(w io.Writer, r status.ContactReport, zone *time.Location) {
	for _, n := range r.PriorNotices {
		for _, d := range r.Duties {
			if d.ID == n.DutyID {
				fmt.Fprintf(w, "\ntold of %s from %s on %s%s; proof: %s\n", d.ActivityKey, d.SourceKey, whenIn(n.ToldAt, zone), lateBy(d.Due.At, n.ToldAt, zone), n.Proof)
			}
		}
	}
	for _, e := range r.Exemptions {
		fmt.Fprintf(w, "\nexemption %s (%s): ground %s%s, by %s%s, review on %s\n  %s\n", e.ID, e.State, e.Ground, detailOf(e), e.ProposedBy, also(e.ConfirmedBy), e.ReviewOn, e.Weighing)
	}
}

func lateBy(due, at time.Time, zone *time.Location) string {
	if days := mailer.LateDays(due, at, zone); days > 0 {
		return fmt.Sprintf(", late by %d days", days)
	}
	return ", in time"
}

func detailOf(e exempt.Exemption) (s string) {
	if len(e.Because) > 0 {
		s = " because of " + joined(e.Because)
	}
	for _, more := range []string{e.Law, e.PublicURL} {
		if more != "" {
			s += " (" + more + ")"
		}
	}
	return s
}

func also(name string) string {
	if name == "" {
		return ""
	}
	return ", confirmed by " + name
}
