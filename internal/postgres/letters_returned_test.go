package postgres

import (
	"fmt"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/byhand"
)

func TestALetterThatComesBackAYearLaterReopensItsDutyOnce(t *testing.T) { // E2, E3
	p := newPost(t)
	id := p.reached(1, noon.Add(-day), postal)[0] // met late
	p.release("first")
	var out tray
	b := p.batch(&out)
	ref := out.names[0]
	if _, err := p.Returned(p.ctx, ref, mailer.ReturnMoved, today(p.at), "ben"); err == nil || !strings.Contains(err.Error(), "not marked as posted") {
		t.Fatalf("returned before it was posted: %v", err)
	}
	p.posted(b)
	equal(t, "met late", p.figures(p.at).MetLate, 1)
	p.at = noon.Add(400 * day)
	fate, err := p.Returned(p.ctx, strings.ToLower(ref), mailer.ReturnMoved, today(p.at.Add(-day)), "ben")
	must(t, err)
	equal(t, "its duty", fate.Duty, mailer.DutyBlocked)
	equal(t, "the delivery", fate.To, mailer.Bounced)
	f := p.figures(p.at)
	equal(t, "met late", f.MetLate, 0)
	equal(t, "returned", f.ByHand.Returned, 1)
	equal(t, "figures of what came back", f.Reports[string(mailer.ClassReturned)], 1)
	equal(t, "suppressed for a year", p.count(`SELECT count(*) FROM suppression WHERE kind = 'postal' AND scope = 'address' AND hash = $1 AND expires_at = $2`,
		postal(1).Hash, p.at.Add(mailer.DeadAddressFor)), 1)
	fate, err = p.Returned(p.ctx, ref, mailer.ReturnUnknown, today(p.at), "ann")
	must(t, err)
	equal(t, "said again", fate.Replayed, true)
	equal(t, "returned still", p.figures(p.at).ByHand.Returned, 1)
	equal(t, "in the audit", p.count(`SELECT count(*) FROM audit WHERE action = 'letter.returned'`), 1)
	r, err := p.ContactReport(p.ctx, p.controller, id)
	must(t, err)
	equal(t, "the record", fmt.Sprint(r.Deliveries[0].Reports[0].Finding, r.Deliveries[0].Reports[0].Reply.Text), "returned"+"returned: moved")
}

func TestAReturnedLetterLeavesTheDutyToACall(t *testing.T) { // E3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal, phone)[0]
	c := p.release("first")
	var out tray
	p.posted(p.batch(&out))
	fate, err := p.Returned(p.ctx, out.names[0], mailer.ReturnUnknown, today(p.at), "ben")
	must(t, err)
	equal(t, "its duty", fate.Duty, mailer.DutyFailed)
	p.placeAll(c, true)
	equal(t, "the call", p.count(`SELECT count(*) FROM delivery WHERE contact_id = $1 AND channel = 'phone' AND state = 'queued'`, id), 1)
}

func TestALetterOfAPostingThatWasBrokenOffAndWithdrawnMayComeBack(t *testing.T) { // E2, E3
	p := newPost(t)
	p.reached(60, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	p.Letters.Queue = &dyingQueue{Queue: p.house.Store, after: 1}
	_, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"})
	equal(t, "the fault", err, errTray)
	p.Letters.Queue = p.house.Store
	n, err := p.Withdraw(p.ctx, b.ID, nil, "ben", "nobody knows what went")
	must(t, err)
	equal(t, "withdrawn", n, 10)
	reopened := 0
	for ref := range out.letters {
		if fate, err := p.Returned(p.ctx, ref, mailer.ReturnMoved, today(p.at), "ben"); err == nil && fate.To == mailer.Bounced {
			reopened++
		}
	}
	equal(t, "reopened", reopened, 50)
	equal(t, "duties that count as met", p.figures(noon).Duties[mailer.DutyMet], 0)
	p.audited()
}

func TestALetterThatCameBackSaysWhatIsMissingInTheWordsOfPlacing(t *testing.T) { // E3, D7
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	b := p.batch(&tray{})
	p.posted(b)
	_, jobs, err := p.LetterBatch(p.ctx, p.controller, b.ID, noon)
	must(t, err)
	fate, err := p.Returned(p.ctx, jobs[0].Code, mailer.ReturnMoved, today(p.at), "ben")
	must(t, err)
	equal(t, "its duties", fate.Duty, mailer.DutyBlocked)
	detail := func() (said string) {
		must(t, p.db.GetContext(p.ctx, &said, `SELECT detail FROM duty WHERE contact_id = $1`, id))
		return said
	}
	equal(t, "what is missing", detail(), "letter: it failed; call: there is no number")
	pls := p.placeAll(p.approved("second", 0), false)
	equal(t, "by the next campaign", inLine(pls[0].Block, pls[0].Detail == detail()), "address_dead true")
}
