package deliver

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// memJournal keeps a journal in memory, and gives out what a test says that others left.
type memJournal struct {
	mu     sync.Mutex
	notes  []mailer.Settlement
	open   map[mailer.ID]bool // claims
	full   bool               // nothing can be written
	gone   bool               // nor until no claim is open in it
	left   []Leftover
	claims int
}

var errFull = errors.New("no space left on device")

func (j *memJournal) Claimed(claim mailer.ID) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.full || j.gone && len(j.open) > 0 {
		return errFull
	}
	j.gone = false
	if j.open == nil {
		j.open = map[mailer.ID]bool{}
	}
	j.open[claim] = true
	j.claims++
	return nil
}

func (j *memJournal) Note(s mailer.Settlement) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.full || j.gone {
		return errFull
	}
	j.notes = append(j.notes, s)
	return nil
}

func (j *memJournal) Ended(claim mailer.ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, claim)
}

func (j *memJournal) Replay(fn func(Leftover) error) error {
	j.mu.Lock()
	left := j.left
	j.mu.Unlock()
	for _, l := range left {
		if err := fn(l); err != nil {
			return err
		}
	}
	j.mu.Lock()
	j.left = nil
	j.mu.Unlock()
	return nil
}

func (j *memJournal) setFull(full bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.full, j.gone = full, j.gone || full
}

// of gives all that was noted of a delivery.
func (j *memJournal) of(delivery mailer.ID) (to []mailer.DeliveryState) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.notes {
		if s.DeliveryID == delivery {
			to = append(to, s.To)
		}
	}
	return to
}

// journaledQueue holds that what is settled stands in the journal by then.
type journaledQueue struct {
	*memQueue
	j *memJournal
}

func (q journaledQueue) Settle(ctx context.Context, batch []mailer.Settlement) ([]mailer.ID, error) {
	for _, s := range batch {
		if to := q.j.of(s.DeliveryID); len(to) == 0 || to[len(to)-1] != s.To {
			q.t.Errorf("%s is settled, and the journal has %v", s.To, to)
		}
	}
	return q.memQueue.Settle(ctx, batch)
}

func (q *memQueue) byAddress(to string) *memDelivery {
	for _, d := range q.rows {
		if d.To == to {
			return d
		}
	}
	return nil
}

// E5: whatever instant a process is killed at, the journal knows which texts may have left.
func TestAnAttemptIsNotedBeforeItsTextLeavesAndItsAnswerBeforeItIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 200), &memJournal{}
		answers := []error{nil, nil, &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 451}}, &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}},
			&mailer.DeliveryError{Stage: mailer.StageDot, Cause: io.ErrUnexpectedEOF}}
		r := &memRelay{answer: func(to string, _ int) error {
			d := q.byAddress(to)
			if noted := j.of(d.DeliveryID); len(noted) == 0 || noted[len(noted)-1] != mailer.Uncertain {
				t.Errorf("a text left, and the journal has %v", noted)
			}
			return answers[int(d.AddressHash[0])%len(answers)]
		}}
		w := testWorker(q, r)
		w.Queue, w.Journal, w.Options.Ahead = journaledQueue{q, j}, j, 64
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(5 * time.Minute)
		stop()
		<-done
		if got := q.states(); got[mailer.Relayed] < 80 || got[mailer.Rejected] != 40 || got[mailer.Uncertain] == 0 {
			t.Errorf("%v: too little has happened", got)
		}
		if len(j.open) != 0 {
			t.Errorf("%d claims are open in the journal of a worker that has stopped", len(j.open))
		}
	})
}

func TestWhatIsAnnouncedAndNotSentIsNotInTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r, j := newMemQueue(t, 300), &memRelay{}, &memJournal{}
		w := testWorker(q, r)
		w.Journal = j
		onTheWire(t, w, r, func(stop func()) { stop() }, time.Second)
		if len(j.notes) != 8 {
			t.Errorf("%d lines, want two for each of the 4 letters that were on the wire", len(j.notes))
		}
	})
}

func TestARelayThatTookNothingIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 1), &memJournal{}
		w := testWorker(q, &memRelay{answer: func(string, int) error { return &mailer.DeliveryError{Stage: mailer.StageMail, Cause: io.EOF} }})
		w.Journal = j
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Second)
		stop()
		<-done
		if to := j.of(q.order[0]); len(to) < 2 || !slices.Equal(to[:2], []mailer.DeliveryState{mailer.Uncertain, mailer.Queued}) {
			t.Errorf("the journal has %v", to)
		}
	})
}

