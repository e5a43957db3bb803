package postgres

import (
	"bytes"
	"context"
	"slices"
	"time"

	"article14/mailer"
)

// dutyEnd is what a delivery's end means for the duties that it had in flight.
type dutyEnd struct {
	ContactID  mailer.ID
	DeliveryID mailer.ID
	To         mailer.DutyState
	Reason     mailer.BlockReason // of a failed one
	At         time.Time
	Why        string // for the history, where there is no reason
	Duty       place  // of one duty, where the transaction is swift; else it is all that the delivery has in flight
}

// endDuties takes duties in flight to where the end of their delivery leads:
// met, failed, or open again. Those that are no longer in flight are left alone.
func (t tx) endDuties(ctx context.Context, ends []dutyEnd, counts tally) error {
	if len(ends) == 0 {
		return nil
	}
	slices.SortStableFunc(ends, func(a, b dutyEnd) int { return bytes.Compare(a.ContactID[:], b.ContactID[:]) })
	contacts, deliveries := idColumn(ends, func(e dutyEnd) mailer.ID { return e.ContactID }), idColumn(ends, func(e dutyEnd) mailer.ID { return e.DeliveryID })
	if !t.swift {
		if _, err := t.exec(ctx, "duties_lock", contacts, deliveries); err != nil {
			return err
		}
	}
	var moved []endedDuty
	err := t.all(ctx, &moved, "duties_end", contacts, deliveries, textColumn(ends, func(e dutyEnd) mailer.DutyState { return e.To }),
		textColumn(ends, func(e dutyEnd) mailer.BlockReason { return e.Reason }), timeColumn(ends, func(e dutyEnd) time.Time { return e.At }),
		placeColumn(ends, func(e dutyEnd) place { return e.Duty }))
	if err != nil {
		return err
	}
	if t.swift && len(moved) != len(ends) {
		return errOtherwise
	}
	return noteEnds(ctx, t, ends, moved, counts)
}

// endedDuty is a duty that is no longer in flight.
type endedDuty struct {
	N            int       `db:"n"` // of what ended it, from 1
	ID           mailer.ID `db:"id"`
	ControllerID mailer.ID `db:"controller_id"`
	DueAt        instant   `db:"due_at"`
}

// noteEnds counts ended duties and writes their history.
func noteEnds(ctx context.Context, t tx, ends []dutyEnd, moved []endedDuty, counts tally) error {
	var past history
	for _, m := range moved {
		e := ends[m.N-1]
		counts.duty(m.ControllerID, dutyStand{mailer.DutyInFlight, "", m.DueAt.Time}, dutyStand{e.To, e.Reason, m.DueAt.Time})
		switch {
		case e.To != mailer.DutyMet:
			past.add(e.ContactID, m.ID, e.At, mailer.DutyInFlight, e.To, string(e.Reason)+e.Why, e.DeliveryID)
		case e.At.After(m.DueAt.Time):
			counts.add(m.ControllerID, mailer.ID{}, countMetLate, "", "late", 1)
		}
	}
	return past.write(ctx, t)
}

// history collects what happened to duties beside the plain way open, in_flight, met.
type history [][]any

func (h *history) add(contact, duty mailer.ID, at time.Time, from, to mailer.DutyState, reason string, delivery mailer.ID) {
	*h = append(*h, []any{contact, mailer.NewID(at), duty, at, string(from), string(to), reason, delivery})
}

func (h history) write(ctx context.Context, t tx) error {
	return t.copyIn(ctx, "duty_history", "contact_id, id, duty_id, at, from_state, to_state, reason, delivery_id", h)
}
