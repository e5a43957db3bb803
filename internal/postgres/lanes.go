package postgres

import (
	"context"
	"time"

	"article14/mailer"
)

// openLane is a lane during one claim.
type openLane struct {
	id        int64
	paced     bool
	room      int // how many it may still give in this claim
	used      int // how many it gave
	onTimeDry bool
	lateDry   bool
}

// portion is what a lane is asked for: of those still on time, and of those overdue.
type portion struct {
	Lane   int64 `json:"lane"`
	OnTime int   `json:"on_time"`
	Late   int   `json:"late"`
}

// given is what it gave. What was suppressed is not sending.
type given struct{ onTime, late, sending int }

// share divides what is left of a batch between lanes, in their order, and
// within each between the two streams (D7). Of an odd number the stream that
// onTimeFirst names gets the greater half; claims take turns in that, so that
// neither stream starves at a pace of one.
func share(lanes []*openLane, left int, onTimeFirst bool) []portion {
	var able []*openLane
	for _, l := range lanes {
		if l.room > 0 && !(l.onTimeDry && l.lateDry) {
			able = append(able, l)
		}
	}
	var out []portion
	for i, l := range able {
		others := len(able) - i
		part := min((left+others-1)/others, l.room)
		if part == 0 {
			break
		}
		left -= part
		greater, lesser := (part+1)/2, part/2
		p := portion{Lane: l.id, OnTime: lesser, Late: greater}
		switch {
		case l.onTimeDry:
			p.OnTime, p.Late = 0, part
		case l.lateDry:
			p.OnTime, p.Late = part, 0
		case onTimeFirst:
			p.OnTime, p.Late = greater, lesser
		}
		out = append(out, p)
	}
	return out
}

// served takes note of what a lane gave of what it was asked for: a stream that
// gave less is dry.
func (l *openLane) served(asked []portion, got given) {
	for _, a := range asked {
		if a.Lane == l.id {
			l.onTimeDry = l.onTimeDry || got.onTime < a.OnTime
			l.lateDry = l.lateDry || got.late < a.Late
			l.room -= got.sending
			l.used += got.sending
		}
	}
}

// largest is the greatest number that any stream is asked for.
func largest(asked []portion) int {
	n := 0
	for _, a := range asked {
		n = max(n, a.OnTime, a.Late)
	}
	return n
}

// openLanes are the lanes that a claim may take from: the express lane, then the
// others, from another one on each time, so that many lanes share small batches.
// Paced lanes are locked until the claim ends; one that another claim has locked
// is passed over.
func (t tx) openLanes(ctx context.Context, controller, claim mailer.ID, limit int, now time.Time) ([]*openLane, error) {
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
	var express, others []*openLane
	for _, r := range rows {
		l := &openLane{id: r.ID, room: limit}
		if r.Pace > 0 {
			room, locked := left[r.ID]
			if !locked {
				continue
			}
			l.paced, l.room = true, min(limit, room)
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
	if err := t.all(ctx, &rows, "claim_paced_lanes", controller, second(now)); err != nil {
		return nil, err
	}
	left := make(map[int64]int, len(rows))
	for _, r := range rows {
		left[r.ID] = max(0, r.Pace-r.Used)
	}
	return left, nil
}

// chargePace writes down what paced lanes gave in this second.
func (t tx) chargePace(ctx context.Context, lanes []*openLane, now time.Time) error {
	type row struct {
		ID   int64 `json:"id"`
		Used int   `json:"used"`
	}
	var rows []row
	for _, l := range lanes {
		if l.paced && l.used > 0 {
			rows = append(rows, row{l.id, l.used})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "claim_charge_pace", records{rows}, second(now))
	return err
}

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
