package portal

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"article14/internal/calendar"
	"article14/locales"
	"article14/mailer"
	"article14/templates"
)

// page is what every template of templates/page gets.
type page struct {
	words          *locales.Localizer
	bundle         *locales.Bundle
	languages      []string // all that it can be read in
	Style          string
	Controller     mailer.Controller
	Title          string
	Text           string
	Switch         string // path of the links to other languages; "" is the page's own
	LanguagesLabel string
	ContactAbove   bool   // the text itself ends in the contact, so that the foot need not
	AskCode        bool   // a message with the field for the code
	CodeFault      string // why the code that was typed did not do
	Body           any    // what is this page's own
}

// Lang is the base code for the lang attribute.
func (p *page) Lang() string { return p.words.Code() }

// Dir is the direction of the script.
func (p *page) Dir() string { return p.words.Dir() }

// T is a text by key with values given as pairs of name and value.
func (p *page) T(key string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("text %s: a name without a value", key)
	}
	values := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		values[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return p.words.Text(key, values)
}

// Date is a day in words.
func (p *page) Date(d calendar.Date) string { return p.words.Date(d) }

// languageLink leads to the same page in another language.
type languageLink struct{ Code, Name string }

// Others are the languages other than this page's.
func (p *page) Others() []languageLink {
	var out []languageLink
	for _, code := range p.languages {
		if words := p.bundle.For(code); words != nil && code != p.Lang() {
			out = append(out, languageLink{code, words.LanguageName(code)})
		}
	}
	return out
}

// piece is a part of a sentence, with a link or without.
type piece struct {
	Text string
	Link template.URL
}

// Contact is the sentence that says how the controller is reached, its address
// and number as links.
func (p *page) Contact() ([]piece, error) {
	c := p.Controller
	key := ""
	switch {
	case c.Email != "" && c.Phone != "":
		key = "page.contact"
	case c.Email != "":
		key = "page.contact_email"
	case c.Phone != "":
		key = "contact.phone"
	default:
		return nil, nil
	}
	text, err := p.T(key, "Email", c.Email, "Phone", c.Phone)
	pieces := linked([]piece{{Text: text}}, c.Email, "mailto:"+c.Email)
	return linked(pieces, c.Phone, "tel:"+digits(c.Phone)), err
}

// linked makes the first place where text stands alone in pieces a link.
func linked(pieces []piece, text, link string) []piece {
	for i, at := range pieces {
		before, after, found := strings.Cut(at.Text, text)
		if text == "" || !found || at.Link != "" {
			continue
		}
		parts := []piece{{Text: before}, {Text: text, Link: template.URL(link)}, {Text: after}}
		return append(append(append([]piece{}, pieces[:i]...), parts...), pieces[i+1:]...)
	}
	return pieces
}

// digits is a number as a tel: link has it (RFC 3966).
func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}

// newPage is a page for the reader of r, which no token opened.
func (p *portal) newPage(r *http.Request) (*page, error) {
	c, err := p.controller.current(r.Context())
	return p.pageIn(r, c, p.choice.of(r, c.Country), p.Locales.Languages()), err
}

// tokenPage is a page behind a token: its controller is that of the register
// version behind the notice, its language the notice's.
func (p *portal) tokenPage(r *http.Request, c mailer.Controller, code string, languages []string) (*page, error) {
	words := p.Locales.For(code)
	if words == nil {
		return nil, fmt.Errorf("there are no texts in the notice's language %q; the program is older than the approved content", code)
	}
	return p.pageIn(r, c, words, languages), nil
}

func (p *portal) pageIn(r *http.Request, c mailer.Controller, words *locales.Localizer, languages []string) *page {
	pg := &page{words: words, bundle: p.Locales, languages: languages, Style: p.style, Controller: c}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		pg.Switch = "/" // a link cannot post again
	}
	return pg
}

// show writes a page in one piece: what fails on its way never leaves half of it.
func (p *portal) show(w http.ResponseWriter, status int, name string, pg *page) error {
	var b bytes.Buffer
	if err := templates.WritePage(&b, name, pg); err != nil {
		return err
	}
	send(w, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// titled is show with title and text by key.
func (p *portal) titled(w http.ResponseWriter, status int, name string, pg *page, title, text string) (err error) {
	if pg.Title, err = pg.T(title); err != nil {
		return err
	}
	if text != "" {
		if pg.Text, err = pg.T(text); err != nil {
			return err
		}
	}
	return p.show(w, status, name, pg)
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // an error means that the reader is gone
}

// plain is an answer to a program, not to a reader.
func plain(w http.ResponseWriter, status int) {
	send(w, status, "text/plain; charset=utf-8", []byte(http.StatusText(status)+"\n"))
}
