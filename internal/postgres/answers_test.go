package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/rights"
	"article14/mailer/track"
)

// letterbox takes answers in over the real store, with keys that the people's hashes were made with.
type letterbox struct {
	*house
	track.Answers
	tokens mailer.Tokens
	at     time.Time
	n      int
}

func newLetterbox(h *house) *letterbox {
	p := &letterbox{house: h, at: noon, tokens: mailer.Tokens{Keys: mailer.NewKeyring()}}
	reg := &mailer.Register{Controller: mailer.Controller{Key: h.key, Zone: time.UTC, Email: "privacy@acme.example"},
		Activities: []mailer.Activity{{Key: "sales", Purposes: []mailer.Purpose{{Key: "sell", Basis: mailer.LegitimateInterest}}}}}
	now := func() time.Time { return p.at }
	rights := &rights.Rights{Store: h.Store, Skeletons: h.Store, Tokens: p.tokens, Controller: h.controller, Key: h.key, Now: now,
		Registers: &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}
	p.Answers = track.Answers{Store: h.Store, Rights: rights, Keys: p.tokens.Keys, Controller: h.controller, Company: reg.Controller, Now: now, Log: slog.New(slog.DiscardHandler)}
	return p
}

// desk gives a report desk that hands answers to p.
func (p *letterbox) desk(said track.Report) *track.Reports {
	said.Kind = track.KindAnswer
	p.n++
	said.ExternalID = []byte(inLine("answer", p.n))
	return &track.Reports{Store: p.house.Store, Answers: &p.Answers, Tokens: p.tokens, Controller: p.controller, Now: p.Answers.Now, Log: p.Answers.Log,
		Read: func([]byte) track.Report { return said }}
}

// write brings an answer to the reply address of a delivery.
func (p *letterbox) write(delivery mailer.ID, text string) track.AnswerItem {
	p.t.Helper()
	to, err := p.tokens.AnswerTo(delivery, "answers.example", mailer.Slots{}, false)
	must(p.t, err)
	fate, _, err := p.desk(track.Report{Said: track.Said{From: "ann@elsewhere.example", Subject: "hello", Text: text}}).Judge(p.ctx,
		track.Incoming{Door: track.DoorPipe, SentTo: []string{to}, Raw: []byte("raw " + text)})
	must(p.t, err)
	return *fate.Answer
}

// known makes the hash of a person's address the one that p's keys make.
func (p *letterbox) known(number int) string {
	p.t.Helper()
	value := address(number).Value
	_, err := p.db.ExecContext(p.ctx, `UPDATE identifier SET hash = $1 WHERE value = $2`, track.EmailHash(p.Keys.Newest(mailer.IdentityKey), value), value)
	must(p.t, err)
	return value
}

