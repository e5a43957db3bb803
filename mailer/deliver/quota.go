package deliver

import (
	"context"
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
)

// RelayLimits are what an operator lets a relay be given, by all workers
// together. The zero value is no limit.
type RelayLimits struct {
	PerSecond int           // messages; 0: as the relay bears
	PerDay    int           // messages; 0: no limit
	RampFrom  calendar.Date // the first day of Ramp: before it nothing goes out
	Ramp      pacing.Days
}

// None tells whether nothing is limited.
func (l RelayLimits) None() bool { return l.PerSecond == 0 && l.PerDay == 0 && len(l.Ramp) == 0 }

// On gives the caps at an instant, and the first instant of its day. A day is one
// of the controller's (D10).
func (l RelayLimits) On(now time.Time, zone *time.Location) (pacing.Caps, time.Time) {
	today := calendar.DateOf(now, zone)
	caps := pacing.Caps{PerSecond: l.PerSecond, PerDay: l.PerDay}
	if len(l.Ramp) > 0 {
		caps.PerDay = pacing.Tighter(l.Ramp.On(l.RampFrom.DaysUntil(today)), l.PerDay)
	}
	return caps, today.StartOf(zone).UTC()
}

// QuotaStore keeps what relays were given, for all workers.
type QuotaStore interface {
	// LeaseQuota grants up to want messages through a relay in a second of a day (pacing.Spent).
	LeaseQuota(ctx context.Context, controller mailer.ID, relay string, want int, caps pacing.Caps, second, day time.Time) (int, error)
	// ReturnQuota gives back what was granted in a second of a day and did not go out.
	ReturnQuota(ctx context.Context, controller mailer.ID, relay string, n int, second, day time.Time) error
}

// permit is what a claim may use of a relay's limits.
type permit struct {
	n           int // deliveries
	second, day time.Time
	ends        time.Time // of its day, where the relay has a number a day; zero: none
	spent       bool      // the relay has had what it may have for now
}

// over tells whether its day has passed: what a stall held up until then is the next
// day's, and goes out under a new one.
func (p permit) over(now time.Time) bool { return !p.ends.IsZero() && !now.Before(p.ends) }

// permit leases what a claim of up to limit deliveries may use. What waits for a
// connection is never more than one second's worth, so that what a stall held up does not
// go out in a rush.
//
// A worker that is killed has what it held counted as sent: the relay is given less
// on that day, never more.
func (r *run) permit(ctx context.Context, limit int) permit {
	if r.Quotas == nil || r.opt.Relay.None() {
		return permit{n: limit}
	}
	now := r.Now()
	caps, day := r.opt.Relay.On(now, r.zone())
	p := permit{second: now.UTC().Truncate(time.Second), day: day}
	if caps.PerDay != 0 {
		p.ends = calendar.DateOf(now, r.zone()).AddDays(1).StartOf(r.zone())
	}
	if caps.PerSecond > 0 {
		limit = min(limit, caps.PerSecond-(r.held.count()-int(r.vitals.inFlight.Load())))
	}
	if limit > 0 {
		var err error
		p.n, err = r.Quotas.LeaseQuota(ctx, r.Controller, r.Relay.Name(), limit, caps, p.second, day)
		r.complain(ctx, "lease what the relay may be given", err)
	}
	p.spent = p.n == 0
	return p
}

// unused gives back what a claim did not use, or what went back to the queue untouched.
func (r *run) unused(p permit, n int) {
	if p.day.IsZero() || n <= 0 {
		return
	}
	ctx := context.Background()
	r.complain(ctx, "give back what the relay was not given", r.Quotas.ReturnQuota(ctx, r.Controller, r.Relay.Name(), n, p.second, p.day))
}

// zone is the controller's.
func (r *run) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

// RelayFigures are what a relay with limits was given lately, by all workers.
type RelayFigures struct {
	Relay string
	Day   time.Time // the first instant of the day that OnDay counts for
	OnDay int
	Caps  pacing.Caps // as the last worker that asked had them
}
