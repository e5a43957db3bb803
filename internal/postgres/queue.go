package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"article14/mailer"
)

// Begin puts attempts on record, and tells by their ids which may be made: those
// whose claim still stands. A second call with the same attempts changes nothing:
// a caller that lost its connection before the answer may ask again.
func (s *Store) Begin(ctx context.Context, attempts []mailer.Attempt, leaseUntil time.Time) (map[mailer.ID]bool, error) {
	columns, err := beginColumns(attempts)
	if err != nil {
		return nil, err
	}
	stands := make(map[mailer.ID]bool, len(attempts))
	err = s.work(ctx, func(t tx) error {
		var ids []mailer.ID
		if err := t.all(ctx, &ids, "begin", append(columns, leaseUntil)...); err != nil {
			return err
		}
		if len(ids) < len(attempts) { // fenced, or on record already
			if err := t.all(ctx, &ids, "begun", columns[:4]...); err != nil {
				return err
			}
		}
		clear(stands)
		for _, id := range ids {
			stands[id] = true
		}
		return nil
	})
	return stands, err
}

// beginColumns are attempts as begin takes them. Those after the first have no
// message: its bytes went out before.
func beginColumns(attempts []mailer.Attempt) ([]any, error) {
	type attempt = mailer.Attempt
	slots := make(map[mailer.ID]string, len(attempts))
	for _, a := range attempts {
		if a.Message == nil {
			continue
		}
		b, err := json.Marshal(a.Message.Slots)
		if err != nil {
			return nil, err
		}
		slots[a.ID] = string(b)
	}
	message := func(a attempt) mailer.MessageRecord {
		if a.Message == nil {
			return mailer.MessageRecord{}
		}
		return *a.Message
	}
	return []any{
		idColumn(attempts, func(a attempt) mailer.ID { return a.ContactID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.DeliveryID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.ClaimID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.ID }),
		intColumn(attempts, func(a attempt) int { return a.Number }),
		textColumn(attempts, func(a attempt) string { return a.Relay }),
		timeColumn(attempts, func(a attempt) time.Time { return a.BegunAt }),
		textColumn(attempts, func(a attempt) string { return hex.EncodeToString(message(a).SHA256) }),
		intColumn(attempts, func(a attempt) int { return message(a).Size }),
		timeColumn(attempts, func(a attempt) time.Time { return message(a).ComposedAt }),
		textColumn(attempts, func(a attempt) string { return slots[a.ID] }),
	}, nil
}

// Release returns untouched deliveries to the queue. An attempt of theirs that
// was begun and never touched the wire is taken back; if it was the first, so is
// the message, and the next one will bear its own date.
func (s *Store) Release(ctx context.Context, claim mailer.ID, deliveries []mailer.ID) error {
	return s.write(ctx, func(t tx) error {
		counts := tally{}
		var moved []deliveryMove
		if err := t.all(ctx, &moved, "release_deliveries", claim, uuids(deliveries)); err != nil {
			return err
		}
		if len(moved) == 0 {
			return nil
		}
		contacts, ids := make([]mailer.ID, len(moved)), make([]mailer.ID, len(moved))
		for i, m := range moved {
			counts.delivery(m)
			contacts[i], ids[i] = m.ContactID, m.ID
		}
		if _, err := t.exec(ctx, "release_attempts", claim, uuids(contacts), uuids(ids)); err != nil {
			return err
		}
		for _, name := range []string{"release_messages", "release_values"} {
			if _, err := t.exec(ctx, name, uuids(contacts), uuids(ids)); err != nil {
				return err
			}
		}
		return counts.note(ctx, t, time.Time{})
	})
}

// Renew keeps a claim alive.
func (s *Store) Renew(ctx context.Context, claim mailer.ID, leaseUntil time.Time) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "renew", claim, leaseUntil)
		return err
	})
}

