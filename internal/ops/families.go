package ops

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
	"article14/mailer/status"
	"article14/mailer/track"
)

// family is a metric that is made of the store's figures.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	show func(f status.Figures, now time.Time, put func(v float64, labels ...string))
}

func desc(metric, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(name, "", metric), help, labels, nil)
}

type (
	put    = func(v float64, labels ...string)
	shower = func(f status.Figures, now time.Time, put func(v float64, labels ...string))
)

func gauge(metric, help string, show shower, labels ...string) family {
	return family{desc(metric, help, labels...), prometheus.GaugeValue, show}
}

func counter(metric, help string, show shower, labels ...string) family {
	return family{desc(metric, help, labels...), prometheus.CounterValue, show}
}

// one is a family of a single figure.
func one(of func(f status.Figures) int64) shower {
	return func(f status.Figures, _ time.Time, put put) { put(float64(of(f))) }
}

// each is a family with one figure for each key that occurs. The keys are those
// that the code knows, never what came from outside.
func each[K ~string](of func(f status.Figures) map[K]int64) shower {
	return func(f status.Figures, _ time.Time, put put) {
		for k, n := range of(f) {
			put(float64(n), string(k))
		}
	}
}

// every is a family with a figure for every key, zeros too, so that an alert has
// something to compare with from the start.
func every[K ~string](keys []K, of func(f status.Figures) map[K]int64) shower {
	return func(f status.Figures, _ time.Time, put put) {
		n := of(f)
		for _, k := range keys {
			put(float64(n[k]), string(k))
		}
	}
}

// families are all of them, in the order in which docs/operations.md explains them.
var families = []family{
	gauge("contacts", "People stored.", one(func(f status.Figures) int64 { return f.Contacts })),
	gauge("duties", "Duties to inform, by state.",
		every(mailer.DutyStates, func(f status.Figures) map[mailer.DutyState]int64 { return f.Duties }), "state"),
	gauge("duties_blocked", "Duties that cannot go on, by what blocks them.",
		each(func(f status.Figures) map[mailer.BlockReason]int64 { return f.Blocked }), "reason"),
	gauge("duties_stranded", "Failed duties whose campaign has ended: they need a new campaign.",
		one(func(f status.Figures) int64 { return f.Stranded })),
	gauge("duties_overdue", "Duties not met and past their date.", one(func(f status.Figures) int64 { return f.Overdue })),
	gauge("duties_overdue_age", "Duties not met and past their date, by how long.", overdueByAge, "age"),
	gauge("duties_due", "Duties not met and still on time whose date lies within the span.", dueWithin, "within"),
	gauge("duties_smallest_slack_seconds", "From now to the earliest date of a duty not met; negative is late.", smallestSlack),
	gauge("duties_met_late", "Duties met after their date; a bounce takes one back.", one(func(f status.Figures) int64 { return f.MetLate })),
	gauge("deliveries", "Notices, by state.",
		every(mailer.DeliveryStates, func(f status.Figures) map[mailer.DeliveryState]int64 { return f.Deliveries }), "state"),
	gauge("letters", "Letters, by where they are: to be printed, in paused campaigns, in batches that are not posted, posted, returned.", letters, "state"),
	gauge("letters_oldest_batch_age_seconds", "Age of the oldest batch of letters that nobody has posted; 0 if there is none.", oldestBatch),
	gauge("calls_waiting", "People who wait for a call.", one(func(f status.Figures) int64 { return f.ByHand.Calls })),
	gauge("by_hand_smallest_slack_seconds", "From now to the earliest date of a letter to be printed, or of a call to be made, by channel; negative is late.", handSlack, "channel"),
	gauge("queue_oldest_age_seconds", "Age of the oldest delivery queued in an open lane; 0 if there is none.", oldestQueued),
	gauge("lanes", "Lanes, by state.", lanesByState, "state"),
	gauge("class_queued", "Notices queued to the domains of a class, by class.", byClass(func(f status.Figures, c campaign.ClassFigures) float64 { return float64(f.QueuedIn(c.Name)) }), "domain_class"),
	gauge("class_used_up", "1 if a class of domains has been given all that its day allows, by class.", byClass(usedUp), "domain_class"),
	gauge("workers", "Workers by whether they said lately that they are there.", workers, "state"),
	gauge("workers_relay", "Workers alive, by how they last saw their relay.", workersByRelay, "state"),
	gauge("relay_connections", "Connections open to relays, of all workers alive.", beating(func(h deliver.Heartbeat) int { return h.Connections })),
	gauge("relay_connections_allowed", "Connections that relays are taken to bear now, of all workers alive.", beating(func(h deliver.Heartbeat) int { return h.Allowed })),
	gauge("deliveries_in_flight", "Transactions with relays under way, of all workers alive.", beating(func(h deliver.Heartbeat) int { return h.InFlight })),
	gauge("instance_held", "1 if this copy of the database is held, so that nothing is sent.", held),
	counter("objections_total", "Objections, by the way they were made.", every(mailer.Ways, func(f status.Figures) map[mailer.Way]int64 { return f.Objections }), "way"),
	gauge("exemptions", "Exemptions that wait for a person: proposed, and to be reviewed soon.", exemptions, "state"),
	gauge("requests_open", "Requests of people not yet answered, by kind and state.", requestsOpen, "kind", "state"),
	gauge("requests_extended", "Of them, those whose extension counts.", one(func(f status.Figures) int64 { return f.Requests.Extended })),
	gauge("requests_smallest_slack_seconds", "From now to the earliest date of one of them; negative is late.", requestSlack),
	gauge("answers_open", "Answers of people that nobody has closed, by the kind that their words suggest.",
		every(wish.Kinds, func(f status.Figures) map[wish.Kind]int64 { return f.Answers.Open }), "kind"),
	gauge("answers_oldest_age_seconds", "Age of the oldest of them; 0 if there is none.", oldestAnswer),
	gauge("answers_smallest_slack_seconds", "From now to the earliest date of one of them; negative is late.", answerSlack),
	gauge("alerts", "Alerts that nobody has seen to, by kind.", alerts, "kind"),
	counter("bounces_total", "Reports of failed deliveries, by what the reply behind them means.", bounces, "class"),
	counter("reports_total", "Other reports that came back, by what they say; not_understood: nothing that we can read.", reports, "finding"),
	gauge("reports_unmatched", "Reports that found no delivery: waiting for it, or given up.", unmatched, "state"),
	counter("import_rows_total", "Rows of contact files read, by what became of them.", importRows, "result"),
}

