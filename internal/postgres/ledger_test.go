package postgres

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"article14/internal/ledger"
	"article14/internal/privatepg/pgtest"
	"article14/mailer"
	"article14/mailer/retain"
)

// book is a ledger of a test's own.
func book(t *testing.T) *ledger.File {
	t.Helper()
	l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger"), []byte("key"), noon)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// replay applies a ledger to the house's database.
func (h *house) replay(l retain.LedgerReader, at time.Time) (retain.Replayed, error) {
	r := retain.Replay{Store: h.Store, Ledger: l, Place: "here:/ledger", Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)}
	return r.Run(h.ctx)
}

func (h *house) replayed(l retain.LedgerReader, at time.Time) retain.Replayed {
	h.t.Helper()
	out, err := h.replay(l, at)
	must(h.t, err)
	return out
}

// objects has the holder of a delivery object by it.
func (h *house) saysNo(j mailer.Job) error {
	id := address(1)
	must(h.t, h.db.Get(&id.Hash, `SELECT hash FROM identifier WHERE contact_id = $1`, j.ContactID))
	_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ActivityKey: "sales",
		Scope: "all", Way: mailer.WayPage, MadeAt: noon}, mailer.StopUse([]mailer.Identifier{id}, "objection"), nil, noon)
	return err
}

// TestARestoredDatabaseKnowsAgainWhoWasErasedAndWhoObjected restores a dump from before
// both, and from before somebody was taken in who objected later.
func TestARestoredDatabaseKnowsAgainWhoWasErasedAndWhoObjected(t *testing.T) { // R5, T3
	h, from := lodging(t)
	l := book(t)
	h.KeepLedger(l)
	jobs := h.claim(3, noon)
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs[0])...)
	backup := pgtest.New(t, nil)
	dumpInto(t, from, backup)

	h.next = 50
	later := h.people(1, noon)[0] // the backup does not have them
	must(t, h.saysNo(jobs[0]))
	for _, j := range jobs[1:] { // they are in a worker's hands in the backup
		must(t, h.Release(h.ctx, j.ClaimID, nil))
	}
	must(t, h.eraser(noon).Erase(h.ctx, jobs[1].ContactID, "ann", "asked"))
	must(t, h.eraser(noon).Erase(h.ctx, later, "ann", "asked"))
	equal(t, "applied where nothing is lost", h.replayed(l, noon).Applied, 0)

	c := h.copied(t, backup)
	if len(c.find("Person 2"))+len(c.find("Person 3")) == 0 {
		t.Fatal("the backup has nobody: the test looks for too little")
	}
	at := noon.Add(time.Hour) // the leases of the backup's claims have passed
	out := c.replayed(l, at)
	equal(t, "applied", out.Applied, 3)
	equal(t, "erased", out.Erased, 1)
	equal(t, "objections", c.count(`SELECT count(*) FROM objection WHERE contact_id = $1 AND made_at = $2`, jobs[0].ContactID, noon), 1)
	equal(t, "use stopped", c.count(`SELECT count(*) FROM contact WHERE id = $1 AND objected_at = $2`, jobs[0].ContactID, noon), 1)
	equal(t, "gone", c.count(`SELECT count(*) FROM contact WHERE id = $1 AND erased_at IS NOT NULL AND name = ''`, jobs[1].ContactID), 1)
	equal(t, "their identifiers", c.count(`SELECT count(*) FROM identifier WHERE contact_id = $1`, jobs[1].ContactID), 0)
	equal(t, "hashes that keep people out", c.count(`SELECT count(*) FROM suppression WHERE scope = 'use'`), 3)
	equal(t, "decisions on record", c.count(`SELECT count(*) FROM decision WHERE contact_id = $1 AND kind = 'erase'`, jobs[1].ContactID), 1)
	recognise(t, c.Store)
	_, err := c.Adopt(c.ctx, "restored", "ann", "the old server is gone", at)
	must(t, err)
	for _, j := range c.claim(10, at) {
		if j.ContactID == jobs[1].ContactID {
			t.Error("a notice to somebody who was erased is claimed")
		}
	}
	c.audited()
	equal(t, "applied a second time", c.replayed(l, at).Applied, 0)
	known, err := c.Ledgers(c.ctx)
	must(t, err)
	if len(known) != 1 || known[0].Line != 3 || known[0].Place != "here:/ledger" || !known[0].SeenAt.Equal(at) {
		t.Errorf("%+v", known)
	}
	equal(t, "lines noted one by one", c.count(`SELECT count(*) FROM ledger_line`), 0)
}

// dying is a ledger whose process is killed before, or just after, the entry is on disk.
type dying struct {
	*ledger.File
	before bool
}

