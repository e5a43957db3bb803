package postgres

import (
	"errors"
	"sync"
	"testing"
	"time"

	"article14/internal/privatepg/pgtest"
	"article14/mailer"
	"article14/mailer/gate"
	"article14/mailer/rights"
)

// asker is a house with one person who was told, and the desk for what they ask.
func asker(t *testing.T) (*asking, mailer.Attempt) {
	h, a := told(t)
	return newRequestsOn(h), a
}

func TestARequestIsRecordedOnceWhileItIsOpenAndWhatIsWrittenAgainIsAddedToIt(t *testing.T) { // D9
	p, a := asker(t)
	first := p.askFor(a, mailer.RequestAccess, "what do you have?")
	p.at = noon.Add(day)
	again := p.askFor(a, mailer.RequestAccess, "and from where?")
	equal(t, "the first, with its date", again.ID == first.ID && again.DueAt.Equal(first.DueAt), true)
	p.askFor(a, mailer.RequestAccess, "")
	f := p.request(first.ID)
	equal(t, "texts", len(f.Texts), 2)
	equal(t, "events", len(f.Events), 2) // a button that says nothing new leaves nothing
	n, err := p.house.NoticeFor(p.ctx, p.controller, a.ContactID, a.DeliveryID)
	must(t, err)
	equal(t, "answered by", n.AccessDueAt, mailer.RequestDue(noon, time.UTC))
	fig := p.figures(p.at).Requests
	equal(t, "open", fig.Open[mailer.RequestAccess][mailer.RequestReceived], 1)
	equal(t, "first date", fig.DueAt, first.DueAt)
	equal(t, "receipts", len(p.carry(mailer.Relayed)), 1)

	_, err = p.Withdraw(p.ctx, first.ID, "ann")
	must(t, err)
	equal(t, "a new one", p.askFor(a, mailer.RequestAccess, "").ID != first.ID, true)
	p.audited()
}

func TestWhatThePersonWritesIsBoundedAndSafeToShow(t *testing.T) { // invariant 6
	p, a := asker(t)
	long := make([]byte, rights.MostWords+1)
	for i := range long {
		long[i] = 'x'
	}
	for words, want := range map[string]error{string(long): rights.ErrTooLong, " \x1b ": rights.ErrNothingWanted} {
		if _, err := p.Ask(p.ctx, p.link(a), rights.Ask{Kind: mailer.RequestQuestion, Words: words}, ""); !errors.Is(err, want) {
			t.Errorf("%d octets: %v", len(words), err)
		}
	}
	q := p.askFor(a, mailer.RequestQuestion, "who\x1b[31m are \u202eyou?\r\nI ask")
	equal(t, "words", p.request(q.ID).Texts[0].Body, "who[31m are you?\nI ask")
	for range 60 {
		if _, err := p.Ask(p.ctx, p.link(a), rights.Ask{Kind: mailer.RequestQuestion, Words: "again"}, ""); errors.Is(err, rights.ErrTooLong) {
			return
		}
	}
	t.Error("sixty pieces of writing were taken")
}

