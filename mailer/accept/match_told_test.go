package accept_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/plan"
)

// toldRow says that person 1 was told some days ago; a negative number of days
// since the obtaining is no obtaining.
func toldRow(line int64, told, obtained int) accept.Record {
	return rec(line, func(r *accept.Record) {
		r.SourceRef, r.ToldAt, r.ToldProof = "1", importNow.AddDate(0, 0, -told), "mailing 2026-03"
		if r.ObtainedAt = importNow.AddDate(0, 0, -obtained); obtained < 0 {
			r.ObtainedAt = time.Time{}
		}
	})
}

// refusals runs a plan and gives what it refuses.
func refusals(t testing.TB, m *memory, p accept.ImportPlan) (refused []accept.Refusal) {
	t.Helper()
	p.OnRefusal = collect(&refused)
	imports(t, m, p)
	return refused
}

func TestWhoWasToldBeforeIsExcusedWithEvidenceAndToldNoMore(t *testing.T) { // 14(5)(a)
	m := newMemory()
	imports(t, m, planOf("fair", "a", toldRow(1, 5, 20)))
	d := m.only(t).Duties[0]
	if d.State != mailer.DutyExcused || d.Excuse != mailer.ToldBefore || !d.ToldAt.Equal(importNow.AddDate(0, 0, -5)) || len(m.told[d.ID]) != 1 {
		t.Errorf("%s", m.dump())
	}
	before := m.dump()
	imports(t, m, planOf("fair", "b", toldRow(1, 5, 20)))
	if m.dump() != before {
		t.Errorf("the same evidence read again adds something:\n%s", m.dump())
	}
}

func TestAPlacerLeavesOutWhoWasToldBefore(t *testing.T) { // 14(5)(a): between the evidence and the end of the duty
	duty := mailer.Duty{ID: mailer.NewID(importNow), State: mailer.DutyOpen}
	told := duty
	told.ToldAt = importNow
	p := plan.Placer{Register: importRegister(), Now: importNow}
	if _, _, ok := p.Decide(mailer.Candidate{Duties: []mailer.Duty{told}}); ok {
		t.Error("a person who was told before is placed")
	}
	pl, _, ok := p.Decide(mailer.Candidate{Duties: []mailer.Duty{told, duty}})
	if !ok || len(pl.DutyIDs) != 1 {
		t.Errorf("what else the person is owed is left out as well: %v %v", ok, pl.DutyIDs)
	}
}

func TestANoticesOnlyRowEndsAKnownDutyAndBringsNoData(t *testing.T) { // D4, S1
	m := newMemory()
	imports(t, m, planOf("fair", "a", rec(1, func(r *accept.Record) { r.SourceRef, r.Emails = "1", email("jane@example.com") })))
	was := m.only(t)
	acquired, due, city := len(was.Acquisitions), was.Duties[0].Due.At, was.Contact.City
	row := toldRow(1, 3, -1)
	row.Contact.City, row.SourceRef, row.Emails, row.ProfileURL = "Lyon", "", email("jane@example.com"), "https://linkedin.com/in/jane"
	p := planOf("fair", "notices", row)
	p.Basis = mailer.ObtainedUnknown // must not make a date of obtaining for somebody known
	if counts := imports(t, m, p); counts.Merged != 1 {
		t.Fatalf("%+v", counts)
	}
	k := m.only(t)
	if d := k.Duties[0]; d.State != mailer.DutyExcused || !d.Due.At.Equal(due) {
		t.Errorf("%s", m.dump())
	}
	if len(k.Acquisitions) != acquired || len(k.Identifiers) != 2 || k.Contact.City != city {
		t.Errorf("a row without an obtaining brought data:\n%s", m.dump())
	}
}

func TestANoticesOnlyRowOfAStrictSourceDoesNotRestrictUnlessItSaysSo(t *testing.T) { // S4
	for _, c := range []struct {
		seen mailer.Visibility
		want mailer.DutyState
	}{{mailer.VisibleUnknown, mailer.DutyExcused}, {mailer.VisibleRestricted, mailer.DutyBlocked}} {
		m := newMemory()
		imports(t, m, planOf("strict", "a", rec(1, func(r *accept.Record) { r.SourceRef = "1" })))
		row := toldRow(1, 3, -1)
		row.Visibility = c.seen
		imports(t, m, planOf("strict", "notices", row))
		if d := m.only(t).Duties[0]; d.State != c.want {
			t.Errorf("%s:\n%s", c.seen, m.dump())
		}
	}
}

