package main

import (
	"context"
	"syscall"
)

// freezeWorker stops the first worker while the relay has taken its mails and it has
// not heard so, lets the others take over what its lease held and send those mails
// again, and wakes it. What it says then comes too late to decide, and is recorded all
// the same. Each of its connections has had one to be told twice.
func freezeWorker(ctx context.Context, s *scene) error {
	if err := s.crew.start(ctx, 0); err != nil {
		return err
	}
	if err := s.taken(ctx, s.moments(2)[0]/2); err != nil {
		return err
	}
	s.sink.hold()
	waiting := func() int { return s.sink.count(func(s *sink) int { return s.waiting }) }
	err := s.until(ctx, "every connection of a worker waits, and the rest is settled", func() bool {
		relayed, _, err := s.outcomes(ctx)
		return err == nil && waiting() == s.connectionsOf(0) && relayed == s.sink.takenUpToNow()-waiting()
	})
	if err != nil {
		return err
	}
	s.result.Allowed = s.connectionsOf(0)
	return s.freeze(ctx, s.sink.release)
}

// wakeWorker stops the first worker at a random moment, wherever it just is: in the
// middle of a mail, or of a transaction. What the others cannot know of is left to a
// person, and nothing is told twice; what it remembers when it wakes settles the rest.
func wakeWorker(ctx context.Context, s *scene) error {
	if err := s.crew.start(ctx, 0); err != nil {
		return err
	}
	if err := s.taken(ctx, s.moments(2)[0]); err != nil {
		return err
	}
	return s.freeze(ctx, func() {})
}

// freeze stops the first worker, has the others do all that is left, and wakes it.
func (s *scene) freeze(ctx context.Context, meanwhile func()) error {
	if err := s.stop(ctx, 0); err != nil {
		return err
	}
	s.result.Faults++
	meanwhile()
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
	err = s.finish(ctx)
	s.result.Fenced = s.crew.said("settled after the claim had passed") // they have ended, so that all is said
	return err
}
