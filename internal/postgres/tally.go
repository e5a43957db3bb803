package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
)

// What is counted; see counter_delta in the schema.
const (
	countContact        = "contact"
	countImport         = "import"
	countDuty           = "duty"
	countBlocked        = "blocked"
	countOwed           = "owed"
	countMetLate        = "met_late"
	countLanguage       = "language"
	countDelivery       = "delivery"
	countCorrespondence = "correspondence"
	countAttempt        = "attempt"
	countObjection      = "objection"
	countRequest        = "request"
	countAlert          = "alert"
	countReport         = "report"          // '' > finding: matched, or not understood
	countAnswer         = "answer"          // open ones by kind
	countCall           = "call"            // '' > outcome of a campaign's calls: they stand among its deliveries, too
	countDisclosure     = "disclosure"      // uses by kind, and those that the gate had refused
	countClass          = "class"           // notices queued, by class of domain; those of no class are the others
	countTelling        = "telling"         // by state; to_export: those that wait for a person to pass them on
	countTellingAttempt = "telling_attempt" // by result
	countUnmatched      = "unmatched"       // reports by state: waiting, given_up, not_understood
)

// dueHour is the bucket of "owed" that a deadline falls into.
const dueHour = "2006-01-02T15"

// move is a counted change: so many rows of a kind went from one state to another.
type move struct {
	controller, campaign mailer.ID
	what, from, to       string
}

// tally adds up the moves of one transaction, to be noted with it.
type tally map[move]int64

func (c tally) add(controller, campaign mailer.ID, what, from, to string, n int) {
	if n != 0 && from != to {
		c[move{controller, campaign, what, from, to}] += int64(n)
	}
}

// delivery counts one delivery's move.
func (c tally) delivery(r deliveryMove) {
	what := countDelivery
	if r.Document != mailer.DocNotice {
		what = countCorrespondence
	}
	c.add(r.ControllerID, r.CampaignID, what, string(r.From), string(r.To), 1)
	c.class(r.ControllerID, r.CampaignID, r.queuedIn(r.From), r.queuedIn(r.To))
}

// class counts a notice that waits in the lane of another class, or in none, than before.
func (c tally) class(controller, campaign mailer.ID, from, to string) {
	c.add(controller, campaign, countClass, listed(from), listed(to), 1)
}

// listed is the name of a class; what is in none is not counted by class.
func listed(class string) string {
	if campaign.ReservedClass(class) {
		return ""
	}
	return class
}

// duty counts one duty's move, with its reason if it is blocked, and whether the
// notice is still owed.
func (c tally) duty(controller mailer.ID, from, to dutyStand) {
	c.add(controller, mailer.ID{}, countDuty, string(from.State), string(to.State), 1)
	c.add(controller, mailer.ID{}, countBlocked, from.blocked(), to.blocked(), 1)
	c.add(controller, mailer.ID{}, countOwed, from.owed(), to.owed(), 1)
}

// dutyStand is what of a duty is counted; the zero value is no duty at all.
type dutyStand struct {
	State  mailer.DutyState
	Reason mailer.BlockReason
	DueAt  time.Time
}

func (d dutyStand) blocked() string {
	if d.State == mailer.DutyBlocked {
		return string(d.Reason)
	}
	return ""
}

func (d dutyStand) owed() string {
	switch d.State {
	case mailer.DutyOpen, mailer.DutyInFlight, mailer.DutyFailed, mailer.DutyBlocked:
		return d.DueAt.UTC().Format(dueHour)
	}
	return ""
}

// note writes the moves as delta rows; at is their instant where a rate is made
// of it, and may be zero.
func (c tally) note(ctx context.Context, t tx, at time.Time) error {
	type row struct {
		Controller mailer.ID `json:"controller_id"`
		Campaign   mailer.ID `json:"campaign_id,omitzero"`
		What       string    `json:"what"`
		From       string    `json:"from_state"`
		To         string    `json:"to_state"`
		N          int64     `json:"n"`
	}
	var rows []row
	for m, n := range c {
		rows = append(rows, row{m.controller, m.campaign, m.what, m.from, m.to, n})
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "tally_note", records{rows}, null(at))
	return err
}

// apply adds the moves to the counters themselves. It locks their rows until the
// end of the transaction, so it is for one whose like cannot run beside it.
func (c tally) apply(ctx context.Context, t tx) error {
	type row struct {
		Controller mailer.ID `json:"controller_id"`
		Campaign   mailer.ID `json:"campaign_id,omitzero"`
		What       string    `json:"what"`
		State      string    `json:"state"`
		N          int64     `json:"n"`
	}
	sums := map[row]int64{}
	for m, n := range c {
		if m.to != "" {
			sums[row{m.controller, m.campaign, m.what, m.to, 0}] += n
		}
		if m.from != "" {
			sums[row{m.controller, m.campaign, m.what, m.from, 0}] -= n
		}
	}
	var rows []row
	for r, n := range sums {
		if r.N = n; n != 0 {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "tally_apply", records{rows})
	return err
}

// deliveryMove is a delivery that went from one state to another.
type deliveryMove struct {
	ContactID    mailer.ID            `db:"contact_id"`
	ID           mailer.ID            `db:"id"`
	ControllerID mailer.ID            `db:"controller_id"`
	CampaignID   mailer.ID            `db:"campaign_id"`
	Document     mailer.Document      `db:"document"`
	Languages    string               `db:"languages"`
	From         mailer.DeliveryState `db:"from_state"`
	To           mailer.DeliveryState `db:"to_state"`
	Class        string               `db:"class"` // of its lane; of one that is or was queued
}

// queuedIn is the class in whose lane a delivery waits in a state.
func (m deliveryMove) queuedIn(s mailer.DeliveryState) string {
	if s == mailer.Queued {
		return m.Class
	}
	return ""
}