// Wake moves what waits back into the queue when its time has come. What is
// uncertain of a cancelled campaign stays so.
func (s *Store) Wake(ctx context.Context, controller mailer.ID, now time.Time, resendUncertain bool, limit int) (woken int, err error) {
	waiting := []mailer.DeliveryState{mailer.Deferred}
	if resendUncertain {
		waiting = append(waiting, mailer.Uncertain)
	}
	err = s.write(ctx, func(t tx) error {
		counts := tally{}
		woken = 0
		for _, state := range waiting {
			var moved []deliveryMove
			if err := t.all(ctx, &moved, "wake", controller, string(state), now, limit-woken); err != nil {
				return err
			}
			for _, m := range moved {
				counts.delivery(m)
			}
			woken += len(moved)
		}
		return counts.note(ctx, t, time.Time{})
	})
	return woken, err
}

// Rescue ends claims whose lease has passed.
func (s *Store) Rescue(ctx context.Context, controller mailer.ID, now, uncertainUntil time.Time, limit int) (queued, uncertain int, err error) {
	type lostRow struct {
		ContactID mailer.ID `db:"contact_id"`
		ID        mailer.ID `db:"id"`
		ClaimID   mailer.ID `db:"claim_id"`
	}
	err = s.work(ctx, func(t tx) error {
		counts := tally{}
		queued, uncertain = 0, 0
		var lost []lostRow
		if err := t.all(ctx, &lost, "rescue_lock", controller, now, limit); err != nil || len(lost) == 0 {
			return err
		}
		var moved []deliveryMove
		if err := t.all(ctx, &moved, "rescue", idColumn(lost, func(l lostRow) mailer.ID { return l.ContactID }), idColumn(lost, func(l lostRow) mailer.ID { return l.ID }),
			idColumn(lost, func(l lostRow) mailer.ID { return l.ClaimID }), now, uncertainUntil); err != nil {
			return err
		}
		for _, m := range moved {
			counts.delivery(m)
			if m.To == mailer.Queued {
				queued++
				continue
			}
			uncertain++
			counts.add(m.ControllerID, mailer.ID{}, countAttempt, "", string(mailer.Uncertain), 1)
		}
		return counts.note(ctx, t, time.Time{})
	})
	return queued, uncertain, err
}

// FinishCampaigns ends campaigns that are done, and gives their keys. It also
// goes on with what cancelled campaigns have left in the queue: a worker may have
// held it then.
func (s *Store) FinishCampaigns(ctx context.Context, controller mailer.ID, now time.Time) (keys []string, err error) {
	var leftovers []mailer.ID
	err = s.work(ctx, func(t tx) error {
		keys = nil
		if err := t.all(ctx, &leftovers, "finish_leftovers", controller); err != nil {
			return err
		}
		var running []mailer.ID
		if err := t.all(ctx, &running, "finish_lock", controller); err != nil {
			return err
		}
		// Looked at only now, behind the locks: nothing is placed into these any more.
		var done []struct {
			ID  mailer.ID `db:"id"`
			Key string    `db:"key"`
		}
		if err := t.all(ctx, &done, "finish", uuids(running), now); err != nil {
			return err
		}
		for _, c := range done {
			keys = append(keys, c.Key)
			if _, err := t.exec(ctx, "campaign_lanes_move", c.ID, string(mailer.LaneClosed)); err != nil {
				return err
			}
			if err := t.audit(ctx, entry{controller, now, "article14", "campaign." + string(mailer.CampaignFinished), c.Key, nil}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, id := range leftovers {
		if err := s.cancelQueued(ctx, id, now, cancelARound); err != nil {
			return keys, err
		}
	}
	return keys, nil
}

// foldAtOnce bounds how many delta rows one transaction folds.
const foldAtOnce = 20_000

// FoldCounters adds up counter deltas, and forgets rates that nobody asks for any more.
func (s *Store) FoldCounters(ctx context.Context) error {
	for {
		var folded int
		err := s.write(ctx, func(t tx) error {
			if _, err := t.one(ctx, &folded, "tally_fold", foldAtOnce); err != nil || folded == 0 {
				return err
			}
			_, err := t.exec(ctx, "tally_forget_rates")
			return err
		})
		if err != nil || folded < foldAtOnce {
			return err
		}
	}
}