func overdueByAge(f status.Figures, _ time.Time, put put) {
	for _, a := range status.Ages {
		put(float64(f.OverdueBy[a.Name]), a.Name)
	}
}

func dueWithin(f status.Figures, _ time.Time, put put) {
	for _, w := range status.Windows {
		put(float64(f.DueWithin[w.Name]), w.Name)
	}
}

// smallestSlack is absent where nothing is owed.
func smallestSlack(f status.Figures, now time.Time, put put) {
	if !f.OldestDueAt.IsZero() {
		put(f.OldestDueAt.Sub(now).Seconds())
	}
}

func oldestQueued(f status.Figures, now time.Time, put put) {
	if f.QueueOldest.IsZero() {
		put(0)
		return
	}
	put(now.Sub(f.QueueOldest).Seconds())
}

func requestsOpen(f status.Figures, _ time.Time, put put) {
	for _, k := range mailer.RequestKinds {
		for _, s := range mailer.RequestsOpen {
			put(float64(f.Requests.Open[k][s]), string(k), string(s))
		}
	}
}

// requestSlack is absent where nothing is open.
func requestSlack(f status.Figures, now time.Time, put put) {
	if !f.Requests.DueAt.IsZero() {
		put(f.Requests.DueAt.Sub(now).Seconds())
	}
}

func oldestAnswer(f status.Figures, now time.Time, put put) {
	if f.Answers.Oldest.IsZero() {
		put(0)
		return
	}
	put(now.Sub(f.Answers.Oldest).Seconds())
}

// answerSlack is absent where nothing is open.
func answerSlack(f status.Figures, now time.Time, put put) {
	if !f.Answers.DueAt.IsZero() {
		put(f.Answers.DueAt.Sub(now).Seconds())
	}
}

