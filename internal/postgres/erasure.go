package postgres

import (
	"context"
	"errors"
	"time"

	"article14/mailer"
	"article14/mailer/retain"
)

var _ retain.Store = (*Store)(nil)

// StorageBegun gives the next contacts whose storage began before an instant.
func (s *Store) StorageBegun(ctx context.Context, controller mailer.ID, before time.Time, after retain.Mark, limit int) ([]retain.Mark, error) {
	return s.marks(ctx, "storage_begun", controller, before, after, limit)
}

// ToldOnly gives the next notices whose data serve, in part or altogether, for them alone.
func (s *Store) ToldOnly(ctx context.Context, controller mailer.ID, before time.Time, after retain.Mark, limit int) ([]retain.Mark, error) {
	return s.marks(ctx, "told_only", controller, before, after, limit, texts(retain.HandedOver))
}

// Quarantined gives the next quarantined duties due by an instant.
func (s *Store) Quarantined(ctx context.Context, controller mailer.ID, before time.Time, after retain.Mark, limit int) ([]retain.Mark, error) {
	return s.marks(ctx, "quarantined", controller, before, after, limit)
}

func (s *Store) marks(ctx context.Context, name string, controller mailer.ID, before time.Time, after retain.Mark, limit int, more ...any) (out []retain.Mark, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			At        instant   `db:"at"`
			ID        mailer.ID `db:"id"`
			ContactID mailer.ID `db:"contact_id"`
		}
		args := append([]any{controller, before, after.At, after.ID.String(), limit}, more...)
		err := t.all(ctx, &rows, name, args...)
		out = make([]retain.Mark, len(rows))
		for i, r := range rows {
			out[i] = retain.Mark{At: r.At.Time, ID: r.ID, ContactID: r.ContactID}
		}
		return err
	})
	return out, err
}

// Raise stores alerts, each once for its kind and subject.
func (s *Store) Raise(ctx context.Context, controller mailer.ID, alerts []mailer.Alert, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		counts := tally{}
		if err := t.raiseFound(ctx, controller, alerts, now, counts); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
}

// Erase locks contacts, lets decide look at each, and does what it says. Intake is
// locked with them, so that nothing is added to somebody who goes; the other locks
// are taken as everywhere: contacts, deliveries, duties.
func (s *Store) Erase(ctx context.Context, controller mailer.ID, contacts []mailer.ID, by *retain.Decision, now time.Time,
	decide func(retain.Held) (retain.Erasing, error)) (done, waiting int, err error) {
	err = s.write(ctx, func(t tx) error {
		held, err := t.hold(ctx, controller, contacts)
		if err != nil {
			return err
		}
		e := erasure{controller: controller, now: now, counts: tally{}}
		waiting = 0
		for _, h := range held {
			plan, err := decide(h)
			switch {
			case errors.Is(err, retain.ErrOnItsWay):
				waiting++
			case err != nil:
				return err
			case !plan.ContactID.IsZero():
				e.add(h, plan)
			}
		}
		if done = e.contacts; done == 0 {
			return nil
		}
		if err := e.write(ctx, t); err != nil {
			return err
		}
		if by == nil {
			return nil
		}
		return t.decide(ctx, controller, *by, map[string]any{"duties": len(e.duties)})
	})
	return done, waiting, err
}

