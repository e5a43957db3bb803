package deliver

import (
	"cmp"
	"sync"
	"time"

	"article14/mailer"
)

// lanePaces keep lanes to their paces, and classes to their limits, on the wire, too.
// Claims keep them, but what is claimed waits for a connection: when a stall is over, or
// a limit was lowered, it would all go out in a rush. What is more goes back to the queue.
type lanePaces struct {
	mu     sync.Mutex
	byLane map[int64]laneLimits // of lanes that have any
	passed bool                 // something was more than a limit since somebody asked
}

// laneLimits are what a lane's letters wait for. Of several workers each has what it
// claimed under the limits as they were: when one is lowered, each sends the new one's
// worth at most, and the rest goes back to where all share what is left.
type laneLimits struct {
	campaign, class *paceBucket // shared by the lanes of each; nil: no pace
	over            bool        // nothing more on this day
}

// paceBucket is how many letters of a lane may go out now. It holds two seconds' worth:
// a second's letters may be claimed at its end and sent along with those of the next.
type paceBucket struct {
	pace int
	room float64
	at   time.Time // of room
}

func (b *paceBucket) refill(pace int, now time.Time) {
	b.room = min(b.room+float64(b.pace)*now.Sub(b.at).Seconds(), float64(2*pace))
	b.pace, b.at = pace, now
}

// set takes note of the paces as they are now.
func (p *lanePaces) set(lanes []mailer.Lane, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	byLane, byCampaign, byClass := map[int64]laneLimits{}, map[mailer.ID]*paceBucket{}, map[string]*paceBucket{}
	for _, l := range lanes {
		old := p.byLane[l.ID]
		limits := laneLimits{paced(byCampaign, l.CampaignID, old.campaign, l.Pace, now), paced(byClass, l.Class, old.class, l.ClassPace, now), l.ClassOver}
		if limits != (laneLimits{}) {
			byLane[l.ID] = limits
		}
	}
	p.byLane = byLane
}

// paced is the bucket of those that share a pace: the one that another lane of theirs has
// already, or the one from before.
func paced[K comparable](shared map[K]*paceBucket, by K, old *paceBucket, pace int, now time.Time) *paceBucket {
	if pace <= 0 {
		return nil
	}
	b := cmp.Or(shared[by], old)
	if b == nil {
		b = &paceBucket{pace, float64(2 * pace), now}
	}
	b.refill(pace, now)
	shared[by] = b
	return b
}

// take tells whether a letter of a lane may go out now.
func (p *lanePaces) take(lane int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.byLane[lane]
	buckets := [...]*paceBucket{l.campaign, l.class}
	for _, b := range buckets {
		if b != nil {
			b.refill(b.pace, now)
		}
		if l.over || b != nil && b.room < 1 {
			p.passed = true
			return false
		}
	}
	for _, b := range buckets {
		if b != nil {
			b.room--
		}
	}
	return true
}

// wasPassed tells whether something was more than its lane's limits since it was last
// asked. What goes back then is not to be claimed again in the same breath.
func (p *lanePaces) wasPassed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	passed := p.passed
	p.passed = false
	return passed
}
