package letter

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"

	"article14/mailer/byhand"
)

// part is a piece of a word in one weight.
type part struct {
	text   string
	strong bool
	value  int // > 0: of a value that is written from the right; its pieces are turned together
}

// word is what no line break divides; a blank is between it and the next.
type word []part

// setter turns texts into words and lines. Its first error is kept.
type setter struct {
	regular, strong faces
	values          int
	err             error
}

func (s *setter) faces(strong bool) faces {
	if strong {
		return s.strong
	}
	return s.regular
}

// unseen characters join or divide where nothing is joined or divided here.
var unseen = strings.NewReplacer("\u200c", "", "\u200d", "", "\u00ad", "", "\u2011", "-")

// printable brings a text into composed letters (UAX #15), and notes what cannot be set.
func (s *setter) printable(text, where string) string {
	text = unseen.Replace(norm.NFC.String(text))
	for _, r := range text {
		script := scriptOf(r)
		hidden := unicode.In(r, unicode.Cc, unicode.Cf)
		if s.err == nil && (script != "" || hidden || s.regular.of(r) == nil || s.strong.of(r) == nil) {
			s.err = &byhand.UnprintableError{Where: where, Script: script}
		}
	}
	return text
}

// number is one that a line break would part from what it counts or names: a day from its
// month, an article of a law from its number.
var number = regexp.MustCompile(`(?i)\b(\d{1,2}\.?) (\pL)|\b(articles?|artikel|absatz|buchstabe) (\d|\pL\b)`)

// held puts no-break spaces beside such numbers. A value that could be read otherwise then, an
// address on the web, has no blanks.
func held(runs []byhand.LetterRun) []byhand.LetterRun {
	out := slices.Clone(runs)
	for i := range out {
		for range 2 { // what two finds share is found by the second time
			out[i].Text = number.ReplaceAllString(out[i].Text, "$1$3\u00a0$2$4")
		}
	}
	return out
}

// words divides runs at their blanks. A no-break space (U+00A0, U+202F) is none.
func (s *setter) words(runs []byhand.LetterRun, where string) []word {
	var words []word
	open := false // the last word goes on
	for _, r := range runs {
		text := s.printable(r.Text, where)
		value := 0
		if r.Value && fromRight(text) {
			s.values++
			value = s.values
		}
		for i, piece := range strings.Split(text, " ") {
			if i > 0 {
				open = false
			}
			if piece == "" {
				continue
			}
			if !open {
				words = append(words, nil)
			}
			last := len(words) - 1
			words[last] = append(words[last], part{piece, r.Strong, value})
			open = true
		}
	}
	return words
}

func fromRight(s string) bool {
	for _, r := range s {
		if p, _ := bidi.LookupRune(r); p.Class() == bidi.R || p.Class() == bidi.AL {
			return true
		}
	}
	return false
}

// width of a word or line in mm at a size in points.
func (s *setter) width(parts []part, size float64) float64 {
	sum := 0
	for _, p := range parts {
		sum += s.faces(p.strong).width(p.text)
	}
	return float64(sum) / 1000 * size * mmPerPoint
}

const mmPerPoint = 25.4 / 72

// lines fills lines of a width in mm, each as full as it goes. A word that is longer
// than a line is divided, where an address is read: behind its signs. It begins on a line
// that has a third of its room left.
func (s *setter) lines(words []word, size, width float64) [][]part {
	var lines [][]part
	var line []part
	used := 0.0 // mm of the line
	flush := func() {
		if line != nil {
			lines, line, used = append(lines, line), nil, 0
		}
	}
	for _, w := range words {
		wide := s.width(w, size)
		if line != nil {
			used += s.width([]part{blank(line, w)}, size)
		}
		if used+wide <= width {
			line, used = joined(line, w), used+wide
			continue
		}
		if room := width - used; wide > width && room > width/3 {
			var head word
			head, w = s.divide(w, size, room)
			line = joined(line, head)
		}
		flush()
		for s.width(w, size) > width {
			head, tail := s.divide(w, size, width)
			lines, w = append(lines, head), tail
		}
		line, used = joined(nil, w), s.width(w, size)
	}
	flush()
	return lines
}

