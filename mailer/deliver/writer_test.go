package deliver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// begun counts the deliveries whose attempt is on record and not settled.
func (q *memQueue) begun() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.rows {
		if d.open != nil {
			n++
		}
	}
	return n
}

// blocked runs a worker whose relay takes mails and never answers, looks at it,
// and lets it stop.
func blocked(t *testing.T, n, ahead int, look func(q *memQueue)) *memQueue {
	t.Helper()
	q, r := newMemQueue(t, n), &memRelay{hold: make(chan struct{})}
	w := testWorker(q, r)
	w.Options.Ahead = ahead
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	time.Sleep(time.Second)
	synctest.Wait()
	look(q)
	stop()
	synctest.Wait()
	close(r.hold)
	<-done
	return q
}

// On each of the 4 connections one is on the wire and one may be announced.
func TestWhatIsOnRecordAheadOfTheConnectionsIsBounded(t *testing.T) {
	for _, ahead := range []int{1, 2, 10, 64} {
		synctest.Test(t, func(t *testing.T) {
			blocked(t, 300, ahead, func(q *memQueue) {
				if got := q.begun() - 4; got < 1 || got > ahead+4 {
					t.Errorf("%d are on record beside the 4 on the wire; at most %d and 4 announced may be, and one at least", got, ahead)
				}
			})
		})
	}
}

func TestAStopTakesBackWhatIsOnRecordAndNeverTouchedTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := blocked(t, 300, 64, func(*memQueue) {})
		if got := q.states(); got[mailer.Relayed] != 4 || got[mailer.Queued] != 296 || q.begun() != 0 {
			t.Fatalf("%v, %d on record; want the 4 on the wire relayed, 296 queued and none left begun", got, q.begun())
		}
		for _, d := range q.rows {
			if d.state == mailer.Queued && d.attempts != 0 {
				t.Fatalf("%d attempts are charged to a delivery that never touched the wire", d.attempts)
			}
		}
	})
}

// unrenewed is a queue whose leases pass: it cannot be asked to renew them.
type unrenewed struct{ *memQueue }

func (unrenewed) Renew(context.Context, []mailer.ID, time.Time) error {
	return errors.New("the database is away")
}

// rescued has somebody else take back what a worker was silent about for too long.
func (q *memQueue) rescued() (taken map[string]bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken = map[string]bool{}
	for _, d := range q.rows {
		if d.state == mailer.Sending {
			q.move(d, mailer.Uncertain)
			d.readyAt, taken[d.To] = mailer.Never, true
		}
	}
	return taken
}

func TestNothingGoesOutUnderAClaimWhoseLeaseHasPassed(t *testing.T) { // E5
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{hold: make(chan struct{})}
		w := testWorker(q, r)
		w.Queue, w.Options.Ahead = unrenewed{q}, 64
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(16 * time.Minute) // the lease is fifteen
		synctest.Wait()
		taken := q.rescued()
		close(r.hold)
		time.Sleep(time.Minute)
		stop()
		<-done
		sent := 0
		for to := range taken {
			sent += r.tries[to]
		}
		if len(taken) < 64 || sent != 4 {
			t.Fatalf("%d of %d that somebody else has taken back were sent; want the 4 alone that were on the wire by then", sent, len(taken))
		}
		if got := q.states(); got[mailer.Relayed] != 300-len(taken) || got[mailer.Sending] != 0 {
			t.Fatalf("%v, %d taken back", got, len(taken))
		}
	})
}
