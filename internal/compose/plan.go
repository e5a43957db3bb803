package compose

import (
	"fmt"

	"article14/locales"
	"article14/mailer"
)

// plan is what a skeleton's key asks of everybody's values: the languages, the
// sources, and the names of their slots.
type plan struct {
	languages []*locales.Localizer
	sources   []sourcePlan
	marked    bool                // a source's data serve for the notice alone
	narrow    bool                // those of all of them do
	names     map[string][]string // of slots in each language, by the name without it
}

// sourcePlan has the names of a source's slots.
type sourcePlan struct {
	key, page, unknown string
	obtained           string // without its language
}

// planFor makes the plan of a key once.
func (c *Composer) planFor(key mailer.SkeletonKey) (*plan, error) {
	return c.plans.Get(key, func() (*plan, error) {
		p := &plan{narrow: mailer.FormDoubt(key.Form) != mailer.DoubtNone, names: map[string][]string{}}
		for _, code := range languagesOf(key) {
			say := c.locales.For(code)
			if say == nil {
				return nil, fmt.Errorf("compose: there are no texts in %q (docs/rules.md L2)", code)
			}
			p.languages = append(p.languages, say)
		}
		for _, s := range mailer.FormSources(key.Form) {
			source := sourcePlan{key: s.Key, page: "page." + s.Key, unknown: "obtained_unknown." + s.Key, obtained: "obtained." + s.Key}
			p.sources = append(p.sources, source)
			p.marked = p.marked || s.Doubt != mailer.DoubtNone
			p.addSlot(source.obtained)
		}
		for _, name := range localSlots {
			p.addSlot(name)
		}
		return p, nil
	})
}

// addSlot writes down what a slot is called in each language.
func (p *plan) addSlot(slot string) {
	for _, l := range p.languages {
		p.names[slot] = append(p.names[slot], slot+"."+l.Code())
	}
}
