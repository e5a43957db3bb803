package track

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"article14/mailer"
)

// Report is what came back after a delivery went out, as internal/bounce reads it
// from a message. It is what others wrote: nothing in it is proven.
type Report struct {
	Kind       ReportKind
	ExternalID []byte            // a hash that the same report has whenever it is brought
	SentTo     []string          // the addresses to which it says it was sent
	EnvelopeID string            // Original-Envelope-Id (RFC 3464): our ENVID
	MessageID  string            // of the message that it returns or answers, without brackets
	Sender     string            // the envelope sender of that message, where the report quotes it
	Recipients []RecipientReport // of a delivery report or a complaint; a delivery report without any is not understood
	Feedback   string            // Feedback-Type of a complaint (RFC 5965): abuse, opt-out, ...
	Said       Said              // of an answer, of a person or a machine
}

// ReportKind is what sort of message came back.
type ReportKind string

// Kinds of reports. A mail system's report is about a delivery; a complaint comes
// from the holder of the mailbox, by way of their provider; an automatic reply
// (RFC 3834) means nothing; what is left is an answer, for people to read.
const (
	KindDelivery  ReportKind = "delivery_report"
	KindComplaint ReportKind = "complaint"
	KindAutomatic ReportKind = "automatic_reply"
	KindAnswer    ReportKind = "answer"
)

// OtherKinds are the kinds that figures show as findings of their own.
var OtherKinds = []ReportKind{KindComplaint, KindAutomatic, KindAnswer}

// Said is what somebody wrote back, as text that is safe to keep: valid UTF-8,
// bounded, without what it quotes of ours. It is personal data.
type Said struct {
	From        string // the address of its author, as the message says
	Subject     string
	Text        string
	Attachments []Attachment
}

// Attachment is a part of a message that is no text. Its name is its author's, and is not kept.
type Attachment struct {
	Type string // media type, in lower case
	Size int    // octets, as it was sent
}

// RecipientReport is what a report says of one recipient (RFC 3464, 2.3).
type RecipientReport struct {
	Recipient  string // Final-Recipient, without its type
	Original   string // Original-Recipient, without its type; "" if it gave none
	Action     Action
	Status     string            // RFC 3463; "" if it gave none
	Code       int               // SMTP, from the diagnostic; 0 if it gave none
	Diagnostic string            // as it was written, with addresses
	RemoteMTA  string            // who said so; "" if it gave none
	Class      mailer.ReplyClass // what a failure or a delay means, as internal/bounce judged it
}

// Action is what a mail system did with the message (RFC 3464, 2.3.3).
type Action string

// Actions, by the standard's own names.
const (
	ActionFailed    Action = "failed"
	ActionDelayed   Action = "delayed"
	ActionDelivered Action = "delivered"
	ActionRelayed   Action = "relayed"
	ActionExpanded  Action = "expanded"
)

// Actions lists them, the one that weighs most first: where a report speaks of
// several recipients, since ours was an alias, a failure counts, whoever of them
// it was. To tell somebody again is the smaller harm.
var Actions = []Action{ActionFailed, ActionDelayed, ActionDelivered, ActionRelayed, ActionExpanded}

// BounceClasses are the classes that a failure can have, as figures show them.
var BounceClasses = []mailer.ReplyClass{mailer.ClassDeadAddress, mailer.ClassMailboxFull, mailer.ClassPolicy, mailer.ClassContent, mailer.ClassTooLarge, mailer.ClassTransient, mailer.ClassRefused, mailer.ClassReturned}

// NotUnderstood is the finding of a report that says nothing we can read.
const NotUnderstood = "not_understood"

// Verdict is what a report comes to, with nothing personal but the recipient.
type Verdict struct {
	Kind      ReportKind
	Action    Action            // of a delivery report; "": not understood
	Class     mailer.ReplyClass // of a failure
	Reply     mailer.Reply      // status, code, and the diagnostic with addresses masked
	Recipient string            // whom it names; never stored
	failed    []RecipientReport // all whom it names as failed, where they are several: ours may be any of them (About)
}

// Verdict weighs what a report says of its recipients.
func (r Report) Verdict() Verdict {
	switch {
	case r.Kind == KindComplaint && !complains(r.Feedback):
		return Verdict{Kind: KindAutomatic}
	case r.Kind != KindDelivery || len(r.Recipients) == 0:
		return Verdict{Kind: r.Kind}
	}
	worst := slices.MinFunc(r.Recipients, func(a, b RecipientReport) int {
		return cmp.Compare(slices.Index(Actions, a.Action), slices.Index(Actions, b.Action))
	})
	v := Verdict{Kind: r.Kind}.as(worst)
	if v.Action == ActionFailed && len(r.Recipients) > 1 {
		v.failed = slices.DeleteFunc(slices.Clone(r.Recipients), func(p RecipientReport) bool { return p.Action != ActionFailed })
	}
	return v
}

