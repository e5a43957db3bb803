package language

import (
	_ "embed"
	"encoding/csv"
	"strings"
	"sync"
)

var (
	//go:embed data/authorities.csv
	authoritiesCSV string
	//go:embed data/official.csv
	officialCSV string
	//go:embed data/regions.csv
	regionsCSV string
	//go:embed data/laender.csv
	laenderCSV string
)

// authorities has a row for each country of the table, and one for each German Land under its ISO 3166-2 code.
var authorities = sync.OnceValue(func() map[string]authorityRow {
	table := map[string]authorityRow{}
	for _, r := range rows(authoritiesCSV) {
		code := r[0]
		country, region, _ := strings.Cut(code, "-")
		table[code] = authorityRow{
			languages: strings.Split(r[1], ";"),
			authority: Authority{
				Country: country, Region: region,
				Name: r[2], NameEN: r[3], Website: r[4], Address: r[5], ComplaintURL: r[6],
				List: code == "DE", languages: r[1],
			},
		}
	}
	return table
})

type authorityRow struct {
	languages []string // the notice languages
	authority Authority
}

// official has the official languages of every country and territory of ISO 3166-1, and of Kosovo. Its keys are the countries known.
var official = sync.OnceValue(func() map[string][]string {
	table := map[string][]string{}
	for _, r := range rows(officialCSV) {
		table[r[0]] = strings.FieldsFunc(r[1], func(c rune) bool { return c == ';' })
	}
	return table
})

// rows reads an embedded table and leaves out its heading. The tables are part of the program: one that cannot be read is a fault of
// the build, seen by every test.
func rows(table string) [][]string {
	all, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic("language: embedded table: " + err.Error())
	}
	return all[1:]
}
