package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

// listed are the people of a list, over as many pages as it takes.
func (h *house) listed(q status.DutyQuery) (people []mailer.ID) {
	h.t.Helper()
	q.Now = noon
	if q.States == nil {
		q.States = status.OwedStates
	}
	for {
		ds, err := h.ListDuties(h.ctx, h.controller, q)
		must(h.t, err)
		for _, d := range ds {
			people = append(people, d.ContactID)
		}
		if len(ds) < q.Limit {
			return people
		}
		q.After = mailer.DutyRef{ContactID: ds[len(ds)-1].ContactID, ID: ds[len(ds)-1].ID}
	}
}

func TestAListGoesByDeadlineAndItsPagesMissNobody(t *testing.T) {
	h := newHouse(t)
	later := h.people(3, noon.Add(2*day)) // of one instant: told apart by contact and duty
	late := h.people(2, noon.Add(-day))
	want := append(append([]mailer.ID{}, late...), later...)
	for _, limit := range []int{1, 2, 3, 4, 50} {
		got := h.listed(status.DutyQuery{Limit: limit})
		equal(t, "people", fmt.Sprint(len(got), got[2:]), fmt.Sprint(5, sortedIDs(want[2:])))
		equal(t, "the earliest first", fmt.Sprint(got[:2]), fmt.Sprint(sortedIDs(late)))
	}
	_, err := h.ListDuties(h.ctx, h.controller, status.DutyQuery{After: mailer.DutyRef{ContactID: late[0], ID: late[0]}, Limit: 5})
	if !errors.Is(err, mailer.ErrNoDuty) {
		t.Errorf("a page behind no duty: %v", err)
	}
}