// leftover is what a worker leaves that had begun 8 attempts: of the first four it knew
// an answer, the fifth was on the wire, the others had not touched it.
func leftover(t *testing.T, q *memQueue, whole bool) Leftover {
	t.Helper()
	now := time.Now()
	claim := mailer.NewID(now)
	jobs, err := q.Claim(t.Context(), mailer.ID{}, claim, 8, now, time.Hour)
	if err != nil || len(jobs) != 8 {
		t.Fatal(len(jobs), err)
	}
	left := Leftover{Worker: mailer.NewID(now), Claims: []mailer.ID{claim, mailer.NewID(now)}, Whole: whole}
	var as []mailer.Attempt
	for i, to := range []mailer.DeliveryState{mailer.Relayed, mailer.Rejected, mailer.Deferred, mailer.Queued, mailer.Uncertain, "", "", ""} {
		a := mailer.Attempt{ID: mailer.NewID(now), DeliveryID: jobs[i].DeliveryID, ClaimID: claim, Number: 1}
		as = append(as, a)
		if to != "" {
			s := jobs[i].Settlement(to, "", now)
			s.AttemptID, s.ReadyAt = a.ID, now.Add(time.Hour)
			left.Ends = append(left.Ends, s)
		}
	}
	if _, err := q.Begin(t.Context(), as, now); err != nil {
		t.Fatal(err)
	}
	return left
}

func TestWhatAKilledWorkerLeftIsSettledAndTheRestReleasedUncharged(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		for whole, want := range map[bool]map[mailer.DeliveryState]int{
			true:  {mailer.Relayed: 1, mailer.Rejected: 1, mailer.Deferred: 1, mailer.Uncertain: 1, mailer.Queued: 4},
			false: {mailer.Relayed: 1, mailer.Rejected: 1, mailer.Deferred: 1, mailer.Uncertain: 1, mailer.Sending: 4}, // of which texts may have left: their lease passes
		} {
			q := newMemQueue(t, 8)
			r := newRun(testWorker(q, &memRelay{}))
			left := leftover(t, q, whole)
			for range 2 { // killed itself, it begins again
				if err := r.settleLeftover(t.Context(), left); err != nil {
					t.Fatal(err)
				}
				if got := q.states(); !equalCounts(got, want) {
					t.Errorf("whole %v: %v, want %v", whole, got, want)
				}
			}
			if whole {
				q.untouched(t)
			}
		}
	})
}

func equalCounts(a, b map[mailer.DeliveryState]int) bool {
	for _, s := range mailer.DeliveryStates {
		if a[s] != b[s] {
			return false
		}
	}
	return true
}

// awayQueue is a store that does not settle for a while.
type awayQueue struct {
	*memQueue
	away *int // so many times
	j    *memJournal
}

func (q awayQueue) Settle(ctx context.Context, batch []mailer.Settlement) ([]mailer.ID, error) {
	if *q.away > 0 {
		if *q.away--; q.j.claims > 0 {
			q.t.Error("it claims before it has settled what others left")
		}
		return nil, errors.New("connection refused")
	}
	return q.memQueue.Settle(ctx, batch)
}

func TestAWorkerSettlesWhatOthersLeftBeforeItClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j, away := newMemQueue(t, 20), &memJournal{}, 5
		j.left = []Leftover{leftover(t, q, true)}
		w := testWorker(q, &memRelay{})
		w.Queue, w.Journal = awayQueue{q, &away, j}, j
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if got := q.states(); away != 0 || got[mailer.Relayed] != 17 || got[mailer.Rejected] != 1 || got[mailer.Uncertain] != 1 {
			t.Errorf("%v, away %d times more", got, away)
		}
	})
}

// refusing is a queue that never takes what a journal has.
type refusing struct{ *memQueue }

func (q refusing) Settle(ctx context.Context, batch []mailer.Settlement) ([]mailer.ID, error) {
	if slices.ContainsFunc(batch, func(s mailer.Settlement) bool { return s.Reply == "poison" }) {
		return nil, errors.New("a check of the database refuses it")
	}
	return q.memQueue.Settle(ctx, batch)
}

