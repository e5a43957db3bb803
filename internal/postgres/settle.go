package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"article14/mailer"
)

// Settle ends claims: deliveries, their attempts, their duties, suppressions,
// alerts and counters in one transaction. What became of an attempt is recorded
// also where its claim no longer stands, since a mail may have gone out. If it was
// given up as uncertain and nobody has taken it up since, that settles the delivery,
// too: who was told is not told again. Others are returned and left as they are.
func (s *Store) Settle(ctx context.Context, batch []mailer.Settlement) (fenced []mailer.ID, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	rows := firstOfEachClaim(batch)
	err = s.work(ctx, func(t tx) error {
		var moved []settledRow
		if err := t.all(ctx, &moved, "settle_deliveries", settleColumns(rows)...); err != nil {
			return err
		}
		ended := make(map[claimed]deliveryMove, len(moved))
		for _, m := range moved {
			ended[claimed{m.ID, m.ClaimID}] = m.deliveryMove
		}
		counts := tally{}
		if err := t.settleAttempts(ctx, rows, ended, counts); err != nil {
			return err
		}
		if len(ended) < len(rows) {
			if err := t.settleLate(ctx, rows, ended); err != nil {
				return err
			}
		}
		fenced = nil
		var after aftermath
		for _, e := range batch {
			key := claimed{e.DeliveryID, e.ClaimID}
			if m, ours := ended[key]; ours {
				after.add(e, m, counts)
				delete(ended, key)
			} else {
				fenced = append(fenced, e.DeliveryID)
			}
		}
		return after.write(ctx, t, counts)
	})
	return fenced, err
}

// settledRow is a delivery that a settlement has ended.
type settledRow struct {
	deliveryMove
	ClaimID mailer.ID `db:"claim_id"`
}

// settleLate settles what was taken away from its worker and is still uncertain,
// and adds it to what has ended.
func (t tx) settleLate(ctx context.Context, rows []mailer.Settlement, ended map[claimed]deliveryMove) error {
	late := slices.DeleteFunc(slices.Clone(rows), func(e mailer.Settlement) bool {
		_, ours := ended[claimed{e.DeliveryID, e.ClaimID}]
		return ours || e.AttemptID.IsZero() || e.To != mailer.Relayed && e.To != mailer.Rejected
	})
	if len(late) == 0 {
		return nil
	}
	type end = mailer.Settlement
	var moved []settledRow
	err := t.all(ctx, &moved, "settle_late",
		idColumn(late, func(e end) mailer.ID { return e.ContactID }),
		idColumn(late, func(e end) mailer.ID { return e.DeliveryID }),
		idColumn(late, func(e end) mailer.ID { return e.AttemptID }),
		textColumn(late, func(e end) mailer.DeliveryState { return e.To }),
		timeColumn(late, func(e end) time.Time { return e.At }),
		textColumn(late, func(e end) mailer.ReplyClass { return e.Class }))
	for _, m := range moved {
		ended[claimed{m.ID, m.ClaimID}] = m.deliveryMove
	}
	return err
}

// claimed is a delivery in the hands of one worker.
type claimed struct{ delivery, claim mailer.ID }

// firstOfEachClaim is a batch in the order of its keys, without what settles a
// claim again: it ends once.
func firstOfEachClaim(batch []mailer.Settlement) []mailer.Settlement {
	rows := make([]mailer.Settlement, 0, len(batch))
	seen := make(map[claimed]bool, len(batch))
	for _, e := range batch {
		key := claimed{e.DeliveryID, e.ClaimID}
		if seen[key] {
			continue
		}
		seen[key] = true
		rows = append(rows, e)
	}
	slices.SortFunc(rows, func(a, b mailer.Settlement) int {
		return cmp.Or(bytes.Compare(a.ContactID[:], b.ContactID[:]), bytes.Compare(a.DeliveryID[:], b.DeliveryID[:]))
	})
	return rows
}

