package postgres

import (
	"context"
	"errors"
	"time"

	"article14/mailer"
	"article14/mailer/telling"
)

var _ telling.DeskStore = (*Store)(nil)

// tellingRow is a row of telling, with its values where they are asked for.
type tellingRow struct {
	ContactID mailer.ID        `db:"contact_id"`
	ID        mailer.ID        `db:"id"`
	Recipient string           `db:"recipient_key"`
	Number    int              `db:"number"`
	Event     mailer.TellEvent `db:"event"`
	Activity  string           `db:"activity_key"`
	Way       mailer.TellWay   `db:"way"`
	State     mailer.TellState `db:"state"`
	MadeAt    instant          `db:"made_at"`
	KeepUntil instant          `db:"keep_until"`
	ReadyAt   instant          `db:"ready_at"`
	Tries     int              `db:"tries"`
	EndedAt   instant          `db:"ended_at"`
	EndedBy   string           `db:"ended_by"`
	EndedWhy  string           `db:"ended_why"`
	Body      string           `db:"body"`
}

func (r tellingRow) written() telling.Written {
	return telling.Written{Entry: telling.Entry{ID: r.ID, ContactID: r.ContactID, RecipientKey: r.Recipient, Number: r.Number, Event: r.Event, ActivityKey: r.Activity,
		By: r.Way, State: r.State, MadeAt: r.MadeAt.Time, KeepUntil: r.KeepUntil.Time, ReadyAt: r.ReadyAt.Time, Tries: r.Tries,
		EndedAt: r.EndedAt.Time, EndedBy: r.EndedBy, EndedWhy: r.EndedWhy}, Body: []byte(r.Body)}
}

// Tellings gives a page, the newest first.
func (s *Store) Tellings(ctx context.Context, controller mailer.ID, q telling.Query) (out []telling.Entry, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []tellingRow
		err := t.all(ctx, &rows, "tellings", controller, string(q.State), q.Recipient, q.Contact, q.Before, q.Limit)
		for _, r := range rows {
			out = append(out, r.written().Entry)
		}
		return err
	})
	return out, err
}

// Telling gives one with its attempts.
func (s *Store) Telling(ctx context.Context, controller, id mailer.ID) (w telling.Written, tries []telling.Try, err error) {
	err = s.read(ctx, func(t tx) error {
		r, err := t.telling(ctx, controller, id)
		if err != nil {
			return err
		}
		w = r.written()
		var rows []struct {
			BegunAt instant       `db:"begun_at"`
			EndedAt instant       `db:"ended_at"`
			Status  int           `db:"status"`
			Fault   telling.Fault `db:"fault"`
		}
		err = t.all(ctx, &rows, "telling_attempts", r.ContactID, r.ID)
		for _, a := range rows {
			tries = append(tries, telling.Try{BegunAt: a.BegunAt.Time, EndedAt: a.EndedAt.Time, Status: a.Status, Fault: a.Fault})
		}
		return err
	})
	return w, tries, err
}

func (t tx) telling(ctx context.Context, controller, id mailer.ID) (r tellingRow, err error) {
	found, err := t.one(ctx, &r, "telling", controller, id)
	if err == nil && !found {
		err = telling.ErrNoTelling
	}
	return r, err
}

