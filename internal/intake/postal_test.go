package intake_test

import (
	"slices"
	"strings"
	"testing"

	"article14/internal/intake"
)

func TestAPostalAddressIsReadFromItsColumns(t *testing.T) {
	const header = "name,street,street_2,street_3,postal_code,city,region,country"
	for name, c := range map[string]struct {
		row    string
		street []string
		town   string
	}{
		"one line":                    {"Roe,12 rue de l’Exemple,,,69002,Lyon,,FR", []string{"12 rue de l’Exemple"}, "69002 Lyon FR"},
		"several columns":             {"Roe,c/o Acme,Bâtiment B,BP 7,69002,Lyon,,France", []string{"c/o Acme", "Bâtiment B", "BP 7"}, "69002 Lyon FR"},
		"several lines in a cell":     {"Roe,\"c/o Acme\r\n 12  rue du Test \",,,69002,Lyon,,FR", []string{"c/o Acme", "12 rue du Test"}, "69002 Lyon FR"},
		"the same line twice":         {"Roe,1 High Street,1 High Street,,,Bath,,GB", []string{"1 High Street"}, " Bath GB"},
		"a dash is nothing":           {"Roe,-,,,69002,Lyon,,FR", nil, ""},
		"a town alone is no address":  {"Roe,,,,69002,Lyon,,FR", nil, ""},
		"a country that nobody knows": {"Roe,1 Way,,,1,Town,,Atlantis", []string{"1 Way"}, "1 Town "},
	} {
		t.Run(name, func(t *testing.T) {
			o := one(t, header, c.row, settings(t))
			if o.refusal != nil {
				t.Fatal(o.refusal)
			}
			a := o.rec.Postal
			if !slices.Equal(a.Street, c.street) {
				t.Errorf("street %q", a.Street)
			}
			if got := a.Postcode + " " + a.Locality + " " + a.Country; c.street != nil && got != c.town {
				t.Errorf("town %q", got)
			}
		})
	}
}

func TestColumnsOfPostalAddressesAreKnownByName(t *testing.T) {
	for _, c := range []struct{ header, street, second string }{
		{"Name,Street,Address 2,City", "Street", "Address 2"},
		{"Nom complet,Adresse postale,Complément d'adresse,Ville", "Adresse postale", "Complément d'adresse"},
		{"Name,Straße und Hausnummer,Adresszusatz,Ort", "Straße und Hausnummer", "Adresszusatz"},
		{"Name,Mailing Street,Address Line 2,Mailing City", "Mailing Street", "Address Line 2"},
	} {
		file, err := intake.Open(strings.NewReader(c.header+"\n"), settings(t))
		if file == nil {
			t.Fatal(err)
		}
		uses := map[string]string{}
		for _, u := range append(file.Layout().Suggested, file.Layout().Columns...) {
			uses[u.Field] = u.Column
		}
		if uses["street"] != c.street || uses["street_2"] != c.second {
			t.Errorf("%s: %v", c.header, uses)
		}
	}
}
