package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
)

var _ rights.CorrespondenceStore = (*Store)(nil)

// Addressee gives what is known of somebody who is written to about their rights, or
// ErrNoContact.
func (s *Store) Addressee(ctx context.Context, controller, contact mailer.ID, activity string, now time.Time) (a rights.Addressee, err error) {
	err = s.read(ctx, func(t tx) error {
		people, err := t.people(ctx, controller, []mailer.ID{contact})
		if err != nil {
			return err
		}
		p, known := people[contact]
		if !known {
			return mailer.ErrNoContact
		}
		dead, err := t.identifierSet(ctx, "dead_addresses", controller, uuids([]mailer.ID{contact}), now)
		if err != nil {
			return err
		}
		a = rights.Addressee{Contact: p.contact, Activities: p.activities()}
		for _, i := range p.identifiers {
			if i.Kind == mailer.ByEmail {
				a.Mailboxes = append(a.Mailboxes, mailer.Channel{Identifier: i, Suppressed: dead[i.ID]})
			}
		}
		var r struct {
			Activity   string    `db:"activity_key"`
			Register   mailer.ID `db:"register_version_id"`
			Languages  string    `db:"languages"`
			Identifier mailer.ID `db:"identifier_id"`
		}
		told, err := t.one(ctx, &r, "addressee_notice", controller, contact, activity)
		if told {
			a.Notice = &rights.GivenNotice{Activity: r.Activity, Languages: r.Languages, RegisterID: r.Register, Identifier: r.Identifier}
		}
		return err
	})
	return a, err
}

// activities are those for which something was obtained, the latest first; where no day is
// known it counts as the earliest.
func (p *person) activities() []string {
	as := slices.Clone(p.acquisitions)
	slices.SortStableFunc(as, func(a, b mailer.Acquisition) int {
		return cmp.Or(b.ObtainedAt.Compare(a.ObtainedAt), cmp.Compare(a.ActivityKey, b.ActivityKey))
	})
	var out []string
	for _, a := range as {
		if !slices.Contains(out, a.ActivityKey) {
			out = append(out, a.ActivityKey)
		}
	}
	return out
}

// planned loads what correspondence was planned with, of jobs that were not begun yet.
func (c *claiming) planned(ctx context.Context, jobs []mailer.Job) error {
	var first []*mailer.Job
	for i := range jobs {
		if j := &jobs[i]; j.CampaignID.IsZero() && j.Slots == nil {
			first = append(first, j)
		}
	}
	if len(first) == 0 {
		return nil
	}
	var rows []struct {
		N     int                    `db:"n"` // in first, from 1
		Slots document[mailer.Slots] `db:"slots"`
	}
	err := c.all(ctx, &rows, "claim_planned", idColumn(first, func(j *mailer.Job) mailer.ID { return j.ContactID }),
		idColumn(first, func(j *mailer.Job) mailer.ID { return j.DeliveryID }))
	for _, r := range rows {
		first[r.N-1].Values = r.Slots.v
	}
	return err
}

// plannedRow is what correspondence was planned with, as copyIn takes it.
func plannedRow(d queuedDelivery) []any {
	return []any{d.contact, d.ID, string(d.Values.AppendJSON(nil))}
}
