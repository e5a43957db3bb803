package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

func TestWorkersThatClaimAtOnceNeverGetTheSameDelivery(t *testing.T) {
	h := newHouse(t)
	h.people(2000, noon.Add(day))
	h.running("spring", 0)
	var mu sync.Mutex
	seen := map[mailer.ID]int{}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for {
				jobs, err := h.Claim(h.ctx, h.controller, mailer.NewID(noon), 37, noon, time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				if len(jobs) == 0 {
					return
				}
				mu.Lock()
				for _, j := range jobs {
					seen[j.DeliveryID]++
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	for _, j := range h.claim(2000, noon) { // what the last ones passed over
		seen[j.DeliveryID]++
	}
	equal(t, "deliveries claimed", len(seen), 2000)
	for id, n := range seen {
		equal(t, "claims of "+id.String(), n, 1)
	}
}

func TestAClaimPassesOverWhatAnotherHasInItsHands(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon.Add(day))
	h.running("spring", 0)
	other, err := h.db.Beginx()
	must(t, err)
	defer other.Rollback()
	_, err = other.Exec(`SELECT FROM delivery ORDER BY due_at, id LIMIT 1 FOR UPDATE`)
	must(t, err)
	// The deadline only ends a test that would hang.
	ctx, cancel := context.WithTimeout(h.ctx, time.Minute)
	defer cancel()
	jobs, err := h.Claim(ctx, h.controller, mailer.NewID(noon), 10, noon, time.Minute)
	must(t, err)
	equal(t, "claimed", len(jobs), 2)
}

func TestHalfOfABatchIsForThoseStillOnTimeAndTheRestForTheOldest(t *testing.T) { // D7
	h := newHouse(t)
	h.people(20, noon.Add(-100*day))
	h.people(20, noon.Add(-10*day))
	h.people(20, noon.Add(2*day))
	h.people(20, noon.Add(20*day))
	h.running("spring", 0)
	count := func(jobs []mailer.Job) map[time.Duration]int {
		out := map[time.Duration]int{}
		for _, j := range jobs {
			out[j.DueAt.Sub(noon)]++
		}
		return out
	}
	first := count(h.claim(20, noon))
	equal(t, "near their date", first[2*day], 10)
	equal(t, "the oldest", first[-100*day], 10)
	h.claim(20, noon)
	h.claim(40, noon)
	if rest := count(h.claim(20, noon)); len(rest) > 0 {
		t.Fatalf("more than there are: %v", rest)
	}
}

func TestWhatOneStreamLeavesOverGoesToTheOther(t *testing.T) { // D7
	h := newHouse(t)
	h.people(3, noon.Add(day))
	h.people(50, noon.Add(-day))
	h.running("spring", 0)
	equal(t, "claimed", len(h.claim(40, noon)), 40)
	equal(t, "claimed then", len(h.claim(40, noon)), 13)
}

func TestEachOpenLaneGetsItsPart(t *testing.T) {
	h := newHouse(t)
	h.people(30, noon.Add(-100*day))
	a := h.running("first", 0)
	h.people(30, noon.Add(day))
	b := h.running("second", 0)
	lanes := map[mailer.ID]int{}
	for _, j := range h.claim(20, noon) {
		lanes[j.CampaignID]++
	}
	equal(t, "of the first campaign", lanes[a.ID], 10)
	equal(t, "of the second campaign", lanes[b.ID], 10)
}

func TestAClaimOfOneFindsTheLaneThatHasIt(t *testing.T) { // D7: a worker whose relay was away asks for one
	h := newHouse(t)
	for i := range 20 {
		h.running(fmt.Sprint("empty ", i), 0)
	}
	h.people(10, noon.Add(-day))
	h.running("spring", 0)
	for range 10 {
		equal(t, "claimed", len(h.claim(1, noon)), 1)
	}
}

func TestNothingIsClaimedFromLanesThatAreNotOpen(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon)
	c := h.running("spring", 0)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ben", noon))
	equal(t, "claimed from a paused lane", len(h.claim(10, noon)), 0)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignPaused}, mailer.CampaignRunning, "ben", noon))
	equal(t, "claimed from an open lane", len(h.claim(10, noon)), 3)
}

