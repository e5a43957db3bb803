package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/telling"
)

var _ telling.Store = (*Store)(nil)

// ClaimTellings takes tellings of a recipient's system that are ready.
func (s *Store) ClaimTellings(ctx context.Context, controller mailer.ID, recipient string, claim mailer.ID, limit int, now, leaseUntil time.Time) (out []telling.Job, err error) {
	err = s.work(ctx, func(t tx) error {
		out = nil
		var system struct {
			Failures int  `db:"failures"`
			Silent   bool `db:"silent"`
		}
		if _, err := t.one(ctx, &system, "telling_system", controller, recipient, now); err != nil || system.Silent {
			return err
		}
		taken, err := t.exec(ctx, "telling_claim", controller, recipient, now, claim, leaseUntil, limit)
		if err != nil || taken == 0 {
			return err
		}
		// Somebody may have opened an earlier one again after the claim had looked. What is
		// claimed is locked now, and whoever opens one locks all of that person's.
		back, err := t.exec(ctx, "telling_out_of_order", claim)
		if err != nil {
			return err
		}
		var rows []struct {
			ContactID mailer.ID `db:"contact_id"`
			ID        mailer.ID `db:"id"`
			MadeAt    instant   `db:"made_at"`
			Tries     int       `db:"tries"`
			Body      string    `db:"body"`
		}
		if err := t.all(ctx, &rows, "telling_jobs", claim); err != nil {
			return err
		}
		for _, r := range rows {
			out = append(out, telling.Job{ContactID: r.ContactID, ID: r.ID, ClaimID: claim, MadeAt: r.MadeAt.Time, Tries: r.Tries, Body: []byte(r.Body), Failures: system.Failures})
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countTelling, string(mailer.TellWaiting), string(mailer.TellSending), int(taken-back))
		return counts.note(ctx, t, time.Time{})
	})
	return out, err
}

// BeginTelling puts an attempt on record, if its claim still stands.
func (s *Store) BeginTelling(ctx context.Context, a telling.Attempt) (stands bool, err error) {
	err = s.work(ctx, func(t tx) error {
		n, err := t.exec(ctx, "telling_begin", a.Job.ContactID, a.Job.ID, a.Job.ClaimID, a.LeaseUntil)
		if stands = n == 1; err != nil || !stands {
			return err
		}
		_, err = t.exec(ctx, "telling_attempt_add", a.Job.ContactID, a.ID, a.Job.ID, a.BegunAt)
		return err
	})
	return stands, err
}

// tellingStands is a telling that is looked at before it moves.
type tellingStands struct {
	State mailer.TellState `db:"state"`
	Way   mailer.TellWay   `db:"way"`
	Claim mailer.ID        `db:"claim_id"`
}

