package complete

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"article14/mailer"
)

// neededLanguages are those that the register uses and notices can be written in.
func neededLanguages(reg *mailer.Register, offered []string) []string {
	used := reg.LanguagesUsed()
	if offered == nil {
		return used
	}
	return slices.DeleteFunc(used, func(l string) bool { return !slices.Contains(offered, l) })
}

func (c *registerCheck) languages(offered []string) {
	for _, l := range c.reg.LanguagesUsed() {
		if !slices.Contains(c.needed, l) {
			c.warn("L2", "L2", "activities", "there are texts in %s, but notices cannot be written in it; those that can are %s",
				l, strings.Join(offered, ", "))
		}
	}
	for i, l := range c.reg.Languages.UnknownCountry {
		if !slices.Contains(c.needed, l) {
			c.find("L1", "L1", fmt.Sprintf("languages.unknown_country[%d]", i),
				"people whose country is unknown would be written to in %s, but no notice can be; name a language that the texts are in", l)
		}
	}
}

// text wants a text, in every language, in plain words.
func (c *registerCheck) text(path, key string, t mailer.Texts, what string) {
	if !there(t) {
		c.find(key, "C1", path, "%s is missing; write it%s", what, inLanguages(c.needed))
		return
	}
	c.ifThere(path, key, t, what)
}

// ifThere checks a text that need not be there.
func (c *registerCheck) ifThere(path, key string, t mailer.Texts, what string) {
	if !there(t) {
		return
	}
	for _, l := range c.needed {
		if _, ok := t.In(l); !ok {
			c.find(key, "L4", path, "%s is missing in %s; translate it", what, l)
			c.last().Language = l
		}
	}
	for _, l := range sortedLanguages(t) {
		c.refused(path+"."+l, key, l, t[l])
		c.doubt(path+"."+l, key, l, t[l])
	}
}

func (c *registerCheck) last() *Finding { return &c.findings[len(c.findings)-1] }

func sortedLanguages(t mailer.Texts) []string { return slices.Sorted(maps.Keys(t)) }

func there(t mailer.Texts) bool {
	for _, text := range t {
		if strings.TrimSpace(text) != "" {
			return true
		}
	}
	return false
}

func inLanguages(languages []string) string {
	if len(languages) == 0 {
		return ""
	}
	return " in " + strings.Join(languages, ", ")
}
