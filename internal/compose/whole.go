package compose

import "article14/mailer"

// whole writes the whole notice: a numbered heading with an anchor for each
// element that there is, in the order of model notices.
func (w *writer) whole() {
	w.part = partWhole
	w.add(block{kind: rule, places: inMail | inLetter})
	w.add(block{kind: title, anchor: w.say.Code() + "-whole", runs: w.runs(w.text("whole.title", nil))})
	address := link(w.text("whole.address_label", nil), slot("notice_url"))
	w.add(block{kind: paragraph, places: inMail, runs: w.runs(w.text("whole.address", values{"Link": address}))})
	w.paper("letter.address", values{})
	w.controller()
	w.dpo()
	w.purposes()
	w.interests()
	w.data()
	w.origins()
	w.receivers()
	w.transfers()
	w.retention()
	w.rightsSection()
	w.complaint()
	w.automated()
	w.thisNotice()
}

func (w *writer) controller() {
	c := w.reg.Controller
	w.heading("14.1.a", "controller", "whole.controller.title")
	w.para("14.1.a", w.text("whole.controller.who", values{"Name": w.lit(c.Name), "Address": w.lit(c.Address), "Contact": w.contact(c.Email, c.Phone)}))
	if r := c.Representative; r != nil {
		w.para("14.1.a", w.text("whole.controller.representative", values{
			"Name": w.lit(r.Name), "Address": w.lit(r.Address), "Contact": w.contact(r.Email, r.Phone)}))
	}
}

func (w *writer) dpo() {
	d := w.reg.Controller.DPO
	if d == nil {
		return
	}
	w.heading("14.1.b", "dpo", "whole.dpo.title")
	contact := w.contact(d.Email, d.Phone)
	who := w.lit(d.Name)
	if d.Address != "" && who != "" {
		who += ", "
	}
	if who += w.lit(d.Address); who == "" {
		w.para("14.1.b", w.text("whole.dpo.text_contact", values{"Contact": contact}))
		return
	}
	w.para("14.1.b", w.text("whole.dpo.text", values{"Who": phrase(who), "Contact": contact}))
}

// purposes has a line for each purpose with its own basis (docs/rules.md C3).
func (w *writer) purposes() {
	w.heading("14.1.c", "purposes", "whole.purposes.title")
	if w.narrow() {
		w.plannedPurposes()
		return
	}
	var lines []string
	for _, p := range w.act.Purposes {
		line := w.text("whole.purposes.line", values{"Purpose": w.purpose(p), "Basis": w.basis(p.Basis)})
		if p.Starts != nil {
			line += " " + w.starts(p)
		}
		lines = append(lines, line+w.newPurpose(p))
	}
	w.items("14.1.c", lines)
}

// newPurpose marks a use of which a person is told for the first time (Art. 14(4)).
func (w *writer) newPurpose(p mailer.Purpose) string {
	if w.public {
		return ""
	}
	return optional(newPurposeSlot+p.Key, " "+w.text("whole.purposes.new", nil))
}

// plannedPurposes says what the data serve for now, and what they were collected
// for and are not used for (docs/rules.md S4).
func (w *writer) plannedPurposes() {
	w.para("14.1.c", w.text("narrow.purpose", values{"Ground": w.basis(mailer.LegalObligation)}))
	w.para("", w.text("narrow.planned", nil))
	var lines []string
	for _, p := range w.act.Purposes {
		lines = append(lines, w.text("narrow.planned_line", values{"Purpose": w.purpose(p), "Basis": w.basis(p.Basis)})+w.newPurpose(p))
	}
	w.items("14.1.c", lines)
}

// interests has a line for each purpose that rests on Art. 6(1)(f) (docs/rules.md C2).
func (w *writer) interests() {
	var lines []string
	for _, p := range w.act.Purposes {
		if p.Basis != mailer.LegitimateInterest {
			continue
		}
		line := w.text("whole.interest.line", values{"Interest": sentence(w.in(p.Interest, "the interest of purpose "+p.Key))})
		if b := p.Balancing; b != nil && !b.Date.IsZero() {
			line += " " + w.text("whole.interest.balanced", values{"Date": w.day(b.Date), "Reference": w.lit(b.Reference)})
		}
		lines = append(lines, line)
	}
	title := "whole.interest.title"
	if w.narrow() {
		title = "narrow.interest_title"
	}
	if lines != nil {
		w.heading("14.2.b", "interest", title)
		w.items("14.2.b", lines)
	}
}

func (w *writer) data() {
	w.heading("14.1.d", "data", "whole.data.title")
	w.para("", w.text("whole.data.intro", nil))
	w.items("14.1.d", w.categories())
}

// origins has a line for each acquisition: source, page, day, how, public or
// not (docs/rules.md S1, S3).
func (w *writer) origins() {
	w.heading("14.2.f", "source", "whole.source.title")
	var lines []string
	for _, s := range w.sources {
		line := capital(w.sourceLine(s)) + w.aboutSource(s.Source)
		if w.narrow() {
			line += " " + w.text("narrow.source_"+doubtKeys[s.doubt], nil)
		}
		lines = append(lines, line)
	}
	w.items("14.2.f", lines)
}

// aboutSource says where a source is, how data are taken from it, and who can see it.
func (w *writer) aboutSource(s mailer.Source) (line string) {
	if s.URL != "" {
		line += " " + w.text("whole.source.address", values{"URL": w.siteLink(s.URL)})
	}
	if len(s.Method) > 0 {
		line += " " + sentence(w.in(s.Method, "the method of source "+s.Key))
	}
	public := "whole.source.not_public"
	if s.Public {
		public = "whole.source.public"
	}
	return line + " " + w.text(public, nil)
}

