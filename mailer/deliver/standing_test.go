package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// memStandings pauses the only lane of a memQueue as the store does.
type memStandings struct {
	q      *memQueue
	mu     sync.Mutex
	recent pacing.Standing
	paused time.Time
}

func (s *memStandings) NoteStanding(_ context.Context, _ mailer.ID, _ int64, marks []byte, limit pacing.StandingLimit, now time.Time) (reached bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent, reached = s.recent.Add(marks, limit)
	if reached && s.paused.IsZero() {
		s.q.mu.Lock()
		s.q.lane, s.paused = mailer.LanePaused, now
		s.q.mu.Unlock()
	}
	return reached, nil
}

// refusedFor answers with policy to so many letters, each of a domain of its own.
func refusedFor(q *memQueue, n int, campaign mailer.ID) *memRelay {
	domains := []string{"@a.example", "@b.example", "@c.example"}
	for i, id := range q.order {
		q.rows[id].CampaignID = campaign
		q.rows[id].To = fmt.Sprint("p", i, domains[i%len(domains)])
	}
	refused := map[string]bool{}
	for i, id := range q.order {
		if i%20 == 0 && len(refused) < n {
			refused[q.rows[id].To] = true
		}
	}
	return &memRelay{answer: func(to string, _ int) error {
		time.Sleep(10 * time.Millisecond)
		if refused[to] {
			return &mailer.DeliveryError{Stage: mailer.StageDot, Reply: mailer.Reply{Code: 550, Enhanced: "5.7.1"}}
		}
		return nil
	}}
}

func TestALaneIsPausedWithinASecondOfBeingRefusedForWhatWeAre(t *testing.T) {
	for name, c := range map[string]struct {
		refused  int
		campaign mailer.ID
		paused   bool
	}{
		"five of a hundred":           {5, mailer.NewID(time.Now()), true},
		"four":                        {4, mailer.NewID(time.Now()), false},
		"correspondence is not asked": {5, mailer.ID{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newMemQueue(t, 600)
				w := testWorker(q, refusedFor(q, c.refused, c.campaign))
				s := &memStandings{q: q}
				w.Standing = s
				began := time.Now()
				working(t, w, func() { time.Sleep(10 * time.Second) })
				states := q.states()
				if c.paused != !s.paused.IsZero() || c.paused != (states[mailer.Queued] > 0) {
					t.Fatalf("paused: %s, %v", s.paused, states)
				}
				// Four connections reach the eighty-first letter, the fifth refusal, in 0.2 s.
				if c.paused && (s.paused.Sub(began) > time.Second || states[mailer.Relayed] > 400) {
					t.Errorf("paused after %s, %v", s.paused.Sub(began), states)
				}
				if states[mailer.Deferred] != c.refused || states[mailer.Rejected] > 0 {
					t.Errorf("%v: who was refused is to be tried again", states)
				}
			})
		})
	}
}

// forgetful is a database that is away for the first notes.
type forgetful struct {
	*memStandings
	away int
}

func (s *forgetful) NoteStanding(ctx context.Context, controller mailer.ID, lane int64, marks []byte, limit pacing.StandingLimit, now time.Time) (bool, error) {
	if s.away > 0 {
		s.away--
		return false, errors.New("the database is away")
	}
	return s.memStandings.NoteStanding(ctx, controller, lane, marks, limit, now)
}

func TestRefusalsAreRememberedWhileTheDatabaseIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 600)
		w := testWorker(q, refusedFor(q, 5, mailer.NewID(time.Now())))
		s := &memStandings{q: q}
		w.Standing = &forgetful{s, 3}
		working(t, w, func() { time.Sleep(10 * time.Second) })
		if s.paused.IsZero() {
			t.Errorf("the lane was not paused: %v", q.states())
		}
	})
}
