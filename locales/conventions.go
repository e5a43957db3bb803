package locales

import (
	"time"

	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/fr"
)

// longDates is what a language's CLDR data know of dates.
type longDates interface {
	FmtDateLong(time.Time) string
	MonthWide(time.Month) string
}

// convention is how a language writes what is not a text.
type convention struct {
	calendar     longDates
	firstOfMonth string            // where the first day is written otherwise than the rest
	comma, and   string            // CLDR listPattern-type-standard: between items, and before the last
	countries    map[string]string // names that changed since the CLDR version in x/text
}

// conventions has a row for each language. The lists are those of CLDR 48,
// which go-playground/locales leaves out. English is that of Europe: the day
// before the month, and no comma before "and".
var conventions = map[string]convention{
	"en": {calendar: en_GB.New(), comma: ", ", and: " and ", countries: map[string]string{
		"TR": "Türkiye", "MK": "North Macedonia", "SZ": "Eswatini",
	}},
	// Académie française and CLDR: the first of a month is an ordinal, the other days are not.
	"fr": {calendar: fr.New(), firstOfMonth: "1er", comma: ", ", and: " et ", countries: map[string]string{
		"MK": "Macédoine du Nord", "SZ": "Eswatini",
	}},
	"de": {calendar: de.New(), comma: ", ", and: " und ", countries: map[string]string{
		"MK": "Nordmazedonien", "SZ": "Eswatini",
	}},
}
