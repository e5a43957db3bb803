package rights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"article14/mailer"
)

// Requests is what people ask for, from receipt to its end (Art. 12(3), D9): by the links of a
// notice (ask.go, proof.go), by what the team puts on record and decides (team.go), and by what a
// worker does beside (watch.go). Each step is worked out from a RequestFile and written
// in one transaction.
type Requests struct {
	Store   RequestStore
	Rights  *Rights // opens links; its registers, tokens and clock serve here too
	Mail    Correspondent
	Company mailer.Controller // its zone decides dates (D10)
	// Erase erases a person as a decision of somebody; an error of it is one that waits.
	Erase func(ctx context.Context, contact mailer.ID, by, why string) error
	Log   *slog.Logger
}

// Correspondent writes to people; *Correspondence does.
type Correspondent interface {
	// Plan makes a delivery that is not queued yet, or gives ErrNoMailbox. A code's has the
	// id of the key that its digits are derived from in Values, under SlotTokenKey.
	Plan(ctx context.Context, to To, doc mailer.Document, m mailer.Matter) (*mailer.PlannedDelivery, error)
}

// RequestStore keeps requests. Each method is one transaction.
type RequestStore interface {
	// OpenRequest locks a person and has decide say what becomes of what they ask, from how they
	// stand. notice is the delivery by whose link they ask; zero for none. It gives
	// ErrNoContact for somebody who is not there.
	OpenRequest(ctx context.Context, controller, contact, notice mailer.ID, now time.Time, decide func(Standing) (RequestChange, error)) (mailer.Request, error)
	// ChangeRequest locks a request with its person, and writes what decide says. Where decide
	// fails nothing is written. It gives ErrNoRequest for one that is not there.
	ChangeRequest(ctx context.Context, controller, id mailer.ID, now time.Time, decide func(RequestFile) (RequestChange, error)) (mailer.Request, error)
	// RequestFile gives a request with its person, or ErrNoRequest.
	RequestFile(ctx context.Context, controller, id mailer.ID) (RequestFile, error)
	// RequestsOf gives how a person stands.
	RequestsOf(ctx context.Context, controller, contact mailer.ID) (Standing, error)
	// Requests gives a page of requests: of the open ones those whose first date comes first, else the newest.
	Requests(ctx context.Context, controller mailer.ID, f RequestFilter) ([]mailer.Request, error)
	// TryCode counts a try at the code that a request's mailbox was last sent, before anybody
	// compares, whichever process does (R4). It is zero where there is no try left, or no code.
	TryCode(ctx context.Context, controller, contact, request mailer.ID, now time.Time) (ProofCode, error)
	// TryLetter does the same for the code of a letter: tries in each span of time.
	TryLetter(ctx context.Context, controller mailer.ID, c ProofCode, now time.Time) (bool, error)
	// LookAtRequests has decide look at each request whose time has come.
	LookAtRequests(ctx context.Context, controller mailer.ID, now time.Time, decide func(RequestFile) Look, limit int) ([]Look, error)
	// ForgetRequests deletes words whose time has come (T4), and codes that are over.
	ForgetRequests(ctx context.Context, controller mailer.ID, now time.Time, limit int) (int, error)
}

// RequestFilter bounds a list.
type RequestFilter struct {
	Open  bool
	Kind  mailer.RequestKind // "": all
	Limit int
}

// Standing is how a person stands: what they asked, and what of theirs is not used.
type Standing struct {
	Contact      mailer.Contact
	Activities   []string         // for which something is held
	Requests     []mailer.Request // the oldest first
	Restrictions []mailer.Restriction
	Written      int // pieces of writing of theirs that are kept
}

// open gives the open request of a kind.
func (s Standing) open(kind mailer.RequestKind, activity string) (mailer.Request, bool) {
	i := slices.IndexFunc(s.Requests, func(r mailer.Request) bool { return r.Kind == kind && r.ActivityKey == activity && r.State.Open() })
	if i < 0 {
		return mailer.Request{}, false
	}
	return s.Requests[i], true
}

// latest gives the newest request of a kind, whatever became of it.
func (s Standing) latest(kind mailer.RequestKind, activity string) (out mailer.Request, found bool) {
	for _, r := range s.Requests {
		if r.Kind == kind && r.ActivityKey == activity {
			out, found = r, true
		}
	}
	return out, found
}

// RequestFile is a request with all that a decision about it needs.
type RequestFile struct {
	mailer.Request
	Standing
	Identifiers []mailer.Identifier // those that count: what another one took the place of is left out
	Shared      bool                // a mailbox of theirs is that of somebody else as well (R4)
	Notice      mailer.ID           // the newest notice that was handed over; zero: none
	CodesSent   int                 // since it was received
	CodesLately int                 // to the person, within codeTime
	Texts       []RequestText
	Events      []RequestEvent
	Corrections []mailer.Correction // of the person
}

