package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
)

// readDate gives the instant behind a text; reason says why there is none.
func (b *builder) readDate(s string) (at time.Time, reason string) {
	if at, known := b.days.of[s]; known {
		return at, ""
	}
	at, err := b.form.Read(s, b.settings.Zone)
	if err == nil {
		b.unread.others = true
		b.days.put(s, at)
		return at, ""
	}
	b.unread.add(s)
	switch {
	case errors.Is(err, calendar.ErrYear):
		return at, shortYear
	case errors.Is(err, calendar.ErrDay):
		return at, "there is no such day or time, read in the form that is named for this source: correct the date, or the form"
	case errors.Is(err, calendar.ErrMonth):
		return at, "the month's name means another month in another language: end the date form with the language, such as DD MMMM YYYY [hr]"
	}
	switch digits := strings.Trim(s, "0123456789") == ""; {
	case digits && (len(s) == 10 || len(s) == 13):
		return at, "a number, perhaps of seconds or milliseconds since 1970: if so, name unix or unix-ms under dates in the register, or with --dates"
	case isSerial(s):
		return at, "a number, as spreadsheets keep dates inside: give the column a date format there, YYYY-MM-DD best, and save the file again"
	case hasShortYear(s):
		return at, shortYear
	case b.form.Named():
		return at, "the date is not of the form that is named for this source: correct it, or name another under dates in the register, or with --dates"
	}
	return at, "the form of the date is not known, and day and month are not guessed: name it under dates in the register, or with --dates, such as DD/MM/YYYY"
}

const shortYear = "the year has two digits, and its century is not guessed: export the dates again with the whole year"

// hasShortYear tells a date of three numbers of which none is a whole year: 3.11.26.
func hasShortYear(s string) bool {
	date, _, _ := strings.Cut(s, " ")
	parts := strings.FieldsFunc(date, func(r rune) bool { return strings.ContainsRune("./-", r) })
	return len(parts) == 3 && !slices.ContainsFunc(parts, func(p string) bool { return len(p) > 2 || strings.Trim(p, "0123456789") != "" })
}

// isSerial tells the number of a day as spreadsheets count them: 46000 is in 2025.
func isSerial(s string) bool {
	whole, fraction, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	return len(whole) == 5 && strings.Trim(whole+fraction, "0123456789") == ""
}

// candidates are the forms that a dry run may advise.
var candidates = func() (forms []calendar.Form) {
	for _, pattern := range strings.Split("DD?MM?YYYY MM?DD?YYYY", " ") {
		for _, sign := range []string{"/", ".", "-", ". "} {
			for _, clock := range []string{"", " hh:mm", " hh:mm:ss", " hh:mm AM", " hh:mm:ss AM", ", hh:mm"} {
				forms = append(forms, mustForm(strings.ReplaceAll(pattern, "?", sign)+clock))
			}
		}
	}
	for _, pattern := range []string{"YYYY/MM/DD", "YYYY.MM.DD", "YYYY/MM/DD hh:mm:ss", "YYYYMMDD", "D MMM YYYY", "D. MMM YYYY", "MMM D, YYYY", "D-MMM-YYYY",
		"D MMM YYYY hh:mm", "D 'de' MMM 'de' YYYY", "D MMM YYYY 'г.'", "YYYY.MM.DD.", "YYYY. MM. DD.", "EEE, D MMM YYYY hh:mm:ss Z", "EEE MMM D YYYY hh:mm:ss Z", "EEE MMM D hh:mm:ss YYYY", "MMM D, YYYY hh:mm AM", "YYYY. MMM D.", "unix", "unix-ms"} {
		forms = append(forms, mustForm(pattern))
	}
	return forms
}()

func mustForm(pattern string) calendar.Form {
	f, err := calendar.ParseForm(pattern)
	if err != nil {
		panic("intake: " + pattern + ": " + err.Error())
	}
	return f
}

// dateTally counts which forms would have read the dates that were not read.
type dateTally struct {
	others bool // some dates were read
	seen   int64
	fits   []int64 // by candidate
}

// mostTallied bounds the work on a file whose dates are all of another form.
const mostTallied = 20_000

func (t *dateTally) add(s string) {
	if t.fits == nil {
		t.fits = make([]int64, len(candidates))
	}
	if t.seen >= mostTallied {
		return
	}
	t.seen++
	for i, f := range candidates {
		if f.Fits(s) {
			t.fits[i]++
		}
	}
}

func withoutBlanks(s string) string { return strings.ReplaceAll(s, " ", "") }

// advice says which form fits. Where two do, the dates do not tell the day from
// the month, and a person must ask.
func (t *dateTally) advice(named calendar.Form) []string {
	var all []string
	var most int64
	best := ""
	for i, n := range t.fits {
		sameForm := func(other string) bool { return withoutBlanks(other) == withoutBlanks(candidates[i].String()) }
		if n == t.seen && n > 0 && !slices.ContainsFunc(all, sameForm) {
			all = append(all, candidates[i].String())
		}
		if n > most {
			most, best = n, candidates[i].String()
		}
	}
	suspicion := ""
	if named.Named() && t.others {
		suspicion = fmt.Sprintf(" Those that %s did read may be wrong: ask the source which of day and month stands first.", named)
	}
	switch {
	case t.seen == 0:
		return nil
	case len(all) == 1:
		mark := "'"
		if strings.Contains(all[0], mark) {
			mark = `"` // D 'de' MMM 'de' YYYY
		}
		return []string{fmt.Sprintf("%d dates were not read; all of them fit %s: --dates %s%s%s, or dates: %s in the register.%s", t.seen, all[0], mark, all[0], mark, all[0], suspicion)}
	case len(all) > 1:
		return []string{fmt.Sprintf("%d dates were not read; they fit %s alike, so the file does not tell the day from the month: ask the source, then name the form with --dates.",
			t.seen, strings.Join(all, " and "))}
	case most > 0:
		return []string{fmt.Sprintf("%d dates were not read; %d of them fit %s and the others do not, so the file may have dates of two forms: ask the source.", t.seen, most, best)}
	}
	return []string{fmt.Sprintf("%d dates were not read, and no usual form fits them.", t.seen)}
}
