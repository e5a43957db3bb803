package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"article14/mailer"
	"article14/mailer/rights"
)

// maxProse is of a paragraph of the team's; the whole is no longer.
const maxProse = mailer.MostText

// needed is what a document cannot do without.
type needed uint16

const (
	needAt needed = 1 << iota
	needDue
	needFirstDue
	needKind
	needGround
	needText
)

// needs of documents: a mail with a hole in it is refused where it is planned (C8).
var needs = map[mailer.Document]needed{
	mailer.DocCode: 0, mailer.DocObjectLink: 0,
	mailer.DocObjectionReceipt: needAt, mailer.DocTakebackReceipt: needAt, mailer.DocErasureReceipt: needAt,
	mailer.DocAccessReceipt: needAt | needDue, mailer.DocWeighingReceipt: needAt | needDue,
	mailer.DocRequestReceipt: needKind | needAt | needDue,
	mailer.DocExtension:      needKind | needAt | needFirstDue | needDue | needText,
	mailer.DocAnswer:         needKind | needAt | needText,
	mailer.DocRefusal:        needKind | needAt | needGround | needText,
	mailer.DocRestrictionEnd: needAt | needText,
}

// correspondence draws the values of what goes to a person about their rights. A receipt
// of a notice's own content was planned without a matter: its delivery's instant is that
// of what it confirms.
func (d *drawing) correspondence() error {
	m := d.in.Matter
	if m == nil {
		return d.receipt()
	}
	need, known := needs[d.in.Key.Document]
	if !known {
		return fmt.Errorf("compose: there is no document %q", d.in.Key.Document)
	}
	for _, of := range []struct {
		need  needed
		there bool
		what  string
	}{
		{needAt, !m.At.IsZero(), "the instant of what it is about (Matter.At)"},
		{needDue, !m.Due.IsZero(), "the date of the answer (Matter.Due)"},
		{needFirstDue, !m.FirstDue.IsZero() && m.FirstDue.Before(m.Due), "the first date of the answer, before the new one (Matter.FirstDue)"},
		{needKind, slices.Contains(requestKinds, m.Kind), "what was asked (Matter.Kind)"},
		{needGround, slices.Contains(mailer.Grounds, m.Ground), "a ground that the law knows (Matter.Ground)"},
		{needText, len(readProse(m.Text)) > 0, "the reasons or the answer in the team's own words (Matter.Text)"},
	} {
		if need&of.need != 0 && !of.there {
			return fmt.Errorf("compose: the document %q needs %s", d.in.Key.Document, of.what)
		}
	}
	if n := utf8.RuneCountInString(m.Text); n > mailer.MostText {
		return fmt.Errorf("compose: the team's own words have %d characters, and a mail takes %d: shorten them", n, mailer.MostText)
	}
	if strings.Contains(m.Text, slotOpen) || strings.Contains(m.Text, slotClose) {
		return errSlotMark
	}
	return d.matter(*m)
}

// matter writes down what is there; what a document does not print is not put in.
func (d *drawing) matter(m mailer.Matter) error {
	need := needs[d.in.Key.Document]
	for _, date := range []struct {
		need needed
		slot string
		at   time.Time
	}{{needAt, "done", m.At}, {needDue, "answer_by", m.Due}, {needFirstDue, "first_due", m.FirstDue}} {
		if need&date.need != 0 {
			d.date(date.slot, date.at)
		}
	}
	if need&needKind != 0 {
		if err := d.asked(m.Kind); err != nil {
			return err
		}
	}
	if need&needGround != 0 {
		d.slots[groundSlot+string(m.Ground)] = on
	}
	if d.in.Key.Document == mailer.DocErasureReceipt {
		for _, kept := range m.Kept {
			if !slices.Contains(keptKinds, kept) {
				return fmt.Errorf("compose: %q is no reason to keep something after an erasure", clip(string(kept)))
			}
			d.slots[keptSlot+string(kept)] = on
		}
	}
	if len(readProse(m.Text)) > 0 && (need&needText != 0 || len(m.Kept) > 0) {
		d.slots[teamText] = m.Text
	}
	return nil
}

// asked is what a person asked for, in the words of every language.
func (d *drawing) asked(kind mailer.RequestKind) error {
	d.slots[kindSlot+string(kind)] = on
	for i, slot := range d.names["asked"] {
		text, err := d.languages[i].Text("correspondence.asked."+string(kind), nil)
		if err != nil {
			return fmt.Errorf("compose: %w", err)
		}
		d.slots[slot] = text
	}
	return nil
}

// receipt has the day of what it confirms, and the day of the answer.
func (d *drawing) receipt() error {
	if doc := d.in.Key.Document; doc != mailer.DocObjectionReceipt && doc != mailer.DocAccessReceipt {
		return fmt.Errorf("compose: the document %q needs to be told what it is about (SlotInput.Matter)", doc)
	}
	at := d.in.CreatedAt
	if at.IsZero() {
		return errors.New("compose: a receipt needs the instant of what it confirms (SlotInput.CreatedAt)")
	}
	d.date("done", at)
	if d.in.Key.Document == mailer.DocAccessReceipt {
		d.date("answer_by", rights.RequestDue(at, d.reg.Controller.Zone))
	}
	return nil
}

// grouped are six digits in two groups of three, with a blank that no line breaks at. It
// is "" for anything else, and then there is no mail.
func grouped(digits string) string {
	if len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	const noBreak = "\u00a0"
	return digits[:3] + noBreak + digits[3:]
}
