package accept_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/accept"
)

func TestWhoIsRecognisedByWhat(t *testing.T) {
	ref := func(r *accept.Record) { r.SourceRef = "7" }
	url := func(u string) func(*accept.Record) { return func(r *accept.Record) { r.ProfileURL = u } }
	person := func(name, mail string) func(*accept.Record) {
		return func(r *accept.Record) { r.Contact.Name, r.Emails = name, email(mail) }
	}
	phone := func(name string) func(*accept.Record) {
		return func(r *accept.Record) { r.Contact.Name, r.Phone = name, "+33 1 99 00 15 33" }
	}
	for _, c := range []struct {
		name          string
		source        string // of the second file
		first, second func(*accept.Record)
		people        int
	}{
		{"the source's own reference", "fair", ref, ref, 1},
		{"the same reference of another source is another's", "whois", ref, ref, 2},
		{"a profile, however its address is written", "whois", url("https://www.linkedin.com/in/Jane/"), url("linkedin.com/in/jane?x=1"), 1},
		{"two profiles are two people", "whois", url("https://linkedin.com/in/jane"), url("https://linkedin.com/in/joan"), 2},
		{"an address with the same name", "whois", person("Jane Roe", "jane@example.com"), person("ROE, Jane", "jane@example.com"), 1},
		{"an address with a shorter name", "whois", person("Jane Roe", "jane@example.com"), person("J. Roe", "jane@example.com"), 1},
		{"an address without a name", "whois", person("Jane Roe", "jane@example.com"), person("", "jane@example.com"), 1},
		{"two names on one address are two contacts on a shared mailbox", "whois", person("Jane Roe", "info@example.com"), person("John Doe", "info@example.com"), 2},
		{"a telephone recognises nobody", "whois", phone("Jane Roe"), phone("Jane Roe"), 2},
	} {
		m := newMemory()
		imports(t, m, planOf("fair", "a", rec(1, c.first)))
		imports(t, m, planOf(c.source, "b", rec(2, c.second)))
		if len(m.contacts) != c.people {
			t.Errorf("%s: %d contacts in two files, want %d\n%s", c.name, len(m.contacts), c.people, m.dump())
		}
		if c.source != "fair" {
			continue
		}
		m = newMemory()
		counts := imports(t, m, planOf("fair", "a", rec(1, c.first), rec(2, c.second)))
		if len(m.contacts) != c.people || counts.Accepted != int64(c.people) || counts.Accepted+counts.Merged != 2 {
			t.Errorf("%s: %d contacts in one file, want %d: %+v", c.name, len(m.contacts), c.people, counts)
		}
	}
}

func TestAPersonWithoutAnyIdentifierIsRecognisedWhenTheSameRowIsReadAgain(t *testing.T) {
	m := newMemory()
	row := rec(1, func(r *accept.Record) { r.Contact.Name = "Jane Roe" })
	other := rec(2, func(r *accept.Record) { r.Contact.Name = "Jane Roe" })
	imports(t, m, planOf("fair", "a", row, other))
	if counts := imports(t, m, planOf("fair", "b", row, other)); counts.Merged != 2 || len(m.contacts) != 2 {
		t.Errorf("%+v, %d contacts; want both recognised", counts, len(m.contacts))
	}
}

func TestTheBestFittingNameOnASharedMailboxIsTaken(t *testing.T) {
	m := newMemory()
	on := func(line int64, name string, job string) accept.Record {
		return rec(line, func(r *accept.Record) {
			r.Contact.Name, r.Emails, r.Contact.JobTitle = name, email("roe@example.com"), job
		})
	}
	imports(t, m, planOf("fair", "a", on(1, "John Roe", ""), on(2, "Jane Roe", "")))
	imports(t, m, planOf("fair", "b", on(1, "Jane Roe", "baker")))
	for _, k := range m.contacts {
		if (k.Contact.JobTitle == "baker") != (k.Contact.Name == "Jane Roe") {
			t.Errorf("the job of one is written to another:\n%s", m.dump())
		}
	}
}