// inLine is values with blanks between them.
func inLine(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

// holder is who has an address.
func (p *letterbox) holder(value string) (id mailer.ID) {
	p.t.Helper()
	must(p.t, p.db.GetContext(p.ctx, &id, `SELECT contact_id FROM identifier WHERE value = $1`, value))
	return id
}

func TestAClearNoByMailStopsUseAtOnceAndIsAcknowledgedOnce(t *testing.T) { // R5
	h, a := told(t)
	p := newLetterbox(h)
	item := p.write(a.DeliveryID, "STOP")
	equal(t, "it stands", inLine(item.State, item.No, item.ClosedAs, item.By), "closed recorded objection reply")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection WHERE way = 'answer' AND contact_id = $1 AND made_at = $2`, a.ContactID, noon), 1)
	equal(t, "use has stopped", h.count(`SELECT count(*) FROM contact WHERE objected_at = $1`, noon), 1)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use'`), 1)
	p.at = noon.Add(time.Hour)
	again := p.write(a.DeliveryID, "STOP!")
	equal(t, "the second", inLine(again.State, again.No), "closed recorded")
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document = 'objection_receipt'`), 1)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyMet) // R9
	f := h.figures(noon)
	equal(t, "by answer", f.Objections[mailer.WayAnswer], 1)
	equal(t, "answers", f.Reports["answer"], 2)
	equal(t, "open", len(f.Answers.Open), 0)
	h.audited()
}

func TestANoBehindAFullRoundOfThoseThatFailTakesEffectAllTheSame(t *testing.T) { // R5
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	h.poison("objection", as[0].ContactID, as[1].ContactID)
	for range 200 {
		equal(t, "it waits", p.write(as[0].DeliveryID, "STOP").No, track.NoPending)
	}
	p.at = noon.Add(time.Second) // ids are in the order of time
	last := p.write(as[1].DeliveryID, "STOP")
	equal(t, "it waits", last.No, track.NoPending)
	h.mended("objection", as[1].ContactID)
	err := p.KeepHouse(h.ctx)
	if err == nil || !strings.Contains(err.Error(), "200 of 201 objections by mail could not take effect") {
		t.Errorf("it says %v", err)
	}
	equal(t, "the one behind them", h.count(`SELECT count(*) FROM objection WHERE contact_id = $1`, as[1].ContactID), 1)
	h.mended("objection", as[0].ContactID)
	must(t, p.KeepHouse(h.ctx))
	equal(t, "pending", h.count(`SELECT count(*) FROM answer WHERE no = 'pending'`), 0)
	h.audited()
}

func TestAnAddressGetsOneReceiptADayHoweverManyPeopleShareIt(t *testing.T) { // R4, RFC 3834
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	_, err := h.db.ExecContext(h.ctx, `UPDATE identifier SET hash = 'one'`) // both have one mailbox
	must(t, err)
	p.write(as[0].DeliveryID, "stop")
	p.write(as[1].DeliveryID, "stop")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 2)
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 1)
}

func TestOfTwoAnswersAtOnceToOneMailboxOneIsAcknowledged(t *testing.T) { // R4
	h := newHouse(t)
	as := h.relayed(6, noon.Add(day))
	p := newLetterbox(h)
	_, err := h.db.ExecContext(h.ctx, `UPDATE identifier SET hash = 'one'`)
	must(t, err)
	var all sync.WaitGroup
	errs := make([]error, len(as))
	for i, a := range as {
		all.Go(func() {
			_, errs[i] = p.Rights.ObjectTo(h.ctx, mailer.Link{Purpose: mailer.TokenObjection, ContactID: a.ContactID, DeliveryID: a.DeliveryID}, mailer.WayAnswer, noon)
		})
	}
	all.Wait()
	must(t, errors.Join(errs...))
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 6)
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 1)
}

func TestAReceiptWaitsForAnotherToTheSameMailbox(t *testing.T) { // R4
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	_, err := h.db.ExecContext(h.ctx, `UPDATE identifier SET hash = 'one'`)
	must(t, err)
	one, two := h.receiptTo(as[0].ContactID), h.receiptTo(as[1].ContactID)
	one.QuietSince, two.QuietSince = noon.Add(-day), noon.Add(-day)
	must(t, h.write(h.ctx, func(x tx) error {
		if lately, err := x.receiptLately(h.ctx, as[0].ContactID, one); lately || err != nil {
			return fmt.Errorf("lately %v, %w", lately, err)
		}
		err := h.write(h.ctx, func(y tx) error { // beside it, and before the first is on record
			if _, err := y.ExecContext(h.ctx, `SET LOCAL lock_timeout = '50ms'`); err != nil {
				return err
			}
			_, err := y.receiptLately(h.ctx, as[1].ContactID, two)
			return err
		})
		if err == nil {
			t.Error("two receipts to one mailbox do not see each other")
		}
		return nil
	}))
}

func TestAReceiptIsSentAgainAfterADay(t *testing.T) {
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	_, err := h.db.ExecContext(h.ctx, `UPDATE identifier SET hash = 'one'`)
	must(t, err)
	p.write(as[0].DeliveryID, "stop")
	p.at = noon.Add(day + time.Second)
	p.write(as[1].DeliveryID, "stop")
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 2)
}

func TestAQuestionWaitsForAPersonWithItsDate(t *testing.T) { // D9
	h, a := told(t)
	p := newLetterbox(h)
	item := p.write(a.DeliveryID, "What data do you have about me?")
	equal(t, "it stands", inLine(item.State, item.Kind, item.No), "open access ")
	equal(t, "due", item.DueAt.Format(time.DateOnly), "2026-04-02")
	f := h.figures(noon)
	equal(t, "open", f.Answers.Open[wish.Access], 1)
	equal(t, "oldest", f.Answers.Oldest, noon)
	equal(t, "first date", f.Answers.DueAt, item.DueAt)
	items, err := h.Answers(h.ctx, h.controller, true, 10)
	must(t, err)
	equal(t, "listed", len(items), 1)
	got, text, err := h.Answer(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "the words", text.Body+text.From, "What data do you have about me?ann@elsewhere.example")
	equal(t, "the item", inLine(got), inLine(item))
	raw, err := h.RawReport(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "the bytes", string(raw), "raw What data do you have about me?")

	// Closed as a request, that is of the day of the mail.
	p.at = noon.Add(5 * day)
	must(t, p.Close(h.ctx, item.ID, track.EndAccess, "Ann", "they ask for it"))
	r, err := h.ContactReport(h.ctx, h.controller, a.ContactID)
	must(t, err)
	equal(t, "requests", len(r.Requests), 1)
	equal(t, "received", r.Requests[0].ReceivedAt, noon)
	equal(t, "answered by", r.Requests[0].DueAt, item.DueAt)
	equal(t, "way", r.Requests[0].Way, mailer.WayAnswer)
	equal(t, "answers in the record", inLine(len(r.Answers), r.Answers[0].ClosedAs, r.Answers[0].ClosedBy), "1 request:access Ann")
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 0)
	if err := p.Close(h.ctx, item.ID, track.EndNothing, "Ann", "again"); !errors.Is(err, track.ErrAnswerClosed) {
		t.Errorf("closed twice: %v", err)
	}
	equal(t, "open", len(h.figures(p.at).Answers.Open), 0)
	equal(t, "on record", h.count(`SELECT count(*) FROM audit WHERE action = 'answer.close' AND actor = 'Ann'`), 1)
	h.audited()
}

func TestWhatAsksForMoreThanToStopStaysOpen(t *testing.T) { // R5
	h, a := told(t)
	item := newLetterbox(h).write(a.DeliveryID, "Stop. Delete my data.")
	equal(t, "it stands", inLine(item.State, item.Kind, item.No), "open erasure recorded")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
}

func TestAnAuthorsAddressAloneObjectsWhereOnePersonHasIt(t *testing.T) { // R4
	h := newHouse(t)
	h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	from := p.known(1)
	answer := func(text string) track.AnswerItem {
		fate, _, err := p.desk(track.Report{SentTo: []string{"privacy@acme.example"}, Said: track.Said{From: from, Text: text}}).Judge(h.ctx, track.Incoming{Door: track.DoorIMAP, Raw: []byte("x")})
		must(t, err)
		return *fate.Answer
	}
	item := answer("STOP")
	equal(t, "by", inLine(item.By, item.No, item.ContactID == p.holder(from)), "from recorded true")

	other := p.known(2)
	ann, ben := p.holder(from), p.holder(other)
	_, err := h.db.ExecContext(h.ctx, `UPDATE identifier SET hash = (SELECT hash FROM identifier WHERE value = $1) WHERE value = $2`, from, other)
	must(t, err)
	item = answer("STOP")
	equal(t, "shared", inLine(item.By, item.No, item.ContactID.IsZero(), item.State), " unknown_person true open")

	// A person finds out whose it is; then it takes effect.
	linked, err := p.Link(h.ctx, item.ID, ben, "Ann")
	must(t, err)
	equal(t, "linked", inLine(linked.By, linked.No, linked.State), "person recorded closed")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection WHERE way = 'answer'`), 2)
	_, text, err := h.Answer(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "its words went along", text.Body, "STOP")
	equal(t, "and its bytes", h.count(`SELECT count(*) FROM report_raw WHERE contact_id = $1`, ben), 1)
	if _, err := p.Link(h.ctx, item.ID, ann, "Ann"); !errors.Is(err, track.ErrAnswerClosed) {
		t.Errorf("a closed one: %v", err)
	}
	if _, err := p.Link(h.ctx, mailer.NewID(noon), ann, "Ann"); !errors.Is(err, track.ErrNoAnswer) {
		t.Errorf("no such answer: %v", err)
	}
	if _, err := p.Link(h.ctx, item.ID, mailer.NewID(noon), "Ann"); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("no such contact: %v", err)
	}
	h.audited()
}

