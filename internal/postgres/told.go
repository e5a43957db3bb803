package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// toldRow is a row of prior_notice.
type toldRow struct {
	ID        mailer.ID `db:"id" json:"id"`
	ContactID mailer.ID `db:"contact_id" json:"contact_id"`
	DutyID    mailer.ID `db:"duty_id" json:"duty_id"`
	ToldAt    time.Time `db:"told_at" json:"told_at"`
	Proof     string    `db:"proof" json:"proof"`
	ImportID  mailer.ID `db:"import_id" json:"import_id,omitzero"`
	Line      int64     `db:"line" json:"line"`
}

func (r toldRow) notice() accept.PriorNotice {
	r.ToldAt = r.ToldAt.UTC()
	return accept.PriorNotice(r)
}

// recordTold stores evidence that people were told before, and ends their duties.
// The duties are locked by now, see changeDuties.
func (t tx) recordTold(ctx context.Context, controller mailer.ID, ns []accept.PriorNotice, now time.Time, counts tally) error {
	if len(ns) == 0 {
		return nil
	}
	rows, keys := make([]toldRow, len(ns)), make([]dutyKey, len(ns))
	for i, n := range ns {
		rows[i], keys[i] = toldRow(n), dutyKey{n.ContactID, n.DutyID}
	}
	if _, err := t.exec(ctx, "told_add", controller, records{rows}, now); err != nil {
		return err
	}
	var earlier []struct {
		standRow
		Was instant `db:"was"`
		Now instant `db:"now_told"`
	}
	if err := t.all(ctx, &earlier, "told_mark", controller, records{rows}); err != nil {
		return err
	}
	for _, e := range earlier {
		if e.State == mailer.DutyExcused && mailer.ExcuseReason(e.Reason) == mailer.ToldBefore {
			counts.late(controller, e.Was.After(e.DueAt.Time), e.Now.After(e.DueAt.Time))
		}
	}
	inHand, err := t.endTold(ctx, controller, keys, now, counts)
	if err != nil {
		return err
	}
	var alerts []mailer.Alert
	for _, id := range inHand {
		alerts = append(alerts, accept.ToldWhileSending(id))
	}
	return t.raiseFound(ctx, controller, alerts, now, counts)
}

// late counts a duty that was, or is no longer, ended behind its date (D7).
func (c tally) late(controller mailer.ID, was, is bool) {
	name := map[bool]string{true: "late"}
	c.add(controller, mailer.ID{}, countMetLate, name[was], name[is], 1)
}

// toldDuty is a duty whose person was told before, as it stands now, locked.
type toldDuty struct {
	ContactID  mailer.ID `db:"contact_id"`
	ID         mailer.ID `db:"id"`
	ToldAt     instant   `db:"told_at"`
	DeliveryID mailer.ID `db:"delivery_id"`
	standRow
}

// toldDelivery is a notice that such a duty waits for and that no worker has.
type toldDelivery struct {
	ID           mailer.ID            `db:"id"`
	State        mailer.DeliveryState `db:"state"`
	OwedToOthers bool                 `db:"owed_to_others"` // it discharges a duty of theirs that nobody has told them of
}

// endTold ends duties whose people were told before, as AfterTold says, and stops
// the notices that nobody is owed any more. A notice that tells of something else as well
// goes out for that. It returns the deliveries that are in the hands of workers.
func (t tx) endTold(ctx context.Context, controller mailer.ID, keys []dutyKey, now time.Time, counts tally) (inHand []mailer.ID, err error) {
	var duties []toldDuty
	if err := t.all(ctx, &duties, "told_duties", controller, records{keys}); err != nil {
		return nil, err
	}
	deliveries, err := t.waitingDeliveries(ctx, duties)
	if err != nil {
		return nil, err
	}
	landed, excused := []dutyKey{}, []dutyKey{}
	var past history
	stop := map[mailer.ID]stopped{}
	for _, d := range duties {
		delivery := deliveries[d.DeliveryID]
		to, ok := accept.AfterTold(d.State, d.Reason, delivery.State)
		if !ok {
			if d.State == mailer.DutyInFlight {
				inHand = append(inHand, d.DeliveryID)
			}
			continue
		}
		key := dutyKey{d.ContactID, d.ID}
		excused = append(excused, key)
		if d.State == mailer.DutyInFlight {
			landed = append(landed, key)
			if !delivery.OwedToOthers {
				stop[d.DeliveryID] = stopped{d.ContactID, d.DeliveryID, delivery.State}
			}
		}
		past.add(d.ContactID, d.ID, now, d.State, to, string(mailer.ToldBefore), d.DeliveryID)
		counts.duty(controller, d.stand(), dutyStand{to, "", d.DueAt.Time})
		counts.late(controller, false, d.ToldAt.After(d.DueAt.Time))
	}
	if err := t.stopTold(ctx, controller, stop, now, counts); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, "told_land", records{landed}); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, "told_excuse", records{excused}, string(mailer.ToldBefore)); err != nil {
		return nil, err
	}
	return inHand, past.write(ctx, t)
}

