package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"article14/internal/identity"
)

func TestNamesThatOnlyDifferInSpellingFoldAlike(t *testing.T) {
	for _, same := range [][]string{
		{"Jane Roe", "ROE, Jane", "  jane   roe ", "Roe Jane"},
		{"Müller", "Mueller", "Muller", "MÜLLER", "Mu\u0308ller"},
		{"Straße", "Strasse", "STRASSE"},
		{"Søren Ægidius", "Soeren Aegidius", "Soren Agidius"},
		{"Łukasz Wójcik", "Lukasz Wojcik"},
		{"Seán O'Brien", "Sean OBrien", "Seán O’Brien"},
		{"Jean-Luc Garçon", "Jean Luc Garcon", "GARÇON Jean-Luc"},
		{"Κώστας", "ΚΩΣΤΑΣ"},
		{"İpek Şahin", "Ipek Sahin"},
		{"محمد", "مُحَمَّد"},
	} {
		for _, name := range same[1:] {
			if got, want := identity.FoldName(name), identity.FoldName(same[0]); got != want {
				t.Errorf("%q folds to %q, %q to %q", name, got, same[0], want)
			}
		}
	}
}

func TestNamesThatDifferStayApart(t *testing.T) {
	for _, pair := range [][2]string{{"Jane Roe", "Joan Roe"}, {"हरि", "हरा"}, {"かおり", "がおり"}, {"Иван", "Ивана"}} {
		if identity.FoldName(pair[0]) == identity.FoldName(pair[1]) {
			t.Errorf("%q and %q fold alike", pair[0], pair[1])
		}
	}
}

func TestNamesAreCompatibleWhereOneIsAShorterWayOfWritingTheOther(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
		why  string
	}{
		{"Jane Roe", "Roe Jane", true, "any order"},
		{"Jane Roe", "", true, "one is missing"},
		{"Jane Roe", "--", true, "one has no letter"},
		{"J. Roe", "Jane Roe", true, "an initial"},
		{"Jane R.", "Jane Roe", true, "an initial of the family name"},
		{"J R Tolkien", "John Ronald Tolkien", true, "two initials"},
		{"Roe", "Jane Roe", true, "the family name alone"},
		{"Roe", "Roe, Jane", true, "the family name before a comma"},
		{"Jane Roe", "Dr. Jane Mary Roe", true, "words left out"},
		{"María García", "María García Ruiz", true, "the second family name left out"},
		{"Jane", "Jane Roe", false, "a first name alone"},
		{"R.", "Jane Roe", false, "an initial alone"},
		{"J. R.", "Jane Roe", false, "nothing but initials"},
		{"Odette Première", "Marcel Second", false, "different people"},
		{"Jane Roe", "John Roe", false, "relatives"},
		{"J. Roe", "K. Roe", false, "different initials"},
		{"Jane Roe", "Jane Poe", false, "one letter"},
	} {
		if got := identity.NamesCompatible(c.a, c.b); got != c.want {
			t.Errorf("%s: %q and %q: %v", c.why, c.a, c.b, got)
		}
	}
}

func TestAProfileIsRecognisedHoweverItsAddressIsWritten(t *testing.T) {
	for _, same := range [][]string{
		{"https://linkedin.com/in/jane-roe", "linkedin.com/in/jane-roe", "https://www.linkedin.com/in/Jane-Roe/", "http://fr.linkedin.com/in/jane-roe/de?trk=x#about",
			"HTTPS://WWW.LINKEDIN.COM/in/jane%2Droe", "//m.linkedin.com/in/jane-roe", "https://linkedin.com:443/in//jane-roe"},
		{"https://x.com/jane", "https://twitter.com/Jane", "mobile.twitter.com/jane/status/1"},
		{"https://github.com/jane", "http://www.github.com/Jane/?tab=repositories"},
		{"https://facebook.com/profile.php?id=12", "https://m.facebook.com/profile.php?ref=a&id=12"},
		{"https://people.example/Jane", "http://www.people.example/Jane/", "people.example./Jane?utm_source=mail", "https://PEOPLE.example/Jane#top"},
		{"https://people.example/J%C3%A9", "https://people.example/Jé", "https://people.example/Je\u0301"},
		{"https://people.example/p?a=2&id=1", "https://people.example/p/?id=1&a=2&utm_medium=x"},
		{"https://münchen.example/a", "https://MÜNCHEN.example/a"},
	} {
		for _, s := range same {
			if got, ok := identity.ProfileURL(s); !ok || got != mustProfile(t, same[0]) {
				t.Errorf("%q: %q, %v; want as %q", s, got, ok, same[0])
			}
		}
	}
}

