package register

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files reads the same register
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"article14/internal/calendar"
	"article14/mailer"
)

// The longest values, in characters.
const (
	maxText = 4000 // a paragraph of a notice
	maxLine = 300  // a name, an address, a column header
	maxURL  = 2000
)

// word is a value in one line that check turns into a T. check says what to do
// instead, as the end of a sentence that begins with the value.
func word[T any](limit int, s schema, check func(string) (T, error)) shape[T] {
	return shape[T]{
		schema: s,
		read: func(r *reader, path string, n ast.Node) (T, bool) {
			var zero T
			text, ok := line(r, path, n, limit)
			if !ok {
				return zero, false
			}
			v, err := check(text)
			if err != nil {
				r.refuse(path, "%q %v", clip(text), err)
				return zero, false
			}
			return v, true
		},
	}
}

// clip shortens a value that is shown in a message; the excerpt has more of it.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return s
}

// line reads a text in one line, and keeps out what a mail header, a page or a
// terminal would take for something else.
func line(r *reader, path string, n ast.Node, limit int) (string, bool) {
	raw, ok := scalar(n)
	if !ok {
		r.refuse(path, "must be a text")
		return "", false
	}
	text := strings.TrimSpace(raw)
	size := utf8.RuneCountInString(text)
	switch {
	case text == "":
		r.refuse(path, "is empty; give it a value, or leave the key out")
	case size > limit:
		r.refuse(path, "has %d characters; at most %d are read", size, limit)
	case strings.ContainsRune(text, '\n'):
		r.refuse(path, "has a line break in it; write it as one paragraph (after '>-' lines are joined)")
	case strings.ContainsFunc(text, unprintable):
		r.refuse(path, "has a character in it that cannot be seen; type the text again")
	case strings.ContainsAny(text, slotMarks):
		r.refuse(path, "has one of the signs %s in it, which mark a person's values in stored texts; leave them out", slotMarks)
	default:
		return text, true
	}
	return "", false
}

// slotMarks are U+27EA and U+27EB. In a skeleton they stand around a slot.
const slotMarks = "⟪⟫"

// unprintable is a control character, or one that turns the direction of the
// text around it or breaks its line without being seen.
func unprintable(c rune) bool {
	return unicode.IsControl(c) || c == '\uFEFF' || c == utf8.RuneError || unicode.Is(unicode.Bidi_Control, c) ||
		unicode.In(c, unicode.Zl, unicode.Zp)
}

func textSchema(limit int) schema {
	return schema{"type": "string", "minLength": 1, "maxLength": limit}
}

// scalarSchema admits numbers too: a phone number or a column without quotes is one.
func scalarSchema(limit int) schema {
	return schema{"type": []string{"string", "number"}, "minLength": 1, "maxLength": limit}
}

func asIs(s string) (string, error) { return s, nil }

var (
	shortText = word(maxLine, textSchema(maxLine), asIs)
	longText  = word(maxText, textSchema(maxText), asIs)
	phone     = word(maxLine, scalarSchema(maxLine), checkPhone)
	slug      = word(maxLine, schema{"type": "string", "pattern": slugPattern.String()}, checkSlug)
	webURL    = word(maxURL, textSchema(maxURL).with("pattern", "^https?://"), checkURL)
	webRoot   = word(maxURL, textSchema(maxURL).with("pattern", "^https?://[^/?#]+/?$"), checkRoot)
	email     = word(maxLine, textSchema(maxLine).with("format", "email"), checkEmail)
	domain    = word(maxLine, schema{"type": "string", "pattern": domainPattern.String()}, checkDomain)
	country   = word(maxLine, schema{"type": "string", "pattern": "^[A-Z]{2}$"}, checkCountry)
	tongue    = word(maxLine, schema{"type": "string", "pattern": languagePattern.String()}, checkLanguage)
	period    = word(maxLine, schema{"type": "string", "pattern": `^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$`}, checkPeriod)
	day       = word(maxLine, schema{"type": "string", "format": "date"}, checkDay)
	zone      = word(maxLine, textSchema(maxLine).with("examples", []string{"Europe/Paris"}), checkZone)
	dates     = word(maxLine, textSchema(maxLine).with("examples", []string{calendar.FormRFC3339, "YYYY-MM-DD hh:mm", "DD.MM.YYYY"}), checkDates)
)

// texts is one text for each language.
var texts = named[mailer.Texts](keyed(longText, "a text for each language, as {en: ..., fr: ...}", languagePattern.String(), func(name string) string {
	if _, err := checkLanguage(name); err != nil {
		return fmt.Sprintf("%q %v", name, err)
	}
	return ""
}))

// yesOrNo is a boolean.
var yesOrNo = shape[bool]{
	schema: schema{"type": "boolean"},
	read: func(r *reader, path string, n ast.Node) (bool, bool) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			r.refuse(path, "must be true or false")
			return false, false
		}
		return b.Value, true
	},
}

// oneOf is a word out of a list.
func oneOf[T ~string](what string, words []T) shape[T] {
	return word(maxLine, schema{"enum": words}, func(s string) (T, error) {
		if slices.Contains(words, T(s)) {
			return T(s), nil
		}
		return "", fmt.Errorf("is no %s; use one of %s", what, strings.Join(asStrings(words), ", "))
	})
}

func asStrings[T ~string](words []T) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return list
}

var (
	slugPattern     = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}$`)
	domainPattern   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	phonePattern    = regexp.MustCompile(`^\+?[0-9][0-9 ()./-]{3,38}$`)
)

func matching(pattern *regexp.Regexp, s, otherwise string) (string, error) {
	if !pattern.MatchString(s) {
		return "", fmt.Errorf("%s", otherwise)
	}
	return s, nil
}

func checkSlug(s string) (string, error) {
	return matching(slugPattern, s, "is no key; write 1 to 40 of a-z, 0-9, _ and -")
}

func checkDomain(s string) (string, error) {
	return matching(domainPattern, s, "is no domain; write it in small letters, without https and path")
}

func checkPhone(s string) (string, error) {
	return matching(phonePattern, s, `is no phone number; write it as "+33 1 99 00 12 34"`)
}

// checkURL wants TLS. A loopback host may do without, for trials on one machine.
func checkURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, ` "<>`) {
		return "", fmt.Errorf("is no web address; write it as https://www.example.org")
	}
	loopback := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", fmt.Errorf("must begin with https://")
	}
	return s, nil
}

// checkRoot takes a host without a path: the pages answer at its root.
func checkRoot(s string) (string, error) {
	s, err := checkURL(s)
	if err != nil {
		return "", err
	}
	if u, _ := url.Parse(s); u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("must be a host alone, such as https://privacy.example.org: the pages answer at its root")
	}
	return s, nil
}

func checkPeriod(s string) (calendar.Period, error) {
	p, err := calendar.ParsePeriod(s)
	if err != nil {
		return p, fmt.Errorf("is %w", calendar.ErrPeriod)
	}
	return p, nil
}

func checkDay(s string) (calendar.Date, error) {
	d, err := calendar.Parse(s)
	if err != nil {
		return d, fmt.Errorf("is no day of the calendar; write it as 2026-11-03")
	}
	return d, nil
}

func checkZone(s string) (*time.Location, error) {
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		return nil, fmt.Errorf("is no time zone; write it as Europe/Paris (IANA names)")
	}
	return loc, nil
}
