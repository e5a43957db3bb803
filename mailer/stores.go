package mailer

import (
	"context"
	"time"

	"article14/internal/wish"
)

// RegisterStore keeps immutable register versions.
type RegisterStore interface {
	// ApplyRegister stores body as the next version unless the newest has the same
	// hash; made tells which. The first version makes the controller.
	ApplyRegister(ctx context.Context, controllerKey string, body, hash []byte, by string, now time.Time) (v RegisterVersion, made bool, err error)
	// CurrentRegister is the newest version of a controller; with an empty key, of
	// the only controller there is. It fails with ErrNoRegister.
	CurrentRegister(ctx context.Context, controllerKey string) (RegisterVersion, error)
	// RegisterVersion finds a version by id.
	RegisterVersion(ctx context.Context, id ID) (RegisterVersion, error)
	// RegisterBefore is the version that another one replaced, or ErrNoRegister.
	RegisterBefore(ctx context.Context, v RegisterVersion) (RegisterVersion, error)
	// UnopenedRegisters are a controller's versions, the oldest first, that were
	// stored and never passed to RegisterOpened: applying them was broken off.
	UnopenedRegisters(ctx context.Context, controller ID) ([]RegisterVersion, error)
	// RegisterOpened puts on record that every duty that a version brings is open.
	RegisterOpened(ctx context.Context, version ID, now time.Time) error
	// OpenDuties lets decide look at the next contacts behind after, in the order of
	// their ids, and opens the duties that it says; those that are there already stay
	// as they are. It returns the last contact looked at, zero at the end.
	OpenDuties(ctx context.Context, controller, after ID, limit int, now time.Time, decide func(Known) []Duty) (ID, int, error)
}

// CampaignStore keeps campaigns and places their audience.
type CampaignStore interface {
	CreateCampaign(ctx context.Context, controller ID, c Campaign) error
	// Campaign finds one by key, or fails with ErrNoCampaign.
	Campaign(ctx context.Context, controller ID, key string) (Campaign, error)
	Campaigns(ctx context.Context, controller ID) ([]Campaign, error)
	// Candidates gives the next contacts behind after, in the order of their ids, that have duties of the
	// campaign's activity to place: open, blocked for one of BlocksThatMayBeGone, or failed under a campaign
	// that has ended; and, where failedOnly is set, failed duties of this
	// campaign's deliveries and nothing else. Filter's sources and obtaining window narrow the
	// duties; countries narrow contacts. Languages are left to the caller.
	Candidates(ctx context.Context, controller ID, c Campaign, failedOnly bool, after ID, limit int, now time.Time) ([]Candidate, error)
	// SaveContent stores a content version with its skeletons; the same hash again changes nothing.
	SaveContent(ctx context.Context, controller ID, v ContentVersion, now time.Time) (ContentVersion, error)
	Content(ctx context.Context, id ID) (ContentVersion, error)
	// Approve binds content and approval, and makes the closed lane: draft to freezing.
	Approve(ctx context.Context, controller, campaign ID, content ID, people int64, by string, now time.Time) error
	// Place stores a chunk of placements and the position behind it in one
	// transaction: deliveries queued and their duties in flight, others blocked. Duties that
	// are no longer as the candidate had them are left alone. With a zero position the
	// campaign's own is kept (failed duties, standing campaigns).
	Place(ctx context.Context, controller ID, c Campaign, chunk []Placement, position ID, now time.Time) error
	// Move takes a campaign from one of the given states to another, with its
	// lanes, and writes who did it; it fails with ErrCampaignState otherwise. From running
	// to running opens lanes that are held, and fails where none is.
	// Cancelling also cancels what is queued or deferred, and its duties are open again; a
	// delivery with an uncertain attempt may have arrived, so it stays, its duties in
	// flight, until a person decides (E5).
	Move(ctx context.Context, controller, campaign ID, from []CampaignState, to CampaignState, by string, now time.Time) error
	SetPace(ctx context.Context, controller, campaign ID, pace int) error
	// CampaignCounts gives the number of deliveries by state, from the counters.
	CampaignCounts(ctx context.Context, campaign ID) (map[DeliveryState]int64, error)
}

