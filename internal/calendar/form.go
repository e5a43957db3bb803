package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Form is a way to write dates. The zero value reads those that are never in doubt: the year first, as RFC 3339 and ISO 8601 have
// it, with a time or without. Every other form reads those too.
type Form struct {
	parts    []formPart
	language string // of the month's names; "" any
	unix     time.Duration
	name     string
}

// formPart is a word of a form, or the signs between two.
type formPart struct {
	kind  formKind
	signs string // of kind signs
	exact bool   // two digits, since another number follows at once
}

type formKind byte

const (
	signs formKind = iota
	year
	month
	monthName
	day
	hour
	minute
	second
	half
	offset
	weekday
)

// formWords are what a form is written with, the longer before the shorter.
var formWords = []struct {
	word string
	kind formKind
}{
	{"YYYY", year}, {"yyyy", year}, {"MMMM", monthName}, {"MMM", monthName}, {"MM", month}, {"M", month}, {"DD", day}, {"dd", day},
	{"D", day}, {"d", day}, {"HH", hour}, {"hh", hour}, {"H", hour}, {"h", hour}, {"mm", minute}, {"ss", second}, {"AM", half},
	{"PM", half}, {"Z", offset}, {"EEE", weekday},
}

var formKinds = map[formKind]string{year: "year", month: "month", monthName: "month", day: "day", hour: "hour", minute: "minute",
	second: "second", half: "half of the day", offset: "offset"}

// The words for forms that are not patterns.
const (
	FormRFC3339 = "rfc3339"
	formISO8601 = "iso8601"
	formUnix    = "unix"
	formUnixMS  = "unix-ms"
)

const formHelp = "write rfc3339, unix (seconds since 1970), unix-ms, or a pattern of YYYY, MM (MMM or MMMM for a name), DD, hh, mm, ss, " +
	"AM, Z and EEE (a weekday), such as DD.MM.YYYY or YYYY-MM-DD hh:mm"

// formSigns are what may stand between words; T is that of RFC 3339.
const formSigns = "-/., :;()T\u2009\u00a0"

// ParseForm reads a form as registers and people write it: rfc3339, unix, unix-ms, or a pattern such as "DD/MM/YYYY", "YYYY-MM-DD
// hh:mm", "MM/DD/YYYY hh:mm AM" and "DD MMM YYYY". Single quotes stand around words of the text itself, as in "D 'de' MMMM 'de'
// YYYY". Names of months are understood in every language; a language in brackets at the end, as in "D MMMM YYYY [hr]", settles
// those that mean another month elsewhere. A year of two digits is none: its century would have to be guessed.
func ParseForm(s string) (Form, error) {
	s = strings.TrimSpace(s)
	f := Form{name: s}
	switch strings.ToLower(s) {
	case "", FormRFC3339, formISO8601:
		f.name = FormRFC3339
		return f, nil
	case formUnix:
		f.unix = time.Second
		return f, nil
	case formUnixMS:
		f.unix = time.Millisecond
		return f, nil
	}
	pattern := s
	if head, tail, found := strings.Cut(s, "["); found {
		language, closed := strings.CutSuffix(tail, "]")
		if !closed || !hasMonths(language) {
			return f, fmt.Errorf("has %q in brackets, where a language such as [hr] stands", clip(strings.TrimSuffix(tail, "]")))
		}
		pattern, f.language = strings.TrimSpace(head), language
	}
	for pattern != "" {
		p, n, err := nextPart(pattern)
		if err != nil {
			return f, err
		}
		f.parts, pattern = append(f.parts, p), pattern[n:]
	}
	for i := range f.parts[:max(0, len(f.parts)-1)] {
		f.parts[i].exact = f.parts[i+1].kind != signs && f.parts[i+1].kind != monthName
	}
	return f, f.check()
}

// nextPart takes the word or sign at the beginning of a pattern, and says how long it is.
func nextPart(s string) (p formPart, n int, err error) {
	for _, w := range formWords {
		if strings.HasPrefix(s, w.word) {
			return formPart{kind: w.kind}, len(w.word), nil
		}
	}
	if quoted, found := strings.CutPrefix(s, "'"); found {
		if text, _, closed := strings.Cut(quoted, "'"); closed {
			return formPart{signs: text}, len(text) + 2, nil
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case strings.ContainsRune(formSigns, r):
		return formPart{signs: s[:n]}, n, nil
	case strings.HasPrefix(s, "YY") || strings.HasPrefix(s, "yy"):
		return formPart{}, 0, errors.New(`has "YY", a year of two digits: its century would have to be guessed, and a deadline with it`)
	}
	run := s[:len(s)-len(strings.TrimLeft(s, s[:n]))] // the letter as often as it stands there
	return formPart{}, 0, fmt.Errorf("has %q in it, which is no word of a date; %s", clip(run), formHelp)
}

// check sees to it that each word stands once, and that the date is whole.
func (f Form) check() error {
	found := map[string]int{}
	for _, p := range f.parts {
		found[formKinds[p.kind]]++
	}
	for _, k := range []formKind{year, month, day, hour, minute, second, half, offset} {
		word := formKinds[k]
		if found[word] > 1 {
			return fmt.Errorf("has the %s more than once", word)
		}
		if found[word] == 0 && k <= day {
			return fmt.Errorf("lacks the %s; %s (MM is the month, mm the minute)", word, formHelp)
		}
	}
	if found["minute"] > 0 && found["hour"] == 0 || found["hour"] > 0 && found["minute"] == 0 || found["second"] > 0 && found["minute"] == 0 ||
		found["half of the day"] > 0 && found["hour"] == 0 {
		return errors.New("has half a time: it needs hh and mm, and may have ss")
	}
	return nil
}

// String is the form as it was written.
func (f Form) String() string { return f.name }

// Named tells whether the form reads more than what is never in doubt.
func (f Form) Named() bool { return f.unix != 0 || f.parts != nil }

// Errors of [Form.Read].
var (
	ErrForm  = errors.New("not of this form")
	ErrYear  = errors.New("a year of two digits")
	ErrDay   = errors.New("there is no such day or time")
	ErrMonth = errors.New("the month's name means another month in another language")
)

// Read gives the instant behind a text, in UTC and whole microseconds. Times without an offset are read in zone (docs/rules.md
// D10); where its clock shows a time twice the earlier is taken, so that no deadline gains an hour, and a time that it skips stays
// on its date. A bare date is the first instant of that date.
func (f Form) Read(s string, zone *time.Location) (time.Time, error) {
	var m moment
	var err error
	switch {
	case f.unix != 0:
		if at, ok := readUnix(s, f.unix); ok {
			return at, nil
		}
		err = ErrForm
	case f.parts != nil:
		err = m.read(f, s)
	default:
		err = ErrForm
	}
	if err == nil {
		return m.instant(zone)
	}
	var iso moment
	if isoErr := iso.readISO(s); isoErr == nil {
		return iso.instant(zone)
	}
	return time.Time{}, err
}

// Fits tells whether the form itself reads a text, without the help of the forms that are never in doubt.
func (f Form) Fits(s string) bool {
	if f.unix != 0 {
		_, ok := readUnix(s, f.unix)
		return ok
	}
	var m moment
	if f.parts == nil || m.read(f, s) != nil {
		return false
	}
	_, err := m.instant(time.UTC)
	return err == nil
}
