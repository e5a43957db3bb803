package mailer

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestACodeThatIsCutShortIsNone(t *testing.T) {
	code := NewCode()
	if _, ok := ReadCode(code[:len(code)-1]); ok {
		t.Error("eleven characters were taken for twelve")
	}
}

func TestASecondIdentityKeyIsRefused(t *testing.T) {
	ring := NewKeyring()
	ring.keys[IdentityKey] = append(ring.keys[IdentityKey], Key{ID: "b", Secret: newSecret()})
	b, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeyring(b); err == nil {
		t.Error("a ring with two identity keys was read")
	}
}

func TestLateDaysAreThoseOfTheControllersZone(t *testing.T) { // D7, D10
	due, now := at(t, "2026-03-31T23:59:59+02:00"), at(t, "2026-04-02T00:30:00+02:00")
	if got := LateDays(due, now, paris(t)); got != 2 {
		t.Errorf("%d days late, want 2", got)
	}
}

func TestADutyThatWasErasedIsNotShortened(t *testing.T) {
	r := intakeRules{source: Source{Key: "linkedin"}, activity: "directory", zone: time.UTC, now: time.Unix(2e9, 0)}
	due := Due{At: time.Unix(1e9, 0)}
	d := &owed{Duty: Duty{State: DutyErased, Due: due}}
	p := &person{duties: map[dutyKey]*owed{{"directory", "linkedin", CauseAcquisition}: d}}
	r.owe(p, Record{ObtainedAt: time.Unix(5e8, 0)}, ID{})
	if d.shortened || !d.Due.At.Equal(due.At) {
		t.Errorf("%+v", d)
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
