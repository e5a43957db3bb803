package postgres

import (
	"sync"
	"testing"
	"time"

	"article14/mailer"
)

func TestARelayedNoticeMeetsItsDutyInTheSameTransaction(t *testing.T) { // E2
	h := newHouse(t)
	ids := h.people(2, noon.Add(-time.Hour))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(2, noon)...)
	h.settle(mailer.Relayed, noon, as...)
	for _, id := range ids {
		equal(t, "duty", h.dutyOf(id), mailer.DutyMet)
	}
	equal(t, "attempts that say so", h.count(`SELECT count(*) FROM outcome WHERE outcome = 'relayed' AND ended_at = $1`, noon), 2)
	equal(t, "on the plain way nothing is history", h.count(`SELECT count(*) FROM duty_history`), 0)
	equal(t, "one delta row a batch and move", h.count(`SELECT count(*) FROM counter_delta WHERE what = 'delivery' AND from_state = 'sending'`), 1)
	equal(t, "met late", h.figures(noon).MetLate, 2)
}

func TestARefusedNoticeFailsItsDutySuppressesTheAddressAndRaisesItsAlertOnce(t *testing.T) { // E3, D8
	h := newHouse(t)
	ids := h.people(1, noon.Add(day))
	h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	e := end(a, mailer.Rejected, noon)
	e.Suppress = &mailer.Suppression{Kind: mailer.ByEmail, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "dead_address"}
	e.Alert = &mailer.Alert{Kind: mailer.AlertRetryPastDeadline, Subject: a.DeliveryID.String(), Detail: "transient"}
	e.Reply = "no such user\x00"
	fenced, err := h.Settle(h.ctx, []mailer.Settlement{e})
	must(t, err)
	equal(t, "fenced", len(fenced), 0)
	equal(t, "duty", h.dutyOf(ids[0]), mailer.DutyFailed)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE from_state = 'in_flight' AND to_state = 'failed' AND reason = 'address_dead'`), 1)
	equal(t, "suppressions", h.count(`SELECT count(*) FROM suppression WHERE scope = 'address'`), 1)
	must(t, h.write(h.ctx, func(x tx) error {
		return x.raise(h.ctx, []alertRow{{mailer.NewID(noon), h.controller, "retry_past_deadline", a.DeliveryID.String(), "again", noon}}, tally{})
	}))
	equal(t, "alerts", h.count(`SELECT count(*) FROM alert`), 1)
	equal(t, "reply without its NUL", h.count(`SELECT count(*) FROM outcome WHERE reply = 'no such user'`), 1)
}

func TestAnAttemptThatWasGivenUpMaySettleItsDeliveryAfterAll(t *testing.T) { // E5, invariant 2
	h := newHouse(t)
	h.people(3, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(3, noon)...)
	late := noon.Add(2 * time.Minute)
	_, uncertain, err := h.Rescue(h.ctx, h.controller, late, late.Add(time.Hour))
	must(t, err)
	equal(t, "uncertain", uncertain, 3)

	equal(t, "fenced: the relay had taken it", len(h.settle(mailer.Relayed, late, as[0])), 0)
	equal(t, "fenced: the relay had refused it", len(h.settle(mailer.Rejected, late, as[1])), 0)
	equal(t, "fenced: nobody knows more than before", len(h.settle(mailer.Uncertain, late, as[2])), 1)
	for i, want := range []mailer.DeliveryState{mailer.Relayed, mailer.Rejected, mailer.Uncertain} {
		equal(t, "delivery", h.state(as[i].DeliveryID), want)
	}
	for i, want := range []mailer.DutyState{mailer.DutyMet, mailer.DutyFailed, mailer.DutyInFlight} {
		equal(t, "duty", h.dutyOf(as[i].ContactID), want)
	}
	woken, err := h.Wake(h.ctx, h.controller, late.Add(2*time.Hour), true, 10)
	must(t, err)
	equal(t, "sent again", woken, 1)
	f := h.figures(late)
	equal(t, "attempts relayed", f.Attempts[mailer.Relayed], 1)
	equal(t, "attempts uncertain", f.Attempts[mailer.Uncertain], 1)
	h.audited()
}

func TestASettlementBehindASecondClaimTouchesNothingAndIsOnRecord(t *testing.T) {
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	h.running("spring", 0)
	first := h.begin(noon, h.claim(2, noon)...)
	late := noon.Add(2 * time.Minute)
	_, _, err := h.Rescue(h.ctx, h.controller, late, late)
	must(t, err)
	_, err = h.Wake(h.ctx, h.controller, late, true, 10)
	must(t, err)
	equal(t, "fenced while it waits to be sent again", len(h.settle(mailer.Relayed, late, first[0])), 1)
	equal(t, "the mail that went out all the same", h.count(`SELECT count(*) FROM outcome WHERE id = $1 AND outcome = 'relayed'`, first[0].ID), 1)
	equal(t, "delivery", h.state(first[0].DeliveryID), mailer.Queued)

	// A second worker has them now; the first one's claim does not settle that.
	second := h.begin(late, h.claim(2, late)...)
	equal(t, "fenced in another's hands", len(h.settle(mailer.Rejected, late, first...)), 2)
	equal(t, "delivery", h.state(first[0].DeliveryID), mailer.Sending)
	h.settle(mailer.Uncertain, late, second...)
	equal(t, "fenced behind another's attempt", len(h.settle(mailer.Rejected, late, first[1])), 1)
	equal(t, "delivery", h.state(first[1].DeliveryID), mailer.Uncertain)
	equal(t, "duty", h.dutyOf(ids[0]), mailer.DutyInFlight)
}

func TestOnlyOneOfRescueAndSettleWins(t *testing.T) {
	h := newHouse(t)
	h.people(100, noon.Add(day))
	h.running("spring", 0)
	for round := range 10 {
		fenced, uncertain := h.settleBesideRescue(mailer.Deferred, noon.Add(time.Duration(round)*time.Hour))
		equal(t, "fenced, and rescued", fenced, uncertain)
	}
	equal(t, "each is one or the other", h.count(`SELECT count(*) FROM delivery WHERE state IN ('deferred', 'uncertain')`), 100)
	equal(t, "attempts charged", h.count(`SELECT sum(attempts) FROM delivery`), 100)
}

func TestWhoeverWinsOfRescueAndSettleWhoWasToldIsNotToldAgain(t *testing.T) { // invariant 2
	h := newHouse(t)
	h.people(100, noon.Add(day))
	h.running("spring", 0)
	for round := range 10 {
		fenced, _ := h.settleBesideRescue(mailer.Relayed, noon.Add(time.Duration(round)*time.Hour))
		equal(t, "fenced", fenced, 0)
	}
	equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed' AND attempts = 1`), 100)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 100)
	h.audited()
}

