package mailer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memQueue is a queue in memory that refuses what the database refuses: moves
// that are not legal, and settlements whose claim has passed.
type memQueue struct {
	t  *testing.T
	mu sync.Mutex

	rows      map[ID]*memDelivery
	order     []ID
	lane      LaneState
	settled   []Settlement
	alerts    []Alert
	beginErrs int // so many Begins fail first
}

type memDelivery struct {
	Job
	state    DeliveryState
	readyAt  time.Time
	attempts int
	open     *Attempt
}

func newMemQueue(t *testing.T, n int) *memQueue {
	q := &memQueue{t: t, rows: map[ID]*memDelivery{}, lane: LaneOpen}
	for i := range n {
		id := NewID(time.Now())
		q.order = append(q.order, id)
		q.rows[id] = &memDelivery{state: Queued, Job: Job{ContactID: NewID(time.Now()), DeliveryID: id, Lane: 1, Document: DocNotice,
			To: fmt.Sprintf("p%d@example.org", i), SkeletonHash: []byte{1}, DueAt: time.Now().Add(24 * time.Hour), AddressHash: []byte{byte(i)}}}
	}
	return q
}

func (q *memQueue) move(d *memDelivery, to DeliveryState) {
	if !slices.Contains(DeliveryMoves[d.state], to) {
		q.t.Errorf("delivery moved from %s to %s", d.state, to)
	}
	d.state = to
}

func (q *memQueue) Claim(_ context.Context, _ ID, claim ID, limit int, now time.Time, lease time.Duration) ([]Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []Job
	for _, id := range q.order {
		d := q.rows[id]
		if q.lane != LaneOpen || d.state != Queued || len(out) == limit {
			continue
		}
		q.move(d, Sending)
		d.ClaimID, d.LeaseUntil, d.Attempts = claim, now.Add(lease), d.attempts
		out = append(out, d.Job)
	}
	return out, nil
}

func (q *memQueue) Begin(_ context.Context, attempts []Attempt, _ time.Time) (map[ID]bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.beginErrs > 0 {
		q.beginErrs--
		return nil, errors.New("the database is away")
	}
	out := map[ID]bool{}
	for _, a := range attempts {
		d := q.rows[a.DeliveryID]
		if d.state != Sending || d.ClaimID != a.ClaimID {
			continue
		}
		d.open, out[a.ID] = &a, true
		d.attempts++
		if a.Message != nil {
			d.Slots, d.SHA256, d.ComposedAt = a.Message.Slots, a.Message.SHA256, a.Message.ComposedAt
		}
	}
	return out, nil
}

func (q *memQueue) Settle(_ context.Context, batch []Settlement) (fenced []ID, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range batch {
		d := q.rows[s.DeliveryID]
		if d.state != Sending || d.ClaimID != s.ClaimID {
			fenced = append(fenced, s.DeliveryID)
			continue
		}
		q.move(d, s.To)
		d.readyAt, d.open = s.ReadyAt, nil
		q.settled = append(q.settled, s)
		if s.Alert != nil {
			q.alerts = append(q.alerts, *s.Alert)
		}
	}
	return fenced, nil
}

func (q *memQueue) Release(_ context.Context, claim ID, ids []ID) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range ids {
		if d := q.rows[id]; d.state == Sending && d.ClaimID == claim {
			q.move(d, Queued)
			if d.open != nil {
				d.open = nil
				d.attempts--
			}
		}
	}
	return nil
}

func (q *memQueue) Renew(context.Context, ID, time.Time) error { return nil }

func (q *memQueue) Wake(_ context.Context, _ ID, now time.Time, resend bool, _ int) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.rows {
		if (d.state == Deferred || d.state == Uncertain && resend) && !d.readyAt.After(now) {
			q.move(d, Queued)
			n++
		}
	}
	return n, nil
}

func (q *memQueue) Rescue(context.Context, ID, time.Time, time.Time, int) (int, int, error) {
	return 0, 0, nil
}

func (q *memQueue) Lanes(context.Context, ID) ([]Lane, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return []Lane{{ID: 1, State: q.lane}}, nil
}

func (q *memQueue) FinishCampaigns(context.Context, ID, time.Time) ([]string, error) { return nil, nil }
func (q *memQueue) FoldCounters(context.Context) error                               { return nil }

func (q *memQueue) states() map[DeliveryState]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[DeliveryState]int{}
	for _, d := range q.rows {
		out[d.state]++
	}
	return out
}

// memRelay answers by the try of each address.
type memRelay struct {
	mu     sync.Mutex
	away   bool
	answer func(to string, try int) error
	tries  map[string]int
	bytes  map[string][][]byte
	opened int
	hold   chan struct{} // a Send waits for it once MAIL is said
}

