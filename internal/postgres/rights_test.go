package postgres

import (
	"errors"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
)

// told is a house with one person whose notice has gone out.
func told(t *testing.T) (*house, mailer.Attempt) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Relayed, noon, a)
	return h, a
}

func (h *house) receiptTo(contact mailer.ID) *mailer.PlannedDelivery {
	var address mailer.ID
	must(h.t, h.db.GetContext(h.ctx, &address, `SELECT id FROM identifier WHERE contact_id = $1`, contact))
	return &mailer.PlannedDelivery{ID: mailer.NewID(noon), Document: mailer.DocObjectionReceipt, ContentID: h.content.ID, Identifier: address,
		Languages: "fr", LanguageRule: "as the notice", SkeletonHash: h.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: noon}
}

func TestALinkLeadsToTheNoticeAsItWasGiven(t *testing.T) {
	h, a := told(t)
	n, err := h.NoticeFor(h.ctx, h.controller, a.ContactID, a.DeliveryID)
	must(t, err)
	equal(t, "name", n.Contact.Name, "Person 1")
	equal(t, "identifiers", len(n.Identifiers), 1)
	equal(t, "address", n.IdentifierID, n.Identifiers[0].ID)
	equal(t, "activity", n.ActivityKey, "sales")
	equal(t, "state", n.State, mailer.Relayed)
	equal(t, "register", n.RegisterID, h.content.RegisterVersionID)
	equal(t, "content", n.ContentID, h.content.ID)
	equal(t, "skeletons", len(n.Skeletons), 2)
	equal(t, "slots", n.Slots["name"], "Person")
	equal(t, "composed", n.ComposedAt, noon)
	equal(t, "facts", len(n.Facts.Acquisitions)+len(n.Facts.Duties), 2)
	equal(t, "objected", n.ObjectedAt.IsZero() && n.AccessDueAt.IsZero(), true)

	l, err := h.DeliveryByCode(h.ctx, h.controller, n.Code)
	must(t, err)
	equal(t, "by code", l, mailer.Link{Purpose: mailer.TokenNotice, ContactID: a.ContactID, DeliveryID: a.DeliveryID})
}

func TestLinksThatLeadNowhereAllGetTheSameAnswer(t *testing.T) { // R3
	h, a := told(t)
	other := moveIn(h.ctx, t, h.Store, "other")
	stranger := h.people(1, noon)[0]
	for name, ask := range map[string]func() error{
		"no such delivery":   func() error { _, err := h.NoticeFor(h.ctx, h.controller, a.ContactID, mailer.NewID(noon)); return err },
		"another contact":    func() error { _, err := h.NoticeFor(h.ctx, h.controller, stranger, a.DeliveryID); return err },
		"another controller": func() error { _, err := h.NoticeFor(h.ctx, other.controller, a.ContactID, a.DeliveryID); return err },
		"no such code":       func() error { _, err := h.DeliveryByCode(h.ctx, h.controller, "0000-0000-0000"); return err },
		"objection to somebody's": func() error {
			_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: stranger, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: a.DeliveryID}, nil, nil, noon)
			return err
		},
		"request for somebody's": func() error {
			_, err := h.OpenRequest(h.ctx, h.controller, stranger, a.DeliveryID, noon, func(rights.Standing) (rights.RequestChange, error) {
				return rights.RequestChange{}, errors.New("it got as far as that")
			})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, mailer.ErrNoSuchLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	equal(t, "recorded", h.count(`SELECT count(*) FROM objection`)+h.count(`SELECT count(*) FROM request`), 0)
}

