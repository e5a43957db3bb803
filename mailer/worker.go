package mailer

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Worker delivers: it claims from open lanes, composes, puts each attempt on
// record, speaks to the relay and settles what came of it. Any number may run
// against one database.
//
//	claim ──► jobs ──► senders (a connection each) ──► settlements ──► settle
//	                     │        ▲
//	                     └ begin ─┘   the attempt is on record before the wire is touched
//
// When its context ends it stops gracefully: it claims no more, finishes what is
// on the wire, settles that, and releases the rest untouched.
type Worker struct {
	Queue      Queue
	Relay      Relay
	Composer   Composer
	Skeletons  SkeletonStore
	Registers  *Registers
	Releases   *Releases   // places again what failed; nil in a worker that only delivers
	Exemptions *Exemptions // ends what was told before or is to be reviewed; nil in a worker that only delivers
	Tokens     Tokens
	Controller ID
	Options    WorkerOptions
	Now        func() time.Time
	After      func(time.Duration) <-chan time.Time // a timer; time.After outside tests
	Jitter     func() float64                       // in [0, 1)
	Meter      Meter
	Log        *slog.Logger
}

// WorkerOptions are a worker's settings; zero fields mean the defaults.
type WorkerOptions struct {
	Connections   int             // open at once to the relay; 8
	Batch         int             // deliveries claimed at once; 200
	Lease         time.Duration   // how long a claim stands without renewal; 15 minutes: it outlives the ten that the final dot may take
	Retry         Retry           // DefaultRetry
	Uncertain     UncertainPolicy // Resend
	UncertainWait time.Duration   // before an uncertain delivery is sent again; 10 minutes
	Idle          time.Duration   // between looks into an empty queue; 500 ms
	Tick          time.Duration   // between rounds of housekeeping; 1 s
	TakeInEvery   time.Duration   // between looks for new duties of standing campaigns; 1 minute
	LanePoll      time.Duration   // how often pauses are looked for; 250 ms
	SettleWithin  time.Duration   // how long a settlement waits for company; 20 ms
}

func (o WorkerOptions) withDefaults() WorkerOptions {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&o.Lease, 15*time.Minute)
	set(&o.UncertainWait, 10*time.Minute)
	set(&o.Idle, 500*time.Millisecond)
	set(&o.Tick, time.Second)
	set(&o.TakeInEvery, time.Minute)
	set(&o.LanePoll, 250*time.Millisecond)
	set(&o.SettleWithin, 20*time.Millisecond)
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.Batch == 0 {
		o.Batch = 200
	}
	if o.Retry.Steps == nil {
		o.Retry = DefaultRetry
	}
	if o.Uncertain == "" {
		o.Uncertain = Resend
	}
	return o
}

// UncertainPolicy is what becomes of a delivery whose final dot was not answered.
type UncertainPolicy string

// Policies for uncertain deliveries. Resend sends the same bytes under the same
// Message-ID, so that a mailbox that has them already can tell; Hold leaves them to a person.
const (
	Resend UncertainPolicy = "resend"
	Hold   UncertainPolicy = "hold"
)

// Meter counts what happens; internal/ops shows it as metrics.
type Meter interface {
	Attempt(to DeliveryState, class ReplyClass, took time.Duration)
	Claimed(n int)
	Fenced(n int)
	Rescued(queued, uncertain int)
	RelayAway()
	HandedOver(sinceObtained, slack time.Duration)
}

// Run works until ctx ends, and returns when everything that was claimed is
// settled or released.
func (w *Worker) Run(ctx context.Context) error {
	r := newRun(w)
	var housekeeping, senders, batchers sync.WaitGroup
	housekeeping.Go(func() { r.keepHouse(ctx) })
	housekeeping.Go(func() { r.watchLanes(ctx) })
	housekeeping.Go(func() { r.keepTakingIn(ctx) })
	batchers.Go(r.begins.run)
	batchers.Go(r.settles.run)
	for range r.opt.Connections {
		senders.Go(func() { r.sender(ctx) })
	}
	r.claimer(ctx) // returns when ctx ends, and closes jobs
	senders.Wait()
	r.releaseRest()
	close(r.begins.in)
	close(r.settles.in)
	batchers.Wait()
	housekeeping.Wait()
	return nil
}

// run is the state of one Run.
type run struct {
	*Worker
	opt       WorkerOptions
	jobs      chan Job
	begins    *batcher[beginning]
	settles   *batcher[Settlement]
	lanes     laneBoard
	breaker   *breaker
	held      heldClaims
	skeletons skeletonCache
	failed    chan struct{} // a duty failed: look for its next channel soon
}

func newRun(w *Worker) *run {
	r := &run{Worker: w, opt: w.Options.withDefaults()}
	r.jobs = make(chan Job, r.opt.Batch)
	r.skeletons.store = w.Skeletons
	r.failed = make(chan struct{}, 1)
	r.breaker = &breaker{now: w.Now, after: w.After}
	r.begins = &batcher[beginning]{in: make(chan beginning), max: r.opt.Connections, within: time.Millisecond, after: w.After, flush: r.flushBegins}
	r.settles = &batcher[Settlement]{in: make(chan Settlement, r.opt.Connections), max: 500, within: r.opt.SettleWithin, after: w.After, flush: r.flushSettlements}
	return r
}

// store runs fn until it succeeds: what was said on the wire must get into the
// books, and a database that is away comes back. It is not ended by the
// worker's stop; a killed process leaves the work to Rescue.
func (r *run) store(what string, fn func(context.Context) error) {
	wait := 100 * time.Millisecond
	for {
		err := fn(context.Background())
		if err == nil {
			return
		}
		r.Log.Error("the database did not take "+what+"; trying again", "error", MaskAddresses(err.Error()))
		<-r.After(wait)
		wait = min(2*wait, 10*time.Second)
	}
}
