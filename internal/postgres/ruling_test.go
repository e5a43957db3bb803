package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

func TestAPersonSettlesWhatMayHaveArrived(t *testing.T) { // E5, D7
	for _, c := range []struct {
		to   mailer.DeliveryState
		want mailer.DutyState
		late int64
	}{{mailer.Relayed, mailer.DutyMet, 0}, {mailer.Rejected, mailer.DutyFailed, 0}} {
		h := newHouse(t)
		who := h.people(1, noon.Add(time.Hour))[0]
		campaign := h.running("spring", 0)
		a := h.begin(noon, h.claim(1, noon)...)[0]
		e := end(a, mailer.Uncertain, noon)
		e.Alert = &mailer.Alert{Kind: mailer.AlertUncertainHeld, Subject: a.DeliveryID.String()}
		_, err := h.Settle(h.ctx, []mailer.Settlement{e})
		must(t, err)
		must(t, h.Move(h.ctx, h.controller, campaign.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignCancelled, "ben", noon))
		equal(t, "left to a person", h.dutyOf(who), mailer.DutyInFlight)

		later := noon.Add(10 * day) // behind the date: what counts is the attempt
		v := track.Ruling{DeliveryID: a.DeliveryID, To: c.to, By: "Ann", Reason: "the relay's log has it under its Message-ID"}
		must(t, h.SettleUncertain(h.ctx, h.controller, v, later))
		equal(t, "delivery", h.state(a.DeliveryID), c.to)
		equal(t, "duty", h.dutyOf(who), c.want)
		f := h.figures(later)
		equal(t, "met late", f.MetLate, c.late)
		equal(t, "counted", f.Deliveries[c.to], 1)
		equal(t, "uncertain", f.Deliveries[mailer.Uncertain], 0)
		equal(t, "alerts left", len(f.Alerts), 0)
		equal(t, "the attempt is what it was", h.count(`SELECT count(*) FROM outcome WHERE outcome = 'uncertain'`), 1)
		equal(t, "audit", h.count(`SELECT count(*) FROM audit WHERE action = 'delivery.settle' AND actor = 'Ann' AND subject = $1`, a.DeliveryID.String()), 1)
		equal(t, "candidates of a new campaign", len(h.candidates(h.approved("summer", 0), false)), map[mailer.DutyState]int{mailer.DutyFailed: 1}[c.want])
		if err := h.SettleUncertain(h.ctx, h.controller, v, later); err == nil || !strings.Contains(err.Error(), "nothing to settle") {
			t.Errorf("settled twice: %v", err)
		}
	}
}

func TestWhatWasWokenBeforeItsCampaignWasCancelledCanBeSettledAsWell(t *testing.T) { // E5
	for _, waits := range []mailer.DeliveryState{mailer.Queued, mailer.Deferred} {
		h := newHouse(t)
		who := h.people(1, noon.Add(day))[0]
		campaign := h.running("spring", 0)
		a := h.begin(noon, h.claim(1, noon)...)[0]
		v := track.Ruling{DeliveryID: a.DeliveryID, To: mailer.Relayed, By: "Ann", Reason: "the recipient wrote back"}
		settle := func() error { return h.SettleUncertain(h.ctx, h.controller, v, noon) }
		if err := settle(); err == nil || !strings.Contains(err.Error(), "a worker is going to find out") {
			t.Errorf("settled on the wire: %v", err)
		}
		h.settle(mailer.Uncertain, noon, a)
		later := noon.Add(2 * time.Hour)
		_, err := h.Wake(h.ctx, h.controller, later, true, 5)
		must(t, err)
		if err := settle(); err == nil || !strings.Contains(err.Error(), "a worker is going to find out") {
			t.Errorf("settled while its campaign runs: %v", err)
		}
		if waits == mailer.Deferred {
			h.settle(mailer.Deferred, later, h.begin(later, h.claim(1, later)...)...)
		}
		must(t, h.Move(h.ctx, h.controller, campaign.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignCancelled, "ben", later))
		equal(t, "it waits for ever", h.state(a.DeliveryID), waits)
		must(t, settle())
		equal(t, "duty", h.dutyOf(who), mailer.DutyMet)
		equal(t, "delivery", h.state(a.DeliveryID), mailer.Relayed)
	}
	h := newHouse(t)
	if err := h.SettleUncertain(h.ctx, h.controller, track.Ruling{DeliveryID: mailer.NewID(noon), To: mailer.Relayed}, noon); !errors.Is(err, track.ErrNoDelivery) {
		t.Errorf("no delivery: %v", err)
	}
}
