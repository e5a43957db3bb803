package intake

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Bounds of texts, in characters. A name of a thousand characters is no name;
// what a notice prints of a long one is cut when it is composed.
const (
	maxText = 1000
	maxPage = 2048
)

// trimmed is a text without the blanks around it, in normal form C (Unicode
// Annex 15), and without characters that nobody sees and that change what
// others see: NUL and other controls, and those that turn the direction of
// writing (Unicode Annex 9). Joiners stay: Persian and the languages of India
// are written with them. Line ends and tabs inside stay, to be judged by field.
func trimmed(s string) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	if strings.ContainsFunc(s, unseen) {
		s = strings.Map(func(r rune) rune {
			switch {
			case !unseen(r):
				return r
			case unicode.IsControl(r):
				return ' '
			}
			return -1
		}, s)
	}
	return norm.NFC.String(strings.TrimSpace(s))
}

// unseen tells what is taken out of a text: controls, of which a blank stays,
// and directions and marks, of which nothing does.
func unseen(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r == '\n', r == '\r', r == '\t', isLineEnd(r):
		return false
	}
	return unicode.IsControl(r) || isDirection(r) || r == '\ufeff' || r == '\u2060'
}

// oneLine is a text in which all blanks, line ends included, are single blanks.
func oneLine(s string) string { return singleBlanks(trimmed(s)) }

func singleBlanks(s string) string {
	if plain(s) && !strings.Contains(s, "  ") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// plain tells a text of visible ASCII and blanks, which most cells are and in
// which there is nothing to clean.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// breaks says what in a text would end a header of a mail, or "" for none.
func breaks(s string) string {
	switch i := strings.IndexFunc(s, func(r rune) bool { return r == '\t' || isLineEnd(r) }); {
	case i < 0:
		return ""
	case s[i] == '\t':
		return "a tab"
	}
	return "a line break"
}

// isNothing tells an empty cell, also of those that programs write a word into: NULL
// of databases, \N of their exports, #N/A of spreadsheets. It is for addresses and
// dates, which no such word can be; a person may well be called Null.
func isNothing(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "-", "--", "null", "(null)", `\n`, "n/a", "#n/a", "nan", "undefined":
		return true
	}
	return false
}

func isLineEnd(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func isDirection(r rune) bool {
	return r == '\u061c' || r == '\u200e' || r == '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