func TestACodeProvesWhoAsksOnceAndOpensASession(t *testing.T) { // R4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestAccess, "")
	code := p.sent(a, mailer.RequestAccess)
	if _, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "this is it"}, nil); !errors.Is(err, rights.ErrUnproved) {
		t.Fatalf("answered to nobody knows whom: %v", err)
	}
	session, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, " "+code[:3]+"-"+code[3:])
	must(t, err)
	got := p.request(q.ID)
	equal(t, "state", got.State, mailer.RequestProved)
	equal(t, "how", got.Proof, mailer.ProofMailbox)
	if _, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, code); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("a code served twice: %v", err)
	}
	seen, err := p.Open(p.ctx, p.link(a), session)
	must(t, err)
	equal(t, "what the session is for", seen.Request.ID, q.ID)
	if _, err := p.Open(p.ctx, p.link(a), ""); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("the link alone shows the request: %v", err)
	}
	p.at = noon.Add(mailer.SessionTime)
	if _, err := p.Open(p.ctx, p.link(a), session); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("a session outlives its time: %v", err)
	}
	again := p.sent(a, mailer.RequestAccess) // the session is over, the request still open
	session, err = p.Prove(p.ctx, p.link(a), mailer.RequestAccess, again)
	must(t, err)
	seen, err = p.Open(p.ctx, p.link(a), session)
	must(t, err)
	must(t, p.Shown(p.ctx, seen.Session))
	must(t, p.Shown(p.ctx, seen.Session))
	equal(t, "shown", p.request(q.ID).State, mailer.RequestAnswered)
	p.at = noon.Add(2 * time.Hour)
	must(t, p.Forget(p.ctx))
	equal(t, "codes left", p.count(`SELECT count(*) FROM proof_code`), 0)
	p.audited()
}

func TestTheDigitsOfACodeStandInNoTable(t *testing.T) { // R4, invariant 6
	p, a := asker(t)
	p.askFor(a, mailer.RequestAccess, "")
	code := p.sent(a, mailer.RequestAccess)
	p.carry(mailer.Relayed)
	if places := p.find(code); len(places) > 0 {
		t.Errorf("the code stands in %v", places)
	}
}

func TestFiveTriesAreCountedBeforeAnybodyComparesAcrossProcesses(t *testing.T) { // R4
	url := shared.before(t, pgtest.New(t, migrate))
	own, err := Open(t.Context(), url)
	must(t, err)
	defer own.Close()
	h := moveIn(t.Context(), t, own, "acme")
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Relayed, noon, a)
	p := newRequestsOn(h)
	q := p.askFor(a, mailer.RequestAccess, "")
	code := p.sent(a, mailer.RequestAccess)

	var counted sync.Map
	var wait sync.WaitGroup
	for i := range 2 {
		s, err := Open(t.Context(), url)
		must(t, err)
		defer s.Close()
		for j := range 10 {
			wait.Go(func() {
				c, err := s.TryCode(t.Context(), h.controller, a.ContactID, q.ID, noon)
				if err != nil {
					t.Error(err)
				}
				if !c.DeliveryID.IsZero() {
					counted.Store([2]int{i, j}, c.TriesLeft)
				}
			})
		}
	}
	wait.Wait()
	left := map[int]bool{}
	counted.Range(func(_, n any) bool { left[n.(int)] = true; return true })
	equal(t, "tries, each with another number left", len(left), 5)
	if _, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, code); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("the right code on the sixth try: %v", err)
	}
	equal(t, "state", p.request(q.ID).State, mailer.RequestReceived)
}

func TestACodeIsOverWithItsHourWithANewOneAndWithFiveTries(t *testing.T) { // R4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestErasure, "")
	prove := func(code string) error {
		_, err := p.Prove(p.ctx, p.link(a), mailer.RequestErasure, code)
		return err
	}
	first := p.sent(a, mailer.RequestErasure)
	p.at = noon.Add(time.Minute)
	second := p.sent(a, mailer.RequestErasure)
	if err := prove(first); first != second && !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("a code that another one ended: %v", err)
	}
	p.at = noon.Add(time.Minute + time.Hour)
	if err := prove(second); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("a code on the second when it is over: %v", err)
	}
	third := p.sent(a, mailer.RequestErasure)
	for range 5 {
		if err := prove(other(third)); !errors.Is(err, rights.ErrNotProved) {
			t.Fatal(err)
		}
	}
	if err := prove(third); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("the sixth try: %v", err)
	}
	p.at = p.at.Add(time.Second)
	fourth := p.sent(a, mailer.RequestErasure)
	must(t, prove(fourth))
	equal(t, "proved", p.request(q.ID).State, mailer.RequestProved)
}

