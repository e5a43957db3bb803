package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/assess"
)

var _ assess.Store = (*Store)(nil)

// Assessed gives the next people behind after, in the order of their ids.
func (s *Store) Assessed(ctx context.Context, controller, after mailer.ID, limit int, now time.Time) (out []assess.Assessed, err error) {
	err = s.read(ctx, func(t tx) error {
		var ids []mailer.ID
		if err := t.all(ctx, &ids, "register_contacts", controller, after.String(), limit); err != nil {
			return err
		}
		people, err := t.people(ctx, controller, ids)
		if err != nil {
			return err
		}
		dead, err := t.identifierSet(ctx, "dead_addresses", controller, uuids(ids), now)
		if err != nil {
			return err
		}
		shared, err := t.identifierSet(ctx, "shared_addresses", controller, uuids(nameless(people)))
		if err != nil {
			return err
		}
		for _, id := range ids {
			p := people[id]
			c := p.candidate("", nil, dead, nil, shared)
			out = append(out, assess.Assessed{Known: p.known(), Addresses: c.Addresses, Others: c.Others, WasKnown: true})
		}
		return nil
	})
	return out, err
}

// SharedMailboxes counts the addresses that several people have, along the index
// of identifiers.
func (s *Store) SharedMailboxes(ctx context.Context, controller mailer.ID) (n int64, err error) {
	err = s.read(ctx, func(t tx) error {
		_, err := t.one(ctx, &n, "shared_mailboxes", controller, mailer.ByEmail)
		return err
	})
	return n, err
}
