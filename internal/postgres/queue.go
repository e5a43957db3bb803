package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"article14/mailer"
)

// Begin puts attempts on record, and tells by their ids which may be made: those
// whose claim still stands. A second call with the same attempts changes nothing:
// a caller that lost its connection before the answer may ask again.
func (s *Store) Begin(ctx context.Context, attempts []mailer.Attempt, leaseUntil time.Time) (stands map[mailer.ID]bool, err error) {
	columns, claims := beginColumns(attempts), claimsOf(attempts)
	stands = make(map[mailer.ID]bool, len(attempts))
	err = s.swift(ctx, func(t tx) error {
		clear(stands)
		var held []mailer.ID
		if err := t.all(ctx, &held, "begin_hold", uuids(claims), leaseUntil); err != nil || len(held) == 0 {
			return err
		}
		var ids []mailer.ID
		if err := t.all(ctx, &ids, "begin", append([]any{uuids(held), placesOf(attempts, &s.places)}, columns...)...); err != nil {
			return err
		}
		if t.swift && len(ids) < len(attempts) {
			return errOtherwise
		}
		if len(ids) < len(attempts) { // some are on record already, and the others fenced
			var before []mailer.ID
			if err := t.all(ctx, &before, "begun", columns[:4]...); err != nil {
				return err
			}
			ids = append(ids, before...)
		}
		for _, id := range ids {
			stands[id] = true
		}
		return nil
	})
	return stands, err
}

// placesOf are the places of deliveries whose attempts begin.
func placesOf(attempts []mailer.Attempt, places *placeBook) []byte {
	return placeColumn(attempts, func(a mailer.Attempt) place { return places.of(a.DeliveryID).delivery })
}

// claimsOf are the claims under which attempts are made.
func claimsOf(attempts []mailer.Attempt) []mailer.ID {
	var out []mailer.ID
	for _, a := range attempts {
		if !slices.Contains(out, a.ClaimID) {
			out = append(out, a.ClaimID)
		}
	}
	return out
}

// beginColumns are attempts as begin takes them. Those after the first have no
// message: its bytes went out before.
func beginColumns(attempts []mailer.Attempt) []any {
	type attempt = mailer.Attempt
	none := &mailer.MessageRecord{}
	message := func(a attempt) *mailer.MessageRecord {
		if a.Message == nil {
			return none
		}
		return a.Message
	}
	return []any{
		idColumn(attempts, func(a attempt) mailer.ID { return a.ContactID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.DeliveryID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.ClaimID }),
		idColumn(attempts, func(a attempt) mailer.ID { return a.ID }),
		intColumn(attempts, func(a attempt) int { return a.Number }),
		textColumn(attempts, func(a attempt) string { return a.Relay }),
		timeColumn(attempts, func(a attempt) time.Time { return a.BegunAt }),
		bytesColumn(attempts, func(a attempt) []byte { return message(a).SHA256 }),
		intColumn(attempts, func(a attempt) int { return message(a).Size }),
		timeColumn(attempts, func(a attempt) time.Time { return message(a).ComposedAt }),
		column(attempts, oidText, 512, func(dst []byte, a attempt) ([]byte, bool) {
			if a.Message == nil {
				return dst, true
			}
			return a.Message.Slots.AppendJSON(dst), false
		}),
	}
}

// Release returns untouched deliveries to the queue. An attempt of theirs that
// was begun and never touched the wire is taken back; if it was the first, so is
// the message, and the next one will bear its own date. Without deliveries (nil) it is
// all that the claim holds, and the claim stands no more.
func (s *Store) Release(ctx context.Context, claim mailer.ID, deliveries []mailer.ID) error {
	return s.brief(ctx, func(t tx) error {
		counts := tally{}
		var moved []givenBack
		statement, args := "release_deliveries", []any{claim, uuids(deliveries)}
		if deliveries == nil {
			// What its worker asked for when it died may be under way still: an attempt that
			// is begun behind our back would stand in the way of the next one.
			if _, err := t.exec(ctx, "release_hold", claim); err != nil {
				return err
			}
			statement, args = "release_all", args[:1]
		}
		if err := t.all(ctx, &moved, statement, args...); err != nil {
			return err
		}
		if len(moved) == 0 {
			return nil
		}
		for i, m := range moved {
			moved[i].ClaimID = claim
			counts.delivery(m.deliveryMove)
		}
		if _, err := t.exec(ctx, "release_attempts", claim, idColumn(moved, func(m givenBack) mailer.ID { return m.ContactID }),
			idColumn(moved, func(m givenBack) mailer.ID { return m.ID })); err != nil {
			return err
		}
		if err := t.returnAllowances(ctx, moved); err != nil {
			return err
		}
		if err := t.endClaims(ctx, map[mailer.ID]int{claim: len(moved)}); err != nil {
			return err
		}
		s.places.forget(idsOf(moved))
		return counts.note(ctx, t, time.Time{})
	})
}

