package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Rights is what a recipient can do with the links of a notice: read it, object,
// ask for access. Every method takes a token and does only what that token was
// made for (R3). Reading changes nothing (R1).
type Rights struct {
	Store      Store
	Skeletons  mailer.SkeletonStore
	Registers  *mailer.Registers
	Composer   mailer.Composer
	Tokens     mailer.Tokens
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
}

// NoticeView is a notice as its recipient reads it on the portal.
type NoticeView struct {
	Page       mailer.Page
	Languages  []string // all that it can be read in
	Controller mailer.Controller
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
	n, reg, err := r.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return NoticeView{}, err
	}
	v, err := r.view(ctx, n, reg, wanted)
	v.Token = token
	return v, err
}

// ByCode turns a code that a reader typed into a notice token.
func (r *Rights) ByCode(ctx context.Context, typed string) (string, error) {
	code, ok := mailer.ReadCode(typed)
	if !ok {
		return "", mailer.ErrNoSuchLink
	}
	l, err := r.Store.DeliveryByCode(ctx, r.Controller, code)
	if err != nil {
		return "", err
	}
	l.Purpose = mailer.TokenNotice
	return r.Tokens.Make(l), nil
}

// ObjectionView is the page behind an objection link, before or after the objection.
type ObjectionView struct {
	Language   string
	Languages  []string
	Controller mailer.Controller
	Token      string
	Objected   *calendar.Date // nil: not yet
	Confirmed  bool           // a receipt for it goes out by mail
	Erased     *calendar.Date // the data are gone since; there is nothing left to object to
}

// Objection shows what an objection token is for; it changes nothing.
func (r *Rights) Objection(ctx context.Context, token, wanted string) (ObjectionView, error) {
	n, reg, err := r.open(ctx, token, mailer.TokenObjection)
	if err != nil {
		return ObjectionView{}, err
	}
	return r.objectionView(n, reg, token, wanted), nil
}

