package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/rights"
)

var _ rights.RequestStore = (*Store)(nil)

// requestRow is a row of request, with what became of the mails that tell of it.
type requestRow struct {
	ContactID         mailer.ID              `db:"contact_id"`
	ID                mailer.ID              `db:"id"`
	Kind              mailer.RequestKind     `db:"kind"`
	Activity          string                 `db:"activity_key"`
	Way               mailer.Way             `db:"way"`
	ReceivedAt        instant                `db:"received_at"`
	DueAt             instant                `db:"due_at"`
	State             mailer.RequestState    `db:"state"`
	DeliveryID        mailer.ID              `db:"delivery_id"`
	Proof             mailer.Proof           `db:"proof"`
	ProvedAt          instant                `db:"proved_at"`
	ExtendedAt        instant                `db:"extended_at"`
	ExtendedTo        instant                `db:"extended_to"`
	ExtensionReason   mailer.ExtensionReason `db:"extension_reason"`
	ExtensionDelivery mailer.ID              `db:"extension_delivery"`
	ExtensionPosted   instant                `db:"extension_posted"`
	ExtensionState    *mailer.DeliveryState  `db:"extension_state"`
	ExtensionSettled  instant                `db:"extension_settled"`
	ExtensionRelayed  instant                `db:"extension_relayed"`
	Ground            mailer.Ground          `db:"ground"`
	AnswerDelivery    mailer.ID              `db:"answer_delivery"`
	AnswerPosted      instant                `db:"answer_posted"`
	AnswerState       *mailer.DeliveryState  `db:"answer_state"`
	AnswerSettled     instant                `db:"answer_settled"`
	AnswerRelayed     instant                `db:"answer_relayed"`
	EndedAt           instant                `db:"ended_at"`
	CodesSent         int                    `db:"codes_sent"`
}

func (r requestRow) request() mailer.Request {
	return mailer.Request{ID: r.ID, ContactID: r.ContactID, Kind: r.Kind, ActivityKey: r.Activity, Way: r.Way, ReceivedAt: r.ReceivedAt.Time, DueAt: r.DueAt.Time,
		State: r.State, DeliveryID: r.DeliveryID, Proof: r.Proof, ProvedAt: r.ProvedAt.Time, Ground: r.Ground, EndedAt: r.EndedAt.Time,
		Extension: mailer.Extension{MadeAt: r.ExtendedAt.Time, To: r.ExtendedTo.Time, Reason: r.ExtensionReason,
			Notice: handing(r.ExtensionDelivery, r.ExtensionState, r.ExtensionRelayed, r.ExtensionSettled, r.ExtensionPosted)},
		Answer: handing(r.AnswerDelivery, r.AnswerState, r.AnswerRelayed, r.AnswerSettled, r.AnswerPosted)}
}

// handing is what became of something that was to reach a person. A mail was handed over when
// a relay took it, or, where no attempt of ours says so, when a report or a person did.
func handing(delivery mailer.ID, state *mailer.DeliveryState, relayed, settled, posted instant) mailer.Handing {
	if delivery.IsZero() || state == nil {
		return mailer.Handing{At: posted.Time}
	}
	h := mailer.Handing{DeliveryID: delivery, State: *state, At: relayed.Time}
	if handedOver := (mailer.Handing{DeliveryID: delivery, State: *state, At: settled.Time}); h.At.IsZero() && handedOver.Done() {
		h = handedOver
	}
	return h
}

// requestRows are requests by id, the oldest first.
func (t tx) requestRows(ctx context.Context, controller mailer.ID, ids []mailer.ID) (rows []requestRow, err error) {
	if len(ids) > 0 {
		err = t.all(ctx, &rows, "request_rows", controller, uuids(ids))
	}
	return rows, err
}

// requestsOf are a person's, the oldest first.
func (t tx) requestsOf(ctx context.Context, controller, contact mailer.ID) ([]requestRow, error) {
	var ids []mailer.ID
	if err := t.all(ctx, &ids, "requests_of", uuids([]mailer.ID{contact})); err != nil {
		return nil, err
	}
	return t.requestRows(ctx, controller, ids)
}

