package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/rights"
	"article14/mailer/status"
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
