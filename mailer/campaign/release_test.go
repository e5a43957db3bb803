package campaign

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

// memCampaigns has one campaign and a page of one candidate at a time.
type memCampaigns struct {
	Store
	c       mailer.Campaign
	content mailer.ContentVersion
	people  []mailer.Candidate
	from    []mailer.ID // where each walk began
	placed  []mailer.ID
	failed  []bool
}

func (m *memCampaigns) Campaign(context.Context, mailer.ID, string) (mailer.Campaign, error) {
	return m.c, nil
}
func (m *memCampaigns) Candidates(_ context.Context, _ mailer.ID, _ mailer.Campaign, failedOnly bool, after mailer.ID, _ int, _ time.Time) ([]mailer.Candidate, error) {
	m.from, m.failed = append(m.from, after), append(m.failed, failedOnly)
	for _, p := range m.people {
		if !failedOnly && slices.Compare(p.Contact.ID[:], after[:]) > 0 {
			return []mailer.Candidate{p}, nil
		}
	}
	return nil, nil
}
func (m *memCampaigns) SaveContent(_ context.Context, _ mailer.ID, v mailer.ContentVersion, _ time.Time) (mailer.ContentVersion, error) {
	m.content = v
	return v, nil
}
func (m *memCampaigns) Content(context.Context, mailer.ID) (mailer.ContentVersion, error) {
	return m.content, nil
}
func (m *memCampaigns) Approve(_ context.Context, _, _, content mailer.ID, _ int64, by string, _ time.Time) error {
	m.c.State, m.c.ContentVersionID, m.c.ApprovedBy = mailer.CampaignFreezing, content, by
	return nil
}
func (m *memCampaigns) Place(_ context.Context, _ mailer.ID, _ mailer.Campaign, chunk []mailer.Placement, _ mailer.ID, _ time.Time) error {
	for _, p := range chunk {
		m.placed = append(m.placed, p.ContactID)
	}
	return nil
}
func (m *memCampaigns) Move(_ context.Context, _, _ mailer.ID, from []mailer.CampaignState, to mailer.CampaignState, _ string, _ time.Time) error {
	if !slices.Contains(from, m.c.State) {
		return mailer.ErrCampaignState
	}
	m.c.State = to
	return nil
}

type draftComposer struct{ mailer.Composer }

func (draftComposer) Languages() []string { return []string{"en", "fr", "de"} }
func (draftComposer) Skeletons(_ *mailer.Register, _ string, keys []mailer.SkeletonKey) ([]mailer.Skeleton, error) {
	var out []mailer.Skeleton
	for _, k := range keys {
		out = append(out, mailer.Skeleton{Key: k, Hash: []byte(k.Languages + k.Form)})
	}
	return out, nil
}

type currentRegister struct{ mailer.RegisterStore }

func (currentRegister) CurrentRegister(context.Context, string) (mailer.RegisterVersion, error) {
	return mailer.RegisterVersion{ID: mailer.ID{1}}, nil
}
func (currentRegister) RegisterVersion(context.Context, mailer.ID) (mailer.RegisterVersion, error) {
	return mailer.RegisterVersion{ID: mailer.ID{1}}, nil
}

