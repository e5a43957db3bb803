package calendar_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

func TestAPeriodIsReadAddedAndWrittenBack(t *testing.T) {
	cases := []struct{ period, from, want string }{
		{"P2Y", "2026-11-03", "2028-11-03"},
		{"P18M", "2026-08-31", "2028-02-29"},
		{"P30D", "2026-01-31", "2026-03-02"},
		{"P1Y6M", "2026-08-31", "2028-02-29"},
		{"P2W", "2026-12-25", "2027-01-08"},
		{"P1Y1M1W1D", "2026-01-31", "2027-03-08"},
		{"P1M", "2026-01-31", "2026-02-28"},
	}
	for _, c := range cases {
		t.Run(c.period+" from "+c.from, func(t *testing.T) {
			p, err := calendar.ParsePeriod(c.period)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.AddTo(day(t, c.from)).String(); got != c.want {
				t.Errorf("ends %s, want %s", got, c.want)
			}
			if p.String() != c.period {
				t.Errorf("written back as %s", p)
			}
		})
	}
}

func TestAPeriodWithATimeASignOrNoLengthIsRefused(t *testing.T) {
	for _, s := range []string{"", "P", "2Y", "P0D", "P0Y0M", "-P1Y", "P-1Y", "+P1Y", "PT1H", "P1DT1H", "P1DT", "P1.5Y", "P1,5Y", "P1M1Y",
		"P1Y1Y", "P1", "PY", "p1y", "P1y", "P1Y ", "P999999999999999999999D", "P301Y", "P99999Y", "P٣D", "P1S"} {
		if p, err := calendar.ParsePeriod(s); !errors.Is(err, calendar.ErrPeriod) || !p.IsZero() {
			t.Errorf("ParsePeriod(%q) = %s, %v", s, p, err)
		}
	}
}

var anyPeriod = rapid.Custom(func(t *rapid.T) calendar.Period {
	return calendar.Period{
		Years:  rapid.IntRange(0, 20).Draw(t, "years"),
		Months: rapid.IntRange(0, 40).Draw(t, "months"),
		Weeks:  rapid.IntRange(0, 60).Draw(t, "weeks"),
		Days:   rapid.IntRange(1, 400).Draw(t, "days"),
	}
})

func TestAPeriodEndsLaterTheLaterItStarts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, a, b := anyPeriod.Draw(rt, "period"), anyDate.Draw(rt, "a"), anyDate.Draw(rt, "b")
		if b.Before(a) {
			a, b = b, a
		}
		if p.AddTo(b).Before(p.AddTo(a)) {
			rt.Fatalf("%s from %s ends before %s from %s", p, b, p, a)
		}
		if !p.AddTo(a).After(a) {
			rt.Fatalf("%s from %s does not end after it", p, a)
		}
	})
}

func TestAPeriodSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPeriod.Draw(rt, "period")
		text, err := p.MarshalText()
		if err != nil {
			rt.Fatal(err)
		}
		var back calendar.Period
		if err := back.UnmarshalText(text); err != nil || back != p {
			rt.Fatalf("%s came back as %s: %v", p, back, err)
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"P2Y", "P18M", "P30D", "P1Y6M", "P8W", "P0D", "PT1H", "P1Y2M3W4D", "P00001Y"} {
		f.Add(s)
	}
	start := calendar.Date{Year: 2026, Month: 1, Day: 31}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := calendar.ParsePeriod(s)
		if err != nil {
			return
		}
		if !p.AddTo(start).After(start) {
			t.Fatalf("%q has no length", s)
		}
		if end := p.AddTo(start); end.Year > 9999 {
			t.Fatalf("%q ends in year %d", s, end.Year)
		}
		if back, err := calendar.ParsePeriod(p.String()); err != nil || back != p {
			t.Fatalf("%q was written as %s and read back as %v, %v", s, p, back, err)
		}
	})
}
