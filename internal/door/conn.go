package door

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// longAgo is a deadline that has certainly passed.
var longAgo = time.Unix(1, 0)

var errTooManyCommands = errors.New("door: too many commands on one connection")

// conn is a client's connection under go-smtp, and under TLS where there is TLS. It
// holds what go-smtp has no setting for: an end to everything, however slowly a client
// goes on; a number of commands; a last reply; a graceful stop.
type conn struct {
	net.Conn
	from    netip.Prefix
	until   time.Time // the whole connection's end
	leave   func()
	left    sync.Once
	refused int // recipients; only its session's goroutine counts them

	commands atomic.Int64 // that may still come
	broken   atomic.Bool  // the client is gone, or was too slow: nothing more comes
	busy     atomic.Bool  // a transaction is under way
	draining atomic.Bool  // to end as soon as it is not busy
	ending   atomic.Bool  // the next reply is the last
}

// Read remembers that nothing more comes. go-smtp takes a chunk (BDAT) that breaks off
// for a whole one; the session asks here before it believes that.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.broken.Store(true)
	}
	return n, err
}

// Write sends a reply, which may be the last.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.ending.Load() {
		c.Conn.Close()
	}
	return n, err
}

func (c *conn) Close() error {
	defer c.left.Do(c.leave)
	return c.Conn.Close()
}

// SetReadDeadline is how go-smtp begins to wait for a command.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.commands.Add(-1) < 0 {
		return errTooManyCommands
	}
	if err := c.Conn.SetReadDeadline(earlier(t, c.until)); err != nil {
		return err
	}
	// Looked at afterwards: a stop between the two would not be seen.
	if c.draining.Load() && !c.busy.Load() {
		return c.Conn.SetReadDeadline(longAgo)
	}
	return nil
}

// SetWriteDeadline leaves time to say that the time is up.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.Conn.SetWriteDeadline(earlier(t, c.until.Add(goodbye)))
}

const goodbye = 5 * time.Second

func earlier(t, limit time.Time) time.Time {
	if t.IsZero() || t.After(limit) {
		return limit
	}
	return t
}

// drain ends the connection when it is idle: now, or after its transaction.
func (c *conn) drain() {
	c.draining.Store(true)
	if !c.busy.Load() {
		c.Conn.SetReadDeadline(longAgo)
	}
}