func TestAPersonGetsThreeCodesAnHourAndTwelveForARequest(t *testing.T) { // R4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestAccess, "")
	most := 0
	for h := range 10 {
		p.at = noon.Add(time.Duration(h) * 61 * time.Minute)
		before := p.request(q.ID).CodesSent
		for range 5 {
			way, err := p.SendCode(p.ctx, p.link(a), mailer.RequestAccess)
			must(t, err)
			equal(t, "what is said of it", way, rights.ByMailbox) // whether one goes or not
		}
		most = max(most, p.request(q.ID).CodesSent-before)
	}
	equal(t, "in an hour", most, 3)
	equal(t, "at all", p.request(q.ID).CodesSent, 12)
	equal(t, "mails", p.count(`SELECT count(*) FROM delivery WHERE document = 'code'`), 12)
}

func TestACodeHoldsOverASecondAttemptAndAKeyThatIsRotatedMeanwhile(t *testing.T) { // R4, E1
	p, a := asker(t)
	p.askFor(a, mailer.RequestAccess, "")
	code := p.sent(a, mailer.RequestAccess)
	p.carry(mailer.Deferred)
	must(t, p.keys.Rotate(mailer.TokenKey))
	p.at = noon.Add(50 * time.Minute)
	equal(t, "the same digits", p.codes(p.newest(a.ContactID, mailer.RequestAccess).ID)[0], code)
	session, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, code)
	must(t, err)
	must(t, p.keys.Rotate(mailer.TokenKey))
	_, err = p.Open(p.ctx, p.link(a), session)
	must(t, err)
}

func TestStrangersLearnNothingFromTriesAndCodes(t *testing.T) { // R4
	p, a := asker(t)
	link := p.link(a)
	way, err := p.SendCode(p.ctx, link, mailer.RequestAccess) // nothing was asked
	must(t, err)
	equal(t, "as if there were a request", way, rights.ByMailbox)
	_, none := p.Prove(p.ctx, link, mailer.RequestAccess, "123456")
	p.askFor(a, mailer.RequestAccess, "")
	_, unsent := p.Prove(p.ctx, link, mailer.RequestAccess, "123456")
	_, wrong := p.Prove(p.ctx, link, mailer.RequestAccess, other(p.sent(a, mailer.RequestAccess)))
	_, junk := p.Prove(p.ctx, link, mailer.RequestAccess, "a'; --")
	for what, err := range map[string]error{"no request": none, "no code": unsent, "a wrong one": wrong, "junk": junk} {
		if err != rights.ErrNotProved {
			t.Errorf("%s: %v", what, err)
		}
	}
	equal(t, "codes that went out", p.count(`SELECT count(*) FROM delivery WHERE document = 'code'`), 1)
	theirs := p.Rights.Tokens.MakeSession(mailer.Session{ContactID: mailer.NewID(noon), DeliveryID: a.DeliveryID, Until: noon.Add(time.Hour)})
	if _, err := p.Open(p.ctx, link, theirs); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("somebody else's session: %v", err)
	}
}

func TestAMailboxThatTwoPeopleShareProvesNothing(t *testing.T) { // R4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestAccess, "")
	code := p.sent(a, mailer.RequestAccess)
	twin := p.newPerson(2, noon.Add(day))
	twin.Identifiers[twin.NewContacts[0].ID] = []mailer.Identifier{address(1)}
	p.store(twin)

	if _, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, code); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("a code that was sent before the mailbox was known to be shared: %v", err)
	}
	way, err := p.SendCode(p.ctx, p.link(a), mailer.RequestAccess)
	must(t, err)
	equal(t, "how it is proved", way, rights.ByTeam)
	equal(t, "codes", p.request(q.ID).CodesSent, 1)
	equal(t, "it waits", p.request(q.ID).State, mailer.RequestReceived)
	_, err = p.ProveBy(p.ctx, q.ID, "ann", "called back on the number of their office")
	must(t, err)
	if _, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "all that is held of you"}, nil); err == nil {
		t.Error("an answer goes to a mailbox that somebody else reads")
	}
	_, err = p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Posted: noon}, nil)
	must(t, err)
	f := p.request(q.ID)
	equal(t, "answered by post", f.State == mailer.RequestAnswered && f.Answer.Done(), true)
	equal(t, "what is said of how they were known", f.Texts[0].What, rights.TextProof)
}

