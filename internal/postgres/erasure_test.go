package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/retain"
	"article14/mailer/track"
)

// eraser erases by a register that keeps data for thirty days.
func (h *house) eraser(at time.Time) *retain.Eraser {
	reg := &mailer.Register{
		Controller: mailer.Controller{Key: "acme", Zone: time.UTC},
		Sources:    []mailer.Source{{Key: "linkedin"}, {Key: "whois"}},
		Activities: []mailer.Activity{{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Days: 30}}}},
	}
	if h.retention.Days > 0 {
		reg.Activities[0].Retention.Period = h.retention
	}
	return &retain.Eraser{Store: h.Store, Controller: h.controller, Key: h.key, Now: func() time.Time { return at }, Page: 3,
		Registers: &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}
}

func (h *house) pass(at time.Time) retain.Erased {
	h.t.Helper()
	out, err := h.eraser(at).Pass(h.ctx)
	must(h.t, err)
	return out
}

// told gives everybody their notice at an instant.
func (h *house) told(at time.Time) {
	h.t.Helper()
	h.settle(mailer.Relayed, at, h.begin(at, h.claim(100, at)...)...)
}

// find gives every place of the database in which a text stands, also as bytes.
func (h *house) find(text string) (places []string) {
	h.t.Helper()
	var tables []string
	must(h.t, h.db.SelectContext(h.ctx, &tables, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`))
	if len(tables) < 20 {
		h.t.Fatalf("only %d tables were found", len(tables))
	}
	for _, table := range tables {
		if n := h.count(`SELECT count(*) FROM `+table+` x WHERE CAST(to_jsonb(x) AS text) ILIKE ANY (ARRAY[$1, $2])`, "%"+text+"%", fmt.Sprintf("%%%x%%", text)); n > 0 {
			places = append(places, table)
		}
	}
	return places
}

// audited holds the counters against a count of everything.
func (h *house) audited() {
	h.t.Helper()
	(&mischief{house: h}).audit()
}

func TestWhatHasExpiredIsErasedAndWhatWasOwedIsOnRecord(t *testing.T) { // T1, T3, E1
	h := newHouse(t)
	ids := h.people(2, noon.Add(24*time.Hour))
	h.running("spring", 0)
	jobs := h.claim(1, noon)
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs...)...)
	informed, uninformed := jobs[0].ContactID, ids[0]
	if informed == uninformed {
		uninformed = ids[1]
	}
	equal(t, "on the last day", h.pass(noon.Add(24*time.Hour)).Contacts, 0)
	if len(h.find("Person 1")) == 0 || len(h.find("person1@example.org")) == 0 {
		t.Fatal("nothing is found that is there")
	}
	at := noon.Add(48 * time.Hour)
	equal(t, "contacts", h.pass(at).Contacts, 2)
	for _, value := range []string{"Person 1", "Person 2", "person1@", "person2@"} {
		if places := h.find(value); len(places) > 0 {
			t.Errorf("%s still stands in %v", value, places)
		}
	}
	var d struct {
		Reason, Detail string
		MetAt          *time.Time `db:"met_at"`
	}
	must(t, h.db.Get(&d, `SELECT reason, detail, met_at FROM duty WHERE contact_id = $1 AND state = 'erased' AND erased_at = $2`, informed, at))
	equal(t, "informed", d.Reason, "informed")
	if d.MetAt == nil || !d.MetAt.Equal(noon) {
		t.Errorf("met at %v", d.MetAt)
	}
	must(t, h.db.Get(&d, `SELECT reason, detail, met_at FROM duty WHERE contact_id = $1 AND state = 'erased'`, uninformed))
	equal(t, "uninformed", d.Reason+", "+d.Detail, "erased_before_informed, 1 days late")
	equal(t, "cancelled", h.count(`SELECT count(*) FROM delivery WHERE contact_id = $1 AND state = 'cancelled'`, uninformed), 1)
	equal(t, "hash of the bytes", h.count(`SELECT count(*) FROM attempt WHERE contact_id = $1 AND sha256 IS NOT NULL`, informed), 1)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'erased' AND reason = 'expired'`), 2)
	equal(t, "suppressions", h.count(`SELECT count(*) FROM suppression`), 0) // they may be found again
	h.audited()
	equal(t, "a second time", h.pass(at).Contacts, 0)
	h.audited()
}