// SettleTelling ends an attempt. What was learnt is on record whoever has the telling by now.
func (s *Store) SettleTelling(ctx context.Context, controller mailer.ID, e telling.Settlement) (settled bool, err error) {
	err = s.work(ctx, func(t tx) error {
		job := e.Attempt.Job
		var was tellingStands
		if _, err := t.one(ctx, &was, "telling_lock", job.ContactID, job.ID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "telling_attempt_end", job.ContactID, e.Attempt.ID, e.At, e.Answer.Status, string(e.Answer.Fault)); err != nil {
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countTellingAttempt, "", e.Answer.Result(), 1)
		ours := was.State == mailer.TellSending && was.Claim == job.ClaimID
		taken := e.To == mailer.TellTold && (was.State == mailer.TellWaiting || was.State == mailer.TellSending || was.State == mailer.TellDead)
		if settled = ours || taken; settled {
			if err := t.moveTelling(ctx, controller, was, e, counts); err != nil {
				return err
			}
		}
		if e.System != nil {
			gone := time.Time{}
			if e.System.Gone {
				gone = e.At
			}
			if _, err := t.exec(ctx, "telling_system_set", controller, e.Recipient, e.System.Failures, null(e.System.QuietUntil), null(gone)); err != nil {
				return err
			}
		}
		if err := t.raiseFound(ctx, controller, e.Alerts, e.At, counts); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return settled, err
}

func (t tx) moveTelling(ctx context.Context, controller mailer.ID, was tellingStands, e telling.Settlement, counts tally) error {
	job, ended := e.Attempt.Job, time.Time{}
	if e.To == mailer.TellTold {
		ended = e.At
		if _, err := t.exec(ctx, "telling_value_erase", records{[]dutyKey{{job.ContactID, job.ID}}}); err != nil {
			return err
		}
	}
	counts.telling(controller, was.State, was.Way, e.To, was.Way)
	_, err := t.exec(ctx, "telling_settle", job.ContactID, job.ID, string(e.To), null(e.ReadyAt), null(ended))
	return err
}

// ReleaseTellings gives back what a claim has not begun.
func (s *Store) ReleaseTellings(ctx context.Context, claim mailer.ID) error {
	return s.brief(ctx, func(t tx) error {
		var owners []mailer.ID
		if err := t.all(ctx, &owners, "telling_release", claim); err != nil {
			return err
		}
		return t.tellingsBack(ctx, owners)
	})
}

// tellingsBack counts tellings that wait again.
func (t tx) tellingsBack(ctx context.Context, controllers []mailer.ID) error {
	counts := tally{}
	for _, c := range controllers {
		counts.add(c, mailer.ID{}, countTelling, string(mailer.TellSending), string(mailer.TellWaiting), 1)
	}
	return counts.note(ctx, t, time.Time{})
}

// RescueTellings gives back what lost claims hold.
func (s *Store) RescueTellings(ctx context.Context, controller mailer.ID, now time.Time) (n int, err error) {
	err = s.brief(ctx, func(t tx) error {
		rescued, err := t.exec(ctx, "telling_rescue", controller, now)
		if n = int(rescued); err != nil || n == 0 {
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countTelling, string(mailer.TellSending), string(mailer.TellWaiting), n)
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}

// tellingEnded is a telling that was open, with how it stood.
type tellingEnded struct {
	ContactID mailer.ID        `db:"contact_id"`
	ID        mailer.ID        `db:"id"`
	Recipient string           `db:"recipient_key"`
	Was       mailer.TellState `db:"was"`
	Way       mailer.TellWay   `db:"way"`
}

// endTellings erases the values of tellings that have ended, and counts them.
func (t tx) endTellings(ctx context.Context, controller mailer.ID, ended []tellingEnded, to mailer.TellState, counts tally) error {
	keys := make([]dutyKey, len(ended))
	for i, e := range ended {
		keys[i] = dutyKey{e.ContactID, e.ID}
		counts.telling(controller, e.Was, e.Way, to, e.Way)
	}
	_, err := t.exec(ctx, "telling_value_erase", records{keys})
	return err
}

// LapseTellings ends what has been kept for as long as it may.
func (s *Store) LapseTellings(ctx context.Context, controller mailer.ID, now time.Time, limit int, raise func(string, int) mailer.Alert) (n int, err error) {
	err = s.brief(ctx, func(t tx) error {
		var ended []tellingEnded
		err := t.all(ctx, &ended, "telling_lapse", controller, now, limit)
		if n = len(ended); err != nil || n == 0 {
			return err
		}
		counts := tally{}
		if err := t.endTellings(ctx, controller, ended, mailer.TellLapsed, counts); err != nil {
			return err
		}
		each := map[string]int{}
		for _, e := range ended {
			each[e.Recipient]++
		}
		var alerts []mailer.Alert
		for recipient, n := range each {
			alerts = append(alerts, raise(recipient, n))
		}
		if err := t.raiseFound(ctx, controller, alerts, now, counts); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}

// OverdueTellings are recipients that have not been told of what was made before an instant.
func (s *Store) OverdueTellings(ctx context.Context, controller mailer.ID, before time.Time) (out []telling.Overdue, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			Recipient string  `db:"recipient_key"`
			Oldest    instant `db:"oldest"`
			Waiting   int64   `db:"waiting"`
		}
		err := t.all(ctx, &rows, "telling_overdue", controller, before)
		for _, r := range rows {
			out = append(out, telling.Overdue{RecipientKey: r.Recipient, Oldest: r.Oldest.Time, Waiting: r.Waiting})
		}
		return err
	})
	return out, err
}
