package web

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// says answers with its own name.
func says(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// serve runs a server until the test ends.
func serve(t *testing.T, c Config) *Server {
	t.Helper()
	c.Addr, c.Portal, c.Log, c.Now = "127.0.0.1:0", says("portal"), quiet(), time.Now
	c.Rooms = map[string]http.Handler{"/inbox/": says("inbox")}
	c.Operations = map[string]http.Handler{"GET /metrics": says("metrics")}
	s, err := Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("a graceful stop gives %v", err)
		}
	})
	return s
}

func get(t *testing.T, addr net.Addr, path string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr.String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOperationsStandApartFromRecipients(t *testing.T) {
	s := serve(t, Config{OperationsAddr: "127.0.0.1:0"})
	if got := get(t, s.Addr(), "/metrics"); got != "portal" {
		t.Errorf("recipients see %q", got)
	}
	if got := get(t, s.OperationsAddr(), "/metrics"); got != "metrics" {
		t.Errorf("operations see %q", got)
	}
	if got := get(t, s.OperationsAddr(), "/"); !strings.Contains(got, "404") {
		t.Errorf("operations see the portal: %q", got)
	}
	if got := get(t, s.Addr(), "/inbox/"); got != "inbox" {
		t.Errorf("the room gives %q", got)
	}
}

func TestOperationsMayShareTheListener(t *testing.T) {
	s := serve(t, Config{})
	if s.Addr() != s.OperationsAddr() {
		t.Errorf("%v and %v", s.Addr(), s.OperationsAddr())
	}
	if got := get(t, s.Addr(), "/metrics"); got != "metrics" {
		t.Errorf("metrics give %q", got)
	}
	if got := get(t, s.Addr(), "/anything"); got != "portal" {
		t.Errorf("the portal gives %q", got)
	}
}

func TestAnAddressInUseIsNamedAndGivesTheOtherBack(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	_, err = Listen(t.Context(), Config{Addr: addr, OperationsAddr: taken.Addr().String(), Portal: says("portal"), Log: quiet(), Now: time.Now})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || !strings.Contains(err.Error(), "another address") {
		t.Errorf("the error: %v", err)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the first address is kept: %v", err)
	}
	again.Close()
}

func TestAListenerThatFailsEndsServing(t *testing.T) {
	s, err := Listen(t.Context(), Config{Addr: "127.0.0.1:0", OperationsAddr: "127.0.0.1:0", Portal: says("portal"), Log: quiet(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.open[1].listener.Close()
	if err := s.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "a listener failed") {
		t.Errorf("the error: %v", err)
	}
}

// pipes is a listener in memory, whose deadlines follow the test's clock.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

// TestWhoStallsIsCutOff sends a part of a request and waits; the clock is the bubble's.
func TestWhoStallsIsCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		sent   string
		within time.Duration
	}{
		"before the first byte":     {"", readHeaderWithin},
		"in the middle of a header": {"POST / HTTP/1.1\r\nHost: x\r\nX-", readHeaderWithin},
		"in the middle of a body":   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nList-Unsubscribe=One-Click", readWithin},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acted := false
				srv := NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.ReadAll(r.Body); err == nil {
						acted = true
					}
				}), quiet())
				l := newPipes()
				ended := make(chan error)
				go func() { ended <- srv.Serve(l) }()
				conn, begun := l.dial(), time.Now()
				io.WriteString(conn, c.sent)
				io.Copy(io.Discard, conn) // until the server closes it
				if took := time.Since(begun); took > c.within {
					t.Errorf("held for %v", took)
				}
				if acted {
					t.Error("half a body was acted on")
				}
				conn.Close()
				srv.Close()
				<-ended
			})
		})
	}
}

func TestHeadersHaveABound(t *testing.T) {
	l := newPipes()
	srv := NewServer(says("portal"), quiet())
	ended := make(chan error)
	go func() { ended <- srv.Serve(l) }()
	conn := l.dial()
	go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v, %v", resp, err)
	}
	conn.Close()
	srv.Close()
	<-ended
}

func TestTheLogHasTheRouteAndNothingOfTheClient(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	inner := http.NewServeMux()
	inner.HandleFunc("GET /n/{token}", func(w http.ResponseWriter, r *http.Request) {
		now = now.Add(3 * time.Millisecond)
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "short")
	})
	inner.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	inner.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("elodie@acme.example") })
	h := LogRequests(log, func() time.Time { return now }, muxOf(map[string]http.Handler{"/": inner}))

	for _, c := range []struct{ method, path, want string }{
		{"GET", "/n/asecrettoken?l=secret", `route="GET /n/{token}" method=GET status=418 bytes=5 took=3ms`},
		{"SECRET", "/secret", "route=/ method=other status=200 bytes=0"},
		{"GET", "/secret//secret", "status=307"},
		{"GET", "/panic", "route=/panic method=GET status=0"},
	} {
		out.Reset()
		func() {
			defer func() { recover() }()
			h.ServeHTTP(&discard{http.Header{}}, request(t, c.method, c.path))
		}()
		line := out.String()
		if !strings.Contains(line, c.want) || strings.Contains(strings.ToLower(line), "secret") || strings.Contains(line, "198.51") {
			t.Errorf("%s %s: %s", c.method, c.path, line)
		}
	}
}

func request(t *testing.T, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "198.51.100.7:4711"
	r.Header.Set("Referer", "https://mail.example/secret")
	r.Header.Set("User-Agent", "secret")
	return r
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func TestWhatTheServerReportsHasNoClientAddress(t *testing.T) {
	var out bytes.Buffer
	l := errorLog(slog.New(slog.NewTextHandler(&out, nil)))
	l.Print("http: TLS handshake error from 198.51.100.7:4711: EOF")
	l.Print("http: panic serving [2001:db8::1]:99: oh\ngoroutine 1")
	got := out.String()
	if strings.Contains(got, "198.51") || strings.Contains(got, "2001:db8") || strings.Count(got, "[address]") != 2 || !strings.Contains(got, "TLS handshake error") {
		t.Errorf("%s", got)
	}
}
