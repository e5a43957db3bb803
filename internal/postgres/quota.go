package postgres

import (
	"context"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/deliver"
)

var _ deliver.QuotaStore = (*Store)(nil)

// LeaseQuota grants up to want messages through a relay. Workers that ask at once
// take turns at the relay's row, which is held for these statements alone.
func (s *Store) LeaseQuota(ctx context.Context, controller mailer.ID, relay string, want int, caps pacing.Caps, second, day time.Time) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		spent, found, err := t.spent(ctx, controller, relay)
		if err == nil && !found {
			if _, err = t.exec(ctx, "quota_add", controller, relay); err == nil {
				spent, _, err = t.spent(ctx, controller, relay)
			}
		}
		if err != nil {
			return err
		}
		n, spent = spent.Grant(caps, want, second, day)
		_, err = t.exec(ctx, "quota_lease", controller, relay, spent.Second, spent.InSecond, spent.Day, spent.OnDay, caps.PerSecond, caps.PerDay)
		return err
	})
	return n, err
}

// ReturnQuota gives back what was granted and did not go out.
func (s *Store) ReturnQuota(ctx context.Context, controller mailer.ID, relay string, n int, second, day time.Time) error {
	return s.write(ctx, func(t tx) error {
		spent, found, err := t.spent(ctx, controller, relay)
		if err != nil || !found {
			return err
		}
		spent = spent.Return(n, second, day)
		_, err = t.exec(ctx, "quota_return", controller, relay, spent.InSecond, spent.OnDay)
		return err
	})
}

// spent locks what a relay was given until the transaction ends.
func (t tx) spent(ctx context.Context, controller mailer.ID, relay string) (pacing.Spent, bool, error) {
	var r struct {
		Second   instant `db:"second"`
		InSecond int     `db:"in_second"`
		Day      instant `db:"day"`
		OnDay    int     `db:"on_day"`
	}
	found, err := t.one(ctx, &r, "quota_lock", controller, relay)
	return pacing.Spent{Second: r.Second.Time, InSecond: r.InSecond, Day: r.Day.Time, OnDay: r.OnDay}, found, err
}

// relayFigures are what relays with limits were given lately.
func (t tx) relayFigures(ctx context.Context, controller mailer.ID) ([]deliver.RelayFigures, error) {
	var rows []struct {
		Relay     string  `db:"relay"`
		Day       instant `db:"day"`
		OnDay     int     `db:"on_day"`
		PerSecond int     `db:"per_second"`
		PerDay    int     `db:"per_day"`
	}
	err := t.all(ctx, &rows, "quotas", controller)
	out := make([]deliver.RelayFigures, len(rows))
	for i, r := range rows {
		out[i] = deliver.RelayFigures{Relay: r.Relay, Day: r.Day.Time, OnDay: r.OnDay, Caps: pacing.Caps{PerSecond: r.PerSecond, PerDay: r.PerDay}}
	}
	return out, err
}
