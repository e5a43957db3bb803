package pacing_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/pacing"
)

var simulatedNow = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// backlog is n people whose dates passed on the days of the last two years.
func backlog(n int64) (owed []pacing.Owing) {
	const days = 700
	for i := int64(1); i <= days; i++ {
		owed = append(owed, pacing.Owing{At: simulatedNow.AddDate(0, 0, int(-i)), N: n*i/days - n*(i-1)/days})
	}
	return owed
}

// monthLater is the end of the day a month after a day.
func monthLater(day int) time.Time { return time.Date(2026, 4, 2+day, 23, 59, 59, 0, time.UTC) }

func steady(perDay int) pacing.Ramp { return pacing.Ramp{Start: perDay} }

// TestABacklogOfTwoMillionMakesNobodyLateWhileThePaceAllowsIt is the case that the
// two streams were made for.
func TestABacklogOfTwoMillionMakesNobodyLateWhileThePaceAllowsIt(t *testing.T) { // D7
	growing := pacing.Ramp{Start: 5000, Step: 5000, Max: 100_000}
	for name, c := range map[string]struct {
		pace      pacing.Ramp
		newPerDay int
		more      map[int]int
		done      int // the first day without anybody overdue; -1: never
		firstLate int
		onTime    bool
	}{
		// 2,000,000 at the 3,000 a day that the new ones leave.
		"5,000 a day":                         {pace: steady(5000), newPerDay: 2000, done: 666, firstLate: -1},
		"5,000 a day, and 60,000 at once":     {pace: steady(5000), newPerDay: 2000, more: map[int]int{100: 60_000}, done: 686, firstLate: -1},
		"5,000 a day, and more than half new": {pace: steady(5000), newPerDay: 4500, done: -1, firstLate: -1},
		// 1,050,000 in the 20 days of the ramp, 40,000 of them new; then 98,000 a day.
		"from 5,000 to 100,000, by 5,000":       {pace: growing, newPerDay: 2000, done: 30, firstLate: -1},
		"the same, and 60,000 on the first day": {pace: growing, newPerDay: 2000, more: map[int]int{0: 60_000}, done: 30, firstLate: -1},
		// 500 more wait with each day, until 30 days are not enough for those who wait.
		"1,500 a day for 2,000 new ones": {pace: steady(1500), newPerDay: 2000, done: -1, firstLate: 112},
	} {
		t.Run(name, func(t *testing.T) {
			r := pacing.Simulate(pacing.Simulation{Now: simulatedNow, DueOf: monthLater, Queued: backlog(2_000_000), NewPerDay: c.newPerDay, More: c.more, Pace: c.pace})
			if r.Done != c.done || r.FirstLate != c.firstLate || (r.BecameLate > 0) != (c.firstLate >= 0) {
				t.Errorf("done on day %d, want %d; first late on day %d, want %d; %d became late", r.Done, c.done, r.FirstLate, c.firstLate, r.BecameLate)
			}
			for i, d := range r.Days {
				if d.OnTime+d.Backlog > int64(c.pace.PerDay(i)) {
					t.Fatalf("day %d: %+v is more than the pace", i, d)
				}
			}
		})
	}
}

// TestAPaceBelowTheNewPeopleIsTooLowWithoutAnyBacklog: of 2,000 a day 500 stay
// behind; the people of day 93 are the last whom a month of 1,500 a day reaches.
func TestAPaceBelowTheNewPeopleIsTooLowWithoutAnyBacklog(t *testing.T) { // D7
	r := pacing.Simulate(pacing.Simulation{Now: simulatedNow, DueOf: monthLater, NewPerDay: 2000, Pace: steady(1500)})
	if r.FirstLate < 120 || r.FirstLate > 126 || r.BecameLate == 0 || r.Done != -1 {
		t.Errorf("first late on day %d, %d became late, done on day %d", r.FirstLate, r.BecameLate, r.Done)
	}
}

func drawQueue(t *rapid.T, label string, from, to int) (owed []pacing.Owing) {
	for range rapid.IntRange(0, 12).Draw(t, label) {
		hours := rapid.IntRange(from, to).Draw(t, "hours")
		owed = append(owed, pacing.Owing{At: simulatedNow.Add(time.Duration(hours) * time.Hour), N: int64(rapid.IntRange(0, 400).Draw(t, "people"))})
	}
	return owed
}

