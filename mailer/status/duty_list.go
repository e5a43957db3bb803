package status

import (
	"context"
	"time"

	"article14/mailer"
)

// DutyQuery asks for one page of duties. Its states are all among OwedStates, and
// then the earliest deadline comes first, or all among the others, and then they
// come in the order of people.
type DutyQuery struct {
	mailer.DutyFilter
	Overdue bool           // past their date: owed now, or ended behind it
	After   mailer.DutyRef // the last duty of the page before; zero: the first page
	Limit   int
	Names   bool // with names and addresses
	Now     time.Time
}

// OwedStates are those in which a person is still to be told, or a person to decide.
var OwedStates = []mailer.DutyState{mailer.DutyOpen, mailer.DutyInFlight, mailer.DutyFailed, mailer.DutyBlocked}

// ListedDuty is what became of one duty.
type ListedDuty struct {
	ContactID   mailer.ID           `json:"contact_id"`
	ID          mailer.ID           `json:"duty_id"`
	ActivityKey string              `json:"activity"`
	SourceKey   string              `json:"source"`
	DueAt       time.Time           `json:"due_at"`
	Rule        mailer.DueRule      `json:"rule"`
	State       mailer.DutyState    `json:"state"`
	Reason      mailer.BlockReason  `json:"reason,omitempty"`
	Excuse      mailer.ExcuseReason `json:"excuse,omitempty"`
	Detail      string              `json:"detail,omitempty"`
	ToldAt      time.Time           `json:"told_at,omitzero"`
	EndedAt     time.Time           `json:"ended_at,omitzero"` // handed over, or told before
	Name        string              `json:"name,omitempty"`
	Address     string              `json:"address,omitempty"`
}

// LateDays is by how many days a duty is late at an instant, or was when it ended (D7).
func (d ListedDuty) LateDays(now time.Time, zone *time.Location) int {
	switch {
	case !d.EndedAt.IsZero():
		now = d.EndedAt
	case d.State == mailer.DutyExcused || d.State == mailer.DutyErased: // ended by a decision, not by telling
		return 0
	}
	return mailer.LateDays(d.DueAt, now, zone)
}

// DutyLister lists what became of duties.
type DutyLister interface {
	// ListDuties gives a page. After names a duty that is still there, or ErrNoDuty.
	ListDuties(ctx context.Context, controller mailer.ID, q DutyQuery) ([]ListedDuty, error)
}

// OpenAlert is an alert that nobody has seen to yet.
type OpenAlert struct {
	ID        mailer.ID        `json:"id"`
	Kind      mailer.AlertKind `json:"kind"`
	Subject   string           `json:"subject"`
	ContactID mailer.ID        `json:"contact_id,omitzero"` // whom it is about; zero: nobody, or many
	Detail    string           `json:"detail"`
	RaisedAt  time.Time        `json:"raised_at"`
}

// AlertStore keeps what operators must see.
type AlertStore interface {
	// Alerts gives open alerts behind after, the oldest first; of one kind, where it is named.
	Alerts(ctx context.Context, controller mailer.ID, kind mailer.AlertKind, after mailer.ID, limit int) ([]OpenAlert, error)
	// SettleAlert puts on record who has seen to an alert, or fails with ErrNoAlert.
	// Raised once more, it is open again.
	SettleAlert(ctx context.Context, controller, alert mailer.ID, by string, now time.Time) error
}
