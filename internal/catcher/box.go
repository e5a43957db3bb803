package catcher

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// overhead is what a kept mail costs beside its bytes, roughly: the struct, and
// for each recipient another.
const overhead = 256

// Counts says what became of all that was tried. A command that go-smtp refuses
// by itself (bad syntax, a SIZE parameter that is too large) is in none of them.
type Counts struct {
	Taken      int   // mails taken, kept or not
	Unanswered int   // of these, the ones whose answer was lost on order
	Forgotten  int   // of these, the ones that had to make room
	Kept       int   // mails that can be read now
	Bytes      int64 // what they cost in memory
	Refused    int   // replies 5yz
	Deferred   int   // replies 4yz
	Dropped    int   // connections cut on order
}

// box holds the newest mails within its bounds. The numbers of the mails in it
// have no gaps, so that one is found by counting.
type box struct {
	max      int
	maxBytes int64

	mu      sync.Mutex
	mails   []*Mail // oldest first; what they point at never changes
	counts  Counts
	tries   map[string]int
	waiters []*waiter
	closed  bool
}

type waiter struct {
	n    int
	done chan struct{}
}

func newBox(limit int, maxBytes int64) *box {
	return &box{max: limit, maxBytes: maxBytes, tries: make(map[string]int)}
}

// put keeps a mail, gives it its number, and lets the oldest go where bounds
// ask for it. The newest always stays.
func (b *box) put(m Mail) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.Taken++
	m.Seq = uint64(b.counts.Taken)
	if !m.Answered {
		b.counts.Unanswered++
	}
	b.mails = append(b.mails, &m)
	b.counts.Bytes += m.cost()
	for len(b.mails) > 1 && (len(b.mails) > b.max || b.counts.Bytes > b.maxBytes) {
		b.counts.Bytes -= b.mails[0].cost()
		b.mails[0] = nil // or the array would hold on to it
		b.mails = b.mails[1:]
		b.counts.Forgotten++
	}
	b.wake()
	return m.Seq
}

func (b *box) wake() {
	b.waiters = slices.DeleteFunc(b.waiters, func(w *waiter) bool {
		enough := b.closed || b.counts.Taken >= w.n
		if enough {
			close(w.done)
		}
		return enough
	})
}

func (b *box) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.wake()
}

func (b *box) wait(ctx context.Context, n int) error {
	b.mu.Lock()
	w := &waiter{n: n, done: make(chan struct{})}
	b.waiters = append(b.waiters, w)
	b.wake()
	b.mu.Unlock()

	var cause error
	select {
	case <-w.done:
		cause = ErrClosed
	case <-ctx.Done():
		cause = ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiters = slices.DeleteFunc(b.waiters, func(o *waiter) bool { return o == w })
	if b.counts.Taken >= n {
		return nil
	}
	return fmt.Errorf("catcher: waited for %d mails, %d came: %w", n, b.counts.Taken, cause)
}

// try counts one more try of a recipient, or at MAIL of a sender. The domain's
// case is folded, as everywhere, and nothing else.
func (b *box) try(step Step, from, to string) int {
	key := "to " + to
	if step == AtMail {
		key = "from " + from
	}
	if at := strings.LastIndexByte(key, '@'); at >= 0 {
		key = key[:at] + strings.ToLower(key[at:])
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries[key]++
	return b.tries[key]
}

func (b *box) count(change func(*Counts)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.counts)
}

// snapshot lists what is kept now, oldest first.
func (b *box) snapshot() []*Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

func (b *box) find(seq uint64) (*Mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mails) == 0 || seq < b.mails[0].Seq || seq > b.mails[len(b.mails)-1].Seq {
		return nil, false
	}
	return b.mails[seq-b.mails[0].Seq], true
}

// Mails lists what is kept, oldest first. The slices inside are shared and must
// not be changed.
func (s *Server) Mails() []Mail {
	kept := s.box.snapshot()
	mails := make([]Mail, len(kept))
	for i, m := range kept {
		mails[i] = *m
	}
	return mails
}

// MailsTo lists what is kept for one recipient, oldest first.
func (s *Server) MailsTo(address string) []Mail {
	var mails []Mail
	for _, m := range s.box.snapshot() {
		if slices.ContainsFunc(m.To, func(r Recipient) bool { return r.Address == address }) {
			mails = append(mails, *m)
		}
	}
	return mails
}

// Find gives the mail with this number, if it is still kept.
func (s *Server) Find(seq uint64) (Mail, bool) {
	m, ok := s.box.find(seq)
	if !ok {
		return Mail{}, false
	}
	return *m, true
}

// Count is the number of mails taken so far, kept or not.
func (s *Server) Count() int { return s.Counts().Taken }

// Counts gives all counters at one instant.
func (s *Server) Counts() Counts {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	c := s.box.counts
	c.Kept = len(s.box.mails)
	return c
}

// Wait returns once n mails were taken since the start, or with the error of
// ctx, or with ErrClosed. A mail counts before its sender has read the answer.
func (s *Server) Wait(ctx context.Context, n int) error { return s.box.wait(ctx, n) }
