package calendar

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
)

// publicHolidays has the nationwide public holidays of each country by its ISO 3166-1 code. Most lists are the library's; where
// the law has changed since, or the library counts days that are not kept everywhere, the difference stands here with its reason.
var publicHolidays = map[string][]*cal.Holiday{
	"AT": at.Holidays,
	"BE": be.Holidays,
	// The library moves Labour Day whenever Easter is late, which was right in 2021 alone.
	"BG": with(without(bg.Holidays, bg.LabourDay), nextWorkday(fixed(time.May, 1)), inYears(fixed(time.May, 4), 2021, 2021)),
	// The library adds days that single cantons keep. These four are kept in all of them.
	"CH": {ch.Neujahr, ch.Auffahrt, ch.Bundesfeiertag, ch.Weihnachtstag},
	"CY": cyprus,
	"CZ": cz.Holidays,
	"DE": de.Holidays,
	"DK": dk.Holidays,
	"EE": estonia,
	"ES": es.Holidays,
	"FI": finland,
	"FR": fr.Holidays,
	// The day of the Queen's funeral is missing from the library.
	"GB": with(gb.Holidays, inYears(fixed(time.September, 19), 2022, 2022)),
	"GR": gr.Holidays,
	"HR": hr.Holidays,
	"HU": hungary,
	"IE": ie.Holidays,
	"IS": iceland,
	// Saint Francis of Assisi is a national holiday again from 2026.
	"IT": with(it.Holidays, inYears(fixed(time.October, 4), 2026, 0)),
	"LI": liechtenstein,
	"LT": lt.Holidays,
	"LU": luxembourg,
	"LV": lv.Holidays,
	"MT": malta,
	"NL": nl.Holidays,
	"NO": no.Holidays,
	// Christmas Eve is a day off by law from 2025.
	"PL": with(pl.Holidays, inYears(fixed(time.December, 24), 2025, 0)),
	"PT": portugal,
	// Epiphany and Saint John are days off by law from 2024.
	"RO": with(ro.Holidays, inYears(fixed(time.January, 6), 2024, 0), inYears(fixed(time.January, 7), 2024, 0)),
	// The three eves are customary days off and no public holidays.
	"SE": without(se.Holidays, se.Midsommarafton, se.Julafton, se.Nyarsafton),
	"SI": si.Holidays,
	"SK": slovakia,
}

// slovakia keeps the library's list but for three budget laws: 1 September is a working day from 2024, 17 November from 2025,
// and 8 May and 15 September are working days in 2026.
var slovakia = with(
	without(sk.Holidays, sk.Constitution, sk.Freedom, sk.Liberation, sk.LadyOfSorrows),
	inYears(fixed(time.September, 1), 0, 2023),
	inYears(fixed(time.November, 17), 0, 2024),
	notIn(fixed(time.May, 8), 2026),
	notIn(fixed(time.September, 15), 2026),
)

// The library computes its days in this zone, by default that of the machine: where a midnight does not exist there, a holiday would
// slip to the day before. This package is the only one that uses it.
func init() { cal.DefaultLoc = time.UTC }

// with returns a list and some days more; the list itself is left as it is.
func with(list []*cal.Holiday, more ...*cal.Holiday) []*cal.Holiday {
	return slices.Concat(list, more)
}

// without returns a list less some of its days; the list itself is left as it is.
func without(list []*cal.Holiday, fewer ...*cal.Holiday) []*cal.Holiday {
	return slices.DeleteFunc(slices.Clone(list), func(h *cal.Holiday) bool { return slices.Contains(fewer, h) })
}
