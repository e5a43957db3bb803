package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// keysOf are the keys by which the people of some merges are looked up.
func keysOf(ms ...accept.Merge) accept.BatchKeys {
	keys := accept.BatchKeys{}
	for _, m := range ms {
		for _, is := range m.Identifiers {
			for _, i := range is {
				keys[i.Kind] = append(keys[i.Kind], i.Hash)
			}
		}
	}
	return keys
}

func TestTheSameFileAgainFindsItsImportAndWhereItStopped(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon)
	again, err := h.BeginImport(h.ctx, h.controller, accept.Import{SourceKey: "linkedin", ActivityKey: "sales", FileName: "renamed.csv", FileHash: []byte("file"), SettingsHash: []byte("settings")}, noon.Add(day))
	must(t, err)
	equal(t, "import", again.ID, h.imp.ID)
	equal(t, "position", again.Position, 3)
	equal(t, "accepted", again.Counts.Accepted, 3)
	equal(t, "finished", again.Finished, false)
	other, err := h.BeginImport(h.ctx, h.controller, accept.Import{SourceKey: "linkedin", ActivityKey: "sales", FileName: "f.csv", FileHash: []byte("file"), SettingsHash: []byte("other")}, noon)
	must(t, err)
	equal(t, "another reading of the file is another import", other.ID == h.imp.ID, false)

	must(t, h.FinishImport(h.ctx, h.imp.ID, noon))
	err = h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge { return h.newPerson(9, noon) })
	if err == nil || !strings.Contains(err.Error(), "another run") {
		t.Fatalf("a batch behind the end of the file: %v", err)
	}
	equal(t, "contacts", h.count(`SELECT count(*) FROM contact`), 3)
}

func TestMergingTheSameBatchTwiceAddsNothing(t *testing.T) { // D5, S1
	h := newHouse(t)
	m := h.newPerson(1, noon)
	h.store(m)
	again := m
	again.NewContacts = nil // who they are is known by now
	h.store(again)
	for table, want := range map[string]int64{"contact": 1, "identifier": 1, "acquisition": 1, "duty": 1} {
		equal(t, table, h.count(`SELECT count(*) FROM `+table), want)
	}
	f := h.figures(noon)
	equal(t, "contacts counted", f.Contacts, 1)
	equal(t, "duties counted", f.Duties[mailer.DutyOpen], 1)
	equal(t, "rows accounted for", h.count(`SELECT position FROM import`), 2)
}

func TestMergeGivesAllThatIsKnownOfWhomTheKeysFind(t *testing.T) {
	h := newHouse(t)
	one, two := h.newPerson(1, noon), h.newPerson(2, noon)
	id := one.NewContacts[0].ID
	one.Identifiers[id] = append(one.Identifiers[id], mailer.Identifier{ID: mailer.NewID(noon), Kind: mailer.ByPhone, Value: "+33 1", Hash: []byte("phone"), KeyID: "a"})
	h.store(one, two)
	var got []mailer.Known
	keys := accept.BatchKeys{mailer.ByPhone: {[]byte("phone")}, mailer.ByEmail: {one.Identifiers[id][0].Hash, []byte("nobody")}, mailer.ByRow: {address(2).Hash}}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keys, noon, func(known []mailer.Known, _ map[string]bool) accept.Merge {
		got = known
		return accept.Merge{}
	}))
	equal(t, "known", len(got), 1)
	k := got[0]
	equal(t, "name", k.Contact.Name, "Person 1")
	equal(t, "identifiers", len(k.Identifiers), 2)
	equal(t, "acquisitions", len(k.Acquisitions), 1)
	equal(t, "import", k.Acquisitions[0].ImportID, h.imp.ID)
	equal(t, "duties", len(k.Duties), 1)
	equal(t, "due", k.Duties[0].Due.At, noon)
	equal(t, "computed from", k.Duties[0].Due.Inputs.ObtainedAt, noon.Add(-30*day))
}

func TestMergeTellsWhoseDataMustNotBeUsed(t *testing.T) { // R5
	h := newHouse(t)
	m, expired, dead := h.newPerson(1, noon), h.newPerson(2, noon), h.newPerson(3, noon)
	row := func(n int, scope mailer.SuppressionScope, until time.Time) suppressionRow {
		return newSuppressionRow(h.controller, mailer.Suppression{Kind: mailer.ByEmail, Hash: address(n).Hash, KeyID: "a", Scope: scope, ExpiresAt: until}, noon)
	}
	must(t, h.write(h.ctx, func(x tx) error {
		return x.suppress(h.ctx, []suppressionRow{row(1, mailer.SuppressUse, time.Time{}), row(2, mailer.SuppressUse, noon), row(3, mailer.SuppressAddress, time.Time{})})
	}))
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keysOf(m, expired, dead), noon, func(_ []mailer.Known, suppressed map[string]bool) accept.Merge {
		equal(t, "suppressed", len(suppressed), 1)
		equal(t, "the one who objected", suppressed[string(address(1).Hash)], true)
		return accept.Merge{}
	}))
}