// RetryTelling has a dead one tried again.
func (s *Store) RetryTelling(ctx context.Context, controller, id mailer.ID, o telling.Order) error {
	return s.write(ctx, func(t tx) error {
		r, err := t.telling(ctx, controller, id)
		if err != nil {
			return err
		}
		counts := tally{}
		if err := t.retryTelling(ctx, controller, r, o.At, counts); err != nil {
			return err
		}
		if err := t.audit(ctx, entry{controller, o.At, o.By, "telling.retry", id.String(), map[string]any{"why": o.Why}}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
}

// tellingQueue locks all that a recipient is told of one person, so that nothing of it is claimed
// while somebody decides about one.
func (t tx) tellingQueue(ctx context.Context, r tellingRow) ([]telling.Place, error) {
	var rows []struct {
		ID     mailer.ID        `db:"id"`
		Number int              `db:"number"`
		State  mailer.TellState `db:"state"`
	}
	err := t.all(ctx, &rows, "telling_lock_person", r.ContactID, r.Recipient)
	queue := make([]telling.Place, len(rows))
	for i, p := range rows {
		queue[i] = telling.Place{ID: p.ID, Number: p.Number, State: p.State}
	}
	return queue, err
}

// retryTelling has a dead one wait again.
func (t tx) retryTelling(ctx context.Context, controller mailer.ID, r tellingRow, now time.Time, counts tally) error {
	queue, err := t.tellingQueue(ctx, r)
	if err != nil {
		return err
	}
	if err := telling.MayRetry(r.ID, queue); err != nil {
		return err
	}
	counts.telling(controller, mailer.TellDead, r.Way, mailer.TellWaiting, r.Way)
	_, err = t.exec(ctx, "telling_retry", r.ContactID, r.ID, now)
	return err
}

// retryAtOnce is how many dead tellings are opened in one transaction.
const retryAtOnce = 200

// RetryRecipient has all dead ones of a recipient tried again, a chunk at a time.
func (s *Store) RetryRecipient(ctx context.Context, controller mailer.ID, recipient string, o telling.Order) (again, overtaken int, enabled bool, err error) {
	var after tellingRow
	for {
		var page []tellingRow
		opened, late := 0, 0
		err := s.write(ctx, func(t tx) error {
			page, opened, late = nil, 0, 0
			if err := t.all(ctx, &page, "telling_dead", controller, recipient, after.MadeAt.Time, after.ContactID.String(), after.ID.String(), retryAtOnce); err != nil {
				return err
			}
			counts := tally{}
			for _, r := range page {
				switch err := t.retryTelling(ctx, controller, r, o.At, counts); {
				case err == nil:
					opened++
				case errors.Is(err, telling.ErrOvertaken), errors.Is(err, telling.ErrState):
					late++
				default:
					return err
				}
			}
			if len(page) == retryAtOnce {
				return counts.note(ctx, t, time.Time{})
			}
			n, err := t.exec(ctx, "telling_enable", controller, recipient)
			if enabled = n > 0; err != nil || !enabled && again+opened+overtaken+late == 0 {
				return err
			}
			detail := map[string]any{"why": o.Why, "again": again + opened, "overtaken": overtaken + late}
			if err := t.audit(ctx, entry{controller, o.At, o.By, "telling.retry", recipient, detail}); err != nil {
				return err
			}
			return counts.note(ctx, t, time.Time{})
		})
		if err != nil {
			return again, overtaken, false, err
		}
		again, overtaken = again+opened, overtaken+late
		if len(page) < retryAtOnce {
			return again, overtaken, enabled, nil
		}
		after = page[len(page)-1]
	}
}

// TellingDone ends one that a person told by other means.
func (s *Store) TellingDone(ctx context.Context, controller, id mailer.ID, o telling.Order) error {
	return s.write(ctx, func(t tx) error {
		r, err := t.telling(ctx, controller, id)
		if err != nil {
			return err
		}
		queue, err := t.tellingQueue(ctx, r)
		if err != nil {
			return err
		}
		if err := telling.MayBeDone(id, queue); err != nil {
			return err
		}
		if r, err = t.telling(ctx, controller, id); err != nil { // as it stands now that it is locked
			return err
		}
		if _, err := t.exec(ctx, "telling_end", r.ContactID, r.ID, string(mailer.TellDone), o.At, o.By, o.Why); err != nil {
			return err
		}
		counts := tally{}
		if err := t.endTellings(ctx, controller, []tellingEnded{{ContactID: r.ContactID, ID: r.ID, Was: r.State, Way: r.Way}}, mailer.TellDone, counts); err != nil {
			return err
		}
		if err := t.audit(ctx, entry{controller, o.At, o.By, "telling.done", id.String(), map[string]any{"why": o.Why}}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
}

// ToExport gives the next tellings that no machine will tell.
func (s *Store) ToExport(ctx context.Context, controller mailer.ID, recipient string, after telling.After, limit int) (out []telling.Written, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []tellingRow
		err := t.all(ctx, &rows, "telling_to_export", controller, recipient, after.MadeAt, after.ContactID.String(), after.ID.String(), limit)
		for _, r := range rows {
			out = append(out, r.written())
		}
		return err
	})
	return out, err
}

// Exported marks what a list gave out.
func (s *Store) Exported(ctx context.Context, controller mailer.ID, recipient string, ids []mailer.DutyRef, o telling.Order) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		keys := make([]dutyKey, len(ids))
		for i, id := range ids {
			keys[i] = dutyKey{id.ContactID, id.ID}
		}
		var ended []tellingEnded
		err := t.all(ctx, &ended, "telling_exported", controller, recipient, records{keys}, o.At, o.By, o.Why)
		if n = len(ended); err != nil || n == 0 {
			return err
		}
		counts := tally{}
		if err := t.endTellings(ctx, controller, ended, mailer.TellTold, counts); err != nil {
			return err
		}
		if err := t.audit(ctx, entry{controller, o.At, o.By, "telling.export", recipient, map[string]any{"tellings": n}}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}
