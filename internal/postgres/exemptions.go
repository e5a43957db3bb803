package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/exempt"
	"article14/mailer/status"
)

var _ exempt.Store = (*Store)(nil)

// exemptionRow is a row of exemption.
type exemptionRow struct {
	ID          mailer.ID                   `db:"id"`
	ContactID   mailer.ID                   `db:"contact_id"`
	Filter      document[mailer.DutyFilter] `db:"filter"`
	Ground      exempt.Ground               `db:"ground"`
	Because     document[[]exempt.Factor]   `db:"because"`
	Weighing    string                      `db:"weighing"`
	PublicURL   string                      `db:"public_url"`
	Law         string                      `db:"law"`
	ReviewOn    string                      `db:"review_on"`
	ReviewAt    instant                     `db:"review_at"`
	State       exempt.State                `db:"state"`
	People      int64                       `db:"people"`
	Duties      int64                       `db:"duties"`
	Excused     int64                       `db:"excused"`
	Position    mailer.ID                   `db:"position"`
	ProposedAt  instant                     `db:"proposed_at"`
	ProposedBy  string                      `db:"proposed_by"`
	ConfirmedAt instant                     `db:"confirmed_at"`
	ConfirmedBy string                      `db:"confirmed_by"`
	WithdrawnAt instant                     `db:"withdrawn_at"`
	WithdrawnBy string                      `db:"withdrawn_by"`
	EndedAt     instant                     `db:"ended_at"`
}

func (r exemptionRow) exemption() (exempt.Exemption, error) {
	review, err := calendar.Parse(r.ReviewOn)
	return exempt.Exemption{
		ID: r.ID, ContactID: r.ContactID, Filter: r.Filter.v, Ground: r.Ground, Because: r.Because.v, Weighing: r.Weighing,
		PublicURL: r.PublicURL, Law: r.Law, ReviewOn: review, ReviewAt: r.ReviewAt.Time, State: r.State,
		People: r.People, Duties: r.Duties, Excused: r.Excused, Position: r.Position,
		ProposedAt: r.ProposedAt.Time, ProposedBy: r.ProposedBy, ConfirmedAt: r.ConfirmedAt.Time, ConfirmedBy: r.ConfirmedBy,
		WithdrawnAt: r.WithdrawnAt.Time, WithdrawnBy: r.WithdrawnBy, EndedAt: r.EndedAt.Time,
	}, err
}

