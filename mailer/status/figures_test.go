package status

import (
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/deliver"
)

func TestWhatNeedsAPersonTodayIsListedAndNothingElse(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	alive := func(s deliver.RelayState) deliver.Heartbeat { return deliver.Heartbeat{SeenAt: now, RelayState: s} }
	lane := func(s mailer.LaneState, queued int64, due time.Time) LaneFigures {
		return LaneFigures{Lane: mailer.Lane{State: s, CampaignID: mailer.NewID(now)}, Queued: queued, EarliestDue: due}
	}
	open := lane(mailer.LaneOpen, 5, now)
	for name, c := range map[string]struct {
		f    Figures
		want []string
	}{
		"all is well":                          {Figures{Lanes: []LaneFigures{open}, Workers: []deliver.Heartbeat{alive(deliver.RelayUp)}}, nil},
		"nothing waits and nobody works":       {Figures{}, nil},
		"a copy":                               {Figures{Instance: deliver.Instance{HeldAt: now, HeldReason: "x"}}, []string{"instance_held"}},
		"nobody works":                         {Figures{Lanes: []LaneFigures{open}}, []string{"no_worker"}},
		"all who worked are gone":              {Figures{Lanes: []LaneFigures{open}, Workers: []deliver.Heartbeat{{SeenAt: now.Add(-time.Hour)}}}, []string{"no_worker", "worker_gone"}},
		"no worker reaches the relay":          {Figures{Lanes: []LaneFigures{open}, Workers: []deliver.Heartbeat{alive(deliver.RelayAway), alive(deliver.RelayTrying)}}, []string{"relay_away"}},
		"one of two reaches the relay":         {Figures{Lanes: []LaneFigures{open}, Workers: []deliver.Heartbeat{alive(deliver.RelayAway), alive(deliver.RelayUp)}}, nil},
		"overdue and released":                 {Figures{Overdue: 1, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 1}, Lanes: []LaneFigures{open}, Workers: []deliver.Heartbeat{alive(deliver.RelayUp)}}, nil},
		"overdue and in no campaign":           {Figures{Overdue: 1, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 4}}, []string{"unreleased"}},
		"open, but none is overdue":            {Figures{Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 4}}, nil},
		"paused near a date":                   {Figures{Lanes: []LaneFigures{lane(mailer.LanePaused, 2, now.Add(soon-1))}}, []string{"paused"}},
		"paused far from any date":             {Figures{Lanes: []LaneFigures{lane(mailer.LanePaused, 2, now.Add(soon))}}, nil},
		"failed under a campaign that ended":   {Figures{Stranded: 2}, []string{"stranded"}},
		"restricted data":                      {Figures{Blocked: map[mailer.BlockReason]int64{mailer.BlockQuarantined: 1, mailer.BlockNoLanguage: 9}}, []string{"quarantined"}},
		"people asked":                         {Figures{Requests: asked(1)}, []string{"requests"}},
		"exemptions":                           {Figures{Exemptions: ExemptionFigures{Proposed: 1, ReviewSoon: 2}}, []string{"exemptions_review", "exemptions_proposed"}},
		"held beyond their date":               {Figures{HeldPast: 3}, []string{"held_past_date"}},
		"reports without a delivery":           {Figures{Unmatched: map[string]int64{"given_up": 1, "waiting": 9}}, []string{"reports_unmatched"}},
		"letters and calls":                    {Figures{ByHand: HandFigures{Letters: 1, LettersBy: now, Calls: 1, CallsBy: now, Batches: 1}}, []string{"letters", "batches", "calls"}},
		"paused where people print and call":   {Figures{ByHand: HandFigures{LettersPaused: 2, LettersPausedBy: now, CallsPaused: 1, CallsPausedBy: now}}, []string{"letters_paused", "calls_paused"}},
		"letters paused far from any date":     {Figures{ByHand: HandFigures{LettersPaused: 2, LettersPausedBy: now.Add(soon + mailer.LetterRules{}.Lead())}}, nil},
		"letters paused, and print takes days": {Figures{ByHand: HandFigures{LettersPaused: 2, LettersPausedBy: now.Add(soon + mailer.LetterRules{}.Lead() - 1)}}, []string{"letters_paused"}},
		"calls paused far from any date":       {Figures{ByHand: HandFigures{CallsPaused: 2, CallsPausedBy: now.Add(soon)}}, nil},
		"the relay defers all":                 {Figures{Deliveries: map[mailer.DeliveryState]int64{mailer.Deferred: 10}, Workers: []deliver.Heartbeat{alive(deliver.RelayUp)}}, []string{"all_deferred"}},
		"the relay defers a few":               {Figures{Deliveries: map[mailer.DeliveryState]int64{mailer.Deferred: 9}, Workers: []deliver.Heartbeat{alive(deliver.RelayUp)}}, nil},
		"it defers many and takes others":      {Figures{Deliveries: map[mailer.DeliveryState]int64{mailer.Deferred: 99}, RelayedLast: map[string]int64{"1h": 1}, Workers: []deliver.Heartbeat{alive(deliver.RelayUp)}}, nil},
		"alerts, the unknown kind too":         {Figures{Alerts: map[mailer.AlertKind]int64{"uncertain_held": 1, "cannot_compose": 0, "other": 1}}, []string{"alert_other", "alert_uncertain_held"}},
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

