package main

import (
	"context"

	"article14/internal/rig"
)

// poolerSessions are what all workers share of the server's.
const poolerSessions = 4

// breakPooler has the workers reach the database by way of a transaction pooler, and breaks
// that in turns: every session cut off in whatever it is in the middle of, the sessions changed
// between two transactions, and the pooler itself gone and back. No worker ends, so
// that nothing at all may be told twice.
func breakPooler(ctx context.Context, s *scene) (err error) {
	if s.pooler, err = rig.OpenPooler(ctx, s.server.URL(s.database), poolerSessions, rig.GoRound); err != nil {
		return err
	}
	if err := s.crew.startAll(ctx); err != nil {
		return err
	}
	ways := []func(context.Context) error{
		func(ctx context.Context) error { return s.pooler.Cut(ctx, s.database) },
		func(ctx context.Context) error {
			_, err := s.pooler.Console.ExecContext(ctx, "RECONNECT "+s.database)
			return err
		},
		s.restartPooler,
	}
	for i, moment := range s.moments(s.Restarts + len(ways)) {
		if err := s.taken(ctx, moment); err != nil {
			return err
		}
		if err := ways[i%len(ways)](ctx); err != nil {
			return err
		}
		s.result.Faults++
	}
	return s.finish(ctx)
}

// foundAway is what a worker logs of a pooler that is not there.
const foundAway = "begin a transaction: dial"

// restartPooler crashes the pooler, and brings it back when the workers have felt it.
func (s *scene) restartPooler(ctx context.Context) error {
	heard := s.crew.said(foundAway)
	if err := s.pooler.Stop(); err != nil {
		return err
	}
	if err := s.until(ctx, "the workers find the pooler away", func() bool { return s.crew.said(foundAway) > heard }); err != nil {
		return err
	}
	return s.pooler.Start(ctx)
}
