package postgres

import (
	"fmt"
	"testing"
	"time"

	"article14/internal/privatepg/pgtest"
	"article14/mailer"
)

// inAllStates leaves a delivery of each kind behind, begun and not settled among them.
func (h *house) inAllStates() {
	h.people(9, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(7, noon)
	must(h.t, h.Release(h.ctx, jobs[0].ClaimID, []mailer.ID{jobs[0].DeliveryID}))
	as := h.begin(noon, jobs[1:6]...) // the seventh is claimed, and not begun
	for i, to := range []mailer.DeliveryState{mailer.Relayed, mailer.Deferred, mailer.Rejected, mailer.Uncertain} {
		h.settle(to, noon, as[i])
	}
	must(h.t, h.FoldCounters(h.ctx))
}

func TestDataOfTheFirstSchemaComeThroughEveryMigration(t *testing.T) { // invariant 7
	url := pgtest.New(t, migrate)
	s, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	h := moveIn(t.Context(), t, s, "acme")
	recognise(t, s)
	h.setClass("big", 50, 0, "example.org")
	h.inAllStates()
	states := `SELECT string_agg(x, ' ' ORDER BY x) FROM (SELECT state || ' ' || count(*) AS x FROM delivery GROUP BY state) s`
	var before, after string
	must(t, h.db.Get(&before, states))

	p, err := s.migrations()
	must(t, err)
	newest, err := p.GetDBVersion(t.Context())
	must(t, err)
	for _, src := range p.ListSources()[1:] { // each alone, and then all of them
		_, err := p.DownTo(t.Context(), src.Version-1)
		must(t, err)
		_, err = p.Up(t.Context())
		must(t, err)
	}
	_, err = p.DownTo(t.Context(), 1)
	must(t, err)
	equal(t, "charged for what was begun, as the first schema did", h.count(`SELECT count(*) FROM delivery WHERE state = 'sending' AND attempts = 1`), 1)
	_, err = p.Up(t.Context())
	must(t, err)
	version, err := p.GetDBVersion(t.Context())
	must(t, err)
	equal(t, "version", version, newest)

	// Connections that have seen another shape of the tables are of no use.
	must(t, s.db.Close())
	again, err := Open(t.Context(), url)
	must(t, err)
	s.db = again.db
	must(t, h.db.Get(&after, states))
	equal(t, "deliveries", after, before)
	equal(t, "held", recognise(t, s).Held(), false)
	h.audited()
	late := noon.Add(time.Hour)
	queued, uncertain, err := h.Rescue(h.ctx, h.controller, late, late)
	must(t, err)
	equal(t, "rescued", fmt.Sprint(queued, uncertain), "1 1")
	_, err = h.Wake(h.ctx, h.controller, late.Add(time.Hour), true, 10)
	must(t, err)
	h.told(late.Add(time.Hour))
	equal(t, "told in the end", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed'`), 8)
	h.audited()
}

func TestTheSchemaOfLettersIsTakenBackOnlyWhereNoneLieInABatch(t *testing.T) { // invariant 7
	url := pgtest.New(t, migrate)
	s, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	h := moveIn(t.Context(), t, s, "acme")
	recognise(t, s)
	post := newPostIn(h)
	post.reached(2, noon.Add(day), postal)
	post.release("first")
	var out tray
	b := post.batch(&out)
	p, err := s.migrations()
	must(t, err)
	if _, err := p.DownTo(t.Context(), 17); err == nil {
		t.Fatal("it is taken back while letters lie in a batch")
	}
	_, err = post.Withdraw(t.Context(), b.ID, nil, "ben", "the program goes back")
	must(t, err)
	_, err = p.DownTo(t.Context(), 17)
	must(t, err)
	_, err = p.Up(t.Context())
	must(t, err)
	must(t, s.db.Close())
	again, err := Open(t.Context(), url)
	must(t, err)
	s.db = again.db
	equal(t, "lanes of letters that are open", h.count(`SELECT count(*) FROM lane WHERE channel = 'letter' AND domain_class = 'letter' AND state = 'open'`), 1)
	equal(t, "letters printed again", post.batch(&out).Letters, 2)
}
