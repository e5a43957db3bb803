package pacing

import "time"

// Load is how many connections a relay is taken to bear: fewer by half when it
// refuses or loses one, one more when it has borne all of them for a while. It
// falls fast, since a relay that is pressed further refuses more, and it rises
// slowly, since what it bears is found out by trying.
type Load struct {
	Most int // never more than this
	now  int
	last time.Time // when it changed
}

// NewLoad begins with all connections: what a relay bears is known when it refuses.
func NewLoad(most int) Load { return Load{Most: max(1, most), now: max(1, most)} }

const (
	// loadSettles is how long after a change further refusals say nothing new: what
	// several connections meet at once is one refusal.
	loadSettles = time.Second
	// loadGrows is how long the relay must bear a load before it is given more.
	loadGrows = 10 * time.Second
)

// Now is how many connections may be open.
func (l *Load) Now() int { return l.now }

// Strained takes note of a connection that was refused or lost, or of a 421
// (RFC 5321, 3.8), and tells whether fewer may be open now.
func (l *Load) Strained(at time.Time) bool {
	if !l.last.IsZero() && at.Sub(l.last) < loadSettles {
		return false
	}
	l.last = at
	was := l.now
	l.now = max(1, was/2)
	return l.now < was
}

// Served takes note of a message that the relay answered, and tells whether one
// more may be open now.
func (l *Load) Served(at time.Time) bool {
	if l.now >= l.Most || at.Sub(l.last) < loadGrows {
		return false
	}
	l.now, l.last = l.now+1, at
	return true
}
