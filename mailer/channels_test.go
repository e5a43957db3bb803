package mailer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var lyon = PostalAddress{Street: []string{"12 rue de l’Exemple"}, Postcode: "69002", Locality: "Lyon", Country: "FR"}

func TestAPostalAddressIsTheSameHoweverItIsWritten(t *testing.T) {
	same := []PostalAddress{
		lyon,
		{Street: []string{"12, RUE DE L'EXEMPLE"}, Postcode: "69 002", Locality: "LYON", Country: "FR"},
		{Street: []string{"12 rue", "de l’Exemple"}, Postcode: "69002", Locality: "lyon", Country: "FR", Region: "Rhône"},
	}
	for _, a := range same[1:] {
		if a.Normal() != same[0].Normal() {
			t.Errorf("%q is not %q", a.Normal(), same[0].Normal())
		}
	}
	for _, other := range []PostalAddress{{Street: []string{"21 rue de l’Exemple"}, Postcode: "69002", Locality: "Lyon", Country: "FR"},
		{Street: lyon.Street, Postcode: "69002", Locality: "Lyon", Country: "BE"}, {Street: lyon.Street, Postcode: "69003", Locality: "Lyon", Country: "FR"}} {
		if other.Normal() == lyon.Normal() {
			t.Errorf("%v is taken for %v", other, lyon)
		}
	}
	if n := (PostalAddress{Postcode: "69002", Locality: "Lyon", Country: "FR"}).Normal(); n != "" {
		t.Errorf("a town alone is %q", n)
	}
}

func TestAnAddressIsKeptAsItWas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		line := rapid.StringOf(rapid.Rune())
		a := PostalAddress{Street: rapid.SliceOfN(line, 1, 4).Draw(r, "street"), Postcode: line.Draw(r, "code"), Locality: line.Draw(r, "town"), Country: "FR"}
		back, err := ParsePostal(a.Value())
		if err != nil || !slices.Equal(back.Street, a.Street) || back.Postcode != a.Postcode || back.Locality != a.Locality {
			r.Fatalf("%#v came back as %#v (%v)", a, back, err)
		}
	})
	if _, err := ParsePostal("12 rue"); err == nil || strings.Contains(err.Error(), "rue") {
		t.Errorf("the error repeats the value: %v", err)
	}
}
