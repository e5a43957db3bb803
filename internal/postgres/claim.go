package postgres

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
)

var _ deliver.Queue = (*Store)(nil)

// claimRounds bounds how often one claim asks again for what others left over.
const claimRounds = 4

// claimedRow is a delivery that was taken out of the queue.
type claimedRow struct {
	Place           place           `db:"place"`
	ContactID       mailer.ID       `db:"contact_id"`
	ID              mailer.ID       `db:"id"`
	Lane            int64           `db:"lane"`
	Late            bool            `db:"late"`
	Suppressed      bool            `db:"suppressed"`
	Document        mailer.Document `db:"document"`
	Languages       string          `db:"languages"`
	Form            string          `db:"form"`
	ContentID       mailer.ID       `db:"content_version_id"`
	SkeletonHash    []byte          `db:"skeleton_hash"`
	Code            string          `db:"code"`
	DueAt           instant         `db:"due_at"`
	CreatedAt       instant         `db:"created_at"`
	Attempts        int             `db:"attempts"`
	Name            string          `db:"name"`
	Country         string          `db:"country"`
	Region          string          `db:"region"`
	FirstObtainedAt instant         `db:"first_obtained_at"`
	Address         string          `db:"address"`
	AddressHash     []byte          `db:"address_hash"`
	AddressKeyID    string          `db:"address_key"`
}

func contactOf(r claimedRow) mailer.ID  { return r.ContactID }
func deliveryOf(r claimedRow) mailer.ID { return r.ID }

// claiming is one claim under way.
type claiming struct {
	tx
	controller, id  mailer.ID
	limit           int
	now, leaseUntil time.Time
	lanes           []*pacing.LaneTurn
	limits          limits
	limited         []mailer.ID         // campaigns with an allowance in force
	campaigns       map[int64]mailer.ID // of the lanes; none: correspondence
	classes         map[int64]string    // of the lanes
	book            campaign.ClassBook
	places          map[mailer.ID]rowPlaces
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
	var c *claiming
	err = s.work(ctx, func(t tx) error {
		c = &claiming{tx: t, controller: controller, id: claim, limit: limit, now: now, leaseUntil: now.Add(lease)}
		if err := c.openLanes(ctx, &s.classes); err != nil {
			return err
		}
		for _, l := range c.lanes {
			l.Need = needs[l.Lane]
		}
		taken, suppressed, err := c.take(ctx)
		if err != nil {
			return err
		}
		if err := c.note(ctx, taken, suppressed); err != nil {
			return err
		}
		jobs, err = c.jobs(ctx, taken, &s.contents)
		return err
	})
	if err == nil {
		s.places.note(c.places)
	}
	return jobs, err
}

// take asks the lanes in rounds until the batch is full or they are dry.
func (c *claiming) take(ctx context.Context) (taken, suppressed []claimedRow, err error) {
	for range claimRounds {
		asked := pacing.Share(c.lanes, c.limit-len(taken), c.toss())
		if len(asked) == 0 {
			break
		}
		var rows []claimedRow
		if err := c.all(ctx, &rows, "claim", c.controller, c.id, c.now, records{asked}, largest(asked), inAll(asked)); err != nil {
			return nil, nil, err
		}
		got := map[int64]pacing.Given{}
		var astray []claimedRow
		for _, r := range rows {
			g := got[r.Lane]
			if r.Late {
				g.Late++
			} else {
				g.OnTime++
			}
			switch {
			case r.Suppressed:
				suppressed = append(suppressed, r)
			case c.astray(r):
				astray = append(astray, r)
			default:
				taken = append(taken, r)
				g.Sending++
			}
			got[r.Lane] = g
		}
		for _, l := range c.lanes {
			l.Served(asked, got[l.Lane])
		}
		if err := c.sendHome(ctx, astray); err != nil {
			return nil, nil, err
		}
	}
	return taken, suppressed, nil
}

