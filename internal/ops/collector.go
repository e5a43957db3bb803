package ops

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/mailer"
)

// Source gives figures; the store does.
type Source interface {
	Figures(ctx context.Context, controller mailer.ID, now time.Time) (mailer.Figures, error)
}

// Figures shows the store's figures as metrics. It asks the store at most once
// in a few seconds, however often it is scraped.
type Figures struct {
	Source     Source
	Controller func() mailer.ID // asked at each scrape: there is none before the first register
	Now        func() time.Time
	Log        *slog.Logger

	mu   sync.Mutex
	last mailer.Figures
	ok   bool
}

const (
	freshFor   = 5 * time.Second
	askTimeout = 10 * time.Second
)

var (
	descUp         = desc("figures_up", "1 if the store gave its figures at this scrape.")
	descAge        = desc("figures_age_seconds", "Age of the figures below.")
	descContacts   = desc("contacts", "People stored.")
	descDuties     = desc("duties", "Duties to inform, by state.", "state")
	descBlocked    = desc("duties_blocked", "Duties that cannot go on, by what blocks them.", "reason")
	descOverdue    = desc("duties_overdue", "Duties not met and past their date.")
	descDue        = desc("duties_due", "Duties not met and still on time whose date lies within the span.", "within")
	descSlack      = desc("duties_smallest_slack_seconds", "From now to the earliest date of a duty not met; negative is late.")
	descMetLate    = desc("duties_met_late_total", "Duties met after their date.")
	descDeliveries = desc("deliveries", "Notices, by state.", "state")
	descOldest     = desc("queue_oldest_age_seconds", "Age of the oldest delivery queued in an open lane.")
	descObjections = desc("objections_total", "Objections, by the way they were made.", "way")
	descRequests   = desc("requests_open", "Requests of people not yet answered.")
	descAlerts     = desc("alerts", "Alerts raised, by kind.", "kind")
	descBounces    = desc("bounces_total", "Reports of failed deliveries, by what the reply behind them means.", "class")
	descReports    = desc("reports_total", "Other reports that came back, by what they say; not_understood: nothing that we can read.", "finding")
	descUnmatched  = desc("reports_unmatched", "Reports that found no delivery: waiting for it, or given up.", "state")
	descRows       = desc("import_rows_total", "Rows of contact files read, by what became of them.", "result")
)

func desc(metric, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(name, "", metric), help, labels, nil)
}

// Describe implements prometheus.Collector.
func (f *Figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descAge, descContacts, descDuties, descBlocked, descOverdue, descDue, descSlack,
		descMetLate, descDeliveries, descOldest, descObjections, descRequests, descAlerts, descBounces, descReports, descUnmatched, descRows} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (f *Figures) Collect(ch chan<- prometheus.Metric) {
	fig, ok := f.fresh()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	if !ok {
		gauge(descUp, 0)
		return
	}
	now := f.Now()
	gauge(descUp, 1)
	gauge(descAge, now.Sub(fig.AsOf).Seconds())
	gauge(descContacts, float64(fig.Contacts))
	for _, s := range mailer.DutyStates {
		gauge(descDuties, float64(fig.Duties[s]), string(s))
	}
	for reason, n := range fig.Blocked {
		gauge(descBlocked, float64(n), string(reason))
	}
	gauge(descOverdue, float64(fig.Overdue))
	for _, w := range mailer.Windows {
		gauge(descDue, float64(fig.DueWithin[w.Name]), w.Name)
	}
	if !fig.OldestDueAt.IsZero() {
		gauge(descSlack, fig.OldestDueAt.Sub(now).Seconds())
	}
	counter(descMetLate, fig.MetLate)
	for _, s := range mailer.DeliveryStates {
		gauge(descDeliveries, float64(fig.Deliveries[s]), string(s))
	}
	if !fig.QueueOldest.IsZero() {
		gauge(descOldest, now.Sub(fig.QueueOldest).Seconds())
	}
	for way, n := range fig.Objections {
		counter(descObjections, n, way)
	}
	gauge(descRequests, float64(fig.Requests))
	for kind, n := range fig.Alerts {
		gauge(descAlerts, float64(n), kind)
	}
	for _, class := range mailer.BounceClasses {
		counter(descBounces, fig.Reports[string(class)], string(class))
	}
	for _, action := range mailer.Actions[1:] { // all but failed, which have a class
		counter(descReports, fig.Reports[string(action)], string(action))
	}
	counter(descReports, fig.Reports[mailer.NotUnderstood], mailer.NotUnderstood)
	for _, state := range []string{"waiting", "given_up"} {
		gauge(descUnmatched, float64(fig.Unmatched[state]), state)
	}
	counter(descRows, fig.Imports.Accepted, "accepted")
	counter(descRows, fig.Imports.Merged, "merged")
	counter(descRows, fig.Imports.Refused, "refused")
}

// fresh gives figures that are a few seconds old at most.
func (f *Figures) fresh() (mailer.Figures, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ok && f.Now().Sub(f.last.AsOf) < freshFor {
		return f.last, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	fig, err := f.Source.Figures(ctx, f.Controller(), f.Now())
	if err != nil {
		f.Log.Error("the store gave no figures", "error", mailer.MaskAddresses(err.Error()))
		return mailer.Figures{}, false
	}
	f.last, f.ok = fig, true
	return fig, true
}
