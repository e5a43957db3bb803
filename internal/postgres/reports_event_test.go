package postgres

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

// TestOneEventToldByMailAndByWebhookActsOnce brings what a provider tells by two doors in
// every order, and each of it again.
func TestOneEventToldByMailAndByWebhookActsOnce(t *testing.T) { // E2, E3
	delivered := track.Report{Kind: track.KindDelivery, Recipients: []track.RecipientReport{{Action: track.ActionDelivered, Status: "2.0.0"}}}
	bounced := failed("", "5.1.1")
	spam := track.Report{Kind: track.KindComplaint, Feedback: "abuse"}
	type told struct {
		door string
		r    track.Report
	}
	cases := []struct {
		name               string
		told               []told
		state              mailer.DeliveryState
		duty               mailer.DutyState
		dead, used, object int64
	}{
		{"a bounce, by mail first", []told{{track.DoorSMTP, bounced}, {track.DoorSES, bounced}}, mailer.Bounced, mailer.DutyBlocked, 1, 0, 0},
		{"a bounce, by the webhook first", []told{{track.DoorSES, bounced}, {track.DoorSMTP, bounced}}, mailer.Bounced, mailer.DutyBlocked, 1, 0, 0},
		{"a late bounce, behind delivered", []told{{track.DoorSES, delivered}, {track.DoorSES, bounced}, {track.DoorSMTP, bounced}}, mailer.Bounced, mailer.DutyBlocked, 1, 0, 0},
		{"delivered, told late", []told{{track.DoorSMTP, bounced}, {track.DoorSES, delivered}}, mailer.Bounced, mailer.DutyBlocked, 1, 0, 0},
		{"a complaint", []told{{track.DoorSMTP, spam}, {track.DoorSES, spam}}, mailer.Complained, mailer.DutyMet, 0, 1, 1},
		{"a complaint, behind delivered", []told{{track.DoorSES, delivered}, {track.DoorSES, spam}, {track.DoorSMTP, spam}}, mailer.Complained, mailer.DutyMet, 0, 1, 1},
		{"a bounce behind a complaint: it had come", []told{{track.DoorSES, spam}, {track.DoorSMTP, bounced}}, mailer.Complained, mailer.DutyMet, 0, 1, 1},
		{"a complaint behind a bounce, of a second copy", []told{{track.DoorSES, bounced}, {track.DoorSMTP, spam}}, mailer.Bounced, mailer.DutyBlocked, 1, 1, 1},
	}
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(len(cases), noon.Add(day))
	for n, c := range cases {
		a := as[n]
		to := []string{d.Tokens.EnvelopeFrom(a.DeliveryID, "b.example")}
		for round := range 3 {
			for i, x := range c.told {
				d.at, d.next = noon.Add(time.Duration(round*10+i)*time.Hour), x.r
				fate, _, err := d.Judge(h.ctx, track.Incoming{Door: x.door, MailFrom: "mailer@ses.example", SentTo: to, Raw: []byte(inLine(i))})
				must(t, err)
				equal(t, c.name+": replayed", fate.Replayed, round > 0)
			}
		}
		suppressed := func(scope string) int64 {
			return h.count(`SELECT count(*) FROM suppression s JOIN identifier i ON i.hash = s.hash AND i.kind = s.kind WHERE i.contact_id = $1 AND s.scope = $2`, a.ContactID, scope)
		}
		equal(t, c.name+": the delivery", h.state(a.DeliveryID), c.state)
		equal(t, c.name+": the duty", h.dutyOf(a.ContactID), c.duty)
		equal(t, c.name+": dead addresses", suppressed("address"), c.dead)
		equal(t, c.name+": uses that stopped", suppressed("use"), c.used)
		equal(t, c.name+": objections", h.count(`SELECT count(*) FROM objection WHERE contact_id = $1`, a.ContactID), c.object)
		equal(t, c.name+": reports on record", h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, a.ContactID), int64(len(c.told)))
		equal(t, c.name+": moves of the duty", h.count(`SELECT count(*) FROM duty_history WHERE contact_id = $1 AND to_state IN ('failed', 'blocked')`, a.ContactID),
			map[mailer.DutyState]int64{mailer.DutyBlocked: 2}[c.duty])
	}
	h.audited()
}