func TestWhereReferenceAndProfileContradictTheReferenceWinsAndItIsRecorded(t *testing.T) {
	m := newMemory()
	a := rec(1, func(r *accept.Record) { r.Contact.Name, r.SourceRef = "Jane Roe", "1" })
	b := rec(2, func(r *accept.Record) { r.Contact.Name, r.ProfileURL = "John Doe", "https://linkedin.com/in/doe" })
	both := rec(3, func(r *accept.Record) {
		r.SourceRef, r.ProfileURL, r.Contact.City = "1", "https://linkedin.com/in/doe", "Lyon"
	})
	counts := imports(t, m, planOf("fair", "a", a, b, both))
	if counts != (accept.ImportCounts{Accepted: 2, Merged: 1}) {
		t.Fatalf("%+v", counts)
	}
	for _, k := range m.contacts {
		jane := k.Contact.Name == "Jane Roe"
		if (k.Contact.City == "Lyon") != jane || len(k.Identifiers) != 1 {
			t.Errorf("the contradicting row went astray:\n%s", m.dump())
		}
	}
	if len(m.alerts) != 1 || m.alerts[0].Kind != mailer.AlertIdentityConflict || strings.Contains(m.alerts[0].Detail, "doe") {
		t.Errorf("alerts: %+v; want one without personal data", m.alerts)
	}
}

func TestAChangedJobOrAddressIsTheSamePersonAndRestartsNothing(t *testing.T) { // D5
	m := newMemory()
	row := func(line int64, mail, job string, obtained time.Time) accept.Record {
		return rec(line, func(r *accept.Record) {
			r.Contact.Name, r.ProfileURL, r.Emails, r.Contact.JobTitle, r.ObtainedAt = "Jane Roe", "https://linkedin.com/in/jane", email(mail), job, obtained
		})
	}
	day := importNow.AddDate(0, 0, -20)
	imports(t, m, planOf("fair", "a", row(1, "jane@old.example", "clerk", day)))
	before := m.only(t).Duties[0]
	imports(t, m, planOf("fair", "b", row(1, "jane@new.example", "chief", day.AddDate(0, 0, 9))))
	k := m.only(t)
	if len(k.Duties) != 1 || k.Duties[0].ID != before.ID || !k.Duties[0].Due.At.Equal(before.Due.At) || !k.Contact.FirstObtainedAt.Equal(day) {
		t.Errorf("the clock restarted:\n%s", m.dump())
	}
	if len(k.Identifiers) != 3 || k.Contact.JobTitle != "chief" || len(k.Acquisitions) != 2 {
		t.Errorf("the change is lost:\n%s", m.dump())
	}
	imports(t, m, planOf("fair", "c", row(1, "jane@old.example", "trainee", day.AddDate(0, -3, 0))))
	k = m.only(t)
	if k.Contact.JobTitle != "chief" {
		t.Error("older data replaced newer")
	}
	if !k.Duties[0].Due.At.Before(before.Due.At) || !k.Contact.FirstObtainedAt.Equal(day.AddDate(0, -3, 0)) {
		t.Errorf("an earlier obtaining does not count:\n%s", m.dump())
	}
}

func TestANewSourceOpensADutyOfItsOwn(t *testing.T) { // D5, S1
	m := newMemory()
	row := func(days int) accept.Record {
		return rec(1, func(r *accept.Record) {
			r.Contact.Name, r.Emails, r.ObtainedAt = "Jane Roe", email("jane@example.com"), importNow.AddDate(0, 0, -days)
		})
	}
	imports(t, m, planOf("fair", "a", row(10)))
	imports(t, m, planOf("whois", "b", row(5)))
	imports(t, m, planOf("fair", "c", row(10)))
	k := m.only(t)
	if len(k.Duties) != 2 || len(k.Acquisitions) != 2 || k.Duties[0].Due.At.Equal(k.Duties[1].Due.At) {
		t.Errorf("want a duty and an acquisition for each of two sources:\n%s", m.dump())
	}
}

