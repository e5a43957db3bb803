package mailer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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

func TestWhatIsOnRecordAheadOfTheConnectionsIsBounded(t *testing.T) {
	for _, ahead := range []int{1, 2, 10, 64} {
		synctest.Test(t, func(t *testing.T) {
			blocked(t, 300, ahead, func(q *memQueue) {
				if got := q.begun() - 4; got < 1 || got > ahead { // 4 connections
					t.Errorf("%d are on record beside the 4 on the wire; at most %d may be, and one at least", got, ahead)
				}
			})
		})
	}
}

func TestAStopTakesBackWhatIsOnRecordAndNeverTouchedTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := blocked(t, 300, 64, func(*memQueue) {})
		if got := q.states(); got[Relayed] != 4 || got[Queued] != 296 || q.begun() != 0 {
			t.Fatalf("%v, %d on record; want the 4 on the wire relayed, 296 queued and none left begun", got, q.begun())
		}
		for _, d := range q.rows {
			if d.state == Queued && d.attempts != 0 {
				t.Fatalf("%d attempts are charged to a delivery that never touched the wire", d.attempts)
			}
		}
	})
}
