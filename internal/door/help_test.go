package door

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer/track"
)

var noon = time.Date(2031, 5, 6, 12, 0, 0, 0, time.UTC)

// patience ends a test of a broken door; a sound one never comes near it.
const patience = 20 * time.Second

// desk stands in for track.Reports: it keeps what it is given, or fails on order.
type desk struct {
	t testing.TB

	mu    sync.Mutex
	kept  []track.Incoming
	fail  func(track.Incoming) error
	came  map[string]int // "door outcome"
	log   strings.Builder
	clock time.Time
}

func newDesk(t testing.TB) *desk { return &desk{t: t, came: map[string]int{}, clock: noon} }

func (d *desk) Take(_ context.Context, in track.Incoming) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(in); err != nil {
			return err
		}
	}
	d.kept = append(d.kept, in)
	return nil
}

func (d *desk) Came(door string, outcome track.DoorOutcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.came[door+" "+string(outcome)]++
}

func (d *desk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(b)
}

func (d *desk) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

func (d *desk) all() []track.Incoming {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]track.Incoming(nil), d.kept...)
}

func (d *desk) count(what string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.came[what]
}

var errAwayNow = errors.New("the database is away, says someone@example.org")

func (d *desk) away(is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = nil
	if is {
		d.fail = func(track.Incoming) error { return errAwayNow }
	}
}

func (d *desk) house() House {
	return House{Take: d.Take, Now: func() time.Time { return d.clock }, Meter: d,
		Log: slog.New(slog.NewTextHandler(d, &slog.HandlerOptions{Level: slog.LevelDebug}))}
}

const ours = "b-ours@bounces.example"

// mail takes for ours, and for any address that begins with "b-".
func (d *desk) mail(l Limits) Mail {
	return Mail{House: d.house(), Hostname: "mx.example", Limits: l,
		Accepts: func(a string) bool { return strings.HasPrefix(strings.ToLower(a), "b-") }}
}

// serve starts a listener on a loopback port and ends it with the test.
func serve(t testing.TB, l *Listener) string {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, nl)
}

func serveOn(t testing.TB, l *Listener, nl net.Listener) string {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, nl) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return nl.Addr().String()
}

// client speaks line by line.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func connect(t testing.TB, addr string) *client {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	nc, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &client{t: t, Conn: nc, r: bufio.NewReader(nc)}
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	c := connect(t, addr)
	c.expect("220 ")
	c.do("EHLO client.example", "250 ")
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

// reply reads one reply, with all of its lines.
func (c *client) reply() (string, error) {
	var all string
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return all, err
		}
		all += strings.TrimRight(line, "\r\n") + "\n"
		if len(line) > 3 && line[3] != '-' {
			return strings.TrimRight(all, "\n"), nil
		}
	}
}

func (c *client) expect(prefix string) string {
	c.t.Helper()
	all, err := c.reply()
	last := all[strings.LastIndex(all, "\n")+1:]
	if err != nil || !strings.HasPrefix(last, prefix) {
		c.t.Fatalf("reply %q, %v; want %q", all, err, prefix)
	}
	return all
}

func (c *client) do(command, prefix string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	return c.expect(prefix)
}

func (c *client) lost() {
	c.t.Helper()
	if line, err := c.reply(); err == nil {
		c.t.Fatalf("reply %q where the connection should have ended", line)
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		c.t.Fatalf("the connection stayed open: %v", err)
	}
}

// give brings one message to each of the addresses, and gives the reply to its end.
func (c *client) give(body string, to ...string) string {
	c.t.Helper()
	c.do("MAIL FROM:<>", "250 ")
	for _, a := range to {
		c.do("RCPT TO:<"+a+">", "250 ")
	}
	c.do("DATA", "354 ")
	return c.do(strings.TrimSuffix(body, "\r\n")+"\r\n.", "")
}

func letter(n int) string {
	return fmt.Sprintf("From: <>\r\nMessage-ID: <%d@mx.example>\r\nSubject: Undelivered\r\n\r\nIt is number %d.\r\n", n, n)
}