func TestOneThingIsNotWrittenAsMany(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	day := func(n int64) (f Figures) {
		f = Figures{AsOf: at, Overdue: n, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: n}, Stranded: n, HeldPast: n, Requests: asked(n), Blocked: map[mailer.BlockReason]int64{mailer.BlockQuarantined: n},
			Lanes:      []LaneFigures{{Lane: mailer.Lane{State: mailer.LaneOpen}, Queued: n}, {Lane: mailer.Lane{State: mailer.LanePaused}, Queued: n, EarliestDue: at}},
			Alerts:     map[mailer.AlertKind]int64{mailer.AlertComplaints: n},
			Unmatched:  map[string]int64{"given_up": n},
			Exemptions: ExemptionFigures{Proposed: n, ReviewSoon: n}, Answers: AnswerFigures{Open: map[wish.Kind]int64{wish.Access: n}},
			ByHand: HandFigures{Letters: n, LettersBy: at, LettersPaused: n, LettersPausedBy: at, Batches: n, Calls: n, CallsBy: at, CallsPaused: n, CallsPausedBy: at}}
		for range n {
			f.Workers = append(f.Workers, deliver.Heartbeat{SeenAt: at.Add(-time.Hour)})
		}
		return f
	}
	many := regexp.MustCompile(`^1 (\w+ )?(notices|duties|letters|batches|people|exemptions|requests|answers|alerts|reports|workers)\b|^1 (\w+ ){1,4}(are|wait|were|come)\b`)
	for _, task := range day(1).Tasks() {
		if said := "1 " + task.What; many.MatchString(said) {
			t.Errorf("%s: %s", task.Code, said)
		}
	}
	one := regexp.MustCompile(`^\w+ (is|waits|was|comes) |^\w+ \w+ (is|waits|was|comes) `)
	for _, task := range day(2).Tasks() {
		if one.MatchString(task.What) {
			t.Errorf("%s: 2 %s", task.Code, task.What)
		}
	}
	if a, b := len(day(1).Tasks()), len(day(2).Tasks()); a < 15 || a != b {
		t.Errorf("%d and %d tasks were looked at", a, b)
	}
}

// TestEveryKindOfAlertSaysWhatToDo holds the table of docs/operations.md, which every kind has a
// row in, against what status says of it.
func TestEveryKindOfAlertSaysWhatToDo(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:a|an) [a-z]+").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(mailer.AlertKinds) {
		t.Errorf("the page has %d kinds, the program %d", len(rows), len(mailer.AlertKinds))
	}
	for _, row := range rows {
		if mailer.AlertKind(row[1]).Remedy() == "" {
			t.Errorf("nobody is told what to do about %s", row[1])
		}
	}
}

// asked are requests for access that are open.
func asked(n int64) RequestFigures {
	return RequestFigures{Open: map[mailer.RequestKind]map[mailer.RequestState]int64{mailer.RequestAccess: {mailer.RequestReceived: n}}}
}
