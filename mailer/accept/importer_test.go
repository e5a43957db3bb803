package accept_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/accept"
)

// drawRow makes rows of few people, so that they meet in every way, and refusals.
func drawRow(t *rapid.T) any {
	if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
		return accept.Refusal{Field: "email", Reason: "why"}
	}
	r := drawDates(t)
	r.SourceRef = rapid.SampledFrom([]string{"", "", "1", "2", "3"}).Draw(t, "ref")
	if n := rapid.IntRange(0, 4).Draw(t, "profile"); n > 0 {
		r.ProfileURL = fmt.Sprintf("https://linkedin.com/in/p%d", n)
	}
	for range rapid.IntRange(0, 2).Draw(t, "addresses") {
		r.Emails = append(r.Emails, email(rapid.SampledFrom([]string{"a@example.com", "b@example.com", "c@example.com"}).Draw(t, "address"))...)
	}
	r.Phone = rapid.SampledFrom([]string{"", "+33199001533", "none"}).Draw(t, "phone")
	r.Contact.Name = rapid.SampledFrom([]string{"", "Jane Roe", "J. Roe", "Roe", "John Doe", "Jane"}).Draw(t, "name")
	r.Contact.Country = rapid.SampledFrom([]string{"", "FR", "DE"}).Draw(t, "country")
	r.Contact.City = rapid.SampledFrom([]string{"", "Lyon", "Köln"}).Draw(t, "city")
	r.Page = rapid.SampledFrom([]string{"", "p"}).Draw(t, "page")
	r.Visibility = rapid.SampledFrom([]mailer.Visibility{mailer.VisiblePublic, mailer.VisibleRestricted, mailer.VisibleUnknown}).Draw(t, "visibility")
	return r
}

// drawFile numbers its rows.
func drawFile(t *rapid.T, label string) []any {
	rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 25).Draw(t, label)
	for i := range rows {
		switch r := rows[i].(type) {
		case accept.Record:
			r.Line, r.Digest, r.Row = int64(i+2), fmt.Append(nil, label, i), fmt.Sprint("row ", i)
			rows[i] = r
		case accept.Refusal:
			r.Line = int64(i + 2)
			rows[i] = r
		}
	}
	return rows
}

// tellSome draws which rows say that their people were told before.
func tellSome(t *rapid.T, rows []any) {
	for i, row := range rows {
		if r, taken := row.(accept.Record); taken && rapid.IntRange(0, 5).Draw(t, "told") == 0 {
			r.ToldAt, r.ToldProof = importNow.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "told ago")), "box 7"
			rows[i] = r
		}
	}
}

// plan reads a drawn file; sometimes rows without a date are refused.
func drawnPlan(t *rapid.T, rows []any, label string) func() accept.ImportPlan {
	source := rapid.SampledFrom([]string{"fair", "whois", "strict"}).Draw(t, label+" source")
	basis := rapid.SampledFrom([]mailer.ObtainedBasis{"", mailer.ObtainedUnknown, mailer.ObtainedFromStatement}).Draw(t, label+" basis")
	return func() accept.ImportPlan {
		p := planOf(source, label, rows...)
		p.Basis, p.Stated = basis, importNow.AddDate(0, 0, -40)
		return p
	}
}

func TestASecondRunAfterAnyStopEqualsAnUninterruptedOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := drawFile(rt, "file")
		tellSome(rt, rows)
		plan := drawnPlan(rt, rows, "file")
		batch := rapid.IntRange(1, 7).Draw(rt, "batch")
		whole, broken := newMemory(), newMemory()
		if len(rows) > 0 && rapid.Bool().Draw(rt, "someone was erased") {
			suppressFirst(whole, broken, plan())
		}
		var wantRefused, gotRefused []accept.Refusal
		p := plan()
		p.OnRefusal = collect(&wantRefused)
		want, err := importerFor(whole, batch).Run(t.Context(), p)
		if err != nil {
			rt.Fatal(err)
		}
		broken.failAt, broken.committed = rapid.IntRange(1, 4).Draw(rt, "fail at"), rapid.Bool().Draw(rt, "behind the commit")
		got, err := importerFor(broken, batch).Run(t.Context(), plan())
		if stopped := broken.merges >= broken.failAt; stopped != errors.Is(err, errDatabaseAway) || stopped && !strings.Contains(err.Error(), "run the same command again") {
			rt.Fatalf("stopped %v, and the error is %v", stopped, err)
		}
		if err != nil {
			p = plan()
			p.OnRefusal = collect(&gotRefused)
			again := rapid.IntRange(1, 7).Draw(rt, "batch of the second run")
			if got, err = importerFor(broken, again).Run(t.Context(), p); err != nil {
				rt.Fatal(err)
			}
			if want, got := faults(wantRefused), faults(gotRefused); !slices.Equal(want, got) {
				rt.Fatalf("the second run refuses %v, an uninterrupted one %v", got, want)
			}
		}
		if got != want || broken.dump() != whole.dump() {
			rt.Fatalf("%+v\n%s\nwant %+v\n%s", got, broken.dump(), want, whole.dump())
		}
		if sum := want.Accepted + want.Merged + want.Refused; sum != int64(len(rows)) || want.Accepted != int64(len(whole.contacts)) || want.Refused != int64(len(wantRefused)) {
			rt.Fatalf("%+v do not account for %d rows, %d contacts and %d refusals", want, len(rows), len(whole.contacts), len(wantRefused))
		}
	})
}

