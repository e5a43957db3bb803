package deliver

import (
	"cmp"
	"sync"
	"time"

	"article14/mailer"
)

// lanePaces keep lanes to their paces on the wire, too. Claims keep them, but what is
// claimed waits for a connection: when a stall is over, or the pace was lowered, it
// would all go out in a rush. What is more than a lane's pace goes back to the queue.
type lanePaces struct {
	mu     sync.Mutex
	byLane map[int64]*paceBucket // of lanes that have one; a campaign's lanes share theirs
	passed bool                  // something was more than a pace since somebody asked
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
	byLane, byCampaign := map[int64]*paceBucket{}, map[mailer.ID]*paceBucket{}
	for _, l := range lanes {
		if l.Pace <= 0 {
			continue
		}
		b := cmp.Or(byCampaign[l.CampaignID], p.byLane[l.ID])
		if b == nil {
			b = &paceBucket{l.Pace, float64(2 * l.Pace), now}
		}
		b.refill(l.Pace, now)
		byLane[l.ID], byCampaign[l.CampaignID] = b, b
	}
	p.byLane = byLane
}

// take tells whether a letter of a lane may go out now.
func (p *lanePaces) take(lane int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.byLane[lane]
	if b == nil {
		return true
	}
	if b.refill(b.pace, now); b.room < 1 {
		p.passed = true
		return false
	}
	b.room--
	return true
}

// wasPassed tells whether something was more than its lane's pace since it was last
// asked. What goes back then is not to be claimed again in the same breath.
func (p *lanePaces) wasPassed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	passed := p.passed
	p.passed = false
	return passed
}
