package deliver

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
)

// memQuotas keeps quotas as the store does.
type memQuotas struct {
	mu    sync.Mutex
	spent map[string]pacing.Spent
}

func (q *memQuotas) LeaseQuota(_ context.Context, _ mailer.ID, relay string, want int, caps pacing.Caps, second, day time.Time) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.spent == nil {
		q.spent = map[string]pacing.Spent{}
	}
	n, q.spent[relay] = q.spent[relay].Grant(caps, want, second, day)
	return n, nil
}

func (q *memQuotas) ReturnQuota(_ context.Context, _ mailer.ID, relay string, n int, second, day time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spent[relay] = q.spent[relay].Return(n, second, day)
	return nil
}

// sendings are the instants at which a relay that answers after a while took letters.
func sendings(r *memRelay, answers time.Duration) func() []time.Time {
	var mu sync.Mutex
	var at []time.Time
	r.answer = func(string, int) error {
		mu.Lock()
		at = append(at, time.Now())
		mu.Unlock()
		time.Sleep(answers)
		return nil
	}
	return func() []time.Time { mu.Lock(); defer mu.Unlock(); return append([]time.Time{}, at...) }
}

func TestARelayIsGivenNoMoreInASecondThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 500), &memRelay{}
		at := sendings(r, time.Millisecond)
		w := testWorker(q, r)
		w.Quotas, w.Options.Relay, w.Options.Batch = &memQuotas{}, RelayLimits{PerSecond: 7}, 100
		working(t, w, func() { time.Sleep(20 * time.Second) })
		in := map[time.Time]int{}
		for _, s := range at() {
			in[s.Truncate(time.Second)]++
		}
		for s, n := range in {
			if n > 7 {
				t.Errorf("%d in the second %s", n, s)
			}
		}
		if n := len(at()); n < 126 || n > 147 {
			t.Errorf("%d in 20 seconds, want seven in each", n)
		}
	})
}

func TestWhatAStallHeldUpDoesNotGoOutInARush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 500), &memRelay{}
		at := sendings(r, time.Millisecond)
		r.hold = make(chan struct{})
		w := testWorker(q, r)
		w.Quotas, w.Options.Relay, w.Options.Batch = &memQuotas{}, RelayLimits{PerSecond: 10}, 100
		working(t, w, func() {
			time.Sleep(30 * time.Second)
			close(r.hold)
			time.Sleep(900 * time.Millisecond)
			// Four were on the wire, a second's worth waited, and this second has its own.
			if n := len(at()); n > 24 {
				t.Errorf("%d within a second behind a stall of half a minute", n)
			}
		})
	})
}

func TestADaysNumberIsWhatGoesOutAndNotWhatIsClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{}
		at, quotas := sendings(r, 200*time.Millisecond), &memQuotas{}
		limits := RelayLimits{PerDay: 100}
		for range 3 { // stopped twice with hundreds claimed
			w := testWorker(q, r)
			w.Quotas, w.Options.Relay, w.Options.Batch = quotas, limits, 100
			working(t, w, func() { time.Sleep(time.Second) })
		}
		w := testWorker(q, r)
		w.Quotas, w.Options.Relay, w.Options.Batch = quotas, limits, 100
		working(t, w, func() {
			time.Sleep(time.Minute)
			if n := len(at()); n != 100 {
				t.Errorf("%d went out on a day of 100", n)
			}
			time.Sleep(24 * time.Hour)
			if n := len(at()); n != 200 {
				t.Errorf("%d went out by the next day, want 200", n)
			}
		})
	})
}

func TestWhatAStallHeldUpOverMidnightIsTheNextDays(t *testing.T) { // D10
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 500), &memRelay{}
		at := sendings(r, time.Millisecond)
		r.hold = make(chan struct{})
		w := testWorker(q, r)
		w.Quotas, w.Options.Relay, w.Options.Batch = &memQuotas{}, RelayLimits{PerDay: 100}, 100
		w.Zone = time.FixedZone("", -3600) // the bubble's time begins at midnight UTC, an hour before theirs
		working(t, w, func() {
			time.Sleep(59 * time.Minute)
			midnight := time.Now().Add(time.Minute)
			time.Sleep(2 * time.Minute)
			close(r.hold)
			time.Sleep(12 * time.Hour)
			after := 0
			for _, s := range at() {
				if !s.Before(midnight) {
					after++
				}
			}
			if after < 100 || after > 104 {
				t.Errorf("%d went out on a day of 100, want them and the four that were on the wire at midnight", after)
			}
		})
		q.untouched(t)
	})
}

func TestTheDayOfARampIsTheControllers(t *testing.T) { // D10
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	first, err := calendar.Parse("2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	l := RelayLimits{RampFrom: first, Ramp: pacing.Days{500, 1000}, PerDay: 800}
	for name, c := range map[string]struct {
		at   time.Time
		want int
	}{
		"the evening before":                    {time.Date(2026, 11, 30, 22, 59, 59, 0, time.UTC), -1},
		"its midnight, an hour before that UTC": {time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC), 500},
		"the second day, by the daily number":   {time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC), 800},
		"long after":                            {time.Date(2027, 7, 1, 12, 0, 0, 0, time.UTC), 800},
	} {
		t.Run(name, func(t *testing.T) {
			caps, day := l.On(c.at, paris)
			if caps.PerDay != c.want || day.After(c.at) || c.at.Sub(day) >= 25*time.Hour {
				t.Errorf("%d from %s on, want %d", caps.PerDay, day, c.want)
			}
		})
	}
}