func TestTheCodeOfALetterProvesWhoHasItInHand(t *testing.T) { // R4
	h := newHouse(t)
	post := newPostIn(h)
	who := post.reached(1, noon.Add(day), postal)[0]
	post.release("first")
	var out tray
	post.posted(post.batch(&out))
	p := newRequestsOn(h)
	p.at = post.at
	var notice mailer.ID
	must(t, h.db.Get(&notice, `SELECT id FROM delivery WHERE contact_id = $1`, who))
	a := mailer.Attempt{ContactID: who, DeliveryID: notice}
	q := p.askFor(a, mailer.RequestAccess, "")
	way, err := p.SendCode(p.ctx, p.link(a), mailer.RequestAccess)
	must(t, err)
	equal(t, "how", way, rights.ByLetter)
	n, err := h.NoticeFor(h.ctx, h.controller, who, notice)
	must(t, err)
	prove := func(code string) error {
		_, err := p.Prove(p.ctx, p.link(a), mailer.RequestAccess, code)
		return err
	}
	for range 5 {
		if err := prove(mailer.NewCode()); !errors.Is(err, rights.ErrNotProved) {
			t.Fatal(err)
		}
	}
	if err := prove(n.Code); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("the sixth try: %v", err)
	}
	p.at = p.at.Add(time.Hour)
	must(t, prove(n.Code))
	equal(t, "how it is known", p.request(q.ID).Proof, mailer.ProofLetterCode)
}

func TestARestrictionStopsUseAtOnceAndEndsOnlyWhenThePersonWasTold(t *testing.T) { // Art. 18, D6
	p, a := asker(t)
	who := a.ContactID
	equal(t, "before", p.verdict(who, "sell").Allowed, true)
	q := p.askFor(a, mailer.RequestRestriction, "")
	equal(t, "it is done at once", q.State, mailer.RequestAnswered)
	p.askFor(a, mailer.RequestRestriction, "")
	equal(t, "restrictions", p.count(`SELECT count(*) FROM restriction`), 1)
	equal(t, "the gate", p.verdict(who, "sell").Reason, gate.Restricted)
	p.carry(mailer.Relayed)

	p.at = noon.Add(day)
	if _, err := p.Lift(p.ctx, q.ID, rights.Decided{By: "ann"}); err == nil {
		t.Error("lifted without a word to the person")
	}
	_, err := p.Lift(p.ctx, q.ID, rights.Decided{By: "ann", Text: "it was found to be accurate"})
	must(t, err)
	equal(t, "while the mail waits", p.verdict(who, "sell").Reason, gate.Restricted)
	p.carry(mailer.Rejected)
	equal(t, "when it was refused", p.verdict(who, "sell").Reason, gate.Restricted)
	p.at = p.at.Add(2 * time.Hour)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "somebody hears of it", p.figures(p.at).Alerts[mailer.AlertRequestUntold], 1)
	_, err = p.Lift(p.ctx, q.ID, rights.Decided{By: "ann", Text: "it was found to be accurate", Posted: p.at})
	must(t, err)
	equal(t, "told by post", p.verdict(who, "sell").Allowed, true)
	p.audited()
}

func TestALiftedRestrictionStandsAgainWhenWhatToldThePersonComesBack(t *testing.T) { // Art. 18(3), E2
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestRestriction, "")
	p.carry(mailer.Relayed)
	_, err := p.Lift(p.ctx, q.ID, rights.Decided{By: "ann", Text: "it was found to be accurate"})
	must(t, err)
	mail := p.carry(mailer.Relayed)[0]
	equal(t, "handed over", p.verdict(a.ContactID, "sell").Allowed, true)
	newDesk(p.house).take(failed("person1@example.org", "5.2.2"), mail.DeliveryID, "came back")
	equal(t, "the mail", p.state(mail.DeliveryID), mailer.Bounced)
	equal(t, "came back", p.verdict(a.ContactID, "sell").Reason, gate.Restricted)
}

