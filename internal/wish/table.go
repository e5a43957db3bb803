package wish

import (
	"slices"
	"strings"
)

// phrase is a line of the table, its words as they are compared.
type phrase struct {
	kind  Kind
	code  string // of its language
	text  string // as it stands in the table
	words []string
}

func (p phrase) within(s sentence) bool { return holds(s.words, p.words) }

// loosely tells whether a sentence has the phrase with or without the small words that
// people put into it. That is enough for a suggestion, and never for what takes effect.
func (p phrase) loosely(s sentence) bool {
	return p.within(s) || holds(slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return filling[w] }), p.words)
}

var (
	bares = phrasesOf(Objection, func(t tongue) string { return t.bare })
	saids = phrasesOf(Objection, func(t tongue) string { return t.said })
	// table is what a kind is suggested by. A bare word of one language is a common word of another, so that it
	// is looked for in whole sentences only.
	table = slices.Concat(
		phrasesOf(Access, func(t tongue) string { return t.access }),
		phrasesOf(Erasure, func(t tongue) string { return t.erasure }),
		phrasesOf(Rectification, func(t tongue) string { return t.rectification }),
		saids,
		phrasesOf(Objection, func(t tongue) string { return t.more }),
	)

	turning      = set(negations + " " + conditions)
	asking       = set(interrogatives)
	filling      = set(fillers)
	pronouns     = set("you i we they he she it")
	polite       = set(courtesy)
	ownNegations = func() map[string]map[string]bool {
		out := map[string]map[string]bool{}
		for code, words := range negationsOf {
			out[code] = set(words)
		}
		return out
	}()
)

func phrasesOf(kind Kind, of func(tongue) string) (out []phrase) {
	for _, t := range tongues {
		for text := range strings.SplitSeq(of(t), ",") {
			if text = strings.Join(strings.Fields(text), " "); text != "" {
				out = append(out, phrase{kind, t.code, text, fold(text)})
			}
		}
	}
	return out
}

// set is the words of a text, folded.
func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range fold(words) {
		out[w] = true
	}
	return out
}
