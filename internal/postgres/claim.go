package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

var _ mailer.Queue = (*Store)(nil)

// claimRounds bounds how often one claim asks again for what others left over.
const claimRounds = 4

// claimedRow is a delivery that was taken out of the queue.
type claimedRow struct {
	deliveryMove
	Lane         int64     `db:"lane"`
	Late         bool      `db:"late"`
	Address      string    `db:"address"`
	AddressHash  []byte    `db:"address_hash"`
	AddressKeyID string    `db:"address_key"`
	ContentID    mailer.ID `db:"content_version_id"`
	Form         string    `db:"form"`
	SkeletonHash []byte    `db:"skeleton_hash"`
	Code         string    `db:"code"`
	DueAt        instant   `db:"due_at"`
	CreatedAt    instant   `db:"created_at"`
	Attempts     int       `db:"attempts"`
}

// Claim takes up to limit deliveries of open lanes.
//
// Those still on time have what they need of it, in every lane; the rest goes to
// the lanes in equal parts, and within each to both streams (still on time,
// overdue: D7, pacing.Share). What one leaves over goes to the others, in further
// rounds. Nobody waits for anybody: rows and paced lanes that another worker has
// in its hands are passed over.
func (s *Store) Claim(ctx context.Context, controller, claim mailer.ID, limit int, now time.Time, lease time.Duration) (jobs []mailer.Job, err error) {
	needs, err := s.needs.of(ctx, s, controller, now)
	if err != nil {
		return nil, err
	}
	err = s.work(ctx, func(t tx) error {
		lanes, err := t.openLanes(ctx, controller, claim, limit, now)
		if err != nil {
			return err
		}
		for _, l := range lanes {
			l.Need = needs[l.Lane]
		}
		taken, suppressed, err := t.take(ctx, controller, claim, lanes, limit, now, now.Add(lease))
		if err != nil {
			return err
		}
		if err := t.chargePace(ctx, lanes, now); err != nil {
			return err
		}
		if err := t.noteClaim(ctx, taken, suppressed, now); err != nil {
			return err
		}
		jobs, err = t.jobs(ctx, controller, taken, claim, now.Add(lease))
		return err
	})
	return jobs, err
}

// take asks the lanes in rounds until the batch is full or they are dry.
func (t tx) take(ctx context.Context, controller, claim mailer.ID, lanes []*pacing.LaneTurn, limit int, now, leaseUntil time.Time) (taken, suppressed []claimedRow, err error) {
	for range claimRounds {
		asked := pacing.Share(lanes, limit-len(taken), float64(claim[15])/256)
		if len(asked) == 0 {
			break
		}
		var rows []claimedRow
		if err := t.all(ctx, &rows, "claim", controller, claim, now, leaseUntil, records{asked}, largest(asked), inAll(asked)); err != nil {
			return nil, nil, err
		}
		got := map[int64]pacing.Given{}
		for _, r := range rows {
			g := got[r.Lane]
			if r.Late {
				g.Late++
			} else {
				g.OnTime++
			}
			if r.To == mailer.Suppressed {
				suppressed = append(suppressed, r)
			} else {
				taken = append(taken, r)
				g.Sending++
			}
			got[r.Lane] = g
		}
		for _, l := range lanes {
			l.Served(asked, got[l.Lane])
		}
	}
	return taken, suppressed, nil
}

// noteClaim counts what was claimed, and fails the duties of what was
// suppressed, so that another channel is looked for (E3).
func (t tx) noteClaim(ctx context.Context, taken, suppressed []claimedRow, now time.Time) error {
	counts := tally{}
	for _, r := range taken {
		counts.delivery(r.deliveryMove)
	}
	var ends []dutyEnd
	for _, r := range suppressed {
		counts.delivery(r.deliveryMove)
		ends = append(ends, dutyEnd{ContactID: r.ContactID, DeliveryID: r.ID, To: mailer.DutyFailed, Reason: mailer.BlockAddressDead, At: now})
	}
	if err := t.endDuties(ctx, ends, counts); err != nil {
		return err
	}
	return counts.note(ctx, t, time.Time{})
}

