package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
)

// OpenRequest has decide say what becomes of what a person asks.
func (s *Store) OpenRequest(ctx context.Context, controller, contact, notice mailer.ID, now time.Time, decide func(rights.Standing) (rights.RequestChange, error)) (q mailer.Request, err error) {
	err = s.write(ctx, func(t tx) error {
		if !notice.IsZero() {
			if notice, err = t.lockNotice(ctx, controller, contact, notice); err != nil {
				return err
			}
		} else if _, err := t.exec(ctx, "contact_lock", controller, contact); err != nil {
			return err
		}
		st, _, err := t.standing(ctx, controller, contact)
		if err != nil {
			return err
		}
		c, err := decide(st)
		if err != nil {
			return err
		}
		if c.New && !notice.IsZero() {
			c.Request.DeliveryID = notice
		}
		q = c.Request
		return t.changeRequest(ctx, controller, c, st.Contact, now)
	})
	return q, err
}

// ChangeRequest locks a request's person, and writes what decide says.
func (s *Store) ChangeRequest(ctx context.Context, controller, id mailer.ID, now time.Time, decide func(rights.RequestFile) (rights.RequestChange, error)) (q mailer.Request, err error) {
	err = s.write(ctx, func(t tx) error {
		f, err := t.lockRequest(ctx, controller, id, now)
		if err != nil {
			return err
		}
		c, err := decide(f)
		if err != nil {
			return err
		}
		if q = f.Request; len(c.Events) > 0 {
			q = c.Request
		}
		return t.changeRequest(ctx, controller, c, f.Contact, now)
	})
	return q, err
}

// lockRequest loads a request whose person nobody else changes meanwhile.
func (t tx) lockRequest(ctx context.Context, controller, id mailer.ID, now time.Time) (f rights.RequestFile, err error) {
	var contact mailer.ID
	found, err := t.one(ctx, &contact, "request_contact", controller, id)
	if err == nil && !found {
		err = rights.ErrNoRequest
	}
	if err != nil {
		return f, err
	}
	if _, err := t.exec(ctx, "contact_lock", controller, contact); err != nil {
		return f, err
	}
	return t.requestFile(ctx, controller, id, now)
}

// requestCount is what a request in a state is counted under.
func requestCount(k mailer.RequestKind, s mailer.RequestState) string {
	return string(k) + ":" + string(s)
}

