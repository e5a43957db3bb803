package letter

import (
	"fmt"
	"strings"

	"article14/locales"
	"article14/mailer"
	"article14/mailer/byhand"
)

const (
	addressLine = 27.3 / mailer.MaxAddressLines // mm: six lines in the address zone of DIN 5008
	addressSize = 11.0                          // points
	addressMin  = 9.0                           // smaller is not read by sorting machines
	returnSize  = 7.0
	returnMin   = 6.0 // in two lines, if one does not do
	returnLead  = 2.2 // mm
)

// frenchAbroad are countries whose posts write the country of destination in French, the
// language of the Universal Postal Union; the others write it in English.
var frenchAbroad = map[string]bool{"FR": true, "MC": true, "BE": true, "LU": true, "CH": true}

// abroad is the name of the country that a letter goes to, "" at home.
func abroad(l *locales.Bundle, from, to string) (string, error) {
	if to == "" {
		return "", &mailer.AddressError{Line: "country", What: "it is empty: give its two letters (ISO 3166-1)"}
	}
	if from == to {
		return "", nil
	}
	language := "en"
	if frenchAbroad[from] {
		language = "fr"
	}
	name := l.For(language).Country(to)
	if name == "" {
		return "", &mailer.AddressError{Line: "country", What: "it is no country of ISO 3166-1: give its two letters"}
	}
	return name, nil
}

// addressed is an address as it stands in the window.
type addressed struct {
	lines       [][]piece
	size        float64
	returnLines [][]piece
	returnSize  float64
}

// address sets the lines in one size, as large as the longest allows. One that does not
// fit in the smallest is an error: it is neither cut nor broken.
func (s *setter) address(l byhand.Letter, w window, all *locales.Bundle) (addressed, error) {
	country, err := abroad(all, l.Sender.Country, l.To.Country)
	if err != nil {
		return addressed{}, err
	}
	lines, err := l.To.Lines(country)
	if err != nil {
		return addressed{}, err
	}
	out := addressed{size: addressSize}
	var set [][]part
	for _, line := range lines {
		parts := s.oneLine(line.Text, "the address")
		for out.size > addressMin && s.width(parts, out.size) > w.width {
			out.size -= 0.5
		}
		if s.width(parts, out.size) > w.width {
			return addressed{}, &mailer.AddressError{Line: line.Name,
				What: fmt.Sprintf("it is wider than the window (%.0f mm): shorten it, or use another line", w.width)}
		}
		set = append(set, parts)
	}
	for _, parts := range set {
		out.lines = append(out.lines, s.pieces(parts, out.size))
	}
	return out, s.returnTo(&out, l.Sender, w)
}

// returnTo sets the line, or two, to which a letter is returned.
func (s *setter) returnTo(out *addressed, from mailer.LetterSender, w window) error {
	words := s.words([]byhand.LetterRun{{Text: from.Name + ", " + from.Address}}, "the sender")
	lines := s.lines(words, returnSize, w.width)
	out.returnSize = returnSize
	if len(lines) > 1 {
		out.returnSize = returnMin
		lines = s.lines(words, returnMin, w.width)
	}
	if len(lines) > 2 {
		return fmt.Errorf("letter: the controller's name and address are longer than the two lines above the address (%.0f mm each): shorten them in the register", w.width)
	}
	for _, line := range lines {
		out.returnLines = append(out.returnLines, s.pieces(line, out.returnSize))
	}
	return nil
}

// oneLine is a value that stands alone.
func (s *setter) oneLine(text, where string) []part {
	return lineOf(s.words([]byhand.LetterRun{{Text: strings.TrimSpace(text), Value: true}}, where))
}
