package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Allowance is how many people a campaign may tell, beside its pace. A second
// attempt at the same person takes nothing of it.
type Allowance struct {
	Daily  int       // people on a day of the controller's, as many as can answer at once; 0: no limit
	Day    time.Time // the first instant of the day that Today counts for
	Today  int
	Canary Canary
}

// Canary is how a campaign begins: the first people are told, then it holds itself,
// and goes on when too little came back to speak against it.
type Canary struct {
	People int           // who are told first; 0: there is no canary
	Left   int           // of them, not yet claimed
	Wait   time.Duration // from when nothing of them is on its way any more
	Share  float64       // of them, at which what came back holds the campaign for a person
	State  CanaryState
	At     time.Time // of that state
}

// CanaryState is where a canary stands.
type CanaryState string

// States of a canary.
const (
	CanaryNone       CanaryState = ""
	CanarySending    CanaryState = "sending"    // its people are being told
	CanaryWaiting    CanaryState = "waiting"    // the campaign is held, and what comes back is counted
	CanaryPassed     CanaryState = "passed"     // it went on by itself
	CanaryFailed     CanaryState = "failed"     // too much came back: it is held until a person resumes it
	CanaryOverridden CanaryState = "overridden" // a person resumed it
)

// Room is how many of a limit a claim may take.
func (a Allowance) Room(limit int) int {
	if a.Daily > 0 {
		limit = min(limit, max(0, a.Daily-a.Today))
	}
	if a.Canary.State == CanarySending {
		limit = min(limit, a.Canary.Left)
	}
	return limit
}

// Next says where a canary goes from what became of its campaign's notices. What
// came back as bounced, as a complaint, or was refused for good at the relay's door speaks
// against it.
func (c Canary) Next(counts map[mailer.DeliveryState]int64, now time.Time) CanaryState {
	against := counts[mailer.Bounced] + counts[mailer.Complained] + counts[mailer.Rejected]
	switch {
	case c.State == CanarySending && c.Left == 0 && counts[mailer.Sending] == 0:
		return CanaryWaiting
	case c.State != CanaryWaiting:
	case float64(against) >= c.Share*float64(c.People) && against > 0:
		return CanaryFailed
	case !now.Before(c.At.Add(c.Wait)):
		return CanaryPassed
	}
	return c.State
}

// AllowanceStore keeps what campaigns may tell.
type AllowanceStore interface {
	// Allowance is what a campaign may tell; the zero value is no limit.
	Allowance(ctx context.Context, campaign mailer.ID) (Allowance, error)
	// SetCanary has a campaign begin with one; it fails with ErrCampaignState where it has begun.
	SetCanary(ctx context.Context, controller, campaign mailer.ID, c Canary) error
	// SetDaily changes how many people a day a campaign tells, from the given day on; it
	// fails with ErrNoCampaign.
	SetDaily(ctx context.Context, controller, campaign mailer.ID, people int, day time.Time) error
	// RollDays begins a day: what was told counts for one before.
	RollDays(ctx context.Context, controller mailer.ID, day time.Time) error
	// Canaries are those of running campaigns that are sending or waiting.
	Canaries(ctx context.Context, controller mailer.ID) ([]RunningCanary, error)
	// MoveCanary takes one to another state, and its campaign's lanes with it: waiting holds
	// them (HeldByCanary), passed opens them, failed raises an alert. moved is false where it is no
	// longer as it was, or its campaign no longer runs.
	MoveCanary(ctx context.Context, controller, campaign mailer.ID, from, to CanaryState, now time.Time) (moved bool, err error)
}

// RunningCanary is a canary with what became of its campaign's notices; letters are
// not counted.
type RunningCanary struct {
	CampaignID mailer.ID
	Key        string
	Canary     Canary
	Counts     map[mailer.DeliveryState]int64
}

// SetCanary has an approved campaign begin with one.
func (r *Releases) SetCanary(ctx context.Context, key string, c Canary) error {
	if c.People < 1 || c.Wait < time.Minute || c.Share <= 0 || c.Share > 1 {
		return errors.New("a canary needs people, a wait of a minute at least, and a share between 0 and 1")
	}
	camp, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return err
	}
	c.Left, c.State, c.At = c.People, CanarySending, r.Now()
	err = r.Allowances.SetCanary(ctx, r.Controller, camp.ID, c)
	if errors.Is(err, mailer.ErrCampaignState) {
		return fmt.Errorf("campaign %q is %s: a canary is set before it starts: %w", key, camp.State, err)
	}
	return err
}

// SetDaily changes how many people a day a campaign tells; 0: no limit. It takes
// effect with the next claim.
func (r *Releases) SetDaily(ctx context.Context, key string, people int) error {
	if people < 0 {
		return fmt.Errorf("%d people a day is none", people)
	}
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return err
	}
	_, reg, err := r.register(ctx)
	if err != nil {
		return err
	}
	return r.Allowances.SetDaily(ctx, r.Controller, c.ID, people, startOfDay(r.Now(), reg.Controller.Zone))
}

// startOfDay is the first instant of a day of the controller's (D10).
func startOfDay(now time.Time, zone *time.Location) time.Time {
	return calendar.DateOf(now, zone).StartOf(zone).UTC()
}

// BeginDay has what campaigns may tell in a day begin anew, as soon as it has (D10).
func (r *Releases) BeginDay(ctx context.Context) error {
	return r.Allowances.RollDays(ctx, r.Controller, startOfDay(r.Now(), r.Zone))
}

// KeepCanaries moves on those whose people are told, or whose wait is over.
func (r *Releases) KeepCanaries(ctx context.Context) error {
	canaries, err := r.Allowances.Canaries(ctx, r.Controller)
	for _, c := range canaries {
		to := c.Canary.Next(c.Counts, r.Now())
		if to == c.Canary.State {
			continue
		}
		moved, failed := r.Allowances.MoveCanary(ctx, r.Controller, c.CampaignID, c.Canary.State, to, r.Now())
		err = errors.Join(err, failed)
		if moved {
			r.Log.Info("the canary of a campaign", "campaign", c.Key, "state", to)
		}
	}
	return err
}
