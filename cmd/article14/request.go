package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/rights"
)

type requestCmd struct {
	List     requestListCmd     `cmd:"" help:"List what people asked for, by id; --open: what waits for an answer, the earliest date on top."`
	Show     requestShowCmd     `cmd:"" help:"Show one request with its history and what was written. The words are a person's."`
	Add      requestAddCmd      `cmd:"" help:"Put on record what came by letter, by telephone or at a desk, with its date of receipt."`
	Prove    requestProveCmd    `cmd:"" help:"Put on record that you made sure who asks, and how."`
	Take     requestTakeCmd     `cmd:"" help:"Put on record that somebody sees to it."`
	Extend   requestExtendCmd   `cmd:"" help:"Take two more months, for a reason; it counts once its notice is handed over within the first."`
	Answer   requestAnswerCmd   `cmd:"" help:"Answer it; an erasure is carried out when its receipt is out."`
	Refuse   requestRefuseCmd   `cmd:"" help:"Refuse it, on a ground and with reasons."`
	Withdraw requestWithdrawCmd `cmd:"" help:"Put on record that the person does not want it any more."`
	Lift     requestLiftCmd     `cmd:"" help:"End a restriction that a person asked for; it takes effect once they were told."`
}

// clockJSON is a request without its words.
type clockJSON struct {
	ID         mailer.ID              `json:"id"`
	Contact    mailer.ID              `json:"contact"`
	Kind       mailer.RequestKind     `json:"kind"`
	Activity   string                 `json:"activity,omitempty"`
	Way        mailer.Way             `json:"way"`
	State      mailer.RequestState    `json:"state"`
	ReceivedAt time.Time              `json:"received_at"`
	FirstDue   time.Time              `json:"first_due"`
	DueAt      time.Time              `json:"due_at"`
	Extension  mailer.ExtensionStand  `json:"extension,omitempty"`
	Reason     mailer.ExtensionReason `json:"extension_reason,omitempty"`
	Proof      mailer.Proof           `json:"proof,omitempty"`
	ProvedAt   time.Time              `json:"proved_at,omitzero"`
	Ground     mailer.Ground          `json:"ground,omitempty"`
	EndedAt    time.Time              `json:"ended_at,omitzero"`
	AnsweredAt time.Time              `json:"answer_handed_over_at,omitzero"`
}

func newClockJSON(q mailer.Request, now time.Time) clockJSON {
	due, stand := q.Clock(now)
	j := clockJSON{ID: q.ID, Contact: q.ContactID, Kind: q.Kind, Activity: q.ActivityKey, Way: q.Way, State: q.State, ReceivedAt: q.ReceivedAt, FirstDue: q.DueAt, DueAt: due,
		Extension: stand, Reason: q.Extension.Reason, Proof: q.Proof, ProvedAt: q.ProvedAt, Ground: q.Ground, EndedAt: q.EndedAt}
	if q.Answer.Done() {
		j.AnsweredAt = q.Answer.At
	}
	return j
}

type requestListCmd struct {
	Open  bool   `help:"Only what waits for an answer, the earliest date on top."`
	Kind  string `help:"Only of this kind." default:"" placeholder:"KIND"`
	Limit int    `help:"How many." default:"50"`
	JSON  bool   `help:"Print JSON."`
}

func (c *requestListCmd) Run(ctx context.Context, a *app, std streams) error {
	kind, err := requestKind(c.Kind)
	if err != nil {
		return err
	}
	if c.Limit <= 0 {
		return misuse{errors.New("--limit is a number of requests, 1 or more")}
	}
	qs, err := a.store.Requests(ctx, a.controller, rights.RequestFilter{Open: c.Open, Kind: kind, Limit: c.Limit})
	if err != nil {
		return err
	}
	now := a.now()
	if c.JSON {
		return printJSON(std.out, each(qs, func(q mailer.Request) clockJSON { return newClockJSON(q, now) }))
	}
	printRequests(std.out, qs, now, a.reg.Controller.Zone)
	if len(qs) == c.Limit {
		fmt.Fprintf(std.err, "there may be more: --limit %d\n", 10*c.Limit)
	}
	return nil
}

// printRequests prints each by id alone: what was written is for 'request show'.
func printRequests(w io.Writer, qs []mailer.Request, now time.Time, zone *time.Location) {
	if len(qs) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"REQUEST", "RECEIVED", "KIND", "WHERE IT STANDS"}}
	for _, q := range qs {
		rows = append(rows, []string{q.ID.String(), calendar.DateOf(q.ReceivedAt, zone).String(), string(q.Kind), requestStand(q, now, zone)})
	}
	table(w, rows)
}

