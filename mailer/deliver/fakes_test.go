package deliver

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"article14/mailer"
)

// memQueue is a queue in memory that refuses what the database refuses: moves
// that are not legal, and settlements whose claim has passed.
type memQueue struct {
	t  *testing.T
	mu sync.Mutex

	rows      map[mailer.ID]*memDelivery
	order     []mailer.ID
	lane      mailer.LaneState
	settled   []mailer.Settlement
	alerts    []mailer.Alert
	beginErrs int // so many Begins fail first
	ring      *mailer.Keyring
}

type memDelivery struct {
	mailer.Job
	state    mailer.DeliveryState
	readyAt  time.Time
	attempts int
	open     *mailer.Attempt
}

func newMemQueue(t *testing.T, n int) *memQueue {
	q := &memQueue{t: t, rows: map[mailer.ID]*memDelivery{}, lane: mailer.LaneOpen, ring: mailer.NewKeyring()}
	for i := range n {
		id := mailer.NewID(time.Now())
		q.order = append(q.order, id)
		q.rows[id] = &memDelivery{state: mailer.Queued, Job: mailer.Job{ContactID: mailer.NewID(time.Now()), DeliveryID: id, Lane: 1, Document: mailer.DocNotice,
			To: fmt.Sprintf("p%d@example.org", i), SkeletonHash: []byte{1}, DueAt: time.Now().Add(24 * time.Hour), AddressHash: []byte{byte(i)}}}
	}
	return q
}

func (q *memQueue) move(d *memDelivery, to mailer.DeliveryState) {
	if !slices.Contains(mailer.DeliveryMoves[d.state], to) {
		q.t.Errorf("delivery moved from %s to %s", d.state, to)
	}
	d.state = to
}

func (q *memQueue) Claim(_ context.Context, _ mailer.ID, claim mailer.ID, limit int, now time.Time, lease time.Duration) ([]mailer.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []mailer.Job
	for _, id := range q.order {
		d := q.rows[id]
		if q.lane != mailer.LaneOpen || d.state != mailer.Queued || len(out) == limit {
			continue
		}
		q.move(d, mailer.Sending)
		d.ClaimID, d.LeaseUntil, d.Attempts = claim, now.Add(lease), d.attempts
		out = append(out, d.Job)
	}
	return out, nil
}

func (q *memQueue) Begin(_ context.Context, attempts []mailer.Attempt, _ time.Time) (map[mailer.ID]bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.beginErrs > 0 {
		q.beginErrs--
		return nil, errors.New("the database is away")
	}
	out := map[mailer.ID]bool{}
	for _, a := range attempts {
		d := q.rows[a.DeliveryID]
		if d.state != mailer.Sending || d.ClaimID != a.ClaimID {
			continue
		}
		d.open, out[a.ID] = &a, true
		d.attempts++
		if a.Message != nil {
			d.Slots, d.SHA256, d.ComposedAt = a.Message.Slots, a.Message.SHA256, a.Message.ComposedAt
		}
	}
	return out, nil
}

func (q *memQueue) Settle(_ context.Context, batch []mailer.Settlement) (fenced []mailer.ID, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range batch {
		d := q.rows[s.DeliveryID]
		if d.state != mailer.Sending || d.ClaimID != s.ClaimID {
			fenced = append(fenced, s.DeliveryID)
			continue
		}
		q.move(d, s.To)
		d.readyAt, d.open = s.ReadyAt, nil
		q.settled = append(q.settled, s)
		if s.Alert != nil {
			q.alerts = append(q.alerts, *s.Alert)
		}
	}
	return fenced, nil
}

func (q *memQueue) Release(_ context.Context, claim mailer.ID, ids []mailer.ID) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ids == nil {
		ids = q.order
	}
	for _, id := range ids {
		if d := q.rows[id]; d.state == mailer.Sending && d.ClaimID == claim {
			q.move(d, mailer.Queued)
			if d.open != nil {
				d.open = nil
				d.attempts--
			}
		}
	}
	return nil
}

func (q *memQueue) Renew(context.Context, []mailer.ID, time.Time) error { return nil }

func (q *memQueue) Wake(_ context.Context, _ mailer.ID, now time.Time, resend bool, _ int) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.rows {
		if (d.state == mailer.Deferred || d.state == mailer.Uncertain && resend) && !d.readyAt.After(now) {
			q.move(d, mailer.Queued)
			n++
		}
	}
	return n, nil
}

func (q *memQueue) Rescue(context.Context, mailer.ID, time.Time, time.Time) (int, int, error) {
	return 0, 0, nil
}

func (q *memQueue) Lanes(context.Context, mailer.ID) ([]mailer.Lane, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return []mailer.Lane{{ID: 1, State: q.lane}}, nil
}