func releases(t *testing.T, reg *mailer.Register, m *memCampaigns) *Releases {
	return &Releases{Campaigns: m, Composer: draftComposer{}, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Now: func() time.Time { return mailertest.At(t, "2026-11-21T12:00:00Z") },
		Registers: &mailer.Registers{Store: currentRegister{}, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}
}

// incomplete is a register that lacks most of what a notice needs, and is in force.
func incomplete(t *testing.T) *mailer.Register {
	activity := mailer.Activity{Key: "directory", Retention: mailer.Retention{Period: calendar.Period{Years: 2}}}
	return &mailer.Register{Controller: mailer.Controller{Zone: mailertest.Paris(t)}, Activities: []mailer.Activity{activity},
		Sources: []mailer.Source{{Key: "linkedin"}, {Key: "whois"}, {Key: "broker", Unknown: mailer.UnknownIsRestricted}, {Key: "press", Unknown: mailer.UnknownIsPublic}}}
}

func people(t *testing.T, n int) []mailer.Candidate {
	var out []mailer.Candidate
	for i := range n {
		out = append(out, mailertest.Someone(t, func(c *mailer.Candidate) { c.Contact.ID = mailer.ID{byte(i + 1)} }))
	}
	return out
}

func TestARegisterThatLacksSomethingApprovesNothing(t *testing.T) { // C1
	m := &memCampaigns{c: mailer.Campaign{Key: "c", ActivityKey: "directory", Kind: mailer.Once, State: mailer.CampaignDraft}, people: people(t, 1)}
	if _, err := releases(t, incomplete(t), m).Draft(t.Context(), "c"); err == nil {
		t.Error("a register without a controller's name was rendered")
	}
}

func TestFreezingGoesOnBehindTheLastOnePlaced(t *testing.T) {
	m := &memCampaigns{people: people(t, 3), c: mailer.Campaign{Key: "c", ActivityKey: "directory", Kind: mailer.Once, State: mailer.CampaignFreezing, FrozenUntil: mailer.ID{2}, ApprovedBy: "ann"}}
	m.content = mailer.ContentVersion{ID: mailer.ID{9}, Skeletons: []mailer.Skeleton{{Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "fr", Form: "linkedin"}, Hash: []byte{1}}}}
	if _, err := releases(t, incomplete(t), m).Approve(t.Context(), "c", "ann", nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.placed) != 1 || m.placed[0] != (mailer.ID{3}) || m.c.State != mailer.CampaignApproved {
		t.Errorf("placed %v, %s", m.placed, m.c.State)
	}
}

func TestOnlyAStandingCampaignTakesInNewPeople(t *testing.T) {
	for kind, want := range map[mailer.CampaignKind][]bool{mailer.Once: {true}, mailer.Standing: {true, false, false}} {
		m := &memCampaigns{people: people(t, 1), content: mailer.ContentVersion{ID: mailer.ID{9}}, c: mailer.Campaign{Key: "c", ActivityKey: "directory", Kind: kind, State: mailer.CampaignRunning}}
		if err := releases(t, incomplete(t), m).TakeIn(t.Context(), m.c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.failed, want) {
			t.Errorf("%s looked for %v", kind, m.failed)
		}
	}
}

func TestWhoeverReleasesIsNamed(t *testing.T) {
	m := &memCampaigns{c: mailer.Campaign{ActivityKey: "directory", State: mailer.CampaignFreezing}}
	r := releases(t, incomplete(t), m)
	if _, err := r.Approve(t.Context(), "c", "", nil, nil); err == nil {
		t.Error("approved by nobody")
	}
	if err := r.Pause(t.Context(), "c", ""); err == nil {
		t.Error("paused by nobody")
	}
}

func TestACampaignResumesOnlyFromAPause(t *testing.T) {
	for _, s := range []mailer.CampaignState{mailer.CampaignDraft, mailer.CampaignFreezing, mailer.CampaignApproved, mailer.CampaignFinished, mailer.CampaignCancelled} {
		m := &memCampaigns{c: mailer.Campaign{State: s}}
		if err := releases(t, incomplete(t), m).Resume(t.Context(), "c", "ann"); !errors.Is(err, mailer.ErrCampaignState) {
			t.Errorf("from %s: %v", s, err)
		}
	}
}

func TestAnApprovalOfOtherContentThanWasSeenIsRefused(t *testing.T) {
	reg := mailertest.Register()
	m := &memCampaigns{c: mailer.Campaign{Key: "c", ActivityKey: reg.Activities[0].Key, Kind: mailer.Standing, State: mailer.CampaignDraft}}
	if _, err := releases(t, reg, m).Approve(t.Context(), "c", "ann", []byte("another"), nil); !errors.Is(err, ErrContentChanged) {
		t.Error(err)
	}
	if m.c.State != mailer.CampaignDraft {
		t.Error(m.c.State)
	}
}
