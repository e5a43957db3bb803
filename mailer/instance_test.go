package mailer

import (
	"context"
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

func TestTheBreakerSaysHowTheRelayIs(t *testing.T) {
	now := time.Unix(0, 0)
	b := &breaker{now: func() time.Time { return now }}
	steps := []struct {
		do   func()
		want RelayState
	}{
		{func() {}, RelayUp},
		{b.failed, RelayAway},
		{func() { now = now.Add(breakerFirst) }, RelayTrying},
		{b.failed, RelayAway},
		{b.worked, RelayUp},
	}
	for i, s := range steps {
		if s.do(); b.state() != s.want {
			t.Errorf("step %d: %s, want %s", i, b.state(), s.want)
		}
	}
}

// doorRelay gives sessions that do as they are told.
type doorRelay struct{ err error }

func (d doorRelay) Name() string { return "door" }
func (d doorRelay) Open(context.Context) (Session, error) {
	return doorSession{}, d.err
}

type doorSession struct{}

func (doorSession) Send(context.Context, Message, *Message) (Reply, error) { return Reply{}, nil }
func (doorSession) Alive() bool                                            { return true }
func (doorSession) Close() error                                           { return nil }

func TestConnectionsAreCountedOnceEach(t *testing.T) {
	var v vitals
	s, err := watchedRelay{doorRelay{}, &v}.Open(t.Context())
	if err != nil || v.connections.Load() != 1 {
		t.Fatal(err, v.connections.Load())
	}
	s.Close()
	s.Close()
	if n := v.connections.Load(); n != 0 {
		t.Errorf("closed twice, it counts %d", n)
	}
	if _, err := (watchedRelay{doorRelay{errors.New("away")}, &v}).Open(t.Context()); err == nil || v.connections.Load() != 0 {
		t.Errorf("a connection that never was counts %d", v.connections.Load())
	}
}
