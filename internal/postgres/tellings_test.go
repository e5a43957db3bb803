package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/telling"
	"article14/mailer/track"
)

// system is a recipient's system that takes what it is told, or does what it was told to do.
type system struct {
	mu     sync.Mutex
	keys   []string
	answer func(m telling.Message) telling.Answer // nil: it takes all
	got    []telling.Message
}

func (s *system) Recipients() []string { return s.keys }

func (s *system) Send(_ context.Context, _ string, m telling.Message) telling.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, m)
	if s.answer == nil {
		return telling.Answer{Status: 200}
	}
	return s.answer(m)
}

// events are what it got, in order.
func (s *system) events() (out []string) {
	for _, m := range s.got {
		var b mailer.TidingsBody
		if err := json.Unmarshal(m.Body, &b); err != nil {
			panic(err)
		}
		out = append(out, strings.TrimPrefix(string(b.Type), "contact."))
	}
	return out
}

// teller tells a system at an instant.
func (h *house) teller(s *system, at time.Time) *telling.Teller {
	return &telling.Teller{Store: h.Store, Sender: s, Controller: h.controller, Now: func() time.Time { return at }, After: time.After,
		Chance: func() float64 { return 0 }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Options: telling.Options{Parallel: 1}}
}

func (h *house) tellPass(s *system, at time.Time) int {
	h.t.Helper()
	n, err := h.teller(s, at).Pass(h.ctx, "crm")
	must(h.t, err)
	return n
}

func (h *house) desk(at time.Time) *telling.Desk {
	return &telling.Desk{Store: h.Store, Controller: h.controller, Now: func() time.Time { return at }}
}

// tellRegister has a system, a recipient that is told by list, and one that is excused.
func (h *house) tellRegister() *mailer.Register {
	return &mailer.Register{Controller: mailer.Controller{Key: h.key, Zone: time.UTC}, Sources: []mailer.Source{{Key: "linkedin"}},
		Activities: []mailer.Activity{{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Days: 30}}, Recipients: []mailer.Recipient{
			{Key: "crm", System: true}, {Key: "partner"}, {Key: "old", NotTold: "it was dissolved"},
		}}}}
}

// passOn puts on record that a person's data went to a recipient.
func (h *house) passOn(contact mailer.ID, recipient, reference string) {
	h.t.Helper()
	id := mailer.NewID(noon)
	_, err := h.db.ExecContext(h.ctx, `INSERT INTO disclosure (contact_id, id, controller_id, activity_key, purpose_key, kind, recipient, at, recorded_at, by, allowed, reason)
		VALUES ($1, $2, $3, 'sales', 'offer', 'disclosure', $4, $5, $5, 'dialler', true, '')`, contact, id, h.controller, recipient, noon)
	must(h.t, err)
	if reference != "" {
		_, err = h.db.ExecContext(h.ctx, `INSERT INTO disclosure_reference (contact_id, disclosure_id, reference) VALUES ($1, $2, $3)`, contact, id, reference)
		must(h.t, err)
	}
}

// happens has recipients told of a right by itself, as a flow does within its own transaction.
func (h *house) happens(event mailer.TellEvent, contact mailer.ID, at time.Time) {
	h.t.Helper()
	must(h.t, h.write(h.ctx, func(t tx) error {
		if _, err := t.exec(h.ctx, "contact_lock", h.controller, contact); err != nil {
			return err
		}
		tidings := h.tellRegister().Tidings(event, contact, "sales", at)
		counts := tally{}
		if err := t.tell(h.ctx, h.controller, &tidings, at, counts); err != nil {
			return err
		}
		return counts.note(h.ctx, t, time.Time{})
	}))
}

func TestAComplaintThatCountsAsAnObjectionIsToldToRecipientsOnce(t *testing.T) { // R7, R10
	h := newHouse(t)
	d := newDesk(h)
	d.Objected = h.tellRegister().Objected
	as := h.relayed(2, noon.Add(day))
	h.passOn(as[0].ContactID, "crm", "A1")
	for _, a := range as { // nothing of the second was passed on
		d.take(track.Report{Kind: track.KindComplaint, Feedback: "abuse"}, a.DeliveryID, "spam!")
	}
	d.take(track.Report{Kind: track.KindComplaint, Feedback: "abuse"}, as[0].DeliveryID, "spam again!")
	equal(t, "tellings", strings.Join(h.tellings("crm"), ", "), "objected waiting")
	equal(t, "of whom", h.count(`SELECT count(*) FROM telling WHERE contact_id = $1 AND activity_key = 'sales'`, as[0].ContactID), 1)
	equal(t, "when it was made", h.count(`SELECT count(*) FROM objection o JOIN telling t ON t.contact_id = o.contact_id WHERE o.way = 'complaint' AND o.made_at = t.made_at`), 1)
	h.audited()
}

