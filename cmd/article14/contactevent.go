package main

import (
	"context"
	"fmt"

	"article14/internal/calendar"
	"article14/mailer/retain"
)

type contactEventCmd struct {
	ID       string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	Activity string `help:"The activity for which their data are no longer needed." required:"" placeholder:"KEY"`
	On       string `help:"The day on which it happened." required:"" placeholder:"YYYY-MM-DD"`
	By       string `help:"Who records it." required:"" placeholder:"NAME"`
}

func (c *contactEventCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.ID)
	if err != nil {
		return err
	}
	on, err := calendar.Parse(c.On)
	if err != nil {
		return misuse{fmt.Errorf("--on: %w", err)}
	}
	last, err := a.eraser().Happened(ctx, retain.Event{ContactID: id, ActivityKey: c.Activity, On: on, By: c.By})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s\ntheir data for %s go after %s, or on the day that their notice printed if that is earlier\n", id, c.Activity, last)
	return nil
}