// toss is another one for each claim, see pacing.Share: the end of its id is random.
func (c *claiming) toss() float64 {
	return float64(binary.BigEndian.Uint32(c.id[len(c.id)-4:])) / (1 << 32)
}

// note writes the claim down, counts what was taken, charges the paces, and fails the
// duties of what was suppressed, so that another channel is looked for (E3).
func (c *claiming) note(ctx context.Context, taken, suppressed []claimedRow) error {
	if len(taken) > 0 {
		if _, err := c.exec(ctx, "claim_note", c.id, c.controller, c.leaseUntil, len(taken), idColumn(taken, contactOf), idColumn(taken, deliveryOf)); err != nil {
			return err
		}
	}
	if err := c.chargePace(ctx); err != nil {
		return err
	}
	if err := c.chargeClasses(ctx); err != nil {
		return err
	}
	if err := c.chargeAllowances(ctx, taken); err != nil {
		return err
	}
	counts := tally{}
	for _, r := range taken {
		counts.delivery(c.move(r, mailer.Sending))
	}
	var ends []dutyEnd
	for _, r := range suppressed {
		counts.delivery(c.move(r, mailer.Suppressed))
		ends = append(ends, dutyEnd{ContactID: r.ContactID, DeliveryID: r.ID, To: mailer.DutyFailed, Reason: mailer.BlockAddressDead, At: c.now})
	}
	if err := c.endDuties(ctx, ends, counts); err != nil {
		return err
	}
	return counts.note(ctx, c.tx, time.Time{})
}

func (c *claiming) move(r claimedRow, to mailer.DeliveryState) deliveryMove {
	return deliveryMove{r.ContactID, r.ID, c.controller, c.campaigns[r.Lane], r.Document, r.Languages, mailer.Queued, to, c.classes[r.Lane]}
}

// jobs gives claimed deliveries all that composing and sending needs.
func (c *claiming) jobs(ctx context.Context, taken []claimedRow, contents *contentCache) ([]mailer.Job, error) {
	if len(taken) == 0 {
		return nil, nil
	}
	known, err := contents.of(ctx, c.tx, taken)
	if err != nil {
		return nil, err
	}
	out := make([]mailer.Job, len(taken))
	for i, r := range taken {
		content := known[r.ContentID]
		out[i] = mailer.Job{
			ContactID: r.ContactID, DeliveryID: r.ID, ControllerID: c.controller, CampaignID: c.campaigns[r.Lane], Lane: r.Lane,
			Document: r.Document, To: r.Address, AddressHash: r.AddressHash, AddressKeyID: r.AddressKeyID,
			Languages: r.Languages, Form: r.Form, ActivityKey: content.Activity, RegisterID: content.Register,
			SkeletonHash: r.SkeletonHash, Code: r.Code, DueAt: r.DueAt.Time, CreatedAt: r.CreatedAt.Time,
			ClaimID: c.id, LeaseUntil: c.leaseUntil.UTC(), Attempts: r.Attempts,
			Facts: mailer.NoticeFacts{Contact: mailer.Contact{ID: r.ContactID, Name: r.Name, Country: r.Country, Region: r.Region, FirstObtainedAt: r.FirstObtainedAt.Time}},
		}
	}
	if err := c.sentBefore(ctx, out); err != nil {
		return nil, err
	}
	if err := c.planned(ctx, out); err != nil {
		return nil, err
	}
	return out, c.facts(ctx, taken, out)
}

