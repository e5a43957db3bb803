package postgres

import (
	"context"
	"errors"
	"time"

	"article14/mailer"
	"article14/mailer/deliver"
)

var _ deliver.InstanceStore = (*Store)(nil)
var _ deliver.HeartStore = (*Store)(nil)

// Recognise compares where the database stands with where it stood, and holds it
// if it has moved. While all is well it only reads.
func (s *Store) Recognise(ctx context.Context, now time.Time) (i deliver.Instance, err error) {
	known := false
	err = s.read(ctx, func(t tx) error {
		i, known, err = t.instance(ctx)
		return err
	})
	if err != nil || known && (i.Held() || i.Place == i.Here) {
		return i, err
	}
	err = s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "instance_add", mailer.NewID(now), now); err != nil {
			return err
		}
		if i, _, err = t.lockInstance(ctx); err != nil || i.Held() || i.Place == i.Here {
			return err
		}
		why := i.Place.Moved(i.Here)
		if why == "" {
			_, err := t.exec(ctx, "instance_refine", string(i.Here))
			return err
		}
		if _, err := t.exec(ctx, "instance_hold", now, why); err != nil {
			return err
		}
		if err := t.auditInstance(ctx, now, "article14", "instance.hold", i.ID, map[string]any{"why": why, "was": i.Place, "is": i.Here}); err != nil {
			return err
		}
		i, _, err = t.instance(ctx)
		return err
	})
	return i, err
}

// NameInstance gives a label to an instance that has none.
func (s *Store) NameInstance(ctx context.Context, label string) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "instance_label", label)
		return err
	})
}

// Adopt makes this copy the one that sends.
func (s *Store) Adopt(ctx context.Context, label, by, why string, now time.Time) (i deliver.Instance, err error) {
	err = s.write(ctx, func(t tx) error {
		was, found, err := t.lockInstance(ctx)
		if err == nil && !found {
			err = errors.New("nothing has run on this database yet: there is nothing to adopt")
		}
		if err != nil {
			return err
		}
		id := mailer.NewID(now)
		if _, err := t.exec(ctx, "instance_adopt", id, label); err != nil {
			return err
		}
		if err := t.auditInstance(ctx, now, by, "instance.adopt", id,
			map[string]any{"why": why, "was": was.Place, "is": was.Here, "was_id": was.ID, "was_label": was.Label, "label": label}); err != nil {
			return err
		}
		i, _, err = t.instance(ctx)
		return err
	})
	return i, err
}

func (t tx) instance(ctx context.Context) (deliver.Instance, bool, error) {
	var r struct {
		ID         mailer.ID     `db:"id"`
		CreatedAt  instant       `db:"created_at"`
		Label      string        `db:"label"`
		Place      deliver.Place `db:"place"`
		Here       deliver.Place `db:"here"`
		HeldAt     instant       `db:"held_at"`
		HeldReason string        `db:"held_reason"`
	}
	found, err := t.one(ctx, &r, "instance")
	return deliver.Instance{ID: r.ID, CreatedAt: r.CreatedAt.Time, Label: r.Label, Place: r.Place, Here: r.Here,
		HeldAt: r.HeldAt.Time, HeldReason: r.HeldReason}, found, err
}

// lockInstance keeps two processes that start at once from deciding both.
func (t tx) lockInstance(ctx context.Context) (deliver.Instance, bool, error) {
	var id mailer.ID
	if _, err := t.one(ctx, &id, "instance_lock"); err != nil {
		return deliver.Instance{}, false, err
	}
	return t.instance(ctx)
}

// auditInstance writes into the record of every controller that lives here.
func (t tx) auditInstance(ctx context.Context, now time.Time, actor, action string, id mailer.ID, detail map[string]any) error {
	var controllers []mailer.ID
	if err := t.all(ctx, &controllers, "instance_controllers"); err != nil {
		return err
	}
	for _, c := range controllers {
		if err := t.audit(ctx, entry{c, now, actor, action, id.String(), detail}); err != nil {
			return err
		}
	}
	return nil
}

// Beat writes a heartbeat down, and forgets workers that are long gone.
func (s *Store) Beat(ctx context.Context, controller mailer.ID, h deliver.Heartbeat, forget time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "heartbeat", h.Worker, controller, h.Host, h.Relay, string(h.RelayState), h.Connections, h.Allowed, h.InFlight, h.StartedAt, h.SeenAt); err != nil {
			return err
		}
		_, err := t.exec(ctx, "heartbeat_forget", controller, forget)
		return err
	})
}

// Leave removes a worker that stops as it should.
func (s *Store) Leave(ctx context.Context, worker mailer.ID) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "heartbeat_leave", worker)
		return err
	})
}

func (t tx) heartbeats(ctx context.Context, controller mailer.ID) ([]deliver.Heartbeat, error) {
	var rows []struct {
		ID          mailer.ID          `db:"id"`
		Host        string             `db:"host"`
		Relay       string             `db:"relay"`
		RelayState  deliver.RelayState `db:"relay_state"`
		Connections int                `db:"connections"`
		Allowed     int                `db:"allowed"`
		InFlight    int                `db:"in_flight"`
		StartedAt   instant            `db:"started_at"`
		SeenAt      instant            `db:"seen_at"`
	}
	err := t.all(ctx, &rows, "heartbeats", controller)
	out := make([]deliver.Heartbeat, len(rows))
	for i, r := range rows {
		out[i] = deliver.Heartbeat{Worker: r.ID, Host: r.Host, Relay: r.Relay, RelayState: r.RelayState, Connections: r.Connections,
			Allowed: r.Allowed, InFlight: r.InFlight, StartedAt: r.StartedAt.Time, SeenAt: r.SeenAt.Time}
	}
	return out, err
}