// tellings are those of a recipient in the order of their numbers, as "event state".
func (h *house) tellings(recipient string) (out []string) {
	h.t.Helper()
	must(h.t, h.db.SelectContext(h.ctx, &out, `SELECT substr(event, 9) || ' ' || state FROM telling WHERE recipient_key = $1 ORDER BY contact_id, number`, recipient))
	return out
}

func (h *house) tellingIDs(recipient string) (out []mailer.ID) {
	h.t.Helper()
	must(h.t, h.db.SelectContext(h.ctx, &out, `SELECT id FROM telling WHERE recipient_key = $1 ORDER BY contact_id, number`, recipient))
	return out
}

// tellingsAddUp holds the counters against the rows.
func (h *house) tellingsAddUp() {
	h.t.Helper()
	f, err := h.Figures(h.ctx, h.controller, noon)
	must(h.t, err)
	for _, s := range mailer.TellStates {
		equal(h.t, "counter of "+string(s), f.Tellings.States[s], h.count(`SELECT count(*) FROM telling WHERE controller_id = $1 AND state = $2`, h.controller, string(s)))
	}
	equal(h.t, "to export", f.Tellings.ToExport, h.count(`SELECT count(*) FROM telling WHERE controller_id = $1 AND state = 'waiting' AND way = 'list'`, h.controller))
	equal(h.t, "values of what is not open", h.count(`SELECT count(*) FROM telling_value v JOIN telling t ON t.contact_id = v.contact_id AND t.id = v.telling_id WHERE t.state NOT IN ('waiting', 'sending', 'dead')`), 0)
	equal(h.t, "open without values", h.count(`SELECT count(*) FROM telling t WHERE t.state IN ('waiting', 'sending', 'dead') AND NOT EXISTS (SELECT FROM telling_value v WHERE t.contact_id = v.contact_id AND t.id = v.telling_id)`), 0)
}

func same(t fataler, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func TestAnObjectionIsToldToThoseWhoGotTheDataInItsOwnTransaction(t *testing.T) { // R7, R5
	h, a := told(t)
	h.passOn(a.ContactID, "crm", "A-17")
	h.passOn(a.ContactID, "partner", "")
	h.passOn(a.ContactID, "old", "")
	tidings := h.tellRegister().Tidings(mailer.TellObjected, a.ContactID, "sales", noon)
	o := mailer.Objection{ID: mailer.NewID(noon), ContactID: a.ContactID, ActivityKey: "sales", Scope: mailer.ObjectToAll, Way: mailer.WayPage, MadeAt: noon, DeliveryID: a.DeliveryID, Tell: &tidings}

	// What cannot be told is not recorded either: both are there, or none.
	broken := o
	broken.Tell = &mailer.Tidings{Event: "contact.unheard_of", ContactID: a.ContactID, ActivityKey: "sales"}
	if _, _, err := h.Object(h.ctx, h.controller, broken, nil, nil, noon); err == nil {
		t.Fatal("an event that the schema does not know was taken")
	}
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 0)

	for range 2 { // said twice, told once (R2)
		_, _, err := h.Object(h.ctx, h.controller, o, nil, nil, noon)
		must(t, err)
	}
	same(t, "crm", h.tellings("crm"), "objected waiting")
	same(t, "partner", h.tellings("partner"), "objected waiting")
	same(t, "old", h.tellings("old"), "objected excused")
	equal(t, "the reason is on record", h.count(`SELECT count(*) FROM telling WHERE state = 'excused' AND ended_why = 'it was dissolved'`), 1)
	h.tellingsAddUp()

	s := &system{keys: []string{"crm"}}
	equal(t, "told", h.tellPass(s, noon), 1)
	equal(t, "its own reference", strings.Contains(string(s.got[0].Body), `"references":["A-17"]`), true)
	equal(t, "no identifier beside it", strings.Contains(string(s.got[0].Body), "person1@"), false)
	same(t, "crm", h.tellings("crm"), "objected told")
	equal(t, "record", h.count(`SELECT count(*) FROM telling_attempt WHERE status = 200 AND ended_at = $1`, noon), 1)
	equal(t, "told again", h.tellPass(s, noon.Add(day)), 0)
	h.tellingsAddUp()
}

