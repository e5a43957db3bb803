package relay

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	check "github.com/emersion/go-msgauth/dkim"

	"article14/internal/dkim"
	"article14/mailer"
)

// signer has a key of each algorithm.
var signer = sync.OnceValue(func() *dkim.Signer {
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	var keys []dkim.Key
	for selector, private := range map[string]crypto.Signer{"e1": ed, "r1": strong} {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			panic(err)
		}
		k, err := dkim.ParseKey(selector, time.Time{}, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		if err != nil {
			panic(err)
		}
		keys = append(keys, k)
	}
	s, err := dkim.NewSigner("", keys...)
	if err != nil {
		panic(err)
	}
	return s
})

func signs(c *Config) { c.DKIM = signer() }

// dated is a message that can be signed, with dots that the wire doubles.
func dated(i int) mailer.Message {
	m := notice
	m.EnvelopeID = fmt.Sprint(envelope, i)
	m.Bytes = fmt.Appendf(nil, "From: <privacy@notices.example>\r\nTo: <%s>\r\nSubject: %d\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\nDear Ann,\r\n.\r\n..hidden\r\n\r\n", recipient, i)
	return m
}

// verifies holds a message against its signatures by another implementation.
func verifies(t *testing.T, message string) {
	t.Helper()
	found, err := check.VerifyWithOptions(strings.NewReader(message), &check.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for _, k := range signer().Keys() {
			if k.Name("notices.example") == name {
				return []string{k.Record()}, nil
			}
		}
		return nil, fmt.Errorf("nobody asked for %s", name)
	}})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d signatures, %v", len(found), err)
	}
	for _, v := range found {
		if v.Err != nil {
			t.Errorf("%v:\n%s", v.Err, message)
		}
	}
}

// With -race: eight connections share a signer.
func TestWhatComesOverTheWireIsSigned(t *testing.T) {
	const connections, each = 8, 6
	for way, extensions := range bothWays {
		t.Run(way, func(t *testing.T) {
			srv := served(t, setup{extensions: extensions})
			r := dialled(t, srv, signs)
			var wait sync.WaitGroup
			for c := range connections {
				wait.Go(func() {
					s, err := r.Open(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					for i := range each {
						m, next := dated(c*each+i), dated(c*each+i+1)
						announced := &next
						if i == each-1 {
							announced = nil
						}
						if _, err := s.Send(t.Context(), m, announced); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			got := srv.received()
			if len(got) != connections*each {
				t.Fatalf("%d messages", len(got))
			}
			for _, m := range got {
				verifies(t, m)
				if i := strings.Index(m, "From:"); !strings.HasSuffix(m[i:], "\r\nDear Ann,\r\n.\r\n..hidden\r\n\r\n") {
					t.Errorf("the message behind its signature is another: %q", m[i:])
				}
			}
		})
	}
}

// E5: what is sent again under its Message-ID has the same bytes, signature
// included; what is on record is the message without it.
func TestASecondAttemptIsSignedWithTheSameBytes(t *testing.T) {
	srv := served(t, setup{extensions: []string{"PIPELINING"}})
	m := dated(1)
	before := bytes.Clone(m.Bytes)
	for range 2 {
		if _, err := open(t, srv, signs).Send(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
	}
	got := srv.received()
	if len(got) != 2 || got[0] != got[1] || !strings.HasSuffix(got[0], string(before)) || !bytes.Equal(before, m.Bytes) {
		t.Errorf("%q", got)
	}
}

func TestTheAnnouncedSizeCountsTheSignature(t *testing.T) { // RFC 1870
	srv := served(t, setup{extensions: []string{"SIZE 10000"}})
	if _, err := open(t, srv, signs).Send(t.Context(), dated(1), nil); err != nil {
		t.Fatal(err)
	}
	got := srv.received()
	if want := fmt.Sprintf(" SIZE=%d", len(got[0])); !slices.ContainsFunc(srv.commands(), func(c string) bool { return strings.HasSuffix(c, want) }) {
		t.Errorf("%q, and not%s", srv.commands(), want)
	}
	small := served(t, setup{extensions: []string{fmt.Sprintf("SIZE %d", len(got[0])-1)}})
	if _, err := open(t, small, signs).Send(t.Context(), dated(1), nil); failure(t, err).Reply.Enhanced != "5.3.4" {
		t.Errorf("a message that is too large with its signature: %v", err)
	}
}

// A fault of the signer is ours, and charged to nobody's address.
func TestWhatCannotBeSignedIsPutOffAndNotSent(t *testing.T) {
	for way, extensions := range bothWays {
		srv := served(t, setup{extensions: extensions})
		s := open(t, srv, signs)
		fine := dated(1)
		if _, err := s.Send(t.Context(), fine, &notice); err != nil { // no From, no Date
			t.Fatal(err)
		}
		_, err := s.Send(t.Context(), notice, nil)
		failed := failure(t, err)
		if class := mailer.Classify(failed); class != mailer.ClassPolicy || mailer.Next(class).Suppress || mailer.Next(class).To != mailer.Deferred {
			t.Errorf("%s: %v is %s", way, err, class)
		}
		if got := srv.received(); len(got) != 1 || !s.Alive() {
			t.Errorf("%s: %d messages, alive %v", way, len(got), s.Alive())
		}
	}
}
