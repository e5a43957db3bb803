package ops

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
	"article14/mailer/retain"
	"article14/mailer/status"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// books gives figures, or fails.
type books struct {
	asked int
	err   error
}

func (b *books) Figures(context.Context, mailer.ID, time.Time) (status.Figures, error) {
	b.asked++
	return status.Figures{
		AsOf: noon, Contacts: 7, Overdue: 2, OldestDueAt: noon.Add(-time.Hour), QueueOldest: noon.Add(-time.Minute),
		Workers: []deliver.Heartbeat{{SeenAt: noon, RelayState: deliver.RelayAway, Connections: 2, Allowed: 3, InFlight: 1},
			{SeenAt: noon.Add(-time.Hour), RelayState: deliver.RelayUp, Connections: 9}},
		Classes:  []campaign.ClassFigures{{Class: campaign.Class{Name: "big"}, FullAt: noon}, {Class: campaign.Class{Name: "small"}}},
		Lanes:    []status.LaneFigures{{Lane: mailer.Lane{CampaignID: mailer.NewID(noon), Class: "big", State: mailer.LaneOpen}, Queued: 11}, {Lane: mailer.Lane{CampaignID: mailer.NewID(noon), Class: "any"}, Queued: 5}},
		Instance: deliver.Instance{HeldAt: noon}, Stranded: 6, MetLate: 4, Exemptions: status.ExemptionFigures{Proposed: 2, ReviewSoon: 3}, OverdueBy: map[string]int64{"over_1y": 2},
		Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 3}, Blocked: map[mailer.BlockReason]int64{mailer.BlockNoLanguage: 4},
		DueWithin: map[string]int64{"3d": 1}, Alerts: map[mailer.AlertKind]int64{"retry_past_deadline": 1}, Objections: map[mailer.Way]int64{"page": 5},
		Reports: map[string]int64{"dead_address": 6, "delayed": 8, "not_understood": 9}, Unmatched: map[string]int64{"waiting": 2, "not_understood": 1},
		ByHand: status.HandFigures{OldestBatch: noon.Add(-2 * time.Hour), LettersBy: noon.Add(time.Hour)},
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
	NewMeter(reg, func() time.Time { return *now }).Attempt(mailer.Deferred, mailer.ClassTransient, time.Second)
	return Handlers(reg, nil, nil)["GET /metrics"]
}