func TestAPassThatIsBrokenOffIsCompletedByTheNext(t *testing.T) { // invariant 7
	h := newHouse(t)
	h.people(10, noon)
	h.running("spring", 0)
	for stop := 1; stop < 40 && h.count(`SELECT count(*) FROM contact WHERE erased_at IS NULL`) > 0; stop++ {
		e := h.eraser(noon.Add(72 * time.Hour))
		e.Store = &failing{Store: h.Store, after: stop}
		if _, err := e.Pass(h.ctx); err != nil && !errors.Is(err, errAway) {
			t.Fatal(err)
		}
		h.audited()
	}
	equal(t, "erased", h.count(`SELECT count(*) FROM contact WHERE erased_at IS NOT NULL`), 10)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'erased'`), 10)
	equal(t, "values left", h.count(`SELECT count(*) FROM identifier`), 0)
}

var errAway = errors.New("the database is away")

// failing goes away in the middle of what it is asked to erase, again and again.
type failing struct {
	*Store
	after int
}

func (f *failing) Erase(ctx context.Context, controller mailer.ID, ids []mailer.ID, by *retain.Decision, now time.Time, decide func(retain.Held) (retain.Erasing, error)) (int, int, error) {
	return f.Store.Erase(ctx, controller, ids, by, now, func(h retain.Held) (retain.Erasing, error) {
		if f.after--; f.after < 0 {
			return retain.Erasing{}, errAway
		}
		return decide(h)
	})
}

func TestWhatIsOnTheWireOrUnsettledIsWaitedFor(t *testing.T) { // E5, T3
	h := newHouse(t)
	h.people(1, noon)
	h.running("spring", 0)
	attempts := h.begin(noon, h.claim(1, noon)...)
	at := noon.Add(48 * time.Hour)
	out := h.pass(at)
	equal(t, "on the wire: erased", out.Contacts, 0)
	equal(t, "on the wire: waiting", out.Waiting, 1)
	h.settle(mailer.Uncertain, noon, attempts...)
	equal(t, "uncertain", h.pass(at).Waiting, 1)
	out = h.pass(noon.Add(15 * 24 * time.Hour))
	equal(t, "after two weeks", out.Contacts, 1)
	equal(t, "perhaps", h.count(`SELECT count(*) FROM duty WHERE state = 'erased' AND reason = 'perhaps_informed'`), 1)
	h.audited()
	_, err := h.Wake(h.ctx, h.controller, noon.Add(16*24*time.Hour), true, 10)
	must(t, err)
	equal(t, "sent again", len(h.claim(10, noon.Add(16*24*time.Hour))), 0)
	h.audited()
}

// narrow has everybody's notice name its source as one in doubt.
func (h *house) narrow(form string) {
	h.t.Helper()
	_, err := h.db.ExecContext(h.ctx, `UPDATE delivery SET form = $1`, form)
	must(h.t, err)
}

func TestDataThatServedForTheNoticeAloneGoAfterItsThirtyDays(t *testing.T) { // S4, T2, R5
	h := newHouse(t)
	h.retention = calendar.Period{Days: 700}
	m := h.newPerson(1, noon.Add(24*time.Hour))
	for id := range m.Acquisitions {
		m.Acquisitions[id][0].Visibility = mailer.VisibleUnknown
	}
	h.store(m)
	h.running("spring", 0)
	h.narrow("linkedin?")
	h.told(noon)
	equal(t, "on the last day", h.pass(noon.Add(30*24*time.Hour)).Contacts, 0)
	equal(t, "on the day after", h.pass(noon.Add(31*24*time.Hour)).Contacts, 1)
	equal(t, "values", len(h.find("person1@")), 0)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'erased' AND reason = 'notice_only'`), 1)
	equal(t, "kept from being taken in again", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use' AND reason = 'notice_only'`), 1)
	equal(t, "a second time", h.pass(noon.Add(32*24*time.Hour)).Contacts, 0)
	h.audited()
}

