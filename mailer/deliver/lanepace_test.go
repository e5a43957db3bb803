package deliver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
)

// pacedQueue keeps its lane's pace at each claim, as the store does.
type pacedQueue struct {
	*memQueue
	pace   int // of the lane; 0: none; under memQueue's mutex
	second time.Time
	used   int
	limits mailer.Lane // of its class; under memQueue's mutex
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
	if pace := max(q.pace, q.limits.ClassPace); pace > 0 {
		limit = min(limit, max(0, pace-q.used))
	}
	if q.limits.ClassOver {
		limit = 0
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
	l := q.limits
	l.ID, l.State, l.Pace = 1, q.lane, q.pace
	return []mailer.Lane{l}, nil
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

// lower gives the lane's class other limits, which claims keep as the store has them keep.
func (q *pacedQueue) lower(l mailer.Lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limits = l
}

// TestALimitOfAClassThatIsLoweredHoldsForWhatSeveralWorkersHold has two workers, each with
// a relay of its own.
func TestALimitOfAClassThatIsLoweredHoldsForWhatSeveralWorkersHold(t *testing.T) {
	for name, c := range map[string]struct {
		to          mailer.Lane
		least, most int // in ten seconds, from a second after it was lowered
	}{
		"a second": {mailer.Lane{Class: "big", ClassPace: 5}, 40, 60},
		"a day":    {mailer.Lane{Class: "big", ClassOver: true}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, one, two := &pacedQueue{memQueue: newMemQueue(t, 4000)}, &memRelay{}, &memRelay{}
				first, second := sendings(one, 100*time.Millisecond), sendings(two, 100*time.Millisecond)
				v, w := testWorker(q.memQueue, one), testWorker(q.memQueue, two)
				v.Queue, w.Queue = q, q
				v.Options.Batch, w.Options.Batch = 400, 400 // ten seconds' work of each is claimed
				working(t, v, func() {
					working(t, w, func() {
						time.Sleep(2 * time.Second)
						q.lower(c.to)
						time.Sleep(time.Second)
						before := len(first()) + len(second())
						time.Sleep(10 * time.Second)
						if n := len(first()) + len(second()) - before; n < c.least || n > c.most {
							t.Errorf("%d of both in ten seconds, want %d to %d", n, c.least, c.most)
						}
					})
				})
				q.untouched(t)
			})
		})
	}
}

func TestALaneKeepsToItsCampaignsPaceAndItsClasses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	lanes := []mailer.Lane{
		{ID: 1, CampaignID: mailer.ID{1}, Class: "big", Pace: 5, ClassPace: 4}, {ID: 2, CampaignID: mailer.ID{2}, Class: "big", Pace: 3, ClassPace: 4},
		{ID: 3, CampaignID: mailer.ID{1}, Class: campaign.AnyClass, Pace: 5}, {ID: 4, CampaignID: mailer.ID{2}, Class: "small", Pace: 3, ClassOver: true},
	}
	var p lanePaces
	p.set(lanes, now)
	took := map[int64]int{}
	for range 50 {
		for _, l := range lanes {
			if p.take(l.ID, now) {
				took[l.ID]++
			}
		}
	}
	if took[1]+took[2] != 8 || took[1]+took[3] != 10 || took[4] != 0 {
		t.Errorf("at once went %v, not two seconds' worth of each limit", took)
	}
	lanes[3].ClassOver = false
	p.set(lanes, now)
	for took[4] = 0; p.take(4, now); took[4]++ {
	}
	if took[2]+took[4] != 6 {
		t.Errorf("%d and %d: what a class refused was charged to the campaign", took[2], took[4])
	}
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
