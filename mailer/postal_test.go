package mailer

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestAnAddressIsWrittenInTheOrderOfItsCountry(t *testing.T) { // UPU
	a := PostalAddress{Recipient: []string{"Ann Lee", "Acme"}, Street: []string{"1 High Street"}, Postcode: "12345", Locality: "Town", Region: "RG"}
	for country, want := range map[string]string{
		"DE": "Ann Lee|Acme|1 High Street|12345 Town",
		"FR": "Ann Lee|Acme|1 High Street|12345 TOWN",
		"GB": "Ann Lee|Acme|1 High Street|TOWN|12345",
		"LV": "Ann Lee|Acme|1 High Street|Town, 12345",
		"US": "Ann Lee|Acme|1 High Street|Town RG 12345",
		"IT": "Ann Lee|Acme|1 High Street|12345 Town RG",
		"HU": "Ann Lee|Acme|Town|1 High Street|12345",
		"NZ": "Ann Lee|Acme|1 High Street|Town 12345",
		"":   "Ann Lee|Acme|1 High Street|12345 Town",
	} {
		a.Country = country
		lines, err := a.Lines("")
		if got := texts(lines); err != nil || got != want {
			t.Errorf("%s: %s, %v", country, got, err)
		}
	}
	a.Country, a.Postcode = "LV", ""
	if lines, err := a.Lines("Lettonie"); err != nil || texts(lines) != "Ann Lee|Acme|1 High Street|Town|LETTONIE" {
		t.Errorf("without a postcode, abroad: %s, %v", texts(lines), err)
	}
}

func texts(lines []AddressLine) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return strings.Join(out, "|")
}

func TestAnAddressThatDoesNotFitNamesTheLineAndNotWhatStandsThere(t *testing.T) {
	good := PostalAddress{Recipient: []string{"Secret Name"}, Street: []string{"Secret Street 1"}, Postcode: "12345", Locality: "Secretville", Country: "DE"}
	for what, c := range map[string]struct {
		change func(*PostalAddress)
		line   string
	}{
		"nobody":              {func(a *PostalAddress) { a.Recipient = []string{" "} }, "recipient 1"},
		"no town":             {func(a *PostalAddress) { a.Locality = "" }, "locality"},
		"too many lines":      {func(a *PostalAddress) { a.Street = []string{"Secret", "b", "c", "d"} }, ""},
		"a long name":         {func(a *PostalAddress) { a.Recipient = append(a.Recipient, "Secret"+strings.Repeat("x", 35)) }, "recipient 2"},
		"a long town":         {func(a *PostalAddress) { a.Locality = "Secret" + strings.Repeat("é", 29) }, "locality"},
		"a line break":        {func(a *PostalAddress) { a.Street[0] = "Secret\nStreet" }, "street 1"},
		"NUL":                 {func(a *PostalAddress) { a.Street[0] = "Secret\x00" }, "street 1"},
		"a turn of direction": {func(a *PostalAddress) { a.Recipient[0] = "Secret\u202eeman" }, "recipient 1"},
		"no UTF-8":            {func(a *PostalAddress) { a.Recipient[0] = "Secret\xff" }, "recipient 1"},
	} {
		a := good
		a.Recipient, a.Street = append([]string{}, good.Recipient...), append([]string{}, good.Street...)
		c.change(&a)
		_, err := a.Lines("Germany")
		var wrong *AddressError
		if !errors.As(err, &wrong) || wrong.Line != c.line || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := good.Lines(""); err != nil {
		t.Error(err)
	}
}

func TestNoLineOfAnAddressIsLostOrLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[A-Za-zé ]{0,45}`)
		a := PostalAddress{
			Recipient: rapid.SliceOfN(line, 0, 3).Draw(t, "recipient"), Street: rapid.SliceOfN(line, 0, 3).Draw(t, "street"),
			Postcode: rapid.StringMatching(`[0-9A-Z ]{0,8}`).Draw(t, "postcode"), Locality: line.Draw(t, "locality"), Region: rapid.SampledFrom([]string{"", "RG"}).Draw(t, "region"),
			Country: rapid.SampledFrom([]string{"DE", "GB", "LV", "US", "IT", "HU", "NZ", ""}).Draw(t, "country"),
		}
		lines, err := a.Lines(rapid.SampledFrom([]string{"", "France"}).Draw(t, "abroad"))
		if err != nil {
			return
		}
		all := strings.ReplaceAll(texts(lines), "|", " ")
		for _, given := range append(append([]string{a.Postcode, a.Locality}, a.Recipient...), a.Street...) {
			given = strings.TrimSpace(given)
			if !strings.Contains(all, given) && !(capitalTowns[a.Country] && strings.Contains(all, strings.ToUpper(given))) {
				t.Fatalf("%q is lost from %q", given, all)
			}
		}
		for _, l := range lines {
			if l.Text == "" || utf8.RuneCountInString(l.Text) > MaxAddressLine {
				t.Fatalf("%s is empty or long", l.Name)
			}
		}
		if len(lines) > MaxAddressLines {
			t.Fatalf("%d lines", len(lines))
		}
	})
}
