package complete

import (
	"strings"

	"article14/internal/plain"
	"article14/mailer"
)

// refused finds phrases that stand where a fact should (P3). None can be waived.
func (c *registerCheck) refused(path, key, lang, text string) {
	for _, f := range plain.Refused(lang, text) {
		c.find(key, "P3", path, "%q is refused: %s", f.Text, f.Why)
		c.last().Language = lang
	}
}

// doubt finds words of doubt about the controller's own acts (P1). What a person
// has waived is shown still, with the reason.
func (c *registerCheck) doubt(path, key, lang, text string) {
	for _, f := range plain.Doubt(lang, text) {
		if w, ok := c.reg.Waived(text, f); ok {
			c.warn(key, "P1", path, "%q stands, because: %s", f.Text, w.Reason)
		} else {
			c.find(key, "P1", path, "%q is a word of doubt: %s; or waive it with a reason under waivers", f.Text, f.Why)
		}
		c.last().Language = lang
	}
}

// generic refuses names of sources that name nobody (S2), unless the reason why
// the data cannot be attributed is on record (S3).
func (c *registerCheck) generic(at string, s mailer.Source) {
	const key = "14.2.f"
	for _, lang := range sortedLanguages(s.Names) {
		if !plain.GenericSource(s.Names[lang]) {
			continue
		}
		path := at + "." + lang
		if strings.TrimSpace(s.Unnamed) == "" {
			c.find(key, "S2", path, "%q names nobody; write the source's own name, or under unnamed why the data cannot be attributed to one", s.Names[lang])
		} else {
			c.warn(key, "S3", path, "%q stands for a source that cannot be named; effort is no reason for that (WP260 para 60)", s.Names[lang])
		}
		c.last().Language = lang
	}
}

// named refuses recipients' names that name nobody (C6). A name is in no
// language, so every language's phrases are looked for.
func (c *registerCheck) named(path, name string) {
	for _, lang := range c.needed {
		for _, f := range plain.Refused(lang, name) {
			c.find("14.1.e", "C6", path, "%q names nobody: %s", f.Text, f.Why)
			return
		}
	}
}