func TestConsentThatIsTakenBackStopsWhatRestsOnItAndNothingElse(t *testing.T) { // R10, Art. 7(3)
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestWithdrawal, "")
	equal(t, "done", q.State, mailer.RequestAnswered)
	equal(t, "by consent", p.verdict(a.ContactID, "letters").Reason, gate.Restricted)
	equal(t, "by interest", p.verdict(a.ContactID, "sell").Allowed, true)
	if _, err := p.Lift(p.ctx, q.ID, rights.Decided{By: "ann", Text: "we like it better so", Posted: noon}); err == nil {
		t.Error("consent was given back by the company")
	}
}

func TestARightThatDoesNotApplyIsNotRecorded(t *testing.T) { // R10
	p, a := asker(t)
	p.reg.Activities[0].Purposes = p.reg.Activities[0].Purposes[:1] // no consent
	for _, kind := range []mailer.RequestKind{mailer.RequestPortability, mailer.RequestWithdrawal, mailer.RequestObjection, "nonsense", ""} {
		if _, err := p.Ask(p.ctx, p.link(a), rights.Ask{Kind: kind, Words: "x"}, ""); !errors.Is(err, mailer.ErrNoSuchLink) {
			t.Errorf("%q: %v", kind, err)
		}
	}
	_, err := p.Add(p.ctx, rights.Received{Contact: a.ContactID, Kind: mailer.RequestPortability, Way: mailer.WayLetter, At: noon, By: "ann"})
	if !errors.Is(err, rights.ErrNoRight) {
		t.Errorf("by hand: %v", err)
	}
	equal(t, "requests", p.count(`SELECT count(*) FROM request`), 0)
	v, err := p.Choices(p.ctx, p.link(a), "")
	must(t, err)
	equal(t, "choices", len(v.Choices), 5)
}

func TestAnExtensionCountsOnlyIfItsNoticeWasHandedOverInTheFirstMonth(t *testing.T) { // D9
	for name, c := range map[string]struct {
		days  int // after receipt
		state mailer.DeliveryState
		want  mailer.ExtensionStand
	}{
		"in time":        {10, mailer.Relayed, mailer.ExtensionHolds},
		"a day too late": {32, mailer.Relayed, mailer.ExtensionNotHeld},
		"refused":        {10, mailer.Rejected, mailer.ExtensionNotHeld},
		"still deferred": {10, mailer.Deferred, mailer.ExtensionWaits},
	} {
		t.Run(name, func(t *testing.T) {
			p, a := asker(t)
			q := p.askFor(a, mailer.RequestQuestion, "why?")
			p.carry(mailer.Relayed)
			_, err := p.Extend(p.ctx, q.ID, mailer.ExtendedComplex, rights.Decided{By: "ann", Text: "there is much of it"})
			must(t, err)
			p.at = noon.Add(time.Duration(c.days) * day)
			p.carry(c.state)
			due, stand := p.request(q.ID).Clock(p.at)
			equal(t, "stands", stand, c.want)
			want := mailer.RequestDue(noon, time.UTC)
			if c.want == mailer.ExtensionHolds {
				want = mailer.ExtendedDue(noon, time.UTC)
			}
			equal(t, "due", due, want)
			equal(t, "the stored date", p.request(q.ID).DueAt, mailer.RequestDue(noon, time.UTC))
			equal(t, "figures", p.figures(p.at).Requests.DueAt, want)
			must(t, p.KeepHouse(p.ctx))
			equal(t, "alerts", p.figures(p.at).Alerts[mailer.AlertExtensionNotHeld] == 1, c.want == mailer.ExtensionNotHeld)
			p.audited()
		})
	}
}

