package compose

import (
	"slices"
	"strings"

	"article14/internal/calendar"
	"article14/mailer"
)

// notice writes a notice: the first layer, and the whole beneath it (docs/rules.md C4).
func (w *writer) notice() {
	c := w.reg.Controller
	w.doc.subject = w.plain("notice.subject", values{"Controller": c.Name, "Holding": w.raw(w.act.Holding, "holding")})
	w.part = partFirst
	w.greeting()
	w.whom()
	w.firstWhatAndWho()
	w.firstSource()
	w.firstWhy()
	w.firstRecipients()
	w.para("14.2.a", w.text("notice.first.storage", values{"Storage": w.storage()}))
	w.objection()
	w.firstChoices()
	w.whole()
}

// plain is a text without marks, for a subject.
func (w *writer) plain(key string, v values) string {
	for name, value := range v {
		if _, err := literal(value); err != nil {
			w.errs = append(w.errs, err)
		}
		v[name] = clean(value, maxText)
	}
	return w.text(key, v)
}

func (w *writer) greeting() {
	named := w.text("greeting.named", values{"Name": slot("name")})
	w.add(block{kind: paragraph, when: "name", places: inMail | inLetter, runs: w.runs(named)})
	w.add(block{kind: paragraph, when: "no_name", places: inMail | inLetter, runs: w.runs(w.text("greeting.unnamed", nil))})
}

// whom says whose details these are where no name does: in an office's mailbox, and
// at its desk, several people read it.
func (w *writer) whom() {
	w.add(block{kind: paragraph, when: "no_name", places: inMail, runs: w.runs(w.text("greeting.unnamed_whom", nil))})
	w.add(block{kind: paragraph, when: "no_name", places: inLetter, runs: w.runs(w.text("letter.unnamed_whom", nil))})
}

func (w *writer) firstWhatAndWho() {
	c := w.reg.Controller
	opening := "notice.first.opening_duty"
	if w.objectable() {
		opening = "notice.first.opening"
	}
	w.para("", w.text(opening, values{"Holding": w.in(w.act.Holding, "holding")}))
	if w.narrow() {
		w.para("", w.text("narrow.opening_"+doubtKeys[w.doubt], values{"Date": w.date("notice_only_end")}))
	} else {
		w.firstNewPurposes()
	}
	w.para("14.1.a", w.text("notice.first.who", values{"Name": w.lit(c.Name), "Address": w.lit(c.Address), "Contact": w.contact(c.Email, c.Phone)}))
	w.firstData()
}

// longSentence is the number of words from which a list of things is easier to
// read as bullets.
const longSentence = 20

func (w *writer) firstData() {
	kinds := w.categories()
	line := sentence(w.say.List(kinds))
	if len(wordsOf(line)) <= longSentence {
		w.para("14.1.d", w.text("notice.first.data", values{"List": line}))
		return
	}
	w.para("", w.text("notice.first.data_list", nil))
	w.items("14.1.d", kinds)
}

// categories are the kinds of data, as items of a list.
func (w *writer) categories() []string {
	var out []string
	for _, c := range w.act.Categories {
		out = append(out, phrase(w.in(c.Texts, "category "+c.Key)))
	}
	return out
}

func (w *writer) firstSource() {
	lines := make([]string, 0, len(w.sources))
	for _, s := range w.sources {
		lines = append(lines, capital(w.sourceLine(s)))
	}
	if len(lines) == 1 {
		w.para("14.2.f", w.text("notice.first.source", values{"Source": lines[0]}))
		return
	}
	w.para("", w.text("notice.first.sources", nil))
	w.items("14.2.f", lines)
}

