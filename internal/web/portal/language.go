package portal

import (
	"net/http"
	"slices"

	tags "golang.org/x/text/language"

	"article14/internal/language"
	"article14/locales"
)

// wanted is the language that the reader chose by a link; "" if none.
func wanted(r *http.Request) string { return r.URL.Query().Get("l") }

// languageChoice finds the language of pages that no token opened.
type languageChoice struct {
	bundle  *locales.Bundle
	codes   []string
	matcher tags.Matcher
}

func newLanguageChoice(b *locales.Bundle) *languageChoice {
	c := &languageChoice{bundle: b, codes: b.Languages()}
	offered := []tags.Tag{tags.Und} // the first is what a matcher falls back to
	for _, code := range c.codes {
		offered = append(offered, tags.Make(code))
	}
	c.matcher = tags.NewMatcher(offered)
	return c
}

// of is the language for a request: ?l=, then Accept-Language, then that of the
// controller's country. English comes last, for there must be a page.
func (c *languageChoice) of(r *http.Request, country string) *locales.Localizer {
	if words := c.bundle.For(wanted(r)); words != nil {
		return words
	}
	accepted, _, err := tags.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if _, i, _ := c.matcher.Match(accepted...); err == nil && i > 0 {
		return c.bundle.For(c.codes[i-1])
	}
	there := func(code string) bool { return slices.Contains(c.codes, code) }
	if choice, err := language.Choose(language.Input{Country: country}, there); err == nil {
		for _, code := range choice.Languages {
			if words := c.bundle.For(code); words != nil {
				return words
			}
		}
	}
	return c.bundle.For("en")
}
