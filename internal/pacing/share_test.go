package pacing

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestABatchIsSharedOutWithoutLossAndWithoutExcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lanes []*LaneTurn
		for i := range rapid.IntRange(0, 6).Draw(t, "lanes") {
			lanes = append(lanes, &LaneTurn{
				Lane: int64(i), Room: rapid.IntRange(0, 20).Draw(t, "room"), Need: Need{drawNeed(t), drawNeed(t), drawNeed(t)},
				onTimeDry: rapid.Bool().Draw(t, "on time dry"), lateDry: rapid.Bool().Draw(t, "late dry"),
			})
		}
		left := rapid.IntRange(0, 50).Draw(t, "left")
		sum, room := 0, 0
		for _, l := range lanes {
			if !l.onTimeDry || !l.lateDry {
				room += l.Room
			}
		}
		asked := Share(lanes, left, drawToss(t))
		for _, p := range asked {
			l := lanes[p.Lane]
			sum += p.OnTime + p.Late
			if p.OnTime < 0 || p.Late < 0 || p.OnTime+p.Late > l.Room || l.onTimeDry && p.OnTime > 0 || l.lateDry && p.Late > 0 {
				t.Fatalf("lane %+v was asked for %+v", *l, p)
			}
		}
		if sum > left || sum > room || left > 0 && room > 0 && sum == 0 {
			b, _ := json.Marshal(asked)
			t.Fatalf("asked for %d of %d, with room for %d: %s", sum, left, room, b)
		}
	})
}

func drawNeed(t *rapid.T) float64 {
	return rapid.SampledFrom([]float64{0, 0.01, 0.2, 0.5, 0.9, 1, 3, math.Inf(1)}).Draw(t, "need")
}

func drawToss(t *rapid.T) float64 { return rapid.Float64Range(0, 0.999).Draw(t, "toss") }

func TestNobodyStillOnTimeGetsLessOfABatchThanTheirLaneNeeds(t *testing.T) { // D7
	rapid.Check(t, func(t *rapid.T) {
		left := rapid.IntRange(1, 500).Draw(t, "left")
		var lanes []*LaneTurn
		free := 1.0 // of the pace
		for i := range rapid.IntRange(1, 8).Draw(t, "lanes") {
			need := rapid.Float64Range(0, free).Draw(t, "need")
			free -= need
			lanes = append(lanes, &LaneTurn{Lane: int64(i), Room: left, Need: Need{OfAll: need}})
		}
		for _, p := range Share(lanes, left, drawToss(t)) {
			if need := lanes[p.Lane].Need.OfAll * float64(left); float64(p.OnTime) < math.Floor(need) || p.OnTime < (p.OnTime+p.Late)/2 {
				t.Fatalf("lane %d needs %.1f of %d and is asked for %+v", p.Lane, need, left, p)
			}
		}
	})
}

// TestNoLaneWaitsForMoreClaimsThanThereAreLanes takes claims whose tosses differ as evenly as
// chance has it in the long run: as many as there are lanes.
func TestNoLaneWaitsForMoreClaimsThanThereAreLanes(t *testing.T) { // D7
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "lanes")
		left := rapid.IntRange(1, n).Draw(t, "left")
		stream := rapid.IntRange(0, 255).Draw(t, "great digits of the toss")
		got := make([]int, n)
		for turn := range n {
			var lanes []*LaneTurn
			for i := range n {
				lanes = append(lanes, &LaneTurn{Lane: int64(i), Room: left})
			}
			for _, p := range Share(lanes, left, (float64(stream)+(float64(turn)+0.5)/float64(n))/256) {
				got[p.Lane] += p.OnTime + p.Late
			}
		}
		for lane, given := range got {
			if given != left {
				t.Fatalf("in %d claims of %d lane %d was asked for %d, and should be for its part: %v", n, left, lane, given, got)
			}
		}
	})
}