// as is a verdict by what a report says of one recipient.
func (v Verdict) as(p RecipientReport) Verdict {
	v.Action, v.Recipient, v.Class = p.Action, p.Recipient, ""
	v.Reply = mailer.Reply{Code: p.Code, Enhanced: p.Status, Text: mailer.MaskAddresses(p.Diagnostic)}
	if v.Action == ActionFailed {
		v.Class = cmp.Or(p.Class, mailer.ClassRefused)
	}
	return v
}

// About is the verdict on the address that we wrote to, where a report about several that
// failed names it. Of those behind an alias whom we do not know, any one stands for all.
func (v Verdict) About(to mailer.Identifier) Verdict {
	for _, p := range v.failed {
		if p.Recipient != "" && len(to.Hash) > 0 && sameMailbox(p.Recipient, to.Value) {
			return v.as(p)
		}
	}
	return v
}

// Finding is a verdict in one bounded word: the class of a failure, the action of
// another delivery report, the kind of anything else, or NotUnderstood.
func (v Verdict) Finding() string {
	kind := string(v.Kind)
	if v.Kind == KindDelivery {
		kind = NotUnderstood
	}
	return cmp.Or(string(v.Class), string(v.Action), kind, NotUnderstood)
}

// Same are the findings that tell the same of a delivery. Providers tell a failure by webhook and
// by mail, and judge it differently: it is one. Nil: each one is news.
func (v Verdict) Same() (findings []string) {
	switch {
	case v.Kind == KindComplaint:
		return []string{v.Finding()}
	case v.Action == ActionFailed:
		for _, class := range BounceClasses {
			findings = append(findings, string(class))
		}
	case v.Action != "":
		findings = []string{v.Finding()}
	}
	return findings
}

// Understood tells whether nobody need look at the report's own bytes to know
// what it says. An answer is for people to read.
func (v Verdict) Understood() bool {
	return v.Action != "" || v.Kind == KindComplaint || v.Kind == KindAutomatic
}

// Clue says which delivery a report is about, and how well that is proven.
type Clue struct {
	DeliveryID mailer.ID // zero: none
	By         MatchedBy
	Why        WhyUnmatched // where there is none
}

// MatchedBy is what a report was matched by.
type MatchedBy string

// By what reports are matched, the surest first.
const (
	ByEnvelope   MatchedBy = "envelope"   // the address that it was sent to, with our MAC
	ByEnvelopeID MatchedBy = "envid"      // the ENVID that it quotes: the same token, with our MAC
	ByMessageID  MatchedBy = "message_id" // the Message-ID of what it returns
	ByReference  MatchedBy = "reference"  // the reference of a letter that a person holds in their hands
)

// By what answers of people are matched beside these (AnswerFile).
const (
	ByReply      MatchedBy = "reply"           // the Reply-To of one delivery, with our MAC
	ByAuthor     MatchedBy = "message_id_from" // the Message-ID that it answers, and its author's address is that person's
	BySenderOnly MatchedBy = "from"            // its author's address, which one person has and nobody else
	ByPerson     MatchedBy = "person"          // somebody of the privacy team said so
)

// Proven tells whether a key of ours vouches for the match. A Message-ID does not:
// it holds the delivery's id, whose 74 random bits nobody guesses, but it travels
// further than an envelope sender, into the References of answers and the archives
// of lists. So what follows from it alone is only what can do no lasting harm:
// that the person is told again, or that somebody looks. It suppresses no
// address, and never makes a notice count as given.
func (b MatchedBy) Proven() bool { return b == ByEnvelope || b == ByEnvelopeID || b == ByReference }

// WhyUnmatched says why a report is parked.
type WhyUnmatched string

// Why reports are parked.
const (
	UnmatchedNoClue    WhyUnmatched = "no_clue"          // it names no delivery
	UnmatchedForged    WhyUnmatched = "forged"           // its envelope sender or ENVID was made by none of our keys
	UnmatchedUnknown   WhyUnmatched = "unknown_delivery" // there is no such delivery
	UnmatchedUnsettled WhyUnmatched = "unsettled"        // its attempt is not settled yet: the report was faster
)

