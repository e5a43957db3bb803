package retain

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

// twoYears is a register that keeps the directory for two years and the archive for ten.
func twoYears(t *testing.T) *mailer.Register {
	return &mailer.Register{
		Controller: mailer.Controller{Zone: mailertest.Paris(t)},
		Sources:    []mailer.Source{{Key: "linkedin"}, {Key: "whois"}},
		Activities: []mailer.Activity{
			{Key: "directory", Retention: mailer.Retention{Period: calendar.Period{Years: 2}}},
			{Key: "archive", Retention: mailer.Retention{Period: calendar.Period{Years: 10}}},
		},
	}
}

// heldFrom is somebody of whom data from sources are held for the directory, told
// of them by a notice with the given form.
func heldFrom(t *testing.T, form string, change func(*Held)) Held {
	obtained, told := mailertest.At(t, "2026-11-01T12:00:00Z"), mailertest.At(t, "2026-11-21T12:00:00Z")
	h := Held{Known: mailer.Known{Contact: mailer.Contact{ID: mailer.NewID(obtained), Name: "Alex Muster", FirstObtainedAt: obtained},
		Identifiers: []mailer.Identifier{{Kind: mailer.ByEmail, Hash: []byte{1}, KeyID: "a"}}}}
	d := HeldDelivery{ID: mailer.NewID(told), Document: mailer.DocNotice, State: mailer.Relayed, ActivityKey: "directory", Form: form, ComposedAt: told}
	for _, s := range mailer.FormSources(form) {
		duty := mailer.Duty{ID: mailer.NewID(obtained), ActivityKey: "directory", SourceKey: s.Key, Cause: mailer.CauseAcquisition, State: mailer.DutyMet, MetAt: told, DeliveryID: d.ID,
			Due: mailer.DueFor(mailer.DueInputs{ObtainedAt: obtained, ReadAt: obtained}, mailertest.Paris(t))}
		h.Duties, d.Duties = append(h.Duties, duty), append(d.Duties, duty.ID)
		h.Acquisitions = append(h.Acquisitions, mailer.Acquisition{ID: mailer.NewID(obtained), ActivityKey: "directory", SourceKey: s.Key, ObtainedAt: obtained})
	}
	h.Deliveries = []HeldDelivery{d}
	if change != nil {
		change(&h)
	}
	return h
}

func rulesOn(t *testing.T, day string) eraseRules {
	return eraseRules{now: mailertest.At(t, day), current: twoYears(t), versions: map[mailer.ID]*mailer.Register{}}
}

// alsoArchived has data from a source for the archive too.
func alsoArchived(h *Held) {
	h.Acquisitions = append(h.Acquisitions, mailer.Acquisition{ActivityKey: "archive", SourceKey: "linkedin"})
	h.Duties = append(h.Duties, mailer.Duty{ID: mailer.ID{9}, ActivityKey: "archive", SourceKey: "linkedin", Cause: mailer.CauseAcquisition, State: mailer.DutyOpen})
}

