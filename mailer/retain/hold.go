package retain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Hold is a legal hold (T4): by somebody's word, and with their reason, data stay that
// would go, and evidence is not reduced. It is about one person, an activity, a source, a
// source of an activity, or everybody. Nobody's right to object, to see or to restrict is
// touched by it: what is held for a lawsuit is used for nothing else.
type Hold struct {
	ID          mailer.ID     `json:"id"`
	ContactID   mailer.ID     `json:"contact_id,omitzero"`
	ActivityKey string        `json:"activity,omitempty"`
	SourceKey   string        `json:"source,omitempty"`
	Reason      string        `json:"reason"`
	ReviewOn    calendar.Date `json:"review_on"`
	SetAt       time.Time     `json:"set_at"`
	SetBy       string        `json:"set_by"`
	ReleasedAt  time.Time     `json:"released_at,omitzero"`
	ReleasedBy  string        `json:"released_by,omitempty"`
	ReleasedWhy string        `json:"released_why,omitempty"`
}

// About says in words what is held.
func (h Hold) About() string {
	var parts []string
	if !h.ContactID.IsZero() {
		parts = append(parts, "contact "+h.ContactID.String())
	}
	if h.ActivityKey != "" {
		parts = append(parts, "activity "+h.ActivityKey)
	}
	if h.SourceKey != "" {
		parts = append(parts, "source "+h.SourceKey)
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, ", ")
}

// covers tells whether what somebody's data were obtained from is held.
func (h Hold) covers(contact mailer.ID, o Origin) bool {
	return (h.ContactID.IsZero() || h.ContactID == contact) && (h.ActivityKey == "" || h.ActivityKey == o.Activity) &&
		(h.SourceKey == "" || h.SourceKey == o.Source)
}

// coversAll tells whether a hold is about all of a person, whatever their data come from.
func (h Hold) coversAll(contact mailer.ID) bool {
	return h.ActivityKey == "" && h.SourceKey == "" && (h.ContactID.IsZero() || h.ContactID == contact)
}

// maxHold is how far ahead a hold may be reviewed at most.
const maxHold = 2 // years

// Check refuses a hold that nobody answers for.
func (h Hold) Check(today calendar.Date) error {
	switch last := (calendar.Period{Years: maxHold}).AddTo(today); {
	case strings.TrimSpace(h.SetBy) == "" || strings.TrimSpace(h.Reason) == "":
		return errors.New("a hold keeps data beyond the day that people were told of: say who decides it (--by) and why (--why)")
	case !today.Before(h.ReviewOn):
		return errors.New("a hold is looked at again: name a later day with --review")
	case last.Before(h.ReviewOn):
		return fmt.Errorf("a hold is looked at again within %d years: name a day up to %s with --review", maxHold, last)
	}
	return nil
}

// HeldError refuses to erase what a legal hold keeps.
type HeldError struct{ Hold Hold }

// Error names the hold, for whoever answers the person (Art. 12(4), 17(3)(e)).
func (e *HeldError) Error() string {
	return fmt.Sprintf("the legal hold %s on %s, set by %s, keeps their data (%s): release it ('hold release'), or refuse with that ground and tell them",
		e.Hold.ID, e.Hold.About(), e.Hold.SetBy, e.Hold.Reason)
}

// ErrNoHold says that there is no such hold, or that it was released.
var ErrNoHold = errors.New("no hold in force has that id: 'article14 hold list' shows them")

// HoldStore keeps holds.
type HoldStore interface {
	// SetHold puts a hold in force: what is being erased at that moment comes to its end
	// first, and nothing is begun behind it.
	SetHold(ctx context.Context, controller mailer.ID, h Hold) error
	// Holds gives those in force, or all that there ever were.
	Holds(ctx context.Context, controller mailer.ID, released bool) ([]Hold, error)
	// ReleaseHold ends a hold, or gives ErrNoHold.
	ReleaseHold(ctx context.Context, controller, hold mailer.ID, by, why string, now time.Time) error
}

// Holds are set and released by people.
type Holds struct {
	Store      HoldStore
	Controller mailer.ID
	Register   *mailer.Register
	Now        func() time.Time
}

// Set puts a hold in force.
func (s *Holds) Set(ctx context.Context, h Hold) (Hold, error) {
	now := s.Now()
	h.ID, h.SetAt = mailer.NewID(now), now
	if err := h.Check(calendar.DateOf(now, s.Register.Controller.Zone)); err != nil {
		return h, err
	}
	if _, declared := s.Register.Activity(h.ActivityKey); h.ActivityKey != "" && !declared {
		return h, fmt.Errorf("the register has no activity %q", h.ActivityKey)
	}
	if _, declared := s.Register.Source(h.SourceKey); h.SourceKey != "" && !declared {
		return h, fmt.Errorf("the register has no source %q", h.SourceKey)
	}
	return h, s.Store.SetHold(ctx, s.Controller, h)
}

// Release ends a hold: what is over its date goes with the next pass.
func (s *Holds) Release(ctx context.Context, id mailer.ID, by, why string) error {
	if strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "" {
		return errors.New("releasing a hold is put on record: say who decides it (--by) and why (--why)")
	}
	return s.Store.ReleaseHold(ctx, s.Controller, id, by, why, s.Now())
}

// heldBack takes out of what would go whatever a hold keeps.
func (w *erasing) heldBack() (by []mailer.ID) {
	for _, h := range w.held.Holds {
		keeps := false
		for o := range w.gone {
			if h.covers(w.held.Contact.ID, o) {
				w.kept[o], keeps = true, true
			}
		}
		if keeps {
			by = append(by, h.ID)
		}
	}
	for o := range w.kept {
		delete(w.gone, o)
	}
	return by
}

// refused is the hold for which somebody cannot be erased altogether.
func (w *erasing) refused() error {
	for _, h := range w.held.Holds {
		if h.coversAll(w.held.Contact.ID) {
			return &HeldError{h}
		}
		for o := range w.gone {
			if h.covers(w.held.Contact.ID, o) {
				return &HeldError{h}
			}
		}
	}
	return nil
}
