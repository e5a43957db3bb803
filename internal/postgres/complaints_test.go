package postgres

import (
	"testing"

	"article14/mailer"
	"article14/mailer/track"
)

func TestAComplaintEndsUseAndLeavesTheDuty(t *testing.T) { // R5, R9
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(4, noon.Add(day))
	spam := track.Report{Kind: track.KindComplaint, Feedback: "abuse"}
	fate := d.take(spam, as[0].DeliveryID, "one")
	equal(t, "the delivery", fate.To, mailer.Complained)
	equal(t, "its duties", fate.Duty, mailer.DutyState(""))
	equal(t, "the duty", h.dutyOf(as[0].ContactID), mailer.DutyMet)
	equal(t, "objection", h.count(`SELECT count(*) FROM objection WHERE way = 'complaint' AND contact_id = $1 AND made_at = $2`, as[0].ContactID, noon), 1)
	equal(t, "use has stopped", h.count(`SELECT count(*) FROM contact WHERE objected_at IS NOT NULL`), 1)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use' AND reason = 'complaint'`), 1)
	equal(t, "an address that is dead", h.count(`SELECT count(*) FROM suppression WHERE scope = 'address'`), 0)
	equal(t, "mails in answer", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 0)
	equal(t, "bytes", h.count(`SELECT count(*) FROM report_raw`), 0)
	f := h.figures(noon)
	equal(t, "figures", inLine(f.Reports["complaint"], f.Objections[mailer.WayComplaint], f.Deliveries[mailer.Complained], f.Alerts[mailer.AlertComplaints]), "1 1 1 0")

	equal(t, "a second one of the same", d.take(spam, as[0].DeliveryID, "two").To, mailer.DeliveryState(""))
	d.take(spam, as[1].DeliveryID, "three")
	equal(t, "alerts at two", h.figures(noon).Alerts[mailer.AlertComplaints], 0)
	d.take(spam, as[2].DeliveryID, "four")
	equal(t, "alerts at three of four", h.figures(noon).Alerts[mailer.AlertComplaints], 1)
	equal(t, "about the campaign", h.count(`SELECT count(*) FROM alert WHERE kind = 'complaints' AND subject = (SELECT CAST(id AS text) FROM campaign) AND detail = '3 of 4 notices'`), 1)

	// A button on a page is a "no" of its own, and acknowledged.
	late := d.take(failed("person1@example.org", "5.1.1"), as[0].DeliveryID, "five")
	equal(t, "a late bounce finds it complained", late.To, mailer.DeliveryState(""))
	h.audited()
}

func TestAComplaintAboutWhatIsSentAgainIsAnObjectionAllTheSame(t *testing.T) { // R5
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Deferred, noon, a)
	d := newDesk(h)
	spam := track.Report{Kind: track.KindComplaint, Feedback: "abuse"}
	equal(t, "the delivery", d.take(spam, a.DeliveryID, "one").To, mailer.DeliveryState(""))
	equal(t, "state", h.state(a.DeliveryID), mailer.Deferred) // it is owed all the same (R9)
	equal(t, "objections", h.count(`SELECT count(*) FROM objection WHERE way = 'complaint'`), 1)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use'`), 1)
	d.take(spam, a.DeliveryID, "two")
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
	h.audited()
}

func TestAnAutomaticReplyLeavesNothingButItsCount(t *testing.T) { // RFC 3834
	h, a := told(t)
	d := newDesk(h)
	fate := d.take(track.Report{Kind: track.KindAutomatic, Said: track.Said{From: "ann@elsewhere.example"}}, a.DeliveryID, "away, says Zebulon")
	equal(t, "its delivery", fate.DeliveryID, a.DeliveryID)
	d.next = track.Report{Kind: track.KindAutomatic}
	_, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, Raw: []byte("away, and nobody knows who")})
	must(t, err)
	equal(t, "state", h.state(a.DeliveryID), mailer.Relayed)
	equal(t, "found", h.figures(noon).Reports["automatic_reply"], 2)
	equal(t, "items, parked, bytes", h.count(`SELECT count(*) FROM answer`)+h.count(`SELECT count(*) FROM report_unmatched`)+h.count(`SELECT count(*) FROM report_raw`), 0)
	equal(t, "mails in answer", h.count(`SELECT count(*) FROM delivery WHERE document <> 'notice'`), 0)
	if places := h.find("Zebulon"); len(places) > 0 {
		t.Errorf("its words stand in %v", places)
	}
}
