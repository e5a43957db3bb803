package complete

import (
	"slices"
	"strings"
	"testing"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

// TestEachRuleFindsWhatBreaksIt breaks the complete register in one way at a time.
func TestEachRuleFindsWhatBreaksIt(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*mailer.Register)
		want  []string // "key rule path", with "warning" or a language behind it
	}{
		{"C1: a data protection officer who does not apply needs a reason", func(r *mailer.Register) {
			r.Controller.DPO, r.Controller.NotApplicable = nil, mailer.Reasons{"14.1.b": " "}
		}, []string{"14.1.b C1 controller.not_applicable.14.1.b"}},
		{"C1: with a reason an officer is not wanted", func(r *mailer.Register) {
			r.Controller.DPO, r.Controller.NotApplicable = nil, mailer.Reasons{"14.1.b": "We are ten people."}
		}, nil},
		{"C1: an element is not there and not applicable at once", func(r *mailer.Register) {
			r.Activities[0].NotApplicable = mailer.Reasons{"14.1.f": "No transfer."}
		}, []string{"14.1.f C1 activities[0].not_applicable.14.1.f"}},
		{"C1: an element that always applies admits no reason", func(r *mailer.Register) {
			r.Activities[0].NotApplicable = mailer.Reasons{"14.2.a": "We never delete."}
		}, []string{"14.2.a C1 activities[0].not_applicable.14.2.a"}},
		{"C1: the controller's own elements are not for an activity to leave out", func(r *mailer.Register) {
			r.Activities[0].NotApplicable = mailer.Reasons{"14.1.b": "None."}
		}, []string{"14.1.b C1 activities[0].not_applicable.14.1.b"}},
		{"C1: a reason for what is no element is refused", func(r *mailer.Register) {
			r.Controller.NotApplicable = mailer.Reasons{"13.1.a": "x"}
		}, []string{"C1 C1 controller.not_applicable.13.1.a"}},
		{"C1: recipients are there, or the reason why there are none", func(r *mailer.Register) {
			r.Activities[1].Recipients = nil
		}, []string{"14.1.e C1 activities[1].recipients"}},
		{"C1: with a reason no recipients are wanted", func(r *mailer.Register) {
			r.Activities[1].Recipients = nil
			r.Activities[1].NotApplicable["14.1.e"] = "We keep the data on our own machines."
		}, nil},
		{"C1: a key stands for one thing", func(r *mailer.Register) {
			r.Activities[0].Purposes[1].Key = "sell"
			r.Activities[1].Key = "directory"
			r.Sources = append(r.Sources, r.Sources[0])
			r.Activities[0].Categories = append(r.Activities[0].Categories, r.Activities[0].Categories[0])
		}, []string{"14.2.f C1 sources[1].key", "14.1.c C1 activities[0].purposes[1].key",
			"14.1.d C1 activities[0].categories[1].key", "14.1.c C1 activities[1].key"}},
		{"C1: a controller outside the area is asked for a representative", func(r *mailer.Register) {
			r.Controller.Country, r.Controller.Representative = "GB", nil
		}, []string{"14.1.a C1 controller.representative warning"}},
		{"C2: an interest stands with 6.1.f alone", func(r *mailer.Register) {
			r.Activities[1].Purposes[0].Interest = mailertest.In("We like it.")
		}, []string{"14.2.b C2 activities[1].purposes[0].interest"}},
		{"C2: an interest that is pursued is not inapplicable", func(r *mailer.Register) {
			r.Activities[0].NotApplicable = mailer.Reasons{"14.2.b": "None."}
		}, []string{"14.2.b C2 activities[0].not_applicable.14.2.b"}},
		{"C2: an interest is weighed before its purpose starts", func(r *mailer.Register) {
			r.Activities[0].Purposes[1].Balancing.Date = mailertest.Day("2026-12-02")
		}, []string{"14.2.b C2 activities[0].purposes[1].balancing_test.date"}},
		{"C2: a transfer goes to a recipient that is named", func(r *mailer.Register) {
			r.Activities[0].Transfers[0].To = "Somebody Else Inc."
		}, []string{"14.1.f C2 activities[0].transfers[0].to"}},
		{"C2: a transfer within the area is none", func(r *mailer.Register) {
			r.Activities[0].Transfers[0].Country = "NO"
		}, []string{"14.1.f C2 activities[0].transfers[0].country"}},
		{"C2: a mechanism is one of Chapter V", func(r *mailer.Register) {
			r.Activities[0].Transfers[0].Mechanism = "trust"
		}, []string{"14.1.f C2 activities[0].transfers[0].mechanism"}},
		{"C3: each purpose has a basis of its own", func(r *mailer.Register) {
			r.Activities[0].Purposes[1].Basis = "6.1.g"
		}, []string{"14.1.c C3 activities[0].purposes[1].basis"}},
		{"C6: three of four descriptors are not enough", func(r *mailer.Register) {
			r.Activities[1].Recipients[0].Sector = nil
		}, []string{"14.1.e C6 activities[1].recipients[0]"}},
		{"C6: partners are no name", func(r *mailer.Register) {
			r.Activities[0].Recipients[0].Name = "our partners"
			r.Activities[0].Transfers[0].To = "our partners"
		}, []string{"14.1.e C6 activities[0].recipients[0].name"}},
		{"R7: who is told by a system has a key", func(r *mailer.Register) {
			r.Activities[0].Recipients[0].System = true
		}, []string{"R7 R7 activities[0].recipients[0]"}},
		{"R7: nobody is told and not told at once", func(r *mailer.Register) {
			r.Activities[0].Recipients[0].Key, r.Activities[0].Recipients[0].System, r.Activities[0].Recipients[0].NotTold = "deskwell", true, "because"
		}, []string{"R7 R7 activities[0].recipients[0].not_told"}},
		{"R7: who gets everybody's data is named", func(r *mailer.Register) {
			r.Activities[1].Recipients[0].GetsAll = true
		}, []string{"R7 R7 activities[1].recipients[0].gets_all"}},
		{"D4: dates in a file are better with a pattern", func(r *mailer.Register) {
			r.Sources[0].DateFormat = ""
		}, []string{"14.2.f D4 sources[0].dates warning"}},
		{"D5: data are obtained for a purpose that is there", func(r *mailer.Register) {
			later := mailertest.Day("2026-12-01")
			r.Activities[0].Purposes[0].Starts = &later
		}, []string{"14.1.c D5 activities[0].purposes"}},
		{"D5: a later purpose starts on a day", func(r *mailer.Register) {
			r.Activities[0].Purposes[1].Starts = &calendar.Date{}
		}, []string{"14.1.c D5 activities[0].purposes[1].starts"}},
		{"L1: people of unknown country get a language that there is", func(r *mailer.Register) {
			r.Languages.UnknownCountry = []string{"en", "de"}
		}, []string{"L1 L1 languages.unknown_country[1]"}},
		{"L2: texts in a language that the product lacks are no use", func(r *mailer.Register) {
			r.Activities[1].LateApology = mailer.Texts{"en": "Sorry.", "fr": "Pardon.", "xx": "Oops."}
		}, []string{"L2 L2 activities warning"}},
		{"L4: a text that is there is there in every language", func(r *mailer.Register) {
			delete(r.Activities[0].Purposes[0].Interest, "fr")
			r.Activities[0].LateApology["en"] = ""
		}, []string{"14.2.b L4 activities[0].purposes[0].interest fr", "14.2.a L4 activities[0].late_apology en"}},
		{"P1: words of doubt about our own acts fail", func(r *mailer.Register) {
			r.Activities[0].Summary["en"] = "We may sell your data."
		}, []string{"14.1.c P1 activities[0].summary.en en"}},
		{"P1: what the reader can do is no doubt", func(r *mailer.Register) {
			r.Activities[0].Summary["en"] = "You may object."
		}, nil},
		{"P1: a waiver with a reason lets them stand in sight", func(r *mailer.Register) {
			r.Activities[0].Summary["en"] = "Customers may call you."
			r.Waivers = []mailer.Waiver{{Words: "Customers may call", Reason: "It is the customers who choose."}}
		}, []string{"14.1.c P1 activities[0].summary.en en warning"}},
		{"P1: a waiver without a reason is none", func(r *mailer.Register) {
			r.Activities[0].Summary["en"] = "Customers may call you."
			r.Waivers = []mailer.Waiver{{Words: "Customers may call"}}
		}, []string{"14.1.c P1 activities[0].summary.en en"}},
		{"P1: a waiver for other words does not help", func(r *mailer.Register) {
			r.Activities[0].Summary["en"] = "Customers call you. We may sell your data."
			r.Waivers = []mailer.Waiver{{Words: "Customers call you", Reason: "So it is."}}
		}, []string{"14.1.c P1 activities[0].summary.en en"}},
		{"P3: refused phrases cannot be waived", func(r *mailer.Register) {
			r.Activities[1].Retention.Event["en"] = "as long as necessary"
			r.Waivers = []mailer.Waiver{{Words: "as long as necessary", Reason: "We like it."}}
		}, []string{"14.2.a P3 activities[1].retention.event.en en"}},
		{"R8: outside the table no authority is known", func(r *mailer.Register) {
			r.Controller.Country = "US"
		}, []string{"14.2.e R8 controller.country warning"}},
		{"R10: consent can be withdrawn, and nothing says otherwise", func(r *mailer.Register) {
			r.Activities[1].NotApplicable["14.2.d"] = "Nobody asked."
		}, []string{"14.2.d R10 activities[1].not_applicable.14.2.d"}},
		{"R10: direct marketing on a contract is looked at again", func(r *mailer.Register) {
			r.Activities[1].Purposes[0].DirectMarketing = true
			r.Activities[1].Purposes[0].Basis = mailer.Contract
		}, []string{"R10 R10 activities[1].purposes[0].basis warning"}},
		{"S2: a generic name is no source", func(r *mailer.Register) {
			r.Sources[0].Names["en"], r.Sources[0].Unnamed = "the internet", ""
		}, []string{"14.2.f S2 sources[0].name.en en"}},
		{"S3: a category is let through with its reason, in sight", func(r *mailer.Register) {
			r.Sources[0].Names["en"] = "business directories"
		}, []string{"14.2.f S3 sources[0].name.en en warning"}},
		{"S4: a visibility column says what its values mean", func(r *mailer.Register) {
			r.Sources[0].Columns.Visibility = nil
		}, []string{"14.2.f S4 sources[0].visibility_values"}},
		{"S4: meanings need their column", func(r *mailer.Register) {
			delete(r.Sources[0].Columns.Fields, "visibility")
		}, []string{"14.2.f S4 sources[0].columns.visibility"}},
		{"T1b: a period and an event exclude each other", func(r *mailer.Register) {
			r.Activities[1].Retention.Period = calendar.Period{Years: 1}
		}, []string{"14.2.a T1b activities[1].retention"}},
		{"T1b: an event needs what follows it, and a limit", func(r *mailer.Register) {
			r.Activities[1].Retention.After, r.Activities[1].Retention.Limit = calendar.Period{}, calendar.Period{}
		}, []string{"14.2.a T1b activities[1].retention.after", "14.2.a T1b activities[1].retention.limit"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reg := mailertest.Register()
			tt.spoil(reg)
			var got []string
			for _, f := range Check(reg, []string{"en", "fr"}) {
				got = append(got, brief(f))
				if strings.Contains(f.Message, "%!") || f.Message == "" {
					t.Errorf("message is not whole: %q", f.Message)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("findings\n  got  %q\n  want %q", got, tt.want)
			}
		})
	}
}

