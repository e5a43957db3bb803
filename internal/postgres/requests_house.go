package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
	"article14/mailer/status"
)

// TryCode counts a try at the code that a request's mailbox was last sent.
func (s *Store) TryCode(ctx context.Context, controller, contact, request mailer.ID, now time.Time) (c rights.ProofCode, err error) {
	err = s.write(ctx, func(t tx) error {
		var r struct {
			ContactID mailer.ID `db:"contact_id"`
			RequestID mailer.ID `db:"request_id"`
			ID        mailer.ID `db:"id"`
			KeyID     string    `db:"key_id"`
			MadeAt    instant   `db:"made_at"`
			ExpiresAt instant   `db:"expires_at"`
			TriesLeft int       `db:"tries_left"`
		}
		if _, err := t.one(ctx, &r, "proof_code_try", contact, request, now); err != nil {
			return err
		}
		c = rights.ProofCode{ContactID: r.ContactID, RequestID: r.RequestID, DeliveryID: r.ID, KeyID: r.KeyID, MadeAt: r.MadeAt.Time, ExpiresAt: r.ExpiresAt.Time, TriesLeft: r.TriesLeft}
		return nil
	})
	return c, err
}

// TryLetter counts a try at the code of a letter.
func (s *Store) TryLetter(ctx context.Context, controller mailer.ID, c rights.ProofCode, now time.Time) (counted bool, err error) {
	err = s.write(ctx, func(t tx) error {
		var id mailer.ID
		counted, err = t.one(ctx, &id, "proof_letter_try", c.ContactID, c.RequestID, c.DeliveryID, controller, now, c.ExpiresAt, c.TriesLeft)
		return err
	})
	return counted, err
}

// LookAtRequests has decide look at each request whose time has come.
func (s *Store) LookAtRequests(ctx context.Context, controller mailer.ID, now time.Time, decide func(rights.RequestFile) rights.Look, limit int) (out []rights.Look, err error) {
	err = s.write(ctx, func(t tx) error {
		out = nil
		var due []linkRow
		if err := t.all(ctx, &due, "requests_to_look_at", controller, now, limit); err != nil || len(due) == 0 {
			return err
		}
		contacts := make([]mailer.ID, len(due))
		for i, d := range due {
			contacts[i] = d.ContactID
		}
		var locked []mailer.ID
		if err := t.all(ctx, &locked, "gate_lock", controller, uuids(contacts)); err != nil {
			return err
		}
		counts := tally{}
		for _, d := range due {
			f, err := t.requestFile(ctx, controller, d.ID, now)
			if err != nil {
				return err
			}
			l := decide(f)
			if err := t.requestAlerts(ctx, controller, d.ID, l.Raise, l.Settle, now, counts); err != nil {
				return err
			}
			if _, err := t.exec(ctx, "request_looked_at", d.ContactID, d.ID, null(l.Next)); err != nil {
				return err
			}
			out = append(out, l)
		}
		return counts.note(ctx, t, time.Time{})
	})
	return out, err
}

// ForgetRequests deletes words whose time has come (T4), and codes that are over.
func (s *Store) ForgetRequests(ctx context.Context, controller mailer.ID, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "proof_codes_forget", controller, now); err != nil {
			return err
		}
		deleted, err := t.exec(ctx, "request_texts_forget", controller, now, limit)
		n = int(deleted)
		return err
	})
	return n, err
}

// requestFigures are the requests that are open.
func (t tx) requestFigures(ctx context.Context, controller mailer.ID, counts map[string]int64, now time.Time) (f status.RequestFigures, err error) {
	f.Open = map[mailer.RequestKind]map[mailer.RequestState]int64{}
	for _, k := range mailer.RequestKinds {
		for _, s := range mailer.RequestsOpen {
			if n := counts[requestCount(k, s)]; n != 0 {
				if f.Open[k] == nil {
					f.Open[k] = map[mailer.RequestState]int64{}
				}
				f.Open[k][s] = n
			}
		}
	}
	var row struct {
		Oldest   instant `db:"oldest"`
		DueAt    instant `db:"due_at"`
		Extended idList  `db:"extended"`
	}
	if _, err := t.one(ctx, &row, "figures_requests", controller); err != nil {
		return f, err
	}
	f.Oldest, f.DueAt = row.Oldest.Time, row.DueAt.Time
	extended, err := t.requestRows(ctx, controller, row.Extended)
	for _, r := range extended {
		due, stand := r.request().Clock(now)
		if stand == mailer.ExtensionHolds {
			f.Extended++
		}
		if f.DueAt.IsZero() || due.Before(f.DueAt) {
			f.DueAt = due
		}
	}
	return f, err
}

// eraseRequests ends what people asked who go altogether, and has their words go.
func (e *erasure) eraseRequests(ctx context.Context, t tx) error {
	if len(e.whole) == 0 {
		return nil
	}
	var ids []mailer.ID
	if err := t.all(ctx, &ids, "requests_of", uuids(e.whole)); err != nil {
		return err
	}
	rows, err := t.requestRows(ctx, e.controller, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if q := r.request(); q.State.Open() {
			if err := e.endRequest(ctx, t, q); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"erase_request_texts", "erase_corrections", "erase_proof_codes"} {
		if _, err := t.exec(ctx, name, uuids(e.whole)); err != nil {
			return err
		}
	}
	return nil
}

func (e *erasure) endRequest(ctx context.Context, t tx, q mailer.Request) error {
	to := rights.Ends(q)
	if _, err := t.exec(ctx, "erase_request_end", q.ContactID, q.ID, string(to), e.now); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "request_event_add", q.ContactID, mailer.NewID(e.now), e.controller, q.ID, e.now, "erased", string(q.State), string(to), "", "erased", nil); err != nil {
		return err
	}
	e.counts.add(e.controller, mailer.ID{}, countRequest, requestCount(q.Kind, q.State), requestCount(q.Kind, to), 1)
	return t.requestAlerts(ctx, e.controller, q.ID, nil, []mailer.AlertKind{mailer.AlertRequestDue, mailer.AlertExtensionNotHeld}, e.now, e.counts)
}
