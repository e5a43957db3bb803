package postgres

import (
	"testing"
	"time"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/track"
)

// TestAReplyAddressThatNoKeyOfOursMadeProvesNothing has the author's address, which one
// person has, beside it: whoever forges one gets no second chance by something weaker.
func TestAReplyAddressThatNoKeyOfOursMadeProvesNothing(t *testing.T) { // R3, R4
	h, a := told(t)
	p := newLetterbox(h)
	from := p.known(1)
	forged, err := (mailer.Tokens{Keys: mailer.NewKeyring()}).AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
	must(t, err)
	ours, err := p.tokens.AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
	must(t, err)
	changed := []byte(ours)
	changed[len("a-")+3] ^= 'a' ^ 'b'
	for _, to := range []string{forged, string(changed)} {
		said := track.Report{MessageID: a.DeliveryID.String() + "@b.example", Said: track.Said{From: from, Text: "STOP"}}
		fate, _, err := p.desk(said).Judge(h.ctx, track.Incoming{Door: track.DoorPipe, SentTo: []string{to}, Raw: []byte(to)})
		must(t, err)
		equal(t, "it stands", inLine(fate.Answer.By, fate.Answer.No, fate.Answer.State, fate.Answer.ContactID.IsZero()), " unknown_person open true")
	}
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 0)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 0)
	equal(t, "mails in answer", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 0)
	equal(t, "objections by the address that is ours", p.write(a.DeliveryID, "STOP").No, track.NoRecorded)
	h.audited()
}

func TestAnAnswerToAReceiptIsTheirsAndGetsNoOther(t *testing.T) { // R5, RFC 3834
	h, a := told(t)
	p := newLetterbox(h)
	p.write(a.DeliveryID, "STOP")
	jobs := h.claim(10, noon)
	equal(t, "receipts", len(jobs), 1)
	receipt := h.begin(noon, jobs...)[0]
	h.settle(mailer.Relayed, noon, receipt)

	p.at = noon.Add(48 * time.Hour) // long after the day on which it gets one at most
	again := p.write(receipt.DeliveryID, "STOP")
	equal(t, "said to the receipt", inLine(again.ContactID == a.ContactID, again.By, again.No, again.State), "true reply recorded closed")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 1)

	asks := p.write(receipt.DeliveryID, "What data do you have about me?")
	equal(t, "asked below the receipt", inLine(asks.ContactID == a.ContactID, asks.Kind, asks.State), "true access open")
	must(t, p.Close(h.ctx, asks.ID, track.EndAccess, "Ann", "they ask for it"))
	r, err := h.ContactReport(h.ctx, h.controller, a.ContactID)
	must(t, err)
	equal(t, "requests, from the day of the mail", inLine(len(r.Requests), r.Requests[0].ReceivedAt.Equal(p.at), r.Requests[0].DueAt.Equal(asks.DueAt)), "1 true true")
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyMet) // R9
	h.audited()
}

// TestHoweverOftenTheyWriteOneReceiptGoesOutInADay is about one person: others who share
// their mailbox have tests of their own.
func TestHoweverOftenTheyWriteOneReceiptGoesOutInADay(t *testing.T) { // R5, RFC 3834
	h, a := told(t)
	p := newLetterbox(h)
	for _, c := range []struct {
		after    time.Duration
		text     string
		no       track.AnswerNo
		kind     wish.Kind
		open     bool
		receipts int64
	}{
		{0, "Odkud máte mou adresu\n\nOdhlaste mě", track.NoNone, wish.Objection, true, 0}, // it asks, without a mark
		{time.Minute, "STOP. Who are you?", track.NoNone, wish.Question, true, 0},
		{2 * time.Minute, "STOP", track.NoRecorded, wish.Objection, false, 1},
		{time.Hour, "unsubscribe", track.NoRecorded, wish.Objection, false, 1},
		{2 * time.Hour, "Stop. Delete my data.", track.NoRecorded, wish.Erasure, true, 1},
		{23 * time.Hour, "STOP", track.NoRecorded, wish.Objection, false, 1},
	} {
		p.at = noon.Add(c.after)
		item := p.write(a.DeliveryID, c.text)
		equal(t, c.text, inLine(item.No, item.Kind, item.State == track.AnswerOpen), inLine(c.no, c.kind, c.open))
		equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), c.receipts)
	}
	equal(t, "objections, of the first clear one", h.count(`SELECT count(*) FROM objection WHERE made_at = $1`, noon.Add(2*time.Minute)), 1)
	h.audited()
}