// sourceLine says where data came from, on what page and on what day.
func (w *writer) sourceLine(s doubted) string {
	obtained, page := w.local("obtained."+s.Key), "page."+s.Key
	day := w.text("source.day", values{"Date": slot(obtained)})
	at := " " + w.text("source.page", values{"Page": slot(page)})
	line := w.text("source.line", values{
		"Source": phrase(w.in(s.Names, "source "+s.Key)), "Kind": w.text("source.kind."+string(s.Kind), nil),
		"Day": optional(obtained, day), "Page": optional(page, at),
	})
	line += optional("obtained_unknown."+s.Key, " "+w.text("source.no_day", nil))
	if s.doubt == mailer.DoubtNone || w.narrow() {
		return line
	}
	return line + " " + w.text("narrow.source_"+doubtKeys[s.doubt], nil) + " " + w.text("narrow.source_end", values{"Date": w.date("notice_only_end")})
}

func (w *writer) firstWhy() {
	if w.narrow() {
		w.para("14.1.c", w.text("narrow.why", values{"Activity": phrase(w.in(w.act.Names, "name")), "Ground": w.basis(mailer.LegalObligation)}))
		return
	}
	var grounds []string
	seen := map[mailer.Basis]bool{}
	for _, p := range w.act.Purposes {
		if !seen[p.Basis] {
			seen[p.Basis] = true
			grounds = append(grounds, w.basis(p.Basis))
		}
	}
	list, err := w.say.Plural("notice.first.grounds", len(grounds), map[string]any{"List": w.say.List(grounds)})
	if err != nil {
		w.errs = append(w.errs, err)
	}
	w.para("14.1.c", w.text("notice.first.why", values{"Summary": sentence(w.in(w.act.Summary, "summary")), "Grounds": list}))
}

// firstNewPurposes names each use that is the reason for this notice: without it,
// somebody who was told before reads the same again and finds nothing new (Art. 14(4)).
func (w *writer) firstNewPurposes() {
	for _, p := range w.act.Purposes {
		w.paraWhen(newPurposeSlot+p.Key, w.text("notice.first.new_purpose", values{"Purpose": w.purpose(p), "Starts": w.starts(p)}))
	}
}

// purpose is what a purpose says, as a sentence.
func (w *writer) purpose(p mailer.Purpose) string {
	return sentence(w.in(p.Texts, "purpose "+p.Key))
}

// starts says from when a purpose's use is, "" where the register gives no day.
func (w *writer) starts(p mailer.Purpose) string {
	if p.Starts == nil {
		return ""
	}
	return w.text("whole.purposes.starts", values{"Date": w.day(*p.Starts)})
}

// basisKeys name the texts of the legal bases of Art. 6(1).
var basisKeys = map[mailer.Basis]string{
	mailer.Consent: "consent", mailer.Contract: "contract", mailer.LegalObligation: "legal_obligation",
	mailer.VitalInterests: "vital_interests", mailer.PublicTask: "public_task", mailer.LegitimateInterest: "legitimate_interest",
}

func (w *writer) basis(b mailer.Basis) string {
	key, known := basisKeys[b]
	if !known {
		w.fail("%q is no legal basis of Article 6(1)", b)
		return ""
	}
	return w.text("basis."+key, nil)
}

// firstRecipients says who; what industry, sector and place they are of stands in
// the whole notice (docs/rules.md C6).
func (w *writer) firstRecipients() {
	who := w.recipients(false)
	if w.narrow() {
		w.para("14.1.e", w.text("narrow.recipients", nil))
		return
	}
	switch len(who) {
	case 0:
	case 1:
		w.para("14.1.e", w.text("notice.first.recipients", values{"Recipients": who[0]}))
	default:
		w.para("", w.text("notice.first.recipients_list", nil))
		w.items("14.1.e", who)
	}
}

