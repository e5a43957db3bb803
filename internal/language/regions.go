package language

import (
	"strconv"
	"strings"
	"sync"
)

// byRegion has, for each country whose parts have their own languages, what decides.
var byRegion = sync.OnceValue(func() map[string]regionTable {
	tables := map[string]regionTable{}
	for _, r := range rows(regionsCSV) {
		country, languages, field, values := r[0], r[1], r[2], strings.Split(r[3], ";")
		table, ok := tables[country]
		if !ok {
			table = regionTable{regions: map[string]string{}, cities: map[string]string{}}
		}
		for _, value := range values {
			switch field {
			case "region":
				table.regions[Fold(value)] = languages
			case "city":
				table.cities[Fold(value)] = languages
			case "postcode":
				table.postcodes = append(table.postcodes, newPostcodes(value, languages))
			}
		}
		tables[country] = table
	}
	return tables
})

// regionTable maps parts of one country to languages, joined by semicolons. Names are folded.
type regionTable struct {
	regions   map[string]string
	cities    map[string]string
	postcodes []postcodes
}

type postcodes struct {
	first, last int
	digits      int
	languages   string
}

func newPostcodes(span, languages string) postcodes {
	from, to, _ := strings.Cut(span, "-")
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil {
		panic("language: embedded table: postcodes " + span)
	}
	return postcodes{first, last, len(from), languages}
}

// regional returns the languages of a person's part of a country, and by what they were found: "postcode", "city" or "region".
func regional(country string, in Input) (languages []string, by string, ok bool) {
	table, ok := byRegion()[country]
	if !ok {
		return nil, "", false
	}
	postcode, city := table.byPostcode(in.Postcode), table.byName(table.cities, in.City)
	switch {
	case postcode != "" && city != "" && postcode != city:
		return nil, "", false
	case postcode != "":
		return strings.Split(postcode, ";"), "postcode", true
	case city != "":
		return strings.Split(city, ";"), "city", true
	}
	if found := table.byName(table.regions, withoutCountry(country, in.Region)); found != "" {
		return strings.Split(found, ";"), "region", true
	}
	return nil, "", false
}

// byPostcode looks a postcode up, with or without the country's letters before it (B-4700, CH 1200).
func (t regionTable) byPostcode(s string) string {
	s = strings.TrimSpace(strings.TrimLeft(s, " -ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	n, err := strconv.Atoi(s)
	if err != nil {
		return ""
	}
	for _, p := range t.postcodes {
		if len(s) == p.digits && p.first <= n && n <= p.last {
			return p.languages
		}
	}
	return ""
}

// byName looks a name up. Bilingual towns come as "Bolzano/Bozen": any of the names will do.
func (t regionTable) byName(table map[string]string, s string) string {
	if len(s) > maxName {
		return ""
	}
	for _, name := range append([]string{s}, strings.Split(s, "/")...) {
		if languages, ok := table[Fold(name)]; ok {
			return languages
		}
	}
	return ""
}

// withoutCountry takes the country off an ISO 3166-2 code: BE-VLG is VLG.
func withoutCountry(country, region string) string {
	region = strings.TrimSpace(region)
	if len(region) > 3 && strings.EqualFold(region[:2], country) && (region[2] == '-' || region[2] == '_') {
		return region[3:]
	}
	return region
}
