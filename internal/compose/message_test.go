package compose

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/address"
	"article14/mailer"
)

func TestTheSameNoticeIsTheSameBytes(t *testing.T) { // E1
	shared := newComposer(t)
	key := notice("fr+de", "linkedin+whois")
	skeleton := skeletonOf(t, shared, key)
	slots, err := shared.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	want, err := shared.Compose(skeleton, slots, sampleHeaders())
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(want.Bytes); !bytes.Equal(want.SHA256, sum[:]) {
		t.Error("the hash is not that of the bytes")
	}
	var workers sync.WaitGroup
	for w := range 10 {
		workers.Go(func() {
			c := shared
			if w%2 == 1 { // another process: nothing cached, another zone
				c = newComposer(t)
			}
			h := sampleHeaders()
			h.Date = h.Date.In(time.FixedZone("", w*3600))
			for range 100 {
				got, err := c.Compose(stored(bytes.Clone(skeleton.Body)), slots, h)
				if err != nil || !bytes.Equal(got.Bytes, want.Bytes) || !bytes.Equal(got.SHA256, want.SHA256) {
					t.Errorf("other bytes, or %v", err)
					return
				}
			}
		})
	}
	workers.Wait()
	other := composed(t, shared, key, func(_ *mailer.SlotInput, h *mailer.Headers) { h.Date = h.Date.Add(time.Second) })
	if bytes.Equal(other.Bytes, want.Bytes) {
		t.Error("a second later the bytes are still the same: the test sees nothing")
	}
}

func TestTheSkeletonOfARegisterIsTheSameBytes(t *testing.T) {
	key := notice("de", "linkedin+whois")
	a, b := skeletonOf(t, newComposer(t), key), skeletonOf(t, newComposer(t), key)
	if !bytes.Equal(a.Body, b.Body) || !bytes.Equal(a.Hash, b.Hash) {
		t.Error("two runs made two skeletons")
	}
}

func TestTheHeadersAreThoseOfAnAutomaticPersonalMessage(t *testing.T) {
	m := composed(t, newComposer(t), notice("fr+de", "whois"), nil)
	r := read(t, m)
	id := "0192f0c1-2345-7000-8000-000000000001"
	for name, want := range map[string]string{
		"From":                  "=?utf-8?q?Nordlicht_Donn=C3=A9es?= <notice@nordlicht.example>",
		"To":                    "<elodie@xn--bcher-kva.example>",
		"Reply-To":              "<privacy@nordlicht.example>",
		"Date":                  "Sat, 21 Nov 2026 11:00:00 +0000",
		"Message-Id":            "<" + id + "@bounce.nordlicht.example>",
		"Mime-Version":          "1.0",
		"Content-Language":      "fr, de",
		"Auto-Submitted":        "auto-generated",
		"List-Unsubscribe":      "<https://privacy.nordlicht.example/o/aObjectionToken>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got := r.header[textproto.CanonicalMIMEHeaderKey(name)]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q once", name, got, want)
		}
	}
	if want := "Nordlicht Data SAS détient vos coordonnées professionnelles / Nordlicht Data SAS speichert Ihre beruflichen Kontaktdaten"; r.subject != want {
		t.Errorf("subject %q", r.subject)
	}
	if m.EnvelopeID != "b-abc" || m.To != "elodie@xn--bcher-kva.example" || m.EnvelopeFrom != "b-abc@bounce.nordlicht.example" || m.UTF8 {
		t.Errorf("envelope: %q %q %q %v", m.EnvelopeID, m.To, m.EnvelopeFrom, m.UTF8)
	}
}

func TestEveryLineIsShortAndEndsAsTheWireWantsIt(t *testing.T) { // RFC 5322, 2.1.1
	m := composed(t, newComposer(t), notice("fr+de", "linkedin+whois"), func(in *mailer.SlotInput, _ *mailer.Headers) {
		in.Facts.Contact.Name = strings.Repeat("Ünal ", 90)
	})
	lines := strings.Split(string(m.Bytes), "\r\n")
	for _, l := range lines {
		if len(l) > 78 || strings.ContainsAny(l, "\r\n") {
			t.Errorf("%d octets: %q", len(l), l)
		}
		for _, c := range []byte(l) {
			if c > '~' {
				t.Fatalf("an octet above 127 in %q", l)
			}
		}
	}
	if len(lines) < 100 || !strings.HasPrefix(lines[7], "Subject: =?utf-8?q?Nordlicht") {
		t.Errorf("%d lines, the subject's begins %q", len(lines), lines[7])
	}
}

func TestOneClickStandsOnNoticesThatCanBeObjectedToAndNowhereElse(t *testing.T) { // R2, R10
	c := newComposer(t)
	r := read(t, composed(t, c, mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: "en"}, nil))
	if got := r.header.Get("List-Unsubscribe"); got != "" {
		t.Errorf("a receipt has List-Unsubscribe %q", got)
	}
	reg := sampleRegister(t)
	reg.Activities[0].Purposes = reg.Activities[0].Purposes[2:] // consent alone
	skeletons, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{notice("en", "whois")})
	if err != nil {
		t.Fatal(err)
	}
	slots, err := c.Slots(reg, sampleInput(notice("en", "whois")))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Compose(skeletons[0], slots, sampleHeaders())
	if err != nil {
		t.Fatal(err)
	}
	r = read(t, m)
	if got := r.header.Get("List-Unsubscribe"); got != "" || strings.Contains(r.text, "say no") || strings.Contains(r.html, "box\"") {
		t.Errorf("without a right to object: List-Unsubscribe %q in %s", got, r.text)
	}
}

