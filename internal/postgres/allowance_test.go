package postgres

import (
	"errors"
	"sync"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
)

// begins is a campaign of n people that starts with an allowance.
func (h *house) begins(n int, canary campaign.Canary, daily int) mailer.Campaign {
	h.t.Helper()
	h.people(n, noon.Add(day))
	c := h.approved("spring", 0)
	h.place(c, false)
	must(h.t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	if canary.People > 0 {
		must(h.t, h.SetCanary(h.ctx, h.controller, c.ID, canary))
	}
	if daily > 0 {
		must(h.t, h.SetDaily(h.ctx, h.controller, c.ID, daily, midnight))
	}
	must(h.t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	return h.campaign("spring")
}

var midnight = noon.Add(-12 * time.Hour)

func canaryOf(n int) campaign.Canary {
	return campaign.Canary{People: n, Left: n, Wait: day, Share: 0.05, State: campaign.CanarySending, At: noon}
}

// claimedBy has several workers claim side by side until none gets anything.
func (h *house) claimedBy(at time.Time, stores ...*Store) (jobs []mailer.Job) {
	h.t.Helper()
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	for _, s := range stores {
		for range 3 {
			all.Go(func() {
				for range 5 {
					got, err := s.Claim(h.ctx, h.controller, mailer.NewID(at), 7, at, time.Minute)
					mu.Lock()
					jobs = append(jobs, got...)
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	must(h.t, failed)
	return append(jobs, h.claim(100, at)...) // what they passed over because another had it locked
}

// canary moves the only canary as a worker does, and tells where it stands then.
func (h *house) canary(at time.Time) campaign.CanaryState {
	h.t.Helper()
	cs, err := h.Canaries(h.ctx, h.controller)
	must(h.t, err)
	for _, c := range cs {
		if to := c.Canary.Next(c.Counts, at); to != c.Canary.State {
			moved, err := h.MoveCanary(h.ctx, h.controller, c.CampaignID, c.Canary.State, to, at)
			must(h.t, err)
			equal(h.t, "moved", moved, true)
		}
	}
	a, err := h.Allowance(h.ctx, h.campaign("spring").ID)
	must(h.t, err)
	return a.Canary.State
}

func TestTwoWorkersTogetherTellTheCanaryAndNobodyElse(t *testing.T) {
	h, other := twoStores(t)
	c := h.begins(60, canaryOf(10), 0)
	jobs := h.claimedBy(noon, h.Store, other)
	equal(t, "claimed", len(jobs), 10)

	// What goes back to the queue untouched is told later; so is what a lost worker had.
	for _, j := range jobs[:2] {
		must(t, other.Release(h.ctx, j.ClaimID, []mailer.ID{j.DeliveryID}))
	}
	equal(t, "claimed again", len(h.claimedBy(noon, h.Store, other)), 2)
	at := noon.Add(time.Hour)
	queued, _, err := h.Rescue(h.ctx, h.controller, at, at)
	must(t, err)
	equal(t, "rescued", queued, 10)
	equal(t, "held while somebody is to be told", h.canary(at), campaign.CanarySending)
	jobs = h.claimedBy(at, h.Store, other)
	equal(t, "claimed after the rescue", len(jobs), 10)
	equal(t, "held while they are on their way", h.canary(at), campaign.CanarySending)
	h.settle(mailer.Relayed, at, h.begin(at, jobs...)...)

	equal(t, "when all are told", h.canary(at), campaign.CanaryWaiting)
	equal(t, "lane", h.laneOf(c).State, mailer.LanePaused)
	equal(t, "reason", h.laneOf(c).Reason, deliver.HeldByCanary)
	equal(t, "campaign", h.campaign("spring").State, mailer.CampaignRunning)
	equal(t, "claimed while it is held", len(h.claim(100, at)), 0)
	equal(t, "before the wait is over", h.canary(at.Add(day-time.Second)), campaign.CanaryWaiting)
	equal(t, "behind the wait", h.canary(at.Add(day)), campaign.CanaryPassed)
	equal(t, "the others", len(h.claimedBy(at.Add(day), h.Store, other)), 50)
}

func TestACanaryThatComesBackHoldsTheCampaignForAPerson(t *testing.T) {
	h := newHouse(t)
	c := h.begins(30, canaryOf(10), 0)
	as := h.begin(noon, h.claim(100, noon)...)
	h.settle(mailer.Rejected, noon, as[:1]...)
	h.settle(mailer.Relayed, noon, as[1:]...)
	equal(t, "when all are told", h.canary(noon), campaign.CanaryWaiting)
	equal(t, "with one of ten back", h.canary(noon.Add(time.Hour)), campaign.CanaryFailed)
	equal(t, "lane", h.laneOf(c).Reason, deliver.HeldByCanary)
	alerts, err := h.Alerts(h.ctx, h.controller, mailer.AlertCanaryFailed, mailer.ID{}, 10)
	must(t, err)
	equal(t, "alerts", len(alerts), 1)
	equal(t, "much later", h.canary(noon.Add(100*day)), campaign.CanaryFailed)
	must(t, h.resume(c, noon.Add(2*day)))
	equal(t, "resumed", h.canary(noon.Add(2*day)), campaign.CanaryOverridden)
	equal(t, "the others", len(h.claim(100, noon.Add(2*day))), 20)
}

func TestACanaryIsSetBeforeACampaignStarts(t *testing.T) {
	h := newHouse(t)
	c := h.begins(3, campaign.Canary{}, 0)
	if err := h.SetCanary(h.ctx, h.controller, c.ID, canaryOf(1)); !errors.Is(err, mailer.ErrCampaignState) {
		t.Errorf("%v, want that it has begun", err)
	}
}

func TestTwoWorkersTogetherTellSoManyPeopleADay(t *testing.T) {
	h, other := twoStores(t)
	c := h.begins(60, campaign.Canary{}, 20)
	first := h.claimedBy(noon, h.Store, other)
	equal(t, "on the first day", len(first), 20)
	as := h.begin(noon, first...)
	h.settle(mailer.Relayed, noon, as[3:]...)
	// Three are tried again: that is nobody new. Nothing goes out before there is a place.
	h.settle(mailer.Deferred, noon, as[:3]...)
	woken, err := h.Wake(h.ctx, h.controller, noon.Add(2*time.Hour), true, 100)
	must(t, err)
	equal(t, "woken", woken, 3)
	equal(t, "later on the first day", len(h.claim(100, noon.Add(2*time.Hour))), 0)

	next := noon.Add(day)
	must(t, other.RollDays(h.ctx, h.controller, midnight.Add(day)))
	must(t, h.RollDays(h.ctx, h.controller, midnight)) // by a clock that is a little behind
	second := h.claim(10, next)
	again := 0
	for _, j := range second {
		again += j.Attempts
	}
	second = append(second, h.claimedBy(next, h.Store, other)...)
	equal(t, "on the second day, with those who are tried again", len(second), 20+again)
	equal(t, "tried again", again, 3)

	must(t, h.SetDaily(h.ctx, h.controller, c.ID, 25, midnight.Add(day)))
	equal(t, "raised on the same day", len(h.claimedBy(next, h.Store, other)), 5)
	// What was claimed yesterday and comes back today takes nothing off today.
	j := second[0]
	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(2*day)))
	must(t, h.Release(h.ctx, j.ClaimID, []mailer.ID{j.DeliveryID}))
	a, err := h.Allowance(h.ctx, c.ID)
	must(t, err)
	equal(t, "today", a.Today, 0)
	must(t, h.SetDaily(h.ctx, h.controller, c.ID, 0, midnight.Add(2*day)))
	equal(t, "without a limit, the rest", len(h.claim(100, noon.Add(2*day))), 60-20-20-5+1)
}

func TestAClockThatWasWrongDoesNotStopACampaignsDays(t *testing.T) {
	h := newHouse(t)
	h.begins(10, campaign.Canary{}, 4)
	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(300*day)))
	equal(t, "claimed", len(h.claim(100, noon)), 4)
	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(day)))
	equal(t, "claimed on the next day", len(h.claim(100, noon.Add(day))), 4)
}
