package ops

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/retain"
	"article14/mailer/track"
)

// Meter counts what a worker does; it implements deliver.Meter.
type Meter struct {
	attempts   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	claimed    prometheus.Counter
	fenced     prometheus.Counter
	rescued    *prometheus.CounterVec
	relayAway  prometheus.Counter
	toHandOver prometheus.Histogram
	slack      prometheus.Histogram
	waited     *prometheus.CounterVec
	success    *prometheus.GaugeVec
	erased     prometheus.Counter
	waiting    prometheus.Gauge
	came       *prometheus.CounterVec
	now        func() time.Time
}

var _ deliver.Meter = (*Meter)(nil)

const (
	day  = 24 * 60 * 60
	name = "article14"
)

// Steps whose last success is shown.
const (
	stepClaim    = "claim"
	stepHandOver = "handover"
	stepErase    = "erase"
)

// NewMeter makes a meter and registers its metrics. Those whose labels are known
// beforehand are there from the start, so that a first increase is seen as one.
func NewMeter(reg prometheus.Registerer, now func() time.Time) *Meter {
	m := &Meter{now: now,
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: name, Name: "attempts_total",
			Help: "Transactions with a relay, by the state that followed and the class of the reply."}, []string{"result", "class"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: name, Name: "attempt_duration_seconds",
			Help: "From the attempt's record to the relay's answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10)}, []string{"result"}),
		claimed: prometheus.NewCounter(prometheus.CounterOpts{Namespace: name, Name: "deliveries_claimed_total",
			Help: "Deliveries that this worker took from the queue."}),
		fenced: prometheus.NewCounter(prometheus.CounterOpts{Namespace: name, Name: "deliveries_fenced_total",
			Help: "Deliveries whose claim had passed to another worker before they were begun or settled."}),
		rescued: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: name, Name: "leases_rescued_total",
			Help: "Claims taken back from workers that are gone, by the state that followed."}, []string{"to"}),
		relayAway: prometheus.NewCounter(prometheus.CounterOpts{Namespace: name, Name: "relay_away_total",
			Help: "Times that the relay could not be reached or would not serve."}),
		toHandOver: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: name, Name: "obtaining_to_handover_seconds",
			Help: "From the obtaining of the data to the hand-over of the notice.", Buckets: []float64{day, 3 * day, 7 * day, 14 * day, 21 * day, 28 * day, 31 * day, 90 * day, 365 * day}}),
		slack: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: name, Name: "handover_slack_seconds",
			Help: "From the hand-over to the deadline; negative is late.", Buckets: []float64{-365 * day, -31 * day, -7 * day, -day, 0, day, 3 * day, 7 * day, 14 * day, 31 * day}}),
		waited: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: name, Name: "waiting_seconds_total",
			Help: "Time in which this worker claimed nothing, by what it waited for."}, []string{"for"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: name, Name: "last_success_timestamp_seconds",
			Help: "When a step of this worker last went well; 0 if not yet."}, []string{"step"}),
	}
	m.erased = prometheus.NewCounter(prometheus.CounterOpts{Namespace: name, Name: "erased_contacts_total",
		Help: "Contacts of whom this worker erased something that had expired."})
	m.waiting = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: name, Name: "erasure_waiting_contacts",
		Help: "Contacts whose erasure waited for a delivery on its way, at this worker's last pass."})
	m.came = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: name, Name: "door_messages_total",
		Help: "What came to a door of this process, by what was done with it."}, []string{"door", "outcome"})
	reg.MustRegister(m.came, m.erased, m.waiting, m.attempts, m.duration, m.claimed, m.fenced, m.rescued, m.relayAway, m.toHandOver, m.slack, m.waited, m.success)
	for _, to := range mailer.AttemptStates {
		m.duration.WithLabelValues(string(to))
	}
	for _, to := range []mailer.DeliveryState{mailer.Queued, mailer.Uncertain} {
		m.rescued.WithLabelValues(string(to))
	}
	for _, door := range track.Doors {
		for _, outcome := range track.DoorOutcomes {
			m.came.WithLabelValues(door, string(outcome))
		}
	}
	for _, w := range deliver.Waits {
		m.waited.WithLabelValues(string(w))
	}
	for _, step := range []string{stepClaim, stepHandOver, stepErase} {
		m.success.WithLabelValues(step)
	}
	return m
}

// Attempt counts a transaction.
func (m *Meter) Attempt(to mailer.DeliveryState, class mailer.ReplyClass, took time.Duration) {
	if to == mailer.Relayed {
		m.succeeded(stepHandOver)
	}
	m.attempts.WithLabelValues(string(to), string(class)).Inc()
	m.duration.WithLabelValues(string(to)).Observe(took.Seconds())
}

// Claimed counts deliveries taken from the queue, which may be none.
func (m *Meter) Claimed(n int) {
	m.claimed.Add(float64(n))
	m.succeeded(stepClaim)
}

// Waited adds up the time in which nothing was claimed.
func (m *Meter) Waited(on deliver.Wait, d time.Duration) {
	m.waited.WithLabelValues(string(on)).Add(max(0, d.Seconds()))
}

// Erased counts a pass of the eraser that came to its end.
func (m *Meter) Erased(pass retain.Erased) {
	m.erased.Add(float64(pass.Contacts))
	m.waiting.Set(float64(pass.Waiting))
	m.succeeded(stepErase)
}

func (m *Meter) succeeded(step string) {
	m.success.WithLabelValues(step).Set(float64(m.now().UnixMilli()) / 1000)
}

// Fenced counts deliveries whose claim was lost.
func (m *Meter) Fenced(n int) { m.fenced.Add(float64(n)) }

// Rescued counts claims taken back.
func (m *Meter) Rescued(queued, uncertain int) {
	m.rescued.WithLabelValues(string(mailer.Queued)).Add(float64(queued))
	m.rescued.WithLabelValues(string(mailer.Uncertain)).Add(float64(uncertain))
}

// Came counts what came to a door; the meter of internal/door.
func (m *Meter) Came(door string, outcome track.DoorOutcome) {
	m.came.WithLabelValues(door, string(outcome)).Inc()
}

// RelayAway counts a relay that would not serve.
func (m *Meter) RelayAway() { m.relayAway.Inc() }

// HandedOver records how long a person waited, and by how much it was in time.
func (m *Meter) HandedOver(sinceObtained, slack time.Duration) {
	m.toHandOver.Observe(sinceObtained.Seconds())
	m.slack.Observe(slack.Seconds())
}
