package rights

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/mailertest"
)

// memRights keeps one notice and what its reader did.
type memRights struct {
	notice     SentNotice
	objections []mailer.Objection
	suppressed []mailer.Suppression
	requests   []mailer.Request
	receipts   []*mailer.PlannedDelivery
}

func (m *memRights) NoticeFor(_ context.Context, _, contact, delivery mailer.ID) (SentNotice, error) {
	if contact != m.notice.Contact.ID || delivery != m.notice.DeliveryID {
		return SentNotice{}, mailer.ErrNoSuchLink
	}
	return m.notice, nil
}

func (m *memRights) DeliveryByCode(_ context.Context, _ mailer.ID, code string) (mailer.Link, error) {
	if code != m.notice.Code {
		return mailer.Link{}, mailer.ErrNoSuchLink
	}
	return mailer.Link{ContactID: m.notice.Contact.ID, DeliveryID: m.notice.DeliveryID}, nil
}

func (m *memRights) Object(_ context.Context, _ mailer.ID, o mailer.Objection, s []mailer.Suppression, receipt *mailer.PlannedDelivery, _ time.Time) (mailer.Objection, bool, error) {
	if len(m.objections) > 0 {
		return m.objections[0], false, nil
	}
	m.objections, m.suppressed, m.receipts = append(m.objections, o), append(m.suppressed, s...), append(m.receipts, receipt)
	return o, true, nil
}

func (m *memRights) OpenRequest(_ context.Context, _, _, _ mailer.ID, _ time.Time, decide func(Standing) (RequestChange, error)) (mailer.Request, error) {
	c, err := decide(Standing{Contact: m.notice.Contact, Activities: []string{m.notice.ActivityKey}, Requests: m.requests})
	if err == nil && c.New {
		m.requests, m.receipts = append(m.requests, c.Request), append(m.receipts, c.Mail)
	}
	return c.Request, err
}

// pageComposer shows which skeleton and language a page was made from.
type pageComposer struct{ mailer.Composer }

func (pageComposer) Slots(_ *mailer.Register, in mailer.SlotInput) (mailer.Slots, error) {
	if !in.Again {
		return nil, errors.New("the page of a notice that was given is drawn as for its first day")
	}
	return mailer.Slots{"drawn": in.Key.Languages}, nil
}

func (pageComposer) Page(sk mailer.Skeleton, s mailer.Slots, lang string) (mailer.Page, error) {
	return mailer.Page{Language: lang, HTML: string(sk.Body) + "|" + s["drawn"] + s["sent"]}, nil
}

type hashSkeletons struct{}

func (hashSkeletons) Skeleton(_ context.Context, hash []byte) ([]byte, error) { return hash, nil }

// rightsFor is the portal's side of a French notice of LinkedIn data, on a basis.
func rightsFor(t *testing.T, basis mailer.Basis) (*Rights, *memRights) {
	reg := &mailer.Register{Controller: mailer.Controller{Key: "nordlicht", Zone: mailertest.Paris(t)}, Activities: []mailer.Activity{{Key: "directory", Purposes: []mailer.Purpose{{Key: "sell", Basis: basis}}}}}
	m := &memRights{notice: SentNotice{
		Contact: mailer.Contact{ID: mailer.NewID(time.Unix(1, 0))}, DeliveryID: mailer.NewID(time.Unix(2, 0)), ActivityKey: "directory", Languages: "fr", Form: "linkedin",
		Identifiers: []mailer.Identifier{{Kind: mailer.ByEmail, Hash: []byte("h1"), KeyID: "a"}, {Kind: mailer.ByProfileURL, Hash: []byte("h2"), KeyID: "a"}},
		Slots:       mailer.Slots{"sent": "as sent"}, Code: mailer.NewCode(), ComposedAt: time.Unix(3, 0),
		Skeletons: []mailer.SkeletonKeyHash{
			{Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "fr", Form: "linkedin"}, Hash: []byte("fr-body")}, {Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "de", Form: "linkedin"}, Hash: []byte("de-body")},
			{Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "fr+de", Form: "linkedin"}, Hash: []byte("both")}, {Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "en", Form: "whois"}, Hash: []byte("other form")},
			{Key: mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: "fr", Form: ""}, Hash: []byte("receipt")},
		},
	}}
	return &Rights{Store: m, Skeletons: hashSkeletons{}, Composer: pageComposer{}, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Now: func() time.Time { return mailertest.At(t, "2026-11-21T22:30:00Z") },
		Registers: &mailer.Registers{Store: oldRegisters{}, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}, m
}