func TestAMessageIDWithAnotherAuthorTellsWhoseItIsAndDoesNothing(t *testing.T) { // R4
	h, a := told(t)
	p := newLetterbox(h)
	from := p.known(1)
	say := func(from string) track.AnswerItem {
		fate, _, err := p.desk(track.Report{MessageID: a.DeliveryID.String() + "@b.example", Said: track.Said{From: from, Text: "STOP"}}).Judge(h.ctx, track.Incoming{Door: track.DoorIMAP, Raw: []byte("x")})
		must(t, err)
		return *fate.Answer
	}
	item := say("friend@elsewhere.example")
	equal(t, "another", inLine(item.By, item.No, item.ContactID == a.ContactID), "message_id unknown_person true")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 0)
	item = say(from)
	equal(t, "theirs", inLine(item.By, item.No), "message_id_from recorded")
}

// torn is a store in which what is asked of it once fails.
type torn struct {
	*Store
	err error
}

func (s *torn) NoTaken(ctx context.Context, controller mailer.ID, item track.AnswerItem, no track.AnswerNo, end track.AnswerEnd, now time.Time) error {
	if err := s.err; err != nil {
		s.err = nil
		return err
	}
	return s.Store.NoTaken(ctx, controller, item, no, end, now)
}

func TestANoThatWasBrokenOffIsCompletedByTheWorker(t *testing.T) { // invariant 7
	h, a := told(t)
	p := newLetterbox(h)
	p.Answers.Store = &torn{h.Store, errAway}
	item := p.write(a.DeliveryID, "STOP")
	equal(t, "it is kept, and waits", item.No, track.NoPending)
	must(t, p.KeepHouse(h.ctx))
	got, _, err := h.Answer(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "it stands", inLine(got.No, got.State, got.ClosedAs), "recorded closed objection")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
	equal(t, "receipts", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 1)
	h.audited()
}

