package deliver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/plan"
	"article14/mailer/rights"
)

type oneNotice struct {
	rights.Store
	n rights.SentNotice
}

func (s oneNotice) NoticeFor(context.Context, mailer.ID, mailer.ID, mailer.ID) (rights.SentNotice, error) {
	return s.n, nil
}

func TestAnObjectionLinkOpensNothingWhereThereIsNoRightToObject(t *testing.T) { // R10
	reg := &mailer.Register{Activities: []mailer.Activity{{Key: "a", Purposes: []mailer.Purpose{{Key: "p", Basis: mailer.LegalObligation}}}}}
	r := &rights.Rights{Store: oneNotice{n: rights.SentNotice{ActivityKey: "a", Languages: "en"}}, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Now: time.Now,
		Registers: &mailer.Registers{Store: memRegisters{}, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}
	token := r.Tokens.Make(mailer.Link{Purpose: mailer.TokenObjection})
	if _, err := r.Object(t.Context(), token, "page", ""); !errors.Is(err, mailer.ErrNoSuchLink) {
		t.Errorf("POST: %v", err)
	}
	if _, err := r.Objection(t.Context(), token, ""); !errors.Is(err, mailer.ErrNoSuchLink) {
		t.Errorf("GET: %v", err)
	}
	if _, err := r.Object(t.Context(), r.Tokens.Make(mailer.Link{Purpose: mailer.TokenNotice}), "page", ""); !errors.Is(err, mailer.ErrNoSuchLink) {
		t.Errorf("a notice's token objected: %v", err)
	}
}

type fencedQueue struct{ *memQueue }

func (q fencedQueue) Begin(context.Context, []mailer.Attempt, time.Time) (map[mailer.ID]bool, error) {
	return map[mailer.ID]bool{}, nil // another worker has the claims by now
}

func TestADeliveryWhoseClaimHasPassedIsNotSent(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 3), &memRelay{}
		w := testWorker(q, r)
		w.Queue = fencedQueue{q}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if len(r.tries) != 0 || len(q.settled) != 0 {
			t.Fatalf("sent %v, settled %d", r.tries, len(q.settled))
		}
	})
}

func concluded(t *testing.T, j mailer.Job, err error) mailer.Settlement {
	t.Helper()
	q, r := newMemQueue(t, 0), &memRelay{}
	w := testWorker(q, r)
	return newRun(w).conclude(j, mailer.Attempt{ID: mailer.NewID(time.Now()), Number: 1, BegunAt: time.Now()}, mailer.Reply{Code: 250}, err)
}

func TestCorrespondenceNeverMovesADuty(t *testing.T) { // R9
	for name, err := range map[string]error{"taken": nil, "refused": &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}}} {
		if end := concluded(t, mailer.Job{Document: mailer.DocObjectionReceipt}, err); end.Duty != "" || end.DutyReason != "" {
			t.Errorf("%s: duty %q %q", name, end.Duty, end.DutyReason)
		}
	}
}

func TestADeadAddressIsSuppressedByItsOwnHashAndKey(t *testing.T) {
	end := concluded(t, mailer.Job{Document: mailer.DocNotice, AddressHash: []byte{7}, AddressKeyID: "a"}, &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}})
	if s := end.Suppress; s == nil || string(s.Hash) != "\x07" || s.KeyID != "a" || s.Kind != mailer.ByEmail {
		t.Fatalf("%+v", s)
	}
}

func TestAnErrorThatIsNoDeliveryErrorIsTheRelaysFault(t *testing.T) {
	if end := concluded(t, mailer.Job{}, errors.New("something else")); end.To != mailer.Queued {
		t.Fatalf("%s", end.To)
	}
}

func TestPatienceCountsFromTheFirstAttempt(t *testing.T) { // RFC 5321 4.5.4.1
	late := &mailer.DeliveryError{Stage: mailer.StageRcpt, Reply: mailer.Reply{Code: 451}}
	if end := concluded(t, mailer.Job{Document: mailer.DocNotice, ComposedAt: time.Now().Add(-6 * 24 * time.Hour)}, late); end.To != mailer.Rejected || end.Duty != mailer.DutyFailed || end.DutyReason != mailer.BlockRefused {
		t.Fatalf("%+v", end)
	}
}

