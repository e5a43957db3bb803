package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/exempt"
)

// weighed is an exemption that Check takes.
func weighed(change func(*exempt.Exemption)) exempt.Exemption {
	e := exempt.Exemption{
		Ground: exempt.GroundLaw, Law: "Code de commerce, art. L. 123-36",
		Weighing:   "The register of companies publishes these entries by law, names whom they concern, and tells every one of them of it on entry.",
		ReviewOn:   calendar.DateOf(noon, time.UTC).AddMonths(12),
		ProposedBy: "Ann Roe",
	}
	change(&e)
	return e
}

// exempting are the rules over a house, at an instant that a test moves.
func (h *house) exempting(now *time.Time) *exempt.Exemptions {
	return &exempt.Exemptions{Store: h, Controller: h.controller, Zone: time.UTC, Now: func() time.Time { return *now }}
}

func (h *house) onRecord(action string) int64 {
	return h.count(`SELECT count(*) FROM audit WHERE action = $1`, action)
}

func TestAnExemptionOfOnePersonStandsUntilItsReview(t *testing.T) { // E4
	h, now := newHouse(t), noon
	x := h.exempting(&now)
	who := h.people(2, noon.Add(-day))[0]
	e, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) { e.ContactID = who }))
	must(t, err)
	equal(t, "state", e.State, exempt.InForce)
	equal(t, "excused", e.Excused, 1)
	equal(t, "duty", h.dutyOf(who), mailer.DutyExcused)
	equal(t, "candidates", len(h.candidates(h.approved("spring", 0), false)), 1)
	equal(t, "overdue is only the other", h.figures(noon).Overdue, 1)
	r, err := h.ContactReport(h.ctx, h.controller, who)
	must(t, err)
	equal(t, "why", r.Duties[0].Excuse, mailer.Exempted)
	equal(t, "by which", r.Duties[0].ExemptionID, e.ID)
	equal(t, "on the record", r.Exemptions[0].Law, e.Law)
	equal(t, "not met late", h.figures(noon).MetLate, 0)

	now = e.ReviewAt.Add(-time.Second)
	must(t, x.KeepHouse(h.ctx))
	equal(t, "a second before its review", h.dutyOf(who), mailer.DutyExcused)
	now = e.ReviewAt
	must(t, x.KeepHouse(h.ctx))
	equal(t, "at its review", h.dutyOf(who), mailer.DutyOpen)
	must(t, x.KeepHouse(h.ctx))
	e, err = h.Exemption(h.ctx, h.controller, e.ID)
	must(t, err)
	equal(t, "state", e.State, exempt.Ended)
	equal(t, "alert", h.count(`SELECT count(*) FROM alert WHERE kind = 'exemption_reviewed' AND subject = $1`, e.ID.String()), 1)
	equal(t, "audit of the end", h.onRecord("exemption.ended"), 1)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE from_state = 'excused' AND to_state = 'open' AND reason = 'review'`), 1)
	r, err = h.ContactReport(h.ctx, h.controller, who)
	must(t, err)
	equal(t, "still on the record", len(r.Exemptions), 1)
	equal(t, "overdue again", h.figures(noon).Overdue, 2)
}

func TestAProposalChangesNothingUntilSomebodyElseConfirmsIt(t *testing.T) { // E4
	h, now := newHouse(t), noon
	x := h.exempting(&now)
	h.people(3, noon)
	e, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) {
		e.Filter = mailer.DutyFilter{Activity: "sales", Sources: []string{"linkedin"}, Countries: []string{"FR"}, States: []mailer.DutyState{mailer.DutyOpen}}
	}))
	must(t, err)
	equal(t, "state", e.State, exempt.Proposed)
	equal(t, "people", e.People, 3)
	equal(t, "duties", e.Duties, 3)
	equal(t, "excused", h.figures(noon).Duties[mailer.DutyExcused], 0)
	for _, same := range []string{"Ann Roe", " ann roe ", "ANN ROE", "Roe, Ann", "", " "} {
		if _, err := x.Confirm(h.ctx, e.ID, same, nil); err == nil {
			t.Errorf("%q confirmed what Ann Roe proposed", same)
		}
	}
	equal(t, "still not excused", h.figures(noon).Duties[mailer.DutyExcused], 0)

	now = now.Add(time.Hour)
	h.newcomers(now, 2)
	e, err = x.Confirm(h.ctx, e.ID, "Ben", nil)
	must(t, err)
	equal(t, "state", e.State, exempt.InForce)
	equal(t, "who came behind the proposal is not part of it", h.figures(noon).Duties[mailer.DutyExcused], 3)
	equal(t, "excused", e.Excused, 3)
	equal(t, "confirmed by", e.ConfirmedBy, "Ben")
	if _, err := x.Confirm(h.ctx, e.ID, "Cy", nil); !errors.Is(err, exempt.ErrState) {
		t.Errorf("confirmed twice: %v", err)
	}
	for action, want := range map[string]int64{"exemption.proposed": 1, "exemption.excusing": 1, "exemption.in_force": 1} {
		equal(t, action, h.onRecord(action), want)
	}

	e, err = x.Withdraw(h.ctx, e.ID, "Cy")
	must(t, err)
	equal(t, "state", e.State, exempt.Ended)
	equal(t, "open again", h.figures(noon).Duties[mailer.DutyOpen], 5)
	equal(t, "alerts", len(h.figures(noon).Alerts), 0)
	equal(t, "withdrawn by", e.WithdrawnBy, "Cy")
}

// newcomers are people whose duties are opened at an instant.
func (h *house) newcomers(at time.Time, n int) {
	for range n {
		h.next++
		m := h.newPerson(h.next, at)
		must(h.t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, at, func([]mailer.Known, map[string]bool) accept.Merge { return m }))
	}
}

func TestAnExemptionThatWasBrokenOffGoesOnAndOneWithdrawnMeanwhileDoesNot(t *testing.T) { // E4
	h, now := newHouse(t), noon
	x := h.exempting(&now)
	h.people(5, noon)
	propose := func() exempt.Exemption {
		e, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) { e.Filter.Activity = "sales" }))
		must(t, err)
		must(t, h.MoveExemption(h.ctx, h.controller, e.ID, []exempt.State{exempt.Proposed}, exempt.Excusing, "Ben", now))
		n, err := h.ExcuseSome(h.ctx, h.controller, e.ID, 2, now) // and killed here
		must(t, err)
		equal(t, "of the first chunk", n, 2)
		return e
	}
	e := propose()
	must(t, x.KeepHouse(h.ctx))
	e, err := h.Exemption(h.ctx, h.controller, e.ID)
	must(t, err)
	equal(t, "in force by the worker", e.State, exempt.InForce)
	equal(t, "excused", e.Excused, 5)
	equal(t, "duties", h.figures(noon).Duties[mailer.DutyExcused], 5)
	_, err = x.Withdraw(h.ctx, e.ID, "Cy")
	must(t, err)

	e = propose()
	must(t, h.MoveExemption(h.ctx, h.controller, e.ID, []exempt.State{exempt.Excusing}, exempt.Ending, "Cy", now))
	n, err := h.ExcuseSome(h.ctx, h.controller, e.ID, 2, now)
	must(t, err)
	equal(t, "excused behind the withdrawal", n, 0)
	n, err = h.ReopenSome(h.ctx, h.controller, e.ID, 1, now)
	must(t, err)
	equal(t, "opened in a chunk", n, 1)
	must(t, x.KeepHouse(h.ctx))
	equal(t, "open", h.figures(noon).Duties[mailer.DutyOpen], 5)
}

func TestAnExemptionExcusesOnlyWhatIsStillOwedAndNotBlockedForTheData(t *testing.T) { // E4, S4, T3
	h, now := newHouse(t), noon
	x := h.exempting(&now)
	blocked := func(r mailer.BlockReason) mailer.ID {
		h.next++
		m := h.newPerson(h.next, noon)
		m.Duties[0].State, m.Duties[0].Reason = mailer.DutyBlocked, r
		h.store(m)
		return m.NewContacts[0].ID
	}
	quarantined, expired, mute := blocked(mailer.BlockQuarantined), blocked(mailer.BlockExpired), blocked(mailer.BlockNoChannel)
	e, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) { e.Filter.Activity = "sales" }))
	must(t, err)
	_, err = x.Confirm(h.ctx, e.ID, "Ben", nil)
	must(t, err)
	equal(t, "restricted", h.dutyOf(quarantined), mailer.DutyBlocked)
	equal(t, "expired", h.dutyOf(expired), mailer.DutyBlocked)
	equal(t, "without a channel", h.dutyOf(mute), mailer.DutyExcused)
	for _, id := range []mailer.ID{quarantined, mailer.NewID(noon)} {
		if _, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) { e.ContactID = id })); err == nil || !strings.Contains(err.Error(), "nothing to excuse") {
			t.Errorf("%v", err)
		}
	}
	equal(t, "proposals on record", h.count(`SELECT count(*) FROM exemption`), 1)
}

func TestAFilterExcusesWhomItNamesAndNobodyElse(t *testing.T) { // E4
	h, now := newHouse(t), noon
	x := h.exempting(&now)
	h.people(1, noon)
	german := h.newPerson(50, noon.Add(day))
	german.NewContacts[0].Country, german.Duties[0].SourceKey, german.Duties[0].ActivityKey = "DE", "whois", "news"
	german.Duties[0].State, german.Duties[0].Reason = mailer.DutyBlocked, mailer.BlockNoChannel
	german.Duties[0].ObtainedAt = noon.Add(-100 * day)
	h.store(german)
	for name, f := range map[string]mailer.DutyFilter{
		"activity": {Activity: "news"}, "source": {Sources: []string{"whois"}}, "country": {Countries: []string{"DE"}},
		"reason": {Reasons: []mailer.BlockReason{mailer.BlockNoChannel}}, "state": {States: []mailer.DutyState{mailer.DutyBlocked}},
		"until": {ObtainedUntil: noon.Add(-90 * day)},
	} {
		people, duties, err := h.CountExcusable(h.ctx, h.controller, weighed(func(e *exempt.Exemption) { e.Filter, e.ProposedAt = f, noon }))
		must(t, err)
		equal(t, name+": people", people, 1)
		equal(t, name+": duties", duties, 1)
		e, err := x.Propose(h.ctx, weighed(func(e *exempt.Exemption) { e.Filter = f }))
		must(t, err)
		e, err = x.Confirm(h.ctx, e.ID, "Ben", nil)
		must(t, err)
		equal(t, name, h.dutyOf(german.NewContacts[0].ID), mailer.DutyExcused)
		equal(t, name+": excused", e.Excused, 1)
		_, err = x.Withdraw(h.ctx, e.ID, "Cy")
		must(t, err)
		_, err = h.db.Exec(`UPDATE duty SET state = 'blocked', reason = 'no_channel' WHERE contact_id = $1`, german.NewContacts[0].ID)
		must(t, err)
	}
	equal(t, "from a day that neither has", func() int64 {
		n, _, err := h.CountExcusable(h.ctx, h.controller, weighed(func(e *exempt.Exemption) { e.Filter.ObtainedFrom, e.ProposedAt = noon, noon }))
		must(t, err)
		return n
	}(), 0)
}
