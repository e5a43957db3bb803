package pacing

import "time"

// Owing is how many notices are due at one instant.
type Owing struct {
	At time.Time
	N  int64
}

// Need is what the people of a lane who are still on time need of a pace, so that
// the earliest date first keeps every one of them on time. 1 is all of it, more
// than 1 cannot be done, and 0 stands for a pace that is not known, too.
type Need struct {
	OfAll   float64 // of what the relay bears, over all lanes
	OfOwn   float64 // of its campaign's pace; 0 where that has none
	OfClass float64 // of what its class of domains may be sent; 0 without a limit
}

// NeedOf is the part of a pace, in notices a second, that keeps everybody on time
// who is owed something: the most, over every date ahead, of what is due by it
// over what can be sent by it. This is the test whether the earliest deadline
// first keeps all of them; where it is more than 1, no order does. owed is sorted
// by date, and what is past its date is left out.
func NeedOf(owed []Owing, perSecond float64, now time.Time) float64 {
	if perSecond <= 0 {
		return 0
	}
	most, due := 0.0, int64(0)
	for _, o := range owed {
		if o.At.Before(now) || o.N == 0 {
			continue
		}
		due += o.N
		most = max(most, float64(due)/(perSecond*o.At.Sub(now).Seconds()))
	}
	return most
}

// slackFactor is how many times what is needed is set aside for those still on
// time. With four, whoever is on time is told within a quarter of the time that
// is left, as far as the pace allows it; and whoever three quarters of the pace
// would keep on time without a backlog stays on time beside any. Here is why. As
// long as less than all is set aside, what is due by any date is at most a quarter
// of what can be sent by it. From then on those still on time have all; so if
// somebody becomes late, those who came since were more than the other three
// quarters could bear. What is held back is there for an hour without the relay,
// for replies that defer, and for people who arrive with little time.
const slackFactor = 4

// PerSecond is the pace of a lane that may send so many a second and so many a day;
// 0 is no limit, of both no pace that is known.
func PerSecond(aSecond, aDay int) float64 {
	perDay := float64(aDay) / (24 * 60 * 60)
	if aSecond <= 0 || aDay > 0 && perDay < float64(aSecond) {
		return perDay
	}
	return float64(aSecond)
}
