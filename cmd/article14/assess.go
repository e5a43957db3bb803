package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"article14/internal/compose"
	"article14/internal/pacing"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/assess"
)

type assessCmd struct {
	File string `arg:"" optional:"" help:"The contact file; without one, all that is stored." type:"existingfile"`
	ReadingFlags
	Register string `help:"A register file to go by, in place of the one in force. No database is needed then, and nobody counts as known." type:"existingfile" placeholder:"FILE"`
	Pace     int    `help:"How many can be told in a day; without it a pace is suggested." placeholder:"N"`
	Ramp     string `help:"A pace that grows: 5000:5000:100000 starts at 5,000 a day and adds 5,000 a day up to 100,000; 5000:20%:100000 adds a fifth." placeholder:"START:STEP:MAX"`
	New      int    `help:"How many new people come in a day." placeholder:"N"`
	JSON     bool   `help:"Print JSON."`
}

func (c *assessCmd) Run(ctx context.Context, s *Settings, std streams) error {
	plan, err := c.planned()
	if err != nil {
		return misuse{err}
	}
	var out assess.Assessment
	switch {
	case c.Register != "" && c.File == "":
		return misuse{errors.New("--register is for a file: name the contact file as well, or leave --register out to look at what is stored")}
	case c.Register != "":
		out, err = c.withoutDatabase(ctx, plan, std)
	default:
		out, err = c.withDatabase(ctx, s, plan, std)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, out)
	}
	printAssessment(std.out, c.File, out)
	return nil
}

// planned reads the pace.
func (c *assessCmd) planned() (assess.Planned, error) {
	p := assess.Planned{Pace: pacing.Ramp{Start: c.Pace}, NewPerDay: c.New}
	switch {
	case c.Pace < 0 || c.New < 0:
		return p, errors.New("--pace and --new are numbers of people a day, not less than none")
	case c.Ramp == "":
		return p, nil
	case c.Pace > 0:
		return p, errors.New("give --pace or --ramp, not both")
	}
	ramp, err := parseRamp(c.Ramp)
	p.Pace = ramp
	return p, err
}

func parseRamp(text string) (pacing.Ramp, error) {
	wrong := fmt.Errorf("--ramp takes START:STEP:MAX, as 5000:5000:100000 or 5000:20%%:100000, not %q", text)
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return pacing.Ramp{}, wrong
	}
	step, growing := strings.CutSuffix(parts[1], "%")
	var n [3]int
	for i, part := range []string{parts[0], step, parts[2]} {
		v, err := strconv.Atoi(part)
		if err != nil || v < 0 {
			return pacing.Ramp{}, wrong
		}
		n[i] = v
	}
	if n[0] == 0 || n[2] < n[0] {
		return pacing.Ramp{}, wrong
	}
	if growing {
		return pacing.Ramp{Start: n[0], Growth: float64(n[1]) / 100, Max: n[2]}, nil
	}
	return pacing.Ramp{Start: n[0], Step: n[1], Max: n[2]}, nil
}

// withoutDatabase looks at a file by a register file alone. Its keys are made for
// the occasion: they recognise people within the file.
func (c *assessCmd) withoutDatabase(ctx context.Context, plan assess.Planned, std streams) (assess.Assessment, error) {
	_, reg, err := readRegister(c.Register, std.err)
	if err != nil {
		return assess.Assessment{}, err
	}
	texts, err := locales.New()
	if err != nil {
		return assess.Assessment{}, err
	}
	composer, err := compose.New(texts)
	if err != nil {
		return assess.Assessment{}, err
	}
	f := assess.FileAssessor{Keys: mailer.NewKeyring(), Available: offered(composer), Plan: plan, Now: time.Now}
	return c.file(ctx, f, mailer.ID{}, reg, std)
}

func (c *assessCmd) withDatabase(ctx context.Context, s *Settings, plan assess.Planned, std streams) (assess.Assessment, error) {
	a, err := openWithRegister(ctx, s, s.logger(std.err))
	if errors.Is(err, mailer.ErrNoRegister) && c.File != "" {
		return assess.Assessment{}, fmt.Errorf("%w; or name a register file with --register", err)
	}
	if err != nil {
		return assess.Assessment{}, err
	}
	defer a.close()
	if c.File != "" {
		f := assess.FileAssessor{Store: a.store, Keys: a.keys, Available: offered(a.composer), Plan: plan, Now: a.now}
		return c.file(ctx, f, a.controller, a.reg, std)
	}
	p := newProgress(std.err, "looking at people", -1)
	defer p.done()
	return assess.Stored(ctx, a.store, a.controller, a.reg, offered(a.composer), plan, a.now(), p.set)
}

// file assesses the contact file.
func (c *assessCmd) file(ctx context.Context, f assess.FileAssessor, controller mailer.ID, reg *mailer.Register, std streams) (assess.Assessment, error) {
	reading, err := c.plan(c.File, reg)
	if err != nil {
		return assess.Assessment{}, misuse{err}
	}
	p := newProgress(std.err, "reading", -1)
	reading.onProgress, reading.look = p.set, &fileLook{zone: reg.Controller.Zone}
	plan, file, err := reading.open(controller, reg, f.Now)
	if err != nil {
		return assess.Assessment{}, err // nothing was read
	}
	defer file.Close()
	out, err := f.Assess(ctx, plan)
	p.done()
	reading.look.advise(std.err) // what was guessed or not understood makes figures wrong
	return out, err
}

// offered tells in which languages notices can be written.
func offered(composer *compose.Composer) func(string) bool {
	have := composer.Languages()
	return func(l string) bool { return slices.Contains(have, l) }
}