func TestPriorNoticesThatProveNothingAreRefusedWithWhatToDo(t *testing.T) { // D4, 14(5)(a)
	for name, c := range map[string]struct {
		change       func(*accept.Record)
		proof        string
		basis        mailer.ObtainedBasis
		field, words string
	}{
		"in the future":               {func(r *accept.Record) { r.ToldAt = importNow.Add(time.Second) }, "", "", "told_at", "future"},
		"this instant":                {func(r *accept.Record) { r.ToldAt = importNow }, "", "", "", ""},
		"without a proof":             {func(r *accept.Record) { r.ToldProof = "" }, "", "", "told_proof", "--told-proof"},
		"with a proof for the file":   {func(r *accept.Record) { r.ToldProof = "" }, "mailing", "", "", ""},
		"a proof without a date":      {func(r *accept.Record) { r.ToldAt = time.Time{} }, "", "", "told_at", "no date"},
		"of a stranger without dates": {func(r *accept.Record) { r.ObtainedAt = time.Time{} }, "", "", "obtained_at", "import the contacts first"},
		"of a stranger with a basis":  {func(r *accept.Record) { r.ObtainedAt = time.Time{} }, "", mailer.ObtainedUnknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			row := toldRow(7, 3, 10)
			c.change(&row)
			p := planOf("fair", "a", row)
			p.ToldProof, p.Basis = c.proof, c.basis
			refused := refusals(t, m, p)
			if c.field == "" {
				if len(refused) != 0 || m.only(t).Duties[0].Excuse != mailer.ToldBefore {
					t.Errorf("%+v\n%s", refused, m.dump())
				}
				return
			}
			if len(refused) != 1 || refused[0].Line != 7 || refused[0].Field != c.field || !strings.Contains(refused[0].Reason, c.words) || refused[0].Row != "row 7" || len(m.contacts) != 0 {
				t.Errorf("%+v", refused)
			}
		})
	}
}

func TestBeingToldDoesNotFreeRestrictedDataInAnyOrder(t *testing.T) { // S4
	restricted := rec(2, func(r *accept.Record) { r.SourceRef, r.Visibility = "1", mailer.VisibleRestricted })
	told := toldRow(1, 3, 10)
	for name, files := range map[string][][]any{
		"told, then restricted":          {{told}, {restricted}},
		"restricted, then told":          {{restricted}, {told}},
		"in one file":                    {{told, restricted}},
		"in one file, the other way":     {{restricted, told}},
		"told, then restricted and told": {{told}, {restricted, told}},
	} {
		m := newMemory()
		for i, rows := range files {
			imports(t, m, planOf("fair", fmt.Sprint(i), rows...))
		}
		d := m.only(t).Duties[0]
		if d.State != mailer.DutyBlocked || d.Reason != mailer.BlockQuarantined || d.ToldAt.IsZero() || len(m.told[d.ID]) != 1 || len(m.alerts) != 0 {
			t.Errorf("%s: %+v\n%s", name, m.alerts, m.dump())
		}
	}
}

func TestWhatBecomesOfADutyWhosePersonWasTold(t *testing.T) { // 14(5)(a), S4, T3
	for _, c := range []struct {
		state    mailer.DutyState
		reason   mailer.BlockReason
		delivery mailer.DeliveryState
		ends     bool
	}{
		{mailer.DutyOpen, "", "", true},
		{mailer.DutyFailed, mailer.BlockAddressDead, mailer.Rejected, true},
		{mailer.DutyBlocked, mailer.BlockNoLanguage, "", true},
		{mailer.DutyBlocked, mailer.BlockQuarantined, "", false},
		{mailer.DutyBlocked, mailer.BlockExpired, "", false},
		{mailer.DutyInFlight, "", mailer.Queued, true},
		{mailer.DutyInFlight, "", mailer.Deferred, true},
		{mailer.DutyInFlight, "", mailer.Sending, false},
		{mailer.DutyInFlight, "", mailer.Uncertain, true},
		{mailer.DutyInFlight, "", "", false}, // in a worker's hands
		{mailer.DutyMet, "", mailer.Relayed, false},
		{mailer.DutyExcused, "", "", false},
		{mailer.DutyErased, "", "", false},
	} {
		to, ok := accept.AfterTold(c.state, c.reason, c.delivery)
		if ok != c.ends || ok && to != mailer.DutyExcused {
			t.Errorf("%s %s %s: %s %v", c.state, c.reason, c.delivery, to, ok)
		}
	}
}