func TestOfAMixedNoticeOnlyTheEntryInDoubtGoes(t *testing.T) { // S4, T2
	h := newHouse(t)
	h.retention = calendar.Period{Days: 700}
	m := h.newPerson(1, noon.Add(24*time.Hour))
	contact := m.NewContacts[0].ID
	second, duty := m.Acquisitions[contact][0], m.Duties[0]
	second.ID, second.SourceKey, second.Visibility = mailer.NewID(noon), "whois", mailer.VisibleUnknown
	duty.ID, duty.SourceKey, duty.AcquisitionID = mailer.NewID(noon), "whois", second.ID
	m.Acquisitions[contact] = append(m.Acquisitions[contact], second)
	m.Duties = append(m.Duties, duty)
	h.store(m)
	h.running("spring", 0)
	h.narrow("linkedin+whois?")
	h.told(noon)
	_, err := h.db.Exec(`UPDATE attempt SET slots = '{"name": "Person 1", "page.whois": "https://whois.example/p1", "page.linkedin": "https://l.example/p1"}'`)
	must(t, err)
	equal(t, "contacts", h.pass(noon.Add(31*24*time.Hour)).Contacts, 1)
	equal(t, "the entry's duty", h.count(`SELECT count(*) FROM duty WHERE source_key = 'whois' AND state = 'erased'`), 1)
	equal(t, "the other duty", h.count(`SELECT count(*) FROM duty WHERE source_key = 'linkedin' AND state = 'met'`), 1)
	equal(t, "acquisitions", h.count(`SELECT count(*) FROM acquisition`), 1)
	equal(t, "the entry's page", len(h.find("whois.example")), 0)
	equal(t, "the other page", len(h.find("l.example")), 1)
	equal(t, "the person", h.count(`SELECT count(*) FROM contact WHERE name = 'Person 1' AND erased_at IS NULL`), 1)
	equal(t, "a second time", h.pass(noon.Add(32*24*time.Hour)).Contacts, 0)
	equal(t, "suppressions", h.count(`SELECT count(*) FROM suppression`), 0)
	h.audited()
}

func TestAPersonErasedByDecisionIsNotTakenInAgain(t *testing.T) { // R5, T3
	h := newHouse(t)
	contact := h.people(1, noon.Add(24*time.Hour))[0]
	h.running("spring", 0)
	e := h.eraser(noon)
	plan, held, err := e.Preview(h.ctx, contact)
	must(t, err)
	equal(t, "previewed", fmt.Sprint(plan.Whole, len(plan.Duties), len(plan.Cancel), len(plan.Suppress), len(held.Identifiers)), "true 1 1 1 1")
	equal(t, "still there", h.count(`SELECT count(*) FROM contact WHERE name = 'Person 1'`), 1)
	if err := e.Erase(h.ctx, contact, "", "asked by letter"); err == nil || !strings.Contains(err.Error(), "--by") {
		t.Errorf("without a name: %v", err)
	}
	must(t, e.Erase(h.ctx, contact, "ann", "asked by letter"))
	equal(t, "values", len(h.find("person1@")), 0)
	equal(t, "decisions", h.count(`SELECT count(*) FROM decision WHERE kind = 'erase' AND decided_by = 'ann'`), 1)
	equal(t, "audit", h.count(`SELECT count(*) FROM audit WHERE action = 'contact.erase' AND subject = $1`, contact.String()), 1)
	if err := e.Erase(h.ctx, contact, "ann", "again"); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("a second time: %v", err)
	}
	must(t, h.Store.Merge(h.ctx, h.controller, h.imp.ID, accept.BatchKeys{mailer.ByEmail: {address(1).Hash}}, noon, func(known []mailer.Known, suppressed map[string]bool) accept.Merge {
		equal(t, "known", len(known), 0)
		equal(t, "suppressed", suppressed[string(address(1).Hash)], true)
		return accept.Merge{}
	}))
	h.audited()
}