func TestAfterAnErasureAndItsTellingNothingOfThePersonIsLeft(t *testing.T) { // R7, T4
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	reg := h.tellRegister()
	e := h.eraser(noon)
	e.Registers.Parse = func([]byte) (*mailer.Register, error) { return reg, nil }
	h.passOn(ids[0], "crm", "")
	h.passOn(ids[0], "partner", "")
	must(t, e.Erase(h.ctx, ids[0], "Ann", "asked by letter"))
	must(t, e.Erase(h.ctx, ids[1], "Ann", "asked by letter"))

	// Her rows are gone, and what is to be told is still there, and in no other place.
	same(t, "before", h.find("person1@example.org"), "telling_value")
	same(t, "before", h.find("Person 1"), "telling_value")
	same(t, "of whom nobody got anything", h.find("person2@example.org"))
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 500} }}
	equal(t, "first try", h.tellPass(s, noon), 1)
	s.answer = nil
	equal(t, "second try", h.tellPass(s, noon.Add(time.Minute)), 1)
	equal(t, "the same bytes", string(s.got[0].Body), string(s.got[1].Body))
	equal(t, "under the same id", s.got[0].ID, s.got[1].ID)
	equal(t, "with what finds her", strings.Contains(string(s.got[1].Body), `"identifiers":[{"kind":"email","value":"person1@example.org"}]`), true)

	var l list
	n, err := h.desk(noon.Add(day)).Export(h.ctx, "partner", "Ann", func() (telling.List, error) { return &l, nil })
	must(t, err)
	equal(t, "exported", n, 1)
	equal(t, "on the list", l.lines[0].Emails, "person1@example.org")
	for _, value := range []string{"person1@example.org", "Person 1", "person2@"} {
		same(t, value, h.find(value))
	}
	same(t, "crm", h.tellings("crm"), "erased told")
	same(t, "partner", h.tellings("partner"), "erased told")
	h.tellingsAddUp()
	h.audited()
}

// list is a list in memory.
type list struct {
	lines   []telling.Line
	fails   error
	kept    bool
	dropped bool
}

func (l *list) Write(t telling.Line) error { l.lines = append(l.lines, t); return nil }
func (l *list) Keep() error                { l.kept = l.fails == nil; return l.fails }
func (l *list) Drop()                      { l.dropped = true }

func TestAListIsMarkedOnlyWhenItIsKept(t *testing.T) { // R7
	h := newHouse(t)
	ids := h.people(3, noon.Add(day))
	for _, id := range ids {
		h.passOn(id, "partner", "")
		h.happens(mailer.TellObjected, id, noon)
	}
	h.happens(mailer.TellObjectionTakenBack, ids[0], noon.Add(time.Hour))
	full := list{fails: errors.New("the disk is full")}
	_, err := h.desk(noon).Export(h.ctx, "partner", "Ann", func() (telling.List, error) { return &full, nil })
	if !errors.Is(err, full.fails) {
		t.Fatalf("kept nowhere: %v", err)
	}
	equal(t, "still to export", h.count(`SELECT count(*) FROM telling WHERE state = 'waiting'`), 4)
	var l list
	n, err := h.desk(noon.Add(day)).Export(h.ctx, "partner", "Ann", func() (telling.List, error) { return &l, nil })
	must(t, err)
	equal(t, "marked", n, 4)
	equal(t, "the last that happened comes last", l.lines[3].Event, mailer.TellObjectionTakenBack)
	equal(t, "who and when", h.count(`SELECT count(*) FROM telling WHERE state = 'told' AND ended_by = 'Ann' AND ended_at = $1`, noon.Add(day)), 4)
	n, err = h.desk(noon.Add(day)).Export(h.ctx, "partner", "Ann", func() (telling.List, error) { return nil, errors.New("opened for nothing") })
	must(t, err)
	equal(t, "a second time", n, 0)
	h.tellingsAddUp()
}