func TestAFirstCommunicationAndATellingTogetherSayWhetherItWasInTime(t *testing.T) { // D1, D7
	day := func(n int) time.Time { return importNow.AddDate(0, 0, -n) }
	for name, c := range map[string]struct {
		obtained, contacted, told int // days ago; -1: not
		rule                      mailer.DueRule
		late                      bool
	}{
		"told at the first communication":              {20, 10, 10, mailer.DueCommunication, false},
		"told before it":                               {20, 10, 12, mailer.DueCommunication, false},
		"told behind it":                               {20, 10, 5, mailer.DueCommunication, true},
		"told within the month, never written to":      {20, -1, 5, mailer.DueMonth, false},
		"told behind the month":                        {60, -1, 5, mailer.DueMonth, true},
		"written to before the data were obtained":     {20, 30, 5, mailer.DueMonth, false},
		"told before the data were obtained":           {20, 10, 30, mailer.DueCommunication, false},
		"the communication behind the month is late":   {60, 20, 20, mailer.DueMonth, true},
		"written to first on the day of the obtaining": {20, 20, 5, mailer.DueCommunication, true},
	} {
		row := toldRow(1, c.told, c.obtained)
		if c.contacted >= 0 {
			row.FirstCommunication = day(c.contacted)
		}
		m := newMemory()
		imports(t, m, planOf("fair", "a", row))
		d := m.only(t).Duties[0]
		if late := d.ToldAt.After(d.Due.At); d.Due.Rule != c.rule || late != c.late || d.State != mailer.DutyExcused {
			t.Errorf("%s: due %s by %s, told %s, late %v", name, d.Due.At, d.Due.Rule, d.ToldAt, late)
		}
		// The same from a list of notices, without the date of obtaining.
		m = newMemory()
		imports(t, m, planOf("fair", "a", rec(1, func(r *accept.Record) { r.SourceRef, r.ObtainedAt = "1", day(c.obtained) })))
		row.ObtainedAt = time.Time{}
		imports(t, m, planOf("fair", "b", row))
		if n := m.only(t).Duties[0]; !n.Due.At.Equal(d.Due.At) || n.Due.Rule != d.Due.Rule || !n.ToldAt.Equal(d.ToldAt) {
			t.Errorf("%s: a list of notices says %s by %s", name, n.Due.At, n.Due.Rule)
		}
	}
}

// TestNoOrderOfRowsAndFilesChangesWhoIsTold holds that prior notices, restrictions
// and obtainings end in the same place however they come. Rows without an obtaining
// need somebody known, so they come in the last file, in any order among themselves.
func TestNoOrderOfRowsAndFilesChangesWhoIsTold(t *testing.T) { // 14(5)(a), S4, D1, D5
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawTold), 1, 7).Draw(rt, "rows")
		notices := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) accept.Record {
			r := drawTold(t)
			r.ObtainedAt, r.Visibility = time.Time{}, mailer.VisibleUnknown
			if r.ToldAt.IsZero() {
				r.ToldAt, r.ToldProof = importNow, "p"
			}
			return r
		}), 0, 3).Draw(rt, "notices")
		end := func(rows, notices []accept.Record, cut, batch int) string {
			m := newMemory()
			for i, file := range [][]accept.Record{rows[:cut], rows[cut:], notices} {
				counts, err := importerFor(m, batch).Run(t.Context(), planOf("fair", fmt.Sprint(i), asRows(file)...))
				if err != nil || counts.Refused > 0 {
					rt.Fatalf("%+v %v", counts, err)
				}
			}
			return m.dump()
		}
		want := end(rows, notices, len(rows), 100)
		shuffled, others := rapid.Permutation(rows).Draw(rt, "shuffled"), rapid.Permutation(notices).Draw(rt, "shuffled notices")
		got := end(shuffled, others, rapid.IntRange(0, len(rows)).Draw(rt, "cut"), rapid.IntRange(1, 4).Draw(rt, "batch"))
		if sortedLines(got) != sortedLines(want) {
			rt.Fatalf("%s\n\nin another order:\n%s", want, got)
		}
	})
}

// sortedLines is a dump without the order in which obtainings are listed. Of two
// rules that give the same instant the first row's is named.
func sortedLines(dump string) string {
	dump = strings.NewReplacer(" 14.3.a", "", " 14.3.b", "", " 14.3.c", "").Replace(dump)
	return strings.Join(slices.Sorted(strings.SplitSeq(dump, "\n")), "\n")
}

func drawTold(t *rapid.T) accept.Record {
	r := drawDates(t)
	if r.ObtainedAt.IsZero() {
		r.ObtainedAt = importNow.AddDate(0, 0, -61)
	}
	r.Visibility = rapid.SampledFrom([]mailer.Visibility{mailer.VisiblePublic, mailer.VisiblePublic, mailer.VisiblePublic, mailer.VisibleRestricted}).Draw(t, "visibility")
	if n := rapid.IntRange(0, 20).Draw(t, "told"); n > 0 {
		r.ToldAt, r.ToldProof = importNow.AddDate(0, 0, -n), rapid.SampledFrom([]string{"p", "q"}).Draw(t, "proof")
	}
	return r
}