// faults are refusals for what stands in the row itself. Whether somebody objected,
// and whether somebody who was told is known, is decided anew by what is stored by then.
func faults(refused []accept.Refusal) (out []accept.Refusal) {
	for _, r := range refused {
		if r.Field != "" && !strings.HasPrefix(r.Reason, "this person is not known") {
			out = append(out, r)
		}
	}
	return out
}

func collect(to *[]accept.Refusal) func(accept.Refusal) error {
	return func(r accept.Refusal) error { *to = append(*to, r); return nil }
}

// suppressFirst makes the person of the first row that is taken somebody who was
// erased after an objection. Who that is must follow from the file alone: a map's
// order would make another case of the same draws.
func suppressFirst(a, b *memory, p accept.ImportPlan) {
	scratch := newMemory()
	_, _ = importerFor(scratch, 1).Run(context.Background(), p)
	var first *mailer.Known
	for _, k := range scratch.contacts {
		if first == nil || k.Acquisitions[0].Line < first.Acquisitions[0].Line {
			first = k
		}
	}
	if first == nil {
		return
	}
	for _, id := range first.Identifiers {
		a.suppressed[string(id.Hash)], b.suppressed[string(id.Hash)] = true, true
	}
}

func TestNoImportEverPutsADutyOff(t *testing.T) { // D5, T1
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemory()
		before := map[mailer.ID]mailer.Duty{}
		first := map[mailer.ID]time.Time{}
		for i := range rapid.IntRange(1, 3).Draw(rt, "files") {
			label := fmt.Sprint("file ", i)
			if _, err := importerFor(m, 5).Run(t.Context(), drawnPlan(rt, drawFile(rt, label), label)()); err != nil {
				rt.Fatal(err)
			}
			for id, was := range before {
				k := m.contacts[was.ContactID]
				at := slices.IndexFunc(k.Duties, func(d mailer.Duty) bool { return d.ID == id })
				if at < 0 || k.Duties[at].Due.At.After(was.Due.At) || k.Duties[at].State != was.State && k.Duties[at].Reason != mailer.BlockQuarantined {
					rt.Fatalf("a duty due at %v is gone, put off or moved: %s", was.Due.At, m.dump())
				}
			}
			for id, k := range m.contacts {
				if was := first[id]; !was.IsZero() && k.Contact.FirstObtainedAt.After(was) {
					rt.Fatalf("data first obtained at %v count from %v", was, k.Contact.FirstObtainedAt)
				}
				first[id] = k.Contact.FirstObtainedAt
				for _, d := range k.Duties {
					before[d.ID] = d
				}
			}
		}
	})
}

func TestImportingAFinishedFileAgainChangesNothingAndReportsItsRefusals(t *testing.T) {
	m := newMemory()
	rows := []any{
		rec(2, func(r *accept.Record) { r.SourceRef = "1" }),
		accept.Refusal{Line: 3, Field: "email", Reason: "why"},
		rec(4, func(r *accept.Record) { r.SourceRef, r.ObtainedAt = "2", time.Time{} }),
		rec(5, func(r *accept.Record) { r.Emails = email("erased@example.com") }),
	}
	m.suppressed[string(importKeys.Newest(mailer.IdentityKey).MAC([]byte("email"), []byte("erased@example.com")))] = true
	want := imports(t, m, planOf("fair", "a", rows...))
	if want.Already {
		t.Error("a new file passes for one that was read before")
	}
	want.Already = true
	before := m.dump()
	var refused []accept.Refusal
	p := planOf("fair", "a", rows...)
	p.OnRefusal = collect(&refused)
	if got := imports(t, m, p); got != want || m.dump() != before {
		t.Errorf("%+v, then %+v:\n%s", want, got, m.dump())
	}
	if want.Refused != 3 || len(refused) != 3 || refused[0].Line != 3 || refused[1].Line != 4 || refused[2].Line != 5 {
		t.Errorf("refused: %+v", refused)
	}
}

func TestARowWithoutADateNeedsABasisForTheFile(t *testing.T) { // D4
	undated := rec(2, func(r *accept.Record) { r.SourceRef, r.ObtainedAt = "1", time.Time{} })
	m := newMemory()
	var refused []accept.Refusal
	p := planOf("fair", "a", undated)
	p.OnRefusal = collect(&refused)
	if counts := imports(t, m, p); counts.Refused != 1 || len(refused) != 1 || refused[0].Field != "obtained_at" || refused[0].Row != "row 2" {
		t.Errorf("%+v, %+v", counts, refused)
	}
	p = planOf("fair", "b", undated)
	p.Basis, p.Stated = mailer.ObtainedFromStatement, importNow.AddDate(0, -2, 0)
	imports(t, m, p)
	if a := m.only(t).Acquisitions[0]; a.Basis != mailer.ObtainedFromStatement || !a.ObtainedAt.Equal(p.Stated) {
		t.Errorf("the statement is recorded as %+v", a)
	}
	m = newMemory()
	p = planOf("fair", "c", undated)
	p.Basis = mailer.ObtainedUnknown
	imports(t, m, p)
	k := m.only(t)
	if d := k.Duties[0]; d.Due.Rule != mailer.DueUnknown || d.Due.At.After(importNow) || k.Acquisitions[0].Basis != mailer.ObtainedUnknown || !k.Contact.FirstObtainedAt.IsZero() {
		t.Errorf("an unknown date is not treated as overdue:\n%s", m.dump())
	}
}

