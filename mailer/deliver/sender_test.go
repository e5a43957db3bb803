package deliver

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// onTheWire has 4 connections with a letter on the wire and another announced behind
// it, does what is to be done meanwhile, lets the relay answer, and stops after d.
func onTheWire(t *testing.T, w *Worker, r *memRelay, meanwhile func(stop func()), d time.Duration) {
	t.Helper()
	r.hold = make(chan struct{})
	w.Options.Ahead = 64
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	time.Sleep(time.Second)
	synctest.Wait()
	if r.announced == 0 || r.kept != 0 {
		t.Fatalf("%d are announced, %d sent", r.announced, r.kept)
	}
	meanwhile(stop)
	synctest.Wait()
	close(r.hold)
	time.Sleep(d)
	stop()
	<-done
	if r.broken != 0 {
		t.Errorf("%d promises were broken", r.broken)
	}
}

func (q *memQueue) untouched(t *testing.T) {
	t.Helper()
	if q.begun() != 0 {
		t.Errorf("%d attempts are left begun", q.begun())
	}
	for _, d := range q.rows {
		if d.state == mailer.Queued && d.attempts != 0 {
			t.Errorf("%d attempts are charged to a delivery that was never sent", d.attempts)
		}
	}
}

func TestASteadyStreamIsAnnouncedLetterByLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{answer: func(string, int) error { time.Sleep(time.Millisecond); return nil }}
		w := testWorker(q, r)
		w.Options.Ahead, w.Options.Batch = 64, 100
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if got := q.states()[mailer.Relayed]; got != 300 || r.broken != 0 || r.kept != r.announced || r.announced < 200 {
			t.Errorf("%d relayed, %d announced, %d of them sent, %d promises broken", got, r.announced, r.kept, r.broken)
		}
	})
}

// What is announced has only its envelope on the wire: a stop does not wait for it.
func TestAStopGivesBackWhatIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{}
		onTheWire(t, testWorker(q, r), r, func(stop func()) { stop() }, time.Second)
		if got := q.states(); got[mailer.Relayed] != 4 || got[mailer.Queued] != 296 || r.kept != 0 {
			t.Errorf("%v, %d sent that were announced; want the 4 on the wire relayed", got, r.kept)
		}
		q.untouched(t)
	})
}

func TestAPauseGivesBackWhatIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{}
		onTheWire(t, testWorker(q, r), r, func(func()) {
			q.mu.Lock()
			q.lane = mailer.LanePaused
			q.mu.Unlock()
			time.Sleep(time.Second)
		}, time.Second)
		if got := q.states(); got[mailer.Relayed] != 4 || got[mailer.Queued] != 296 || r.kept != 0 {
			t.Errorf("%v, %d sent that were announced; want the 4 on the wire relayed", got, r.kept)
		}
		q.untouched(t)
	})
}

func TestWhatIsAnnouncedIsNotSentUnderAClaimWhoseLeaseHasPassed(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{}
		w := testWorker(q, r)
		w.Queue = unrenewed{q}
		var taken map[string]bool
		onTheWire(t, w, r, func(func()) {
			time.Sleep(16 * time.Minute) // the lease is fifteen
			taken = q.rescued()
		}, time.Minute)
		sent := 0
		for to := range taken {
			sent += r.tries[to]
		}
		if sent != 4 || len(taken) < 8 {
			t.Errorf("%d of %d that somebody else has taken back were sent; want the 4 alone that were on the wire by then", sent, len(taken))
		}
	})
}

// The books may be away for longer than a relay waits for a text.
func TestWhatIsAnnouncedOverAConnectionThatWasIdleGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 1), &memRelay{}
		l := &line{run: newRun(testWorker(q, r))}
		l.next, l.announced = letter{Job: l.claim(t.Context(), permit{n: 1})[0]}, l.connect(t.Context())
		time.Sleep(staleAfter)
		if l.takeAnnounced(t.Context()) || l.announced || l.session != nil || q.states()[mailer.Queued] != 1 {
			t.Errorf("announced %v, connected %v, %v", l.announced, l.session != nil, q.states())
		}
	})
}

// firstAnswered fails with err for the first n letters, and takes the others, each
// later than those.
func firstAnswered(n int, err *mailer.DeliveryError) *memRelay {
	r := &memRelay{}
	answered := 0
	r.answer = func(string, int) error {
		r.mu.Lock()
		answered++
		fails := answered <= n
		r.mu.Unlock()
		if fails {
			return err
		}
		time.Sleep(10 * time.Millisecond)
		return nil
	}
	return r
}

// E5: a connection that breaks, or that the relay ends, concerns what was on the wire.
// What was announced behind it is untouched, and goes out later by its first attempt.
func TestWhatIsAnnouncedOverAConnectionThatEndsIsUntouched(t *testing.T) {
	for state, err := range map[mailer.DeliveryState]*mailer.DeliveryError{
		mailer.Uncertain: {Stage: mailer.StageDot, Cause: io.ErrUnexpectedEOF},
		mailer.Deferred:  {Stage: mailer.StageDot, Reply: mailer.Reply{Code: 421, Enhanced: "4.3.2"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			q, r := newMemQueue(t, 300), firstAnswered(4, err)
			onTheWire(t, testWorker(q, r), r, func(func()) {}, 3*time.Minute)
			if got := q.states(); got[state] != 4 || got[mailer.Relayed] != 296 {
				t.Errorf("%v; want the 4 %s that were on the wire, and the others relayed", got, state)
			}
			for _, d := range q.rows {
				if d.attempts != 1 {
					t.Errorf("%d attempts for a delivery that is %s", d.attempts, d.state)
				}
			}
		})
	}
}

func TestWhatIsAnnouncedGoesBackWhenTheRelayWillNotServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), firstAnswered(4, &mailer.DeliveryError{Stage: mailer.StageMail, Reply: mailer.Reply{Code: 451, Enhanced: "4.3.2"}})
		onTheWire(t, testWorker(q, r), r, func(func()) {}, breakerFirst/2)
		if got := q.states(); got[mailer.Queued] != 300 || r.kept != 0 {
			t.Errorf("%v, %d sent that were announced; want all back in the queue until the relay serves again", got, r.kept)
		}
		q.untouched(t)
	})
}