func TestTwoWorkersTogetherKeepTheLanesPace(t *testing.T) {
	h := newHouse(t)
	h.people(60, noon)
	h.running("spring", 7)
	for i := range 3 {
		at := noon.Add(time.Duration(i) * time.Second)
		claimed := 0
		var mu sync.Mutex
		var workers sync.WaitGroup
		for range 2 {
			workers.Go(func() {
				for range 5 {
					jobs, err := h.Claim(h.ctx, h.controller, mailer.NewID(at), 4, at.Add(300*time.Millisecond), time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					claimed += len(jobs)
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		claimed += len(h.claim(10, at.Add(900*time.Millisecond)))
		equal(t, "claimed in one second", claimed, 7)
	}
	equal(t, "claimed for a second that has passed", len(h.claim(10, noon)), 0)
}

func TestAClockThatWasWrongDoesNotStopAPacedLane(t *testing.T) { // D7
	h := newHouse(t)
	h.people(20, noon.Add(day))
	h.running("spring", 3)
	equal(t, "claimed by a clock a day ahead", len(h.claim(10, noon.Add(day))), 3)
	equal(t, "claimed when it is right again", len(h.claim(10, noon)), 3)
	equal(t, "claimed in the same second", len(h.claim(10, noon)), 0)
	equal(t, "claimed by a clock a little behind", len(h.claim(10, noon.Add(-5*time.Second))), 0)
	equal(t, "claimed in the next second", len(h.claim(10, noon.Add(time.Second))), 3)
}

func TestAtAPaceOfOneNeitherStreamStarves(t *testing.T) { // D7
	h := newHouse(t)
	h.people(40, noon.Add(day))
	h.people(40, noon.Add(-day))
	h.running("spring", 1)
	late := 0
	for i := range 40 {
		for _, j := range h.claim(10, noon.Add(time.Duration(i)*time.Second)) {
			if j.DueAt.Before(noon) {
				late++
			}
		}
	}
	if late < 8 || late > 32 {
		t.Fatalf("%d of 40 claims went to the backlog, want about half", late)
	}
}

func TestASuppressedAddressIsNotClaimedAndItsDutyFails(t *testing.T) { // R5, E3
	h := newHouse(t)
	ids := h.people(3, noon.Add(day))
	h.running("spring", 0)
	dead := address(2)
	must(t, h.write(h.ctx, func(t tx) error {
		return t.suppress(h.ctx, []suppressionRow{
			newSuppressionRow(h.controller, mailer.Suppression{Kind: dead.Kind, Hash: dead.Hash, KeyID: dead.KeyID, Scope: mailer.SuppressAddress, Reason: "dead_address"}, noon),
			newSuppressionRow(h.controller, mailer.Suppression{Kind: dead.Kind, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressUse, Reason: "objection"}, noon),
			newSuppressionRow(h.controller, mailer.Suppression{Kind: dead.Kind, Hash: address(3).Hash, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "full", ExpiresAt: noon}, noon),
		})
	}))
	jobs := h.claim(10, noon)
	equal(t, "claimed: an objection never stops the notice (R9), and the third has expired", len(jobs), 2)
	for _, j := range jobs {
		if j.ContactID == ids[1] {
			t.Fatal("the suppressed address was claimed")
		}
	}
	equal(t, "the duty of the suppressed", h.dutyOf(ids[1]), mailer.DutyFailed)
	equal(t, "suppressed deliveries", h.count(`SELECT count(*) FROM delivery WHERE state = 'suppressed'`), 1)
	equal(t, "on record", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'failed' AND reason = 'address_dead'`), 1)
}

func TestAJobBringsAllThatComposingNeeds(t *testing.T) {
	h := newHouse(t)
	ids := h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	j := h.claim(1, noon)[0]
	equal(t, "contact", j.ContactID, ids[0])
	equal(t, "name", j.Facts.Contact.Name, "Person 1")
	equal(t, "acquisitions", len(j.Facts.Acquisitions), 1)
	equal(t, "duties", len(j.Facts.Duties), 1)
	equal(t, "to", j.To, "person1@example.org")
	equal(t, "hash", string(j.AddressHash), string(address(1).Hash))
	equal(t, "campaign", j.CampaignID, c.ID)
	equal(t, "activity", j.ActivityKey, "sales")
	equal(t, "register", j.RegisterID, h.content.RegisterVersionID)
	equal(t, "form", j.Form, "linkedin")
	equal(t, "composed", j.ComposedAt.IsZero() && j.Slots == nil && j.SHA256 == nil, true)

	a := h.begin(noon, j)
	h.settle(mailer.Deferred, noon, a...)
	_, err := h.Wake(h.ctx, h.controller, noon.Add(2*time.Hour), false, 10)
	must(t, err)
	again := h.claim(1, noon.Add(2*time.Hour))[0]
	equal(t, "attempts", again.Attempts, 1)
	equal(t, "composed at", again.ComposedAt, noon)
	equal(t, "the values that were put in then", again.Slots["name"], "Person")
	equal(t, "the bytes that went out then", string(again.SHA256), "sum")
}

// TestAClaimWalksTheNarrowIndex holds that neither what is deferred nor what is
// queued is read through: 30,000 rows of each stand before and behind.
func TestAClaimWalksTheNarrowIndex(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	h.running("spring", 0)
	for _, q := range []string{
		`INSERT INTO delivery (contact_id, id, controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, code, state, due_at, ready_at, created_at)
		 SELECT contact_id, gen_random_uuid(), controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, n::text, CASE WHEN n % 2 = 0 THEN 'queued' ELSE 'deferred' END, due_at - interval '5 days' + n * interval '1 minute', ready_at, created_at
		 FROM delivery, generate_series(1, 60000) n`,
		`ANALYZE`,
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	var lane int64
	must(t, h.db.Get(&lane, `SELECT id FROM lane`))
	asked := []pacing.Portion{{Lane: lane, OnTime: 250, Late: 250}}
	var lines []string
	must(t, h.read(h.ctx, func(x tx) error {
		return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement("claim"), h.controller, mailer.NewID(noon), noon, records{asked}, largest(asked), inAll(asked))
	}))
	plan := strings.Join(lines, "\n")
	if strings.Contains(plan, "Seq Scan on delivery") || strings.Count(plan, "Index Scan using delivery_ready") != 2 || !strings.Contains(plan, "Tid Scan on delivery") || strings.Contains(plan, "Sort") {
		t.Fatalf("a claim reads more than it takes:\n%s", plan)
	}
	equal(t, "claimed", len(h.claim(500, noon)), 500)
}
