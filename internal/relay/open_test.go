package relay

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

// authority makes a certificate authority, and a server's certificate for name
// and 127.0.0.1 that is good at any time of this century.
func authority(t *testing.T, name string) (*x509.CertPool, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

const serverName = "relay.example"

func secured(policy TLS, roots *x509.CertPool) func(*Config) {
	return func(c *Config) { c.TLS, c.RootCAs, c.ServerName = policy, roots, serverName }
}

func account(password string) func(*Config) {
	return func(c *Config) { c.Username, c.Password = "notices", password }
}

func TestAMessageGoesOverTLSWithAuthentication(t *testing.T) {
	roots, server := authority(t, serverName)
	for _, c := range []struct {
		policy   TLS
		implicit bool
	}{{TLSMandatory, false}, {TLSOpportunistic, false}, {TLSImplicit, true}} {
		t.Run(string(c.policy), func(t *testing.T) {
			srv := served(t, setup{tls: server, implicit: c.implicit, extensions: []string{"AUTH LOGIN PLAIN", "DSN"}})
			s := open(t, srv, secured(c.policy, roots), account("open sesame"))
			for range 2 {
				if _, err := s.Send(t.Context(), notice, nil); err != nil {
					t.Fatal(err)
				}
			}
			if got := srv.received(); !slices.Equal(got, []string{text, text}) {
				t.Errorf("the relay got %q", got)
			}
			if starts := slices.Contains(srv.commands(), "STARTTLS"); starts == c.implicit {
				t.Errorf("STARTTLS: %v", starts)
			}
			if !slices.ContainsFunc(srv.commands(), func(l string) bool { return strings.HasPrefix(l, "RCPT") && strings.Contains(l, "NOTIFY") }) {
				t.Error("what the relay offers under TLS was not heard")
			}
		})
	}
}

// RFC 3207, 4.2: what was heard in clear may be anybody's, and is forgotten.
func TestWhatWasOfferedInClearCountsForNothingUnderTLS(t *testing.T) {
	roots, server := authority(t, serverName)
	const inClear = "250-relay.example\r\n250-PIPELINING\r\n250-SIZE 10\r\n250-DSN\r\n250 STARTTLS"
	for name, acts := range map[string]script{
		"it is withdrawn":                        {"EHLO": {say(inClear)}},
		"it is slipped in behind the 220":        {"STARTTLS": {say("220 go ahead\r\n250-relay.example\r\n250-DSN\r\n250 PIPELINING")}},
		"and so is what would be taken for mail": {"STARTTLS": {say("220 go ahead\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken")}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := served(t, setup{tls: server, script: acts})
			s := open(t, srv, secured(TLSMandatory, roots))
			other := notice
			other.To = "other@people.example"
			if _, err := s.Send(t.Context(), notice, &other); err != nil {
				t.Fatal(err)
			}
			if got := srv.received(); !slices.Equal(got, []string{text}) {
				t.Errorf("the relay got %q", got)
			}
			said := strings.Join(srv.commands(), "\n")
			if strings.Count(said, "MAIL") != 1 || strings.Contains(said, "SIZE=") || strings.Contains(said, "NOTIFY") {
				t.Errorf("commands: %s", said)
			}
		})
	}
}

// refused opens, and wants a failure at connect that charges nobody, and that
// the server saw none of the commands.
func refused(t *testing.T, srv *scripted, code int, forbidden []string, change ...func(*Config)) *mailer.DeliveryError {
	t.Helper()
	s, err := dialled(t, srv, change...).Open(t.Context())
	if s != nil {
		t.Fatal("a session was opened")
	}
	failed := failure(t, err)
	if failed.Stage != mailer.StageConnect || failed.Reply.Code != code || mailer.Classify(failed) != mailer.ClassRelayAway {
		t.Errorf("got %v at %s", failed, failed.Stage)
	}
	srv.stop() // waits until the client has hung up: no socket is left open
	for _, line := range srv.commands() {
		for _, f := range forbidden {
			if strings.HasPrefix(line, f) {
				t.Errorf("%s was sent", f)
			}
		}
	}
	return failed
}

