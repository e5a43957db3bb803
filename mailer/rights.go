package mailer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
)

// Rights is what a recipient can do with the links of a notice: read it, object,
// ask for access. Every method takes a token and does only what that token was
// made for (R3). Reading changes nothing (R1).
type Rights struct {
	Store      RightsStore
	Skeletons  SkeletonStore
	Registers  *Registers
	Composer   Composer
	Tokens     Tokens
	Controller ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
}

// NoticeView is a notice as its recipient reads it on the portal.
type NoticeView struct {
	Page       Page
	Languages  []string // all that it can be read in
	Controller Controller
	Token      string // for asking access and changing the language
	Objection  string // the token of the objection form; "" where R10 gives no objection
	Objected   *calendar.Date
	AccessDue  *calendar.Date // an open request for access is answered by then
	Confirmed  bool           // a receipt for it goes out by mail
	Erased     *calendar.Date // the data are gone since: nothing else is there then, and Page has the language alone
}

// Notice gives the notice behind a notice token, in the wanted language if it is
// there, else in that of the mail.
func (r *Rights) Notice(ctx context.Context, token, wanted string) (NoticeView, error) {
	n, reg, err := r.open(ctx, token, TokenNotice)
	if err != nil {
		return NoticeView{}, err
	}
	v, err := r.view(ctx, n, reg, wanted)
	v.Token = token
	return v, err
}

// ByCode turns a code that a reader typed into a notice token.
func (r *Rights) ByCode(ctx context.Context, typed string) (string, error) {
	code, ok := ReadCode(typed)
	if !ok {
		return "", ErrNoSuchLink
	}
	l, err := r.Store.DeliveryByCode(ctx, r.Controller, code)
	if err != nil {
		return "", err
	}
	l.Purpose = TokenNotice
	return r.Tokens.Make(l), nil
}

// ObjectionView is the page behind an objection link, before or after the objection.
type ObjectionView struct {
	Language   string
	Languages  []string
	Controller Controller
	Token      string
	Objected   *calendar.Date // nil: not yet
	Confirmed  bool           // a receipt for it goes out by mail
	Erased     *calendar.Date // the data are gone since; there is nothing left to object to
}

// Objection shows what an objection token is for; it changes nothing.
func (r *Rights) Objection(ctx context.Context, token, wanted string) (ObjectionView, error) {
	n, reg, err := r.open(ctx, token, TokenObjection)
	if err != nil {
		return ObjectionView{}, err
	}
	return r.objectionView(n, reg, token, wanted), nil
}

// Object records the person's "no" (Art. 21, R5, R10). It stops use at once, may
// be said again without harm, and is acknowledged by mail once.
func (r *Rights) Object(ctx context.Context, token string, way Way, wanted string) (ObjectionView, error) {
	n, reg, err := r.open(ctx, token, TokenObjection)
	if err != nil {
		return ObjectionView{}, err
	}
	if !n.ErasedAt.IsZero() { // said to somebody whom we no longer know (R2, R3)
		return r.objectionView(n, reg, token, wanted), nil
	}
	if n.ObjectedAt, err = r.object(ctx, n, way, r.Now(), time.Time{}); err != nil {
		return ObjectionView{}, err
	}
	return r.objectionView(n, reg, token, wanted), nil
}

// ObjectTo records a "no" that came without a link, at the instant of its receipt, and
// gives when the first of its kind was made. It is acknowledged to the address that the notice
// went to, unless that got another receipt within a day. It gives ErrNoSuchLink where there is
// nothing to object to: no right (R10), or no data any more.
func (r *Rights) ObjectTo(ctx context.Context, l Link, way Way, received time.Time) (time.Time, error) {
	n, _, err := r.behind(ctx, l)
	if err != nil {
		return time.Time{}, err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return time.Time{}, ErrNoSuchLink
	}
	return r.object(ctx, n, way, received, r.Now().Add(-acknowledgeOnce))
}

func (r *Rights) object(ctx context.Context, n SentNotice, way Way, made, quietSince time.Time) (time.Time, error) {
	now := r.Now()
	o := Objection{ID: NewID(now), ContactID: n.Contact.ID, ActivityKey: n.ActivityKey, Scope: ObjectToAll, Way: way, MadeAt: made, DeliveryID: n.DeliveryID}
	_, reg, err := r.Registers.Current(ctx, r.Key)
	if err != nil {
		return time.Time{}, err
	}
	tell := reg.Tidings(TellObjected, o.ContactID, o.ActivityKey, made)
	tell.Scope, o.Tell = o.Scope, &tell
	receipt := r.receipt(n, DocObjectionReceipt, now)
	if receipt != nil {
		receipt.QuietSince = quietSince
	}
	o, _, err = r.Store.Object(ctx, r.Controller, o, suppressUse(n.Identifiers, "objection"), receipt, now)
	return o.MadeAt, err
}

