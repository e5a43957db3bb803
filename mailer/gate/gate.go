package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/address"
	"article14/internal/identity"
	"article14/mailer"
)

// MaxBatch is how many questions, or uses, one call may hold.
const MaxBatch = 10_000

// Who names a person by one of the things that a caller may have.
type Who struct {
	Contact   mailer.ID
	Email     string
	Phone     string
	Source    string // with Reference: the source whose reference that is
	Reference string
}

// Question is whether a person may be contacted, or their data passed on, for a purpose.
type Question struct {
	Who      Who
	Activity string // its key in the register; "" where only one activity has the purpose
	Purpose  string // its key in the register
}

// Answer is the gate's answer, with the ids of the people whom it is about: none where nobody
// is known, several where they share an address.
type Answer struct {
	Verdict
	Contacts []mailer.ID
}

// Key is a keyed hash by which a person may be stored.
type Key struct {
	Kind mailer.IdentifierKind
	Hash []byte
}

// Found is what is stored under a key.
type Found struct {
	Contacts   []mailer.ID
	Suppressed bool // a keyed hash that outlived an erasure, or an objection, stops use (R5)
}

// Finder looks people up; it changes nothing.
type Finder interface {
	// Lookup gives what is stored under each key at an instant, in their order.
	Lookup(ctx context.Context, controller mailer.ID, keys []Key, now time.Time) ([]Found, error)
	// Facts gives what is known of each of some contacts; who is not there is left out.
	Facts(ctx context.Context, controller mailer.ID, contacts []mailer.ID) (map[mailer.ID]Facts, error)
}

// Store is where the gate looks, and writes what was used.
type Store interface {
	Finder
	Recorder
}

// Gate answers and records. Commands and the API call it alike.
type Gate struct {
	Store      Store
	Registers  *mailer.Registers
	Keys       *mailer.Keyring
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
}

// QuestionError is a question that cannot be understood. It names its place in the call, and no
// value: that may be personal.
type QuestionError struct {
	Index int
	What  string
}

func (e *QuestionError) Error() string { return fmt.Sprintf("question %d: %s", e.Index+1, e.What) }

// Ask answers questions in their order. It changes nothing (D6). A question that cannot be
// understood fails the call as a *QuestionError, so that no caller takes silence for a yes.
func (g *Gate) Ask(ctx context.Context, qs []Question) ([]Answer, error) {
	if len(qs) > MaxBatch {
		return nil, &QuestionError{MaxBatch, fmt.Sprintf("a call has at most %d", MaxBatch)}
	}
	_, reg, err := g.Registers.Current(ctx, g.Key)
	if err != nil {
		return nil, err
	}
	asked := make([]asked, len(qs))
	for i, q := range qs {
		if asked[i], err = g.read(reg, q); err != nil {
			return nil, &QuestionError{i, err.Error()}
		}
	}
	if err := g.find(ctx, asked); err != nil {
		return nil, err
	}
	facts, err := g.Store.Facts(ctx, g.Controller, everybody(asked))
	if err != nil {
		return nil, err
	}
	now := g.Now()
	out := make([]Answer, len(asked))
	for i, a := range asked {
		out[i] = a.answer(reg, facts, now)
	}
	return out, nil
}

// asked is a question that was understood.
type asked struct {
	activity   mailer.Activity
	purpose    mailer.Purpose
	key        Key // of whom no id was given
	contacts   []mailer.ID
	suppressed bool
}

func (a asked) answer(reg *mailer.Register, facts map[mailer.ID]Facts, now time.Time) Answer {
	var (
		vs    []Verdict
		known []mailer.ID
	)
	for _, id := range a.contacts {
		if f, there := facts[id]; there {
			vs, known = append(vs, Decide(reg, a.activity, a.purpose, f, now)), append(known, id)
		}
	}
	if a.suppressed { // whoever is behind the address now, somebody said no under it
		vs = append(vs, no(Objected))
	}
	return Answer{worst(vs), known}
}

// read understands a question.
func (g *Gate) read(reg *mailer.Register, q Question) (a asked, err error) {
	if a.activity, a.purpose, err = purposeOf(reg, q.Activity, q.Purpose); err != nil {
		return a, err
	}
	a.key, err = g.key(q.Who)
	if !q.Who.Contact.IsZero() {
		a.contacts = []mailer.ID{q.Who.Contact}
	}
	return a, err
}

// purposeOf finds a purpose in the register.
func purposeOf(reg *mailer.Register, activity, purpose string) (a mailer.Activity, p mailer.Purpose, err error) {
	found := 0
	for _, in := range reg.Activities {
		if activity != "" && in.Key != activity {
			continue
		}
		for _, has := range in.Purposes {
			if has.Key == purpose {
				a, p = in, has
				found++
			}
		}
	}
	switch {
	case found == 0 && activity != "":
		return a, p, errors.New("the register declares no such purpose for this activity: give the keys of both as they stand there")
	case found == 0:
		return a, p, errors.New("the register declares no such purpose: give its key as it stands there")
	case found > 1:
		return a, p, errors.New("several activities have a purpose of this key: give the activity too")
	}
	return a, p, nil
}

// key is the keyed hash under which a person would be stored; the zero key for an id.
func (g *Gate) key(w Who) (Key, error) {
	given := 0
	for _, is := range []bool{!w.Contact.IsZero(), w.Email != "", w.Phone != "", w.Reference != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return Key{}, errors.New("name one person by exactly one of contact, email, phone, and reference with its source")
	}
	kind, normal := mailer.IdentifierKind(""), ""
	switch {
	case w.Email != "":
		a, err := address.Parse(w.Email)
		if err != nil {
			return Key{}, errors.New("that is no e-mail address")
		}
		kind, normal = mailer.ByEmail, a.Normal()
	case w.Phone != "":
		n, ok := identity.Phone(w.Phone)
		if !ok {
			return Key{}, errors.New("that is no telephone number with its country's code (+33...)")
		}
		kind, normal = mailer.ByPhone, n
	case w.Reference != "":
		if w.Source == "" {
			return Key{}, errors.New("a reference needs the key of the source that gave it")
		}
		kind, normal = mailer.BySourceRef, w.Source+"\n"+strings.TrimSpace(w.Reference)
	default:
		return Key{}, nil
	}
	return Key{kind, g.Keys.Newest(mailer.IdentityKey).MAC([]byte(kind), []byte(normal))}, nil
}

// find looks up whom keys mean.
func (g *Gate) find(ctx context.Context, qs []asked) error {
	var keys []Key
	for _, a := range qs {
		if a.key.Hash != nil {
			keys = append(keys, a.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := g.Store.Lookup(ctx, g.Controller, keys, g.Now())
	if err != nil {
		return err
	}
	at := 0
	for i := range qs {
		if qs[i].key.Hash != nil {
			qs[i].contacts, qs[i].suppressed = found[at].Contacts, found[at].Suppressed
			at++
		}
	}
	return nil
}

func everybody(qs []asked) []mailer.ID {
	var ids []mailer.ID
	for _, a := range qs {
		ids = append(ids, a.contacts...)
	}
	slices.SortFunc(ids, func(a, b mailer.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	return slices.Compact(ids)
}