func TestWhatCameBackGoesWithThePersonItIsAbout(t *testing.T) { // T4, invariant 6
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(2, noon.Add(day))
	gone, stays := as[0], as[1]
	named := failed("person@example.org", "5.7.1")
	named.Recipients[0].Diagnostic = "550 5.7.1 Person of Interest takes no mail"
	for i, a := range as {
		d.take(track.Report{}, a.DeliveryID, fmt.Sprint("I am away, yours, Person ", i))
		d.take(named, a.DeliveryID, fmt.Sprint("a report ", i))
	}
	equal(t, "before", fmt.Sprint(h.find("person of interest")), "[report]")
	must(t, h.eraser(noon).Erase(h.ctx, gone.ContactID, "ann", "asked by letter"))
	equal(t, "diagnostics of who stays", h.count(`SELECT count(*) FROM report WHERE diagnostic <> '' AND contact_id = $1`, stays.ContactID), 1)
	equal(t, "diagnostics of who is gone", h.count(`SELECT count(*) FROM report WHERE diagnostic <> '' AND contact_id = $1`, gone.ContactID), 0)
	equal(t, "that reports came stays on record", h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, gone.ContactID), 2)
	equal(t, "letters of who stays", h.count(`SELECT count(*) FROM report_raw WHERE contact_id = $1`, stays.ContactID), 1)
	equal(t, "letters of who is gone", h.count(`SELECT count(*) FROM report_raw WHERE contact_id = $1`, gone.ContactID), 0)

	d.take(named, gone.DeliveryID, "one more, later")
	equal(t, "diagnostics that came behind", h.count(`SELECT count(*) FROM report WHERE diagnostic <> '' AND contact_id = $1`, gone.ContactID), 0)
	equal(t, "late reports on record", h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, gone.ContactID), 3)
	h.audited()
}

func TestABounceThatComesBehindTheErasureCorrectsTheRecord(t *testing.T) { // T3, E2
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(3, noon.Add(-2*day)) // told, and two days late
	for _, a := range as[:2] {
		must(t, h.eraser(noon.Add(time.Hour)).Erase(h.ctx, a.ContactID, "ann", "asked by letter"))
	}
	equal(t, "as erased", h.count(`SELECT count(*) FROM duty WHERE state = 'erased' AND reason = 'informed'`), 2)
	equal(t, "met late", h.figures(noon).MetLate, 3)
	for range 2 {
		d.take(failed("", "5.1.1"), as[0].DeliveryID, "returned")
	}
	equal(t, "the delivery", h.state(as[0].DeliveryID), mailer.Bounced)
	equal(t, "corrected", h.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND state = 'erased' AND reason = 'erased_before_informed'
		AND detail = '2 days late' AND met_at IS NULL`, as[0].ContactID), 1)
	equal(t, "in its history", h.count(`SELECT count(*) FROM duty_history WHERE contact_id = $1 AND from_state = 'erased' AND reason = 'address_dead'`, as[0].ContactID), 1)
	equal(t, "the other", h.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND reason = 'informed'`, as[1].ContactID), 1)
	h.audited()
}