func (r *memRelay) Name() string { return "mem" }

func (r *memRelay) Open(context.Context) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, &DeliveryError{Stage: StageConnect, Cause: errors.New("refused")}
	}
	r.opened++
	return &memSession{r, true}, nil
}

type memSession struct {
	r     *memRelay
	alive bool
}

func (s *memSession) Send(ctx context.Context, m Message) (Reply, error) {
	if ctx.Err() != nil {
		return Reply{}, &DeliveryError{Stage: StageMail, Cause: ctx.Err()}
	}
	s.r.mu.Lock()
	if s.r.tries == nil {
		s.r.tries, s.r.bytes = map[string]int{}, map[string][][]byte{}
	}
	s.r.tries[m.To]++
	try := s.r.tries[m.To]
	s.r.bytes[m.To] = append(s.r.bytes[m.To], m.Bytes)
	hold := s.r.hold
	s.r.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if s.r.answer != nil {
		if err := s.r.answer(m.To, try); err != nil {
			var lost *DeliveryError
			s.alive = !(errors.As(err, &lost) && lost.Reply.Code == 0)
			return Reply{}, err
		}
	}
	return Reply{Code: 250, Enhanced: "2.0.0"}, nil
}

func (s *memSession) Alive() bool  { return s.alive }
func (s *memSession) Close() error { return nil }

// memComposer writes the slots into the bytes, so that other values are other bytes.
type memComposer struct{ Composer }

func (memComposer) Slots(_ *Register, in SlotInput) (Slots, error) {
	return Slots{"date": in.Now.UTC().Format(time.RFC3339Nano), SlotObjectURL: "https://x.example/o/" + in.Tokens.Objection}, nil
}

func (memComposer) Compose(_ []byte, s Slots, h Headers) (Message, error) {
	b := []byte(s["date"] + s[SlotObjectURL] + h.Date.UTC().Format(time.RFC3339Nano) + h.To)
	sum := sha256.Sum256(b)
	return Message{EnvelopeFrom: h.EnvelopeFrom, To: h.To, Bytes: b, SHA256: sum[:]}, nil
}

type memRegisters struct{ RegisterStore }

func (memRegisters) RegisterVersion(context.Context, ID) (RegisterVersion, error) {
	return RegisterVersion{}, nil
}

type memSkeletons struct{}

func (memSkeletons) Skeleton(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }

type noMeter struct{}

func (noMeter) Attempt(DeliveryState, ReplyClass, time.Duration) {}
func (noMeter) Claimed(int)                                      {}
func (noMeter) Fenced(int)                                       {}
func (noMeter) Rescued(int, int)                                 {}
func (noMeter) RelayAway()                                       {}
func (noMeter) HandedOver(time.Duration, time.Duration)          {}

func testWorker(q *memQueue, r *memRelay) *Worker {
	return &Worker{Queue: q, Relay: r, Composer: memComposer{}, Skeletons: memSkeletons{}, Tokens: Tokens{NewKeyring()},
		Registers: &Registers{Store: memRegisters{}, Parse: func([]byte) (*Register, error) { return &Register{}, nil }},
		Now:       time.Now, After: time.After, Jitter: func() float64 { return 0.5 }, Meter: noMeter{},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Options: WorkerOptions{Connections: 4, Batch: 10}}
}

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
	if n := q.states()[Sending]; n > 0 {
		t.Errorf("%d deliveries were left claimed after a graceful stop", n)
	}
}

func TestEverybodyIsToldOnceByARelayThatAcceptsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 137), &memRelay{}
		during(t, q, r, time.Minute, nil)
		if got := q.states()[Relayed]; got != 137 {
			t.Fatalf("%d relayed of 137: %v", got, q.states())
		}
		for to, n := range r.tries {
			if n != 1 {
				t.Errorf("%s was told %d times", to, n)
			}
		}
		for _, s := range q.settled {
			if s.Duty != DutyMet || s.AttemptID.IsZero() {
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
				return &DeliveryError{Stage: StageRcpt, Reply: Reply{Code: 451, Enhanced: "4.7.1"}}
			}
			return nil
		}}
		during(t, q, r, 2*time.Hour, nil)
		if q.states()[Relayed] != 3 {
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
				return &DeliveryError{Stage: StageDot, Cause: io.ErrUnexpectedEOF}
			}
			return nil
		}}
		during(t, q, r, 9*time.Minute, nil)
		if q.states()[Uncertain] != 1 {
			t.Fatalf("after nine minutes: %v, want it uncertain still", q.states())
		}
		during(t, q, r, 3*time.Minute, nil)
		if q.states()[Relayed] != 1 || len(r.bytes["p0@example.org"]) != 2 || !bytes.Equal(r.bytes["p0@example.org"][0], r.bytes["p0@example.org"][1]) {
			t.Fatalf("%v, %d sendings", q.states(), len(r.bytes["p0@example.org"]))
		}
	})
}