// hold locks contacts with all that hangs on them, and loads it.
func (t tx) hold(ctx context.Context, controller mailer.ID, contacts []mailer.ID) ([]retain.Held, error) {
	if err := t.lockIntake(ctx, controller); err != nil {
		return nil, err
	}
	var ids []mailer.ID
	if err := t.all(ctx, &ids, "erase_lock_contacts", controller, uuids(contacts)); err != nil || len(ids) == 0 {
		return nil, err
	}
	var rows []heldRow
	if err := t.all(ctx, &rows, "erase_lock_deliveries", uuids(ids)); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, "erase_lock_duties", uuids(ids)); err != nil {
		return nil, err
	}
	people, err := t.people(ctx, controller, ids)
	if err != nil {
		return nil, err
	}
	var open []struct {
		ContactID mailer.ID `db:"contact_id"`
		DueAt     instant   `db:"due_at"`
	}
	if err := t.all(ctx, &open, "erase_requests", uuids(ids)); err != nil {
		return nil, err
	}
	asked := map[mailer.ID]time.Time{}
	for _, r := range open {
		asked[r.ContactID] = r.DueAt.Time
	}
	passed, err := t.passedOn(ctx, ids)
	if err != nil {
		return nil, err
	}
	deliveries := map[mailer.ID][]retain.HeldDelivery{}
	for _, r := range rows {
		deliveries[r.ContactID] = append(deliveries[r.ContactID], r.delivery())
	}
	out := make([]retain.Held, len(ids))
	for i, id := range ids {
		out[i] = retain.Held{Known: people[id].known(), Deliveries: deliveries[id], AskedUntil: asked[id], PassedOn: passed[id]}
	}
	return out, nil
}

// heldRow is a delivery of a contact that is decided upon.
type heldRow struct {
	ContactID  mailer.ID            `db:"contact_id"`
	ID         mailer.ID            `db:"id"`
	Document   mailer.Document      `db:"document"`
	State      mailer.DeliveryState `db:"state"`
	Form       string               `db:"form"`
	ComposedAt instant              `db:"composed_at"`
	Activity   string               `db:"activity_key"`
	Register   mailer.ID            `db:"register_version_id"`
	Unsure     bool                 `db:"unsure"`
	Duties     idList               `db:"duties"`
}

func (r heldRow) delivery() retain.HeldDelivery {
	return retain.HeldDelivery{ID: r.ID, Document: r.Document, State: r.State, ActivityKey: r.Activity, Form: r.Form,
		RegisterID: r.Register, ComposedAt: r.ComposedAt.Time, Duties: r.Duties, Unsure: r.Unsure}
}

// erasure is what goes of a page of contacts, as the tables take it.
type erasure struct {
	controller mailer.ID
	now        time.Time
	contacts   int
	whole      []mailer.ID
	duties     []erasedDuty
	origins    []erasedOrigin
	cancel     []erasedDelivery
	emptied    []erasedDelivery
	pages      []erasedPage
	suppress   []suppressionRow
	tell       []mailer.Telling
	counts     tally
}

type erasedDuty struct {
	dutyKey
	Cause  retain.EraseCause  `json:"cause"`
	Reason mailer.BlockReason `json:"reason"`
	Detail string             `json:"detail"`
}

type erasedOrigin struct {
	ContactID mailer.ID `json:"contact_id"`
	Activity  string    `json:"activity_key"`
	Source    string    `json:"source_key"`
}

type erasedDelivery struct {
	ContactID mailer.ID            `json:"contact_id"`
	ID        mailer.ID            `json:"id"`
	Was       mailer.DeliveryState `json:"was"`
}

type erasedPage struct {
	ContactID mailer.ID `json:"contact_id"`
	ID        mailer.ID `json:"id"`
	Slot      string    `json:"slot"`
}

func (e *erasure) add(h retain.Held, plan retain.Erasing) {
	contact := h.Contact.ID
	e.contacts++
	for _, d := range plan.Duties {
		e.duties = append(e.duties, erasedDuty{dutyKey{contact, d.ID}, d.Cause, d.Reason, d.Detail})
	}
	for _, o := range plan.Origins {
		e.origins = append(e.origins, erasedOrigin{contact, o.Activity, o.Source})
	}
	states := map[mailer.ID]mailer.DeliveryState{}
	for _, d := range h.Deliveries {
		states[d.ID] = d.State
	}
	for _, id := range plan.Cancel {
		e.cancel = append(e.cancel, erasedDelivery{contact, id, states[id]})
	}
	for _, id := range plan.Emptied {
		e.emptied = append(e.emptied, erasedDelivery{contact, id, states[id]})
	}
	for _, p := range plan.Pages {
		e.pages = append(e.pages, erasedPage{contact, p.DeliveryID, p.Slot})
	}
	for _, s := range plan.Suppress {
		e.suppress = append(e.suppress, newSuppressionRow(e.controller, s, e.now))
	}
	e.tell = append(e.tell, plan.Tell...)
	if plan.Whole {
		e.whole = append(e.whole, contact)
		e.counts.add(e.controller, mailer.ID{}, countContact, "known", "erased", 1)
	}
}

