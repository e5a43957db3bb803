package identity

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldName is a name's form for comparing: its words in lower case without
// accents, sorted, with one blank between them. Letters that Unicode does not
// take apart are written as their neighbours would write them (ß as ss, ł as
// l), and so are the umlauts, however they were spelt: Müller, Mueller and
// Muller are one form. A name without a letter or digit gives "".
func FoldName(name string) string {
	words := nameWords(name)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// NamesCompatible tells whether two names may be the same person's, given that
// something else (an address) already speaks for it: they are equal after
// folding, in any order; or one is missing; or one is a shorter way of writing
// the other, with initials ("J. Roe", "Jane Roe") or words left out ("Roe",
// "Jane Mary Roe"). A first name alone is not enough: two colleagues who share
// a mailbox may well sign with it.
func NamesCompatible(a, b string) bool {
	short, long := nameWords(a), nameWords(b)
	if len(short) == 0 || len(long) == 0 {
		return true
	}
	longName := b
	if len(short) > len(long) {
		short, long, longName = long, short, a
	}
	if len(short) == 1 && len(long) > 1 {
		return utf8.RuneCountInString(short[0]) > 1 && slices.Contains(familyWords(longName), short[0])
	}
	shortRest, longRest := difference(short, long), difference(long, short)
	return hasFullWord(short, shortRest) && initialsFit(shortRest, longRest)
}

// nameWords are the folded words of a name, in its order.
func nameWords(name string) []string {
	// Folding alone is not stable: it changes the case of Cherokee letters each time.
	folded := norm.NFKD.String(strings.ToLower(cases.Fold().String(norm.NFKD.String(name))))
	var b strings.Builder
	for _, r := range folded {
		switch plain, special := plainLetters[r]; {
		case special:
			b.WriteString(plain)
		case isAccent(r) || isApostrophe(r):
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(umlaut.ReplaceAllString(b.String(), "$1"))
}

// umlaut is the spelling of ä, ö, ü and their northern sisters on keyboards
// that lack them.
var umlaut = regexp.MustCompile(`([aou])e+`)

// plainLetters are those that have no decomposition.
var plainLetters = map[rune]string{
	'ß': "ss", 'ø': "o", 'ł': "l", 'æ': "ae", 'œ': "oe", 'đ': "d", 'ð': "d",
	'þ': "th", 'ħ': "h", 'ı': "i", 'ŧ': "t", 'ŋ': "n", 'ĸ': "k", 'ə': "e",
}

// isAccent tells marks that are laid over letters of any script, which are
// often left out, from those that belong to one script and are its vowels.
// The voicing marks of kana make another letter and stay.
func isAccent(r rune) bool {
	return unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r) && r != '\u3099' && r != '\u309A'
}

// isApostrophe: O'Brien is often written OBrien, and never O Brien.
func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘ʼʹ`´ʻ", r) }

// familyWords are the words that may be the family name: what stands before a
// comma, or else the last word.
func familyWords(name string) []string {
	if head, _, listed := strings.Cut(name, ","); listed {
		if words := nameWords(head); len(words) > 0 {
			return words
		}
	}
	words := nameWords(name)
	return words[len(words)-1:]
}

// difference is what is left of a when each word of b has taken away its equal.
func difference(a, b []string) []string {
	taken := map[string]int{}
	for _, w := range b {
		taken[w]++
	}
	var rest []string
	for _, w := range a {
		if taken[w] > 0 {
			taken[w]--
			continue
		}
		rest = append(rest, w)
	}
	return rest
}

// hasFullWord tells whether a word longer than an initial was found in both.
func hasFullWord(words, rest []string) bool {
	return slices.ContainsFunc(difference(words, rest), func(w string) bool { return utf8.RuneCountInString(w) > 1 })
}

// initialsFit tells whether every word of short has a partner of its own in
// long, one of the two being the other's first letter.
func initialsFit(short, long []string) bool {
	for _, w := range short {
		i := slices.IndexFunc(long, func(l string) bool { return isInitialOf(w, l) || isInitialOf(l, w) })
		if i < 0 {
			return false
		}
		long = slices.Delete(slices.Clone(long), i, i+1)
	}
	return true
}

func isInitialOf(letter, word string) bool {
	return utf8.RuneCountInString(letter) == 1 && strings.HasPrefix(word, letter)
}

// FoldWords is a text's form for comparing, its words in their order: an address, say.
func FoldWords(s string) string { return strings.Join(nameWords(s), " ") }
