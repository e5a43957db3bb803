package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/campaign"
)

type campaignShowCmd struct {
	Key  string `arg:"" help:"The campaign's key."`
	JSON bool   `help:"Print JSON."`
}

type campaignJSON struct {
	Key        string                         `json:"key"`
	Activity   string                         `json:"activity"`
	Kind       mailer.CampaignKind            `json:"kind"`
	State      mailer.CampaignState           `json:"state"`
	Filter     mailer.Filter                  `json:"filter"`
	Pace       int                            `json:"pace"`
	CreatedAt  time.Time                      `json:"created_at"`
	CreatedBy  string                         `json:"created_by"`
	Content    string                         `json:"content,omitempty"`
	ApprovedAt time.Time                      `json:"approved_at,omitzero"`
	ApprovedBy string                         `json:"approved_by,omitempty"`
	People     int64                          `json:"approved_people"`
	StartedAt  time.Time                      `json:"started_at,omitzero"`
	EndedAt    time.Time                      `json:"ended_at,omitzero"`
	Daily      int                            `json:"daily"`
	Today      int                            `json:"today"`
	Canary     *canaryJSON                    `json:"canary,omitempty"`
	Deliveries map[mailer.DeliveryState]int64 `json:"deliveries"`
}

// canaryJSON is how a campaign begins.
type canaryJSON struct {
	People int                  `json:"people"`
	Left   int                  `json:"left"`
	State  campaign.CanaryState `json:"state"`
	Since  time.Time            `json:"since"`
	Until  time.Time            `json:"until,omitzero"` // while it waits
	Share  float64              `json:"share"`
}

func canaryReport(c campaign.Canary) *canaryJSON {
	if c.State == campaign.CanaryNone {
		return nil
	}
	out := &canaryJSON{People: c.People, Left: c.Left, State: c.State, Since: c.At, Share: c.Share}
	if c.State == campaign.CanaryWaiting {
		out.Until = c.At.Add(c.Wait)
	}
	return out
}

// allowanceRows say what holds a campaign back.
func allowanceRows(r campaignJSON, zone *time.Location) (rows [][]string) {
	if r.Daily > 0 {
		rows = append(rows, []string{"daily", fmt.Sprintf("%s, %s today", dailyWords(r.Daily), number(int64(r.Today)))})
	}
	if c := r.Canary; c != nil {
		what := fmt.Sprintf("%s, %s since %s", counted(int64(c.People), "person", "people"), c.State, whenIn(c.Since, zone))
		if !c.Until.IsZero() {
			what += ", until " + whenIn(c.Until, zone)
		}
		rows = append(rows, []string{"canary", what})
	}
	return rows
}

func (c *campaignShowCmd) Run(ctx context.Context, a *app, std streams) error {
	campaign, err := a.store.Campaign(ctx, a.controller, c.Key)
	if err != nil {
		return err
	}
	report, err := a.campaignReport(ctx, campaign)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, report)
	}
	rows := [][]string{{"campaign", report.Key}, {"activity", report.Activity}, {"kind", string(report.Kind)}, {"state", string(report.State)},
		{"created", whenIn(report.CreatedAt, a.reg.Controller.Zone) + " by " + report.CreatedBy}, {"pace", paceWords(report.Pace)}}
	rows = append(rows, allowanceRows(report, a.reg.Controller.Zone)...)
	rows = append(rows, filterRows(report.Filter, a.reg.Controller.Zone)...)
	if report.ApprovedBy != "" {
		rows = append(rows, []string{"approved", fmt.Sprintf("%s by %s for %s", whenIn(report.ApprovedAt, a.reg.Controller.Zone), report.ApprovedBy, counted(report.People, "person", "people"))},
			[]string{"content", report.Content})
	}
	for _, st := range mailer.DeliveryStates {
		if n := report.Deliveries[st]; n > 0 {
			rows = append(rows, []string{string(st), strconv.FormatInt(n, 10)})
		}
	}
	table(std.out, rows)
	return nil
}

// filterRows say whom a campaign is narrowed to, in the zone of its days.
func filterRows(f mailer.Filter, zone *time.Location) (rows [][]string) {
	for _, part := range []struct {
		name   string
		values []string
	}{{"sources", f.Sources}, {"countries", f.Countries}, {"languages", f.Languages}} {
		if len(part.values) > 0 {
			rows = append(rows, []string{"only " + part.name, strings.Join(part.values, ", ")})
		}
	}
	if !f.ObtainedFrom.IsZero() {
		rows = append(rows, []string{"obtained from", fmt.Sprintf("%s (%s)", calendar.DateOf(f.ObtainedFrom, zone), zone)})
	}
	if !f.ObtainedUntil.IsZero() {
		rows = append(rows, []string{"obtained until", fmt.Sprintf("%s (%s)", calendar.DateOf(f.ObtainedUntil, zone), zone)})
	}
	if len(rows) == 0 {
		return [][]string{{"audience", "everybody who is owed the notice"}}
	}
	return rows
}

// paceWords says how many notices go out in a second.
func paceWords(pace int) string {
	if pace == 0 {
		return "as the relay bears"
	}
	return fmt.Sprintf("%d/s", pace)
}

func (a *app) campaignReport(ctx context.Context, c mailer.Campaign) (campaignJSON, error) {
	out := campaignJSON{Key: c.Key, Activity: c.ActivityKey, Kind: c.Kind, State: c.State, Filter: c.Filter, Pace: c.Pace, CreatedAt: c.CreatedAt,
		CreatedBy: c.CreatedBy, ApprovedAt: c.ApprovedAt, ApprovedBy: c.ApprovedBy, People: c.ApprovedPeople, StartedAt: c.StartedAt, EndedAt: c.EndedAt}
	if !c.ContentVersionID.IsZero() {
		v, err := a.store.Content(ctx, c.ContentVersionID)
		if err != nil {
			return out, err
		}
		out.Content = hex.EncodeToString(v.Hash)
	}
	allowance, err := a.store.Allowance(ctx, c.ID)
	if err != nil {
		return out, err
	}
	out.Daily, out.Today, out.Canary = allowance.Daily, allowance.Today, canaryReport(allowance.Canary)
	out.Deliveries, err = a.store.CampaignCounts(ctx, c.ID)
	return out, err
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

type campaignListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *campaignListCmd) Run(ctx context.Context, a *app, std streams) error {
	campaigns, err := a.store.Campaigns(ctx, a.controller)
	if err != nil {
		return err
	}
	reports := make([]campaignJSON, 0, len(campaigns))
	rows := [][]string{{"CAMPAIGN", "ACTIVITY", "KIND", "STATE", "PEOPLE", "APPROVED BY"}}
	for _, campaign := range campaigns {
		r, err := a.campaignReport(ctx, campaign)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		rows = append(rows, []string{r.Key, r.Activity, string(r.Kind), string(r.State), strconv.FormatInt(r.People, 10), r.ApprovedBy})
	}
	if c.JSON {
		return printJSON(std.out, reports)
	}
	table(std.out, rows)
	return nil
}
