package plain

import (
	"slices"
	"strings"
)

// Doubt finds the words of doubt of docs/rules.md P1: "may", "might", "some", "often", "possible" about what the controller does. The law
// wants that said as it is. What somebody else may do is another matter ("you may object"), so the subject decides, by a rule of
// thumb, in this order:
//
//  1. A verb of doubt right after a subject pronoun, or right before it as in German questions and inversions, has that subject:
//     "you may", "können Sie".
//  2. Otherwise the first subject pronoun before the word, within its clause, is the subject. Commas, semicolons, colons, dashes
//     and brackets part clauses.
//  3. With no pronoun the subject is the controller, who is more often named or left out ("data may be shared") than anyone else.
//
// The person addressed and "they" (the recipients, as a rule) are others; "we" is the controller. Two kinds of mistake follow: a
// noun as the subject of somebody else's act is found ("customers may call you"), and can be reworded or waived; "they" for the
// controller's own staff is missed.
func Doubt(lang, text string) []Finding {
	book := rulebooks[lang]
	var found []Finding
	for _, s := range segment(lang, text) {
		for i := 0; i < len(s.words); i++ {
			if p, n := longest(book.vague, s.words[i:]); n > 0 {
				if !p.allows(text, s.words, i, n) && !book.othersAct(text, s.words, i) {
					found = append(found, newFinding("P1", "doubt", text, s, i, n, sayWhatHolds))
				}
				i += n - 1
				continue
			}
			if book.isModal(text, s.words, i) && !book.othersMay(text, s.words, i) {
				found = append(found, newFinding("P1", "doubt", text, s, i, 1, sayWhatHolds))
			}
		}
	}
	return found
}

const sayWhatHolds = "a word of doubt about the controller's own acts: say what holds, or leave it out"

// isModal reports whether the i-th word is a verb of doubt. May is also a month: in the middle of a sentence its capital letter
// says so, at the beginning a number after it.
func (b rulebook) isModal(text string, words []word, i int) bool {
	w := words[i]
	if !slices.Contains(b.modals, w.text) && !slices.Contains(b.impersonal, w.text) {
		return false
	}
	if !slices.Contains(b.months, w.text) || !w.capital {
		return true
	}
	shouted := strings.ToUpper(text[w.start:w.end]) == text[w.start:w.end]
	dated := i+1 < len(words) && strings.Trim(words[i+1].text, "0123456789") == ""
	return shouted || i == 0 && !dated
}

// othersMay reports whether the verb of doubt at i has somebody else as its subject.
func (b rulebook) othersMay(text string, words []word, i int) bool {
	if i > 0 && sameClause(text, words[i-1], words[i]) {
		if who := b.whose(words[i-1]); who != nobody {
			return who == other
		}
	}
	personal := !slices.Contains(b.impersonal, words[i].text)
	if personal && i+1 < len(words) && sameClause(text, words[i], words[i+1]) {
		if who := b.whose(words[i+1]); who != nobody {
			return who == other
		}
	}
	return b.othersAct(text, words, i)
}

// othersAct reports whether the first subject pronoun before the i-th word, within its clause, is somebody else.
func (b rulebook) othersAct(text string, words []word, i int) bool {
	first := i
	for first > 0 && sameClause(text, words[first-1], words[first]) {
		first--
	}
	for _, w := range words[first:i] {
		if who := b.whose(w); who != nobody {
			return who == other
		}
	}
	return false
}

// actor is whom a subject pronoun stands for.
type actor int

const (
	nobody     actor = iota // the word is no subject pronoun
	controller              // we
	other                   // you, they
)

func (b rulebook) whose(w word) actor {
	switch {
	case slices.Contains(b.others, w.text):
		return other
	case slices.Contains(b.ours, w.text):
		return controller
	}
	return nobody
}

// sameClause reports whether nothing that parts clauses stands between two neighbouring words.
func sameClause(text string, a, b word) bool {
	between := text[a.end:b.start]
	return !strings.ContainsAny(between, ",;:()[]–—") && !strings.Contains(between, " - ")
}
