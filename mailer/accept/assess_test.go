package accept_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/assess"
)

func assessRegister() *mailer.Register {
	reg := importRegister()
	for i := range reg.Activities {
		reg.Activities[i].Retention = mailer.Retention{Period: calendar.Period{Years: 3}}
	}
	return reg
}

// assessor looks at files a second after it began to read them.
func assessor(store accept.ImportStore, plan assess.Planned) assess.FileAssessor {
	began := false
	return assess.FileAssessor{Store: store, Keys: importKeys, Plan: plan,
		Available: func(l string) bool { return slices.Contains([]string{"fr", "de", "en"}, l) },
		Now: func() time.Time {
			if !began {
				began = true
				return importNow
			}
			return importNow.Add(time.Second)
		}}
}

func look(t fataler, store accept.ImportStore, plan assess.Planned, p accept.ImportPlan) assess.Assessment {
	t.Helper()
	p.Register = assessRegister()
	p.Source, _ = p.Register.Source(p.Source.Key)
	a, err := assessor(store, plan).Assess(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// person is a row of somebody in France with an address of their own.
func personRow(line int64, obtained time.Time, change func(*accept.Record)) accept.Record {
	return rec(line, func(r *accept.Record) {
		r.SourceRef, r.Emails = fmt.Sprint(line), email(fmt.Sprintf("p%d@example.com", line))
		r.Contact.Name, r.Contact.Country, r.ObtainedAt = fmt.Sprintf("Person %d", line), "FR", obtained
		if change != nil {
			change(r)
		}
	})
}

// TestAnAssessmentCountsAFileAsByHand: it is Saturday the 21st of November 2026, 21:00 in Paris.
func TestAnAssessmentCountsAFileAsByHand(t *testing.T) { // D7, S4, L2, T3
	ago := func(months, days int) time.Time { return importNow.AddDate(0, -months, -days) }
	rows := []any{
		// On time: due on the 21st of December (later than four weeks), the 25th and the 28th of November, and today.
		personRow(2, ago(0, 0), nil),
		personRow(3, time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC), nil),
		personRow(4, time.Date(2026, 10, 28, 12, 0, 0, 0, time.UTC), nil),
		personRow(5, time.Date(2026, 10, 21, 12, 0, 0, 0, time.UTC), nil),
		// Overdue since yesterday, for 2, 6 and 18 months, and since an unknown day.
		personRow(6, time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC), nil),
		personRow(7, ago(3, 0), nil),
		personRow(8, ago(7, 0), nil),
		personRow(9, ago(19, 0), nil),
		personRow(10, time.Time{}, nil),
		// 2 years and 11 months overdue, and to be erased.
		personRow(11, ago(37, 0), nil),
		// What keeps people from being told, all of them on time.
		personRow(12, ago(0, 0), func(r *accept.Record) { r.Emails = nil }),
		personRow(13, ago(0, 0), func(r *accept.Record) { r.Contact.Country, r.Emails = "IT", nil }),
		personRow(14, ago(0, 0), func(r *accept.Record) { r.Contact.Country = "" }),
		personRow(15, ago(0, 0), func(r *accept.Record) { r.Visibility = mailer.VisibleRestricted }),
		personRow(16, ago(0, 0), func(r *accept.Record) { r.Contact.Name, r.Emails = "", email("info@example.com") }),
		// Unknown visibility, and a mailbox that two share: both can be told.
		personRow(17, ago(0, 0), func(r *accept.Record) { r.Visibility, r.Emails = mailer.VisibleUnknown, email("family@example.com") }),
		personRow(18, ago(0, 0), func(r *accept.Record) { r.Emails = email("family@example.com") }),
		// The second row again, and refusals.
		personRow(2, ago(0, 1), func(r *accept.Record) { r.Line = 19 }),
		accept.Refusal{Line: 20, Field: "email", Reason: "no address"},
		accept.Refusal{Line: 21, Field: "email", Reason: "no address"},
		accept.Refusal{Line: 22, Field: "obtained_at", Reason: "no date"},
	}
	p := planOf("fair", "leads.csv", rows...)
	p.Basis = mailer.ObtainedUnknown
	a := look(t, nil, assess.Planned{Pace: pacing.Ramp{Start: 24}}, p)
	today := calendar.Date{Year: 2026, Month: 11, Day: 21}
	want := assess.Assessment{
		AsOf: importNow.Add(time.Second), Zone: "Europe/Paris",
		Rows:    &accept.ImportCounts{Accepted: 17, Merged: 1, Refused: 3},
		Refused: []assess.ReasonCount{{Field: "email", Reason: "no address", Rows: 2}, {Field: "obtained_at", Reason: "no date", Rows: 1}},
		People:  17, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 16, mailer.DutyBlocked: 1}, Owed: 17, Overdue: 6,
		Excused: map[mailer.ExcuseReason]int64{},
		OverdueByAge: []assess.Span{{Name: "less than a month", Duties: 2}, {Name: "1 to 3 months", Duties: 1}, {Name: "3 to 12 months", Duties: 1},
			{Name: "1 to 2 years", Duties: 1}, {Name: "more than 2 years", Duties: 1}},
		DueByWeek: []assess.Span{{Name: "this week", From: today, Duties: 2}, {Name: "in the 2nd week", From: today.AddDays(7), Duties: 1},
			{Name: "in the 3rd week", From: today.AddDays(14)}, {Name: "in the 4th week", From: today.AddDays(21)},
			{Name: "in the 5th week", From: today.AddDays(28), Duties: 8}, {Name: "later", From: today.AddDays(35)}},
		CanBeTold: 11,
		Blocked: map[mailer.BlockReason]int64{mailer.BlockExpired: 1, mailer.BlockNoChannel: 1, mailer.BlockNoLanguage: 1, mailer.BlockNoCountry: 1,
			mailer.BlockQuarantined: 1, mailer.BlockRoleMailbox: 1},
		MissingLanguages: map[string]int64{"it": 1},
		Restricted:       1,
		Unknown:          map[mailer.UnknownRule]int64{mailer.UnknownNoticeOnly: 1},
		NoAddress:        2, // one of them needs another language as well, and is blocked for that
		RoleMailboxes:    1, SharedMailboxes: 1,
		// At one an hour those due today are told in the first of three hours, and of 11 nobody waits in the evening.
		Plan: assess.Plan{Notices: 11, Pace: pacing.Ramp{Start: 24}, Days: 1, Done: today, Need: a.Plan.Need,
			Weeks: []assess.PlanWeek{{From: today, OnTime: 6, Backlog: 5}}},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

func TestAPaceThatDoesNotSufficeIsCalledThat(t *testing.T) { // D7
	var rows []any
	for i := range int64(40) {
		rows = append(rows, personRow(i, importNow.AddDate(0, 0, -25), nil)) // due on the 27th: seven days, today's last three hours included
	}
	a := look(t, nil, assess.Planned{Pace: pacing.Ramp{Start: 5}}, planOf("fair", "a", rows...))
	late := a.Plan.BecameLate
	if late < 5 || late > 10 || a.Plan.FirstLate.String() != "2026-11-27" || a.Plan.Need <= 1 {
		t.Errorf("%d become late from %s, and the need is %f", late, a.Plan.FirstLate, a.Plan.Need)
	}
	a = look(t, nil, assess.Planned{}, planOf("fair", "a", rows...))
	if !a.Plan.Suggested || a.Plan.BecameLate > 0 || a.Plan.Days > 30 {
		t.Errorf("suggested: %+v", a.Plan)
	}
}

func TestAFileOfPeopleWhoAreKnownOpensOnlyWhatIsNew(t *testing.T) { // D5
	m := newMemory()
	imports(t, m, planOf("fair", "a", personRow(2, importNow.AddDate(0, 0, -9), nil), personRow(3, importNow.AddDate(0, 0, -9), nil)))
	before := m.dump()
	a := look(t, m, assess.Planned{}, planOf("fair", "b", personRow(2, importNow, nil), personRow(4, importNow, nil)))
	if a.People != 2 || a.KnownBefore != 1 || a.Owed != 1 || a.Rows.Merged != 1 {
		t.Errorf("of the same source: %+v", a)
	}
	a = look(t, m, assess.Planned{}, planOf("whois", "b", personRow(2, importNow, func(r *accept.Record) { r.SourceRef = "another" })))
	if a.People != 1 || a.KnownBefore != 1 || a.Owed != 1 || a.CanBeTold != 1 {
		t.Errorf("of another source: %+v", a)
	}
	if m.dump() != before || len(m.imports) != 1 {
		t.Errorf("something is stored:\n%s", m.dump())
	}
}

// told changes a row to say that its person was told so many days ago.
func told(days int, change func(*accept.Record)) func(*accept.Record) {
	return func(r *accept.Record) {
		r.ToldAt, r.ToldProof = importNow.AddDate(0, 0, -days), "mailing 2026-03"
		if change != nil {
			change(r)
		}
	}
}

func TestWhoWasToldBeforeIsOwedNothingByAFile(t *testing.T) { // 14(5)(a), D7, S4
	autumn := importNow.AddDate(0, -3, 0) // due on the 21st of September, 61 days ago
	p := planOf("fair", "a",
		personRow(2, importNow, told(5, nil)),
		personRow(3, autumn, told(70, nil)),
		personRow(4, autumn, told(1, nil)), // late
		personRow(5, importNow.AddDate(0, 0, -20), told(5, func(r *accept.Record) { r.FirstCommunication = importNow.AddDate(0, 0, -10) })), // late
		personRow(6, time.Time{}, told(100, nil)),
		personRow(7, autumn, told(2, nil)), // late by this row, on time by the next
		personRow(7, autumn, told(70, func(r *accept.Record) { r.Line = 8 })),
		personRow(9, autumn, told(70, func(r *accept.Record) { r.Visibility = mailer.VisibleRestricted })), // owed, and quarantined
		personRow(10, importNow, nil),                                                                      // owed
	)
	p.Basis = mailer.ObtainedUnknown
	a := look(t, nil, assess.Planned{}, p)
	if a.People != 8 || a.Excused[mailer.ToldBefore] != 6 || a.Duties[mailer.DutyExcused] != 6 || a.ToldLate != 2 {
		t.Errorf("%d people, excused %v, %d of them late", a.People, a.Excused, a.ToldLate)
	}
	if a.Owed != 2 || a.Overdue != 1 || a.CanBeTold != 1 || len(a.Blocked) != 1 || a.Blocked[mailer.BlockQuarantined] != 1 || a.Plan.Notices != 1 {
		t.Errorf("%d owed, %d overdue, %d can be told, blocked %v", a.Owed, a.Overdue, a.CanBeTold, a.Blocked)
	}
}

func TestAFileMaySayLaterWhoWasTold(t *testing.T) { // 14(5)(a), S4: thousands of rows behind the one that brings the data
	var rows []any
	for i := range int64(2500) {
		rows = append(rows, personRow(2+i, importNow, nil))
	}
	later := func(of int64, change func(*accept.Record)) {
		r := personRow(of, time.Time{}, change)
		r.Line = int64(2 + len(rows))
		rows = append(rows, r)
	}
	restricted := func(r *accept.Record) { r.ObtainedAt, r.Visibility = importNow, mailer.VisibleRestricted }
	later(2, told(3, nil))
	later(3, told(3, nil))
	later(4, restricted)
	for range 2000 {
		later(5, nil) // refused: a row without any date
	}
	later(3, restricted) // told first, then restricted
	later(4, told(3, nil))
	a := look(t, nil, assess.Planned{}, planOf("fair", "a", rows...))
	if a.People != 2500 || a.Excused[mailer.ToldBefore] != 1 || a.Owed != 2499 || a.CanBeTold != 2497 || a.Blocked[mailer.BlockQuarantined] != 2 {
		t.Errorf("%d people, excused %v, %d owed, %d can be told, blocked %v", a.People, a.Excused, a.Owed, a.CanBeTold, a.Blocked)
	}
}

func TestWhomAPersonDecidedToTellCanBeToldByAFile(t *testing.T) { // S4, R4
	m := newMemory()
	restricted := personRow(2, importNow, func(r *accept.Record) { r.Visibility = mailer.VisibleRestricted })
	imports(t, m, planOf("fair", "a", restricted))
	for decided, can := range map[time.Time]int64{{}: 0, importNow: 1} {
		m.only(t).Contact.TellAt = decided
		a := look(t, m, assess.Planned{}, planOf("whois", "b", restricted))
		if a.Owed != 1 || a.CanBeTold != can || a.Blocked[mailer.BlockQuarantined] != 1-can {
			t.Errorf("decided %v: %d owed, %d can be told, blocked %v", decided, a.Owed, a.CanBeTold, a.Blocked)
		}
	}
}

func TestWhoObjectedIsRefusedByAnAssessmentAsByAnImport(t *testing.T) { // R5
	m := newMemory()
	m.suppressed[string(importKeys.Newest(mailer.IdentityKey).MAC([]byte("email"), []byte("p2@example.com")))] = true
	a := look(t, m, assess.Planned{}, planOf("fair", "a", personRow(2, importNow, nil), personRow(3, importNow, nil)))
	if a.People != 1 || a.Rows.Refused != 1 || len(a.Refused) != 1 || !strings.Contains(a.Refused[0].Reason, "objected") {
		t.Errorf("%+v", a)
	}
}

func TestAnAssessmentFailsWhereTheStoreDoes(t *testing.T) {
	m := newMemory()
	m.failAt = 1
	p := planOf("fair", "a", personRow(2, importNow, nil))
	p.Register = assessRegister()
	if _, err := assessor(m, assess.Planned{}).Assess(context.Background(), p); !errors.Is(err, errDatabaseAway) {
		t.Errorf("%v", err)
	}
}

// TestAnAssessmentDecidesAsAnImportDoes compares it with a store that was imported
// into: the same rows, whatever they are and in whatever batches.
func TestAnAssessmentDecidesAsAnImportDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		stored := newMemory()
		if rapid.Bool().Draw(rt, "something is stored") {
			imports(t, stored, drawnPlan(rt, drawToldFile(rt, "first"), "first")())
		}
		for _, k := range stored.contacts {
			if rapid.Bool().Draw(rt, "somebody decided to tell them") {
				k.Contact.TellAt = importNow
			}
		}
		known := maps.Clone(stored.contacts)
		duties := map[mailer.ID]bool{}
		for _, k := range known {
			for _, d := range k.Duties {
				duties[d.ID] = true
			}
		}
		plan := drawnPlan(rt, drawToldFile(rt, "second"), "second")
		before := stored.dump()
		a := look(rt, stored, assess.Planned{}, plan())
		if stored.dump() != before {
			rt.Fatalf("something is stored:\n%s", stored.dump())
		}
		counts, err := importerFor(stored, 0).Run(t.Context(), plan())
		if err != nil {
			rt.Fatal(err)
		}
		opened, excused, late := map[mailer.DutyState]int64{}, map[mailer.ExcuseReason]int64{}, int64(0)
		for _, k := range stored.contacts {
			for _, d := range k.Duties {
				if duties[d.ID] {
					continue
				}
				if opened[d.State]++; d.State == mailer.DutyExcused {
					excused[d.Excuse]++
					if d.ToldAt.After(d.Due.At) {
						late++
					}
				}
			}
		}
		newcomers := int64(len(stored.contacts) - len(known))
		owed := opened[mailer.DutyOpen] + opened[mailer.DutyBlocked]
		if *a.Rows != counts || a.People-a.KnownBefore != newcomers || !maps.Equal(a.Duties, opened) || !maps.Equal(a.Excused, excused) || a.ToldLate != late || a.Owed != owed {
			rt.Fatalf("%+v, %d new people, duties %v, excused %v, late %d\nan import: %+v, %d new people, duties %v, excused %v, late %d\n%s",
				*a.Rows, a.People-a.KnownBefore, a.Duties, a.Excused, a.ToldLate, counts, newcomers, opened, excused, late, stored.dump())
		}
		shared := map[string]int{}
		for _, k := range stored.contacts {
			for _, id := range k.Identifiers {
				if id.Kind == mailer.ByEmail {
					shared[string(bytes.Clone(id.Hash))]++
				}
			}
		}
		maps.DeleteFunc(shared, func(_ string, n int) bool { return n < 2 })
		if len(known) == 0 && a.SharedMailboxes != int64(len(shared)) {
			rt.Fatalf("%d shared mailboxes, an import makes %d", a.SharedMailboxes, len(shared))
		}
	})
}

// drawToldFile is a file of which some rows say that their people were told before.
func drawToldFile(t *rapid.T, label string) []any {
	rows := drawFile(t, label)
	for i := range rows {
		r, ok := rows[i].(accept.Record)
		if n := rapid.IntRange(-60, 60).Draw(t, "told"); ok && n > 0 {
			told(n, nil)(&r)
			rows[i] = r
		}
	}
	return rows
}

// fataler is what both testing and rapid have.
type fataler interface {
	Helper()
	Fatal(args ...any)
}
