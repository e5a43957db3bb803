package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

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
	err = s.swift(ctx, func(t tx) error {
		b := &books{tx: t, rows: rows, places: &s.places, ended: make(map[claimed]deliveryMove, len(rows)), counts: tally{}}
		if err := b.settle(ctx); err != nil {
			return err
		}
		fenced = nil
		var after aftermath
		if t.swift {
			after.places = &s.places
		}
		for _, e := range batch {
			key := claimed{e.DeliveryID, e.ClaimID}
			if m, ours := b.ended[key]; ours {
				after.add(e, m, b.counts)
				delete(b.ended, key)
			} else {
				fenced = append(fenced, e.DeliveryID)
			}
		}
		return after.write(ctx, t, b.counts)
	})
	if err == nil {
		s.places.forget(settledOf(batch))
	}
	return fenced, err
}

// books are one batch of settlements on its way into the tables.
type books struct {
	tx
	rows   []mailer.Settlement
	places *placeBook
	ended  map[claimed]deliveryMove
	counts tally
}

// settle ends deliveries and their attempts, also those whose claim had passed.
func (b *books) settle(ctx context.Context) error {
	var done []struct {
		ControllerID mailer.ID            `db:"controller_id"`
		CampaignID   mailer.ID            `db:"campaign_id"`
		Document     mailer.Document      `db:"document"`
		Languages    string               `db:"languages"`
		State        mailer.DeliveryState `db:"state"`
		Places       pq.Int64Array        `db:"places"` // in rows, from 1
		Told         idList               `db:"told"`   // attempts
	}
	if err := b.all(ctx, &done, "settle", settleColumns(b.rows, b.places)...); err != nil {
		return err
	}
	var ended []int64
	claims, told := map[mailer.ID]int{}, map[mailer.ID]bool{}
	for _, d := range done {
		for _, id := range d.Told {
			told[id] = true
		}
		ended = append(ended, d.Places...)
		for _, n := range d.Places {
			e := b.rows[n-1]
			claims[e.ClaimID]++
			b.ended[claimed{e.DeliveryID, e.ClaimID}] = deliveryMove{e.ContactID, e.DeliveryID, d.ControllerID, d.CampaignID, d.Document, d.Languages, mailer.Sending, d.State, ""}
		}
	}
	if b.swift && len(ended) < len(b.rows) {
		return errOtherwise
	}
	var again []mailer.Settlement // of which something was said before
	for _, e := range b.rows {
		switch {
		case told[e.AttemptID]:
			if err := b.countAttempt(ctx, e, "", e.To); err != nil {
				return err
			}
		case !e.AttemptID.IsZero():
			again = append(again, e)
		}
	}
	if err := b.settleUncertain(ctx, again); err != nil {
		return err
	}
	if err := b.settleLate(ctx, without(b.rows, ended)); err != nil {
		return err
	}
	return b.endClaims(ctx, claims)
}

// countAttempt counts what became of one, for the controller of its delivery.
func (b *books) countAttempt(ctx context.Context, e mailer.Settlement, was, to mailer.DeliveryState) error {
	controller := b.ended[claimed{e.DeliveryID, e.ClaimID}].ControllerID
	if controller.IsZero() { // its claim had passed
		if _, err := b.one(ctx, &controller, "settle_controller", e.DeliveryID); err != nil {
			return err
		}
	}
	b.counts.add(controller, mailer.ID{}, countAttempt, string(was), string(to), 1)
	return nil
}

// settledOf are the deliveries of a batch.
func settledOf(batch []mailer.Settlement) []mailer.ID {
	ids := make([]mailer.ID, len(batch))
	for i, e := range batch {
		ids[i] = e.DeliveryID
	}
	return ids
}

// without leaves out those at the given places, counted from 1.
func without(rows []mailer.Settlement, places []int64) []mailer.Settlement {
	if len(places) == len(rows) {
		return nil
	}
	gone := make([]bool, len(rows)+1)
	for _, n := range places {
		gone[n] = true
	}
	var left []mailer.Settlement
	for i, e := range rows {
		if !gone[i+1] {
			left = append(left, e)
		}
	}
	return left
}

