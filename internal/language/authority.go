package language

import (
	"slices"
	"strings"
	"sync"
)

// Authority is a supervisory authority, as a notice names it to a person (Art. 14(2)(e), 77 GDPR). Fields that could not be
// confirmed are empty, and are not printed (docs/rules.md R8).
type Authority struct {
	Country string `json:"country"`          // ISO 3166-1 alpha-2
	Region  string `json:"region,omitempty"` // a German Land, as in ISO 3166-2 without the country

	Name         string `json:"name"`    // in the authority's own language or languages
	NameEN       string `json:"name_en"` // in English
	Website      string `json:"website"`
	Address      string `json:"address,omitempty"`
	ComplaintURL string `json:"complaint_url,omitempty"` // where a complaint is lodged

	// List is set where the person's own authority is not known and Website is that of an office which lists them all.
	List bool `json:"list,omitempty"`

	languages string // of the names in Name, where it has one in each; joined by semicolons
}

// NameIn is the authority's name in a language: one of its own where it has
// several, its English one for English, else the whole of Name.
func (a Authority) NameIn(lang string) string {
	if lang == "en" && a.NameEN != "" {
		return a.NameEN
	}
	if !strings.Contains(a.Name, " / ") {
		return a.Name
	}
	names := strings.Split(a.Name, " / ")
	languages := strings.Split(a.languages, ";")
	if i := slices.Index(languages, lang); i >= 0 && len(names) == len(languages) {
		return names[i]
	}
	return a.Name
}

// AuthorityFor returns the supervisory authority of a person's country (docs/rules.md R8). In Germany it is that of the Land, which the
// region names or has as its ISO 3166-2 code; for an unknown Land it is an entry that leads to the list of them. It is not ok
// outside the table, where the authority of the controller is shown instead.
func AuthorityFor(country, region string) (Authority, bool) {
	code, ok := Country(country)
	if !ok {
		return Authority{}, false
	}
	if parent, ok := under[code]; ok {
		code = parent
	}
	if code == "DE" && region != "" {
		if land, ok := laender()[Fold(withoutCountry(code, region))]; ok {
			code += "-" + land
		}
	}
	row, ok := authorities()[code]
	return row.authority, ok
}

// under has territories with a code of their own that come under the authority of another country.
var under = map[string]string{
	"AX": "FI", "SJ": "NO",
	"GF": "FR", "GP": "FR", "MQ": "FR", "RE": "FR", "YT": "FR", "MF": "FR", "BL": "FR", "PM": "FR", "NC": "FR", "PF": "FR", "WF": "FR",
}

// laender maps folded names and codes to German Länder.
var laender = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, r := range rows(laenderCSV) {
		names[Fold(r[0])] = r[0]
		for name := range strings.SplitSeq(r[1], ";") {
			names[Fold(name)] = r[0]
		}
	}
	return names
})
