package deliver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// during runs a worker in a bubble of fake time for d, and what else is asked meanwhile.
func during(t *testing.T, q *memQueue, r *memRelay, d time.Duration, meanwhile func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- testWorker(q, r).Run(ctx) }()
	if meanwhile != nil {
		meanwhile()
	}
	time.Sleep(d) // of the bubble's time: nothing waits
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := q.states()[mailer.Sending]; n > 0 {
		t.Errorf("%d deliveries were left claimed after a graceful stop", n)
	}
	if r.broken > 0 {
		t.Errorf("%d letters were announced, and others sent in their place, or over a session that was over", r.broken)
	}
}

func TestEverybodyIsToldOnceByARelayThatAcceptsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 137), &memRelay{}
		during(t, q, r, time.Minute, nil)
		if got := q.states()[mailer.Relayed]; got != 137 {
			t.Fatalf("%d relayed of 137: %v", got, q.states())
		}
		for to, n := range r.tries {
			if n != 1 {
				t.Errorf("%s was told %d times", to, n)
			}
		}
		for _, s := range q.settled {
			if s.Duty != mailer.DutyMet || s.AttemptID.IsZero() {
				t.Errorf("settled with duty %q and attempt %s", s.Duty, s.AttemptID)
			}
		}
	})
}

func TestADeferredNoticeGoesOutLaterWithTheSameBytes(t *testing.T) { // E1
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 3)
		r := &memRelay{answer: func(_ string, try int) error {
			if try < 3 {
				return &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 451, Enhanced: "4.7.1"}}
			}
			return nil
		}}
		during(t, q, r, 2*time.Hour, nil)
		if q.states()[mailer.Relayed] != 3 {
			t.Fatalf("%v", q.states())
		}
		for to, all := range r.bytes {
			for _, b := range all {
				if !bytes.Equal(b, all[0]) {
					t.Errorf("%s got other bytes on a later try", to)
				}
			}
		}
	})
}

func TestAnUncertainNoticeIsSentAgainWithTheSameBytesOnlyAfterItsWait(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(_ string, try int) error {
			if try == 1 {
				return &mailer.DeliveryError{Stage: mailer.StageDot, Cause: io.ErrUnexpectedEOF}
			}
			return nil
		}}
		during(t, q, r, 9*time.Minute, nil)
		if q.states()[mailer.Uncertain] != 1 {
			t.Fatalf("after nine minutes: %v, want it uncertain still", q.states())
		}
		during(t, q, r, 3*time.Minute, nil)
		if q.states()[mailer.Relayed] != 1 || len(r.bytes["p0@example.org"]) != 2 || !bytes.Equal(r.bytes["p0@example.org"][0], r.bytes["p0@example.org"][1]) {
			t.Fatalf("%v, %d sendings", q.states(), len(r.bytes["p0@example.org"]))
		}
	})
}

func TestADeadAddressFailsTheDutyAndIsSuppressed(t *testing.T) { // E3
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}}
		}}
		during(t, q, r, time.Minute, nil)
		s := q.settled[0]
		if s.To != mailer.Rejected || s.Duty != mailer.DutyFailed || s.DutyReason != mailer.BlockAddressDead || s.Suppress == nil || s.Suppress.Scope != mailer.SuppressAddress {
			t.Fatalf("%+v", s)
		}
	})
}

func TestOurOwnStandingIsChargedToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 550, Enhanced: "5.7.1"}}
		}}
		during(t, q, r, time.Minute, nil)
		if s := q.settled[0]; s.To != mailer.Deferred || s.Class != mailer.ClassPolicy || s.Suppress != nil || s.Duty != "" {
			t.Fatalf("%+v", s)
		}
	})
}

func TestARelayThatIsAwayCostsNobodyAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 25), &memRelay{away: true}
		during(t, q, r, 10*time.Minute, nil)
		if q.states()[mailer.Queued] != 25 || len(q.settled) != 0 {
			t.Fatalf("%v, %d settled", q.states(), len(q.settled))
		}
		for _, d := range q.rows {
			if d.attempts != 0 {
				t.Fatalf("an attempt was charged to a person for a relay that was away")
			}
		}
	})
}

func TestAWorkerNoticesThatTheRelayIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 250), &memRelay{away: true}
		during(t, q, r, 2*time.Minute, func() {
			time.Sleep(10 * time.Minute)
			r.mu.Lock()
			r.away = false
			r.mu.Unlock()
		})
		if q.states()[mailer.Relayed] != 250 {
			t.Fatalf("two minutes after the relay came back: %v", q.states())
		}
	})
}

func TestAStoreThatIsAwayWhenATextIsLoadedIsNobodysFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 30), &memRelay{}
		texts := &failingSkeletons{failures: 5}
		w := testWorker(q, r)
		w.Skeletons = texts
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if q.states()[mailer.Relayed] != 30 || len(q.alerts) != 0 || texts.failures != 0 {
			t.Fatalf("%v, alerts %v", q.states(), q.alerts)
		}
	})
}

// failingSkeletons is a store that is away for the first looks.
type failingSkeletons struct {
	mu       sync.Mutex
	failures int
}

