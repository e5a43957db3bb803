package postgres

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
)

var _ campaign.AllowanceStore = (*Store)(nil)

// allowanceRow is a row of campaign_allowance.
type allowanceRow struct {
	CampaignID  mailer.ID            `db:"campaign_id"`
	Daily       int                  `db:"daily"`
	Day         instant              `db:"day"`
	Today       int                  `db:"today"`
	Canary      int                  `db:"canary"`
	CanaryLeft  int                  `db:"canary_left"`
	CanaryWait  int64                `db:"canary_wait"` // seconds
	CanaryShare float64              `db:"canary_share"`
	CanaryState campaign.CanaryState `db:"canary_state"`
	CanaryAt    instant              `db:"canary_at"`
}

func (r allowanceRow) allowance() campaign.Allowance {
	return campaign.Allowance{Daily: r.Daily, Day: r.Day.Time, Today: r.Today,
		Canary: campaign.Canary{People: r.Canary, Left: r.CanaryLeft, Wait: time.Duration(r.CanaryWait) * time.Second,
			Share: r.CanaryShare, State: r.CanaryState, At: r.CanaryAt.Time}}
}

// Allowance is what a campaign may tell; without one on record there is no limit.
func (s *Store) Allowance(ctx context.Context, campaign mailer.ID) (campaign.Allowance, error) {
	var r allowanceRow
	err := s.read(ctx, func(t tx) error {
		_, err := t.one(ctx, &r, "allowance", campaign)
		return err
	})
	return r.allowance(), err
}

// SetCanary has a campaign begin with one.
func (s *Store) SetCanary(ctx context.Context, controller, campaign mailer.ID, c campaign.Canary) error {
	return s.write(ctx, func(t tx) error {
		state, err := t.lockCampaign(ctx, controller, campaign)
		if err == nil && !slices.Contains([]mailer.CampaignState{mailer.CampaignDraft, mailer.CampaignFreezing, mailer.CampaignApproved}, state) {
			err = mailer.ErrCampaignState
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, "allowance_canary", campaign, c.People, c.Left, int64(c.Wait/time.Second), c.Share, string(c.State), c.At)
		return err
	})
}

// SetDaily changes how many people a day a campaign tells.
func (s *Store) SetDaily(ctx context.Context, controller, campaign mailer.ID, people int, day time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.lockCampaign(ctx, controller, campaign); err != nil {
			return err
		}
		_, err := t.exec(ctx, "allowance_daily", campaign, people, day)
		return err
	})
}

// RollDays begins a day for the campaigns and classes that count theirs.
func (s *Store) RollDays(ctx context.Context, controller mailer.ID, day time.Time) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "allowance_roll", controller, day, day.Add(25*time.Hour)); err != nil {
			return err
		}
		_, err := t.exec(ctx, "class_roll", controller, day, day.Add(25*time.Hour))
		return err
	})
}

// Canaries are those of running campaigns that are sending or waiting.
func (s *Store) Canaries(ctx context.Context, controller mailer.ID) (out []campaign.RunningCanary, err error) {
	var rows []struct {
		allowanceRow
		Key string `db:"key"`
	}
	err = s.read(ctx, func(t tx) error { return t.all(ctx, &rows, "canaries", controller) })
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		counts, err := s.CampaignCounts(ctx, r.CampaignID)
		if err != nil {
			return nil, err
		}
		if err := s.mailAlone(ctx, r.CampaignID, counts); err != nil {
			return nil, err
		}
		out = append(out, campaign.RunningCanary{CampaignID: r.CampaignID, Key: r.Key, Canary: r.allowance().Canary, Counts: counts})
	}
	return out, nil
}

// mailAlone takes letters and calls out of a campaign's counts: a batch that lies on a desk
// is nothing that a canary waits for, and what comes back by post, or a number that is
// wrong, says nothing of mail.
func (s *Store) mailAlone(ctx context.Context, campaign mailer.ID, counts map[mailer.DeliveryState]int64) error {
	return s.read(ctx, func(t tx) error {
		for _, name := range []string{"canary_letters", "canary_calls"} {
			var byHand []struct {
				State mailer.DeliveryState `db:"state"`
				N     int64                `db:"n"`
			}
			if err := t.all(ctx, &byHand, name, campaign); err != nil {
				return err
			}
			for _, r := range byHand {
				counts[r.State] -= r.N
			}
		}
		return nil
	})
}