func TestRightsOfOnePersonAreToldInTheirOrder(t *testing.T) { // R7
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	for _, id := range ids {
		h.passOn(id, "crm", id.String())
	}
	for _, e := range []mailer.TellEvent{mailer.TellRestricted, mailer.TellRestrictionLifted, mailer.TellObjected} {
		h.happens(e, ids[0], noon)
	}
	h.happens(mailer.TellObjected, ids[1], noon)
	bad := func(m telling.Message) telling.Answer {
		if strings.Contains(string(m.Body), ids[0].String()) {
			return telling.Answer{Status: 422}
		}
		return telling.Answer{Status: 200}
	}
	s := &system{keys: []string{"crm"}, answer: bad}
	equal(t, "the first of each", h.tellPass(s, noon), 2)
	equal(t, "nothing else is ready", h.tellPass(s, noon), 0)
	s.answer, s.got = nil, nil
	at := noon.Add(time.Minute)
	for range 3 {
		equal(t, "one after the other", h.tellPass(s, at), 1)
	}
	same(t, "order", s.events(), "restricted", "restriction_lifted", "objected")
	h.tellingsAddUp()
}

func TestASystemThatFailsIsLeftAloneForAWhileAndNothingElseIsCharged(t *testing.T) { // R7
	h := newHouse(t)
	for _, id := range h.people(5, noon.Add(day)) {
		h.passOn(id, "crm", "")
		h.happens(mailer.TellObjected, id, noon)
	}
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 503, RetryAfter: time.Hour} }}
	equal(t, "claimed", h.tellPass(s, noon), 5)
	equal(t, "asked", len(s.got), 1)
	equal(t, "charged", h.count(`SELECT sum(tries) FROM telling`), 1)
	equal(t, "it asked for an hour", h.tellPass(s, noon.Add(59*time.Minute)), 0)
	s.answer = nil
	equal(t, "after it", h.tellPass(s, noon.Add(61*time.Minute)), 5)
	equal(t, "all told", h.count(`SELECT count(*) FROM telling WHERE state = 'told'`), 5)
	equal(t, "well again", h.count(`SELECT count(*) FROM telling_recipient WHERE failures = 0 AND quiet_until IS NULL`), 1)
	h.tellingsAddUp()
}

func TestWhatIsGivenUpRaisesAnAlertAndAPersonHasItTriedAgainOrSaysItIsDone(t *testing.T) { // R7, D8
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	for _, id := range ids {
		h.passOn(id, "crm", "")
		h.happens(mailer.TellObjected, id, noon)
	}
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 400} }}
	at := noon
	for range 10 {
		equal(t, "tried", h.tellPass(s, at), 2)
		at = at.Add(day)
	}
	same(t, "after ten tries", h.tellings("crm"), "objected dead", "objected dead")
	equal(t, "alerts", h.count(`SELECT count(*) FROM alert WHERE kind = 'telling_dead' AND subject = 'crm'`), 1)
	equal(t, "kept for a person", h.count(`SELECT count(*) FROM telling_value`), 2)
	h.tellingsAddUp()

	tellings := h.tellingIDs("crm")
	must(t, h.desk(at).Done(h.ctx, tellings[0], "Ann", "told them by telephone"))
	if err := h.desk(at).Done(h.ctx, tellings[0], "Ann", "again"); !errors.Is(err, telling.ErrState) {
		t.Errorf("done twice: %v", err)
	}
	if err := h.desk(at).Retry(h.ctx, tellings[0], "Ann", "again"); !errors.Is(err, telling.ErrState) {
		t.Errorf("tried again when it was done: %v", err)
	}
	again, overtaken, err := h.desk(at).RetryAll(h.ctx, "crm", "Ann", "mended")
	must(t, err)
	equal(t, "again", again, 1)
	equal(t, "overtaken", overtaken, 0)
	s.answer, s.got = nil, nil
	equal(t, "told", h.tellPass(s, at), 1)
	equal(t, "the one that was not done", s.got[0].ID, tellings[1])
	equal(t, "audit", h.count(`SELECT count(*) FROM audit WHERE action IN ('telling.done', 'telling.retry') AND actor = 'Ann'`), 2)
	if _, _, err := h.desk(at).RetryAll(h.ctx, "crm", "Ann", "again"); !errors.Is(err, telling.ErrNoneToTell) {
		t.Errorf("nothing is dead: %v", err)
	}
	w, tries, err := h.Telling(h.ctx, h.controller, tellings[1])
	must(t, err)
	equal(t, "attempts on record", len(tries), 11)
	equal(t, "the last", tries[10].Status, 200)
	equal(t, "values", len(w.Body), 0)
	h.tellingsAddUp()
}

