package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"article14/internal/address"
	"article14/internal/pacing"
	"article14/mailer"
)

// Class is recipient domains that are limited together, over all workers,
// campaigns and relays: large mailbox providers throttle or block a sender who comes
// too fast. Correspondence neither waits for a class nor counts for it: it is little,
// and somebody asked for it.
type Class struct {
	Name    string   // bounded, since it labels metrics
	Domains []string // as address.ParseDomain gives them; each stands for those below it, too
	Caps    pacing.Caps
}

// AnyClass is the class of every domain that no other class has. It has no limit.
const AnyClass = "any"

// ReservedClass tells whether a name is none of the operator's: lanes bear it that hold
// the domains of no class, or no mail at all.
func ReservedClass(name string) bool {
	return name == AnyClass || name == string(mailer.ChannelLetter) || name == string(mailer.ChannelPhone)
}

const (
	// MostClasses bounds the labels of metrics.
	MostClasses = 20
	// mostDomains bounds a class; what has more is no list that a person keeps.
	mostDomains = 1000
)

// Errors about classes.
var (
	ErrCanaryHolds = errors.New("the campaign waits for its canary, or that came back: see 'article14 campaign show KEY', and resume the whole of it")
	ErrNoClass     = errors.New("there is no class of that name: 'article14 class list' shows those there are")
	errNoLaneHeld  = errors.New("no lane of that class is held in that campaign: 'article14 status' shows the lanes")
	classNames     = regexp.MustCompile(`^[a-z0-9_-]{1,20}$`)
	errClassNoName = errors.New("this is put on record with the name of the person who does it (--by)")
)

// ClassBook tells the class of a domain.
type ClassBook map[string]string

// NewClassBook makes one of classes.
func NewClassBook(classes []Class) ClassBook {
	b := ClassBook{}
	for _, c := range classes {
		for _, d := range c.Domains {
			b[d] = c.Name
		}
	}
	return b
}

