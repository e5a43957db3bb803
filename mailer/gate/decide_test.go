package gate

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/calendar"
	"article14/mailer"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// house is a register with one activity of two purposes, sales being advertising, and three sources.
func house() *mailer.Register {
	starts := calendar.Date{Year: 2026, Month: 4, Day: 1}
	return &mailer.Register{
		Controller: mailer.Controller{Key: "acme", Zone: time.UTC},
		Sources:    []mailer.Source{{Key: "linkedin", Unknown: mailer.UnknownNoticeOnly}, {Key: "whois", Unknown: mailer.UnknownIsPublic}},
		Activities: []mailer.Activity{{Key: "contacts", Retention: mailer.Retention{Period: calendar.Period{Months: 6}},
			Purposes: []mailer.Purpose{{Key: "sales", Basis: mailer.LegitimateInterest, DirectMarketing: true}, {Key: "fraud", Basis: mailer.LegitimateInterest},
				{Key: "later", Basis: mailer.LegitimateInterest, Starts: &starts}},
			Recipients: []mailer.Recipient{{Name: "Mailer Ltd"}},
		}},
	}
}

// informed is a person who was told, ten days after their data were obtained.
func informed() Facts {
	obtained := noon.AddDate(0, 0, -20)
	return Facts{Known: mailer.Known{
		Contact:      mailer.Contact{ID: mailer.NewID(noon), FirstObtainedAt: obtained},
		Acquisitions: []mailer.Acquisition{{ActivityKey: "contacts", SourceKey: "linkedin", ObtainedAt: obtained, Visibility: mailer.VisiblePublic}},
		Duties: []mailer.Duty{{ID: mailer.NewID(noon), ActivityKey: "contacts", SourceKey: "linkedin", Cause: mailer.CauseAcquisition, State: mailer.DutyMet,
			Due: mailer.DueFor(mailer.DueInputs{ObtainedAt: obtained}, time.UTC)}},
	}}
}

func decide(f Facts, purpose string) Verdict {
	reg := house()
	i := slices.IndexFunc(reg.Activities[0].Purposes, func(p mailer.Purpose) bool { return p.Key == purpose })
	return Decide(reg, reg.Activities[0], reg.Activities[0].Purposes[i], f, noon)
}

func TestTheGateSaysYesOnlyToWhoWasToldAndSaysWhyNotOtherwise(t *testing.T) { // D6
	for _, c := range []struct {
		name    string
		purpose string
		change  func(*Facts)
		want    Verdict
	}{
		{"told: yes", "sales", func(*Facts) {}, Verdict{Allowed: true}},
		{"a reviewed exemption stands: yes", "sales", func(f *Facts) { f.Duties[0].State = mailer.DutyExcused }, Verdict{Allowed: true}},
		{"not told yet: no, with the date", "sales", func(f *Facts) { f.Duties[0].State = mailer.DutyOpen }, Verdict{Reason: NotInformed, DueAt: informed().Duties[0].Due.At}},
		{"the notice is on its way: not yet", "sales", func(f *Facts) { f.Duties[0].State = mailer.DutyInFlight }, Verdict{Reason: NotInformed, DueAt: informed().Duties[0].Due.At}},
		{"the notice came back: no again (E2)", "sales", func(f *Facts) { f.Duties[0].State = mailer.DutyFailed }, Verdict{Reason: NotInformed, DueAt: informed().Duties[0].Due.At}},
		{"told of one source and not of another: no (D5)", "sales", func(f *Facts) {
			f.Duties = append(f.Duties, mailer.Duty{ActivityKey: "contacts", SourceKey: "whois", Cause: mailer.CauseAcquisition, State: mailer.DutyOpen, Due: mailer.Due{At: noon.AddDate(0, 0, 3)}})
		}, Verdict{Reason: NotInformed, DueAt: noon.AddDate(0, 0, 3)}},
		{"a new purpose of which they were not told: no for it (14(4))", "fraud", func(f *Facts) {
			f.Duties = append(f.Duties, mailer.Duty{ActivityKey: "contacts", Cause: mailer.CausePurpose + "fraud", State: mailer.DutyOpen, Due: mailer.Due{At: noon}})
		}, Verdict{Reason: NotInformed, DueAt: noon}},
		{"and yes for the others", "sales", func(f *Facts) {
			f.Duties = append(f.Duties, mailer.Duty{ActivityKey: "contacts", Cause: mailer.CausePurpose + "fraud", State: mailer.DutyOpen, Due: mailer.Due{At: noon}})
		}, Verdict{Allowed: true}},
		{"another activity's duty does not matter", "sales", func(f *Facts) {
			f.Duties = append(f.Duties, mailer.Duty{ActivityKey: "news", Cause: mailer.CauseAcquisition, State: mailer.DutyOpen, Due: mailer.Due{At: noon}})
		}, Verdict{Allowed: true}},
		{"a purpose that begins later: from that day", "later", func(*Facts) {}, Verdict{Reason: NotStarted, From: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}},
		{"they said no to all use", "fraud", func(f *Facts) { f.Contact.ObjectedAt = noon }, Verdict{Reason: Objected}},
		{"they said no to advertising: no for advertising (Art. 21(2))", "sales", func(f *Facts) {
			f.Objections = []mailer.Objection{{ActivityKey: "contacts", Scope: "marketing"}}
		}, Verdict{Reason: Objected}},
		{"and yes for what is no advertising", "fraud", func(f *Facts) {
			f.Objections = []mailer.Objection{{ActivityKey: "contacts", Scope: "marketing"}}
		}, Verdict{Allowed: true}},
		{"a no outweighs that they were not told", "sales", func(f *Facts) { f.Contact.ObjectedAt, f.Duties[0].State = noon, mailer.DutyOpen }, Verdict{Reason: Objected}},
		{"storage has ended, and the eraser has not come yet (T2)", "sales", func(f *Facts) { f.Contact.FirstObtainedAt = noon.AddDate(0, -6, -1) }, Verdict{Reason: Expired}},
		{"the last day of storage is a day of storage", "sales", func(f *Facts) { f.Contact.FirstObtainedAt = noon.AddDate(0, -6, 0) }, Verdict{Allowed: true}},
		{"restricted by their holder (S4)", "sales", func(f *Facts) { f.Acquisitions[0].Visibility = mailer.VisibleRestricted }, Verdict{Reason: Quarantined}},
		{"nobody knows who could see them, and the source has no rule (S4)", "sales", func(f *Facts) { f.Acquisitions[0].Visibility = mailer.VisibleUnknown }, Verdict{Reason: Quarantined}},
		{"nobody knows, and the source's rule says public", "sales", func(f *Facts) {
			f.Acquisitions[0].Visibility, f.Acquisitions[0].SourceKey = mailer.VisibleUnknown, "whois"
		}, Verdict{Allowed: true}},
		{"a source that the register no longer declares", "sales", func(f *Facts) { f.Acquisitions[0].SourceKey = "gone" }, Verdict{Reason: Quarantined}},
		{"held for something else", "sales", func(f *Facts) { f.Acquisitions[0].ActivityKey = "news" }, Verdict{Reason: NotHeld}},
		{"erased", "sales", func(f *Facts) { f.Contact.ErasedAt = noon }, Verdict{Reason: Erased}},
	} {
		f := informed()
		c.change(&f)
		if got := decide(f, c.purpose); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestAYesNeedsEveryConditionWhateverTheFacts looks at arbitrary facts.
func TestAYesNeedsEveryConditionWhateverTheFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := informed()
		f.Duties[0].State = rapid.SampledFrom(mailer.DutyStates).Draw(t, "state")
		f.Acquisitions[0].Visibility = rapid.SampledFrom([]mailer.Visibility{mailer.VisiblePublic, mailer.VisibleRestricted, mailer.VisibleUnknown}).Draw(t, "visibility")
		f.Contact.FirstObtainedAt = noon.AddDate(0, 0, -rapid.IntRange(0, 400).Draw(t, "days"))
		if rapid.Bool().Draw(t, "objected") {
			f.Contact.ObjectedAt = noon
		}
		v := decide(f, "sales")
		must := (f.Duties[0].State == mailer.DutyMet || f.Duties[0].State == mailer.DutyExcused || f.Duties[0].State == mailer.DutyErased) &&
			f.Acquisitions[0].Visibility == mailer.VisiblePublic && f.Contact.ObjectedAt.IsZero() && !f.Contact.FirstObtainedAt.Before(noon.AddDate(0, -6, 0))
		if v.Allowed != must {
			t.Fatalf("allowed %v, want %v: %+v", v.Allowed, must, v)
		}
		if v.Allowed != (v.Reason == "") {
			t.Fatalf("a no without a reason, or a yes with one: %+v", v)
		}
	})
}