func TestWhatGoesIsWhatTheNoticeSaidWouldGo(t *testing.T) { // T1, T2, S4
	for name, c := range map[string]struct {
		form, day     string
		change        func(*Held)
		origins       string // what goes
		whole         bool
		cause, reason string // of the first duty that goes
		suppressed    bool
	}{
		"nothing on the last day of storage":        {"linkedin", "2028-11-01T22:59:00Z", nil, "", false, "", "", false},
		"all on the day after":                      {"linkedin", "2028-11-01T23:00:00Z", nil, "directory/linkedin", true, "expired", "informed", false}, // midnight in Paris: D10
		"one activity, and the other stays":         {"linkedin", "2028-11-02T12:00:00Z", alsoArchived, "directory/linkedin", false, "expired", "informed", false},
		"nothing within the thirty days":            {"linkedin?", "2026-12-21T22:59:00Z", nil, "", false, "", "", false},
		"all that served for the notice alone":      {"linkedin?+whois!", "2026-12-21T23:00:00Z", nil, "directory/linkedin directory/whois", true, "notice_only", "informed", true},
		"of a mixed notice the marked source alone": {"linkedin+whois?", "2026-12-22T12:00:00Z", nil, "directory/whois", false, "notice_only", "informed", false},
		"nothing by a notice that bounced":          {"linkedin?", "2027-06-01T12:00:00Z", func(h *Held) { h.Deliveries[0].State = mailer.Bounced }, "", false, "", "", false},
		"nothing by a notice that is not out yet":   {"linkedin?", "2027-06-01T12:00:00Z", func(h *Held) { h.Deliveries[0].State = mailer.Uncertain }, "", false, "", "", false},
		"late, if nobody was told": {"linkedin", "2028-11-02T12:00:00Z", func(h *Held) {
			h.Duties[0].State, h.Deliveries = mailer.DutyBlocked, nil
		}, "directory/linkedin", true, "expired", "erased_before_informed", false},
		"excused, if nobody had to be told":              {"linkedin", "2028-11-02T12:00:00Z", func(h *Held) { h.Duties[0].State = mailer.DutyExcused }, "directory/linkedin", true, "expired", "excused", false},
		"counted from the reading where no day is known": {"linkedin", "2028-11-02T12:00:00Z", func(h *Held) { h.Contact.FirstObtainedAt = time.Time{} }, "directory/linkedin", true, "expired", "informed", false},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := rulesOn(t, c.day).ended(heldFrom(t, c.form, c.change))
			if err != nil {
				t.Fatal(err)
			}
			var origins []string
			for _, o := range e.Origins {
				origins = append(origins, o.Activity+"/"+o.Source)
			}
			slices.Sort(origins)
			if got := strings.Join(origins, " "); got != c.origins || e.Whole != c.whole || (len(e.Suppress) > 0) != c.suppressed {
				t.Fatalf("goes %q, whole %v, %d suppressed; want %q, %v, %v", got, e.Whole, len(e.Suppress), c.origins, c.whole, c.suppressed)
			}
			if c.origins == "" {
				return
			}
			if d := e.Duties[0]; string(d.Cause) != c.cause || string(d.Reason) != c.reason {
				t.Errorf("%+v, want %s %s", d, c.cause, c.reason)
			}
		})
	}
}

func TestTheDaysLateAreThoseOfTheControllersZone(t *testing.T) { // T3, D10
	h := heldFrom(t, "linkedin", func(h *Held) { h.Duties[0].State, h.Deliveries = mailer.DutyOpen, nil })
	e, err := rulesOn(t, "2028-11-02T12:00:00Z").ended(h)
	if err != nil || len(e.Duties) != 1 || e.Duties[0].Detail != "702 days late" {
		t.Errorf("%+v, %v", e.Duties, err)
	}
}

func TestALongerPeriodInALaterRegisterKeepsNothingThatANoticeSaidWouldGo(t *testing.T) { // T2
	r := rulesOn(t, "2028-11-02T12:00:00Z")
	version := mailer.NewID(r.now)
	r.versions[version] = twoYears(t)
	r.current.Activities[0].Retention.Period = calendar.Period{Years: 5}
	told := heldFrom(t, "linkedin", func(h *Held) { h.Deliveries[0].RegisterID = version })
	if e, err := r.ended(told); err != nil || !e.Whole {
		t.Errorf("told two years: %+v, %v", e, err)
	}
	untold := heldFrom(t, "linkedin", func(h *Held) { h.Deliveries = nil })
	if e, err := r.ended(untold); err != nil || !e.nothing() {
		t.Errorf("told nothing yet: %+v, %v", e, err)
	}
}

func TestADutyForAPurposeGoesWithTheLastThatItsActivityHas(t *testing.T) { // 14(4), S4
	purpose := func(h *Held) {
		h.Duties = append(h.Duties, mailer.Duty{ID: mailer.ID{7}, ActivityKey: "directory", SourceKey: "whois", Cause: "purpose:rank", State: mailer.DutyOpen})
	}
	e, _ := rulesOn(t, "2026-12-22T12:00:00Z").ended(heldFrom(t, "linkedin+whois?", purpose))
	if len(e.Duties) != 1 {
		t.Errorf("with linkedin left: %+v", e.Duties)
	}
	e, _ = rulesOn(t, "2026-12-22T12:00:00Z").ended(heldFrom(t, "linkedin?+whois?", purpose))
	if len(e.Duties) != 3 {
		t.Errorf("with nothing left: %+v", e.Duties)
	}
}