func TestABatchThatIsKilledInTheMiddleLeavesNothing(t *testing.T) {
	h := newHouse(t)
	ctx, kill := context.WithCancel(h.ctx)
	err := h.Merge(ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		kill()
		return h.newPerson(1, noon)
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("not the context's error: %v", err)
	}
	equal(t, "contacts", h.count(`SELECT count(*) FROM contact`), 0)
	equal(t, "position", h.count(`SELECT position FROM import`), 0)
	h.store(h.newPerson(1, noon))
	equal(t, "contacts, when it is run again", h.count(`SELECT count(*) FROM contact`), 1)
}

func TestTwoImportsAtOnceDoNotMakeOnePersonTwo(t *testing.T) {
	h := newHouse(t)
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() {
			m := h.newPerson(1, noon)
			must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keysOf(m), noon, func(known []mailer.Known, _ map[string]bool) accept.Merge {
				if len(known) > 0 {
					return accept.Merge{}
				}
				return m
			}))
		})
	}
	both.Wait()
	equal(t, "contacts", h.count(`SELECT count(*) FROM contact`), 1)
}

func TestALaterFileFillsInFieldsAndNeverADateThatCounts(t *testing.T) { // D5, T1
	h := newHouse(t)
	m := h.newPerson(1, noon)
	h.store(m)
	c := m.NewContacts[0]
	c.Country, c.JobTitle, c.FirstObtainedAt = "DE", "Chief", noon.Add(1000*day)
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon.Add(day), func([]mailer.Known, map[string]bool) accept.Merge {
		return accept.Merge{Updated: []mailer.Contact{c}, Rows: 1, Counts: accept.ImportCounts{Merged: 1}}
	}))
	r, err := h.ContactReport(h.ctx, h.controller, c.ID)
	must(t, err)
	equal(t, "country", r.Contact.Country, "DE")
	equal(t, "job", r.Contact.JobTitle, "Chief")
	equal(t, "first obtained", r.Contact.FirstObtainedAt, m.NewContacts[0].FirstObtainedAt)
	equal(t, "merged", h.figures(noon).Imports.Merged, 1)
}

func TestADutyIsOnlyEverShortenedAndItsDeliveryMovesForwardWithIt(t *testing.T) { // D1, D5
	h := newHouse(t)
	m := h.newPerson(1, noon.Add(10*day))
	h.store(m)
	h.running("spring", 0)
	shorten := func(at time.Time) {
		d := m.Duties[0]
		d.Due = mailer.Due{At: at, Rule: mailer.DueDisclosure, Inputs: mailer.DueInputs{FirstDisclosure: at}}
		must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
			return accept.Merge{Shortened: []mailer.Duty{d}, Rows: 1, Counts: accept.ImportCounts{Merged: 1}}
		}))
	}
	for _, c := range []struct{ at, want time.Time }{
		{noon.Add(20 * day), noon.Add(10 * day)},
		{noon.Add(3 * day), noon.Add(3 * day)},
		{noon.Add(4 * day), noon.Add(3 * day)},
	} {
		shorten(c.at)
		r, err := h.ContactReport(h.ctx, h.controller, m.NewContacts[0].ID)
		must(t, err)
		equal(t, "duty", r.Duties[0].Due.At, c.want)
		equal(t, "delivery", r.Deliveries[0].DueAt, c.want)
	}
	f := h.figures(noon)
	equal(t, "due within three days", f.DueWithin["3d"], 0)
	equal(t, "due within seven", f.DueWithin["7d"], 1)
	equal(t, "due within thirty", f.DueWithin["30d"], 1)
}

