package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/retain"
)

func (h *house) holdOn(about retain.Hold) retain.Hold {
	h.t.Helper()
	about.ID, about.SetAt, about.SetBy, about.Reason = mailer.NewID(noon), noon, "ann", "case 12"
	about.ReviewOn = calendar.DateOf(noon, time.UTC).AddDays(10)
	must(h.t, h.SetHold(h.ctx, h.controller, about))
	return about
}

func TestAHoldKeepsPeopleUntilItIsReleased(t *testing.T) { // T4
	h := newHouse(t)
	ids := h.people(3, noon)
	set := h.holdOn(retain.Hold{ContactID: ids[0]})
	at := noon.Add(3 * day)
	out := h.pass(at)
	equal(t, "erased and held", fmt.Sprint(out.Contacts, out.Held), "2 1")
	equal(t, "their name", h.count(`SELECT count(*) FROM contact WHERE id = $1 AND name <> ''`, ids[0]), 1)
	var held *retain.HeldError
	if err := h.eraser(at).Erase(h.ctx, ids[0], "ann", "asked"); !errors.As(err, &held) || held.Hold.ID != set.ID || held.Hold.ReviewOn != set.ReviewOn {
		t.Errorf("a decision to erase: %v", err)
	}
	if _, _, err := h.eraser(at).Preview(h.ctx, ids[0]); !errors.As(err, &held) {
		t.Errorf("its preview: %v", err)
	}
	equal(t, "held alone", fmt.Sprint(h.pass(at.Add(time.Second)).Held), "1")
	equal(t, "in status", h.figures(at).HeldPast, 1)

	must(t, h.ReleaseHold(h.ctx, h.controller, set.ID, "ben", "the case is over", at))
	if err := h.ReleaseHold(h.ctx, h.controller, set.ID, "ben", "again", at); !errors.Is(err, retain.ErrNoHold) {
		t.Errorf("released twice: %v", err)
	}
	equal(t, "after it", h.pass(at.Add(time.Minute)).Contacts, 1)
	equal(t, "in status then", h.figures(at).HeldPast, 0)
	all, err := h.Holds(h.ctx, h.controller, true)
	must(t, err)
	if len(all) != 1 || all[0].ReleasedBy != "ben" || all[0].ReleasedWhy != "the case is over" || all[0].Reason != "case 12" {
		t.Errorf("%+v", all)
	}
	equal(t, "on record", h.count(`SELECT count(*) FROM audit WHERE action IN ('hold.set', 'hold.release') AND actor IN ('ann', 'ben')`), 2)
	if err := h.SetHold(h.ctx, h.controller, retain.Hold{ID: mailer.NewID(noon), ContactID: ids[1], Reason: "x", SetBy: "ann", SetAt: noon, ReviewOn: set.ReviewOn}); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("on somebody who is gone: %v", err)
	}
	h.audited()
}

func TestAHoldStopsNoRightOfThePerson(t *testing.T) { // T4, R5
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	job := h.claim(1, noon)[0]
	h.settle(mailer.Relayed, noon, h.begin(noon, job)...)
	h.holdOn(retain.Hold{})
	must(t, h.saysNo(job))
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
}

func TestOperatorsHearOfAHoldOnItsDayAndOfWhoWentUninformed(t *testing.T) { // T3, T4
	h := newHouse(t)
	h.people(2, noon)
	set := h.holdOn(retain.Hold{SourceKey: "whois"})
	h.pass(noon.Add(3 * day))
	equal(t, "of the hold, before its day", h.count(`SELECT count(*) FROM alert WHERE kind = 'hold_review'`), 0)
	equal(t, "of the uninformed", h.count(`SELECT count(*) FROM alert WHERE kind = 'erased_uninformed' AND detail LIKE '2 duties%'`), 1)
	h.pass(noon.Add(10 * day))
	equal(t, "of the hold, on its day", h.count(`SELECT count(*) FROM alert WHERE kind = 'hold_review' AND subject = $1`, set.ID.String()), 1)
	equal(t, "of nobody new", h.count(`SELECT count(*) FROM alert WHERE kind = 'erased_uninformed'`), 1)
}

func TestEachRunIsOnRecordWithWhatItErasedAndHowLate(t *testing.T) { // T1, T3
	h := newHouse(t)
	h.people(7, noon.Add(day)) // three pages
	h.running("spring", 0)
	h.settle(mailer.Relayed, noon, h.begin(noon, h.claim(2, noon)...)...)
	for range 3 {
		h.pass(noon)
	}
	runs, err := h.Runs(h.ctx, h.controller, mailer.ID{}, 10)
	must(t, err)
	equal(t, "runs that had nothing to do", len(runs), 1)
	h.pass(noon.Add(4 * day))
	h.pass(noon.Add(5 * day))
	runs, err = h.Runs(h.ctx, h.controller, mailer.ID{}, 10)
	must(t, err)
	if len(runs) != 2 || runs[1].People != 7 || runs[1].Whole != 7 || runs[1].EndedAt.IsZero() {
		t.Fatalf("%+v", runs)
	}
	want := []retain.RunCount{
		{Cause: retain.EraseExpired, Activity: "sales", As: retain.ErasedUninformed, Duties: 5, Late: 5, DaysLate: 3},
		{Cause: retain.EraseExpired, Activity: "sales", As: retain.ErasedInformed, Duties: 2},
	}
	if !slices.Equal(runs[1].Counts, want) {
		t.Errorf("%+v", runs[1].Counts)
	}
}

