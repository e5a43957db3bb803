package postgres

import (
	"context"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/status"
)

const (
	// countEvery is how long a count of what is owed stands. What a claim takes of it
	// in that time is little, and pacing.Share sets more aside than is needed.
	countEvery = 10 * time.Second
	// countMost is the longest that a count stands, however much there was to count.
	countMost = time.Minute
	// countAtOnce is how many deliveries are counted every countEvery; more are
	// counted less often, so that counting never costs a claim much.
	countAtOnce = 100_000
	// countAhead is how far ahead dates are looked at: a month and what rounds it up.
	countAhead = 32 * 24 * time.Hour
)

// laneNeeds remembers between claims what the people of each lane who are still
// on time need (D7), for each controller.
type laneNeeds struct {
	mu      sync.Mutex
	counted map[mailer.ID]countedNeeds
}

// countedNeeds are the needs of a controller's lanes as they were counted.
type countedNeeds struct {
	at, until time.Time
	byLane    map[int64]pacing.Need
}

// of gives the needs of a controller's open lanes, counted anew where the last
// count is too old.
func (n *laneNeeds) of(ctx context.Context, s *Store, controller mailer.ID, now time.Time) (map[int64]pacing.Need, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	last, ok := n.counted[controller]
	if ok && !now.Before(last.at) && now.Before(last.until) {
		return last.byLane, nil
	}
	fresh := countedNeeds{at: now}
	err := s.read(ctx, func(t tx) error {
		owed, total, err := t.owed(ctx, controller, now)
		if err != nil {
			return err
		}
		fresh.until = now.Add(min(countMost, countEvery*time.Duration(1+total/countAtOnce)))
		fresh.byLane, err = t.laneNeeds(ctx, controller, owed, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n.counted == nil {
		n.counted = map[mailer.ID]countedNeeds{}
	}
	n.counted[controller] = fresh
	return fresh.byLane, nil
}

// owed counts what is queued and still on time in each open lane, by date.
func (t tx) owed(ctx context.Context, controller mailer.ID, now time.Time) (owed map[int64][]pacing.Owing, total int64, err error) {
	var rows []struct {
		Lane int64   `db:"lane"`
		At   instant `db:"at"`
		N    int64   `db:"n"`
	}
	err = t.all(ctx, &rows, "claim_owed", controller, now, now.Add(countAhead))
	owed = map[int64][]pacing.Owing{}
	for _, r := range rows {
		owed[r.Lane] = append(owed[r.Lane], pacing.Owing{At: r.At.Time, N: r.N})
		total += r.N
	}
	return owed, total, err
}

// laneNeeds holds what lanes owe against their own pace and against what was
// handed over lately.
func (t tx) laneNeeds(ctx context.Context, controller mailer.ID, owed map[int64][]pacing.Owing, now time.Time) (map[int64]pacing.Need, error) {
	if len(owed) == 0 {
		return nil, nil
	}
	relayed, err := t.rates(ctx, controller, now)
	if err != nil {
		return nil, err
	}
	rate, _ := status.RateOf(relayed)
	var lanes []laneRow
	if err := t.all(ctx, &lanes, "lanes", controller); err != nil {
		return nil, err
	}
	var daily []struct {
		Campaign mailer.ID `db:"campaign_id"`
		Daily    int       `db:"daily"`
	}
	if err := t.all(ctx, &daily, "allowances_daily", controller); err != nil {
		return nil, err
	}
	perDay := make(map[mailer.ID]int, len(daily))
	for _, d := range daily {
		perDay[d.Campaign] = d.Daily
	}
	var classes []classRow
	if err := t.all(ctx, &classes, "classes", controller); err != nil {
		return nil, err
	}
	ofClass := make(map[string]float64, len(classes)) // a second
	for _, k := range classes {
		ofClass[k.Name] = pacing.PerSecond(k.PerSecond, k.PerDay)
	}
	out := map[int64]pacing.Need{}
	for _, l := range lanes {
		out[l.ID] = pacing.Need{OfAll: pacing.NeedOf(owed[l.ID], rate, now), OfOwn: pacing.NeedOf(owed[l.ID], pacing.PerSecond(l.Pace, perDay[l.CampaignID]), now),
			OfClass: pacing.NeedOf(owed[l.ID], ofClass[l.Class], now)}
	}
	return out, nil
}
