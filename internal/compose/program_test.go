package compose

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// anySlot knows the slots that these tests use.
var anySlot = knownSlots(notice("en", "x"))

func TestATextWithABrokenMarkIsRefused(t *testing.T) { // C8
	for name, text := range map[string]string{
		"an unknown slot":                       "⟪nobody⟫",
		"an unknown slot of another language":   "⟪date.fr⟫",
		"a source that the form does not name":  "⟪page.y⟫",
		"an unknown optional part":              "⟪?nobody⟫x⟪/nobody⟫",
		"a slot that is not closed":             "Dear ⟪name",
		"an end without a beginning":            "x⟫",
		"an optional part that is not closed":   "⟪?name⟫x",
		"an optional part that never began":     "x⟪/name⟫",
		"crossed parts":                         "⟪?name⟫⟪?code⟫⟪/name⟫⟪/code⟫",
		"a part inside a part":                  "⟪?name⟫⟪?code⟫x⟪/code⟫⟪/name⟫",
		"a flag in print":                       "⟪no_name⟫",
		"an empty mark":                         "⟪⟫",
		"two signs":                             "⟪??name⟫",
		"the version, which is filled in early": "⟪version⟫",
	} {
		for _, at := range []place{plainPlace, htmlPlace} {
			if _, err := parseProgram(text, at, anySlot); err == nil {
				t.Errorf("%s is taken: %q", name, text)
			}
		}
	}
}

