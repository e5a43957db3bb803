package postgres

import (
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

// handedOver makes the relay's pace of the last minute known.
func (h *house) handedOver(perSecond int, at time.Time) {
	h.t.Helper()
	_, err := h.db.Exec(`INSERT INTO handed_over (controller_id, second, n) VALUES ($1, $2, $3)`, h.controller, at.Add(-time.Second), 60*perSecond)
	must(h.t, err)
}

// streams counts those still on time and those overdue among jobs.
func streams(jobs []mailer.Job, at time.Time) (onTime, late int) {
	for _, j := range jobs {
		if j.DueAt.Before(at) {
			late++
		} else {
			onTime++
		}
	}
	return onTime, late
}

func TestThoseStillOnTimeGetMoreThanHalfWhereTheyNeedMore(t *testing.T) { // D7
	for name, c := range map[string]struct {
		within time.Duration
		want   int
	}{
		"little is needed: half":                  {time.Hour, 10},
		"0.2 of the pace is needed: four times":   {200 * time.Second, 16},
		"0.4 of the pace is needed: all of it":    {100 * time.Second, 20},
		"more than the pace, and so all that can": {20 * time.Second, 20},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.people(100, noon.Add(-100*day))
			h.people(800, noon.Add(c.within))
			h.running("spring", 20)
			onTime, late := streams(h.claim(20, noon), noon)
			if max(onTime-c.want, c.want-onTime) > 1 || onTime+late != 20 { // of what cannot be divided a toss disposes
				t.Errorf("%d still on time and %d overdue, want %d and %d", onTime, late, c.want, 20-c.want)
			}
		})
	}
}

func TestABacklogInOneLaneMakesNobodyOfAnotherLate(t *testing.T) { // D7
	h := newHouse(t)
	h.people(300, noon.Add(-100*day))
	backlog := h.running("backlog", 0)
	h.people(100, noon.Add(9*time.Second))
	h.running("people", 0)
	h.handedOver(20, noon)
	late := map[mailer.ID]int{}
	for i := range 5 {
		at := noon.Add(time.Duration(i) * time.Second)
		for _, j := range h.claim(20, at) {
			late[j.CampaignID]++
		}
	}
	equal(t, "claimed of the backlog while others need the pace", late[backlog.ID], 0)
	equal(t, "left over of them", h.count(`SELECT count(*) FROM delivery WHERE state = 'queued' AND due_at > $1`, noon), 0)
	equal(t, "the backlog's turn", len(h.claim(20, noon.Add(6*time.Second))), 20)
}

// TestTwoWorkersTogetherKeepEverybodyOnTime has two processes empty one queue, at
// 20 a second each, where those still on time need three quarters of that.
func TestTwoWorkersTogetherKeepEverybodyOnTime(t *testing.T) { // D7
	h := newHouse(t)
	other := &Store{db: h.db} // another process has counts of its own
	h.people(500, noon.Add(-100*day))
	first := h.running("first", 0)
	h.people(300, noon.Add(10*time.Second))
	h.people(300, noon.Add(20*time.Second))
	h.running("second", 0)
	h.handedOver(40, noon)
	for i := range 40 {
		at := noon.Add(time.Duration(i) * 500 * time.Millisecond)
		for _, s := range []*Store{h.Store, other} {
			jobs, err := s.Claim(h.ctx, h.controller, mailer.NewID(at), 10, at, time.Hour)
			must(t, err)
			equal(t, "claimed", len(jobs), 10)
		}
	}
	equal(t, "whose date has passed in the queue", h.count(`SELECT count(*) FROM delivery WHERE state = 'queued' AND due_at > $1`, noon), 0)
	equal(t, "of the backlog", h.count(`SELECT count(*) FROM delivery WHERE state = 'sending' AND campaign_id = $1`, first.ID), 200)
}

func TestACountOfWhatIsOwedStandsForAWhile(t *testing.T) { // D7
	h := newHouse(t)
	h.people(100, noon.Add(-day))
	h.running("spring", 10)
	look := func(at time.Time) float64 {
		t.Helper()
		needs, err := h.needs.of(h.ctx, h.Store, h.controller, at)
		must(t, err)
		for _, n := range needs {
			return n.OfOwn
		}
		return 0
	}
	equal(t, "before anybody is on time", look(noon), 0)
	h.people(100, noon.Add(29*time.Second))
	h.place(h.campaign("spring"), false)
	equal(t, "as counted before", look(noon.Add(countEvery-time.Second)), 0)
	equal(t, "counted anew", look(noon.Add(countEvery-time.Second+time.Second)), 100/(10*19.0))
	equal(t, "with a clock that was set back", look(noon), 100/(10*29.0))
}

func TestCountingWhatIsOwedWalksTheNarrowIndex(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	for _, q := range []string{
		`INSERT INTO delivery (contact_id, id, controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, code, state, due_at, ready_at, created_at)
		 SELECT contact_id, gen_random_uuid(), controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, n::text, 'queued', due_at - interval '400 days' + n * interval '10 minutes', ready_at, created_at
		 FROM delivery, generate_series(1, 60000) n`,
		`ANALYZE delivery`,
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	var lines []string
	must(t, h.read(h.ctx, func(x tx) error {
		return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement("claim_owed"), h.controller, noon, noon.Add(countAhead))
	}))
	if plan := strings.Join(lines, "\n"); !strings.Contains(plan, "delivery_ready") || strings.Contains(plan, "Seq Scan on delivery") {
		t.Fatalf("counting reads more than it needs:\n%s", plan)
	}
}