func (w *writer) receivers() {
	who := w.recipients(true)
	if len(who) == 0 && !w.narrow() {
		return
	}
	w.heading("14.1.e", "recipients", "whole.recipients.title")
	if w.narrow() {
		w.para("14.1.e", w.text("narrow.recipients_now", nil))
	}
	if len(who) == 0 {
		return
	}
	if w.narrow() {
		w.para("", w.text("narrow.recipients_before", nil))
	}
	w.items("14.1.e", who)
}

// transfers names mechanism, country and where to read the safeguard (docs/rules.md C2).
func (w *writer) transfers() {
	if len(w.act.Transfers) == 0 {
		return
	}
	w.heading("14.1.f", "transfers", "whole.transfers.title")
	var lines []string
	for _, t := range w.act.Transfers {
		country := w.say.Country(t.Country)
		if country == "" {
			w.fail("a transfer's country %q is no ISO 3166-1 code", t.Country)
		}
		safeguard := w.text("whole.transfers.by."+string(t.Mechanism), nil)
		if t.Mechanism != mailer.Adequacy {
			safeguard = w.text("whole.transfers.none", nil) + " " + safeguard
		}
		copyAt := ""
		if t.Link != "" {
			copyAt = w.text("whole.transfers.copy", values{"Link": w.siteLink(t.Link)})
		}
		lines = append(lines, w.text("whole.transfers.line", values{
			"To": w.lit(t.To), "Country": w.lit(country), "Safeguard": safeguard, "Copy": copyAt}))
	}
	w.items("14.1.f", lines)
}

func (w *writer) retention() {
	w.heading("14.2.a", "storage", "whole.storage.title")
	w.para("14.2.a", w.storage())
	if w.narrow() {
		w.para("", w.text("narrow.storage", values{"Period": w.period(mailer.NoticeOnlyPeriod)}))
		return
	}
	w.paraWhen("start_known", w.text("whole.storage.start", nil))
	w.paraWhen("start_unknown", w.text("whole.storage.start_unknown", nil))
}

// rightsSection has a sentence for each right that R10 gives, with its limits,
// and how to use them. Complaint has a section of its own.
func (w *writer) rightsSection() {
	c := w.reg.Controller
	w.heading("14.2.c", "rights", "whole.rights.title")
	contact := w.contact(c.Email, c.Phone)
	choices := link(w.text("whole.rights.how_label", nil), slot("choices_url"))
	how := w.text("whole.rights.how", values{"Link": choices, "Contact": contact})
	w.add(block{kind: paragraph, places: inMail, runs: w.runs(how)})
	w.paper("letter.how", values{"Contact": contact})
	how = w.text("whole.rights.how_page", values{"Contact": contact})
	w.add(block{kind: paragraph, places: inPage, runs: w.runs(how)})
	w.rightLines()
}

// rightLines has a sentence for each right that R10 gives, but for complaint.
func (w *writer) rightLines() {
	var lines, objection, withdrawal []string
	for _, r := range w.rights {
		switch {
		case r.Right == mailer.RightComplaint:
		case r.Right == mailer.RightObjection && w.narrow(): // to whichever use, with the same effect
			objection = append(objection[:0], w.text("narrow.right_objection", nil))
		case r.Right == mailer.RightObjection && r.Absolute:
			lines = append(lines, w.text("whole.rights.objection_marketing", nil))
		case r.Right == mailer.RightWithdrawal:
			withdrawal = append(withdrawal, w.text("whole.rights.withdrawal", nil))
		default:
			lines = append(lines, w.text("whole.rights."+string(r.Right), nil))
		}
	}
	w.items("14.2.c", append(lines, objection...))
	if withdrawal != nil {
		w.items("14.2.d", withdrawal)
	}
	w.para("", w.text("whole.rights.passed_on", nil))
}

func (w *writer) complaint() {
	w.heading("14.2.e", "complaint", "whole.complaint.title")
	w.para("14.2.e", w.text("whole.complaint.text", values{"Authority": w.authority()}))
}

func (w *writer) automated() {
	a := w.act.Automated
	if a == nil || w.narrow() {
		return
	}
	w.heading("14.2.g", "automated", "whole.automated.title")
	w.para("", w.text("whole.automated.text", nil))
	w.items("14.2.g", []string{
		w.text("whole.automated.logic", values{"Text": sentence(w.in(a.Logic, "the logic of the decisions"))}),
		w.text("whole.automated.significance", values{"Text": sentence(w.in(a.Significance, "the significance of the decisions"))}),
		w.text("whole.automated.consequences", values{"Text": sentence(w.in(a.Consequences, "the consequences of the decisions"))}),
	})
	w.para("", w.text("whole.automated.human", nil))
}

// thisNotice says when and why now, and that it is late where it is: lateness is
// never hidden (docs/rules.md D7).
func (w *writer) thisNotice() {
	w.heading("", "notice", "whole.this.title")
	w.para("", w.text("whole.this.version", values{"Date": w.date("date"), "Version": slot(versionSlot)}))
	w.paraWhen("why_month", w.text("whole.this.why_now", nil))
	w.paraWhen("why_purpose", w.text("whole.this.why_now_purpose", nil))
	w.paraWhen(w.local("deadline"), w.text("whole.this.deadline", values{"Date": w.date("deadline")}))
	apology := ""
	if len(w.act.LateApology) > 0 {
		apology = " " + sentence(w.in(w.act.LateApology, "late_apology"))
	}
	due := w.local("due_date")
	w.paraWhen(due, w.text("whole.this.late", values{"Date": slot(due)})+apology)
	w.paraWhen("late_unknown", w.text("whole.this.late_unknown", nil)+apology)
}