func TestAPauseStopsFurtherSendingWithinASecondAndWhatIsClaimedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 500)
		r := &memRelay{answer: func(string, int) error { time.Sleep(100 * time.Millisecond); return nil }}
		w := testWorker(q, r)
		w.Options.Batch = 400 // ten seconds' work is claimed
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(2 * time.Second)
		q.mu.Lock()
		q.lane = mailer.LanePaused
		q.mu.Unlock()
		time.Sleep(time.Second)
		after := q.states()[mailer.Relayed]
		time.Sleep(time.Minute)
		if got := q.states(); got[mailer.Relayed] != after || got[mailer.Queued] != 500-after {
			t.Errorf("sent on after the pause: %v, %d a second after it", got, after)
		}
		stop()
		<-done
	})
}

// Between a resume and the next look at the lanes a worker must not claim and give back
// the same letters over and over.
func TestALaneThatIsResumedIsSentFromAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &givingBack{memQueue: newMemQueue(t, 500)}
		w := testWorker(q.memQueue, &memRelay{answer: func(string, int) error { time.Sleep(10 * time.Millisecond); return nil }})
		w.Queue, w.Options.Batch, w.Options.Idle = q, 100, 110*time.Millisecond
		set := func(state mailer.LaneState) {
			q.memQueue.mu.Lock()
			defer q.memQueue.mu.Unlock()
			q.lane = state
		}
		working(t, w, func() {
			set(mailer.LanePaused)
			time.Sleep(5*time.Second + time.Millisecond) // not at an instant at which it looks
			q.count = 0
			set(mailer.LaneOpen)
			time.Sleep(10 * time.Second)
			if got := q.states(); got[mailer.Relayed] != 500 || q.count > 0 {
				t.Errorf("%v, %d given back since it was resumed", got, q.count)
			}
		})
	})
}

func TestTheBreakerWaitsLongerEachTimeAndLetsOneTryAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &breaker{now: time.Now, after: time.After}
		for _, want := range []time.Duration{breakerFirst, 2 * breakerFirst, 4 * breakerFirst} {
			b.failed()
			began := time.Now()
			if !b.wait(t.Context()) || time.Since(began) != want {
				t.Errorf("waited %s, want %s", time.Since(began), want)
			}
		}
		second := make(chan bool, 1)
		go func() { second <- b.wait(t.Context()) }()
		synctest.Wait()
		time.Sleep(time.Hour)
		select {
		case <-second:
			t.Error("two tried at once")
		default:
		}
		b.worked()
		if !<-second || b.open() {
			t.Error("an answer did not free the others")
		}
		b.failed()
		if time.Sleep(time.Hour); !b.wait(t.Context()) {
			t.Error("a relay that fails anew is not tried again")
		}
	})
}

func TestAGivenUpTryTellsThatItsDateHasPassed(t *testing.T) { // D8
	now := time.Unix(1e9, 0)
	if _, past, ok := DefaultRetry.Next(20, now.Add(-6*24*time.Hour), now, now.Add(-time.Hour), 0); ok || !past {
		t.Errorf("past %v, ok %v", past, ok)
	}
	if at, _, _ := DefaultRetry.Next(1, now, now, now.Add(time.Hour*99), 0); at.Sub(now) != 4*time.Minute {
		t.Errorf("least jitter: %s", at.Sub(now))
	}
}

func placer() plan.Placer {
	zone := time.UTC
	return plan.Placer{
		Register:  &mailer.Register{Controller: mailer.Controller{Zone: zone, Country: "FR"}, Sources: []mailer.Source{{Key: "s"}, {Key: "w", Unknown: mailer.UnknownIsRestricted}}},
		Activity:  mailer.Activity{Key: "a", Retention: mailer.Retention{Period: calendar.Period{Years: 1}}},
		Available: func(l string) bool { return l == "fr" || l == "en" }, Now: time.Date(2026, 3, 1, 12, 0, 0, 0, zone),
	}
}

