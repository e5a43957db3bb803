package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/language"
	"article14/mailer"
)

// dutyFlags narrow duties, for commands about many people.
type dutyFlags struct {
	Activity string   `help:"Only duties about this activity." placeholder:"KEY"`
	Source   []string `help:"Only data from these sources." placeholder:"KEY"`
	Country  []string `help:"Only people of these countries, by ISO 3166-1 code." placeholder:"CC"`
	State    []string `help:"Only duties in these states: open, in_flight, met, failed, blocked, excused, erased." placeholder:"STATE"`
	Reason   []string `help:"Only duties that are blocked for these reasons, such as no_channel." placeholder:"REASON"`
	From     string   `help:"Only data obtained on this day or later." placeholder:"YYYY-MM-DD"`
	Until    string   `help:"Only data obtained on this day or earlier." placeholder:"YYYY-MM-DD"`
}

// given tells whether any flag narrows anything.
func (f dutyFlags) given() bool {
	return f.Activity+f.From+f.Until != "" || len(f.Source)+len(f.Country)+len(f.State)+len(f.Reason) > 0
}

// undeclared says which key the register in force does not have. An older version
// may have had it; where nothing is found under it, it is mistyped, and an empty list
// would read as if nobody were owed anything.
func (f dutyFlags) undeclared(reg *mailer.Register) error {
	if f.Activity != "" && !slices.Contains(activityKeys(reg), f.Activity) {
		return fmt.Errorf("--activity: the register declares no activity %q; it declares %s", f.Activity, joined(activityKeys(reg)))
	}
	for _, key := range f.Source {
		if _, declared := reg.Source(key); !declared {
			return fmt.Errorf("--source: the register declares no source %q; it declares %s", key, sourceKeys(reg))
		}
	}
	return nil
}

func (f dutyFlags) filter(zone *time.Location) (mailer.DutyFilter, error) {
	out := mailer.DutyFilter{Activity: f.Activity, Sources: f.Source}
	for _, given := range f.Country {
		code, known := language.Country(given)
		if !known {
			return out, fmt.Errorf("--country: %q is no country: give its ISO 3166-1 code, such as FR", given)
		}
		out.Countries = append(out.Countries, code)
	}
	for _, given := range f.State {
		state := mailer.DutyState(given)
		if !slices.Contains(mailer.DutyStates, state) {
			return out, fmt.Errorf("--state: there is no state %q; there are %s", given, joined(mailer.DutyStates))
		}
		out.States = append(out.States, state)
	}
	for _, given := range f.Reason {
		reason := mailer.BlockReason(given)
		if reason.Remedy() == "" {
			return out, fmt.Errorf("--reason: nothing is blocked for %q; 'article14 status' shows for what, such as no_channel", given)
		}
		out.Reasons = append(out.Reasons, reason)
	}
	var err error
	if out.ObtainedFrom, err = dayFlag("--from", f.From, calendar.Date.StartOf, zone); err != nil {
		return out, err
	}
	out.ObtainedUntil, err = dayFlag("--until", f.Until, dayAfter, zone)
	return out, err
}

// dayAfter is the first instant behind a day.
func dayAfter(d calendar.Date, zone *time.Location) time.Time { return d.AddDays(1).StartOf(zone) }

// dayFlag is an instant of the day that a flag names, zero where it names none.
func dayFlag(flag, day string, instant func(calendar.Date, *time.Location) time.Time, zone *time.Location) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	d, err := calendar.Parse(day)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", flag, err)
	}
	return instant(d, zone).UTC(), nil
}

// joined lists codes for a sentence.
func joined[S ~string](codes []S) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return strings.Join(out, ", ")
}
