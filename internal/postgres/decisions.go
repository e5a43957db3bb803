package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/retain"
)

// Tell puts the decision on record that a contact is told, and opens what waited
// for it.
func (s *Store) Tell(ctx context.Context, controller mailer.ID, d retain.Decision) (opened int, err error) {
	err = s.write(ctx, func(t tx) error {
		// No import quarantines beside this what it opens.
		if err := t.lockIntake(ctx, controller); err != nil {
			return err
		}
		n, err := t.exec(ctx, "tell_contact", controller, d.ContactID, d.At)
		if err == nil && n == 0 {
			err = mailer.ErrNoContact
		}
		if err != nil {
			return err
		}
		var was []struct {
			ID mailer.ID `db:"id"`
			standRow
		}
		if err := t.all(ctx, &was, "tell_duties", controller, d.ContactID, texts(retain.TellOpens)); err != nil {
			return err
		}
		var past history
		counts := tally{}
		for _, r := range was {
			counts.duty(controller, r.stand(), dutyStand{State: mailer.DutyOpen, DueAt: r.DueAt.Time})
			past.add(d.ContactID, r.ID, d.At, r.State, mailer.DutyOpen, "decided", mailer.ID{})
		}
		if err := past.write(ctx, t); err != nil {
			return err
		}
		opened = len(was)
		if err := t.decide(ctx, controller, d, map[string]any{"duties": opened}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return opened, err
}

// decide puts a person's decision on record. The audit names who and what; the
// reason stands with the decision alone.
func (t tx) decide(ctx context.Context, controller mailer.ID, d retain.Decision, detail map[string]any) error {
	if _, err := t.exec(ctx, "decision_add", d.ContactID, mailer.NewID(d.At), controller, string(d.Kind), d.At, d.By, d.Why); err != nil {
		return err
	}
	return t.audit(ctx, entry{controller, d.At, d.By, "contact." + string(d.Kind), d.ContactID.String(), detail})
}

// decisions are those about a contact, the oldest first.
func (t tx) decisions(ctx context.Context, contact mailer.ID) (out []retain.Decision, err error) {
	var rows []struct {
		ContactID mailer.ID           `db:"contact_id"`
		Kind      retain.DecisionKind `db:"kind"`
		At        instant             `db:"decided_at"`
		By        string              `db:"decided_by"`
		Why       string              `db:"why"`
	}
	err = t.all(ctx, &rows, "contact_decisions", contact)
	for _, r := range rows {
		out = append(out, retain.Decision{ContactID: r.ContactID, Kind: r.Kind, At: r.At.Time, By: r.By, Why: r.Why})
	}
	return out, err
}
