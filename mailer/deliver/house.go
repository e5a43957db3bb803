package deliver

import (
	"context"
	"sync"
	"time"

	"article14/mailer"
)

// wakeAtOnce bounds one round of waking.
const wakeAtOnce = 5000

// keepHouse does what must be done again and again while a worker runs: renew
// claims, wake what waits, rescue what was lost, end campaigns that are done,
// fold counters, and do the chores of other rooms.
func (r *run) keepHouse(ctx context.Context) {
	var renew, reports time.Time
	for ctx.Err() == nil {
		now := r.Now()
		if !now.Before(renew) {
			r.renewClaims(ctx)
			renew = now.Add(r.opt.Lease / 4)
		}
		r.round(ctx, now)
		r.do(ctx, r.Chores.Round)
		r.finish(ctx)
		if !now.Before(reports) {
			r.lookAtReports(ctx)
			reports = now.Add(r.opt.ReportsEvery)
		}
		r.pause(ctx, r.opt.Tick)
	}
}

// round is one pass over the queue.
func (r *run) round(ctx context.Context, now time.Time) {
	queued, uncertain, err := r.Queue.Rescue(ctx, r.Controller, now, now.Add(r.opt.UncertainWait))
	r.complain(ctx, "rescue lost claims", err)
	if queued+uncertain > 0 {
		r.Meter.Rescued(queued, uncertain)
		r.Log.Warn("claims whose worker is gone were taken back", "queued", queued, "uncertain", uncertain)
	}
	_, err = r.Queue.Wake(ctx, r.Controller, now, r.opt.Uncertain == Resend, wakeAtOnce)
	r.complain(ctx, "wake deferred deliveries", err)
	r.complain(ctx, "fold counters", r.Queue.FoldCounters(ctx))
}

func (r *run) renewClaims(ctx context.Context) {
	now := r.Now()
	claims, standing := r.held.all(now, r.opt.Lease/2)
	if len(claims) == 0 {
		return
	}
	err := r.Queue.Renew(ctx, claims, now.Add(r.opt.Lease))
	if err == nil {
		r.held.renewed(standing, now.Add(r.opt.Lease))
	}
	r.complain(ctx, "renew claims", err)
}

func (r *run) finish(ctx context.Context) {
	ended, err := r.Queue.FinishCampaigns(ctx, r.Controller, r.Now())
	r.complain(ctx, "end campaigns", err)
	for _, key := range ended {
		r.Log.Info("a campaign has come to its end", "campaign", key)
	}
}

func (r *run) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		r.Log.Error(what, "error", mailer.MaskAddresses(err.Error()))
	}
}

// watchLanes keeps the board of lanes fresh, so that a pause stops what is
// already claimed as well.
func (r *run) watchLanes(ctx context.Context) {
	for ctx.Err() == nil {
		lanes, err := r.Queue.Lanes(ctx, r.Controller)
		if err == nil {
			r.lanes.set(lanes)
			r.paces.set(lanes, r.Now())
		}
		r.complain(ctx, "look at the lanes", err)
		r.pause(ctx, r.opt.LanePoll)
	}
}

// laneBoard knows which lanes are not open. A lane that it has not heard of was
// claimed from, so it is.
type laneBoard struct {
	mu     sync.RWMutex
	closed map[int64]bool
}

func (b *laneBoard) set(lanes []mailer.Lane) {
	closed := map[int64]bool{}
	for _, l := range lanes {
		if l.State != mailer.LaneOpen {
			closed[l.ID] = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = closed
}

// claimed takes note that lanes were claimed from: they are open, also those that the last
// look found paused. Otherwise their letters would go back and be claimed again until
// the next look.
func (b *laneBoard) claimed(jobs []mailer.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range jobs {
		delete(b.closed, j.Lane)
	}
}

func (b *laneBoard) open(lane int64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return !b.closed[lane]
}
