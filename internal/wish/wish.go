package wish

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is what somebody asks for.
type Kind string

// Kinds, the one first that must not be overlooked where a text asks for several things.
const (
	Access        Kind = "access"        // Art. 15, and where the data came from
	Erasure       Kind = "erasure"       // Art. 17
	Rectification Kind = "rectification" // Art. 16
	Objection     Kind = "objection"     // Art. 21
	Question      Kind = "question"
	Other         Kind = "other"
)

// Kinds lists them.
var Kinds = []Kind{Access, Erasure, Rectification, Objection, Question, Other}

// Wish is what a text asks for, as far as words tell.
type Wish struct {
	Kind     Kind
	Why      []string // the phrases of the table that say so, with their kind: nothing of the text itself
	Objects  bool     // it says a clear "no": use stops at once, whatever else is asked for
	Language string   // base code, "" unknown
}

// Limits of what can be clear, in words.
const (
	mostWords   = 40 // of a whole text, courtesy and name included
	mostInOne   = 12 // of one sentence of it
	mostInHello = 6  // of a greeting
)

// readLimit is how many octets of a text are read.
const readLimit = 20_000

// Read reads a text and its subject. Whoever calls leaves a subject out that is our own ("Re: ...").
func Read(subject, text string) Wish {
	if len(text) > readLimit {
		text = strings.ToValidUTF8(text[:readLimit], "")
	}
	title, body := sentences(subject), sentences(text)
	whole := slices.Concat(title, body)
	w := Wish{Kind: Other}
	found := w.find(whole)
	w.Language, w.Objects = clear(title, body)
	// What was lost on the way may have been the word that turns it.
	w.Objects = w.Objects && !strings.ContainsRune(subject+text, utf8.RuneError)
	w.Kind = decide(found, w.Objects, whole)
	if lang := Language(text); lang != "" {
		w.Language = lang
	}
	return w
}

// mostReasons is how many phrases are named.
const mostReasons = 5

// find looks for every phrase of the table, and gives the kinds that have one.
func (w *Wish) find(text []sentence) map[Kind]bool {
	found := map[Kind]bool{}
	for _, p := range table {
		if !slices.ContainsFunc(text, p.loosely) {
			continue
		}
		found[p.kind] = true
		// Languages share phrases ("art 15").
		if why := string(p.kind) + ": " + p.text; len(w.Why) < mostReasons && !slices.Contains(w.Why, why) {
			w.Why = append(w.Why, why)
		}
	}
	return found
}

// decide chooses the kind to suggest.
func decide(found map[Kind]bool, objects bool, text []sentence) Kind {
	for _, k := range Kinds {
		if found[k] || k == Objection && objects {
			return k
		}
	}
	if slices.ContainsFunc(text, sentence.question) {
		return Question
	}
	return Other
}

// clear tells whether a text says "no" and nothing that could turn it, and in which language. What asks for something
// else as well is clear still: that stays for a person.
func clear(title, body []sentence) (code string, objects bool) {
	words := 0
	for _, s := range slices.Concat(title, body) {
		if words += len(s.words); words > mostWords || s.question() {
			return "", false
		}
	}
	if len(title) == 1 {
		code, objects = title[0].bare()
	}
	for i, s := range body {
		if said, yes := s.phrase(); yes {
			code, objects = said, true
		} else if said, yes := s.bare(); yes && !slices.ContainsFunc(body[:i], sentence.tells) {
			code, objects = said, true
		}
	}
	for _, s := range slices.Concat(title, body) {
		if s.turned(code) || len(s.words) > mostInOne && !s.asksElse() {
			return "", false
		}
	}
	return code, objects
}

// tells tells whether a sentence is more than a greeting.
func (s sentence) tells() bool {
	return len(s.words) > mostInHello || len(s.words) > 0 && !polite[s.words[0]]
}

// question tells whether a sentence asks.
func (s sentence) question() bool {
	return s.asks || len(s.words) > 1 && asking[s.words[0]] && !s.forbids()
}

// forbids tells whether a sentence begins as an English "do not ...", which "do you not" and
// "do not you" are not: these ask.
func (s sentence) forbids() bool {
	return len(s.words) > 2 && s.words[0] == "do" && (s.words[1] == "not" || s.words[1] == "never") && !pronouns[s.words[2]]
}

// turned tells whether a negation or a condition stands in a sentence: by the words of all languages, and those that
// mean it in the given one.
func (s sentence) turned(code string) bool {
	own, prefix := ownNegations[code], prefixed[code]
	return slices.ContainsFunc(s.words, func(w string) bool {
		return turning[w] || own[w] || prefix != "" && len(w) > len(prefix)+2 && strings.HasPrefix(w, prefix) && !strings.HasPrefix(w, "newsl")
	})
}

// bare tells whether a sentence says "stop" and no more, courtesy aside, and in which language.
func (s sentence) bare() (code string, yes bool) {
	rest := slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return polite[w] })
	for _, p := range bares {
		if slices.Equal(p.words, s.words) || slices.Equal(p.words, rest) {
			return p.code, true
		}
	}
	return "", false
}

// phrase tells whether a short sentence says "no" in words that mean nothing else, and in which language.
func (s sentence) phrase() (code string, yes bool) {
	if len(s.words) > mostInOne {
		return "", false
	}
	for _, p := range saids {
		if p.within(s) {
			return p.code, true
		}
	}
	return "", false
}

// asksElse tells whether a sentence asks for something beside the objection.
func (s sentence) asksElse() bool {
	return slices.ContainsFunc(table, func(p phrase) bool { return p.kind != Objection && p.within(s) })
}