// Queue is made of deliveries. Each method is one transaction.
type Queue interface {
	// Claim takes up to limit deliveries of open lanes for a worker: those still
	// on time have what they need of it, the rest is shared out with the oldest of
	// the backlog (D7, Share); paces are kept across workers; the suppressed are moved to suppressed in the same
	// statement and their duties set failed.
	Claim(ctx context.Context, controller ID, claim ID, limit int, now time.Time, lease time.Duration) ([]Job, error)
	// Begin puts attempts on record before the wire is touched. It returns the ids
	// of the attempts whose claim still stands; the others must not be sent. A lease
	// that would pass before leaseUntil is prolonged to it. An attempt is counted by
	// what ends it.
	Begin(ctx context.Context, attempts []Attempt, leaseUntil time.Time) (map[ID]bool, error)
	// Settle ends claims. Those whose claim no longer stands are returned and left as they are.
	Settle(ctx context.Context, batch []Settlement) (fenced []ID, err error)
	// Release returns untouched deliveries to the queue; no attempt is charged.
	// attempts that were begun and never touched the wire are taken back. No ids (nil)
	// are all that the claim still holds: its worker is gone, and it never stands again.
	Release(ctx context.Context, claim ID, deliveries []ID) error
	// Renew keeps claims alive.
	Renew(ctx context.Context, claims []ID, leaseUntil time.Time) error
	// Wake moves deferred and, by the policy resend, uncertain deliveries whose time has come back to queued;
	// the uncertain ones of cancelled campaigns stay as they are.
	Wake(ctx context.Context, controller ID, now time.Time, resendUncertain bool, limit int) (int, error)
	// Rescue ends claims whose lease has passed, a few at a time: begun and not
	// settled becomes uncertain, untouched goes back to queued.
	Rescue(ctx context.Context, controller ID, now, uncertainUntil time.Time) (queued, uncertain int, err error)
	// Lanes gives the state of every lane, to be asked often.
	Lanes(ctx context.Context, controller ID) ([]Lane, error)
	// FinishCampaigns ends running campaigns of kind once with nothing left to send and nothing failed to place again.
	FinishCampaigns(ctx context.Context, controller ID, now time.Time) ([]string, error)
	// FoldCounters adds up counter deltas.
	FoldCounters(ctx context.Context) error
}

// RightsStore keeps what people ask for.
type RightsStore interface {
	// NoticeFor gives the notice behind a link, or ErrNoSuchLink.
	NoticeFor(ctx context.Context, controller, contact, delivery ID) (SentNotice, error)
	// DeliveryByCode finds the notice behind a short code, or ErrNoSuchLink.
	DeliveryByCode(ctx context.Context, controller ID, code string) (Link, error)
	// Object records an objection with its suppressions, once: a second call gives
	// the first. It stops use at once. The receipt, if not nil, is queued in the express lane.
	Object(ctx context.Context, controller ID, o Objection, s []Suppression, receipt *PlannedDelivery, now time.Time) (Objection, bool, error)
	// Request records a request for access, once while one is open.
	Request(ctx context.Context, controller ID, r Request, receipt *PlannedDelivery, now time.Time) (Request, bool, error)
}

// SentNotice is a notice that was given, as the portal needs it.
type SentNotice struct {
	Contact      Contact
	Identifiers  []Identifier
	DeliveryID   ID
	IdentifierID ID // the address that it went to
	ActivityKey  string
	Languages    string
	Form         string
	State        DeliveryState
	ContentID    ID
	RegisterID   ID                // the register version behind the content
	Skeletons    []SkeletonKeyHash // all of the content version
	Slots        Slots
	Code         string
	ComposedAt   time.Time
	Facts        NoticeFacts
	ErasedAt     time.Time // all that it was about is gone since; zero: it is not
	ObjectedAt   time.Time // by this activity; zero: no
	AccessDueAt  time.Time // of the open request for access; zero: none
}

// SkeletonKeyHash names a stored skeleton.
type SkeletonKeyHash struct {
	Key  SkeletonKey
	Hash []byte
}

// SkeletonStore gives stored skeletons by hash.
type SkeletonStore interface {
	Skeleton(ctx context.Context, hash []byte) ([]byte, error)
}

// Way is how something that a person says comes to us.
type Way string

// Ways.
const (
	WayPage     Way = "page"      // a button on a page of ours
	WayOneClick Way = "one_click" // the button of a mail program (R2)
	WayAnswer   Way = "answer"    // a mail that they wrote to us
	// WayComplaint is the button "this is spam", as a provider passes it on (RFC 5965).
	WayComplaint Way = "complaint"
)

// Ways lists them.
var Ways = []Way{WayPage, WayOneClick, WayAnswer, WayComplaint}

// ObjectionScope is what an objection is against.
type ObjectionScope string

// ObjectToAll is against all use for the activity (R5).
const ObjectToAll ObjectionScope = "all"

// RequestKind is what a person asks for.
type RequestKind string

// RequestAccess asks what is held about them (Art. 15).
const RequestAccess RequestKind = "access"

// Objection is a person's "no" (Art. 21).
type Objection struct {
	ID          ID
	ContactID   ID
	ActivityKey string
	Scope       ObjectionScope
	Way         Way
	MadeAt      time.Time
	DeliveryID  ID
	Tell        *Tidings // what recipients are told of it (R7); nil: nobody is
}

