package pacing

import "time"

// Caps are what a relay may be given.
type Caps struct {
	PerSecond int // messages; 0: as the relay bears
	PerDay    int // 0: no limit; less than 0: nothing on this day
}

// Days are a ramp: what a sender whom nobody knows may send on each day from its
// first one on. Behind the last of them there is no limit, before the first one
// nothing goes out.
type Days []int

// On is the number of a day, counted from 0, as Caps.PerDay has it.
func (d Days) On(day int) int {
	switch {
	case len(d) == 0 || day >= len(d):
		return 0
	case day < 0 || d[day] <= 0:
		return -1
	}
	return d[day]
}

// Tighter is the smaller of two numbers a day, as Caps.PerDay has them.
func Tighter(a, b int) int {
	switch {
	case a < 0 || b < 0:
		return -1
	case a == 0 || b == 0:
		return a + b
	}
	return min(a, b)
}

// Spent is what a relay was given in the current second, and on the current day,
// by all workers.
type Spent struct {
	Second   time.Time
	InSecond int
	Day      time.Time // its first instant
	OnDay    int
}

// ClocksApart is how far the clocks of two workers may be apart: each by five
// seconds from the database's, or it does not start.
const ClocksApart = 10 * time.Second

// longestDay is how far a day may be ahead that a clock a little ahead has begun.
const longestDay = 25 * time.Hour

// Grant gives up to want messages, and what is spent then. A second or day that
// another worker, with a clock a little ahead, has begun already counts as this
// one; one further ahead comes from a clock that was wrong, and counts for nothing:
// the relay would stand still until then.
func (s Spent) Grant(c Caps, want int, second, day time.Time) (int, Spent) {
	if s.Second.Before(second) || s.Second.After(second.Add(ClocksApart)) {
		s.Second, s.InSecond = second, 0
	}
	if s.Day.Before(day) || s.Day.After(day.Add(longestDay)) {
		s.Day, s.OnDay = day, 0
	}
	n := max(0, want)
	if c.PerSecond > 0 {
		n = min(n, max(0, c.PerSecond-s.InSecond))
	}
	if c.PerDay != 0 {
		n = min(n, max(0, c.PerDay-s.OnDay))
	}
	s.InSecond, s.OnDay = s.InSecond+n, s.OnDay+n
	return n, s
}

// Return gives back what was granted in a second of a day and did not go out.
// What was granted earlier is over.
func (s Spent) Return(n int, second, day time.Time) Spent {
	if !second.Before(s.Second) {
		s.InSecond = max(0, s.InSecond-n)
	}
	if !day.Before(s.Day) {
		s.OnDay = max(0, s.OnDay-n)
	}
	return s
}