// Object records the person's "no" (Art. 21, R5, R10). It stops use at once, may
// be said again without harm, and is acknowledged by mail once.
func (r *Rights) Object(ctx context.Context, token string, way mailer.Way, wanted string) (ObjectionView, error) {
	n, reg, err := r.open(ctx, token, mailer.TokenObjection)
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

// acknowledgeOnce is for how long nothing else is sent to an address that a receipt for
// an answer went to, or any other: two programs that answer each other shall not go on.
const acknowledgeOnce = 24 * time.Hour

// ObjectTo records a "no" that came without a link, at the instant of its receipt, and
// gives when the first of its kind was made. It is acknowledged to the address that the notice
// went to, unless that got another receipt within a day. It gives ErrNoSuchLink where there is
// nothing to object to: no right (R10), or no data any more.
func (r *Rights) ObjectTo(ctx context.Context, l mailer.Link, way mailer.Way, received time.Time) (time.Time, error) {
	n, _, err := r.behind(ctx, l)
	if err != nil {
		return time.Time{}, err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return time.Time{}, mailer.ErrNoSuchLink
	}
	return r.object(ctx, n, way, received, r.Now().Add(-acknowledgeOnce))
}

func (r *Rights) object(ctx context.Context, n SentNotice, way mailer.Way, made, quietSince time.Time) (time.Time, error) {
	now := r.Now()
	o := mailer.Objection{ID: mailer.NewID(now), ContactID: n.Contact.ID, ActivityKey: n.ActivityKey, Scope: mailer.ObjectToAll, Way: way, MadeAt: made, DeliveryID: n.DeliveryID}
	_, reg, err := r.Registers.Current(ctx, r.Key)
	if err != nil {
		return time.Time{}, err
	}
	o.Tell = reg.Objected(o)
	receipt := r.receipt(n, mailer.DocObjectionReceipt, now)
	if receipt != nil {
		receipt.QuietSince = quietSince
	}
	o, _, err = r.Store.Object(ctx, r.Controller, o, mailer.StopUse(n.Identifiers, "objection"), receipt, now)
	return o.MadeAt, err
}

// RequestAccess records that the person asks what is held about them (Art. 15),
// with the day by which it is answered (D9). Control of the link is no proof of
// who asks (R4): nothing is shown here.
func (r *Rights) RequestAccess(ctx context.Context, token, wanted string) (NoticeView, error) {
	n, reg, err := r.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return NoticeView{}, err
	}
	if !n.ErasedAt.IsZero() { // the page is the answer: nothing is held
		v, err := r.view(ctx, n, reg, wanted)
		v.Token = token
		return v, err
	}
	now := r.Now()
	req, err := r.request(ctx, n, reg, mailer.RequestAccess, mailer.WayPage, now, r.receipt(n, mailer.DocAccessReceipt, now))
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
func (r *Rights) AskFor(ctx context.Context, l mailer.Link, kind mailer.RequestKind, way mailer.Way, received time.Time) (mailer.Request, error) {
	n, reg, err := r.behind(ctx, mailer.Link{Purpose: mailer.TokenNotice, ContactID: l.ContactID, DeliveryID: l.DeliveryID})
	if err != nil {
		return mailer.Request{}, err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return mailer.Request{}, mailer.ErrNoSuchLink
	}
	return r.request(ctx, n, reg, kind, way, received, nil)
}

func (r *Rights) request(ctx context.Context, n SentNotice, reg *mailer.Register, kind mailer.RequestKind, way mailer.Way, received time.Time, receipt *mailer.PlannedDelivery) (mailer.Request, error) {
	now := r.Now()
	books := Requests{Rights: r, Company: reg.Controller}
	q := mailer.Request{ContactID: n.Contact.ID, Kind: kind, Way: way, ReceivedAt: received, DeliveryID: n.DeliveryID}
	return r.Store.OpenRequest(ctx, r.Controller, n.Contact.ID, n.DeliveryID, now, func(s Standing) (RequestChange, error) {
		return books.taken(reg, s, q, "", receipt), nil
	})
}

// RequestDue is one month after receipt (Art. 12(3), D9), in the controller's zone.
func RequestDue(received time.Time, zone *time.Location) time.Time {
	return mailer.RequestDue(received, zone)
}

// receipt is a short confirmation by mail in the languages of the notice, or nil
// where the approved content has none, or the notice came by post or telephone: there
// is no mailbox whose holder was proven.
func (r *Rights) receipt(n SentNotice, doc mailer.Document, now time.Time) *mailer.PlannedDelivery {
	i := slices.IndexFunc(n.Skeletons, func(s mailer.SkeletonKeyHash) bool {
		return s.Key == mailer.SkeletonKey{Document: doc, Languages: n.Languages, Form: ""}
	})
	byMail := slices.ContainsFunc(n.Identifiers, func(id mailer.Identifier) bool { return id.ID == n.IdentifierID && id.Kind == mailer.ByEmail })
	if i < 0 || !byMail {
		return nil
	}
	return &mailer.PlannedDelivery{ID: mailer.NewID(now), Document: doc, ContentID: n.ContentID, Identifier: n.IdentifierID, Languages: n.Languages,
		LanguageRule: "as the notice", Form: "", SkeletonHash: n.Skeletons[i].Hash, Code: mailer.NewCode(), DueAt: now}
}

// open gives the notice behind a token that was made for purpose.
func (r *Rights) open(ctx context.Context, token string, purpose mailer.TokenPurpose) (SentNotice, *mailer.Register, error) {
	l, err := r.Tokens.Open(token, purpose)
	if err != nil {
		return SentNotice{}, nil, err
	}
	return r.behind(ctx, l)
}

// behind gives the notice that a link is about, with the register that it was written from.
func (r *Rights) behind(ctx context.Context, l mailer.Link) (SentNotice, *mailer.Register, error) {
	n, err := r.Store.NoticeFor(ctx, r.Controller, l.ContactID, l.DeliveryID)
	if err != nil {
		return n, nil, err
	}
	reg, err := r.Registers.Version(ctx, n.RegisterID)
	if err == nil && l.Purpose == mailer.TokenObjection && !objectionApplies(reg, n.ActivityKey) {
		err = mailer.ErrNoSuchLink // R10 gives no objection here
	}
	return n, reg, err
}

// languages are those in which the same approved notice can be read alone.
func (n SentNotice) languages() []string {
	var out []string
	for _, s := range n.Skeletons {
		if s.Key.Document == mailer.DocNotice && s.Key.Form == n.Form && !strings.Contains(s.Key.Languages, "+") {
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

func (r *Rights) view(ctx context.Context, n SentNotice, reg *mailer.Register, wanted string) (NoticeView, error) {
	lang := n.choose(wanted)
	if !n.ErasedAt.IsZero() {
		return NoticeView{Page: mailer.Page{Language: lang}, Languages: n.languages(), Controller: reg.Controller, Erased: dateOf(n.ErasedAt, reg)}, nil
	}
	key := mailer.SkeletonKey{Document: mailer.DocNotice, Languages: lang, Form: n.Form}
	i := slices.IndexFunc(n.Skeletons, func(s mailer.SkeletonKeyHash) bool { return s.Key == key })
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
	page, err := r.Composer.Page(mailer.Skeleton{Hash: n.Skeletons[i].Hash, Body: body}, slots, lang)
	if err != nil {
		return NoticeView{}, err
	}
	v := NoticeView{Page: page, Languages: n.languages(), Controller: reg.Controller,
		Objected: dateOf(n.ObjectedAt, reg), AccessDue: dateOf(n.AccessDueAt, reg), Confirmed: r.receipt(n, mailer.DocAccessReceipt, r.Now()) != nil}
	if objectionApplies(reg, n.ActivityKey) {
		v.Objection = r.Tokens.Make(mailer.Link{Purpose: mailer.TokenObjection, ContactID: n.Contact.ID, DeliveryID: n.DeliveryID})
	}
	return v, nil
}

// slots are those of the mail; for another language than the mail's they are
// drawn again from the same facts, as of the day of the notice.
func (r *Rights) slots(reg *mailer.Register, n SentNotice, key mailer.SkeletonKey) (mailer.Slots, error) {
	if n.Slots != nil && slices.Contains(strings.Split(n.Languages, "+"), key.Languages) {
		return n.Slots, nil
	}
	now := n.ComposedAt
	if now.IsZero() {
		now = r.Now()
	}
	return r.Composer.Slots(reg, mailer.SlotInput{Key: key, Facts: n.Facts, ActivityKey: n.ActivityKey, Now: now, Code: n.Code, Again: true})
}

func (r *Rights) objectionView(n SentNotice, reg *mailer.Register, token, wanted string) ObjectionView {
	return ObjectionView{Language: n.choose(wanted), Languages: n.languages(), Controller: reg.Controller, Token: token,
		Objected: dateOf(n.ObjectedAt, reg), Confirmed: r.receipt(n, mailer.DocObjectionReceipt, r.Now()) != nil, Erased: dateOf(n.ErasedAt, reg)}
}

func objectionApplies(reg *mailer.Register, activity string) bool { return reg.Objectable(activity) }

func dateOf(at time.Time, reg *mailer.Register) *calendar.Date {
	if at.IsZero() {
		return nil
	}
	d := calendar.DateOf(at, reg.Controller.Zone)
	return &d
}

// Store keeps what people ask for.
type Store interface {
	// NoticeFor gives the notice behind a link, or ErrNoSuchLink.
	NoticeFor(ctx context.Context, controller, contact, delivery mailer.ID) (SentNotice, error)
	// DeliveryByCode finds the notice behind a short code, or ErrNoSuchLink.
	DeliveryByCode(ctx context.Context, controller mailer.ID, code string) (mailer.Link, error)
	// Object records an objection with its suppressions, once: a second call gives
	// the first. It stops use at once. The receipt, if not nil, is queued in the express lane.
	Object(ctx context.Context, controller mailer.ID, o mailer.Objection, s []mailer.Suppression, receipt *mailer.PlannedDelivery, now time.Time) (mailer.Objection, bool, error)
	// OpenRequest is that of RequestStore.
	OpenRequest(ctx context.Context, controller, contact, notice mailer.ID, now time.Time, decide func(Standing) (RequestChange, error)) (mailer.Request, error)
}

// SentNotice is a notice that was given, as the portal needs it.
type SentNotice struct {
	Contact      mailer.Contact
	Identifiers  []mailer.Identifier
	DeliveryID   mailer.ID
	IdentifierID mailer.ID // the address that it went to
	ActivityKey  string
	Languages    string
	Form         string
	State        mailer.DeliveryState
	ContentID    mailer.ID
	RegisterID   mailer.ID                // the register version behind the content
	Skeletons    []mailer.SkeletonKeyHash // all of the content version
	Slots        mailer.Slots
	Code         string
	ComposedAt   time.Time
	Facts        mailer.NoticeFacts
	ErasedAt     time.Time // all that it was about is gone since; zero: it is not
	ObjectedAt   time.Time // by this activity; zero: no
	AccessDueAt  time.Time // of the open request for access; zero: none
	Shared       bool      // the address that it went to is that of somebody else as well (R4)
}
