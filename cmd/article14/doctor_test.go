package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"article14/internal/doctor"
	"article14/internal/register"
	"article14/mailer"
)

// names is DNS in memory: TXT, MX and addresses by name.
type names map[string]struct {
	txt, mx []string
	ip      string
}

func gone(name string) error { return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true} }

func (n names) LookupTXT(_ context.Context, name string) ([]string, error) {
	if r := n[name]; len(r.txt) > 0 {
		return r.txt, nil
	}
	return nil, gone(name)
}

func (n names) LookupMX(_ context.Context, name string) (out []*net.MX, err error) {
	for _, h := range n[name].mx {
		out = append(out, &net.MX{Host: h})
	}
	if out == nil {
		err = gone(name)
	}
	return out, err
}

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if r := n[host]; r.ip != "" {
		return []netip.Addr{netip.MustParseAddr(r.ip)}, nil
	}
	return nil, gone(host)
}

func (n names) LookupAddr(_ context.Context, addr string) ([]string, error) {
	for name, r := range n {
		if r.ip == addr {
			return []string{name + "."}, nil
		}
	}
	return nil, gone(addr)
}

// wellKnown is DNS as the sample register's company should have it.
func wellKnown(m mailer.MailSettings) names {
	_, from, _ := strings.Cut(m.From, "@")
	host := strings.TrimPrefix(m.Links, "https://")
	return names{
		m.BounceDomain:           {txt: []string{"v=spf1 ip4:192.0.2.25 -all"}, mx: []string{"mail.nordlicht.example"}},
		"_dmarc." + from:         {txt: []string{"v=DMARC1; p=reject"}},
		host:                     {ip: "192.0.2.80"},
		"mail.nordlicht.example": {ip: "192.0.2.25"},
	}
}

// pagesAt answers for every host with a handler.
type pagesAt struct{ http.Handler }

func (p pagesAt) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// patient is a set-up for the doctor: a database with the sample register as it is, and a relay.
func patient(t *testing.T) (*stage, *doctorCmd, *Settings) {
	t.Helper()
	s := newStage(t, nil)
	reg, _, err := register.Parse("register.yaml", register.Sample())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.applyRegister(t.Context(), reg, register.Sample(), "test"); err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(s.relayPort)
	if err != nil {
		t.Fatal(err)
	}
	cmd := &doctorCmd{RelayFlags: RelayFlags{RelayHost: "127.0.0.1", RelayPort: port, RelayTLS: "default", RelayHELO: "test.example"},
		SendsFrom: []string{"192.0.2.25"}, Timeout: time.Minute, JSON: true, dns: wellKnown(reg.Controller.Mail), web: pagesAt{s.portal(nil)}}
	return s, cmd, &Settings{DatabaseURL: s.url, Keys: s.keyFile}
}

// examine gives what the doctor says, by subject and level.
func examine(t *testing.T, cmd *doctorCmd, settings *Settings) (found map[string]bool, said string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = cmd.Run(t.Context(), settings, streams{out: &out})
	var fs []doctor.Finding
	if jerr := json.Unmarshal(out.Bytes(), &fs); jerr != nil {
		t.Fatal(jerr, out.String())
	}
	found = map[string]bool{}
	for _, f := range fs {
		found[f.About+" "+string(f.Level)] = true
	}
	return found, out.String(), err
}

func TestADoctorFindsNothingWrongWithASetUpThatIsWell(t *testing.T) {
	_, cmd, settings := patient(t)
	found, said, err := examine(t, cmd, settings)
	for _, about := range []string{"database", "migrations", "clock", "instance", "register", "keys", "relay", "bounces", "SPF", "DMARC", "alignment", "links", "reverse DNS"} {
		// The tests' server has autovacuum and fsync off on purpose, and the doctor sees that.
		if about != "database" && (!found[about+" ok"] || found[about+" problem"]) {
			t.Errorf("%s is not well: %s", about, said)
		}
	}
	if !found["database ok"] || !strings.Contains(said, "autovacuum is off") || !strings.Contains(said, "fsync is off") || !errors.Is(err, errIll) {
		t.Errorf("a database without autovacuum passes: %v %s", err, said)
	}
	if !found["DKIM unknown"] {
		t.Errorf("what cannot be seen is not said: %s", said)
	}
	if strings.Contains(said, "@") {
		t.Errorf("an address is said: %s", said)
	}
}

