package mailer

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"article14/internal/calendar"
)

// memCampaigns has one campaign and a page of one candidate at a time.
type memCampaigns struct {
	CampaignStore
	c       Campaign
	content ContentVersion
	people  []Candidate
	from    []ID // where each walk began
	placed  []ID
	failed  []bool
}

func (m *memCampaigns) Campaign(context.Context, ID, string) (Campaign, error) { return m.c, nil }
func (m *memCampaigns) Candidates(_ context.Context, _ ID, _ Campaign, failedOnly bool, after ID, _ int, _ time.Time) ([]Candidate, error) {
	m.from, m.failed = append(m.from, after), append(m.failed, failedOnly)
	for _, p := range m.people {
		if !failedOnly && slices.Compare(p.Contact.ID[:], after[:]) > 0 {
			return []Candidate{p}, nil
		}
	}
	return nil, nil
}
func (m *memCampaigns) SaveContent(_ context.Context, _ ID, v ContentVersion, _ time.Time) (ContentVersion, error) {
	m.content = v
	return v, nil
}
func (m *memCampaigns) Content(context.Context, ID) (ContentVersion, error) { return m.content, nil }
func (m *memCampaigns) Approve(_ context.Context, _, _, content ID, _ int64, by string, _ time.Time) error {
	m.c.State, m.c.ContentVersionID, m.c.ApprovedBy = CampaignFreezing, content, by
	return nil
}
func (m *memCampaigns) Place(_ context.Context, _ ID, _ Campaign, chunk []Placement, _ ID, _ time.Time) error {
	for _, p := range chunk {
		m.placed = append(m.placed, p.ContactID)
	}
	return nil
}
func (m *memCampaigns) Move(_ context.Context, _, _ ID, from []CampaignState, to CampaignState, _ string, _ time.Time) error {
	if !slices.Contains(from, m.c.State) {
		return ErrCampaignState
	}
	m.c.State = to
	return nil
}

type draftComposer struct{ Composer }

func (draftComposer) Languages() []string { return []string{"en", "fr", "de"} }
func (draftComposer) Skeletons(_ *Register, _ string, keys []SkeletonKey) ([]Skeleton, error) {
	var out []Skeleton
	for _, k := range keys {
		out = append(out, Skeleton{Key: k, Hash: []byte(k.Languages + k.Form)})
	}
	return out, nil
}

type currentRegister struct{ RegisterStore }

func (currentRegister) CurrentRegister(context.Context, string) (RegisterVersion, error) {
	return RegisterVersion{ID: ID{1}}, nil
}
func (currentRegister) RegisterVersion(context.Context, ID) (RegisterVersion, error) {
	return RegisterVersion{ID: ID{1}}, nil
}

func releases(t *testing.T, reg *Register, m *memCampaigns) *Releases {
	return &Releases{Campaigns: m, Composer: draftComposer{}, Tokens: Tokens{NewKeyring()}, Now: func() time.Time { return at(t, "2026-11-21T12:00:00Z") },
		Registers: &Registers{Store: currentRegister{}, Parse: func([]byte) (*Register, error) { return reg, nil }}}
}

// incomplete is a register that lacks most of what a notice needs, and is in force.
func incomplete(t *testing.T) *Register {
	activity := Activity{Key: "directory", Retention: Retention{Period: calendar.Period{Years: 2}}}
	return &Register{Controller: Controller{Zone: paris(t)}, Activities: []Activity{activity},
		Sources: []Source{{Key: "linkedin"}, {Key: "whois"}, {Key: "broker", Unknown: UnknownIsRestricted}, {Key: "press", Unknown: UnknownIsPublic}}}
}

func people(t *testing.T, n int) []Candidate {
	var out []Candidate
	for i := range n {
		out = append(out, someone(t, func(c *Candidate) { c.Contact.ID = ID{byte(i + 1)} }))
	}
	return out
}

func TestARegisterThatLacksSomethingApprovesNothing(t *testing.T) { // C1
	m := &memCampaigns{c: Campaign{Key: "c", ActivityKey: "directory", Kind: Once, State: CampaignDraft}, people: people(t, 1)}
	if _, err := releases(t, incomplete(t), m).Draft(t.Context(), "c"); err == nil {
		t.Error("a register without a controller's name was rendered")
	}
}

func TestFreezingGoesOnBehindTheLastOnePlaced(t *testing.T) {
	m := &memCampaigns{people: people(t, 3), c: Campaign{Key: "c", ActivityKey: "directory", Kind: Once, State: CampaignFreezing, FrozenUntil: ID{2}, ApprovedBy: "ann"}}
	m.content = ContentVersion{ID: ID{9}, Skeletons: []Skeleton{{Key: SkeletonKey{DocNotice, "fr", "linkedin"}, Hash: []byte{1}}}}
	if _, err := releases(t, incomplete(t), m).Approve(t.Context(), "c", "ann", nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.placed) != 1 || m.placed[0] != (ID{3}) || m.c.State != CampaignApproved {
		t.Errorf("placed %v, %s", m.placed, m.c.State)
	}
}

func TestOnlyAStandingCampaignTakesInNewPeople(t *testing.T) {
	for kind, want := range map[CampaignKind][]bool{Once: {true}, Standing: {true, false, false}} {
		m := &memCampaigns{people: people(t, 1), content: ContentVersion{ID: ID{9}}, c: Campaign{Key: "c", ActivityKey: "directory", Kind: kind, State: CampaignRunning}}
		if err := releases(t, incomplete(t), m).TakeIn(t.Context(), m.c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.failed, want) {
			t.Errorf("%s looked for %v", kind, m.failed)
		}
	}
}

func TestWhoeverReleasesIsNamed(t *testing.T) {
	m := &memCampaigns{c: Campaign{ActivityKey: "directory", State: CampaignFreezing}}
	r := releases(t, incomplete(t), m)
	if _, err := r.Approve(t.Context(), "c", "", nil, nil); err == nil {
		t.Error("approved by nobody")
	}
	if err := r.Pause(t.Context(), "c", ""); err == nil {
		t.Error("paused by nobody")
	}
}

func TestACampaignResumesOnlyFromAPause(t *testing.T) {
	for _, s := range []CampaignState{CampaignDraft, CampaignFreezing, CampaignApproved, CampaignFinished, CampaignCancelled} {
		m := &memCampaigns{c: Campaign{State: s}}
		if err := releases(t, incomplete(t), m).Resume(t.Context(), "c", "ann"); !errors.Is(err, ErrCampaignState) {
			t.Errorf("from %s: %v", s, err)
		}
	}
}

func TestAnApprovalOfOtherContentThanWasSeenIsRefused(t *testing.T) {
	reg := complete()
	m := &memCampaigns{c: Campaign{Key: "c", ActivityKey: reg.Activities[0].Key, Kind: Standing, State: CampaignDraft}}
	if _, err := releases(t, reg, m).Approve(t.Context(), "c", "ann", []byte("another"), nil); !errors.Is(err, ErrContentChanged) {
		t.Error(err)
	}
	if m.c.State != CampaignDraft {
		t.Error(m.c.State)
	}
}