func TestAnExtensionWhoseNoticeComesBackHoldsNoMore(t *testing.T) { // D9, E2
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestQuestion, "why?")
	p.carry(mailer.Relayed)
	_, err := p.Extend(p.ctx, q.ID, mailer.ExtendedMany, rights.Decided{By: "ann", Text: "there are many"})
	must(t, err)
	mail := p.carry(mailer.Relayed)[0]
	_, stand := p.request(q.ID).Clock(noon)
	equal(t, "at first", stand, mailer.ExtensionHolds)
	newDesk(p.house).take(failed("person1@example.org", "5.2.2"), mail.DeliveryID, "came back")
	due, stand := p.request(q.ID).Clock(noon)
	equal(t, "then", stand, mailer.ExtensionNotHeld)
	equal(t, "due", due, q.DueAt)
	_, err = p.Extend(p.ctx, q.ID, mailer.ExtendedMany, rights.Decided{By: "ann", Text: "there are many", Posted: noon})
	must(t, err)
	_, stand = p.request(q.ID).Clock(noon)
	equal(t, "by post", stand, mailer.ExtensionHolds)
	if _, err := p.Extend(p.ctx, q.ID, mailer.ExtendedMany, rights.Decided{By: "ann", Text: "again", Posted: noon}); err == nil {
		t.Error("extended twice")
	}
}

func TestSomebodyIsRemindedOfADateUntilTheRequestEnds(t *testing.T) { // D8, D9
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestQuestion, "why?")
	look := func(before time.Duration) int64 {
		p.at = q.DueAt.Add(-before)
		must(t, p.KeepHouse(p.ctx))
		return p.figures(p.at).Alerts[mailer.AlertRequestDue]
	}
	equal(t, "fifteen days before", look(15*day), 0)
	for _, before := range []time.Duration{14 * day, 7 * day, 2 * day, -time.Second} {
		equal(t, before.String()+" before", look(before), 1)
		var id mailer.ID
		must(t, p.db.Get(&id, `SELECT id FROM alert WHERE kind = 'request_due'`))
		must(t, p.SettleAlert(p.ctx, p.controller, id, "ann", p.at))
		equal(t, "seen to, and looked at once more", look(before), 0)
	}
	equal(t, "a day late", look(-25*time.Hour), 1)
	_, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "because"}, nil)
	must(t, err)
	equal(t, "answered", p.figures(p.at).Alerts[mailer.AlertRequestDue], 0)
	p.carry(mailer.Rejected)
	p.at = p.at.Add(2 * time.Hour)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "an answer that did not arrive", p.figures(p.at).Alerts[mailer.AlertRequestUntold], 1)
	p.audited()
}

func TestARefusalHasAGroundOfItsKindAndReasonsAndEndsWhatItHadStopped(t *testing.T) { // Art. 12(4), 12(5)
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestErasure, "")
	_, err := p.ProveBy(p.ctx, q.ID, "ann", "known by voice")
	must(t, err)
	equal(t, "use has stopped", p.verdict(a.ContactID, "sell").Reason, gate.Restricted)
	for _, bad := range []struct {
		ground mailer.Ground
		text   string
	}{{mailer.GroundCompelling, "reasons"}, {"because", "reasons"}, {mailer.GroundLegalDuty, " "}} {
		if _, err := p.Refuse(p.ctx, q.ID, bad.ground, rights.Decided{By: "ann", Text: bad.text}); err == nil {
			t.Errorf("refused on %q with %q", bad.ground, bad.text)
		}
	}
	_, err = p.Refuse(p.ctx, q.ID, mailer.GroundLegalDuty, rights.Decided{By: "ann", Text: "the tax code, section 1"})
	must(t, err)
	equal(t, "they are not told yet", p.verdict(a.ContactID, "sell").Reason, gate.Restricted)
	p.carry(mailer.Relayed)
	equal(t, "they are", p.verdict(a.ContactID, "sell").Allowed, true)
	f := p.request(q.ID)
	equal(t, "ground", f.Ground, mailer.GroundLegalDuty)
	if _, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "after all"}, nil); !errors.Is(err, rights.ErrRequestEnded) {
		t.Errorf("answered after it was refused: %v", err)
	}
}

