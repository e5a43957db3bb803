package deliver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/mailer"
)

// Instance is one copy of the database: the one that sends, or a copy of it that
// must not. A copy has everything that the original has, its running campaigns
// too, and would tell everybody a second time; so it is held until a person says
// that it is the one that sends.
type Instance struct {
	ID         mailer.ID
	CreatedAt  time.Time
	Label      string    // what the operator calls it; "" not named
	Place      Place     // where it stood when it was last known to be the one that sends
	Here       Place     // where it stands now
	HeldAt     time.Time // since when nothing is sent; zero: it sends
	HeldReason string
}

// Place says where a database stands: the server's identifier, the database's
// number in it, and the server's timeline, in the form "server=1 database=2 timeline=00000001".
// A part that could not be asked for is "unknown", and tells nothing apart.
type Place string

// placeParts are what a place is made of, with what a change of each means.
var placeParts = []struct{ key, means string }{
	{"server", "the database was copied to another server"},
	{"database", "the database was copied or restored within its server"},
	{"timeline", "the server was restored to an earlier point, or a standby was promoted"},
}

func (p Place) part(key string) string {
	for _, f := range strings.Fields(string(p)) {
		if v, ok := strings.CutPrefix(f, key+"="); ok && v != "unknown" {
			return v
		}
	}
	return ""
}

// Known tells whether every part could be asked for.
func (p Place) Known() bool {
	for _, part := range placeParts {
		if p.part(part.key) == "" {
			return false
		}
	}
	return true
}

// Moved says in words how another place differs, or "" if nothing known does.
func (p Place) Moved(to Place) string {
	for _, part := range placeParts {
		if was, is := p.part(part.key), to.part(part.key); was != "" && is != "" && was != is {
			return part.means
		}
	}
	return ""
}

// Held tells whether nothing may be sent from here.
func (i Instance) Held() bool { return !i.HeldAt.IsZero() }

// ErrHeld is a copy of the database that nobody has confirmed.
var ErrHeld = errors.New("this copy of the database is held, and nothing is sent from it")

// HeldError says that the instance is held, why, and what to do; nil if it is not.
func (i Instance) HeldError() error {
	if !i.Held() {
		return nil
	}
	return fmt.Errorf("%w: %s; if it is this copy that sends from now on, and no other does, run 'article14 instance adopt --by NAME --why TEXT'",
		ErrHeld, i.HeldReason)
}

// CheckLabel refuses a worker that is meant for another instance. It holds nothing: a
// worker of the test system that was pointed here by mistake must not stop the one that sends.
func (i Instance) CheckLabel(given string) error {
	if i.Label == given || i.Label == "" {
		return nil
	}
	if given == "" {
		return fmt.Errorf("this database is the instance %q and this process does not say which it is for: set --instance or ARTICLE14_INSTANCE", i.Label)
	}
	return fmt.Errorf("this database is the instance %q and this process is for %q: point it at its own database, or, if this copy is %q from now on, run 'article14 --instance %s instance adopt --by NAME --why TEXT'",
		i.Label, given, given, given)
}

// InstanceStore knows which copy of the database this is.
type InstanceStore interface {
	// Recognise compares where the database stands with where it stood, and holds
	// it in the same transaction if it has moved. The first call takes the place as it is.
	Recognise(ctx context.Context, now time.Time) (Instance, error)
	// NameInstance gives a label to an instance that has none.
	NameInstance(ctx context.Context, label string) error
	// Adopt makes this copy the one that sends, under a new id, and puts on record who said so and why.
	Adopt(ctx context.Context, label, by, why string, now time.Time) (Instance, error)
}
