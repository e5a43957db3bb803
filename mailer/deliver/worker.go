package deliver

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// Worker delivers: it claims from open lanes, composes, puts each attempt on
// record, speaks to the relay and settles what came of it. Any number may run
// against one database.
//
//	claim ──► jobs ──► writers ──► begin ──► ready ──► senders (a connection each) ──► settle
//	                   compose     on record before the wire is touched
//
// When its context ends it stops gracefully: it claims no more, finishes what is
// on the wire, settles that, and releases the rest untouched.
type Worker struct {
	Queue      Queue
	Relay      Relay
	Composer   mailer.Composer
	Skeletons  mailer.SkeletonStore
	Registers  *mailer.Registers
	Chores     Chores // of other rooms; none in a worker that only delivers
	Tokens     mailer.Tokens
	Hearts     HeartStore     // where it says that it is there; nil in one that nobody watches
	Instances  InstanceStore  // asked whether this copy of the database sends; nil: not asked
	Quotas     QuotaStore     // keeps what the relay was given; nil where it has no limits
	Standing   StandingStore  // pauses lanes whose attempts are refused for what we are; nil: nobody does
	Zone       *time.Location // the controller's, whose days are counted (D10); nil: UTC
	Journal    Journal        // what a kill must not take along; nil: none
	Host       string         // the machine's name, for operators
	Controller mailer.ID
	Options    Options
	Now        func() time.Time
	After      func(time.Duration) <-chan time.Time // a timer; time.After outside tests
	Jitter     func() float64                       // in [0, 1)
	Meter      Meter
	Log        *slog.Logger
}

// Options are a worker's settings; zero fields mean the defaults.
type Options struct {
	Connections   int                  // open at once to the relay, as far as it bears them; 8
	Relay         RelayLimits          // what the relay may be given; none
	Standing      pacing.StandingLimit // when a lane is paused; DefaultStandingLimit; less than 0: never
	Batch         int                  // deliveries claimed at once; 800
	Ahead         int                  // deliveries on record that wait for a connection, and at most so many settled at once; 64 for each, 512 in all
	Lease         time.Duration        // how long a claim stands without renewal; 15 minutes: it outlives the ten that the final dot may take
	Retry         Retry                // DefaultRetry
	FullMailbox   Retry                // FullMailboxRetry
	Uncertain     UncertainPolicy      // Resend
	UncertainWait time.Duration        // before an uncertain delivery is sent again; 10 minutes
	Idle          time.Duration        // between looks into an empty queue; 500 ms
	Tick          time.Duration        // between rounds of housekeeping; 1 s
	TakeInEvery   time.Duration        // between looks for new duties of standing campaigns; 1 minute
	ReportsEvery  time.Duration        // between looks at parked reports; 15 s
	EraseEvery    time.Duration        // between looks for what has expired; 1 hour
	LanePoll      time.Duration        // how often pauses are looked for; 250 ms
	SettleWithin  time.Duration        // how long a settlement waits for company; 40 ms
}

