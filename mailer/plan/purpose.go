package plan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Applied is what applying a register file came to.
type Applied struct {
	Version  mailer.RegisterVersion
	Made     bool // false: the same file was in force already
	Purposes int  // new purposes of activities that were declared before
	Opened   int  // duties opened for them
}

// Registrar puts registers into force.
type Registrar struct {
	Registers *mailer.Registers
}

// Apply stores a register as the next version, and opens a duty for everybody
// whose data are held for an activity that got a new purpose: they are told before
// it begins (14(4), D5). What an earlier run left undone, of this version or of
// one before it, is done with it: run again after any stop, it completes.
func (r Registrar) Apply(ctx context.Context, reg *mailer.Register, body []byte, by string, now time.Time) (Applied, error) {
	before, err := r.currentOrNone(ctx, reg.Controller.Key)
	if err != nil {
		return Applied{}, err
	}
	hash := sha256.Sum256(body)
	if before != nil && !bytes.Equal(before.version.Hash, hash[:]) {
		if err := startsLater(NewPurposes(before.register, reg), reg.Controller.Zone, now); err != nil {
			return Applied{}, err
		}
	}
	var out Applied
	if out.Version, out.Made, err = r.Registers.Store.ApplyRegister(ctx, reg.Controller.Key, body, hash[:], by, now); err != nil {
		return out, err
	}
	unopened, err := r.Registers.Store.UnopenedRegisters(ctx, out.Version.ControllerID)
	if err != nil {
		return out, err
	}
	for _, v := range unopened {
		if err := r.open(ctx, v, reg, now, &out); err != nil {
			return out, fmt.Errorf("open the duties of register version %d: %w; run the same command again", v.Version, err)
		}
	}
	return out, nil
}

// open opens the duties of the purposes that a version brought, and puts on
// record that it did. Nobody is told of a purpose that the register in force no
// longer declares.
func (r Registrar) open(ctx context.Context, v mailer.RegisterVersion, inForce *mailer.Register, now time.Time, out *Applied) error {
	ps, err := r.broughtBy(ctx, v)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if !declares(inForce, p) {
			continue
		}
		n, err := r.openPurpose(ctx, p, v, inForce.Controller.Zone, now)
		out.Opened += n
		if err != nil {
			return fmt.Errorf("purpose %q: %w", p.Key, err)
		}
		out.Purposes++
	}
	return r.Registers.Store.RegisterOpened(ctx, v.ID, now)
}

// broughtBy are the purposes that a version added to the one that it replaced.
func (r Registrar) broughtBy(ctx context.Context, v mailer.RegisterVersion) ([]NewPurpose, error) {
	replaced, err := r.Registers.Store.RegisterBefore(ctx, v)
	if errors.Is(err, mailer.ErrNoRegister) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before, err := r.Registers.Read(replaced)
	if err != nil {
		return nil, err
	}
	after, err := r.Registers.Read(v)
	if err != nil {
		return nil, err
	}
	return NewPurposes(before, after), nil
}

func declares(reg *mailer.Register, p NewPurpose) bool {
	a, _ := reg.Activity(p.Activity)
	return slices.ContainsFunc(a.Purposes, func(q mailer.Purpose) bool { return q.Key == p.Key })
}

type parsedVersion struct {
	version  mailer.RegisterVersion
	register *mailer.Register
}

func (r Registrar) currentOrNone(ctx context.Context, key string) (*parsedVersion, error) {
	v, reg, err := r.Registers.Current(ctx, key)
	if errors.Is(err, mailer.ErrNoRegister) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &parsedVersion{v, reg}, nil
}

// NewPurpose is a purpose that an activity did not have before.
type NewPurpose struct {
	mailer.Purpose
	Activity string
}

// NewPurposes are those of after that activities did not have before. An activity that is
// itself new brings none: nobody's data are held for it yet.
func NewPurposes(before, after *mailer.Register) []NewPurpose {
	var out []NewPurpose
	for _, a := range after.Activities {
		old, declared := before.Activity(a.Key)
		if !declared {
			continue
		}
		known := map[string]bool{}
		for _, p := range old.Purposes {
			known[p.Key] = true
		}
		for _, p := range a.Purposes {
			if !known[p.Key] {
				out = append(out, NewPurpose{p, a.Key})
			}
		}
	}
	return out
}

// startsLater refuses new purposes that do not say from when, or that have begun.
func startsLater(ps []NewPurpose, zone *time.Location, now time.Time) error {
	var missing []string
	for _, p := range ps {
		if p.Starts == nil || !p.Starts.After(calendar.DateOf(now, zone)) {
			missing = append(missing, p.Activity+"."+p.Key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("people must be told of a new purpose before it begins (Article 14(4)): give each of %s a day in 'starts' that is still to come; nothing was changed", strings.Join(missing, ", "))
}

const purposeChunk = 1000

// openPurpose opens a purpose's duties, chunk by chunk. They are due by the end of
// the day before it starts; one that says no day starts with its version.
func (r Registrar) openPurpose(ctx context.Context, p NewPurpose, v mailer.RegisterVersion, zone *time.Location, now time.Time) (opened int, err error) {
	starts := calendar.DateOf(v.AppliedAt, zone)
	if p.Starts != nil { // nil where two applied at once, and one could not see what the other took out
		starts = *p.Starts
	}
	due := mailer.Due{At: starts.AddDays(-1).EndOf(zone).UTC(), Rule: mailer.DueNewPurpose, Inputs: mailer.DueInputs{Zone: zone.String(), Starts: starts}}
	var after mailer.ID
	for {
		last, n, err := r.Registers.Store.OpenDuties(ctx, v.ControllerID, after, purposeChunk, now, func(k mailer.Known) []mailer.Duty {
			return purposeDuty(k, p, due, v.AppliedAt, now)
		})
		opened += n
		if err != nil || last.IsZero() {
			return opened, err
		}
		after = last
	}
}

// purposeDuty is what a person is owed for a new purpose: one duty, however many
// sources their data came from, named after the first. People who came after the
// purpose are told of it with the rest. Where all that is held is quarantined, so
// is the duty (S4).
func purposeDuty(k mailer.Known, p NewPurpose, due mailer.Due, appliedAt, now time.Time) []mailer.Duty {
	cause := mailer.CausePurpose + p.Key
	var first *mailer.Acquisition
	for i, a := range k.Acquisitions {
		if a.ActivityKey == p.Activity && a.ID.Time().Before(appliedAt) && first == nil {
			first = &k.Acquisitions[i]
		}
	}
	if first == nil {
		return nil
	}
	d := mailer.Duty{ID: mailer.NewID(now), ContactID: k.Contact.ID, ActivityKey: p.Activity, SourceKey: first.SourceKey, Cause: cause,
		AcquisitionID: first.ID, ObtainedAt: first.ObtainedAt, Due: due, State: mailer.DutyBlocked, Reason: mailer.BlockQuarantined}
	for _, other := range k.Duties {
		if other.ActivityKey != p.Activity {
			continue
		}
		if other.Cause == cause {
			return nil
		}
		if other.State != mailer.DutyBlocked || other.Reason != mailer.BlockQuarantined {
			d.State, d.Reason = mailer.DutyOpen, ""
		}
		if at := other.Due.Inputs.ReadAt; d.Due.Inputs.ReadAt.IsZero() || !at.IsZero() && at.Before(d.Due.Inputs.ReadAt) {
			d.Due.Inputs.ReadAt = at // storage counts from here where the obtaining is unknown (T1, T2)
		}
	}
	return []mailer.Duty{d}
}