func TestAJournalThatTheDatabaseRefusesKeepsNobodyFromWorking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 20), &memJournal{}
		left := leftover(t, q, true)
		left.Ends[0].Reply = "poison"
		j.left = []Leftover{left}
		w := testWorker(q, &memRelay{})
		w.Queue, w.Journal = refusing{q}, j
		working(t, w, func() { time.Sleep(2 * time.Minute) })
		if got := q.states(); got[mailer.Relayed] < 12 || len(j.left) != 1 {
			t.Errorf("%v, %d journals left; want the rest of the queue told, and the journal kept", got, len(j.left))
		}
	})
}

func TestAWorkerFindsInMidRunWhatOthersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 8), &memJournal{}
		left := leftover(t, q, true)
		w := testWorker(q, &memRelay{})
		w.Journal = j
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		j.mu.Lock()
		j.left = []Leftover{left}
		j.mu.Unlock()
		time.Sleep(replayEvery + time.Second)
		stop()
		<-done
		if got := q.states(); got[mailer.Relayed] != 5 || got[mailer.Sending] != 0 {
			t.Errorf("%v", got)
		}
	})
}

// heldCopy is a copy of the database that nobody has confirmed.
type heldCopy struct{ InstanceStore }

func (heldCopy) Recognise(context.Context, time.Time) (Instance, error) {
	return Instance{HeldAt: time.Now(), HeldReason: "it stands on another server"}, nil
}

func TestACopyThatIsHeldLeavesTheJournalToTheOneThatSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 8), &memJournal{}
		j.left = []Leftover{leftover(t, q, true)}
		q.lane = mailer.LanePaused // a held copy gives no claims
		w := testWorker(q, &memRelay{})
		w.Journal, w.Instances = j, heldCopy{}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if len(j.left) != 1 || len(q.settled) != 0 || j.claims != 1 {
			t.Errorf("%d journals are left, %d settled, %d claims: want it to run, and to leave the journal alone", len(j.left), len(q.settled), j.claims)
		}
	})
}

// waits counts what a worker waited for.
type waits struct {
	noMeter
	mu sync.Mutex
	on map[Wait]time.Duration
}

func (w *waits) Waited(on Wait, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on[on] += d
}

func (w *waits) waited(on Wait) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.on[on]
}

func TestAWorkerThatCannotWriteItsJournalSendsNothingAndGoesOnWhenItCan(t *testing.T) {
	for _, batch := range []int{10, 400} { // more to claim, or an empty queue, when it begins
		synctest.Test(t, func(t *testing.T) { cannotWrite(t, batch) })
	}
}

func cannotWrite(t *testing.T, batch int) {
	q, j, m := newMemQueue(t, 300), &memJournal{}, &waits{on: map[Wait]time.Duration{}}
	sent := 0
	r := &memRelay{}
	r.answer = func(string, int) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if sent++; sent == 50 {
			j.setFull(true)
		}
		return nil
	}
	w := testWorker(q, r)
	w.Journal, w.Meter, w.Options.Ahead, w.Options.Batch = j, m, 64, batch
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	if got := q.states(); got[mailer.Relayed] != sent || sent < 50 || sent > 53 || got[mailer.Queued] != 300-sent || m.waited(WaitJournal) < 9*time.Minute {
		t.Errorf("with a full disk %d were sent, %v, waited %v", sent, got, m.waited(WaitJournal))
	}
	q.untouched(t)
	if r.opened > 8 {
		t.Errorf("%d connections were opened for letters that may not go", r.opened)
	}
	j.setFull(false)
	time.Sleep(10 * time.Second)
	stop()
	<-done
	if got := q.states(); got[mailer.Relayed] != 300 || r.broken != 0 {
		t.Errorf("with room again: %v, %d promises broken", got, r.broken)
	}
	for to, n := range r.tries {
		if n != 1 {
			t.Errorf("%s was told %d times", to, n)
		}
	}
}

func TestAnEmptyQueueWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, j := newMemQueue(t, 0), &memJournal{}
		w := testWorker(q, &memRelay{})
		w.Journal = j
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Hour)
		stop()
		<-done
		if j.claims != 1 || len(j.open) != 0 {
			t.Errorf("%d claims were noted in an hour of nothing, %d are open at its end", j.claims, len(j.open))
		}
	})
}
