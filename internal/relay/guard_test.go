package relay

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// timed counts how often a deadline is moved.
type timed struct {
	net.Conn
	moved int
}

func (c *timed) SetReadDeadline(t time.Time) error {
	c.moved++
	return c.Conn.SetReadDeadline(t)
}

// piped gives a guarded end of a connection, and the other end.
func piped(t *testing.T) (*guardedConn, *timed, net.Conn) {
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	c := &timed{Conn: here}
	return &guardedConn{Conn: c, allowance: -1}, c, there
}

// atMost is how long a limit may be taken for: a sixteenth longer.
func atMost(d time.Duration) time.Duration { return d + d/16 }

// RFC 5321, 4.5.3.2: a relay that says a little now and then does not say it for ever.
func TestALimitIsForAReplyAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, relay := piped(t)
		go func() {
			for {
				if _, err := relay.Write([]byte("2")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		began := time.Now()
		c.await(10 * time.Second)
		_, _, err := scanReply(bufio.NewReader(c), nil)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < 10*time.Second || took > atMost(10*time.Second) {
			t.Errorf("%v after %s", err, took)
		}
		relay.Close()
		time.Sleep(time.Second) // until its writer has seen that
	})
}

// Each reply has its limit from when it is waited for, and hardly a timer is set for it.
func TestALimitIsNeverShorterThanAskedAndSeldomSetAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, socket, relay := piped(t)
		r := bufio.NewReader(c)
		for i := range 100 {
			go relay.Write([]byte("250 ok\r\n"))
			c.await(10 * time.Minute)
			if code, _, err := scanReply(r, nil); code != 250 || err != nil {
				t.Fatalf("reply %d: %d, %v", i, code, err)
			}
			if left := time.Until(c.reading); left < 10*time.Minute || left > atMost(10*time.Minute) {
				t.Fatalf("reply %d had %s", i, left)
			}
			time.Sleep(time.Second)
		}
		if socket.moved > 4 {
			t.Errorf("a deadline was moved %d times for 100 replies in 100 seconds", socket.moved)
		}
		c.await(2 * time.Minute) // the limit of another phase
		began := time.Now()
		_, _, err := scanReply(r, nil)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < 2*time.Minute || took > atMost(2*time.Minute) {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// A reply that came along with another one is there, however late it is asked for.
func TestAReplyThatIsThereSetsNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, socket, relay := piped(t)
		go relay.Write([]byte("250 taken\r\n250 ok\r\n550 no\r\n"))
		r := bufio.NewReader(c)
		for _, want := range []int{250, 250, 550} {
			c.await(time.Minute)
			if code, _, err := scanReply(r, nil); code != want || err != nil {
				t.Fatalf("%d, %v", code, err)
			}
			time.Sleep(time.Hour)
		}
		if socket.moved != 1 {
			t.Errorf("%d timers for one read", socket.moved)
		}
	})
}

func TestAStopLeavesAFewSecondsAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := piped(t)
		ctx, cancel := context.WithCancel(t.Context())
		c.begin(ctx, 10*time.Second)
		go func() { time.Sleep(time.Minute); cancel() }()
		began := time.Now()
		c.await(5 * time.Minute)
		_, _, err := scanReply(bufio.NewReader(c), nil)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != 70*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// A context may end between two messages, after the second one was found to be under it.
func TestAMessageThatBeginsAsItsContextEndsIsHurriedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := piped(t)
		ctx, cancel := context.WithCancel(t.Context())
		c.begin(ctx, 10*time.Second)
		cancel()
		synctest.Wait()
		c.begin(ctx, 10*time.Second)
		began := time.Now()
		c.await(5 * time.Minute)
		_, _, err := scanReply(bufio.NewReader(c), nil)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != 10*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}
