package telling

import (
	"context"
	"errors"
	"time"

	"article14/mailer"
)

// Errors of the desk, in words for the person at it.
var (
	ErrNoTelling  = errors.New("no telling has that id: 'article14 telling list' shows those there are")
	ErrState      = errors.New("its state does not allow that: one is tried again when it is dead, and done when it waits, is dead or has lapsed")
	ErrOvertaken  = errors.New("the recipient has been told of something later about this person since, so this would be out of order: tell them by other means, and mark it with 'telling done'")
	ErrEarlier    = errors.New("something earlier about this person is still to be told to that recipient, and would come behind this: see to that first")
	ErrNoneToTell = errors.New("no telling of that recipient is dead, and its system is not switched off")
)

// Job is a telling in a worker's hands.
type Job struct {
	ContactID mailer.ID
	ID        mailer.ID // the webhook's id, the same in every attempt
	ClaimID   mailer.ID
	MadeAt    time.Time
	Tries     int // before this one
	Body      []byte
	Failures  int // of the recipient's system, in a row
}

// Attempt is one request, on record before it is made.
type Attempt struct {
	ID         mailer.ID
	Job        Job
	BegunAt    time.Time
	LeaseUntil time.Time
}

// Settlement is what came of an attempt.
type Settlement struct {
	Attempt   Attempt
	Recipient string
	Answer    Answer
	At        time.Time
	To        mailer.TellState // told, waiting or dead
	ReadyAt   time.Time        // of one that waits
	System    *System          // nil: as it was
	Alerts    []mailer.Alert
}

// System is how a recipient's system stands.
type System struct {
	Failures   int
	QuietUntil time.Time // zero: now
	Gone       bool      // it answered 410: nothing is sent to it until a person says so
}

// Entry is a telling as lists and records show it. It has no person's values.
type Entry struct {
	ID           mailer.ID        `json:"id"`
	ContactID    mailer.ID        `json:"contact_id"`
	RecipientKey string           `json:"recipient"`
	Number       int              `json:"number"`
	Event        mailer.TellEvent `json:"event"`
	ActivityKey  string           `json:"activity,omitempty"`
	By           mailer.TellWay   `json:"by"`
	State        mailer.TellState `json:"state"`
	MadeAt       time.Time        `json:"made_at"`
	KeepUntil    time.Time        `json:"keep_until"`
	ReadyAt      time.Time        `json:"ready_at"`
	Tries        int              `json:"tries"`
	EndedAt      time.Time        `json:"ended_at,omitzero"`
	EndedBy      string           `json:"ended_by,omitempty"`
	EndedWhy     string           `json:"ended_why,omitempty"`
}

// Try is an attempt as the record shows it.
type Try struct {
	BegunAt time.Time `json:"begun_at"`
	EndedAt time.Time `json:"ended_at,omitzero"` // zero: nobody knows what came of it
	Status  int       `json:"status,omitempty"`
	Fault   Fault     `json:"fault,omitempty"`
}

// Query asks for a page of entries, the newest first. Empty fields do not narrow it.
type Query struct {
	State     mailer.TellState
	Recipient string
	Contact   mailer.ID
	Before    mailer.ID // the last entry of the page before
	Limit     int
}

// Written is an entry with what its recipient is to be told, for a list.
type Written struct {
	Entry
	Body []byte
}

// After is a place in a walk: the entry behind which it goes on.
type After struct {
	MadeAt    time.Time
	ContactID mailer.ID
	ID        mailer.ID
}

// Order is a person's decision, with their name and reason.
type Order struct {
	By, Why string
	At      time.Time
}

// Overdue is a recipient with something that it should have been told of.
type Overdue struct {
	RecipientKey string
	Oldest       time.Time
	Waiting      int64
}

// Store keeps tellings. Each method is one transaction.
type Store interface {
	// ClaimTellings takes up to limit tellings of a recipient's system that are ready, of each
	// person the first that is open alone; none while the system is quiet or gone, and none on a
	// copy of the database that is held.
	ClaimTellings(ctx context.Context, controller mailer.ID, recipient string, claim mailer.ID, limit int, now, leaseUntil time.Time) ([]Job, error)
	// BeginTelling puts an attempt on record and prolongs the lease; false: the claim no longer stands.
	BeginTelling(ctx context.Context, a Attempt) (bool, error)
	// SettleTelling ends an attempt; false: somebody else has the telling by now, or it has
	// ended. That it was taken holds all the same, unless it has ended. Who is told has their values erased with it.
	SettleTelling(ctx context.Context, controller mailer.ID, s Settlement) (bool, error)
	// ReleaseTellings gives back what a claim still holds and has not begun; no try is charged.
	ReleaseTellings(ctx context.Context, claim mailer.ID) error
	// RescueTellings gives back what the claims hold whose lease has passed.
	RescueTellings(ctx context.Context, controller mailer.ID, now time.Time) (int, error)
	// LapseTellings ends up to limit tellings whose values have come to their end, erases these, and raises the alerts that raise says.
	LapseTellings(ctx context.Context, controller mailer.ID, now time.Time, limit int, raise func(recipient string, n int) mailer.Alert) (int, error)
	// OverdueTellings are recipients with tellings that were made before an instant and are still open.
	OverdueTellings(ctx context.Context, controller mailer.ID, before time.Time) ([]Overdue, error)
	// Raise stores alerts, each once for its kind and subject.
	Raise(ctx context.Context, controller mailer.ID, alerts []mailer.Alert, now time.Time) error
}

// DeskStore is what people do with tellings.
type DeskStore interface {
	// Tellings gives a page.
	Tellings(ctx context.Context, controller mailer.ID, q Query) ([]Entry, error)
	// Telling gives one with its attempts, or ErrNoTelling. Its body is empty where its values are gone.
	Telling(ctx context.Context, controller, id mailer.ID) (Written, []Try, error)
	// RetryTelling has a dead one tried again from the beginning, or fails with ErrState or ErrOvertaken.
	RetryTelling(ctx context.Context, controller, id mailer.ID, o Order) error
	// RetryRecipient has all dead ones of a recipient tried again that nothing later has overtaken,
	// and switches its system on again.
	RetryRecipient(ctx context.Context, controller mailer.ID, recipient string, o Order) (again, overtaken int, enabled bool, err error)
	// TellingDone ends one that a person told by other means, and erases its values; or ErrState, ErrEarlier.
	TellingDone(ctx context.Context, controller, id mailer.ID, o Order) error
	// ToExport gives the next tellings of a recipient that no machine will tell, behind after: by
	// list, or dead, and with nothing before them that a machine is still to tell.
	ToExport(ctx context.Context, controller mailer.ID, recipient string, after After, limit int) ([]Written, error)
	// Exported marks those of them as told that are still to be exported, and erases their values.
	Exported(ctx context.Context, controller mailer.ID, recipient string, ids []mailer.DutyRef, o Order) (int, error)
}