func (m *memRights) link(p mailer.TokenPurpose) mailer.Link {
	return mailer.Link{Purpose: p, ContactID: m.notice.Contact.ID, DeliveryID: m.notice.DeliveryID}
}

func TestALinkDoesOnlyWhatItWasMadeFor(t *testing.T) { // R3
	r, m := rightsFor(t, mailer.LegitimateInterest)
	ctx := t.Context()
	notice, objection := r.Tokens.Make(m.link(mailer.TokenNotice)), r.Tokens.Make(m.link(mailer.TokenObjection))
	stranger := r.Tokens.Make(mailer.Link{Purpose: mailer.TokenNotice, ContactID: mailer.NewID(time.Unix(7, 0)), DeliveryID: m.notice.DeliveryID})
	for name, call := range map[string]func() error{
		"a notice link does not object":         func() error { _, err := r.Object(ctx, notice, "page", ""); return err },
		"nor opens the objection page":          func() error { _, err := r.Objection(ctx, notice, ""); return err },
		"an objection link shows no notice":     func() error { _, err := r.Notice(ctx, objection, ""); return err },
		"nor asks for access":                   func() error { _, err := r.RequestAccess(ctx, objection, ""); return err },
		"a link to nobody opens nothing":        func() error { _, err := r.Notice(ctx, stranger, ""); return err },
		"a code that is none opens nothing":     func() error { _, err := r.ByCode(ctx, "no code"); return err },
		"a code of nobody opens nothing either": func() error { _, err := r.ByCode(ctx, mailer.NewCode()); return err },
	} {
		if err := call(); !errors.Is(err, mailer.ErrNoSuchLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(m.objections)+len(m.requests) != 0 {
		t.Errorf("something was recorded: %v %v", m.objections, m.requests)
	}
}

func TestTheNoticeIsReadAsItWasSentAndInOtherLanguagesFromTheSameFacts(t *testing.T) { // C4, L5
	r, m := rightsFor(t, mailer.LegitimateInterest)
	token := r.Tokens.Make(m.link(mailer.TokenNotice))
	for wanted, want := range map[string]string{"": "fr-body|as sent", "fr": "fr-body|as sent", "de": "de-body|de", "xx": "fr-body|as sent", "en": "fr-body|as sent"} {
		v, err := r.Notice(t.Context(), token, wanted)
		if err != nil || v.Page.HTML != want {
			t.Errorf("?l=%s shows %q, %v; want %q", wanted, v.Page.HTML, err, want)
		}
		if !slices.Equal(v.Languages, []string{"de", "fr"}) || v.Objection == "" {
			t.Errorf("languages %v, objection %q", v.Languages, v.Objection)
		}
	}
	typed, err := r.ByCode(t.Context(), m.notice.Code)
	if err != nil || typed != token {
		t.Errorf("the code leads to %q, %v", typed, err)
	}
}

func TestAnObjectionStopsUseByEveryIdentifierAndNeverTheNotice(t *testing.T) { // R5, R9
	r, m := rightsFor(t, mailer.LegitimateInterest)
	token := r.Tokens.Make(m.link(mailer.TokenObjection))
	for range 2 {
		v, err := r.Object(t.Context(), token, "one_click", "")
		if err != nil || v.Objected == nil || v.Objected.String() != "2026-11-21" {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if len(m.objections) != 1 || len(m.suppressed) != 2 {
		t.Fatalf("%d objections, %d suppressions", len(m.objections), len(m.suppressed))
	}
	for _, s := range m.suppressed {
		if s.Scope != mailer.SuppressUse {
			t.Errorf("suppressed in scope %s: the notice itself is owed all the same", s.Scope)
		}
	}
	if rc := m.receipts[0]; rc == nil || rc.Document != mailer.DocObjectionReceipt || string(rc.SkeletonHash) != "receipt" {
		t.Errorf("receipt %+v", rc)
	}
}

func TestObjectionIsOfferedOnlyWhereTheLawGivesIt(t *testing.T) { // R10
	for basis, want := range map[mailer.Basis]bool{mailer.LegitimateInterest: true, mailer.PublicTask: true, mailer.Consent: false, mailer.LegalObligation: false} {
		r, m := rightsFor(t, basis)
		v, err := r.Notice(t.Context(), r.Tokens.Make(m.link(mailer.TokenNotice)), "")
		if err != nil || (v.Objection != "") != want {
			t.Errorf("%s: objection offered %v, want %v (%v)", basis, v.Objection != "", want, err)
		}
		if _, err := r.Object(t.Context(), r.Tokens.Make(m.link(mailer.TokenObjection)), "page", ""); errors.Is(err, mailer.ErrNoSuchLink) == want {
			t.Errorf("%s: objecting gives %v", basis, err)
		}
	}
}

func TestARequestForAccessIsDueAMonthAfterItsDayInTheControllersZone(t *testing.T) { // D9, D10, R4
	r, m := rightsFor(t, mailer.LegitimateInterest)
	v, err := r.RequestAccess(t.Context(), r.Tokens.Make(m.link(mailer.TokenNotice)), "")
	if err != nil || v.AccessDue == nil || v.AccessDue.String() != "2026-12-21" {
		t.Fatalf("%+v, %v", v.AccessDue, err)
	}
	if m.requests[0].Kind != "access" || m.receipts[0] != nil { // no access receipt was approved here
		t.Errorf("%+v %+v", m.requests[0], m.receipts[0])
	}
	if got := RequestDue(mailertest.At(t, "2026-11-21T23:30:00Z"), mailertest.Paris(t)); !got.Equal(mailertest.At(t, "2026-12-22T23:59:59+01:00")) {
		t.Errorf("half past midnight in Paris: due %s", got)
	}
}

func TestTheLinksOfSomebodyWhoIsErasedDoNothingButSaySinceWhen(t *testing.T) { // R2, R3
	r, m := rightsFor(t, mailer.LegitimateInterest)
	m.notice.ErasedAt = mailertest.At(t, "2026-12-31T23:30:00Z") // already January in Paris
	notice, objection := r.Tokens.Make(m.link(mailer.TokenNotice)), r.Tokens.Make(m.link(mailer.TokenObjection))
	v, err := r.Notice(t.Context(), notice, "")
	if err != nil || v.Erased == nil || v.Erased.String() != "2027-01-01" || v.Page.HTML != "" || v.Page.Language == "" || v.Objection != "" {
		t.Errorf("notice: %+v, %v", v, err)
	}
	for range 2 {
		o, err := r.Object(t.Context(), objection, "one_click", "")
		if err != nil || o.Erased == nil || o.Objected != nil {
			t.Errorf("objection: %+v, %v", o, err)
		}
	}
	if v, err := r.RequestAccess(t.Context(), notice, ""); err != nil || v.Erased == nil {
		t.Errorf("access: %+v, %v", v, err)
	}
	if len(m.objections)+len(m.requests)+len(m.suppressed)+len(m.receipts) > 0 {
		t.Errorf("something was recorded of somebody who is not there: %+v", m)
	}
}

func TestNobodyWhoWasToldByPostGetsAReceiptByMail(t *testing.T) { // R4
	for kind, want := range map[mailer.IdentifierKind]bool{mailer.ByEmail: true, mailer.ByPostal: false, mailer.ByPhone: false} {
		r, m := rightsFor(t, mailer.LegitimateInterest)
		m.notice.IdentifierID = mailer.ID{7}
		m.notice.Identifiers = append(m.notice.Identifiers, mailer.Identifier{ID: mailer.ID{7}, Kind: kind, Hash: []byte("h3"), KeyID: "a"})
		if got := r.receipt(m.notice, mailer.DocObjectionReceipt, time.Unix(9, 0)); (got != nil) != want {
			t.Errorf("told by %s: %v", kind, got)
		}
	}
}

// oldRegisters has one version, of the register that a test gives.
type oldRegisters struct{ mailer.RegisterStore }

func (oldRegisters) RegisterVersion(context.Context, mailer.ID) (mailer.RegisterVersion, error) {
	return mailer.RegisterVersion{}, nil
}
