package mailer

import (
	"slices"
	"time"

	"article14/internal/calendar"
)

// Way is how something that a person says comes to us.
type Way string

// Ways.
const (
	WayPage     Way = "page"      // a button on a page of ours
	WayOneClick Way = "one_click" // the button of a mail program (R2)
	WayAnswer   Way = "answer"    // a mail that they wrote to us
	// WayComplaint is the button "this is spam", as a provider passes it on (RFC 5965).
	WayComplaint Way = "complaint"
	WayLetter    Way = "letter"    // on paper; put on record by hand, as are those below
	WayPhone     Way = "phone"     // by telephone
	WayInPerson  Way = "in_person" // at a desk
	WayMail      Way = "mail"      // a mail that came by no door of ours
)

// Ways lists them.
var Ways = []Way{WayPage, WayOneClick, WayAnswer, WayComplaint, WayLetter, WayPhone, WayInPerson, WayMail}

// WaysByHand are those that a person of the team puts on record.
var WaysByHand = []Way{WayLetter, WayPhone, WayInPerson, WayMail}

// ObjectionScope is what an objection is against.
type ObjectionScope string

// ObjectToAll is against all use for the activity (R5).
const ObjectToAll ObjectionScope = "all"

// Objection is a person's "no" (Art. 21).
type Objection struct {
	ID          ID
	ContactID   ID
	ActivityKey string
	Scope       ObjectionScope
	Way         Way
	MadeAt      time.Time
	DeliveryID  ID
}

// RequestKind is what a person asks for.
type RequestKind string

// Kinds of requests.
const (
	RequestAccess        RequestKind = "access"        // what is held about them (Art. 15)
	RequestRectification RequestKind = "rectification" // a value is wrong (Art. 16)
	RequestErasure       RequestKind = "erasure"       // Art. 17
	RequestRestriction   RequestKind = "restriction"   // keep it, and do not use it (Art. 18)
	RequestPortability   RequestKind = "portability"   // Art. 20
	RequestObjection     RequestKind = "objection"     // the weighed part of one, until somebody decides (Art. 21(1))
	RequestWithdrawal    RequestKind = "withdrawal"    // of consent (Art. 7(3))
	RequestQuestion      RequestKind = "question"      // anything else that asks for an answer
)

// RequestKinds lists them.
var RequestKinds = []RequestKind{RequestAccess, RequestRectification, RequestErasure, RequestRestriction, RequestPortability, RequestObjection, RequestWithdrawal, RequestQuestion}

// Right is the right that a kind uses; "" for a question.
func (k RequestKind) Right() Right {
	if k == RequestQuestion {
		return ""
	}
	return Right(k)
}

// NeedsProof tells whether who asks must be proved before it is done (R4, Art. 12(6)): what
// shows data, changes them or has them go. What only stops use does not: it costs its holder
// little if a stranger says it, and may be taken back.
func (k RequestKind) NeedsProof() bool {
	switch k {
	case RequestAccess, RequestRectification, RequestErasure, RequestPortability:
		return true
	}
	return false
}

// RequestState is where a request stands. An extension is no state of its own: it is worked
// out from its notice whenever somebody asks (Request.Clock).
type RequestState string

// The states of a request.
const (
	RequestReceived  RequestState = "received"  // nobody has proved who asks, where that is needed
	RequestProved    RequestState = "proved"    // it is known who asks
	RequestInWork    RequestState = "in_work"   // somebody of the team sees to it
	RequestAnswered  RequestState = "answered"  // done, and they were told
	RequestRefused   RequestState = "refused"   // with a ground and reasons (Art. 12(4))
	RequestWithdrawn RequestState = "withdrawn" // by the person
	RequestLapsed    RequestState = "lapsed"    // their data went before it came to an end
)

// RequestStates lists them.
var RequestStates = []RequestState{RequestReceived, RequestProved, RequestInWork, RequestAnswered, RequestRefused, RequestWithdrawn, RequestLapsed}

// RequestsOpen are the states in which somebody still waits.
var RequestsOpen = []RequestState{RequestReceived, RequestProved, RequestInWork}

// RequestMoves is the one table of legal moves of a request. The database refuses all others;
// a test holds the two against each other.
var RequestMoves = map[RequestState][]RequestState{
	RequestReceived: {RequestProved, RequestInWork, RequestAnswered, RequestRefused, RequestWithdrawn, RequestLapsed},
	RequestProved:   {RequestInWork, RequestAnswered, RequestRefused, RequestWithdrawn, RequestLapsed},
	RequestInWork:   {RequestProved, RequestAnswered, RequestRefused, RequestWithdrawn, RequestLapsed},
}

