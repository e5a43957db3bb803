package calendar_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

// D2: the pairs of the EDPB and others, with the public holidays of France.
func TestAMonthEndsAsRegulation1182Says(t *testing.T) {
	cases := []struct{ why, obtained, raw, legal string }{
		{"Easter Sunday, then Easter Monday", "2026-03-05", "2026-04-05", "2026-04-07"},
		{"there is no 31 September", "2026-08-31", "2026-09-30", "2026-09-30"},
		{"a short month that ends on a Saturday", "2026-01-31", "2026-02-28", "2026-03-02"},
		{"a leap year", "2024-01-31", "2024-02-29", "2024-02-29"},
		{"the date exists in a leap year", "2028-01-29", "2028-02-29", "2028-02-29"},
		{"a short month that ends on a Sunday", "2027-01-29", "2027-02-28", "2027-03-01"},
		{"over the turn of the year", "2023-12-31", "2024-01-31", "2024-01-31"},
		{"a Saturday", "2025-12-31", "2026-01-31", "2026-02-02"},
		{"Ascension Day", "2026-04-14", "2026-05-14", "2026-05-15"},
		{"Bastille Day", "2026-06-14", "2026-07-14", "2026-07-15"},
		{"Christmas on a Friday, then the weekend", "2026-11-25", "2026-12-25", "2026-12-28"},
		{"New Year on a Friday, then the weekend", "2026-12-01", "2027-01-01", "2027-01-04"},
		{"there is no 31 November", "2026-10-31", "2026-11-30", "2026-11-30"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			raw := calendar.RawEnd(day(t, c.obtained), 1)
			if raw.String() != c.raw {
				t.Errorf("raw end %s, want %s", raw, c.raw)
			}
			legal, err := calendar.LegalEnd(raw, "FR")
			if err != nil || legal.String() != c.legal {
				t.Errorf("legal end %s, %v, want %s", legal, err, c.legal)
			}
		})
	}
}

// D2: the calendar is that of the Member State concerned. Each of these days is a weekday.
func TestAHolidayCountsInItsOwnCountryOnly(t *testing.T) {
	cases := []struct{ name, date, kept, working string }{
		{"Bastille Day", "2026-07-14", "FR", "DE"},
		{"Ascension Day", "2026-05-14", "FR LU FI IS LI CH NO NL", "IT PL EE CY"},
		{"German Unity", "2025-10-03", "DE", "AT"},
		{"Epiphany in Germany is kept by some Länder only", "2026-01-06", "AT FI CY LI RO", "DE CH HU"},
		{"Green Monday by Orthodox Easter", "2026-02-23", "GR CY", "BG RO"},
		{"Orthodox Good Friday", "2026-04-10", "GR CY BG RO", "MT EE"},
		{"Western Good Friday", "2026-04-03", "DE EE FI HU MT PT IS GB", "FR CY LI CH"},
		{"Kataklysmos", "2026-06-01", "CY GR", "FR"},
		{"Cyprus National Day", "2026-04-01", "CY", "GR"},
		{"Estonian Independence Day", "2026-02-24", "EE", "LV"},
		{"Midsummer Day in Estonia", "2026-06-24", "EE", "FI"},
		{"Finnish Independence Day", "2027-12-06", "FI", "SE"},
		{"Hungarian National Day", "2026-10-23", "HU", "SK"},
		{"Whit Monday", "2026-05-25", "HU LU IS DE", "PT MT"},
		{"First day of summer", "2026-04-23", "IS", "NO"},
		{"Commerce Day", "2026-08-03", "IS", "DK"},
		{"Liechtenstein's Nativity of Mary", "2026-09-08", "LI MT", "CH AT"},
		{"Europe Day", "2029-05-09", "LU", "BE"},
		{"Luxembourg's National Day", "2026-06-23", "LU EE", "DE"},
		{"Saint Paul's Shipwreck", "2026-02-10", "MT", "IT"},
		{"Portugal's Freedom Day", "2028-04-25", "PT", "ES"},
		{"Corpus Christi", "2026-06-04", "PT AT LI PL", "LU ES"},
		{"1 August", "2025-08-01", "CH", "LI"},
		{"Saint Joseph's in single cantons", "2026-03-19", "MT", "CH"},
		{"Substitute for a New Year on a Saturday", "2028-01-03", "GB", "IE"},
		{"The Queen's funeral", "2022-09-19", "GB", "IE"},
		{"Polish Christmas Eve from 2025", "2026-12-24", "PL EE", "DE"},
		{"Saint Francis from 2026", "2027-10-04", "IT", "ES"},
		{"Bulgarian Labour Day when Easter is late", "2024-05-01", "BG", "DK"},
		{"Slovak Constitution Day until 2023", "2026-09-01", "", "SK"},
		{"Swedish Christmas Eve", "2026-12-24", "BG", "SE"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := day(t, c.date)
			if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
				t.Fatalf("%s is a %s and shows nothing", d, w)
			}
			for code, want := range kept(c.kept, c.working) {
				if got, err := calendar.IsHoliday(d, code); err != nil || got != want {
					t.Errorf("%s: holiday %v, %v, want %v", code, got, err, want)
				}
				legal, err := calendar.LegalEnd(d, code)
				if err != nil || legal.After(d) != want {
					t.Errorf("%s: legal end %s, %v", code, legal, err)
				}
			}
		})
	}
}

