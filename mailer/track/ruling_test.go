package track_test

import (
	"slices"
	"testing"

	"article14/mailer"
	"article14/mailer/track"
)

func TestARulingHasANameAReasonAndTwoWaysToEnd(t *testing.T) {
	good := track.Ruling{To: mailer.Relayed, By: "Ann", Reason: "the relay's log says so"}
	for name, change := range map[string]func(*track.Ruling){
		"delivered":            func(v *track.Ruling) { v.To = mailer.Delivered },
		"without a name":       func(v *track.Ruling) { v.By = " " },
		"without a reason":     func(v *track.Ruling) { v.Reason = "because" },
		"with personal values": func(v *track.Ruling) { v.Reason += " for jane@example.org" },
	} {
		v := good
		change(&v)
		if v.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func TestARulingTakesLegalMovesOnly(t *testing.T) {
	tried := 0
	for _, from := range mailer.DeliveryStates {
		for _, to := range []mailer.DeliveryState{mailer.Relayed, mailer.Rejected} {
			way, err := track.Ruling{To: to}.Way(from, true, true)
			if err != nil {
				continue
			}
			tried++
			at := from
			for _, next := range way {
				if !slices.Contains(mailer.DeliveryMoves[at], next) {
					t.Errorf("from %s to %s is no legal move", at, next)
				}
				at = next
			}
			if at != to {
				t.Errorf("from %s it ends %s, not %s", from, at, to)
			}
		}
	}
	if tried != 6 {
		t.Errorf("%d ways, want 6: from uncertain, queued and deferred", tried)
	}
}
