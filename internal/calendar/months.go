package calendar

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// monthsCSV has the names of the months, long and short, as CLDR has them for dates in the official languages of the Union, in
// Icelandic, Norwegian and Turkish; and as people write them beside that, in the nominative say.
//
//go:embed data/months.csv
var monthsCSV string

// monthNames are the months by folded name, and again by language, a colon and the name. A name that is another month in another
// language (listopada is October in Croatian and November in Polish) is zero without its language.
var monthNames = sync.OnceValue(func() map[string]time.Month {
	names := map[string]time.Month{}
	lines := strings.Split(strings.TrimSpace(monthsCSV), "\n")
	for _, line := range lines[1:] {
		cells := strings.Split(line, ";")
		for i, name := range cells[1:] {
			month := time.Month(i + 1)
			key := foldMonth(name)
			names[cells[0]+":"+key] = month
			if other, known := names[key]; known && other != month {
				month = 0
			}
			names[key] = month
		}
	}
	return names
})

// hasMonths tells whether there are names of months in a language.
func hasMonths(language string) bool {
	return strings.Contains(monthsCSV, "\n"+language+";")
}

// mostMonthWords is how many words the name of a month has: Deireadh Fómhair.
const mostMonthWords = 2

// readMonth takes the name of a month from the beginning of a text, in some language or in the one that is given.
func readMonth(s, language string) (month time.Month, rest string, err error) {
	for words := mostMonthWords; words > 0; words-- {
		end := endOfWords(s, words)
		key := foldMonth(s[:end])
		if language != "" {
			key = language + ":" + key
		}
		month, known := monthNames()[key]
		if !known || end == 0 {
			continue
		}
		if month == 0 {
			return 0, s, ErrMonth
		}
		return month, strings.TrimPrefix(s[end:], "."), nil
	}
	return 0, s, ErrForm
}

// endOfWords is the index behind the first n words, or behind as many as there are.
func endOfWords(s string, n int) (end int) {
	for at := 0; n > 0; n-- {
		size := len(s[at:]) - len(strings.TrimLeftFunc(s[at:], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }))
		if size == 0 {
			break
		}
		end = at + size
		if at = end; at < len(s) && s[at] == ' ' {
			at++
		} else {
			break
		}
	}
	return end
}

// foldMonth makes spellings of a name equal: case, accents and the point of an abbreviation are dropped.
func foldMonth(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if isPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == 'ς':
			return 'σ'
		case r == 'ı':
			return 'i'
		}
		return r
	}, norm.NFD.String(s))
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