func TestARunThatIsBrokenOffSaysHowFarItCame(t *testing.T) { // T1, invariant 7
	h := newHouse(t)
	h.people(9, noon)
	e := h.eraser(noon.Add(3 * day))
	e.Store = &failing{Store: h.Store, after: 5} // within the second page of three
	if _, err := e.Pass(h.ctx); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	runs, err := h.Runs(h.ctx, h.controller, mailer.ID{}, 1)
	must(t, err)
	equal(t, "erased as on record", int64(runs[0].People), h.count(`SELECT count(*) FROM contact WHERE erased_at IS NOT NULL`))
	equal(t, "people", runs[0].People, 3)
	equal(t, "ended", runs[0].EndedAt.IsZero(), true)
	equal(t, "of the uninformed it is said", h.count(`SELECT count(*) FROM alert WHERE kind = 'erased_uninformed'`), 1)
}

func TestADryRunSaysWhatTheDaysPassErasesAndChangesNothing(t *testing.T) { // T1, T2
	h := newHouse(t)
	ids := h.people(5, noon.Add(day))
	h.running("spring", 0)
	h.narrow("linkedin?")
	h.told(noon)
	h.holdOn(retain.Hold{ContactID: ids[4]})
	before := h.everything()
	on := calendar.DateOf(noon, time.UTC).AddDays(2)
	var people []string
	dry, err := h.eraser(noon).DryRun(h.ctx, on, func(p retain.Planned) { people = append(people, fmt.Sprint(p.ContactID, p.Whole, len(p.HeldBy))) })
	must(t, err)
	equal(t, "tables", fmt.Sprint(h.everything()), fmt.Sprint(before))
	equal(t, "people", len(people), 5)
	equal(t, "who is held", slices.Contains(people, fmt.Sprint(ids[4], false, 1)), true)
	if none, err := h.eraser(noon).DryRun(h.ctx, on.AddDays(-1), nil); err != nil || none.People != 0 {
		t.Errorf("on the last day: %+v, %v", none, err)
	}
	if _, err := h.eraser(noon).DryRun(h.ctx, on.AddDays(-30), nil); err == nil || !strings.Contains(err.Error(), "lies behind us") {
		t.Errorf("a day that is over: %v", err)
	}
	h.pass(noon.Add(2 * day))
	runs, err := h.Runs(h.ctx, h.controller, mailer.ID{}, 1)
	must(t, err)
	if r := runs[0]; r.People != dry.People || r.Held != dry.Held || !slices.Equal(r.Counts, dry.Counts) || r.People != 4 {
		t.Errorf("it was to be %+v and was %+v", dry, r)
	}
}

func TestWhoseContractHasEndedGoesWhenTheRegisterSays(t *testing.T) { // T1b
	h := newHouse(t)
	ids := h.people(2, noon.Add(30*day))
	e := func(at time.Time) *retain.Eraser {
		e := h.eraser(at)
		e.Registers = &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) {
			return &mailer.Register{Controller: mailer.Controller{Key: "acme", Zone: time.UTC}, Activities: []mailer.Activity{{Key: "sales",
				Retention: mailer.Retention{Event: mailer.Texts{"en": "the contract's end"}, After: calendar.Period{Days: 30}, Limit: calendar.Period{Years: 5}}}}}, nil
		}}
		return e
	}
	on := calendar.DateOf(noon, time.UTC)
	last, err := e(noon).Happened(h.ctx, retain.Event{ContactID: ids[0], ActivityKey: "sales", On: on, By: "ann"})
	must(t, err)
	equal(t, "the last day", last, on.AddDays(30))
	for i, want := range map[int]int{30: 0, 31: 1} {
		dry, err := e(noon).DryRun(h.ctx, on.AddDays(i), nil)
		must(t, err)
		equal(t, fmt.Sprint("after days ", i), dry.People, want)
	}
	out, err := e(noon.Add(31 * day)).Pass(h.ctx)
	must(t, err)
	equal(t, "erased", out.Contacts, 1)
	equal(t, "who", h.count(`SELECT count(*) FROM contact WHERE id = $1 AND erased_at IS NOT NULL`, ids[0]), 1)
	equal(t, "the event", h.count(`SELECT count(*) FROM storage_event`), 0)
	out, err = e(noon.Add(32 * day)).Pass(h.ctx)
	must(t, err)
	equal(t, "a second time", out.Contacts, 0)
	for name, ev := range map[string]retain.Event{
		"in the future":    {ContactID: ids[1], ActivityKey: "sales", On: on.AddDays(1), By: "ann"},
		"by nobody":        {ContactID: ids[1], ActivityKey: "sales", On: on},
		"no such activity": {ContactID: ids[1], ActivityKey: "x", On: on, By: "ann"},
		"somebody gone":    {ContactID: ids[0], ActivityKey: "sales", On: on, By: "ann"},
	} {
		if _, err := e(noon).Happened(h.ctx, ev); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	if _, err := h.eraser(noon).Happened(h.ctx, retain.Event{ContactID: ids[1], ActivityKey: "sales", On: on, By: "ann"}); err == nil {
		t.Error("an event ended a period")
	}
	h.audited()
}
