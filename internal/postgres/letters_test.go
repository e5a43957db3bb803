package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
)

func TestNoMailWorkerClaimsALetterAndALetterHasNoMail(t *testing.T) { // E3
	p := newPost(t)
	ids := p.reached(2, noon.Add(day), postal)
	p.people(1, noon.Add(day))
	c := p.release("first")
	jobs := p.claim(10, noon)
	equal(t, "mail claimed", len(jobs), 1)
	equal(t, "to", jobs[0].To, "person3@example.org")
	f := p.figures(noon)
	equal(t, "letters that wait", f.ByHand.Letters, 2)
	equal(t, "queued mail", f.Lanes[0].Queued, 0)
	p.settle(mailer.Relayed, noon, p.begin(noon, jobs...)...)
	ended, err := p.FinishCampaigns(p.ctx, p.controller, noon)
	must(t, err)
	equal(t, "campaigns that ended while letters wait", len(ended), 0)

	var out tray
	b := p.batch(&out)
	equal(t, "letters", b.Letters, 2)
	ended, err = p.FinishCampaigns(p.ctx, p.controller, noon)
	must(t, err)
	equal(t, "campaigns that ended while a batch lies about", len(ended), 0)
	p.at = noon.Add(100 * day)
	queued, uncertain, err := p.Rescue(p.ctx, p.controller, p.at, p.at)
	must(t, err)
	equal(t, "rescued from people", queued+uncertain, 0)
	p.posted(b)
	for _, id := range ids {
		equal(t, "the duty", p.dutyOf(id), mailer.DutyMet)
	}
	ended, err = p.FinishCampaigns(p.ctx, p.controller, p.at)
	must(t, err)
	equal(t, "campaigns that ended", fmt.Sprint(ended), "["+c.Key+"]")
	equal(t, "claims", p.count(`SELECT count(*) FROM claim`), 0)
}

func TestWhatPeopleCannotCarryOutNowIsNotAskedOfThem(t *testing.T) { // D8
	p := newPost(t)
	p.reached(2, noon.Add(2*day), postal)
	p.reached(1, noon.Add(5*day), phone)
	c := p.release("first")
	look := func() string {
		h := p.figures(noon).ByHand
		return inLine(h.Letters, h.Calls, h.LettersPaused, h.CallsPaused, h.InBatches, h.Owed, h.OwedWithin["1d"], h.OwedWithin["3d"], h.OwedWithin["7d"])
	}
	equal(t, "open", look(), "2 1 0 0 0 3 0 2 3")
	to := func(from, to mailer.CampaignState) {
		must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{from}, to, "ann", noon))
	}
	to(mailer.CampaignRunning, mailer.CampaignPaused)
	equal(t, "paused", look(), "0 0 2 1 0 3 0 2 3")
	h := p.figures(noon).ByHand
	equal(t, "the first dates", inLine(h.LettersPausedBy.Equal(noon.Add(2*day)), h.CallsPausedBy.Equal(noon.Add(5*day)), h.OwedBy.Equal(noon.Add(2*day)), h.LettersBy.IsZero()), "true true true true")
	must(t, p.KeepHouse(p.ctx)) // print would be due
	equal(t, "alerts", p.count(`SELECT count(*) FROM alert WHERE kind = 'letters_due' AND detail LIKE '%paused%'`), 1)
	to(mailer.CampaignPaused, mailer.CampaignRunning)
	b := p.batch(&tray{})
	equal(t, "printed", look(), "0 1 0 0 2 3 0 2 3")
	p.posted(b)
	equal(t, "posted", look(), "0 1 0 0 0 1 0 0 1")
	f := p.figures(noon.Add(time.Second))
	equal(t, "it makes no rate of mail", inLine(f.RelayedLast["1m"], f.RelayedLast["1h"]), "0 0")

	_, err := p.db.ExecContext(p.ctx, `UPDATE lane SET state = 'closed'`) // as before the start
	must(t, err)
	equal(t, "closed", look(), "0 0 0 0 0 1 0 0 1")
	p.reached(1, noon.Add(day), postal)
	d := p.approved("second", 0)
	p.placeAll(d, false)
	waiting, err := p.WaitingLetters(p.ctx, p.controller, 10)
	must(t, err)
	equal(t, "letters of a campaign that was not started", len(waiting), 0)
}