// requestStand says what a request waits for or came to, with the days late: none is hidden (D7).
func requestStand(q mailer.Request, now time.Time, zone *time.Location) string {
	if !q.State.Open() {
		words := string(q.State) + " on " + calendar.DateOf(q.EndedAt, zone).String()
		if q.Ground != "" {
			words += " (" + string(q.Ground) + ", Article " + q.Ground.Article() + ")"
		}
		switch {
		case q.Answer.Lost():
			words += "; what was written to them did NOT arrive"
		case !q.Answer.None() && !q.Answer.Done():
			words += "; the mail is on its way"
		}
		return words
	}
	due, stand := q.Clock(now)
	words := strings.ReplaceAll(string(q.State), "_", " ") + ", to be answered by " + calendar.DateOf(due, zone).String()
	if days := mailer.LateDays(due, now, zone); days > 0 {
		words += ", late by " + counted(int64(days), "day", "days")
	}
	if q.Kind.NeedsProof() && q.Proof == mailer.ProofNone {
		words += "; not proved who asks"
	}
	return words + map[mailer.ExtensionStand]string{
		mailer.ExtensionWaits:   "; extended until " + calendar.DateOf(q.Extension.To, zone).String() + " once its notice is out",
		mailer.ExtensionHolds:   " (extended: " + string(q.Extension.Reason) + ")",
		mailer.ExtensionNotHeld: "; its extension does NOT count: they were not told in time",
	}[stand]
}

type requestShowCmd struct {
	ID   string `arg:"" help:"The request's id."`
	JSON bool   `help:"Print JSON."`
}

type requestEventJSON struct {
	At       time.Time           `json:"at"`
	What     string              `json:"what"`
	From     mailer.RequestState `json:"from,omitempty"`
	To       mailer.RequestState `json:"to"`
	By       string              `json:"by,omitempty"`
	Why      string              `json:"why,omitempty"`
	Delivery mailer.ID           `json:"delivery,omitzero"`
}

type requestTextJSON struct {
	At       time.Time       `json:"at"`
	What     rights.TextKind `json:"what"`
	By       string          `json:"by,omitempty"`
	Language string          `json:"language,omitempty"`
	Text     string          `json:"text"`
}

type restrictionJSON struct {
	ID       mailer.ID                `json:"id"`
	Activity string                   `json:"activity,omitempty"`
	Purposes []string                 `json:"purposes,omitempty"`
	Reason   mailer.RestrictionReason `json:"reason"`
	From     time.Time                `json:"from"`
	LiftedAt time.Time                `json:"lift_decided_at,omitzero"`
	LiftedBy string                   `json:"lifted_by,omitempty"`
	Stands   bool                     `json:"stands"`
}

func newRestrictionJSON(x mailer.Restriction) restrictionJSON {
	return restrictionJSON{x.ID, x.ActivityKey, x.Purposes, x.Reason, x.From, x.LiftAt, x.LiftedBy, x.Stands()}
}

func (c *requestShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := requestID(c.ID)
	if err != nil {
		return err
	}
	f, err := a.store.RequestFile(ctx, a.controller, id)
	if err != nil {
		return err
	}
	if !c.JSON {
		printRequest(std.out, f, a.now(), a.reg.Controller.Zone)
		return nil
	}
	return printJSON(std.out, struct {
		clockJSON
		Shared       bool               `json:"shared_mailbox"`
		Events       []requestEventJSON `json:"events"`
		Texts        []requestTextJSON  `json:"texts"`
		Restrictions []restrictionJSON  `json:"restrictions"`
	}{newClockJSON(f.Request, a.now()), f.Shared,
		each(f.Events, func(e rights.RequestEvent) requestEventJSON {
			return requestEventJSON{e.At, e.What, e.From, e.To, e.By, e.Why, e.DeliveryID}
		}),
		each(f.Texts, func(t rights.RequestText) requestTextJSON {
			return requestTextJSON{t.At, t.What, t.By, t.Language, t.Body}
		}),
		each(f.Restrictions, newRestrictionJSON)})
}

