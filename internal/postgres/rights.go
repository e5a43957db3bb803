package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
)

var _ rights.Store = (*Store)(nil)

// noticeRow is a notice with what was put into it, and with what its recipient has
// asked for since.
type noticeRow struct {
	ID           mailer.ID              `db:"id"`
	IdentifierID mailer.ID              `db:"identifier_id"`
	Languages    string                 `db:"languages"`
	Form         string                 `db:"form"`
	State        mailer.DeliveryState   `db:"state"`
	ContentID    mailer.ID              `db:"content_version_id"`
	Code         string                 `db:"code"`
	Activity     string                 `db:"activity_key"`
	Register     mailer.ID              `db:"register_version_id"`
	Duties       idList                 `db:"duties"`
	ComposedAt   instant                `db:"composed_at"`
	Slots        document[mailer.Slots] `db:"slots"`
	ErasedAt     instant                `db:"erased_at"`
	ObjectedAt   instant                `db:"objected_at"`
	AccessDueAt  instant                `db:"access_due_at"`
}

// NoticeFor gives the notice behind a link, or ErrNoSuchLink.
func (s *Store) NoticeFor(ctx context.Context, controller, contact, delivery mailer.ID) (n rights.SentNotice, err error) {
	err = s.read(ctx, func(t tx) error {
		var r noticeRow
		found, err := t.one(ctx, &r, "notice", controller, contact, delivery)
		if err == nil && !found {
			err = mailer.ErrNoSuchLink
		}
		if err != nil {
			return err
		}
		p, err := t.person(ctx, controller, contact)
		if err != nil {
			return err
		}
		n = rights.SentNotice{
			Contact: p.contact, Identifiers: p.identifiers, DeliveryID: r.ID, IdentifierID: r.IdentifierID, ActivityKey: r.Activity,
			Languages: r.Languages, Form: r.Form, State: r.State, ContentID: r.ContentID, RegisterID: r.Register,
			Slots: r.Slots.v, Code: r.Code, ComposedAt: r.ComposedAt.Time, Facts: p.facts(r),
			ErasedAt: r.ErasedAt.Time, ObjectedAt: r.ObjectedAt.Time, AccessDueAt: r.AccessDueAt.Time,
		}
		n.Skeletons, err = s.skeletons.Get(r.ContentID, func() ([]mailer.SkeletonKeyHash, error) { return t.skeletonKeys(ctx, r.ContentID) })
		return err
	})
	return n, err
}

// facts are what a person's values are drawn from. Duties that no longer exist
// are not among them.
func (p *person) facts(d noticeRow) mailer.NoticeFacts {
	return mailer.NoticeFacts{Contact: p.contact, Acquisitions: p.firstAcquisitions(d.Activity), Duties: p.dutiesIn(d.Duties)}
}

// skeletonKeys names the skeletons of a content version.
func (t tx) skeletonKeys(ctx context.Context, content mailer.ID) ([]mailer.SkeletonKeyHash, error) {
	var rows []skeletonRow
	err := t.all(ctx, &rows, "notice_skeletons", content)
	out := make([]mailer.SkeletonKeyHash, len(rows))
	for i, r := range rows {
		out[i] = mailer.SkeletonKeyHash{Key: r.key(), Hash: r.Hash}
	}
	return out, err
}

// linkRow is a delivery by its whole key.
type linkRow struct {
	ContactID mailer.ID `db:"contact_id"`
	ID        mailer.ID `db:"id"`
}

// noticeBehind gives the notice that a delivery is, or that it answers to, or
// ErrNoSuchLink.
func (t tx) noticeBehind(ctx context.Context, controller, contact, delivery mailer.ID) (mailer.Link, error) {
	var r linkRow
	found, err := t.one(ctx, &r, "notice_behind", controller, contact, delivery)
	if err == nil && !found {
		err = mailer.ErrNoSuchLink
	}
	return mailer.Link{Purpose: mailer.TokenNotice, ContactID: r.ContactID, DeliveryID: r.ID}, err
}

// DeliveryByCode finds the notice behind a short code, or ErrNoSuchLink.
func (s *Store) DeliveryByCode(ctx context.Context, controller mailer.ID, code string) (l mailer.Link, err error) {
	err = s.read(ctx, func(t tx) error {
		var r linkRow
		if _, err := t.one(ctx, &r, "notice_by_code", controller, code); err != nil {
			return err
		}
		l, err = t.noticeBehind(ctx, controller, r.ContactID, r.ID)
		return err
	})
	return l, err
}

