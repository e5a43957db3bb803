package language_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"article14/internal/language"
)

func TestTheAuthorityIsThatOfThePersonsCountry(t *testing.T) {
	cases := []struct{ country, region, name, website string }{
		{"FR", "", "Commission nationale de l'informatique et des libertés (CNIL)", "https://www.cnil.fr/"},
		{"DK", "", "Datatilsynet", "https://www.datatilsynet.dk/"},
		{"NO", "", "Datatilsynet", "https://www.datatilsynet.no/"},
		{"EL", "", "Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα", "https://www.dpa.gr/"},
		{"Germany", "Bayern", "Bayerisches Landesamt für Datenschutzaufsicht (BayLDA)", "https://www.lda.bayern.de/"},
		{"DE", "DE-BE", "Berliner Beauftragte für Datenschutz und Informationsfreiheit", "https://www.datenschutz-berlin.de/"},
		{"DE", "nw", "Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen", "https://www.ldi.nrw.de/"},
		{"DE", "Thuringia", "Thüringer Landesbeauftragter für den Datenschutz und die Informationsfreiheit (TLfDI)", "https://www.tlfdi.de/"},
		{"AX", "", "Tietosuojavaltuutetun toimisto / Dataombudsmannens byrå", "https://tietosuoja.fi/"},
		{"RE", "", "Commission nationale de l'informatique et des libertés (CNIL)", "https://www.cnil.fr/"},
	}
	for _, c := range cases {
		t.Run(c.country+" "+c.region, func(t *testing.T) {
			a, ok := language.AuthorityFor(c.country, c.region)
			if !ok || a.Name != c.name || a.Website != c.website || a.List {
				t.Errorf("got %+v, %v", a, ok)
			}
		})
	}
}

// R8: in Germany the Land's, else the list of them; the federal commissioner is not competent for companies.
func TestWithoutALandTheListOfGermanAuthoritiesIsShown(t *testing.T) {
	for _, region := range []string{"", "Ruritania", "DE-XX"} {
		a, ok := language.AuthorityFor("DE", region)
		if !ok || !a.List || a.Website != "https://www.bfdi.bund.de/" || a.Address != "" || a.ComplaintURL != "" {
			t.Errorf("%q: %+v, %v", region, a, ok)
		}
	}
}

func TestOutsideTheTableThereIsNoAuthority(t *testing.T) {
	for _, country := range []string{"", "XX", "US", "JP"} {
		if a, ok := language.AuthorityFor(country, ""); ok || a != (language.Authority{}) {
			t.Errorf("%q: %+v", country, a)
		}
	}
}

// R8: what could not be confirmed is not printed.
func TestNoAuthorityHasAValueThatIsMarkedUnsure(t *testing.T) {
	codes := strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO CH GB")
	type place struct{ country, region string }
	var places []place
	for _, code := range codes {
		places = append(places, place{code, ""})
	}
	for _, land := range strings.Fields("BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH") {
		places = append(places, place{"DE", land})
	}
	for _, p := range places {
		a, ok := language.AuthorityFor(p.country, p.region)
		if !ok || a.Name == "" || a.NameEN == "" || a.Website == "" || a.Country != p.country || a.Region != p.region {
			t.Errorf("%v: incomplete: %+v", p, a)
		}
		text, err := json.Marshal(a)
		if err != nil || strings.Contains(strings.ToLower(string(text)), "unsure") {
			t.Errorf("%v: %s, %v", p, text, err)
		}
		for _, link := range []string{a.Website, a.ComplaintURL} {
			if u, err := url.Parse(link); err != nil || link != "" && (u.Scheme != "https" || u.Host == "") {
				t.Errorf("%v: %q is no link: %v", p, link, err)
			}
		}
	}
	for _, code := range []string{"IE", "PL", "SK", "IS"} {
		if a, _ := language.AuthorityFor(code, ""); a.Address != "" {
			t.Errorf("%s: the address is in doubt and printed: %s", code, a.Address)
		}
	}
	if a, _ := language.AuthorityFor("ES", ""); a.ComplaintURL != "" {
		t.Errorf("ES: the complaint page is in doubt and printed: %s", a.ComplaintURL)
	}
}

func TestAnAuthorityWithSeveralNamesIsNamedInTheReadersLanguage(t *testing.T) { // L4, R8
	for _, c := range []struct{ country, lang, want string }{
		{"CH", "fr", "Préposé fédéral à la protection des données et à la transparence (PFPDT)"},
		{"BE", "de", "Datenschutzbehörde"},
		{"FI", "sv", "Dataombudsmannens byrå"},
		{"BE", "en", "Belgian Data Protection Authority"},
		{"FR", "de", "Commission nationale de l'informatique et des libertés (CNIL)"},
	} {
		a, ok := language.AuthorityFor(c.country, "")
		if got := a.NameIn(c.lang); !ok || got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.country, c.lang, got, c.want)
		}
	}
}
