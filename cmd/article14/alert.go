package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

type alertCmd struct {
	List   alertListCmd   `cmd:"" help:"Show what a person must look at, the oldest first."`
	Settle alertSettleCmd `cmd:"" help:"Put on record that somebody has seen to an alert."`
}

type alertListCmd struct {
	Kind  string `help:"Only alerts of this kind." placeholder:"KIND"`
	Limit int    `help:"How many." default:"50"`
	After string `help:"Begin behind this alert, for the next page." placeholder:"ALERT"`
	JSON  bool   `help:"Print JSON."`
}

func (c *alertListCmd) Run(ctx context.Context, a *app, std streams) error {
	after, err := optionalID("--after", c.After)
	if err != nil {
		return err
	}
	if c.Limit <= 0 {
		return misuse{errors.New("--limit is a number of alerts, 1 or more")}
	}
	alerts, err := a.store.Alerts(ctx, a.controller, mailer.AlertKind(c.Kind), after, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		if alerts == nil {
			alerts = []status.OpenAlert{}
		}
		return printJSON(std.out, alerts)
	}
	printAlerts(std.out, alerts, a.reg.Controller.Zone)
	if c.Kind != "" && len(alerts) == 0 {
		fmt.Fprintf(std.err, "no open alert is of the kind %q; docs/operations.md lists the kinds\n", c.Kind)
	}
	if len(alerts) == c.Limit {
		fmt.Fprintf(std.err, "there may be more: --after %s\n", alerts[len(alerts)-1].ID)
	}
	return nil
}

// printAlerts prints each with what it is about, by id alone.
func printAlerts(w io.Writer, alerts []status.OpenAlert, zone *time.Location) {
	if len(alerts) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"ALERT", "RAISED", "KIND"}}
	for _, al := range alerts {
		rows = append(rows, []string{al.ID.String(), whenIn(al.RaisedAt, zone), string(al.Kind)}, []string{"  about " + al.Subject})
		if !al.ContactID.IsZero() && al.ContactID.String() != al.Subject {
			rows = append(rows, []string{"  contact " + al.ContactID.String()})
		}
		if al.Detail != "" {
			rows = append(rows, []string{"  " + al.Detail})
		}
	}
	table(w, rows)
}

type alertSettleCmd struct {
	ID string `arg:"" help:"The alert's id."`
	By string `help:"Who has seen to it: a person's name, kept on record." required:"" placeholder:"NAME"`
}

func (c *alertSettleCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := mailer.ParseID(c.ID)
	if err != nil || strings.TrimSpace(c.By) == "" {
		return misuse{errors.New("give the id that 'article14 alert list' shows, and a name with --by")}
	}
	if err := a.store.SettleAlert(ctx, a.controller, id, c.By, a.now()); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "alert %s is settled by %s; raised again, it is shown again\n", id, c.By)
	return nil
}

// optionalID is the id that a flag names, zero where it names none.
func optionalID(flag, given string) (mailer.ID, error) {
	if given == "" {
		return mailer.ID{}, nil
	}
	id, err := mailer.ParseID(given)
	if err != nil {
		return id, misuse{fmt.Errorf("%s: that is no id", flag)}
	}
	return id, nil
}
