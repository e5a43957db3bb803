package postgres

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/assess"
)

// checksums are of all rows of all tables.
func (h *house) checksums() string {
	h.t.Helper()
	var tables []string
	must(h.t, h.db.Select(&tables, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`))
	if len(tables) < 20 {
		h.t.Fatalf("only %d tables were looked at", len(tables))
	}
	var out []string
	for _, table := range tables {
		var sum string
		must(h.t, h.db.Get(&sum, `SELECT count(*) || ' ' || COALESCE(md5(string_agg(md5(CAST(r AS text)), '' ORDER BY md5(CAST(r AS text)))), '') FROM `+table+` r`))
		out = append(out, table+" "+sum)
	}
	return strings.Join(out, "\n")
}

func assessedRegister() *mailer.Register {
	return &mailer.Register{
		Controller: mailer.Controller{Key: "acme", Zone: time.UTC},
		Sources:    []mailer.Source{{Key: "linkedin"}},
		Activities: []mailer.Activity{{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Years: 3}}}},
	}
}

func french(l string) bool { return l == "fr" }

func TestAnAssessmentOfWhatIsStoredChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.people(1200, noon.Add(10*day))
	h.people(300, noon.Add(-40*day))
	h.running("spring", 0)
	told := h.begin(noon, h.claim(3, noon)...)
	h.settle(mailer.Relayed, noon, told...)
	h.people(5, noon.Add(3*day))
	before := h.checksums()
	var seen []int64
	a, err := assess.Stored(h.ctx, h, h.controller, assessedRegister(), french, assess.Planned{Pace: pacing.Ramp{Start: 5}}, noon, func(n int64) { seen = append(seen, n) })
	must(t, err)
	equal(t, "pages", slices.Equal(seen, []int64{1000, 1505}), true)
	equal(t, "people", a.People, 1505)
	equal(t, "owed", a.Owed, 1502)
	equal(t, "met", a.Duties[mailer.DutyMet], 3)
	equal(t, "on their way", a.Duties[mailer.DutyInFlight], 1497)
	equal(t, "overdue", a.OverdueByAge[1].Duties+a.DueByWeek[1].Duties, 1497)
	equal(t, "can be told now: whom no campaign has", a.CanBeTold, 5)
	equal(t, "whom a campaign has", a.UnderWay, 1497)
	equal(t, "in the plan", a.Plan.Notices, 1502)
	equal(t, "what was there before", h.checksums(), before)
}

func TestAnAssessmentSaysWhyDutiesAreExcused(t *testing.T) { // 14(5)(a)
	h := newHouse(t)
	told := h.newPerson(1, noon.Add(day))
	h.store(told, h.newPerson(2, noon.Add(day)))
	h.tell(noon.Add(-day), told)
	a, err := assess.Stored(h.ctx, h, h.controller, assessedRegister(), french, assess.Planned{}, noon, func(int64) {})
	must(t, err)
	equal(t, "told before", a.Excused[mailer.ToldBefore], 1)
	equal(t, "reasons", len(a.Excused), 1)
	equal(t, "owed", a.Owed, 1)
}

func TestWhoseDutyIsAboutToEndIsNeitherOwedNorBlocked(t *testing.T) { // 14(5)(a), D7: a notice was on the wire when the file came, and failed
	h := newHouse(t)
	onTime, late, other := h.newPerson(1, noon.Add(day)), h.newPerson(2, noon.Add(-3*day)), h.newPerson(3, noon.Add(day))
	h.store(onTime, late, other)
	h.running("spring", 0)
	as := h.begin(noon, h.claim(3, noon)...)
	h.tell(noon.Add(-day), onTime, late)
	assess := func() assess.Assessment {
		a, err := assess.Stored(h.ctx, h, h.controller, assessedRegister(), french, assess.Planned{}, noon, func(int64) {})
		must(t, err)
		return a
	}
	equal(t, "on the wire: owed until they are known to fail", assess().Owed, 3)
	h.settle(mailer.Rejected, noon, as...)
	before := assess()
	equal(t, "told before", before.Excused[mailer.ToldBefore], 2)
	equal(t, "told late", before.ToldLate, 1)
	equal(t, "owed", before.Owed, 1)
	equal(t, "whom no notice can be queued for", before.Blocked[mailer.BlockNotApproved], 0)
	h.sweep(10)
	after := assess()
	equal(t, "told before, and ended", after.Excused[mailer.ToldBefore], 2)
	equal(t, "told late, and ended", after.ToldLate, 1)
	equal(t, "owed still", after.Owed, 1)
}

// rowList gives records in order.
type rowList []accept.Record

func (l *rowList) Next() (accept.Record, *accept.Refusal, error) {
	if len(*l) == 0 {
		return accept.Record{}, nil, io.EOF
	}
	r := (*l)[0]
	*l = (*l)[1:]
	return r, nil, nil
}

func TestAnAssessmentOfAFileLooksUpWhoIsKnownAndStoresNothing(t *testing.T) { // D5
	h := newHouse(t)
	keys := mailer.NewKeyring()
	file := func(from, to int) accept.ImportPlan {
		rows := &rowList{}
		for i := from; i < to; i++ {
			*rows = append(*rows, accept.Record{Line: int64(i), SourceRef: fmt.Sprint(i), ObtainedAt: noon.Add(-day), Basis: mailer.ObtainedFromRow, Visibility: mailer.VisiblePublic,
				Contact: mailer.Contact{Name: "Jane Roe", Country: "FR"}, Emails: []accept.Email{{Value: fmt.Sprintf("p%d@example.org", i), Normal: fmt.Sprintf("p%d@example.org", i)}}})
		}
		reg := assessedRegister()
		return accept.ImportPlan{Controller: h.controller, Register: reg, Source: reg.Sources[0], ActivityKey: "sales", Rows: rows,
			Import: accept.Import{FileName: "f", FileHash: fmt.Append(nil, from, to), SettingsHash: []byte("s")}}
	}
	for i := range 2 {
		before := h.checksums()
		f := assess.FileAssessor{Store: h.Store, Keys: keys, Available: french, Now: func() time.Time { return noon }}
		a, err := f.Assess(h.ctx, file(2, 5002))
		must(t, err)
		equal(t, "people", a.People, 5000)
		equal(t, "known before", a.KnownBefore, int64(i)*3000)
		equal(t, "owed by this file", a.Owed, int64(5000-3000*i))
		equal(t, "can be told", a.CanBeTold, int64(5000-3000*i))
		equal(t, "what was there before", h.checksums(), before)
		im := accept.Importer{Store: h.Store, Keys: keys, Now: func() time.Time { return noon }}
		_, err = im.Run(h.ctx, file(2, 3002))
		must(t, err)
		equal(t, "whether the checksums see an import", h.checksums() != before, i == 0)
	}
}

func TestMailboxesAndDeadAddressesAreCounted(t *testing.T) { // R5
	h := newHouse(t)
	one, two, dead := h.newPerson(1, noon.Add(day)), h.newPerson(2, noon.Add(day)), h.newPerson(3, noon.Add(day))
	id := two.NewContacts[0].ID
	shared := address(1)
	shared.ID = mailer.NewID(noon)
	two.Identifiers[id] = []mailer.Identifier{shared}
	h.store(one, two, dead)
	gone := address(3)
	must(t, h.write(h.ctx, func(t tx) error {
		return t.suppress(h.ctx, []suppressionRow{newSuppressionRow(h.controller, mailer.Suppression{Kind: gone.Kind, Hash: gone.Hash, KeyID: gone.KeyID, Scope: mailer.SuppressAddress, Reason: "dead_address"}, noon)})
	}))
	a, err := assess.Stored(h.ctx, h, h.controller, assessedRegister(), french, assess.Planned{}, noon, func(int64) {})
	must(t, err)
	equal(t, "shared mailboxes", a.SharedMailboxes, 1)
	equal(t, "dead addresses", a.Blocked[mailer.BlockAddressDead], 1)
	equal(t, "can be told", a.CanBeTold, 2)
}