func mustProfile(t *testing.T, s string) string {
	t.Helper()
	got, ok := identity.ProfileURL(s)
	if !ok {
		t.Fatalf("%q is no profile", s)
	}
	return got
}

func TestWhatMayTellTwoPeopleApartInAnAddressIsKept(t *testing.T) {
	for _, pair := range [][2]string{
		{"https://people.example/Jane", "https://people.example/jane"},
		{"https://people.example/show?id=1", "https://people.example/show?id=2"},
		{"https://people.example/#/person/1", "https://people.example/#/person/2"},
		{"https://people.example/a%2Fb", "https://people.example/a/b"},
		{"https://linkedin.com/in/jane", "https://linkedin.com/in/jane2"},
		{"https://strasse.example/a", "https://straße.example/a"},
		{"https://a.example:8080/x", "https://a.example/x"},
		{"https://facebook.com/profile.php?id=1", "https://facebook.com/profile.php?id=2"},
	} {
		if mustProfile(t, pair[0]) == mustProfile(t, pair[1]) {
			t.Errorf("%q and %q look alike", pair[0], pair[1])
		}
	}
}

func TestWhatIsNobodysPageIsNoProfile(t *testing.T) {
	for _, s := range []string{
		"", "n/a", "-", "jane", "jane roe.example", "mailto:jane@example.com", "javascript:alert(1)", "ftp://people.example/jane",
		"https://user:secret@people.example/jane", "https://linkedin.com", "https://linkedin.com/company/acme", "https://linkedin.com/in/",
		"https://people..example/a", "https://people.example/%zz", "https://people.example/a\nb", "https://people.example/" + strings.Repeat("a", 3000),
	} {
		if got, ok := identity.ProfileURL(s); ok {
			t.Errorf("%q is taken for %q", s, got)
		}
	}
}

func TestATelephoneNumberIdentifiesOnlyWithItsCountryCode(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"+33 1 99 00 15 33", "+33199001533", true},
		{"0033 1 99 00 15 33", "+33199001533", true},
		{"+44 (0)20 7946 0000", "+442079460000", true},
		{"0044 (0)20 7946 0000", "+442079460000", true},
		{"(+33) 199001533", "+33199001533", true},
		{"tel:+33-1-99-00-15-33", "+33199001533", true},
		{"+33 1 99 00 15 33 ext. 7", "+33199001533", true},
		{"＋３３ １９９００１５３３", "+33199001533", true},
		{"01 99 00 15 33", "0199001533", false},
		{"+0 199001533", "+0199001533", false},
		{"+33", "+33", false},
		{"+1234567890123456", "+1234567890123456", false},
		{"none", "", false},
	} {
		if got, ok := identity.Phone(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q: %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

// names are made of few letters, so that they often meet.
var names = rapid.StringMatching(`[jJrRéüßø]{0,3}[ ,.'-]{0,2}[jrRoe]{0,3}[ ,.]?[janeö]{0,4}`)

func TestFoldingAndComparingNamesHoldTheirLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		if once := identity.FoldName(a); identity.FoldName(once) != once {
			t.Fatalf("folding %q twice differs", a)
		}
		if identity.NamesCompatible(a, b) != identity.NamesCompatible(b, a) {
			t.Fatalf("%q and %q: the order matters", a, b)
		}
		if identity.FoldName(a) == identity.FoldName(b) && !identity.NamesCompatible(a, b) && len(strings.Fields(identity.FoldName(a))) > 0 && hasWord(a) {
			t.Fatalf("%q and %q fold alike and are not compatible", a, b)
		}
	})
}

// hasWord tells whether a name has more than initials, on which no judgement stands.
func hasWord(name string) bool {
	for w := range strings.FieldsSeq(identity.FoldName(name)) {
		if utf8.RuneCountInString(w) > 1 {
			return true
		}
	}
	return false
}

func FuzzNormalFormsAreStable(f *testing.F) {
	for _, s := range []string{"Jane Roe", "İß´ae", "https://www.linkedin.com/in/%C3%A9/?a", "a.example/?q=%zz;b#/x", "+44 (0)20 ext 3", "\u1e9e\u0345", "x.com//a%2f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := identity.FoldName(s); identity.FoldName(once) != once {
			t.Errorf("name %q: %q, then %q", s, once, identity.FoldName(once))
		}
		if once, ok := identity.ProfileURL(s); ok {
			if twice, still := identity.ProfileURL(once); len(once) < 2048 && (!still || twice != once) {
				t.Errorf("profile %q: %q, then %q, %v", s, once, twice, still)
			}
		}
		once, ok := identity.Phone(s)
		if twice, still := identity.Phone(once); twice != once || still != ok {
			t.Errorf("phone %q: %q %v, then %q %v", s, once, ok, twice, still)
		}
	})
}