func TestAValueStandsInNoTagButAsAWholeAddress(t *testing.T) {
	for text, ok := range map[string]bool{
		`<p>⟪name⟫</p>`:                                        true,
		`<a href="⟪object_url⟫">x</a>`:                         true,
		`<a class="b" href="⟪object_url⟫">x</a>`:               true,
		`<a href="⟪name⟫">x</a>`:                               false,
		`<a href='⟪object_url⟫'>x</a>`:                         false,
		`<a href="⟪object_url⟫?x=1">x</a>`:                     false,
		`<a href="https://x.example/⟪code⟫">x</a>`:             false,
		`<a href="⟪object_url⟫" title="⟪name⟫">x</a>`:          false,
		`<a href="⟪object_url⟫"⟪name⟫>x</a>`:                   false,
		`<p ⟪name⟫>`:                                           false,
		`<a href="⟪object_url⟫" ⟪?name⟫class="x"⟪/name⟫>x</a>`: false,
		`<img data-href="⟪object_url⟫">`:                       false,
	} {
		if _, err := parseProgram(text, htmlPlace, anySlot); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// fillBoth fills a text in both of its forms and checks that they are the same.
func fillBoth(t testing.TB, p program, slots map[string]string) string {
	t.Helper()
	f := filler{slots: slots, base: "https://p.example"}
	plain, err := f.fill(nil, p, false)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := f.fill(nil, p, true)
	if err != nil {
		t.Fatal(err)
	}
	if back := unquote(t, quoted); back != string(plain) {
		t.Fatalf("the quoted form says %q and the plain one %q", back, plain)
	}
	return string(plain)
}

func unquote(t testing.TB, b []byte) string {
	t.Helper()
	raw, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	return strings.ReplaceAll(string(raw), "\r\n", "\n")
}

func TestOptionalPartsStandOrFallWithTheirValue(t *testing.T) {
	p, err := parseProgram("Dear ⟪?name⟫⟪name⟫⟪/name⟫⟪?no_name⟫reader⟪/no_name⟫, ⟪?page.x⟫on ⟪page.x⟫ ⟪/page.x⟫bye.\n", plainPlace, anySlot)
	if err != nil {
		t.Fatal(err)
	}
	for want, slots := range map[string]map[string]string{
		"Dear Ada, on p.example bye.\n": {"name": "Ada", "page.x": "p.example"},
		"Dear reader, bye.\n":           {"no_name": on},
		"Dear , bye.\n":                 {"name": ""},
	} {
		if got := fillBoth(t, p, slots); got != want {
			t.Errorf("%v: %q, want %q", slots, got, want)
		}
	}
}

func TestALinkLeadsOnlyToOurOwnPagesOrAnAuthority(t *testing.T) { // C7, R3
	p, err := parseProgram(`<a href="⟪object_url⟫">x</a><a href="⟪authority_site⟫">y</a>`, htmlPlace, anySlot)
	if err != nil {
		t.Fatal(err)
	}
	site := "https://www.cnil.example/fr"
	for address, ok := range map[string]bool{
		"https://p.example/o/token":          true,
		"https://p.example/o/token?a=1&b=2":  true,
		"https://p.example.evil.example/o/x": false,
		"https://p.example@evil.example/":    false,
		"http://p.example/o/x":               false,
		"javascript:alert(1)":                false,
		`https://p.example/"><script>`:       false,
		"https://p.example/a b":              false,
		"https://p.example/\r\nX: y":         false,
		"https://p.example/⟪name⟫":           false,
		"//p.example/o/x":                    false,
	} {
		f := filler{slots: map[string]string{"authority_site": site}, links: links{object: address}, base: "https://p.example"}
		got, err := f.fill(nil, p, false)
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil && !strings.Contains(string(got), `href="`+strings.ReplaceAll(address, "&", "&amp;")+`"`) {
			t.Errorf("%q became %s", address, got)
		}
	}
}

// FuzzAValueIsNeverAnythingButText puts any bytes into a text and an HTML page:
// no tag, no slot, no line and no header can come of them.
func FuzzAValueIsNeverAnythingButText(f *testing.F) {
	for _, c := range hardNames {
		f.Add(c)
	}
	f.Add("⟪name⟫⟪?x⟫\u202e\u2066\x00\xff--b\r\n\r\nContent-Type: text/html\n.\n")
	f.Add(strings.Repeat("e\u0301\u0302\u0303", 900))
	text, err := parseProgram("A ⟪name⟫\n⟪?code⟫c⟪/code⟫z\n", plainPlace, anySlot)
	if err != nil {
		f.Fatal(err)
	}
	page, err := parseProgram("<p>A <bdi>⟪name⟫</bdi>⟪?code⟫c⟪/code⟫z</p>", htmlPlace, anySlot)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if clean(value, maxValue) == "" {
			return
		}
		slots := map[string]string{"name": value}
		got := fillBoth(t, text, slots)
		if strings.Count(got, "\n") != 2 || !strings.HasPrefix(got, "A ") || !strings.HasSuffix(got, "\nz\n") || !utf8.ValidString(got) {
			t.Errorf("text: %q", got)
		}
		inner := strings.Trim(got[2:len(got)-3], "\u2068\u2069")
		for _, r := range inner {
			if invisible(r) {
				t.Errorf("%q is in %q", r, inner)
			}
		}
		z := html.NewTokenizer(strings.NewReader(fillBoth(t, page, slots)))
		var tags, words string
		for k := z.Next(); k != html.ErrorToken; k = z.Next() {
			if k == html.TextToken {
				words += string(z.Text())
			} else {
				tags += string(z.Raw())
			}
		}
		if tags != "<p><bdi></bdi></p>" || words != "A "+inner+"z" {
			t.Errorf("html: %s %q, text has %q", tags, words, inner)
		}
	})
}

func TestPiecesOfQuotedPrintableJoinToTheWholeText(t *testing.T) { // RFC 2045, 6.7
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("aF.-= \nü…Z<"))), 1, 6).Draw(t, "pieces")
		var b []byte
		for i, p := range pieces {
			b = appendQuoted(b, p, i == len(pieces)-1)
		}
		raw, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
		if want := strings.ReplaceAll(strings.Join(pieces, ""), "\n", "\r\n"); err != nil || string(raw) != want {
			t.Fatalf("%q: %q, %v", pieces, raw, err)
		}
		for _, line := range strings.Split(string(b), "\r\n") {
			if len(line) > 76 || strings.HasSuffix(line, " ") || strings.HasPrefix(line, "-") || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") {
				t.Fatalf("the line %q", line)
			}
		}
	})
}
