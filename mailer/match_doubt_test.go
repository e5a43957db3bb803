package mailer_test

import (
	"testing"

	"article14/mailer"
)

// roe is a row about one person, from a page that its visibility is told of.
func roe(line int64, v mailer.Visibility, change func(*mailer.Record)) mailer.Record {
	return rec(line, func(r *mailer.Record) {
		r.SourceRef, r.Visibility, r.Contact.Name = "7", v, "Jane Roe"
		change(r)
	})
}

func TestWhatMustNotBeUsedAddsNothingToAPersonWhoIsKnownFromElsewhere(t *testing.T) { // S4
	public := roe(2, mailer.VisiblePublic, func(r *mailer.Record) { r.Contact.JobTitle, r.Emails = "Engineer", email("jane@work.example") })
	doubtful := roe(3, mailer.VisibleUnknown, func(r *mailer.Record) {
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
	imports(t, m, planOf("fair", "f", roe(2, mailer.VisibleUnknown, func(r *mailer.Record) { r.Contact.Country, r.Emails = "FR", email("jane@home.example") })))
	if k := m.only(t); k.Contact.Country != "FR" || len(k.Identifiers) != 2 || k.Duties[0].State != mailer.DutyOpen {
		t.Errorf("%+v", k)
	}
}

func TestWhomAPersonDecidedToTellStaysToBeTold(t *testing.T) { // S4
	m := newMemory()
	restricted := roe(2, mailer.VisibleRestricted, func(r *mailer.Record) { r.Emails = email("jane@work.example") })
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
