package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
)

var _ campaign.Store = (*Store)(nil)
var _ mailer.SkeletonStore = (*Store)(nil)

// campaignRow is a row of campaign.
type campaignRow struct {
	ID             mailer.ID               `db:"id"`
	Key            string                  `db:"key"`
	Activity       string                  `db:"activity_key"`
	Kind           mailer.CampaignKind     `db:"kind"`
	Filter         document[mailer.Filter] `db:"filter"`
	State          mailer.CampaignState    `db:"state"`
	Pace           int                     `db:"pace"`
	CreatedAt      instant                 `db:"created_at"`
	CreatedBy      string                  `db:"created_by"`
	ContentID      mailer.ID               `db:"content_version_id"`
	ApprovedAt     instant                 `db:"approved_at"`
	ApprovedBy     string                  `db:"approved_by"`
	ApprovedPeople int64                   `db:"approved_people"`
	FrozenUntil    mailer.ID               `db:"frozen_until"`
	StartedAt      instant                 `db:"started_at"`
	EndedAt        instant                 `db:"ended_at"`
}

func (r campaignRow) campaign() mailer.Campaign {
	return mailer.Campaign{
		ID: r.ID, Key: r.Key, ActivityKey: r.Activity, Kind: r.Kind, Filter: r.Filter.v, State: r.State, Pace: r.Pace,
		CreatedAt: r.CreatedAt.Time, CreatedBy: r.CreatedBy, ContentVersionID: r.ContentID,
		ApprovedAt: r.ApprovedAt.Time, ApprovedBy: r.ApprovedBy, ApprovedPeople: r.ApprovedPeople,
		FrozenUntil: r.FrozenUntil, StartedAt: r.StartedAt.Time, EndedAt: r.EndedAt.Time,
	}
}

// CreateCampaign stores a draft. Its key is new to its controller.
func (s *Store) CreateCampaign(ctx context.Context, controller mailer.ID, c mailer.Campaign) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "campaign_add", c.ID, controller, c.Key, c.ActivityKey, string(c.Kind), records{c.Filter}, string(c.State), c.Pace, c.CreatedAt, c.CreatedBy)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("there is a campaign %q already: give this one another key", c.Key)
		}
		return t.audit(ctx, entry{controller, c.CreatedAt, c.CreatedBy, "campaign.create", c.Key, nil})
	})
}

// Campaign finds one by key, or fails with ErrNoCampaign.
func (s *Store) Campaign(ctx context.Context, controller mailer.ID, key string) (c mailer.Campaign, err error) {
	cs, err := s.campaigns(ctx, controller, key)
	if err != nil || len(cs) == 0 {
		return c, cmp.Or(err, mailer.ErrNoCampaign)
	}
	return cs[0], nil
}

// Campaigns lists them, the oldest first.
func (s *Store) Campaigns(ctx context.Context, controller mailer.ID) ([]mailer.Campaign, error) {
	return s.campaigns(ctx, controller, "")
}

// campaigns lists those with a key, or all.
func (s *Store) campaigns(ctx context.Context, controller mailer.ID, key string) (cs []mailer.Campaign, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []campaignRow
		err := t.all(ctx, &rows, "campaigns", controller, key)
		for _, r := range rows {
			cs = append(cs, r.campaign())
		}
		return err
	})
	return cs, err
}

// skeletonRow is a row of content_version_skeleton with its skeleton.
type skeletonRow struct {
	Document  mailer.Document `db:"document" json:"document"`
	Languages string          `db:"languages" json:"languages"`
	Form      string          `db:"form" json:"form"`
	Hash      []byte          `db:"hash" json:"hash"`
	Body      []byte          `db:"body" json:"body"`
}

func (r skeletonRow) key() mailer.SkeletonKey {
	return mailer.SkeletonKey{Document: r.Document, Languages: r.Languages, Form: r.Form}
}

