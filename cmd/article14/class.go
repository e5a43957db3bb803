package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer/campaign"
	"article14/mailer/status"
)

type classCmd struct {
	Set    classSetCmd    `cmd:"" help:"Make a class of recipient domains, or change its domains or limits."`
	List   classListCmd   `cmd:"" help:"Show the classes, their limits, and what each was given today."`
	Remove classRemoveCmd `cmd:"" help:"Forget a class: its domains have no limit then."`
}

// classes is how operators keep classes of recipient domains.
func (a *app) classes() campaign.Classes {
	return campaign.Classes{Store: a.store, Controller: a.controller, Zone: a.reg.Controller.Zone, Now: a.now}
}

type classSetCmd struct {
	Name    string   `arg:"" help:"A short name for the class: small letters, digits, - and _, 20 at most."`
	Domains []string `help:"All its domains; each stands for those below it, too." placeholder:"DOMAIN,..."`
	Rate    *int     `help:"Attempts a second, over all workers, campaigns and relays; 0: no limit." placeholder:"N"`
	Daily   *int     `help:"Attempts a day; 0: no limit." placeholder:"N"`
	By      string   `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

func (c *classSetCmd) Run(ctx context.Context, a *app, std streams) error {
	class, err := a.classes().Set(ctx, campaign.ClassChange{Name: c.Name, Domains: c.Domains, PerSecond: c.Rate, PerDay: c.Daily}, person(c.By))
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "class %s: %s, %s\n", class.Name, counted(int64(len(class.Domains)), "domain", "domains"), capsWords(class.Caps))
	return a.followClasses(ctx, std)
}

type classRemoveCmd struct {
	Name string `arg:"" help:"The class's name."`
	By   string `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

func (c *classRemoveCmd) Run(ctx context.Context, a *app, std streams) error {
	if err := a.classes().Remove(ctx, c.Name, person(c.By)); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "class %s is gone; its domains have no limit\n", c.Name)
	return a.followClasses(ctx, std)
}

// followClasses moves what is queued; where that is broken off, workers go on with it.
func (a *app) followClasses(ctx context.Context, std streams) error {
	p := newProgress(std.err, "moving what is queued", -1)
	moved, err := a.classes().Follow(ctx, p.set)
	p.done()
	if err != nil {
		return fmt.Errorf("the classes are changed; workers go on moving what is queued: %w", err)
	}
	if moved > 0 {
		fmt.Fprintf(std.out, "%s queued went to the lanes of their classes; what a worker holds or waits for its next try follows with its next claim\n",
			counted(moved, "notice", "notices"))
	}
	return nil
}

type classListCmd struct {
	JSON bool `help:"Print JSON."`
}

// classJSON is a class with its limits, what it was given, and what waits.
type classJSON struct {
	Name      string    `json:"name"`
	Domains   []string  `json:"domains"`
	PerSecond int       `json:"per_second"`
	PerDay    int       `json:"per_day"`
	Day       string    `json:"day,omitempty"`
	Given     int       `json:"given"`
	FullSince time.Time `json:"used_up_since,omitzero"`
	Queued    int64     `json:"queued"`
	ClearsIn  float64   `json:"clears_in_seconds"` // at its limits; 0 without any
}

func classesReport(f status.Figures, zone *time.Location) []classJSON {
	out := make([]classJSON, len(f.Classes))
	for i, c := range f.Classes {
		queued := f.QueuedIn(c.Name)
		out[i] = classJSON{Name: c.Name, Domains: c.Domains, PerSecond: c.Caps.PerSecond, PerDay: c.Caps.PerDay,
			Given: c.OnDay, FullSince: c.FullAt, Queued: queued, ClearsIn: c.ClearsIn(queued)}
		if !c.Day.IsZero() {
			out[i].Day = calendar.DateOf(c.Day, zone).String()
		}
	}
	return out
}

func (c *classListCmd) Run(ctx context.Context, a *app, std streams) error {
	f, err := a.store.Figures(ctx, a.controller, a.now())
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, classesReport(f, a.reg.Controller.Zone))
	}
	if len(f.Classes) == 0 {
		fmt.Fprintln(std.out, "none")
		return nil
	}
	printClasses(std.out, f, a.reg.Controller.Zone)
	for _, k := range f.Classes {
		fmt.Fprintln(std.out)
		sentences(std.out, "", k.Name+": "+strings.Join(k.Domains, ", "))
	}
	return nil
}

// printClasses shows what classes were given, and what each holds back.
func printClasses(w io.Writer, f status.Figures, zone *time.Location) {
	rows := [][]string{{"CLASS", "A SECOND", "A DAY", "GIVEN TODAY", "QUEUED", "AT ITS LIMITS", "USED UP SINCE"}}
	for _, c := range classesReport(f, zone) {
		clears, full := "-", "-"
		if c.ClearsIn > 0 {
			clears = spanWords(c.ClearsIn)
		}
		if !c.FullSince.IsZero() {
			full = c.FullSince.In(zone).Format("15:04:05 MST")
		}
		rows = append(rows, []string{c.Name, capWords(c.PerSecond), capWords(c.PerDay), number(int64(c.Given)), number(c.Queued), clears, full})
	}
	if len(rows) > 1 {
		table(w, rows)
	}
}

// capsWords says what a class may be sent.
func capsWords(c pacing.Caps) string {
	return fmt.Sprintf("%s a second, %s a day", capWords(c.PerSecond), capWords(c.PerDay))
}