func TestAnErasureThatIsProvedIsCarriedOutWhenItsReceiptIsOut(t *testing.T) { // Art. 17
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestErasure, "Zebulon wants to go")
	_, err := p.Prove(p.ctx, p.link(a), mailer.RequestErasure, p.sent(a, mailer.RequestErasure))
	must(t, err)
	p.carry(mailer.Relayed)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "the receipt waits", p.count(`SELECT count(*) FROM delivery WHERE document = 'erasure_receipt' AND state = 'queued'`), 1)
	p.at = noon.Add(2 * time.Hour)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "so do they", p.count(`SELECT count(*) FROM contact WHERE erased_at IS NULL`), 1)
	p.carry(mailer.Relayed)
	p.at = noon.Add(4 * time.Hour)
	must(t, p.KeepHouse(p.ctx))
	equal(t, "gone", p.count(`SELECT count(*) FROM contact WHERE erased_at IS NULL`), 0)
	f := p.request(q.ID)
	equal(t, "state", f.State, mailer.RequestAnswered)
	equal(t, "words", len(f.Texts), 0)
	for _, value := range traces {
		if places := p.find(value); len(places) > 0 {
			t.Errorf("%s still stands in %v", value, places)
		}
	}
	if _, err := p.Ask(p.ctx, p.link(a), rights.Ask{Kind: mailer.RequestAccess}, ""); !errors.Is(err, mailer.ErrNoSuchLink) {
		t.Errorf("somebody asks who is not there: %v", err)
	}
	p.audited()
}

func TestAnErasureWaitsForAPersonWhereALawMayAskForTheData(t *testing.T) { // Art. 17(3)(b)
	for basis, want := range map[mailer.Basis]int64{mailer.Contract: 0, mailer.LegalObligation: 0, mailer.PublicTask: 1} {
		p, a := asker(t)
		p.reg.Activities[0].Purposes[1].Basis = basis
		q := p.askFor(a, mailer.RequestErasure, "")
		_, err := p.ProveBy(p.ctx, q.ID, "ann", "known by voice")
		must(t, err)
		must(t, p.KeepHouse(p.ctx))
		equal(t, string(basis), p.count(`SELECT count(*) FROM delivery WHERE document = 'erasure_receipt'`), want)
		equal(t, "use has stopped", p.verdict(a.ContactID, "sell").Reason, gate.Restricted)
	}
}

func TestACorrectedValueTakesEffectAndTheOldOneIsKeptUntilErasure(t *testing.T) { // Art. 16
	p, a := asker(t)
	_, err := p.Ask(p.ctx, p.link(a), rights.Ask{Kind: mailer.RequestRectification, Wanted: map[string]string{"name": "Zebulon Right"}}, "")
	must(t, err)
	q := p.newest(a.ContactID, mailer.RequestRectification)
	_, err = p.Prove(p.ctx, p.link(a), mailer.RequestRectification, p.sent(a, mailer.RequestRectification))
	must(t, err)
	d := rights.Decided{By: "ann", Text: "done"}
	if _, err := p.Answer(p.ctx, q.ID, d, map[string]string{"id": "x"}); err == nil {
		t.Error("a field was set that is none")
	}
	_, err = p.Answer(p.ctx, q.ID, d, map[string]string{"name": "Zebulon Right", "email": "Right@Example.ORG"})
	must(t, err)
	r, err := p.ContactReport(p.ctx, p.controller, a.ContactID)
	must(t, err)
	equal(t, "name", r.Contact.Name, "Zebulon Right")
	f := p.request(q.ID)
	equal(t, "kept", len(f.Corrections), 2)
	equal(t, "addresses that count", len(f.Identifiers), 1)
	equal(t, "the new one", f.Identifiers[0].Value, "Right@example.org")
	equal(t, "that recognise them", len(r.Identifiers), 2)
	dead, err := p.deadOf(a.ContactID)
	must(t, err)
	equal(t, "written to no more", dead, "person1@example.org")
	must(t, p.house.eraser(p.at).Erase(p.ctx, a.ContactID, "ann", "asked"))
	for _, value := range append(traces, "Zebulon Right", "Right@") {
		if places := p.find(value); len(places) > 0 {
			t.Errorf("%s still stands in %v", value, places)
		}
	}
}