func (d dying) Append(es []mailer.LedgerEntry) ([]mailer.LedgerPlace, error) {
	if d.before {
		return nil, errKilled
	}
	if _, err := d.File.Append(es); err != nil {
		return nil, err
	}
	return nil, errKilled
}

// TestKilledBetweenAnyTwoStepsAnEntryIsNeverMissing kills before the line, between the line
// and the commit, and during the replay.
func TestKilledBetweenAnyTwoStepsAnEntryIsNeverMissing(t *testing.T) { // R5, invariant 7
	h := newHouse(t)
	l := book(t)
	h.people(4, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(4, noon)
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs...)...)
	for _, before := range []bool{true, false} {
		h.KeepLedger(dying{l, before})
		for i, err := range []error{h.saysNo(jobs[0]), h.eraser(noon).Erase(h.ctx, jobs[1].ContactID, "ann", "asked")} {
			if !errors.Is(err, errKilled) {
				t.Fatalf("%d: %v", i, err)
			}
		}
		equal(t, "nothing is done that is not on disk", h.count(`SELECT (SELECT count(*) FROM objection) + (SELECT count(*) FROM contact WHERE erased_at IS NOT NULL)`), 0)
	}
	h.KeepLedger(l)
	must(t, h.eraser(noon).Erase(h.ctx, jobs[2].ContactID, "ann", "asked")) // goes on behind the gap
	for stop := range 20 {
		r := retain.Replay{Store: &stopping{h.Store, stop}, Ledger: l, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}
		if _, err := r.Run(h.ctx); err != nil && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		h.audited()
	}
	equal(t, "objections", h.count(`SELECT count(*) FROM objection`), 1)
	equal(t, "erased", h.count(`SELECT count(*) FROM contact WHERE erased_at IS NOT NULL`), 2)
	equal(t, "decisions", h.count(`SELECT count(*) FROM decision`), 2)
	equal(t, "all done", h.count(`SELECT done_line FROM ledger`), 3)
}

// stopping is a database that goes away after some steps of a replay.
type stopping struct {
	*Store
	after int
}

func (s *stopping) LedgerApply(ctx context.Context, p mailer.LedgerPlace, e mailer.LedgerEntry) error {
	if s.after--; s.after < 0 {
		return errKilled
	}
	if err := s.Store.LedgerApply(ctx, p, e); err != nil {
		return err
	}
	if s.after--; s.after < 0 {
		return errKilled
	}
	return nil
}

func TestWhoeverIsInAWorkersHandsHoldsTheReplayAndNotForEver(t *testing.T) { // R5, E5
	h := newHouse(t)
	l := book(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	job := h.claim(1, noon)[0]
	_, err := l.Append([]mailer.LedgerEntry{{Kind: mailer.LedgerErasure, At: noon, Controller: h.controller, Cause: "expired", Contacts: []mailer.ID{job.ContactID}}})
	must(t, err)
	if out, err := h.replay(l, noon); !errors.Is(err, retain.ErrReplayWaits) || out.Waiting != 1 || out.Applied != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	out := h.replayed(l, noon.Add(2*time.Minute)) // its lease has passed
	equal(t, "erased", out.Erased, 1)
	equal(t, "as it was", h.count(`SELECT count(*) FROM duty_history WHERE to_state = 'erased' AND reason = 'expired'`), 1)
	equal(t, "kept out", h.count(`SELECT count(*) FROM suppression`), 0) // they may be found again
	h.audited()
}

func TestALedgerOfAnotherDatabaseOrANewerProgramIsRefused(t *testing.T) { // R5
	h := newHouse(t)
	for name, e := range map[string]mailer.LedgerEntry{
		"another database": {Kind: mailer.LedgerSuppression, At: noon, Controller: mailer.NewID(noon)},
		"a newer program":  {Kind: "restriction_of_2031", At: noon, Controller: h.controller},
	} {
		l := book(t)
		_, err := l.Append([]mailer.LedgerEntry{e})
		must(t, err)
		if _, err := h.replay(l, noon); err == nil {
			t.Errorf("%s: applied", name)
		}
	}
}

// TestTheLedgerHoldsNothingThatSaysWhoItWas looks for the person's values in the file.
func TestTheLedgerHoldsNothingThatSaysWhoItWas(t *testing.T) { // invariant 6
	h := newHouse(t)
	l := book(t)
	h.KeepLedger(l)
	who := h.people(1, noon)[0]
	must(t, h.eraser(noon).Erase(h.ctx, who, "ann", "asked"))
	b, err := os.ReadFile(l.Path())
	must(t, err)
	for _, value := range []string{"Person", "person1", "example.org", "ann"} {
		if bytes.Contains(b, []byte(value)) {
			t.Errorf("it holds %q", value)
		}
	}
	if !bytes.Contains(b, []byte(who.String())) {
		t.Error("it does not say who: the test reads another file")
	}
}
