package deliver

import (
	"context"
	"time"

	"article14/mailer"
)

// claimer keeps the senders in work until ctx ends. It claims only what they can
// take soon, so that a pause, a stop or a dead relay finds little to give back.
func (r *run) claimer(ctx context.Context) {
	defer close(r.jobs)
	defer func() { r.pen.ended(r.nextClaim) }()
	for ctx.Err() == nil {
		if r.breaker.resting() {
			r.releaseWaiting()
			r.wait(ctx, WaitRelay)
			continue
		}
		probing, batch := r.breaker.open(), r.opt.Batch
		if probing { // the relay was away: one delivery finds out whether it is back
			batch = 1
		}
		may := r.permit(ctx, batch)
		if may.spent {
			r.wait(ctx, WaitPace)
			continue
		}
		if !r.mayClaim() {
			r.unused(may, may.n)
			r.releaseWaiting()
			r.wait(ctx, WaitJournal)
			continue
		}
		jobs := r.claim(ctx, may)
		r.unused(may, may.n-len(jobs))
		r.release(r.hand(ctx, jobs))
		switch {
		case probing:
			r.wait(ctx, WaitRelay)
		case len(jobs) == 0 || r.paces.wasPassed():
			r.wait(ctx, WaitWork)
		}
	}
}

// wait is a pause on record.
func (r *run) wait(ctx context.Context, on Wait) {
	began := r.Now()
	r.pause(ctx, r.opt.Idle)
	r.Meter.Waited(on, r.Now().Sub(began))
}

// hand gives jobs to the writers. It returns those that it was left with when
// the worker stops or the relay goes away.
func (r *run) hand(ctx context.Context, jobs []mailer.Job) []mailer.Job {
	for len(jobs) > 0 {
		select { // without a timer while there is room
		case r.jobs <- jobs[0]:
			jobs = jobs[1:]
			continue
		default:
		}
		select {
		case r.jobs <- jobs[0]:
			jobs = jobs[1:]
		case <-r.After(r.opt.Idle):
			if r.breaker.open() {
				return jobs
			}
		case <-ctx.Done():
			return jobs
		}
	}
	return nil
}

// mayClaim sees to a claim that is noted in the journal. One that found nothing is
// made again, so that an empty queue writes nothing; after a failed write a new one
// finds out whether the journal can be written again.
func (r *run) mayClaim() bool {
	if !r.nextClaim.IsZero() && r.pen.writes() {
		return true
	}
	r.pen.ended(r.nextClaim)
	r.nextClaim = mailer.NewID(r.Now())
	if !r.pen.claimed(r.nextClaim) {
		r.nextClaim = mailer.ID{}
	}
	return !r.nextClaim.IsZero()
}

func (r *run) claim(ctx context.Context, may permit) []mailer.Job {
	now, claim := r.Now(), r.nextClaim
	jobs, err := r.Queue.Claim(ctx, r.Controller, claim, may.n, now, r.opt.Lease)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("claim from the queue", "error", mailer.MaskAddresses(err.Error()))
		}
		r.pen.ended(claim) // it may stand, and nothing is sent under it: its lease will pass
		r.nextClaim = mailer.ID{}
		return nil
	}
	if len(jobs) > 0 {
		r.held.add(claim, len(jobs), now.Add(r.opt.Lease), may)
		r.nextClaim = mailer.ID{}
	}
	r.lanes.claimed(jobs)
	r.Meter.Claimed(len(jobs))
	return jobs
}

func (r *run) pause(ctx context.Context, d time.Duration) {
	select {
	case <-r.After(d):
	case <-ctx.Done():
	}
}

// sender sends one letter after the other over one connection that it keeps open.
// While it sends one it announces the next, where that is there already, so that a
// steady stream costs one round trip a letter.
func (r *run) sender(ctx context.Context, number int) {
	l := &line{run: r, number: number}
	defer l.hangUp()
	for l.takeAnnounced(ctx) || l.takeReady(ctx) {
		l.send(ctx)
	}
}

// line is a sender's connection, the letter that it sends, and the one that it has
// announced. What is announced goes out next over the same connection, or goes back
// to the queue untouched as soon as the connection ends, the worker stops, its lane
// pauses, its claim no longer stands or the relay is away: the line is hung up, so
// that the relay has an envelope and nothing to deliver.
type line struct {
	*run
	number    int // its seat
	session   Session
	used      time.Time
	carried   int // letters that the relay answered for over this session
	now, next letter
	announced bool
}

// takeAnnounced moves on to the letter that was announced, if it may still go.
func (l *line) takeAnnounced(ctx context.Context) bool {
	if !l.announced {
		return false
	}
	seated, _ := l.seats.free(l.number)
	if ctx.Err() != nil || !seated || !l.trusted() || l.breaker.open() || !l.mayGo(l.next) {
		l.hangUp()
		return false
	}
	l.now, l.announced = l.next, false
	return true
}

// takeReady waits for a seat, for the relay to be spoken to, and for a letter that
// may go. It is false when the worker stops or there will be no more.
func (l *line) takeReady(ctx context.Context) bool {
	for {
		lost, ok := l.sit(ctx)
		if !ok || !l.breaker.wait(ctx) {
			return false
		}
		select {
		case l.now, ok = <-l.ready:
		case <-lost:
			l.breaker.unused()
			continue
		case <-ctx.Done():
			ok = false
		}
		if !ok {
			l.breaker.unused()
			return false
		}
		if !l.mayGo(l.now) || !l.paces.take(l.now.Lane, l.Now()) {
			l.breaker.unused()
			l.release([]mailer.Job{l.now.Job})
			continue
		}
		if l.connect(ctx) {
			return true
		}
		l.release([]mailer.Job{l.now.Job})
	}
}

