package language

import (
	"fmt"
	"slices"
	"strings"
)

// Input is what is known about a person that bears on the language to write in. Everything may be as it was collected; nothing
// has to be there.
type Input struct {
	Preference string // a language that the person stated
	Country    string
	Region     string // a name, or an ISO 3166-2 code with or without the country
	Postcode   string
	City       string

	// Fallback is the controller's rule for people whose country is unknown: the languages to write in, all in one mail.
	Fallback []string
}

// Rule says on which rung of the ladder a choice was made; see the package comment.
type Rule string

// The rungs, in the order in which they are tried.
const (
	RulePreference Rule = "preference"
	RuleRegion     Rule = "region"
	RuleCountry    Rule = "country"
	RuleOfficial   Rule = "official"
	RuleController Rule = "controller"
)

// Choice is an answer of [Choose], made to be kept with the notice (docs/rules.md E1).
type Choice struct {
	Languages []string // what the notice must be written in, all in one mail (docs/rules.md L3); never empty
	Missing   []string // those of Languages that the controller does not offer: while there are any, the duty is blocked (L2)
	Rule      Rule
	Why       string // one English sentence of codes, without personal data
}

// The codes of [Error].
const (
	// NoRule: the country is unknown or has no official language, and the controller has no rule for that.
	NoRule = "language_no_rule"
	// BadRule: the controller's rule names something that is not a language.
	BadRule = "language_bad_rule"
)

// Error says why no language could be chosen.
type Error struct {
	Code string // NoRule or BadRule
	Why  string // what was tried, without personal data
}

func (e *Error) Error() string {
	remedy := "give the contact a country, or lay down in the register which languages hold for an unknown country"
	if e.Code == BadRule {
		remedy = "correct the register's languages for an unknown country"
	}
	return fmt.Sprintf("language: no language chosen (%s): %s; %s", e.Code, e.Why, remedy)
}

// Choose settles the languages of a notice to one person (docs/rules.md L1 to L3). offered reports whether the controller has a notice in
// a language. The error is always an *Error.
func Choose(in Input, offered func(lang string) bool) (Choice, error) {
	preferred, stated := Normalise(in.Preference)
	if stated && offered(preferred) {
		return Choice{Languages: []string{preferred}, Rule: RulePreference, Why: "the person's stated preference is " + preferred}, nil
	}
	var why []string
	switch {
	case stated:
		why = append(why, "the stated preference "+preferred+" is not offered")
	case strings.TrimSpace(in.Preference) != "":
		why = append(why, "the stated preference is no language known here")
	}
	country, known := Country(in.Country)
	if known {
		if choice, ok := byCountry(country, in, offered); ok {
			choice.Why = sentence(why, choice.Why)
			return choice, nil
		}
		why = append(why, country+" has no official language")
	} else {
		why = append(why, "the country is unknown")
	}
	return byController(in.Fallback, why, offered)
}

// byCountry tries the rungs that need a country.
func byCountry(country string, in Input, offered func(string) bool) (Choice, bool) {
	if country == "AX" { // Åland has a code of its own in ISO 3166-1
		return wanted(RuleRegion, []string{"sv"}, "AX speaks sv", offered), true
	}
	if languages, by, ok := regional(country, in); ok {
		return wanted(RuleRegion, languages, fmt.Sprintf("the %s in %s speaks %s", by, country, list(languages)), offered), true
	}
	if row, ok := authorities()[country]; ok {
		why := fmt.Sprintf("the notice languages of %s are %s", country, list(row.languages))
		return wanted(RuleCountry, row.languages, why, offered), true
	}
	languages := official()[country]
	if len(languages) == 0 {
		return Choice{}, false
	}
	why := fmt.Sprintf("the official languages of %s are %s", country, list(languages))
	if some := filter(languages, offered); len(some) > 0 && len(some) < len(languages) {
		return wanted(RuleOfficial, some, why+", of which "+list(some)+" offered", offered), true
	}
	return wanted(RuleOfficial, languages, why, offered), true
}

// byController applies the controller's own rule.
func byController(fallback, why []string, offered func(string) bool) (Choice, error) {
	if len(fallback) == 0 {
		return Choice{}, &Error{NoRule, sentence(why, "the controller has no rule for that")}
	}
	var languages []string
	for _, s := range fallback {
		lang, ok := Normalise(s)
		if !ok {
			return Choice{}, &Error{BadRule, sentence(why, "the controller's rule names what is no language")}
		}
		if !slices.Contains(languages, lang) {
			languages = append(languages, lang)
		}
	}
	return wanted(RuleController, languages, sentence(why, "the controller's rule says "+list(languages)), offered), nil
}

// wanted makes a choice, and lists what of it is not offered.
func wanted(rule Rule, languages []string, why string, offered func(string) bool) Choice {
	missing := filter(languages, func(lang string) bool { return !offered(lang) })
	return Choice{Languages: slices.Clone(languages), Missing: missing, Rule: rule, Why: why}
}

func filter(languages []string, keep func(string) bool) []string {
	var kept []string
	for _, lang := range languages {
		if keep(lang) {
			kept = append(kept, lang)
		}
	}
	return kept
}

func list(languages []string) string { return strings.Join(languages, ", ") }

// sentence joins what was tried and what decided.
func sentence(tried []string, decided string) string {
	return strings.Join(append(slices.Clone(tried), decided), "; ")
}
