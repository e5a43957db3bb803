package mailer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Registers gives parsed registers by version. Parsing is somebody else's: the
// file's form is no rule of ours.
type Registers struct {
	Store RegisterStore
	Parse func(body []byte) (*Register, error)
	cache sync.Map // of ID to *Register: a version never changes
}

// Current is the newest register of the controller with that key, or of the only one.
func (r *Registers) Current(ctx context.Context, controllerKey string) (RegisterVersion, *Register, error) {
	v, err := r.Store.CurrentRegister(ctx, controllerKey)
	if err != nil {
		return v, nil, err
	}
	reg, err := r.Read(v)
	return v, reg, err
}

// Version is the register of a stored version.
func (r *Registers) Version(ctx context.Context, id ID) (*Register, error) {
	if reg, ok := r.cache.Load(id); ok {
		return reg.(*Register), nil
	}
	v, err := r.Store.RegisterVersion(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.Read(v)
}

func (r *Registers) Read(v RegisterVersion) (*Register, error) {
	if reg, ok := r.cache.Load(v.ID); ok {
		return reg.(*Register), nil
	}
	reg, err := r.Parse(v.Body)
	if err != nil {
		return nil, fmt.Errorf("register version %d: %w", v.Version, err)
	}
	r.cache.Store(v.ID, reg)
	return reg, nil
}

// RegisterStore keeps immutable register versions.
type RegisterStore interface {
	// ApplyRegister stores body as the next version unless the newest has the same
	// hash; made tells which. The first version makes the controller.
	ApplyRegister(ctx context.Context, controllerKey string, body, hash []byte, by string, now time.Time) (v RegisterVersion, made bool, err error)
	// CurrentRegister is the newest version of a controller; with an empty key, of
	// the only controller there is. It fails with ErrNoRegister.
	CurrentRegister(ctx context.Context, controllerKey string) (RegisterVersion, error)
	// RegisterVersion finds a version by id.
	RegisterVersion(ctx context.Context, id ID) (RegisterVersion, error)
	// RegisterBefore is the version that another one replaced, or ErrNoRegister.
	RegisterBefore(ctx context.Context, v RegisterVersion) (RegisterVersion, error)
	// UnopenedRegisters are a controller's versions, the oldest first, that were
	// stored and never passed to RegisterOpened: applying them was broken off.
	UnopenedRegisters(ctx context.Context, controller ID) ([]RegisterVersion, error)
	// RegisterOpened puts on record that every duty that a version brings is open.
	RegisterOpened(ctx context.Context, version ID, now time.Time) error
	// OpenDuties lets decide look at the next contacts behind after, in the order of
	// their ids, and opens the duties that it says; those that are there already stay
	// as they are. It returns the last contact looked at, zero at the end.
	OpenDuties(ctx context.Context, controller, after ID, limit int, now time.Time, decide func(Known) []Duty) (ID, int, error)
}