func TestADecisionToTellOpensWhatWaitedForIt(t *testing.T) { // S4, R4
	h := newHouse(t)
	contact := h.people(1, noon.Add(24*time.Hour))[0]
	_, err := h.db.Exec(`UPDATE acquisition SET page = ''`)
	if err == nil {
		t.Fatal("an acquisition was changed")
	}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		return accept.Merge{Rows: 1, Counts: accept.ImportCounts{Merged: 1}, Quarantined: []mailer.Duty{{ID: h.dutyID(contact), ContactID: contact}}}
	}))
	equal(t, "quarantined", h.dutyOf(contact), mailer.DutyBlocked)
	e := h.eraser(noon)
	opened, err := e.Tell(h.ctx, contact, "ann", "she asked us to keep her entry")
	must(t, err)
	equal(t, "opened", opened, 1)
	equal(t, "open", h.dutyOf(contact), mailer.DutyOpen)
	c := h.approved("spring", 0)
	if cs := h.candidates(c, false); len(cs) != 1 || cs[0].Contact.TellAt.IsZero() {
		t.Errorf("candidates %+v", cs)
	}
	if _, err := e.Tell(h.ctx, mailer.NewID(noon), "ann", "x"); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("a stranger: %v", err)
	}
	r, err := h.ContactReport(h.ctx, h.controller, contact)
	must(t, err)
	if len(r.Decisions) != 1 || r.Decisions[0].By != "ann" || r.Decisions[0].Kind != retain.DecideTell {
		t.Errorf("decisions %+v", r.Decisions)
	}
	for _, q := range []string{`UPDATE decision SET why = ''`, `DELETE FROM decision`} {
		if _, err := h.db.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
	h.audited()
}

func (h *house) dutyID(contact mailer.ID) (id mailer.ID) {
	h.t.Helper()
	must(h.t, h.db.GetContext(h.ctx, &id, `SELECT id FROM duty WHERE contact_id = $1`, contact))
	return id
}

func TestOperatorsHearOnceOfAQuarantineThatIsNearItsDate(t *testing.T) { // S4, D8
	h := newHouse(t)
	h.retention = calendar.Period{Days: 700}
	near, far := h.people(1, noon.Add(6*24*time.Hour))[0], h.people(1, noon.Add(9*24*time.Hour))[0]
	past := h.people(1, noon.Add(-24*time.Hour))[0]
	_, err := h.db.Exec(`UPDATE duty SET state = 'blocked', reason = 'quarantined'`)
	must(t, err)
	for range 2 {
		h.pass(noon)
		equal(t, "alerts", h.count(`SELECT count(*) FROM alert WHERE kind = 'quarantine_due'`), 2)
	}
	for contact, want := range map[mailer.ID]int64{near: 1, far: 0, past: 1} {
		equal(t, "alerts of a duty", h.count(`SELECT count(*) FROM alert WHERE kind = 'quarantine_due' AND subject = $1`, h.dutyID(contact).String()), want)
	}
	h.pass(noon.Add(48 * time.Hour))
	equal(t, "two days later", h.count(`SELECT count(*) FROM alert WHERE kind = 'quarantine_due'`), 3)
}

func TestTheLinkOfAnErasedPersonSaysWhenItWas(t *testing.T) { // R3
	h := newHouse(t)
	contact := h.people(1, noon)[0]
	h.running("spring", 0)
	jobs := h.claim(1, noon)
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs...)...)
	n, err := h.NoticeFor(h.ctx, h.controller, contact, jobs[0].DeliveryID)
	must(t, err)
	equal(t, "before", n.ErasedAt.IsZero(), true)
	at := noon.Add(48 * time.Hour)
	h.pass(at)
	n, err = h.NoticeFor(h.ctx, h.controller, contact, jobs[0].DeliveryID)
	must(t, err)
	equal(t, "after", n.ErasedAt.Equal(at), true)
	equal(t, "values", len(n.Slots)+len(n.Identifiers), 0)
}

func TestOfContactsWithoutANameSharedAddressesAreMarked(t *testing.T) { // R4
	h := newHouse(t)
	m, other := h.newPerson(1, noon), h.newPerson(2, noon)
	m.NewContacts[0].Name = ""
	other.Identifiers[other.NewContacts[0].ID] = []mailer.Identifier{address(1)}
	h.store(m, other)
	for _, c := range h.candidates(h.approved("spring", 0), false) {
		equal(t, "shared, of "+c.Contact.Name, c.Addresses[0].Shared, c.Contact.Name == "")
	}
}