func TestTheSamePersonOnTwoPagesWasObtainedTwice(t *testing.T) { // S1
	m := newMemory()
	row := func(page string) accept.Record {
		return rec(1, func(r *accept.Record) { r.SourceRef, r.Page = "1", page })
	}
	imports(t, m, planOf("fair", "a", row("p1"), row("p2"), row("p1")))
	if k := m.only(t); len(k.Acquisitions) != 2 || len(k.Duties) != 1 {
		t.Errorf("want an acquisition for each page and one duty:\n%s", m.dump())
	}
}

func TestAFirstCommunicationInALaterFileShortensTheDuty(t *testing.T) { // D1
	m := newMemory()
	row := func(contacted time.Time) accept.Record {
		return rec(1, func(r *accept.Record) { r.SourceRef, r.FirstCommunication = "1", contacted })
	}
	imports(t, m, planOf("fair", "a", row(time.Time{})))
	contacted := importNow.AddDate(0, 0, -2)
	imports(t, m, planOf("fair", "b", row(contacted)))
	if d := m.only(t).Duties[0]; !d.Due.At.Equal(contacted) || d.Due.Rule != mailer.DueCommunication {
		t.Errorf("due %v by %s, want %v", d.Due.At, d.Due.Rule, contacted)
	}
	imports(t, m, planOf("fair", "c", row(importNow)))
	if d := m.only(t).Duties[0]; !d.Due.At.Equal(contacted) {
		t.Errorf("a later file put the duty off to %v", d.Due.At)
	}
}

func TestRestrictedDataAreQuarantinedWithTheirDateRunning(t *testing.T) { // S4
	for _, c := range []struct {
		source string
		seen   mailer.Visibility
		state  mailer.DutyState
		reason mailer.BlockReason
	}{
		{"fair", mailer.VisiblePublic, mailer.DutyOpen, ""},
		{"fair", mailer.VisibleRestricted, mailer.DutyBlocked, mailer.BlockQuarantined},
		{"fair", mailer.VisibleUnknown, mailer.DutyOpen, ""},
		{"strict", mailer.VisibleUnknown, mailer.DutyBlocked, mailer.BlockQuarantined},
		{"strict", mailer.VisiblePublic, mailer.DutyOpen, ""},
	} {
		m := newMemory()
		imports(t, m, planOf(c.source, "a", rec(1, func(r *accept.Record) { r.SourceRef, r.Visibility = "1", c.seen })))
		d := m.only(t).Duties[0]
		if d.State != c.state || d.Reason != c.reason || d.Due.Rule != mailer.DueMonth || m.only(t).Acquisitions[0].Visibility != c.seen {
			t.Errorf("%s, %s: %s", c.source, c.seen, m.dump())
		}
	}
}

func TestARestrictionThatIsLearntLaterQuarantinesWhatIsStillOwed(t *testing.T) { // S4, S1
	row := func(seen mailer.Visibility) accept.Record {
		return rec(1, func(r *accept.Record) { r.SourceRef, r.Visibility = "1", seen })
	}
	for name, c := range map[string]struct {
		source string
		state  mailer.DutyState
		reason mailer.BlockReason
		seen   mailer.Visibility // by the later row
		want   mailer.DutyState
		alerts int
	}{
		"open":                                {"fair", mailer.DutyOpen, "", mailer.VisibleRestricted, mailer.DutyBlocked, 0},
		"failed":                              {"fair", mailer.DutyFailed, mailer.BlockAddressDead, mailer.VisibleRestricted, mailer.DutyBlocked, 0},
		"blocked for another reason":          {"fair", mailer.DutyBlocked, mailer.BlockNoLanguage, mailer.VisibleRestricted, mailer.DutyBlocked, 0},
		"unknown, where the source is strict": {"strict", mailer.DutyOpen, "", mailer.VisibleUnknown, mailer.DutyBlocked, 0},
		"unknown, where it is not":            {"fair", mailer.DutyOpen, "", mailer.VisibleUnknown, mailer.DutyOpen, 0},
		"on its way, which the store stops":   {"fair", mailer.DutyInFlight, "", mailer.VisibleRestricted, mailer.DutyBlocked, 0},
		"given":                               {"fair", mailer.DutyMet, "", mailer.VisibleRestricted, mailer.DutyMet, 1},
		"excused":                             {"fair", mailer.DutyExcused, "", mailer.VisibleRestricted, mailer.DutyExcused, 1},
		"erased":                              {"fair", mailer.DutyErased, "", mailer.VisibleRestricted, mailer.DutyErased, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			imports(t, m, planOf(c.source, "a", row(mailer.VisiblePublic)))
			m.only(t).Duties[0].State, m.only(t).Duties[0].Reason = c.state, c.reason
			imports(t, m, planOf(c.source, "b", row(c.seen)))
			k := m.only(t)
			if d := k.Duties[0]; d.State != c.want || (d.Reason == mailer.BlockQuarantined) != (c.want == mailer.DutyBlocked) || len(k.Acquisitions) != 2 {
				t.Errorf("%s", m.dump())
			}
			if len(m.alerts) != c.alerts || c.alerts > 0 && (m.alerts[0].Kind != mailer.AlertRestrictedLater || m.alerts[0].Subject != k.Contact.ID.String()) {
				t.Errorf("alerts: %+v", m.alerts)
			}
		})
	}
}

