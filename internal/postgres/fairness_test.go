package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

// crowd are lanes of very different length and the workers that claim from them.
type crowd struct {
	*house
	batch   int
	workers []*Store
	open    map[mailer.ID]int // what is queued in lanes that may send as they like
	paced   map[mailer.ID]int // the pace of the others
	waited  map[mailer.ID]int // rounds since an open lane gave something
	paused  mailer.ID
}

// round has all workers claim at once, and gives what each lane gave.
func (c *crowd) round(at time.Time, ids func() mailer.ID) map[mailer.ID]int {
	got := map[mailer.ID]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, w := range c.workers {
		id := ids()
		all.Go(func() {
			jobs, err := w.Claim(c.ctx, c.controller, id, c.batch, at, time.Minute)
			must(c.t, err)
			mu.Lock()
			defer mu.Unlock()
			for _, j := range jobs {
				got[j.CampaignID]++
			}
		})
	}
	all.Wait()
	return got
}

// held holds a round against what each lane may ask for.
func (c *crowd) held(got map[mailer.ID]int, most int) {
	c.t.Helper()
	equal(c.t, "of a paused lane", got[c.paused], 0)
	for id, pace := range c.paced {
		if got[id] > pace {
			c.t.Fatalf("a lane of %d a second gave %d", pace, got[id])
		}
	}
	for id, queued := range c.open {
		if c.waited[id]++; got[id] > 0 || queued == 0 {
			c.waited[id] = 0
		}
		if c.open[id] = queued - got[id]; c.waited[id] > most {
			c.t.Fatalf("a lane with %d in its queue has waited for %d rounds of %d claims of %d; the lanes gave %v", queued, c.waited[id], len(c.workers), c.batch, got)
		}
	}
}

// drawCrowd makes campaigns of one to eighty people, one of them paused and perhaps some at
// a pace. All are overdue: those still on time may need all that is sent (D7).
func drawCrowd(t *rapid.T, h *house, workers []*Store) *crowd {
	c := &crowd{house: h, workers: workers, open: map[mailer.ID]int{}, paced: map[mailer.ID]int{}, waited: map[mailer.ID]int{},
		batch: rapid.SampledFrom([]int{1, 2, 3, 7, 40}).Draw(t, "batch")}
	lanes := rapid.IntRange(2, 7).Draw(t, "lanes")
	for i := range lanes {
		people := rapid.SampledFrom([]int{1, 3, 10, 80}).Draw(t, "people")
		h.people(people, noon.Add(time.Duration(rapid.SampledFrom([]int{-400, -40, -1}).Draw(t, "due in days"))*day))
		pace := rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "pace")
		if i == 0 {
			pace = 0
		}
		run := h.running(fmt.Sprint("lane ", i), pace)
		if pace > 0 {
			c.paced[run.ID] = pace
		} else {
			c.open[run.ID] = people
		}
	}
	h.people(20, noon.Add(-day))
	paused := h.running("paused", 0)
	must(t, h.Move(h.ctx, h.controller, paused.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ben", noon))
	c.paused = paused.ID
	return c
}

// TestNoLaneWaitsForLongWhateverTheOthersHaveInTheirQueues plays workers that claim at once, in
// batches smaller and larger than there are lanes. In each round of turns every lane has
// its own, so that none waits for more rounds than there are lanes, and twice as
// many where chance deals the workers the same turn.
func TestNoLaneWaitsForLongWhateverTheOthersHaveInTheirQueues(t *testing.T) { // D7
	first, other := twoStores(t)
	number := 0
	rapid.Check(t, func(t *rapid.T) {
		number++
		h := moveIn(first.ctx, t, first.Store, fmt.Sprint("house ", number))
		c := drawCrowd(t, h, []*Store{first.Store, other, first.Store}[:rapid.IntRange(1, 3).Draw(t, "workers")])
		turns, lanes := 0, len(c.open)+len(c.paced)
		ids := func() mailer.ID {
			id := mailer.NewID(noon)
			id[13] = byte((2*(turns%lanes) + 1) * 128 / lanes) // turns come in order, so that a bound can be told
			turns++
			return id
		}
		at := noon
		for left := true; left; at = at.Add(2 * time.Second) {
			c.held(c.round(at, ids), 2*lanes)
			left = false
			for _, queued := range c.open {
				left = left || queued > 0
			}
		}
	})
}