// settleBesideRescue settles ten attempts one by one while somebody rescues them.
func (h *house) settleBesideRescue(to mailer.DeliveryState, at time.Time) (fenced, uncertain int) {
	as := h.begin(at, h.claim(10, at)...)
	var both sync.WaitGroup
	both.Go(func() {
		for _, a := range as {
			fenced += len(h.settle(to, at, a))
		}
	})
	both.Go(func() {
		for range 5 {
			_, n, err := h.Rescue(h.ctx, h.controller, at.Add(10*time.Minute), at.Add(300*day))
			must(h.t, err)
			uncertain += n
		}
	})
	both.Wait()
	return fenced, uncertain
}

func TestARescueOverlooksNothingThatIsBegunBesideIt(t *testing.T) { // E5
	h := newHouse(t)
	h.people(400, noon.Add(day))
	h.running("spring", 0)
	for round := range 40 {
		at := noon.Add(time.Duration(round) * time.Hour)
		jobs := h.claim(10, at)
		var both sync.WaitGroup
		both.Go(func() {
			for _, j := range jobs {
				h.begin(at, j) // by a clock that says that the lease has not passed
			}
		})
		both.Go(func() {
			for range 10 {
				_, _, err := h.Rescue(h.ctx, h.controller, at.Add(2*time.Minute), at.Add(300*day))
				must(t, err)
			}
		})
		both.Wait()
	}
	equal(t, "begun, and free to be begun again", h.count(`SELECT count(*) FROM delivery d JOIN attempt a ON a.contact_id = d.contact_id AND a.delivery_id = d.id
		WHERE d.state = 'queued' AND NOT EXISTS (SELECT FROM outcome o WHERE o.contact_id = a.contact_id AND o.id = a.id)`), 0)
}

func TestBeginRefusesThoseWhoseClaimIsGone(t *testing.T) {
	h := newHouse(t)
	h.people(2, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(2, noon)
	must(t, h.Release(h.ctx, jobs[0].ClaimID, []mailer.ID{jobs[0].DeliveryID}))
	var as []mailer.Attempt
	for _, j := range jobs {
		as = append(as, mailer.Attempt{ID: mailer.NewID(noon), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID, Number: 1, Relay: "relay", BegunAt: noon})
	}
	stands, err := h.Begin(h.ctx, as, noon.Add(time.Minute))
	must(t, err)
	equal(t, "the one that was released", stands[as[0].ID], false)
	equal(t, "the other", stands[as[1].ID], true)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 1)
}

