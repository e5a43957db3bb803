package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Period is a length of time in whole calendar units: how long data are kept, for example. It is an ISO 8601 duration without a
// time part. Its parts are not converted into each other: a month is not 30 days.
type Period struct {
	Years, Months, Weeks, Days int
}

// ErrPeriod is the error, wrapped, for a text that is not a period.
var ErrPeriod = errors.New("not a period: write it as P2Y, P18M, P1Y6M, P8W or P30D")

// maxPart bounds each number of a period. No storage period is longer than this many days; a larger number is a slip of the
// keyboard, and would lead to years that no date can be written for.
const maxPart = 99_999

// maxYears bounds the whole of a period, for the same reason.
const maxYears = 300

// ParsePeriod reads an ISO 8601 duration of years, months, weeks and days, in this order, each at most once. Times of day, signs,
// fractions, a period of no length and one of more than 300 years are refused.
func ParsePeriod(s string) (Period, error) {
	p, ok := scanPeriod(s)
	if !ok || !p.sensible() {
		return Period{}, fmt.Errorf("calendar: %q is %w", clip(s), ErrPeriod)
	}
	return p, nil
}

func scanPeriod(s string) (Period, bool) {
	var p Period
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return p, false
	}
	parts := []struct {
		unit  byte
		value *int
	}{{'Y', &p.Years}, {'M', &p.Months}, {'W', &p.Weeks}, {'D', &p.Days}}
	for _, part := range parts {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == len(rest) || digits == 0 || rest[digits] != part.unit {
			continue
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n > maxPart {
			return p, false
		}
		*part.value = n
		rest = rest[digits+1:]
	}
	return p, rest == ""
}

// sensible reports whether p has a length, and one that a register can mean.
func (p Period) sensible() bool {
	days := p.Years*366 + p.Months*31 + p.Weeks*7 + p.Days
	return days > 0 && days <= maxYears*366
}

// IsZero reports whether p has no length. No such period comes from [ParsePeriod].
func (p Period) IsZero() bool { return p == Period{} }

// String returns the ISO 8601 form, without parts that are zero. The zero Period is P0D.
func (p Period) String() string {
	if p.IsZero() {
		return "P0D"
	}
	var b strings.Builder
	b.WriteByte('P')
	write := func(n int, unit byte) {
		if n != 0 {
			b.WriteString(strconv.Itoa(n))
			b.WriteByte(unit)
		}
	}
	write(p.Years, 'Y')
	write(p.Months, 'M')
	write(p.Weeks, 'W')
	write(p.Days, 'D')
	return b.String()
}

// AddTo returns the last day of the period that an event on a date starts: years and months first, by the rule of
// [Date.AddMonths], then weeks and days.
func (p Period) AddTo(d Date) Date {
	return d.AddMonths(12*p.Years + p.Months).AddDays(7*p.Weeks + p.Days)
}

// MarshalText writes the period as [Period.String] does, and no period as no text.
func (p Period) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads what [Period.MarshalText] writes.
func (p *Period) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Period{}
		return nil
	}
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
