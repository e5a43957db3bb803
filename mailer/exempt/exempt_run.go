package exempt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"article14/mailer"
)

// Store keeps exemptions. Each method is one transaction.
type Store interface {
	// CountExcusable counts whom an exemption would excuse, and how many of their duties.
	CountExcusable(ctx context.Context, controller mailer.ID, e Exemption) (people, duties int64, err error)
	AddExemption(ctx context.Context, controller mailer.ID, e Exemption) error
	// Exemption finds one, or fails with ErrNoExemption.
	Exemption(ctx context.Context, controller, id mailer.ID) (Exemption, error)
	// Exemptions lists them, those first that are reviewed first; running leaves out the ended ones.
	Exemptions(ctx context.Context, controller mailer.ID, running bool) ([]Exemption, error)
	// MoveExemption takes one from a state to another and writes who did it; it
	// fails with ErrState where it is in none of from.
	MoveExemption(ctx context.Context, controller, id mailer.ID, from []State, to State, by string, now time.Time) error
	// ExcuseSome excuses the next duties of an exemption in state excusing: open,
	// failed, or blocked for another reason than the data themselves, opened before it
	// was proposed. It returns 0 where none are left.
	ExcuseSome(ctx context.Context, controller, id mailer.ID, limit int, now time.Time) (int, error)
	// ReopenSome opens the next duties of an exemption in state ending. It returns 0
	// where none are left.
	ReopenSome(ctx context.Context, controller, id mailer.ID, limit int, now time.Time) (int, error)
	// EndTold ends duties of people who were told before, see AfterTold: the next
	// ones behind after. It returns the last that it looked at, zero at the end.
	EndTold(ctx context.Context, controller mailer.ID, after mailer.DutyRef, limit int, now time.Time) (mailer.DutyRef, error)
}

// Exemptions decides who need not be told (14(5), E4).
type Exemptions struct {
	Store      Store
	Controller mailer.ID
	Zone       *time.Location
	Now        func() time.Time
}

// exemptAtOnce is how many duties one transaction excuses or opens again.
const exemptAtOnce = 1000

// Propose puts an exemption on record. That of one person is carried out at once;
// that of all whom a filter finds changes nothing until somebody else confirms it.
func (x *Exemptions) Propose(ctx context.Context, e Exemption) (Exemption, error) {
	now := x.Now()
	if err := e.Check(now, x.Zone); err != nil {
		return e, err
	}
	if err := excusable(e.Filter); err != nil {
		return e, err
	}
	e.ID, e.State, e.ProposedAt, e.ReviewAt = mailer.NewID(now), Proposed, now, e.ReviewOn.StartOf(x.Zone).UTC()
	if !e.ContactID.IsZero() {
		e.State = Excusing
	}
	var err error
	if e.People, e.Duties, err = x.Store.CountExcusable(ctx, x.Controller, e); err != nil {
		return e, err
	}
	if e.Duties == 0 {
		return e, errors.New("there is nothing to excuse: only duties that are open, failed, or blocked for another reason than the data themselves can be")
	}
	if err := x.Store.AddExemption(ctx, x.Controller, e); err != nil || e.State == Proposed {
		return e, err
	}
	return x.carryOut(ctx, e.ID, nil)
}

// excusable refuses a filter for what no exemption can excuse.
func excusable(f mailer.DutyFilter) error {
	for _, r := range f.Reasons {
		if r.AboutData() {
			return fmt.Errorf("what is blocked as %s cannot be excused: not telling people does not make their data usable (S4, T3); erase them, or decide about them", r)
		}
	}
	for _, s := range f.States {
		if s != mailer.DutyOpen && s != mailer.DutyFailed && s != mailer.DutyBlocked {
			return fmt.Errorf("only duties that are open, failed or blocked can be excused, not those that are %s", s)
		}
	}
	return nil
}