func printRequest(w io.Writer, f rights.RequestFile, now time.Time, zone *time.Location) {
	rows := [][]string{{"request", f.ID.String()}, {"contact", f.ContactID.String()}, {"kind", string(f.Kind)}, {"received", whenIn(f.ReceivedAt, zone) + " (" + string(f.Way) + ")"},
		{"stands", requestStand(f.Request, now, zone)}}
	if f.ActivityKey != "" {
		rows = append(rows, []string{"about", f.ActivityKey})
	}
	if f.Proof != mailer.ProofNone {
		rows = append(rows, []string{"proved", whenIn(f.ProvedAt, zone) + " (" + string(f.Proof) + ")"})
	}
	if f.Shared {
		rows = append(rows, []string{"mailbox", "it is that of somebody else as well: a code proves nothing, and answers go by post (R4)"})
	}
	for _, x := range f.Restrictions {
		if x.RequestID == f.ID {
			rows = append(rows, []string{"use", restrictionWords(x, zone)})
		}
	}
	table(w, rows)
	fmt.Fprintln(w)
	for _, e := range f.Events {
		by := ""
		if e.By != "" {
			by = " by " + visible(e.By)
		}
		fmt.Fprintf(w, "%s  %s%s%s\n", whenIn(e.At, zone), strings.ReplaceAll(e.What, "_", " "), bracketed(e.Why), by)
	}
	for _, t := range f.Texts {
		fmt.Fprintf(w, "\n%s, %s%s:\n", whenIn(t.At, zone), t.What, bracketed(t.By))
		for line := range strings.SplitSeq(t.Body, "\n") {
			fmt.Fprintln(w, "| "+visible(line))
		}
	}
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return " (" + visible(s) + ")"
}

func restrictionWords(x mailer.Restriction, zone *time.Location) string {
	words := "stopped since " + calendar.DateOf(x.From, zone).String() + " (" + string(x.Reason) + ")"
	switch {
	case !x.Stands():
		words = "was stopped from " + calendar.DateOf(x.From, zone).String() + "; lifted by " + visible(x.LiftedBy)
	case x.Told.Lost():
		words += "; it was lifted, and what tells them did NOT arrive: it stands"
	case !x.LiftAt.IsZero():
		words += "; it ends when the mail that tells them is out"
	}
	return words
}

type requestAddCmd struct {
	Contact  string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	Kind     string `help:"What they ask for: access, rectification, erasure, restriction, portability, withdrawal, question." required:"" placeholder:"KIND"`
	Received string `help:"The day on which it came: its month counts from there." required:"" placeholder:"DATE"`
	Way      string `help:"How it came: letter, phone, in_person, mail." required:"" placeholder:"WAY"`
	Activity string `help:"Only about this activity of the register." placeholder:"KEY"`
	Text     string `help:"A file with what they wrote or said; - for standard input." placeholder:"FILE"`
	Known    string `help:"How you made sure who asks, if you have." placeholder:"TEXT"`
	By       string `help:"Who puts it on record." required:"" placeholder:"NAME"`
}

func (c *requestAddCmd) Run(ctx context.Context, a *app, std streams) error {
	kind, err := requestKind(c.Kind)
	if err != nil {
		return err
	}
	if !slices.Contains(mailer.WaysByHand, mailer.Way(c.Way)) {
		return misuse{errors.New("--way is one of letter, phone, in_person, mail")}
	}
	if _, declared := a.reg.Activity(c.Activity); c.Activity != "" && !declared {
		return misuse{errors.New("the register has no activity of that key (--activity)")}
	}
	received, err := a.dayGiven("--received", c.Received)
	if err != nil {
		return err
	}
	words, err := wordsIn(c.Text, std)
	if err != nil {
		return err
	}
	contact, err := a.contact(ctx, c.Contact)
	if err != nil {
		return err
	}
	q, err := a.requests().Add(ctx, rights.Received{Contact: contact, Kind: kind, Activity: c.Activity, Way: mailer.Way(c.Way), At: received, By: c.By, Words: words, Known: c.Known})
	return a.stood(std, q, err)
}

type requestProveCmd struct {
	ID  string `arg:"" help:"The request's id."`
	By  string `help:"Who made sure." required:"" placeholder:"NAME"`
	Why string `help:"How you know who asks; copy no identity card." required:"" placeholder:"TEXT"`
}

func (c *requestProveCmd) Run(ctx context.Context, a *app, std streams) error {
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) { return a.requests().ProveBy(ctx, id, c.By, c.Why) })
}

type requestTakeCmd struct {
	ID string `arg:"" help:"The request's id."`
	By string `help:"Who sees to it." required:"" placeholder:"NAME"`
}

func (c *requestTakeCmd) Run(ctx context.Context, a *app, std streams) error {
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) { return a.requests().Take(ctx, id, c.By) })
}

// tellFlags say what a person is told, and how.
type tellFlags struct {
	Text     string `help:"A file with what the person is told, in their language; - for standard input." placeholder:"FILE"`
	Language string `help:"The language of the text, where their notice has several." placeholder:"CODE"`
	ByPost   string `help:"It went by post on this day: no mail goes out." placeholder:"DATE"`
	By       string `help:"Who decides." required:"" placeholder:"NAME"`
}

