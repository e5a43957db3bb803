package main

import (
	"context"
	"syscall"
)

// freezeWorker stops the first worker while the relay has taken its mails and it has
// not heard so, lets the others take over what its lease held, and wakes it. What it
// says then comes too late to decide, and is recorded all the same.
//
// Under resend the others have sent those mails again by then, and each of its
// connections has one to be told twice. Under hold nobody has, and its late word
// settles them.
func freezeWorker(ctx context.Context, s *scene) error {
	if err := s.crew.start(ctx, 0); err != nil {
		return err
	}
	if err := s.taken(ctx, s.moments(2)[0]/2); err != nil {
		return err
	}
	s.sink.hold()
	waiting := func() int { return s.sink.count(func(s *sink) int { return s.waiting }) }
	if err := s.until(ctx, "every connection of a worker waits", func() bool { return waiting() == s.connectionsOf(0) }); err != nil {
		return err
	}
	s.crew.signal(0, syscall.SIGSTOP)
	s.result.Faults++
	if s.crew.policy == resend {
		s.result.Allowed = s.connectionsOf(0)
	}
	s.sink.release()
	for n := 1; n < s.Workers; n++ {
		if err := s.crew.start(ctx, n); err != nil {
			return err
		}
	}
	if err := s.over(ctx); err != nil { // without the frozen one
		return err
	}
	s.crew.signal(0, syscall.SIGCONT)
	err := s.until(ctx, "all that went out is recorded", func() bool {
		relayed, _, err := s.outcomes(ctx)
		return err == nil && relayed >= s.sink.takenUpToNow()
	})
	if err != nil {
		return err
	}
	s.result.Fenced = s.crew.said("settled after the claim had passed")
	return s.finish(ctx)
}