// settleLate settles what was taken away from its worker and is still uncertain.
func (b *books) settleLate(ctx context.Context, rows []mailer.Settlement) error {
	rows = slices.DeleteFunc(rows, func(e mailer.Settlement) bool {
		return e.AttemptID.IsZero() || e.To != mailer.Relayed && e.To != mailer.Rejected
	})
	if len(rows) == 0 {
		return nil
	}
	type end = mailer.Settlement
	var moved []struct {
		deliveryMove
		ClaimID mailer.ID `db:"claim_id"`
	}
	err := b.all(ctx, &moved, "settle_late",
		idColumn(rows, func(e end) mailer.ID { return e.ContactID }),
		idColumn(rows, func(e end) mailer.ID { return e.DeliveryID }),
		idColumn(rows, func(e end) mailer.ID { return e.AttemptID }),
		textColumn(rows, func(e end) mailer.DeliveryState { return e.To }),
		timeColumn(rows, func(e end) time.Time { return e.At }),
		textColumn(rows, func(e end) mailer.ReplyClass { return e.Class }))
	for _, m := range moved {
		b.ended[claimed{m.ID, m.ClaimID}] = m.deliveryMove
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

// settleColumns are settlements as settle and settle_uncertain take them.
func settleColumns(rows []mailer.Settlement, places *placeBook) []any {
	type end = mailer.Settlement
	return []any{
		idColumn(rows, func(e end) mailer.ID { return e.ContactID }),
		idColumn(rows, func(e end) mailer.ID { return e.DeliveryID }),
		idColumn(rows, func(e end) mailer.ID { return e.ClaimID }),
		idColumn(rows, func(e end) mailer.ID { return e.AttemptID }), // none if it could not be composed
		textColumn(rows, func(e end) mailer.DeliveryState { return e.To }),
		timeColumn(rows, func(e end) time.Time { return e.At }),
		timeColumn(rows, func(e end) time.Time { return e.ReadyAt }),
		textColumn(rows, func(e end) mailer.ReplyClass { return e.Class }),
		textColumn(rows, func(e end) mailer.Stage { return e.Stage }),
		intColumn(rows, func(e end) int { return e.Code }),
		textColumn(rows, func(e end) string { return e.Enhanced }),
		textColumn(rows, func(e end) string { return strings.ReplaceAll(e.Reply, "\x00", "") }),
		placeColumn(rows, func(e end) place { return places.of(e.DeliveryID).delivery }),
	}
}

// settleUncertain says what became of attempts that had been given up as uncertain.
func (b *books) settleUncertain(ctx context.Context, rows []mailer.Settlement) error {
	if len(rows) == 0 {
		return nil
	}
	var told []int64 // places in rows, from 1
	if err := b.all(ctx, &told, "settle_uncertain", settleColumns(rows, nil)[:12]...); err != nil {
		return err
	}
	for _, n := range told {
		if err := b.countAttempt(ctx, rows[n-1], mailer.Uncertain, rows[n-1].To); err != nil {
			return err
		}
	}
	return nil
}

// aftermath is what follows from settled deliveries in other tables.
type aftermath struct {
	places       *placeBook
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
	if !e.ByHand && e.At.After(a.last) {
		a.last = e.At
	}
	if e.Duty != "" {
		a.endDuties(e)
	}
	if e.Suppress != nil {
		a.suppressions = append(a.suppressions, newSuppressionRow(m.ControllerID, *e.Suppress, e.At))
	}
	if e.Alert != nil {
		a.alerts = append(a.alerts, alertRow{mailer.NewID(e.At), m.ControllerID, e.Alert.Kind, e.Alert.Subject, e.Alert.Detail, e.At})
	}
}

// endDuties ends the duties of a delivery, each at its place where the transaction is swift.
func (a *aftermath) endDuties(e mailer.Settlement) {
	end := dutyEnd{ContactID: e.ContactID, DeliveryID: e.DeliveryID, To: e.Duty, Reason: e.DutyReason, At: e.At}
	known := a.places.of(e.DeliveryID).duties
	if len(known) == 0 {
		a.duties = append(a.duties, end)
	}
	for _, at := range known {
		end.Duty = at
		a.duties = append(a.duties, end)
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