func TestNothingGoesOutOverAConnectionThatIsNotAsItMustBe(t *testing.T) {
	roots, server := authority(t, serverName)
	foreign, _ := authority(t, serverName)
	_, misnamed := authority(t, "other.example")
	secrets := []string{"AUTH", "MAIL"}
	plainAuth := []string{"AUTH PLAIN"}
	t.Run("mandatory TLS is not offered", func(t *testing.T) {
		refused(t, serve(t, setup{extensions: plainAuth}), 0, secrets, secured(TLSMandatory, roots), account("open sesame"))
	})
	t.Run("mandatory TLS is refused", func(t *testing.T) {
		refused(t, serve(t, setup{tls: server, extensions: plainAuth, script: script{"STARTTLS": {say("454 4.7.0 not now")}}}), 454, secrets, secured(TLSMandatory, roots), account("open sesame"))
	})
	t.Run("the certificate's authority is unknown", func(t *testing.T) {
		refused(t, serve(t, setup{tls: server, extensions: plainAuth}), 0, secrets, secured(TLSMandatory, foreign), account("open sesame"))
	})
	t.Run("the certificate is for another name", func(t *testing.T) {
		refused(t, serve(t, setup{tls: misnamed, extensions: plainAuth}), 0, secrets, secured(TLSMandatory, roots), account("open sesame"))
	})
	t.Run("the certificate's authority is unknown, implicit", func(t *testing.T) {
		refused(t, serve(t, setup{tls: server, implicit: true, extensions: plainAuth}), 0, secrets, secured(TLSImplicit, foreign), account("open sesame"))
	})
	t.Run("the account is refused, and its name not kept", func(t *testing.T) {
		failed := refused(t, serve(t, setup{tls: server, extensions: plainAuth}), 535, []string{"MAIL"}, secured(TLSMandatory, roots), account("wrong"))
		if failed.Reply.Enhanced != "5.7.8" || failed.Reply.Text != "no such account: [address]" {
			t.Errorf("got %+v", failed.Reply)
		}
	})
	t.Run("the relay's questions have no end, and are not quoted", func(t *testing.T) {
		question := func(s string) []act { return []act{say("334 %s", base64.StdEncoding.EncodeToString([]byte(s)))} }
		word := base64.StdEncoding.EncodeToString
		srv := serve(t, setup{tls: server, extensions: []string{"AUTH LOGIN"}, script: script{
			"AUTH": question("Username:"), word([]byte("notices")): question("Password:"), word([]byte("open sesame")): question("Ann Lee?"),
		}})
		failed := refused(t, srv, 0, []string{"MAIL"}, secured(TLSMandatory, roots), account("open sesame"))
		if strings.Contains(failed.Error(), "Ann") {
			t.Errorf("got %v", failed)
		}
	})
	t.Run("no authentication is offered", func(t *testing.T) {
		refused(t, serve(t, setup{tls: server}), 0, secrets, secured(TLSMandatory, roots), account("open sesame"))
	})
	t.Run("no mechanism that we use is offered", func(t *testing.T) {
		srv := serve(t, setup{tls: server, extensions: []string{"AUTH CRAM-MD5 NTLM"}, script: script{"QUIT": {say("500 Ann, stay")}}})
		failed := refused(t, srv, 0, secrets, secured(TLSMandatory, roots), account("open sesame"))
		if !errors.Is(failed, errNoMechanism) || strings.Contains(failed.Error(), "Ann") {
			t.Errorf("got %v", failed)
		}
	})
}

// go-mail leaves the socket open where its own steps fail; refused sees that ours is closed.
func TestABeginningThatFailsChargesNobodyAndLeavesNoSocketOpen(t *testing.T) {
	long := "220-" + strings.Repeat("x", 1000) + "\r\n"
	for _, c := range []struct {
		sentence string
		script   script
		code     int
		cause    error // nil: whatever it is
	}{
		{"the relay hangs up", script{"GREETING": {cut}}, 0, nil},
		{"the relay is silent", script{"GREETING": {stall}}, 0, nil},
		{"the relay greets with 554", script{"GREETING": {say("554 5.3.2 no mail here")}}, 554, nil},
		{"the relay greets with 421", script{"GREETING": {say("421 4.3.2 too busy")}}, 421, nil},
		{"the relay greets with nonsense", script{"GREETING": {say("hello there")}}, 0, errNonsense},
		{"the relay greets with 250", script{"GREETING": {say("250 hello")}}, 0, errNonsense},
		{"the relay greets without end", script{"GREETING": {say("%s", strings.Repeat(long, 300))}}, 0, errTooMuch},
		{"the relay hangs up at EHLO", script{"EHLO": {cut}}, 0, nil},
		{"the relay is silent at EHLO", script{"EHLO": {stall}}, 0, nil},
		{"the relay answers EHLO without end", script{"EHLO": {say("%s", strings.Repeat(strings.Replace(long, "220", "250", 1), 300))}}, 0, errTooMuch},
		{"the relay refuses EHLO and HELO", script{"EHLO": {say("502 what")}, "HELO": {say("550 5.7.1 no")}}, 502, nil},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			s := setup{script: c.script}
			failed := refused(t, serve(t, s), c.code, []string{"MAIL"}, limits(briefWhere(c.script)))
			if c.cause != nil && !errors.Is(failed, c.cause) {
				t.Errorf("got %v, want %v", failed, c.cause)
			}
		})
	}
}