func TestEveryMemberStateAndItsNeighboursHaveAList(t *testing.T) {
	codes := []string{"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
		"NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO", "CH", "GB"}
	if got := len(calendar.Countries()); got != len(codes) {
		t.Errorf("%d lists, want %d", got, len(codes))
	}
	for _, code := range codes {
		for _, date := range []string{"2027-01-01", "2028-12-25"} {
			if is, err := calendar.IsHoliday(day(t, date), code); err != nil || !is {
				t.Errorf("%s: %s is a holiday: %v, %v", code, date, is, err)
			}
		}
	}
}

func TestACountryWithoutAListIsAnErrorAndNotAGuess(t *testing.T) {
	for _, code := range []string{"", "XX", "US", "fr", "UK"} {
		if _, err := calendar.LegalEnd(day(t, "2026-07-14"), code); !errors.Is(err, calendar.ErrCountry) {
			t.Errorf("%q: %v", code, err)
		}
	}
}

// D1, D3: a month is never longer than up to the last day of the next month, and ends later the later it starts.
func TestAMonthNeverEndsLaterThanTheLastDayOfTheNextMonth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := anyDate.Draw(rt, "a"), anyDate.Draw(rt, "b")
		if b.Before(a) {
			a, b = b, a
		}
		end := calendar.RawEnd(a, 1)
		limit := calendar.Date{Year: a.Year, Month: a.Month, Day: 1}.AddMonths(2)
		if !end.Before(limit) || a.DaysUntil(end) < 28 {
			rt.Fatalf("a month from %s ends %s", a, end)
		}
		if calendar.RawEnd(b, 1).Before(end) {
			rt.Fatalf("a month from %s ends before one from %s", b, a)
		}
	})
}

func TestTheLegalEndIsAWorkingDayAndNeverBeforeTheRawEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		raw := anyDate.Draw(rt, "raw")
		code := rapid.SampledFrom(calendar.Countries()).Draw(rt, "country")
		legal, err := calendar.LegalEnd(raw, code)
		if err != nil {
			rt.Fatal(err)
		}
		if legal.Before(raw) || raw.DaysUntil(legal) > 7 {
			rt.Fatalf("%s rolled to %s in %s", raw, legal, code)
		}
		if again, _ := calendar.LegalEnd(legal, code); again != legal {
			rt.Fatalf("%s rolled to %s, which is no working day in %s", raw, legal, code)
		}
	})
}

// kept joins two lists of country codes into what is expected of each.
func kept(holiday, working string) map[string]bool {
	want := map[string]bool{}
	for i := 0; i+2 <= len(holiday); i += 3 {
		want[holiday[i:i+2]] = true
	}
	for i := 0; i+2 <= len(working); i += 3 {
		want[working[i:i+2]] = false
	}
	return want
}
