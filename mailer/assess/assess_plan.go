package assess

import (
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
)

// Planned is how fast people are to be told, and how many come.
type Planned struct {
	Pace      pacing.Ramp // zero: one is suggested
	NewPerDay int
}

// Plan is what becomes of those who can be told, or are in a campaign already, at a pace.
type Plan struct {
	Notices    int64         `json:"notices"`
	Pace       pacing.Ramp   `json:"pace"`
	Suggested  bool          `json:"suggested"`
	NewPerDay  int           `json:"new_per_day"`
	Days       int           `json:"days"`                // until nobody waits (with new people: nobody overdue) any more; -1: not within two years
	Done       calendar.Date `json:"done,omitzero"`       // that day
	FirstLate  calendar.Date `json:"first_late,omitzero"` // the first day on which somebody's date passes who is still on time; zero: none
	BecameLate int64         `json:"became_late"`         // all of them
	Need       float64       `json:"need"`                // the part of the first day's pace that keeps on time all who are; more than 1 cannot be done
	Weeks      []PlanWeek    `json:"weeks"`
}

// PlanWeek is what is told in a week.
type PlanWeek struct {
	From       calendar.Date `json:"from"`
	OnTime     int64         `json:"on_time"`
	Backlog    int64         `json:"backlog"`
	BecameLate int64         `json:"became_late"`
	Waiting    int64         `json:"waiting"` // at its end
}

// suggestedDays is in how many days a suggested pace ends the backlog.
const suggestedDays = 30

// over plays a plan through.
func (p Planned) over(queued []pacing.Owing, now time.Time, zone *time.Location) Plan {
	out := Plan{Pace: p.Pace, NewPerDay: p.NewPerDay, Days: -1}
	for _, o := range queued {
		out.Notices += o.N
	}
	today := calendar.DateOf(now, zone)
	dueOf := func(day int) time.Time {
		return mailer.DueFor(mailer.DueInputs{ObtainedAt: today.AddDays(day).StartOf(zone)}, zone).At
	}
	s := pacing.Simulation{Now: now, DueOf: dueOf, Queued: queued, NewPerDay: p.NewPerDay, Pace: p.Pace}
	if p.Pace == (pacing.Ramp{}) {
		s.Pace, out.Suggested = suggest(s, out.Notices), true
		out.Pace = s.Pace
	}
	out.Need = pacing.NeedOf(queued, float64(s.Pace.PerDay(0))/86400, now)
	r := pacing.Simulate(s)
	if out.BecameLate = r.BecameLate; r.FirstLate >= 0 {
		out.FirstLate = today.AddDays(r.FirstLate)
	}
	if r.Done >= 0 {
		out.Days, out.Done = r.Done+1, today.AddDays(r.Done)
	}
	for i, d := range r.Days {
		if i%7 == 0 {
			out.Weeks = append(out.Weeks, PlanWeek{From: today.AddDays(i)})
		}
		w := &out.Weeks[len(out.Weeks)-1]
		w.OnTime, w.Backlog, w.BecameLate, w.Waiting = w.OnTime+d.OnTime, w.Backlog+d.Backlog, w.BecameLate+d.BecameLate, d.Waiting
	}
	return out
}

// suggest is a round pace that ends the backlog within a month beside those who
// come, and makes nobody late whom a pace can keep on time.
func suggest(s pacing.Simulation, notices int64) pacing.Ramp {
	pace := roundUp(int(notices)/suggestedDays + s.NewPerDay + 1)
	for range 12 {
		s.Pace = pacing.Ramp{Start: pace}
		if r := pacing.Simulate(s); r.BecameLate == 0 && r.Done >= 0 && r.Done <= suggestedDays {
			break
		}
		pace = roundUp(pace + pace/4 + 1)
	}
	return pacing.Ramp{Start: pace}
}

// roundUp goes up to the next number of two digits and noughts.
func roundUp(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit - 1) / unit * unit
}
