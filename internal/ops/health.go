package ops

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that must be well for the process to be ready.
type Check struct {
	Name string
	Run  func(context.Context) error
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
			out[c.Name] = "ok"
			ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
			err := c.Run(ctx)
			cancel()
			if err != nil {
				status, out["status"], out[c.Name] = http.StatusServiceUnavailable, "not ready", "failed"
				failed(c.Name, err)
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