func TestADryRunStoresNothing(t *testing.T) {
	m := newMemory()
	imports(t, m, planOf("fair", "a", rec(2, func(r *accept.Record) { r.SourceRef = "1" })))
	before, imported := m.dump(), len(m.imports)
	p := planOf("fair", "b", rec(2, func(r *accept.Record) { r.SourceRef = "1" }), rec(3, func(r *accept.Record) { r.SourceRef = "2" }), accept.Refusal{Line: 4})
	p.DryRun = true
	if got := imports(t, m, p); got != (accept.ImportCounts{Accepted: 1, Merged: 1, Refused: 1}) {
		t.Errorf("%+v", got)
	}
	if m.dump() != before || len(m.imports) != imported {
		t.Errorf("something is stored:\n%s", m.dump())
	}
}

func TestWhatWasReadBeforeAFileFailsStands(t *testing.T) {
	m := newMemory()
	p := planOf("fair", "a")
	p.Rows = &rowList{rows: []any{rec(2, func(r *accept.Record) { r.SourceRef = "1" })}, err: errors.New("line 3 is not UTF-8 text")}
	counts, err := importerFor(m, 0).Run(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "line 3 is not UTF-8 text; the 1 rows before stand") || counts.Accepted != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	if m.only(t); m.imports[fmt.Sprint("fair", "directory", []byte("a"), []byte(nil))].Finished {
		t.Error("an import that failed counts as finished")
	}
}

func TestAnInterruptedImportSaysWhereItStands(t *testing.T) {
	m := newMemory()
	ctx, cancel := context.WithCancel(t.Context())
	p := planOf("fair", "a", rec(2, func(r *accept.Record) { r.SourceRef = "1" }), rec(3, func(r *accept.Record) { r.SourceRef = "2" }))
	p.OnProgress = func(int64) { cancel() }
	_, err := importerFor(m, 1).Run(ctx, p)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "behind row 1") {
		t.Errorf("%v", err)
	}
	if len(m.contacts) != 1 {
		t.Errorf("%d contacts are stored, want the one before", len(m.contacts))
	}
}

func TestARejectsFileThatFailsStopsTheImport(t *testing.T) {
	p := planOf("fair", "a", accept.Refusal{Line: 2})
	p.OnRefusal = func(accept.Refusal) error { return errors.New("no space left") }
	if _, err := importerFor(newMemory(), 0).Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}

func TestAPlanThatCannotBeIsRefusedBeforeAnythingIsRead(t *testing.T) {
	for name, change := range map[string]func(*accept.ImportPlan){
		"an unknown source":          func(p *accept.ImportPlan) { p.Source.Key = "nowhere" },
		"an unknown activity":        func(p *accept.ImportPlan) { p.ActivityKey = "nothing" },
		"a statement without a date": func(p *accept.ImportPlan) { p.Basis = mailer.ObtainedFromStatement },
		"a basis that is none":       func(p *accept.ImportPlan) { p.Basis = mailer.ObtainedFromRow },
	} {
		m := newMemory()
		p := planOf("fair", "a", accept.Refusal{Line: 2})
		change(&p)
		if _, err := importerFor(m, 0).Run(t.Context(), p); err == nil || m.merges != 0 || len(m.imports) != 0 {
			t.Errorf("%s: %v, %d merges", name, err, m.merges)
		}
	}
}

func TestABatchAsksForItsKeysSorted(t *testing.T) {
	m := newMemory()
	var rows []any
	for i := range 50 {
		rows = append(rows, rec(int64(i), func(r *accept.Record) {
			r.SourceRef, r.Phone, r.Emails = fmt.Sprint(i%40), "+33199001533", email(fmt.Sprintf("p%d@example.com", i))
		}))
	}
	imports(t, m, planOf("fair", "a", rows...))
	keys := m.keys[0]
	if len(keys[mailer.BySourceRef]) != 40 || len(keys[mailer.ByEmail]) != 50 || len(keys[mailer.ByPhone]) != 0 {
		t.Errorf("%d references, %d addresses, %d telephones", len(keys[mailer.BySourceRef]), len(keys[mailer.ByEmail]), len(keys[mailer.ByPhone]))
	}
	for kind, hashes := range keys {
		if !slices.IsSortedFunc(hashes, bytes.Compare) {
			t.Errorf("the keys of kind %s are not sorted", kind)
		}
	}
}
