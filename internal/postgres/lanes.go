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
// Paced lanes are locked until the claim ends; one that another claim has locked
// is passed over.
func (t tx) openLanes(ctx context.Context, controller, claim mailer.ID, limit int, now time.Time) ([]*pacing.LaneTurn, error) {
	var rows []struct {
		ID      int64 `db:"id"`
		Express bool  `db:"express"`
		Pace    int   `db:"pace"`
	}
	if err := t.all(ctx, &rows, "claim_lanes", controller); err != nil {
		return nil, err
	}
	left, err := t.paceLeft(ctx, controller, now)
	if err != nil {
		return nil, err
	}
	var express, others []*pacing.LaneTurn
	for _, r := range rows {
		l := &pacing.LaneTurn{Lane: r.ID, Room: limit}
		if r.Pace > 0 {
			room, locked := left[r.ID]
			if !locked {
				continue
			}
			l.Paced, l.Room = true, min(limit, room)
		}
		if r.Express {
			express = append(express, l)
		} else {
			others = append(others, l)
		}
	}
	if n := len(others); n > 0 {
		turn := int(claim[14]) % n
		others = append(others[turn:n:n], others[:turn]...)
	}
	return append(express, others...), nil
}

// paceLeft locks the paced lanes that nobody else has locked, and tells how many
// more each may send in this second.
func (t tx) paceLeft(ctx context.Context, controller mailer.ID, now time.Time) (map[int64]int, error) {
	var rows []struct {
		ID   int64 `db:"id"`
		Pace int   `db:"pace"`
		Used int   `db:"used"`
	}
	if err := t.all(ctx, &rows, "claim_paced_lanes", controller, second(now), second(now).Add(paceAhead)); err != nil {
		return nil, err
	}
	left := make(map[int64]int, len(rows))
	for _, r := range rows {
		left[r.ID] = max(0, r.Pace-r.Used)
	}
	return left, nil
}

// chargePace writes down what paced lanes gave in this second.
func (t tx) chargePace(ctx context.Context, lanes []*pacing.LaneTurn, now time.Time) error {
	type row struct {
		ID   int64 `json:"id"`
		Used int   `json:"used"`
	}
	var rows []row
	for _, l := range lanes {
		if l.Paced && l.Used > 0 {
			rows = append(rows, row{l.Lane, l.Used})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "claim_charge_pace", records{rows}, second(now), second(now).Add(paceAhead))
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
