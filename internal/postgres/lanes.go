package postgres

import (
	"context"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// largest is the greatest number that any stream is asked for.
func largest(asked []pacing.Portion) int {
	n := 0
	for _, a := range asked {
		n = max(n, a.OnTime, a.Late)
	}
	return n
}

// inAll is how many all streams are asked for.
func inAll(asked []pacing.Portion) int {
	n := 0
	for _, a := range asked {
		n += a.OnTime + a.Late
	}
	return n
}

// openLane is a lane that a claim may take from.
type openLane struct {
	ID           int64     `db:"id"`
	Campaign     mailer.ID `db:"campaign_id"`
	Class        string    `db:"class"`
	Pace         int       `db:"pace"`
	Limited      bool      `db:"limited"`
	ClassLimited bool      `db:"class_limited"`
	Classes      int64     `db:"classes"` // the version of the book; 0: there are none
}

// openLanes are the lanes that a claim may take from: the express lane, then the
// others (whose turn it is, where there are many, is settled by pacing.Share).
// What lanes share is locked until the claim ends; where another claim has it
// locked, they are passed over.
func (c *claiming) openLanes(ctx context.Context, books *classBooks) error {
	var rows []openLane
	if err := c.all(ctx, &rows, "claim_lanes", c.controller); err != nil || len(rows) == 0 {
		return err
	}
	var err error
	if c.book, err = books.of(ctx, c.tx, c.controller, rows[0].Classes); err != nil {
		return err
	}
	if err := c.lockLimits(ctx, rows); err != nil {
		return err
	}
	c.campaigns, c.classes = make(map[int64]mailer.ID, len(rows)), make(map[int64]string, len(rows))
	var express, others []*pacing.LaneTurn
	for _, r := range rows {
		l := &pacing.LaneTurn{Lane: r.ID, Room: c.limit}
		if !c.limits.bind(l, r) {
			continue
		}
		c.campaigns[r.ID], c.classes[r.ID] = r.Campaign, r.Class
		if r.Campaign.IsZero() {
			express = append(express, l)
		} else {
			others = append(others, l)
		}
	}
	c.lanes = append(express, others...)
	return nil
}

// paceAhead is how far the clocks of two workers may be apart: each by five seconds
// from the database's, or it does not start.
const paceAhead = 10 * time.Second

// second is the one that a pace is counted in.
func second(now time.Time) time.Time { return now.UTC().Truncate(time.Second) }

// laneRow is a row of lane.
type laneRow struct {
	ID         int64            `db:"id"`
	CampaignID mailer.ID        `db:"campaign_id"`
	Class      string           `db:"class"`
	State      mailer.LaneState `db:"state"`
	Reason     string           `db:"reason"`
	Pace       int              `db:"pace"`
	PerSecond  int              `db:"per_second"` // of its class; 0: no limit
	PerDay     int              `db:"per_day"`
	OnDay      int              `db:"on_day"`
}

func (r laneRow) lane() mailer.Lane {
	return mailer.Lane{ID: r.ID, CampaignID: r.CampaignID, Class: r.Class, State: r.State, Reason: r.Reason, Pace: r.Pace,
		ClassPace: r.PerSecond, ClassOver: r.PerDay > 0 && r.OnDay > r.PerDay}
}

// Lanes gives the state of every lane.
func (s *Store) Lanes(ctx context.Context, controller mailer.ID) (out []mailer.Lane, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []laneRow
		err := t.all(ctx, &rows, "lanes", controller)
		for _, r := range rows {
			out = append(out, r.lane())
		}
		return err
	})
	return out, err
}
