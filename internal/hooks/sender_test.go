package hooks

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/net/dns/dnsmessage"

	"article14/mailer"
	"article14/mailer/telling"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// newServer is a recipient's system, with TLS, on loopback.
func newServer(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// recipient is one whose system a server is; loopback is allowed.
func recipient(t *testing.T, s *httptest.Server) Recipient {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/article14"
	r := Recipient{Key: "crm", URL: u.String(), url: u, networks: prefixes("127.0.0.0/8")}
	if s.TLS != nil {
		r.roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	}
	if err := r.add(goodSecret); err != nil {
		t.Fatal(err)
	}
	return r
}

func newSender(t *testing.T, r Recipient, o Options) *Sender {
	t.Helper()
	s, err := New([]Recipient{r}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message() telling.Message {
	return telling.Message{ID: mailer.NewID(now), At: now, Body: []byte(`{"type":"contact.erased"}`)}
}

func TestAMessageIsSignedByEverySecretAsStandardWebhooksSay(t *testing.T) { // R7
	second := "whsec_" + strings.Repeat("QUJD", 12)
	var got *http.Request
	var body []byte
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	r := recipient(t, srv)
	if err := r.add(second); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, r, Options{})
	m := message()
	if a := s.Send(t.Context(), "crm", m); !a.Taken() || a.Status != 204 {
		t.Fatalf("answer: %+v", a)
	}
	if got.Method != "POST" || got.URL.Path != "/article14" || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("webhook-id") != m.ID.String() ||
		got.Header.Get("webhook-timestamp") != "1772452800" || !bytes.Equal(body, m.Body) {
		t.Errorf("%s %s %v: %s", got.Method, got.URL.Path, got.Header, body)
	}
	for _, secret := range []string{goodSecret, second} {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.VerifyIgnoringTimestamp(body, got.Header); err != nil {
			t.Errorf("a recipient that knows one of the secrets: %v", err)
		}
		if err := w.VerifyIgnoringTimestamp(append(body, ' '), got.Header); err == nil {
			t.Error("a body that was changed on the way is taken")
		}
	}
	other, err := standardwebhooks.NewWebhook("whsec_" + strings.Repeat("WFla", 12))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.VerifyIgnoringTimestamp(body, got.Header); err == nil {
		t.Error("a secret of somebody else fits")
	}
}

func TestARedirectIsAnAnswerAndIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	second := newServer(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for _, code := range []int{301, 302, 303, 307, 308} {
		srv := newServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, second.URL, code) })
		if a := newSender(t, recipient(t, srv), Options{}).Send(t.Context(), "crm", message()); a.Taken() || a.Status != code {
			t.Errorf("%d: %+v", code, a)
		}
	}
	if elsewhere.Load() > 0 {
		t.Error("it went to where it was sent on to")
	}
}

func TestRetryAfterIsReadInSecondsAndAsADate(t *testing.T) {
	for given, want := range map[string]time.Duration{"120": 2 * time.Minute, now.Add(time.Hour).UTC().Format(http.TimeFormat): time.Hour,
		now.Add(-time.Hour).UTC().Format(http.TimeFormat): 0, "-5": 0, "soon": 0, "": 0, "99999999999999999999": 0} {
		for _, code := range []int{429, 503, 500} {
			srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", given)
				w.WriteHeader(code)
			})
			want := want
			if code == 500 {
				want = 0
			}
			a := newSender(t, recipient(t, srv), Options{Now: func() time.Time { return now }}).Send(t.Context(), "crm", message())
			if a.Status != code || a.RetryAfter != want {
				t.Errorf("%d, %q: %+v, want %s", code, given, a, want)
			}
		}
	}
}

func TestWhyNoAnswerCameIsSaidInOneWord(t *testing.T) {
	block := make(chan struct{})
	slow := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-block })
	t.Cleanup(func() { close(block) })
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	ok := newServer(t, func(http.ResponseWriter, *http.Request) {})
	closed := httptest.NewServer(nil)
	closed.Close()

	for name, c := range map[string]struct {
		of   func() Recipient
		opts Options
		want telling.Fault
	}{
		"nobody listens":          {func() Recipient { return recipient(t, closed) }, Options{}, telling.FaultConnect},
		"too slow":                {func() Recipient { return recipient(t, slow) }, Options{Timeout: 50 * time.Millisecond}, telling.FaultTimeout},
		"a certificate of nobody": {func() Recipient { r := recipient(t, ok); r.roots = nil; return r }, Options{}, telling.FaultTLS},
		"another's certificate":   {func() Recipient { r := recipient(t, ok); r.url = address(r.url, "other.example.test"); return r }, Options{Resolver: resolver(t, "127.0.0.1")}, telling.FaultTLS},
		"no TLS":                  {func() Recipient { r := recipient(t, plain); u := *r.url; u.Scheme = "https"; r.url = &u; return r }, Options{}, telling.FaultTLS},
		"loopback is not allowed": {func() Recipient { r := recipient(t, ok); r.networks = nil; return r }, Options{}, telling.FaultAddress},
		"no such name":            {func() Recipient { r := recipient(t, ok); r.url = address(r.url, "nowhere.example.test"); return r }, Options{Resolver: resolver(t)}, telling.FaultName},
	} {
		if a := newSender(t, c.of(), c.opts).Send(t.Context(), "crm", message()); a.Status != 0 || a.Fault != c.want {
			t.Errorf("%s: %+v, want %s", name, a, c.want)
		}
	}
	if a := newSender(t, recipient(t, ok), Options{}).Send(t.Context(), "stranger", message()); a.Fault != telling.FaultUnknown {
		t.Errorf("a stranger: %+v", a)
	}
}

