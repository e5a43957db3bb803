package deliver

import (
	"context"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// seats are the connections that a relay is taken to bear. Each sender has a
// number; those whose number is behind what the relay bears have no seat: they
// hang up, and wait until it is given more.
type seats struct {
	mu      sync.Mutex
	load    pacing.Load
	changed chan struct{} // closed when the number of seats changes
}

func newSeats(most int) *seats {
	return &seats{load: pacing.NewLoad(most), changed: make(chan struct{})}
}

// free tells whether a sender has a seat, and gives a channel that is closed when
// that may have changed.
func (s *seats) free(number int) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return number < s.load.Now(), s.changed
}

// now is how many there are.
func (s *seats) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load.Now()
}

func (s *seats) strained(at time.Time) { s.note(s.load.Strained, at) }
func (s *seats) served(at time.Time)   { s.note(s.load.Served, at) }

func (s *seats) note(what func(time.Time) bool, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what(at) {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// strains tells whether the end of an attempt says that the relay bears less: it
// hung up, in words (421) or without.
func strains(s mailer.Settlement) bool {
	return s.Code == 421 || s.Code == 0 && (s.Class == mailer.ClassCut || s.Class == mailer.ClassRelayAway || s.Class == mailer.ClassUncertain)
}

// weigh takes note of what the end of an attempt says of the relay: what it bears, and
// whether it serves.
//
// Many relays take so many letters over a connection and then end it, by 421 or
// without a word (Exim: a thousand). That is no trouble, and the next connection shows
// whether it is more. One that is cut as soon as it is used is: a relay that does
// that to everybody would be told of everybody, and charge each an attempt.
func (l *line) weigh(end mailer.Settlement) {
	fresh := l.carried == 0
	l.carried++
	if end.To == mailer.Queued && !fresh && !l.session.Alive() {
		l.breaker.unused()
		l.Log.Debug("the relay has ended a connection; another one is opened", "relay", l.Relay.Name(), "letters", l.carried-1)
		return
	}
	if strains(end) {
		l.seats.strained(l.used)
	} else {
		l.seats.served(l.used)
	}
	switch {
	case end.To == mailer.Queued:
		l.relayAway(end)
	case end.Class == mailer.ClassUncertain: // whoever swallows answers is not to be given the rest at once
		l.breaker.failed()
	case end.Class != mailer.ClassCut:
		l.breaker.worked()
	case fresh:
		l.breaker.failed()
	default:
		l.breaker.unused()
	}
}

// sit waits for a seat; without one the connection is hung up. It gives a channel
// that is closed when the seat may be lost, and is false when the worker stops.
func (l *line) sit(ctx context.Context) (<-chan struct{}, bool) {
	for {
		free, changed := l.seats.free(l.number)
		if free {
			return changed, true
		}
		l.hangUp()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false
		}
	}
}