// Open tells whether somebody still waits for an answer.
func (s RequestState) Open() bool { return slices.Contains(RequestsOpen, s) }

// Proof is how it is known who asks (R4).
type Proof string

// Proofs.
const (
	ProofNone       Proof = ""
	ProofMailbox    Proof = "mailbox"     // a code that was sent to their mailbox
	ProofLetterCode Proof = "letter_code" // the code of a letter that was posted to them
	ProofByTeam     Proof = "team"        // somebody of the team made sure, and said how
)

// Proofs lists them.
var Proofs = []Proof{ProofMailbox, ProofLetterCode, ProofByTeam}

// Handing is what became of something that was to reach a person: a mail, or a letter that was
// posted by hand.
type Handing struct {
	DeliveryID ID            // zero: by hand
	State      DeliveryState // of the delivery
	At         time.Time     // when it was handed over, or posted; zero: it was not
}

// Done tells whether it was handed over, and has not come back.
func (h Handing) Done() bool {
	return !h.At.IsZero() && (h.DeliveryID.IsZero() || slices.Contains([]DeliveryState{Relayed, Delivered, Complained}, h.State))
}

// Lost tells whether it will not arrive by itself any more.
func (h Handing) Lost() bool {
	return !h.DeliveryID.IsZero() && slices.Contains([]DeliveryState{Rejected, Bounced, Suppressed, Cancelled}, h.State)
}

// None tells whether there is nothing to hand over.
func (h Handing) None() bool { return h.DeliveryID.IsZero() && h.At.IsZero() }

// Request is what a person asks for, with its own deadline (Art. 12(3), D9).
type Request struct {
	ID          ID
	ContactID   ID
	Kind        RequestKind
	ActivityKey string // "": all that is held
	Way         Way
	ReceivedAt  time.Time
	DueAt       time.Time // the end of the first month; no extension changes it
	State       RequestState
	DeliveryID  ID // the notice by whose link it was asked; zero: it was put on record by hand
	Proof       Proof
	ProvedAt    time.Time
	Extension   Extension
	Ground      Ground  // of a refused one
	Answer      Handing // of one that was answered or refused
	EndedAt     time.Time
}

// ExtensionReason is why a request takes longer (Art. 12(3)); no other reason counts.
type ExtensionReason string

// Reasons.
const (
	ExtendedComplex ExtensionReason = "complexity"
	ExtendedMany    ExtensionReason = "number"
)

// ExtensionReasons lists them.
var ExtensionReasons = []ExtensionReason{ExtendedComplex, ExtendedMany}

// Extension is that a request takes two more months, and the notice that says so.
type Extension struct {
	MadeAt time.Time // zero: there is none
	To     time.Time // three months from receipt: the date that its notice gives
	Reason ExtensionReason
	Notice Handing
}

// ExtensionStand is whether an extension counts.
type ExtensionStand string

// How extensions stand.
const (
	NotExtended      ExtensionStand = ""
	ExtensionWaits   ExtensionStand = "waits"    // its notice is not handed over yet, and the first month runs
	ExtensionHolds   ExtensionStand = "holds"    // its notice was handed over in time
	ExtensionNotHeld ExtensionStand = "not_held" // its notice came late, came back, or never went: the first date counts
)

// Clock is by when a request is to be answered at an instant, and how its extension stands. It
// is worked out from what became of the extension's notice (Art. 12(3)): the person must be told of it
// within the first month, and a notice that came back told nobody.
func (r Request) Clock(now time.Time) (time.Time, ExtensionStand) {
	n := r.Extension.Notice
	switch {
	case r.Extension.MadeAt.IsZero():
		return r.DueAt, NotExtended
	case n.Done() && !n.At.After(r.DueAt):
		return r.Extension.To, ExtensionHolds
	case n.Lost() || n.Done() || now.After(r.DueAt):
		return r.DueAt, ExtensionNotHeld
	}
	return r.DueAt, ExtensionWaits
}

// RequestDue is one month after receipt (Art. 12(3), D9), in the controller's zone (D10).
func RequestDue(received time.Time, zone *time.Location) time.Time {
	return monthsAfter(received, 1, zone)
}

// ExtendedDue is three months after receipt: the month, and two more (Art. 12(3)).
func ExtendedDue(received time.Time, zone *time.Location) time.Time {
	return monthsAfter(received, 3, zone)
}

func monthsAfter(received time.Time, months int, zone *time.Location) time.Time {
	return calendar.RawEnd(calendar.DateOf(received, zone), months).EndOf(zone).UTC()
}