func exemptionsOf(rows []exemptionRow) ([]exempt.Exemption, error) {
	var out []exempt.Exemption
	for _, r := range rows {
		e, err := r.exemption()
		if err != nil {
			return nil, fmt.Errorf("exemption %s: %w", r.ID, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// lastID is behind every contact.
var lastID = mailer.ID(bytes.Repeat([]byte{0xff}, len(mailer.ID{})))

// excusable are the parameters that exemption_count and exemption_page share.
func excusable(controller mailer.ID, e exempt.Exemption) []any {
	from, until := e.Position, lastID
	if !e.ContactID.IsZero() {
		from, until = e.ContactID, e.ContactID
	}
	f := e.Filter
	return []any{controller, from.String(), until.String(), texts(mailer.BlocksAboutData), e.ProposedAt, f.Activity, texts(f.Sources), texts(f.Countries), texts(f.States),
		texts(f.Reasons), null(f.ObtainedFrom), null(f.ObtainedUntil), null(f.DueBefore)}
}

// CountExcusable counts whom an exemption would excuse, and how many of their duties.
func (s *Store) CountExcusable(ctx context.Context, controller mailer.ID, e exempt.Exemption) (people, duties int64, err error) {
	var n struct {
		People int64 `db:"people"`
		Duties int64 `db:"duties"`
	}
	err = s.read(ctx, func(t tx) error {
		_, err := t.one(ctx, &n, "exemption_count", excusable(controller, e)...)
		return err
	})
	return n.People, n.Duties, err
}

// AddExemption stores a proposal, or an exemption of one person.
func (s *Store) AddExemption(ctx context.Context, controller mailer.ID, e exempt.Exemption) error {
	because := e.Because
	if because == nil {
		because = []exempt.Factor{}
	}
	return s.write(ctx, func(t tx) error {
		var contact any
		if !e.ContactID.IsZero() {
			contact = e.ContactID
		}
		if _, err := t.exec(ctx, "exemption_add", e.ID, controller, contact, records{e.Filter}, string(e.Ground), records{because}, e.Weighing, e.PublicURL, e.Law,
			e.ReviewOn.String(), e.ReviewAt, string(e.State), e.People, e.Duties, e.ProposedAt, e.ProposedBy); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, e.ProposedAt, e.ProposedBy, "exemption." + string(e.State), e.ID.String(),
			map[string]any{"ground": e.Ground, "people": e.People, "duties": e.Duties, "review": e.ReviewOn}})
	})
}

// Exemption finds one, or fails with ErrNoExemption.
func (s *Store) Exemption(ctx context.Context, controller, id mailer.ID) (exempt.Exemption, error) {
	es, err := s.exemptions(ctx, controller, id, false)
	if err != nil || len(es) == 0 {
		if err == nil {
			err = exempt.ErrNoExemption
		}
		return exempt.Exemption{}, err
	}
	return es[0], nil
}

// Exemptions lists them, those first that are reviewed first.
func (s *Store) Exemptions(ctx context.Context, controller mailer.ID, running bool) ([]exempt.Exemption, error) {
	return s.exemptions(ctx, controller, nil, running)
}

func (s *Store) exemptions(ctx context.Context, controller mailer.ID, id any, running bool) (es []exempt.Exemption, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []exemptionRow
		if err := t.all(ctx, &rows, "exemptions", controller, id, running); err != nil {
			return err
		}
		es, err = exemptionsOf(rows)
		return err
	})
	return es, err
}

// excusesOf adds to a person's record what excuses them.
func (t tx) excusesOf(ctx context.Context, contact mailer.ID, r *status.ContactReport) error {
	var told []toldRow
	if err := t.all(ctx, &told, "told_of_contact", contact); err != nil {
		return err
	}
	for _, n := range told {
		r.PriorNotices = append(r.PriorNotices, n.notice())
	}
	var rows []exemptionRow
	if err := t.all(ctx, &rows, "exemptions_of_contact", contact); err != nil {
		return err
	}
	var err error
	r.Exemptions, err = exemptionsOf(rows)
	return err
}

// lockExemption keeps an exemption in its state until the transaction ends.
func (t tx) lockExemption(ctx context.Context, controller, id mailer.ID) (exempt.Exemption, error) {
	var r exemptionRow
	found, err := t.one(ctx, &r, "exemption_lock", controller, id)
	if err == nil && !found {
		err = exempt.ErrNoExemption
	}
	if err != nil {
		return exempt.Exemption{}, err
	}
	return r.exemption()
}

// byItself is who acts where nobody does.
const byItself = "article14"

// MoveExemption takes one from a state to another, and writes who did it; nobody
// is the program itself, at the review.
func (s *Store) MoveExemption(ctx context.Context, controller, id mailer.ID, from []exempt.State, to exempt.State, by string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		e, err := t.lockExemption(ctx, controller, id)
		if err != nil {
			return err
		}
		if !slices.Contains(from, e.State) {
			return exempt.ErrState
		}
		switch {
		case to == exempt.Excusing:
			_, err = t.exec(ctx, "exemption_confirm", id, now, by)
		case to == exempt.Ending && by != "":
			_, err = t.exec(ctx, "exemption_withdraw", id, now, by)
		default:
			_, err = t.exec(ctx, "exemption_move", id, string(to), now)
		}
		if err != nil {
			return err
		}
		if by == "" {
			by = byItself
		}
		return t.audit(ctx, entry{controller, now, by, "exemption." + string(to), id.String(), map[string]any{"from": e.State}})
	})
}