// overtaken is a store in which something happens before a "no" is put on record.
type overtaken struct {
	*Store
	by func(track.AnswerItem)
}

func (s *overtaken) NoTaken(ctx context.Context, controller mailer.ID, item track.AnswerItem, no track.AnswerNo, end track.AnswerEnd, now time.Time) error {
	if s.by != nil {
		s.by(item)
		s.by = nil
	}
	return s.Store.NoTaken(ctx, controller, item, no, end, now)
}

func TestANoThatIsLinkedToSomebodyElseMeanwhileTakesEffectForThem(t *testing.T) { // R5
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	p.Answers.Store = &overtaken{h.Store, func(item track.AnswerItem) {
		_, err := h.LinkAnswer(h.ctx, h.controller, item.ID, as[1].ContactID, "Ann", noon)
		must(t, err)
	}}
	item := p.write(as[0].DeliveryID, "STOP")
	must(t, p.KeepHouse(h.ctx))
	got, _, err := h.Answer(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "it stands", inLine(got.ContactID == as[1].ContactID, got.No, got.State, got.ClosedAs), "true recorded closed objection")
	equal(t, "objections of whom it is", h.count(`SELECT count(*) FROM objection WHERE contact_id = $1`, as[1].ContactID), 1)
	h.audited()
}

func TestAnAnswerBroughtAgainIsOne(t *testing.T) {
	h, a := told(t)
	p := newLetterbox(h)
	to, err := p.tokens.AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
	must(t, err)
	r := p.desk(track.Report{Said: track.Said{From: "ann@elsewhere.example", Text: "hm"}})
	in := track.Incoming{Door: track.DoorPipe, SentTo: []string{to}, Raw: []byte("x")}
	_, _, err = r.Judge(h.ctx, in)
	must(t, err)
	fate, _, err := r.Judge(h.ctx, in)
	must(t, err)
	equal(t, "replayed", fate.Replayed, true)
	equal(t, "answers", h.count(`SELECT count(*) FROM answer`), 1)
}

func TestAnOpenAnswerIsAnAlertBeforeItsDateAndAgainBehindIt(t *testing.T) { // D8, D9
	h, a := told(t)
	p := newLetterbox(h)
	item := p.write(a.DeliveryID, "Who are you?")
	alerts := func() int64 { return h.figures(p.at).Alerts[mailer.AlertAnswerDue] }
	settle := func() {
		open, err := h.Alerts(h.ctx, h.controller, mailer.AlertAnswerDue, mailer.ID{}, 10)
		must(t, err)
		for _, o := range open {
			must(t, h.SettleAlert(h.ctx, h.controller, o.ID, "Ann", p.at))
		}
	}
	for _, c := range []struct {
		at   time.Time
		want int64
	}{{noon.Add(20 * day), 0}, {item.DueAt.Add(-7 * day), 1}, {item.DueAt.Add(-6 * day), 0}, {item.DueAt, 1}, {item.DueAt.Add(day), 0}} {
		p.at = c.at
		must(t, p.KeepHouse(h.ctx))
		must(t, p.KeepHouse(h.ctx))
		equal(t, "alerts on "+c.at.String(), alerts(), c.want)
		if c.at != item.DueAt {
			settle()
		}
		if c.at == item.DueAt { // whoever closes it settles what reminds of it
			must(t, p.Close(h.ctx, item.ID, track.EndAnswered, "Ann", "by mail"))
		}
	}
	h.audited()
}