// RequestAccess records that the person asks what is held about them (Art. 15),
// with the day by which it is answered (D9). Control of the link is no proof of
// who asks (R4): nothing is shown here.
func (r *Rights) RequestAccess(ctx context.Context, token, wanted string) (NoticeView, error) {
	n, reg, err := r.open(ctx, token, TokenNotice)
	if err != nil {
		return NoticeView{}, err
	}
	if !n.ErasedAt.IsZero() { // the page is the answer: nothing is held
		v, err := r.view(ctx, n, reg, wanted)
		v.Token = token
		return v, err
	}
	now := r.Now()
	req, err := r.request(ctx, n, reg, RequestAccess, WayPage, now, r.receipt(n, DocAccessReceipt, now))
	if err != nil {
		return NoticeView{}, err
	}
	n.AccessDueAt = req.DueAt
	v, err := r.view(ctx, n, reg, wanted)
	v.Token = token
	return v, err
}

// AskFor records a request that came without a link, with its date from the instant of its
// receipt (D9). No receipt goes out: whoever closes an answer so has written to them, and a
// receipt's date would count from today. It gives ErrNoSuchLink where nothing is held any more.
func (r *Rights) AskFor(ctx context.Context, l Link, kind RequestKind, way Way, received time.Time) (Request, error) {
	n, reg, err := r.behind(ctx, Link{TokenNotice, l.ContactID, l.DeliveryID})
	if err != nil {
		return Request{}, err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return Request{}, ErrNoSuchLink
	}
	return r.request(ctx, n, reg, kind, way, received, nil)
}

func (r *Rights) request(ctx context.Context, n SentNotice, reg *Register, kind RequestKind, way Way, received time.Time, receipt *PlannedDelivery) (Request, error) {
	now := r.Now()
	req := Request{ID: NewID(now), ContactID: n.Contact.ID, Kind: kind, Way: way, ReceivedAt: received,
		DueAt: RequestDue(received, reg.Controller.Zone), DeliveryID: n.DeliveryID}
	req, _, err := r.Store.Request(ctx, r.Controller, req, receipt, now)
	return req, err
}

// RequestDue is one month after receipt (Art. 12(3), D9), in the controller's zone.
func RequestDue(received time.Time, zone *time.Location) time.Time {
	return calendar.RawEnd(calendar.DateOf(received, zone), 1).EndOf(zone).UTC()
}

// suppressUse stops use by every identifier, and re-import after an erasure. It
// never stops a notice, which is owed all the same (R9).
func suppressUse(ids []Identifier, reason string) []Suppression {
	var out []Suppression
	for _, id := range ids {
		out = append(out, Suppression{Kind: id.Kind, Hash: id.Hash, KeyID: id.KeyID, Scope: SuppressUse, Reason: reason})
	}
	return out
}

// receipt is a short confirmation by mail in the languages of the notice, or nil
// where the approved content has none, or the notice came by post or telephone: there
// is no mailbox whose holder was proven.
func (r *Rights) receipt(n SentNotice, doc Document, now time.Time) *PlannedDelivery {
	i := slices.IndexFunc(n.Skeletons, func(s SkeletonKeyHash) bool {
		return s.Key == SkeletonKey{doc, n.Languages, ""}
	})
	byMail := slices.ContainsFunc(n.Identifiers, func(id Identifier) bool { return id.ID == n.IdentifierID && id.Kind == ByEmail })
	if i < 0 || !byMail {
		return nil
	}
	return &PlannedDelivery{ID: NewID(now), Document: doc, ContentID: n.ContentID, Identifier: n.IdentifierID, Languages: n.Languages,
		LanguageRule: "as the notice", Form: "", SkeletonHash: n.Skeletons[i].Hash, Code: NewCode(), DueAt: now}
}