func (s *failingSkeletons) Skeleton(context.Context, []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		return nil, errors.New("connection refused")
	}
	return []byte("{}"), nil
}

func TestAMailboxWhoseAnswersAreAlwaysLostIsLeftToAPerson(t *testing.T) { // E5, D8
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &mailer.DeliveryError{Stage: mailer.StageDot, Cause: io.ErrUnexpectedEOF}
		}}
		during(t, q, r, 3*time.Hour, nil)
		if q.states()[mailer.Uncertain] != 1 || r.tries["p0@example.org"] != uncertainTries {
			t.Fatalf("%v after %d tries", q.states(), r.tries["p0@example.org"])
		}
		if last := q.alerts[len(q.alerts)-1]; last.Kind != mailer.AlertUncertainHeld {
			t.Errorf("alerts: %v", q.alerts)
		}
	})
}

func TestARetryThatPassesTheDeadlineRaisesAnAlert(t *testing.T) { // D8
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		q.rows[q.order[0]].DueAt = time.Now().Add(-time.Hour)
		r := &memRelay{answer: func(string, int) error {
			return &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 451, Enhanced: "4.3.0"}}
		}}
		during(t, q, r, time.Minute, nil)
		if len(q.alerts) == 0 || q.alerts[0].Kind != mailer.AlertRetryPastDeadline {
			t.Fatalf("alerts: %v", q.alerts)
		}
	})
}

func TestAGracefulStopFinishesWhatIsOnTheWireAndReleasesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 50), &memRelay{hold: make(chan struct{})}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- testWorker(q, r).Run(ctx) }()
		time.Sleep(time.Second)
		stop()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("the worker stopped with messages on the wire")
		default:
		}
		close(r.hold)
		<-done
		if got := q.states(); got[mailer.Relayed] != 4 || got[mailer.Queued] != 46 {
			t.Fatalf("%v; want the 4 on the wire relayed and 46 queued", got)
		}
	})
}

func TestADatabaseThatGoesAwayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 20), &memRelay{}
		q.beginErrs = 3
		during(t, q, r, time.Minute, nil)
		if q.states()[mailer.Relayed] != 20 {
			t.Fatalf("%v", q.states())
		}
	})
}

func TestASecondAttemptHasTheLinksOfTheFirstWhateverBecameOfTheKeys(t *testing.T) { // E1
	for name, c := range map[string]struct {
		change func(*memQueue) error
		want   mailer.DeliveryState
	}{
		"the keys are rotated": {func(q *memQueue) error { return q.ring.Rotate(mailer.TokenKey) }, mailer.Relayed},
		"the key is gone": {func(q *memQueue) error {
			q.ring = mailer.NewKeyring()
			q.ring.All(mailer.TokenKey)[0].ID = "z"
			return nil
		}, mailer.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newMemQueue(t, 1)
				r := &memRelay{answer: func(_ string, try int) error {
					if try == 1 {
						return &mailer.DeliveryError{Stage: mailer.StageDot, Cause: io.ErrUnexpectedEOF}
					}
					return nil
				}}
				during(t, q, r, time.Minute, nil)
				if err := c.change(q); err != nil {
					t.Fatal(err)
				}
				during(t, q, r, 15*time.Minute, nil)
				sent := r.bytes["p0@example.org"]
				if q.states()[c.want] != 1 {
					t.Fatalf("%v, %d sendings", q.states(), len(sent))
				}
				if c.want == mailer.Relayed && (len(sent) != 2 || !bytes.Equal(sent[0], sent[1])) {
					t.Errorf("the second of %d sendings has other bytes", len(sent))
				}
				if c.want == mailer.Rejected && (len(sent) != 1 || len(q.alerts) != 1 || q.alerts[0].Kind != mailer.AlertCannotCompose) {
					t.Errorf("%d sendings, alerts %v", len(sent), q.alerts)
				}
			})
		})
	}
}

func TestAnAttemptPutsTheKeyOfItsLinksOnRecordAndNoToken(t *testing.T) { // R3
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		during(t, q, &memRelay{}, time.Minute, nil)
		d := q.rows[q.order[0]]
		tokens := mailer.Tokens{Keys: q.ring}.Notice(d.ContactID, d.DeliveryID)
		for name, value := range d.Slots {
			if strings.Contains(value, tokens.Notice) || strings.Contains(value, tokens.Objection) {
				t.Errorf("the value %s holds a token", name)
			}
		}
		if d.Slots[mailer.SlotTokenKey] != q.ring.Newest(mailer.TokenKey).ID {
			t.Errorf("values %v: the key of the links is not among them", d.Slots)
		}
	})
}

func TestBytesThatDifferFromTheFirstAttemptAreNotSent(t *testing.T) { // E1
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 1), &memRelay{}
		d := q.rows[q.order[0]]
		d.Slots, d.SHA256, d.ComposedAt = mailer.Slots{"date": "then"}, []byte("another hash"), time.Now()
		during(t, q, r, time.Minute, nil)
		if len(r.tries) != 0 || q.states()[mailer.Rejected] != 1 || len(q.alerts) != 1 || q.alerts[0].Kind != mailer.AlertCannotCompose {
			t.Fatalf("sent %v, %v, alerts %v", r.tries, q.states(), q.alerts)
		}
	})
}