// joined puts a word behind a line.
func joined(line []part, w word) []part {
	if len(line) > 0 {
		line = append(line, blank(line, w))
	}
	return append(line, w...)
}

// blank is what stands between a line and its next word.
func blank(line []part, w word) part {
	b, last := part{text: " "}, line[len(line)-1]
	if len(w) > 0 {
		b.strong = last.strong && w[0].strong
		if last.value == w[0].value {
			b.value = last.value
		}
	}
	return b
}

// divide cuts what fits from a word: behind the last sign of an address that fits, or
// else behind the last letter; never nothing.
func (s *setter) divide(w word, size, width float64) (head, tail word) {
	fitPart, fitAt, signPart, signAt := 0, 0, -1, 0
	room := int(width / size / mmPerPoint * 1000)
	for i, p := range w {
		runes := []rune(p.text)
		for j, r := range runes {
			room -= s.faces(p.strong).width(string(r))
			if room < 0 && (i > 0 || j > 0) {
				if signPart >= 0 {
					return cutAt(w, signPart, signAt)
				}
				return cutAt(w, fitPart, fitAt)
			}
			fitPart, fitAt = i, j+1
			if strings.ContainsRune("/.-?&=_,;:@", r) && j+1 < len(runes) {
				signPart, signAt = i, j+1
			}
		}
	}
	return cutAt(w, fitPart, fitAt)
}

// cutAt cuts a word behind a number of characters of one of its parts.
func cutAt(w word, i, runes int) (head, tail word) {
	r := []rune(w[i].text)
	head, tail = append(word{}, w[:i]...), word{}
	if before := string(r[:runes]); before != "" {
		head = append(head, part{before, w[i].strong, w[i].value})
	}
	if after := string(r[runes:]); after != "" {
		tail = append(tail, part{after, w[i].strong, w[i].value})
	}
	return head, append(tail, w[i+1:]...)
}

// piece is text in one font, as it is drawn from the left.
type piece struct {
	text string
	face *face
	x    float64 // mm from the line's beginning
}

// pieces gives a line as it is drawn.
func (s *setter) pieces(line []part, size float64) []piece {
	var out []piece
	x := 0.0
	for _, p := range merged(line) {
		if p.value > 0 {
			p.text = turned(p.text)
		}
		fs := s.faces(p.strong)
		for _, r := range p.text {
			f := fs.of(r)
			if f == nil {
				continue // refused already
			}
			if n := len(out); n > 0 && out[n-1].face == f {
				out[n-1].text += string(r)
			} else {
				out = append(out, piece{string(r), f, x})
			}
			x += float64(f.widths[r]) / 1000 * size * mmPerPoint
		}
	}
	return out
}

// merged joins neighbours of one weight and one value.
func merged(line []part) []part {
	var out []part
	for _, p := range line {
		if n := len(out); n > 0 && out[n-1].strong == p.strong && out[n-1].value == p.value {
			out[n-1].text += p.text
			continue
		}
		out = append(out, p)
	}
	return out
}

// turned gives a value in the order in which its letters stand on paper (UAX #9): by
// itself, as an isolate, with the direction of its first letter.
func turned(value string) string {
	var p bidi.Paragraph
	if _, err := p.SetString(value, bidi.DefaultDirection(bidi.LeftToRight)); err != nil {
		return value
	}
	order, err := p.Order()
	if err != nil {
		return value
	}
	var runs []string
	for i := range order.NumRuns() {
		run := order.Run(i)
		text := run.String()
		if run.Direction() == bidi.RightToLeft {
			text = bidi.ReverseString(text)
		}
		runs = append(runs, text)
	}
	if !beginsRight(value) {
		return strings.Join(runs, "")
	}
	for i, j := 0, len(runs)-1; i < j; i, j = i+1, j-1 {
		runs[i], runs[j] = runs[j], runs[i]
	}
	return strings.Join(runs, "")
}

// beginsRight tells whether the first letter with a direction is written from the right.
func beginsRight(s string) bool {
	for _, r := range s {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}
