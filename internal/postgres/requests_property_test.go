package postgres

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/rights"
)

// TestWhateverHappensInWhateverOrderRequestsKeepTheirRules has a person, a team, the relay and a
// worker do what comes to their mind, and looks at all requests after each step.
func TestWhateverHappensInWhateverOrderRequestsKeepTheirRules(t *testing.T) { // D9, R4, Art. 18(3)
	s := open(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := moveIn(t.Context(), rt, s, "acme"+string(rune('a'+n%26))+time.Duration(n).String())
		h.people(1, noon.Add(day))
		h.running("spring"+time.Duration(n).String(), 0)
		a := h.begin(noon, h.claim(1, noon)...)[0]
		h.settle(mailer.Relayed, noon, a)
		w := &wilful{asking: newRequestsOn(h), told: a, due: map[mailer.ID]time.Time{}}
		steps := []func(*rapid.T){w.ask, w.ask, w.code, w.typed, w.decide, w.decide, w.carryAny, w.wait, w.worker, w.takeBack}
		for range 12 {
			steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")](rt)
			w.look(rt)
		}
		w.history(rt)
	})
}

// wilful is everybody at once.
type wilful struct {
	*asking
	told     mailer.Attempt
	due      map[mailer.ID]time.Time
	sessions []string
}

func (w *wilful) kind(t *rapid.T) mailer.RequestKind {
	return rapid.SampledFrom([]mailer.RequestKind{mailer.RequestAccess, mailer.RequestRestriction, mailer.RequestErasure, mailer.RequestQuestion}).Draw(t, "kind")
}

func (w *wilful) ask(t *rapid.T) {
	session := ""
	if len(w.sessions) > 0 && rapid.Bool().Draw(t, "with a session") {
		session = rapid.SampledFrom(w.sessions).Draw(t, "session")
	}
	_, _ = w.Ask(w.ctx, w.link(w.told), rights.Ask{Kind: w.kind(t), Words: "why?"}, session)
}

func (w *wilful) code(t *rapid.T) { _, _ = w.SendCode(w.ctx, w.link(w.told), w.kind(t)) }

func (w *wilful) typed(t *rapid.T) {
	kind := w.kind(t)
	typed := rapid.SampledFrom(append(w.codes(w.newest(w.told.ContactID, kind).ID), "000000")).Draw(t, "typed")
	if session, err := w.Prove(w.ctx, w.link(w.told), kind, typed); err == nil {
		w.sessions = append(w.sessions, session)
	}
}

func (w *wilful) decide(t *rapid.T) {
	q := w.newest(w.told.ContactID, w.kind(t))
	d := rights.Decided{By: "ann", Text: "because"}
	if rapid.Bool().Draw(t, "by post") {
		d.Posted = w.at
	}
	rapid.SampledFrom([]func(){
		func() { _, _ = w.Answer(w.ctx, q.ID, d, nil) },
		func() { _, _ = w.Refuse(w.ctx, q.ID, mailer.GroundExcessive, d) },
		func() { _, _ = w.Extend(w.ctx, q.ID, mailer.ExtendedComplex, d) },
		func() { _, _ = w.Take(w.ctx, q.ID, "ann") },
		func() { _, _ = w.ProveBy(w.ctx, q.ID, "ann", "by voice") },
		func() { _, _ = w.Lift(w.ctx, q.ID, d) },
		func() { _, _ = w.Withdraw(w.ctx, q.ID, "ann") },
	}).Draw(t, "decision")()
}

func (w *wilful) carryAny(t *rapid.T) {
	if as := w.begin(w.at, w.claim(50, w.at)...); len(as) > 0 {
		w.settle(rapid.SampledFrom([]mailer.DeliveryState{mailer.Relayed, mailer.Rejected}).Draw(t, "end"), w.at, as...)
	}
}

func (w *wilful) wait(t *rapid.T) {
	w.at = w.at.Add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, day, 20 * day}).Draw(t, "for"))
}

func (w *wilful) worker(t *rapid.T) {
	must(t, w.KeepHouse(w.ctx))
	must(t, w.Forget(w.ctx))
}

func (w *wilful) takeBack(t *rapid.T) {
	_ = w.TakeBack(w.ctx, w.link(w.told), w.kind(t), "")
}

// look holds the rules of every request.
func (w *wilful) look(t *rapid.T) {
	st, err := w.house.RequestsOf(w.ctx, w.controller, w.told.ContactID)
	must(t, err)
	open := map[mailer.RequestKind]int{}
	for _, q := range st.Requests {
		if first, seen := w.due[q.ID]; seen && !first.Equal(q.DueAt) {
			t.Fatalf("the first date of %s moved", q.Kind)
		}
		w.due[q.ID] = q.DueAt
		if q.State.Open() {
			open[q.Kind]++
		}
		if q.State == mailer.RequestAnswered && q.Kind.NeedsProof() && q.Proof == mailer.ProofNone {
			t.Fatalf("a request for %s was answered, and nobody knows whom", q.Kind)
		}
		if due, stand := q.Clock(w.at); due.After(q.DueAt) != (stand == mailer.ExtensionHolds) {
			t.Fatalf("due at %s though the extension %s", due, stand)
		}
	}
	for kind, n := range open {
		if n > 1 {
			t.Fatalf("%d requests for %s are open", n, kind)
		}
	}
	stands := slices.ContainsFunc(st.Restrictions, func(x mailer.Restriction) bool { return x.Stops("sales", "sell") })
	if v := w.verdict(w.told.ContactID, "sell"); stands && v.Allowed {
		t.Fatal("the gate allows what is restricted")
	}
}

// history holds that each request came to where it stands by legal moves, all of them on record.
func (w *wilful) history(t *rapid.T) {
	for id := range w.due {
		f := w.request(id)
		q := f.Request
		state := mailer.RequestState("")
		for _, e := range f.Events {
			if e.From != state || e.From != "" && e.From != e.To && !slices.Contains(mailer.RequestMoves[e.From], e.To) {
				t.Fatalf("%s: from %q to %q by %s, while it was %q", q.Kind, e.From, e.To, e.What, state)
			}
			state = e.To
		}
		equal(t, "the last event's state", state, q.State)
	}
	w.audited()
}
