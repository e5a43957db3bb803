package mailer

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Report is what came back after a delivery went out, as internal/bounce reads it
// from a message. It is what others wrote: nothing in it is proven.
type Report struct {
	ExternalID []byte            // a hash that the same report has whenever it is brought
	SentTo     []string          // the addresses to which it says it was sent
	EnvelopeID string            // Original-Envelope-Id (RFC 3464): our ENVID
	MessageID  string            // of the message that it returns, without brackets
	Recipients []RecipientReport // none: it is no delivery status notification that we understand
}

// RecipientReport is what a report says of one recipient (RFC 3464, 2.3).
type RecipientReport struct {
	Recipient  string // Final-Recipient, without its type
	Action     Action
	Status     string // RFC 3463; "" if it gave none
	Code       int    // SMTP, from the diagnostic; 0 if it gave none
	Diagnostic string // as it was written, with addresses
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
var BounceClasses = []ReplyClass{ClassDeadAddress, ClassMailboxFull, ClassPolicy, ClassTransient, ClassRefused, ClassReturned}

// NotUnderstood is the finding of a report that says nothing we can read: an
// answer of a person or a machine, a complaint, plain words.
const NotUnderstood = "not_understood"

// Verdict is what a report comes to, with nothing personal but the recipient.
type Verdict struct {
	Action    Action     // "": not understood
	Class     ReplyClass // of a failure
	Reply     Reply      // status, code, and the diagnostic with addresses masked
	Recipient string     // whom it names; never stored
}

// Verdict weighs what a report says of its recipients.
func (r Report) Verdict() Verdict {
	if len(r.Recipients) == 0 {
		return Verdict{}
	}
	worst := slices.MinFunc(r.Recipients, func(a, b RecipientReport) int {
		return cmp.Compare(slices.Index(Actions, a.Action), slices.Index(Actions, b.Action))
	})
	v := Verdict{Action: worst.Action, Recipient: worst.Recipient,
		Reply: Reply{Code: worst.Code, Enhanced: worst.Status, Text: MaskAddresses(worst.Diagnostic)}}
	if v.Action == ActionFailed {
		v.Class = classOfBounce(worst)
	}
	return v
}

// Finding is a verdict in one bounded word: the class of a failure, the action of
// anything else, or NotUnderstood.
func (v Verdict) Finding() string {
	return cmp.Or(string(v.Class), string(v.Action), NotUnderstood)
}

// classOfBounce is what the reply behind a failure means, by the same table as a
// reply that we got ourselves. Where the report has a status and no code, the
// status says which class of codes it was.
func classOfBounce(r RecipientReport) ReplyClass {
	code, status := r.Code, r.Status
	if status != "" && code/100 != int(status[0]-'0') {
		code = int(status[0]-'0')*100 + 50
	}
	if strings.HasSuffix(status, ".0.0") { // which says nothing more (RFC 3463, 3.1)
		status = ""
	}
	if code/100 != 4 && code/100 != 5 {
		return ClassRefused
	}
	return Classify(&DeliveryError{Stage: StageRcpt, Reply: Reply{Code: code, Enhanced: status}})
}

// Clue says which delivery a report is about, and how well that is proven.
type Clue struct {
	DeliveryID ID // zero: none
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
// which the mail system says it was sent and then by those in the report, by
// ENVID, and last by Message-ID. Whoever forges one of ours gets no second chance
// by something weaker.
func (t Tokens) Clue(sentTo []string, r Report) Clue {
	forged := false
	try := func(token string, by MatchedBy) (Clue, bool) {
		id, err := t.OpenEnvelope(token)
		forged = forged || err == ErrForgedEnvelope
		return Clue{DeliveryID: id, By: by}, err == nil
	}
	for _, addr := range slices.Concat(sentTo, r.SentTo) {
		if c, ok := try(addr, ByEnvelope); ok {
			return c
		}
	}
	if c, ok := try(r.EnvelopeID, ByEnvelopeID); ok {
		return c
	}
	if forged {
		return Clue{Why: UnmatchedForged}
	}
	local, _, _ := strings.Cut(r.MessageID, "@")
	if id, err := ParseID(strings.ToLower(local)); err == nil && !id.IsZero() {
		return Clue{DeliveryID: id, By: ByMessageID}
	}
	return Clue{Why: UnmatchedNoClue}
}

// ReportedDelivery is the delivery that a report is about, as it stands.
type ReportedDelivery struct {
	ContactID  ID
	ID         ID
	CampaignID ID // zero for correspondence
	Document   Document
	State      DeliveryState
	Attempts   int
	DueAt      time.Time
	Contact    Contact
	To         Identifier // the address that it went to; zero where it is erased
	Channels   []Channel  // the person's, without those that refused this campaign's notice
	Allowed    Allowed    // by the register in force
	At         time.Time  // of this look
}

// another tells whether the person can be told by another channel, or by the same
// mailbox once more, which was full for the first time (E3).
func (d ReportedDelivery) another(class ReplyClass) bool {
	return slices.ContainsFunc(d.Allowed.open(d.Contact, d.Channels), func(c Channel) bool {
		if c.Identifier.ID == d.To.ID {
			return class == ClassMailboxFull && !c.Full && d.At.Add(FullMailboxWait).Before(d.DueAt)
		}
		return !c.Full
	})
}

// Consequence is what follows from a report. The zero value is nothing: it is
// recorded.
type Consequence struct {
	Wait     bool          // nothing yet: the delivery's attempt is not settled
	To       DeliveryState // "": the delivery stays as it is
	Duty     DutyState     // of its duties in flight or met: DutyFailed, DutyMet; "" leaves them
	Reason   BlockReason   // of failed ones
	Block    bool          // no other channel is left, or none is to be used up: they are blocked at once
	Suppress *Suppression
	Alert    *Alert
}

// Follows says what a verdict means for its delivery (E2, E3). A late bounce wins
// over delivered; one that comes again finds the delivery bounced and changes nothing.
func (v Verdict) Follows(by MatchedBy, d ReportedDelivery) Consequence {
	switch {
	case d.State == Sending:
		return Consequence{Wait: true}
	case v.Action == ActionFailed:
		return v.bounced(by, d)
	case v.Action == ActionDelivered && by.Proven():
		return arrived(d)
	}
	return Consequence{}
}

func arrived(d ReportedDelivery) Consequence {
	switch {
	case d.State == Relayed:
		return Consequence{To: Delivered}
	case d.State == Uncertain && d.Document == DocNotice:
		return Consequence{To: Delivered, Duty: DutyMet}
	case d.State == Uncertain:
		return Consequence{To: Delivered}
	}
	return Consequence{}
}

// bounced reopens what was thought to be done. The relay has given up by now, so
// that what it would have tried again later (a host that is away) has failed as well:
// another channel is tried, or the duty waits for a person and a new campaign. Such an
// address stays alive. A mailbox that was full is tried once more after some days, and
// what came back because of our standing uses up no channel: a person mends that first.
func (v Verdict) bounced(by MatchedBy, d ReportedDelivery) Consequence {
	next := Next(v.Class)
	var c Consequence
	if next.Suppress && by.Proven() && v.names(d.To) {
		c.Suppress = deadAddress(d.To.Kind, d.To.Hash, d.To.KeyID, string(v.Class), d.At)
	}
	switch d.State {
	case Relayed, Delivered, Uncertain:
		c.To = Bounced
	case Queued, Deferred:
		// What was uncertain waits to be sent again, and came back. The next claim sees
		// the dead address; anything else, the next attempt will hear for itself.
		if d.Attempts == 0 {
			return Consequence{}
		}
		return c
	default:
		return Consequence{}
	}
	if next.OurStanding {
		c.Alert = &Alert{Kind: AlertBouncedPolicy, Subject: cmp.Or(d.CampaignID, d.ID).String(), Detail: v.Reply.Enhanced}
	}
	if d.Document == DocNotice {
		c.Duty, c.Reason = DutyFailed, cmp.Or(next.Reason, BlockRefused)
		c.Block = next.OurStanding || !d.another(v.Class)
	}
	return c
}

// names tells whether a failure is about the address that we wrote to. It is not
// where a mailbox passes its mail on to one that is dead: the duty has failed all
// the same, but whom we know is not blamed for it.
func (v Verdict) names(to Identifier) bool {
	return len(to.Hash) > 0 && (v.Recipient == "" || sameMailbox(v.Recipient, to.Value))
}

// ReportFile is a report on its way into the books.
type ReportFile struct {
	ID         ID
	Door       string // pipe; letter
	ExternalID []byte
	ReceivedAt time.Time
	At         time.Time // of this try
	Clue       Clue
	Verdict    Verdict
	SentTo     []string
	Raw        []byte    // kept where it is not matched or not understood
	RawUntil   time.Time // T4
	NextTry    time.Time // if it is not matched now; zero: it is given up
}

// ReportFate is what became of a report.
type ReportFate struct {
	Replayed   bool // it had been taken in before: nothing changed
	ContactID  ID   // zero: not matched
	DeliveryID ID
	To         DeliveryState // "": its delivery stays as it was
	Duty       DutyState     // where duties went; "" nowhere
	Why        WhyUnmatched
}

// ParkedReport is one that waits to be matched.
type ParkedReport struct {
	ID         ID
	Door       string
	ReceivedAt time.Time
	Tries      int
	SentTo     []string
	Raw        []byte
}

// UnmatchedReport is a parked report as people see it.
type UnmatchedReport struct {
	ID         ID           `json:"id"`
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
	Reply      Reply
	To         DeliveryState // the state that its delivery went to; "" none
}