// SaveContent stores a content version with its skeletons. Where the same hash
// is there already, that version is returned.
func (s *Store) SaveContent(ctx context.Context, controller mailer.ID, v mailer.ContentVersion, now time.Time) (mailer.ContentVersion, error) {
	rows := make([]skeletonRow, len(v.Skeletons))
	for i, k := range v.Skeletons {
		rows[i] = skeletonRow{k.Key.Document, k.Key.Languages, k.Key.Form, k.Hash, k.Body}
	}
	err := s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "skeletons_add", records{rows}); err != nil {
			return err
		}
		n, err := t.exec(ctx, "content_add", v.ID, controller, v.Hash, v.ActivityKey, v.RegisterVersionID, now)
		if err != nil {
			return err
		}
		if n == 1 {
			_, err = t.exec(ctx, "content_skeletons_add", v.ID, records{rows})
			return err
		}
		_, err = t.one(ctx, &v.ID, "content_by_hash", controller, v.Hash)
		return err
	})
	if err != nil {
		return v, err
	}
	return s.Content(ctx, v.ID)
}

// Content gives a content version with its skeletons.
func (s *Store) Content(ctx context.Context, id mailer.ID) (v mailer.ContentVersion, err error) {
	var head struct {
		ID         mailer.ID `db:"id"`
		Hash       []byte    `db:"hash"`
		Activity   string    `db:"activity_key"`
		RegisterID mailer.ID `db:"register_version_id"`
	}
	var rows []skeletonRow
	err = s.read(ctx, func(t tx) error {
		found, err := t.one(ctx, &head, "content", id)
		if err == nil && !found {
			err = fmt.Errorf("no content version has the id %s", id)
		}
		if err != nil {
			return err
		}
		return t.all(ctx, &rows, "content_skeletons", id)
	})
	v = mailer.ContentVersion{ID: head.ID, Hash: head.Hash, ActivityKey: head.Activity, RegisterVersionID: head.RegisterID}
	for _, r := range rows {
		v.Skeletons = append(v.Skeletons, mailer.Skeleton{Key: r.key(), Hash: r.Hash, Body: r.Body})
	}
	return v, err
}

// Skeleton gives the bytes behind a hash.
func (s *Store) Skeleton(ctx context.Context, hash []byte) (body []byte, err error) {
	err = s.look(ctx, func(t tx) error {
		found, err := t.one(ctx, &body, "skeleton", hash)
		if err == nil && !found {
			err = fmt.Errorf("no skeleton has the hash %x", hash)
		}
		return err
	})
	return body, err
}

// Approve binds content and approval to a draft, and makes its closed lane.
func (s *Store) Approve(ctx context.Context, controller, campaign, content mailer.ID, people int64, by string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		var key string
		found, err := t.one(ctx, &key, "campaign_approve", controller, campaign, content, now, by, people)
		if err != nil {
			return err
		}
		if !found {
			return mailer.ErrCampaignState
		}
		if _, err := t.exec(ctx, "campaign_lane_add", controller, campaign); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "campaign.approve", key, map[string]any{"content": content.String(), "people": people}})
	})
}

// Move takes a campaign and its lanes to another state. What a cancelled one
// leaves in the queue is cancelled behind it, chunk by chunk; should that be
// broken off, FinishCampaigns goes on with it.
func (s *Store) Move(ctx context.Context, controller, campaign mailer.ID, from []mailer.CampaignState, to mailer.CampaignState, by string, now time.Time) error {
	err := s.write(ctx, func(t tx) error { return t.moveCampaign(ctx, controller, campaign, from, to, by, now) })
	if err != nil || to != mailer.CampaignCancelled {
		return err
	}
	return s.cancelQueued(ctx, campaign, now, math.MaxInt)
}