// address is a url with another host and the same port.
func address(u *url.URL, host string) *url.URL {
	out := *u
	out.Host = net.JoinHostPort(host, u.Port())
	return &out
}

func TestAnEndlessAnswerAndAHugeHeaderCostLittle(t *testing.T) {
	var sent atomic.Int64
	endless := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := bytes.Repeat([]byte("person@example.org "), 4096)
		for r.Context().Err() == nil {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if a := newSender(t, recipient(t, endless), Options{}).Send(t.Context(), "crm", message()); !a.Taken() {
		t.Errorf("its status came first: %+v", a)
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d octets were taken in", n)
	}
	huge := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	if a := newSender(t, recipient(t, huge), Options{}).Send(t.Context(), "crm", message()); a.Taken() {
		t.Errorf("a header of a megabyte is taken: %+v", a)
	}
}

// resolver is DNS of our own. It answers each question with the next of the addresses; without
// any, that the name is not there.
func resolver(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var mu sync.Mutex
	asked := 0
	next := func() string {
		mu.Lock()
		defer mu.Unlock()
		a := addresses[min(asked, len(addresses)-1)]
		asked++
		return a
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			q.Response, q.Authoritative, q.Additionals = true, true, nil
			ask := q.Questions[0]
			switch {
			case len(addresses) == 0:
				q.RCode = dnsmessage.RCodeNameError
			case ask.Type == dnsmessage.TypeA:
				q.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: ask.Name, Type: ask.Type, Class: ask.Class},
					Body: &dnsmessage.AResource{A: netip.MustParseAddr(next()).As4()}}}
			}
			out, err := q.Pack()
			if err == nil {
				conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestANameThatIsPointedElsewhereGetsNoConnection(t *testing.T) { // DNS rebinding
	var reached atomic.Int32
	srv := newServer(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	r := recipient(t, srv)
	r.url = address(r.url, "example.com") // the test server's certificate is for that name, too
	r.networks = prefixes("127.0.0.1/32")
	// The first answer is one that is allowed, all others are not: what was looked up once says
	// nothing of what is dialled next.
	dns := resolver(t, "127.0.0.1", "127.0.0.2")
	if a := newSender(t, r, Options{Resolver: dns}).Send(t.Context(), "crm", message()); !a.Taken() {
		t.Fatalf("the first: %+v", a)
	}
	for range 3 {
		if a := newSender(t, r, Options{Resolver: dns}).Send(t.Context(), "crm", message()); a.Fault != telling.FaultAddress {
			t.Errorf("rebound: %+v", a)
		}
	}
	if n := reached.Load(); n != 1 {
		t.Errorf("the server was reached %d times", n)
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	var through atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { through.Add(1) }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	srv := newServer(t, func(http.ResponseWriter, *http.Request) {})
	r := recipient(t, srv)
	r.url = address(r.url, "example.com") // the environment's proxy is never for loopback itself
	if a := newSender(t, r, Options{Resolver: resolver(t, "127.0.0.1")}).Send(t.Context(), "crm", message()); !a.Taken() {
		t.Errorf("directly: %+v", a)
	}
	if s := newSender(t, r, Options{}); s.systems["crm"].client.Transport.(*http.Transport).Proxy != nil {
		t.Error("there is a proxy")
	}
	if through.Load() > 0 {
		t.Error("it went through the proxy")
	}
}

func TestASystemWithoutTLSIsToldWhereItsHostIsNamedTwice(t *testing.T) {
	var reached atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(srv.Close)
	host := strings.TrimPrefix(srv.URL, "http://")
	file := write(t, t.TempDir(), "recipients.yaml", fmt.Sprintf("recipients:\n  - key: crm\n    url: %s/x\n    allow_http: %q\n    allow_networks: [127.0.0.0/8]\n    secrets: [%s]\n", srv.URL, host, goodSecret))
	list, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if a := newSender(t, list[0], Options{}).Send(t.Context(), "crm", message()); !a.Taken() || reached.Load() != 1 {
		t.Errorf("%+v", a)
	}
}