// mayGo tells whether a letter's lane is open, its claim stands and its attempt can
// be written down.
func (r *run) mayGo(l letter) bool {
	return r.pen.writes() && r.lanes.open(l.Lane) && r.held.stands(l.ClaimID, r.Now(), r.opt.Lease/2)
}

// announce takes the letter that goes next, if one is ready. The one that finds
// out whether a relay is back goes alone.
func (l *line) announce() *mailer.Message {
	if l.breaker.open() {
		return nil
	}
	select {
	case next, ok := <-l.ready:
		if !ok {
			return nil
		}
		if !l.mayGo(next) || !l.paces.take(next.Lane, l.Now()) {
			l.release([]mailer.Job{next.Job})
			return nil
		}
		l.next, l.announced = next, true
		if l.wary.take(next.DeliveryID) {
			return nil // it goes next, and nothing is on the wire of it until then
		}
		return &l.next.message
	default:
		return nil
	}
}

// send makes the attempt that is on record, and has it settled.
func (l *line) send(ctx context.Context) {
	if !l.pen.note(l.unanswered(l.now)) {
		l.breaker.unused()
		l.hangUp()
		l.release([]mailer.Job{l.now.Job})
		return
	}
	reply, err := l.session.Send(ctx, l.now.message, l.announce())
	l.used = l.Now()
	end := l.conclude(l.now.Job, l.now.attempt, reply, err)
	l.pen.note(end) // before it waits for others; if that fails the books alone have it
	l.weigh(end)
	if l.announced && !l.session.Alive() {
		l.wary.add(l.next.DeliveryID)
	}
	if end.To == mailer.Queued {
		l.release([]mailer.Job{l.now.Job})
		return
	}
	l.noteStanding(l.now.Job, end.Class)
	l.Meter.Attempt(end.To, end.Class, l.used.Sub(l.now.attempt.BegunAt))
	l.settles.in <- end
}

// staleAfter is how long an unused connection is trusted. Relays hang up on idle
// ones after five minutes (RFC 5321, 4.5.3.2.7), some sooner.
const staleAfter = 30 * time.Second

// trusted tells whether the connection may be used again. One with an announced
// letter can be idle too: when the books do not take what the last one came to.
func (l *line) trusted() bool {
	return l.session != nil && l.session.Alive() && l.Now().Sub(l.used) < staleAfter
}

// connect sees to a living connection. Without one the relay is away: that is its
// fault, and charged to nobody.
func (l *line) connect(ctx context.Context) bool {
	if l.trusted() {
		return true
	}
	l.hangUp()
	s, err := l.Relay.Open(ctx)
	if err == nil {
		l.session, l.used, l.carried = s, l.Now(), 0
		return true
	}
	if ctx.Err() != nil {
		l.breaker.unused()
		return false
	}
	l.refused(ctx, err)
	return false
}

// refused is a relay that will not take this connection. While it serves others it is
// not away: it bears fewer.
func (l *line) refused(ctx context.Context, err error) {
	serves := !l.breaker.open() && l.vitals.connections.Load() > 0 && l.seats.now() > 1
	l.seats.strained(l.Now())
	l.Meter.RelayAway()
	if serves {
		l.Log.Warn("the relay takes no further connection; fewer are used for a while", "relay", l.Relay.Name(), "connections", l.seats.now(), "error", err)
		l.pause(ctx, breakerFirst)
		return
	}
	l.Log.Warn("the relay cannot be reached; deliveries wait in the queue", "relay", l.Relay.Name(), "error", err)
	l.breaker.failed()
}

// hangUp ends the connection, and gives back what was announced over it.
func (l *line) hangUp() {
	if l.session != nil {
		l.session.Close()
		l.session = nil
	}
	if l.announced {
		l.release([]mailer.Job{l.next.Job})
		l.announced = false
	}
}

func (r *run) flushSettlements(batch []mailer.Settlement) {
	r.store("settlements", func(ctx context.Context) error {
		fenced, err := r.Queue.Settle(ctx, batch)
		if err != nil {
			return err
		}
		if len(fenced) > 0 {
			r.Meter.Fenced(len(fenced))
			r.Log.Warn("settled after the claim had passed: on record, and left as they are", "deliveries", fenced)
		}
		return nil
	})
	for _, s := range batch {
		r.held.done(s.ClaimID)
		if s.Duty == mailer.DutyFailed {
			r.noteFailed()
		}
	}
}

// release gives deliveries back untouched.
func (r *run) release(jobs []mailer.Job) {
	byClaim := map[mailer.ID][]mailer.ID{}
	for _, j := range jobs {
		byClaim[j.ClaimID] = append(byClaim[j.ClaimID], j.DeliveryID)
	}
	for claim, ids := range byClaim {
		r.store("released deliveries", func(ctx context.Context) error { return r.Queue.Release(ctx, claim, ids) })
		r.unused(r.held.permit(claim), len(ids))
		for range ids {
			r.held.done(claim)
		}
	}
}

// releaseWaiting gives back what waits for a writer or a sender.
func (r *run) releaseWaiting() {
	var jobs []mailer.Job
	for {
		select {
		case j := <-r.jobs: // nobody but the claimer, who is here, closes it
			jobs = append(jobs, j)
			continue
		case l, ok := <-r.ready:
			if ok {
				jobs = append(jobs, l.Job)
				continue
			}
		default:
		}
		r.release(jobs)
		return
	}
}

// releaseRest gives back at once what was on record and never touched the wire when
// the worker stopped: others may send it while a connection still waits for an answer.
func (r *run) releaseRest() {
	var jobs []mailer.Job
	for l := range r.ready {
		jobs = append(jobs, l.Job)
	}
	r.release(jobs)
}
