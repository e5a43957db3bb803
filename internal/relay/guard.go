package relay

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// maxBeforeSession is how much a relay may say, TLS handshake and all, until
// the session reads its replies with bounds of its own: go-mail reads them
// without limit. An ordinary beginning is 10 KiB.
const maxBeforeSession = 256 << 10

var errTooMuch = errors.New("the relay said too much before the session began")

// guardedConn is the socket under a session. It bounds what is read until the
// bound is lifted, counts what the kernel has taken, so that it is known
// whether the final dot has left, and keeps the time limits.
type guardedConn struct {
	net.Conn
	allowance int           // octets that may still be read; negative: no bound
	sent      int64         // octets that have left; over TLS they are never fewer than what they carry
	reply     time.Duration // limit of the next reply, from when it is first waited for; 0: that began

	mu            sync.Mutex // over what follows: a stop comes from another goroutine
	reading       time.Time  // deadlines in force
	writing       time.Time
	last          time.Time // that no deadline may lie behind; zero: none
	final         bool      // the dot has left, and its answer is waited for to the end
	watched       <-chan struct{}
	stopsWatching func() bool
}

func (c *guardedConn) Read(p []byte) (int, error) {
	if c.reply > 0 {
		if err := c.startWaiting(c.reply); err != nil {
			return 0, err
		}
		c.reply = 0
	}
	if c.allowance < 0 {
		return c.Conn.Read(p)
	}
	if c.allowance == 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.allowance)])
	c.allowance -= n
	return n, err
}

func (c *guardedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent += int64(n)
	return n, err
}

// liftBound lets the session's own bounds take over.
func (c *guardedConn) liftBound() { c.allowance = -1 }

// await sets how long the next reply may take, as a whole. A reply that came
// along with an earlier one is there already, and sets no timer.
func (c *guardedConn) await(d time.Duration) { c.reply = d }

func (c *guardedConn) startWaiting(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.moved(&c.reading, d) {
		return nil
	}
	return c.SetReadDeadline(c.reading)
}

// patience sets how long what is written next may take to leave.
func (c *guardedConn) patience(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.moved(&c.writing, d) {
		return nil
	}
	return c.SetWriteDeadline(c.writing)
}

// moved puts a deadline where a limit that begins now has it, or up to a sixteenth
// of the limit later, and tells whether it had to: each move costs a timer, and
// thousands of messages a second would each move several. A socket's deadline is an
// instant on the machine's clock, so this and hurry are the places of the package
// that read it; nothing else depends on what it says.
func (c *guardedConn) moved(deadline *time.Time, d time.Duration) bool {
	least := time.Now().Add(d)
	most := least.Add(d / 16)
	if !c.last.IsZero() && !c.final {
		least, most = earlier(least, c.last), earlier(most, c.last)
	}
	if !deadline.Before(least) && !deadline.After(most) {
		return false
	}
	*deadline = most
	return true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// begin and finish stand around what the end of a context hurries: from then on
// so long is left for all that comes before the dot. Who sends gives the same
// context each time, so it is asked once.
func (c *guardedConn) begin(ctx context.Context, left time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = false
	done := ctx.Done()
	if done == c.watched {
		return // what is left, if it has just ended, is left to this one, too
	}
	c.unwatch()
	c.last = time.Time{}
	if c.watched = done; done != nil {
		c.stopsWatching = context.AfterFunc(ctx, func() { c.hurry(done, left) })
	}
}

func (c *guardedConn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = true
}

// hurry leaves so long for all that comes before the dot. Of what has no dot the
// relay can have taken nothing, so hanging up there makes nothing uncertain.
func (c *guardedConn) hurry(why <-chan struct{}, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why != c.watched {
		return
	}
	c.last = time.Now().Add(d)
	if c.final {
		return
	}
	// These fail on a closed socket alone, which needs none.
	if c.reading.After(c.last) {
		c.reading = c.last
		_ = c.SetReadDeadline(c.last)
	}
	if c.writing.After(c.last) {
		c.writing = c.last
		_ = c.SetWriteDeadline(c.last)
	}
}

func (c *guardedConn) unwatch() {
	if c.stopsWatching != nil {
		c.stopsWatching()
	}
	c.watched, c.stopsWatching = nil, nil
}

// Close hangs up, and forgets whose end was watched for.
func (c *guardedConn) Close() error {
	c.mu.Lock()
	c.unwatch()
	c.mu.Unlock()
	return c.Conn.Close()
}
