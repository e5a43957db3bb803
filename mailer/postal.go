package mailer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PostalAddress is where a letter goes, in parts, so that each country's order can be
// made of them.
type PostalAddress struct {
	Recipient []string // who: name, firm, "c/o"
	Street    []string // street and number, box, building
	Postcode  string
	Locality  string
	Region    string // printed where the country's form has it: US, CA, AU, IT, ES and the like
	Country   string // ISO 3166-1 alpha-2
}

// What fits the window of an envelope (DIN 5008: six lines of the address zone), and what
// sorting machines read: La Poste and the UPU ask for 38 to 40 characters at most.
const (
	MaxAddressLines = 6
	MaxAddressLine  = 40 // characters
)

// AddressError names the line of a postal address that cannot be printed, and never what
// stands there.
type AddressError struct {
	Line string // "recipient 2", "street 1", "postcode", "locality", "country", "" the whole address
	What string // what is wrong and what to do
}

func (e *AddressError) Error() string {
	if e.Line == "" {
		return "letter: the postal address " + e.What
	}
	return fmt.Sprintf("letter: the postal address, %s: %s", e.Line, e.What)
}

// addressForm is the order of the lines behind the recipient's.
type addressForm int

const (
	codeThenTown    addressForm = iota // street; postcode locality: most of Europe
	townThenCode                       // street; locality; postcode: Britain, Ireland, Malta
	townCommaCode                      // street; locality, postcode: Latvia
	townRegionCode                     // street; locality region postcode: the United States
	codeTownRegion                     // street; postcode locality region: Italy
	townStreetCode                     // locality; street; postcode: Hungary
	townCodeOneLine                    // street; locality postcode: New Zealand, Singapore
)

// addressForms has the countries that differ from codeThenTown, by the UPU's postal
// addressing systems.
var addressForms = map[string]addressForm{
	"GB": townThenCode, "IE": townThenCode, "MT": townThenCode, "GG": townThenCode, "JE": townThenCode, "IM": townThenCode, "GI": townThenCode,
	"LV": townCommaCode,
	"US": townRegionCode, "CA": townRegionCode, "AU": townRegionCode,
	"IT": codeTownRegion, "SM": codeTownRegion, "VA": codeTownRegion,
	"HU": townStreetCode,
	"SG": townCodeOneLine, "NZ": townCodeOneLine, "IN": townCodeOneLine, "JP": townCodeOneLine,
}

// capitalTowns are countries whose posts ask for the town in capitals (NF Z 10-011; Royal
// Mail): their machines read it so.
var capitalTowns = map[string]bool{"FR": true, "MC": true, "GB": true}

// AddressLine is a line of an address with the name by which errors speak of it.
type AddressLine struct{ Name, Text string }

// Lines puts an address into the order of its country. abroad is the country's name in
// a language of the way there, and becomes the last line in capitals (UPU Convention);
// "" for a letter that stays in its country. What does not fit the window is an
// *AddressError: no line is cut, broken or dropped, since the letter might reach
// somebody else.
func (a PostalAddress) Lines(abroad string) ([]AddressLine, error) {
	var lines []AddressLine
	add := func(name string, parts ...string) {
		var words []string
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" {
				words = append(words, p)
			}
		}
		if len(words) > 0 {
			lines = append(lines, AddressLine{name, strings.Join(words, " ")})
		}
	}
	for i, l := range a.Recipient {
		add(fmt.Sprintf("recipient %d", i+1), l)
	}
	if len(lines) == 0 {
		return nil, &AddressError{"recipient 1", "it is empty: say to whom the letter goes"}
	}
	if strings.TrimSpace(a.Locality) == "" {
		return nil, &AddressError{"locality", "it is empty: no letter arrives without"}
	}
	street := func() {
		for i, l := range a.Street {
			add(fmt.Sprintf("street %d", i+1), l)
		}
	}
	if capitalTowns[a.Country] {
		a.Locality = strings.ToUpper(a.Locality)
	}
	a.inOrder(add, street)
	add("country", strings.ToUpper(abroad))
	return lines, checkAddress(lines)
}

// inOrder adds street, postcode, locality and region as the country has them.
func (a PostalAddress) inOrder(add func(name string, parts ...string), street func()) {
	form := addressForms[a.Country]
	if form == townStreetCode {
		add("locality", a.Locality)
		street()
		add("postcode", a.Postcode)
		return
	}
	street()
	switch form {
	case townThenCode:
		add("locality", a.Locality)
		add("postcode", a.Postcode)
	case townCommaCode:
		comma := ""
		if strings.TrimSpace(a.Postcode) != "" {
			comma = ","
		}
		add("locality", strings.TrimSpace(a.Locality)+comma, a.Postcode)
	case townRegionCode:
		add("locality", a.Locality, a.Region, a.Postcode)
	case codeTownRegion:
		add("locality", a.Postcode, a.Locality, a.Region)
	case townCodeOneLine:
		add("locality", a.Locality, a.Postcode)
	default:
		add("locality", a.Postcode, a.Locality)
	}
}

func checkAddress(lines []AddressLine) error {
	if n := len(lines); n > MaxAddressLines {
		return &AddressError{"", fmt.Sprintf("has %d lines, and the window has room for %d: shorten it", n, MaxAddressLines)}
	}
	for _, l := range lines {
		switch {
		case !utf8.ValidString(l.Text) || strings.ContainsFunc(l.Text, hidden):
			return &AddressError{l.Name, "it has a control character or one that cannot be seen: write it anew"}
		case utf8.RuneCountInString(l.Text) > MaxAddressLine:
			return &AddressError{l.Name, fmt.Sprintf("it is longer than %d characters: shorten it, or use another line", MaxAddressLine)}
		}
	}
	return nil
}

// hidden characters could turn a line, or hide a part of it. The two joiners do neither:
// names of some languages are written with them.
func hidden(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r == nonJoiner || r == joiner {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}
