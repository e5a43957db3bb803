package ops

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/mailer"
	"article14/mailer/status"
)

// Source gives figures; the store does.
type Source interface {
	Figures(ctx context.Context, controller mailer.ID, now time.Time) (status.Figures, error)
}

// Figures shows the store's figures as metrics. It asks the store at most once
// in a few seconds, however often it is scraped.
type Figures struct {
	Source     Source
	Controller func() mailer.ID // asked at each scrape: there is none before the first register
	Now        func() time.Time
	Log        *slog.Logger

	mu   sync.Mutex
	last status.Figures
	at   time.Time // when the store was last asked
	ok   bool      // and whether it answered
}

const (
	freshFor = 5 * time.Second
	// askTimeout is half of the ten seconds that Prometheus waits for a scrape: a store
	// that hangs must show as figures_up 0, and not as a process that is gone.
	askTimeout = 5 * time.Second
)

var (
	descUp  = desc("figures_up", "1 if the store gave its figures at this scrape.")
	descAge = desc("figures_age_seconds", "Age of the figures below.")
)

// Describe implements prometheus.Collector.
func (f *Figures) Describe(ch chan<- *prometheus.Desc) {
	ch <- descUp
	ch <- descAge
	for _, fam := range families {
		ch <- fam.desc
	}
}

// Collect implements prometheus.Collector.
func (f *Figures) Collect(ch chan<- prometheus.Metric) {
	fig, ok := f.fresh()
	if !ok {
		ch <- prometheus.MustNewConstMetric(descUp, prometheus.GaugeValue, 0)
		return
	}
	now := f.Now()
	ch <- prometheus.MustNewConstMetric(descUp, prometheus.GaugeValue, 1)
	ch <- prometheus.MustNewConstMetric(descAge, prometheus.GaugeValue, now.Sub(fig.AsOf).Seconds())
	for _, fam := range families {
		fam.show(fig, now, func(v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(fam.desc, fam.kind, v, labels...)
		})
	}
}

// fresh gives figures that are a few seconds old at most. That there are none is
// remembered as long, so that scrapers do not queue up behind a store that hangs.
func (f *Figures) fresh() (status.Figures, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.at.IsZero() && f.Now().Sub(f.at) < freshFor {
		return f.last, f.ok
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	asked := f.Now()
	fig, err := f.ask(ctx, asked)
	f.last, f.ok, f.at = fig, err == nil, asked
	if err != nil {
		f.at = f.Now() // it may have taken its time to fail
		f.Log.Error("the store gave no figures", "error", mailer.MaskAddresses(err.Error()))
		return status.Figures{}, false
	}
	return fig, true
}

// ask gives up when ctx ends, whether the source does or not: the driver of a
// server that hangs goes on waiting.
func (f *Figures) ask(ctx context.Context, now time.Time) (status.Figures, error) {
	type answer struct {
		fig status.Figures
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		fig, err := f.Source.Figures(ctx, f.Controller(), now)
		answers <- answer{fig, err}
	}()
	select {
	case a := <-answers:
		return a.fig, a.err
	case <-ctx.Done():
		return status.Figures{}, ctx.Err()
	}
}
