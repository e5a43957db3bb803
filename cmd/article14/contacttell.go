package main

import (
	"context"
	"fmt"
)

type contactTellCmd struct {
	ID  string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	By  string `help:"Who decides this." required:"" placeholder:"NAME"`
	Why string `help:"Why, for the record; name nobody in it." required:"" placeholder:"TEXT"`
}

func (c *contactTellCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.ID)
	if err != nil {
		return err
	}
	opened, err := a.eraser().Tell(ctx, id, c.By, c.Why)
	if err != nil {
		return err
	}
	if opened == 0 {
		fmt.Fprintf(std.out, "%s\nthe decision is on record; no duty waited for it, so nothing else has changed\n", id)
		return nil
	}
	fmt.Fprintf(std.out, "%s\nopen again: %s; the next campaign takes that in\n", id, duties(int64(opened)))
	return nil
}