func TestWhatIsDeadBlocksNothingAndIsNotSentBehindSomethingLater(t *testing.T) { // R7
	h := newHouse(t)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	h.happens(mailer.TellRestricted, id, noon)
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 400} }}
	at := noon
	for range 10 {
		h.tellPass(s, at)
		at = at.Add(day)
	}
	h.happens(mailer.TellErased, id, at)
	s.answer = nil
	equal(t, "the erasure gets through", h.tellPass(s, at), 1)
	if err := h.desk(at).Retry(h.ctx, h.tellingIDs("crm")[0], "Ann", "again"); !errors.Is(err, telling.ErrOvertaken) {
		t.Errorf("out of order: %v", err)
	}
	again, overtaken, err := h.desk(at).RetryAll(h.ctx, "crm", "Ann", "again")
	must(t, err)
	equal(t, "again, overtaken", fmt.Sprint(again, overtaken), "0 1")
	same(t, "all", h.tellings("crm"), "restricted dead", "erased told")
	h.tellingsAddUp()
}

func TestASystemThatIsGoneIsToldNothingUntilAPersonSaysSo(t *testing.T) { // R7
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	for _, id := range ids {
		h.passOn(id, "crm", "")
		h.happens(mailer.TellObjected, id, noon)
	}
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 410} }}
	h.tellPass(s, noon)
	equal(t, "asked", len(s.got), 1)
	s.answer = nil
	equal(t, "for ever", h.tellPass(s, noon.Add(30*day)), 0)
	equal(t, "alert", h.count(`SELECT count(*) FROM alert WHERE kind = 'telling_gone' AND subject = 'crm'`), 1)
	equal(t, "dead", h.count(`SELECT count(*) FROM telling WHERE state = 'dead'`), 1)
	_, _, err := h.desk(noon.Add(31*day)).RetryAll(h.ctx, "crm", "Ann", "they moved")
	must(t, err)
	equal(t, "both", h.tellPass(s, noon.Add(31*day)), 2)
	h.tellingsAddUp()
}

func TestWhatNobodyIsToldOfIsSeenAndItsValuesGoInTheEnd(t *testing.T) { // R7, T4, D8
	h := newHouse(t)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	h.passOn(id, "partner", "")
	h.happens(mailer.TellErased, id, noon)
	s := &system{} // the recipients file names nobody
	house := func(at time.Time) {
		must(t, h.teller(s, at).KeepHouse(h.ctx))
		must(t, h.teller(s, at).Remind(h.ctx))
	}
	house(noon.Add(2 * day))
	equal(t, "in patience", h.count(`SELECT count(*) FROM alert`), 0)
	house(noon.Add(4 * day))
	equal(t, "then somebody hears of it", h.count(`SELECT count(*) FROM alert WHERE kind = 'telling_waits'`), 2)
	equal(t, "and of the cause", h.count(`SELECT count(*) FROM alert WHERE detail LIKE '%not in the recipients file%'`), 2)
	house(noon.Add(mailer.KeepTellings - time.Second))
	equal(t, "values until their end", h.count(`SELECT count(*) FROM telling_value`), 2)
	house(noon.Add(mailer.KeepTellings))
	equal(t, "values behind it", h.count(`SELECT count(*) FROM telling_value`), 0)
	same(t, "never in silence", h.tellings("crm"), "erased lapsed")
	equal(t, "alerts", h.count(`SELECT count(*) FROM alert WHERE kind = 'telling_lapsed'`), 2)
	must(t, h.desk(noon.Add(mailer.KeepTellings)).Done(h.ctx, h.tellingIDs("crm")[0], "Ann", "asked them what they hold"))
	h.tellingsAddUp()
}