// recipients are named, or described by activity and, in whole, by industry,
// sector and place (docs/rules.md C6), each with what they do.
func (w *writer) recipients(whole bool) []string {
	var out []string
	for _, r := range w.act.Recipients {
		who := w.lit(r.Name)
		if who == "" && !whole {
			who = phrase(w.in(r.Activity, "a recipient's activity"))
		}
		if who == "" {
			who = w.text("whole.recipients.described", values{
				"Activity": phrase(w.in(r.Activity, "a recipient's activity")), "Industry": phrase(w.in(r.Industry, "a recipient's industry")),
				"Sector": phrase(w.in(r.Sector, "a recipient's sector")), "Place": phrase(w.in(r.Place, "a recipient's place")),
			})
		}
		if len(r.Role) > 0 {
			who = w.text("whole.recipients.role", values{"Who": who, "Role": phrase(w.in(r.Role, "a recipient's role"))})
		}
		out = append(out, sentence(who))
	}
	return out
}

// storage says until when data are kept (14(2)(a), T1, T1b, T2).
func (w *writer) storage() string {
	return strings.TrimSpace(w.storageEnd() + " " + w.storagePart())
}

// storagePart is the day on which goes what serves for the notice alone, where the
// rest stays longer (S4); "" elsewhere.
func (w *writer) storagePart() string {
	marked := slices.ContainsFunc(w.sources, func(s doubted) bool { return s.doubt != mailer.DoubtNone })
	if w.narrow() || !marked {
		return ""
	}
	return w.text("narrow.storage_part", values{"Date": w.date("notice_only_end")})
}

func (w *writer) storageEnd() string {
	end := w.date("retention_end")
	r := w.act.Retention
	if !r.Period.IsZero() || w.narrow() {
		return w.text("storage.until", values{"Date": end})
	}
	event := phrase(w.in(r.Event, "retention event"))
	if r.After.IsZero() {
		return w.text("storage.event", values{"Event": event, "Date": end})
	}
	return w.text("storage.event_after", values{"Event": event, "Period": w.period(r.After), "Date": end})
}

func (w *writer) period(p calendar.Period) string {
	s, err := w.say.Period(p)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return s
}

// objectable tells whether R10 gives a right to object.
func (w *writer) objectable() bool {
	for _, r := range w.rights {
		if r.Right == mailer.RightObjection {
			return true
		}
	}
	return false
}

// objection stands in a block of its own (Art. 21(4), docs/rules.md C5). The portal has
// a form in its place, and a letter the ways that need no link.
func (w *writer) objection() {
	if !w.objectable() {
		return
	}
	w.part = partObjection
	what := "objection.explain"
	if w.narrow() {
		what = "narrow.objection"
	}
	explain := "**" + w.text("objection.heading", nil) + "** " + w.text(what, nil)
	w.add(block{kind: callout, places: inMail, children: []block{
		{kind: paragraph, runs: w.runs(explain)},
		{kind: button, runs: w.runs(link(w.text("objection.button", nil), slot("object_url")))},
	}})
	w.objectionOnPaper(explain)
	w.part = partFirst
}

func (w *writer) firstChoices() {
	c, m := w.reg.Controller, w.reg.Controller.Mail
	choices := link(w.text("notice.first.rights_label", nil), slot("choices_url"))
	w.add(block{kind: paragraph, places: inMail, runs: w.runs(w.text("notice.first.rights", values{"Link": choices}))})
	w.paper("letter.rights", values{})
	w.para("14.2.e", w.text("notice.first.complaint", values{"Authority": w.date("authority") + w.authoritySite()}))
	genuine := w.text("notice.first.genuine", values{"Site": w.lit(m.ShownAs), "Code": slot("code"), "Contact": w.contact(c.Email, c.Phone)})
	w.add(block{kind: paragraph, places: inMail, runs: w.runs(genuine)})
	w.paper("letter.genuine", values{})
}

// authority is the supervisory authority of the person's country (docs/rules.md R8).
func (w *writer) authority() string {
	return w.date("authority") + optional("authority_address", ", "+slot("authority_address")) + w.authoritySite()
}

// authoritySite is where complaints are taken; the first layer does without the
// postal address, which the whole notice has.
func (w *writer) authoritySite() string {
	return optional(authoritySite, ", "+link(slot(authoritySite), slot(authoritySite)))
}
