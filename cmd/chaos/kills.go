package main

import (
	"context"
	"syscall"
)

// killWorkers kills random workers at random moments of the run and starts each again
// at once. What a killed worker had on its connections may be told twice, and nothing else.
func killWorkers(ctx context.Context, s *scene) error {
	if err := s.crew.startAll(ctx); err != nil {
		return err
	}
	for _, moment := range s.moments(s.Kills) {
		if err := s.taken(ctx, moment); err != nil {
			return err
		}
		n := s.rand.IntN(s.Workers)
		s.crew.kill(n)
		s.result.Faults++
		if s.crew.policy == resend {
			s.result.Allowed += s.connectionsOf(n)
		}
		if err := s.crew.start(ctx, n); err != nil {
			return err
		}
	}
	return s.finish(ctx)
}

// finish waits for the end of the work and sends the workers home.
func (s *scene) finish(ctx context.Context) error {
	if err := s.over(ctx); err != nil {
		return err
	}
	return s.crew.dismiss()
}

// restartDatabase restarts PostgreSQL in mid-run: in turns so that it ends its
// sessions first, and so that it leaves everything as in a crash. No worker ends, so
// that nothing at all may be told twice.
func restartDatabase(ctx context.Context, s *scene) error {
	if err := s.crew.startAll(ctx); err != nil {
		return err
	}
	ways := []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}
	for i, moment := range s.moments(s.Restarts) {
		if err := s.taken(ctx, moment); err != nil {
			return err
		}
		if err := s.server.Restart(ctx, ways[i%len(ways)]); err != nil {
			return err
		}
		s.result.Faults++
	}
	return s.finish(ctx)
}