func TestABatchTakesTheEarliestDatesFirstAndPutsEachOnRecord(t *testing.T) { // D7, E1
	p := newPost(t)
	p.reached(3, noon.Add(9*day), postal)
	early := p.reached(2, noon.Add(day), postal)
	p.release("first")
	var out tray
	b, left, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 2, By: "ann", Size: mailer.LetterLarge}, out.open)
	must(t, err)
	equal(t, "letters", b.Letters, 2)
	equal(t, "left out", len(left), 0)
	equal(t, "finished", out.done, 1)
	for _, id := range early {
		equal(t, "attempts on record", p.count(`SELECT count(*) FROM attempt a JOIN delivery d ON d.id = a.delivery_id
			WHERE a.contact_id = $1 AND a.relay = 'post' AND length(a.sha256) = 32 AND a.slots LIKE '%Person%' AND d.state = 'sending' AND a.claim_id = $2`, id, b.ID), 1)
	}
	for ref, pdf := range out.letters {
		equal(t, "large print", strings.HasSuffix(pdf, "large"), true)
		equal(t, "its reference", strings.Contains(pdf, ref), true)
	}
	f := p.figures(noon)
	equal(t, "in batches", f.ByHand.InBatches, 2)
	equal(t, "the oldest batch", f.ByHand.OldestBatch.IsZero(), false)
	equal(t, "waiting", f.ByHand.Letters, 3)
}

func TestABatchThatIsBrokenOffIsWrittenAgainWithTheSameBytes(t *testing.T) { // E5
	p := newPost(t)
	p.reached(120, noon.Add(day), postal) // more than are put on record at once
	p.release("first")
	broken := tray{failAt: 70}
	b, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 200, By: "ann"}, broken.open)
	var left *byhand.BrokenBatchError
	if !errors.As(err, &left) || left.Batch != b.ID || !errors.Is(err, errTray) {
		t.Fatalf("the fault: %v", err)
	}
	equal(t, "finished", broken.done, 0)
	before := broken.letters

	p.at = noon.Add(3 * day) // another day: the letters bear their own
	var out tray
	if _, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"}); err == nil {
		t.Fatal("a batch that was never finished was marked as posted")
	}
	again, _, err := p.Resume(p.ctx, b.ID, out.open)
	must(t, err)
	equal(t, "letters", again.Letters, 120)
	for ref, pdf := range before {
		equal(t, "the bytes of "+ref, out.letters[ref], pdf)
	}
	first := out.letters
	p.at = noon.Add(4 * day)
	_, _, err = p.Resume(p.ctx, b.ID, out.open) // the files were lost
	must(t, err)
	for ref, pdf := range first {
		equal(t, "the bytes of "+ref, out.letters[ref], pdf)
	}
	p.posted(b)
	if _, _, err = p.Resume(p.ctx, b.ID, out.open); err == nil {
		t.Error("a posted batch was printed again")
	}
}

func TestOtherBytesThanThoseOnRecordAreNotPrinted(t *testing.T) { // E1
	p := newPost(t)
	p.reached(1, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	p.Letters.Printer = otherPrinter{}
	_, _, err := p.Resume(p.ctx, b.ID, out.open)
	if err == nil || !strings.Contains(err.Error(), "other bytes") {
		t.Errorf("printed: %v", err)
	}
}

type otherPrinter struct{}

func (otherPrinter) Print(byhand.Letter) (byhand.PrintedLetter, error) {
	return byhand.PrintedLetter{PDF: []byte("x"), Pages: 1, SHA256: make([]byte, 32)}, nil
}

func TestPostedMeetsTheDutiesOnceAndOnTheDayThatWasSaid(t *testing.T) { // E2, D7
	p := newPost(t)
	onTime := p.reached(1, noon.Add(2*day), postal)[0]
	late := p.reached(1, noon.Add(day-time.Hour), postal)[0] // the day after, at eleven
	p.release("first")
	var out tray
	b := p.batch(&out)
	p.at = noon.Add(5 * day)
	for _, wrong := range []calendar.Date{today(noon.Add(-day)), today(p.at.Add(day))} {
		if _, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: wrong, By: "ben"}); err == nil {
			t.Errorf("posted on %s", wrong)
		}
	}
	order := byhand.PostedOrder{Batch: b.ID, On: today(noon.Add(day)), By: "ben"}
	got, err := p.Posted(p.ctx, order)
	must(t, err)
	equal(t, "posted", got.Posted, 2)
	f := p.figures(p.at)
	equal(t, "met late", f.MetLate, 1) // its last second lies behind the date at eleven
	equal(t, "the one in time", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND met_at <= due_at`, onTime), 1)
	equal(t, "the late one", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND met_at > due_at`, late), 1)
	equal(t, "posted letters", f.ByHand.Posted, 2)
	equal(t, "in batches", f.ByHand.InBatches, 0)
	equal(t, "no batch that lies", f.ByHand.OldestBatch.IsZero(), true)

	_, err = p.Posted(p.ctx, order)
	must(t, err)
	equal(t, "outcomes", p.count(`SELECT count(*) FROM outcome`), 2)
	equal(t, "met late after it was said again", p.figures(p.at).MetLate, 1)
	order.On = today(noon.Add(2 * day))
	if _, err = p.Posted(p.ctx, order); err == nil {
		t.Error("it was posted on another day as well")
	}
}

