package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/status"
)

// busy is a Monday morning on which everything is the case at once.
func busy(now time.Time) status.Figures {
	f := status.Figures{AsOf: now, Contacts: 2_345_678, Overdue: 1_900_000, OldestDueAt: now.AddDate(-2, 0, 0), MetLate: 12, Stranded: 3, Requests: asked(2),
		Duties: map[mailer.DutyState]int64{}, Blocked: map[mailer.BlockReason]int64{}, Deliveries: map[mailer.DeliveryState]int64{},
		DueWithin: map[string]int64{"1d": 1}, OverdueBy: map[string]int64{"over_1y": 1_000_000, "7d_30d": 900_000}, Objections: map[mailer.Way]int64{"page": 1},
		RelayedLast: map[string]int64{"1m": 60, "1h": 3600}, Alerts: map[mailer.AlertKind]int64{"cannot_compose": 1},
		Instance: deliver.Instance{HeldAt: now, HeldReason: "it was copied"}}
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
		f.Lanes = append(f.Lanes, status.LaneFigures{Lane: mailer.Lane{State: mailer.LanePaused, Pace: 5, CampaignID: mailer.NewID(now)}, CampaignKey: key, Queued: 10, EarliestDue: now})
	}
	f.Lanes = append(f.Lanes, status.LaneFigures{Lane: mailer.Lane{State: mailer.LaneClosed, CampaignID: mailer.NewID(now)}, CampaignKey: "long-ago"})
	f.Workers = []deliver.Heartbeat{{Host: "w1", Relay: "default", RelayState: deliver.RelayAway, StartedAt: now.Add(-time.Hour), SeenAt: now.Add(-2 * time.Second)},
		{Host: "w2", Relay: "default", RelayState: deliver.RelayUp, StartedAt: now.Add(-time.Hour), SeenAt: now.Add(-time.Minute)}}
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

// TestStatusKeepsItsWidth shows a bad day: campaigns with reasons, workers that are gone, every kind of alert.
func TestStatusKeepsItsWidth(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	f := busy(now)
	for i := range 10 {
		f.Lanes = append(f.Lanes, status.LaneFigures{Lane: mailer.Lane{State: mailer.LanePaused, Pace: 5, CampaignID: mailer.NewID(now),
			Reason: "the relay's owner asked us to wait until the block list has taken our address off, and that may take days"}, CampaignKey: "campaign-" + number(int64(i)), Queued: 123_456, EarliestDue: now})
	}
	for range 5 {
		f.Workers = append(f.Workers, deliver.Heartbeat{Host: "worker-7f9c6d5b8-x2x4z", Relay: "default", RelayState: deliver.RelayTrying, StartedAt: now.Add(-99 * time.Hour), SeenAt: now.Add(-time.Hour)})
	}
	for _, kind := range mailer.AlertKinds {
		f.Alerts[kind] = 50
	}
	f.Unmatched, f.Exemptions = map[string]int64{"given_up": 3}, status.ExemptionFigures{Proposed: 1, ReviewSoon: 2}
	var out bytes.Buffer
	printStatus(&out, f, time.UTC)
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), "article14 bounce --list says why") {
		t.Errorf("reports without a delivery are not among what is to be done:\n%s", out.String())
	}
}

// asked are requests for access that are open.
func asked(n int64) status.RequestFigures {
	return status.RequestFigures{Open: map[mailer.RequestKind]map[mailer.RequestState]int64{mailer.RequestAccess: {mailer.RequestReceived: n}}}
}