func TestADutyThatStaysIsOpenAgainWhenItsDeliveryIsCancelled(t *testing.T) { // invariant 1
	h := newHouse(t)
	m := h.newPerson(1, noon.Add(24*time.Hour))
	contact, second := m.NewContacts[0].ID, m.Duties[0]
	second.ID, second.SourceKey = mailer.NewID(noon), "whois"
	m.Duties = append(m.Duties, second)
	h.store(m)
	h.running("spring", 0)
	_, _, err := h.Store.Erase(h.ctx, h.controller, []mailer.ID{contact}, nil, noon, func(held retain.Held) (retain.Erasing, error) {
		return retain.Erasing{ContactID: contact, Cancel: []mailer.ID{held.Deliveries[0].ID},
			Duties: []retain.ErasedDuty{{ID: second.ID, Cause: retain.EraseTold, Reason: retain.ErasedUninformed}}}, nil
	})
	must(t, err)
	equal(t, "erased", h.count(`SELECT count(*) FROM duty WHERE id = $1 AND state = 'erased'`, second.ID), 1)
	equal(t, "open", h.count(`SELECT count(*) FROM duty WHERE id = $1 AND state = 'open'`, m.Duties[0].ID), 1)
	h.audited()
}

func TestWhatEndsIsFoundByNarrowIndexes(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon)
	for name, c := range map[string]struct {
		index string
		more  []any
	}{
		"storage_begun": {"contact_storage", nil}, "told_only": {"delivery_told_only", []any{texts(retain.HandedOver)}}, "quarantined": {"duty_quarantined", nil},
	} {
		var lines []string
		must(t, h.read(h.ctx, func(x tx) error {
			if _, err := x.ExecContext(h.ctx, `SET LOCAL enable_seqscan = off`); err != nil {
				return err
			}
			args := append([]any{h.controller, noon, noon.Add(-time.Hour), mailer.ID{}.String(), 200}, c.more...)
			return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement(name), args...)
		}))
		if plan := strings.Join(lines, "\n"); !strings.Contains(plan, c.index) {
			t.Errorf("%s is not answered by %s:\n%s", name, c.index, plan)
		}
	}
}

func TestAContactIsEmptiedAndNeverDeleted(t *testing.T) { // invariant 4
	h := newHouse(t)
	who := h.people(1, noon.Add(day))[0]
	if _, err := h.db.Exec(`DELETE FROM contact WHERE id = $1`, who); err == nil {
		t.Fatal("a contact was deleted, and what it was owed with it")
	}
}

// TestAnErasureBesideAnObjectionAtASharedAddressWaitsForIt has two people at one address: an
// objection of one holds the suppression of the address and then locks everybody who has it.
func TestAnErasureBesideAnObjectionAtASharedAddressWaitsForIt(t *testing.T) { // T1, R4
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	h.addressAfter(ids[1], 1)
	h.running("spring", 0)
	h.told(noon)
	other, err := h.db.Beginx()
	must(t, err)
	defer other.Rollback()
	objection := tx{asked: other}
	must(t, objection.suppress(h.ctx, []suppressionRow{newSuppressionRow(h.controller, mailer.StopUse([]mailer.Identifier{address(1)}, "objection")[0], noon)}))
	done := make(chan error, 1)
	go func() { done <- h.eraser(noon).Erase(h.ctx, ids[0], "Ann", "they asked for it by letter") }()
	for h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		if len(done) > 0 {
			t.Fatal("it waits for nothing", <-done)
		}
	}
	var own mailer.ID
	must(t, h.db.GetContext(h.ctx, &own, `SELECT id FROM identifier WHERE contact_id = $1`, ids[0]))
	_, err = objection.exec(h.ctx, "receipt_lock", ids[0], own)
	must(t, err)
	must(t, other.Commit())
	must(t, <-done)
	equal(t, "erased", h.count(`SELECT count(*) FROM contact WHERE erased_at IS NOT NULL`), 1)
}
