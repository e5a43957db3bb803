package register

import (
	"fmt"
	"slices"
	"strings"
)

// rfc3339 is the word for times as programs write them, 2026-11-03T08:54:00Z.
const rfc3339 = "rfc3339"

type dateWord struct {
	kind     string
	words    []string
	required bool
}

// dateWords are the words of a date pattern, as people write it: each kind
// stands at most once, and year, month and day always do. A two-digit year is
// none: its century would have to be guessed.
var dateWords = []dateWord{
	{"the year", []string{"YYYY"}, true},
	{"the month", []string{"MMMM", "MMM", "MM", "M"}, true},
	{"the day", []string{"DD", "D"}, true},
	{"the hour", []string{"hh", "HH"}, false},
	{"the minute", []string{"mm"}, false},
	{"the second", []string{"ss"}, false},
	{"the offset", []string{"Z"}, false},
}

// dateSigns are what may stand between words; T is that of RFC 3339.
const dateSigns = "-/., :T"

// checkDates accepts rfc3339 and patterns such as "YYYY-MM-DD hh:mm",
// "DD/MM/YYYY" and "DD MMM YYYY".
func checkDates(s string) (string, error) {
	if s == rfc3339 {
		return s, nil
	}
	found := map[string]int{}
	for _, run := range letterRuns(s) {
		if strings.Trim(run, dateSigns) == "" {
			continue
		}
		i := slices.IndexFunc(dateWords, func(w dateWord) bool { return slices.Contains(w.words, run) })
		if i < 0 {
			return "", fmt.Errorf("has %q in it; its words are YYYY, MMMM, MMM, MM, M, DD, D, hh, mm, ss and Z, with - / . , : or spaces between", run)
		}
		found[dateWords[i].kind]++
	}
	for _, w := range dateWords {
		if found[w.kind] > 1 {
			return "", fmt.Errorf("has %s more than once", w.kind)
		}
		if found[w.kind] == 0 && w.required {
			return "", fmt.Errorf("lacks %s; write rfc3339, or a pattern such as YYYY-MM-DD hh:mm or DD/MM/YYYY", w.kind)
		}
	}
	return s, nil
}

// letterRuns parts a pattern wherever the letter changes: YYYY, -, MM.
func letterRuns(s string) []string {
	var runs []string
	var last rune
	for _, c := range s {
		if len(runs) > 0 && c == last {
			runs[len(runs)-1] += string(c)
		} else {
			runs = append(runs, string(c))
		}
		last = c
	}
	return runs
}