// Object records an objection (Art. 21, R5). The second of its kind gives the
// first, and queues nothing.
func (s *Store) Object(ctx context.Context, controller mailer.ID, o mailer.Objection, ss []mailer.Suppression, receipt *mailer.PlannedDelivery, now time.Time) (stored mailer.Objection, made bool, err error) {
	err = s.write(ctx, func(t tx) error {
		if o.DeliveryID, err = t.lockNotice(ctx, controller, o.ContactID, o.DeliveryID); err != nil {
			return err
		}
		n, err := t.exec(ctx, "objection_add", o.ContactID, o.ID, controller, o.ActivityKey, o.Scope, o.Way, o.MadeAt, o.DeliveryID)
		if err != nil {
			return err
		}
		stored, made = o, n == 1
		if !made {
			var row objectionRow
			_, err := t.one(ctx, &row, "objection", o.ContactID, o.ActivityKey, o.Scope)
			stored = row.objection()
			return err
		}
		if _, err := t.exec(ctx, "contact_objected", controller, o.ContactID, o.MadeAt); err != nil {
			return err
		}
		rows := make([]suppressionRow, len(ss))
		for i, sup := range ss {
			rows[i] = newSuppressionRow(controller, sup, o.MadeAt)
		}
		if err := t.suppress(ctx, rows); err != nil {
			return err
		}
		if lately, err := t.receiptLately(ctx, o.ContactID, receipt); err != nil {
			return err
		} else if lately {
			receipt = nil
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countObjection, "", string(o.Way), 1)
		if err := t.tell(ctx, controller, o.Tell, now, counts); err != nil {
			return err
		}
		return t.correspond(ctx, controller, o.ContactID, receipt, now, counts)
	})
	return stored, made, err
}

// objectionRow is a row of objection.
type objectionRow struct {
	ContactID  mailer.ID             `db:"contact_id"`
	ID         mailer.ID             `db:"id"`
	Activity   string                `db:"activity_key"`
	Scope      mailer.ObjectionScope `db:"scope"`
	Way        mailer.Way            `db:"way"`
	MadeAt     instant               `db:"made_at"`
	DeliveryID mailer.ID             `db:"delivery_id"`
}

func (r objectionRow) objection() mailer.Objection {
	return mailer.Objection{ID: r.ID, ContactID: r.ContactID, ActivityKey: r.Activity, Scope: r.Scope, Way: r.Way, MadeAt: r.MadeAt.Time, DeliveryID: r.DeliveryID}
}

// Request records a request for access (Art. 15) once while one is open.
func (s *Store) Request(ctx context.Context, controller mailer.ID, r mailer.Request, receipt *mailer.PlannedDelivery, now time.Time) (stored mailer.Request, made bool, err error) {
	err = s.write(ctx, func(t tx) error {
		if r.DeliveryID, err = t.lockNotice(ctx, controller, r.ContactID, r.DeliveryID); err != nil {
			return err
		}
		n, err := t.exec(ctx, "request_add", r.ContactID, r.ID, controller, r.Kind, r.Way, r.ReceivedAt, r.DueAt, r.DeliveryID)
		if err != nil {
			return err
		}
		stored, made = r, n == 1
		if !made {
			var row requestRow
			_, err := t.one(ctx, &row, "request_open", r.ContactID, r.Kind)
			stored = row.request()
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countRequest, "", "received", 1)
		return t.correspond(ctx, controller, r.ContactID, receipt, now, counts)
	})
	return stored, made, err
}

// requestRow is a row of request.
type requestRow struct {
	ContactID  mailer.ID          `db:"contact_id"`
	ID         mailer.ID          `db:"id"`
	Kind       mailer.RequestKind `db:"kind"`
	Way        mailer.Way         `db:"way"`
	ReceivedAt instant            `db:"received_at"`
	DueAt      instant            `db:"due_at"`
	DeliveryID mailer.ID          `db:"delivery_id"`
}

func (r requestRow) request() mailer.Request {
	return mailer.Request{ID: r.ID, ContactID: r.ContactID, Kind: r.Kind, Way: r.Way, ReceivedAt: r.ReceivedAt.Time, DueAt: r.DueAt.Time, DeliveryID: r.DeliveryID}
}

// lockNotice gives the notice behind a link and locks its person's row, so that
// whatever they ask is taken one after the other.
func (t tx) lockNotice(ctx context.Context, controller, contact, delivery mailer.ID) (notice mailer.ID, err error) {
	l, err := t.noticeBehind(ctx, controller, contact, delivery)
	if err != nil {
		return notice, err
	}
	_, err = t.exec(ctx, "contact_lock", controller, contact)
	return l.DeliveryID, err
}

// correspond queues a document in the express lane, if there is one, and notes
// the counts.
func (t tx) correspond(ctx context.Context, controller, contact mailer.ID, d *mailer.PlannedDelivery, now time.Time, counts tally) error {
	if d != nil {
		lane, err := t.expressLane(ctx, controller)
		if err != nil {
			return err
		}
		if err := t.enqueue(ctx, controller, []queuedDelivery{{*d, contact, mailer.ID{}, lane}}, now); err != nil {
			return err
		}
		counts.delivery(deliveryMove{ControllerID: controller, Document: d.Document, To: mailer.Queued})
	}
	return counts.note(ctx, t, time.Time{})
}

// expressLane finds the lane for correspondence, or makes it.
func (t tx) expressLane(ctx context.Context, controller mailer.ID) (lane int64, err error) {
	found, err := t.one(ctx, &lane, "express_lane", controller)
	if err != nil || found {
		return lane, err
	}
	if _, err := t.exec(ctx, "express_lane_add", controller); err != nil {
		return 0, err
	}
	_, err = t.one(ctx, &lane, "express_lane", controller)
	return lane, err
}
