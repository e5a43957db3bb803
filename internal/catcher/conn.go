package catcher

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// longAgo is a deadline that has certainly passed.
var longAgo = time.Unix(1, 0)

// listener hands out connections that can be cut at a chosen place.
type listener struct {
	net.Listener
	srv *Server
}

func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, srv: l.srv}
	if !l.srv.admit(c) {
		nc.Close()
		return nil, net.ErrClosed
	}
	return c, nil
}

// conn is a client's connection under go-smtp (and under TLS, where there is
// TLS). It holds replies back until the server would wait for input: so a
// pipelined group is answered in one packet (RFC 2920 section 3.2), and so the
// newest reply can still be taken back, which is how a connection is cut in
// place of an answer.
type conn struct {
	net.Conn
	srv *Server

	busy     atomic.Bool // a transaction is under way
	draining atomic.Bool // to end as soon as it is not busy

	mu     sync.Mutex
	out    []byte // replies not sent yet
	newest int    // where the newest of them begins
	ending bool   // the next reply is the last
	gone   bool   // cut by us: what is written now goes nowhere
}

// Read sends what was answered so far, then waits for the client.
func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	err := c.flush()
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write gathers one reply.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return len(b), nil
	}
	c.newest = len(c.out)
	c.out = append(c.out, b...)
	if c.ending {
		c.cut()
	}
	return len(b), nil
}

// Close sends what is left to say (the 221 after QUIT) and closes.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.srv.forget(c)
	c.flush()
	return c.Conn.Close()
}

// SetReadDeadline is how go-smtp begins to wait for a command; an idle
// connection of a server that shuts down is not waited for.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.draining.Load() && !c.busy.Load() {
		t = longAgo
	}
	return c.Conn.SetReadDeadline(t)
}

// drain ends the connection when it is idle: now, or after its transaction.
func (c *conn) drain() {
	c.draining.Store(true)
	if !c.busy.Load() {
		c.Conn.SetReadDeadline(longAgo)
	}
}

// abort cuts the connection without waiting for whoever uses it.
func (c *conn) abort() { c.Conn.Close() }

// hangUp sends what was answered so far and cuts the connection. The reply to
// the command at hand is never sent.
func (c *conn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut()
}

// hangUpInstead does the same, but takes the newest reply back first.
func (c *conn) hangUpInstead() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = c.out[:c.newest]
	c.cut()
}

// hangUpAfterReply lets one more reply through and cuts then.
func (c *conn) hangUpAfterReply() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
}

// cut relies on go-smtp setting a read deadline before each command: on a
// closed connection that fails, so that nothing pipelined behind is carried out.
func (c *conn) cut() {
	c.flush()
	c.gone = true
	c.Conn.Close()
}

func (c *conn) flush() error {
	if len(c.out) == 0 || c.gone {
		return nil
	}
	// Set here and not by go-smtp: TLS that closes leaves a deadline in the past.
	c.Conn.SetWriteDeadline(time.Now().Add(writePatience))
	_, err := c.Conn.Write(c.out)
	c.out, c.newest = c.out[:0], 0
	return err
}
