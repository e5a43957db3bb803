package calendar

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
)

// The countries that the library lacks: their nationwide statutory public holidays. Sundays are left out where they change nothing.

var cyprus = slices.Concat(
	fixedDays("01-01", "01-06", "03-25", "04-01", "05-01", "08-15", "10-01", "10-28", "12-25", "12-26"),
	// Green Monday, Good Friday, Easter Monday, Kataklysmos.
	orthodox(-48, -2, 1, 50),
)

var estonia = slices.Concat(
	fixedDays("01-01", "02-24", "05-01", "06-23", "06-24", "08-20", "12-24", "12-25", "12-26"),
	western(goodFriday),
)

// Midsummer Day and All Saints' Day always fall on a Saturday; Midsummer Eve and Christmas Eve are no public holidays.
var finland = slices.Concat(
	fixedDays("01-01", "01-06", "05-01", "12-06", "12-25", "12-26"),
	western(goodFriday, easterMonday, ascension),
)

var hungary = slices.Concat(
	fixedDays("01-01", "03-15", "05-01", "08-20", "10-23", "11-01", "12-25", "12-26"),
	western(easterMonday, whitMonday),
	[]*cal.Holiday{inYears(westernDay(goodFriday), 2017, 0)},
)

var iceland = slices.Concat(
	fixedDays("01-01", "05-01", "06-17", "12-25", "12-26"),
	western(maundyThursday, goodFriday, easterMonday, ascension, whitMonday),
	[]*cal.Holiday{
		// The first day of summer: the Thursday from 19 to 25 April. Commerce Day: the first Monday of August.
		{Month: time.April, Day: 19, Weekday: time.Thursday, Offset: 1, Func: cal.CalcWeekdayFrom},
		{Month: time.August, Weekday: time.Monday, Offset: 1, Func: cal.CalcWeekdayOffset},
	},
)

var liechtenstein = slices.Concat(
	fixedDays("01-01", "01-06", "02-02", "05-01", "08-15", "09-08", "11-01", "12-08", "12-25", "12-26"),
	western(easterMonday, ascension, whitMonday, corpusChristi),
)

var luxembourg = slices.Concat(
	fixedDays("01-01", "05-01", "06-23", "08-15", "11-01", "12-25", "12-26"),
	western(easterMonday, ascension, whitMonday),
	// Europe Day.
	[]*cal.Holiday{inYears(fixed(time.May, 9), 2019, 0)},
)

var malta = slices.Concat(
	fixedDays("01-01", "02-10", "03-19", "03-31", "05-01", "06-07", "06-29",
		"08-15", "09-08", "09-21", "12-08", "12-13", "12-25"),
	western(goodFriday),
)

var portugal = slices.Concat(
	fixedDays("01-01", "04-25", "05-01", "06-10", "08-15", "12-08", "12-25"),
	western(goodFriday),
	// Suspended from 2013 to 2015.
	[]*cal.Holiday{
		notIn(westernDay(corpusChristi), 2013, 2014, 2015),
		notIn(fixed(time.October, 5), 2013, 2014, 2015),
		notIn(fixed(time.November, 1), 2013, 2014, 2015),
		notIn(fixed(time.December, 1), 2013, 2014, 2015),
	},
)

// Days from Easter Sunday.
const (
	maundyThursday = -3
	goodFriday     = -2
	easterMonday   = 1
	ascension      = 39
	whitMonday     = 50
	corpusChristi  = 60
)

// fixed is a holiday on the same date every year.
func fixed(month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Month: month, Day: day, Func: cal.CalcDayOfMonth}
}

// fixedDays are holidays on the same dates every year, each written MM-DD.
func fixedDays(days ...string) []*cal.Holiday {
	list := make([]*cal.Holiday, len(days))
	for i, day := range days {
		t, err := time.Parse("01-02", day)
		if err != nil {
			panic("calendar: holiday table: " + day) // a slip in the tables above, seen at the first run
		}
		list[i] = fixed(t.Month(), t.Day())
	}
	return list
}

// westernDay is a holiday at a distance in days from Easter Sunday by the Gregorian reckoning.
func westernDay(offset int) *cal.Holiday {
	return &cal.Holiday{Offset: offset, Func: cal.CalcEasterOffset}
}

func western(offsets ...int) []*cal.Holiday {
	list := make([]*cal.Holiday, len(offsets))
	for i, offset := range offsets {
		list[i] = westernDay(offset)
	}
	return list
}

// orthodox are holidays at a distance in days from Orthodox Easter Sunday.
func orthodox(offsets ...int) []*cal.Holiday {
	list := western(offsets...)
	for _, h := range list {
		h.Julian = true
	}
	return list
}

// inYears limits a holiday to the years from first to last; zero leaves that side open.
func inYears(h *cal.Holiday, first, last int) *cal.Holiday {
	h.StartYear, h.EndYear = first, last
	return h
}

// notIn leaves a holiday out in some years.
func notIn(h *cal.Holiday, years ...int) *cal.Holiday {
	h.Except = years
	return h
}

// nextWorkday gives a holiday on a Saturday or a Sunday the Monday after as its substitute.
func nextWorkday(h *cal.Holiday) *cal.Holiday {
	h.Observed = []cal.AltDay{{Day: time.Saturday, Offset: 2}, {Day: time.Sunday, Offset: 1}}
	return h
}
