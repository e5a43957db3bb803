package door

import (
	"bufio"
	"crypto/tls"
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

// conn is a client's connection under go-smtp. It holds what that has no setting for: an
// end to everything, however slowly a client goes on; a number of commands; a last reply; a
// graceful stop; and what lines.go says.
type conn struct {
	net.Conn
	from    netip.Prefix
	until   time.Time     // the whole connection's end
	idle    time.Duration // for a command
	tls     *tls.Config   // nil: STARTTLS is not offered
	leave   func()
	left    sync.Once
	refused int // recipients; only its session's goroutine counts them

	in        *bufio.Reader // of the wire
	line      []byte        // read, and not yet given to go-smtp
	within    bool          // the last line had no end yet
	answered  bool          // that line was not for go-smtp, nor is the rest of it
	text      text          // of the message that is under way
	ungreeted bool          // no EHLO since TLS began

	secure   atomic.Pointer[tls.Conn] // what is spoken over since TLS began
	commands atomic.Int64             // that may still come
	busy     atomic.Bool              // a transaction is under way
	draining atomic.Bool              // to end as soon as it is not busy
	ending   atomic.Bool              // the next reply is the last
}

// wire is what is read from and written to.
func (c *conn) wire() net.Conn {
	if secure := c.secure.Load(); secure != nil {
		return secure
	}
	return c.Conn
}

func (c *conn) Close() error {
	defer c.left.Do(c.leave)
	return c.wire().Close()
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