// facts loads what the notices of a claim say of acquisitions and duties.
func (c *claiming) facts(ctx context.Context, taken []claimedRow, jobs []mailer.Job) error {
	var acquisitions []struct {
		N int `db:"n"` // of the delivery, from 1
		acquisitionRow
	}
	var duties []struct {
		N      int     `db:"n"`
		Place  place   `db:"place"`
		ReadAt instant `db:"read_at"`
		dutyRow
	}
	contacts := idColumn(taken, contactOf)
	if err := c.all(ctx, &acquisitions, "claim_acquisitions", contacts); err != nil {
		return err
	}
	if err := c.all(ctx, &duties, "claim_duties", contacts, idColumn(taken, deliveryOf)); err != nil {
		return err
	}
	for _, r := range acquisitions {
		f := &jobs[r.N-1].Facts
		f.Acquisitions = append(f.Acquisitions, r.acquisition())
	}
	c.places = make(map[mailer.ID]rowPlaces, len(taken))
	for _, r := range taken {
		c.places[r.ID] = rowPlaces{delivery: r.Place}
	}
	for _, r := range duties {
		j := &jobs[r.N-1]
		p := c.places[j.DeliveryID]
		p.duties = append(p.duties, r.Place)
		c.places[j.DeliveryID] = p
		d := r.duty()
		d.ContactID, d.ActivityKey, d.DeliveryID = j.ContactID, j.ActivityKey, j.DeliveryID
		d.Due.Inputs.ReadAt = r.ReadAt.Time
		j.Facts.Duties = append(j.Facts.Duties, d)
	}
	for i := range jobs {
		f := &jobs[i].Facts
		slices.SortStableFunc(f.Duties, func(a, b mailer.Duty) int { return a.Due.At.Compare(b.Due.At) })
		f.Acquisitions = mailer.FirstAcquisitions(f.Acquisitions, jobs[i].ActivityKey)
	}
	return nil
}

// sentBefore loads what went out in earlier attempts, for those that had some.
func (c *claiming) sentBefore(ctx context.Context, jobs []mailer.Job) error {
	var again []*mailer.Job
	for i := range jobs {
		if jobs[i].Attempts > 0 {
			again = append(again, &jobs[i])
		}
	}
	if len(again) == 0 {
		return nil
	}
	var rows []struct {
		N          int                    `db:"n"` // in again, from 1
		ComposedAt instant                `db:"composed_at"`
		SHA256     []byte                 `db:"sha256"`
		Slots      document[mailer.Slots] `db:"slots"`
	}
	err := c.all(ctx, &rows, "claim_messages", idColumn(again, func(j *mailer.Job) mailer.ID { return j.ContactID }),
		idColumn(again, func(j *mailer.Job) mailer.ID { return j.DeliveryID }))
	for _, r := range rows {
		j := again[r.N-1]
		j.ComposedAt, j.SHA256, j.Slots = r.ComposedAt.Time, r.SHA256, r.Slots.v
	}
	return err
}

// contentRow is what a job needs of a content version.
type contentRow struct {
	ID       mailer.ID `db:"id"`
	Activity string    `db:"activity_key"`
	Register mailer.ID `db:"register_version_id"`
}

// contentCache remembers content versions, which never change.
type contentCache struct {
	mu    sync.Mutex
	known map[mailer.ID]contentRow
}

// contentsAtOnce bounds the cache; a campaign has one.
const contentsAtOnce = 1000

// of gives those behind claimed deliveries, which are few.
func (k *contentCache) of(ctx context.Context, t tx, taken []claimedRow) (map[mailer.ID]contentRow, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out, missing := map[mailer.ID]contentRow{}, []mailer.ID(nil)
	for _, r := range taken {
		if _, seen := out[r.ContentID]; seen {
			continue
		}
		content, known := k.known[r.ContentID]
		if !known {
			missing = append(missing, r.ContentID)
		}
		out[r.ContentID] = content
	}
	if len(missing) == 0 {
		return out, nil
	}
	var rows []contentRow
	if err := t.all(ctx, &rows, "claim_contents", uuids(missing)); err != nil {
		return nil, err
	}
	if k.known == nil || len(k.known)+len(rows) > contentsAtOnce {
		k.known = map[mailer.ID]contentRow{}
	}
	for _, r := range rows {
		k.known[r.ID], out[r.ID] = r, r
	}
	return out, nil
}