func TestARestrictionInTheSameFileIsNotDropped(t *testing.T) { // S4
	m := newMemory()
	row := func(line int64, seen mailer.Visibility) accept.Record {
		return rec(line, func(r *accept.Record) { r.SourceRef, r.Visibility = "1", seen })
	}
	imports(t, m, planOf("fair", "a", row(1, mailer.VisiblePublic), row(2, mailer.VisibleRestricted)))
	if d := m.only(t).Duties[0]; d.State != mailer.DutyBlocked || d.Reason != mailer.BlockQuarantined || len(m.only(t).Acquisitions) != 2 {
		t.Errorf("%s", m.dump())
	}
}

func TestANewPurposeIsQuarantinedWhenNoUnrestrictedSourceIsLeft(t *testing.T) { // S4, 14(4)
	row := func(seen mailer.Visibility) accept.Record {
		return rec(1, func(r *accept.Record) {
			r.Contact.Name, r.Emails, r.Visibility = "Jane Roe", email("jane@example.com"), seen
		})
	}
	m := newMemory()
	imports(t, m, planOf("fair", "a", row(mailer.VisiblePublic)))
	imports(t, m, planOf("whois", "b", row(mailer.VisiblePublic)))
	k := m.only(t)
	k.Duties = append(k.Duties, mailer.Duty{ID: mailer.NewID(importNow), ContactID: k.Contact.ID, ActivityKey: "directory", SourceKey: "fair", Cause: "purpose:train", State: mailer.DutyOpen})
	states := func() (open int) {
		for _, d := range m.only(t).Duties {
			if d.State == mailer.DutyOpen {
				open++
			}
		}
		return open
	}
	imports(t, m, planOf("fair", "c", row(mailer.VisibleRestricted)))
	if states() != 2 {
		t.Errorf("one source of two is restricted, and open are not the other and the purpose:\n%s", m.dump())
	}
	imports(t, m, planOf("whois", "d", row(mailer.VisibleRestricted)))
	if states() != 0 {
		t.Errorf("both are restricted:\n%s", m.dump())
	}
}

func TestWhoObjectedAndIsStoredNoMoreIsNotTakenInAgain(t *testing.T) { // R5
	named := func(name string) accept.Record {
		return rec(1, func(r *accept.Record) { r.Contact.Name, r.Emails = name, email("info@example.com") })
	}
	m := newMemory()
	imports(t, m, planOf("fair", "a", named("Jane Roe")))
	jane := m.only(t)
	m.suppressed[string(jane.Identifiers[0].Hash)] = true
	jane.Contact.ObjectedAt = importNow

	if counts := imports(t, m, planOf("fair", "b", named("Jane Roe"))); counts.Merged != 1 {
		t.Errorf("a stored person who objected is not recognised: %+v", counts)
	}
	if counts := imports(t, m, planOf("fair", "c", named("John Doe"))); counts.Accepted != 1 {
		t.Errorf("another on the same mailbox is taken for the one who objected: %+v", counts)
	}
	clear(m.contacts)
	var refused []accept.Refusal
	p := planOf("fair", "d", named("Jane Roe"))
	p.OnRefusal = func(r accept.Refusal) error { refused = append(refused, r); return nil }
	if counts := imports(t, m, p); counts.Refused != 1 || len(m.contacts) != 0 {
		t.Errorf("an erased person is taken in again: %+v", counts)
	}
	if len(refused) != 1 || refused[0].Line != 1 || refused[0].Row != "row 1" || refused[0].Reason != "this person objected or was erased, and is not taken in again: take the row out at the source" {
		t.Errorf("refused: %+v", refused)
	}
}