func TestMetricsTellTheBacklogByItsOwnNames(t *testing.T) {
	now := noon
	_, body := scrape(t, figures(&books{}, &now), "/metrics")
	for _, want := range []string{
		`article14_contacts 7`, `article14_duties{state="open"} 3`, `article14_duties{state="met"} 0`, `article14_duties_overdue 2`,
		`article14_duties_blocked{reason="no_language"} 4`, `article14_duties_due{within="3d"} 1`, `article14_duties_smallest_slack_seconds -3600`,
		`article14_class_queued{domain_class="big"} 11`, `article14_class_queued{domain_class="small"} 0`, `article14_class_used_up{domain_class="big"} 1`, `article14_class_used_up{domain_class="small"} 0`,
		`article14_queue_oldest_age_seconds 60`, `article14_alerts{kind="retry_past_deadline"} 1`, `article14_objections_total{way="page"} 5`,
		`article14_attempts_total{class="transient",result="deferred"} 1`, `article14_figures_up 1`,
		`# TYPE article14_duties_met_late gauge`, `article14_duties_met_late 4`, `article14_exemptions{state="proposed"} 2`, `article14_exemptions{state="review_soon"} 3`,
		`article14_workers{state="alive"} 1`, `article14_workers{state="gone"} 1`, `article14_workers_relay{state="away"} 1`, `article14_workers_relay{state="up"} 0`,
		`article14_relay_connections 2`, `article14_relay_connections_allowed 3`, `article14_deliveries_in_flight 1`, `article14_instance_held 1`, `article14_duties_stranded 6`,
		`article14_duties_overdue_age{age="over_1y"} 2`, `article14_duties_overdue_age{age="under_7d"} 0`, `article14_leases_rescued_total{to="uncertain"} 0`,
		`article14_bounces_total{class="dead_address"} 6`, `article14_bounces_total{class="policy"} 0`, `article14_reports_total{finding="delayed"} 8`,
		`article14_reports_total{finding="not_understood"} 9`, `article14_reports_unmatched{state="waiting"} 2`, `article14_reports_unmatched{state="given_up"} 0`,
		`article14_letters_oldest_batch_age_seconds 7200`, `article14_by_hand_smallest_slack_seconds{channel="letter"} 3600`,
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
	well := Check{Name: "clock", Run: func(context.Context) error { return nil }}
	ill := Check{Name: "database", Run: func(context.Context) error { return errors.New("a secret reason") }}
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

func TestACheckThatOnlyAdvisesIsNamedAndDecidesNothing(t *testing.T) {
	var failed []string
	report := func(name string, _ error) { failed = append(failed, name) }
	away := func(context.Context) error { return errors.New("away") }
	unasked := func(context.Context) error { return Unless(errors.New("the database is away"), nil) }
	silent := func(context.Context) error { return context.DeadlineExceeded }
	h := Handlers(nil, []Check{{Name: "relay", Advisory: true, Run: away}, {Name: "clock", Run: unasked}, {Name: "instance", Through: true, Run: silent}}, report)
	code, body := scrape(t, h["GET /readyz"], "/readyz")
	if code != http.StatusOK || !strings.Contains(body, `"relay":"failed"`) || !strings.Contains(body, `"clock":"unknown"`) || !strings.Contains(body, `"instance":"unknown"`) || !slices.Equal(failed, []string{"relay"}) {
		t.Errorf("%d %s, reported %v", code, body, failed)
	}
	h = Handlers(nil, []Check{{Name: "relay", Run: away}}, report)
	if code, _ := scrape(t, h["GET /readyz"], "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("one that decides: %d", code)
	}
}

func TestALastingCheckLooksOnceInItsPeriodHoweverManyAskOrGiveUp(t *testing.T) {
	now, asked := noon, 0
	answer := make(chan error)
	c := Check{Name: "relay", Run: func(ctx context.Context) error {
		asked++
		if ctx.Err() != nil {
			t.Error("a look began under a context that had ended")
		}
		return <-answer
	}}.Lasting(time.Minute, func() time.Time { return now })
	given, up := context.WithCancel(t.Context())
	up()
	if err := c.Run(given); !errors.Is(err, context.Canceled) { // an orchestrator that waits for a second
		t.Errorf("a caller who gave up: %v", err)
	}
	answer <- errors.New("away") // to the look that went on
	for range 3 {
		if err := c.Run(t.Context()); err == nil || err.Error() != "away" {
			t.Errorf("the look that went on was not kept: %v", err)
		}
	}
	now = now.Add(time.Minute)
	go func() { answer <- nil }()
	if err := c.Run(t.Context()); err != nil {
		t.Errorf("after the period: %v", err)
	}
	if asked != 2 {
		t.Errorf("it looked %d times", asked)
	}
}

func TestChecksAreMadeBesideEachOther(t *testing.T) {
	one, other := make(chan struct{}), make(chan struct{})
	meet := func(mine, theirs chan struct{}) func(context.Context) error {
		return func(ctx context.Context) error {
			close(mine)
			select {
			case <-theirs:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	checks := []Check{{Name: "database", Run: meet(one, other)}, {Name: "clock", Run: meet(other, one)}}
	if code, body := scrape(t, Handlers(nil, checks, func(string, error) {})["GET /readyz"], "/readyz"); code != http.StatusOK {
		t.Errorf("one waited for the other: %d %s", code, body)
	}
}

// TestAPartThatHangsHoldsUpNoAnswer has a check that does not look at its context, as the database's
// driver does while the server hangs. The caller's own patience ends the waiting here.
func TestAPartThatHangsHoldsUpNoAnswer(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	checks := []Check{{Name: "database", Run: func(context.Context) error { close(begun); <-hang; return nil }}}
	go func() { <-begun; cancel() }()
	if got := outcomes(ctx, checks); !errors.Is(got[0], context.Canceled) {
		t.Errorf("got %v", got)
	}
}

func TestAStoreThatFailedIsNotAskedAgainByEachScrape(t *testing.T) {
	now, b := noon, &books{err: errors.New("it hangs")}
	h := figures(b, &now)
	for range 5 {
		scrape(t, h, "/metrics")
	}
	if b.asked != 1 {
		t.Errorf("five scrapes asked %d times", b.asked)
	}
	b.err, now = nil, now.Add(freshFor)
	if _, body := scrape(t, h, "/metrics"); !strings.Contains(body, "article14_figures_up 1") {
		t.Error("it answers again, and is shown as down")
	}
}

func TestAMeterRemembersWhenAStepLastWentWell(t *testing.T) {
	now := noon
	reg := prometheus.NewRegistry()
	m := NewMeter(reg, func() time.Time { return now })
	h := Handlers(reg, nil, nil)["GET /metrics"]
	if _, body := scrape(t, h, "/metrics"); !strings.Contains(body, `article14_last_success_timestamp_seconds{step="handover"} 0`) {
		t.Error("a step that never went well is not 0")
	}
	m.Attempt(mailer.Rejected, mailer.ClassRefused, time.Second)
	m.Claimed(0)
	m.Erased(retain.Erased{Contacts: 3, Waiting: 2})
	m.Erased(retain.Erased{Contacts: 1, Waiting: 1})
	m.Waited(deliver.WaitRelay, 3*time.Second)
	m.Waited(deliver.WaitRelay, -time.Second) // a clock that was set back takes nothing away
	_, body := scrape(t, h, "/metrics")
	for _, want := range []string{`article14_last_success_timestamp_seconds{step="handover"} 0`, `article14_last_success_timestamp_seconds{step="claim"} 1.7952624e+09`,
		`article14_waiting_seconds_total{for="relay"} 3`, `article14_erased_contacts_total 4`, `article14_erasure_waiting_contacts 1`,
		`article14_last_success_timestamp_seconds{step="erase"} 1.7952624e+09`} {
		if !strings.Contains(body, want) {
			t.Errorf("no line %q", want)
		}
	}
}
