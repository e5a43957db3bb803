package main

import (
	"context"
	"errors"
	"fmt"

	"article14/mailer"
	"article14/mailer/track"
)

type campaignSettleCmd struct {
	Delivery string `arg:"" help:"The delivery's id, as an alert or 'contact show' names it."`
	As       string `help:"relayed: it arrived, and its duties are met; rejected: it did not, and the people are owed a notice still." enum:"relayed,rejected" required:"" placeholder:"relayed|rejected"`
	By       string `help:"Who decides: a person's name, kept on record." required:"" placeholder:"NAME"`
	Reason   string `help:"How you know: what the relay's log says under its Message-ID, for example." required:"" placeholder:"TEXT"`
}

func (c *campaignSettleCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := mailer.ParseID(c.Delivery)
	if err != nil {
		return misuse{errors.New("that is no delivery's id: give the one that 'article14 alert list' or 'article14 contact show' names")}
	}
	v := track.Ruling{DeliveryID: id, To: mailer.DeliveryState(c.As), By: c.By, Reason: c.Reason}
	if err := v.Check(); err != nil {
		return misuse{err}
	}
	if err := a.store.SettleUncertain(ctx, a.controller, v, a.now()); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "delivery %s is settled as %s by %s\n", id, c.As, c.By)
	return nil
}