// waitingDeliveries are the notices of duties in flight that wait in the queue, by id.
func (t tx) waitingDeliveries(ctx context.Context, duties []toldDuty) (map[mailer.ID]toldDelivery, error) {
	keys := []stopped{}
	for _, d := range duties {
		if d.State == mailer.DutyInFlight {
			keys = append(keys, stopped{ContactID: d.ContactID, DeliveryID: d.DeliveryID})
		}
	}
	var rows []toldDelivery
	if len(keys) == 0 {
		return nil, nil
	}
	err := t.all(ctx, &rows, "told_deliveries", records{keys})
	out := make(map[mailer.ID]toldDelivery, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, err
}

// stopped names a delivery that must not go out, and the state that it was seen in.
type stopped struct {
	ContactID  mailer.ID            `json:"contact_id"`
	DeliveryID mailer.ID            `json:"delivery_id"`
	Was        mailer.DeliveryState `json:"was"`
}

// stopTold cancels notices that wait. Those that may have arrived are held for a
// person, who hears of it: they are not sent again, and nobody knows what they are.
func (t tx) stopTold(ctx context.Context, controller mailer.ID, stop map[mailer.ID]stopped, now time.Time, counts tally) error {
	waiting, uncertain := []stopped{}, []stopped{}
	var alerts []mailer.Alert
	for _, s := range stop {
		if s.Was == mailer.Uncertain {
			uncertain, alerts = append(uncertain, s), append(alerts, accept.HeldForTold(s.DeliveryID))
		} else {
			waiting = append(waiting, s)
		}
	}
	var moved []deliveryMove
	if err := t.all(ctx, &moved, "told_cancel", records{waiting}, now); err != nil {
		return err
	}
	for _, m := range moved {
		counts.delivery(m)
	}
	if _, err := t.exec(ctx, "told_hold", records{uncertain}, mailer.Never); err != nil {
		return err
	}
	return t.raiseFound(ctx, controller, alerts, now, counts)
}

// reopenTold opens duties again that ended because their people were told before:
// their data turned out to be restricted, and are quarantined behind this (S4).
func (t tx) reopenTold(ctx context.Context, controller mailer.ID, ds []mailer.Duty, now time.Time, counts tally) error {
	var opened []toldDuty
	if err := t.all(ctx, &opened, "told_reopen", controller, records{dutyKeys(ds)}, string(mailer.ToldBefore)); err != nil {
		return err
	}
	var past history
	for _, d := range opened {
		past.add(d.ContactID, d.ID, now, mailer.DutyExcused, mailer.DutyOpen, string(mailer.BlockQuarantined), mailer.ID{})
		counts.duty(controller, dutyStand{mailer.DutyExcused, "", d.DueAt.Time}, dutyStand{mailer.DutyOpen, "", d.DueAt.Time})
		counts.late(controller, d.ToldAt.After(d.DueAt.Time), false)
	}
	return past.write(ctx, t)
}

// EndTold looks at the next duties behind after whose people were told before and
// that have not ended yet, such as one whose notice was on the wire and came back.
// It returns the last one looked at, zero at the end.
func (s *Store) EndTold(ctx context.Context, controller mailer.ID, after mailer.DutyRef, limit int, now time.Time) (last mailer.DutyRef, err error) {
	err = s.write(ctx, func(t tx) error {
		last = mailer.DutyRef{}
		var rows []struct {
			ContactID mailer.ID `db:"contact_id"`
			ID        mailer.ID `db:"id"`
		}
		if err := t.all(ctx, &rows, "told_pending", controller, after.ContactID.String(), after.ID.String(), limit); err != nil || len(rows) == 0 {
			return err
		}
		keys := make([]dutyKey, len(rows))
		for i, r := range rows {
			keys[i] = dutyKey(r)
		}
		counts := tally{}
		if _, err := t.endTold(ctx, controller, keys, now, counts); err != nil {
			return err
		}
		if len(rows) == limit {
			last = mailer.DutyRef(rows[limit-1])
		}
		return counts.note(ctx, t, time.Time{})
	})
	return last, err
}