func TestPostingThatIsBrokenOffIsCompletedBySayingItAgain(t *testing.T) {
	p := newPost(t)
	p.reached(60, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	dies := &dyingQueue{Queue: p.house.Store, after: 1}
	p.Letters.Queue = dies
	order := byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"}
	_, err := p.Posted(p.ctx, order)
	equal(t, "the fault", err, errTray)
	equal(t, "met by then", p.figures(noon).Duties[mailer.DutyMet], 50)
	p.Letters.Queue = p.house.Store
	got, err := p.Posted(p.ctx, order)
	must(t, err)
	equal(t, "posted", got.Posted, 60)
	equal(t, "met", p.figures(noon).Duties[mailer.DutyMet], 60)
}

// dyingQueue settles a number of times, and then fails.
type dyingQueue struct {
	deliver.Queue
	after int
}

func (q *dyingQueue) Settle(ctx context.Context, batch []mailer.Settlement) ([]mailer.ID, error) {
	if q.after == 0 {
		return nil, errTray
	}
	q.after--
	return q.Queue.Settle(ctx, batch)
}

func TestWhoMustNotBeWrittenToIsNotPrintedAndIsPulledOutOfABatch(t *testing.T) { // R5, E3
	p := newPost(t)
	ids := p.reached(5, noon.Add(day), postal)
	p.release("first")
	suppress := func(id mailer.ID) {
		_, err := p.db.ExecContext(p.ctx, `INSERT INTO suppression (controller_id, id, kind, hash, key_id, scope, reason, created_at, expires_at)
			SELECT controller_id, gen_random_uuid(), kind, hash, key_id, 'address', 'returned', $2, $3 FROM identifier WHERE contact_id = $1`, id, noon, noon.Add(day))
		must(t, err)
	}
	tell := func(id mailer.ID) {
		_, err := p.db.ExecContext(p.ctx, `UPDATE duty SET told_at = $2 WHERE contact_id = $1`, id, noon)
		must(t, err)
	}
	suppress(ids[0])
	tell(ids[1])
	var out tray
	b := p.batch(&out)
	equal(t, "letters", b.Letters, 3)
	equal(t, "the suppressed one's duty", p.dutyOf(ids[0]), mailer.DutyFailed)

	suppress(ids[2])
	tell(ids[3])
	_, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"})
	var out2 *byhand.PullOutError
	if !errors.As(err, &out2) || len(out2.Letters) != 2 {
		t.Fatalf("posted: %v", err)
	}
	var refs []string
	for _, j := range out2.Letters {
		refs = append(refs, strings.ToLower(j.Code)) // as people type
	}
	got := p.posted(b, refs...)
	equal(t, "posted", got.Posted, 1)
	equal(t, "met", p.dutyOf(ids[4]), mailer.DutyMet)
	equal(t, "back in the queue", p.count(`SELECT count(*) FROM delivery WHERE state = 'queued' AND claim_id IS NULL`), 3)
	equal(t, "attempts that never were", p.count(`SELECT count(*) FROM attempt`), 1)
}

func TestAnObjectionDoesNotStopALetter(t *testing.T) { // R9
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	var out tray
	b := p.batch(&out)
	_, err := p.db.ExecContext(p.ctx, `UPDATE contact SET objected_at = $2 WHERE id = $1`, id, noon.Add(time.Hour))
	must(t, err)
	_, jobs, err := p.house.Store.LetterBatch(p.ctx, p.controller, b.ID, noon)
	must(t, err)
	equal(t, "said", fmt.Sprint(jobs[0].Objected, jobs[0].PullOut), "true")
	p.posted(b)
	equal(t, "the duty", p.dutyOf(id), mailer.DutyMet)
}

func TestALetterThatCannotBePrintedIsLeftOutAndTheNextChannelIsLookedFor(t *testing.T) { // E3
	p := newPost(t)
	wide := func(n int) mailer.Identifier {
		i := postal(n)
		i.Value = mailer.PostalAddress{Street: []string{"1 Rue"}, Locality: "Lyon", Country: "FR"}.Value()
		return i
	}
	called := p.reached(1, noon.Add(day), wide, phone)[0]
	stuck := p.reached(1, noon.Add(day), wide)[0]
	fine := p.reached(1, noon.Add(day), postal)[0]
	c := p.release("first")
	p.Letters.Printer = narrowPrinter{}
	var out tray
	b, left, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 10, By: "ann"}, out.open)
	must(t, err)
	equal(t, "letters", b.Letters, 1)
	equal(t, "left out", len(left), 2)
	equal(t, "why", left[0].Reason, mailer.BlockUnprintable)
	p.placeAll(c, true)
	equal(t, "who has a telephone", p.count(`SELECT count(*) FROM delivery WHERE contact_id = $1 AND channel = 'phone' AND state = 'queued'`, called), 1)
	equal(t, "who has none", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND state = 'blocked' AND reason = 'unprintable' AND detail LIKE '%no number%'`, stuck), 1)
	p.posted(b)
	equal(t, "the other", p.dutyOf(fine), mailer.DutyMet)
}

// narrowPrinter has room for High Street alone.
type narrowPrinter struct{ paperPrinter }

func (n narrowPrinter) Print(l byhand.Letter) (byhand.PrintedLetter, error) {
	if !strings.Contains(l.To.Street[0], "High") {
		return byhand.PrintedLetter{}, &mailer.AddressError{Line: "street 1", What: "it is too long"}
	}
	return n.paperPrinter.Print(l)
}

func TestLettersThatAreWithdrawnWaitAgainAndArePrintedAnew(t *testing.T) {
	p := newPost(t)
	p.reached(3, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	first := out.letters
	n, err := p.Withdraw(p.ctx, b.ID, []string{out.names[0]}, "ben", "the printer ate it")
	must(t, err)
	equal(t, "withdrawn", n, 1)
	equal(t, "in batches", p.figures(noon).ByHand.InBatches, 2)
	n, err = p.Withdraw(p.ctx, b.ID, nil, "ben", "all of it, then")
	must(t, err)
	equal(t, "withdrawn", n, 2)
	equal(t, "claims", p.count(`SELECT count(*) FROM claim`), 0)
	if _, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"}); err == nil {
		t.Error("a withdrawn batch was posted")
	}
	p.at = noon.Add(day)
	next := p.batch(&out)
	equal(t, "letters", next.Letters, 3)
	for ref, pdf := range first {
		equal(t, "another date on "+ref, out.letters[ref] != pdf, true)
	}
	p.posted(next)
	equal(t, "met", p.figures(p.at).Duties[mailer.DutyMet], 3)
}

func TestHousekeepingAsksAboutBatchesThatLieAboutAndLettersWhoseDateIsNear(t *testing.T) { // D8
	p := newPost(t)
	p.reached(1, noon.Add(30*day), postal)
	p.release("first")
	must(t, p.KeepHouse(p.ctx))
	equal(t, "alerts", len(p.figures(noon).Alerts), 0)
	p.at = noon.Add(25 * day)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "near its date", p.figures(p.at).Alerts[mailer.AlertLettersDue], 1)
	var out tray
	p.batch(&out)
	p.at = p.at.Add(5*day - time.Second)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "not yet", p.figures(p.at).Alerts[mailer.AlertLettersUnposted], 0)
	p.at = p.at.Add(time.Second)
	must(t, p.KeepHouse(p.ctx))
	must(t, p.KeepHouse(p.ctx))
	equal(t, "lies about", p.figures(p.at).Alerts[mailer.AlertLettersUnposted], 1)
}

func TestAMailboxThatWasFullIsTriedOnceMoreAndThenALetterGoes(t *testing.T) { // E3
	p := newPost(t)
	d := newDesk(p.house)
	d.Allowed = p.Allowed
	id := p.reached(1, noon.Add(20*day), address, postal)[0]
	c := p.release("first")
	a := p.begin(noon, p.claim(1, noon)...)[0]
	p.settle(mailer.Relayed, noon, a)
	fate := d.take(failed("person1@example.org", "5.2.2"), a.DeliveryID, "one")
	equal(t, "its duty", fate.Duty, mailer.DutyFailed)
	p.placeAll(c, true)
	equal(t, "at once", len(p.claim(1, noon)), 0)
	equal(t, "suppressed", p.count(`SELECT count(*) FROM suppression`), 0)
	later := noon.Add(mailer.FullMailboxWait)
	_, err := p.Wake(p.ctx, p.controller, later, true, 10)
	must(t, err)
	jobs := p.claim(1, later)
	equal(t, "once more", len(jobs), 1)
	equal(t, "to", jobs[0].To, "person1@example.org")
	p.settle(mailer.Relayed, later, p.begin(later, jobs...)...)
	fate = d.take(failed("person1@example.org", "5.2.2"), jobs[0].DeliveryID, "two")
	equal(t, "its duty", fate.Duty, mailer.DutyFailed)
	p.placeAll(c, true)
	equal(t, "the letter", p.count(`SELECT count(*) FROM delivery WHERE contact_id = $1 AND channel = 'letter' AND state = 'queued'`, id), 1)
}

func TestSuppressionsThatHaveExpiredAreDeleted(t *testing.T) { // T4
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	d.at = noon.Add(mailer.DeadAddressFor - time.Second)
	must(t, d.Forget(h.ctx))
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 1)
	d.at = noon.Add(mailer.DeadAddressFor)
	must(t, d.Forget(h.ctx))
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 0)
}

func TestNothingOfALetterIsCountedTwice(t *testing.T) {
	p := newPost(t)
	p.reached(4, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	_, err := p.Withdraw(p.ctx, b.ID, out.names[:1], "ben", "torn")
	must(t, err)
	p.posted(b)
	_, err = p.Returned(p.ctx, out.names[1], mailer.ReturnUnknown, today(p.at), "ben")
	must(t, err)
	f := p.figures(noon)
	for _, state := range mailer.DeliveryStates {
		equal(t, string(state), f.Deliveries[state], p.count(`SELECT count(*) FROM delivery WHERE state = $1`, string(state)))
	}
	for _, state := range mailer.DutyStates {
		equal(t, string(state), f.Duties[state], p.count(`SELECT count(*) FROM duty WHERE state = $1`, string(state)))
	}
	equal(t, "seen", slices.Contains(out.names, out.names[0]), true)
}

func TestABatchOnADeskKeepsNoCanaryFromGoingOn(t *testing.T) { // E3
	p := newPost(t)
	p.reached(4, noon.Add(day), postal)
	p.people(3, noon.Add(day))
	c := p.approved("spring", 0)
	p.placeAll(c, false)
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(t, p.SetCanary(p.ctx, p.controller, c.ID, canaryOf(2)))
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	var out tray
	b := p.batch(&out)
	equal(t, "letters", b.Letters, 4)
	p.settle(mailer.Relayed, noon, p.begin(noon, p.claim(10, noon)...)...)
	equal(t, "when its people are told", p.canary(noon), campaign.CanaryWaiting)
	p.posted(b)
	for ref := range out.letters {
		if _, err := p.Returned(p.ctx, ref, mailer.ReturnUnknown, today(p.at), "ben"); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "with letters that came back", p.canary(noon.Add(time.Hour)), campaign.CanaryWaiting)
	equal(t, "behind the wait", p.canary(noon.Add(day)), campaign.CanaryPassed)
	equal(t, "mail that goes on", len(p.claim(10, noon.Add(day))), 1)
}
