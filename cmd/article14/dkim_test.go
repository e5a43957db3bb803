package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	check "github.com/emersion/go-msgauth/dkim"

	"article14/internal/catcher"
	"article14/internal/dkim"
)

// strongKey is made once: RSA takes long.
var strongKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// keyFile writes a private key as openssl does.
func keyFile(t *testing.T, private crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func edKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// published is DNS with the records of a signer's keys.
func published(s *dkim.Signer, domain string) map[string]string {
	records := map[string]string{}
	for _, k := range s.Keys() {
		records[k.Name(domain)] = k.Record()
	}
	return records
}

// signedBy gives the selectors of a mail whose signatures all verify by another
// implementation.
func signedBy(t *testing.T, raw []byte, records map[string]string) (names []string) {
	t.Helper()
	var mu sync.Mutex // each signature is looked up by a goroutine of its own
	found, err := check.VerifyWithOptions(bytes.NewReader(raw), &check.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		record, there := records[name]
		if !there {
			return nil, fmt.Errorf("nobody asked for %s", name)
		}
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name[:strings.Index(name, ".")])
		return []string{record}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		if v.Err != nil {
			t.Errorf("%v:\n%.1500s", v.Err, raw)
		}
		for _, field := range []string{"From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"} {
			if !strings.Contains(strings.ToLower(" "+strings.Join(v.HeaderKeys, " ")+" "), " "+strings.ToLower(field)+" ") {
				t.Errorf("%s is not covered: %q", field, v.HeaderKeys)
			}
		}
	}
	return names
}

// From the queue to the wire: every notice is signed by the keys in force, what is
// sent again is the same to the octet, and the hash on record is of the message
// without its signatures (E1, E5).
func TestEveryNoticeIsSignedByTheKeysInForce(t *testing.T) {
	s := newStage(t, func(e catcher.Envelope) catcher.Verdict { // of a quarter the first answer is lost
		if e.Step == catcher.AtRcpt && e.Try == 1 && len(e.To)%4 == 0 {
			return catcher.Drop(catcher.AfterDot)
		}
		return catcher.Accept
	})
	port, err := strconv.Atoi(s.relayPort)
	if err != nil {
		t.Fatal(err)
	}
	later := s.now().AddDate(0, 0, 30).UTC().Format(time.DateOnly)
	flags := RelayFlags{RelayHost: "127.0.0.1", RelayPort: port, RelayTLS: "default", RelayHELO: "test.example", DKIMFlags: DKIMFlags{DKIMKey: []string{
		"r1=" + keyFile(t, strongKey()), "e1:2026-01-01=" + keyFile(t, edKey(t)), "e2:" + later + "=" + keyFile(t, edKey(t))}}}
	if s.relay, err = flags.open(); err != nil {
		t.Fatal(err)
	}
	s.take(t, 60)
	s.release(t, "signed")
	stop := s.worker()
	until(t, s.finished(t, "signed"))
	stop()

	records := published(s.relay.Signer(), mailDomain(s.reg))
	sent := map[string][]byte{}
	twice := 0
	for _, m := range s.notices(t) {
		if names := signedBy(t, m.Raw, records); strings.Join(names, " ") != "r1 e1" && strings.Join(names, " ") != "e1 r1" {
			t.Fatalf("signed by %q", names)
		}
		if earlier, again := sent[m.parsed.MessageID]; again {
			twice++
			if !bytes.Equal(earlier, m.Raw) {
				t.Error("a notice was sent again with other bytes")
			}
		}
		sent[m.parsed.MessageID] = m.Raw
	}
	if len(sent) < 30 || twice == 0 {
		t.Fatalf("%d notices, %d of them twice: the test has lost its cases", len(sent), twice)
	}
	s.hashesAreOfTheUnsigned(t, sent)
}

// hashesAreOfTheUnsigned holds the hashes on record against the mails without the
// fields that stand before all others.
func (s *stage) hashesAreOfTheUnsigned(t *testing.T, sent map[string][]byte) {
	t.Helper()
	var sums []string
	for _, raw := range sent {
		for bytes.HasPrefix(raw, []byte("DKIM-Signature:")) || raw[0] == ' ' {
			_, raw, _ = bytes.Cut(raw, []byte("\n"))
		}
		sums = append(sums, fmt.Sprintf("'\\x%x'", sha256.Sum256(raw)))
	}
	s.sql(t, fmt.Sprintf("DO $$ BEGIN ASSERT (SELECT count(DISTINCT sha256) FROM attempt WHERE sha256 IN (%s)) = %d; END $$", strings.Join(sums, ","), len(sums)))
}

