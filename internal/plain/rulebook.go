package plain

import "strings"

// rulebook is what is known of one language. Words are in lower case.
type rulebook struct {
	lix           float64  // ceiling
	abbreviations []string // with full stops inside, without the last: "e.g"
	beforeNumber  []string // abbreviations where a number follows, and words of their own elsewhere: "no", "art"
	ordinals      bool     // "3." is an ordinal number
	elision       bool     // "l'adresse" is two words

	refused []phrase // P3

	// P1, see Doubt.
	modals     []string // verbs of doubt
	impersonal []string // verbs of doubt in a form that the person addressed is never the subject of
	months     []string // of these, those that are also a month
	vague      []phrase // other words of doubt
	others     []string // subject pronouns for the person addressed and for others
	ours       []string // subject pronouns for the controller
}

var rulebooks = map[string]rulebook{
	"en": english,
	"fr": french,
	"de": german,
}

// What to write in place of a refused phrase.
const (
	sayPeriod  = "give the period, or the event that ends it and the longest limit"
	sayPurpose = "name the purpose, and the interest behind it"
	sayWho     = "name them, or give their activity, industry, sector and place"
	saySource  = "name the source"
	sayLaw     = "name the provision, or leave it out"
	sayOnly    = "leave it out, and say the thing itself"
)

// phrases makes phrases with one remedy, one a line.
func phrases(instead, lines string) []phrase {
	var list []phrase
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, phrase{words: line, instead: instead})
		}
	}
	return list
}
