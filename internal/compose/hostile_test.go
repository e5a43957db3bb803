package compose

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"article14/mailer"
)

// hardNames are the names of the hard cases that contact files really have, and
// some that they will have.
var hardNames = map[string]string{
	"non-ASCII":            "Ünal Straße",
	"a header in a name":   "Inject\r\nBcc: victim@example.com",
	"a formula":            `=HYPERLINK("http://evil.example")`,
	"a script":             `<script>alert(1)</script>`,
	"a template":           "{{.Env}} ${PATH} %s",
	"right to left":        "محمد عبد الله",
	"very long":            strings.Repeat("N", 292),
	"slots":                "⟪object_url⟫ ⟪?test⟫x⟪/test⟫ ⟫⟪",
	"an attribute":         `" onmouseover="x" href="https://evil.example`,
	"an entity":            "&lt;b&gt; &#60;",
	"a boundary":           "--article14-00\r\nContent-Type: text/html\r\n\r\n<b>",
	"a direction override": "abc\u202egnp.exe",
	"a NUL":                "nul\x00byte",
	"broken UTF-8":         "a\xff\xfe\xc3",
	"marks of our texts":   "**strong** [label](https://evil.example) \\",
	"a dot on a line":      "\n.\nQUIT",
	"line separators":      "a\u2028b\u2029c\u0085d",
	"quoted-printable":     "=3Cb=3E =",
	"an encoded word":      "=?utf-8?q?=0d=0aBcc:_x?=",
}

func TestNoValueOfAPersonAddsAHeaderATagALinkOrASlot(t *testing.T) {
	c := newComposer(t)
	key := notice("en", "whois")
	plain := read(t, composed(t, c, key, func(in *mailer.SlotInput, _ *mailer.Headers) { in.Facts.Contact.Name = "Ada" }))
	nameless := read(t, composed(t, c, key, func(in *mailer.SlotInput, _ *mailer.Headers) { in.Facts.Contact.Name = "" }))
	for what, value := range hardNames {
		t.Run(what, func(t *testing.T) {
			m := read(t, composed(t, c, key, func(in *mailer.SlotInput, _ *mailer.Headers) {
				in.Facts.Contact.Name, in.Facts.Acquisitions[0].Page = value, value
			}))
			want := plain
			if strings.Contains(m.text, "Hello,") {
				want = nameless
			}
			if len(m.header) != len(want.header) {
				t.Errorf("headers: %v", m.header)
			}
			if got := skeletonTags(t, m.html); got != skeletonTags(t, want.html) {
				t.Errorf("tags:\n%s", got)
			}
			if got, w := strings.Count(m.text, "\n"), strings.Count(want.text, "\n"); got != w {
				t.Errorf("the text has %d lines and not %d", got, w)
			}
		})
	}
}

// skeletonTags are a page's tags with their attributes, without its text.
func skeletonTags(t *testing.T, page string) string {
	t.Helper()
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for k := z.Next(); k != html.ErrorToken; k = z.Next() {
		if k != html.TextToken {
			b.Write(z.Raw())
		}
	}
	if b.Len() < 1000 {
		t.Fatal("there are hardly any tags")
	}
	return b.String()
}

func TestHardNamesAreShownAsTheyAre(t *testing.T) {
	c := newComposer(t)
	for name, want := range map[string]string{
		"Ünal Straße":            "Dear Ünal Straße,",
		"محمد عبد الله":          "Dear \u2068محمد عبد الله\u2069,",
		"{{.Env}} ${PATH} %s":    "Dear {{.Env}} ${PATH} %s,",
		"⟪code⟫":                 "Dear ⟪code⟫,",
		"<b>Jo</b>":              "Dear <b>Jo</b>,",
		"  Two \t spaces ":       "Dear Two spaces,",
		strings.Repeat("é", 300): "Dear " + strings.Repeat("é", 200) + "…,",
		"":                       "Hello,",
		"\u200b\u202e":           "Hello,",
		"http://evil.example":    "Hello,",
		"WWW.evil.example":       "Hello,",
		"verify at evil.com/pay": "Hello,",
		"Mail me a@evil.example": "Hello,",
		"EVIL.COM":               "Hello,",
		"J.R. Smith":             "Dear J.R. Smith,",
	} {
		m := read(t, composed(t, c, notice("en", "whois"), func(in *mailer.SlotInput, _ *mailer.Headers) { in.Facts.Contact.Name = name }))
		if first, _, _ := strings.Cut(m.text, "\n"); first != want {
			t.Errorf("%q: %q, want %q", name, first, want)
		}
	}
}

func TestAMailLoadsNothingAndTracksNobody(t *testing.T) { // C7, E7
	ours := []string{"https://privacy.nordlicht.example/", "mailto:", "tel:+", "https://www.cnil.fr/", "https://www.linkedin.com/"}
	m := read(t, composed(t, newComposer(t), notice("en+fr+de", "linkedin+whois"), nil))
	for _, word := range []string{"url(", "@import", "<img", "<script", "<iframe", "<form", "src=", "<link", "onload", "background=", "http-equiv"} {
		if strings.Contains(strings.ToLower(m.html), word) {
			t.Errorf("the HTML has %q", word)
		}
	}
	root, err := html.Parse(strings.NewReader(m.html))
	if err != nil {
		t.Fatal(err)
	}
	ids, links := map[string]bool{}, 0
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("the id %q is there twice", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href":
				links++
				if !hasAnyPrefix(a.Val, ours) {
					t.Errorf("a link to %q", a.Val)
				}
			}
		}
	}
	if links < 20 || !ids["en-rights"] || !ids["fr-rights"] || !ids["de-rights"] {
		t.Errorf("%d links, ids %v", links, ids)
	}
	if strings.Contains(m.html, `href="https://whois.example`) || strings.Contains(m.html, `href="http://whois.example`) {
		t.Error("the person's page is a link")
	}
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func TestTheQuickWayToCleanAValueIsTheLongWay(t *testing.T) {
	near := []rune("aé ¡\u00A0\u00ADß\u02FF\u0300\u05D0\u05FF\u0600\u0602\u061C‐–’…‧\u2028\u2029\u202A\u202E\u2060\u200B\u200D\u200F\x7f\x80\x9f~!\t\n\x00\uFFFD𝒳\U000E0101\uE000")
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.SampledFrom([]rune("aZé ’ß–")), 0, 8, -1).Draw(t, "beginning") +
			rapid.OneOf(rapid.StringOfN(rapid.SampledFrom(near), 0, 3, -1), rapid.StringOfN(rapid.Rune(), 0, 3, -1), rapid.Just("\xff"), rapid.Just("\xc3")).Draw(t, "end")
		if !isClean(s, maxValue) {
			return
		}
		quick++
		if got := cleaned(s, maxValue); got != s {
			t.Fatalf("%q is taken for clean, and would be %q", s, got)
		}
	})
	if quick == 0 {
		t.Fatal("no value went the quick way")
	}
	for _, s := range []string{"Élodie Bérard", "Commission Nationale de l’Informatique et des Libertés", "Jörg Köhler", "Παπαδόπουλος"} {
		if !isClean(s, maxValue) {
			t.Errorf("%q goes the long way", s)
		}
	}
}
