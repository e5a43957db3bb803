package mailer

import (
	"os"
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestWhatNeedsAPersonTodayIsListedAndNothingElse(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	alive := func(s RelayState) Heartbeat { return Heartbeat{SeenAt: now, RelayState: s} }
	lane := func(s LaneState, queued int64, due time.Time) LaneFigures {
		return LaneFigures{Lane: Lane{State: s, CampaignID: NewID(now)}, Queued: queued, EarliestDue: due}
	}
	open := lane(LaneOpen, 5, now)
	for name, c := range map[string]struct {
		f    Figures
		want []string
	}{
		"all is well":                        {Figures{Lanes: []LaneFigures{open}, Workers: []Heartbeat{alive(RelayUp)}}, nil},
		"nothing waits and nobody works":     {Figures{}, nil},
		"a copy":                             {Figures{Instance: Instance{HeldAt: now, HeldReason: "x"}}, []string{"instance_held"}},
		"nobody works":                       {Figures{Lanes: []LaneFigures{open}}, []string{"no_worker"}},
		"all who worked are gone":            {Figures{Lanes: []LaneFigures{open}, Workers: []Heartbeat{{SeenAt: now.Add(-time.Hour)}}}, []string{"no_worker", "worker_gone"}},
		"no worker reaches the relay":        {Figures{Lanes: []LaneFigures{open}, Workers: []Heartbeat{alive(RelayAway), alive(RelayTrying)}}, []string{"relay_away"}},
		"one of two reaches the relay":       {Figures{Lanes: []LaneFigures{open}, Workers: []Heartbeat{alive(RelayAway), alive(RelayUp)}}, nil},
		"overdue and released":               {Figures{Overdue: 1, Duties: map[DutyState]int64{DutyOpen: 1}, Lanes: []LaneFigures{open}, Workers: []Heartbeat{alive(RelayUp)}}, nil},
		"overdue and in no campaign":         {Figures{Overdue: 1, Duties: map[DutyState]int64{DutyOpen: 4}}, []string{"unreleased"}},
		"open, but none is overdue":          {Figures{Duties: map[DutyState]int64{DutyOpen: 4}}, nil},
		"paused near a date":                 {Figures{Lanes: []LaneFigures{lane(LanePaused, 2, now.Add(soon-1))}}, []string{"paused"}},
		"paused far from any date":           {Figures{Lanes: []LaneFigures{lane(LanePaused, 2, now.Add(soon))}}, nil},
		"failed under a campaign that ended": {Figures{Stranded: 2}, []string{"stranded"}},
		"restricted data":                    {Figures{Blocked: map[BlockReason]int64{BlockQuarantined: 1, BlockNoLanguage: 9}}, []string{"quarantined"}},
		"people asked":                       {Figures{Requests: 1}, []string{"requests"}},
		"exemptions":                         {Figures{Exemptions: ExemptionFigures{Proposed: 1, ReviewSoon: 2}}, []string{"exemptions_review", "exemptions_proposed"}},
		"reports without a delivery":         {Figures{Unmatched: map[string]int64{"given_up": 1, "waiting": 9}}, []string{"reports_unmatched"}},
		"the relay defers all":               {Figures{Deliveries: map[DeliveryState]int64{Deferred: 10}, Workers: []Heartbeat{alive(RelayUp)}}, []string{"all_deferred"}},
		"the relay defers a few":             {Figures{Deliveries: map[DeliveryState]int64{Deferred: 9}, Workers: []Heartbeat{alive(RelayUp)}}, nil},
		"it defers many and takes others":    {Figures{Deliveries: map[DeliveryState]int64{Deferred: 99}, RelayedLast: map[string]int64{"1h": 1}, Workers: []Heartbeat{alive(RelayUp)}}, nil},
		"alerts, the unknown kind too":       {Figures{Alerts: map[AlertKind]int64{"uncertain_held": 1, "cannot_compose": 0, "other": 1}}, []string{"alert_other", "alert_uncertain_held"}},
	} {
		c.f.AsOf = now
		var got []string
		for _, task := range c.f.Tasks() {
			got = append(got, task.Code)
			if task.What == "" || task.Do == "" {
				t.Errorf("%s: %s says not what to do", name, task.Code)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestEveryKindOfAlertSaysWhatToDo holds the table of docs/operations.md, which every kind has a
// row in, against what status says of it.
func TestEveryKindOfAlertSaysWhatToDo(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:a|an) [a-z]+").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(AlertKinds) {
		t.Errorf("the page has %d kinds, the program %d", len(rows), len(AlertKinds))
	}
	for _, row := range rows {
		if AlertKind(row[1]).Remedy() == "" {
			t.Errorf("nobody is told what to do about %s", row[1])
		}
	}
}
