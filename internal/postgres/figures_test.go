package postgres

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

// figures of the house.
func (h *house) figures(at time.Time) status.Figures {
	h.t.Helper()
	f, err := h.Figures(h.ctx, h.controller, at)
	must(h.t, err)
	return f
}

func TestDeadlinesAreCountedToTheMinute(t *testing.T) { // D7
	h := newHouse(t)
	now := noon.Add(30 * time.Minute)
	for _, due := range []time.Duration{-400 * day, -day, -time.Minute, 0, time.Minute, day - time.Minute, day, 3*day - time.Second, 4 * day, 29 * day, 300 * day} {
		h.people(1, now.Add(due))
	}
	for range 2 {
		f := h.figures(now)
		equal(t, "overdue", f.Overdue, 3)
		equal(t, "within a day", f.DueWithin["1d"], 3)
		equal(t, "within three, those within a day included", f.DueWithin["3d"], 5)
		equal(t, "within seven", f.DueWithin["7d"], 6)
		equal(t, "within thirty", f.DueWithin["30d"], 7)
		equal(t, "oldest", f.OldestDueAt, now.Add(-400*day))
		must(t, h.FoldCounters(h.ctx))
	}
	h.running("spring", 0)
	as := h.begin(now, h.claim(2, now)...)
	h.settle(mailer.Relayed, now, as...)
	f := h.figures(now)
	equal(t, "overdue, one less", f.Overdue, 2)
	equal(t, "within a day, one less", f.DueWithin["1d"], 2)
	equal(t, "oldest of those not met", f.OldestDueAt, now.Add(-day))
}

func TestFiguresAreTheSameBeforeAndAfterFolding(t *testing.T) {
	h := newHouse(t)
	h.people(5, noon.Add(day))
	h.running("spring", 3)
	as := h.begin(noon, h.claim(3, noon)...)
	h.settle(mailer.Relayed, noon, as[0])
	h.settle(mailer.Rejected, noon, as[1])
	look := func() status.Figures { return h.figures(noon.Add(30 * time.Second)) }
	before := look()
	must(t, h.FoldCounters(h.ctx))
	equal(t, "deltas left", h.count(`SELECT count(*) FROM counter_delta`), 0)
	for _, f := range []status.Figures{before, look()} {
		equal(t, "contacts", f.Contacts, 5)
		equal(t, "accepted", f.Imports.Accepted, 5)
		equal(t, "relayed", f.Deliveries[mailer.Relayed], 1)
		equal(t, "queued", f.Deliveries[mailer.Queued], 2)
		equal(t, "sending", f.Deliveries[mailer.Sending], 1)
		equal(t, "in French", f.ByLanguages["fr"], 1)
		equal(t, "in the last minute", f.RelayedLast["1m"], 1)
		equal(t, "in the last hour", f.RelayedLast["1h"], 1)
		equal(t, "lanes", len(f.Lanes), 1)
		equal(t, "queued in the lane", f.Lanes[0].Queued, 2)
		equal(t, "campaign of the lane", f.Lanes[0].CampaignKey, "spring")
		equal(t, "earliest in the lane", f.Lanes[0].EarliestDue, noon.Add(day))
		equal(t, "oldest in the queue", f.QueueOldest, noon)
	}
	f := h.figures(noon.Add(2 * time.Minute))
	equal(t, "in the last minute, later", f.RelayedLast["1m"], 0)
	equal(t, "in the last hour, later", f.RelayedLast["1h"], 1)
}

func TestCountsOfACampaignAreItsOwn(t *testing.T) {
	h := newHouse(t)
	h.people(2, noon)
	a := h.running("first", 0)
	h.people(3, noon)
	b := h.running("second", 0)
	for range 2 {
		for c, want := range map[mailer.ID]int64{a.ID: 2, b.ID: 3} {
			counts, err := h.CampaignCounts(h.ctx, c)
			must(t, err)
			equal(t, "queued", counts[mailer.Queued], want)
		}
		must(t, h.FoldCounters(h.ctx))
	}
}

func TestWhatIsOverdueIsCountedByItsAge(t *testing.T) { // D7
	h := newHouse(t)
	now := noon.Add(30 * time.Minute)
	for _, late := range []time.Duration{-day, time.Minute, 7*day - time.Minute, 7 * day, 29 * day, 31 * day, 100 * day, 364 * day, 366 * day, 800 * day} {
		h.people(1, now.Add(-late-time.Second))
	}
	for range 2 {
		f := h.figures(now)
		sum := int64(0)
		for name, want := range map[string]int64{"under_7d": 2, "7d_30d": 2, "30d_90d": 1, "90d_1y": 2, "over_1y": 2} {
			equal(t, name, f.OverdueBy[name], want)
			sum += f.OverdueBy[name]
		}
		equal(t, "all", sum, f.Overdue)
		must(t, h.FoldCounters(h.ctx))
	}
}

func TestFailedDutiesOfEndedCampaignsAreStranded(t *testing.T) { // E3
	h := newHouse(t)
	h.people(3, noon)
	c := h.running("spring", 0)
	as := h.begin(noon, h.claim(3, noon)...)
	h.settle(mailer.Rejected, noon, as[:2]...)
	equal(t, "while its campaign runs", h.figures(noon).Stranded, 0)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignCancelled, "ann", noon))
	equal(t, "once it has ended", h.figures(noon).Stranded, 2)
}