// Requests gives a page of requests.
func (s *Store) Requests(ctx context.Context, controller mailer.ID, f rights.RequestFilter) (out []mailer.Request, err error) {
	name := "requests_newest"
	if f.Open {
		name = "requests_open"
	}
	err = s.read(ctx, func(t tx) error {
		var ids []mailer.ID
		if err := t.all(ctx, &ids, name, controller, string(f.Kind), f.Limit); err != nil {
			return err
		}
		rows, err := t.requestRows(ctx, controller, ids)
		out = make([]mailer.Request, len(rows))
		for _, r := range rows {
			out[slices.Index(ids, r.ID)] = r.request()
		}
		return err
	})
	return out, err
}

// RequestsOf gives how a person stands.
func (s *Store) RequestsOf(ctx context.Context, controller, contact mailer.ID) (st rights.Standing, err error) {
	err = s.read(ctx, func(t tx) error {
		st, _, err = t.standing(ctx, controller, contact)
		return err
	})
	return st, err
}

// standing is how a person stands, with what recognises them.
func (t tx) standing(ctx context.Context, controller, contact mailer.ID) (st rights.Standing, ids []mailer.Identifier, err error) {
	people, err := t.people(ctx, controller, []mailer.ID{contact})
	if err != nil {
		return st, nil, err
	}
	p, there := people[contact]
	if !there {
		return st, nil, mailer.ErrNoContact
	}
	st.Contact = p.contact
	for _, a := range p.acquisitions {
		st.Activities = append(st.Activities, a.ActivityKey)
	}
	slices.Sort(st.Activities)
	st.Activities = slices.Compact(st.Activities)
	rows, err := t.requestsOf(ctx, controller, contact)
	if err != nil {
		return st, nil, err
	}
	for _, r := range rows {
		st.Requests = append(st.Requests, r.request())
	}
	byContact, err := t.restrictions(ctx, []mailer.ID{contact})
	if err != nil {
		return st, nil, err
	}
	st.Restrictions = byContact[contact]
	_, err = t.one(ctx, &st.Written, "request_texts_written", contact)
	return st, p.identifiers, err
}

// restrictionRow is a row of restriction, with what became of the mail that ends it.
type restrictionRow struct {
	ContactID    mailer.ID                `db:"contact_id"`
	ID           mailer.ID                `db:"id"`
	RequestID    mailer.ID                `db:"request_id"`
	Activity     string                   `db:"activity_key"`
	Purposes     pq.StringArray           `db:"purposes"`
	Reason       mailer.RestrictionReason `db:"reason"`
	FromAt       instant                  `db:"from_at"`
	LiftAt       instant                  `db:"lift_at"`
	LiftedBy     string                   `db:"lifted_by"`
	ToldDelivery mailer.ID                `db:"told_delivery"`
	ToldPosted   instant                  `db:"told_posted"`
	ToldState    *mailer.DeliveryState    `db:"told_state"`
	ToldSettled  instant                  `db:"told_settled"`
	ToldRelayed  instant                  `db:"told_relayed"`
}

// restrictions are those of people, whether they stand or not.
func (t tx) restrictions(ctx context.Context, contacts []mailer.ID) (map[mailer.ID][]mailer.Restriction, error) {
	var rows []restrictionRow
	err := t.all(ctx, &rows, "restrictions", uuids(contacts))
	out := map[mailer.ID][]mailer.Restriction{}
	for _, r := range rows {
		out[r.ContactID] = append(out[r.ContactID], mailer.Restriction{ID: r.ID, ContactID: r.ContactID, RequestID: r.RequestID, ActivityKey: r.Activity, Purposes: r.Purposes,
			Reason: r.Reason, From: r.FromAt.Time, LiftAt: r.LiftAt.Time, LiftedBy: r.LiftedBy,
			Told: handing(r.ToldDelivery, r.ToldState, r.ToldRelayed, r.ToldSettled, r.ToldPosted)})
	}
	return out, err
}

// RequestFile gives a request with its person.
func (s *Store) RequestFile(ctx context.Context, controller, id mailer.ID) (f rights.RequestFile, err error) {
	err = s.read(ctx, func(t tx) error {
		f, err = t.requestFile(ctx, controller, id, time.Time{})
		return err
	})
	return f, err
}

