package postgres

import (
	"context"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/retain"
)

var _ retain.HoldStore = (*Store)(nil)

// SetHold puts a hold in force. Intake is locked, as every erasure does it: one that is
// under way ends first, and the next one sees the hold.
func (s *Store) SetHold(ctx context.Context, controller mailer.ID, h retain.Hold) error {
	return s.write(ctx, func(t tx) error {
		if err := t.lockIntake(ctx, controller); err != nil {
			return err
		}
		var contact any
		if !h.ContactID.IsZero() {
			var known int
			if _, err := t.one(ctx, &known, "hold_contact", controller, h.ContactID); err != nil {
				return err
			}
			if known == 0 {
				return mailer.ErrNoContact
			}
			contact = h.ContactID
		}
		if _, err := t.exec(ctx, "hold_set", h.ID, controller, contact, h.ActivityKey, h.SourceKey, h.Reason, h.ReviewOn.String(), h.SetAt, h.SetBy); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, h.SetAt, h.SetBy, "hold.set", h.ID.String(), map[string]any{"about": h.About(), "review_on": h.ReviewOn.String()}})
	})
}

// holdRow is a row of hold.
type holdRow struct {
	ID          mailer.ID  `db:"id"`
	ContactID   *mailer.ID `db:"contact_id"`
	Activity    string     `db:"activity_key"`
	Source      string     `db:"source_key"`
	Reason      string     `db:"reason"`
	ReviewOn    time.Time  `db:"review_on"`
	SetAt       instant    `db:"set_at"`
	SetBy       string     `db:"set_by"`
	ReleasedAt  instant    `db:"released_at"`
	ReleasedBy  string     `db:"released_by"`
	ReleasedWhy string     `db:"released_why"`
}

func (r holdRow) hold() retain.Hold {
	h := retain.Hold{ID: r.ID, ActivityKey: r.Activity, SourceKey: r.Source, Reason: r.Reason, ReviewOn: calendar.DateOf(r.ReviewOn, time.UTC),
		SetAt: r.SetAt.Time, SetBy: r.SetBy, ReleasedAt: r.ReleasedAt.Time, ReleasedBy: r.ReleasedBy, ReleasedWhy: r.ReleasedWhy}
	if r.ContactID != nil {
		h.ContactID = *r.ContactID
	}
	return h
}

// Holds gives the holds in force, or all that there ever were.
func (s *Store) Holds(ctx context.Context, controller mailer.ID, released bool) (out []retain.Hold, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []holdRow
		err := t.all(ctx, &rows, "holds", controller, released)
		for _, r := range rows {
			out = append(out, r.hold())
		}
		return err
	})
	return out, err
}

// holds are those in force by contact; under the zero id, those about everybody.
func (t tx) holds(ctx context.Context, controller mailer.ID, contacts []mailer.ID) (map[mailer.ID][]retain.Hold, error) {
	var rows []holdRow
	err := t.all(ctx, &rows, "holds_of", controller, uuids(contacts))
	out := map[mailer.ID][]retain.Hold{}
	for _, r := range rows {
		h := r.hold()
		out[h.ContactID] = append(out[h.ContactID], h)
	}
	return out, err
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(ctx context.Context, controller, hold mailer.ID, by, why string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "hold_release", controller, hold, now, by, why)
		if err != nil {
			return err
		}
		if n == 0 {
			return retain.ErrNoHold
		}
		return t.audit(ctx, entry{controller, now, by, "hold.release", hold.String(), nil})
	})
}

// SaveRun stores how far a run of the deletion job has come.
func (s *Store) SaveRun(ctx context.Context, controller mailer.ID, r retain.Run) error {
	return s.write(ctx, func(t tx) error {
		counts := append([]retain.RunCount{}, r.Counts...)
		if _, err := t.exec(ctx, "run_save", controller, r.ID, r.StartedAt, null(r.EndedAt), r.People, r.Whole, r.Waiting, r.Held, records{counts}); err != nil {
			return err
		}
		_, err := t.exec(ctx, "run_drop_empty", controller, r.ID, r.StartedAt)
		return err
	})
}

// Runs gives the runs of the deletion job before one, the newest first; before the zero id, the newest.
func (s *Store) Runs(ctx context.Context, controller, before mailer.ID, limit int) (out []retain.Run, err error) {
	if before.IsZero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ID        mailer.ID                   `db:"id"`
			StartedAt instant                     `db:"started_at"`
			EndedAt   instant                     `db:"ended_at"`
			People    int                         `db:"people"`
			Whole     int                         `db:"whole"`
			Waiting   int                         `db:"waiting"`
			Held      int                         `db:"held"`
			Counts    document[[]retain.RunCount] `db:"counts"`
		}
		err := t.all(ctx, &rows, "runs", controller, before, limit)
		for _, r := range rows {
			out = append(out, retain.Run{ID: r.ID, StartedAt: r.StartedAt.Time, EndedAt: r.EndedAt.Time, People: r.People, Whole: r.Whole,
				Waiting: r.Waiting, Held: r.Held, Counts: r.Counts.v})
		}
		return err
	})
	return out, err
}