// RequestText is something that was written about a request. It is personal.
type RequestText struct {
	ID       mailer.ID
	What     TextKind
	By       string // "": the person
	Language string // "": unknown
	Body     string
	At       time.Time
}

// TextKind is what words are for.
type TextKind string

// Kinds of words.
const (
	TextAsked   TextKind = "asked"   // what the person wrote
	TextWanted  TextKind = "wanted"  // a right value: "field: value"
	TextAnswer  TextKind = "answer"  // what the team wrote to them
	TextReasons TextKind = "reasons" // of an extension, a refusal, a lifting
	TextProof   TextKind = "proof"   // how somebody of the team knows who asks
)

// RequestEvent is something that happened to a request; no words stand in it.
type RequestEvent struct {
	ID         mailer.ID
	At         time.Time
	What       string
	From, To   mailer.RequestState
	By         string // "": the person, or the worker
	Why        string // a code
	DeliveryID mailer.ID
}

// ProofCode is a code that was sent, without its digits.
type ProofCode struct {
	ContactID  mailer.ID
	RequestID  mailer.ID
	DeliveryID mailer.ID
	KeyID      string // "": it stands in a letter
	MadeAt     time.Time
	ExpiresAt  time.Time
	TriesLeft  int
}

// RequestChange is what a decision about a request comes to. Without an event nothing changes.
type RequestChange struct {
	Request  mailer.Request // as it stands then
	New      bool           // it is made
	Events   []RequestEvent
	Texts    []RequestText
	Mail     *mailer.PlannedDelivery // queued in the express lane
	Code     *ProofCode              // of that mail; it ends those before it
	CodeUsed bool                    // proved: every code of the request goes
	Restrict []mailer.Restriction    // new ones
	Lift     []mailer.Restriction    // as they stand then
	Correct  []mailer.Correction
	Added    []mailer.Identifier // by a correction; the one that it replaces is left out from then on
	Replaced []mailer.ID
	LookAt   time.Time // when a worker looks at it; zero: never
	Raise    []mailer.Alert
	Settle   []mailer.AlertKind // alerts of the request that are over
	Forget   time.Time          // when its words go; zero: they stay while it is open
}

// Errors of requests.
var (
	ErrNoRequest    = errors.New("no request has that id: 'article14 request list' shows them")
	ErrRequestEnded = errors.New("that request has come to its end already")
	ErrUnproved     = errors.New("nobody has proved yet that it is this person who asks, and what it would show or change is theirs alone (R4): " +
		"let them type the code, or make sure another way and say how with 'request prove'")
	ErrNotProved = errors.New("that is not the code, or it is over")
	ErrNoRight   = errors.New("what is held of them rests on nothing that gives this right (R10): refuse it with its ground, or record a question")
	ErrTooLong   = errors.New("that is too long")
)

// How long and how much (T4, R4).
const (
	MostWords    = 4000                 // characters that a person may write with a request
	wordsKept    = 365 * 24 * time.Hour // after the end of a request: they show what was asked, and that it was answered
	codeTime     = time.Hour
	codeTries    = 5
	codesInTime  = 3  // to a person within codeTime
	codesAtAll   = 12 // for one request: then the team makes sure another way
	lookFirst    = 14 * 24 * time.Hour
	lookAtOnce   = 100
	erasureGrace = 24 * time.Hour // how long an erasure waits for its receipt to go out
)

// plainWords brings what somebody typed into a form that is safe to show: lines and letters,
// nothing that steers a terminal or turns text around.
func plainWords(s string, most int) (string, error) {
	out := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
	out = strings.TrimSpace(out)
	if len([]rune(out)) > most {
		return "", ErrTooLong
	}
	return out, nil
}

// event begins a change of a request to a state.
func (r *Requests) event(f mailer.Request, what string, to mailer.RequestState, by, why string) RequestChange {
	now := r.Rights.Now()
	c := RequestChange{Request: f, Events: []RequestEvent{{ID: mailer.NewID(now), At: now, What: what, From: f.State, To: to, By: by, Why: why}}}
	c.Request.State = to
	if !to.Open() {
		c.Forget = now.Add(wordsKept)
		if f.State.Open() {
			c.Request.EndedAt = now
			c.Settle = []mailer.AlertKind{mailer.AlertRequestDue, mailer.AlertExtensionNotHeld}
		}
	}
	c.LookAt = firstLook(c.Request, now)
	return c
}