func (q *memQueue) FinishCampaigns(context.Context, mailer.ID, time.Time) ([]string, error) {
	return nil, nil
}
func (q *memQueue) FoldCounters(context.Context) error { return nil }

func (q *memQueue) states() map[mailer.DeliveryState]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[mailer.DeliveryState]int{}
	for _, d := range q.rows {
		out[d.state]++
	}
	return out
}

// memRelay answers by the try of each address.
type memRelay struct {
	mu     sync.Mutex
	away   bool
	answer func(to string, try int) error
	tries  map[string]int
	bytes  map[string][][]byte
	opened int

	announced, kept int           // letters announced, and those of them sent then
	broken          int           // promises
	hold            chan struct{} // a Send waits for it once MAIL is said
}

func (r *memRelay) Name() string { return "mem" }

func (r *memRelay) Open(context.Context) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, &mailer.DeliveryError{Stage: mailer.StageConnect, Cause: errors.New("refused")}
	}
	r.opened++
	return &memSession{r: r, alive: true}, nil
}

// memSession holds the sender to its promise: after an announcement comes what was
// announced, or the end.
type memSession struct {
	r         *memRelay
	alive     bool
	announced *mailer.Message
}

func (s *memSession) Send(ctx context.Context, m mailer.Message, next *mailer.Message) (mailer.Reply, error) {
	s.r.mu.Lock()
	if s.announced != nil && s.announced.To != m.To || !s.alive {
		s.r.broken++
	}
	if s.announced != nil {
		s.r.kept++
	}
	s.announced = nil
	if ctx.Err() != nil {
		s.r.mu.Unlock()
		return mailer.Reply{}, &mailer.DeliveryError{Stage: mailer.StageMail, Cause: ctx.Err()}
	}
	if next != nil {
		ahead := *next
		s.announced = &ahead
		s.r.announced++
	}
	if s.r.tries == nil {
		s.r.tries, s.r.bytes = map[string]int{}, map[string][][]byte{}
	}
	s.r.tries[m.To]++
	try := s.r.tries[m.To]
	s.r.bytes[m.To] = append(s.r.bytes[m.To], m.Bytes)
	hold := s.r.hold
	s.r.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if s.r.answer != nil {
		if err := s.r.answer(m.To, try); err != nil {
			var lost *mailer.DeliveryError
			s.alive = !(errors.As(err, &lost) && (lost.Reply.Code == 0 || lost.Reply.Code == 421))
			return mailer.Reply{}, err
		}
	}
	return mailer.Reply{Code: 250, Enhanced: "2.0.0"}, nil
}

func (s *memSession) Alive() bool { return s.alive }

func (s *memSession) Close() error {
	s.alive = false
	return nil
}

// memComposer writes the slots into the bytes, so that other values are other bytes.
type memComposer struct{ mailer.Composer }

func (memComposer) Slots(_ *mailer.Register, in mailer.SlotInput) (mailer.Slots, error) {
	return mailer.Slots{"date": in.Now.UTC().Format(time.RFC3339Nano)}, nil
}

func (memComposer) Compose(_ mailer.Skeleton, s mailer.Slots, h mailer.Headers) (mailer.Message, error) {
	b := []byte(s["date"] + h.Tokens.Notice + h.Tokens.Objection + h.ProofCode + h.Date.UTC().Format(time.RFC3339Nano) + h.To)
	sum := sha256.Sum256(b)
	return mailer.Message{EnvelopeFrom: h.EnvelopeFrom, To: h.To, Bytes: b, SHA256: sum[:]}, nil
}

type memRegisters struct{ mailer.RegisterStore }

func (memRegisters) RegisterVersion(context.Context, mailer.ID) (mailer.RegisterVersion, error) {
	return mailer.RegisterVersion{}, nil
}

type memSkeletons struct{}

func (memSkeletons) Skeleton(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }

type noMeter struct{}

func (noMeter) Attempt(mailer.DeliveryState, mailer.ReplyClass, time.Duration) {}
func (noMeter) Claimed(int)                                                    {}
func (noMeter) Fenced(int)                                                     {}
func (noMeter) Rescued(int, int)                                               {}
func (noMeter) RelayAway()                                                     {}
func (noMeter) HandedOver(time.Duration, time.Duration)                        {}
func (noMeter) Waited(Wait, time.Duration)                                     {}

func testWorker(q *memQueue, r *memRelay) *Worker {
	return &Worker{Queue: q, Relay: r, Composer: memComposer{}, Skeletons: memSkeletons{}, Tokens: mailer.Tokens{Keys: q.ring},
		Registers: &mailer.Registers{Store: memRegisters{}, Parse: func([]byte) (*mailer.Register, error) { return &mailer.Register{}, nil }},
		Now:       time.Now, After: time.After, Jitter: func() float64 { return 0.5 }, Meter: noMeter{},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Options: Options{Connections: 4, Batch: 10}}
}
