package compose

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"article14/internal/calendar"
	"article14/locales"
	"article14/mailer"
)

// writer builds one document in one language. Errors are gathered, so that one
// look shows everything that is missing.
type writer struct {
	reg     *mailer.Register
	act     mailer.Activity
	sources []doubted
	doubt   mailer.Doubt // about all of them: then the notice is the narrow one
	say     *locales.Localizer
	rights  []mailer.RightInfo
	public  bool // for everybody: nobody's values stand in it
	part    docPart
	doc     document
	section int // number of the last heading
	errs    []error
}

// doubted is a source with the doubt about what it gave (docs/rules.md S4).
type doubted struct {
	mailer.Source
	doubt mailer.Doubt
}

// narrow tells whether the data serve for this notice and for nothing else. Such a
// notice says what the data were collected for, and claims none of it.
func (w *writer) narrow() bool { return w.doubt != mailer.DoubtNone }

// doubtKeys name the texts of the doubts.
var doubtKeys = map[mailer.Doubt]string{mailer.DoubtUnknown: "unknown", mailer.DoubtRestricted: "restricted"}

// values of a text by name, as marked text.
type values map[string]string

func (w *writer) fail(format string, args ...any) {
	w.errs = append(w.errs, fmt.Errorf(format, args...))
}

// text is a marked text of locales with its values.
func (w *writer) text(key string, v values) string {
	data := make(map[string]any, len(v))
	for name, value := range v {
		data[name] = value
	}
	s, err := w.say.Text(key, data)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return strings.TrimSpace(s)
}

// lit is a register's own value as marked text.
func (w *writer) lit(s string) string {
	marked, err := literal(s)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return marked
}

// in is a register's text in the document's language; what names it (docs/rules.md L2, L4).
func (w *writer) in(t mailer.Texts, what string) string {
	return w.lit(w.raw(t, what))
}

// raw is the same without marks, for a subject.
func (w *writer) raw(t mailer.Texts, what string) string {
	s, _ := t.In(w.say.Code())
	if strings.TrimSpace(s) == "" {
		w.fail("%s has no text in %s: add it to the register", what, w.say.Code())
	}
	return s
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string { return capital(closed(s)) }

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// closed ends with a full stop, unless it ends a sentence otherwise.
func closed(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// phrase is a text without its full stop, to stand before other words.
func phrase(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".") }

func (w *writer) add(b block) {
	b.part = w.part
	w.doc.blocks = append(w.doc.blocks, b)
}

func (w *writer) runs(marked string) []run {
	runs, err := parseInline(marked)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return runs
}

// para adds a paragraph that gives an element of Article 14, or none.
func (w *writer) para(element, marked string) {
	w.add(block{kind: paragraph, element: element, runs: w.runs(marked)})
}

// paraWhen adds a paragraph that stands or falls with a slot.
func (w *writer) paraWhen(slot, marked string) {
	w.add(block{kind: paragraph, when: slot, runs: w.runs(marked)})
}

// items adds a list.
func (w *writer) items(element string, marked []string) {
	b := block{kind: list, element: element}
	for _, m := range marked {
		b.items = append(b.items, w.runs(m))
	}
	w.add(b)
}

// heading adds the numbered heading of an element; the anchor says what it is
// about, whatever its number.
func (w *writer) heading(element, anchor, key string) {
	w.section++
	runs := w.runs(fmt.Sprintf("%d. %s", w.section, w.text(key, nil)))
	w.add(block{kind: heading, element: element, anchor: w.say.Code() + "-" + anchor, runs: runs})
}

// date is the mark of a date slot; dates are written in each language.
func (w *writer) date(name string) string { return slot(w.local(name)) }

// local is the name of a slot whose value is in the document's language.
func (w *writer) local(name string) string { return name + "." + w.say.Code() }

// day is a date of the register in words.
func (w *writer) day(d calendar.Date) string { return w.say.Date(d) }

// contact says how somebody can be reached.
func (w *writer) contact(email, phone string) string {
	v := values{"Email": w.mailLink(email), "Phone": w.phoneLink(phone)}
	switch {
	case email != "" && phone != "":
		return w.text("contact.email_phone", v)
	case email != "":
		return w.text("contact.email", v)
	case phone != "":
		return w.text("contact.phone", v)
	}
	return ""
}

func (w *writer) mailLink(email string) string {
	if strings.ContainsAny(email, " ()<>\"%?&") {
		w.fail("an e-mail address of the register cannot stand in a link")
	}
	return link(w.lit(email), "mailto:"+email)
}

func (w *writer) phoneLink(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, strings.ReplaceAll(phone, "(0)", ""))
	return link(w.lit(phone), "tel:"+digits)
}

// siteLink is a link that shows its own address.
func (w *writer) siteLink(url string) string {
	if !webAddress(url) {
		w.fail("%q is no web address that can stand in a link: write https://…", url)
	}
	return link(w.lit(url), url)
}

// finish gives the document, or everything that is wrong with it.
func (w *writer) finish() (document, error) {
	return w.doc, errors.Join(w.errs...)
}
