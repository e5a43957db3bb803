package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

type statusCmd struct {
	JSON bool `help:"Print JSON."`
}

type statusJSON struct {
	AsOf       time.Time                      `json:"as_of"`
	Zone       string                         `json:"zone"`
	Contacts   int64                          `json:"contacts"`
	Duties     map[mailer.DutyState]int64     `json:"duties"`
	Blocked    map[mailer.BlockReason]int64   `json:"blocked"`
	Overdue    int64                          `json:"overdue"`
	DueWithin  map[string]int64               `json:"due_within"`
	OldestDue  time.Time                      `json:"oldest_due,omitzero"`
	LateDays   int                            `json:"oldest_late_days"`
	MetLate    int64                          `json:"met_late"`
	Deliveries map[mailer.DeliveryState]int64 `json:"deliveries"`
	Attempts   map[mailer.DeliveryState]int64 `json:"attempts"`
	Languages  map[string]int64               `json:"languages"`
	Rows       mailer.ImportCounts            `json:"rows"`
	Objections map[string]int64               `json:"objections"`
	Requests   int64                          `json:"requests_open"`
	Alerts     map[string]int64               `json:"alerts"`
	Reports    map[string]int64               `json:"reports"`
	Unmatched  map[string]int64               `json:"reports_unmatched"`
	Relayed    map[string]int64               `json:"relayed_last"`
	Lanes      []laneJSON                     `json:"lanes"`
	Forecast   mailer.Forecast                `json:"forecast"`
}

type laneJSON struct {
	Campaign string           `json:"campaign"`
	State    mailer.LaneState `json:"state"`
	Reason   string           `json:"reason,omitempty"`
	Pace     int              `json:"pace"`
	Queued   int64            `json:"queued"`
	FirstDue time.Time        `json:"first_due,omitzero"`
}

func (c *statusCmd) Run(ctx context.Context, a *app, std streams) error {
	reg := a.reg
	f, err := a.store.Figures(ctx, a.controller, a.now())
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, statusReport(f, reg.Controller.Zone))
	}
	printStatus(std.out, f, reg.Controller.Zone)
	return nil
}

func statusReport(f mailer.Figures, zone *time.Location) statusJSON {
	out := statusJSON{AsOf: f.AsOf, Zone: zone.String(), Contacts: f.Contacts, Duties: f.Duties, Blocked: f.Blocked, Overdue: f.Overdue,
		DueWithin: f.DueWithin, OldestDue: f.OldestDueAt, MetLate: f.MetLate, Deliveries: f.Deliveries, Attempts: f.Attempts,
		Languages: f.ByLanguages, Rows: f.Imports, Objections: f.Objections, Requests: f.Requests, Alerts: f.Alerts,
		Reports: f.Reports, Unmatched: f.Unmatched, Relayed: f.RelayedLast, Forecast: f.Forecast(), Lanes: []laneJSON{}}
	if !f.OldestDueAt.IsZero() {
		out.LateDays = mailer.LateDays(f.OldestDueAt, f.AsOf, zone)
	}
	for _, l := range f.Lanes {
		out.Lanes = append(out.Lanes, laneJSON{laneName(l), l.State, l.Reason, l.Pace, l.Queued, l.EarliestDue})
	}
	return out
}

func laneName(l mailer.LaneFigures) string {
	if l.CampaignKey == "" {
		return "(correspondence)"
	}
	return l.CampaignKey
}

func printStatus(w io.Writer, f mailer.Figures, zone *time.Location) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	fmt.Fprintf(w, "as of %s\n\n", f.AsOf.In(zone).Format("2006-01-02 15:04:05 MST"))
	rows := [][]string{{"people", n(f.Contacts)}}
	for _, st := range mailer.DutyStates {
		if f.Duties[st] > 0 {
			rows = append(rows, []string{"duties " + string(st), n(f.Duties[st])})
		}
	}
	rows = append(rows, []string{"overdue, not met", n(f.Overdue)})
	for _, win := range mailer.Windows {
		rows = append(rows, []string{"due within " + win.Name, n(f.DueWithin[win.Name])})
	}
	rows = append(rows, []string{"met late", n(f.MetLate)})
	if !f.OldestDueAt.IsZero() {
		rows = append(rows, []string{"oldest date not met", oldest(f, zone)})
	}
	for _, st := range mailer.DeliveryStates {
		if f.Deliveries[st] > 0 {
			rows = append(rows, []string{"notices " + string(st), n(f.Deliveries[st])})
		}
	}
	rows = append(rows, reportRows(f)...)
	for _, kind := range slices.Sorted(maps.Keys(f.Alerts)) {
		rows = append(rows, []string{"ALERT " + kind, n(f.Alerts[kind])})
	}
	table(w, rows)
	printBlocked(w, "DUTIES", f.Blocked)
	if failed := f.Duties[mailer.DutyFailed]; failed > 0 { // E3
		fmt.Fprintf(w, "\n%d duties failed at one address and have another one: a running campaign takes them up; if it has ended, create a new one\n", failed)
	}
	printLanes(w, f)
	fmt.Fprintln(w, "\n"+forecastWords(f.Forecast()))
}

func oldest(f mailer.Figures, zone *time.Location) string {
	date := calendar.DateOf(f.OldestDueAt, zone).String()
	if d := mailer.LateDays(f.OldestDueAt, f.AsOf, zone); d > 0 {
		return fmt.Sprintf("%s, late by %d days", date, d)
	}
	return date
}

func printLanes(w io.Writer, f mailer.Figures) {
	if len(f.Lanes) == 0 {
		return
	}
	rows := [][]string{{"LANE", "STATE", "PACE", "QUEUED", "FIRST DATE"}}
	for _, l := range f.Lanes {
		rows = append(rows, []string{laneName(l), string(l.State), paceWords(l.Pace), strconv.FormatInt(l.Queued, 10), when(l.EarliestDue)})
	}
	fmt.Fprintln(w)
	table(w, rows)
}

func forecastWords(f mailer.Forecast) string {
	switch {
	case f.Remaining == 0:
		return "forecast: nothing is left that sending can meet"
	case f.RateFrom == "none":
		return fmt.Sprintf("forecast: %d duties remain and nothing was handed over in the last hour; no forecast without a rate", f.Remaining)
	case f.InTime:
		return fmt.Sprintf("forecast: %d duties remain; at %.1f a second (%s) they are done in %s, and all that is still on time stays on time",
			f.Remaining, f.RatePerSecond, f.RateFrom, time.Duration(f.DoneInSeconds)*time.Second)
	default:
		return fmt.Sprintf("forecast: %d duties remain; at %.1f a second (%s) they are done in %s, TOO LATE for some that are due within %s: raise the pace",
			f.Remaining, f.RatePerSecond, f.RateFrom, time.Duration(f.DoneInSeconds)*time.Second, f.FirstMissed)
	}
}
