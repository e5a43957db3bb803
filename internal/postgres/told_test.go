package postgres

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// tell records that the people of some merges were told at an instant.
func (h *house) tell(at time.Time, ms ...accept.Merge) {
	h.t.Helper()
	told := accept.Merge{Rows: int64(len(ms)), Counts: accept.ImportCounts{Merged: int64(len(ms))}}
	for _, m := range ms {
		for _, d := range m.Duties {
			told.Told = append(told.Told, accept.PriorNotice{ID: mailer.NewID(noon), ContactID: d.ContactID, DutyID: d.ID, ToldAt: at,
				Proof: "mailing 7", ImportID: h.imp.ID, Line: 3})
		}
	}
	must(h.t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge { return told }))
}

// sweep is what the worker does about people who were told before.
func (h *house) sweep(limit int) (looks int) {
	h.t.Helper()
	var after mailer.DutyRef
	for {
		last, err := h.EndTold(h.ctx, h.controller, after, limit, noon)
		must(h.t, err)
		looks++
		if last == (mailer.DutyRef{}) {
			return looks
		}
		after = last
	}
}

func (h *house) excuse(contact mailer.ID) mailer.ExcuseReason {
	h.t.Helper()
	r, err := h.ContactReport(h.ctx, h.controller, contact)
	must(h.t, err)
	return r.Duties[0].Excuse
}

