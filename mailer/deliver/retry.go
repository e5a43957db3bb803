package deliver

import (
	"time"
)

// Retry says when a deferred delivery is tried again.
type Retry struct {
	// Steps are the waits after the first, second, ... refusal; the last one repeats.
	Steps []time.Duration
	// GiveUp is how long after the first attempt a delivery is tried at all
	// (RFC 5321, 4.5.4.1: four to five days); then it is rejected and a person or
	// another channel goes on.
	GiveUp time.Duration
	// Nearest is the shortest wait to which a coming deadline may shorten a step.
	Nearest time.Duration
}

// DefaultRetry tries some twenty times in five days.
var DefaultRetry = Retry{
	Steps: []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
		4 * time.Hour, 8 * time.Hour},
	GiveUp:  5 * 24 * time.Hour,
	Nearest: 5 * time.Minute,
}

// FullMailboxRetry gives people time to clear out a mailbox that is full, at growing waits.
var FullMailboxRetry = Retry{
	Steps:   []time.Duration{time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 3 * 24 * time.Hour},
	GiveUp:  14 * 24 * time.Hour,
	Nearest: 5 * time.Minute,
}

// until gives up as soon as a deadline has come that still lay ahead at the first
// attempt: whoever has not cleared out by then is told by another channel. Where it had
// passed already, nobody waits longer than for anything else.
func (r Retry) until(first, now, due time.Time) Retry {
	switch {
	case !first.Before(due):
		r.GiveUp = min(r.GiveUp, DefaultRetry.GiveUp)
	case !now.Before(due):
		r.GiveUp = 0
	}
	return r
}

// Next is the instant of the next try after the given number of attempts, with
// jitter in [0, 1) spreading it by a fifth either way, so that what was refused
// together does not come back together. A try that would fall behind a deadline
// still to come is brought forward before it. ok is false when it is time to
// give up; past tells that the try falls behind the deadline, which must never
// pass in silence (D8).
func (r Retry) Next(attempts int, first, now, due time.Time, jitter float64) (at time.Time, past, ok bool) {
	if now.Sub(first) >= r.GiveUp {
		return time.Time{}, now.After(due), false
	}
	step := r.Steps[min(max(attempts, 1), len(r.Steps))-1]
	at = now.Add(time.Duration(float64(step) * (0.8 + 0.4*jitter)))
	if now.Before(due) && !at.Before(due) {
		at = due.Add(-r.Nearest)
		if soonest := now.Add(min(r.Nearest, step)); at.Before(soonest) {
			at = soonest
		}
	}
	return at, at.After(due), true
}
