package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/pacing"
	"article14/mailer"
)

func TestALimitThatIsChangedActsWithTheNextClaim(t *testing.T) {
	h, other := twoStores(t)
	h.setClass("big", 2, 0, "big.example")
	h.peopleAt("big.example", 60, noon.Add(day))
	h.running("spring", 0)
	equal(t, "at first", len(h.claimedBy(noon, h.Store, other)), 2)
	h.setClass("big", 9, 0)
	equal(t, "raised within the second", len(h.claimedBy(noon, h.Store, other)), 7)
	h.setClass("big", 0, 15)
	equal(t, "so many a day, with what was given already", len(h.claimedBy(noon.Add(time.Second), h.Store, other)), 6)
	h.setClass("big", 0, 10)
	cs, err := h.Classes(h.ctx, h.controller)
	must(t, err)
	equal(t, "used up", cs[0].FullAt.IsZero(), false)
	h.setClass("big", 0, 20)
	cs, err = h.Classes(h.ctx, h.controller)
	must(t, err)
	equal(t, "and raised", cs[0].FullAt.IsZero(), true)
	h.setClass("big", 0, 0)
	equal(t, "without a limit", len(h.claimedBy(noon.Add(2*time.Second), h.Store, other)), 45)
}

func TestWorkersHearOfAClassThatHasMoreThanItsLoweredLimit(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 10, "big.example")
	h.peopleAt("big.example", 20, noon.Add(day))
	h.peopleAt("small.example", 5, noon.Add(day))
	h.running("spring", 0)
	hears := func() string {
		t.Helper()
		ls, err := h.Lanes(h.ctx, h.controller)
		must(t, err)
		out := ""
		for _, l := range ls {
			out += inLine(l.Class, l.ClassPace, l.ClassOver) + ";"
		}
		return out
	}
	jobs := h.claim(100, noon)
	equal(t, "claimed", byDomain(jobs)["big.example"], 10)
	equal(t, "at its limit", hears(), "any 0 false;big 0 false;")
	h.setClass("big", 7, 4)
	equal(t, "lowered", hears(), "any 0 false;big 7 true;")
	for _, j := range jobs { // their worker gives back what it holds of it, but for two on the wire
		if mailer.DomainOf(j.To) == "big.example" && h.count(`SELECT on_day FROM domain_class`) > 2 {
			must(t, h.Release(h.ctx, j.ClaimID, []mailer.ID{j.DeliveryID}))
		}
	}
	equal(t, "given back", hears(), "any 0 false;big 7 false;")
	equal(t, "claimed then, up to the new limit", len(h.claim(100, noon.Add(time.Minute))), 2)
	h.setClass("big", 0, 0)
	equal(t, "without a limit", hears(), "any 0 false;big 0 false;")
}

// TestNoClassGetsMoreThanItsLimitsAndNoLaneStarves plays workers on two stores that claim,
// give back and die, over seconds and days.
func TestNoClassGetsMoreThanItsLimitsAndNoLaneStarves(t *testing.T) {
	h, other := twoStores(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		g := moveIn(t.Context(), rt, h.Store, fmt.Sprintf("house-%d", runs))
		caps := map[string]pacing.Caps{}
		for _, name := range []string{"one", "two"} {
			c := pacing.Caps{PerSecond: rapid.IntRange(0, 6).Draw(rt, "a second"), PerDay: rapid.IntRange(0, 25).Draw(rt, "a day")}
			caps[name+".example"] = c
			g.setClass(name, c.PerSecond, c.PerDay, name+".example")
			g.peopleAt(name+".example", 25, noon.Add(time.Duration(rapid.IntRange(-30, 30).Draw(rt, "due in days"))*day))
		}
		g.peopleAt("three.example", 25, noon.Add(day))
		g.running("spring", rapid.SampledFrom([]int{0, 0, 4, 9}).Draw(rt, "pace"))
		perSecond, perDay, told := map[string]int{}, map[string]int{}, map[string]int{}
		clock := noon
		for range rapid.IntRange(3, 12).Draw(rt, "steps") {
			clock = clock.Add(time.Duration(rapid.IntRange(0, 1500).Draw(rt, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 8).Draw(rt, "midnight") == 0 {
				clock = clock.Add(day).Truncate(day)
				clear(perDay)
			}
			must(rt, g.RollDays(g.ctx, g.controller, clock.Truncate(day)))
			var mu sync.Mutex
			var workers sync.WaitGroup
			var jobs []mailer.Job
			for i, limit := range rapid.SliceOfN(rapid.IntRange(1, 20), 1, 4).Draw(rt, "workers") {
				s := []*Store{h.Store, other}[i%2]
				workers.Go(func() {
					got, err := s.Claim(g.ctx, g.controller, mailer.NewID(clock), limit, clock, time.Minute)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					jobs = append(jobs, got...)
				})
			}
			workers.Wait()
			back := 0
			if len(jobs) > 0 && rapid.Bool().Draw(rt, "gives back") {
				back = rapid.IntRange(1, len(jobs)).Draw(rt, "how many")
			}
			for i, j := range jobs {
				domain := mailer.DomainOf(j.To)
				perSecond[fmt.Sprint(domain, clock.Truncate(time.Second))]++ // what is given back has had its second
				if i < back {
					must(rt, g.Release(g.ctx, j.ClaimID, []mailer.ID{j.DeliveryID}))
					continue
				}
				perDay[domain]++
				told[domain]++
			}
			for domain, c := range caps {
				if n := perSecond[fmt.Sprint(domain, clock.Truncate(time.Second))]; c.PerSecond > 0 && n > c.PerSecond {
					rt.Fatalf("%s: %d in a second of %d", domain, n, c.PerSecond)
				}
				if n := perDay[domain]; c.PerDay > 0 && n > c.PerDay {
					rt.Fatalf("%s: %d on a day of %d", domain, n, c.PerDay)
				}
			}
		}
		// Nobody is left behind: as days pass, a lone worker comes to all of them.
		for range 400 {
			clock = clock.Add(time.Second)
			if told["one.example"]+told["two.example"]+told["three.example"] == 75 {
				break
			}
			jobs := g.claim(20, clock)
			for _, j := range jobs {
				told[mailer.DomainOf(j.To)]++
			}
			if len(jobs) == 0 {
				clock = clock.Add(day).Truncate(day)
				must(rt, g.RollDays(g.ctx, g.controller, clock))
			}
		}
		equal(rt, "told in the end", told["one.example"]+told["two.example"]+told["three.example"], 75)
	})
}

func TestThoseStillOnTimeHaveWhatTheyNeedOfAClassesLimits(t *testing.T) { // D7
	h := newHouse(t)
	h.setClass("big", 10, 0, "big.example")
	h.peopleAt("big.example", 50, noon.Add(-day))
	h.peopleAt("big.example", 10, noon.Add(2*time.Second))
	h.running("spring", 0)
	onTime := 0
	for _, j := range h.claim(40, noon) {
		if j.DueAt.After(noon) {
			onTime++
		}
	}
	equal(t, "of the ten of a second", onTime, 10)
}
