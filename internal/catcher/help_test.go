package catcher

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// noon is the instant of every arrival in these tests.
var noon = time.Date(2031, 5, 6, 12, 0, 0, 0, time.UTC)

// patience ends a test of a broken server; a sound one never comes near it.
const patience = 20 * time.Second

// serve starts a server on a loopback port and ends it with the test.
func serve(t testing.TB, opts Options) (*Server, string) {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return noon }
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(opts)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve after Close: %v", err)
		}
	})
	return s, l.Addr().String()
}

// client speaks SMTP line by line.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

// dial connects, reads the greeting and says EHLO.
func dial(t testing.TB, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	c := over(t, nc)
	c.expect("220 ")
	c.do("EHLO client.example", "250 ")
	return c
}

// over speaks on a connection that is there already.
func over(t testing.TB, nc net.Conn) *client {
	return &client{t: t, Conn: nc, r: bufio.NewReader(nc)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

// reply reads one reply of one or more lines; the last line is enough.
func (c *client) reply() (string, error) {
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if len(line) > 3 && line[3] != '-' {
			return strings.TrimRight(line, "\r\n"), nil
		}
	}
}

func (c *client) expect(prefix string) string {
	c.t.Helper()
	line, err := c.reply()
	if err != nil || !strings.HasPrefix(line, prefix) {
		c.t.Fatalf("reply %q, %v; want %q", line, err, prefix)
	}
	return line
}

func (c *client) do(command, prefix string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	return c.expect(prefix)
}

// open starts a transaction and goes as far as the recipient.
func (c *client) open(to string) {
	c.t.Helper()
	c.do("MAIL FROM:<sender@example.org>", "250 2.0.0")
	c.do("RCPT TO:<"+to+">", "250 2.0.0")
}

// expectLost fails unless the connection ends without one more reply.
func (c *client) expectLost() {
	c.t.Helper()
	line, err := c.reply()
	if err == nil {
		c.t.Fatalf("reply %q where the connection should have been lost", line)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatalf("the connection stayed open: %v", err)
	}
}

// settled gives the counters once every connection has ended.
func settled(t testing.TB, s *Server) Counts {
	t.Helper()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.Counts()
}

// give sends a whole mail, and answers with the reply to its dot.
func (c *client) give(to, body string) string {
	c.t.Helper()
	c.open(to)
	c.do("DATA", "354 ")
	return c.do(body+"\r\n.", "")
}

func letter(subject, text string) string {
	return fmt.Sprintf("From: Us <us@example.org>\r\nTo: someone\r\nSubject: %s\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", subject, text)
}

func waitFor(t testing.TB, s *Server, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Wait(ctx, n); err != nil {
		t.Fatal(err)
	}
}