func (t tellFlags) decided(a *app, std streams) (d rights.Decided, err error) {
	d.By, d.Language = t.By, t.Language
	if d.Text, err = wordsIn(t.Text, std); err == nil && t.ByPost != "" {
		d.Posted, err = a.dayGiven("--by-post", t.ByPost)
	}
	return d, err
}

type requestExtendCmd struct {
	ID     string `arg:"" help:"The request's id."`
	Reason string `help:"Why it takes longer: complexity, or number (of requests)." required:"" enum:"complexity,number"`
	tellFlags
}

func (c *requestExtendCmd) Run(ctx context.Context, a *app, std streams) error {
	d, err := c.decided(a, std)
	if err != nil {
		return err
	}
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) {
		return a.requests().Extend(ctx, id, mailer.ExtensionReason(c.Reason), d)
	})
}

type requestAnswerCmd struct {
	ID  string            `arg:"" help:"The request's id."`
	Set map[string]string `help:"Of a rectification: a value to put right, such as name='Alex Muster'." placeholder:"FIELD=VALUE"`
	tellFlags
}

func (c *requestAnswerCmd) Run(ctx context.Context, a *app, std streams) error {
	d, err := c.decided(a, std)
	if err != nil {
		return err
	}
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) { return a.requests().Answer(ctx, id, d, c.Set) })
}

type requestRefuseCmd struct {
	ID     string `arg:"" help:"The request's id."`
	Ground string `help:"On what it rests; 'docs/requests.md' lists them." required:"" placeholder:"GROUND"`
	tellFlags
}

func (c *requestRefuseCmd) Run(ctx context.Context, a *app, std streams) error {
	d, err := c.decided(a, std)
	if err != nil {
		return err
	}
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) {
		return a.requests().Refuse(ctx, id, mailer.Ground(c.Ground), d)
	})
}

type requestWithdrawCmd struct {
	ID string `arg:"" help:"The request's id."`
	By string `help:"Whom they told." required:"" placeholder:"NAME"`
}

func (c *requestWithdrawCmd) Run(ctx context.Context, a *app, std streams) error {
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) { return a.requests().Withdraw(ctx, id, c.By) })
}

type requestLiftCmd struct {
	ID string `arg:"" help:"The id of the request for restriction."`
	tellFlags
}

func (c *requestLiftCmd) Run(ctx context.Context, a *app, std streams) error {
	d, err := c.decided(a, std)
	if err != nil {
		return err
	}
	return a.onRequest(std, c.ID, func(id mailer.ID) (mailer.Request, error) { return a.requests().Lift(ctx, id, d) })
}

// onRequest does something about a request, and says where it stands.
func (a *app) onRequest(std streams, given string, do func(mailer.ID) (mailer.Request, error)) error {
	id, err := requestID(given)
	if err != nil {
		return err
	}
	q, err := do(id)
	return a.stood(std, q, err)
}

func (a *app) stood(std streams, q mailer.Request, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %s, %s\n", q.ID, q.Kind, requestStand(q, a.now(), a.reg.Controller.Zone))
	return nil
}

// dayGiven is the beginning of a day in the controller's zone (D10).
func (a *app) dayGiven(flag, given string) (time.Time, error) {
	d, err := calendar.Parse(given)
	if err != nil {
		return time.Time{}, misuse{fmt.Errorf("%s is a day, as 2026-03-02", flag)}
	}
	return d.StartOf(a.reg.Controller.Zone).UTC(), nil
}

// mostFile is how many octets a file with words may have.
const mostFile = 1 << 20

// wordsIn reads a file of words.
func wordsIn(name string, std streams) (string, error) {
	var in io.Reader = std.in
	switch name {
	case "":
		return "", nil
	case "-":
	default:
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostFile+1))
	if err == nil && len(b) > mostFile {
		err = errors.New("that is more than a mail of words holds")
	}
	return strings.TrimSpace(string(b)), err
}

func requestKind(given string) (mailer.RequestKind, error) {
	k := mailer.RequestKind(given)
	if given != "" && !slices.Contains(mailer.RequestKinds, k) {
		return "", misuse{errors.New("--kind is one of access, rectification, erasure, restriction, portability, objection, withdrawal, question")}
	}
	return k, nil
}

func requestID(given string) (mailer.ID, error) {
	id, err := mailer.ParseID(given)
	if err != nil {
		return id, misuse{errors.New("give the id that 'article14 request list' shows")}
	}
	return id, nil
}
