package portal

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func networkNo(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 32)
}

func TestTheClientIsWhoeverStandsBeforeOurOwnProxies(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"nobody between":                   {"198.51.100.7:4711", nil, "198.51.100.7/32"},
		"one proxy":                        {"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7/32"},
		"two proxies":                      {"10.0.0.1:1", []string{"198.51.100.7, 10.0.0.2"}, "198.51.100.7/32"},
		"a header per proxy":               {"10.0.0.1:1", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7/32"},
		"a forged hop before the true one": {"10.0.0.1:1", []string{"192.0.2.1, 198.51.100.7"}, "198.51.100.7/32"},
		"a header from a stranger":         {"198.51.100.7:1", []string{"192.0.2.1"}, "198.51.100.7/32"},
		"an address with a port":           {"10.0.0.1:1", []string{"198.51.100.7:5555"}, "198.51.100.7/32"},
		"rubbish in the header":            {"10.0.0.1:1", []string{"unknown"}, "10.0.0.1/32"},
		"a proxy that says nothing":        {"10.0.0.1:1", nil, "10.0.0.1/32"},
		"IPv6":                             {"[::1]:1", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		"IPv6 with brackets and port":      {"[::1]:1", []string{"[2001:db8:1:2:3::4]:99"}, "2001:db8:1:2::/64"},
		"IPv4 written as IPv6":             {"[::ffff:198.51.100.7]:1", nil, "198.51.100.7/32"},
		"a Unix socket":                    {"@", nil, "invalid Prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/code", nil)
			r.RemoteAddr = c.peer
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := trusted.network(r).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestStrictTransportIsAskedForOnEncryptedConnectionsOnly(t *testing.T) { // RFC 6797, 7.2
	h := newHouse(t, "192.0.2.0/24")
	stranger := newHouse(t)
	const name = "Strict-Transport-Security"
	if got := h.get("/").Header().Get(name); got != "" {
		t.Errorf("in the clear: %q", got)
	}
	if got := stranger.get("/", "X-Forwarded-Proto", "https").Header().Get(name); got != "" {
		t.Errorf("a stranger says https: %q", got)
	}
	if got := h.get("/", "X-Forwarded-Proto", "https").Header().Get(name); got == "" {
		t.Error("not behind our proxy")
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get(name) == "" {
		t.Error("not with TLS")
	}
}

func TestAForwardingHeaderFromAStrangerIsWarnedOfOnceWithoutAddresses(t *testing.T) {
	h := newHouse(t, "10.0.0.0/8") // requests come from 192.0.2.1
	h.get("/")
	if h.log.Len() > 0 {
		t.Fatalf("without the header: %s", h.log)
	}
	for range 3 {
		wantStatus(t, h.get("/", "X-Forwarded-For", "198.51.100.7"), 200)
	}
	said := h.log.String()
	if strings.Count(said, "level=WARN") != 1 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "--proxies") {
		t.Errorf("the log says %s", said)
	}
	for _, address := range []string{"192.0.2.1", "198.51.100.7"} {
		if strings.Contains(said, address) {
			t.Errorf("%s is in the log: %s", address, said)
		}
	}
}

func TestATrustedProxyIsNotWarnedOf(t *testing.T) {
	h := newHouse(t, "192.0.2.0/24")
	wantStatus(t, h.get("/", "X-Forwarded-For", "198.51.100.7"), 200)
	if h.log.Len() > 0 {
		t.Errorf("the log says %s", h.log)
	}
}

func FuzzAForwardingHeaderNeverPanics(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.7, 10.0.0.2")
	f.Add("[::1%eth0]:1", ",,[::1]:x,")
	trusted := proxies{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := httptest.NewRequest("POST", "/code", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", forwarded)
		if n := trusted.network(r); n.IsValid() && n.Bits() != 32 && n.Bits() != 64 {
			t.Errorf("%v", n)
		}
	})
}