// open gives the notice behind a token that was made for purpose.
func (r *Rights) open(ctx context.Context, token string, purpose TokenPurpose) (SentNotice, *Register, error) {
	l, err := r.Tokens.Open(token, purpose)
	if err != nil {
		return SentNotice{}, nil, err
	}
	return r.behind(ctx, l)
}

// behind gives the notice that a link is about, with the register that it was written from.
func (r *Rights) behind(ctx context.Context, l Link) (SentNotice, *Register, error) {
	n, err := r.Store.NoticeFor(ctx, r.Controller, l.ContactID, l.DeliveryID)
	if err != nil {
		return n, nil, err
	}
	reg, err := r.Registers.Version(ctx, n.RegisterID)
	if err == nil && l.Purpose == TokenObjection && !objectionApplies(reg, n.ActivityKey) {
		err = ErrNoSuchLink // R10 gives no objection here
	}
	return n, reg, err
}

// languages are those in which the same approved notice can be read alone.
func (n SentNotice) languages() []string {
	var out []string
	for _, s := range n.Skeletons {
		if s.Key.Document == DocNotice && s.Key.Form == n.Form && !strings.Contains(s.Key.Languages, "+") {
			out = append(out, s.Key.Languages)
		}
	}
	slices.Sort(out)
	return out
}

func (n SentNotice) choose(wanted string) string {
	if slices.Contains(n.languages(), wanted) {
		return wanted
	}
	first, _, _ := strings.Cut(n.Languages, "+")
	return first
}

func (r *Rights) view(ctx context.Context, n SentNotice, reg *Register, wanted string) (NoticeView, error) {
	lang := n.choose(wanted)
	if !n.ErasedAt.IsZero() {
		return NoticeView{Page: Page{Language: lang}, Languages: n.languages(), Controller: reg.Controller, Erased: dateOf(n.ErasedAt, reg)}, nil
	}
	key := SkeletonKey{DocNotice, lang, n.Form}
	i := slices.IndexFunc(n.Skeletons, func(s SkeletonKeyHash) bool { return s.Key == key })
	if i < 0 {
		return NoticeView{}, fmt.Errorf("the content version has no notice in %s for %s", lang, n.Form)
	}
	body, err := r.Skeletons.Skeleton(ctx, n.Skeletons[i].Hash)
	if err != nil {
		return NoticeView{}, err
	}
	slots, err := r.slots(reg, n, key)
	if err != nil {
		return NoticeView{}, err
	}
	page, err := r.Composer.Page(Skeleton{Hash: n.Skeletons[i].Hash, Body: body}, slots, lang)
	if err != nil {
		return NoticeView{}, err
	}
	v := NoticeView{Page: page, Languages: n.languages(), Controller: reg.Controller,
		Objected: dateOf(n.ObjectedAt, reg), AccessDue: dateOf(n.AccessDueAt, reg), Confirmed: r.receipt(n, DocAccessReceipt, r.Now()) != nil}
	if objectionApplies(reg, n.ActivityKey) {
		v.Objection = r.Tokens.Make(Link{TokenObjection, n.Contact.ID, n.DeliveryID})
	}
	return v, nil
}

// slots are those of the mail; for another language than the mail's they are
// drawn again from the same facts, as of the day of the notice.
func (r *Rights) slots(reg *Register, n SentNotice, key SkeletonKey) (Slots, error) {
	if n.Slots != nil && slices.Contains(strings.Split(n.Languages, "+"), key.Languages) {
		return n.Slots, nil
	}
	now := n.ComposedAt
	if now.IsZero() {
		now = r.Now()
	}
	return r.Composer.Slots(reg, SlotInput{Key: key, Facts: n.Facts, ActivityKey: n.ActivityKey, Now: now, Code: n.Code, Again: true})
}

func (r *Rights) objectionView(n SentNotice, reg *Register, token, wanted string) ObjectionView {
	return ObjectionView{Language: n.choose(wanted), Languages: n.languages(), Controller: reg.Controller, Token: token,
		Objected: dateOf(n.ObjectedAt, reg), Confirmed: r.receipt(n, DocObjectionReceipt, r.Now()) != nil, Erased: dateOf(n.ErasedAt, reg)}
}

func objectionApplies(reg *Register, activity string) bool {
	a, _ := reg.Activity(activity)
	return GivesRight(a, RightObjection)
}

func dateOf(at time.Time, reg *Register) *calendar.Date {
	if at.IsZero() {
		return nil
	}
	d := calendar.DateOf(at, reg.Controller.Zone)
	return &d
}