// Clue looks in a report for the delivery that it is about: by the addresses to
// which the mail system says it was sent and then by those in the report, by the
// envelope sender and the ENVID that it quotes, and last by Message-ID. Whoever forges one of ours gets no second chance
// by something weaker.
func (r Report) Clue(t mailer.Tokens, sentTo []string) Clue {
	forged := false
	try := func(token string, by MatchedBy) (Clue, bool) {
		id, err := t.OpenEnvelope(token)
		forged = forged || err == mailer.ErrForgedEnvelope
		return Clue{DeliveryID: id, By: by}, err == nil
	}
	for _, addr := range slices.Concat(sentTo, r.SentTo, []string{r.Sender}) {
		if c, ok := try(addr, ByEnvelope); ok {
			return c
		}
	}
	for _, quoted := range []string{r.EnvelopeID, r.Sender} {
		if c, ok := try(quoted, ByEnvelopeID); ok {
			return c
		}
	}
	if forged {
		return Clue{Why: UnmatchedForged}
	}
	local, _, _ := strings.Cut(r.MessageID, "@")
	if id, err := mailer.ParseID(strings.ToLower(local)); err == nil && !id.IsZero() {
		return Clue{DeliveryID: id, By: ByMessageID}
	}
	return Clue{Why: UnmatchedNoClue}
}

// ReportedDelivery is the delivery that a report is about, as it stands.
type ReportedDelivery struct {
	ContactID   mailer.ID
	ID          mailer.ID
	CampaignID  mailer.ID // zero for correspondence
	ActivityKey string
	Document    mailer.Document
	State       mailer.DeliveryState
	Attempts    int
	DueAt       time.Time
	Contact     mailer.Contact
	To          mailer.Identifier   // the address that it went to; zero where it is erased
	Channels    []mailer.Channel    // the person's, without those that refused this campaign's notice
	Identifiers []mailer.Identifier // all that the person is recognised by
	Allowed     mailer.Allowed      // by the register in force
	NoObjection bool                // its activity gives no right to object (R10), by that register
	At          time.Time           // of this look
}

// another tells whether the person can be told by another channel, or by the same
// mailbox once more, which was full for the first time (E3).
func (d ReportedDelivery) another(class mailer.ReplyClass) bool {
	return slices.ContainsFunc(d.Allowed.Open(d.Contact, d.Channels), func(c mailer.Channel) bool {
		if c.Identifier.ID == d.To.ID {
			return class == mailer.ClassMailboxFull && !c.Full && d.At.Add(mailer.FullMailboxWait).Before(d.DueAt)
		}
		return !c.Full
	})
}

// Consequence is what follows from a report. The zero value is nothing: it is
// recorded.
type Consequence struct {
	Wait     bool                 // nothing yet: the delivery's attempt is not settled
	To       mailer.DeliveryState // "": the delivery stays as it is
	Duty     mailer.DutyState     // of its duties in flight or met: DutyFailed, DutyMet; "" leaves them
	Reason   mailer.BlockReason   // of failed ones
	Block    bool                 // no other channel is left, or none is to be used up: they are blocked at once
	Detail   string               // of blocked ones: what is missing for a letter and a call
	Suppress *mailer.Suppression
	Alert    *mailer.Alert
	Object   *mailer.Objection    // recorded as one
	StopUse  []mailer.Suppression // use stops (R5)
}

// Follows says what a verdict means for its delivery (E2, E3). A late bounce wins
// over delivered; another one finds the delivery bounced, and tells at most that its address is dead.
func (v Verdict) Follows(by MatchedBy, d ReportedDelivery) Consequence {
	v = v.About(d.To)
	switch {
	case v.Kind == KindAutomatic:
		return Consequence{}
	case d.State == mailer.Sending:
		return Consequence{Wait: true}
	case v.Kind == KindComplaint:
		return complained(by, d)
	case v.Action == ActionFailed:
		return v.bounced(by, d)
	case v.Action == ActionDelivered && by.Proven():
		return arrived(d)
	}
	return Consequence{}
}

func arrived(d ReportedDelivery) Consequence {
	switch {
	case d.State == mailer.Relayed:
		return Consequence{To: mailer.Delivered}
	case d.State == mailer.Uncertain && d.Document == mailer.DocNotice:
		return Consequence{To: mailer.Delivered, Duty: mailer.DutyMet}
	case d.State == mailer.Uncertain:
		return Consequence{To: mailer.Delivered}
	}
	return Consequence{}
}

