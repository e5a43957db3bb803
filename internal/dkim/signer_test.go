package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"
)

// made are keys for all tests: RSA takes long to make.
var made = sync.OnceValue(func() (m struct{ rsa, rsa2, ed, ed2 crypto.Signer }) {
	var err [2]error
	m.rsa, err[0] = rsa.GenerateKey(rand.Reader, 2048)
	m.rsa2, err[1] = rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err[:]...); err != nil {
		panic(err)
	}
	_, m.ed, _ = ed25519.GenerateKey(nil)
	_, m.ed2, _ = ed25519.GenerateKey(nil)
	return m
})

// pkcs8 is a key's file.
func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func key(t testing.TB, selector, begins string, private crypto.Signer) Key {
	t.Helper()
	var from time.Time
	if begins != "" {
		var err error
		if from, err = time.Parse(time.DateOnly, begins); err != nil {
			t.Fatal(err)
		}
	}
	k, err := ParseKey(selector, from, pkcs8(t, private))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signer(t testing.TB, domain string, keys ...Key) *Signer {
	t.Helper()
	s, err := NewSigner(domain, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verified is what another implementation (emersion/go-msgauth) says of a message's
// signatures, with the records of all keys in its DNS: "selector: ok", or what is wrong.
func verified(t rapid.TB, message []byte, s *Signer, domain string) (said []string) {
	t.Helper()
	lookup := func(name string) ([]string, error) {
		for _, k := range s.Keys() {
			if k.Name(domain) == name {
				return []string{k.Record()}, nil
			}
		}
		return nil, fmt.Errorf("nobody asked for %s", name)
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(crlf(message)), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		if v.Err != nil {
			said = append(said, v.Err.Error())
			continue
		}
		said = append(said, v.Domain+": ok")
	}
	return said
}

// crlf is a message as the wire has it.
func crlf(message []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

func sign(t testing.TB, s *Signer, message string) []byte {
	t.Helper()
	before := strings.Clone(message)
	given := []byte(message)
	fields, err := s.Sign(given)
	if err != nil {
		t.Fatal(err)
	}
	if string(given) != before {
		t.Fatal("signing changed the message")
	}
	return append(fields, message...)
}

const noticeHeader = "Date: Mon, 01 Jun 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nMessage-ID: <1@notices.example>\r\n" +
	"Subject: Your data\r\n and us\r\nFrom: \"Nordlicht, @ work\" <privacy@notices.example>\r\nTo: <ann.lee@people.example>\r\n" +
	"Content-Language: en\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF\r\n" +
	"List-Unsubscribe: <https://privacy.notices.example/o/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" +
	"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n"

const message = noticeHeader + "\r\nHello.\r\n"

func TestAnotherImplementationVerifiesEachSignature(t *testing.T) {
	m := made()
	for name, s := range map[string]*Signer{
		"RSA":     signer(t, "", key(t, "r1", "", m.rsa)),
		"Ed25519": signer(t, "", key(t, "e1", "", m.ed)),
		"both":    signer(t, "", key(t, "e1", "", m.ed), key(t, "r1", "", m.rsa)),
	} {
		for what, body := range map[string]string{
			"nothing":                     "",
			"a line":                      "Hello.\r\n",
			"no line end":                 "Hello.",
			"bare line feeds":             "Hello.\n\nBye.\n",
			"dots":                        ".\r\n..\r\n.a\r\n",
			"empty lines at the end":      "a\r\n\r\n \r\n\t\r\n",
			"blanks":                      "  a \t b  \r\n\tc\r\n",
			"long lines":                  strings.Repeat(strings.Repeat("x", 990)+"\r\n", 20),
			"text that is not ASCII":      "Größe, données, 数据\r\n",
			"octets that are no text":     "\x00\x01\xff\xfe\r\n",
			"what looks like a signature": "DKIM-Signature: v=1; b=\r\n",
		} {
			signed := sign(t, s, noticeHeader+"\r\n"+body)
			want := slices.Repeat([]string{"notices.example: ok"}, len(s.Keys()))
			if said := verified(t, signed, s, "notices.example"); !slices.Equal(said, want) {
				t.Errorf("%s, %s: %q", name, what, said)
			}
		}
	}
}

// Whatever the message, it verifies; what is in it decides nothing.
func TestAnyMessageVerifies(t *testing.T) {
	m := made()
	s := signer(t, "", key(t, "e1", "", m.ed))
	words := rapid.StringOf(rapid.SampledFrom([]rune("ab .:;=<>@\t\"é数-")))
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 6).Draw(t, "fields") {
			name := rapid.SampledFrom([]string{"Subject", "subject", "TO", "Cc", "X-Other", "Reply-To", "References", "Content-Type", "List-Unsubscribe"}).Draw(t, "name")
			b.WriteString(name + ": " + words.Draw(t, "value"))
			for range rapid.IntRange(0, 2).Draw(t, "folds") {
				b.WriteString("\r\n " + words.Draw(t, "fold") + "x")
			}
			b.WriteString("\r\n")
		}
		b.WriteString("From: a@notices.example\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\n")
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			b.WriteString(words.Draw(t, "line") + rapid.SampledFrom([]string{"\r\n", "\n", ""}).Draw(t, "end"))
		}
		fields, err := s.Sign([]byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if said := verified(t, append(fields, b.String()...), s, "notices.example"); !slices.Equal(said, []string{"notices.example: ok"}) {
			t.Errorf("%q: %q", b.String(), said)
		}
		for line := range strings.SplitSeq(string(fields), "\r\n") {
			if len(line) > 78 {
				t.Errorf("a line of %d octets: %s", len(line), line)
			}
		}
	})
}

func TestWhatIsChangedOnTheWayDoesNotVerify(t *testing.T) {
	m := made()
	s := signer(t, "", key(t, "e1", "", m.ed), key(t, "r1", "", m.rsa))
	fields := strings.TrimSuffix(string(sign(t, s, message)), message)
	for what, change := range map[string][2]string{
		"the body":                {"Hello", "Hallo"},
		"more body":               {"Hello.\r\n", "Hello.\r\nPay here.\r\n"},
		"the sender":              {"privacy@", "other@"},
		"the recipient":           {"<ann.lee@people.example>", "<bea@people.example>"},
		"the subject":             {"Your data", "Your money"},
		"the date":                {"Mon, 01 Jun", "Tue, 02 Jun"},
		"the Message-ID":          {"<1@", "<2@"},
		"the one-click address":   {"/o/1", "/o/2"},
		"the one-click word":      {"One-Click", "Two-Click"},
		"that it is automatic":    {"auto-generated", "no"},
		"the type":                {"text/plain", "text/html"},
		"the encoding":            {"8bit", "base64"},
		"a second From":           {"Date:", "From: <other@x.example>\r\nDate:"},
		"a second From behind":    {"\r\n\r\nHello", "\r\nFrom: <other@x.example>\r\n\r\nHello"},
		"a second Subject":        {"Date:", "Subject: Win\r\nDate:"},
		"a second To":             {"Date:", "To: <x@x.example>\r\nDate:"},
		"a Reply-To":              {"Date:", "Reply-To: <x@x.example>\r\nDate:"},
		"a second Content-Type":   {"Date:", "Content-Type: text/html\r\nDate:"},
		"a one-click field taken": {"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""},
		"the time of signing":     {"t=1780308000", "t=1780308001"},
	} {
		changed := fields + strings.Replace(message, change[0], change[1], 1)
		if what == "the time of signing" {
			changed = strings.ReplaceAll(fields, change[0], change[1]) + message
		}
		if changed == fields+message {
			t.Fatalf("%s: nothing was changed", what)
		}
		said := verified(t, []byte(changed), s, "notices.example")
		if len(said) != 2 || slices.Contains(said, "notices.example: ok") {
			t.Errorf("%s: %q", what, said)
		}
	}
	for what, change := range map[string][2]string{ // what relays do, and relaxed canonicalisation forgives
		"a field of the way":   {"Date:", "Received: from here\r\nDate:"},
		"blanks in the header": {"Subject: Your data\r\n and us", "Subject:  Your   data and us"},
		"blanks at a line end": {"Hello.", "Hello. \t"},
		"empty lines behind":   {"Hello.\r\n", "Hello.\r\n\r\n\r\n"},
	} {
		changed := fields + strings.Replace(message, change[0], change[1], 1)
		if said := verified(t, []byte(changed), s, "notices.example"); changed == fields+message || !slices.Equal(said, []string{"notices.example: ok", "notices.example: ok"}) {
			t.Errorf("%s: %q", what, said)
		}
	}
}

func TestTheSameMessageIsSignedWithTheSameBytes(t *testing.T) { // E1: a second attempt is the same message
	m := made()
	s := signer(t, "", key(t, "e1", "", m.ed), key(t, "r1", "", m.rsa))
	first := sign(t, s, message)
	again := sign(t, signer(t, "", key(t, "r1", "", m.rsa), key(t, "e1", "", m.ed)), message)
	if !bytes.Equal(first, again) {
		t.Errorf("%s\nand then\n%s", first, again)
	}
	if want := fmt.Sprintf(" t=%d;", time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC).Unix()); bytes.Count(first, []byte(want)) != 2 {
		t.Errorf("the signature's time is not the message's: %s", first)
	}
}

func selectors(keys []Key) (out string) {
	for _, k := range keys {
		out += " " + k.Selector
	}
	return strings.TrimSpace(out)
}

func TestTheKeyThatBeganLastSignsAndOlderMessagesKeepTheirs(t *testing.T) {
	m := made()
	all := []Key{key(t, "r2", "2026-06-01", m.rsa2), key(t, "r1", "2026-01-01", m.rsa), key(t, "e1", "2026-03-01", m.ed), key(t, "e2", "2026-06-01", m.ed2)}
	for _, c := range []struct {
		what, date, want string
		keys             []Key
	}{
		{"older than all keys", "2025-12-31T23:59:59Z", "r1", all},
		{"the first key's first instant", "2026-01-01T00:00:00Z", "r1", all},
		{"the second algorithm has begun", "2026-03-01T00:00:00Z", "r1 e1", all},
		{"the last instant of the old keys", "2026-05-31T23:59:59Z", "r1 e1", all},
		{"the new keys", "2026-06-01T00:00:00Z", "r2 e2", all},
		{"the new keys, in another zone", "2026-06-01T01:30:00+02:00", "r1 e1", all},
		{"long after", "2036-06-01T00:00:00Z", "r2 e2", all},
		{"the old keys are removed", "2026-05-01T00:00:00Z", "r2", all[:1]},
		{"a key without a date has always been there", "1999-01-01T00:00:00Z", "r0", []Key{key(t, "r0", "", m.rsa), all[0]}},
		{"and ends where a newer one begins", "2026-06-01T00:00:00Z", "r2", []Key{key(t, "r0", "", m.rsa), all[0]}},
	} {
		date, err := time.Parse(time.RFC3339, c.date)
		if err != nil {
			t.Fatal(err)
		}
		s := signer(t, "", c.keys...)
		if got := selectors(s.InForce(date)); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
		signed := sign(t, s, strings.Replace(message, "Mon, 01 Jun 2026 10:00:00 +0000", date.Format(time.RFC1123Z), 1))
		var used []string
		for _, part := range strings.Split(string(signed), "\r\n s=")[1:] {
			used = append(used, part[:strings.Index(part, ";")])
		}
		if got := strings.Join(used, " "); got != c.want {
			t.Errorf("%s: signed by %s, want %s", c.what, got, c.want)
		}
	}
}

func TestTheDomainIsThatOfTheFromAddressOrAboveIt(t *testing.T) { // RFC 7489, 3.1.1
	k := key(t, "e1", "", made().ed)
	for _, c := range []struct{ domain, from, want string }{
		{"", "A <a@Notices.Example>", "notices.example"},
		{"", "a@notices.example", "notices.example"},
		{"", "\"b@other.example\" <a@notices.example>\r\n ", "notices.example"},
		{"notices.example", "a@notices.example", "notices.example"},
		{"Example.ORG", "a@mail.example.org", "example.org"},
		{"mail.example.org", "a@example.org", ""},
		{"ample.org", "a@example.org", ""},
		{"other.example", "a@notices.example", ""},
		{"", "a@bücher.example", ""},
		{"", "a@x_y.example", ""},
		{"", "a@example.org; s=other", ""},
		{"", "nobody", ""},
		{"", "a@", ""},
	} {
		s := signer(t, c.domain, k)
		fields, err := s.Sign([]byte("From: " + c.from + "\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\n"))
		if (err == nil) != (c.want != "") || err == nil && !strings.Contains(string(fields), "\r\n d="+c.want+";") {
			t.Errorf("%s for %s: %v\n%s", c.domain, c.from, err, fields)
		}
		if err != nil && strings.Contains(err.Error(), "@") {
			t.Errorf("an address is said: %v", err)
		}
	}
}

func TestAMessageWithoutSenderOrDateIsNotSigned(t *testing.T) {
	s := signer(t, "", key(t, "e1", "", made().ed))
	for _, m := range []string{"", "\r\n", "From: a@x.example\r\n\r\n", "Date: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\n",
		"From: a@x.example\r\nDate: soon\r\n\r\n", "\r\nFrom: a@x.example\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n"} {
		if fields, err := s.Sign([]byte(m)); err == nil || fields != nil {
			t.Errorf("%q: %s, %v", m, fields, err)
		}
	}
}

func TestASignerRefusesKeysThatLeaveOpenWhichSigns(t *testing.T) {
	m := made()
	for what, c := range map[string]struct {
		domain string
		keys   []Key
	}{
		"no key":                      {"", nil},
		"two of RSA without a date":   {"", []Key{key(t, "r1", "", m.rsa), key(t, "r2", "", m.rsa2)}},
		"two of a day":                {"", []Key{key(t, "e1", "2026-01-01", m.ed), key(t, "e2", "2026-01-01", m.ed2)}},
		"one selector twice":          {"", []Key{key(t, "s", "", m.ed), key(t, "S", "", m.rsa)}},
		"a domain that is none":       {"a b.example", []Key{key(t, "e1", "", m.ed)}},
		"a domain that injects a tag": {"x.example; l=0", []Key{key(t, "e1", "", m.ed)}},
		"a top level":                 {"com", []Key{key(t, "e1", "", m.ed)}},
		"a domain beyond ASCII":       {"bücher.example", []Key{key(t, "e1", "", m.ed)}},
	} {
		if _, err := NewSigner(c.domain, c.keys...); err == nil {
			t.Errorf("%s passes", what)
		}
	}
}

func TestASignerServesManyAtOnce(t *testing.T) { // run with -race
	m := made()
	s := signer(t, "", key(t, "e1", "", m.ed), key(t, "r1", "", m.rsa))
	var wait sync.WaitGroup
	for i := range 8 {
		text := strings.Replace(message, "<1@", fmt.Sprintf("<%d@", i), 1)
		want := sign(t, s, text)
		wait.Go(func() {
			for range 5 {
				if got, err := s.Sign([]byte(text)); err != nil || !bytes.HasPrefix(want, got) {
					t.Errorf("message %d: %v", i, err)
				}
			}
		})
	}
	wait.Wait()
}

// used is the processor time of this process in microseconds.
func used(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}

// BenchmarkSign is what signing a notice of 22 KiB costs: 'own-µs/op' is processor time.
func BenchmarkSign(b *testing.B) {
	m := made()
	text := []byte(noticeHeader + "\r\n" + strings.Repeat(strings.Repeat("a word ", 10)+"more\r\n", 300))
	for _, c := range []struct {
		name string
		keys []Key
	}{
		{"ed25519", []Key{key(b, "e1", "", m.ed)}},
		{"rsa2048", []Key{key(b, "r1", "", m.rsa)}},
		{"both", []Key{key(b, "e1", "", m.ed), key(b, "r1", "", m.rsa)}},
	} {
		s := signer(b, "", c.keys...)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := used(b)
			for b.Loop() {
				if _, err := s.Sign(text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((used(b)-before)/float64(b.N), "own-µs/op")
		})
	}
}
