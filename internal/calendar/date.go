package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar, in no particular zone. The zero value is no date at all; see [Date.IsZero].
// Dates compare with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ErrDate is the error, wrapped, for a text that is not a date.
var ErrDate = errors.New("not a date: write it as 2026-03-05")

// DateOf returns the date that an instant has in a zone. The controller's zone decides, not UTC (docs/rules.md D10).
func DateOf(instant time.Time, loc *time.Location) Date {
	return civil(instant.In(loc))
}

// Parse reads an RFC 3339 full-date, such as 2026-03-05. The day must exist.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("calendar: %q is %w", clip(s), ErrDate)
	}
	return civil(t), nil
}

// String returns the RFC 3339 full-date, such as 2026-03-05.
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes the date as [Date.String] does, and no date as no text.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what [Date.MarshalText] writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1 when d is before other, 0 when they are the same day, 1 when d is after it.
func (d Date) Compare(other Date) int { return d.utc().Compare(other.utc()) }

// Before reports whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether d is a later day than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// AddDays returns the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date { return civil(d.utc().AddDate(0, 0, n)) }

// AddMonths returns the same date number n months later, or the last day of a shorter month: 31 January and one month is 28 or 29
// February (Regulation 1182/71, Art. 3(2)(c)). time.AddDate would say 3 March.
func (d Date) AddMonths(n int) Date {
	// The first of the target month always exists, so that nothing overflows into the month after.
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// AddYears returns the same day n years later; 29 February becomes 28 February where there is none.
func (d Date) AddYears(n int) Date { return d.AddMonths(12 * n) }

// DaysUntil returns how many days other lies after d; it is negative when other is earlier.
func (d Date) DaysUntil(other Date) int {
	return int(other.utc().Sub(d.utc()) / (24 * time.Hour))
}

// utc is midnight of the date in UTC, where every day has 24 hours: the ground for all day arithmetic.
func (d Date) utc() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func civil(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// clip keeps a hostile or misplaced value from filling an error text.
func clip(s string) string {
	const most = 32
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
