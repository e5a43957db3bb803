package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

const (
	maxValue = 200  // characters of a person's value, as readers count them
	maxText  = 4000 // of a register's text
	maxBytes = 16   // a character, on average: what is stacked higher is no name
)

// clean makes a value one line of visible text: no control character, no line
// break, nothing invisible that turns the direction of a line, blanks folded, and
// no longer than most characters, cut between two of them and marked with "…".
func clean(s string, most int) string {
	if isClean(s, most) {
		return s
	}
	return cleaned(s, most)
}

// cleaned is clean for any text.
func cleaned(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	blank := false
	for _, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\v' || r == '\f' || r == '\r' || r == ' ' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			blank = b.Len() > 0
		case invisible(r):
		default:
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			b.WriteRune(r)
		}
	}
	return cut(b.String(), most)
}

// isClean is the quick way for the values that most people have.
func isClean(s string, most int) bool {
	if len(s) > most || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c > '~' {
			return areVisible(s[i:])
		} else if c < ' ' || c == ' ' && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

// areVisible is the rest of the quick way: also the letters and marks of Europe, and
// the quotation marks and dashes of print, none of which clean changes or drops.
func areVisible(s string) bool {
	before := rune(0)
	for _, r := range s {
		const softHyphen = 0xAD
		ascii := r >= ' ' && r <= '~' && (r != ' ' || before != ' ')
		letter := r >= 0xA0 && r < 0x600 && r != softHyphen
		print := r >= 0x2010 && r <= 0x2027
		if !ascii && !letter && !print {
			return false
		}
		before = r
	}
	return true
}

// invisible characters are dropped: controls, marks of direction, and other
// formats than the two joiners that Persian names and emoji are written with.
func invisible(r rune) bool {
	const joiner, nonJoiner = '\u200D', '\u200C'
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != joiner && r != nonJoiner ||
		unicode.Is(unicode.Co, r) || unicode.Is(unicode.Variation_Selector, r) && r > 0xFFFF
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	rest, state, end := s, -1, 0
	for n := 0; rest != "" && n < most; n++ {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > most*maxBytes {
			break
		}
		end += len(cluster)
	}
	if end == len(s) {
		return s
	}
	if end == 0 { // one character of a thousand marks
		for end = most; !utf8.RuneStart(s[end]); end-- {
		}
	}
	return strings.TrimRight(s[:end], " ") + "…"
}

// rightToLeft tells whether a value has letters that are written from the right.
func rightToLeft(s string) bool {
	for _, r := range s {
		if r >= 0x0590 && r <= 0x08FF || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFF ||
			r >= 0x10800 && r <= 0x10FFF || r >= 0x1E800 && r <= 0x1EFFF {
			return true
		}
	}
	return false
}

// webAddress tells whether s can be put into a link as it stands: http or https,
// and nothing but the characters of RFC 3986 that need no escape in HTML other
// than that of "&".
func webAddress(s string) bool {
	rest, secure := strings.CutPrefix(s, "https://")
	if !secure {
		rest, secure = strings.CutPrefix(s, "http://")
	}
	if !secure || rest == "" || rest[0] == '/' || len(s) > 2000 {
		return false
	}
	for i := 0; i < len(rest); i++ {
		if !inAddress[rest[i]] {
			return false
		}
	}
	return true
}

// inAddress has the characters of webAddress.
var inAddress = func() (table [256]bool) {
	for c := range table {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		table[c] = letter || strings.IndexByte("-._~:/?#@!$&*+,;=%", byte(c)) >= 0
	}
	return table
}()