// Confirm carries out a proposal in the name of a second person. Broken off, it
// goes on when it is confirmed again, or when a worker finds it. onProgress is told
// how many duties are excused, and may be nil.
func (x *Exemptions) Confirm(ctx context.Context, id mailer.ID, by string, onProgress func(int64)) (Exemption, error) {
	e, err := x.Store.Exemption(ctx, x.Controller, id)
	if err != nil {
		return e, err
	}
	if SamePerson(e.ProposedBy, by) || nameless(by) {
		return e, errors.New("E4: an exemption of many people needs a second name: somebody else than its author confirms it")
	}
	if e.State != Excusing {
		if !e.ReviewAt.After(x.Now()) {
			return e, errors.New("E4: the review date of this proposal has passed: make a new one")
		}
		if err := x.Store.MoveExemption(ctx, x.Controller, id, []State{Proposed}, Excusing, by, x.Now()); err != nil {
			return e, err
		}
	}
	return x.carryOut(ctx, id, onProgress)
}

func nameless(name string) bool { return SamePerson(name, "") }

// carryOut excuses everybody, chunk by chunk.
func (x *Exemptions) carryOut(ctx context.Context, id mailer.ID, onProgress func(int64)) (Exemption, error) {
	var done int64
	for {
		n, err := x.Store.ExcuseSome(ctx, x.Controller, id, exemptAtOnce, x.Now())
		if err != nil {
			return Exemption{}, fmt.Errorf("the exemption was broken off: %w; what was excused stands, and confirming it again goes on", err)
		}
		if n == 0 {
			break
		}
		if done += int64(n); onProgress != nil {
			onProgress(done)
		}
	}
	return x.Store.Exemption(ctx, x.Controller, id)
}

// Withdraw ends an exemption before its review, or drops a proposal. Its duties are open again.
func (x *Exemptions) Withdraw(ctx context.Context, id mailer.ID, by string) (Exemption, error) {
	from := []State{Proposed, Excusing, InForce}
	if err := x.Store.MoveExemption(ctx, x.Controller, id, from, Ending, by, x.Now()); err != nil {
		return Exemption{}, err
	}
	return x.reopen(ctx, id)
}

func (x *Exemptions) reopen(ctx context.Context, id mailer.ID) (Exemption, error) {
	for {
		n, err := x.Store.ReopenSome(ctx, x.Controller, id, exemptAtOnce, x.Now())
		if err != nil {
			return Exemption{}, fmt.Errorf("not all duties are open again: %w; a worker goes on with it", err)
		}
		if n == 0 {
			return x.Store.Exemption(ctx, x.Controller, id)
		}
	}
}

// KeepHouse does what comes with time: it ends duties of people who were told before,
// goes on with exemptions that were broken off, and ends those whose review has come.
func (x *Exemptions) KeepHouse(ctx context.Context) error {
	now := x.Now()
	for after, first := (mailer.DutyRef{}), true; first || after != (mailer.DutyRef{}); first = false {
		var err error
		if after, err = x.Store.EndTold(ctx, x.Controller, after, exemptAtOnce, now); err != nil {
			return fmt.Errorf("end the duties of people who were told before: %w", err)
		}
	}
	running, err := x.Store.Exemptions(ctx, x.Controller, true)
	if err != nil {
		return err
	}
	for _, e := range running {
		if err := x.keep(ctx, e, now); err != nil {
			return fmt.Errorf("exemption %s: %w", e.ID, err)
		}
	}
	return nil
}

// ReviewCame is the alert that people are owed a notice again whom an exemption had excused.
func ReviewCame(e Exemption) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertExemptionReviewed, Subject: e.ID.String(),
		Detail: fmt.Sprintf("its review date %s has come: the duties that it excused are open again; weigh it anew, or tell the people", e.ReviewOn)}
}

// keep does what is due about one exemption.
func (x *Exemptions) keep(ctx context.Context, e Exemption, now time.Time) (err error) {
	reviewed := !e.ReviewAt.After(now)
	switch {
	case e.State == Ending:
		_, err = x.reopen(ctx, e.ID)
	case reviewed && (e.State == InForce || e.State == Excusing):
		if err = x.Store.MoveExemption(ctx, x.Controller, e.ID, []State{e.State}, Ending, "", now); err == nil {
			_, err = x.reopen(ctx, e.ID)
		}
	case e.State == Excusing:
		_, err = x.carryOut(ctx, e.ID, nil)
	}
	if errors.Is(err, ErrState) { // somebody else moved it meanwhile
		return nil
	}
	return err
}