func TestWhoWasToldBeforeIsExcusedWithEvidenceThatNobodyChanges(t *testing.T) { // 14(5)(a), E6
	h := newHouse(t)
	onTime, late := h.newPerson(1, noon), h.newPerson(2, noon.Add(-2*day))
	h.store(onTime, late)
	h.tell(noon.Add(-day), onTime, late)
	h.tell(noon.Add(-day), onTime, late) // the same file read again
	f := h.figures(noon)
	equal(t, "excused", f.Duties[mailer.DutyExcused], 2)
	equal(t, "open", f.Duties[mailer.DutyOpen], 0)
	equal(t, "overdue", f.Overdue, 0)
	equal(t, "told behind their date (D7)", f.MetLate, 1)
	equal(t, "candidates", len(h.candidates(h.approved("spring", 0), false)), 0)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE from_state = 'open' AND to_state = 'excused' AND reason = 'told_before'`), 2)
	r, err := h.ContactReport(h.ctx, h.controller, late.NewContacts[0].ID)
	must(t, err)
	equal(t, "evidence, once", len(r.PriorNotices), 1)
	n := r.PriorNotices[0]
	equal(t, "told at", n.ToldAt, noon.Add(-day))
	equal(t, "proof", n.Proof, "mailing 7")
	equal(t, "import", n.ImportID, h.imp.ID)
	equal(t, "line", n.Line, 3)
	equal(t, "of the duty", r.Duties[0].ToldAt, noon.Add(-day))
	equal(t, "why", r.Duties[0].Excuse, mailer.ToldBefore)
	if _, err := h.db.Exec(`UPDATE prior_notice SET proof = 'x'`); err == nil {
		t.Error("evidence was changed")
	}

	h.tell(noon.Add(-3*day), late)
	equal(t, "met late, with an earlier telling on record", h.figures(noon).MetLate, 0)
	shorter := late.Duties[0]
	shorter.Due = mailer.Due{At: noon.Add(-4 * day), Rule: mailer.DueCommunication}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		return accept.Merge{Shortened: []mailer.Duty{shorter}, Rows: 1, Counts: accept.ImportCounts{Merged: 1}}
	}))
	equal(t, "met late, with an earlier date learnt", h.figures(noon).MetLate, 1)
}

func TestWhatADutyCameToWhenItWasErasedIsTheLastWord(t *testing.T) { // T3, D7
	h := newHouse(t)
	late := h.newPerson(1, noon.Add(-2*day))
	h.store(late)
	h.tell(noon.Add(-day), late)
	must(t, h.eraser(noon).Erase(h.ctx, late.NewContacts[0].ID, "ann", "they asked for it"))
	h.tell(noon.Add(-3*day), late) // said of somebody who is gone
	equal(t, "told late, as it stood", h.figures(noon).MetLate, 1)
	equal(t, "told late, row by row", h.countRows(truth[countMetLate])["late"], 1)
}

func TestANoticeThatWaitsIsNotSentToWhoWasToldBefore(t *testing.T) { // 14(5)(a)
	h := newHouse(t)
	queued, deferred, wire, uncertain := h.newPerson(1, noon), h.newPerson(2, noon.Add(day)), h.newPerson(3, noon.Add(2*day)), h.newPerson(4, noon.Add(3*day))
	h.store(deferred)
	h.running("one", 0)
	h.settle(mailer.Deferred, noon, h.begin(noon, h.claim(10, noon)...)...)
	h.store(uncertain)
	h.running("two", 0)
	h.settle(mailer.Uncertain, noon, h.begin(noon, h.claim(10, noon)...)...)
	h.store(wire)
	h.running("three", 0)
	sent := h.begin(noon, h.claim(10, noon)...)
	h.store(queued)
	h.running("four", 0)

	h.tell(noon, queued, deferred, wire, uncertain)
	equal(t, "queued", h.excuse(queued.NewContacts[0].ID), mailer.ToldBefore)
	equal(t, "deferred", h.excuse(deferred.NewContacts[0].ID), mailer.ToldBefore)
	equal(t, "cancelled", h.figures(noon).Deliveries[mailer.Cancelled], 2)
	equal(t, "on the wire", h.dutyOf(wire.NewContacts[0].ID), mailer.DutyInFlight)
	equal(t, "may have arrived", h.excuse(uncertain.NewContacts[0].ID), mailer.ToldBefore)
	equal(t, "held for a person", h.figures(noon).Deliveries[mailer.Uncertain], 1)
	equal(t, "who hears of it", h.figures(noon).Alerts["uncertain_held"], 1)
	equal(t, "and of the one on the wire", h.figures(noon).Alerts["told_while_sending"], 1)
	equal(t, "left to claim", len(h.claim(10, noon)), 0)

	// What comes back to the queue is stopped there.
	h.settle(mailer.Deferred, noon, sent...)
	later := noon.Add(2 * time.Hour)
	_, err := h.Wake(h.ctx, h.controller, later, true, 10)
	must(t, err)
	equal(t, "back in the queue", h.figures(noon).Deliveries[mailer.Queued], 1)
	equal(t, "looks, one duty each", h.sweep(1), 2)
	equal(t, "excused", h.figures(noon).Duties[mailer.DutyExcused], 4)
	equal(t, "cancelled", h.figures(noon).Deliveries[mailer.Cancelled], 3)
	equal(t, "left to claim", len(h.claim(10, later)), 0)
}

func TestANoticeThatFailedIsNotTriedAgainForWhoWasToldMeanwhile(t *testing.T) { // 14(5)(a)
	h := newHouse(t)
	m := h.newPerson(1, noon)
	h.store(m)
	c := h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	h.tell(noon, m)
	h.settle(mailer.Rejected, noon, as...)
	for _, cand := range h.candidates(c, true) {
		if cand.Duties[0].ToldAt.IsZero() {
			t.Fatal("a candidate does not say that they were told")
		}
	}
	h.sweep(10)
	equal(t, "why", h.excuse(m.NewContacts[0].ID), mailer.ToldBefore)
	equal(t, "candidates for another address", len(h.candidates(c, true)), 0)
}

func TestANoticeThatTellsOfSomethingElseAsWellGoesOutForThat(t *testing.T) { // 14(5)(a)
	h := newHouse(t)
	m := h.newPerson(1, noon)
	other := m.Duties[0]
	other.ID, other.SourceKey = mailer.NewID(noon), "whois"
	m.Duties = append(m.Duties, other)
	h.store(m)
	h.running("spring", 0)
	first := m
	first.Duties = m.Duties[:1]
	h.tell(noon.Add(-day), first)
	equal(t, "excused", h.figures(noon).Duties[mailer.DutyExcused], 1)
	equal(t, "queued", h.figures(noon).Deliveries[mailer.Queued], 1)
	jobs := h.claim(1, noon)
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs...)...)
	f := h.figures(noon)
	equal(t, "met", f.Duties[mailer.DutyMet], 1)
	equal(t, "excused still", f.Duties[mailer.DutyExcused], 1)

	// Both told: nothing is left to say.
	n := h.newPerson(2, noon)
	another := n.Duties[0]
	another.ID, another.SourceKey = mailer.NewID(noon), "whois"
	n.Duties = append(n.Duties, another)
	h.store(n)
	h.running("summer", 0)
	h.tell(noon, n)
	equal(t, "cancelled", h.figures(noon).Deliveries[mailer.Cancelled], 1)
}

func TestDataThatTurnOutToBeRestrictedAreQuarantinedEvenOfWhoWasTold(t *testing.T) { // S4
	h := newHouse(t)
	m := h.newPerson(1, noon.Add(-2*day))
	h.store(m)
	h.tell(noon, m)
	equal(t, "told late", h.figures(noon).MetLate, 1)
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		return accept.Merge{Quarantined: m.Duties, Rows: 1, Counts: accept.ImportCounts{Merged: 1}}
	}))
	h.sweep(10)
	f := h.figures(noon)
	equal(t, "quarantined", f.Blocked[mailer.BlockQuarantined], 1)
	equal(t, "told late", f.MetLate, 0)
	equal(t, "alerts", len(f.Alerts), 0)
	// A person decides to tell them; they were told.
	_, err := h.db.Exec(`UPDATE duty SET state = 'open', reason = ''`)
	must(t, err)
	h.sweep(10)
	equal(t, "why", h.excuse(m.NewContacts[0].ID), mailer.ToldBefore)
}
