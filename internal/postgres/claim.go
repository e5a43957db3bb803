package postgres

import (
	"context"
	"time"

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
	IdentifierID mailer.ID `db:"identifier_id"`
	ContentID    mailer.ID `db:"content_version_id"`
	Form         string    `db:"form"`
	SkeletonHash []byte    `db:"skeleton_hash"`
	Code         string    `db:"code"`
	DueAt        instant   `db:"due_at"`
	CreatedAt    instant   `db:"created_at"`
	Attempts     int       `db:"attempts"`
	ComposedAt   instant   `db:"composed_at"`
}

// Claim takes up to limit deliveries of open lanes.
//
// Those still on time have what they need of it, in every lane; the rest goes to
// the lanes in equal parts, and within each to both streams (still on time,
// overdue: D7, mailer.Share). What one leaves over goes to the others, in further
// rounds. Nobody waits for anybody: rows and paced lanes that another worker has
// in its hands are passed over.
func (s *Store) Claim(ctx context.Context, controller, claim mailer.ID, limit int, now time.Time, lease time.Duration) (jobs []mailer.Job, err error) {
	needs, err := s.needs.of(ctx, s, controller, now)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(t tx) error {
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
func (t tx) take(ctx context.Context, controller, claim mailer.ID, lanes []*mailer.LaneTurn, limit int, now, leaseUntil time.Time) (taken, suppressed []claimedRow, err error) {
	for range claimRounds {
		asked := mailer.Share(lanes, limit-len(taken), float64(claim[15])/256)
		if len(asked) == 0 {
			break
		}
		var rows []claimedRow
		if err := t.all(ctx, &rows, "claim", controller, claim, now, leaseUntil, records{asked}, largest(asked)); err != nil {
			return nil, nil, err
		}
		got := map[int64]mailer.Given{}
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
	contacts := make([]mailer.ID, len(taken))
	deliveries := make([]mailer.ID, len(taken))
	for i, r := range taken {
		contacts[i], deliveries[i] = r.ContactID, r.ID
	}
	people, err := t.people(ctx, controller, contacts)
	if err != nil {
		return nil, err
	}
	parts, err := t.deliveryParts(ctx, contacts, deliveries)
	if err != nil {
		return nil, err
	}
	out := make([]mailer.Job, len(taken))
	for i, r := range taken {
		p, part := people[r.ContactID], parts[r.ID]
		to := p.identifier(r.IdentifierID)
		out[i] = mailer.Job{
			ContactID: r.ContactID, DeliveryID: r.ID, ControllerID: r.ControllerID, CampaignID: r.CampaignID, Lane: r.Lane,
			Document: r.Document, To: to.Value, AddressHash: to.Hash, AddressKeyID: to.KeyID,
			Languages: r.Languages, Form: r.Form, ActivityKey: part.Activity, RegisterID: part.Register,
			SkeletonHash: r.SkeletonHash, Code: r.Code, DueAt: r.DueAt.Time, CreatedAt: r.CreatedAt.Time,
			ClaimID: claim, LeaseUntil: leaseUntil.UTC(), Attempts: r.Attempts,
			ComposedAt: r.ComposedAt.Time, Slots: part.Slots.v, SHA256: part.SHA256, Facts: p.facts(part),
		}
	}
	return out, nil
}

// partsRow is what belongs to a delivery in other tables.
type partsRow struct {
	ID       mailer.ID              `db:"id"`
	Activity string                 `db:"activity_key"`
	Register mailer.ID              `db:"register_version_id"`
	Duties   idList                 `db:"duties"`
	SHA256   []byte                 `db:"sha256"` // of the bytes that went out; nil before the first attempt
	Slots    document[mailer.Slots] `db:"slots"`  // what was put in then
}

// deliveryParts loads them for deliveries.
func (t tx) deliveryParts(ctx context.Context, contacts, deliveries []mailer.ID) (map[mailer.ID]partsRow, error) {
	var rows []partsRow
	err := t.all(ctx, &rows, "delivery_parts", uuids(contacts), uuids(deliveries))
	out := make(map[mailer.ID]partsRow, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, err
}

// facts are what a person's values are drawn from. Duties that no longer exist
// are not among them.
func (p *person) facts(d partsRow) mailer.NoticeFacts {
	return mailer.NoticeFacts{Contact: p.contact, Acquisitions: p.firstAcquisitions(d.Activity), Duties: p.dutiesIn(d.Duties)}
}

func (p *person) identifier(id mailer.ID) mailer.Identifier {
	for _, i := range p.identifiers {
		if i.ID == id {
			return i
		}
	}
	return mailer.Identifier{}
}