// jobs gives claimed deliveries all that composing and sending needs.
func (t tx) jobs(ctx context.Context, controller mailer.ID, taken []claimedRow, claim mailer.ID, leaseUntil time.Time) ([]mailer.Job, error) {
	if len(taken) == 0 {
		return nil, nil
	}
	contents, err := t.contentsOf(ctx, taken)
	if err != nil {
		return nil, err
	}
	people, err := t.recipients(ctx, controller, taken)
	if err != nil {
		return nil, err
	}
	sent, err := t.sentBefore(ctx, taken)
	if err != nil {
		return nil, err
	}
	out := make([]mailer.Job, len(taken))
	for i, r := range taken {
		p, content, before := people[r.ContactID], contents[r.ContentID], sent[r.ID]
		out[i] = mailer.Job{
			ContactID: r.ContactID, DeliveryID: r.ID, ControllerID: r.ControllerID, CampaignID: r.CampaignID, Lane: r.Lane,
			Document: r.Document, To: r.Address, AddressHash: r.AddressHash, AddressKeyID: r.AddressKeyID,
			Languages: r.Languages, Form: r.Form, ActivityKey: content.Activity, RegisterID: content.Register,
			SkeletonHash: r.SkeletonHash, Code: r.Code, DueAt: r.DueAt.Time, CreatedAt: r.CreatedAt.Time,
			ClaimID: claim, LeaseUntil: leaseUntil.UTC(), Attempts: r.Attempts,
			ComposedAt: before.ComposedAt.Time, Slots: before.Slots.v, SHA256: before.SHA256,
			Facts: mailer.NoticeFacts{Contact: p.contact, Acquisitions: p.firstAcquisitions(content.Activity), Duties: p.told[r.ID]},
		}
	}
	return out, nil
}

// contentRow is what a job needs of a content version.
type contentRow struct {
	ID       mailer.ID `db:"id"`
	Activity string    `db:"activity_key"`
	Register mailer.ID `db:"register_version_id"`
}

// contentsOf loads the content versions behind claimed deliveries, which are few.
func (t tx) contentsOf(ctx context.Context, taken []claimedRow) (map[mailer.ID]contentRow, error) {
	out := map[mailer.ID]contentRow{}
	for _, r := range taken {
		out[r.ContentID] = contentRow{}
	}
	var rows []contentRow
	err := t.all(ctx, &rows, "claim_contents", uuids(slices.Collect(maps.Keys(out))))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, err
}

// recipient is a person with the duties that each of their claimed deliveries discharges.
type recipient struct {
	person
	told map[mailer.ID][]mailer.Duty // by delivery, the earliest deadline first
}

// recipients load the people behind claimed deliveries: what a notice is made
// from, and no more. Their addresses came with the claim.
func (t tx) recipients(ctx context.Context, controller mailer.ID, taken []claimedRow) (map[mailer.ID]*recipient, error) {
	var (
		contacts     []contactRow
		acquisitions []acquisitionRow
		duties       []struct {
			dutyRow
			DeliveryID mailer.ID `db:"delivery_id"`
		}
	)
	ids := idColumn(taken, func(r claimedRow) mailer.ID { return r.ContactID })
	if err := t.all(ctx, &contacts, "people_contacts", controller, ids); err != nil {
		return nil, err
	}
	if err := t.all(ctx, &acquisitions, "people_acquisitions", controller, ids); err != nil {
		return nil, err
	}
	if err := t.all(ctx, &duties, "claim_duties", ids, idColumn(taken, func(r claimedRow) mailer.ID { return r.ID })); err != nil {
		return nil, err
	}
	out := make(map[mailer.ID]*recipient, len(contacts))
	for _, r := range contacts {
		out[r.ID] = &recipient{person{contact: r.contact()}, map[mailer.ID][]mailer.Duty{}}
	}
	for _, r := range acquisitions {
		out[r.ContactID].acquisitions = append(out[r.ContactID].acquisitions, r.acquisition())
	}
	for _, r := range duties {
		told := out[r.ContactID].told
		told[r.DeliveryID] = append(told[r.DeliveryID], r.duty())
	}
	return out, nil
}

// sentRow is what went out in earlier attempts of a delivery.
type sentRow struct {
	DeliveryID mailer.ID              `db:"delivery_id"`
	ComposedAt instant                `db:"composed_at"`
	SHA256     []byte                 `db:"sha256"`
	Slots      document[mailer.Slots] `db:"slots"`
}

// sentBefore loads it, for those that have had attempts.
func (t tx) sentBefore(ctx context.Context, taken []claimedRow) (map[mailer.ID]sentRow, error) {
	again := slices.DeleteFunc(slices.Clone(taken), func(r claimedRow) bool { return r.Attempts == 0 })
	if len(again) == 0 {
		return nil, nil
	}
	var rows []sentRow
	err := t.all(ctx, &rows, "claim_messages", idColumn(again, func(r claimedRow) mailer.ID { return r.ContactID }),
		idColumn(again, func(r claimedRow) mailer.ID { return r.ID }))
	out := make(map[mailer.ID]sentRow, len(rows))
	for _, r := range rows {
		out[r.DeliveryID] = r
	}
	return out, err
}
