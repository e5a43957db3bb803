package postgres

import (
	"context"
	"slices"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/campaign"
)

var _ campaign.ClassStore = (*Store)(nil)

// classRow is a row of domain_class.
type classRow struct {
	Name      string  `db:"name"`
	PerSecond int     `db:"per_second"`
	PerDay    int     `db:"per_day"`
	Second    instant `db:"second"`
	InSecond  int     `db:"in_second"`
	Day       instant `db:"day"`
	OnDay     int     `db:"on_day"`
	FullAt    instant `db:"full_at"`
}

func (r classRow) caps() pacing.Caps {
	return pacing.Caps{PerSecond: r.PerSecond, PerDay: r.PerDay}
}

// spent is what the class was given. Its day is begun by whoever knows the zone.
func (r classRow) spent() pacing.Spent {
	return pacing.Spent{Second: r.Second.Time, InSecond: r.InSecond, Day: r.Day.Time, OnDay: r.OnDay}
}

// fullAt is when what is given on the day comes to the number of it.
func fullAt(caps pacing.Caps, onDay int, since, now time.Time) time.Time {
	switch {
	case caps.PerDay == 0 || onDay < caps.PerDay:
		return time.Time{}
	case since.IsZero():
		return now
	}
	return since
}

// Classes lists them by name, with what they were given.
func (s *Store) Classes(ctx context.Context, controller mailer.ID) (out []campaign.ClassFigures, err error) {
	err = s.read(ctx, func(t tx) error {
		out, err = t.classFigures(ctx, controller)
		return err
	})
	return out, err
}

func (t tx) classFigures(ctx context.Context, controller mailer.ID) ([]campaign.ClassFigures, error) {
	var rows []classRow
	if err := t.all(ctx, &rows, "classes", controller); err != nil || len(rows) == 0 {
		return nil, err
	}
	listed, err := t.classDomains(ctx, controller)
	if err != nil {
		return nil, err
	}
	out := make([]campaign.ClassFigures, len(rows))
	for i, r := range rows {
		out[i] = campaign.ClassFigures{Class: campaign.Class{Name: r.Name, Caps: r.caps()}, Day: r.Day.Time, OnDay: r.OnDay}
		if r.PerDay > 0 && r.OnDay >= r.PerDay {
			out[i].FullAt = r.FullAt.Time
		}
		for _, d := range listed {
			if d.Class == r.Name {
				out[i].Domains = append(out[i].Domains, d.Domain)
			}
		}
	}
	return out, nil
}

// classDomain is a row of class_domain.
type classDomain struct {
	Domain string `db:"domain"`
	Class  string `db:"class"`
}

func (t tx) classDomains(ctx context.Context, controller mailer.ID) (rows []classDomain, err error) {
	err = t.all(ctx, &rows, "class_domains", controller)
	return rows, err
}

// ChangeClass stores the class that change makes of those there are.
func (s *Store) ChangeClass(ctx context.Context, controller mailer.ID, by string, day, now time.Time, change func([]campaign.Class) (campaign.Class, error)) (c campaign.Class, err error) {
	err = s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "class_change", controller); err != nil {
			return err
		}
		figures, err := t.classFigures(ctx, controller)
		if err != nil {
			return err
		}
		var known []campaign.Class
		var before []string
		for _, f := range figures {
			known = append(known, f.Class)
		}
		if c, err = change(slices.Clone(known)); err != nil {
			return err
		}
		for _, k := range known {
			if k.Name == c.Name {
				before = k.Domains
			}
		}
		if err := t.setClass(ctx, controller, c, day, now); err != nil {
			return err
		}
		if !slices.Equal(before, c.Domains) {
			if err := t.setClassDomains(ctx, controller, c); err != nil {
				return err
			}
		}
		return t.audit(ctx, entry{controller, now, by, "class.set", c.Name,
			map[string]any{"domains": c.Domains, "per_second": c.Caps.PerSecond, "per_day": c.Caps.PerDay}})
	})
	return c, err
}

// setClass writes a class down; claims that have it locked are waited for.
func (t tx) setClass(ctx context.Context, controller mailer.ID, c campaign.Class, day, now time.Time) error {
	var was classRow
	if _, err := t.one(ctx, &was, "class_lock", controller, c.Name); err != nil {
		return err
	}
	onDay := was.OnDay
	if was.Day.Before(day) {
		onDay = 0
	}
	_, err := t.exec(ctx, "class_set", controller, c.Name, c.Caps.PerSecond, c.Caps.PerDay, day, null(fullAt(c.Caps, onDay, was.FullAt.Time, now)))
	return err
}