func TestWordsAndBytesOfAnswersHaveAnEnd(t *testing.T) { // T4
	h, a := told(t)
	p := newLetterbox(h)
	desk := newDesk(h)
	item := p.write(a.DeliveryID, "Who are you?")
	forget := func(at time.Time) string {
		p.at, desk.at = at, at
		must(t, p.Forget(h.ctx))
		must(t, desk.Forget(h.ctx))
		return inLine(h.count(`SELECT count(*) FROM report_raw`), h.count(`SELECT count(*) FROM answer_text`), h.count(`SELECT count(*) FROM answer`))
	}
	equal(t, "after a month and two more", forget(noon.Add(91*day)), "1 1 1")
	equal(t, "then", forget(noon.Add(92*day)), "0 1 1")
	equal(t, "before a year", forget(noon.Add(364*day)), "0 1 1")
	equal(t, "after a year", forget(noon.Add(365*day)), "0 0 1")
	_, text, err := h.Answer(h.ctx, h.controller, item.ID)
	must(t, err)
	equal(t, "words", text.Body+text.From, "")
}

func TestErasingSomebodyTakesTheirAnswersAlong(t *testing.T) { // R5, T4
	h, a := told(t)
	p := newLetterbox(h)
	p.write(a.DeliveryID, "I am Zebulon and I ask who you are?")
	done := p.write(a.DeliveryID, "Zebulon asks again, who are you?")
	must(t, p.Close(h.ctx, done.ID, track.EndAnswered, "Ann", "told Zebulon by mail"))
	if len(h.find("Zebulon")) < 2 || len(h.find("elsewhere.example")) == 0 {
		t.Fatalf("nothing is found that is there: %v", h.find("Zebulon"))
	}
	must(t, h.eraser(noon.Add(time.Hour)).Erase(h.ctx, a.ContactID, "Ann", "asked"))
	for _, value := range []string{"Zebulon", "elsewhere.example"} {
		if places := h.find(value); len(places) > 0 {
			t.Errorf("%s still stands in %v", value, places)
		}
	}
	equal(t, "bytes", h.count(`SELECT count(*) FROM report_raw`), 0)
	equal(t, "items", h.count(`SELECT count(*) FROM answer WHERE state = 'closed'`), 2)
	equal(t, "closed as", h.count(`SELECT count(*) FROM answer WHERE closed_as = 'erased'`), 1)
	equal(t, "open", len(h.figures(noon).Answers.Open), 0)
	h.audited()

	// What they write afterwards is kept as theirs, and takes no effect: nothing is held.
	item := p.write(a.DeliveryID, "STOP")
	equal(t, "after it", inLine(item.No, item.State), "left_to_person open")
}

func TestAnAnswerOfSomebodyWhoWasNeverToldGoesWithThem(t *testing.T) { // T4
	h := newHouse(t)
	ann := h.people(1, noon.Add(day))[0]
	p := newLetterbox(h)
	fate, _, err := p.desk(track.Report{Said: track.Said{From: p.known(1), Text: "STOP, says Zebulon"}}).Judge(h.ctx, track.Incoming{Door: track.DoorIMAP, Raw: []byte("Zebulon")})
	must(t, err)
	equal(t, "whose it is", fate.Answer.ContactID, ann)
	equal(t, "what it answers", fate.Answer.DeliveryID, mailer.ID{})
	if err := p.Close(h.ctx, fate.Answer.ID, track.EndObjection, "Ann", "it says so"); err == nil {
		t.Error("it is closed as an objection that is nowhere on record")
	}
	must(t, h.eraser(noon).Erase(h.ctx, ann, "Ann", "asked"))
	if places := h.find("Zebulon"); len(places) > 0 || h.count(`SELECT count(*) FROM report_raw`) > 0 {
		t.Errorf("it still stands in %v", places)
	}
}

func TestAnOpenQuestionForAccessHoldsUpWhatExpires(t *testing.T) { // Art. 15, as a request does
	h, a := told(t)
	p := newLetterbox(h)
	item := p.write(a.DeliveryID, "Where did you get my data?")
	after := noon.Add(2 * day) // storage has ended
	equal(t, "erased", inLine(h.pass(after)), "{0 1 0}")
	must(t, p.Close(h.ctx, item.ID, track.EndAnswered, "Ann", "told them"))
	equal(t, "erased then", h.pass(after).Contacts, 1)
}
