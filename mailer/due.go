package mailer

import (
	"time"

	"article14/internal/calendar"
)

// DueRule is the rule of Art. 14 that set a deadline.
type DueRule string

// Rules that set a deadline.
const (
	DueMonth         DueRule = "14.3.a" // one month after obtaining
	DueCommunication DueRule = "14.3.b" // the first communication
	DueDisclosure    DueRule = "14.3.c" // the first disclosure
	DueNewPurpose    DueRule = "14.4"   // before a new purpose begins
	DueUnknown       DueRule = "unknown"
)

// Due is a deadline with the rule and the inputs that set it, so that it can be
// shown and computed again.
type Due struct {
	At     time.Time
	Rule   DueRule
	Inputs DueInputs
}

// DueInputs is what a deadline was computed from. Zero instants are unknown or
// did not happen.
type DueInputs struct {
	ObtainedAt         time.Time     `json:"obtained_at,omitzero"`
	Basis              ObtainedBasis `json:"basis"`
	FirstCommunication time.Time     `json:"first_communication,omitzero"`
	FirstDisclosure    time.Time     `json:"first_disclosure,omitzero"`
	ReadAt             time.Time     `json:"read_at,omitzero"` // the import's instant: the deadline of an unknown date
	Starts             calendar.Date `json:"starts,omitzero"`  // of a new purpose (14(4))
	Zone               string        `json:"zone"`
}

// DueFor computes a deadline (D1, D4, D10): the earliest of one month after
// obtaining, the first communication and the first disclosure. The month is
// counted in the controller's zone and ends with the last second of its last
// day, not rolled to a working day (D3). A communication before the obtaining
// cannot be one with these data, so it is left out. An unknown obtaining is
// overdue from the moment that it is read.
func DueFor(in DueInputs, zone *time.Location) Due {
	in.Zone = zone.String()
	due := Due{At: in.ReadAt, Rule: DueUnknown}
	if !in.ObtainedAt.IsZero() {
		last := calendar.RawEnd(calendar.DateOf(in.ObtainedAt, zone), 1)
		due = Due{At: last.EndOf(zone), Rule: DueMonth}
	}
	shorten := func(at time.Time, rule DueRule) {
		if !at.IsZero() && !at.Before(in.ObtainedAt) && at.Before(due.At) {
			due.At, due.Rule = at, rule
		}
	}
	shorten(in.FirstCommunication, DueCommunication)
	shorten(in.FirstDisclosure, DueDisclosure)
	due.At, due.Inputs = due.At.UTC(), in
	return due
}

// LateDays is by how many days now is past a deadline, counted in calendar days
// of the controller's zone (D7, D10): 0 on time, 1 on the day after the last.
func LateDays(dueAt, now time.Time, zone *time.Location) int {
	if !now.After(dueAt) {
		return 0
	}
	return max(1, calendar.DateOf(dueAt, zone).DaysUntil(calendar.DateOf(now, zone)))
}

// EarliestDue is the first date of duties, of which there is one at least.
func EarliestDue(ds []Duty) time.Time {
	first := ds[0].Due.At
	for _, d := range ds[1:] {
		if d.Due.At.Before(first) {
			first = d.Due.At
		}
	}
	return first
}
