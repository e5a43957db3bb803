package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
)

var _ byhand.LetterStore = (*Store)(nil)

// WaitingLetters gives the next letters in the queue.
func (s *Store) WaitingLetters(ctx context.Context, controller mailer.ID, limit int) (out []byhand.WaitingLetter, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			Code      string           `db:"code"`
			ContactID mailer.ID        `db:"contact_id"`
			DueAt     instant          `db:"due_at"`
			Campaign  string           `db:"campaign_key"`
			LaneState mailer.LaneState `db:"lane_state"`
		}
		err := t.all(ctx, &rows, "letters_waiting", controller, limit)
		for _, r := range rows {
			out = append(out, byhand.WaitingLetter{Reference: r.Code, CampaignKey: r.Campaign, ContactID: r.ContactID, DueAt: r.DueAt.Time, LaneState: r.LaneState})
		}
		return err
	})
	return out, err
}

// letterRow is a letter in a batch.
type letterRow struct {
	claimedRow
	CampaignID mailer.ID              `db:"campaign_id"`
	State      mailer.DeliveryState   `db:"state"`
	AttemptID  mailer.ID              `db:"attempt_id"`
	SHA256     []byte                 `db:"sha256"`
	ComposedAt instant                `db:"composed_at"`
	Slots      document[mailer.Slots] `db:"slots"`
	Erased     bool                   `db:"erased"`
	Owed       bool                   `db:"owed"`
	Untold     bool                   `db:"untold"`
	Objected   bool                   `db:"objected"`
}

// pullOut is why a letter must not be posted any more.
func (r letterRow) pullOut() string {
	switch {
	case r.State != mailer.Sending:
		return ""
	case r.Erased:
		return byhand.PullErased
	case r.Suppressed:
		return byhand.PullSuppressed
	case !r.Owed:
		return byhand.PullNotOwed
	case !r.Untold:
		return byhand.PullTold
	}
	return ""
}

// ClaimLetters takes letters out of the queue into a batch.
func (s *Store) ClaimLetters(ctx context.Context, controller mailer.ID, b byhand.LetterBatch, campaign string, limit int) (jobs []byhand.LetterJob, err error) {
	err = s.write(ctx, func(t tx) error {
		jobs = nil
		var rows []letterRow
		if err := t.all(ctx, &rows, "letters_claim", controller, b.ID, b.MadeAt, limit, campaign); err != nil {
			return err
		}
		taken, err := t.noteLetters(ctx, controller, b, rows)
		if err != nil || len(taken) == 0 {
			return err
		}
		jobs, err = t.letterJobs(ctx, controller, b.ID, taken, &s.contents)
		return err
	})
	return jobs, err
}

// noteLetters writes a batch down, and fails the duties of what was suppressed (E3).
func (t tx) noteLetters(ctx context.Context, controller mailer.ID, b byhand.LetterBatch, rows []letterRow) (taken []letterRow, err error) {
	counts := tally{}
	var ends []dutyEnd
	for _, r := range rows {
		counts.delivery(deliveryMove{r.ContactID, r.ID, controller, r.CampaignID, r.Document, r.Languages, mailer.Queued, r.State, ""})
		if r.Suppressed {
			ends = append(ends, dutyEnd{ContactID: r.ContactID, DeliveryID: r.ID, To: mailer.DutyFailed, Reason: mailer.BlockAddressDead, At: b.MadeAt})
		} else {
			taken = append(taken, r)
		}
	}
	if err := t.endDuties(ctx, ends, counts); err != nil {
		return nil, err
	}
	if len(taken) > 0 {
		contacts := idColumn(taken, func(r letterRow) mailer.ID { return r.ContactID })
		deliveries := idColumn(taken, func(r letterRow) mailer.ID { return r.ID })
		if _, err := t.exec(ctx, "letters_claim_note", b.ID, controller, len(taken), contacts, deliveries); err != nil {
			return nil, err
		}
		if _, err := t.exec(ctx, "letter_batch_add", b.ID, controller, b.MadeAt, b.MadeBy, string(b.Size), len(taken)); err != nil {
			return nil, err
		}
		if _, err := t.exec(ctx, "letters_add", b.ID, contacts, deliveries); err != nil {
			return nil, err
		}
		if err := t.audit(ctx, entry{controller, b.MadeAt, b.MadeBy, "letter.batch", b.ID.String(), map[string]any{"letters": len(taken)}}); err != nil {
			return nil, err
		}
	}
	return taken, counts.note(ctx, t, time.Time{})
}

// letterJobs gives letters all that printing needs, as a claim gives it to mail.
func (t tx) letterJobs(ctx context.Context, controller, batch mailer.ID, rows []letterRow, contents *contentCache) ([]byhand.LetterJob, error) {
	c := claiming{tx: t, controller: controller, id: batch, campaigns: map[int64]mailer.ID{}}
	taken := make([]claimedRow, len(rows))
	for i, r := range rows {
		taken[i] = r.claimedRow
		c.campaigns[r.Lane] = r.CampaignID
	}
	jobs, err := c.jobs(ctx, taken, contents)
	if err != nil {
		return nil, err
	}
	out := make([]byhand.LetterJob, len(jobs))
	for i, r := range rows {
		j := jobs[i]
		j.SHA256, j.ComposedAt, j.Slots = r.SHA256, r.ComposedAt.Time, r.Slots.v
		out[i] = byhand.LetterJob{Job: j, State: r.State, AttemptID: r.AttemptID, PullOut: r.pullOut(), Objected: r.Objected}
	}
	return out, nil
}

