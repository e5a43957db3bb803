package compose

import (
	"maps"

	"article14/mailer"
)

// paper adds a paragraph that only a letter has. It has the address of the page to be
// typed, and the code: on paper nothing can be pressed, and the links of a mail are too
// long to type.
func (w *writer) paper(key string, v values) {
	maps.Copy(v, w.typed())
	w.add(block{kind: paragraph, places: inLetter, runs: w.runs(w.text(key, v))})
}

func (w *writer) typed() values {
	return values{"Site": w.lit(w.reg.Controller.Mail.ShownAs), "Code": "**" + slot("code") + "**"}
}

// objectionOnPaper is the block of its own (Art. 21(4), docs/rules.md C5) with each way
// to object that needs no link, and a slip to cut out: naming the code is enough, and
// nobody needs to sign or to give a reason.
func (w *writer) objectionOnPaper(explain string) {
	c := w.reg.Controller
	v := w.typed()
	v["Button"] = w.text("page.objection.button", nil)
	ways := []string{w.text("letter.objection.web", v)}
	if c.Email != "" {
		v["Email"] = w.mailLink(c.Email)
		ways = append(ways, w.text("letter.objection.email", v))
	}
	v["Name"], v["Address"] = w.lit(c.Name), w.lit(c.Address)
	ways = append(ways, w.text("letter.objection.post", v))
	list := block{kind: list}
	for _, way := range ways {
		list.items = append(list.items, w.runs(way))
	}
	w.add(block{kind: callout, places: inLetter, children: []block{
		{kind: paragraph, runs: w.runs(explain + " " + w.text("letter.objection.ways", nil))},
		list,
		{kind: slip, runs: w.runs(w.text("letter.objection.slip", v))},
	}})
}

// letterOf writes the letter of a notice from its documents, in the order in which a
// mail has them.
func (c *Composer) letterOf(s *skeleton, docs []document, reg *mailer.Register) error {
	say := c.locales.For(docs[0].language)
	w := &writer{reg: reg, say: say}
	top, err := c.top(docs)
	if err != nil {
		return err
	}
	l := &letterText{
		Sender:    letterSender{clean(reg.Controller.Name, maxText), clean(reg.Controller.Address, maxText), reg.Controller.Country},
		Subject:   w.lit(subjectLine(docs)),
		Date:      w.text("letter.date", values{"Date": w.date("date")}),
		Reference: w.text("letter.reference", w.typed()),
		Pages:     w.text("letter.pages", nil),
	}
	mark := w.text("mail.test_mark", nil)
	l.Subject = optional(testSlot, escapeMarks.Replace(mark)+" ") + l.Subject
	l.Parts = append(l.Parts, letterPart{docs[0].language, docs[0].dir, storedBlocks(top)})
	for _, d := range layers(docs) {
		l.Parts = append(l.Parts, letterPart{d.language, d.dir, storedBlocks(in(inLetter, d.blocks))})
	}
	s.Letter = l
	_, err = w.finish()
	return err
}