// Of is the class of a domain: the one that lists it, or else the nearest domain
// above it, so that a provider's tenants are listed by one name.
func (b ClassBook) Of(domain string) string {
	for len(b) > 0 && domain != "" {
		if class, listed := b[domain]; listed {
			return class
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return AnyClass
}

// ClassChange is what a person changes about a class, or the class that they make.
type ClassChange struct {
	Name      string
	Domains   []string // nil: as they are
	PerSecond *int     // nil: as it is; 0: no limit
	PerDay    *int     // nil: as it is; 0: no limit
}

// Classes is how operators keep their classes of recipient domains.
type Classes struct {
	Store      ClassStore
	Controller mailer.ID
	Zone       *time.Location // the controller's
	Now        func() time.Time
}

// ClassStore keeps classes, and has queues follow them.
type ClassStore interface {
	// Classes lists them by name, with what they were given.
	Classes(ctx context.Context, controller mailer.ID) ([]ClassFigures, error)
	// ChangeClass stores the class that change makes of those there are, and who did it.
	// What is queued follows (SortLanes). An error of change changes nothing. day is the
	// first instant of the one that is counted.
	ChangeClass(ctx context.Context, controller mailer.ID, by string, day, now time.Time, change func([]Class) (Class, error)) (Class, error)
	// RemoveClass forgets one, or fails with ErrNoClass; its domains are in AnyClass then.
	RemoveClass(ctx context.Context, controller mailer.ID, name, by string, now time.Time) error
	// SortLanes moves a chunk of what is queued to the lanes of its classes, since they
	// changed; left tells whether there is more to look at. What a worker has in its
	// hands, or waits for its next try, follows when it is claimed next.
	SortLanes(ctx context.Context, controller mailer.ID) (moved int, left bool, err error)
	// OpenLane opens the held lane of a campaign and class; opened is false where none is
	// held. It fails with ErrCanaryHolds where the whole campaign waits for its canary, and
	// with ErrCampaignState where it does not run.
	OpenLane(ctx context.Context, controller, campaign mailer.ID, class, by string, now time.Time) (opened bool, err error)
}

// ClassFigures are a class with what it was given lately, by all workers.
type ClassFigures struct {
	Class
	Day    time.Time // the first instant of the day that OnDay counts for; zero: none yet
	OnDay  int       // attempts, also those that are not made yet
	FullAt time.Time // since when the day's number is used up; zero: it is not
}

// ClearsIn is how many seconds its limits take for so many attempts; 0 where it has none.
func (c ClassFigures) ClearsIn(queued int64) float64 {
	perSecond := pacing.PerSecond(c.Caps.PerSecond, c.Caps.PerDay)
	if perSecond == 0 {
		return 0
	}
	return float64(queued) / perSecond
}

// Set makes a class, or changes one. Every worker goes by it with its next claim.
func (c Classes) Set(ctx context.Context, change ClassChange, by string) (Class, error) {
	if by == "" {
		return Class{}, errClassNoName
	}
	return c.Store.ChangeClass(ctx, c.Controller, by, startOfDay(c.Now(), c.Zone), c.Now(), change.apply)
}

// Remove forgets a class.
func (c Classes) Remove(ctx context.Context, name, by string) error {
	if by == "" {
		return errClassNoName
	}
	return c.Store.RemoveClass(ctx, c.Controller, name, by, c.Now())
}

// Follow has all that is queued follow the classes. Broken off, workers go on with it.
func (c Classes) Follow(ctx context.Context, progress func(moved int64)) (moved int64, err error) {
	for {
		n, left, err := c.Store.SortLanes(ctx, c.Controller)
		moved += int64(n)
		progress(moved)
		if err != nil || !left {
			return moved, err
		}
	}
}

// apply makes the new class of those there are.
func (ch ClassChange) apply(known []Class) (Class, error) {
	if !classNames.MatchString(ch.Name) || ReservedClass(ch.Name) {
		return Class{}, fmt.Errorf("%q cannot be a class's name: use up to 20 small letters, digits, - and _; %q is the class of all other domains, %q and %q stand for letters and calls",
			ch.Name, AnyClass, mailer.ChannelLetter, mailer.ChannelPhone)
	}
	c, others := Class{Name: ch.Name}, 0
	for _, k := range known {
		if k.Name == ch.Name {
			c = k
		} else {
			others++
		}
	}
	if others >= MostClasses {
		return c, fmt.Errorf("there are %d classes already, and no more are kept apart: remove one first", MostClasses)
	}
	if ch.Domains != nil {
		var err error
		if c.Domains, err = domains(ch.Domains, ch.Name, NewClassBook(known)); err != nil {
			return c, err
		}
	}
	if len(c.Domains) == 0 {
		return c, errors.New("a class needs domains (--domains)")
	}
	for _, limit := range []struct {
		to    *int
		given *int
	}{{&c.Caps.PerSecond, ch.PerSecond}, {&c.Caps.PerDay, ch.PerDay}} {
		if limit.given == nil {
			continue
		}
		if *limit.given < 0 || *limit.given > 1_000_000_000 {
			return c, fmt.Errorf("%d is no limit: give a number of attempts, 0 for none", *limit.given)
		}
		*limit.to = *limit.given
	}
	return c, nil
}

// domains are what a person listed for a class, in their normal form.
func domains(given []string, class string, known ClassBook) ([]string, error) {
	var out []string
	for _, g := range given {
		d, err := address.ParseDomain(g)
		if err != nil {
			return nil, fmt.Errorf("%q is no domain: %w", g, err)
		}
		if owner := known[d]; cmp.Or(owner, class) != class {
			return nil, fmt.Errorf("the domain %s is in the class %s, and can be in one alone: take it out of that first", d, owner)
		}
		out = append(out, d)
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > mostDomains {
		return nil, fmt.Errorf("%d domains are more than the %d that a class holds", len(out), mostDomains)
	}
	return out, nil
}

// ResumeClass goes on with a campaign's held lane of one class.
func (r *Releases) ResumeClass(ctx context.Context, key, class, by string) error {
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return err
	}
	if by == "" {
		return errClassNoName
	}
	opened, err := r.Classes.OpenLane(ctx, r.Controller, c.ID, class, by, r.Now())
	if err == nil && !opened {
		err = errNoLaneHeld
	}
	return err
}

// sortARound is how many chunks a worker sorts before it looks after other things again.
const sortARound = 5

// KeepClasses has what is queued follow classes that have changed.
func (r *Releases) KeepClasses(ctx context.Context) error {
	for range sortARound {
		if _, left, err := r.Classes.SortLanes(ctx, r.Controller); err != nil || !left {
			return err
		}
	}
	return nil
}
