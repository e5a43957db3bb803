package deliver

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAPlaceThatMovedSaysHowAndAPartUnknownTellsNothing(t *testing.T) {
	const home = Place("server=7 database=5 timeline=00000001")
	for to, want := range map[Place]string{
		home:                                          "",
		"server=8 database=5 timeline=00000001":       "another server",
		"server=8 database=6 timeline=00000002":       "another server",
		"server=7 database=6 timeline=00000001":       "within its server",
		"server=7 database=5 timeline=00000002":       "earlier point",
		"server=unknown database=5 timeline=00000001": "",
		"server=unknown database=6 timeline=unknown":  "within its server",
	} {
		for _, pair := range [][2]Place{{home, to}, {to, home}} {
			got := pair[0].Moved(pair[1])
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("from %q to %q: %q, want %q", pair[0], pair[1], got, want)
			}
		}
	}
	if !home.Known() || Place("server=unknown database=5 timeline=00000001").Known() || Place("").Known() {
		t.Error("what is known of a place is not told from what is not")
	}
}

func TestAProcessForAnotherInstanceIsRefusedAndHoldsNothing(t *testing.T) {
	for _, c := range []struct {
		label, given string
		refused      bool
	}{{"", "", false}, {"", "production", false}, {"production", "production", false}, {"production", "test", true}, {"production", "", true}} {
		err := Instance{Label: c.label}.CheckLabel(c.given)
		if (err != nil) != c.refused {
			t.Errorf("instance %q, process %q: %v", c.label, c.given, err)
		}
	}
}

func TestAHeldInstanceSaysWhatToDo(t *testing.T) {
	err := Instance{HeldAt: time.Unix(1, 0), HeldReason: "it was copied"}.HeldError()
	if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "it was copied") || !strings.Contains(err.Error(), "instance adopt") {
		t.Error(err)
	}
	if err := (Instance{}).HeldError(); err != nil {
		t.Error(err)
	}
}