// brief is a finding as the table above writes it.
func brief(f Finding) string {
	s := f.Key + " " + f.Rule + " " + f.Path
	if f.Language != "" {
		s += " " + f.Language
	}
	if f.Warning {
		s += " warning"
	}
	return s
}

func TestAnEmptyRegisterIsCheckedWithoutHarm(t *testing.T) {
	got := Check(&mailer.Register{}, nil)
	for _, key := range []string{"14.1.a", "14.1.b", "14.1.c", "14.2.c", "14.2.e", "14.2.f"} {
		if !slices.ContainsFunc(got, func(f Finding) bool { return f.Key == key }) {
			t.Errorf("nothing is found for %s", key)
		}
	}
}

// A register names its texts in EachText and checks them one by one; both must
// know all of them.
func TestEveryTextOfARegisterCountsForItsLanguages(t *testing.T) {
	reg := mailertest.Register()
	n := 0
	reg.EachText(func(texts mailer.Texts) {
		if texts == nil {
			return
		}
		n++
		texts["de"] = "Sie und wir."
		if got := reg.LanguagesUsed(); !slices.Contains(got, "de") {
			t.Errorf("text %d does not count: %v", n, got)
		}
		before := len(Check(reg, nil))
		texts["de"] = "solange wie nötig"
		if !slices.ContainsFunc(Check(reg, nil), func(f Finding) bool { return f.Rule == "P3" }) {
			t.Errorf("text %d is not checked for refused phrases (%d findings before)", n, before)
		}
		delete(texts, "de")
	})
	if n < countTexts() {
		t.Errorf("EachText visits %d texts, the register has %d", n, countTexts())
	}
}
