package plain

import (
	"slices"
	"strings"
)

// phrase is a run of words to look for. In its words a "|" parts alternatives, and a "*" at the end stands for any ending:
// "öffentlich zugängliche* quellen|daten".
type phrase struct {
	words   string
	instead string // what to write instead, in English

	bare  bool     // only where no colon or bracket follows
	noun  bool     // only with a capital letter, as German nouns have
	after []string // not after one of these words ("pays tiers" is a third country)
}

// longest returns the longest phrase that the words begin with, and its length in words; 0 when none does.
func longest(phrases []phrase, words []word) (phrase, int) {
	var found phrase
	length := 0
	for _, p := range phrases {
		if n := p.matches(words); n > length {
			found, length = p, n
		}
	}
	return found, length
}

// matches returns how many words the phrase takes at the beginning of words; 0 when it does not match.
func (p phrase) matches(words []word) int {
	n := 0
	for pattern := range strings.FieldsSeq(p.words) {
		if n == len(words) || !fits(pattern, words[n].text) {
			return 0
		}
		n++
	}
	if p.noun && !words[0].capital {
		return 0
	}
	return n
}

// allows reports whether a match of n words from the i-th on is harmless where it stands.
func (p phrase) allows(text string, words []word, i, n int) bool {
	if i > 0 && slices.Contains(p.after, words[i-1].text) {
		return true
	}
	next := strings.TrimLeft(text[words[i+n-1].end:], " \u00a0\u202f")
	return p.bare && (strings.HasPrefix(next, ":") || strings.HasPrefix(next, "("))
}

// fits reports whether a word is one of the alternatives of a pattern.
func fits(pattern, text string) bool {
	for option := range strings.SplitSeq(pattern, "|") {
		stem, open := strings.CutSuffix(option, "*")
		if text == option || open && strings.HasPrefix(text, stem) {
			return true
		}
	}
	return false
}
