package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

// busy is a Monday morning on which everything is the case at once.
func busy(now time.Time) mailer.Figures {
	f := mailer.Figures{AsOf: now, Contacts: 2_345_678, Overdue: 1_900_000, OldestDueAt: now.AddDate(-2, 0, 0), MetLate: 12, Stranded: 3, Requests: 2,
		Duties: map[mailer.DutyState]int64{}, Blocked: map[mailer.BlockReason]int64{}, Deliveries: map[mailer.DeliveryState]int64{},
		DueWithin: map[string]int64{"1d": 1}, OverdueBy: map[string]int64{"over_1y": 1_000_000, "7d_30d": 900_000}, Objections: map[mailer.Way]int64{"page": 1},
		RelayedLast: map[string]int64{"1m": 60, "1h": 3600}, Alerts: map[mailer.AlertKind]int64{"cannot_compose": 1},
		Instance: mailer.Instance{HeldAt: now, HeldReason: "it was copied"}}
	for _, s := range mailer.DutyStates {
		f.Duties[s] = 1000
	}
	for _, s := range mailer.DeliveryStates {
		f.Deliveries[s] = 1000
	}
	for _, r := range mailer.BlocksThatMayBeGone {
		f.Blocked[r] = 100
	}
	for _, key := range []string{"spring", "autumn"} {
		f.Lanes = append(f.Lanes, mailer.LaneFigures{Lane: mailer.Lane{State: mailer.LanePaused, Pace: 5, CampaignID: mailer.NewID(now)}, CampaignKey: key, Queued: 10, EarliestDue: now})
	}
	f.Lanes = append(f.Lanes, mailer.LaneFigures{Lane: mailer.Lane{State: mailer.LaneClosed, CampaignID: mailer.NewID(now)}, CampaignKey: "long-ago"})
	f.Workers = []mailer.Heartbeat{{Host: "w1", Relay: "default", RelayState: mailer.RelayAway, StartedAt: now.Add(-time.Hour), SeenAt: now.Add(-2 * time.Second)},
		{Host: "w2", Relay: "default", RelayState: mailer.RelayUp, StartedAt: now.Add(-time.Hour), SeenAt: now.Add(-time.Minute)}}
	return f
}

func TestStatusFitsOnAPageAndSaysFirstWhatNeedsAPerson(t *testing.T) {
	var out bytes.Buffer
	printStatus(&out, busy(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)), time.UTC)
	said := out.String()
	if n := strings.Count(said, "\n"); n > 62 {
		t.Errorf("it takes %d lines:\n%s", n, said)
	}
	after := said
	for _, want := range []string{"TO DO", "NOTHING IS SENT", "-> if it is this copy", "paused campaigns", "2,345,678", "1,900,000: 1,000,000 by more than a year, 900,000 by 7 to 30 days",
		"late by 730 days", "60 in the last minute", "BLOCKED", "spring", "autumn", "default away", "GONE", "forecast:"} {
		_, rest, found := strings.Cut(after, want)
		if !found {
			t.Fatalf("no %q after what comes before it:\n%s", want, said)
		}
		after = rest
	}
	if strings.Contains(said, "long-ago") {
		t.Error("a lane that is over takes a line")
	}
}

func TestCountsAreWrittenWithTheirThousandsApart(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 160_000_000: "160,000,000", -1: "-1", -1000: "-1,000", -123456: "-123,456"} {
		if got := number(n); got != want {
			t.Errorf("%d is written %q", n, got)
		}
	}
}
