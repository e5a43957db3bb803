package doctor

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"article14/internal/dkim"
)

func ownKey(t *testing.T, selector, begins string, private crypto.Signer) dkim.Key {
	t.Helper()
	from, err := time.Parse(time.DateOnly, begins)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	k, err := dkim.ParseKey(selector, from, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// RFC 6376, 3.6: a signature counts for as much as the record that is found for it.
func TestEachKeyThatWeSignWithIsHeldAgainstWhatIsPublished(t *testing.T) {
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, _ := ed25519.GenerateKey(nil)
	_, ed2, _ := ed25519.GenerateKey(nil)
	r1, e1, e2 := ownKey(t, "r1", "2026-01-01", strong), ownKey(t, "e1", "2026-01-01", ed), ownKey(t, "e2", "2026-06-01", ed2)
	at := func(k dkim.Key) string { return k.Name("example.org") }
	txt := func(k dkim.Key) []string { return []string{"TXT " + k.Record()} }
	for _, c := range []struct {
		what, now string
		keys      []dkim.Key
		z         zone
		want      string // a level for each key, those of RSA first
		says      string
	}{
		{"both are published", "2026-02-01", []dkim.Key{r1, e1}, zone{at(r1): txt(r1), at(e1): txt(e1)}, "ok ok", "the one that we sign with"},
		{"Ed25519 alone", "2026-02-01", []dkim.Key{e1}, zone{at(e1): txt(e1)}, "warning", "many receivers cannot check"},
		{"nothing is published", "2026-02-01", []dkim.Key{r1}, zone{}, "problem", "publish there as TXT: " + r1.Record()},
		{"another key is published", "2026-02-01", []dkim.Key{r1, e1}, zone{at(r1): txt(r1), at(e1): txt(e2)}, "ok problem", "not the one"},
		{"a key of the other kind is published", "2026-02-01", []dkim.Key{r1}, zone{at(r1): txt(e1)}, "problem", "not the one"},
		{"nobody answers", "2026-02-01", []dkim.Key{r1}, zone{at(r1): {"FAIL"}}, "unknown", "does not answer"},
		{"the record forbids our hash", "2026-02-01", []dkim.Key{r1}, zone{at(r1): {"TXT h=sha1; " + r1.Record()}}, "problem", "h=sha1"},
		{"the record is for something else", "2026-02-01", []dkim.Key{r1}, zone{at(r1): {"TXT s=other; " + r1.Record()}}, "problem", "s=other"},
		{"the record names what we do", "2026-02-01", []dkim.Key{r1}, zone{at(r1): {"TXT h=sha1:sha256; s=email; " + r1.Record()}}, "ok", "the one"},
		{"the next key is not there yet", "2026-02-01", []dkim.Key{r1, e1, e2}, zone{at(r1): txt(r1), at(e1): txt(e1)}, "ok ok warning", "from 2026-06-01 on"},
		{"and its day has come", "2026-06-01", []dkim.Key{r1, e1, e2}, zone{at(r1): txt(r1), at(e1): txt(e1)}, "ok ok problem", "there is no key"},
		{"the last key is gone from DNS", "2026-06-01", []dkim.Key{r1, e1, e2}, zone{at(r1): txt(r1), at(e2): txt(e2)}, "ok warning ok", "second attempt"},
	} {
		s, err := dkim.NewSigner("example.org", c.keys...)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		var levels []string
		var said string
		for _, f := range checkSigner(t.Context(), c.z, Domains{DKIMDomain: "example.org", Signer: s, Now: now}) {
			levels = append(levels, string(f.Level))
			said += f.Says + " -> " + f.Do + "\n"
			if f.Level != OK && f.Do == "" {
				t.Errorf("%s: nothing to do about %+v", c.what, f)
			}
		}
		if got := strings.Join(levels, " "); got != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, want %s with %q\n%s", c.what, got, c.want, c.says, said)
		}
	}
}

func TestWhoSignsIsNotAskedForTheRelaysSelector(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(nil)
	k := ownKey(t, "e1", "2026-01-01", ed)
	s, err := dkim.NewSigner("", k)
	if err != nil {
		t.Fatal(err)
	}
	d := Domains{From: "example.org", Bounce: "b.example.org", Links: "https://example.org", Signer: s, Now: k.Begins}
	count := func() (n int) {
		for _, f := range Check(t.Context(), zone{k.Name("example.org"): {"TXT " + k.Record()}}, d) {
			if f.About == "DKIM" {
				n++
			}
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("%d findings about DKIM", n)
	}
	d.DKIMSelector = "relay"
	if n := count(); n != 2 {
		t.Errorf("the relay signs as well, and there are %d findings", n)
	}
}
