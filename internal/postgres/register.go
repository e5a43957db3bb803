package postgres

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"article14/mailer"
)

var _ mailer.RegisterStore = (*Store)(nil)

// registerRow is a row of register_version.
type registerRow struct {
	ID           mailer.ID `db:"id"`
	ControllerID mailer.ID `db:"controller_id"`
	Version      int       `db:"version"`
	Hash         []byte    `db:"hash"`
	Body         []byte    `db:"body"`
	AppliedAt    instant   `db:"applied_at"`
	AppliedBy    string    `db:"applied_by"`
}

func (r registerRow) version() mailer.RegisterVersion {
	return mailer.RegisterVersion{
		ID: r.ID, ControllerID: r.ControllerID, Version: r.Version, Hash: r.Hash, Body: r.Body,
		AppliedAt: r.AppliedAt.Time, AppliedBy: r.AppliedBy,
	}
}

// ApplyRegister stores a register as the next version of its controller.
func (s *Store) ApplyRegister(ctx context.Context, controllerKey string, body, hash []byte, by string, now time.Time) (v mailer.RegisterVersion, made bool, err error) {
	err = s.write(ctx, func(t tx) error {
		// The row stays locked to the end: two who apply at once get two versions in a row.
		var controller mailer.ID
		if _, err := t.one(ctx, &controller, "register_controller", mailer.NewID(now), controllerKey, now); err != nil {
			return err
		}
		var newest registerRow
		found, err := t.one(ctx, &newest, "register_newest", controller)
		if err != nil {
			return err
		}
		if found && bytes.Equal(newest.Hash, hash) {
			v = newest.version()
			return nil
		}
		made = true
		v = mailer.RegisterVersion{
			ID: mailer.NewID(now), ControllerID: controller, Version: newest.Version + 1,
			Hash: hash, Body: body, AppliedAt: now.UTC(), AppliedBy: by,
		}
		if _, err := t.exec(ctx, "register_add", v.ID, v.ControllerID, v.Version, v.Hash, v.Body, v.AppliedAt, v.AppliedBy); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "register.apply", v.ID.String(), map[string]any{"version": v.Version}})
	})
	return v, made, err
}

// CurrentRegister is the newest version of a controller, or of the only one. Whoever asks
// the gate has it looked up, so that its body comes once.
func (s *Store) CurrentRegister(ctx context.Context, controllerKey string) (v mailer.RegisterVersion, err error) {
	var ids []mailer.ID
	err = s.look(ctx, func(t tx) error { return t.all(ctx, &ids, "register_current", controllerKey) })
	switch {
	case err != nil:
		return v, err
	case len(ids) == 0 && controllerKey != "":
		return v, fmt.Errorf("controller %q: %w, or look at how its key is written", controllerKey, mailer.ErrNoRegister)
	case len(ids) == 0:
		return v, mailer.ErrNoRegister
	case len(ids) > 1:
		return v, fmt.Errorf("this database holds %d controllers or more: say which one is meant by its key (--controller)", len(ids))
	}
	return s.RegisterVersion(ctx, ids[0])
}

// RegisterVersion finds a version by id.
func (s *Store) RegisterVersion(ctx context.Context, id mailer.ID) (mailer.RegisterVersion, error) {
	return s.registers.Get(id, func() (mailer.RegisterVersion, error) {
		var row registerRow
		err := s.look(ctx, func(t tx) error {
			found, err := t.one(ctx, &row, "register_by_id", id)
			if err == nil && !found {
				err = fmt.Errorf("no register version has the id %s", id)
			}
			return err
		})
		return row.version(), err
	})
}

// RegisterBefore is the version that another one replaced.
func (s *Store) RegisterBefore(ctx context.Context, v mailer.RegisterVersion) (mailer.RegisterVersion, error) {
	var before mailer.RegisterVersion
	err := s.read(ctx, func(t tx) error {
		var row registerRow
		found, err := t.one(ctx, &row, "register_before", v.ControllerID, v.Version)
		if err == nil && !found {
			err = mailer.ErrNoRegister
		}
		before = row.version()
		return err
	})
	return before, err
}

// UnopenedRegisters are the versions whose duties were not all opened, the oldest first.
func (s *Store) UnopenedRegisters(ctx context.Context, controller mailer.ID) (vs []mailer.RegisterVersion, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []registerRow
		err := t.all(ctx, &rows, "register_unopened", controller)
		for _, r := range rows {
			vs = append(vs, r.version())
		}
		return err
	})
	return vs, err
}

// RegisterOpened puts on record that all duties of a version are open. A second
// time changes nothing.
func (s *Store) RegisterOpened(ctx context.Context, version mailer.ID, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "register_opened", version, now)
		return err
	})
}

// OpenDuties lets decide look at the next contacts and opens what it says.
func (s *Store) OpenDuties(ctx context.Context, controller, after mailer.ID, limit int, now time.Time, decide func(mailer.Known) []mailer.Duty) (last mailer.ID, opened int, err error) {
	err = s.write(ctx, func(t tx) error {
		if err := t.lockIntake(ctx, controller); err != nil {
			return err
		}
		var ids []mailer.ID
		if err := t.all(ctx, &ids, "register_contacts", controller, after.String(), limit); err != nil {
			return err
		}
		people, err := t.people(ctx, controller, ids)
		if err != nil {
			return err
		}
		var duties []mailer.Duty
		for _, id := range ids {
			duties = append(duties, decide(people[id].known())...)
		}
		counts := tally{}
		if err := t.arrive(controller, nil, now, counts).addDuties(ctx, duties); err != nil {
			return err
		}
		if opened = len(duties); len(ids) == limit {
			last = ids[len(ids)-1]
		}
		return counts.note(ctx, t, time.Time{})
	})
	return last, opened, err
}

// entry is a line of the audit.
type entry struct {
	controller mailer.ID
	at         time.Time
	actor      string
	action     string
	subject    string
	detail     map[string]any
}

func (t tx) audit(ctx context.Context, e entry) error {
	if e.detail == nil {
		e.detail = map[string]any{}
	}
	_, err := t.exec(ctx, "audit_add", mailer.NewID(e.at), e.controller, e.at, e.actor, e.action, e.subject, records{e.detail})
	return err
}
