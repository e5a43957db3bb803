package calendar_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// D10: the controller's zone decides the date.
func TestDataObtainedLateInTheEveningUTCCountAsTheNextDayInParis(t *testing.T) {
	obtained := time.Date(2026, time.August, 30, 22, 30, 0, 0, time.UTC)
	paris := zone(t, "Europe/Paris")

	d := calendar.DateOf(obtained, paris)
	if got, want := d.String(), "2026-08-31"; got != want {
		t.Fatalf("date in Paris %s, want %s", got, want)
	}
	if got, want := calendar.DateOf(obtained, time.UTC).String(), "2026-08-30"; got != want {
		t.Fatalf("date in UTC %s, want %s", got, want)
	}
	due := calendar.RawEnd(d, 1).EndOf(paris)
	if want := time.Date(2026, time.September, 30, 21, 59, 59, 0, time.UTC); !due.Equal(want) {
		t.Fatalf("due at %s, want %s", due.UTC(), want)
	}
}

func TestADayStartsAndEndsWhereItsZoneSaysSo(t *testing.T) {
	cases := []struct{ name, zone, date, start, end string }{
		{"an ordinary day", "Europe/Paris", "2026-11-03", "2026-11-02T23:00:00Z", "2026-11-03T22:59:59Z"},
		{"a day of 23 hours", "Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"},
		{"a day of 25 hours", "Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"},
		{"a day that begins at one because midnight is skipped", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z"},
		{"the day before a skipped midnight", "America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00:00Z", "2018-11-04T02:59:59Z"},
		{"a day whose last hour comes twice", "America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T02:59:59Z"},
		{"a day whose first hour comes twice", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"},
		{"a day that comes back after its midnight", "America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", "2010-11-07T03:29:59Z"},
		{"a day that the zone left out", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T09:59:59Z"},
		{"UTC", "UTC", "2026-11-03", "2026-11-03T00:00:00Z", "2026-11-03T23:59:59Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, loc := day(t, c.date), zone(t, c.zone)
			if got := d.StartOf(loc).UTC().Format(time.RFC3339); got != c.start {
				t.Errorf("starts %s, want %s", got, c.start)
			}
			if got := d.EndOf(loc).UTC().Format(time.RFC3339); got != c.end {
				t.Errorf("ends %s, want %s", got, c.end)
			}
		})
	}
}

var anyDate = rapid.Custom(func(t *rapid.T) calendar.Date {
	return calendar.Date{Year: 1970, Month: time.January, Day: 1}.AddDays(rapid.IntRange(0, 50_000).Draw(t, "days since 1970"))
})

// zones with shifts at or over midnight, odd offsets and both hemispheres; none of them left out a whole date since 1970.
var zones = []string{"UTC", "Europe/Paris", "Europe/Dublin", "Atlantic/Azores", "Asia/Beirut", "America/Sao_Paulo", "America/St_Johns",
	"America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Chatham"}

func TestTheFirstAndTheLastSecondOfADayBearItsDateAndTheirNeighboursDoNot(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		d := anyDate.Draw(rt, "date")
		start, end := d.StartOf(loc), d.EndOf(loc)
		if calendar.DateOf(start, loc) != d || calendar.DateOf(end, loc) != d {
			rt.Fatalf("%s in %s runs from %s to %s", d, loc, start, end)
		}
		if calendar.DateOf(start.Add(-time.Second), loc) == d || calendar.DateOf(end.Add(time.Second), loc) == d {
			rt.Fatalf("%s in %s is longer than %s to %s", d, loc, start, end)
		}
	})
}

// TestTheLastDayOfAFarLeapYearEnds holds a day for which the standard library gives
// no end of the zone's span.
func TestTheLastDayOfAFarLeapYearEnds(t *testing.T) {
	d := day(t, "2040-12-31")
	for _, name := range zones {
		loc := zone(t, name)
		if start, end := d.StartOf(loc), d.EndOf(loc); calendar.DateOf(start, loc) != d || calendar.DateOf(end, loc) != d || end.Sub(start) != 24*time.Hour-time.Second {
			t.Errorf("%s in %s runs from %s to %s", d, loc, start, end)
		}
	}
}

func TestMonthsNeverOverflow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, n := anyDate.Draw(rt, "date"), rapid.IntRange(-600, 600).Draw(rt, "months")
		got := d.AddMonths(n)
		months := func(d calendar.Date) int { return 12*d.Year + int(d.Month) }
		if months(got) != months(d)+n {
			rt.Fatalf("%s and %d months is %s: another month", d, n, got)
		}
		if got.Day != d.Day && (got.Day > d.Day || got.AddDays(1).Month == got.Month) {
			rt.Fatalf("%s and %d months is %s: neither the same number nor the last day", d, n, got)
		}
	})
}

func TestDaysAreCountedAcrossMonthsAndYears(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, n := anyDate.Draw(rt, "date"), rapid.IntRange(-9_999, 9_999).Draw(rt, "days")
		later := d.AddDays(n)
		if d.DaysUntil(later) != n || later.DaysUntil(d) != -n {
			rt.Fatalf("%s to %s is not %d days", d, later, n)
		}
		if d.Before(later) != (n > 0) || d.After(later) != (n < 0) {
			rt.Fatalf("order of %s and %s is wrong", d, later)
		}
	})
}

func TestTheTwentyNinthOfFebruaryBecomesTheTwentyEighthAYearLater(t *testing.T) {
	if got := day(t, "2028-02-29").AddYears(1).String(); got != "2029-02-28" {
		t.Fatalf("got %s", got)
	}
	if got := day(t, "2028-02-29").AddYears(4).String(); got != "2032-02-29" {
		t.Fatalf("got %s", got)
	}
}

func TestATextThatIsNoDateIsRefused(t *testing.T) {
	for _, s := range []string{"", "2026-02-30", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T00:00:00Z", "0000-01-01", " 2026-01-01", "20260101"} {
		if d, err := calendar.Parse(s); !errors.Is(err, calendar.ErrDate) || !d.IsZero() {
			t.Errorf("Parse(%q) = %s, %v", s, d, err)
		}
	}
}

func TestADateSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := anyDate.Draw(rt, "date")
		text, err := d.MarshalText()
		if err != nil {
			rt.Fatal(err)
		}
		var back calendar.Date
		if err := back.UnmarshalText(text); err != nil || back != d {
			rt.Fatalf("%s came back as %s: %v", d, back, err)
		}
	})
	none := day(t, "2026-01-01")
	if err := none.UnmarshalText(nil); err != nil || !none.IsZero() {
		t.Fatalf("no text gave %s, %v", none, err)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-03-05", "2024-02-29", "0001-01-01", "9999-12-31", "2026-02-29", "-001-01-01", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.Parse(s)
		if err == nil && d.String() != s {
			t.Fatalf("%q was read as %s", s, d)
		}
	})
}
