package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"article14/mailer"
	"article14/mailer/accept"
)

func TestARegisterIsStoredOnceForEachChange(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	_, err := s.CurrentRegister(ctx, "")
	if !errors.Is(err, mailer.ErrNoRegister) {
		t.Fatalf("without any: %v", err)
	}
	apply := func(hash string) (mailer.RegisterVersion, bool) {
		v, made, err := s.ApplyRegister(ctx, "acme", []byte("body "+hash), []byte(hash), "ann", noon)
		must(t, err)
		return v, made
	}
	one, made := apply("1")
	equal(t, "made", made, true)
	same, made := apply("1")
	equal(t, "made again", made, false)
	equal(t, "the same", same.ID, one.ID)
	two, _ := apply("2")
	back, made := apply("1")
	equal(t, "made when it goes back", made, true)
	equal(t, "version", back.Version, 3)
	current, err := s.CurrentRegister(ctx, "")
	must(t, err)
	equal(t, "current", current.ID, back.ID)
	found, err := s.RegisterVersion(ctx, two.ID)
	must(t, err)
	equal(t, "body", string(found.Body), "body 2")
	equal(t, "applied", found.AppliedAt, noon)
}

func TestTwoWhoApplyAtOnceGetTwoVersionsInARow(t *testing.T) {
	s := open(t)
	var both sync.WaitGroup
	for _, hash := range []string{"1", "2", "3", "4"} {
		both.Go(func() {
			_, _, err := s.ApplyRegister(t.Context(), "acme", []byte("body"), []byte(hash), "ann", noon)
			must(t, err)
		})
	}
	both.Wait()
	v, err := s.CurrentRegister(t.Context(), "acme")
	must(t, err)
	equal(t, "version", v.Version, 4)
}

func TestWithSeveralControllersOneHasToBeNamed(t *testing.T) {
	a := newHouse(t)
	moveIn(a.ctx, t, a.Store, "other")
	if _, err := a.CurrentRegister(a.ctx, ""); err == nil || errors.Is(err, mailer.ErrNoRegister) {
		t.Fatalf("one was chosen, or none found: %v", err)
	}
	v, err := a.CurrentRegister(a.ctx, "acme")
	must(t, err)
	equal(t, "controller", v.ControllerID, a.controller)
}

func TestControllersDoNotSeeEachOther(t *testing.T) {
	a := newHouse(t)
	b := moveIn(a.ctx, t, a.Store, "other")
	ids := a.people(3, noon)
	c := a.running("spring", 0)
	equal(t, "candidates", len(b.candidates(mailer.Campaign{ActivityKey: "sales"}, false)), 0)
	equal(t, "claimed", len(b.claim(10, noon)), 0)
	equal(t, "contacts", b.figures(noon).Contacts, 0)
	if _, err := b.ContactReport(b.ctx, b.controller, ids[0]); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("report: %v", err)
	}
	if _, err := b.Campaign(b.ctx, b.controller, "spring"); !errors.Is(err, mailer.ErrNoCampaign) {
		t.Errorf("campaign: %v", err)
	}
	if err := b.Move(b.ctx, b.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignCancelled, "eve", noon); !errors.Is(err, mailer.ErrNoCampaign) {
		t.Errorf("move: %v", err)
	}
	must(t, b.Merge(b.ctx, b.controller, b.imp.ID, accept.BatchKeys{mailer.ByEmail: {address(1).Hash}}, noon, func(known []mailer.Known, _ map[string]bool) accept.Merge {
		equal(t, "known", len(known), 0)
		return accept.Merge{}
	}))
}

func TestDutiesAreOpenedForEachPersonOnceAndCounted(t *testing.T) { // 14(4), D5
	h := newHouse(t)
	ids := h.people(5, noon)
	for range 2 {
		var after mailer.ID
		for done := false; !done; done = after.IsZero() {
			var err error
			after, _, err = h.OpenDuties(h.ctx, h.controller, after, 2, noon, purposeEnrich)
			must(t, err)
		}
	}
	equal(t, "opened", h.count(`SELECT count(*) FROM duty WHERE cause = 'purpose:enrich' AND state = 'open'`), int64(len(ids)))
	equal(t, "counted", h.figures(noon).Duties[mailer.DutyOpen], int64(len(ids)*2))
}

// purposeEnrich is a duty for everybody because of a new purpose.
func purposeEnrich(k mailer.Known) []mailer.Duty {
	a := k.Acquisitions[0]
	return []mailer.Duty{{ID: mailer.NewID(noon), ContactID: k.Contact.ID, ActivityKey: a.ActivityKey, SourceKey: a.SourceKey,
		Cause: "purpose:enrich", AcquisitionID: a.ID, Due: mailer.Due{At: noon.Add(day), Rule: mailer.DueNewPurpose}, State: mailer.DutyOpen}}
}

func TestARegisterVersionKnowsTheOneBeforeIt(t *testing.T) {
	h := newHouse(t)
	first, _, err := h.ApplyRegister(h.ctx, "other", []byte("one"), []byte("1"), "ann", noon)
	must(t, err)
	if _, err := h.RegisterBefore(h.ctx, first); !errors.Is(err, mailer.ErrNoRegister) {
		t.Errorf("before the first: %v", err)
	}
	second, _, err := h.ApplyRegister(h.ctx, "other", []byte("two"), []byte("2"), "ann", noon)
	must(t, err)
	before, err := h.RegisterBefore(h.ctx, second)
	must(t, err)
	equal(t, "before the second", before.ID, first.ID)
}

func TestAnotherKeyThanTheOneThatWroteTheDatabaseIsRefused(t *testing.T) {
	s := open(t)
	ring := mailer.NewKeyring()
	must(t, s.CheckKeys(t.Context(), ring, noon))
	must(t, s.CheckKeys(t.Context(), ring, noon))
	must(t, ring.Rotate(mailer.TokenKey))
	must(t, s.CheckKeys(t.Context(), ring, noon))
	if err := s.CheckKeys(t.Context(), mailer.NewKeyring(), noon); err == nil {
		t.Fatal("a strange key ring was taken")
	}
}

func TestAVersionIsUnopenedUntilItsDutiesAreOnRecord(t *testing.T) { // 14(4)
	h := newHouse(t)
	other := moveIn(h.ctx, t, h.Store, "other")
	for _, hash := range []string{"2", "3"} {
		_, _, err := h.ApplyRegister(h.ctx, "acme", []byte(hash), []byte(hash), "ann", noon)
		must(t, err)
	}
	unopened := func(controller mailer.ID) []mailer.RegisterVersion {
		vs, err := h.UnopenedRegisters(h.ctx, controller)
		must(t, err)
		return vs
	}
	vs := unopened(h.controller)
	equal(t, "unopened", len(vs), 3)
	for i, v := range vs {
		equal(t, "in order", v.Version, i+1)
	}
	for range 2 {
		must(t, h.RegisterOpened(h.ctx, vs[1].ID, noon))
	}
	vs = unopened(h.controller)
	equal(t, "left", len(vs), 2)
	equal(t, "with its body", string(vs[1].Body), "3")
	equal(t, "another controller's", len(unopened(other.controller)), 1)
}

func TestAKeyThatNoControllerHasIsNamed(t *testing.T) {
	h := newHouse(t)
	_, err := h.CurrentRegister(h.ctx, "acmee")
	if !errors.Is(err, mailer.ErrNoRegister) || !strings.Contains(err.Error(), `"acmee"`) {
		t.Errorf("%v", err)
	}
}
