package register

import (
	"fmt"
	"regexp"
	"slices"
)

// rfc3339 is the word for times as programs write them, 2026-11-03T08:54:00Z.
const rfc3339 = "rfc3339"

// dateWords are the words of a date pattern, as people write it: each kind
// stands at most once, and year, month and day always do.
var dateWords = []struct {
	kind     string
	words    []string
	required bool
}{
	{"the year", []string{"YYYY"}, true},
	{"the month", []string{"MMM", "MM", "M"}, true},
	{"the day", []string{"DD", "D"}, true},
	{"the hour", []string{"hh"}, false},
	{"the minute", []string{"mm"}, false},
	{"the second", []string{"ss"}, false},
}

var (
	dateWord    = regexp.MustCompile(`[A-Za-z]+`)
	dateBetween = regexp.MustCompile(`^[-/., :]*$`)
)

// checkDates accepts rfc3339 and patterns such as "YYYY-MM-DD hh:mm",
// "DD/MM/YYYY" and "DD MMM YYYY". A two-digit year is no word: it would have to
// be guessed.
func checkDates(s string) (string, error) {
	if s == rfc3339 {
		return s, nil
	}
	found := dateWord.FindAllString(s, -1)
	for _, part := range dateWords {
		n := 0
		for _, w := range found {
			if slices.Contains(part.words, w) {
				n++
			}
		}
		if n > 1 {
			return "", fmt.Errorf("has %s more than once", part.kind)
		}
		if n == 0 && part.required {
			return "", fmt.Errorf("lacks %s; write rfc3339, or a pattern such as YYYY-MM-DD hh:mm or DD/MM/YYYY", part.kind)
		}
	}
	for _, w := range found {
		if !knownDateWord(w) {
			return "", fmt.Errorf("has %q in it; the words are YYYY, MMM, MM, M, DD, D, hh, mm and ss", w)
		}
	}
	if rest := dateWord.ReplaceAllString(s, ""); !dateBetween.MatchString(rest) {
		return "", fmt.Errorf("has a sign in it other than - / . , : and spaces between its words")
	}
	return s, nil
}

func knownDateWord(w string) bool {
	for _, part := range dateWords {
		if slices.Contains(part.words, w) {
			return true
		}
	}
	return false
}