// MoveCanary takes a canary of a running campaign to another state.
func (s *Store) MoveCanary(ctx context.Context, controller, campaign mailer.ID, from, to campaign.CanaryState, now time.Time) (moved bool, err error) {
	err = s.write(ctx, func(t tx) error {
		state, err := t.lockCampaign(ctx, controller, campaign)
		if err != nil || state != mailer.CampaignRunning {
			return err
		}
		var key string
		if moved, err = t.one(ctx, &key, "canary_move", campaign, string(from), string(to), now); err != nil || !moved {
			return err
		}
		if err := t.followCanary(ctx, controller, campaign, to, now); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, "article14", "campaign.canary." + string(to), key, nil})
	})
	return moved, err
}

// followCanary does to a campaign's lanes what the new state of its canary asks.
func (t tx) followCanary(ctx context.Context, controller, campaignID mailer.ID, to campaign.CanaryState, now time.Time) (err error) {
	switch to {
	case campaign.CanaryWaiting:
		_, err = t.exec(ctx, "canary_hold", campaignID, deliver.HeldByCanary)
	case campaign.CanaryPassed:
		_, err = t.exec(ctx, "canary_open", campaignID, deliver.HeldByCanary)
	case campaign.CanaryFailed:
		counts := tally{}
		if err := t.raise(ctx, []alertRow{{mailer.NewID(now), controller, mailer.AlertCanaryFailed, campaignID.String(), "", now}}, counts); err != nil {
			return err
		}
		err = counts.note(ctx, t, time.Time{})
	}
	return err
}

// allowances locks what limited campaigns may tell, as far as nobody else has it locked.
func (c *claiming) allowances(ctx context.Context) (map[mailer.ID]campaign.Allowance, error) {
	if len(c.limited) == 0 {
		return nil, nil
	}
	var rows []allowanceRow
	err := c.all(ctx, &rows, "claim_allowances", uuids(c.limited))
	out := make(map[mailer.ID]campaign.Allowance, len(rows))
	for _, r := range rows {
		out[r.CampaignID] = r.allowance()
	}
	return out, err
}

// chargeAllowances counts the people of limited campaigns whom a claim took for the
// first time.
func (c *claiming) chargeAllowances(ctx context.Context, taken []claimedRow) error {
	people := map[mailer.ID]int{}
	for _, r := range taken {
		if campaign := c.campaigns[r.Lane]; r.Attempts == 0 && slices.Contains(c.limited, campaign) {
			people[campaign]++
		}
	}
	if len(people) == 0 {
		return nil
	}
	campaigns := slices.Collect(maps.Keys(people))
	_, err := c.exec(ctx, "claim_charge_allowances", uuids(campaigns), intColumn(campaigns, func(id mailer.ID) int { return people[id] }))
	return err
}

// givenBack is a delivery that left its claim without an end.
type givenBack struct {
	deliveryMove
	Attempts int       `db:"attempts"`
	ClaimID  mailer.ID `db:"claim_id"`
}

// returnAllowances gives back the places of people who were claimed for the first
// time, and have had no attempt; and of attempts that were not made at all, in a class.
func (t tx) returnAllowances(ctx context.Context, moved []givenBack) error {
	type key struct{ campaign, claim mailer.ID }
	type classKey struct {
		controller mailer.ID
		class      string
		claim      mailer.ID
	}
	people, attempts := map[key]int{}, map[classKey]int{}
	for _, m := range moved {
		if m.To == mailer.Queued && listed(m.Class) != "" {
			attempts[classKey{m.ControllerID, m.Class, m.ClaimID}]++
		}
		if m.To == mailer.Queued && m.Attempts == 0 && !m.CampaignID.IsZero() {
			people[key{m.CampaignID, m.ClaimID}]++
		}
	}
	for k, n := range people {
		if _, err := t.exec(ctx, "allowance_return", k.campaign, n, k.claim.Time()); err != nil {
			return err
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(attempts), func(a, b classKey) int { return strings.Compare(a.class, b.class) }) {
		if _, err := t.exec(ctx, "class_return", k.controller, k.class, attempts[k], k.claim.Time()); err != nil {
			return err
		}
	}
	return nil
}