func TestWordsOfARequestGoAYearAfterItsEnd(t *testing.T) { // T4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestQuestion, "asks Zebulon")
	forget := func(at time.Time) int {
		p.at = at
		must(t, p.Forget(p.ctx))
		return len(p.find("Zebulon"))
	}
	equal(t, "open for years", forget(noon.Add(1000*day)), 1)
	_, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "Zebulon, because"}, nil)
	must(t, err)
	equal(t, "within the year", forget(noon.Add(1364*day)), 1)
	equal(t, "behind it", forget(noon.Add(1365*day)), 0)
	equal(t, "the row", p.request(q.ID).State, mailer.RequestAnswered)
}

func TestWhatCameByLetterHasTheDateOfItsReceipt(t *testing.T) { // D9
	p, a := asker(t)
	in := rights.Received{Contact: a.ContactID, Kind: mailer.RequestAccess, Way: mailer.WayLetter, At: noon.Add(-10 * day), By: "ann", Words: "please", Known: "their signature"}
	q, err := p.Add(p.ctx, in)
	must(t, err)
	equal(t, "due", q.DueAt, mailer.RequestDue(noon.Add(-10*day), time.UTC))
	equal(t, "proved", q.State, mailer.RequestProved)
	in.At = noon.Add(time.Second)
	if _, err := p.Add(p.ctx, in); err == nil {
		t.Error("received tomorrow")
	}
	in.At, in.Contact = noon, mailer.NewID(noon)
	if _, err := p.Add(p.ctx, in); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("of nobody: %v", err)
	}
	p.absent = true
	if _, err := p.Answer(p.ctx, q.ID, rights.Decided{By: "ann", Text: "this"}, nil); !errors.Is(err, rights.ErrNoMailbox) {
		t.Errorf("to nowhere: %v", err)
	}
}

func TestWhatWasProvedIsTakenBackOnlyByWhoProvedIt(t *testing.T) { // R4
	p, a := asker(t)
	q := p.askFor(a, mailer.RequestErasure, "")
	session, err := p.Prove(p.ctx, p.link(a), mailer.RequestErasure, p.sent(a, mailer.RequestErasure))
	must(t, err)
	if err := p.TakeBack(p.ctx, p.link(a), mailer.RequestErasure, ""); !errors.Is(err, rights.ErrNotProved) {
		t.Errorf("by the link alone: %v", err)
	}
	must(t, p.TakeBack(p.ctx, p.link(a), mailer.RequestErasure, session))
	must(t, p.TakeBack(p.ctx, p.link(a), mailer.RequestErasure, session))
	equal(t, "state", p.request(q.ID).State, mailer.RequestWithdrawn)
	equal(t, "used again", p.verdict(a.ContactID, "sell").Allowed, true)
}

// deadOf is the address of a person that must not be written to.
func (p *asking) deadOf(contact mailer.ID) (value string, err error) {
	var ids []mailer.ID
	if err := p.db.SelectContext(p.ctx, &ids, statement("dead_addresses"), p.controller, uuids([]mailer.ID{contact}), p.at); err != nil || len(ids) != 1 {
		return "", err
	}
	return value, p.db.GetContext(p.ctx, &value, `SELECT value FROM identifier WHERE id = $1`, ids[0])
}
