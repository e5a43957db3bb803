package deliver

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"article14/mailer"
)

// Journal is where a worker writes down, beside the database and faster, what it is
// about to do and what it learnt. When its process dies, another finds it and puts it
// into the books, so that at most what was on the wire at that instant is uncertain:
// one delivery for each connection (E5). What was written must outlive the process; it
// need not outlive the machine.
type Journal interface {
	// Claimed notes a claim before it is made. Whoever finds the journal gives back
	// what is left of it.
	Claimed(claim mailer.ID) error
	// Note writes down how an attempt ends: before its text may leave, what it comes to
	// if nothing more is heard (Uncertain), and then what the relay said. Queued means
	// that the relay took nothing, and the delivery goes back untouched. The last word counts.
	Note(s mailer.Settlement) error
	// Ended says that all of a claim is settled or released.
	Ended(claim mailer.ID)
	// Replay gives what workers that are gone have left behind to fn, one after the
	// other, and forgets what fn took without an error. The rest is given again another time.
	Replay(fn func(Leftover) error) error
}

// Leftover is what a worker that is gone has left behind.
type Leftover struct {
	Worker mailer.ID           // its journal's name
	Claims []mailer.ID         // that are not known to have ended
	Ends   []mailer.Settlement // how attempts under these ended, as far as it knew
	// Whole tells that nothing is missing which the worker had written before it acted.
	// An attempt that is not in Ends has not touched the wire then.
	Whole  bool
	Damage string // why reading ended before its end; "" it did not
}

// replayEvery is how often a worker looks for what others have left behind.
const replayEvery = 5 * time.Second

// replayPatience is how long a worker that starts puts off its work for it.
const replayPatience = 30 * time.Second

// pen writes a run's journal, and knows whether it can. A worker sends nothing that
// it cannot write down. Without a journal everything goes.
type pen struct {
	journal Journal
	dry     atomic.Bool
	failed  func(error)
	back    func()
}

// writes tells whether the last line could be written.
func (p *pen) writes() bool { return !p.dry.Load() }

func (p *pen) claimed(claim mailer.ID) bool {
	return p.journal == nil || p.wrote(p.journal.Claimed(claim))
}

func (p *pen) note(s mailer.Settlement) bool { return p.journal == nil || p.wrote(p.journal.Note(s)) }

func (p *pen) ended(claim mailer.ID) {
	if p.journal != nil {
		p.journal.Ended(claim)
	}
}

// wrote tells of a change once, and not with each line.
func (p *pen) wrote(err error) bool {
	if was := p.dry.Swap(err != nil); was != (err != nil) {
		if err != nil {
			p.failed(err)
		} else {
			p.back()
		}
	}
	return err == nil
}

func (r *run) newPen() *pen {
	return &pen{journal: r.Journal,
		failed: func(err error) {
			r.Log.Error("nothing is sent until the journal can be written: see to its disk and folder (--journal)", "error", err)
		},
		back: func() { r.Log.Info("the journal can be written again") }}
}

// unanswered is what an attempt comes to if nothing is heard once its text has left.
func (r *run) unanswered(l letter) mailer.Settlement {
	end := l.Job.Settlement(mailer.Uncertain, mailer.ClassUncertain, r.Now())
	end.AttemptID, end.Stage = l.attempt.ID, mailer.StageDot
	r.uncertain(l.Job, l.attempt, &end)
	return end
}

// replayFirst puts into the books what workers before this one have left behind. It
// waits a while for a database that is away. A journal that cannot be read, or that the
// database goes on refusing, keeps nobody from working: keepReplaying tries it again.
func (r *run) replayFirst(ctx context.Context) {
	wait, until := 100*time.Millisecond, r.Now().Add(replayPatience)
	for r.Journal != nil && r.replay(ctx) && ctx.Err() == nil && r.Now().Before(until) {
		r.pause(ctx, wait)
		wait = min(2*wait, 10*time.Second)
	}
}

// keepReplaying looks now and then for others that were killed meanwhile.
func (r *run) keepReplaying(ctx context.Context) {
	for r.Journal != nil && ctx.Err() == nil {
		r.pause(ctx, replayEvery)
		if ctx.Err() == nil {
			r.replay(ctx)
		}
	}
}

// replay looks once, and tells whether the database did not take what was found. What
// the copy that sends has left is not for one that is held.
func (r *run) replay(ctx context.Context) (refused bool) {
	err := r.Journal.Replay(func(left Leftover) error {
		err := r.mayReplay(ctx)
		if err == nil {
			err = r.settleLeftover(ctx, left)
		}
		refused = refused || err != nil && !errors.Is(err, ErrHeld)
		return err
	})
	r.complain(ctx, "replay the journal of a worker that is gone", err)
	return refused
}

func (r *run) mayReplay(ctx context.Context) error {
	if r.Instances == nil {
		return nil
	}
	i, err := r.Instances.Recognise(ctx, r.Now())
	if err != nil {
		return err
	}
	return i.HeldError()
}

// settleLeftover settles what was answered, and as uncertain what was not, and gives
// the rest back untouched. Done again, it changes nothing: the claims have ended. Where the
// journal may lack its end, the rest is left to the lease, since a text of it may have left.
func (r *run) settleLeftover(ctx context.Context, left Leftover) error {
	var ends []mailer.Settlement
	uncertain := 0
	for _, s := range left.Ends {
		switch s.To {
		case mailer.Queued: // not taken
			continue
		case mailer.Uncertain:
			uncertain++
		}
		ends = append(ends, s)
	}
	known := 0
	for batch := range slices.Chunk(ends, r.opt.Ahead) {
		fenced, err := r.Queue.Settle(ctx, batch)
		if err != nil {
			return err
		}
		known += len(fenced)
		if slices.ContainsFunc(batch, func(s mailer.Settlement) bool { return s.Duty == mailer.DutyFailed }) {
			r.noteFailed()
		}
	}
	var err error
	if left.Whole {
		for _, claim := range left.Claims {
			err = errors.Join(err, r.Queue.Release(ctx, claim, nil))
		}
	}
	if err != nil {
		return err
	}
	r.Log.Warn("what a worker that is gone had on record is settled", "journal", left.Worker, "claims", len(left.Claims),
		"answered", len(ends)-uncertain, "unanswered", uncertain, "settled_before", known, "rest_released", left.Whole, "damage", left.Damage)
	return nil
}
