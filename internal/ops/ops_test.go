package ops

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/mailer"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// books gives figures, or fails.
type books struct {
	asked int
	err   error
}

func (b *books) Figures(context.Context, mailer.ID, time.Time) (mailer.Figures, error) {
	b.asked++
	return mailer.Figures{
		AsOf: noon, Contacts: 7, Overdue: 2, OldestDueAt: noon.Add(-time.Hour), QueueOldest: noon.Add(-time.Minute),
		Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 3}, Blocked: map[mailer.BlockReason]int64{mailer.BlockNoLanguage: 4},
		DueWithin: map[string]int64{"3d": 1}, Alerts: map[string]int64{"retry_past_deadline": 1}, Objections: map[string]int64{"page": 5},
		Reports: map[string]int64{"dead_address": 6, "delayed": 8, "not_understood": 9}, Unmatched: map[string]int64{"waiting": 2, "not_understood": 1},
	}, b.err
}

func scrape(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec.Code, rec.Body.String()
}

func figures(b *books, now *time.Time) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&Figures{Source: b, Controller: func() mailer.ID { return mailer.ID{} }, Now: func() time.Time { return *now },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	NewMeter(reg).Attempt(mailer.Deferred, mailer.ClassTransient, time.Second)
	return Handlers(reg, nil, nil)["GET /metrics"]
}

func TestMetricsTellTheBacklogByItsOwnNames(t *testing.T) {
	now := noon
	_, body := scrape(t, figures(&books{}, &now), "/metrics")
	for _, want := range []string{
		`article14_contacts 7`, `article14_duties{state="open"} 3`, `article14_duties{state="met"} 0`, `article14_duties_overdue 2`,
		`article14_duties_blocked{reason="no_language"} 4`, `article14_duties_due{within="3d"} 1`, `article14_duties_smallest_slack_seconds -3600`,
		`article14_queue_oldest_age_seconds 60`, `article14_alerts{kind="retry_past_deadline"} 1`, `article14_objections_total{way="page"} 5`,
		`article14_attempts_total{class="transient",result="deferred"} 1`, `article14_figures_up 1`,
		`article14_bounces_total{class="dead_address"} 6`, `article14_bounces_total{class="policy"} 0`, `article14_reports_total{finding="delayed"} 8`,
		`article14_reports_total{finding="not_understood"} 9`, `article14_reports_unmatched{state="waiting"} 2`, `article14_reports_unmatched{state="given_up"} 0`,
	} {
		if !strings.Contains(body, "\n"+want+"\n") {
			t.Errorf("no line %q", want)
		}
	}
}

func TestScrapesAskTheStoreOnceInAFewSeconds(t *testing.T) {
	now, b := noon, &books{}
	h := figures(b, &now)
	for range 10 {
		scrape(t, h, "/metrics")
	}
	if b.asked != 1 {
		t.Errorf("ten scrapes asked %d times", b.asked)
	}
	now = now.Add(freshFor)
	if scrape(t, h, "/metrics"); b.asked != 2 {
		t.Errorf("old figures were shown again")
	}
}

func TestAStoreThatIsAwayShowsAsDownAndLeavesTheRest(t *testing.T) {
	now := noon
	_, body := scrape(t, figures(&books{err: errors.New("away")}, &now), "/metrics")
	if !strings.Contains(body, "article14_figures_up 0") || strings.Contains(body, "article14_contacts") || !strings.Contains(body, "article14_attempts_total") {
		t.Errorf("%s", body)
	}
}

func TestReadinessRunsEveryCheckAndNamesWhatFailed(t *testing.T) {
	var failed string
	well := Check{"clock", func(context.Context) error { return nil }}
	ill := Check{"database", func(context.Context) error { return errors.New("a secret reason") }}
	report := func(name string, _ error) { failed = name }
	h := Handlers(prometheus.NewRegistry(), []Check{ill, well}, report)
	if code, body := scrape(t, h["GET /readyz"], "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, `"database":"failed"`) ||
		!strings.Contains(body, `"clock":"ok"`) || strings.Contains(body, "secret") || failed != "database" {
		t.Errorf("%d %s, reported %q", code, body, failed)
	}
	if code, _ := scrape(t, Handlers(nil, []Check{well}, report)["GET /readyz"], "/readyz"); code != http.StatusOK {
		t.Errorf("all well: %d", code)
	}
	if code, body := scrape(t, h["GET /healthz"], "/healthz"); code != http.StatusOK || !strings.Contains(body, "ok") {
		t.Errorf("health: %d %s", code, body)
	}
}
