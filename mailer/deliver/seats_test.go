package deliver

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// smallRelay bears so many connections, and refuses others.
type smallRelay struct {
	*memRelay
	mu         sync.Mutex
	bears      int
	open, most int
	refused    int
}

func (r *smallRelay) Open(ctx context.Context) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open >= r.bears {
		r.refused++
		return nil, &mailer.DeliveryError{Stage: mailer.StageConnect, Reply: mailer.Reply{Code: 421, Enhanced: "4.7.0"}, Cause: errors.New("too many connections")}
	}
	s, err := r.memRelay.Open(ctx)
	if err != nil {
		return nil, err
	}
	r.open++
	r.most = max(r.most, r.open)
	return &smallSession{Session: s, relay: r}, nil
}

func (r *smallRelay) is(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

type smallSession struct {
	Session
	relay *smallRelay
	once  sync.Once
}

func (s *smallSession) Close() error {
	s.once.Do(func() { s.relay.is(func() { s.relay.open-- }) })
	return s.Session.Close()
}

// slowRelay takes all, each letter in a tenth of a second, over so many connections.
func slowRelay(bears int) *smallRelay {
	return &smallRelay{memRelay: &memRelay{answer: func(string, int) error { time.Sleep(100 * time.Millisecond); return nil }}, bears: bears}
}

// working runs a worker against a relay until it is told to stop.
func working(t *testing.T, w *Worker, meanwhile func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	meanwhile()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// givingBack is a queue that counts what comes back to it untouched.
type givingBack struct {
	*memQueue
	mu    sync.Mutex
	count int
}

func (q *givingBack) Release(ctx context.Context, claim mailer.ID, ids []mailer.ID) error {
	q.mu.Lock()
	q.count += len(ids)
	q.mu.Unlock()
	return q.memQueue.Release(ctx, claim, ids)
}

func TestARelayThatRefusesAFurtherConnectionIsNotTakenToBeAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := &givingBack{memQueue: newMemQueue(t, 300)}, slowRelay(2)
		r.memRelay.answer = func(string, int) error { time.Sleep(2 * time.Second); return nil } // longer than the breaker rests
		w := testWorker(q.memQueue, r.memRelay)
		w.Queue, w.Relay, w.Options.Batch, w.Options.Connections = q, r, 100, 8
		working(t, w, func() {
			time.Sleep(60 * time.Second)
			q.mu.Lock()
			back := q.count
			q.mu.Unlock()
			r.is(func() {
				if r.refused < 6 || r.refused > 30 {
					t.Errorf("refused %d times in a minute, want the first six, and then a few for each that is tried", r.refused)
				}
				if back > r.refused+8 { // one for each, and what was announced over connections given up
					t.Errorf("%d letters went back for %d refusals: all that waited went back", back, r.refused)
				}
			})
		})
		if n := q.states()[mailer.Relayed]; n < 35 {
			t.Errorf("%d relayed in a minute by two connections: the relay that serves was left alone (%v)", n, q.states())
		}
		q.untouched(t)
	})
}

func TestTheConnectionsFollowWhatTheRelayBears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 6000), slowRelay(8)
		cut := true
		var mu sync.Mutex
		take := r.memRelay.answer
		r.memRelay.answer = func(to string, try int) error {
			mu.Lock()
			first := cut
			cut = false
			mu.Unlock()
			if first {
				return &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 421, Enhanced: "4.3.2"}}
			}
			return take(to, try)
		}
		w := testWorker(q, r.memRelay)
		w.Relay, w.Options.Batch, w.Options.Connections = r, 100, 8
		open := func() (n int) { r.is(func() { n = r.open }); return n }
		working(t, w, func() {
			time.Sleep(2 * time.Second)
			if n := open(); n != 4 {
				t.Errorf("%d connections after a 421, want half of 8", n)
			}
			time.Sleep(20 * time.Second)
			if n := open(); n != 6 {
				t.Errorf("%d connections 20 s later, want two more", n)
			}
			time.Sleep(60 * time.Second)
			if n := open(); n != 8 {
				t.Errorf("%d connections in the end, want all 8", n)
			}
		})
		if r.most > 8 {
			t.Errorf("%d connections were open at once", r.most)
		}
	})
}