// bounced reopens what was thought to be done. The relay has given up by now, so
// that what it would have tried again later (a host that is away) has failed as well:
// another channel is tried, or the duty waits for a person and a new campaign. Such an
// address stays alive. A mailbox that was full is tried once more after some days, and
// what came back because of our standing uses up no channel: a person mends that first.
func (v Verdict) bounced(by MatchedBy, d ReportedDelivery) Consequence {
	next := mailer.Next(v.Class)
	var c Consequence
	if next.Suppress && by.Proven() && v.names(d.To) {
		c.Suppress = mailer.DeadAddress(d.To.Kind, d.To.Hash, d.To.KeyID, string(v.Class), d.At)
	}
	switch d.State {
	case mailer.Relayed, mailer.Delivered, mailer.Uncertain:
		c.To = mailer.Bounced
	case mailer.Queued, mailer.Deferred:
		// What was uncertain waits to be sent again, and came back. The next claim sees
		// the dead address; anything else, the next attempt will hear for itself.
		if d.Attempts == 0 {
			return Consequence{}
		}
		return c
	case mailer.Bounced: // another one said so before, and perhaps less of it, or proved nothing
		return c
	default:
		return Consequence{}
	}
	if next.OurStanding {
		c.Alert = &mailer.Alert{Kind: mailer.AlertBouncedPolicy, Subject: cmp.Or(d.CampaignID, d.ID).String(), Detail: v.Reply.Enhanced}
	}
	if d.Document == mailer.DocNotice {
		c.Duty, c.Reason = mailer.DutyFailed, cmp.Or(next.Reason, mailer.BlockRefused)
		switch {
		case next.OurStanding:
			c.Block = true
		case !d.another(v.Class):
			c.Block, c.Detail = true, d.Allowed.Missing(d.Contact, d.Channels)
		}
	}
	return c
}

// names tells whether a failure is about the address that we wrote to. It is not
// where a mailbox passes its mail on to one that is dead: the duty has failed all
// the same, but whom we know is not blamed for it.
func (v Verdict) names(to mailer.Identifier) bool {
	return len(to.Hash) > 0 && (v.Recipient == "" || sameMailbox(v.Recipient, to.Value))
}

// ReportFile is a report on its way into the books.
type ReportFile struct {
	ID         mailer.ID
	Door       string // one of Doors
	ExternalID []byte
	Message    []byte // what the message is known by, whomever of us it was for
	ReceivedAt time.Time
	At         time.Time // of this try
	Clue       Clue
	Verdict    Verdict
	SentTo     []string
	Raw        []byte    // kept where it is not matched or not understood
	RawUntil   time.Time // T4
	NextTry    time.Time // if it is not matched now; zero: it is given up
}

// Source is who vouches for a report's external id: the provider, or the message itself, which is
// the same through whichever door of mail it comes.
func (f ReportFile) Source() string {
	switch f.Door {
	case DoorPipe, DoorSMTP, DoorLMTP, DoorIMAP:
		return "mail"
	}
	return f.Door
}

// ReportFate is what became of a report.
type ReportFate struct {
	Replayed   bool      // it had been taken in before: nothing changed
	ContactID  mailer.ID // zero: not matched
	DeliveryID mailer.ID
	To         mailer.DeliveryState // "": its delivery stays as it was
	Duty       mailer.DutyState     // where duties went; "" nowhere
	Why        WhyUnmatched
	Answer     *AnswerItem // what it became, where a person wrote it
}

// ParkedReport is one that waits to be matched.
type ParkedReport struct {
	ID         mailer.ID
	Door       string
	ReceivedAt time.Time
	Tries      int
	SentTo     []string
	Raw        []byte
}

// UnmatchedReport is a parked report as people see it.
type UnmatchedReport struct {
	ID         mailer.ID    `json:"id"`
	Door       string       `json:"door"`
	ReceivedAt time.Time    `json:"received_at"`
	Finding    string       `json:"finding"`
	Status     string       `json:"status,omitempty"`
	Why        WhyUnmatched `json:"why"`
	State      string       `json:"state"` // waiting, given_up, not_understood
	Tries      int          `json:"tries"`
	NextTryAt  time.Time    `json:"next_try_at,omitzero"`
}

// ReportEntry is a report in a person's record.
type ReportEntry struct {
	ReceivedAt time.Time
	Door       string
	By         MatchedBy
	Finding    string
	Reply      mailer.Reply
	To         mailer.DeliveryState // the state that its delivery went to; "" none
}
