package calendar

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
)

// ErrCountry is the error, wrapped, for a country whose public holidays are not known here.
var ErrCountry = errors.New("no list of public holidays for this country")

// RawEnd returns the last day of a period of whole months from the day of an event, such as the obtaining of data (Art. 14(3)(a)
// GDPR, one month). It is not moved off weekends and holidays: sending is planned to this date (docs/rules.md D3).
func RawEnd(obtained Date, months int) Date { return obtained.AddMonths(months) }

// LegalEnd moves the last day of a period off Saturdays, Sundays and the public holidays of a country to the next working day
// (Regulation 1182/71, Art. 3(4)). It is for reports only (docs/rules.md D2). The country is an ISO 3166-1 alpha-2 code; the package
// comment says which holidays count. For other countries the error wraps [ErrCountry].
func LegalEnd(raw Date, country string) (Date, error) {
	holidays, ok := publicHolidays[country]
	if !ok {
		return Date{}, fmt.Errorf("calendar: %q: %w", clip(country), ErrCountry)
	}
	end := raw
	for !isWorkingDay(end, holidays) {
		end = end.AddDays(1)
	}
	return end, nil
}

// IsHoliday reports whether a date is a public holiday of a country, as [LegalEnd] counts them. Weekends are no holidays by
// themselves. For countries without a list the error wraps [ErrCountry].
func IsHoliday(d Date, country string) (bool, error) {
	holidays, ok := publicHolidays[country]
	if !ok {
		return false, fmt.Errorf("calendar: %q: %w", clip(country), ErrCountry)
	}
	return isHoliday(d, holidays), nil
}

// Countries returns the codes that [LegalEnd] knows, sorted.
func Countries() []string {
	codes := make([]string, 0, len(publicHolidays))
	for code := range publicHolidays {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

func isWorkingDay(d Date, holidays []*cal.Holiday) bool {
	weekday := d.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday && !isHoliday(d, holidays)
}

// isHoliday looks at the day itself and at the substitute day, which for a New Year's Day on a weekend still lies in the same
// year. No list here has a substitute day that comes before its holiday across a turn of the year.
func isHoliday(d Date, holidays []*cal.Holiday) bool {
	return slices.ContainsFunc(holidays, func(h *cal.Holiday) bool {
		actual, observed := h.Calc(d.Year)
		return civil(actual) == d || civil(observed) == d
	})
}