func lanesByState(f status.Figures, _ time.Time, put put) {
	n := map[mailer.LaneState]int{}
	for _, l := range f.Lanes {
		n[l.State]++
	}
	for _, s := range []mailer.LaneState{mailer.LaneOpen, mailer.LanePaused, mailer.LaneClosed} {
		put(float64(n[s]), string(s))
	}
}

// byClass has the classes on record, which are few.
func byClass(of func(status.Figures, campaign.ClassFigures) float64) shower {
	return func(f status.Figures, _ time.Time, put put) {
		for _, c := range f.Classes {
			put(of(f, c), c.Name)
		}
	}
}

func usedUp(_ status.Figures, c campaign.ClassFigures) float64 {
	if c.FullAt.IsZero() {
		return 0
	}
	return 1
}

func workers(f status.Figures, now time.Time, put put) {
	alive, gone := 0, 0
	for _, h := range f.Workers {
		if h.Gone(now) {
			gone++
		} else {
			alive++
		}
	}
	put(float64(alive), "alive")
	put(float64(gone), "gone")
}

func workersByRelay(f status.Figures, now time.Time, put put) {
	n := map[deliver.RelayState]int{}
	for _, h := range f.Workers {
		if !h.Gone(now) {
			n[h.RelayState]++
		}
	}
	for _, s := range deliver.RelayStates {
		put(float64(n[s]), string(s))
	}
}

// beating adds up a figure of the workers alive.
func beating(of func(deliver.Heartbeat) int) shower {
	return func(f status.Figures, now time.Time, put put) {
		n := 0
		for _, h := range f.Workers {
			if !h.Gone(now) {
				n += of(h)
			}
		}
		put(float64(n))
	}
}

func held(f status.Figures, _ time.Time, put put) {
	if f.Instance.Held() {
		put(1)
		return
	}
	put(0)
}

// alerts has all kinds that are known, and any other that was raised.
func alerts(f status.Figures, _ time.Time, put put) {
	for _, kind := range mailer.AlertKinds {
		put(float64(f.Alerts[kind]), string(kind))
	}
	for kind, n := range f.Alerts {
		if !slices.Contains(mailer.AlertKinds, kind) {
			put(float64(n), string(kind))
		}
	}
}

func exemptions(f status.Figures, _ time.Time, put put) {
	put(float64(f.Exemptions.Proposed), "proposed")
	put(float64(f.Exemptions.ReviewSoon), "review_soon")
}

func letters(f status.Figures, _ time.Time, put put) {
	put(float64(f.ByHand.Letters), "waiting")
	put(float64(f.ByHand.LettersPaused), "paused")
	put(float64(f.ByHand.InBatches), "in_batches")
	put(float64(f.ByHand.Posted), "posted")
	put(float64(f.ByHand.Returned), "returned")
}

func oldestBatch(f status.Figures, now time.Time, put put) {
	if f.ByHand.OldestBatch.IsZero() {
		put(0)
		return
	}
	put(now.Sub(f.ByHand.OldestBatch).Seconds())
}

// handSlack is absent where nothing waits.
func handSlack(f status.Figures, now time.Time, put put) {
	for channel, due := range map[mailer.ChannelKind]time.Time{mailer.ChannelLetter: f.ByHand.LettersBy, mailer.ChannelPhone: f.ByHand.CallsBy} {
		if !due.IsZero() {
			put(due.Sub(now).Seconds(), string(channel))
		}
	}
}

func importRows(f status.Figures, _ time.Time, put put) {
	put(float64(f.Imports.Accepted), "accepted")
	put(float64(f.Imports.Merged), "merged")
	put(float64(f.Imports.Refused), "refused")
}

func bounces(f status.Figures, _ time.Time, put put) {
	for _, class := range track.BounceClasses {
		put(float64(f.Reports[string(class)]), string(class))
	}
}

func reports(f status.Figures, _ time.Time, put put) {
	for _, action := range track.Actions[1:] { // all but failed, which have a class
		put(float64(f.Reports[string(action)]), string(action))
	}
	for _, kind := range track.OtherKinds {
		put(float64(f.Reports[string(kind)]), string(kind))
	}
	put(float64(f.Reports[track.NotUnderstood]), track.NotUnderstood)
}

func unmatched(f status.Figures, _ time.Time, put put) {
	for _, state := range []string{"waiting", "given_up"} {
		put(float64(f.Unmatched[state]), state)
	}
}