func TestAFullerNameReplacesAShorterOneAndNotTheOtherWayRound(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"J. Roe", "Jane Roe", "Jane Roe"}, {"Jane Roe", "J. Roe", "Jane Roe"}, {"", "Jane Roe", "Jane Roe"}, {"Jane Roe", "", "Jane Roe"},
		{"Jane Roe", "Jane Doe", "Jane Doe"},
	} {
		m := newMemory()
		row := func(name string, days int) accept.Record {
			return rec(1, func(r *accept.Record) {
				r.SourceRef, r.Contact.Name, r.ObtainedAt = "1", name, importNow.AddDate(0, 0, -days)
			})
		}
		imports(t, m, planOf("fair", "a", row(c.first, 9), row(c.second, 3)))
		if got := m.only(t).Contact.Name; got != c.want {
			t.Errorf("%q, then %q: %q, want %q", c.first, c.second, got, c.want)
		}
	}
}

func TestATownNeverStandsWithAnotherCountry(t *testing.T) {
	m := newMemory()
	row := func(country, city string, days int) accept.Record {
		return rec(1, func(r *accept.Record) {
			r.SourceRef, r.Contact.Country, r.Contact.City, r.ObtainedAt = "1", country, city, importNow.AddDate(0, 0, -days)
		})
	}
	imports(t, m, planOf("fair", "a", row("FR", "Lyon", 9), row("DE", "", 5), row("FR", "Nice", 7)))
	if c := m.only(t).Contact; c.Country != "DE" || c.City != "" {
		t.Errorf("%s stands in %s", c.City, c.Country)
	}
}

func TestNoOrderOfRowsChangesADeadline(t *testing.T) { // D1, D5
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawDates), 1, 6).Draw(rt, "rows")
		shuffled := rapid.Permutation(rows).Draw(rt, "shuffled")
		due := func(rows []accept.Record, batch int) (time.Time, time.Time) {
			m := newMemory()
			p := planOf("fair", "a", asRows(rows)...)
			p.Basis = mailer.ObtainedUnknown
			if _, err := importerFor(m, batch).Run(t.Context(), p); err != nil {
				rt.Fatal(err)
			}
			k := m.only(t)
			return k.Duties[0].Due.At, k.Contact.FirstObtainedAt
		}
		at, first := due(rows, 100)
		at2, first2 := due(shuffled, rapid.IntRange(1, 3).Draw(rt, "batch"))
		if !at.Equal(at2) || !first.Equal(first2) {
			rt.Fatalf("due %v, first obtained %v; in another order %v, %v", at, first, at2, first2)
		}
	})
}

// drawDates makes rows of one person with all kinds of dates.
func drawDates(t *rapid.T) accept.Record {
	day := func(label string) time.Time {
		d := rapid.IntRange(0, 60).Draw(t, label)
		if d == 0 {
			return time.Time{}
		}
		return importNow.AddDate(0, 0, -d)
	}
	return rec(1, func(r *accept.Record) {
		r.SourceRef, r.ObtainedAt, r.FirstCommunication, r.FirstDisclosure = "1", day("obtained"), day("contacted"), day("passed on")
	})
}

func asRows(records []accept.Record) []any {
	var rows []any
	for _, r := range records {
		rows = append(rows, r)
	}
	return rows
}