func (o Options) withDefaults() Options {
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
	set(&o.ReportsEvery, 15*time.Second)
	set(&o.EraseEvery, time.Hour)
	set(&o.LanePoll, 250*time.Millisecond)
	set(&o.SettleWithin, 40*time.Millisecond)
	if o.Standing.Refused == 0 {
		o.Standing = pacing.DefaultStandingLimit
	}
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.Batch == 0 {
		o.Batch = 800
	}
	if o.Ahead == 0 {
		o.Ahead = max(min(64*o.Connections, 512), 4*o.Connections) // of some twenty kilobytes each
	}
	if o.Retry.Steps == nil {
		o.Retry = DefaultRetry
	}
	if o.FullMailbox.Steps == nil {
		o.FullMailbox = FullMailboxRetry
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
	Attempt(to mailer.DeliveryState, class mailer.ReplyClass, took time.Duration)
	Claimed(n int)
	Fenced(n int)
	Rescued(queued, uncertain int)
	RelayAway()
	HandedOver(sinceObtained, slack time.Duration)
	Waited(on Wait, d time.Duration)
}

// Wait is what a worker that claims nothing waits for.
type Wait string

// What is waited for. A campaign's pace or a class's limits that are used up are
// waited out like an empty queue: the lanes tell which it was.
const (
	WaitRelay   Wait = "relay"   // it is away
	WaitPace    Wait = "pace"    // the relay has had what it may be given in this second, or on this day
	WaitWork    Wait = "work"    // nothing may go out now
	WaitJournal Wait = "journal" // it cannot be written
)

// Waits lists them.
var Waits = []Wait{WaitRelay, WaitPace, WaitWork, WaitJournal}

// Run works until ctx ends, and returns when everything that was claimed is
// settled or released.
func (w *Worker) Run(ctx context.Context) error {
	r := newRun(w)
	r.replayFirst(ctx)
	var housekeeping, writers, senders, settling sync.WaitGroup
	housekeeping.Go(func() { r.keepHouse(ctx) })
	housekeeping.Go(func() { r.watchLanes(ctx) })
	housekeeping.Go(func() { r.keepTakingIn(ctx) })
	housekeeping.Go(func() { r.keepStanding(ctx) })
	housekeeping.Go(func() { r.keepBeating(ctx) })
	housekeeping.Go(func() { r.keepErasing(ctx) })
	housekeeping.Go(func() { r.keepReplaying(ctx) })
	settling.Go(r.settles.run)
	for range r.opt.writers() {
		writers.Go(func() { r.writer(ctx) })
	}
	for number := range r.opt.Connections {
		senders.Go(func() { r.sender(ctx, number) })
	}
	go r.beginAhead()
	r.claimer(ctx) // returns when ctx ends, and closes jobs
	go func() { writers.Wait(); close(r.begins.in) }()
	r.releaseRest() // returns when ready is closed: the writers are done then, too
	senders.Wait()  // the answer to a dot may take minutes
	close(r.settles.in)
	settling.Wait()
	housekeeping.Wait()
	return nil
}

// beginAhead runs until there is nothing more to begin.
func (r *run) beginAhead() {
	r.begins.run()
	close(r.ready)
}

// writers is how many compose at once. One keeps the order of the queue; a
// connection keeps less than a quarter of one busy.
func (o Options) writers() int { return max(1, min(o.Connections/4, runtime.GOMAXPROCS(0))) }

// run is the state of one Run.
type run struct {
	*Worker
	opt       Options
	jobs      chan mailer.Job
	begins    *batcher[letter]
	ready     chan letter
	settles   *batcher[mailer.Settlement]
	lanes     laneBoard
	paces     lanePaces
	breaker   *breaker
	seats     *seats
	held      heldClaims
	pen       *pen
	nextClaim mailer.ID // a claim that is noted in the journal and has taken nothing yet; the claimer's own
	standings standings
	wary      wary
	failed    chan struct{} // a duty failed: look for its next channel soon
	vitals    vitals
}

func newRun(w *Worker) *run {
	own := *w
	r := &run{Worker: &own, opt: w.Options.withDefaults()}
	own.Relay = watchedRelay{w.Relay, &r.vitals}
	r.jobs = make(chan mailer.Job, r.opt.Batch)
	r.pen = r.newPen()
	r.held.ended = r.pen.ended
	r.failed = make(chan struct{}, 1)
	r.breaker = &breaker{now: w.Now, after: w.After}
	r.seats = newSeats(r.opt.Connections)
	atOnce := max(1, r.opt.Ahead/2) // one half is being put on record while the other waits for connections
	r.ready = make(chan letter, r.opt.Ahead-atOnce)
	r.begins = &batcher[letter]{in: make(chan letter, atOnce), max: atOnce, within: beginWithin, after: w.After, flush: r.flushBegins}
	r.settles = &batcher[mailer.Settlement]{in: make(chan mailer.Settlement, r.opt.Connections), max: r.opt.Ahead, within: r.opt.SettleWithin, after: w.After, flush: r.flushSettlements}
	return r
}

// GCPercent suits a process that delivers: what it makes are letters that are gone in
// a moment, so the heap stays small, and is looked through half as often. GOGC in the
// environment has the last word.
const GCPercent = 200

// beginWithin is how long a beginning waits for company. What is on record already
// keeps the connections busy meanwhile.
const beginWithin = 10 * time.Millisecond

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
		r.Log.Error("the database did not take "+what+"; trying again", "error", mailer.MaskAddresses(err.Error()))
		<-r.After(wait)
		wait = min(2*wait, 10*time.Second)
	}
}