// refusalTable says which kinds of requests a ground refuses, and the article that gives it.
var refusalTable = []struct {
	ground  Ground
	article string
	kinds   []RequestKind // nil: any
}{
	{GroundUnfounded, "12(5)", nil},
	{GroundExcessive, "12(5)", nil},
	{GroundNotIdentified, "11(2), 12(6)", nil},
	{GroundNoSuchRight, "12(4)", []RequestKind{RequestPortability, RequestObjection, RequestWithdrawal}},
	{GroundOthersRights, "15(4), 20(4)", []RequestKind{RequestAccess, RequestPortability}},
	{GroundCorrect, "16", []RequestKind{RequestRectification}},
	{GroundStillNeeded, "17(1)", []RequestKind{RequestErasure}},
	{GroundExpression, "17(3)(a)", []RequestKind{RequestErasure}},
	{GroundLegalDuty, "17(3)(b)", []RequestKind{RequestErasure}},
	{GroundPublicHealth, "17(3)(c)", []RequestKind{RequestErasure}},
	{GroundArchive, "17(3)(d)", []RequestKind{RequestErasure}},
	{GroundLegalClaims, "17(3)(e), 18(2), 21(1)", []RequestKind{RequestErasure, RequestRestriction, RequestObjection}},
	{GroundOthersProtect, "18(2)", []RequestKind{RequestRestriction}},
	{GroundNoRestriction, "18(1)", []RequestKind{RequestRestriction}},
	{GroundCompelling, "21(1)", []RequestKind{RequestObjection}},
}

// RefusalGrounds are those on which a request of a kind may be refused.
func RefusalGrounds(kind RequestKind) []Ground {
	var out []Ground
	for _, row := range refusalTable {
		if row.kinds == nil || slices.Contains(row.kinds, kind) {
			out = append(out, row.ground)
		}
	}
	return out
}

// Article is the article of the GDPR behind a ground; "" for none that is known.
func (g Ground) Article() string {
	for _, row := range refusalTable {
		if row.ground == g {
			return row.article
		}
	}
	return ""
}

// Restriction is that a person's data are kept and not used (Art. 18).
type Restriction struct {
	ID          ID
	ContactID   ID
	RequestID   ID       // that it came with; zero: none
	ActivityKey string   // "": all activities
	Purposes    []string // of the activity; nil: all
	Reason      RestrictionReason
	From        time.Time
	LiftedBy    string    // who decided that it ends; "": nobody
	LiftAt      time.Time // when that was decided; zero: it was not
	Told        Handing   // what tells the person, before it takes effect (Art. 18(3))
}

// RestrictionReason is why use is stopped.
type RestrictionReason string

// Reasons.
const (
	RestrictedAsked     RestrictionReason = "asked"     // the person asked for it (Art. 18(1))
	RestrictedObjection RestrictionReason = "objection" // while an objection is weighed (Art. 18(1)(d))
	RestrictedErasure   RestrictionReason = "erasure"   // they asked to be erased, and that is not done yet
	RestrictedWithdrawn RestrictionReason = "withdrawn" // they took their consent back; nothing lifts that but a new one
)

// RestrictionReasons lists them.
var RestrictionReasons = []RestrictionReason{RestrictedAsked, RestrictedObjection, RestrictedErasure, RestrictedWithdrawn}

// Stands tells whether use is stopped: until somebody lifted it and the person was told so
// before (Art. 18(3)). A mail that came back told nobody.
func (r Restriction) Stands() bool { return r.LiftAt.IsZero() || !r.Told.Done() }

// Stops tells whether it stops a purpose of an activity.
func (r Restriction) Stops(activity, purpose string) bool {
	return r.Stands() && (r.ActivityKey == "" || r.ActivityKey == activity) && (r.Purposes == nil || slices.Contains(r.Purposes, purpose))
}

// Correction is a value that was put right (Art. 16). The old one is kept until the person is
// erased: it says what was held, and used, before.
type Correction struct {
	ID        ID
	ContactID ID
	RequestID ID
	Field     string // of CorrectedFields
	Old, New  string
	MadeAt    time.Time
	By        string
}

// Field is where a value of a contact stands that can be corrected; nil for one that it has
// not, or that recognises it.
func (c *Contact) Field(name string) *string {
	return map[string]*string{"name": &c.Name, "country": &c.Country, "region": &c.Region, "city": &c.City, "postal_code": &c.PostalCode,
		"language": &c.Language, "organisation": &c.Organisation, "job_title": &c.JobTitle}[name]
}

// CorrectedFields are those that can be corrected. Addresses and numbers recognise a person:
// the new one is added, and the old one is written to no more.
var CorrectedFields = []string{"name", "country", "region", "city", "postal_code", "language", "organisation", "job_title", "email", "phone"}
