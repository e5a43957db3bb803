package main

import "context"

// cutsOf is how many connections break at most before the relay goes away altogether.
const cutsOf = 20

// breakRelay has the relay's connections break at random points, some of them behind
// a mail that was taken, then turns everybody away, and is well again. Each broken
// connection may have one mail told twice: the one whose answer went missing.
func breakRelay(ctx context.Context, s *scene) error {
	if err := s.crew.startAll(ctx); err != nil {
		return err
	}
	cuts := func() int { return s.sink.count(func(s *sink) int { return s.cuts }) }
	for _, moment := range s.moments(2) {
		if err := s.taken(ctx, moment); err != nil {
			return err
		}
		enough, most := cuts()+cutsOf, moment+s.people/10 // so that work is left for what follows
		s.sink.cut(s.rand)
		if err := s.until(ctx, "connections broke", func() bool { return cuts() >= enough || s.sink.takenUpToNow() >= most }); err != nil {
			return err
		}
		s.sink.cut(nil)
		s.sink.refuse()
		heard := s.crew.said(cannotReach)
		if err := s.until(ctx, "the workers find the relay away", func() bool { return s.crew.said(cannotReach) > heard }); err != nil {
			return err
		}
		if err := s.until(ctx, "the relay's door opens again", func() bool { return s.sink.open() == nil }); err != nil {
			return err
		}
	}
	s.result.Faults = cuts()
	s.result.Allowed = cuts()
	return s.finish(ctx)
}

// cannotReach is what a worker logs of a relay that turns it away.
const cannotReach = "the relay cannot be reached"
