package main

import (
	"database/sql"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/mailer"
)

// lease is long enough not to be prolonged, as in a worker that renews its claims.
const lease = time.Hour

// booksBatch is how many deliveries (f) claims, begins and settles at once, as the worker does.
const booksBatch = 800

// books is (f): every statement that a delivery costs, and nothing else. Claims,
// beginnings and settlements go on side by side, as they do in the worker. What
// was put into the notices is that of some deliveries, over and over.
func (s *stage) books() error {
	records, err := s.someRecords()
	if err != nil {
		return err
	}
	if s.Snapshot {
		release, err := s.holdSnapshot()
		if err != nil {
			return err
		}
		defer release()
	}
	claimed, begun := make(chan []mailer.Job, 1), make(chan []mailer.Settlement, 1)
	g, ctx := errgroup.WithContext(s.ctx)
	s.ctx = ctx
	c, err := s.start()
	if err != nil {
		return err
	}
	left := s.N - len(records)
	g.Go(func() error { defer close(claimed); return s.claimAll(left, claimed) })
	g.Go(func() error { defer close(begun); return s.beginAll(claimed, records, begun) })
	g.Go(func() error { return s.settleAll(begun) })
	if err := g.Wait(); err != nil {
		return err
	}
	return c.stop(left)
}

// holdSnapshot begins a transaction that sees the tables as they are now, and stays,
// as a long report or a backup does: until it ends no dead row can be cleared away.
func (s *stage) holdSnapshot() (release func(), err error) {
	db, err := sql.Open("postgres", s.URL)
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(s.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err == nil {
		var n int
		err = tx.QueryRowContext(s.ctx, "SELECT count(*) FROM lane").Scan(&n)
	}
	return func() { db.Close() }, err
}

// someRecords claims a few deliveries and composes them.
func (s *stage) someRecords() ([]*mailer.MessageRecord, error) {
	jobs, err := s.claimSome(min(100, s.N/2))
	if err != nil {
		return nil, err
	}
	w, err := s.newWriter(jobs)
	if err != nil {
		return nil, err
	}
	var out []*mailer.MessageRecord
	for _, j := range jobs {
		_, record, err := w.record(j)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

func (s *stage) claimAll(left int, out chan<- []mailer.Job) error {
	for left > 0 {
		now := time.Now()
		jobs, err := s.store.Claim(s.ctx, s.controller, mailer.NewID(now), min(left, booksBatch), now, lease)
		if err != nil {
			return err
		}
		left -= len(jobs)
		select {
		case out <- jobs:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return nil
}

func (s *stage) beginAll(in <-chan []mailer.Job, records []*mailer.MessageRecord, out chan<- []mailer.Settlement) error {
	for jobs := range in {
		now := time.Now()
		attempts := make([]mailer.Attempt, len(jobs))
		ends := make([]mailer.Settlement, len(jobs))
		for i, j := range jobs {
			attempts[i] = mailer.Attempt{ID: mailer.NewID(now), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID,
				Number: j.Attempts + 1, Relay: "default", BegunAt: now, Message: records[i%len(records)]}
			ends[i] = mailer.Settlement{ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID,
				AttemptID: attempts[i].ID, To: mailer.Relayed, At: now, Stage: mailer.StageDot, Code: 250, Enhanced: "2.0.0", Reply: "taken",
				Class: mailer.ClassAccepted, Duty: mailer.DutyMet}
		}
		if _, err := s.store.Begin(s.ctx, attempts, now.Add(lease/2)); err != nil {
			return err
		}
		select {
		case out <- ends:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return nil
}

func (s *stage) settleAll(in <-chan []mailer.Settlement) error {
	for ends := range in {
		fenced, err := s.store.Settle(s.ctx, ends)
		if err != nil {
			return err
		}
		if len(fenced) > 0 {
			return errFenced
		}
	}
	return nil
}