// idsOf are the deliveries that were given back.
func idsOf(moved []givenBack) []mailer.ID {
	ids := make([]mailer.ID, len(moved))
	for i, m := range moved {
		ids[i] = m.ID
	}
	return ids
}

// Renew keeps claims alive.
func (s *Store) Renew(ctx context.Context, claims []mailer.ID, leaseUntil time.Time) error {
	return s.brief(ctx, func(t tx) error {
		_, err := t.exec(ctx, "renew", uuids(claims), leaseUntil)
		return err
	})
}

// endClaims takes ended deliveries off their claims.
func (t tx) endClaims(ctx context.Context, ended map[mailer.ID]int) error {
	if len(ended) == 0 {
		return nil
	}
	claims := slices.Collect(maps.Keys(ended))
	_, err := t.exec(ctx, "claims_end", uuids(claims), intColumn(claims, func(id mailer.ID) int { return ended[id] }))
	return err
}

// Wake moves what waits back into the queue when its time has come. What is
// uncertain of a cancelled campaign stays so.
func (s *Store) Wake(ctx context.Context, controller mailer.ID, now time.Time, resendUncertain bool, limit int) (woken int, err error) {
	waiting := []mailer.DeliveryState{mailer.Deferred}
	if resendUncertain {
		waiting = append(waiting, mailer.Uncertain)
	}
	err = s.brief(ctx, func(t tx) error {
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

// claimsAtOnce bounds how many claims one transaction rescues.
const claimsAtOnce = 16

// unread is how long a transaction may wait for its process to read what it asked for.
const unread = 5 * time.Second

// Rescue ends claims whose lease has passed. It takes the oldest few at a time. It also
// ends transactions whose process has stopped reading, as a frozen one does.
func (s *Store) Rescue(ctx context.Context, controller mailer.ID, now, uncertainUntil time.Time) (queued, uncertain int, err error) {
	err = s.work(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "rescue_unread", now.Add(-unread)); err != nil {
			return err
		}
		counts := tally{}
		queued, uncertain = 0, 0
		var claims []mailer.ID
		if err := t.all(ctx, &claims, "rescue_claims", controller, now, claimsAtOnce); err != nil || len(claims) == 0 {
			return err
		}
		moved, err := t.rescue(ctx, claims, now, uncertainUntil)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "claims_clear", uuids(claims)); err != nil {
			return err
		}
		for _, m := range moved {
			counts.delivery(m.deliveryMove)
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

// rescue takes the deliveries of locked claims away from their worker. Those that it
// settles at this moment are left to it, and their claim stands no more.
func (t tx) rescue(ctx context.Context, claims []mailer.ID, now, uncertainUntil time.Time) (moved []givenBack, err error) {
	type lostRow struct {
		ContactID mailer.ID `db:"contact_id"`
		ID        mailer.ID `db:"id"`
		ClaimID   mailer.ID `db:"claim_id"`
	}
	var lost []lostRow
	if _, err := t.exec(ctx, "claims_break", uuids(claims)); err != nil {
		return nil, err
	}
	if err := t.all(ctx, &lost, "rescue_lock", uuids(claims)); err != nil || len(lost) == 0 {
		return nil, err
	}
	err = t.all(ctx, &moved, "rescue", idColumn(lost, func(l lostRow) mailer.ID { return l.ContactID }), idColumn(lost, func(l lostRow) mailer.ID { return l.ID }),
		idColumn(lost, func(l lostRow) mailer.ID { return l.ClaimID }), now, uncertainUntil)
	if err != nil {
		return nil, err
	}
	if err := t.returnAllowances(ctx, moved); err != nil {
		return nil, err
	}
	ended := map[mailer.ID]int{}
	for _, l := range lost {
		ended[l.ClaimID]++
	}
	return moved, t.endClaims(ctx, ended)
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
		err := s.brief(ctx, func(t tx) error {
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
