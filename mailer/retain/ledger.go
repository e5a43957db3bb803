package retain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"article14/mailer"
)

// LedgerMark is a place in a ledger: behind a line, with what the next one builds on.
type LedgerMark struct {
	Line   int64
	Offset int64
	Chain  []byte
}

// KnownLedger is a ledger of which a database has had lines.
type KnownLedger struct {
	ID     mailer.ID `json:"id"`
	Line   int64     `json:"line"`  // up to which all are in the database
	Place  string    `json:"place"` // host and path where it was last seen
	SeenAt time.Time `json:"seen_at"`
}

// LedgerReader reads a ledger.
type LedgerReader interface {
	ID() mailer.ID
	// Read visits each entry behind a mark, in order, and gives the mark behind the last.
	// It fails where the ledger is not what was written.
	Read(from LedgerMark, visit func(mailer.LedgerEntry, LedgerMark) error) (LedgerMark, error)
}

// LedgerStore is what a replay asks of the database.
type LedgerStore interface {
	// LedgerMark gives how far all of a ledger is in the database.
	LedgerMark(ctx context.Context, ledger mailer.ID) (LedgerMark, error)
	// LedgerHas gives which of some lines are in it.
	LedgerHas(ctx context.Context, ledger mailer.ID, lines []int64) (map[int64]bool, error)
	// LedgerApply applies an entry, of an erasure the suppressions alone, and notes its line.
	// What is there already it leaves.
	LedgerApply(ctx context.Context, p mailer.LedgerPlace, e mailer.LedgerEntry) error
	// LedgerDone notes that all up to a mark is in the database, seen at a place.
	LedgerDone(ctx context.Context, ledger mailer.ID, m LedgerMark, place string, now time.Time) error
	// Rescue ends claims whose lease has passed, a few at a time.
	Rescue(ctx context.Context, controller mailer.ID, now, uncertainUntil time.Time) (queued, uncertain int, err error)
	// Erase is that of Store.
	Erase(ctx context.Context, controller mailer.ID, contacts []mailer.ID, by *Decision, now time.Time, decide func(Held) (Erasing, error)) (done, waiting int, err error)
}

// Replay brings into a database what its ledger has and it has not: the database was
// restored from before, or a process was killed between the two (R5). Every entry that is
// there already changes nothing, so that a replay may be broken off and done again.
type Replay struct {
	Store  LedgerStore
	Ledger LedgerReader
	Place  string // host and path of the ledger, for people
	Now    func() time.Time
	Log    *slog.Logger
}

// Replayed counts a replay.
type Replayed struct {
	Read    int64 `json:"read"`    // entries behind the mark
	Applied int64 `json:"applied"` // of them, those that the database had not
	Erased  int   `json:"erased"`  // people
	Waiting int   `json:"waiting"` // people who are in a worker's hands: they are erased by the next replay
}

// ErrReplayWaits says that somebody is in the database who was erased.
var ErrReplayWaits = errors.New("the ledger has people erased of whom a notice is in a worker's hands: that comes to its end first")

// replayPage is how many entries are compared with the database at a time.
const replayPage = 500

// Run replays. With ErrReplayWaits all else is applied.
func (r *Replay) Run(ctx context.Context) (out Replayed, err error) {
	from, err := r.Store.LedgerMark(ctx, r.Ledger.ID())
	if err != nil {
		return out, err
	}
	p := replaying{Replay: r, ctx: ctx, out: &out, done: from}
	if _, err = r.Ledger.Read(from, p.take); err == nil {
		err = p.flush()
	}
	if err != nil {
		return out, err
	}
	if out.Applied > 0 {
		r.Log.Warn("the ledger had what this database had not: it is applied", "entries", out.Applied, "people_erased", out.Erased)
	}
	if out.Waiting > 0 {
		return out, fmt.Errorf("%w (%d)", ErrReplayWaits, out.Waiting)
	}
	return out, nil
}