func TestASlowWorkerThatClaimedADeliveryAnewMakesOneAttemptAtMost(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	slow := h.claim(1, noon)[0]
	later := noon.Add(time.Hour)
	_, _, err := h.Rescue(h.ctx, h.controller, later, later)
	must(t, err)
	anew := h.claim(1, later)[0]
	as := []mailer.Attempt{
		{ID: mailer.NewID(later), ContactID: slow.ContactID, DeliveryID: slow.DeliveryID, ClaimID: slow.ClaimID, Number: 1, BegunAt: later},
		{ID: mailer.NewID(later), ContactID: anew.ContactID, DeliveryID: anew.DeliveryID, ClaimID: anew.ClaimID, Number: 1, BegunAt: later},
	}
	stands, err := h.Begin(h.ctx, as, later.Add(time.Minute))
	must(t, err)
	equal(t, "under the claim that has passed", stands[as[0].ID], false)
	equal(t, "under the claim that stands", stands[as[1].ID], true)

	batch := []mailer.Settlement{end(as[0], mailer.Rejected, later), end(as[1], mailer.Relayed, later), end(as[1], mailer.Rejected, later)}
	fenced, err := h.Settle(h.ctx, batch)
	must(t, err)
	equal(t, "fenced: the passed claim, and a claim that has ended", len(fenced), 2)
	equal(t, "delivery", h.state(slow.DeliveryID), mailer.Relayed)
	equal(t, "duty", h.dutyOf(slow.ContactID), mailer.DutyMet)
}

func TestBeginTwiceIsBeginOnce(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	stands, err := h.Begin(h.ctx, as, noon.Add(time.Minute))
	must(t, err)
	equal(t, "stands", stands[as[0].ID], true)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 1)
	h.settle(mailer.Deferred, noon, as...)
	equal(t, "attempts charged", h.count(`SELECT attempts FROM delivery`), 1)
}

func TestAnAttemptThatIsNotOnRecordDoesNotStand(t *testing.T) { // E5
	h := newHouse(t)
	h.people(2, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(2, noon)...)
	other := as[0]
	other.ID = mailer.NewID(noon.Add(time.Second)) // of the same number
	stands, err := h.Begin(h.ctx, []mailer.Attempt{other, as[1]}, noon.Add(time.Minute))
	must(t, err)
	equal(t, "an attempt beside one on record", stands[other.ID], false)
	equal(t, "one that is asked for again", stands[as[1].ID], true)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 2)
}

func TestAnAttemptThatWasGivenUpIsCharged(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	h.begin(noon, h.claim(1, noon)...)
	later := noon.Add(day)
	_, uncertain, err := h.Rescue(h.ctx, h.controller, later, later)
	must(t, err)
	equal(t, "uncertain", uncertain, 1)
	equal(t, "attempts charged", h.count(`SELECT attempts FROM delivery`), 1)
}

func TestABeginningProlongsALeaseThatIsAboutToPassAndNoOther(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(1, noon)
	as := h.begin(noon, jobs...)
	lease := func() bool {
		return h.count(`SELECT count(*) FROM claim WHERE lease_until = $1`, jobs[0].LeaseUntil) == 1
	}
	_, err := h.Begin(h.ctx, as, jobs[0].LeaseUntil.Add(-time.Second))
	must(t, err)
	equal(t, "the lease is as it was", lease(), true)
	_, err = h.Begin(h.ctx, as, jobs[0].LeaseUntil.Add(time.Minute))
	must(t, err)
	equal(t, "until a minute later", h.count(`SELECT count(*) FROM claim WHERE lease_until = $1`, jobs[0].LeaseUntil.Add(time.Minute)), 1)
}

func TestAReleasedDeliveryIsAsIfItHadNeverBeenClaimed(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	must(t, h.Release(h.ctx, as[0].ClaimID, []mailer.ID{as[0].DeliveryID}))
	equal(t, "state", h.state(as[0].DeliveryID), mailer.Queued)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 0)
	equal(t, "messages", h.count(`SELECT count(*) FROM attempt`), 0)
	j := h.claim(1, noon.Add(day))[0]
	equal(t, "attempts charged", j.Attempts, 0)
	equal(t, "composed anew", j.ComposedAt.IsZero() && j.Slots == nil, true)
}

