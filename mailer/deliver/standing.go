package deliver

import (
	"context"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// Why a lane of a running campaign is paused, when nobody paused it.
const (
	HeldByPolicy = "policy" // too many of its last attempts were refused for what we are
	HeldByCanary = "canary" // its first notices are out, and what comes back is waited for, or was too much
)

// StandingStore keeps what the last attempts of lanes said of us, for all workers.
type StandingStore interface {
	// NoteStanding adds attempts to a lane's last ones (pacing.Standing). Where they reach the
	// limit, and the lane is open, it is paused (HeldByPolicy), an alert raised, and paused
	// is true. Nobody's address is blamed.
	NoteStanding(ctx context.Context, controller mailer.ID, lane int64, marks []byte, limit pacing.StandingLimit, now time.Time) (paused bool, err error)
}

// standings gathers what attempts said of us until it is noted.
type standings struct {
	mu     sync.Mutex
	byLane map[int64][]byte
}

// standingsAtOnce bounds what is kept of a lane while the database is away.
const standingsAtOnce = 10_000

// note keeps what an attempt of a campaign said. Correspondence is never paused:
// somebody asked for it.
func (s *standings) note(j mailer.Job, class mailer.ReplyClass) {
	if j.CampaignID.IsZero() {
		return
	}
	mark := byte(0)
	if mailer.Next(class).OurStanding {
		mark = domainMark(j.To)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byLane == nil {
		s.byLane = map[int64][]byte{}
	}
	if marks := s.byLane[j.Lane]; len(marks) < standingsAtOnce {
		s.byLane[j.Lane] = append(marks, mark)
	}
}

func (r *run) noteStanding(j mailer.Job, class mailer.ReplyClass) {
	if r.watchesStanding() {
		r.standings.note(j, class)
	}
}

func (r *run) watchesStanding() bool { return r.Standing != nil && r.opt.Standing.Refused > 0 }

// domainMark tells domains apart, most of the time, and names none.
func domainMark(address string) byte {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])))
	return byte(h.Sum32()%255) + 1
}

// giveBack keeps, before what came since, marks that the database did not take.
func (s *standings) giveBack(lane int64, marks []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byLane == nil {
		s.byLane = map[int64][]byte{}
	}
	marks = append(marks, s.byLane[lane]...)
	s.byLane[lane] = marks[:min(len(marks), standingsAtOnce)]
}

func (s *standings) take() map[int64][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.byLane
	s.byLane = nil
	return taken
}

// keepStanding notes what attempts said of us, often enough that a lane is paused
// within a second.
func (r *run) keepStanding(ctx context.Context) {
	if !r.watchesStanding() {
		return
	}
	for ctx.Err() == nil {
		r.pause(ctx, r.opt.LanePoll)
		r.noteStandings(context.WithoutCancel(ctx))
	}
}

func (r *run) noteStandings(ctx context.Context) {
	for lane, marks := range r.standings.take() {
		paused, err := r.Standing.NoteStanding(ctx, r.Controller, lane, marks, r.opt.Standing, r.Now())
		r.complain(ctx, "note how a lane's attempts went", err)
		if err != nil {
			r.standings.giveBack(lane, marks)
		}
		if paused {
			r.Log.Error("a campaign's lane is paused: relays refuse us, not the people; see what they say, mend it, and resume it", "lane", lane,
				"refused", r.opt.Standing.Refused, "of", r.opt.Standing.Of)
		}
	}
}