// changeRequest writes what a decision about a request comes to. Its person is locked, and
// as they stood before is person. Without an event there is nothing to write.
func (t tx) changeRequest(ctx context.Context, controller mailer.ID, c rights.RequestChange, person mailer.Contact, now time.Time) error {
	if len(c.Events) == 0 {
		return nil
	}
	w := requestWriting{t: t, controller: controller, change: c, now: now, counts: tally{}}
	for _, step := range []func(context.Context) error{
		w.row, w.events, w.texts, w.codes, w.restrictions, func(ctx context.Context) error { return w.corrections(ctx, person) }, w.alerts,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return t.correspond(ctx, controller, c.Request.ContactID, c.Mail, now, w.counts)
}

// requestWriting is one change on its way into the tables.
type requestWriting struct {
	t          tx
	controller mailer.ID
	change     rights.RequestChange
	now        time.Time
	counts     tally
}

// id is null where it is zero.
func idOrNull(id mailer.ID) any {
	if id.IsZero() {
		return nil
	}
	return id
}

// split parts a handing into the delivery and the day on which it was posted.
func split(h mailer.Handing) (delivery, posted any) {
	if h.DeliveryID.IsZero() {
		return nil, null(h.At)
	}
	return h.DeliveryID, nil
}

func (w *requestWriting) row(ctx context.Context) (err error) {
	q, x := w.change.Request, w.change.Request.Extension
	answer, answered := split(q.Answer)
	notice, posted := split(x.Notice)
	codes := 0
	if w.change.Code != nil {
		codes = 1
	}
	from := ""
	if w.change.New {
		_, err = w.t.exec(ctx, "request_add", q.ContactID, q.ID, w.controller, string(q.Kind), q.ActivityKey, string(q.Way), q.ReceivedAt, q.DueAt, string(q.State), idOrNull(q.DeliveryID),
			string(q.Proof), null(q.ProvedAt), string(q.Ground), answer, answered, null(q.EndedAt), null(w.change.LookAt))
	} else {
		from = requestCount(q.Kind, w.change.Events[0].From)
		_, err = w.t.exec(ctx, "request_change", q.ContactID, q.ID, string(q.State), string(q.Proof), null(q.ProvedAt), null(x.MadeAt), null(x.To), string(x.Reason), notice, posted,
			string(q.Ground), answer, answered, null(q.EndedAt), null(w.change.LookAt), codes)
	}
	w.counts.add(w.controller, mailer.ID{}, countRequest, from, requestCount(q.Kind, q.State), 1)
	return err
}

func (w *requestWriting) events(ctx context.Context) error {
	for _, e := range w.change.Events {
		_, err := w.t.exec(ctx, "request_event_add", w.change.Request.ContactID, e.ID, w.controller, w.change.Request.ID, e.At, e.What, string(e.From), string(e.To), e.By, e.Why, idOrNull(e.DeliveryID))
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *requestWriting) texts(ctx context.Context) error {
	q := w.change.Request
	for _, x := range w.change.Texts {
		if _, err := w.t.exec(ctx, "request_text_add", q.ContactID, x.ID, w.controller, q.ID, string(x.What), x.By, x.Language, x.Body, x.At); err != nil {
			return err
		}
	}
	if w.change.Forget.IsZero() {
		return nil
	}
	_, err := w.t.exec(ctx, "request_texts_expire", q.ContactID, q.ID, w.change.Forget)
	return err
}

func (w *requestWriting) codes(ctx context.Context) error {
	q := w.change.Request
	if w.change.CodeUsed {
		if _, err := w.t.exec(ctx, "proof_codes_spend", q.ContactID, q.ID); err != nil {
			return err
		}
	}
	if c := w.change.Code; c != nil {
		if _, err := w.t.exec(ctx, "proof_code_end", q.ContactID, q.ID); err != nil {
			return err
		}
		_, err := w.t.exec(ctx, "proof_code_add", q.ContactID, q.ID, c.DeliveryID, w.controller, c.MadeAt, c.ExpiresAt, c.KeyID, c.TriesLeft)
		return err
	}
	return nil
}

func (w *requestWriting) restrictions(ctx context.Context) error {
	for _, x := range w.change.Restrict {
		if err := w.t.restrict(ctx, w.controller, x); err != nil {
			return err
		}
	}
	for _, x := range w.change.Lift {
		delivery, posted := split(x.Told)
		if _, err := w.t.exec(ctx, "restriction_lift", x.ContactID, x.ID, x.LiftAt, x.LiftedBy, delivery, posted); err != nil {
			return err
		}
	}
	return nil
}

// restrict stops use of a person's data (Art. 18).
func (t tx) restrict(ctx context.Context, controller mailer.ID, x mailer.Restriction) error {
	var purposes any
	if x.Purposes != nil {
		purposes = texts(x.Purposes)
	}
	_, err := t.exec(ctx, "restriction_add", x.ContactID, x.ID, controller, idOrNull(x.RequestID), x.ActivityKey, purposes, string(x.Reason), x.From)
	return err
}

// corrections puts values right. The old ones stand in correction.
func (w *requestWriting) corrections(ctx context.Context, p mailer.Contact) error {
	c := w.change
	if len(c.Correct) == 0 {
		return nil
	}
	for _, x := range c.Correct {
		if value := p.Field(x.Field); value != nil {
			*value = x.New
		}
		if _, err := w.t.exec(ctx, "correction_add", x.ContactID, x.ID, w.controller, x.RequestID, x.Field, x.Old, x.New, x.MadeAt, x.By); err != nil {
			return err
		}
	}
	if _, err := w.t.exec(ctx, "contact_correct", w.controller, p.ID, p.Name, p.Country, p.Region, p.City, p.PostalCode, p.Language, p.Organisation, p.JobTitle, w.now); err != nil {
		return err
	}
	for _, i := range c.Added {
		if _, err := w.t.exec(ctx, "identifier_correct", p.ID, i.ID, w.controller, string(i.Kind), i.Hash, i.KeyID, i.Value, w.now); err != nil {
			return err
		}
	}
	if len(c.Replaced) == 0 {
		return nil
	}
	_, err := w.t.exec(ctx, "identifiers_replace", p.ID, uuids(c.Replaced), w.now)
	return err
}

func (w *requestWriting) alerts(ctx context.Context) error {
	return w.t.requestAlerts(ctx, w.controller, w.change.Request.ID, w.change.Raise, w.change.Settle, w.now, w.counts)
}

// requestAlerts settles alerts about a request, and raises others.
func (t tx) requestAlerts(ctx context.Context, controller, id mailer.ID, raise []mailer.Alert, settle []mailer.AlertKind, now time.Time, counts tally) error {
	if len(settle) > 0 {
		var settled []mailer.AlertKind
		if err := t.all(ctx, &settled, "request_alert_settle", controller, texts(settle), id.String(), now, ""); err != nil {
			return err
		}
		for _, k := range settled {
			counts.add(controller, mailer.ID{}, countAlert, string(k), "", 1)
		}
	}
	if len(raise) == 0 {
		return nil
	}
	return t.raiseFound(ctx, controller, raise, now, counts)
}
