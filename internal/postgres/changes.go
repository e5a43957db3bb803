package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// changeDuties brings forward and quarantines known duties, as a batch says. It
// returns an alert for each that was to be quarantined and is on its way by now.
func (t tx) changeDuties(ctx context.Context, controller mailer.ID, m accept.Merge, now time.Time, counts tally) (tooLate []mailer.Alert, err error) {
	if len(m.Shortened)+len(m.Quarantined)+len(m.Told) == 0 {
		return nil, nil
	}
	sooner := newSoonerRows(m.Shortened)
	if _, err := t.exec(ctx, "delivery_shorten", controller, records{sooner}); err != nil {
		return nil, err
	}
	moves := dutyKeys(slices.Concat(m.Shortened, m.Quarantined))
	for _, n := range m.Told {
		moves = append(moves, dutyKey{n.ContactID, n.DutyID})
	}
	if _, err := t.exec(ctx, "duty_lock", controller, records{moves}); err != nil {
		return nil, err
	}
	if err := t.shortenDuties(ctx, controller, sooner, counts); err != nil {
		return nil, err
	}
	if err := t.reopenTold(ctx, controller, m.Quarantined, now, counts); err != nil {
		return nil, err
	}
	return t.quarantineDuties(ctx, controller, m.Quarantined, now, counts)
}

// dutyKey names a duty.
type dutyKey struct {
	ContactID mailer.ID `json:"contact_id"`
	ID        mailer.ID `json:"id"`
}

func dutyKeys(ds []mailer.Duty) []dutyKey {
	keys := make([]dutyKey, len(ds))
	for i, d := range ds {
		keys[i] = dutyKey{d.ContactID, d.ID}
	}
	return keys
}

// soonerRow is a duty with an earlier date.
type soonerRow struct {
	dutyKey
	DueAt    time.Time        `json:"due_at"`
	Rule     mailer.DueRule   `json:"due_rule"`
	Inputs   mailer.DueInputs `json:"due_inputs"`
	Obtained *time.Time       `json:"obtained_at"`
}

// newSoonerRows gives one row for each duty, with the earliest of its dates.
func newSoonerRows(ds []mailer.Duty) []soonerRow {
	rows := make([]soonerRow, len(ds))
	for i, d := range ds {
		rows[i] = soonerRow{dutyKey{d.ContactID, d.ID}, d.Due.At, d.Due.Rule, d.Due.Inputs, known(d.ObtainedAt)}
	}
	slices.SortFunc(rows, func(a, b soonerRow) int {
		return cmp.Or(slices.Compare(a.ID[:], b.ID[:]), a.DueAt.Compare(b.DueAt))
	})
	return slices.CompactFunc(rows, func(a, b soonerRow) bool { return a.ID == b.ID })
}

// shortenDuties brings deadlines forward (14(3)(b), (c)); those of the deliveries
// that are waiting to discharge them have moved already. A later date changes nothing.
func (t tx) shortenDuties(ctx context.Context, controller mailer.ID, rows []soonerRow, counts tally) error {
	var was []struct {
		standRow
		Now   instant `db:"now_due"`
		Ended instant `db:"ended_at"`
	}
	if err := t.all(ctx, &was, "duty_shorten", controller, records{rows}); err != nil {
		return err
	}
	for _, r := range was {
		after := r.stand()
		after.DueAt = r.Now.Time
		counts.duty(controller, r.stand(), after)
		if !r.Ended.IsZero() { // given on time by the date that it had
			counts.late(controller, r.Ended.After(r.DueAt.Time), r.Ended.After(r.Now.Time))
		}
	}
	return nil
}

// stopRestricted cancels notices that wait and tell of data which turned out to be
// restricted: they claim a use that is not allowed (S4). Their duties are open
// again; what else such a notice told of is placed anew.
func (t tx) stopRestricted(ctx context.Context, controller mailer.ID, ds []mailer.Duty, now time.Time, counts tally) error {
	var waiting []struct {
		ContactID mailer.ID            `db:"contact_id"`
		ID        mailer.ID            `db:"id"`
		State     mailer.DeliveryState `db:"state"`
	}
	if err := t.all(ctx, &waiting, "quarantine_deliveries", controller, records{dutyKeys(ds)}); err != nil || len(waiting) == 0 {
		return err
	}
	stop := make([]stopped, len(waiting))
	for i, w := range waiting {
		stop[i] = stopped{w.ContactID, w.ID, w.State}
	}
	var moved []deliveryMove
	if err := t.all(ctx, &moved, "told_cancel", records{stop}, now); err != nil {
		return err
	}
	ends := make([]dutyEnd, len(moved))
	for i, m := range moved {
		counts.delivery(m)
		ends[i] = dutyEnd{ContactID: m.ContactID, DeliveryID: m.ID, To: mailer.DutyOpen, Why: "cancelled", At: now}
	}
	return t.endDuties(ctx, ends, counts)
}

// quarantineDuties blocks what is still owed of data that turned out to be
// restricted (S4), and stops the notices that wait. A worker may have a duty's
// notice in its hands, or it may have gone out.
func (t tx) quarantineDuties(ctx context.Context, controller mailer.ID, ds []mailer.Duty, now time.Time, counts tally) (tooLate []mailer.Alert, err error) {
	if len(ds) == 0 {
		return nil, nil
	}
	if err := t.stopRestricted(ctx, controller, ds, now, counts); err != nil {
		return nil, err
	}
	var was []struct {
		ContactID mailer.ID `db:"contact_id"`
		ID        mailer.ID `db:"id"`
		standRow
	}
	if err := t.all(ctx, &was, "duty_quarantine", controller, records{dutyKeys(ds)}, string(mailer.BlockQuarantined)); err != nil {
		return nil, err
	}
	var past history
	blocked := make(map[mailer.ID]bool, len(was))
	for _, r := range was {
		blocked[r.ID] = true
		counts.duty(controller, r.stand(), dutyStand{mailer.DutyBlocked, mailer.BlockQuarantined, r.DueAt.Time})
		past.add(r.ContactID, r.ID, now, r.State, mailer.DutyBlocked, string(mailer.BlockQuarantined), mailer.ID{})
	}
	for _, d := range ds {
		if !blocked[d.ID] {
			tooLate = append(tooLate, accept.RestrictedLater(d))
		}
	}
	return tooLate, past.write(ctx, t)
}
