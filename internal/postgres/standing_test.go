package postgres

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/deliver"
)

// laneOf is the only lane of a campaign.
func (h *house) laneOf(c mailer.Campaign) (l mailer.Lane) {
	h.t.Helper()
	lanes, err := h.Lanes(h.ctx, h.controller)
	must(h.t, err)
	for _, l := range lanes {
		if l.CampaignID == c.ID {
			return l
		}
	}
	h.t.Fatalf("campaign %s has no lane", c.Key)
	return l
}

// resume goes on with a campaign, as a person does.
func (h *house) resume(c mailer.Campaign, at time.Time) error {
	return h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignPaused, mailer.CampaignRunning}, mailer.CampaignRunning, "ann", at)
}

func TestALaneIsPausedByWhatTwoWorkersWereRefusedTogether(t *testing.T) {
	h, other := twoStores(t)
	h.people(20, noon.Add(day))
	c := h.running("spring", 0)
	lane := h.laneOf(c).ID
	note := func(s *Store, marks ...byte) bool {
		t.Helper()
		paused, err := s.NoteStanding(h.ctx, h.controller, lane, marks, pacing.DefaultStandingLimit, noon)
		must(t, err)
		return paused
	}
	equal(t, "paused by two", note(h.Store, 1, 0, 2), false)
	equal(t, "paused by four", note(other, 0, 3, 4), false)
	equal(t, "resumed while nothing is held", errors.Is(h.resume(c, noon), mailer.ErrCampaignState), true)
	equal(t, "paused by five", note(h.Store, 5), true)
	equal(t, "paused once more", note(other, 6), false)

	l := h.laneOf(c)
	equal(t, "state", l.State, mailer.LanePaused)
	equal(t, "reason", l.Reason, deliver.HeldByPolicy)
	equal(t, "campaign", h.campaign("spring").State, mailer.CampaignRunning)
	equal(t, "claimed", len(h.claim(20, noon)), 0)
	alerts, err := h.Alerts(h.ctx, h.controller, mailer.AlertLanePaused, mailer.ID{}, 10)
	must(t, err)
	equal(t, "alerts", len(alerts), 1)
	equal(t, "about", alerts[0].Subject, c.ID.String())
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 0)

	must(t, h.resume(c, noon))
	equal(t, "resumed", h.laneOf(c).State, mailer.LaneOpen)
	equal(t, "reason then", h.laneOf(c).Reason, "")
	equal(t, "what was said before counts no more", note(h.Store, 7, 8, 9, 10), false)
	equal(t, "claimed then", len(h.claim(20, noon)), 20)
}

func TestALaneThatAPersonPausedStaysTheirs(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ann", noon))
	paused, err := h.NoteStanding(h.ctx, h.controller, h.laneOf(c).ID, []byte{1, 2, 3, 4, 5}, pacing.DefaultStandingLimit, noon)
	must(t, err)
	equal(t, "paused", paused, false)
	equal(t, "reason", h.laneOf(c).Reason, "")
}

func TestResumingBesideWorkersThatNoteAttemptsDeadlocksNever(t *testing.T) {
	h, other := twoStores(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	lane := h.laneOf(c).ID
	var all sync.WaitGroup
	for _, s := range []*Store{h.Store, other} {
		all.Go(func() {
			for range 50 {
				if _, err := s.NoteStanding(h.ctx, h.controller, lane, bytes.Repeat([]byte{1, 2}, 3), pacing.DefaultStandingLimit, noon); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 50 {
			if err := h.resume(c, noon); err != nil && !errors.Is(err, mailer.ErrCampaignState) {
				t.Error(err)
			}
		}
	})
	all.Wait()
}
