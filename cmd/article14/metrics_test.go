package main

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"article14/internal/catcher"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/status"
	"article14/mailer/track"
)

// TestMetrics scrapes a real registry after a whole campaign, with an objection
// and alerts on record.
func TestMetrics(t *testing.T) {
	s := newStage(t, catcher.ByLocalPart())
	registry, meter := s.metrics()
	s.does(t, "class", "set", "big", "--domains", "example.com", "--daily", "1000", "--by", "Ann Roe")
	s.take(t, 60)
	s.release(t, "first")
	stop := s.workWith(t, meter)
	until(t, s.finished(t, "first"))
	s.objects(t)
	_, _, err := s.reports().Judge(t.Context(), track.Incoming{Door: track.DoorPipe, Raw: []byte("From: ann@example.org\r\n\r\nWho are you?")})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	labels := map[string][]string{} // values by label, of our metrics
	for _, f := range families {
		names = append(names, f.GetName())
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if strings.HasPrefix(f.GetName(), "article14_") {
					labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
				}
			}
		}
	}
	t.Run("every one is documented, and every documented one is there", func(t *testing.T) { documentedAre(t, names) })
	t.Run("every label is of a bounded set", func(t *testing.T) { boundedAre(t, labels) })
	t.Run("every name is as Prometheus asks", func(t *testing.T) {
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		found, err := promlint.New(strings.NewReader("# HELP article14_sent Sent.\n# TYPE article14_sent counter\narticle14_sent 1\n")).Lint()
		if err != nil || len(found) == 0 {
			t.Errorf("the rules find nothing wrong with a counter without _total: %v", err)
		}
	})
}

// objects sends one reader's objection by the button of the mail programs.
func (s *stage) objects(t *testing.T) {
	t.Helper()
	for _, m := range s.notices(t) {
		if link := regexp.MustCompile(`<(http[^>]+)>`).FindStringSubmatch(m.parsed.Get("List-Unsubscribe")); link != nil {
			resp, err := http.Post(link[1], "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return
		}
	}
	t.Fatal("no notice has a link to object")
}

var documented = regexp.MustCompile("(?m)^\\| (`article14_[^|]*) \\|")
var metricName = regexp.MustCompile(`article14_[a-z0-9_]+`)

func documentedAre(t *testing.T, shown []string) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, row := range documented.FindAllStringSubmatch(string(page), -1) {
		named = append(named, metricName.FindAllString(row[1], -1)...)
	}
	if len(named) < 25 || len(shown) < 40 {
		t.Fatalf("only %d metrics were found in the page, and %d shown", len(named), len(shown))
	}
	for _, name := range shown {
		switch {
		case strings.HasPrefix(name, "go_"), strings.HasPrefix(name, "process_"), slices.Contains(named, name):
		default:
			t.Errorf("%s is not documented", name)
		}
	}
	whereOneWaits := []string{"article14_by_hand_smallest_slack_seconds", "article14_requests_smallest_slack_seconds"} // there is none without a letter, a call, a request
	for _, name := range named {
		if !slices.Contains(whereOneWaits, name) && !slices.Contains(shown, name) {
			t.Errorf("%s is documented and not shown", name)
		}
	}
}

// labelValues are those that a label of ours may have.
func labelValues() map[string]func(string) bool {
	in := func(words ...string) func(string) bool {
		return func(v string) bool { return slices.Contains(words, v) }
	}
	states := func(v string) bool {
		return slices.Contains(mailer.RequestStates, mailer.RequestState(v)) || v == "extended" || slices.Contains(mailer.DutyStates, mailer.DutyState(v)) || slices.Contains(mailer.DeliveryStates, mailer.DeliveryState(v)) ||
			slices.Contains(deliver.RelayStates, deliver.RelayState(v)) || slices.Contains(mailer.TellStates, mailer.TellState(v)) ||
			in("to_export", "open", "paused", "closed", "alive", "gone", "waiting", "given_up", "proposed", "review_soon", "in_batches", "posted", "returned")(v)
	}
	ages, windows := map[string]bool{}, map[string]bool{}
	for _, a := range status.Ages {
		ages[a.Name] = true
	}
	for _, w := range status.Windows {
		windows[w.Name] = true
	}
	return map[string]func(string) bool{
		"state":  states,
		"to":     states,
		"reason": func(v string) bool { return mailer.BlockReason(v).Remedy() != "" },
		"age":    func(v string) bool { return ages[v] },
		"within": func(v string) bool { return windows[v] },
		"kind": func(v string) bool {
			return slices.Contains(mailer.AlertKinds, mailer.AlertKind(v)) || slices.Contains(wish.Kinds, wish.Kind(v)) ||
				slices.Contains(mailer.RequestKinds, mailer.RequestKind(v))
		},
		"way": func(v string) bool { return slices.Contains(mailer.Ways, mailer.Way(v)) },
		"result": func(v string) bool {
			return states(v) || slices.Contains(mailer.TellResults, v) || in("accepted", "merged", "refused")(v)
		},
		"domain_class": in("big"), // what the run lists; names are an operator's, and twenty at most
		"class":        func(v string) bool { return mailer.Next(mailer.ReplyClass(v)).To != "" },
		"finding": func(v string) bool {
			return v == track.NotUnderstood || slices.Contains(track.Actions, track.Action(v)) || slices.Contains(track.OtherKinds, track.ReportKind(v))
		},
		"door":    func(v string) bool { return slices.Contains(track.Doors, v) },
		"outcome": func(v string) bool { return slices.Contains(track.DoorOutcomes, track.DoorOutcome(v)) },
		"for":     func(v string) bool { return slices.Contains(deliver.Waits, deliver.Wait(v)) },
		"step":    in("claim", "handover", "erase"),
		"version": func(v string) bool { return v == version() },
	}
}

func boundedAre(t *testing.T, labels map[string][]string) {
	allowed := labelValues()
	for name, values := range labels {
		ok, known := allowed[name]
		if !known {
			t.Errorf("nobody said what the label %s may be", name)
			continue
		}
		for _, v := range values {
			if !ok(v) {
				t.Errorf("the label %s has the value %q, which is of no bounded set", name, v)
			}
		}
	}
	for name, ok := range allowed {
		if len(labels[name]) == 0 {
			t.Errorf("no label %s was seen: the run no longer has its cases", name)
		}
		if ok("elodie.berard@example.org") || ok("first") {
			t.Errorf("an address or a campaign would do as %s", name)
		}
	}
}
