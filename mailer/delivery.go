package mailer

import (
	"strings"
	"time"
)

// Document is what a skeleton is for.
type Document string

// DocNotice is what discharges duties; everything else that goes out is correspondence.
const DocNotice Document = "notice"

// SkeletonKey says for whom a skeleton was written.
type SkeletonKey struct {
	Document  Document
	Languages string // "fr", or "fr+de" where a country needs both in one mail (L3)
	Form      string // the sources that it names, sorted: "linkedin+whois"; "linkedin?" where they serve for the notice alone
}

// Job is a claimed delivery with all that composing and sending it needs.
type Job struct {
	ContactID    ID
	DeliveryID   ID
	ControllerID ID
	CampaignID   ID // zero for correspondence
	Lane         int64
	Document     Document
	To           string // the address
	AddressHash  []byte // its identifier's hash and key, for a suppression if it is dead
	AddressKeyID string
	Languages    string
	Form         string
	ActivityKey  string // of the content version
	RegisterID   ID     // the register version behind the content version
	SkeletonHash []byte
	Code         string
	DueAt        time.Time
	CreatedAt    time.Time
	ClaimID      ID
	LeaseUntil   time.Time
	Attempts     int       // begun before this claim
	ComposedAt   time.Time // zero before the first attempt; fixes the bytes from then on
	Slots        Slots     // zero before the first attempt; what was put in then
	Values       Slots     // of correspondence, before the first attempt: what it was planned with
	SHA256       []byte    // of the bytes that went out before
	Facts        NoticeFacts
}

// NoticeFacts is what a person's values are drawn from.
type NoticeFacts struct {
	Contact      Contact
	Acquisitions []Acquisition // the first from each source, ordered by source key
	Duties       []Duty
}

// Attempt is one transaction with a relay. It is on record before the wire is touched.
type Attempt struct {
	ID         ID
	ContactID  ID
	DeliveryID ID
	ClaimID    ID
	Number     int
	Relay      string
	BegunAt    time.Time
	Message    *MessageRecord // on the first attempt only
}

// MessageRecord is the commitment to the bytes that go out (E1) and the values in them.
// A DKIM signature is not among these bytes: a relay's room puts it in front, and it
// follows from them and the key.
type MessageRecord struct {
	SHA256     []byte
	Size       int
	ComposedAt time.Time
	Slots      Slots
}

// Settlement ends a claim: what the attempt came to, and what follows from it.
type Settlement struct {
	ContactID  ID
	DeliveryID ID
	ClaimID    ID
	AttemptID  ID            // zero: it could not be composed
	To         DeliveryState // Relayed, Deferred, Rejected or Uncertain
	At         time.Time
	ReadyAt    time.Time // for Deferred and Uncertain: not before
	Stage      Stage
	Code       int
	Enhanced   string
	Reply      string // addresses masked
	Class      ReplyClass
	Duty       DutyState // DutyMet or DutyFailed; "" leaves the duties in flight
	DutyReason BlockReason
	Suppress   *Suppression // a dead address (E3)
	Alert      *Alert       // D8
	ByHand     bool         // a person carried it out: it makes no rate of mail
}

// Suppression says that an identifier must not be written to, or its holder's
// data not be used. Hash and key id are the identifier's own, made with the
// identity key, so that a claim can look for them in one statement. They outlive
// erasure (R5).
type Suppression struct {
	Kind      IdentifierKind
	Hash      []byte
	KeyID     string
	Scope     SuppressionScope
	Reason    string
	ExpiresAt time.Time // zero: never
}

// SuppressionScope bounds what a suppression stops (R9).
type SuppressionScope string

// Scopes: an address that is dead stops every mail to it; an objection stops
// use and never the notice itself.
const (
	SuppressAddress SuppressionScope = "address"
	SuppressUse     SuppressionScope = "use"
)

// Alert is something that an operator must see.
type Alert struct {
	Kind    AlertKind
	Subject string // an id
	Detail  string
}

// Lane is what is paused together: a campaign's deliveries to one class of domains.
// A campaign's pace is that of all its lanes together.
type Lane struct {
	ID         int64
	CampaignID ID // zero: the express lane
	Class      string
	State      LaneState
	Reason     string
	Pace       int  // notices a second; 0: as the relay bears
	ClassPace  int  // notices a second to its class, of all campaigns; 0: no limit
	ClassOver  bool // its class has more on this day than it may: its limit was lowered
}

// LaneState is whether a lane is claimed from.
type LaneState string

// Lane states.
const (
	LaneClosed LaneState = "closed" // not started yet, or ended
	LaneOpen   LaneState = "open"
	LanePaused LaneState = "paused"
)

// Settlement begins the end of a job's claim.
func (j Job) Settlement(to DeliveryState, class ReplyClass, at time.Time) Settlement {
	return Settlement{ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID, To: to, Class: class, At: at}
}

// Never is when a delivery is tried again that is held for a person: behind every
// instant at which somebody looks.
var Never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// StopUse stops use by every identifier, and re-import after an erasure. It
// never stops a notice, which is owed all the same (R9).
func StopUse(ids []Identifier, reason string) []Suppression {
	var out []Suppression
	for _, id := range ids {
		out = append(out, Suppression{Kind: id.Kind, Hash: id.Hash, KeyID: id.KeyID, Scope: SuppressUse, Reason: reason})
	}
	return out
}

// DomainOf is the domain of an address in its normal form.
func DomainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
