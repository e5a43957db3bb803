package accept_test

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// roe is a row about one person, from a page that its visibility is told of.
func roe(line int64, v mailer.Visibility, change func(*accept.Record)) accept.Record {
	return rec(line, func(r *accept.Record) {
		r.SourceRef, r.Visibility, r.Contact.Name = "7", v, "Jane Roe"
		change(r)
	})
}

func TestWhatMustNotBeUsedAddsNothingToAPersonWhoIsKnownFromElsewhere(t *testing.T) { // S4
	public := roe(2, mailer.VisiblePublic, func(r *accept.Record) { r.Contact.JobTitle, r.Emails = "Engineer", email("jane@work.example") })
	doubtful := roe(3, mailer.VisibleUnknown, func(r *accept.Record) {
		r.Contact.JobTitle, r.Contact.City, r.Emails = "Secret agent", "Lyon", email("jane@home.example")
	})
	m := newMemory()
	imports(t, m, planOf("fair", "f", public, doubtful))
	k := m.only(t)
	if k.Contact.JobTitle != "Engineer" || k.Contact.City != "" || len(k.Acquisitions) != 2 {
		t.Errorf("%+v", k)
	}
	for _, id := range k.Identifiers {
		if id.Value == "jane@home.example" {
			t.Error("the address of data that must not be used is held")
		}
	}
	m = newMemory()
	imports(t, m, planOf("fair", "f", doubtful, public))
	if k := m.only(t); k.Contact.JobTitle != "Engineer" || k.Contact.City != "" || k.Contact.Name != "Jane Roe" {
		t.Errorf("the other way round: %+v", k.Contact)
	}
}

func TestSomebodyKnownFromDoubtfulDataAloneIsHeldAsTheyAreToBeTold(t *testing.T) { // S4
	m := newMemory()
	imports(t, m, planOf("fair", "f", roe(2, mailer.VisibleUnknown, func(r *accept.Record) { r.Contact.Country, r.Emails = "FR", email("jane@home.example") })))
	if k := m.only(t); k.Contact.Country != "FR" || len(k.Identifiers) != 2 || k.Duties[0].State != mailer.DutyOpen {
		t.Errorf("%+v", k)
	}
}

func TestWhomAPersonDecidedToTellStaysToBeTold(t *testing.T) { // S4
	m := newMemory()
	restricted := roe(2, mailer.VisibleRestricted, func(r *accept.Record) { r.Emails = email("jane@work.example") })
	imports(t, m, planOf("fair", "first", restricted))
	k := m.only(t)
	if k.Duties[0].Reason != mailer.BlockQuarantined {
		t.Fatalf("not quarantined: %+v", k.Duties)
	}
	k.Contact.TellAt, k.Duties[0].State, k.Duties[0].Reason = importNow, mailer.DutyOpen, ""
	imports(t, m, planOf("fair", "second", restricted))
	imports(t, m, planOf("whois", "third", restricted))
	for _, d := range m.only(t).Duties {
		if d.State != mailer.DutyOpen {
			t.Errorf("%+v", d)
		}
	}
}

// The record of a person is what the data that may be used say, the latest of them
// last. How old the others are must not matter: the store gives back every obtaining,
// and a batch that ends between two rows would settle a third row differently.
func TestDataThatMustNotBeUsedMakeNoOtherDataOld(t *testing.T) { // S4, D5
	row := func(line int64, v mailer.Visibility, daysAgo int, city string) accept.Record {
		return roe(line, v, func(r *accept.Record) {
			r.ObtainedAt, r.Contact.Country, r.Contact.City = importNow.AddDate(0, 0, -daysAgo), "FR", city
		})
	}
	named := func(r accept.Record, name string) accept.Record {
		r.Contact.Name = name
		return r
	}
	undated := func(r accept.Record) accept.Record {
		r.ObtainedAt = time.Time{}
		return r
	}
	for name, c := range map[string]struct {
		rows       []any
		city, held string
	}{
		"doubtful data between two that may be used": {[]any{row(2, mailer.VisiblePublic, 20, "Lyon"), row(3, mailer.VisibleUnknown, 5, "Nice"),
			row(4, mailer.VisiblePublic, 10, "Lille")}, "Lille", "Jane Roe"},
		"restricted data first": {[]any{row(2, mailer.VisibleRestricted, 5, "Nice"), row(3, mailer.VisiblePublic, 20, "Lyon"),
			row(4, mailer.VisiblePublic, 10, "Lille")}, "Lille", "Jane Roe"},
		"older data of use bring another name": {[]any{row(2, mailer.VisibleRestricted, 5, "Nice"),
			named(row(3, mailer.VisiblePublic, 20, "Lyon"), "Jane Doe")}, "Lyon", "Jane Doe"},
		"so do those of an unknown day": {[]any{row(2, mailer.VisibleRestricted, 5, "Nice"),
			named(undated(row(3, mailer.VisiblePublic, 0, "Lyon")), "Jane Doe")}, "Lyon", "Jane Doe"},
		"nothing of use: the latest": {[]any{row(2, mailer.VisibleRestricted, 20, "Nice"), row(3, mailer.VisibleUnknown, 5, "Lyon"),
			row(4, mailer.VisibleRestricted, 10, "Lille")}, "Lyon", "Jane Roe"},
	} {
		for batch := 1; batch <= len(c.rows); batch++ {
			m := newMemory()
			p := planOf("fair", "f", c.rows...)
			p.Basis = mailer.ObtainedUnknown
			if _, err := importerFor(m, batch).Run(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			if k := m.only(t); k.Contact.City != c.city || k.Contact.Name != c.held {
				t.Errorf("%s, in batches of %d: %q in %q, want %q in %q", name, batch, k.Contact.Name, k.Contact.City, c.held, c.city)
			}
		}
	}
}
