package deliver

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestARetryComesBackBeforeTheDeadlineOrSaysThatItDoesNot(t *testing.T) { // D8
	start := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		attempts      int
		sinceFirst    time.Duration
		toDue         time.Duration
		wantIn        time.Duration
		wantPast, wok bool
	}{
		"the first wait, with time enough":                       {1, 0, 48 * time.Hour, 5 * time.Minute, false, true},
		"the last wait repeats":                                  {30, time.Hour, 48 * time.Hour, 8 * time.Hour, false, true},
		"a wait that would pass the deadline is brought forward": {5, time.Hour, time.Hour, 55 * time.Minute, false, true},
		"a deadline that is too near is passed, and told":        {5, time.Hour, time.Minute, 5 * time.Minute, true, true},
		"behind the deadline the waits go on, and tell":          {2, time.Hour, -time.Hour, 15 * time.Minute, true, true},
		"after five days it gives up":                            {20, 5 * 24 * time.Hour, time.Hour, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			at, past, ok := DefaultRetry.Next(c.attempts, start.Add(-c.sinceFirst), start, start.Add(c.toDue), 0.5)
			if ok != c.wok || past != c.wantPast || ok && at.Sub(start) != c.wantIn {
				t.Errorf("in %s, past %v, ok %v; want in %s, past %v, ok %v", at.Sub(start), past, ok, c.wantIn, c.wantPast, c.wok)
			}
		})
	}
}

func TestARetryIsAlwaysAheadAndPassesNoDeadlineInSilence(t *testing.T) { // D8
	now := time.Unix(1e9, 0)
	rapid.Check(t, func(t *rapid.T) {
		due := now.Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "to due")) * time.Second)
		first := now.Add(-time.Duration(rapid.Int64Range(0, 400_000).Draw(t, "since first")) * time.Second)
		at, past, ok := DefaultRetry.Next(rapid.IntRange(0, 50).Draw(t, "attempts"), first, now, due, rapid.Float64Range(0, 0.999).Draw(t, "jitter"))
		if !ok {
			return
		}
		if !at.After(now) {
			t.Fatalf("the next try is at %s, not after now", at.Sub(now))
		}
		if at.After(due) != past {
			t.Fatalf("a try %s behind the deadline says past=%v", at.Sub(due), past)
		}
	})
}

func TestAFullMailboxIsTriedAtGrowingWaitsUntilTheDeadline(t *testing.T) { // D8, E3
	first := time.Unix(1e9, 0)
	due := first.Add(9 * 24 * time.Hour)
	now, last, tries := first, time.Duration(0), 0
	for attempt := 1; ; attempt++ {
		at, past, ok := FullMailboxRetry.until(first, now, due).Next(attempt, first, now, due, 0.5)
		if !ok {
			break
		}
		if wait := at.Sub(now); wait < last && at.Before(due.Add(-time.Hour)) {
			t.Errorf("after %s it waits %s", last, wait)
		} else {
			last = wait
		}
		if past && at.After(due.Add(time.Hour)) {
			t.Errorf("tried at %s, behind the date", at.Sub(first))
		}
		now = at
		if tries++; tries > 50 {
			t.Fatal("it never gives up")
		}
	}
	if tries < 6 || now.Before(due.Add(-time.Hour)) {
		t.Errorf("given up after %d tries, %s before the date", tries, due.Sub(now))
	}
	late := FullMailboxRetry.until(due.Add(time.Hour), due.Add(2*time.Hour), due)
	if late.GiveUp != DefaultRetry.GiveUp {
		t.Errorf("somebody overdue is left waiting for %s", late.GiveUp)
	}
}
