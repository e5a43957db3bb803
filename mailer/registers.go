package mailer

import (
	"context"
	"fmt"
	"sync"
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
	reg, err := r.parse(v)
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
	return r.parse(v)
}

func (r *Registers) parse(v RegisterVersion) (*Register, error) {
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
