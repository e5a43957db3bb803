package mailer

import (
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
