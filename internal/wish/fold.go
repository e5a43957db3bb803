package wish

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are letters that Unicode does not take apart into a plain one and a mark.
var plainLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "ς", "σ")

// fold gives the words of a text without case, accents and punctuation. An apostrophe joins: "don't" is one word.
func fold(s string) []string {
	s = plainLetters.Replace(strings.ToLower(s))
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`', r == '´', unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// sentence is a part of a text between two stops.
type sentence struct {
	words []string
	asks  bool // it ends in a question mark
}

// sentences takes a text apart at stops and at line ends. A line end within a sentence parts it, too: what follows
// from a part alone is judged with the whole text in view.
func sentences(text string) (out []sentence) {
	start := 0
	cut := func(end int, asks bool) {
		if words := fold(text[start:end]); len(words) > 0 || asks {
			out = append(out, sentence{words, asks})
		}
	}
	for i, r := range text {
		switch r {
		case '?', '\u037e', '؟', '？': // the second is the Greek one
			cut(i, true)
		case '.', '!', '\n', '…', ';':
			cut(i, r == ';' && greek(text[start:i]))
		default:
			continue
		}
		start = i + len(string(r))
	}
	cut(len(text), false)
	return out
}

// greek tells whether a text is written in Greek letters, whose question mark is typed as a semicolon.
func greek(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Greek, r) })
}

// holds tells whether words has phrase somewhere in it.
func holds(words, phrase []string) bool {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}
