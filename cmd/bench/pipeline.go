package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/internal/journal"
	"article14/internal/ops"
	"article14/mailer"
	"article14/mailer/deliver"
)

// pipeline is (c): the worker as it is, until so much of what is queued is settled.
func (s *stage) pipeline() error {
	if err := s.begin(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	q := &watchedQueue{Queue: s.store, wanted: int64(s.N), done: stop}
	w, book, err := s.worker(q)
	if err != nil {
		return err
	}
	c, err := s.start()
	if err != nil {
		return err
	}
	if err := errors.Join(w.Run(ctx), book.Close()); err != nil {
		return err
	}
	s.N = int(q.settled.Load()) // of a longer queue a few more, which were on the wire by then
	if err := c.stop(s.N); err != nil {
		return err
	}
	return s.allRelayed()
}

// worker is one as 'article14 work' makes it, and its journal.
func (s *stage) worker(q deliver.Queue) (*deliver.Worker, *journal.Journal, error) {
	r, err := s.relay(false)
	if err != nil {
		return nil, nil, err
	}
	book, err := journal.Open(filepath.Join(filepath.Dir(s.Keys), fmt.Sprint("journal-", s.Number)), s.controller, time.Now)
	if err != nil {
		return nil, nil, err
	}
	return &deliver.Worker{Queue: q, Relay: r, Composer: s.composer, Skeletons: s.skeletons, Registers: s.registers, Journal: book,
		Chores: deliver.Chores{TakeIn: []deliver.Chore{{Name: "take in duties", Do: s.releases().TakeInAll}}},
		Tokens: s.tokens(), Controller: s.controller, Options: deliver.Options{Connections: s.Connections},
		Now: time.Now, After: time.After, Jitter: rand.Float64, Meter: ops.NewMeter(prometheus.NewRegistry(), time.Now), Log: s.log}, book, nil
}

// watchedQueue ends the run when so many deliveries are settled.
type watchedQueue struct {
	deliver.Queue
	settled atomic.Int64
	wanted  int64
	done    func()
}

func (q *watchedQueue) Settle(ctx context.Context, batch []mailer.Settlement) ([]mailer.ID, error) {
	fenced, err := q.Queue.Settle(ctx, batch)
	if err == nil && q.settled.Add(int64(len(batch))) >= q.wanted {
		q.done()
	}
	return fenced, err
}

// allRelayed looks into the books: a figure counts only if everybody was told.
func (s *stage) allRelayed() error {
	if err := s.store.FoldCounters(s.ctx); err != nil {
		return err
	}
	f, err := s.store.Figures(s.ctx, s.controller, time.Now())
	if err != nil {
		return err
	}
	n := int64(s.N)
	if f.Deliveries[mailer.Relayed] != n || f.Attempts[mailer.Relayed] != n || f.Duties[mailer.DutyMet] != n {
		return fmt.Errorf("of %d deliveries the books have relayed %d, attempts %d, duties met %d", n,
			f.Deliveries[mailer.Relayed], f.Attempts[mailer.Relayed], f.Duties[mailer.DutyMet])
	}
	return nil
}
