package deliver

import (
	"context"
	"sync"
	"time"
)

// breaker keeps senders from hammering a relay that is away: after each failure
// in a row all wait, longer every time, and then one tries alone.
type breaker struct {
	now   func() time.Time
	after func(time.Duration) <-chan time.Time

	mu      sync.Mutex
	streak  int
	until   time.Time
	probing bool
}

const (
	breakerFirst = 500 * time.Millisecond
	breakerMost  = 30 * time.Second
)

// failed is a relay that could not be reached or would not serve. What several
// connections meet at once is one failure.
func (b *breaker) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streak > 0 && b.now().Before(b.until) {
		return
	}
	b.streak++
	wait := min(breakerFirst<<min(b.streak-1, 10), breakerMost)
	b.until, b.probing = b.now().Add(wait), false
}

// worked is a relay that answered.
func (b *breaker) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streak, b.probing, b.until = 0, false, time.Time{}
}

// open tells whether the relay is taken to be away.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.streak > 0
}

// resting tells whether nobody may speak to the relay right now.
func (b *breaker) resting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.streak > 0 && b.now().Before(b.until)
}

// wait returns when the caller may speak to the relay, or false when ctx ended.
func (b *breaker) wait(ctx context.Context) bool {
	for {
		b.mu.Lock()
		left := b.until.Sub(b.now())
		free := b.streak == 0 || left <= 0 && !b.probing
		if free && b.streak > 0 {
			b.probing = true
		}
		b.mu.Unlock()
		if free {
			return ctx.Err() == nil
		}
		select {
		case <-b.after(max(left, breakerFirst)):
		case <-ctx.Done():
			return false
		}
	}
}

// unused gives back a probe that found nothing to send.
func (b *breaker) unused() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

// state says it in a word.
func (b *breaker) state() RelayState {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.streak == 0:
		return RelayUp
	case b.now().Before(b.until):
		return RelayAway
	}
	return RelayTrying
}