func TestAnOldServerWithoutEHLOIsSpokenTo(t *testing.T) {
	srv := served(t, setup{script: script{"EHLO": {say("502 what")}}})
	if _, err := open(t, srv).Send(t.Context(), notice, nil); err != nil {
		t.Error(err)
	}
}

func TestAConnectionRefusedIsTheRelaysFault(t *testing.T) {
	srv := serve(t, setup{})
	srv.stop()
	_, err := dialled(t, srv).Open(t.Context())
	if failed := failure(t, err); failed.Stage != mailer.StageConnect || mailer.Next(mailer.Classify(failed)).To != mailer.Queued {
		t.Errorf("got %v", failed)
	}
}

func TestACancelledContextEndsTheOpening(t *testing.T) {
	reached := make(chan struct{})
	srv := served(t, setup{script: script{"EHLO": {{stall: true, reached: reached}}}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	_, err := dialled(t, srv).Open(ctx)
	if failed := failure(t, err); failed.Stage != mailer.StageConnect || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", failed)
	}
}

// away claims to be on another machine, and must not be spoken to.
type away struct {
	net.Conn
	t *testing.T
}

func (a away) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func (a away) Write(p []byte) (int, error) {
	a.t.Errorf("said in clear to another machine: %q", p)
	return len(p), nil
}

func TestALoopbackNameThatLeadsAwayGetsNothingInClear(t *testing.T) {
	for _, policy := range []TLS{TLSDefault, TLSNone, TLSOpportunistic} {
		srv := serve(t, setup{})
		r := dialled(t, srv, limits(Limits{Greeting: brief}), func(c *Config) { c.Host, c.TLS = "localhost", policy })
		r.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, srv.ln.Addr().String())
			return away{conn, t}, err
		}
		_, err := r.Open(t.Context())
		if !errors.Is(err, errNotLocal) {
			t.Errorf("policy %q: got %v", policy, err)
		}
		srv.stop()
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		sentence string
		cfg      Config
		tls      TLS
		port     int
		problem  string // in the error; "" if there must be none
	}{
		{"TLS is mandatory by default", Config{Host: "relay.example"}, TLSMandatory, 25, ""},
		{"TLS is mandatory by default for a private address too", Config{Host: "10.0.0.1"}, TLSMandatory, 25, ""},
		{"a name that begins like localhost is another machine", Config{Host: "localhost.example"}, TLSMandatory, 25, ""},
		{"an account means submission", Config{Host: "relay.example", Username: "u"}, TLSMandatory, 587, ""},
		{"implicit TLS has a port of its own", Config{Host: "relay.example", TLS: TLSImplicit}, TLSImplicit, 465, ""},
		{"this machine is spoken to in clear by default", Config{Host: "127.0.0.1"}, TLSNone, 25, ""},
		{"this machine by IPv6", Config{Host: "::1"}, TLSNone, 25, ""},
		{"this machine may be spoken to with TLS", Config{Host: "localhost", TLS: TLSMandatory}, TLSMandatory, 25, ""},
		{"nothing in clear to another machine", Config{Host: "relay.example", TLS: TLSNone}, "", 0, "in clear"},
		{"nothing perhaps in clear to another machine", Config{Host: "10.0.0.1", TLS: TLSOpportunistic}, "", 0, "in clear"},
		{"an unknown policy", Config{Host: "relay.example", TLS: "sometimes"}, "", 0, "no TLS policy"},
		{"no host", Config{}, "", 0, "no host"},
		{"a password for nobody", Config{Host: "relay.example", Password: "p"}, "", 0, "no user name"},
		{"no such port", Config{Host: "relay.example", Port: 70000}, "", 0, "port"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			r, err := New(c.cfg)
			switch {
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("got %v, want an error with %q", err, c.problem)
			case c.problem == "" && err != nil:
				t.Error(err)
			case c.problem == "" && (r.cfg.TLS != c.tls || r.cfg.Port != c.port || r.Name() != c.cfg.Host):
				t.Errorf("got %q on port %d as %q", r.cfg.TLS, r.cfg.Port, r.Name())
			}
		})
	}
}

func TestLimitsAreThoseOfRFC5321UnlessSaid(t *testing.T) {
	r, err := New(Config{Host: "relay.example", Limits: Limits{Mail: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultLimits
	want.Mail = time.Second
	if r.cfg.Limits != want || want.Dot != 10*time.Minute {
		t.Errorf("got %+v", r.cfg.Limits)
	}
}
