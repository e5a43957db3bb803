package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
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
	keys, err := a.campaignKeys(ctx, alerts)
	if err != nil {
		return err
	}
	printAlerts(std.out, alerts, keys, a.reg.Controller.Zone)
	if c.Kind != "" && len(alerts) == 0 {
		fmt.Fprintf(std.err, "no open alert is of the kind %q; docs/operations.md lists the kinds\n", c.Kind)
	}
	if len(alerts) == c.Limit {
		fmt.Fprintf(std.err, "there may be more: --after %s\n", alerts[len(alerts)-1].ID)
	}
	return nil
}

// aboutCampaigns are the kinds of alerts that are about a campaign.
var aboutCampaigns = []mailer.AlertKind{mailer.AlertBouncedPolicy, mailer.AlertCanaryFailed, mailer.AlertLanePaused, mailer.AlertComplaints}

// campaignKeys are the keys of campaigns by their ids, where an alert is about one: an alert
// names what it is about by its id, and commands take a campaign by its key.
func (a *app) campaignKeys(ctx context.Context, alerts []status.OpenAlert) (map[string]string, error) {
	keys := map[string]string{}
	if !slices.ContainsFunc(alerts, func(al status.OpenAlert) bool { return slices.Contains(aboutCampaigns, al.Kind) }) {
		return keys, nil
	}
	cs, err := a.store.Campaigns(ctx, a.controller)
	for _, c := range cs {
		keys[c.ID.String()] = c.Key
	}
	return keys, err
}

// printAlerts prints each with what it is about, by id alone, then what to do about each kind.
func printAlerts(w io.Writer, alerts []status.OpenAlert, campaigns map[string]string, zone *time.Location) {
	if len(alerts) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"ALERT", "RAISED", "KIND"}}
	kinds := map[mailer.AlertKind]int64{}
	for _, al := range alerts {
		kinds[al.Kind]++
		rows = append(rows, []string{al.ID.String(), whenIn(al.RaisedAt, zone), string(al.Kind)})
		if key := campaigns[al.Subject]; key != "" {
			rows = append(rows, []string{"  campaign " + key})
		} else {
			rows = append(rows, []string{"  about " + al.Subject})
		}
		if !al.ContactID.IsZero() && al.ContactID.String() != al.Subject {
			rows = append(rows, []string{"  contact " + al.ContactID.String()})
		}
		if al.Detail != "" {
			rows = append(rows, []string{"  " + al.Detail})
		}
	}
	table(w, rows)
	rows = [][]string{{"KIND", "LISTED", "WHAT TO DO; THEN 'article14 alert settle ALERT --by NAME'"}}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		rows = append(rows, []string{string(k), number(kinds[k]), k.Remedy()})
	}
	section(w, rows)
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
