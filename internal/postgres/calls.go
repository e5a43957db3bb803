package postgres

import (
	"context"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
)

var _ byhand.CallStore = (*Store)(nil)

// WaitingCalls are the next people to be called.
func (s *Store) WaitingCalls(ctx context.Context, controller mailer.ID, limit int, now time.Time) (out []byhand.WaitingCall, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ContactID mailer.ID `db:"contact_id"`
			Name      string    `db:"name"`
			Phone     string    `db:"phone"`
			Languages string    `db:"languages"`
			Campaign  string    `db:"campaign_key"`
			DueAt     instant   `db:"due_at"`
			Attempts  int       `db:"attempts"`
			NotBefore instant   `db:"not_before"`
		}
		err := t.all(ctx, &rows, "calls_waiting", controller, limit, now)
		for _, r := range rows {
			out = append(out, byhand.WaitingCall{ContactID: r.ContactID, Name: r.Name, Phone: r.Phone, Languages: r.Languages, CampaignKey: r.Campaign,
				DueAt: r.DueAt.Time, Tries: r.Attempts, NotBefore: r.NotBefore.Time})
		}
		return err
	})
	return out, err
}

// Call gives the call that a contact waits for.
func (s *Store) Call(ctx context.Context, controller, contact mailer.ID) (j mailer.Job, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []letterRow
		if err := t.all(ctx, &rows, "call_job", controller, contact); err != nil {
			return err
		}
		if len(rows) == 0 {
			return byhand.ErrNoCall
		}
		c := claiming{tx: t, controller: controller, campaigns: map[int64]mailer.ID{rows[0].Lane: rows[0].CampaignID}}
		jobs, err := c.jobs(ctx, []claimedRow{rows[0].claimedRow}, &s.contents)
		if err == nil {
			j = jobs[0]
		}
		return err
	})
	return j, err
}

// LogCall ends a try: the delivery, its attempt, its duties, and what follows.
func (s *Store) LogCall(ctx context.Context, controller mailer.ID, j mailer.Job, a mailer.Attempt, e mailer.Settlement, by string, result byhand.CallResult, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		var m deliveryMove
		found, err := t.one(ctx, &m, "call_lock", controller, j.ContactID, j.DeliveryID, j.Attempts)
		if err == nil && !found {
			err = byhand.ErrNoCall
		}
		if err != nil {
			return err
		}
		if err := t.endCall(ctx, m, a, e); err != nil {
			return err
		}
		counts := tally{}
		m.To = e.To
		counts.add(controller, mailer.ID{}, countAttempt, "", string(e.To), 1)
		if e.To != mailer.Deferred { // it is to be made again
			counts.add(controller, m.CampaignID, countCall, "", string(e.To), 1)
		}
		var after aftermath
		after.add(e, m, counts)
		if err := after.write(ctx, t, counts); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "call.log", j.DeliveryID.String(), map[string]any{"result": result}})
	})
}

// endCall takes the delivery through its states, and puts the attempt on record.
func (t tx) endCall(ctx context.Context, m deliveryMove, a mailer.Attempt, e mailer.Settlement) error {
	hand := mailer.NewID(e.At) // as a claim's would be
	states := []mailer.DeliveryState{mailer.Sending}
	if m.From == mailer.Deferred {
		states = []mailer.DeliveryState{mailer.Queued, mailer.Sending}
	}
	for _, state := range states {
		if _, err := t.exec(ctx, "call_move", m.ContactID, m.ID, string(state), hand); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, "call_end", m.ContactID, m.ID, string(e.To), null(e.ReadyAt), e.At, string(e.Class)); err != nil {
		return err
	}
	var sum, slots, composed, size any
	if r := a.Message; r != nil {
		sum, size, composed, slots = r.SHA256, r.Size, r.ComposedAt, string(r.Slots.AppendJSON(nil))
	}
	if _, err := t.exec(ctx, "call_attempt", a.ContactID, a.ID, a.DeliveryID, a.Number, hand, a.Relay, a.BegunAt, sum, size, composed, slots); err != nil {
		return err
	}
	_, err := t.exec(ctx, "call_outcome", a.ContactID, a.ID, a.DeliveryID, e.At, string(e.To), strings.ReplaceAll(e.Reply, "\x00", ""))
	return err
}
