package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/campaign"
	"article14/mailer/status"
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
	Rows       accept.ImportCounts            `json:"rows"`
	Objections map[mailer.Way]int64           `json:"objections"`
	Requests   int64                          `json:"requests_open"`
	Asked      status.RequestFigures          `json:"requests"`
	Alerts     map[mailer.AlertKind]int64     `json:"alerts"`
	Reports    map[string]int64               `json:"reports"`
	Unmatched  map[string]int64               `json:"reports_unmatched"`
	Relayed    map[string]int64               `json:"relayed_last"`
	Lanes      []laneJSON                     `json:"lanes"`
	OverdueBy  map[string]int64               `json:"overdue_by_age"`
	Stranded   int64                          `json:"stranded"`
	Workers    []workerJSON                   `json:"workers"`
	Relays     []relayJSON                    `json:"relays"`
	Classes    []classJSON                    `json:"classes"`
	Instance   instanceJSON                   `json:"instance"`
	Exemptions status.ExemptionFigures        `json:"exemptions"`
	Answers    status.AnswerFigures           `json:"answers"`
	ByHand     status.HandFigures             `json:"by_hand"`
	ToDo       []status.Task                  `json:"to_do"`
	Forecast   status.Forecast                `json:"forecast"`
}

type laneJSON struct {
	Campaign string           `json:"campaign"`
	Class    string           `json:"class"`
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

func statusReport(f status.Figures, zone *time.Location) statusJSON {
	out := statusJSON{AsOf: f.AsOf, Zone: zone.String(), Contacts: f.Contacts, Duties: f.Duties, Blocked: f.Blocked, Overdue: f.Overdue,
		DueWithin: f.DueWithin, OldestDue: f.OldestDueAt, MetLate: f.MetLate, Deliveries: f.Deliveries, Attempts: f.Attempts,
		Languages: f.ByLanguages, Rows: f.Imports, Objections: f.Objections, Requests: f.Requests.Count(), Asked: f.Requests, Alerts: f.Alerts,
		Reports: f.Reports, Unmatched: f.Unmatched, Relayed: f.RelayedLast, Forecast: f.Forecast(), Lanes: []laneJSON{},
		OverdueBy: f.OverdueBy, Stranded: f.Stranded, Workers: workersReport(f), Relays: relaysReport(f, zone), Classes: classesReport(f, zone), Instance: instanceReport(f.Instance), Exemptions: f.Exemptions, Answers: f.Answers, ByHand: f.ByHand, ToDo: tasksReport(f)}
	if !f.OldestDueAt.IsZero() {
		out.LateDays = mailer.LateDays(f.OldestDueAt, f.AsOf, zone)
	}
	for _, l := range f.Lanes {
		out.Lanes = append(out.Lanes, laneJSON{cmp.Or(l.CampaignKey, correspondence), l.Class, l.State, l.Reason, l.Pace, l.Queued, l.EarliestDue})
	}
	return out
}

// correspondence is the name of the lane that has no campaign.
const correspondence = "(correspondence)"

// laneName is a lane's campaign, with its class where it has one.
func laneName(l status.LaneFigures) string {
	name := cmp.Or(l.CampaignKey, correspondence)
	if inClass(l) {
		name += " to " + l.Class
	}
	return name
}

// inClass tells whether a lane is for a class of domains, and not for the rest.
func inClass(l status.LaneFigures) bool { return l.Class != "" && l.Class != campaign.AnyClass }

// forecastWords say what today's rate of mail leads to; it holds for what is released alone.
func forecastWords(figures status.Figures, zone *time.Location) string {
	f := figures.Forecast()
	hand := ""
	if f.ByHand > 0 {
		hand = fmt.Sprintf("; by hand: %s, the first due by %s", counted(f.ByHand, "letter or call", "letters and calls"), dueIn(f.ByHandBy, figures.AsOf, zone))
	}
	left := "forecast: " + duties(f.Remaining) + " can be met by mail"
	if open := figures.Duties[mailer.DutyOpen]; open > 0 {
		left += ", " + number(open) + " of them in no campaign yet"
	}
	done := fmt.Sprintf("; at %s, as in the %s, that takes %s", rateWords(f.RatePerSecond), words(f.RateFrom), spanWords(f.DoneInSeconds))
	switch {
	case f.Remaining == 0:
		return "forecast: nothing is left that mail can meet" + hand
	case f.RateFrom == "none":
		return left + "; no mail was handed over in the last hour, so there is no rate to go by" + hand
	case f.InTime:
		return left + done + ", and all of it that is still on time stays on time" + hand
	default:
		return left + done + ", TOO LATE for some that are due within " + f.FirstMissed + ": raise the pace" + hand
	}
}

// rateWords writes a rate in the unit in which it is no fraction.
func rateWords(perSecond float64) string {
	switch {
	case perSecond >= 1:
		return fmt.Sprintf("%.1f a second", perSecond)
	case perSecond*60 >= 1:
		return fmt.Sprintf("%.1f a minute", perSecond*60)
	}
	return fmt.Sprintf("%.1f an hour", perSecond*3600)
}

// spanWords writes a long span in days, since nobody counts in thousands of hours.
func spanWords(seconds float64) string {
	const day = 24 * 60 * 60
	if days := math.Ceil(seconds / day); days > 2 {
		return number(int64(days)) + " days"
	}
	return (time.Duration(seconds) * time.Second).String()
}
