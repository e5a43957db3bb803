package locales

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"article14/internal/calendar"
	"article14/internal/memo"
)

// strict makes a text that lacks one of its values an error; text/template
// would print "<no value>".
var strict = &template.TextParser{Option: "missingkey=error"}

// What a localizer keeps: more texts than there are, and the days of eleven years.
const (
	mostTexts = 1000
	mostDays  = 4000
)

// Localizer writes in one language. It is safe for concurrent use.
type Localizer struct {
	code      string
	tag       language.Tag
	texts     *i18n.Localizer
	conv      convention
	regions   display.Namer
	languages display.Namer
	fixed     *memo.Memo[string, string] // texts without values
	days      *memo.Memo[calendar.Date, string]
}

func newLocalizer(b *i18n.Bundle, code string, conv convention) *Localizer {
	tag := language.MustParse(code)
	return &Localizer{
		code: code, tag: tag, conv: conv,
		texts:     i18n.NewLocalizer(b, code),
		regions:   display.Regions(tag),
		languages: display.Languages(tag),
		fixed:     memo.New[string, string](mostTexts),
		days:      memo.New[calendar.Date, string](mostDays),
	}
}

// Code is the base language code, such as "fr".
func (l *Localizer) Code() string { return l.code }

// Dir is the direction of the script, "ltr" or "rtl", as HTML has it.
func (l *Localizer) Dir() string {
	switch script, _ := l.tag.Script(); script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo":
		return "rtl"
	}
	return "ltr"
}

// Text is a text by key with its values put in; data is a map or a struct. It
// fails if there is no such text or a value is missing (docs/rules.md C8).
func (l *Localizer) Text(key string, data any) (string, error) {
	if data == nil {
		return l.fixed.Get(key, func() (string, error) { return l.text(key, nil) })
	}
	return l.text(key, data)
}

func (l *Localizer) text(key string, data any) (string, error) {
	return l.localize(key, &i18n.LocalizeConfig{MessageID: key, TemplateData: withValues(data), TemplateParser: strict})
}

// Plural is a text in the form that n asks for by the CLDR rules of the
// language. The text has n as {{.PluralCount}}.
func (l *Localizer) Plural(key string, n int, data map[string]any) (string, error) {
	all := map[string]any{"PluralCount": n}
	for k, v := range data {
		all[k] = v
	}
	return l.localize(key, &i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: all, TemplateParser: strict})
}

// withValues gives the template a map even where there are no values: on no
// data at all a missing value is no error.
func withValues(data any) any {
	if data == nil {
		return map[string]any{}
	}
	return data
}

func (l *Localizer) localize(key string, c *i18n.LocalizeConfig) (string, error) {
	text, tag, err := l.texts.LocalizeWithTag(c)
	if err != nil {
		return "", fmt.Errorf("locales: %s in %s: %w", key, l.code, err)
	}
	if tag != l.tag {
		return "", fmt.Errorf("locales: %s is not there in %s", key, l.code)
	}
	return text, nil
}

// Date is a day in words, as CLDR writes long dates: "3 November 2026",
// "1er novembre 2026", "3. November 2026".
func (l *Localizer) Date(d calendar.Date) string {
	words, _ := l.days.Get(d, func() (string, error) { return l.date(d), nil })
	return words
}

func (l *Localizer) date(d calendar.Date) string {
	if l.conv.firstOfMonth != "" && d.Day == 1 {
		month := l.conv.calendar.MonthWide(d.Month)
		return l.conv.firstOfMonth + " " + month + " " + strconv.Itoa(d.Year)
	}
	return l.conv.calendar.FmtDateLong(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC))
}

// Period is a length of time in words: "2 years", "1 year and 6 months".
func (l *Localizer) Period(p calendar.Period) (string, error) {
	var parts []string
	for _, unit := range []struct {
		key string
		n   int
	}{{"period.years", p.Years}, {"period.months", p.Months}, {"period.weeks", p.Weeks}, {"period.days", p.Days}} {
		if unit.n == 0 {
			continue
		}
		text, err := l.Plural(unit.key, unit.n, nil)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return l.List(parts), nil
}

// List joins items as the CLDR "and" lists do: "a", "a and b", "a, b and c".
func (l *Localizer) List(items []string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	default:
		return strings.Join(items[:n-1], l.conv.comma) + l.conv.and + items[n-1]
	}
}

// Country is the name of a country by its ISO 3166-1 alpha-2 code; "" if the
// code is none.
func (l *Localizer) Country(code string) string {
	if name, renamed := l.conv.countries[code]; renamed {
		return name
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return ""
	}
	return l.regions.Name(region)
}

// LanguageName is the name of a language in that language itself, as links
// between languages show it: "français"; "" if the code is none.
func (l *Localizer) LanguageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return ""
	}
	return display.Self.Name(tag)
}

// LanguageHere is the name of a language in the localizer's own: "French"; ""
// if the code is none.
func (l *Localizer) LanguageHere(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return ""
	}
	return l.languages.Name(tag)
}
