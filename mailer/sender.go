package mailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// claimer keeps the senders in work until ctx ends. It claims only what they can
// take soon, so that a pause, a stop or a dead relay finds little to give back.
func (r *run) claimer(ctx context.Context) {
	defer close(r.jobs)
	for ctx.Err() == nil {
		if r.breaker.resting() {
			r.releaseWaiting()
			r.pause(ctx, r.opt.Idle)
			continue
		}
		probing, batch := r.breaker.open(), r.opt.Batch
		if probing { // the relay was away: one delivery finds out whether it is back
			batch = 1
		}
		jobs := r.claim(ctx, batch)
		r.release(r.hand(ctx, jobs))
		if len(jobs) == 0 || probing {
			r.pause(ctx, r.opt.Idle)
		}
	}
}

// hand gives jobs to the senders. It returns those that it was left with when
// the worker stops or the relay goes away.
func (r *run) hand(ctx context.Context, jobs []Job) []Job {
	for len(jobs) > 0 {
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

func (r *run) claim(ctx context.Context, limit int) []Job {
	now := r.Now()
	claim := NewID(now)
	jobs, err := r.Queue.Claim(ctx, r.Controller, claim, limit, now, r.opt.Lease)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("claim from the queue", "error", MaskAddresses(err.Error()))
		}
		return nil
	}
	r.held.add(claim, len(jobs))
	r.Meter.Claimed(len(jobs))
	return jobs
}

func (r *run) pause(ctx context.Context, d time.Duration) {
	select {
	case <-r.After(d):
	case <-ctx.Done():
	}
}

// sender delivers one job after the other over one connection that it keeps open.
func (r *run) sender(ctx context.Context) {
	var s Session
	var used time.Time
	defer func() { hangUp(s) }()
	for r.breaker.wait(ctx) {
		var j Job
		var ok bool
		select {
		case j, ok = <-r.jobs:
		case <-ctx.Done():
		}
		if !ok {
			r.breaker.unused()
			return
		}
		if !r.lanes.open(j.Lane) {
			r.breaker.unused()
			r.release([]Job{j})
			continue
		}
		if s = r.session(ctx, s, used); s == nil {
			r.release([]Job{j})
			continue
		}
		r.deliver(ctx, s, j)
		used = r.Now()
	}
}

// staleAfter is how long an unused connection is trusted. Relays hang up on idle
// ones after five minutes (RFC 5321, 4.5.3.2.7), some sooner.
const staleAfter = 30 * time.Second

// session gives a living connection, or nil when the relay is away: that is its
// fault, and charged to nobody.
func (r *run) session(ctx context.Context, s Session, used time.Time) Session {
	if s != nil && s.Alive() && r.Now().Sub(used) < staleAfter {
		return s
	}
	hangUp(s)
	s, err := r.Relay.Open(ctx)
	if err == nil {
		return s
	}
	if ctx.Err() == nil {
		r.Log.Warn("the relay cannot be reached; deliveries wait in the queue", "relay", r.Relay.Name(), "error", err)
		r.Meter.RelayAway()
		r.breaker.failed()
	} else {
		r.breaker.unused()
	}
	return nil
}

func hangUp(s Session) {
	if s != nil {
		s.Close()
	}
}

// deliver makes one attempt: compose, put on record, send, settle.
func (r *run) deliver(ctx context.Context, s Session, j Job) {
	reg, body, err := r.material(ctx, j)
	if err != nil { // the store's trouble, and nobody's fault
		r.breaker.unused()
		r.complain(ctx, "load an approved text", err)
		r.release([]Job{j})
		r.pause(ctx, r.opt.Idle)
		return
	}
	msg, rec, err := r.compose(j, reg, body)
	if err != nil {
		r.breaker.unused()
		r.cannotCompose(j, err)
		return
	}
	a := Attempt{ID: NewID(r.Now()), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID,
		Number: j.Attempts + 1, Relay: r.Relay.Name(), BegunAt: r.Now(), Message: rec}
	if !r.begin(a) {
		r.breaker.unused()
		r.held.done(j.ClaimID)
		r.Meter.Fenced(1)
		return
	}
	reply, err := s.Send(ctx, msg)
	end := r.conclude(j, a, reply, err)
	if end.To == Queued {
		r.release([]Job{j})
		return
	}
	r.Meter.Attempt(end.To, end.Class, r.Now().Sub(a.BegunAt))
	r.settles.in <- end
}

// material is what a notice is made from: the register behind its content, and
// the approved skeleton.
func (r *run) material(ctx context.Context, j Job) (*Register, []byte, error) {
	reg, err := r.Registers.Version(ctx, j.RegisterID)
	if err != nil {
		return nil, nil, err
	}
	body, err := r.skeletons.get(ctx, j.SkeletonHash)
	return reg, body, err
}

