package catcher

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/smtp"
	"strings"
	"testing"
)

// certificate makes a self-signed one for 127.0.0.1, and the pool that trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    noon.AddDate(-100, 0, 0), NotAfter: noon.AddDate(100, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestWithoutTLSOrTheRightPasswordNoMailIsTaken(t *testing.T) {
	config, pool := certificate(t)
	_, addr := serve(t, Options{TLS: config, Auth: &Auth{User: "relay-user", Password: "right"}})
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if ok, _ := c.Extension("AUTH"); ok {
		t.Error("AUTH is offered without TLS")
	}
	if err := c.Mail("a@example.org"); err == nil || !strings.Contains(err.Error(), "5.7.0") {
		t.Errorf("MAIL without an account: %v", err)
	}
	if err := c.StartTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", "relay-user", "wrong", "127.0.0.1")); err == nil || !strings.Contains(err.Error(), "5.7.8") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestAMailUnderTLSAndAnAccountSaysSo(t *testing.T) {
	config, pool := certificate(t)
	s, addr := serve(t, Options{TLS: config, Auth: &Auth{User: "relay-user", Password: "right"}})
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	steps := []func() error{
		func() error { return c.StartTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}) },
		func() error { return c.Auth(smtp.PlainAuth("", "relay-user", "right", "127.0.0.1")) },
		func() error { return c.Mail("a@example.org") },
		func() error { return c.Rcpt("b@example.org") },
		func() error {
			w, err := c.Data()
			if err != nil {
				return err
			}
			w.Write([]byte(letter("x", "y")))
			return w.Close()
		},
		c.Quit,
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if m := s.Mails()[0]; m.TLS != "TLS 1.3" || m.User != "relay-user" {
		t.Errorf("TLS %q, user %q", m.TLS, m.User)
	}
}

func TestADropUnderTLSHappensAtTheSameStep(t *testing.T) {
	config, pool := certificate(t)
	for _, step := range []Step{AtMail, AtRcpt, AtData, InBody, AfterDot} {
		s, addr := serve(t, Options{TLS: config, Script: always(Drop(step))})
		plain := dial(t, addr)
		plain.do("STARTTLS", "220 ")
		secure := tls.Client(plain.Conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
		c := over(t, secure)
		c.do("EHLO client.example", "250 ")
		c.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
		replies := map[Step]int{AtMail: 0, AtRcpt: 1, AtData: 2, InBody: 3, AfterDot: 3}[step]
		for range replies {
			if _, err := c.reply(); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
		}
		if step >= InBody {
			c.send(letter("x", "y") + ".\r\n")
		}
		c.expectLost()
		if got := s.Counts(); got.Dropped != 1 || got.Taken != got.Unanswered || (got.Taken == 1) != (step == AfterDot) {
			t.Errorf("step %d: %+v", step, got)
		}
	}
}