// settleColumns are settlements as settle_deliveries takes them.
func settleColumns(rows []mailer.Settlement) []any {
	type end = mailer.Settlement
	return []any{
		idColumn(rows, func(e end) mailer.ID { return e.ContactID }),
		idColumn(rows, func(e end) mailer.ID { return e.DeliveryID }),
		idColumn(rows, func(e end) mailer.ID { return e.ClaimID }),
		intColumn(rows, func(e end) int {
			if e.AttemptID.IsZero() { // it could not be composed
				return 0
			}
			return 1
		}),
		textColumn(rows, func(e end) mailer.DeliveryState { return e.To }),
		timeColumn(rows, func(e end) time.Time { return e.ReadyAt }),
		timeColumn(rows, func(e end) time.Time { return e.At }),
		textColumn(rows, func(e end) mailer.ReplyClass { return e.Class }),
	}
}

// attemptColumns are settlements as settle_attempts takes them.
func attemptColumns(rows []mailer.Settlement) []any {
	type end = mailer.Settlement
	return []any{
		idColumn(rows, func(e end) mailer.ID { return e.ContactID }),
		idColumn(rows, func(e end) mailer.ID { return e.DeliveryID }),
		idColumn(rows, func(e end) mailer.ID { return e.ClaimID }),
		idColumn(rows, func(e end) mailer.ID { return e.AttemptID }),
		textColumn(rows, func(e end) mailer.DeliveryState { return e.To }),
		timeColumn(rows, func(e end) time.Time { return e.At }),
		textColumn(rows, func(e end) mailer.Stage { return e.Stage }),
		intColumn(rows, func(e end) int { return e.Code }),
		textColumn(rows, func(e end) string { return e.Enhanced }),
		textColumn(rows, func(e end) string { return strings.ReplaceAll(e.Reply, "\x00", "") }),
	}
}

// settleAttempts says of attempts what became of them. Nearly all are settled for the
// first time; the others may have been given up as uncertain.
func (t tx) settleAttempts(ctx context.Context, rows []mailer.Settlement, moved map[claimed]deliveryMove, counts tally) error {
	left := slices.DeleteFunc(slices.Clone(rows), func(e mailer.Settlement) bool { return e.AttemptID.IsZero() })
	controllers := make(map[mailer.ID]mailer.ID, len(moved))
	for key, m := range moved {
		controllers[key.delivery] = m.ControllerID
	}
	for _, was := range []mailer.DeliveryState{"", mailer.Uncertain} {
		if len(left) == 0 {
			return nil
		}
		var recorded []struct {
			ID         mailer.ID `db:"id"`
			DeliveryID mailer.ID `db:"delivery_id"`
			Outcome    string    `db:"outcome"`
		}
		if err := t.all(ctx, &recorded, "settle_attempts", append(attemptColumns(left), was == mailer.Uncertain)...); err != nil {
			return err
		}
		done := make(map[mailer.ID]bool, len(recorded))
		for _, r := range recorded {
			done[r.ID] = true
			if _, known := controllers[r.DeliveryID]; !known { // its claim had passed
				var controller mailer.ID
				if _, err := t.one(ctx, &controller, "settle_controller", r.DeliveryID); err != nil {
					return err
				}
				controllers[r.DeliveryID] = controller
			}
			counts.add(controllers[r.DeliveryID], mailer.ID{}, countAttempt, string(was), r.Outcome, 1)
		}
		left = slices.DeleteFunc(left, func(e mailer.Settlement) bool { return done[e.AttemptID] })
	}
	return nil
}

// aftermath is what follows from settled deliveries in other tables.
type aftermath struct {
	duties       []dutyEnd
	suppressions []suppressionRow
	alerts       []alertRow
	last         time.Time
}

