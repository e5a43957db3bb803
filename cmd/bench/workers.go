package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
)

// crews are the numbers of workers that (j) compares.
var crews = []int{1, 2, 4}

// nameCrew is a row of (j).
func nameCrew(workers int, pooled bool) string {
	name := fmt.Sprintf("j, %d", workers)
	if pooled {
		name += " pooled"
	}
	return name
}

// poolerSessions are those of the server that all workers share behind the pooler.
const poolerSessions = 8

// work is a worker of (j): at work until its input ends.
func (s *stage) work() error {
	ctx, stop := context.WithCancel(s.ctx)
	go func() {
		defer stop()
		io.Copy(io.Discard, s.in)
	}()
	w, book, err := s.worker(s.store)
	if err != nil {
		return err
	}
	w.Hearts, w.Host = s.store, fmt.Sprint("worker ", s.Number)
	c, err := s.start()
	if err != nil {
		return err
	}
	if err := errors.Join(w.Run(ctx), book.Close()); err != nil {
		return err
	}
	return c.stop(0)
}

// begin starts the campaign.
func (s *stage) begin() error { return s.releases().Start(s.ctx, campaignKey, by) }

// crew is (j): workers, each a process with its part of the connections, on one queue. It is
// measured from the first mail that the sink takes until the last worker has ended; they are
// asked to stop when the sink has all.
func (h *hall) crew(ctx context.Context, workers int, pooled bool) (r result, err error) {
	database, err := h.copyOf(ctx, queued)
	if err != nil {
		return r, err
	}
	before, err := h.sink.taken()
	if err != nil {
		return r, err
	}
	over := make(chan struct{})
	each := make([]result, workers)
	g, working := errgroup.WithContext(ctx)
	for n := range workers {
		t := task{Part: "work", Connections: h.connectionsOf(n, workers), Number: n, Pooled: pooled}
		g.Go(func() (err error) {
			each[n], err = h.runUntil(working, over, database, t)
			return err
		})
	}
	began, used, err := h.watch(working, database, before, workers)
	close(over)
	if err := errors.Join(g.Wait(), err); err != nil { // a worker that fails ends the watch
		return r, err
	}
	r.N, r.Seconds = h.Deliveries, time.Since(began).Seconds()
	after, err := h.used()
	if err != nil {
		return r, err
	}
	r.CPU = after.minus(used)
	r.CPU.Own = 0
	for _, e := range each {
		r.CPU.Own += e.CPU.Own
		r.Peak = max(r.Peak, e.Peak)
	}
	if _, err := h.run(ctx, database, task{Part: "check", N: h.Deliveries}); err != nil {
		return r, err
	}
	return r, h.server.Drop(ctx, database)
}

// connectionsOf is one worker's part of the connections.
func (o options) connectionsOf(n, workers int) int {
	share := o.Connections / workers
	if n < o.Connections%workers {
		share++
	}
	return max(1, share)
}

// watch starts the campaign when all workers are there, and says when the sink took the
// first mail and what had been used by then. It returns when the sink has all.
func (h *hall) watch(ctx context.Context, database string, before, workers int) (began time.Time, used usage, err error) {
	if err := h.present(ctx, database, workers); err != nil {
		return began, used, err
	}
	if _, err := h.run(ctx, database, task{Part: "begin"}); err != nil {
		return began, used, err
	}
	if err := h.took(ctx, before+1); err != nil {
		return began, used, err
	}
	began = time.Now()
	if used, err = h.used(); err != nil {
		return began, used, err
	}
	return began, used, h.took(ctx, before+h.Deliveries)
}

// used is what all but the workers have used of the processors.
func (h *hall) used() (usage, error) {
	u, err := readUsage(h.postmaster, h.sink.cmd.Process.Pid)
	if err == nil && h.pooler != nil {
		u.Pooler, err = treeUsage(h.pooler.Process())
	}
	return u, err
}

// took waits until the sink has taken so many mails.
func (h *hall) took(ctx context.Context, n int) error {
	return poll(ctx, func() (bool, error) {
		taken, err := h.sink.taken()
		return taken >= n, err
	})
}

// present waits until so many workers have said that they are there.
func (h *hall) present(ctx context.Context, database string, workers int) error {
	db, err := sql.Open("postgres", h.server.URL(database))
	if err != nil {
		return err
	}
	defer db.Close()
	return poll(ctx, func() (bool, error) {
		var n int
		err := db.QueryRowContext(ctx, "SELECT count(*) FROM worker_heartbeat").Scan(&n)
		return n >= workers, err
	})
}

func poll(ctx context.Context, come func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := come(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// until is an input that has nothing, and ends when the channel is closed.
type until <-chan struct{}

func (u until) Read([]byte) (int, error) {
	<-u
	return 0, io.EOF
}