func TestADeadAddressFailsTheDutyAndIsSuppressed(t *testing.T) { // E3
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &DeliveryError{Stage: StageRcpt, Reply: Reply{Code: 550, Enhanced: "5.1.1"}}
		}}
		during(t, q, r, time.Minute, nil)
		s := q.settled[0]
		if s.To != Rejected || s.Duty != DutyFailed || s.DutyReason != BlockAddressDead || s.Suppress == nil || s.Suppress.Scope != SuppressAddress {
			t.Fatalf("%+v", s)
		}
	})
}

func TestOurOwnStandingIsChargedToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &DeliveryError{Stage: StageRcpt, Reply: Reply{Code: 550, Enhanced: "5.7.1"}}
		}}
		during(t, q, r, time.Minute, nil)
		if s := q.settled[0]; s.To != Deferred || s.Class != ClassPolicy || s.Suppress != nil || s.Duty != "" {
			t.Fatalf("%+v", s)
		}
	})
}

func TestARelayThatIsAwayCostsNobodyAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 25), &memRelay{away: true}
		during(t, q, r, 10*time.Minute, nil)
		if q.states()[Queued] != 25 || len(q.settled) != 0 {
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
		if q.states()[Relayed] != 250 {
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
		if q.states()[Relayed] != 30 || len(q.alerts) != 0 || texts.failures != 0 {
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
		r := &memRelay{answer: func(string, int) error { return &DeliveryError{Stage: StageDot, Cause: io.ErrUnexpectedEOF} }}
		during(t, q, r, 3*time.Hour, nil)
		if q.states()[Uncertain] != 1 || r.tries["p0@example.org"] != uncertainTries {
			t.Fatalf("%v after %d tries", q.states(), r.tries["p0@example.org"])
		}
		if last := q.alerts[len(q.alerts)-1]; last.Kind != "uncertain_held" {
			t.Errorf("alerts: %v", q.alerts)
		}
	})
}

func TestARetryThatPassesTheDeadlineRaisesAnAlert(t *testing.T) { // D8
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		q.rows[q.order[0]].DueAt = time.Now().Add(-time.Hour)
		r := &memRelay{answer: func(string, int) error {
			return &DeliveryError{Stage: StageRcpt, Reply: Reply{Code: 451, Enhanced: "4.3.0"}}
		}}
		during(t, q, r, time.Minute, nil)
		if len(q.alerts) == 0 || q.alerts[0].Kind != "retry_past_deadline" {
			t.Fatalf("alerts: %v", q.alerts)
		}
	})
}

func TestAPauseStopsFurtherSendingWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 500)
		r := &memRelay{answer: func(string, int) error { time.Sleep(100 * time.Millisecond); return nil }}
		var atPause, afterASecond int
		during(t, q, r, time.Minute, func() {
			time.Sleep(2 * time.Second)
			q.mu.Lock()
			q.lane = LanePaused
			q.mu.Unlock()
			atPause = q.states()[Relayed]
			time.Sleep(time.Second)
			afterASecond = q.states()[Relayed]
		})
		if atPause == 0 || afterASecond == 500 {
			t.Fatalf("the test saw no pause: %d, %d", atPause, afterASecond)
		}
		if got := q.states(); got[Relayed] != afterASecond || got[Queued] != 500-afterASecond {
			t.Fatalf("sent on after the pause: %v, %d a second after it", got, afterASecond)
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
		if got := q.states(); got[Relayed] != 4 || got[Queued] != 46 {
			t.Fatalf("%v; want the 4 on the wire relayed and 46 queued", got)
		}
	})
}

func TestADatabaseThatGoesAwayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 20), &memRelay{}
		q.beginErrs = 3
		during(t, q, r, time.Minute, nil)
		if q.states()[Relayed] != 20 {
			t.Fatalf("%v", q.states())
		}
	})
}

func TestBytesThatDifferFromTheFirstAttemptAreNotSent(t *testing.T) { // E1
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 1), &memRelay{}
		d := q.rows[q.order[0]]
		d.Slots, d.SHA256, d.ComposedAt = Slots{"date": "then"}, []byte("another hash"), time.Now()
		during(t, q, r, time.Minute, nil)
		if len(r.tries) != 0 || q.states()[Rejected] != 1 || len(q.alerts) != 1 || q.alerts[0].Kind != "cannot_compose" {
			t.Fatalf("sent %v, %v, alerts %v", r.tries, q.states(), q.alerts)
		}
	})
}
