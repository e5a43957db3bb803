package pacing

import (
	"slices"
	"time"
)

// Ramp is a pace that grows day by day, as a young sender's must.
type Ramp struct {
	Start  int     `json:"start"`            // notices on the first day
	Step   int     `json:"step,omitempty"`   // more on each day than on the day before
	Growth float64 `json:"growth,omitempty"` // instead of a step: 0.2 is a fifth more than on the day before
	Max    int     `json:"max,omitempty"`    // the most a day; 0: no limit
}

// PerDay is the pace of a day, counted from 0.
func (r Ramp) PerDay(day int) int {
	pace := r.Start + r.Step*day
	for grown := float64(r.Start); r.Growth > 0 && day > 0 && (r.Max == 0 || int(grown) < r.Max); day-- {
		grown *= 1 + r.Growth
		pace = int(grown)
	}
	if r.Max > 0 {
		pace = min(pace, r.Max)
	}
	return max(0, pace)
}

// Simulation is what is to be played through: who waits, who comes, how many can
// be told.
type Simulation struct {
	Now       time.Time
	Queued    []Owing                 // by date, overdue or not
	DueOf     func(day int) time.Time // by when those are told whose data are obtained on a day, counted from 0; asked where anybody comes
	NewPerDay int                     // people obtained on each day
	More      map[int]int             // on single days besides
	Pace      Ramp
	Days      int // how far to look ahead; 0: two years
}

// SimulatedDay is what one day comes to.
type SimulatedDay struct {
	OnTime     int64 `json:"on_time"`     // told while still on time
	Backlog    int64 `json:"backlog"`     // told late
	BecameLate int64 `json:"became_late"` // whose date passed on this day
	Waiting    int64 `json:"waiting"`     // left at its end, on time or not
	Overdue    int64 `json:"overdue"`     // of them
}

// SimulationResult is what became of it. Days are counted from 0; -1 is none
// within the days looked at.
type SimulationResult struct {
	Days       []SimulatedDay
	Done       int   // the day at whose end nobody overdue was left, for good; with nobody new, nobody at all
	FirstLate  int   // the first day on which somebody's date passed
	BecameLate int64 // all whose date passed: the backlog makes none, so the pace is too low
}

// Simulate plays delivery through, an hour at a time, with the rules that the
// worker goes by: NeedOf, Share, and a queue in the order of dates. It ends when
// nothing is left, or with the days that it was to look at.
func Simulate(s Simulation) SimulationResult {
	if s.Days == 0 {
		s.Days = 730
	}
	r := SimulationResult{Done: -1, FirstLate: -1}
	q := newDateQueue(s.Queued)
	played := playedQueue{dateQueue: q, lateUntil: s.Now}
	for day := range s.Days {
		if come := int64(s.NewPerDay + s.More[day]); come > 0 {
			played.add(s.DueOf(day), come)
		}
		d := played.day(s.Now.Add(time.Duration(day)*24*time.Hour), s.Pace.PerDay(day))
		r.Days = append(r.Days, d)
		r.BecameLate += d.BecameLate
		if d.BecameLate > 0 && r.FirstLate < 0 {
			r.FirstLate = day
		}
		switch {
		case d.Overdue > 0 || s.NewPerDay == 0 && d.Waiting > 0:
			r.Done = -1
		case r.Done < 0:
			r.Done = day
		}
		if s.settled(day, d, r.Done) {
			break
		}
	}
	return r
}

// settled tells whether nothing more can happen: all are told, or the pace bears
// the new people of each day and a month went by without anybody overdue.
func (s Simulation) settled(day int, d SimulatedDay, done int) bool {
	for more := range s.More {
		if more > day {
			return false
		}
	}
	if s.Pace.PerDay(day) < s.NewPerDay {
		return false
	}
	return d.Waiting == 0 || done >= 0 && day-done > 31
}

// playedQueue is a queue that is worked through, with what became of it.
type playedQueue struct {
	*dateQueue
	lateUntil time.Time // whose date is before it was counted as overdue
	claims    int
}

// hours is how many claims a simulated day has.
const hours = 24

func (q *playedQueue) day(begins time.Time, pace int) (d SimulatedDay) {
	for h := range hours {
		now := begins.Add(time.Duration(h) * time.Hour)
		d.BecameLate += q.sum(q.behind(q.lateUntil), q.behind(now))
		q.lateUntil = now
		onTime, late := q.claim(now, float64(pace)/86400, pace*(h+1)/hours-pace*h/hours)
		d.OnTime += onTime
		d.Backlog += late
	}
	ends := begins.Add(hours * time.Hour)
	d.Waiting, d.Overdue = q.sum(0, len(q.owed)), q.sum(0, q.behind(ends))
	return d
}

// claim takes up to limit, as a claim does: what one stream leaves goes to the
// other, in a further round.
func (q *playedQueue) claim(now time.Time, perSecond float64, limit int) (onTime, late int64) {
	q.claims++
	const golden = 0.6180339887498949 // its multiples fall evenly between whole numbers
	toss := float64(q.claims) * golden
	toss -= float64(int(toss))
	lane := &LaneTurn{Room: limit, Need: Need{OfOwn: NeedOf(q.owed[q.behind(now):], perSecond, now)}}
	for lane.Room > 0 {
		asked := Share([]*LaneTurn{lane}, lane.Room, toss)
		if len(asked) == 0 {
			break
		}
		given := Given{OnTime: q.take(q.behind(now), len(q.owed), asked[0].OnTime)}
		given.Late = q.take(0, q.behind(now), asked[0].Late)
		given.Sending = given.OnTime + given.Late
		onTime, late = onTime+int64(given.OnTime), late+int64(given.Late)
		lane.Served(asked, given)
	}
	return onTime, late
}

// dateQueue is a queue in the order of dates. Those of one date are one entry.
type dateQueue struct{ owed []Owing }

func newDateQueue(owed []Owing) *dateQueue {
	q := &dateQueue{}
	for _, o := range owed {
		q.add(o.At, o.N)
	}
	return q
}

// behind is where the dates from an instant on begin: before it all are past.
func (q *dateQueue) behind(now time.Time) int {
	i, _ := slices.BinarySearchFunc(q.owed, now, func(o Owing, t time.Time) int { return o.At.Compare(t) })
	return i
}

func (q *dateQueue) add(at time.Time, n int64) {
	i := q.behind(at)
	switch {
	case n == 0:
	case i < len(q.owed) && q.owed[i].At.Equal(at):
		q.owed[i].N += n
	default:
		q.owed = slices.Insert(q.owed, i, Owing{at, n})
	}
}

// sum is how many there are from entry i to before entry j.
func (q *dateQueue) sum(i, j int) (n int64) {
	for _, o := range q.owed[min(i, j):j] {
		n += o.N
	}
	return n
}

// take removes up to n of the entries from i to before j, the earliest date first.
func (q *dateQueue) take(i, j, n int) (taken int) {
	k := i
	for ; k < j && taken < n; k++ {
		some := min(q.owed[k].N, int64(n-taken))
		q.owed[k].N -= some
		taken += int(some)
		if q.owed[k].N > 0 {
			break
		}
	}
	q.owed = slices.Delete(q.owed, i, k)
	return taken
}