func TestErasingWaitsForWhatIsOnItsWayAndNotForEver(t *testing.T) { // E5, T3
	for name, c := range map[string]struct {
		change func(*Held)
		want   error
		cancel int
	}{
		"on the wire": {func(h *Held) { h.Deliveries[0].State = mailer.Sending }, ErrOnItsWay, 0},
		"unsettled for a week": {func(h *Held) {
			h.Deliveries[0].State, h.Deliveries[0].Unsure, h.Deliveries[0].ComposedAt = mailer.Uncertain, true, mailertest.At(t, "2028-10-26T12:00:00Z")
		}, ErrOnItsWay, 0},
		"unsettled for two weeks": {func(h *Held) {
			h.Deliveries[0].State, h.Deliveries[0].Unsure, h.Deliveries[0].ComposedAt = mailer.Uncertain, true, mailertest.At(t, "2028-10-18T12:00:00Z")
		}, nil, 0},
		"in the queue":             {func(h *Held) { h.Deliveries[0].State = mailer.Queued }, nil, 1},
		"deferred":                 {func(h *Held) { h.Deliveries[0].State = mailer.Deferred }, nil, 1},
		"placed while this looked": {func(h *Held) { h.Deliveries = nil }, ErrOnItsWay, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := heldFrom(t, "linkedin", func(h *Held) { h.Duties[0].State = mailer.DutyInFlight; c.change(h) })
			e, err := rulesOn(t, "2028-11-02T12:00:00Z").ended(h)
			if !errors.Is(err, c.want) || len(e.Cancel) != c.cancel || (err != nil) != e.nothing() {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestADecisionErasesEverythingWhateverItsPeriod(t *testing.T) { // R5
	e, err := rulesOn(t, "2026-11-22T12:00:00Z").everything(heldFrom(t, "linkedin+whois?", alsoArchived))
	if err != nil || !e.Whole || len(e.Duties) != 3 || len(e.Origins) != 3 || len(e.Suppress) != 1 || e.Suppress[0].Reason != "erased" {
		t.Errorf("%+v, %v", e, err)
	}
	for _, d := range e.Duties {
		if d.Cause != EraseDecided {
			t.Errorf("%+v", d)
		}
	}
}

func TestThePassLooksBackAsFarAsTheShortestPeriodOfAnyVersion(t *testing.T) { // T1, T2
	r := rulesOn(t, "2026-11-22T12:00:00Z")
	r.versions[mailer.ID{1}] = r.current
	if got := r.shortest(); got != 730 {
		t.Errorf("got %d", got)
	}
	r.versions[mailer.ID{2}] = &mailer.Register{Activities: []mailer.Activity{{Retention: mailer.Retention{Limit: calendar.Period{Months: 6}}}}}
	if got := r.shortest(); got != 168 {
		t.Errorf("by an earlier version: got %d", got)
	}
}

func TestWhoAskedToSeeTheirDataIsAnsweredBeforeTheyGo(t *testing.T) { // R6, T1: Art. 12(3), 15
	asked := heldFrom(t, "linkedin", func(h *Held) { h.AskedUntil = mailertest.At(t, "2028-11-20T22:59:59Z") })
	if _, err := rulesOn(t, "2028-11-20T12:00:00Z").ended(asked); !errors.Is(err, ErrOnItsWay) {
		t.Errorf("while the answer is owed: %v", err)
	}
	if e, err := rulesOn(t, "2028-11-21T12:00:00Z").ended(asked); err != nil || !e.Whole {
		t.Errorf("behind the date of the answer: %+v, %v", e, err)
	}
}

func TestANoticeThatNamesASourceWhichGoesIsNotSent(t *testing.T) { // T3, C8
	queued := HeldDelivery{ID: mailer.ID{7}, Document: mailer.DocNotice, State: mailer.Queued, ActivityKey: "directory", Form: "linkedin+whois?"}
	h := heldFrom(t, "linkedin+whois?", func(h *Held) { h.Deliveries = append(h.Deliveries, queued) })
	e, err := rulesOn(t, "2026-12-22T12:00:00Z").ended(h)
	if err != nil || !slices.Equal(e.Cancel, []mailer.ID{queued.ID}) {
		t.Errorf("cancelled %v, %v", e.Cancel, err)
	}
}