func TestADKIMKeyIsRefusedBeforeAnythingIsOpened(t *testing.T) {
	good, open := keyFile(t, edKey(t)), keyFile(t, edKey(t))
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	group := keyFile(t, edKey(t))
	if err := os.Chmod(group, 0o640); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		flags DKIMFlags
		says  string // "" is well
	}{
		"none":                      {DKIMFlags{}, ""},
		"one":                       {DKIMFlags{DKIMKey: []string{"s1=" + good}}, ""},
		"one that its group reads":  {DKIMFlags{DKIMKey: []string{"s1=" + group}}, ""},
		"one that everybody reads":  {DKIMFlags{DKIMKey: []string{"s1=" + open}}, "chmod 600"},
		"no file":                   {DKIMFlags{DKIMKey: []string{"s1="}}, "SELECTOR=FILE"},
		"no selector":               {DKIMFlags{DKIMKey: []string{good}}, "SELECTOR=FILE"},
		"a file that is not there":  {DKIMFlags{DKIMKey: []string{"s1=" + good + "x"}}, "no such file"},
		"a day that is none":        {DKIMFlags{DKIMKey: []string{"s1:soon=" + good}}, "2026-12-01"},
		"two that both sign":        {DKIMFlags{DKIMKey: []string{"s1=" + good, "s2=" + group}}, "from which date"},
		"a domain that is no name":  {DKIMFlags{DKIMKey: []string{"s1=" + good}, DKIMDomain: "x y"}, "no domain"},
		"one by day, one by nature": {DKIMFlags{DKIMKey: []string{"s1=" + good, "s2:2026-12-01=" + group}}, ""},
	} {
		r := RelayFlags{RelayHost: "127.0.0.1", RelayTLS: "default", DKIMFlags: c.flags}
		relay, err := r.open()
		switch {
		case c.says == "" && (err != nil || (relay.Signer() != nil) != (c.flags.DKIMKey != nil)):
			t.Errorf("%s: %v", what, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || !errors.As(err, new(misuse))):
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAWorkerThatWouldSignForAnotherDomainDoesNotStart(t *testing.T) { // RFC 7489, 3.1.1
	s := newStage(t, nil)
	port, err := strconv.Atoi(s.relayPort)
	if err != nil {
		t.Fatal(err)
	}
	c := workCmd{RelayFlags: RelayFlags{RelayHost: "127.0.0.1", RelayPort: port, RelayTLS: "default", DKIMFlags: DKIMFlags{
		DKIMKey: []string{"e1=" + keyFile(t, edKey(t))}, DKIMDomain: "provider.example"}}, WorkerFlags: WorkerFlags{PolicyPause: "off"}}
	err = c.Run(t.Context(), &Settings{DatabaseURL: s.url, Keys: s.keyFile, LogFormat: "text", LogLevel: "info"}, streams{err: s.log})
	if !errors.As(err, new(misuse)) || !strings.Contains(err.Error(), "provider.example") {
		t.Errorf("%v", err)
	}
}

func TestADoctorHoldsOurKeysAgainstDNS(t *testing.T) {
	s, cmd, settings := patient(t)
	file := keyFile(t, strongKey())
	cmd.DKIMKey = []string{"r1=" + file}
	found, said, _ := examine(t, cmd, settings)
	if !found["DKIM problem"] || !strings.Contains(said, "v=DKIM1; k=rsa; p=") {
		t.Errorf("a key that nobody has published: %s", said)
	}
	signer, err := cmd.signer()
	if err != nil {
		t.Fatal(err)
	}
	dns := cmd.dns.(names)
	for name, record := range published(signer, mailDomain(s.reg)) {
		n := dns[name]
		n.txt = []string{record}
		dns[name] = n
	}
	if found, said, _ = examine(t, cmd, settings); !strings.Contains(said, "the one that we sign with") || found["DKIM problem"] || found["DKIM unknown"] {
		t.Errorf("a key that is published: %s", said)
	}
	cmd.DKIMDomain = "provider.example"
	if found, said, _ = examine(t, cmd, settings); !found["DKIM problem"] {
		t.Errorf("a key of another domain: %s", said)
	}
	cmd.DKIMDomain = ""
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	if found, said, _ = examine(t, cmd, settings); !found["DKIM problem"] || !strings.Contains(said, "everybody") {
		t.Errorf("a key that everybody can read: %s", said)
	}
}

func TestARelaySignsByKeysOfItsOwnOrByThoseOfAllOrNotAtAll(t *testing.T) {
	ours, own := keyFile(t, edKey(t)), keyFile(t, edKey(t))
	list := filepath.Join(filepath.Dir(own), "relays.yaml")
	body := fmt.Sprintf(`relays:
  - {name: own, host: 127.0.0.1, tls: none, dkim_keys: [own1=%s], dkim_domain: nordlicht.example}
  - {name: signs, host: 127.0.0.1, tls: none, dkim_keys: []}
  - {name: as-all, host: 127.0.0.1, tls: none}
`, filepath.Base(own))
	if err := os.WriteFile(list, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	c := workCmd{RelayFlags: RelayFlags{DKIMFlags: DKIMFlags{DKIMKey: []string{"all1=" + ours}}}, WorkerFlags: WorkerFlags{Relays: list, Connections: 3, PolicyPause: "off"}}
	outlets, err := c.outlets()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"own1 (ed25519-sha256)", "none: the relay signs", "all1 (ed25519-sha256)"} {
		if got := selectors(outlets[i].relay.Signer(), time.Now()); got != want {
			t.Errorf("%s signs with %q, not %q", outlets[i].relay.Name(), got, want)
		}
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if _, err := c.outlets(); !errors.As(err, new(misuse)) || !strings.Contains(err.Error(), "relay own") {
		t.Errorf("without its key: %v", err)
	}
}
