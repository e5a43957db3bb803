package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"article14/mailer"
	"article14/mailer/plan"
)

// Freeze places an approved campaign's audience chunk by chunk, behind the last
// one placed, and ends in approved.
func (r *Releases) Freeze(ctx context.Context, c mailer.Campaign, progress func(placed int64)) error {
	if err := r.place(ctx, c, false, c.FrozenUntil, true, progress); err != nil {
		return err
	}
	return r.Campaigns.Move(ctx, r.Controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, c.ApprovedBy, r.Now())
}

// TakeIn places what a running campaign must look at again: duties whose channel
// failed, and, for a standing campaign, new ones (E3).
func (r *Releases) TakeIn(ctx context.Context, c mailer.Campaign) error {
	if err := r.place(ctx, c, true, mailer.ID{}, false, nil); err != nil {
		return err
	}
	if c.Kind != mailer.Standing {
		return nil
	}
	if err := r.upToDate(ctx, c); err != nil {
		return err
	}
	return r.place(ctx, c, false, mailer.ID{}, false, nil)
}

// TakeInAll has every running campaign take in whom it must look at again. One that
// cannot does not hold up the others.
func (r *Releases) TakeInAll(ctx context.Context) error {
	cs, err := r.Campaigns.Campaigns(ctx, r.Controller)
	for _, c := range cs {
		if c.State == mailer.CampaignRunning {
			err = errors.Join(err, r.TakeIn(ctx, c))
		}
	}
	return err
}

// upToDate refuses to take in people under a text that leaves out a purpose which
// the activity has now: they would never be told of it (14(4)).
func (r *Releases) upToDate(ctx context.Context, c mailer.Campaign) error {
	content, err := r.Campaigns.Content(ctx, c.ContentVersionID)
	if err != nil {
		return err
	}
	bound, err := r.Registers.Version(ctx, content.RegisterVersionID)
	if err != nil {
		return err
	}
	_, now, err := r.register(ctx)
	if err != nil {
		return err
	}
	for _, p := range plan.NewPurposes(bound, now) {
		if p.Activity == c.ActivityKey {
			return fmt.Errorf("standing campaign %q takes nobody in: its approved text does not tell of purpose %q; cancel it, then create and approve a new one", c.Key, p.Key)
		}
	}
	return nil
}

func (r *Releases) place(ctx context.Context, c mailer.Campaign, failedOnly bool, after mailer.ID, keepPosition bool, progress func(int64)) error {
	content, err := r.Campaigns.Content(ctx, c.ContentVersionID)
	if err != nil {
		return err
	}
	reg, err := r.Registers.Version(ctx, content.RegisterVersionID)
	if err != nil {
		return err
	}
	p, err := r.placer(c, reg, &content)
	if err != nil {
		return err
	}
	p.Again = failedOnly
	var placed int64
	return r.walk(ctx, c, failedOnly, after, func(chunk []mailer.Candidate, last mailer.ID) error {
		var pls []mailer.Placement
		for _, cand := range chunk {
			if pl, _, ok := p.Decide(cand); ok {
				pls = append(pls, pl)
			}
		}
		position := mailer.ID{}
		if keepPosition {
			position = last
		}
		if err := r.Campaigns.Place(ctx, r.Controller, c, pls, position, r.Now()); err != nil {
			return err
		}
		placed += int64(len(pls))
		if progress != nil {
			progress(placed)
		}
		return nil
	})
}

func (r *Releases) placer(c mailer.Campaign, reg *mailer.Register, content *mailer.ContentVersion) (plan.Placer, error) {
	activity, ok := reg.Activity(c.ActivityKey)
	if !ok {
		return plan.Placer{}, fmt.Errorf("the register declares no activity %q any more; it declares %s", c.ActivityKey, activityKeys(reg))
	}
	have := r.Composer.Languages()
	p := plan.Placer{
		Register: reg, Activity: activity, Filter: c.Filter, Now: r.Now(),
		Available: func(l string) bool { return slices.Contains(have, l) },
	}
	if content != nil {
		p.ContentID, p.Content = content.ID, map[mailer.SkeletonKey][]byte{}
		for _, s := range content.Skeletons {
			p.Content[s.Key] = s.Hash
		}
	}
	return p, nil
}

// walk goes through a campaign's candidates in the order of their ids.
func (r *Releases) walk(ctx context.Context, c mailer.Campaign, failedOnly bool, after mailer.ID, each func(chunk []mailer.Candidate, last mailer.ID) error) error {
	limit := r.Chunk
	if limit == 0 {
		limit = 1000
	}
	for {
		chunk, err := r.Campaigns.Candidates(ctx, r.Controller, c, failedOnly, after, limit, r.Now())
		if err != nil || len(chunk) == 0 {
			return err
		}
		after = chunk[len(chunk)-1].Contact.ID
		if err := each(chunk, after); err != nil {
			return err
		}
	}
}