// batchRow is a row of letter_batch.
type batchRow struct {
	ID       mailer.ID               `db:"id"`
	MadeAt   instant                 `db:"made_at"`
	MadeBy   string                  `db:"made_by"`
	Size     mailer.LetterSize       `db:"size"`
	Letters  int                     `db:"letters"`
	State    byhand.LetterBatchState `db:"state"`
	PostedOn string                  `db:"posted_on"`
	Posted   int                     `db:"posted"`
	Returned int                     `db:"returned"`
	EndedAt  instant                 `db:"ended_at"`
	EndedBy  string                  `db:"ended_by"`
}

func (r batchRow) batch() byhand.LetterBatch {
	return byhand.LetterBatch{ID: r.ID, MadeAt: r.MadeAt.Time, MadeBy: r.MadeBy, Size: r.Size, Letters: r.Letters, State: r.State,
		PostedOn: r.PostedOn, Posted: r.Posted, Returned: r.Returned, EndedAt: r.EndedAt.Time, EndedBy: r.EndedBy}
}

// LetterBatches are those made last, behind all that are not posted.
func (s *Store) LetterBatches(ctx context.Context, controller mailer.ID, limit int) (out []byhand.LetterBatch, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []batchRow
		err := t.all(ctx, &rows, "letter_batches", controller, limit)
		for _, r := range rows {
			out = append(out, r.batch())
		}
		return err
	})
	return out, err
}

// LetterBatch gives a batch and its letters as they stand.
func (s *Store) LetterBatch(ctx context.Context, controller, id mailer.ID, now time.Time) (b byhand.LetterBatch, jobs []byhand.LetterJob, err error) {
	err = s.read(ctx, func(t tx) error {
		var row batchRow
		found, err := t.one(ctx, &row, "letter_batch", controller, id)
		if err == nil && !found {
			err = byhand.ErrNoBatch
		}
		if err != nil {
			return err
		}
		b = row.batch()
		var rows []letterRow
		if err := t.all(ctx, &rows, "letters_of_batch", controller, id, now); err != nil {
			return err
		}
		jobs, err = t.letterJobs(ctx, controller, id, rows, &s.contents)
		return err
	})
	return b, jobs, err
}

// BatchMade says that the files of a batch are written.
func (s *Store) BatchMade(ctx context.Context, controller, id mailer.ID) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "letter_batch_made", controller, id)
		return err
	})
}

// BatchPosted ends a batch, once.
func (s *Store) BatchPosted(ctx context.Context, controller mailer.ID, p byhand.Posting) error {
	return s.write(ctx, func(t tx) error {
		state, err := t.lockBatch(ctx, controller, p.Batch)
		if err != nil || state == byhand.BatchPosted {
			return err
		}
		if state != byhand.BatchMade {
			return byhand.ErrBatchNotMade
		}
		pulled := 0
		if len(p.Except) > 0 {
			if pulled, err = t.releaseLetters(ctx, p.Batch, p.Except); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "letter_batch_posted", p.Batch, p.On, p.Now, p.By); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, p.Now, p.By, "letter.posted", p.Batch.String(), map[string]any{"on": p.On, "pulled_out": pulled}})
	})
}

// WithdrawLetters puts unposted letters back into the queue.
func (s *Store) WithdrawLetters(ctx context.Context, controller, batch mailer.ID, letters []mailer.ID, by, why string, now time.Time) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		if _, err := t.lockBatch(ctx, controller, batch); err != nil {
			return err
		}
		if n, err = t.releaseLetters(ctx, batch, letters); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "letter_batch_withdraw", batch, now, by); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "letter.withdraw", batch.String(), map[string]any{"letters": n, "why": why}})
	})
	return n, err
}

// lockBatch keeps a batch in its state until the transaction ends.
func (t tx) lockBatch(ctx context.Context, controller, batch mailer.ID) (state byhand.LetterBatchState, err error) {
	found, err := t.one(ctx, &state, "letter_batch_lock", controller, batch)
	if err == nil && !found {
		err = byhand.ErrNoBatch
	}
	return state, err
}

// releaseLetters takes letters out of their batch, with the attempts that never were:
// printed anew they bear another date.
func (t tx) releaseLetters(ctx context.Context, batch mailer.ID, letters []mailer.ID) (int, error) {
	var moved []deliveryMove
	if err := t.all(ctx, &moved, "letters_release", batch, uuids(letters)); err != nil || len(moved) == 0 {
		return 0, err
	}
	counts := tally{}
	for _, m := range moved {
		counts.delivery(m)
	}
	contacts := idColumn(moved, func(m deliveryMove) mailer.ID { return m.ContactID })
	if _, err := t.exec(ctx, "release_attempts", batch, contacts, idColumn(moved, func(m deliveryMove) mailer.ID { return m.ID })); err != nil {
		return 0, err
	}
	if err := t.endClaims(ctx, map[mailer.ID]int{batch: len(moved)}); err != nil {
		return 0, err
	}
	return len(moved), counts.note(ctx, t, time.Time{})
}

// LetterSent gives the posted batch in which a letter was.
func (s *Store) LetterSent(ctx context.Context, controller, delivery mailer.ID) (b byhand.LetterBatch, err error) {
	err = s.read(ctx, func(t tx) error {
		var row batchRow
		found, err := t.one(ctx, &row, "letter_sent", controller, delivery)
		if err == nil && !found {
			err = byhand.ErrNoBatch
		}
		b = row.batch()
		return err
	})
	return b, err
}

// LetterReturned counts anew what came back of a batch.
func (s *Store) LetterReturned(ctx context.Context, controller mailer.ID, r byhand.ReturnedLetter, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.lockBatch(ctx, controller, r.Batch); err != nil {
			return err
		}
		n, err := t.exec(ctx, "letter_batch_returned", r.Batch)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, entry{controller, now, r.By, "letter.returned", r.DeliveryID.String(), map[string]any{"reason": r.Reason}})
	})
}