func (e *erasure) write(ctx context.Context, t tx) error {
	if err := e.endDuties(ctx, t); err != nil {
		return err
	}
	if err := e.cancelDeliveries(ctx, t); err != nil {
		return err
	}
	if err := t.suppress(ctx, e.suppress); err != nil { // before identifiers, as an objection does it
		return err
	}
	for _, step := range []struct {
		statement string
		rows      int
		args      []any
	}{
		{"erase_acquisitions", len(e.origins), []any{records{e.origins}}},
		{"erase_values", len(e.emptied), []any{records{e.emptied}}},
		{"erase_planned", len(e.emptied), []any{records{e.emptied}}},
		{"erase_replies", len(e.emptied), []any{records{e.emptied}}},
		{"erase_reports", len(e.emptied), []any{records{e.emptied}}},
		{"erase_raw_reports", len(e.emptied), []any{records{e.emptied}}},
		{"erase_answer_texts", len(e.emptied), []any{records{e.emptied}}},
		{"erase_answer_raw", len(e.emptied), []any{records{e.emptied}}},
		{"erase_pages", len(e.pages), []any{records{e.pages}}},
		{"erase_all_answer_texts", len(e.whole), []any{uuids(e.whole)}},
		{"erase_all_raw", len(e.whole), []any{uuids(e.whole)}},
		{"erase_answer_reasons", len(e.whole), []any{uuids(e.whole)}},
		{"erase_disclosure_references", len(e.whole), []any{uuids(e.whole)}},
		{"erase_identifiers", len(e.whole), []any{uuids(e.whole)}},
		{"erase_contacts", len(e.whole), []any{uuids(e.whole), e.now}},
	} {
		if step.rows == 0 {
			continue
		}
		if _, err := t.exec(ctx, step.statement, step.args...); err != nil {
			return err
		}
	}
	if err := e.eraseAnswers(ctx, t); err != nil {
		return err
	}
	if err := t.addTellings(ctx, e.controller, e.tell, e.counts); err != nil {
		return err
	}
	return e.counts.note(ctx, t, time.Time{})
}

// endDuties leaves of each duty what proves it.
func (e *erasure) endDuties(ctx context.Context, t tx) error {
	if len(e.duties) == 0 {
		return nil
	}
	var was []struct {
		ContactID  mailer.ID         `db:"contact_id"`
		ID         mailer.ID         `db:"id"`
		DeliveryID mailer.ID         `db:"delivery_id"`
		Cause      retain.EraseCause `db:"cause"`
		standRow
	}
	if err := t.all(ctx, &was, "erase_duties", records{e.duties}, e.now); err != nil {
		return err
	}
	var past history
	for _, r := range was {
		e.counts.duty(e.controller, r.stand(), dutyStand{State: mailer.DutyErased, DueAt: r.DueAt.Time})
		past.add(r.ContactID, r.ID, e.now, r.State, mailer.DutyErased, string(r.Cause), r.DeliveryID)
	}
	return past.write(ctx, t)
}

// cancelDeliveries cancels what has not gone out; duties that stay are open again.
func (e *erasure) cancelDeliveries(ctx context.Context, t tx) error {
	if len(e.cancel) == 0 {
		return nil
	}
	var moved []deliveryMove
	if err := t.all(ctx, &moved, "erase_cancel", records{e.cancel}, e.now); err != nil {
		return err
	}
	ends := make([]dutyEnd, len(moved))
	for i, m := range moved {
		e.counts.delivery(m)
		ends[i] = dutyEnd{ContactID: m.ContactID, DeliveryID: m.ID, To: mailer.DutyOpen, Why: "cancelled", At: e.now}
	}
	return t.endDuties(ctx, ends, e.counts)
}