func TestATestMessageSaysSoInSubjectAndBody(t *testing.T) {
	c := newComposer(t)
	for _, test := range []bool{true, false} {
		r := read(t, composed(t, c, notice("en", "whois"), func(_ *mailer.SlotInput, h *mailer.Headers) { h.Test = test }))
		note := "This is a test message."
		if strings.HasPrefix(r.subject, "[Test] ") != test || strings.HasPrefix(r.text, note) != test || strings.Contains(r.html, note) != test {
			t.Errorf("test %v: %q", test, r.subject)
		}
	}
}

func TestAnAddressWithALocalPartOutsideASCIINeedsSMTPUTF8(t *testing.T) { // RFC 6531
	c := newComposer(t)
	for to, want := range map[string]struct {
		utf8 bool
		to   string
	}{
		"pelé@example.com":        {true, "pelé@example.com"},
		"info@bücher.example":     {false, "info@xn--bcher-kva.example"},
		`"john doe"@example.com`:  {false, `"john doe"@example.com`},
		"MixedCase@EXAMPLE.com":   {false, "MixedCase@example.com"},
		"ann+lee@example.com":     {false, "ann+lee@example.com"},
		"Jane <jane@example.com>": {false, "jane@example.com"},
	} {
		m := composed(t, c, notice("en", "whois"), func(_ *mailer.SlotInput, h *mailer.Headers) { h.To = to })
		if m.UTF8 != want.utf8 || m.To != want.to || !bytes.Contains(m.Bytes, []byte("\r\nTo: <"+want.to+">\r\n")) {
			t.Errorf("%s: %v %q", to, m.UTF8, m.To)
		}
	}
}

func TestWhatCouldStartAHeaderIsRefusedAtTheEdge(t *testing.T) {
	c := newComposer(t)
	key := notice("en", "whois")
	skeleton := skeletonOf(t, c, key)
	slots, err := c.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mailer.Headers){
		"a line break in the recipient":       func(h *mailer.Headers) { h.To = "a@example.com\r\nBcc: victim@example.com" },
		"a line break in the envelope sender": func(h *mailer.Headers) { h.EnvelopeFrom = "a@b.example\nRCPT TO:<x@y.example>" },
		"a line break in the one-click link":  func(h *mailer.Headers) { h.Tokens.Objection += "\r\nX: y" },
		"a bracket in the one-click link":     func(h *mailer.Headers) { h.Tokens.Objection += ">,<mailto:x@y.example" },
		"a blank in the link to the notice":   func(h *mailer.Headers) { h.Tokens.Notice += " x" },
		"no date":                             func(h *mailer.Headers) { h.Date = time.Time{} },
		"no delivery":                         func(h *mailer.Headers) { h.DeliveryID = mailer.ID{} },
		"two recipients":                      func(h *mailer.Headers) { h.To = "a@example.com, b@example.com" },
		"no recipient":                        func(h *mailer.Headers) { h.To = "" },
	} {
		h := sampleHeaders()
		change(&h)
		if m, err := c.Compose(skeleton, slots, h); err == nil {
			t.Errorf("%s: composed\n%s", name, m.Bytes[:600])
		} else if strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: the error has the address: %v", name, err)
		}
	}
	h := sampleHeaders()
	h.To = "nobody"
	var bad *address.Error
	if _, err := c.Compose(skeleton, slots, h); !errors.As(err, &bad) {
		t.Errorf("a text that is no address: %v", err)
	}
}

func TestAValueThatIsMissingStopsTheSendAndNamesItsSlot(t *testing.T) { // C8
	c := newComposer(t)
	key := notice("en", "whois")
	skeleton := skeletonOf(t, c, key)
	for _, name := range []string{"retention_end.en", "code", "date.en", "authority.en"} {
		slots, err := c.Slots(sampleRegister(t), sampleInput(key))
		if err != nil {
			t.Fatal(err)
		}
		delete(slots, name)
		if _, err := c.Compose(skeleton, slots, sampleHeaders()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestALinkWithoutItsTokenStopsTheSend(t *testing.T) { // C8
	c := newComposer(t)
	key := notice("en", "whois")
	for name, tokens := range map[string]mailer.LinkTokens{"object_url": {Notice: "n"}, "notice_url": {Objection: "o"}, "choices_url": {Objection: "o"}} {
		slots, err := c.Slots(sampleRegister(t), sampleInput(key))
		if err != nil {
			t.Fatal(err)
		}
		if name == "choices_url" { // the only one that is missing
			slots["notice_url"] = "https://privacy.nordlicht.example/n/n"
		}
		h := sampleHeaders()
		h.Tokens = tokens
		if _, err := c.Compose(skeletonOf(t, c, key), slots, h); err == nil || !strings.Contains(err.Error(), name) && name != "notice_url" {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestATextThatWasChangedInTheStoreIsRefused(t *testing.T) { // C8
	c := newComposer(t)
	key := notice("en", "whois")
	approved := skeletonOf(t, c, key)
	slots, err := c.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	changed := mailer.Skeleton{Hash: approved.Hash, Body: bytes.Replace(approved.Body, []byte("We hold"), []byte("We sell"), 1)}
	if bytes.Equal(changed.Body, approved.Body) {
		t.Fatal("nothing was changed")
	}
	for what, s := range map[string]mailer.Skeleton{"other bytes": changed, "no hash": {Body: approved.Body}, "half a hash": {Hash: approved.Hash[:16], Body: approved.Body}} {
		if _, err := c.Compose(s, slots, sampleHeaders()); !errors.Is(err, errOtherText) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := c.Page(s, slots, "en"); !errors.Is(err, errOtherText) {
			t.Errorf("%s, as a page: %v", what, err)
		}
	}
	if _, err := c.Compose(approved, slots, sampleHeaders()); err != nil {
		t.Errorf("the text that was approved: %v", err)
	}
}