// Request is what a person asks for, with its own deadline (Art. 12(3), D9).
type Request struct {
	ID         ID
	ContactID  ID
	Kind       RequestKind
	Way        Way
	ReceivedAt time.Time
	DueAt      time.Time
	DeliveryID ID
}

// Figures is what status, metrics and demo are made of, from counters and
// narrow indexes.
type Figures struct {
	AsOf        time.Time
	Contacts    int64
	Duties      map[DutyState]int64
	Blocked     map[BlockReason]int64
	Overdue     int64            // not met and past due_at
	DueWithin   map[string]int64 // "1d", "3d", "7d", "30d": not met, still on time, and due within; a wider window holds the narrower ones
	OldestDueAt time.Time        // of duties not met
	MetLate     int64
	Deliveries  map[DeliveryState]int64 // notices
	Attempts    map[DeliveryState]int64 // by outcome
	ByLanguages map[string]int64        // notices handed over
	Imports     ImportCounts
	Objections  map[Way]int64
	Requests    int64               // open
	Alerts      map[AlertKind]int64 // open
	Reports     map[string]int64    // what came back, by finding: a class of bounce, delayed, ..., not_understood
	Unmatched   map[string]int64    // reports that found no delivery: waiting, given_up, not_understood
	QueueOldest time.Time           // created_at of the oldest queued delivery in an open lane
	RelayedLast map[string]int64    // "1m", "1h": handed over in the last minute, hour
	Lanes       []LaneFigures
	OverdueBy   map[string]int64 // overdue, by the names of Ages; they add up
	Stranded    int64            // failed duties whose campaign has ended, so that nobody looks for their next address; ManyStranded at most
	Workers     []Heartbeat
	Relays      []RelayFigures // those with limits
	Classes     []ClassFigures // of recipient domains, those on record
	Instance    Instance
	Exemptions  ExemptionFigures
	Answers     AnswerFigures
	ByHand      HandFigures
	Tellings    TellFigures
}

// AnswerFigures are people's answers that nobody has closed.
type AnswerFigures struct {
	Open   map[wish.Kind]int64 `json:"open_by_kind"` // by the kind that words suggest
	Oldest time.Time           `json:"oldest,omitzero"`
	DueAt  time.Time           `json:"first_due,omitzero"` // the earliest date (D9)
}

// ManyByHand is where the count of what waits for people stops.
const ManyByHand = 100_000

// HandFigures are letters and calls: what people carry out.
type HandFigures struct {
	Letters   int64     `json:"letters"` // in the queue, to be printed; ManyByHand at most, with the calls
	LettersBy time.Time `json:"letters_first_due,omitzero"`
	InBatches int64     `json:"in_batches"` // printed, or about to be, and not posted
	Batches   int64     `json:"batches"`    // that are not posted
	Posted    int64     `json:"posted"`
	Returned  int64     `json:"returned"`
	Calls     int64     `json:"calls"` // to be made
	CallsBy   time.Time `json:"calls_first_due,omitzero"`
}

// ExemptionFigures are exemptions that wait for a person.
type ExemptionFigures struct {
	Proposed   int64 `db:"proposed" json:"proposed"`       // for somebody else to confirm them
	ReviewSoon int64 `db:"review_soon" json:"review_soon"` // in force, with a review date within ReviewSoon
}

// LaneFigures is a lane with its backlog.
type LaneFigures struct {
	Lane
	CampaignKey string
	Queued      int64
	EarliestDue time.Time
}

// FiguresStore gives the figures.
type FiguresStore interface {
	Figures(ctx context.Context, controller ID, now time.Time) (Figures, error)
}

// ContactStore answers for one person.
type ContactStore interface {
	// ContactReport gives everything about a contact, or ErrNoContact.
	ContactReport(ctx context.Context, controller, contact ID) (ContactReport, error)
}

// ContactReport is one person's record: who was told what, when, and why then (E6).
type ContactReport struct {
	Contact      Contact
	Identifiers  []Identifier
	Acquisitions []Acquisition
	Duties       []Duty
	Deliveries   []DeliveryReport
	Objections   []Objection
	Requests     []Request
	Answers      []AnswerItem
	Decisions    []Decision
	PriorNotices []PriorNotice
	Exemptions   []Exemption // that have excused duties of theirs, ended ones too
}

// DeliveryReport is a delivery with its attempts.
type DeliveryReport struct {
	ID           ID
	CampaignKey  string
	Document     Document
	State        DeliveryState
	Languages    string
	LanguageRule string
	Form         string
	DueAt        time.Time
	SHA256       []byte
	ComposedAt   time.Time
	Attempts     []AttemptReport
	Reports      []ReportEntry
}

// AttemptReport is an attempt with its outcome.
type AttemptReport struct {
	Number           int
	Relay            string
	BegunAt, EndedAt time.Time
	Outcome          DeliveryState // "" not settled
	Stage            Stage
	Reply            Reply
}