// requestFile loads a request with its person; codes whose hour is over at an instant do not count.
func (t tx) requestFile(ctx context.Context, controller, id mailer.ID, now time.Time) (f rights.RequestFile, err error) {
	rows, err := t.requestRows(ctx, controller, []mailer.ID{id})
	if err == nil && len(rows) == 0 {
		err = rights.ErrNoRequest
	}
	if err != nil {
		return f, err
	}
	f.Request, f.CodesSent = rows[0].request(), rows[0].CodesSent
	var ids []mailer.Identifier
	if f.Standing, ids, err = t.standing(ctx, controller, f.ContactID); err != nil {
		return f, err
	}
	var replaced []mailer.ID
	if err := t.all(ctx, &replaced, "identifiers_replaced", f.ContactID); err != nil {
		return f, err
	}
	f.Identifiers = slices.DeleteFunc(ids, func(i mailer.Identifier) bool { return slices.Contains(replaced, i.ID) })
	shared, err := t.sharedMailboxes(ctx, controller, f.ContactID)
	if err != nil {
		return f, err
	}
	f.Shared = slices.ContainsFunc(f.Identifiers, func(i mailer.Identifier) bool { return slices.Contains(shared, i.ID) })
	if _, err := t.one(ctx, &f.Notice, "request_notice", f.ContactID, texts(wentOut)); err != nil {
		return f, err
	}
	if _, err := t.one(ctx, &f.CodesLately, "proof_codes_lately", f.ContactID, now); err != nil {
		return f, err
	}
	return f, t.requestHistory(ctx, &f)
}

// sharedMailboxes are the mail identifiers of a person that somebody else has as well.
func (t tx) sharedMailboxes(ctx context.Context, controller, contact mailer.ID) (ids []mailer.ID, err error) {
	return ids, t.all(ctx, &ids, "shared_addresses", controller, uuids([]mailer.ID{contact}))
}

// requestHistory loads what happened to a request, and what was written.
func (t tx) requestHistory(ctx context.Context, f *rights.RequestFile) error {
	var events []struct {
		ID       mailer.ID           `db:"id"`
		At       instant             `db:"at"`
		What     string              `db:"what"`
		From     mailer.RequestState `db:"from_state"`
		To       mailer.RequestState `db:"to_state"`
		By       string              `db:"by"`
		Why      string              `db:"why"`
		Delivery mailer.ID           `db:"delivery_id"`
	}
	if err := t.all(ctx, &events, "request_events", f.ContactID, f.ID); err != nil {
		return err
	}
	for _, e := range events {
		f.Events = append(f.Events, rights.RequestEvent{ID: e.ID, At: e.At.Time, What: e.What, From: e.From, To: e.To, By: e.By, Why: e.Why, DeliveryID: e.Delivery})
	}
	var words []struct {
		ID       mailer.ID       `db:"id"`
		What     rights.TextKind `db:"what"`
		By       string          `db:"by"`
		Language string          `db:"language"`
		Body     string          `db:"body"`
		At       instant         `db:"written_at"`
	}
	if err := t.all(ctx, &words, "request_texts", f.ContactID, f.ID); err != nil {
		return err
	}
	for _, w := range words {
		f.Texts = append(f.Texts, rights.RequestText{ID: w.ID, What: w.What, By: w.By, Language: w.Language, Body: w.Body, At: w.At.Time})
	}
	var corrections []struct {
		ID        mailer.ID `db:"id"`
		RequestID mailer.ID `db:"request_id"`
		Field     string    `db:"field"`
		Old       string    `db:"old_value"`
		New       string    `db:"new_value"`
		At        instant   `db:"made_at"`
		By        string    `db:"by"`
	}
	if err := t.all(ctx, &corrections, "corrections", f.ContactID); err != nil {
		return err
	}
	for _, c := range corrections {
		f.Corrections = append(f.Corrections, mailer.Correction{ID: c.ID, ContactID: f.ContactID, RequestID: c.RequestID, Field: c.Field, Old: c.Old, New: c.New, MadeAt: c.At.Time, By: c.By})
	}
	return nil
}
