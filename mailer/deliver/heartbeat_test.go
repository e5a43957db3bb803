package deliver

import (
	"context"
	"errors"
	"testing"
	"time"

	"article14/mailer"
)

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

func (doorSession) Send(context.Context, mailer.Message, *mailer.Message) (mailer.Reply, error) {
	return mailer.Reply{}, nil
}

func (doorSession) Alive() bool { return true }

func (doorSession) Close() error { return nil }

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