func cand(change func(*mailer.Candidate)) mailer.Candidate {
	due := func(d int) mailer.Duty {
		return mailer.Duty{ID: mailer.ID{byte(d)}, State: mailer.DutyOpen, Due: mailer.Due{At: time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC)}}
	}
	c := mailer.Candidate{Contact: mailer.Contact{Name: "A B", Country: "FR", FirstObtainedAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)},
		Duties: []mailer.Duty{due(9), due(5)}, Acquisitions: []mailer.Acquisition{{SourceKey: "s", Visibility: mailer.VisiblePublic}},
		Addresses: []mailer.Channel{{Identifier: mailer.Identifier{ID: mailer.ID{1}, Kind: mailer.ByEmail, Value: "a.b@example.org"}}}}
	if change != nil {
		change(&c)
	}
	return c
}

// What is left where all is quarantined: a notice that names no source.
func TestANoticeAlwaysNamesASource(t *testing.T) {
	c := cand(func(c *mailer.Candidate) {
		c.Acquisitions = []mailer.Acquisition{{SourceKey: "w", Visibility: mailer.VisibleUnknown}}
	})
	pl, key, _ := placer().Decide(c)
	if pl.Delivery != nil && key.Form == "" {
		t.Errorf("a notice without a source: %+v %+v", pl.Delivery, key)
	}
}

// The two wordings of S4.
func TestAConnectionThatWasIdleIsNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 0), &memRelay{}
		l := &line{run: newRun(testWorker(q, r))}
		if l.connect(t.Context()); !l.connect(t.Context()) || r.opened != 1 {
			t.Errorf("%d opened", r.opened)
		}
		time.Sleep(staleAfter)
		if !l.connect(t.Context()) || r.opened != 2 {
			t.Errorf("an idle connection was trusted")
		}
	})
}

type failingComposer struct {
	memComposer
	err error
}

func (c failingComposer) Slots(*mailer.Register, mailer.SlotInput) (mailer.Slots, error) {
	return nil, c.err
}

func TestStorageThatEndedBeforeSendingBlocksAsExpiredAndRaisesNoAlert(t *testing.T) { // T3
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 1), &memRelay{}
		w := testWorker(q, r)
		w.Composer = failingComposer{err: fmt.Errorf("compose: %w", mailer.ErrStorageEnded)}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		if len(q.settled) != 1 || q.settled[0].DutyReason != mailer.BlockExpired || q.settled[0].Alert != nil || len(r.tries) != 0 {
			t.Fatalf("%+v", q.settled)
		}
	})
}

func TestAnUncertainDeliveryIsHeldWhereAPersonDecides(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		r := &memRelay{answer: func(string, int) error {
			return &mailer.DeliveryError{Stage: mailer.StageDot, Cause: errors.New("cut")}
		}}
		w := testWorker(q, r)
		w.Options.Uncertain = Hold
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(24 * time.Hour)
		stop()
		<-done
		if q.states()[mailer.Uncertain] != 1 || r.tries["p0@example.org"] != 1 {
			t.Fatalf("%v, %v", q.states(), r.tries)
		}
	})
}

type renewing struct {
	*memQueue
	renewed map[mailer.ID]int
}

func (q renewing) Renew(_ context.Context, claims []mailer.ID, _ time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, claim := range claims {
		q.renewed[claim]++
	}
	return nil
}

func (q renewing) renewals() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range q.renewed {
		n += k
	}
	return n
}

func TestAClaimIsRenewedWhileItIsHeldAndNotAfter(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q := renewing{newMemQueue(t, 1), map[mailer.ID]int{}}
		r := &memRelay{hold: make(chan struct{})}
		w := testWorker(q.memQueue, r)
		w.Queue = q
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(20 * time.Minute) // longer than the lease
		close(r.hold)
		time.Sleep(time.Minute)
		n := q.renewals()
		time.Sleep(time.Hour)
		after := q.renewals()
		stop()
		<-done
		if n < 4 || after != n {
			t.Fatalf("renewed %d times while held, %d in all", n, after)
		}
	})
}
