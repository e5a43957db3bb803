package postgres

import (
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/track"
)

// traces are values of a person that all that came back, was printed or was said about
// them has left in the tables: their name, address, letter box and number, and a word that
// stands in what others wrote.
var traces = []string{"Person 1", "person1@", "High Street", "+3319900120", "Zebulon", "elsewhere.example"}

// TestOfSomebodyWhoIsErasedNothingStandsInAnyTable has a person told by mail, letter and
// telephone; each comes back but for the last. They write back, and are taken for somebody
// unknown at first. A report comes that nobody understands. Then they are erased.
func TestOfSomebodyWhoIsErasedNothingStandsInAnyTable(t *testing.T) { // R5, T4, invariant 6
	h := newHouse(t)
	p, d, box := newPostIn(h), newDesk(h), newLetterbox(h)
	d.Allowed = p.Allowed
	who := p.reached(1, noon.Add(day), address, postal, phone)[0]
	c := p.release("first")

	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Relayed, noon, a)
	d.take(track.Report{}, a.DeliveryID, "nobody understands what Zebulon writes")
	bounce := failed("person1@example.org", "5.1.1")
	bounce.Recipients[0].Diagnostic = "550 5.1.1 Zebulon has left, says Person 1"
	equal(t, "the mail", d.take(bounce, a.DeliveryID, "a report, says Zebulon").Duty, mailer.DutyFailed)

	p.placeAll(c, true)
	var out tray
	p.posted(p.batch(&out))
	fate, err := p.Returned(p.ctx, out.names[0], mailer.ReturnUnknown, today(p.at), "ann")
	must(t, err)
	equal(t, "the letter", fate.Duty, mailer.DutyFailed)

	p.placeAll(c, true)
	_, err = p.calls().Log(p.ctx, byhand.CallLog{ContactID: who, On: p.at, Result: byhand.CallTold, By: "ann", Note: "Zebulon took the call"})
	must(t, err)
	equal(t, "the call", h.dutyOf(who), mailer.DutyMet)

	done := box.write(a.DeliveryID, "Zebulon asks who you are?")
	must(t, box.Close(h.ctx, done.ID, track.EndAnswered, "ann", "told Zebulon"))
	box.write(a.DeliveryID, "I, Zebulon, want to see my data, I do")
	linked, err := box.Link(h.ctx, box.stranger("Zebulon again, who are you?"), who, "ann")
	must(t, err)
	equal(t, "whose it is", linked.ContactID, who)

	for _, table := range []string{"attempt", "outcome", "report", "report_raw", "answer", "answer_text", "identifier", "contact"} {
		if n := h.holding(table, traces); n == 0 {
			t.Errorf("%s holds nothing of them: the test looks for too little", table)
		}
	}
	must(t, h.eraser(p.at).Erase(h.ctx, who, "ann", "asked"))
	for _, value := range traces {
		if places := h.find(value); len(places) > 0 {
			t.Errorf("%s still stands in %v", value, places)
		}
	}

	// What comes behind that is on record as having come, and says nothing.
	before := h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, who)
	d.take(bounce, a.DeliveryID, "another, says Zebulon")
	d.take(track.Report{}, a.DeliveryID, "and again nobody understands Zebulon")
	equal(t, "reports on record", h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, who)-before, 2)
	if places := h.find("Zebulon"); len(places) > 0 {
		t.Errorf("what came later stands in %v", places)
	}
	h.audited()
}

// holding is how many rows of a table hold one of some values.
func (h *house) holding(table string, values []string) (n int64) {
	for _, v := range values {
		for _, place := range h.find(v) {
			if place == table {
				n++
			}
		}
	}
	return n
}

// stranger brings an answer of which it is not known whose it is.
func (p *letterbox) stranger(text string) mailer.ID {
	p.t.Helper()
	fate, _, err := p.desk(track.Report{SentTo: []string{"privacy@acme.example"}, Said: track.Said{From: "zebulon@elsewhere.example", Subject: "Zebulon", Text: text}}).Judge(p.ctx,
		track.Incoming{Door: track.DoorIMAP, Raw: []byte("raw " + text)})
	must(p.t, err)
	equal(p.t, "whose it is", fate.Answer.ContactID, mailer.ID{})
	return fate.Answer.ID
}

// TestOfWhatNobodyCouldMatchNothingStaysBeyondItsTime has words of people whom nobody
// knows: no erasure reaches them, so that all of it has an end of its own.
func TestOfWhatNobodyCouldMatchNothingStaysBeyondItsTime(t *testing.T) { // T4
	h := newHouse(t)
	h.people(1, noon.Add(day))
	d, box := newDesk(h), newLetterbox(h)
	ids := []mailer.ID{box.stranger("STOP, says Zebulon"), box.stranger("Who are you, asks Zebulon?")}
	must(t, box.Close(h.ctx, ids[0], track.EndNothing, "ann", "Zebulon is nobody we know"))
	d.take(track.Report{}, mailer.NewID(noon), "nobody understands Zebulon")
	d.take(failed("zebulon@elsewhere.example", "5.1.1"), mailer.NewID(noon), "a report about Zebulon")
	forget := func(at time.Time) string {
		d.at, box.at = at, at
		_, err := d.Retry(h.ctx)
		must(t, err)
		must(t, d.Forget(h.ctx))
		must(t, box.Forget(h.ctx))
		return strings.Join(h.find("Zebulon"), " ")
	}
	equal(t, "at first", strings.Contains(forget(noon), "report_raw"), true)
	for at := noon; at.Before(noon.Add(29 * day)); at = at.Add(day) {
		forget(at)
	}
	equal(t, "parked, within their month", h.count(`SELECT count(*) FROM report_raw`), 4)
	equal(t, "behind it", forget(noon.Add(31*day)) != "", true)
	equal(t, "bytes of answers alone", h.count(`SELECT count(*) FROM report_raw`), 2)
	equal(t, "after a quarter", forget(noon.Add(93*day)), "answer answer_text")
	equal(t, "after a year", forget(noon.Add(366*day)), "")
	equal(t, "the items", h.count(`SELECT count(*) FROM answer`), 2)
	equal(t, "the reports", h.count(`SELECT count(*) FROM report_unmatched`), 2)
	h.audited()
}
