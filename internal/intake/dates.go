package intake

import (
	"fmt"
	"strings"
	"time"

	"article14/internal/calendar"
)

// dates reads instants as files have them.
type dates struct {
	layout  string // of the form that the source names; "" none
	hasTime bool
	hasZone bool
	zone    *time.Location
}

// dateWords are what a form is named with, the longer before the shorter. Day,
// month and hour are read with or without a leading nought.
var dateWords = []struct{ word, layout string }{
	{"YYYY", "2006"}, {"yyyy", "2006"},
	{"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "1"}, {"M", "1"},
	{"DD", "2"}, {"dd", "2"}, {"D", "2"}, {"d", "2"},
	{"HH", "15"}, {"hh", "15"}, {"H", "15"}, {"h", "15"},
	{"mm", "04"}, {"ss", "05"}, {"T", "T"}, {"Z", "Z07:00"},
}

const wordsHelp = "a date form is written with YYYY, MM (or MMM for Jan, MMMM for January), DD, hh (0 to 23), mm, ss and Z for an offset, such as 'DD.MM.YYYY hh:mm'"

// newDates makes a reader for a form in words.
func newDates(form string, zone *time.Location) (dates, error) {
	d := dates{zone: zone}
	if f := strings.ToLower(strings.TrimSpace(form)); f == "" || f == "rfc3339" || f == "iso8601" {
		return d, nil
	}
	var layout strings.Builder
	used := map[string]bool{}
	for rest := form; rest != ""; {
		word, value, err := nextWord(rest)
		if err != nil {
			return d, fmt.Errorf("the date form %q: %w; %s", form, err, wordsHelp)
		}
		layout.WriteString(value)
		used[value] = true
		rest = rest[len(word):]
	}
	month := used["1"] || used["Jan"] || used["January"]
	if !month || !used["2"] || !used["2006"] {
		return d, fmt.Errorf("the date form %q lacks a year, a month or a day; %s", form, wordsHelp)
	}
	d.layout, d.hasTime, d.hasZone = layout.String(), used["15"], used["Z07:00"]
	return d, nil
}

// nextWord takes the word or sign at the beginning of a form.
func nextWord(form string) (word, layout string, err error) {
	for _, w := range dateWords {
		if strings.HasPrefix(form, w.word) {
			return w.word, w.layout, nil
		}
	}
	if c := form[0]; c > 127 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return "", "", fmt.Errorf("there is no word that begins with %q", form[:1])
	}
	return form[:1], form[:1], nil
}

// isoLayouts are the forms that need no name: the year stands first.
var isoLayouts = []struct {
	layout           string
	hasTime, hasZone bool
}{
	{"2006-01-02T15:04:05Z07:00", true, true},
	{"2006-01-02 15:04:05Z07:00", true, true},
	{"2006-01-02T15:04Z07:00", true, true},
	{"2006-01-02T15:04:05", true, false},
	{"2006-01-02 15:04:05", true, false},
	{"2006-01-02T15:04", true, false},
	{"2006-01-02 15:04", true, false},
	{"2006-01-02", false, false},
}

// read gives the instant behind a text, in UTC and whole microseconds, as the
// store keeps them; reason says why there is none.
func (d dates) read(s string) (at time.Time, reason string) {
	if d.layout != "" {
		if t, err := time.Parse(d.layout, s); err == nil {
			return d.instant(t, d.hasTime, d.hasZone), ""
		}
	}
	upper := strings.ToUpper(s) // RFC 3339, 5.6: t and z may be small
	for _, iso := range isoLayouts {
		if t, err := time.Parse(iso.layout, upper); err == nil {
			return d.instant(t, iso.hasTime, iso.hasZone), ""
		}
	}
	if d.layout != "" {
		return time.Time{}, "the date is not of the form that is named for this source: correct it, or name another under dates in the register, or with --dates"
	}
	return time.Time{}, "the form of the date is not known, and day and month are not guessed: name it under dates in the register, or with --dates, such as DD/MM/YYYY"
}

func (d dates) instant(t time.Time, hasTime, hasZone bool) time.Time {
	switch {
	case !hasTime:
		t = calendar.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}.StartOf(d.zone)
	case !hasZone:
		t = earliest(t, d.zone)
	}
	return t.UTC().Truncate(time.Microsecond)
}

// earliest is the first instant at which a clock in zone shows the time that
// wall shows in UTC. Where the clock was set back that is the one with the
// offset from before, and a time that the clock skips is read with it as well,
// which keeps it on its date.
func earliest(wall time.Time, zone *time.Location) time.Time {
	const aside = 26 * time.Hour // offsets stay below it
	_, before := wall.Add(-aside).In(zone).Zone()
	_, after := wall.Add(aside).In(zone).Zone()
	byBefore, byAfter := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	shows := func(at time.Time) bool { return at.In(zone).Format(time.DateTime) == wall.Format(time.DateTime) }
	if !shows(byBefore) && shows(byAfter) {
		return byAfter
	}
	return byBefore
}
