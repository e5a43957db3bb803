package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/retain"
)

var _ retain.LedgerStore = (*Store)(nil)

// KeepLedger has every later transaction that ought to outlive this database written
// down in a ledger before it is committed.
func (s *Store) KeepLedger(l mailer.Ledger) { s.ledger = l }

// remember has an entry written into the ledger when the transaction is about to be
// committed. Who adds a kind of entry says in replays how it is applied again.
func (t tx) remember(e mailer.LedgerEntry) { *t.ledger = append(*t.ledger, e) }

// ledgerLine is a line of a ledger that this database has.
type ledgerLine struct {
	Ledger mailer.ID `json:"ledger_id"`
	Line   int64     `json:"line"`
}

// enterLedger has entries on disk, outside, and notes in the transaction which they are.
// Nothing but the commit comes behind it: an entry of a transaction that comes to nothing
// is applied by the next replay.
func (s *Store) enterLedger(ctx context.Context, x *sqlx.Tx, entries []mailer.LedgerEntry) error {
	if s.ledger == nil || len(entries) == 0 {
		return nil
	}
	places, err := s.ledger.Append(entries)
	if err != nil {
		return err
	}
	rows := make([]ledgerLine, len(places))
	for i, p := range places {
		rows[i] = ledgerLine{p.Ledger, p.Line}
	}
	_, err = tx{asked: x}.exec(ctx, "ledger_line_add", records{rows})
	return err
}

// objected is an objection as the ledger has it.
func objected(controller mailer.ID, o mailer.Objection, ss []mailer.Suppression) mailer.LedgerEntry {
	return mailer.LedgerEntry{Kind: mailer.LedgerObjection, At: o.MadeAt, Controller: controller, Contacts: []mailer.ID{o.ContactID},
		Objection:  &mailer.LedgerNo{ID: o.ID, ActivityKey: o.ActivityKey, Scope: o.Scope, Way: o.Way, DeliveryID: o.DeliveryID},
		Suppressed: mailer.LedgerHashes(ss)}
}

// LedgerMark gives how far all of a ledger is in this database.
func (s *Store) LedgerMark(ctx context.Context, ledger mailer.ID) (m retain.LedgerMark, err error) {
	err = s.read(ctx, func(t tx) error {
		var r struct {
			Line   int64  `db:"done_line"`
			Offset int64  `db:"done_offset"`
			Chain  []byte `db:"done_chain"`
		}
		_, err := t.one(ctx, &r, "ledger", ledger)
		m = retain.LedgerMark{Line: r.Line, Offset: r.Offset, Chain: r.Chain}
		return err
	})
	return m, err
}

// LedgerHas gives which of some lines are in this database.
func (s *Store) LedgerHas(ctx context.Context, ledger mailer.ID, lines []int64) (map[int64]bool, error) {
	has := map[int64]bool{}
	err := s.read(ctx, func(t tx) error {
		var found []int64
		err := t.all(ctx, &found, "ledger_lines", ledger, pq.Int64Array(lines))
		for _, n := range found {
			has[n] = true
		}
		return err
	})
	return has, err
}

// LedgerDone notes that all up to a mark is in this database.
func (s *Store) LedgerDone(ctx context.Context, ledger mailer.ID, m retain.LedgerMark, place string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "ledger_done", ledger, m.Line, m.Offset, append([]byte{}, m.Chain...), place, now); err != nil {
			return err
		}
		_, err := t.exec(ctx, "ledger_fold", ledger, m.Line)
		return err
	})
}

// Ledgers are those that this database has had lines of.
func (s *Store) Ledgers(ctx context.Context) (out []retain.KnownLedger, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ID     mailer.ID `db:"id"`
			Line   int64     `db:"done_line"`
			Place  string    `db:"place"`
			SeenAt instant   `db:"seen_at"`
		}
		err := t.all(ctx, &rows, "ledgers")
		for _, r := range rows {
			out = append(out, retain.KnownLedger{ID: r.ID, Line: r.Line, Place: r.Place, SeenAt: r.SeenAt.Time})
		}
		return err
	})
	return out, err
}

// replays say how entries that were lost with a database are applied again. Each must
// do nothing where that is done already.
var replays = map[mailer.LedgerKind]func(ctx context.Context, t tx, e mailer.LedgerEntry) error{
	mailer.LedgerObjection:   replayObjection,
	mailer.LedgerSuppression: replaySuppression,
	mailer.LedgerErasure:     replaySuppressed, // behind Erase, which took their data
}

// LedgerApply applies an entry and notes its line. Of an erasure it is what keeps people
// from being taken in again.
func (s *Store) LedgerApply(ctx context.Context, p mailer.LedgerPlace, e mailer.LedgerEntry) error {
	return s.write(ctx, func(t tx) error {
		apply, known := replays[e.Kind]
		if !known {
			return fmt.Errorf("line %d of the ledger is of a kind that this program does not know: a newer one wrote it, so use that", p.Line)
		}
		var here int
		if _, err := t.one(ctx, &here, "ledger_controller", e.Controller); err != nil {
			return err
		}
		if here == 0 {
			return fmt.Errorf("line %d of the ledger is of a controller whom this database does not have: it is another database's ledger", p.Line)
		}
		if err := apply(ctx, t, e); err != nil {
			return err
		}
		_, err := t.exec(ctx, "ledger_line_add", records{[]ledgerLine{{p.Ledger, p.Line}}})
		return err
	})
}

// replayObjection has an objection stand again. Of somebody whom this database does not
// have (taken in after the backup) the hashes alone are left, and keep them out.
func replayObjection(ctx context.Context, t tx, e mailer.LedgerEntry) error {
	o := e.Objection
	if o == nil || len(e.Contacts) != 1 {
		return errors.New("an objection of the ledger is not whole")
	}
	var who mailer.ID
	found, err := t.one(ctx, &who, "ledger_contact", e.Controller, e.Contacts[0])
	if err != nil {
		return err
	}
	if !found {
		return replaySuppressed(ctx, t, e)
	}
	n, err := t.exec(ctx, "objection_add", who, o.ID, e.Controller, o.ActivityKey, o.Scope, o.Way, e.At, o.DeliveryID)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "contact_objected", e.Controller, who, e.At); err != nil {
		return err
	}
	if err := replaySuppressed(ctx, t, e); err != nil {
		return err
	}
	counts := tally{}
	counts.add(e.Controller, mailer.ID{}, countObjection, "", string(o.Way), int(n))
	return counts.note(ctx, t, time.Time{})
}

func replaySuppression(ctx context.Context, t tx, e mailer.LedgerEntry) error {
	for _, id := range e.Contacts {
		if _, err := t.exec(ctx, "contact_objected", e.Controller, id, e.At); err != nil {
			return err
		}
	}
	return replaySuppressed(ctx, t, e)
}

func replaySuppressed(ctx context.Context, t tx, e mailer.LedgerEntry) error {
	rows := make([]suppressionRow, len(e.Suppressed))
	for i, h := range e.Suppressed {
		rows[i] = newSuppressionRow(e.Controller, h.Suppression(), e.At)
	}
	return t.suppress(ctx, rows)
}