func (a *aftermath) add(e mailer.Settlement, m deliveryMove, counts tally) {
	counts.delivery(m)
	if m.To == mailer.Relayed && m.Document == mailer.DocNotice {
		counts.add(m.ControllerID, mailer.ID{}, countLanguage, "", m.Languages, 1)
	}
	if e.At.After(a.last) {
		a.last = e.At
	}
	if e.Duty != "" {
		a.duties = append(a.duties, dutyEnd{ContactID: e.ContactID, DeliveryID: e.DeliveryID, To: e.Duty, Reason: e.DutyReason, At: e.At})
	}
	if e.Suppress != nil {
		a.suppressions = append(a.suppressions, newSuppressionRow(m.ControllerID, *e.Suppress, e.At))
	}
	if e.Alert != nil {
		a.alerts = append(a.alerts, alertRow{mailer.NewID(e.At), m.ControllerID, e.Alert.Kind, e.Alert.Subject, e.Alert.Detail, e.At})
	}
}

func (a *aftermath) write(ctx context.Context, t tx, counts tally) error {
	if err := t.endDuties(ctx, a.duties, counts); err != nil {
		return err
	}
	if err := t.suppress(ctx, a.suppressions); err != nil {
		return err
	}
	if err := t.raise(ctx, a.alerts, counts); err != nil {
		return err
	}
	return counts.note(ctx, t, a.last)
}

// suppressionRow is a row of suppression.
type suppressionRow struct {
	ID           mailer.ID               `json:"id"`
	ControllerID mailer.ID               `json:"controller_id"`
	Kind         mailer.IdentifierKind   `json:"kind"`
	Hash         []byte                  `json:"hash"`
	KeyID        string                  `json:"key_id"`
	Scope        mailer.SuppressionScope `json:"scope"`
	Reason       string                  `json:"reason"`
	CreatedAt    time.Time               `json:"created_at"`
	ExpiresAt    time.Time               `json:"expires_at,omitzero"`
}

func newSuppressionRow(controller mailer.ID, s mailer.Suppression, at time.Time) suppressionRow {
	return suppressionRow{mailer.NewID(at), controller, s.Kind, s.Hash, s.KeyID, s.Scope, s.Reason, at, s.ExpiresAt}
}

func (a suppressionRow) compare(b suppressionRow) int {
	return cmp.Or(slices.Compare(a.ControllerID[:], b.ControllerID[:]), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Hash, b.Hash), cmp.Compare(a.Scope, b.Scope))
}

// suppress stores suppressions. One that is there already is only prolonged.
func (t tx) suppress(ctx context.Context, rows []suppressionRow) error {
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, suppressionRow.compare)
	rows = slices.CompactFunc(rows, func(a, b suppressionRow) bool { return a.compare(b) == 0 })
	_, err := t.exec(ctx, "suppress", records{rows})
	return err
}

// alertRow is a row of alert.
type alertRow struct {
	ID           mailer.ID        `json:"id"`
	ControllerID mailer.ID        `json:"controller_id"`
	Kind         mailer.AlertKind `json:"kind"`
	Subject      string           `json:"subject"`
	Detail       string           `json:"detail"`
	RaisedAt     time.Time        `json:"raised_at"`
}

func (r alertRow) compare(other alertRow) int {
	return cmp.Or(bytes.Compare(r.ControllerID[:], other.ControllerID[:]), cmp.Compare(r.Kind, other.Kind), cmp.Compare(r.Subject, other.Subject))
}

// raise stores alerts, each once for its kind and subject: the first of several, as
// where they come one after the other. One statement cannot meet a row twice.
func (t tx) raise(ctx context.Context, rows []alertRow, counts tally) error {
	if len(rows) == 0 {
		return nil
	}
	var made []struct {
		ControllerID mailer.ID        `db:"controller_id"`
		Kind         mailer.AlertKind `db:"kind"`
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, alertRow.compare)
	rows = slices.CompactFunc(rows, func(a, b alertRow) bool { return a.compare(b) == 0 })
	err := t.all(ctx, &made, "raise", records{rows})
	for _, r := range made {
		counts.add(r.ControllerID, mailer.ID{}, countAlert, "", string(r.Kind), 1)
	}
	return err
}
