package compose

import (
	"errors"
	"fmt"
	"strings"

	"article14/internal/language"
	"article14/mailer"
)

// Public writes the whole notice of an activity for everybody, without anybody's values: what
// a doubtful reader finds at the company's own address, and what Article 14(5)(b) calls making
// the information public. It is drawn from the register in force, in the words of the notice, with
// every source that the register declares.
func (c *Composer) Public(reg *mailer.Register, activity, code string) (mailer.Page, error) {
	act, known := reg.Activity(activity)
	say := c.locales.For(code)
	switch {
	case !known:
		return mailer.Page{}, fmt.Errorf("compose: the register has no activity %q", activity)
	case say == nil:
		return mailer.Page{}, fmt.Errorf("compose: there are no texts in %q (docs/rules.md L2)", clip(code))
	}
	w := &writer{reg: reg, act: act, say: say, rights: mailer.RightsFor(act), part: partWhole, public: true}
	for _, s := range reg.Sources {
		w.sources = append(w.sources, doubted{s, mailer.DoubtNone})
	}
	w.doc.language, w.doc.dir = say.Code(), say.Dir()
	w.forEverybody()
	doc, err := w.finish()
	if err != nil {
		return mailer.Page{}, err
	}
	html := onPage.Replace(htmlPart(in(inPage, doc.blocks)))
	if strings.Contains(html, slotOpen) { // C8: a value of somebody's would stand there
		return mailer.Page{}, errors.New("compose: the public notice has a slot")
	}
	return mailer.Page{Language: doc.language, Dir: doc.dir, HTML: html,
		Title: w.text("public.title", values{"Activity": phrase(w.raw(act.Names, "the activity's name"))})}, errors.Join(w.errs...)
}

// onPage sets headings beneath the page's own: no layer stands between.
var onPage = strings.NewReplacer("<h3 ", "<h2 ", "</h3>", "</h2>")

// forEverybody is whole without a person: where that has a day, this has the rule by which it is found.
func (w *writer) forEverybody() {
	w.para("", w.text("public.opening", values{"Holding": w.in(w.act.Holding, "holding")}))
	w.controller()
	w.dpo()
	w.purposes()
	w.interests()
	w.data()
	w.publicOrigins()
	w.receivers()
	w.transfers()
	w.publicRetention()
	w.publicRights()
	w.publicComplaint()
	w.automated()
}

func (w *writer) publicOrigins() {
	w.heading("14.2.f", "source", "whole.source.title")
	w.para("", w.text("public.sources", nil))
	var lines []string
	for _, s := range w.sources {
		line := capital(w.text("source.line", values{"Source": phrase(w.in(s.Names, "source "+s.Key)),
			"Kind": w.text("source.kind."+string(s.Kind), nil), "Day": "", "Page": ""}))
		lines = append(lines, line+w.aboutSource(s.Source))
	}
	w.items("14.2.f", lines)
}

func (w *writer) publicRetention() {
	w.heading("14.2.a", "storage", "whole.storage.title")
	r := w.act.Retention
	switch {
	case !r.Period.IsZero():
		w.para("14.2.a", w.text("public.storage", values{"Period": w.period(r.Period)}))
	case r.After.IsZero():
		w.para("14.2.a", w.text("public.storage_event", values{"Event": phrase(w.in(r.Event, "retention event")), "Limit": w.period(r.Limit)}))
	default:
		w.para("14.2.a", w.text("public.storage_event_after", values{"Event": phrase(w.in(r.Event, "retention event")),
			"Period": w.period(r.After), "Limit": w.period(r.Limit)}))
	}
	w.para("", w.text("whole.storage.start", nil))
}

func (w *writer) publicRights() {
	c := w.reg.Controller
	w.heading("14.2.c", "rights", "whole.rights.title")
	w.para("", w.text("public.rights", values{"Contact": w.contact(c.Email, c.Phone)}))
	w.rightLines()
}

// publicComplaint names the controller's own authority: the reader's country is not known (R8).
func (w *writer) publicComplaint() {
	w.heading("14.2.e", "complaint", "whole.complaint.title")
	a, known := language.AuthorityFor(w.reg.Controller.Country, "")
	if !known {
		w.para("14.2.e", w.text("public.complaint_any", nil))
		return
	}
	where := w.lit(authorityName(a, w.say))
	if a.Address != "" {
		where += ", " + w.lit(a.Address)
	}
	if webAddress(a.Website) {
		where += ", " + w.siteLink(a.Website)
	}
	w.para("14.2.e", w.text("public.complaint", values{"Authority": where}))
}
