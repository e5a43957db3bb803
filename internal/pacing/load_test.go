package pacing_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/pacing"
)

func TestALoadIsHalvedByARefusalAndGrowsByOneAfterAQuietWhile(t *testing.T) {
	at := simulatedNow
	l := pacing.NewLoad(8)
	for i, c := range []struct {
		after  time.Duration
		served bool
		want   int
	}{
		{0, false, 4},
		{500 * time.Millisecond, false, 4}, // the same trouble, met by another connection
		{600 * time.Millisecond, false, 2},
		{time.Second, false, 1},
		{time.Second, false, 1}, // one is always left, to find out
		{9 * time.Second, true, 1},
		{time.Second, true, 2},
		{9 * time.Second, true, 2},
		{time.Second, true, 3},
	} {
		at = at.Add(c.after)
		if c.served {
			l.Served(at)
		} else {
			l.Strained(at)
		}
		if l.Now() != c.want {
			t.Fatalf("step %d: %d connections, want %d", i, l.Now(), c.want)
		}
	}
}

func TestALoadStaysBetweenOneAndTheMostWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 64).Draw(t, "most")
		l, at := pacing.NewLoad(most), simulatedNow
		grown := at.Add(-time.Hour)
		for range rapid.IntRange(1, 200).Draw(t, "events") {
			at = at.Add(time.Duration(rapid.IntRange(0, 12_000).Draw(t, "ms")) * time.Millisecond)
			was := l.Now()
			if rapid.Bool().Draw(t, "served") {
				changed := l.Served(at)
				if changed != (l.Now() == was+1) || l.Now() > was && at.Sub(grown) < 10*time.Second {
					t.Fatalf("%d became %d, %s after the last growth", was, l.Now(), at.Sub(grown))
				}
				if changed {
					grown = at
				}
			} else if changed := l.Strained(at); changed != (l.Now() < was) || l.Now() != was && l.Now() != was/2 {
				t.Fatalf("%d became %d", was, l.Now())
			}
			if l.Now() < 1 || l.Now() > most {
				t.Fatalf("%d connections of at most %d", l.Now(), most)
			}
		}
	})
}