func TestARestrictionLearntLaterQuarantinesWhatIsStillOwed(t *testing.T) { // S4, S1
	h := newHouse(t)
	failed := h.newPerson(20, noon.Add(day))
	h.store(failed)
	h.running("spring", 0)
	h.settle(mailer.Rejected, noon, h.begin(noon, h.claim(1, noon)...)...)
	open, blocked, taken, wire := h.newPerson(21, noon.Add(day)), h.newPerson(22, noon.Add(day)), h.newPerson(23, noon.Add(day)), h.newPerson(24, noon.Add(day))
	other := taken.Duties[0] // told of by the same notice, and not restricted
	other.ID, other.SourceKey = mailer.NewID(noon), "whois"
	taken.Duties = append(taken.Duties, other)
	blocked.Duties[0].State, blocked.Duties[0].Reason = mailer.DutyBlocked, mailer.BlockNoLanguage
	h.store(wire)
	h.running("march", 0)
	h.begin(noon, h.claim(1, noon)...)
	h.store(taken)
	summer := h.running("summer", 0) // as if it had come between the batch's look and its write
	h.store(open, blocked)
	var m accept.Merge
	m.Rows, m.Counts.Merged = 5, 5
	m.Acquisitions = map[mailer.ID][]mailer.Acquisition{}
	for _, p := range []accept.Merge{failed, open, blocked, taken, wire} {
		contact := p.NewContacts[0].ID
		a := p.Acquisitions[contact][0]
		a.ID, a.Visibility = mailer.NewID(noon), mailer.VisibleRestricted
		m.Acquisitions[contact] = []mailer.Acquisition{a}
		m.Quarantined = append(m.Quarantined, p.Duties[0])
	}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge { return m }))

	equal(t, "obtainings on record, with what they say", h.count(`SELECT count(*) FROM acquisition WHERE visibility = 'restricted'`), 5)
	f := h.figures(noon)
	equal(t, "quarantined", f.Blocked[mailer.BlockQuarantined], 4)
	equal(t, "blocked for the language", f.Blocked[mailer.BlockNoLanguage], 0)
	equal(t, "open or failed", f.Duties[mailer.DutyOpen]+f.Duties[mailer.DutyFailed], 1)
	equal(t, "what else the notice that was stopped told of", h.count(`SELECT count(*) FROM duty WHERE id = $1 AND state = 'open' AND delivery_id IS NULL`, other.ID), 1)
	equal(t, "notices stopped", f.Deliveries[mailer.Cancelled], 1)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'blocked' AND reason = 'quarantined'`), 4)
	equal(t, "still owed by the date", f.DueWithin["3d"], 6)
	equal(t, "candidates of the next campaign", len(h.candidates(h.approved("autumn", 0), false)), 1)
	equal(t, "candidates for another address", len(h.candidates(summer, true)), 0)
	equal(t, "on the wire, and a person hears of it", h.count(`SELECT count(*) FROM alert WHERE kind = 'restricted_later' AND subject = $1`, wire.NewContacts[0].ID.String()), 1)
	equal(t, "alerts", f.Alerts["restricted_later"], 1)
	h.audited()
}

func TestACandidatesSourceIsAsVisibleAsTheStrictestObtaining(t *testing.T) { // S4
	h := newHouse(t)
	m := h.newPerson(1, noon)
	contact := m.NewContacts[0].ID
	first := m.Acquisitions[contact][0]
	for i, seen := range []mailer.Visibility{mailer.VisibleRestricted, mailer.VisiblePublic, mailer.VisibleUnknown} {
		later := first
		later.ID, later.Visibility, later.ObtainedAt = mailer.NewID(noon), seen, first.ObtainedAt.Add(time.Duration(i+1)*day)
		m.Acquisitions[contact] = append(m.Acquisitions[contact], later)
	}
	h.store(m)
	as := h.candidates(h.approved("spring", 0), false)[0].Acquisitions
	equal(t, "one for the source", len(as), 1)
	equal(t, "the first", as[0].ID, first.ID)
	equal(t, "seen by", as[0].Visibility, mailer.VisibleRestricted)
}

func TestTwoRunsOfOneImportAtOnceCannotSkipRows(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon)
	err := h.Store.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		m := h.newPerson(9, noon)
		m.From = 1 // read by a run that another one has overtaken
		return m
	})
	if err == nil || !strings.Contains(err.Error(), "another run") {
		t.Fatalf("a batch from row 1 was stored behind row 3: %v", err)
	}
	equal(t, "people", h.count(`SELECT count(*) FROM contact`), 3)
}

func TestAnEarlierObtainingMovesTheFirstBackAndALaterOneDoesNot(t *testing.T) { // T1
	h := newHouse(t)
	id := h.people(1, noon)[0]
	for _, c := range []struct{ at, want time.Time }{{noon.Add(-400 * day), noon.Add(-400 * day)}, {noon, noon.Add(-400 * day)}, {time.Time{}, noon.Add(-400 * day)}} {
		must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
			return accept.Merge{Updated: []mailer.Contact{{ID: id, Name: "n", FirstObtainedAt: c.at}}, Rows: 1, Counts: accept.ImportCounts{Merged: 1},
				Alerts: []mailer.Alert{{Kind: mailer.AlertIdentityConflict, Subject: id.String()}}}
		}))
		r, err := h.ContactReport(h.ctx, h.controller, id)
		must(t, err)
		equal(t, "first obtained", r.Contact.FirstObtainedAt.UTC(), c.want)
	}
	equal(t, "the alert, once", h.count(`SELECT count(*) FROM alert WHERE kind = 'identity_conflict'`), 1)
}

// Two rows of a batch, or two identifiers of one row, may say the same of one person.
func TestABatchThatRaisesAnAlertTwiceIsStoredAndTheFirstStands(t *testing.T) {
	h := newHouse(t)
	subject := h.people(1, noon)[0].String()
	alert := func(detail string) mailer.Alert {
		return mailer.Alert{Kind: mailer.AlertIdentityConflict, Subject: subject, Detail: detail}
	}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge {
		return accept.Merge{Rows: 1, From: 1, Counts: accept.ImportCounts{Merged: 1},
			Alerts: []mailer.Alert{alert("line 2"), {Kind: mailer.AlertRestrictedLater, Subject: subject}, alert("line 3"), alert("line 1")}}
	}))
	f := h.figures(noon)
	equal(t, "conflicts", f.Alerts["identity_conflict"], 1)
	equal(t, "restricted", f.Alerts["restricted_later"], 1)
	equal(t, "the first stands", h.count(`SELECT count(*) FROM alert WHERE kind = 'identity_conflict' AND detail = 'line 2'`), 1)
}
