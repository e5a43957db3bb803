package retain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Event is what ends the need of somebody's data for an activity, where the register keeps
// them by an event and not for a period (T1b): the end of a contract, a listing removed.
type Event struct {
	ID          mailer.ID
	ContactID   mailer.ID
	ActivityKey string
	On          calendar.Date // the day on which it happened
	EndsAt      time.Time     // the first instant at which the deletion job looks at them
	RecordedAt  time.Time
	By          string
}

// Happened records an event, and gives the last day of storage by it. It brings that day
// forward alone: a day that a notice printed is the latest (T2). Of several events the
// first counts, and none is taken back, since data may have gone by it.
func (e *Eraser) Happened(ctx context.Context, ev Event) (last calendar.Date, err error) {
	rules, err := e.rules(ctx)
	if err != nil {
		return last, err
	}
	a, declared := rules.current.Activity(ev.ActivityKey)
	switch today := calendar.DateOf(rules.now, rules.zone()); {
	case !declared:
		return last, fmt.Errorf("the register has no activity %q", ev.ActivityKey)
	case !a.Retention.Period.IsZero():
		return last, fmt.Errorf("the activity %s keeps data for a period, and no event ends that: change its retention in the register (event, after, limit)", ev.ActivityKey)
	case strings.TrimSpace(ev.By) == "":
		return last, errors.New("an event has data go: say who records it (--by)")
	case today.Before(ev.On):
		return last, fmt.Errorf("%s has not come yet: record an event when it has happened", ev.On)
	}
	last = a.Retention.After.AddTo(ev.On)
	ev.ID, ev.RecordedAt, ev.EndsAt = mailer.NewID(rules.now), rules.now, last.AddDays(1).StartOf(rules.zone())
	return last, e.Store.AddEvent(ctx, e.Controller, ev)
}
