package deliver

import (
	"context"
	"time"
)

// Chore is work of another room that a worker has done again and again beside
// delivering. What it fails at it finds again the next time.
type Chore struct {
	Name string // what is done, for the log
	Do   func(ctx context.Context) error
}

// Chores are those of a worker, by when they are done; each list in its order.
type Chores struct {
	Round   []Chore // every Options.Tick: what campaigns may tell, and the lanes of their classes
	TakeIn  []Chore // every Options.TakeInEvery, and as soon as a duty failed: who need not be told, then who is placed
	Parked  Parked  // every Options.ReportsEvery; nil: another process does
	Reports []Chore // after it: what is forgotten, and people's answers
	Erase   []Chore // at the start and every Options.EraseEvery
}

// Parked looks again at reports that found no delivery. reopened tells whether duties
// failed by it, so that their next channel is looked for soon (E3).
type Parked interface {
	Retry(ctx context.Context) (reopened bool, err error)
}

func (r *run) do(ctx context.Context, chores []Chore) {
	for _, c := range chores {
		r.complain(ctx, c.Name, c.Do(ctx))
	}
}

// keepTakingIn places failed duties anew as soon as there are any, and looks for
// new ones of standing campaigns now and then. It walks through many people, so
// nothing else waits for it.
func (r *run) keepTakingIn(ctx context.Context) {
	var next time.Time
	for ctx.Err() == nil {
		if now := r.Now(); r.somethingFailed() || !now.Before(next) {
			r.do(ctx, r.Chores.TakeIn)
			next = now.Add(r.opt.TakeInEvery)
		}
		r.pause(ctx, r.opt.Tick)
	}
}

// lookAtReports tries to match what is parked, and forgets what is over its time.
func (r *run) lookAtReports(ctx context.Context) {
	if r.Chores.Parked != nil {
		reopened, err := r.Chores.Parked.Retry(ctx)
		r.complain(ctx, "look again at parked reports", err)
		if reopened {
			r.noteFailed()
		}
	}
	r.do(ctx, r.Chores.Reports)
}

// noteFailed has the next channel looked for soon (E3).
func (r *run) noteFailed() {
	select {
	case r.failed <- struct{}{}:
	default:
	}
}

func (r *run) somethingFailed() bool {
	select {
	case <-r.failed:
		return true
	default:
		return false
	}
}

// keepErasing has erased what has expired as soon as a worker is up, and then every
// hour: storage ends with a day, so that is soon enough.
func (r *run) keepErasing(ctx context.Context) {
	if len(r.Chores.Erase) == 0 {
		return
	}
	for ctx.Err() == nil {
		r.do(ctx, r.Chores.Erase)
		r.pause(ctx, r.opt.EraseEvery)
	}
}
