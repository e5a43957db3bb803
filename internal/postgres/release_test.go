package postgres

import (
	"context"
	"maps"
	"testing"
	"time"

	"article14/mailer"
)

// A worker is gone, and its journal tells what touched the wire: that is settled, and
// whatever else its claim holds is as if it had never been claimed.
func TestAllThatAClaimStillHoldsIsReleasedUncharged(t *testing.T) { // E5
	h := newHouse(t)
	h.people(6, noon)
	h.running("first", 0)
	mine, other := h.claim(4, noon), h.claim(2, noon)
	as := h.begin(noon, mine[:3]...) // the fourth was claimed, and nothing begun
	h.begin(noon, other...)
	h.settle(mailer.Relayed, noon, as[0])
	h.settle(mailer.Uncertain, noon, as[1])
	for range 2 { // a replay that is killed begins again
		must(t, h.Release(h.ctx, mine[0].ClaimID, nil))
		for i, want := range []mailer.DeliveryState{mailer.Relayed, mailer.Uncertain, mailer.Queued, mailer.Queued} {
			equal(t, "state", h.state(mine[i].DeliveryID), want)
		}
	}
	for _, j := range other {
		equal(t, "another worker's", h.state(j.DeliveryID), mailer.Sending)
	}
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 4)
	equal(t, "claims", h.count(`SELECT count(*) FROM claim`), 1)
	again := h.claim(10, noon.Add(time.Second))
	equal(t, "claimed again", len(again), 2)
	for _, j := range again {
		equal(t, "attempts before", j.Attempts, 0)
	}
	stands, err := h.Begin(h.ctx, []mailer.Attempt{{ID: mailer.NewID(noon), ContactID: again[0].ContactID, DeliveryID: again[0].DeliveryID, ClaimID: again[0].ClaimID,
		Number: 1, Relay: "relay", BegunAt: noon, Message: &mailer.MessageRecord{SHA256: []byte("sum"), ComposedAt: noon}}}, noon.Add(time.Minute))
	must(t, err)
	equal(t, "attempts that may be made", len(stands), 1)
}

// What a killed worker asked for may still be under way in the database.
func TestAReleaseOfAClaimWaitsForAttemptsThatAreBegunAndLetsNobodyBeginMore(t *testing.T) { // E5
	h := newHouse(t)
	h.people(2, noon)
	h.running("first", 0)
	jobs := h.claim(2, noon)
	ctx, cancel := context.WithTimeout(h.ctx, time.Minute)
	defer cancel()
	begun, err := h.db.BeginTxx(ctx, nil) // a beginning holds the claim like this
	must(t, err)
	_, err = begun.ExecContext(ctx, `SELECT FROM claim WHERE id = $1 FOR KEY SHARE`, jobs[0].ClaimID)
	must(t, err)
	released := make(chan error, 1)
	go func() { released <- h.Release(ctx, jobs[0].ClaimID, nil) }()
	for h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		select {
		case err := <-released:
			t.Fatalf("it did not wait: %v", err)
		case <-ctx.Done():
			t.Fatal("nobody waits for the claim")
		default:
		}
	}
	_, err = begun.ExecContext(ctx, `INSERT INTO attempt (contact_id, id, delivery_id, number, claim_id, relay, begun_at) VALUES ($1, $2, $3, 1, $4, 'relay', $5)`,
		jobs[0].ContactID, mailer.NewID(noon), jobs[0].DeliveryID, jobs[0].ClaimID, noon)
	must(t, err)
	must(t, begun.Commit())
	must(t, <-released)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 0)
	for _, j := range jobs {
		equal(t, "state", h.state(j.DeliveryID), mailer.Queued)
	}
	late, err := h.Begin(ctx, []mailer.Attempt{{ID: mailer.NewID(noon), ContactID: jobs[1].ContactID, DeliveryID: jobs[1].DeliveryID, ClaimID: jobs[1].ClaimID,
		Number: 1, Relay: "relay", BegunAt: noon, Message: &mailer.MessageRecord{SHA256: []byte("sum"), ComposedAt: noon}}}, noon.Add(time.Minute))
	must(t, err)
	equal(t, "attempts that may be made", len(late), 0)
}

// What a journal says may be in the books already, and a replay may be killed itself.
func TestABatchThatIsSettledAgainChangesNothing(t *testing.T) { // E5
	h := newHouse(t)
	h.people(4, noon)
	h.running("first", 0)
	as := h.begin(noon, h.claim(4, noon)...)
	var batch []mailer.Settlement
	for i, to := range mailer.AttemptStates {
		batch = append(batch, end(as[i], to, noon))
	}
	var before map[mailer.DeliveryState]int64
	for range 3 {
		fenced, err := h.Settle(h.ctx, batch)
		must(t, err)
		must(t, h.FoldCounters(h.ctx))
		f, err := h.Figures(h.ctx, h.controller, noon)
		must(t, err)
		if before != nil {
			equal(t, "fenced", len(fenced), 4)
			equal(t, "attempts as before", maps.Equal(f.Attempts, before), true)
		}
		before = f.Attempts
		for i, to := range mailer.AttemptStates {
			equal(t, "state", h.state(as[i].DeliveryID), to)
			equal(t, "attempts", f.Attempts[to], 1)
		}
	}
}