// ExcuseSome excuses the next duties of an exemption; with none left it is in force.
func (s *Store) ExcuseSome(ctx context.Context, controller, id mailer.ID, limit int, now time.Time) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		e, err := t.lockExemption(ctx, controller, id)
		if err != nil {
			return err
		}
		if n = 0; e.State != exempt.Excusing {
			return nil // in force by somebody else's doing, or withdrawn
		}
		var duties []placeableDuty
		if err := t.all(ctx, &duties, "exemption_page", append(excusable(controller, e), limit)...); err != nil {
			return err
		}
		if n = len(duties); n == 0 {
			if _, err := t.exec(ctx, "exemption_move", id, string(exempt.InForce), now); err != nil {
				return err
			}
			return t.audit(ctx, entry{controller, now, byItself, "exemption." + string(exempt.InForce), id.String(), map[string]any{"excused": e.Excused}})
		}
		return t.excuse(ctx, controller, id, duties, now)
	})
	return n, err
}

func (t tx) excuse(ctx context.Context, controller, exemption mailer.ID, duties []placeableDuty, now time.Time) error {
	keys := make([]dutyKey, len(duties))
	counts := tally{}
	var past history
	for i, d := range duties {
		keys[i] = dutyKey{d.ContactID, d.ID}
		counts.duty(controller, d.stand(), dutyStand{mailer.DutyExcused, "", d.DueAt.Time})
		past.add(d.ContactID, d.ID, now, d.State, mailer.DutyExcused, string(mailer.Exempted), mailer.ID{})
	}
	if _, err := t.exec(ctx, "exemption_excuse", records{keys}, exemption, string(mailer.Exempted)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "exemption_link", records{keys}, exemption, now); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "exemption_advance", exemption, duties[len(duties)-1].ContactID, len(duties)); err != nil {
		return err
	}
	if err := past.write(ctx, t); err != nil {
		return err
	}
	return counts.note(ctx, t, time.Time{})
}

// ReopenSome opens the next duties of an exemption again; with none left it has
// ended, and after a review an operator hears of it.
func (s *Store) ReopenSome(ctx context.Context, controller, id mailer.ID, limit int, now time.Time) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		e, err := t.lockExemption(ctx, controller, id)
		if err != nil {
			return err
		}
		if n = 0; e.State != exempt.Ending {
			return nil
		}
		var opened []toldDuty
		if err := t.all(ctx, &opened, "exemption_reopen", controller, id, limit); err != nil {
			return err
		}
		counts := tally{}
		if n = len(opened); n == 0 {
			return t.endExemption(ctx, controller, e, now)
		}
		why := "review"
		if !e.WithdrawnAt.IsZero() {
			why = "withdrawn"
		}
		var past history
		for _, d := range opened {
			counts.duty(controller, dutyStand{mailer.DutyExcused, "", d.DueAt.Time}, dutyStand{mailer.DutyOpen, "", d.DueAt.Time})
			past.add(d.ContactID, d.ID, now, mailer.DutyExcused, mailer.DutyOpen, why, mailer.ID{})
		}
		if err := past.write(ctx, t); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}

func (t tx) endExemption(ctx context.Context, controller mailer.ID, e exempt.Exemption, now time.Time) error {
	if _, err := t.exec(ctx, "exemption_move", e.ID, string(exempt.Ended), now); err != nil {
		return err
	}
	if err := t.audit(ctx, entry{controller, now, byItself, "exemption." + string(exempt.Ended), e.ID.String(), nil}); err != nil {
		return err
	}
	if !e.WithdrawnAt.IsZero() {
		return nil
	}
	counts := tally{}
	if err := t.raiseFound(ctx, controller, []mailer.Alert{exempt.ReviewCame(e)}, now, counts); err != nil {
		return err
	}
	return counts.note(ctx, t, time.Time{})
}
