package campaign

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

func TestACanaryGoesOnByItselfOnlyWhenTooLittleSpeaksAgainstIt(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	sending := Canary{People: 100, Wait: 24 * time.Hour, Share: 0.05, State: CanarySending, At: at}
	waiting := sending
	waiting.State = CanaryWaiting
	left := sending
	left.Left = 1
	failed := waiting
	failed.State = CanaryFailed
	for name, c := range map[string]struct {
		canary Canary
		counts map[mailer.DeliveryState]int64
		after  time.Duration
		want   CanaryState
	}{
		"somebody is still to be told":            {left, nil, time.Hour, CanarySending},
		"one is still on its way":                 {sending, map[mailer.DeliveryState]int64{mailer.Sending: 1}, time.Hour, CanarySending},
		"all are told":                            {sending, map[mailer.DeliveryState]int64{mailer.Relayed: 99, mailer.Deferred: 1}, time.Hour, CanaryWaiting},
		"nothing came back so far":                {waiting, nil, 24*time.Hour - time.Second, CanaryWaiting},
		"nothing came back":                       {waiting, nil, 24 * time.Hour, CanaryPassed},
		"less than the share came back":           {waiting, map[mailer.DeliveryState]int64{mailer.Bounced: 2, mailer.Complained: 1, mailer.Rejected: 1}, 24 * time.Hour, CanaryPassed},
		"the share came back, and the wait is on": {waiting, map[mailer.DeliveryState]int64{mailer.Bounced: 2, mailer.Complained: 2, mailer.Rejected: 1}, time.Hour, CanaryFailed},
		"it has failed, whatever time passes":     {failed, nil, 1000 * time.Hour, CanaryFailed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.canary.Next(c.counts, at.Add(c.after)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestAnAllowanceIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 1000).Draw(t, "limit")
		a := Allowance{Daily: rapid.IntRange(0, 50).Draw(t, "daily"), Today: rapid.IntRange(0, 60).Draw(t, "today"),
			Canary: Canary{Left: rapid.IntRange(0, 50).Draw(t, "left"), State: rapid.SampledFrom([]CanaryState{CanaryNone, CanarySending, CanaryPassed}).Draw(t, "state")}}
		n := a.Room(limit)
		switch {
		case n < 0 || n > limit:
			t.Fatalf("room for %d of %d", n, limit)
		case a.Daily > 0 && n > 0 && a.Today+n > a.Daily:
			t.Fatalf("room for %d behind %d of %d a day", n, a.Today, a.Daily)
		case a.Canary.State == CanarySending && n > a.Canary.Left:
			t.Fatalf("room for %d of a canary of %d", n, a.Canary.Left)
		case a.Daily == 0 && a.Canary.State != CanarySending && n != limit:
			t.Fatalf("room for %d of %d without any limit", n, limit)
		}
	})
}
