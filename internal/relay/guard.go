package relay

import (
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
// bound is lifted, and counts what the kernel has taken, so that it is known
// whether the final dot has left.
type guardedConn struct {
	net.Conn
	allowance int // octets that may still be read; negative: no bound
	sent      int64

	mu    sync.Mutex // over what follows: a stop comes from another goroutine
	until time.Time  // the deadline in force
	last  time.Time  // that no deadline may lie behind; zero: none
	final bool       // the dot is leaving, and its answer is waited for to the end
}

func (c *guardedConn) Read(p []byte) (int, error) {
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

// patience sets how long the next exchange may take. A socket's deadline is an
// instant on the machine's clock, so this is the one place of the package that
// reads it; nothing else depends on what it says.
func (c *guardedConn) patience(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Now().Add(d)
	if !c.last.IsZero() && !c.final && c.until.After(c.last) {
		c.until = c.last
	}
	return c.SetDeadline(c.until)
}

// hurry leaves so long for all that comes before the dot. Of what has no dot the
// relay can have taken nothing, so hanging up there makes nothing uncertain.
func (c *guardedConn) hurry(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now().Add(d)
	if !c.final && c.until.After(c.last) {
		c.until = c.last
		_ = c.SetDeadline(c.until) // fails on a closed socket alone, which needs none
	}
}

// begin and finish stand around what may be hurried.
func (c *guardedConn) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.final = time.Time{}, false
}

func (c *guardedConn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = true
}