func drawMore(t *rapid.T, most int) map[int]int {
	more := map[int]int{}
	for day := range rapid.IntRange(0, 60).Draw(t, "days") {
		more[day] = rapid.IntRange(0, most).Draw(t, "new")
	}
	return more
}

// TestWhomTheEarliestDateFirstKeepsOnTimeTheBacklogKeepsOnTimeToo: of those who
// wait already nobody becomes late by a backlog who would not without it.
func TestWhomTheEarliestDateFirstKeepsOnTimeTheBacklogKeepsOnTimeToo(t *testing.T) { // D7
	rapid.Check(t, func(t *rapid.T) {
		s := pacing.Simulation{Now: simulatedNow, DueOf: monthLater, Pace: steady(rapid.IntRange(1, 1000).Draw(t, "pace")), Days: 60,
			Queued: drawQueue(t, "on time", 1, 24*40)}
		alone := pacing.Simulate(s)
		s.Queued = append(s.Queued, drawQueue(t, "overdue", -1000, -1)...)
		if both := pacing.Simulate(s); alone.BecameLate == 0 && both.BecameLate > 0 {
			t.Fatalf("%d become late by the backlog, the first on day %d", both.BecameLate, both.FirstLate)
		}
	})
}

// TestNewPeopleWithinThePaceStayOnTimeBesideAnyBacklog: as long as no day brings
// more people than it can tell, none of them becomes late.
func TestNewPeopleWithinThePaceStayOnTimeBesideAnyBacklog(t *testing.T) { // D7
	rapid.Check(t, func(t *rapid.T) {
		pace := rapid.IntRange(1, 1000).Draw(t, "pace")
		s := pacing.Simulation{Now: simulatedNow, DueOf: monthLater, Pace: steady(pace), More: drawMore(t, pace), Days: 120, Queued: backlog(200_000)}
		if r := pacing.Simulate(s); r.BecameLate > 0 {
			t.Fatalf("%d become late, the first on day %d", r.BecameLate, r.FirstLate)
		}
	})
}

// TestWhatThreeQuartersOfThePaceCanBearStaysOnTimeBesideAnyBacklog: bursts as
// well, on top of whatever came before.
func TestWhatThreeQuartersOfThePaceCanBearStaysOnTimeBesideAnyBacklog(t *testing.T) { // D7
	rapid.Check(t, func(t *rapid.T) {
		// A pace of whole quarters in each hour, so that a quarter is one.
		quarter := 24 * rapid.IntRange(1, 20).Draw(t, "a quarter of the pace in an hour")
		s := pacing.Simulation{Now: simulatedNow, DueOf: monthLater, Pace: steady(3 * quarter), More: drawMore(t, 100*quarter), Days: 120}
		alone := pacing.Simulate(s)
		s.Pace, s.Queued = steady(4*quarter), backlog(200_000)
		if both := pacing.Simulate(s); alone.BecameLate == 0 && both.BecameLate > 0 {
			t.Fatalf("%d become late by the backlog, the first on day %d", both.BecameLate, both.FirstLate)
		}
	})
}

func TestARampGrowsUntilItsMost(t *testing.T) {
	for name, c := range map[string]struct {
		ramp pacing.Ramp
		want [4]int
	}{
		"no step":          {pacing.Ramp{Start: 5000}, [4]int{5000, 5000, 5000, 5000}},
		"a step":           {pacing.Ramp{Start: 5000, Step: 5000}, [4]int{5000, 10_000, 15_000, 20_000}},
		"up to the most":   {pacing.Ramp{Start: 5000, Step: 5000, Max: 12_000}, [4]int{5000, 10_000, 12_000, 12_000}},
		"by a part":        {pacing.Ramp{Start: 1000, Growth: 0.5}, [4]int{1000, 1500, 2250, 3375}},
		"by a part, ended": {pacing.Ramp{Start: 1000, Growth: 0.5, Max: 2000}, [4]int{1000, 1500, 2000, 2000}},
		"a falling one":    {pacing.Ramp{Start: 10, Step: -4}, [4]int{10, 6, 2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			for day, want := range c.want {
				if got := c.ramp.PerDay(day); got != want {
					t.Errorf("day %d: %d, want %d", day, got, want)
				}
			}
		})
	}
}
