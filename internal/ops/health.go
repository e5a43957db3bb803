package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that must be well for the process to be ready.
type Check struct {
	Name     string
	Advisory bool // it is named when it fails, and the process is ready all the same
	Run      func(context.Context) error
}

// ErrUnknown is a check that could not look, because what it asks is away. Another
// check says so, and this one decides nothing.
var ErrUnknown = errors.New("it could not be asked")

// Unless gives what was found, or, where asking failed, that it is unknown.
func Unless(asking, found error) error {
	if asking != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, asking)
	}
	return found
}

// Lasting is the check asked no more often than each period, however often
// readiness is; one look is under way at a time. A look that its caller gave up is not kept.
func (c Check) Lasting(period time.Duration, now func() time.Time) Check {
	var mu sync.Mutex
	var asked time.Time
	var last error
	run := c.Run
	c.Run = func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if !asked.IsZero() && now().Sub(asked) < period {
			return last
		}
		err := run(ctx)
		if err == nil || !errors.Is(ctx.Err(), context.Canceled) {
			asked, last = now(), err
		}
		return err
	}
	return c
}

// checkTimeout bounds each check: an orchestrator asks every few seconds.
const checkTimeout = 3 * time.Second

// Handlers are /metrics, /healthz and /readyz by their patterns. Health says that
// the process runs; readiness runs the checks and names those that fail. Neither
// gives away more than names: what went wrong is in the log.
func Handlers(gather prometheus.Gatherer, checks []Check, failed func(name string, err error)) map[string]http.Handler {
	return map[string]http.Handler{
		"GET /metrics": promhttp.HandlerFor(gather, promhttp.HandlerOpts{}),
		"GET /healthz": http.HandlerFunc(healthy),
		"GET /readyz":  ready(checks, failed),
	}
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func ready(checks []Check, failed func(name string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, out := http.StatusOK, map[string]string{"status": "ready"}
		for _, c := range checks {
			ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
			err := c.Run(ctx)
			cancel()
			switch {
			case err == nil:
				out[c.Name] = "ok"
				continue
			case errors.Is(err, ErrUnknown):
				out[c.Name] = "unknown"
				continue
			}
			out[c.Name] = "failed"
			failed(c.Name, err)
			if !c.Advisory {
				status, out["status"] = http.StatusServiceUnavailable, "not ready"
			}
		}
		answer(w, status, out)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