// compose makes the bytes: on a first attempt from today's values, later from
// those that went out before, so that they are the same (E1). Other bytes under
// the same Message-ID would be another notice, and are refused.
func (r *run) compose(j Job, reg *Register, body []byte) (Message, *MessageRecord, error) {
	var err error
	slots, date := j.Slots, j.ComposedAt
	if slots == nil {
		date = r.Now().Truncate(time.Second)
		slots, err = r.Composer.Slots(reg, SlotInput{
			Key:         SkeletonKey{j.Document, j.Languages, j.Form},
			Facts:       j.Facts,
			ActivityKey: j.ActivityKey,
			Now:         date,
			CreatedAt:   j.CreatedAt,
			Code:        j.Code,
			Tokens:      noticeTokens(r.Tokens, j.ContactID, j.DeliveryID),
		})
		if err != nil {
			return Message{}, nil, err
		}
	}
	h := Headers{DeliveryID: j.DeliveryID, To: j.To, Date: date,
		EnvelopeFrom: r.Tokens.EnvelopeFrom(j.DeliveryID, reg.Controller.Mail.BounceDomain)}
	if j.Document == DocNotice {
		h.OneClickURL = slots[SlotObjectURL]
	}
	msg, err := r.Composer.Compose(body, slots, h)
	if err != nil {
		return Message{}, nil, err
	}
	if j.Slots == nil {
		return msg, &MessageRecord{SHA256: msg.SHA256, Size: len(msg.Bytes), ComposedAt: date, Slots: slots}, nil
	}
	if !slices.Equal(msg.SHA256, j.SHA256) {
		return Message{}, nil, errors.New("the bytes differ from those of the first attempt")
	}
	return msg, nil, nil
}

// beginning is an attempt that waits to be on record.
type beginning struct {
	Attempt
	stands chan bool
}

// begin puts an attempt on record; false when the claim no longer stands, and
// then nothing may be sent.
func (r *run) begin(a Attempt) bool {
	b := beginning{a, make(chan bool, 1)}
	r.begins.in <- b
	return <-b.stands
}

func (r *run) flushBegins(batch []beginning) {
	attempts := make([]Attempt, len(batch))
	for i, b := range batch {
		attempts[i] = b.Attempt
	}
	r.store("the beginning of attempts", func(ctx context.Context) error {
		stands, err := r.Queue.Begin(ctx, attempts, r.Now().Add(r.opt.Lease*2/3))
		if err != nil {
			return err
		}
		for _, b := range batch {
			b.stands <- stands[b.ID]
		}
		return nil
	})
}

func (r *run) flushSettlements(batch []Settlement) {
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
		if s.Duty == DutyFailed {
			select {
			case r.failed <- struct{}{}:
			default:
			}
		}
	}
}

// cannotCompose ends a delivery whose text cannot be made (C8): nothing goes out,
// a person is alerted, and the duty says why.
func (r *run) cannotCompose(j Job, err error) {
	end := Settlement{ContactID: j.ContactID, DeliveryID: j.DeliveryID, CampaignID: j.CampaignID, ClaimID: j.ClaimID,
		To: Rejected, At: r.Now(), Class: ClassRefused}
	if j.Document == DocNotice {
		end.Duty, end.DutyReason = DutyFailed, BlockRefused
	}
	if errors.Is(err, ErrStorageEnded) { // between planning and sending: deleted, not notified (T3)
		end.DutyReason = BlockExpired
		r.settles.in <- end
		return
	}
	r.Log.Error("a notice cannot be composed", "delivery", j.DeliveryID, "error", MaskAddresses(err.Error()))
	end.Alert = &Alert{Kind: "cannot_compose", Subject: j.DeliveryID.String(), Detail: fmt.Sprintf("%s %s %s", j.Document, j.Languages, j.Form)}
	r.settles.in <- end
}

// release gives deliveries back untouched.
func (r *run) release(jobs []Job) {
	byClaim := map[ID][]ID{}
	for _, j := range jobs {
		byClaim[j.ClaimID] = append(byClaim[j.ClaimID], j.DeliveryID)
	}
	for claim, ids := range byClaim {
		r.store("released deliveries", func(ctx context.Context) error { return r.Queue.Release(ctx, claim, ids) })
		for range ids {
			r.held.done(claim)
		}
	}
}

// releaseWaiting gives back what waits for a sender.
func (r *run) releaseWaiting() {
	var jobs []Job
	for {
		select {
		case j, ok := <-r.jobs:
			if ok {
				jobs = append(jobs, j)
				continue
			}
		default:
		}
		r.release(jobs)
		return
	}
}

// releaseRest gives back what a stop left in the channel.
func (r *run) releaseRest() {
	var jobs []Job
	for j := range r.jobs {
		jobs = append(jobs, j)
	}
	r.release(jobs)
}

// heldClaims counts what is not yet settled of each claim, so that its lease is renewed.
type heldClaims struct {
	mu sync.Mutex
	n  map[ID]int
}

func (h *heldClaims) add(claim ID, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n == nil {
		h.n = map[ID]int{}
	}
	if n > 0 {
		h.n[claim] = n
	}
}

func (h *heldClaims) done(claim ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n[claim]--; h.n[claim] <= 0 {
		delete(h.n, claim)
	}
}

func (h *heldClaims) all() []ID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]ID, 0, len(h.n))
	for id := range h.n {
		out = append(out, id)
	}
	return out
}