// KeepHouse replays what a process that was killed has left, and moves the mark on.
func (r *Replay) KeepHouse(ctx context.Context) error {
	_, err := r.Run(ctx)
	if errors.Is(err, ErrReplayWaits) {
		return nil // the next round sees to them
	}
	return err
}

// replaying is a replay under way.
type replaying struct {
	*Replay
	ctx  context.Context
	out  *Replayed
	page []pending
	done LedgerMark // all up to it is in the database
	gap  bool       // something behind done is not
}

type pending struct {
	entry  mailer.LedgerEntry
	behind LedgerMark
}

func (p *replaying) take(e mailer.LedgerEntry, behind LedgerMark) error {
	p.page = append(p.page, pending{e, behind})
	if len(p.page) < replayPage {
		return nil
	}
	return p.flush()
}

// flush applies what a page has and the database has not, and moves the mark on as
// far as nothing is missing before it.
func (p *replaying) flush() error {
	lines := make([]int64, len(p.page))
	for i, e := range p.page {
		lines[i] = e.behind.Line
	}
	has, err := p.Store.LedgerHas(p.ctx, p.Ledger.ID(), lines)
	if err != nil {
		return err
	}
	for _, e := range p.page {
		p.out.Read++
		if !has[e.behind.Line] {
			applied, err := p.apply(e)
			if err != nil {
				return err
			}
			p.gap = p.gap || !applied
		}
		if !p.gap {
			p.done = e.behind
		}
	}
	p.page = p.page[:0]
	return p.Store.LedgerDone(p.ctx, p.Ledger.ID(), p.done, p.Place, p.Now())
}

func (p *replaying) apply(e pending) (bool, error) {
	if e.entry.Kind == mailer.LedgerErasure {
		waiting, err := p.erase(e.entry)
		if err != nil || waiting > 0 {
			p.out.Waiting += waiting
			return false, err
		}
	}
	if err := p.Store.LedgerApply(p.ctx, mailer.LedgerPlace{Ledger: p.Ledger.ID(), Line: e.behind.Line}, e.entry); err != nil {
		return false, err
	}
	p.out.Applied++
	return true, nil
}

// erase has people go again whom this database still has. What a worker had in hand when
// the backup was made is in nobody's hands as soon as its lease has passed.
func (p *replaying) erase(e mailer.LedgerEntry) (waiting int, err error) {
	if waiting, err = p.eraseOnce(e); err != nil || waiting == 0 {
		return waiting, err
	}
	for rescued := 1; rescued > 0; {
		queued, uncertain, err := p.Store.Rescue(p.ctx, e.Controller, p.Now(), p.Now())
		if err != nil {
			return waiting, err
		}
		rescued = queued + uncertain
	}
	return p.eraseOnce(e)
}

func (p *replaying) eraseOnce(e mailer.LedgerEntry) (waiting int, err error) {
	cause := EraseCause(e.Cause)
	var by *Decision
	if cause == EraseDecided && len(e.Contacts) == 1 {
		by = &Decision{e.Contacts[0], DecideErase, e.At, "article14", "they were erased before this database was restored: the ledger has it"}
	}
	done, waiting, err := p.Store.Erase(p.ctx, e.Controller, e.Contacts, by, p.Now(), func(h Held) (Erasing, error) {
		rules := eraseRules{again: true, now: p.Now(), current: &mailer.Register{Controller: mailer.Controller{Zone: zoneOf(h)}}}
		plan, err := rules.everything(h)
		plan.Cause, plan.Replayed, plan.Suppress = cause, true, nil
		for i := range plan.Duties {
			plan.Duties[i].Cause = cause
		}
		return plan, err
	})
	p.out.Erased += done
	return waiting, err
}

// zoneOf is the controller's zone, as the dates of what somebody is owed were counted.
func zoneOf(h Held) *time.Location {
	for _, d := range h.Duties {
		if zone, err := time.LoadLocation(d.Due.Inputs.Zone); err == nil && d.Due.Inputs.Zone != "" {
			return zone
		}
	}
	return time.UTC
}
