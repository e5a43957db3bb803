package track

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the text of an answer that is kept to be read.
const (
	answerBody  = 20_000 // characters
	answerLine  = 300    // characters of a subject, of an address
	answerFiles = 20
)

// SafeText makes what a stranger wrote safe to show on a terminal and a page: valid UTF-8 with
// lines that end in a line feed, and no longer than most characters. What could move the cursor,
// colour the screen or turn the direction of a line is made visible by its number, since somebody
// put it there; what is only invisible is dropped.
func SafeText(s string, most int) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	n, empty := 0, 0
	for _, r := range s {
		if r == '\n' {
			if empty++; empty > 2 { // no more than one empty line
				continue
			}
		} else if !unicode.IsSpace(r) {
			empty = 0
		}
		if n++; n > most {
			return strings.TrimSpace(b.String()) + "…"
		}
		switch {
		case r == '\n', r == '\t':
			b.WriteRune(r)
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		case unicode.Is(unicode.Cf, r) && r != '\u200D' && r != '\u200C', unicode.Is(unicode.Co, r), unicode.Is(unicode.Variation_Selector, r) && r > 0xFFFF:
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// safeLine is SafeText for what stands on one line.
func safeLine(s string) string {
	return SafeText(strings.Join(strings.Fields(s), " "), answerLine)
}

// safe is what is kept of an answer's words.
func (s Said) safe() AnswerText {
	t := AnswerText{From: safeLine(s.From), Subject: safeLine(s.Subject), Body: SafeText(s.Text, answerBody)}
	for _, a := range s.Attachments[:min(len(s.Attachments), answerFiles)] {
		if len(a.Type) > 100 || !utf8.ValidString(a.Type) || strings.ContainsFunc(a.Type, notOfMediaType) {
			a.Type = "unknown"
		}
		t.Attachments = append(t.Attachments, a)
	}
	return t
}

// notOfMediaType tells whether a character may not stand in a media type (RFC 6838, 4.2).
func notOfMediaType(r rune) bool {
	return r > '~' || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$&-^_.+/", r))
}