func (t tx) moveCampaign(ctx context.Context, controller, campaign mailer.ID, from []mailer.CampaignState, to mailer.CampaignState, by string, now time.Time) error {
	state, err := t.lockCampaign(ctx, controller, campaign)
	if err != nil {
		return err
	}
	if !slices.Contains(from, state) {
		return mailer.ErrCampaignState
	}
	if state == mailer.CampaignRunning && to == state { // only one that is held goes on
		var held int
		if _, err := t.one(ctx, &held, "campaign_held", campaign); err != nil {
			return err
		}
		if held == 0 {
			return mailer.ErrCampaignState
		}
	}
	if to == mailer.CampaignRunning { // before the lanes are locked, as whoever notes attempts does
		if _, err := t.exec(ctx, "standing_forget", campaign); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "canary_override", campaign, now); err != nil {
			return err
		}
	}
	var key string
	if _, err := t.one(ctx, &key, "campaign_move", campaign, string(to), now); err != nil {
		return err
	}
	if lane, named := mailer.LaneStates[to]; named {
		if _, err := t.exec(ctx, "campaign_lanes_move", campaign, string(lane)); err != nil {
			return err
		}
	}
	return t.audit(ctx, entry{controller, now, by, "campaign." + string(to), key, map[string]any{"from": state}})
}

// lockCampaign keeps a campaign in its state until the transaction ends.
func (t tx) lockCampaign(ctx context.Context, controller, campaign mailer.ID) (state mailer.CampaignState, err error) {
	found, err := t.one(ctx, &state, "campaign_lock", controller, campaign)
	if err == nil && !found {
		err = mailer.ErrNoCampaign
	}
	return state, err
}

const (
	// cancelAtOnce bounds how many deliveries one transaction cancels.
	cancelAtOnce = 1000
	// cancelARound is how many such transactions a worker makes before it looks after
	// other things again: a cancellation of millions that was broken off takes minutes.
	cancelARound = 5
)

// cancelQueued cancels what a cancelled campaign still has in the queue. Rows
// that a worker has in its hands are left to a later round, and those with an
// uncertain attempt to a person: their duties stay in flight (E5).
func (s *Store) cancelQueued(ctx context.Context, campaign mailer.ID, now time.Time, chunks int) error {
	for range chunks {
		var moved []deliveryMove
		err := s.work(ctx, func(t tx) error {
			if err := t.all(ctx, &moved, "campaign_cancel_deliveries", campaign, cancelAtOnce, now); err != nil {
				return err
			}
			counts := tally{}
			ends := make([]dutyEnd, len(moved))
			for i, m := range moved {
				counts.delivery(m)
				ends[i] = dutyEnd{ContactID: m.ContactID, DeliveryID: m.ID, To: mailer.DutyOpen, Why: "cancelled", At: now}
			}
			if err := t.endDuties(ctx, ends, counts); err != nil {
				return err
			}
			return counts.note(ctx, t, time.Time{})
		})
		if err != nil || len(moved) == 0 {
			return err
		}
	}
	return nil
}

// SetPace sets how many notices a second a campaign may send; 0 is as the relay bears.
func (s *Store) SetPace(ctx context.Context, controller, campaign mailer.ID, pace int) error {
	if pace < 0 {
		return errors.New("a pace is a number of notices a second, 0 for as many as the relay bears")
	}
	return s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "campaign_pace", controller, campaign, pace)
		if err == nil && n == 0 {
			err = mailer.ErrNoCampaign
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, "campaign_lanes_pace", campaign, pace)
		return err
	})
}

// CampaignCounts gives the number of a campaign's deliveries by state.
func (s *Store) CampaignCounts(ctx context.Context, campaign mailer.ID) (map[mailer.DeliveryState]int64, error) {
	out := map[mailer.DeliveryState]int64{}
	err := s.read(ctx, func(t tx) error {
		var rows []struct {
			State mailer.DeliveryState `db:"state"`
			N     int64                `db:"n"`
		}
		err := t.all(ctx, &rows, "campaign_counts", campaign)
		for _, r := range rows {
			out[r.State] = r.N
		}
		return err
	})
	return out, err
}
