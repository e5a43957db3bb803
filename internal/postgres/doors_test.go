package postgres

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

func TestOfOneMessageToTwoOfOurEnvelopeSendersBothCountAndEachOnce(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(2, noon.Add(time.Hour))
	both := []string{d.Tokens.EnvelopeFrom(as[0].DeliveryID, "b.example"), d.Tokens.EnvelopeFrom(as[1].DeliveryID, "b.example")}
	d.next = failed("x@example.org", "5.2.2")
	for round, want := range []mailer.DeliveryState{mailer.Bounced, ""} {
		for i := range both {
			fate, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorLMTP, SentTo: []string{both[i], both[1-i]}, Raw: []byte("one message")})
			must(t, err)
			if fate.To != want || fate.Replayed != (round == 1) {
				t.Errorf("round %d, recipient %d: %+v", round, i, fate)
			}
		}
	}
}

func TestAProvidersEventIsKnownByItsOwnIdWhateverItsBytes(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(1, noon.Add(time.Hour))
	for i, raw := range []string{"as it came", "as it came again"} {
		d.next = failed("x@example.org", "5.2.2")
		fate, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorSES, ExternalID: []byte("event 1"),
			SentTo: []string{d.Tokens.EnvelopeFrom(as[0].DeliveryID, "b.example")}, Raw: []byte(raw), ReceivedAt: noon})
		must(t, err)
		equal(t, "replayed", fate.Replayed, i == 1)
	}
}
