package deliver

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// moodyRelay has its own way with what it is sent; send says what it answers, and
// whether it hangs up, or passes the letter on.
type moodyRelay struct {
	*memRelay
	mu   sync.Mutex
	send func(s *moodySession, m mailer.Message, next *mailer.Message) (err *mailer.DeliveryError, handled bool)
}

func (r *moodyRelay) Open(ctx context.Context) (Session, error) {
	s, err := r.memRelay.Open(ctx)
	return &moodySession{Session: s, relay: r}, err
}

type moodySession struct {
	Session
	relay  *moodyRelay
	number int // letters so far
	over   bool
}

func (s *moodySession) Send(ctx context.Context, m mailer.Message, next *mailer.Message) (mailer.Reply, error) {
	s.relay.mu.Lock()
	s.number++
	err, handled := s.relay.send(s, m, next)
	s.over = s.over || handled && (err.Reply.Code == 0 || err.Reply.Code == 421)
	s.relay.mu.Unlock()
	if handled {
		time.Sleep(10 * time.Millisecond)
		return err.Reply, err
	}
	return s.Session.Send(ctx, m, next)
}

func (s *moodySession) Alive() bool { return !s.over && s.Session.Alive() }

func moody(send func(s *moodySession, m mailer.Message, next *mailer.Message) (*mailer.DeliveryError, bool)) *moodyRelay {
	r := &moodyRelay{memRelay: &memRelay{}, send: send}
	r.answer = func(string, int) error { time.Sleep(10 * time.Millisecond); return nil }
	return r
}

// Exim takes a thousand letters over a connection, others a hundred or ten: they end
// it by 421 to the next MAIL, or without a word.
func TestARelayThatTakesSoManyLettersOverAConnectionIsNotStrained(t *testing.T) {
	for name, reply := range map[string]mailer.Reply{"421": {Code: 421, Enhanced: "4.7.0"}, "a closed connection": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newMemQueue(t, 20_000)
				r := moody(func(s *moodySession, _ mailer.Message, _ *mailer.Message) (*mailer.DeliveryError, bool) {
					return &mailer.DeliveryError{Stage: mailer.StageMail, Reply: reply, Cause: io.EOF}, s.number > 10
				})
				w := testWorker(q, r.memRelay)
				w.Relay, w.Options.Batch = r, 400
				working(t, w, func() { time.Sleep(20 * time.Second) })
				// Four connections, ten milliseconds a letter: 400 a second, less one in eleven.
				if n := q.states()[mailer.Relayed]; n < 7000 {
					t.Errorf("%d relayed in 20 s, want nine tenths of what four connections carry", n)
				}
				q.untouched(t)
			})
		})
	}
}

func TestARelayThatCutsEveryConnectionIsNotToldOfEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 3000)
		r := moody(func(*moodySession, mailer.Message, *mailer.Message) (*mailer.DeliveryError, bool) {
			return &mailer.DeliveryError{Stage: mailer.StageData, Cause: io.EOF}, true
		})
		w := testWorker(q, r.memRelay)
		w.Relay, w.Options.Batch = r, 400
		working(t, w, func() { time.Sleep(time.Minute) })
		if got := q.states(); got[mailer.Deferred] > 16 || got[mailer.Deferred]+got[mailer.Queued] != 3000 {
			t.Errorf("%v after a minute: an attempt is charged to each of them; want the first of each connection, and one for each try", got)
		}
		q.untouched(t)
	})
}

// E5: a relay that stumbles over a name, and with it loses its answer to the letter
// before, makes that one uncertain. It does not do so with one letter after the other.
func TestALetterThatEndsConnectionsIsAnnouncedOnceAndThenGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 3000)
		const odd = "p150@example.org"
		r := moody(func(_ *moodySession, m mailer.Message, next *mailer.Message) (*mailer.DeliveryError, bool) {
			if m.To == odd {
				return &mailer.DeliveryError{Stage: mailer.StageRcpt, Cause: io.EOF}, true
			}
			return &mailer.DeliveryError{Stage: mailer.StageDot, Cause: io.EOF}, next != nil && next.To == odd
		})
		w := testWorker(q, r.memRelay)
		w.Relay, w.Options.Batch, w.Options.UncertainWait = r, 400, time.Hour
		working(t, w, func() { time.Sleep(time.Minute) })
		if got := q.states(); got[mailer.Uncertain] != 1 || got[mailer.Deferred] != 1 || got[mailer.Relayed] != 2998 {
			t.Errorf("%v; want one uncertain, the odd one deferred, and the others relayed", got)
		}
	})
}

// A connection may wait ten minutes for the answer to a dot (RFC 5321, 4.5.3.2.6). What
// waits behind it is for others by then.
func TestAStopGivesBackWhatWaitsAtOnceAlsoWhileARelayStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newMemQueue(t, 300), &memRelay{hold: make(chan struct{})}
		w := testWorker(q, r)
		w.Options.Batch = 100
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(time.Second)
		stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := q.states(); got[mailer.Sending] != 8 {
			t.Errorf("%v a second after the stop; want the four on the wire claimed, and those announced behind them", got)
		}
		close(r.hold)
		<-done
		q.untouched(t)
	})
}