// setClassDomains lists a class's domains anew, and has all queues looked through.
func (t tx) setClassDomains(ctx context.Context, controller mailer.ID, c campaign.Class) error {
	if _, err := t.exec(ctx, "class_domains_clear", controller, c.Name); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "class_domains_set", controller, c.Name, texts(c.Domains)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "sorting_begin", controller)
	return err
}

// RemoveClass forgets a class.
func (s *Store) RemoveClass(ctx context.Context, controller mailer.ID, name, by string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "class_change", controller); err != nil {
			return err
		}
		n, err := t.exec(ctx, "class_remove", controller, name)
		if err == nil && n == 0 {
			err = campaign.ErrNoClass
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "sorting_begin", controller); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "class.remove", name, nil})
	})
}

// OpenLane opens the held lane of a campaign and class.
func (s *Store) OpenLane(ctx context.Context, controller, campaignID mailer.ID, class, by string, now time.Time) (opened bool, err error) {
	err = s.write(ctx, func(t tx) error {
		state, err := t.lockCampaign(ctx, controller, campaignID)
		if err == nil && state != mailer.CampaignRunning {
			err = mailer.ErrCampaignState
		}
		if err != nil {
			return err
		}
		var a allowanceRow
		if _, err := t.one(ctx, &a, "allowance", campaignID); err != nil {
			return err
		}
		if a.CanaryState == campaign.CanaryWaiting || a.CanaryState == campaign.CanaryFailed {
			return campaign.ErrCanaryHolds
		}
		// Before the lane is locked, as whoever notes attempts does.
		if _, err := t.exec(ctx, "class_lane_forget", campaignID, class); err != nil {
			return err
		}
		var lane int64
		if opened, err = t.one(ctx, &lane, "class_lane_open", campaignID, class); err != nil || !opened {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "campaign.lane.open", campaignID.String(), map[string]any{"class": class}})
	})
	return opened, err
}

// classBooks remembers which domains are in which classes, for each controller.
type classBooks struct {
	mu    sync.Mutex
	known map[mailer.ID]classEdition
}

// classEdition is a controller's book as it stood in one version.
type classEdition struct {
	version int64
	book    campaign.ClassBook
}

// of gives the book of a version, read anew where another was known.
func (b *classBooks) of(ctx context.Context, t tx, controller mailer.ID, version int64) (campaign.ClassBook, error) {
	if version == 0 {
		return nil, nil
	}
	b.mu.Lock()
	known, ok := b.known[controller]
	b.mu.Unlock()
	if ok && known.version >= version {
		return known.book, nil
	}
	rows, err := t.classDomains(ctx, controller)
	if err != nil {
		return nil, err
	}
	book := make(campaign.ClassBook, len(rows))
	for _, r := range rows {
		book[r.Domain] = r.Class
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		b.known = map[mailer.ID]classEdition{}
	}
	b.known[controller] = classEdition{version, book}
	return book, nil
}

// current gives the book as it stands.
func (b *classBooks) current(ctx context.Context, t tx, controller mailer.ID) (campaign.ClassBook, error) {
	var version int64
	if _, err := t.one(ctx, &version, "class_version", controller); err != nil {
		return nil, err
	}
	return b.of(ctx, t, controller, version)
}

// classLanes are the lanes of a campaign by class, those of the given classes among them.
func (t tx) classLanes(ctx context.Context, campaign mailer.ID, classes []string) (map[string]int64, error) {
	read := func() (map[string]int64, error) {
		var rows []struct {
			ID    int64  `db:"id"`
			Class string `db:"class"`
		}
		err := t.all(ctx, &rows, "class_lanes", campaign)
		lanes := make(map[string]int64, len(rows))
		for _, r := range rows {
			lanes[r.Class] = r.ID
		}
		return lanes, err
	}
	lanes, err := read()
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(classes), func(c string) bool { return lanes[c] != 0 })
	if len(missing) == 0 {
		return lanes, nil
	}
	if _, err := t.exec(ctx, "class_lanes_add", campaign, texts(missing)); err != nil {
		return nil, err
	}
	return read()
}
