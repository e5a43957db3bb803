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
	Through  bool // it asks through another part: where no answer comes, that one has failed, and this one is unknown
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
// readiness is; one look is under way at a time. A look goes on to its end, or to its
// own time limit, when its caller gives up: an orchestrator that waits for a second only would
// otherwise knock anew each time, and never hear an answer.
func (c Check) Lasting(period time.Duration, now func() time.Time) Check {
	var mu sync.Mutex
	var asked time.Time
	var last error
	var looking chan struct{} // closed at the end of the look under way; nil: none is
	look := func(ctx context.Context, done chan struct{}) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		err := c.Run(ctx)
		mu.Lock()
		defer mu.Unlock()
		asked, last, looking = now(), err, nil
		close(done)
	}
	lasting := c
	lasting.Run = func(ctx context.Context) error {
		mu.Lock()
		if looking == nil && !asked.IsZero() && now().Sub(asked) < period {
			defer mu.Unlock()
			return last
		}
		if looking == nil {
			looking = make(chan struct{})
			go look(ctx, looking)
		}
		done := looking
		mu.Unlock()
		select {
		case <-done:
			mu.Lock()
			defer mu.Unlock()
			return last
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return lasting
}

// checkTimeout bounds the checks: an orchestrator asks every few seconds.
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
		for i, err := range outcomes(r.Context(), checks) {
			c := checks[i]
			switch {
			case err == nil:
				out[c.Name] = "ok"
				continue
			case errors.Is(err, ErrUnknown), c.Through && errors.Is(err, context.DeadlineExceeded):
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

// outcomes runs the checks beside each other, so that all together take no longer than one.
func outcomes(ctx context.Context, checks []Check) []error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out := make([]error, len(checks))
	answers := make([]chan error, len(checks))
	for i, c := range checks {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- c.Run(ctx) }()
	}
	for i := range checks {
		select {
		case out[i] = <-answers[i]:
			continue
		default:
		}
		select {
		case out[i] = <-answers[i]:
		case <-ctx.Done(): // the driver of a server that hangs does not look at it
			out[i] = ctx.Err()
		}
	}
	return out
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
