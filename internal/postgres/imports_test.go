package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer"
)

// keysOf are the keys by which the people of some merges are looked up.
func keysOf(ms ...mailer.Merge) mailer.BatchKeys {
	keys := mailer.BatchKeys{}
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
	again, err := h.BeginImport(h.ctx, h.controller, mailer.Import{SourceKey: "linkedin", ActivityKey: "sales", FileName: "renamed.csv", FileHash: []byte("file"), SettingsHash: []byte("settings")}, noon.Add(day))
	must(t, err)
	equal(t, "import", again.ID, h.imp.ID)
	equal(t, "position", again.Position, 3)
	equal(t, "accepted", again.Counts.Accepted, 3)
	equal(t, "finished", again.Finished, false)
	other, err := h.BeginImport(h.ctx, h.controller, mailer.Import{SourceKey: "linkedin", ActivityKey: "sales", FileName: "f.csv", FileHash: []byte("file"), SettingsHash: []byte("other")}, noon)
	must(t, err)
	equal(t, "another reading of the file is another import", other.ID == h.imp.ID, false)

	must(t, h.FinishImport(h.ctx, h.imp.ID, noon))
	err = h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) mailer.Merge { return h.newPerson(9, noon) })
	if err == nil || !strings.Contains(err.Error(), "another run") {
		t.Fatalf("a batch behind the end of the file: %v", err)
	}
	equal(t, "contacts", h.count(`SELECT count(*) FROM contact`), 3)
}

func TestMergingTheSameBatchTwiceAddsNothing(t *testing.T) { // D5, S1
	h := newHouse(t)
	m := h.newPerson(1, noon)
	h.store(m)
	h.store(m)
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
	keys := mailer.BatchKeys{mailer.ByPhone: {[]byte("phone")}, mailer.ByEmail: {one.Identifiers[id][0].Hash, []byte("nobody")}, mailer.ByRow: {address(2).Hash}}
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keys, noon, func(known []mailer.Known, _ map[string]bool) mailer.Merge {
		got = known
		return mailer.Merge{}
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
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keysOf(m, expired, dead), noon, func(_ []mailer.Known, suppressed map[string]bool) mailer.Merge {
		equal(t, "suppressed", len(suppressed), 1)
		equal(t, "the one who objected", suppressed[string(address(1).Hash)], true)
		return mailer.Merge{}
	}))
}

func TestABatchThatIsKilledInTheMiddleLeavesNothing(t *testing.T) {
	h := newHouse(t)
	ctx, kill := context.WithCancel(h.ctx)
	err := h.Merge(ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) mailer.Merge {
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
			must(t, h.Merge(h.ctx, h.controller, h.imp.ID, keysOf(m), noon, func(known []mailer.Known, _ map[string]bool) mailer.Merge {
				if len(known) > 0 {
					return mailer.Merge{}
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
	must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon.Add(day), func([]mailer.Known, map[string]bool) mailer.Merge {
		return mailer.Merge{Updated: []mailer.Contact{c}, Rows: 1, Counts: mailer.ImportCounts{Merged: 1}}
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
		must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) mailer.Merge {
			return mailer.Merge{Shortened: []mailer.Duty{d}, Rows: 1, Counts: mailer.ImportCounts{Merged: 1}}
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
	equal(t, "due within thirty", f.DueWithin["30d"], 0)
}

func TestTwoRunsOfOneImportAtOnceCannotSkipRows(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon)
	err := h.Store.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) mailer.Merge {
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
		must(t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) mailer.Merge {
			return mailer.Merge{Updated: []mailer.Contact{{ID: id, Name: "n", FirstObtainedAt: c.at}}, Rows: 1, Counts: mailer.ImportCounts{Merged: 1},
				Alerts: []mailer.Alert{{Kind: "identity_conflict", Subject: id.String()}}}
		}))
		r, err := h.ContactReport(h.ctx, h.controller, id)
		must(t, err)
		equal(t, "first obtained", r.Contact.FirstObtainedAt.UTC(), c.want)
	}
	equal(t, "the alert, once", h.count(`SELECT count(*) FROM alert WHERE kind = 'identity_conflict'`), 1)
}
