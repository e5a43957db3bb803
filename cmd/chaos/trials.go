package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
)

// What becomes of uncertain deliveries, as 'article14 work --uncertain' has it.
const (
	resend = "resend"
	hold   = "hold"
)

// trial is one way to break things.
type trial struct {
	name   string
	policy string
	fault  string // what is counted
	kills  bool   // processes are killed: what they had on the wire may be told twice
	frozen bool   // a worker comes back from long ago: what it sent is recorded
	large  bool   // has its own number of deliveries
	flood  bool   // breaks nothing, but brings reports: the books are held against these
	disk   bool   // needs a server of its own on a small disk
	alone  bool   // breaks the server for everybody on it
	run    func(context.Context, *scene) error
}

var trials = []trial{
	{name: "kills", policy: resend, fault: "kills", kills: true, large: true, run: killWorkers},
	{name: "hold", policy: hold, fault: "kills", kills: true, run: killWorkers},
	{name: "restarts", policy: resend, fault: "restarts", alone: true, run: restartDatabase},
	{name: "pooler", policy: resend, fault: "breaks", run: breakPooler},
	{name: "relay", policy: resend, fault: "cuts", run: breakRelay},
	{name: "frozen", policy: resend, fault: "freezes", frozen: true, run: freezeWorker},
	{name: "woken", policy: hold, fault: "freezes", frozen: true, run: wakeWorker},
	{name: "flood", policy: resend, fault: "stops of PostgreSQL", flood: true, alone: true, run: floodDoor},
	{name: "disk", policy: resend, fault: "full disks", disk: true, alone: true, run: fillDisk},
}

func trialNames() (names []string) {
	for _, t := range trials {
		names = append(names, t.name)
	}
	return names
}

// run builds the program and runs the wanted trials.
func (o options) run(ctx context.Context, progress io.Writer) (results []result, err error) {
	if o.folder, err = os.MkdirTemp(o.folder, "a14-chaos-"); err != nil {
		return nil, err
	}
	if !o.keep {
		defer func() { err = errors.Join(err, os.RemoveAll(o.folder)) }()
	}
	if err := os.Chmod(o.folder, 0o711); err != nil { // the server's user has to pass through
		return nil, err
	}
	if err := o.build(ctx); err != nil {
		return nil, err
	}
	for _, g := range o.groups() {
		rs, err := o.inHall(ctx, g, progress)
		if results = append(results, rs...); err != nil {
			return results, err
		}
	}
	return results, nil
}

// group are trials that can share a server and a prepared campaign.
type group struct {
	people int
	disk   bool
	trials []trial
}

func (o options) groups() (groups []*group) {
	for _, t := range trials {
		if !o.wants(t.name) {
			continue
		}
		people := o.Others
		switch {
		case t.large:
			people = o.Deliveries
		case t.flood:
			people = o.Flooded
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.people == people && g.disk == t.disk })
		if i < 0 {
			i, groups = len(groups), append(groups, &group{people: people, disk: t.disk})
		}
		groups[i].trials = append(groups[i].trials, t)
	}
	return groups
}

// inHall runs a group, one trial after the other, or side by side those that can be.
func (o options) inHall(ctx context.Context, g *group, progress io.Writer) (results []result, err error) {
	h, err := newHall(ctx, o, g, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	results = make([]result, len(g.trials))
	faults := make([]error, len(g.trials))
	var together sync.WaitGroup
	for i, t := range g.trials {
		if o.together && !t.alone {
			together.Go(func() { results[i], faults[i] = h.play(ctx, t) })
		}
	}
	together.Wait()
	for i, t := range g.trials {
		if !o.together || t.alone {
			results[i], faults[i] = h.play(ctx, t)
		}
	}
	return results, errors.Join(faults...)
}
