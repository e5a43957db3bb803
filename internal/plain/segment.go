package plain

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// word is a word of a text: a segment with a letter or a digit in it.
type word struct {
	text       string // in lower case, with straight apostrophes
	start, end int    // bytes of the text
	capital    bool   // it begins with a capital letter
}

// sentence is a sentence of a text that has at least one word.
type sentence struct {
	start, end int
	words      []word
}

// segment parts a text into sentences and words.
func segment(lang, text string) []sentence {
	book := rulebooks[lang]
	var sentences []sentence
	state, start, at, rest := -1, 0, 0, text
	for rest != "" {
		var piece string
		piece, rest, state = uniseg.FirstSentenceInString(rest, state)
		at += len(piece)
		if rest != "" && book.runsOn(text[start:at], rest) {
			continue
		}
		if words := wordsOf(text, start, at, book.elision); len(words) > 0 {
			sentences = append(sentences, sentence{start, at, words})
		}
		start = at
	}
	return sentences
}

// runsOn reports whether what looks like the end of a sentence is the full stop of an abbreviation or of an ordinal number.
func (b rulebook) runsOn(piece, rest string) bool {
	body, found := strings.CutSuffix(strings.TrimRight(piece, " \u00a0\u202f"), ".")
	fields := strings.FieldsFunc(body, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`([{"'«„“‘`, r) })
	if !found || len(fields) == 0 {
		return false
	}
	last := strings.ToLower(fields[len(fields)-1])
	if strings.Trim(last, "0123456789") == "" {
		return b.ordinals && len(last) <= 2
	}
	number := '0' <= rest[0] && rest[0] <= '9'
	return slices.Contains(b.abbreviations, last) || number && slices.Contains(b.beforeNumber, last)
}

// wordsOf returns the words of a part of a text.
func wordsOf(text string, start, end int, elision bool) []word {
	var words []word
	state, at, rest := -1, start, text[start:end]
	for rest != "" {
		var piece string
		piece, rest, state = uniseg.FirstWordInString(rest, state)
		if strings.ContainsFunc(piece, isWordRune) {
			words = append(words, parted(piece, at, elision)...)
		}
		at += len(piece)
	}
	return words
}

func newWord(piece string, at int) word {
	first, _ := utf8.DecodeRuneInString(piece)
	return word{
		text:    strings.ToLower(strings.ReplaceAll(piece, "’", "'")),
		start:   at,
		end:     at + len(piece),
		capital: unicode.IsUpper(first),
	}
}

// parted makes words of a segment: two of "l'adresse" in languages that write so, else one.
func parted(piece string, at int, elision bool) []word {
	i := strings.IndexAny(piece, "'’")
	if !elision || i < 0 {
		return []word{newWord(piece, at)}
	}
	_, size := utf8.DecodeRuneInString(piece[i:])
	article, noun := piece[:i], piece[i+size:]
	if noun == "" || utf8.RuneCountInString(article) > 2 && !slices.Contains(longElisions, strings.ToLower(article)) {
		return []word{newWord(piece, at)}
	}
	return []word{newWord(piece[:i+size], at), newWord(noun, at+i+size)}
}

// longElisions are elided words of more than two letters.
var longElisions = []string{"jusqu", "lorsqu", "puisqu", "quoiqu", "dell", "all", "nell", "sull", "dall", "quell"}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// letters counts the letters of a word, without digits, apostrophes and combining marks.
func (w word) letters() int {
	n := 0
	for _, r := range w.text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