func TestAnObjectionStopsUseAtOnceAndIsRecordedOnce(t *testing.T) { // R5, R2
	h, a := told(t)
	object := func(way mailer.Way, at time.Time) (mailer.Objection, bool) {
		o := mailer.Objection{ID: mailer.NewID(at), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: way, MadeAt: at, DeliveryID: a.DeliveryID}
		s := []mailer.Suppression{{Kind: mailer.ByEmail, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressUse, Reason: "objection"}}
		o, made, err := h.Object(h.ctx, h.controller, o, s, h.receiptTo(a.ContactID), at)
		must(t, err)
		return o, made
	}
	first, made := object("one_click", noon)
	equal(t, "made", made, true)
	again, made := object("page", noon.Add(day))
	equal(t, "made again", made, false)
	equal(t, "the first", again, first)
	n, err := h.NoticeFor(h.ctx, h.controller, a.ContactID, a.DeliveryID)
	must(t, err)
	equal(t, "objected", n.ObjectedAt, noon)
	equal(t, "use has stopped", n.Contact.ObjectedAt, noon)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use'`), 1)
	f := h.figures(noon)
	equal(t, "by one click", f.Objections["one_click"], 1)
	equal(t, "by page", f.Objections["page"], 0)

	jobs := h.claim(10, noon)
	equal(t, "receipts in the express lane", len(jobs), 1)
	equal(t, "document", jobs[0].Document, mailer.DocObjectionReceipt)
	equal(t, "campaign", jobs[0].CampaignID, mailer.ID{})
	equal(t, "activity", jobs[0].ActivityKey, "sales")
	h.settle(mailer.Relayed, noon, h.begin(noon, jobs...)...)
	f = h.figures(noon)
	equal(t, "a receipt is no notice", f.Deliveries[mailer.Relayed], 1)
	equal(t, "nor counted by language", f.ByLanguages["fr"], 1)
	equal(t, "the duty stays met", h.dutyOf(a.ContactID), mailer.DutyMet)

	l, err := h.DeliveryByCode(h.ctx, h.controller, jobs[0].Code)
	must(t, err)
	equal(t, "the receipt's code leads to the notice", l.DeliveryID, a.DeliveryID)
}

func TestAnObjectionNeverStopsTheNotice(t *testing.T) { // R9
	h, a := told(t)
	_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: a.DeliveryID},
		[]mailer.Suppression{{Kind: mailer.ByEmail, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressUse, Reason: "objection"}}, nil, noon)
	must(t, err)
	_, opened, err := h.OpenDuties(h.ctx, h.controller, mailer.ID{}, 10, noon, purposeEnrich)
	must(t, err)
	equal(t, "owed again", opened, 1)
	h.running("summer", 0)
	equal(t, "and claimed", len(h.claim(10, noon)), 1)
}

func TestOnePersonsReportTellsWhatTheyWereToldWhenAndWhy(t *testing.T) { // E6
	h, a := told(t)
	_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: a.DeliveryID}, nil, h.receiptTo(a.ContactID), noon)
	must(t, err)
	p := newRequestsOn(h)
	p.absent = true // no receipt
	p.askFor(a, mailer.RequestAccess, "")
	r, err := h.ContactReport(h.ctx, h.controller, a.ContactID)
	must(t, err)
	equal(t, "name", r.Contact.Name, "Person 1")
	equal(t, "identifiers, acquisitions, duties, objections, requests",
		[5]int{len(r.Identifiers), len(r.Acquisitions), len(r.Duties), len(r.Objections), len(r.Requests)}, [5]int{1, 1, 1, 1, 1})
	equal(t, "deliveries", len(r.Deliveries), 2)
	d := r.Deliveries[0]
	if d.Document != mailer.DocNotice {
		d = r.Deliveries[1]
	}
	equal(t, "campaign", d.CampaignKey, "spring")
	equal(t, "why this language", d.LanguageRule, "country")
	equal(t, "bytes", string(d.SHA256), "sum")
	equal(t, "composed", d.ComposedAt, noon)
	equal(t, "attempts", len(d.Attempts), 1)
	equal(t, "outcome", d.Attempts[0].Outcome, mailer.Relayed)
	equal(t, "reply", d.Attempts[0].Reply.Code, 250)
	equal(t, "ended", d.Attempts[0].EndedAt, noon)
}
