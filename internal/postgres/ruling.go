package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

var _ track.RulingStore = (*Store)(nil)

// SettleUncertain ends a delivery and its duties as a person's ruling says, and
// settles the alert about it. The attempts stay as they were: nobody knows more of
// what was said on the wire.
func (s *Store) SettleUncertain(ctx context.Context, controller mailer.ID, v track.Ruling, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		var d struct {
			deliveryMove
			Cancelled   bool    `db:"cancelled"`
			AttemptedAt instant `db:"attempted_at"`
		}
		found, err := t.one(ctx, &d, "ruling_lock", controller, v.DeliveryID)
		if err == nil && !found {
			err = track.ErrNoDelivery
		}
		if err != nil {
			return err
		}
		way, err := v.Way(d.From, !d.AttemptedAt.IsZero(), d.Cancelled)
		if err != nil {
			return err
		}
		for _, state := range way {
			if _, err := t.exec(ctx, "ruling_move", d.ContactID, d.ID, string(state), mailer.NewID(now), now); err != nil {
				return err
			}
		}
		counts := tally{}
		d.To = v.To
		counts.delivery(d.deliveryMove)
		end := dutyEnd{ContactID: d.ContactID, DeliveryID: d.ID, To: mailer.DutyFailed, Reason: mailer.BlockRefused, At: now}
		if v.To == mailer.Relayed {
			end.To, end.Reason, end.At = mailer.DutyMet, "", d.AttemptedAt.Time
			if d.Document == mailer.DocNotice {
				counts.add(controller, mailer.ID{}, countLanguage, "", d.Languages, 1)
			}
		}
		if err := t.endDuties(ctx, []dutyEnd{end}, counts); err != nil {
			return err
		}
		if err := t.settleHeld(ctx, controller, v, now, counts); err != nil {
			return err
		}
		if err := t.audit(ctx, entry{controller, now, v.By, "delivery.settle", v.DeliveryID.String(),
			map[string]any{"from": d.From, "to": v.To, "reason": v.Reason}}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
}

// settleHeld settles the alert that a delivery was held for a person.
func (t tx) settleHeld(ctx context.Context, controller mailer.ID, v track.Ruling, now time.Time, counts tally) error {
	var kind string
	found, err := t.one(ctx, &kind, "ruling_alert", controller, v.DeliveryID.String(), now, v.By, mailer.AlertUncertainHeld)
	if found {
		counts.add(controller, mailer.ID{}, countAlert, kind, "", 1)
	}
	return err
}