func TestACopyOfTheDatabaseTellsNobody(t *testing.T) { // listmonk #1801
	h := newHouse(t)
	recognise(t, h.Store)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	h.happens(mailer.TellObjected, id, noon)
	_, err := h.db.ExecContext(h.ctx, `UPDATE instance SET place = 'elsewhere'`)
	must(t, err)
	s := &system{keys: []string{"crm"}}
	equal(t, "told", h.tellPass(s, noon), 0)
	equal(t, "asked", len(s.got), 0)
}

func TestAnAnswerThatComesLateIsOnRecordAndStopsAnotherSending(t *testing.T) { // E5
	h := newHouse(t)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	h.happens(mailer.TellObjected, id, noon)
	claim := func(at time.Time) telling.Job {
		jobs, err := h.ClaimTellings(h.ctx, h.controller, "crm", mailer.NewID(at), 10, at, at.Add(time.Minute))
		must(t, err)
		equal(t, "claimed", len(jobs), 1)
		return jobs[0]
	}
	begin := func(j telling.Job, at time.Time) (telling.Attempt, bool) {
		a := telling.Attempt{ID: mailer.NewID(at), Job: j, BegunAt: at, LeaseUntil: at.Add(time.Minute)}
		stands, err := h.BeginTelling(h.ctx, a)
		must(t, err)
		return a, stands
	}
	first := claim(noon)
	slow, stands := begin(first, noon)
	equal(t, "stands", stands, true)
	later := noon.Add(5 * time.Minute)
	n, err := h.RescueTellings(h.ctx, h.controller, later)
	must(t, err)
	equal(t, "rescued", n, 1)
	second := claim(later)
	_, stands = begin(first, later)
	equal(t, "the lost claim begins nothing", stands, false)
	settled, err := h.SettleTelling(h.ctx, h.controller, telling.Settlement{Attempt: slow, Recipient: "crm", Answer: telling.Answer{Status: 500}, At: later, To: mailer.TellWaiting, ReadyAt: later})
	must(t, err)
	equal(t, "what was not taken changes nothing", settled, false)
	settled, err = h.SettleTelling(h.ctx, h.controller, telling.Settlement{Attempt: slow, Recipient: "crm", Answer: telling.Answer{Status: 200}, At: later, To: mailer.TellTold})
	must(t, err)
	equal(t, "what was taken is told", settled, true)
	_, stands = begin(second, later)
	equal(t, "the other claim begins nothing", stands, false)
	same(t, "crm", h.tellings("crm"), "objected told")
	h.tellingsAddUp()
}

func TestNumbersOfOnePersonsTellingsHoldUnderOneAnother(t *testing.T) { // R7
	h := newHouse(t)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { h.happens(mailer.TellObjected, id, noon) })
	}
	all.Wait()
	equal(t, "numbers", h.count(`SELECT count(DISTINCT number) FROM telling WHERE number BETWEEN 1 AND 8`), 8)
	h.tellingsAddUp()
}

func TestAListLeavesOutWhatWouldComeBeforeItsTime(t *testing.T) { // R7
	h := newHouse(t)
	id := h.people(1, noon.Add(day))[0]
	h.passOn(id, "crm", "")
	h.happens(mailer.TellRestricted, id, noon)
	h.happens(mailer.TellRestrictionLifted, id, noon)
	s := &system{keys: []string{"crm"}, answer: func(telling.Message) telling.Answer { return telling.Answer{Status: 400} }}
	at := noon
	for range 20 {
		h.tellPass(s, at)
		at = at.Add(day)
	}
	same(t, "both given up", h.tellings("crm"), "restricted dead", "restriction_lifted dead")
	must(t, h.desk(at).Retry(h.ctx, h.tellingIDs("crm")[0], "Ann", "mended")) // a machine tells the first
	n, err := h.desk(at).Export(h.ctx, "crm", "Ann", func() (telling.List, error) { return nil, errors.New("there is something on the list") })
	must(t, err)
	equal(t, "before the first", n, 0)
	s.answer = nil
	equal(t, "the first", h.tellPass(s, at), 1)
	var l list
	n, err = h.desk(at).Export(h.ctx, "crm", "Ann", func() (telling.List, error) { return &l, nil })
	must(t, err)
	equal(t, "behind it", n, 1)
	same(t, "crm", h.tellings("crm"), "restricted told", "restriction_lifted told")
	h.tellingsAddUp()
}
