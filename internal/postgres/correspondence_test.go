package postgres

import (
	"crypto/sha256"
	"errors"
	"sync"
	"testing"

	"article14/mailer"
)

// planned is a mail about somebody's rights, with what it was planned with.
func (h *house) planned(contact mailer.ID) *mailer.PlannedDelivery {
	d := h.receiptTo(contact)
	d.Values = mailer.Slots{"name": "Person", "text": "A thatched roof.\n- \"two\" ⟨lines⟩", "done.fr": "2 mars 2026"}
	return d
}

// objects has somebody object, and queues a mail about it.
func (h *house) objects(a mailer.Attempt, receipt *mailer.PlannedDelivery) {
	h.t.Helper()
	_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: a.DeliveryID}, nil, receipt, noon)
	must(h.t, err)
}

func TestAMailIsComposedFromWhatItWasPlannedWithUntilItIsBegun(t *testing.T) { // E1
	h, a := told(t)
	d := h.planned(a.ContactID)
	h.objects(a, d)
	jobs := h.claim(10, noon)
	equal(t, "jobs", len(jobs), 1)
	equal(t, "values", len(jobs[0].Values), 3)
	equal(t, "text", jobs[0].Values["text"], d.Values["text"])
	equal(t, "nothing went out before", jobs[0].Slots == nil, true)
	h.settle(mailer.Deferred, noon, h.begin(noon, jobs...)...)
	_, err := h.Wake(h.ctx, h.controller, noon.Add(day), true, 10)
	must(t, err)
	jobs = h.claim(10, noon.Add(day))
	equal(t, "jobs again", len(jobs), 1)
	equal(t, "what went out", jobs[0].Slots != nil && jobs[0].Values == nil, true)
}

func TestWhatAMailWasPlannedWithGoesWithThePerson(t *testing.T) { // T4, R5
	for _, sent := range []bool{false, true} {
		h, a := told(t)
		h.objects(a, h.planned(a.ContactID))
		if sent {
			h.settle(mailer.Relayed, noon, h.begin(noon, h.claim(10, noon)...)...)
		}
		if len(h.find("thatched")) == 0 {
			t.Fatal("nothing is found that is there")
		}
		must(t, h.eraser(noon).Erase(h.ctx, a.ContactID, "ann", "asked by letter"))
		if left := h.find("thatched"); len(left) > 0 {
			t.Errorf("sent %v: it is left in %v", sent, left)
		}
	}
}

func TestSomebodyIsKnownByTheirNewestNoticeAndTheirMailboxes(t *testing.T) { // E3, R9
	h, a := told(t)
	d, err := h.Addressee(h.ctx, h.controller, a.ContactID, "", noon)
	must(t, err)
	equal(t, "name", d.Contact.Name, "Person 1")
	equal(t, "mailboxes", len(d.Mailboxes), 1)
	equal(t, "alive", d.Mailboxes[0].Suppressed, false)
	equal(t, "activities", len(d.Activities) == 1 && d.Activities[0] == "sales", true)
	equal(t, "notice", d.Notice.Activity+d.Notice.Languages, "salesfr")
	equal(t, "register", d.Notice.RegisterID, h.content.RegisterVersionID)
	equal(t, "address", d.Notice.Identifier, d.Mailboxes[0].Identifier.ID)

	h.objects(a, h.planned(a.ContactID)) // is no notice
	d, err = h.Addressee(h.ctx, h.controller, a.ContactID, "other", noon)
	must(t, err)
	equal(t, "of another activity", d.Notice == nil, true)

	must(t, h.write(h.ctx, func(tx tx) error {
		return tx.suppress(h.ctx, []suppressionRow{newSuppressionRow(h.controller, mailer.Suppression{Kind: mailer.ByEmail, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "dead"}, noon)})
	}))
	d, err = h.Addressee(h.ctx, h.controller, a.ContactID, "sales", noon)
	must(t, err)
	equal(t, "dead", d.Mailboxes[0].Suppressed, true)

	if _, err := h.Addressee(h.ctx, h.controller, mailer.NewID(noon), "", noon); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("a stranger: %v", err)
	}
	other := moveIn(h.ctx, t, h.Store, "other")
	if _, err := h.Addressee(h.ctx, other.controller, a.ContactID, "", noon); !errors.Is(err, mailer.ErrNoContact) {
		t.Errorf("somebody of another controller: %v", err)
	}
	never := h.people(1, noon)[0]
	d, err = h.Addressee(h.ctx, h.controller, never, "", noon)
	must(t, err)
	equal(t, "never told", d.Notice == nil && len(d.Mailboxes) == 1, true)
}

func TestProcessesThatStoreTheSameTextsAtOnceGetOneVersion(t *testing.T) { // E1
	h := newHouse(t)
	var v mailer.ContentVersion
	for _, d := range mailer.Correspondences {
		body := []byte("the text of " + d)
		hash := sha256.Sum256(body)
		v.Skeletons = append(v.Skeletons, mailer.Skeleton{Key: mailer.SkeletonKey{Document: d, Languages: "fr"}, Hash: hash[:], Body: body})
	}
	v.Hash, v.ActivityKey, v.RegisterVersionID = []byte("correspondence"), "sales", h.content.RegisterVersionID
	ids := make([]mailer.ID, 12)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			mine := v
			mine.ID = mailer.NewID(noon)
			saved, err := h.SaveContent(h.ctx, h.controller, mine, noon)
			if err != nil || len(saved.Skeletons) != len(v.Skeletons) {
				t.Errorf("%d texts: %v", len(saved.Skeletons), err)
			}
			ids[i] = saved.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		equal(t, "the version", id, ids[0])
	}
	equal(t, "versions", h.count(`SELECT count(*) FROM content_version WHERE hash = 'correspondence'`), 1)
}