func TestAnAddressOfSeveralPeopleIsYesOnlyIfItIsForEach(t *testing.T) {
	for _, c := range []struct {
		name string
		vs   []Verdict
		want Reason
	}{
		{"nobody", nil, Unknown},
		{"both may", []Verdict{yes(), yes()}, ""},
		{"one was not told", []Verdict{yes(), no(NotInformed)}, NotInformed},
		{"the stronger reason is given", []Verdict{no(NotInformed), yes(), no(Objected)}, Objected},
	} {
		if got := worst(c.vs); got.Reason != c.want || got.Allowed != (c.want == "") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestAUseBringsADateForwardAndNeverBack(t *testing.T) { // 14(3)(b), (c), D1
	rapid.Check(t, func(t *rapid.T) {
		f := informed()
		f.Duties[0].State = rapid.SampledFrom(mailer.DutyStates).Draw(t, "state")
		at := noon.Add(time.Duration(rapid.IntRange(-60*24, 60*24).Draw(t, "hours")) * time.Hour)
		kind := rapid.SampledFrom([]Kind{Communication, Passing}).Draw(t, "kind")
		got := sooner(f.Duties, "contacts", Use{Kind: kind, At: at}, time.UTC)
		for _, d := range got {
			if !d.Due.At.Before(f.Duties[0].Due.At) || settled(f.Duties[0].State) || at.Before(f.Duties[0].Due.Inputs.ObtainedAt) {
				t.Fatalf("a use at %s moved a %s duty from %s to %s", at, f.Duties[0].State, f.Duties[0].Due.At, d.Due.At)
			}
			if !d.Due.At.Equal(at) || kind == Communication && d.Due.Rule != mailer.DueCommunication || kind == Passing && d.Due.Rule != mailer.DueDisclosure {
				t.Fatalf("due %s by %s for a %s at %s", d.Due.At, d.Due.Rule, kind, at)
			}
		}
		within := !settled(f.Duties[0].State) && at.Before(f.Duties[0].Due.At) && !at.Before(f.Duties[0].Due.Inputs.ObtainedAt)
		if within != (len(got) == 1) {
			t.Fatalf("a use at %s, due %s, %s: moved %d", at, f.Duties[0].Due.At, f.Duties[0].State, len(got))
		}
	})
}