func TestADoctorNamesEachFault(t *testing.T) {
	s, cmd, settings := patient(t)
	other := filepath.Join(t.TempDir(), "keys.json")
	if _, err := makeKeys(other); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, want string
		set        func()
		back       func()
	}{
		{"keys of another database", "keys problem", func() { settings.Keys = other }, func() { settings.Keys = s.keyFile }},
		{"keys that others read", "keys warning", func() { os.Chmod(s.keyFile, 0o644) }, func() { os.Chmod(s.keyFile, 0o600) }},
		{"a relay that is away", "relay problem", func() { cmd.RelayPort = 1 }, func() { cmd.RelayPort, _ = strconv.Atoi(s.relayPort) }},
		{"no relay", "relay unknown", func() { cmd.RelayHost = "" }, func() { cmd.RelayHost = "127.0.0.1" }},
		{"a sender that SPF does not know", "SPF problem", func() { cmd.SendsFrom = []string{"192.0.2.80"} }, func() { cmd.SendsFrom = []string{"192.0.2.25"} }},
		{"a signature of another domain", "alignment warning", func() { cmd.DKIMDomain = "provider.example" }, func() { cmd.DKIMDomain = "" }},
		{"pages that do not answer", "links problem", func() { cmd.web = pagesAt{http.NotFoundHandler()} }, func() { cmd.web = pagesAt{s.portal(nil)} }},
		{"nobody is to be asked", "DNS unknown", func() { cmd.Offline = true }, func() { cmd.Offline = false }},
		{"no such controller", "register problem", func() { settings.Controller = "nobody" }, func() { settings.Controller = "" }},
		{"no database", "connect to the database", // of the tests' own, autovacuum and fsync are a problem already
			func() { settings.DatabaseURL = "postgres://127.0.0.1:1/x?sslmode=disable" }, func() { settings.DatabaseURL = s.url }},
		{"a held copy", "instance problem", func() { s.held(t, true) }, func() { s.held(t, false) }},
	} {
		if found, said, _ := examine(t, cmd, settings); found[c.want] || strings.Contains(said, c.want) {
			t.Fatalf("%s, before it is so: %s", c.want, said)
		}
		c.set()
		if found, said, _ := examine(t, cmd, settings); !found[c.want] && !strings.Contains(said, c.want) {
			t.Errorf("%s: no %s in %s", c.what, c.want, said)
		}
		c.back()
	}
}

// held makes a copy of the instance, or of the copy the one that sends.
func (s *stage) held(t *testing.T, held bool) {
	t.Helper()
	if !held {
		if _, err := s.store.Adopt(t.Context(), "", "test", "test", s.now()); err != nil {
			t.Fatal(err)
		}
		return
	}
	s.sql(t, `UPDATE instance SET place = regexp_replace(place, 'database=\d+', 'database=1')`)
}

func TestADoctorSpeaksToPeopleToo(t *testing.T) {
	_, cmd, settings := patient(t)
	cmd.JSON, cmd.RelayPort = false, 1
	var out bytes.Buffer
	err := cmd.Run(t.Context(), settings, streams{out: &out})
	if !errors.Is(err, errIll) || !strings.Contains(out.String(), "\nproblem  relay ") || !strings.Contains(out.String(), "-> see its log") {
		t.Errorf("%v\n%s", err, &out)
	}
	cmd.SendsFrom = []string{"somewhere"}
	if err := cmd.Run(t.Context(), settings, streams{out: &out}); !errors.As(err, new(misuse)) {
		t.Errorf("no address: %v", err)
	}
}