func TestAReleaseAfterARealAttemptTakesBackTheSecondOnly(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	h.settle(mailer.Deferred, noon, h.begin(noon, h.claim(1, noon)...)...)
	later := noon.Add(2 * time.Hour)
	_, err := h.Wake(h.ctx, h.controller, later, false, 10)
	must(t, err)
	as := h.begin(later, h.claim(1, later)...)
	equal(t, "number", as[0].Number, 2)
	must(t, h.Release(h.ctx, as[0].ClaimID, []mailer.ID{as[0].DeliveryID}))
	j := h.claim(1, later)[0]
	equal(t, "attempts charged", j.Attempts, 1)
	equal(t, "composed at", j.ComposedAt, noon)
}

func TestRescuePutsTheUntouchedBackAndLeavesWhatWasRenewed(t *testing.T) {
	h := newHouse(t)
	h.people(2, noon.Add(day))
	h.running("spring", 0)
	lost, held := h.claim(1, noon)[0], h.claim(1, noon)[0]
	must(t, h.Renew(h.ctx, []mailer.ID{held.ClaimID}, noon.Add(time.Hour)))
	queued, uncertain, err := h.Rescue(h.ctx, h.controller, noon.Add(2*time.Minute), noon.Add(day))
	must(t, err)
	equal(t, "queued", queued, 1)
	equal(t, "uncertain", uncertain, 0)
	equal(t, "the lost one", h.state(lost.DeliveryID), mailer.Queued)
	equal(t, "the one that was renewed", h.state(held.DeliveryID), mailer.Sending)
}

func TestWakeWaitsForTheTimeAndForThePolicy(t *testing.T) {
	h := newHouse(t)
	h.people(3, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(3, noon)...)
	h.settle(mailer.Deferred, noon, as[0], as[1])
	h.settle(mailer.Uncertain, noon, as[2])
	for _, c := range []struct {
		name   string
		at     time.Time
		resend bool
		limit  int
		want   int
	}{
		{"before their time", noon.Add(59 * time.Minute), true, 10, 0},
		{"one at a time", noon.Add(time.Hour), false, 1, 1},
		{"the other one", noon.Add(time.Hour), false, 10, 1},
		{"an uncertain one only where the policy is to send again", noon.Add(time.Hour), true, 10, 1},
	} {
		n, err := h.Wake(h.ctx, h.controller, c.at, c.resend, c.limit)
		must(t, err)
		equal(t, c.name, n, c.want)
	}
}

func TestManyWorkersSettleRenewAndReleaseWithoutWaitingForEachOther(t *testing.T) {
	h := newHouse(t)
	h.people(400, noon.Add(day))
	h.running("spring", 0)
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for {
				jobs := h.claim(20, noon)
				if len(jobs) == 0 {
					return
				}
				as := h.begin(noon, jobs...)
				var inner sync.WaitGroup
				inner.Go(func() { must(t, h.Renew(h.ctx, []mailer.ID{jobs[0].ClaimID}, noon.Add(time.Hour))) })
				inner.Go(func() { h.settle(mailer.Relayed, noon, as...) })
				inner.Go(func() { must(t, h.FoldCounters(h.ctx)) })
				inner.Wait()
			}
		})
	}
	workers.Wait()
	h.settle(mailer.Relayed, noon, h.begin(noon, h.claim(400, noon)...)...)
	equal(t, "relayed", h.figures(noon).Deliveries[mailer.Relayed], 400)
}

func TestAWorkerGoesOnWithALargeCancellationInRounds(t *testing.T) { // invariant 7
	h := newHouse(t)
	h.people(1, noon)
	c := h.running("spring", 0)
	for _, q := range []string{
		`INSERT INTO delivery (contact_id, id, controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, code, state, due_at, ready_at, created_at)
		 SELECT contact_id, gen_random_uuid(), controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id, languages, language_rule,
			form, skeleton_hash, n::text, 'queued', due_at, ready_at, created_at
		 FROM delivery, generate_series(1, 6000) n`,
		`UPDATE campaign SET state = 'cancelled'`, // and then the process was killed
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	for _, left := range []int64{1001, 0} {
		_, err := h.FinishCampaigns(h.ctx, h.controller, noon)
		must(t, err)
		equal(t, "left", h.count(`SELECT count(*) FROM delivery WHERE campaign_id = $1 AND state = 'queued'`, c.ID), left)
	}
}
