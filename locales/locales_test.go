package locales

import (
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"article14/internal/calendar"
)

func bundle(t *testing.T) *Bundle {
	t.Helper()
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryLanguageHasEveryText(t *testing.T) { // L2, C8
	if got := strings.Join(bundle(t).Languages(), " "); got != "de en fr" {
		t.Errorf("languages: %s", got)
	}
}

func TestALanguageThatDiffersFromTheBaseIsRefusedWithThePlace(t *testing.T) { // L2, C8
	en := "a = \"A\"\n[b]\nc = \"{{.X}} here\"\n[d]\none = \"{{.PluralCount}} day\"\nother = \"{{.PluralCount}} days\"\n"
	for name, c := range map[string]struct{ fr, want string }{
		"a text is missing":       {"a = \"A\"\n[d]\none = \"{{.PluralCount}} jour\"\nother = \"{{.PluralCount}} jours\"\n", "active.fr.toml: b.c: the text is missing"},
		"a value is missing":      {strings.Replace(en, "{{.X}}", "", 1), "active.fr.toml: b.c: its values [] differ"},
		"a value is misspelt":     {strings.Replace(en, "{{.X}}", "{{.Y}}", 1), "active.fr.toml: b.c: its values [Y] differ"},
		"a plural form is absent": {strings.Replace(en, "one = \"{{.PluralCount}} day\"\n", "", 1), "active.fr.toml: d: its plural forms differ"},
		"a text is left over":     {en + "[e]\nf = \"more\"\n", "active.fr.toml: e.f: active.en.toml does not have this text"},
		"the file is broken":      {"a = ", "active.fr.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(map[string][]byte{"active.en.toml": []byte(en), "active.fr.toml": []byte(c.fr)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := load(map[string][]byte{"active.en.toml": []byte(en), "active.fr.toml": []byte(en)}); err != nil {
		t.Errorf("the same texts are refused: %v", err)
	}
	if _, err := load(map[string][]byte{"active.en.toml": []byte(en), "active.ga.toml": []byte(en)}); err == nil {
		t.Error("a language without dates and lists is taken")
	}
}

func TestATextIsNeverWrittenWithAHoleInIt(t *testing.T) { // C8
	l := bundle(t).For("fr")
	for _, data := range []any{nil, map[string]any{}, map[string]any{"Email": "x"}} {
		if got, err := l.Text("contact.email_phone", data); err == nil {
			t.Errorf("with %v: %q", data, got)
		}
	}
	if got, err := l.Text("no.such.text", nil); err == nil {
		t.Errorf("a text that does not exist: %q", got)
	}
	if bundle(t).For("ga") != nil {
		t.Error("a language without texts has a localizer")
	}
}

func TestDatesListsAndNamesAreInTheLanguage(t *testing.T) { // L4, L5
	third, first := calendar.Date{Year: 2026, Month: 11, Day: 3}, calendar.Date{Year: 2026, Month: 3, Day: 1}
	b := bundle(t)
	for code, want := range map[string][]string{
		"en": {"3 November 2026", "1 March 2026", "a", "a and b", "a, b and c", "2 years", "1 year and 6 months", "Türkiye", "North Macedonia", "Czechia", "français", "French", "ltr"},
		"fr": {"3 novembre 2026", "1er mars 2026", "a", "a et b", "a, b et c", "2 ans", "1 an et 6 mois", "Turquie", "Macédoine du Nord", "Tchéquie", "français", "français", "ltr"},
		"de": {"3. November 2026", "1. März 2026", "a", "a und b", "a, b und c", "2 Jahre", "1 Jahr und 6 Monate", "Türkei", "Nordmazedonien", "Tschechien", "français", "Französisch", "ltr"},
	} {
		l := b.For(code)
		two, err1 := l.Period(calendar.Period{Years: 2})
		mixed, err2 := l.Period(calendar.Period{Years: 1, Months: 6})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		got := []string{l.Date(third), l.Date(first), l.List([]string{"a"}), l.List([]string{"a", "b"}), l.List([]string{"a", "b", "c"}),
			two, mixed, l.Country("TR"), l.Country("MK"), l.Country("CZ"), l.LanguageName("fr"), l.LanguageHere("fr"), l.Dir()}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", code, got[i], want[i])
			}
		}
	}
	if got := b.For("en").Country("XX"); got != "" {
		t.Errorf("no country is called %q", got)
	}
}

// texts reads a file's texts without go-i18n, so that typography is checked as it stands.
func texts(t *testing.T, code string) map[string]string {
	t.Helper()
	raw, err := files.ReadFile("active." + code + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	flatten(out, "", tree)
	if len(out) < 100 {
		t.Fatalf("only %d texts in %s", len(out), code)
	}
	return out
}

func flatten(out map[string]string, at string, tree map[string]any) {
	for k, v := range tree {
		switch v := v.(type) {
		case string:
			out[at+k] = v
		case map[string]any:
			flatten(out, at+k+".", v)
		}
	}
}

func TestTheTypographyIsThatOfTheLanguage(t *testing.T) { // L5
	slip := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`'|"| [:;?!]|  `),
		"fr": regexp.MustCompile(`'|"| [:;?!»]|« |[^\x{202f}][;?!]|[^\x{a0}]:[^/]|  `),
		"de": regexp.MustCompile(`'|"| [:;?!]|  |[^\w]ß[A-Z]`),
	}
	for code, bad := range slip {
		for key, text := range texts(t, code) {
			if at := bad.FindString(text); at != "" {
				t.Errorf("active.%s.toml: %s: %q in %q", code, key, at, text)
			}
		}
	}
}

func TestEveryFileSaysWhoReviewedIt(t *testing.T) { // L6
	for _, code := range bundle(t).Languages() {
		raw, _ := files.ReadFile("active." + code + ".toml")
		if !strings.Contains(string(raw), "\n# review: ") {
			t.Errorf("active.%s.toml does not say who reviewed it", code)
		}
	}
}
