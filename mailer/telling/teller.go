package telling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"article14/mailer"
)

// Teller tells recipients' systems, and has people see to what waits for them. Any number may
// run against one database.
type Teller struct {
	Store      Store
	Sender     Sender
	Controller mailer.ID
	Options    Options
	Now        func() time.Time
	After      func(time.Duration) <-chan time.Time // a timer; time.After outside tests
	Chance     func() float64                       // in [0, 1)
	Log        *slog.Logger
}

// Options are a teller's settings; zero fields mean the defaults.
type Options struct {
	Schedule Schedule      // Standard
	Batch    int           // claimed at once for one recipient; 64
	Parallel int           // requests at once to one recipient; 4
	Lease    time.Duration // how long a claim stands; 2 minutes: it outlives every request
	Idle     time.Duration // between looks at an empty outbox; 1 s
	House    time.Duration // between rounds of housekeeping; 1 minute
	Remind   time.Duration // between looks for recipients that have not been told for too long; 1 hour
	Patience time.Duration // after which a person hears of what is not told; 3 days
}

func (o Options) withDefaults() Options {
	if o.Schedule == nil {
		o.Schedule = Standard
	}
	set(&o.Batch, 64)
	set(&o.Parallel, 4)
	set(&o.Lease, 2*time.Minute)
	set(&o.Idle, time.Second)
	set(&o.House, time.Minute)
	set(&o.Remind, time.Hour)
	set(&o.Patience, 3*24*time.Hour)
	return o
}

func set[N int | time.Duration](n *N, v N) {
	if *n == 0 {
		*n = v
	}
}

// Run tells until ctx ends; what is on the wire then is finished. Each recipient has a loop of
// its own, so that a slow one holds nobody up.
func (t *Teller) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { t.keepHouse(ctx) })
	for _, recipient := range t.Sender.Recipients() {
		loops.Go(func() { t.keepTelling(ctx, recipient) })
	}
	loops.Wait()
	return nil
}

func (t *Teller) keepTelling(ctx context.Context, recipient string) {
	for ctx.Err() == nil {
		claimed, err := t.Pass(ctx, recipient)
		t.complain(ctx, "tell recipient "+recipient, err)
		if claimed == 0 || err != nil {
			t.pause(ctx, t.Options.withDefaults().Idle)
		}
	}
}

func (t *Teller) keepHouse(ctx context.Context) {
	var next time.Time
	for ctx.Err() == nil {
		t.complain(ctx, "look after what recipients are to be told", t.KeepHouse(ctx))
		if now := t.Now(); !now.Before(next) {
			t.complain(ctx, "look for recipients that are not told", t.Remind(ctx))
			next = now.Add(t.Options.withDefaults().Remind)
		}
		t.pause(ctx, t.Options.withDefaults().House)
	}
}

func (t *Teller) pause(ctx context.Context, d time.Duration) {
	select {
	case <-t.After(d):
	case <-ctx.Done():
	}
}

func (t *Teller) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		t.Log.Error(what, "error", mailer.MaskAddresses(err.Error()))
	}
}

// Pass tells a recipient's system what is ready, as far as one claim goes, and gives how many
// were claimed. The first answer that is about the system ends it: the rest go back untouched.
func (t *Teller) Pass(ctx context.Context, recipient string) (int, error) {
	opt := t.Options.withDefaults()
	now := t.Now()
	claim := mailer.NewID(now)
	jobs, err := t.Store.ClaimTellings(ctx, t.Controller, recipient, claim, opt.Batch, now, now.Add(opt.Lease))
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	var (
		todo  = make(chan Job)
		stop  atomic.Bool
		hands sync.WaitGroup
		mu    sync.Mutex
		errs  []error
	)
	for range min(opt.Parallel, len(jobs)) {
		hands.Go(func() {
			for job := range todo {
				if stop.Load() || ctx.Err() != nil {
					continue
				}
				ended, err := t.tell(ctx, opt, recipient, job)
				if err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
				if ended || err != nil {
					stop.Store(true)
				}
			}
		})
	}
	for _, job := range jobs {
		todo <- job
	}
	close(todo)
	hands.Wait()
	if stop.Load() || ctx.Err() != nil {
		errs = append(errs, t.Store.ReleaseTellings(context.WithoutCancel(ctx), claim))
	}
	return len(jobs), errors.Join(errs...)
}

// tell makes one attempt, and says whether the others had better wait. What is begun is finished,
// even if the worker is told to stop: the sender has a timeout.
func (t *Teller) tell(ctx context.Context, opt Options, recipient string, job Job) (stop bool, err error) {
	ctx = context.WithoutCancel(ctx)
	now := t.Now()
	at := Attempt{ID: mailer.NewID(now), Job: job, BegunAt: now, LeaseUntil: now.Add(opt.Lease)}
	if stands, err := t.Store.BeginTelling(ctx, at); err != nil || !stands {
		return err != nil, err
	}
	answer := t.Sender.Send(ctx, recipient, Message{ID: job.ID, At: now, Body: job.Body})
	s := opt.Schedule.settle(recipient, at, answer, t.Now(), t.Chance())
	if _, err := t.Store.SettleTelling(ctx, t.Controller, s); err != nil {
		return true, err // when its lease has passed it is sent again, under the same id
	}
	if s.To != mailer.TellTold {
		t.Log.Warn("a recipient did not take what it was told", "recipient", recipient, "telling", job.ID, "status", answer.Status, "fault", answer.Fault, "state", s.To)
	}
	return s.System != nil && (s.System.Gone || !s.System.QuietUntil.IsZero()), nil
}

// lapseAtOnce is how many tellings end in one transaction.
const lapseAtOnce = 500

// KeepHouse gives back what lost workers held, and ends what is kept for too long (T4).
func (t *Teller) KeepHouse(ctx context.Context) error {
	now := t.Now()
	rescued, err := t.Store.RescueTellings(ctx, t.Controller, now)
	if err != nil {
		return err
	}
	if rescued > 0 {
		t.Log.Warn("tellings of a worker that is gone were taken back", "tellings", rescued)
	}
	for {
		n, err := t.Store.LapseTellings(ctx, t.Controller, now, lapseAtOnce, lapsed)
		if err != nil {
			return err
		}
		if n < lapseAtOnce {
			return nil
		}
	}
}

// Remind has people see to recipients that have not been told for days, whatever the cause (D8).
func (t *Teller) Remind(ctx context.Context) error {
	opt, now := t.Options.withDefaults(), t.Now()
	overdue, err := t.Store.OverdueTellings(ctx, t.Controller, now.Add(-opt.Patience))
	if err != nil || len(overdue) == 0 {
		return err
	}
	alerts := make([]mailer.Alert, len(overdue))
	for i, o := range overdue {
		alerts[i] = mailer.Alert{Kind: mailer.AlertTellingWaits, Subject: o.RecipientKey, Detail: t.overdue(o)}
	}
	return t.Store.Raise(ctx, t.Controller, alerts, now)
}

func lapsed(recipient string, n int) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertTellingLapsed, Subject: recipient,
		Detail: fmt.Sprintf("recipient %s was not told within %d days: %d tellings have come to their end", recipient, int(mailer.KeepTellings.Hours()/24), n)}
}

func (t *Teller) overdue(o Overdue) string {
	words := fmt.Sprintf("recipient %s has not been told of %d rights of people, the oldest since %s", o.RecipientKey, o.Waiting, o.Oldest.UTC().Format(time.DateOnly))
	if !slices.Contains(t.Sender.Recipients(), o.RecipientKey) {
		words += "; it is not in the recipients file of this worker"
	}
	return words
}