func sortedIDs(ids []mailer.ID) []mailer.ID {
	out := append([]mailer.ID{}, ids...)
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[j].String() < out[i].String() {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func TestAListNarrowsByWhatBecameOfDuties(t *testing.T) {
	h := newHouse(t)
	late, soon := h.people(1, noon.Add(-day))[0], h.people(1, noon.Add(5*day))[0]
	german := h.newPerson(60, noon.Add(9*day))
	german.NewContacts[0].Country, german.Duties[0].SourceKey, german.Duties[0].ActivityKey = "DE", "whois", "news"
	german.Duties[0].State, german.Duties[0].Reason = mailer.DutyBlocked, mailer.BlockNoChannel
	h.store(german)
	blocked := german.NewContacts[0].ID
	toldLate, told := h.newPerson(61, noon.Add(-3*day)), h.newPerson(62, noon)
	h.store(toldLate, told)
	h.tell(noon.Add(-2*day), toldLate, told)
	excused := []mailer.DutyState{mailer.DutyExcused}
	for name, c := range map[string]struct {
		q    status.DutyQuery
		want []mailer.ID
	}{
		"owed":            {status.DutyQuery{}, []mailer.ID{late, soon, blocked}},
		"overdue":         {status.DutyQuery{Overdue: true}, []mailer.ID{late}},
		"due before":      {status.DutyQuery{DutyFilter: mailer.DutyFilter{DueBefore: noon.Add(6 * day)}}, []mailer.ID{late, soon}},
		"overdue, before": {status.DutyQuery{Overdue: true, DutyFilter: mailer.DutyFilter{DueBefore: noon.Add(-2 * day)}}, nil},
		"state":           {status.DutyQuery{DutyFilter: mailer.DutyFilter{States: []mailer.DutyState{mailer.DutyBlocked}}}, []mailer.ID{blocked}},
		"reason":          {status.DutyQuery{DutyFilter: mailer.DutyFilter{Reasons: []mailer.BlockReason{mailer.BlockNoChannel}}}, []mailer.ID{blocked}},
		"another reason":  {status.DutyQuery{DutyFilter: mailer.DutyFilter{Reasons: []mailer.BlockReason{mailer.BlockRefused}}}, nil},
		"source":          {status.DutyQuery{DutyFilter: mailer.DutyFilter{Sources: []string{"whois"}}}, []mailer.ID{blocked}},
		"activity":        {status.DutyQuery{DutyFilter: mailer.DutyFilter{Activity: "sales"}}, []mailer.ID{late, soon}},
		"country":         {status.DutyQuery{DutyFilter: mailer.DutyFilter{Countries: []string{"DE"}}}, []mailer.ID{blocked}},
		"obtained":        {status.DutyQuery{DutyFilter: mailer.DutyFilter{ObtainedUntil: noon.Add(-30 * day)}}, []mailer.ID{late}},
		"excused":         {status.DutyQuery{DutyFilter: mailer.DutyFilter{States: excused}}, []mailer.ID{toldLate.NewContacts[0].ID, told.NewContacts[0].ID}},
		"told late":       {status.DutyQuery{Overdue: true, DutyFilter: mailer.DutyFilter{States: excused}}, []mailer.ID{toldLate.NewContacts[0].ID}},
		"met":             {status.DutyQuery{DutyFilter: mailer.DutyFilter{States: []mailer.DutyState{mailer.DutyMet}}}, nil},
	} {
		c.q.Limit = 2
		equal(t, name, fmt.Sprint(sortedIDs(h.listed(c.q))), fmt.Sprint(sortedIDs(c.want)))
	}
	q := status.DutyQuery{DutyFilter: mailer.DutyFilter{States: excused}, Overdue: true, Limit: 5, Names: true}
	ds, err := h.ListDuties(h.ctx, h.controller, q)
	must(t, err)
	equal(t, "name", ds[0].Name, "Person 61")
	equal(t, "address", ds[0].Address, "person61@example.org")
	equal(t, "why", ds[0].Excuse, mailer.ToldBefore)
	equal(t, "late by", ds[0].LateDays(noon.Add(100*day), time.UTC), 1)
	q.Names = false
	ds, err = h.ListDuties(h.ctx, h.controller, q)
	must(t, err)
	equal(t, "no name unless it is asked for", ds[0].Name+ds[0].Address, "")
}

// TestListsWalkTheirNarrowIndexes holds that a page does not read all duties.
func TestListsWalkTheirNarrowIndexes(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	for _, q := range []string{
		`INSERT INTO contact (id, controller_id, created_at, updated_at)
		 SELECT gen_random_uuid(), controller_id, created_at, updated_at FROM contact, generate_series(1, 20000)`,
		`INSERT INTO duty (contact_id, id, controller_id, activity_key, source_key, cause, due_at, due_rule, due_inputs, state, reason, opened_at)
		 SELECT c.id, gen_random_uuid(), c.controller_id, d.activity_key, d.source_key, n::text, d.due_at + random() * interval '90 days', d.due_rule, d.due_inputs,
			CASE n WHEN 1 THEN 'met' WHEN 2 THEN CASE WHEN random() < 0.01 THEN 'blocked' ELSE 'open' END ELSE CASE WHEN random() < 0.02 THEN 'excused' ELSE 'met' END END,
			CASE WHEN random() < 0.1 THEN 'no_channel' ELSE 'no_language' END, d.opened_at
		 FROM contact c, duty d, generate_series(1, 3) n`,
		`ANALYZE`,
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	for index, q := range map[string]status.DutyQuery{
		"duty_due":     {DutyFilter: mailer.DutyFilter{States: status.OwedStates}},
		"duty_blocked": {DutyFilter: mailer.DutyFilter{Reasons: []mailer.BlockReason{mailer.BlockNoChannel}}},
		"duty_excused": {DutyFilter: mailer.DutyFilter{States: []mailer.DutyState{mailer.DutyExcused}}},
		"duty_pkey":    {DutyFilter: mailer.DutyFilter{States: []mailer.DutyState{mailer.DutyMet}}},
	} {
		q.Limit, q.Now = 50, noon
		var lines []string
		must(t, h.read(h.ctx, func(x tx) error {
			name, args, err := x.listing(h.ctx, h.controller, q)
			must(t, err)
			return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement(name), args...)
		}))
		if plan := strings.Join(lines, "\n"); !strings.Contains(plan, "Index Scan using "+index) || strings.Contains(plan, "Seq Scan on duty") {
			t.Errorf("a page does not walk %s:\n%s", index, plan)
		}
	}
}

func TestAnAlertNamesWhomItIsAbout(t *testing.T) {
	h := newHouse(t)
	who := h.people(1, noon)[0]
	h.running("spring", 0)
	delivery := h.claim(1, noon)[0].DeliveryID
	for i, subject := range []string{who.String(), delivery.String(), h.imp.ID.String(), "no id"} {
		must(t, h.write(h.ctx, func(x tx) error {
			return x.raiseFound(h.ctx, h.controller, []mailer.Alert{{Kind: "k", Subject: subject}}, noon.Add(time.Duration(i)*time.Second), tally{})
		}))
	}
	as, err := h.Alerts(h.ctx, h.controller, "", mailer.ID{}, 10)
	must(t, err)
	equal(t, "alerts", len(as), 4)
	for i, want := range []mailer.ID{who, who, {}, {}} {
		equal(t, "about "+as[i].Subject, as[i].ContactID, want)
	}
}

func TestAnAlertThatWasSeenToIsSettledUntilItIsRaisedAgain(t *testing.T) {
	h := newHouse(t)
	raise := func(kind mailer.AlertKind, subject string, at time.Time) {
		must(t, h.write(h.ctx, func(x tx) error {
			counts := tally{}
			must(t, x.raiseFound(h.ctx, h.controller, []mailer.Alert{{Kind: kind, Subject: subject, Detail: "d"}}, at, counts))
			return counts.note(h.ctx, x, time.Time{})
		}))
	}
	raise("a", "1", noon)
	raise("a", "2", noon.Add(time.Second))
	raise("b", "1", noon.Add(2*time.Second))
	raise("a", "1", noon.Add(day))
	open := func(kind mailer.AlertKind, after mailer.ID) (subjects string) {
		as, err := h.Alerts(h.ctx, h.controller, kind, after, 2)
		must(t, err)
		for _, a := range as {
			subjects += string(a.Kind) + a.Subject + " "
		}
		return subjects
	}
	equal(t, "the first page", open("", mailer.ID{}), "a1 a2 ")
	first, err := h.Alerts(h.ctx, h.controller, "", mailer.ID{}, 2)
	must(t, err)
	equal(t, "the second page", open("", first[1].ID), "b1 ")
	equal(t, "of a kind", open("b", mailer.ID{}), "b1 ")
	must(t, h.SettleAlert(h.ctx, h.controller, first[0].ID, "Ann", noon))
	if err := h.SettleAlert(h.ctx, h.controller, first[0].ID, "Ben", noon); !errors.Is(err, mailer.ErrNoAlert) {
		t.Errorf("settled twice: %v", err)
	}
	equal(t, "open", open("", mailer.ID{}), "a2 b1 ")
	equal(t, "counted", h.figures(noon).Alerts["a"], 1)
	equal(t, "audit", h.count(`SELECT count(*) FROM audit WHERE action = 'alert.settle' AND actor = 'Ann'`), 1)
	raise("a", "1", noon.Add(2*day))
	equal(t, "raised again", open("a", mailer.ID{}), "a2 a1 ")
	equal(t, "counted", h.figures(noon).Alerts["a"], 2)
}
