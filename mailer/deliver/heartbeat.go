package deliver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"article14/mailer"
)

// RelayState is a relay as a worker last saw it.
type RelayState string

// States of a relay.
const (
	RelayUp     RelayState = "up"     // it serves, or nobody has needed it yet
	RelayTrying RelayState = "trying" // it was away, and one connection finds out whether it is back
	RelayAway   RelayState = "away"   // nobody speaks to it until some time has passed
)

// RelayStates lists them.
var RelayStates = []RelayState{RelayUp, RelayTrying, RelayAway}

// Heartbeat is what a worker says of itself every few seconds.
type Heartbeat struct {
	Worker      mailer.ID // made at its start
	Host        string
	Relay       string
	RelayState  RelayState
	Connections int // open to the relay
	Allowed     int // connections that it is taken to bear now
	InFlight    int // transactions under way
	StartedAt   time.Time
	SeenAt      time.Time
}

// Gone tells whether the worker has been silent for too long: it was killed, or
// cannot reach the database. What it had claimed is taken back by its journal, or when
// its lease has passed.
func (h Heartbeat) Gone(now time.Time) bool { return now.Sub(h.SeenAt) > GoneAfter }

const (
	// BeatEvery is how often a worker says that it is there.
	BeatEvery = 5 * time.Second
	// GoneAfter is how long it may be silent.
	GoneAfter = 30 * time.Second
	// forgetAfter is how long a worker that is gone is remembered.
	forgetAfter = 24 * time.Hour
)

// HeartStore keeps the heartbeats.
type HeartStore interface {
	// Beat writes one down, and forgets workers that were last seen before the given instant.
	Beat(ctx context.Context, controller mailer.ID, h Heartbeat, forget time.Time) error
	// Leave removes a worker that stops as it should.
	Leave(ctx context.Context, worker mailer.ID) error
}

// vitals counts what a run has open, for its heartbeat.
type vitals struct{ connections, inFlight atomic.Int64 }

// watchedRelay is a relay whose sessions are counted.
type watchedRelay struct {
	Relay
	vitals *vitals
}

// Open counts the session until it is closed.
func (w watchedRelay) Open(ctx context.Context) (Session, error) {
	s, err := w.Relay.Open(ctx)
	if err != nil {
		return nil, err
	}
	w.vitals.connections.Add(1)
	return &watchedSession{Session: s, vitals: w.vitals}, nil
}

type watchedSession struct {
	Session
	vitals *vitals
	closed sync.Once
}

// Send counts the transaction while it lasts.
func (s *watchedSession) Send(ctx context.Context, m mailer.Message, next *mailer.Message) (mailer.Reply, error) {
	s.vitals.inFlight.Add(1)
	defer s.vitals.inFlight.Add(-1)
	return s.Session.Send(ctx, m, next)
}

// Close ends the session.
func (s *watchedSession) Close() error {
	s.closed.Do(func() { s.vitals.connections.Add(-1) })
	return s.Session.Close()
}

// keepBeating says every few seconds that this worker is there, and looks whether
// the database is still the copy that sends: it may have been exchanged under our
// feet. Claims look too; this one tells people.
func (r *run) keepBeating(ctx context.Context) {
	if r.Hearts == nil {
		return
	}
	worker, began, held := mailer.NewID(r.Now()), r.Now(), false
	for ctx.Err() == nil {
		now := r.Now()
		r.complain(ctx, "write the heartbeat", r.Hearts.Beat(ctx, r.Controller, r.heartbeat(worker, began, now), now.Add(-forgetAfter)))
		held = r.tellHeld(ctx, now, held)
		r.pause(ctx, BeatEvery)
	}
	gone, cancel := context.WithTimeout(context.WithoutCancel(ctx), BeatEvery)
	defer cancel()
	r.complain(gone, "take the heartbeat back", r.Hearts.Leave(gone, worker))
}

func (r *run) heartbeat(worker mailer.ID, began, now time.Time) Heartbeat {
	return Heartbeat{Worker: worker, Host: r.Host, Relay: r.Relay.Name(), RelayState: r.breaker.state(),
		Connections: int(r.vitals.connections.Load()), Allowed: r.seats.now(), InFlight: int(r.vitals.inFlight.Load()), StartedAt: began, SeenAt: now}
}

// tellHeld logs when the instance is held, and when it no longer is.
func (r *run) tellHeld(ctx context.Context, now time.Time, was bool) bool {
	if r.Instances == nil {
		return false
	}
	i, err := r.Instances.Recognise(ctx, now)
	if err != nil {
		r.complain(ctx, "look which copy of the database this is", err)
		return was
	}
	switch {
	case i.Held() && !was:
		r.Log.Error("nothing is sent", "why", i.HeldError())
	case was && !i.Held():
		r.Log.Info("this copy of the database sends again", "instance", i.ID)
	}
	return i.Held()
}