// say adds words to a change.
func (c *RequestChange) say(what TextKind, by, language, body string) {
	if body != "" {
		at := c.Events[0].At
		c.Texts = append(c.Texts, RequestText{ID: mailer.NewID(at), What: what, By: by, Language: language, Body: body, At: at})
	}
}

// send has a mail go with a change.
func (c *RequestChange) send(d *mailer.PlannedDelivery) {
	if d != nil {
		c.Mail, c.Events[0].DeliveryID = d, d.ID
	}
}

// answer says how the person hears of the end of a request; it is watched until they have.
func (c *RequestChange) answer(h mailer.Handing, mail *mailer.PlannedDelivery) {
	c.Request.Answer = h
	c.send(mail)
	c.LookAt = firstLook(c.Request, c.Request.EndedAt)
}

// opened begins a new request.
func (r *Requests) opened(q mailer.Request, by string) RequestChange {
	now := r.Rights.Now()
	q.ID, q.State = mailer.NewID(now), mailer.RequestReceived
	q.DueAt = mailer.RequestDue(q.ReceivedAt, r.Company.Zone)
	return RequestChange{Request: q, New: true, LookAt: firstLook(q, now),
		Events: []RequestEvent{{ID: mailer.NewID(now), At: now, What: "received", To: mailer.RequestReceived, By: by, Why: string(q.Way)}}}
}

// then goes on with a change that made or moved a request.
func (c *RequestChange) then(r *Requests, what string, to mailer.RequestState, by, why string) {
	more := r.event(c.Request, what, to, by, why)
	c.Request, c.LookAt, c.Forget, c.Settle = more.Request, more.LookAt, more.Forget, more.Settle
	c.Events = append(c.Events, more.Events...)
}

// receipt tells the person what they asked and by when it is answered. A receipt that
// cannot be written is no reason not to take what they ask.
func (r *Requests) receipt(ctx context.Context, to To, doc mailer.Document, m mailer.Matter) *mailer.PlannedDelivery {
	d, err := r.Mail.Plan(ctx, to, doc, m)
	if err != nil && !errors.Is(err, ErrNoMailbox) {
		r.Log.Error("a receipt could not be written; the request is taken all the same", "contact", to.Contact, "document", doc, "error", mailer.MaskAddresses(err.Error()))
	}
	if err != nil {
		return nil
	}
	return d
}

// applies tells whether a kind is a right that one of some activities gives (R10), and on
// which purposes of each it bears.
func applies(reg *mailer.Register, kind mailer.RequestKind, activities []string) bool {
	return kind == mailer.RequestQuestion || slices.ContainsFunc(activities, func(key string) bool {
		a, declared := reg.Activity(key)
		return declared && mailer.GivesRight(a, kind.Right())
	})
}

// stopped are the restrictions that a request brings with it at once: use stops before anybody
// decides (Art. 7(3), 18(1)).
func (r *Requests) stopped(reg *mailer.Register, q mailer.Request, activities []string) []mailer.Restriction {
	now := r.Rights.Now()
	one := mailer.Restriction{ID: mailer.NewID(now), ContactID: q.ContactID, RequestID: q.ID, ActivityKey: q.ActivityKey, From: now}
	switch q.Kind {
	case mailer.RequestRestriction:
		one.Reason = mailer.RestrictedAsked
	case mailer.RequestErasure:
		one.Reason = mailer.RestrictedErasure
	case mailer.RequestWithdrawal:
		return withdrawn(reg, one, activities)
	default:
		return nil
	}
	return []mailer.Restriction{one}
}

// withdrawn stops each purpose that rests on consent, of the activity or of all.
func withdrawn(reg *mailer.Register, like mailer.Restriction, activities []string) (out []mailer.Restriction) {
	for _, key := range activities {
		a, _ := reg.Activity(key)
		if like.ActivityKey != "" && like.ActivityKey != key {
			continue
		}
		for _, right := range mailer.RightsFor(a) {
			if right.Right == mailer.RightWithdrawal {
				one := like
				one.ID, one.ActivityKey, one.Purposes, one.Reason = mailer.NewID(like.From), key, right.Purposes, mailer.RestrictedWithdrawn
				out = append(out, one)
			}
		}
	}
	return out
}

// endsAtOnce tells whether nothing is left to do once a request is on record: use has stopped.
func endsAtOnce(k mailer.RequestKind) bool {
	return k == mailer.RequestRestriction || k == mailer.RequestWithdrawal
}

// alertOf is an alert about a request; it names it by its id.
func alertOf(kind mailer.AlertKind, q mailer.Request, detail string) mailer.Alert {
	return mailer.Alert{Kind: kind, Subject: q.ID.String(), Detail: fmt.Sprintf("%s, %s", q.Kind, detail)}
}
