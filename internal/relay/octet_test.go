package relay

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/mailer"
)

// inSession sends numbered messages, each announced with the one before it, and
// gives what was reported of each. wrap stands between the session and its socket.
func inSession(t rapid.TB, srv *scripted, n int, wrap func(net.Conn) net.Conn, change ...func(*Config)) []error {
	t.Helper()
	r := dialled(t, srv, change...)
	plain := r.dial
	r.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := plain(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}
	reports := make([]error, n)
	s, err := r.Open(context.Background())
	for i := range n {
		if err != nil { // not even opened
			reports[i] = err
			continue
		}
		var next *mailer.Message
		if i+1 < n {
			m := numbered(i + 1)
			next = &m
		}
		_, reports[i] = s.Send(context.Background(), numbered(i), next)
	}
	if err == nil {
		s.Close()
	}
	return reports
}

// recorded keeps what went over a connection.
type recorded struct {
	net.Conn
	sent, heard strings.Builder
	writes      []int // octets sent after each
}

func (c *recorded) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Write(p[:n])
	c.writes = append(c.writes, c.sent.Len())
	return n, err
}

func (c *recorded) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.heard.Write(p[:n])
	return n, err
}

// record is a session in which nothing goes wrong.
func record(t *testing.T, s setup, n int, change ...func(*Config)) *recorded {
	t.Helper()
	srv := served(t, s)
	var r *recorded
	for i, err := range inSession(t, srv, n, func(c net.Conn) net.Conn { r = &recorded{Conn: c}; return r }, change...) {
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	return r
}

// E5: a connection that breaks at any octet of what we send leaves exactly one
// message in doubt, the one whose dot it may have taken with it; those before it
// are relayed, and those behind it untouched.
func TestACutAtAnyOctetOfWhatWeSend(t *testing.T) {
	const n = 3
	for way, extensions := range bothWays {
		t.Run(way, func(t *testing.T) {
			full := record(t, setup{extensions: extensions}, n)
			sent := full.sent.String()
			for at := range len(sent) {
				srv := serve(t, setup{extensions: extensions})
				reports := inSession(t, srv, n, func(c net.Conn) net.Conn { return &brittle{Conn: c, left: int64(at)} })
				srv.stop()
				srv.agrees(t, reports, 0)
				for i, err := range reports {
					got := mailer.ClassAccepted
					if err != nil {
						got = mailer.Classify(failure(t, err))
					}
					if want := full.afterCut(at, i); got != want {
						t.Errorf("cut after %d of %d octets, %q: message %d is %s, want %s (%v)", at, len(sent), sent[max(0, at-20):at], i, got, want, err)
					}
				}
			}
		})
	}
}

// afterCut says from the record what must be reported of a message when the
// connection broke after so many octets were sent: it all hangs on the write that failed.
func (r *recorded) afterCut(at, message int) mailer.ReplyClass {
	const lastLine = "\r\n.\r\n"
	begin, end := 0, 0
	for _, end = range r.writes {
		if end > at {
			break
		}
		begin = end
	}
	before, failed := r.sent.String()[:begin], r.sent.String()[begin:end]
	dot := strings.Index(failed, lastLine) + len("\r\n")
	switch current := strings.Count(before, lastLine); {
	case message < current:
		return mailer.ClassAccepted
	case message > current, strings.HasPrefix(failed, "EHLO"), strings.HasPrefix(failed, "MAIL"):
		return mailer.ClassRelayAway
	case dot > 1 && at-begin > dot:
		return mailer.ClassUncertain
	}
	return mailer.ClassCut
}

// brittle breaks after so many octets.
type brittle struct {
	net.Conn
	left int64
}

var errBroken = errors.New("broken")

func (c *brittle) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		n, err := c.Conn.Write(p)
		c.left -= int64(n)
		return n, err
	}
	n, _ := c.Conn.Write(p[:c.left])
	c.left = 0
	c.Conn.Close()
	return n, errBroken
}

// The same for what the relay says: relayed is what it was heard to have taken, one
// may be in doubt, and nothing is reported as refused or untouched that it took.
func TestACutAtAnyOctetOfWhatTheRelaySays(t *testing.T) {
	const n = 3
	for way, extensions := range bothWays {
		t.Run(way, func(t *testing.T) {
			heard := record(t, setup{extensions: extensions}, n).heard.String()
			for at := range len(heard) {
				srv := serve(t, setup{extensions: extensions})
				reports := inSession(t, srv, n, func(c net.Conn) net.Conn { return &deaf{Conn: c, left: at} })
				srv.stop()
				srv.agrees(t, reports, 0)
				accepted := 0
				for _, err := range reports {
					if err == nil {
						accepted++
					}
				}
				if want := strings.Count(heard[:at], "taken\r\n"); accepted != want {
					t.Errorf("cut after %d of %d octets: %d are relayed, want %d: %v", at, len(heard), accepted, want, reports)
				}
			}
		})
	}
}

// deaf hears so many octets, and then that the connection has ended.
type deaf struct {
	net.Conn
	left int
}

func (c *deaf) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.Conn.Close()
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// Over TLS nobody can tell to the octet what has left. The doubt is on the safe side.
func TestACutAtAnyOctetUnderTLS(t *testing.T) {
	roots, server := authority(t, serverName)
	for way, extensions := range bothWays {
		t.Run(way, func(t *testing.T) {
			s, policy := setup{extensions: extensions, tls: server}, secured(TLSMandatory, roots)
			full := int64(record(t, s, 3, policy).sent.Len())
			rapid.Check(t, func(rt *rapid.T) {
				at := rapid.Int64Range(0, full).Draw(rt, "octets")
				srv := serve(rt, s)
				reports := inSession(rt, srv, 3, func(c net.Conn) net.Conn { return &brittle{Conn: c, left: at} }, policy)
				srv.stop()
				srv.agrees(rt, reports, 0)
			})
		})
	}
}
