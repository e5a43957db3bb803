package pacing_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/pacing"
)

func TestARampOfDays(t *testing.T) {
	days := pacing.Days{500, 1000, 0}
	for name, c := range map[string]struct {
		day, daily, want int
	}{
		"before its first day nothing goes out": {-1, 0, -1},
		"the first day":                         {0, 0, 500},
		"a daily number below it":               {1, 700, 700},
		"a daily number above it":               {0, 700, 500},
		"a day with nothing":                    {2, 700, -1},
		"behind its last day the daily number":  {3, 700, 700},
		"behind its last day, and no number":    {3, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pacing.Tighter(days.On(c.day), c.daily); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
	if got := pacing.Days(nil).On(-5); got != 0 {
		t.Errorf("without a ramp %d a day, want no limit", got)
	}
}

// TestNoSecondAndNoDayIsGivenMoreThanItsCap plays workers whose clocks differ as far as
// they may, who ask, and give back a part of what they were granted.
func TestNoSecondAndNoDayIsGivenMoreThanItsCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caps := pacing.Caps{PerSecond: rapid.IntRange(0, 20).Draw(t, "a second"), PerDay: rapid.IntRange(-1, 200).Draw(t, "a day")}
		at := simulatedNow.Add(12*time.Hour - time.Minute) // midnight comes
		var s pacing.Spent
		perSecond, perDay := map[time.Time]int{}, map[time.Time]int{}
		for range rapid.IntRange(1, 150).Draw(t, "asked") {
			at = at.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			clock := at.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "off")) * time.Second)
			second, day := clock.Truncate(time.Second), clock.Truncate(24*time.Hour)
			var n int
			n, s = s.Grant(caps, rapid.IntRange(0, 50).Draw(t, "want"), second, day)
			perSecond[s.Second] += n
			perDay[s.Day] += n
			if back := rapid.IntRange(0, n).Draw(t, "back"); rapid.Bool().Draw(t, "gives back") {
				s = s.Return(back, second, day)
				perSecond[s.Second] -= back
				perDay[s.Day] -= back
			}
			// What goes out on the wire keeps to it by whichever clock one counts.
			if n, most := perSecond[s.Second], caps.PerSecond; most > 0 && n > most {
				t.Fatalf("%d in a second of %d", n, most)
			}
			if n, most := perDay[s.Day], max(0, caps.PerDay); caps.PerDay != 0 && n > most {
				t.Fatalf("%d on a day of %d", n, most)
			}
		}
	})
}

func TestAClockThatWasWrongDoesNotStopARelay(t *testing.T) {
	at, midnight := simulatedNow, simulatedNow.Truncate(24*time.Hour)
	s := pacing.Spent{Second: at.Add(time.Hour), InSecond: 10, Day: midnight.Add(72 * time.Hour), OnDay: 10}
	if n, _ := s.Grant(pacing.Caps{PerSecond: 10, PerDay: 10}, 7, at, midnight); n != 7 {
		t.Errorf("%d granted, want 7", n)
	}
}

func TestWhatIsGivenBackOnTheNextDayTakesNothingOffIt(t *testing.T) {
	today := simulatedNow.Truncate(24 * time.Hour)
	_, s := pacing.Spent{}.Grant(pacing.Caps{PerDay: 10}, 10, simulatedNow, today)
	tomorrow, at := today.Add(24*time.Hour), simulatedNow.Add(24*time.Hour)
	_, s = s.Grant(pacing.Caps{PerDay: 10}, 10, at, tomorrow)
	if n, _ := s.Return(10, simulatedNow, today).Grant(pacing.Caps{PerDay: 10}, 10, at, tomorrow); n != 0 {
		t.Errorf("%d more are granted for what was given back of yesterday's", n)
	}
}
