package plain

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is a place in a text that breaks a rule.
type Finding struct {
	Rule     string // P1, P2 or P3 of docs/rules.md
	Code     string // "doubt", "refused", "lix", "mean_sentence", "longest_sentence"
	Text     string // the words at fault, as they stand in the text; empty where the whole text is at fault
	Sentence string // the sentence around them
	Offset   int    // where Text begins, in bytes
	Why      string // what is wrong and what to do, in English
}

// Check applies P1, P2 and P3 to a text, and returns what it finds in the order of the text; P2 comes last.
func Check(lang, text string) []Finding {
	found := append(Refused(lang, text), Doubt(lang, text)...)
	slices.SortStableFunc(found, func(a, b Finding) int { return a.Offset - b.Offset })
	return append(found, Plainness(lang, text)...)
}

// Plainness holds a text against the ceilings of its language (docs/rules.md P2). A language without ceilings has no findings.
func Plainness(lang, text string) []Finding {
	limits, ok := Ceiling(lang)
	if !ok {
		return nil
	}
	f := Measure(lang, text)
	var found []Finding
	if f.LIX > limits.LIX {
		found = append(found, Finding{Rule: "P2", Code: "lix",
			Why: fmt.Sprintf("LIX is %.1f, over %.0f: use shorter words and shorter sentences", f.LIX, limits.LIX)})
	}
	if f.MeanSentence > limits.MeanSentence {
		found = append(found, Finding{Rule: "P2", Code: "mean_sentence",
			Why: fmt.Sprintf("sentences have %.1f words on average, over %.0f: part them", f.MeanSentence, limits.MeanSentence)})
	}
	if f.LongestSentence > limits.LongestSentence {
		found = append(found, Finding{Rule: "P2", Code: "longest_sentence",
			Text: f.Longest, Sentence: f.Longest, Offset: strings.Index(text, f.Longest),
			Why: fmt.Sprintf("a sentence has %d words, over %d: part it", f.LongestSentence, limits.LongestSentence)})
	}
	return found
}

// Refused finds the phrases of docs/rules.md P3: they stand where a fact should. "Partners" and "third parties" are refused where nothing
// says at once who they are: a colon or a bracket right after them does.
func Refused(lang, text string) []Finding {
	var found []Finding
	for _, s := range segment(lang, text) {
		for i := 0; i < len(s.words); i++ {
			p, n := longest(rulebooks[lang].refused, s.words[i:])
			if n == 0 || p.allows(text, s.words, i, n) {
				continue
			}
			found = append(found, newFinding("P3", "refused", text, s, i, n, p.instead))
			i += n - 1
		}
	}
	return found
}

// newFinding makes a finding of n words from the i-th on.
func newFinding(rule, code, text string, s sentence, i, n int, why string) Finding {
	start, end := s.words[i].start, s.words[i+n-1].end
	return Finding{Rule: rule, Code: code, Text: text[start:end], Sentence: trimmed(text, s), Offset: start, Why: why}
}

func trimmed(text string, s sentence) string { return strings.TrimSpace(text[s.start:s.end]) }