func TestTheStreamsOfALaneShareByWhatIsNeeded(t *testing.T) { // D7
	for name, c := range map[string]struct {
		need Need
		toss float64
		want Portion
	}{
		"half where little is needed":             {Need{OfAll: 0.1, OfOwn: 0.1}, 0, Portion{OnTime: 5, Late: 5}},
		"four times what is needed of the relay":  {Need{OfAll: 0.2}, 0, Portion{OnTime: 8, Late: 2}},
		"four times what is needed of its pace":   {Need{OfOwn: 0.2}, 0, Portion{OnTime: 8, Late: 2}},
		"all where a quarter of it is needed":     {Need{OfAll: 0.25}, 0, Portion{OnTime: 10}},
		"all where it is too late for some":       {Need{OfAll: math.Inf(1)}, 0, Portion{OnTime: 10}},
		"the toss settles what cannot be divided": {Need{OfAll: 0.165}, 0.5, Portion{OnTime: 7, Late: 3}},
		"and in another claim":                    {Need{OfAll: 0.165}, 0, Portion{OnTime: 6, Late: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Share([]*LaneTurn{{Room: 10, Need: c.need}}, 10, c.toss)
			if !slices.Equal(got, []Portion{c.want}) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestALanesBacklogLeavesAnotherLanesPeopleWhatTheyNeed(t *testing.T) { // D7
	backlog, people := &LaneTurn{Lane: 1, Room: 100, onTimeDry: true}, &LaneTurn{Lane: 2, Room: 100, Need: Need{OfAll: 0.2}}
	want := []Portion{{Lane: 1, Late: 10}, {Lane: 2, OnTime: 80, Late: 10}}
	if got := Share([]*LaneTurn{backlog, people}, 100, 0); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTheNeedIsThatOfTheTightestDate(t *testing.T) { // D7
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	in := func(s int, n int64) Owing { return Owing{now.Add(time.Duration(s) * time.Second), n} }
	for name, c := range map[string]struct {
		owed []Owing
		pace float64
		want float64
	}{
		"nothing is owed":                         {nil, 1, 0},
		"the pace is not known":                   {[]Owing{in(10, 10)}, 0, 0},
		"what is past its date needs nothing":     {[]Owing{in(-1, 1000), in(100, 10)}, 1, 0.1},
		"the nearest date":                        {[]Owing{in(10, 5), in(100, 5)}, 1, 0.5},
		"a later one, with all that is before it": {[]Owing{in(10, 2), in(100, 88)}, 1, 0.9},
		"of a faster pace less":                   {[]Owing{in(10, 2), in(100, 88)}, 9, 0.1},
		"more than can be done":                   {[]Owing{in(10, 20)}, 1, 2},
		"due this very instant":                   {[]Owing{in(0, 1)}, 1, math.Inf(1)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NeedOf(c.owed, c.pace, now); math.Abs(got-c.want) > 1e-9 && got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestThePaceOfALaneIsTheTighterOfItsSecondAndItsDay(t *testing.T) {
	for _, c := range []struct {
		aSecond, aDay int
		want          float64
	}{{0, 0, 0}, {5, 0, 5}, {0, 86_400, 1}, {5, 86_400, 1}, {1, 864_000, 1}} {
		if got := PerSecond(c.aSecond, c.aDay); got != c.want {
			t.Errorf("%d a second and %d a day are %v a second, want %v", c.aSecond, c.aDay, got, c.want)
		}
	}
}

func TestLanesThatShareABudgetGetNoMoreThanThatTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []*Budget {
			out := []*Budget{nil}
			for range rapid.IntRange(0, 3).Draw(t, name) {
				out = append(out, &Budget{Left: rapid.IntRange(0, 30).Draw(t, "left in it")})
			}
			return out
		}
		campaigns, classes := draw("campaigns"), draw("classes")
		var lanes []*LaneTurn
		for i := range rapid.IntRange(1, 8).Draw(t, "lanes") {
			lanes = append(lanes, &LaneTurn{Lane: int64(i), Room: 20, Need: Need{drawNeed(t), drawNeed(t), drawNeed(t)},
				Campaign: rapid.SampledFrom(campaigns).Draw(t, "campaign"), Class: rapid.SampledFrom(classes).Draw(t, "class")})
		}
		left, most := rapid.IntRange(1, 60).Draw(t, "batch"), map[*Budget]int{}
		for _, b := range append(campaigns, classes...) {
			if b != nil {
				most[b] = b.Left
			}
		}
		gave, sum := map[*Budget]int{}, 0
		for range 4 { // rounds of one claim, as it makes them
			asked := Share(lanes, left-sum, drawToss(t))
			for _, p := range asked {
				l := lanes[p.Lane]
				gave[l.Campaign] += p.OnTime + p.Late
				gave[l.Class] += p.OnTime + p.Late
				sum += p.OnTime + p.Late
				l.Served(asked, Given{OnTime: p.OnTime, Late: p.Late, Sending: p.OnTime + p.Late})
			}
		}
		for b, n := range most {
			if gave[b] > n || b.Left != n-gave[b] || b.Used != gave[b] {
				t.Fatalf("%d of a budget of %d; it says %+v", gave[b], n, *b)
			}
		}
		for _, l := range lanes { // nobody who could give something is left out while there is place
			if sum < left && l.Room > 0 && (l.Campaign == nil || l.Campaign.Left > 0) && (l.Class == nil || l.Class.Left > 0) && l.Room == 20 {
				t.Fatalf("lane %d gave nothing, with %d of %d given: %+v", l.Lane, sum, left, *l)
			}
		}
	})
}

func TestWhatAThrottledClassCannotTakeIsSetAsideForTheOthersPeople(t *testing.T) { // D7
	throttled := &LaneTurn{Lane: 1, Room: 100, Class: &Budget{Left: 2}, Need: Need{OfAll: 0.9, OfClass: 5}}
	people := &LaneTurn{Lane: 2, Room: 100, Need: Need{OfAll: 0.2}}
	want := []Portion{{Lane: 1, OnTime: 2}, {Lane: 2, OnTime: 80, Late: 18}}
	if got := Share([]*LaneTurn{throttled, people}, 100, 0); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestALaneWhoseCampaignHasNothingLeftTakesNothingOfItsClass(t *testing.T) {
	class := &Budget{Left: 1}
	spent, other := &LaneTurn{Lane: 1, Room: 20, Campaign: &Budget{}, Class: class}, &LaneTurn{Lane: 2, Room: 20, Class: class, Need: Need{OfAll: 1}}
	want := []Portion{{Lane: 2, OnTime: 1}}
	for _, lanes := range [][]*LaneTurn{{spent, other}, {other, spent}} {
		if got := Share(lanes, 20, 0); !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestACampaignsPeopleWhoAreOnTimeHaveItsPaceBeforeTheBacklogOfItsOtherClasses(t *testing.T) { // D7
	pace := &Budget{Left: 10}
	backlog := &LaneTurn{Lane: 1, Room: 100, Campaign: pace, onTimeDry: true}
	people := &LaneTurn{Lane: 2, Room: 100, Campaign: pace, Need: Need{OfOwn: 0.2}}
	want := []Portion{{Lane: 1, Late: 1}, {Lane: 2, OnTime: 8, Late: 1}}
	if got := Share([]*LaneTurn{backlog, people}, 100, 0); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
