package deliver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// pacedQueue keeps its lane's pace at each claim, as the store does.
type pacedQueue struct {
	*memQueue
	pace   int // of the lane; 0: none; under memQueue's mutex
	second time.Time
	used   int
}

func (q *pacedQueue) set(pace int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pace = pace
}

func (q *pacedQueue) Claim(ctx context.Context, controller, claim mailer.ID, limit int, now time.Time, lease time.Duration) ([]mailer.Job, error) {
	q.mu.Lock()
	if s := now.Truncate(time.Second); !s.Equal(q.second) {
		q.second, q.used = s, 0
	}
	if q.pace > 0 {
		limit = min(limit, max(0, q.pace-q.used))
	}
	q.mu.Unlock()
	jobs, err := q.memQueue.Claim(ctx, controller, claim, limit, now, lease)
	q.mu.Lock()
	q.used += len(jobs)
	q.mu.Unlock()
	return jobs, err
}

func (q *pacedQueue) Lanes(context.Context, mailer.ID) ([]mailer.Lane, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return []mailer.Lane{{ID: 1, State: q.lane, Pace: q.pace}}, nil
}

func TestAPaceThatIsLoweredHoldsWithinASecondForWhatIsClaimedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := &pacedQueue{memQueue: newMemQueue(t, 2000)}, &memRelay{}
		at := sendings(r, 100*time.Millisecond)
		w := testWorker(q.memQueue, r)
		w.Queue, w.Options.Batch = q, 400 // ten seconds' work is claimed
		working(t, w, func() {
			time.Sleep(2 * time.Second)
			q.set(5)
			time.Sleep(time.Second)
			before := len(at())
			time.Sleep(10 * time.Second)
			if n := len(at()) - before; n < 40 || n > 60 {
				t.Errorf("%d in ten seconds at a pace of 5, from a second after it was set", n)
			}
			q.set(0)
			time.Sleep(10 * time.Second)
			if n := len(at()); n < 300 {
				t.Errorf("%d in all: it is slow without a pace", n)
			}
		})
		q.untouched(t)
	})
}

func TestWhatAStallHeldUpKeepsItsLanesPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := &pacedQueue{memQueue: newMemQueue(t, 2000), pace: 10}, &memRelay{hold: make(chan struct{})}
		at := sendings(r, time.Millisecond)
		w := testWorker(q.memQueue, r)
		w.Queue, w.Options.Batch = q, 100
		working(t, w, func() {
			time.Sleep(30 * time.Second) // three hundred are claimed
			close(r.hold)
			time.Sleep(10 * time.Second)
			// Those on the wire, two seconds' worth, and ten seconds' at the pace.
			if n := len(at()); n < 100 || n > 8+20+100 {
				t.Errorf("%d in ten seconds behind a stall of thirty, at a pace of 10", n)
			}
		})
		q.untouched(t)
	})
}

// countedBack is a paced queue that counts what comes back to it.
type countedBack struct {
	*pacedQueue
	back *givingBack
}

func (q countedBack) Release(ctx context.Context, claim mailer.ID, ids []mailer.ID) error {
	return q.back.Release(ctx, claim, ids)
}

func TestASteadyPaceGivesNothingBack(t *testing.T) {
	for _, pace := range []int{1, 7, 30} {
		synctest.Test(t, func(t *testing.T) {
			back := &givingBack{memQueue: newMemQueue(t, 2000)}
			q, r := &pacedQueue{memQueue: back.memQueue, pace: pace}, &memRelay{}
			at := sendings(r, 90*time.Millisecond)
			w := testWorker(q.memQueue, r)
			w.Queue, w.Options.Batch = countedBack{q, back}, 100
			working(t, w, func() {
				time.Sleep(30 * time.Second)
				if n := len(at()); n < 29*pace || n > 31*pace {
					t.Errorf("%d in half a minute at a pace of %d", n, pace)
				}
				if back.count > 0 {
					t.Errorf("%d went back at a pace of %d", back.count, pace)
				}
			})
		})
	}
}

func TestTheLanesOfACampaignShareItsPace(t *testing.T) {
	var p lanePaces
	now, campaign := time.Unix(1_800_000_000, 0), mailer.ID{1}
	one, both := []mailer.Lane{{ID: 1, CampaignID: campaign, Pace: 5}}, []mailer.Lane{{ID: 1, CampaignID: campaign, Pace: 5}, {ID: 2, CampaignID: campaign, Pace: 5}}
	p.set(one, now)
	p.set(both, now) // a class of domains has been set
	took := 0
	for i := range 100 {
		if p.take(int64(1+i%2), now) {
			took++
		}
	}
	if took != 10 {
		t.Errorf("the two lanes gave %d at once, not the two seconds' worth of their campaign", took)
	}
}
