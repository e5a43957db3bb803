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

// openLanes are the lanes that a claim may take from: the express lane, then the
// others, from another one on each time, so that many lanes share small batches.
// Paced lanes, and what limited campaigns may tell, are locked until the claim ends; one
// that another claim has locked is passed over.
func (c *claiming) openLanes(ctx context.Context) error {
	var rows []struct {
		ID       int64     `db:"id"`
		Campaign mailer.ID `db:"campaign_id"`
		Pace     int       `db:"pace"`
		Limited  bool      `db:"limited"`
	}
	if err := c.all(ctx, &rows, "claim_lanes", c.controller); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Limited {
			c.limited = append(c.limited, r.Campaign)
		}
	}
	allowed, err := c.allowances(ctx)
	if err != nil {
		return err
	}
	var left map[int64]int
	for _, r := range rows {
		if r.Pace > 0 && left == nil {
			if left, err = c.paceLeft(ctx); err != nil {
				return err
			}
		}
	}
	c.campaigns = make(map[int64]mailer.ID, len(rows))
	var express, others []*pacing.LaneTurn
	for _, r := range rows {
		l := &pacing.LaneTurn{Lane: r.ID, Room: c.limit}
		if r.Pace > 0 {
			room, locked := left[r.ID]
			if !locked {
				continue
			}
			l.Paced, l.Room = true, min(c.limit, room)
		}
		if r.Limited {
			allowance, locked := allowed[r.Campaign]
			if !locked {
				continue
			}
			l.Room = allowance.Room(l.Room)
		}
		c.campaigns[r.ID] = r.Campaign
		if r.Campaign.IsZero() {
			express = append(express, l)
		} else {
			others = append(others, l)
		}
	}
	if n := len(others); n > 0 {
		turn := int(c.id[14]) % n
		others = append(others[turn:n:n], others[:turn]...)
	}
	c.lanes = append(express, others...)
	return nil
}

// paceLeft locks the paced lanes that nobody else has locked, and tells how many
// more each may send in this second.
func (c *claiming) paceLeft(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		ID   int64 `db:"id"`
		Pace int   `db:"pace"`
		Used int   `db:"used"`
	}
	if err := c.all(ctx, &rows, "claim_paced_lanes", c.controller, second(c.now), second(c.now).Add(paceAhead)); err != nil {
		return nil, err
	}
	left := make(map[int64]int, len(rows))
	for _, r := range rows {
		left[r.ID] = max(0, r.Pace-r.Used)
	}
	return left, nil
}

// chargePace writes down what paced lanes gave in this second.
func (c *claiming) chargePace(ctx context.Context) error {
	type row struct {
		ID   int64 `json:"id"`
		Used int   `json:"used"`
	}
	var rows []row
	for _, l := range c.lanes {
		if l.Paced && l.Used > 0 {
			rows = append(rows, row{l.Lane, l.Used})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := c.exec(ctx, "claim_charge_pace", records{rows}, second(c.now), second(c.now).Add(paceAhead))
	return err
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
	State      mailer.LaneState `db:"state"`
	Reason     string           `db:"reason"`
	Pace       int              `db:"pace"`
}

func (r laneRow) lane() mailer.Lane {
	return mailer.Lane{ID: r.ID, CampaignID: r.CampaignID, State: r.State, Reason: r.Reason, Pace: r.Pace}
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
