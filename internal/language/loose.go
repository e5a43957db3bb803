package language

import "strings"

// loosely reads what is written around a name: "Germany (DE)", "DE - Germany", "Germany/Deutschland", "Korea, Republic of". Where
// the parts of a text do not agree it means nothing: "Georgia (USA)" is not Georgia.
func loosely(s string, read func(string) (string, bool)) (code string, ok bool) {
	if head, inner, found := strings.Cut(s, "("); found {
		inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(inner), ")"))
		head = strings.TrimSpace(head)
		if code, ok = read(inner + " " + head); ok { // Korea (North)
			return code, true
		}
		code, ok = read(head)
		if other, known := read(inner); known && other != code {
			return "", false
		}
		return code, ok
	}
	for _, sign := range []string{" - ", "/", " – "} {
		if parts := strings.Split(s, sign); len(parts) > 1 {
			return agreed(parts, read)
		}
	}
	if head, tail, found := strings.Cut(s, ", "); found {
		return read(tail + " " + head)
	}
	return "", false
}

// agreed is what all parts of a text mean.
func agreed(parts []string, read func(string) (string, bool)) (code string, ok bool) {
	for i, part := range parts {
		other, known := read(strings.TrimSpace(part))
		if !known || i > 0 && other != code {
			return "", false
		}
		code = other
	}
	return code, true
}

// ofSubdivision reads the country of an ISO 3166-2 code: GB-SCT, BE-VLG.
func ofSubdivision(s string) (code string, ok bool) {
	country, part, found := strings.Cut(strings.ToUpper(s), "-")
	if !found || len(country) != 2 || len(part) < 1 || len(part) > 3 || strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", false
	}
	return fromCountryCode(country)
}

// stateForms stand before the names of countries in their full titles. Folded.
var stateForms = []string{"the ", "republic of ", "federal republic of ", "kingdom of ", "grand duchy of ", "principality of ", "state of "}

// withoutStateForm takes "Republic of" off a folded name.
func withoutStateForm(name string) (short string, found bool) {
	for _, form := range stateForms {
		if short, found = strings.CutPrefix(name, form); found {
			if again, more := withoutStateForm(short); more {
				return again, true
			}
			return short, true
		}
	}
	return name, false
}

// asTyped writes umlauts as people do whose keyboard has none.
var asTyped = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "å", "aa", "Å", "Aa", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L")
