package retain

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

func TestALegalHoldKeepsWhatItIsAboutAndNothingElse(t *testing.T) { // T4
	somebody := mailer.ID{5}
	for name, c := range map[string]struct {
		hold    Hold
		theirs  bool // about this person
		origins int  // that go all the same
		held    bool
		refused bool // a decision to erase them
	}{
		"everybody":                      {Hold{}, false, 0, true, true},
		"them":                           {Hold{}, true, 0, true, true},
		"somebody else":                  {Hold{ContactID: somebody}, false, 2, false, false},
		"the activity":                   {Hold{ActivityKey: "directory"}, false, 0, true, true},
		"an activity that goes on":       {Hold{ActivityKey: "archive"}, false, 2, false, true},
		"a source":                       {Hold{SourceKey: "whois"}, false, 1, true, true},
		"a source of theirs":             {Hold{SourceKey: "whois"}, true, 1, true, true},
		"a source of another activity":   {Hold{ActivityKey: "archive", SourceKey: "whois"}, false, 2, false, false},
		"an activity that is not theirs": {Hold{ActivityKey: "surveys"}, false, 2, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := heldFrom(t, "linkedin+whois", alsoArchived)
			c.hold.ID = mailer.ID{1}
			if c.theirs {
				c.hold.ContactID = h.Contact.ID
			}
			h.Holds = []Hold{c.hold}
			r := rulesOn(t, "2028-11-02T12:00:00Z")
			e, err := r.ended(h)
			if err != nil || len(e.Origins) != c.origins || slices.Contains(e.HeldBy, c.hold.ID) != c.held || e.Whole {
				t.Errorf("%+v, %v", e, err)
			}
			_, err = r.everything(h)
			if refused := errors.As(err, new(*HeldError)); refused != c.refused {
				t.Errorf("erasing them altogether: %v", err)
			}
		})
	}
}

func TestOfSomebodyOfWhomSomethingIsHeldTheNameStays(t *testing.T) { // T4
	h := heldFrom(t, "linkedin+whois", func(h *Held) { h.Acquisitions = h.Acquisitions[:1] }) // whois: only its duty is left
	h.Holds = []Hold{{ID: mailer.ID{1}, SourceKey: "whois"}}
	e, err := rulesOn(t, "2028-11-02T12:00:00Z").ended(h)
	if err != nil || e.Whole || len(e.Origins) != 1 || len(e.Duties) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAHoldHasAnAuthorAReasonAndADayOnWhichItIsLookedAtAgain(t *testing.T) { // T4
	today, err := calendar.Parse("2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	sound := Hold{SetBy: "Ann", Reason: "case 12", ReviewOn: today.AddDays(1)}
	if err := sound.Check(today); err != nil {
		t.Error(err)
	}
	for name, h := range map[string]Hold{
		"no author":      {Reason: "case 12", ReviewOn: today.AddDays(1)},
		"a blank reason": {SetBy: "Ann", Reason: " ", ReviewOn: today.AddDays(1)},
		"no day":         {SetBy: "Ann", Reason: "case 12"},
		"today":          {SetBy: "Ann", Reason: "case 12", ReviewOn: today},
		"in three years": {SetBy: "Ann", Reason: "case 12", ReviewOn: today.AddDays(3 * 365)},
	} {
		if err := h.Check(today); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
}

func TestWhoAnswersThePersonHearsWhichHoldItIs(t *testing.T) { // T4, Art. 12(4)
	h := heldFrom(t, "linkedin", nil)
	h.Holds = []Hold{{ID: mailer.NewID(mailertest.At(t, "2026-11-22T12:00:00Z")), SetBy: "Ann", Reason: "case 12"}}
	_, err := rulesOn(t, "2026-11-22T12:00:00Z").everything(h)
	if err == nil || !strings.Contains(err.Error(), h.Holds[0].ID.String()) || !strings.Contains(err.Error(), "case 12") || strings.Contains(err.Error(), "Muster") {
		t.Errorf("%v", err)
	}
}
