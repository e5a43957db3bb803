package portal

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/access"
	"article14/mailer/rights"
)

var _ Requests = (*rights.Requests)(nil)
var _ Copies = (*access.Copies)(nil)

// fakeRequests are the requests of one person in memory, with sessions as they really are.
type fakeRequests struct {
	rights *fakeRights
	now    func() time.Time
	way    rights.ProofWay
	code   string

	mu      sync.Mutex
	asked   map[mailer.RequestKind]*rights.RequestView
	asks    []rights.Ask
	changes []string
	given   int // calls to Shown that found the session's request
	copy    access.Copy
	copies  int
	broken  error // of a copy
}

func newFakeRequests(r *fakeRights, now func() time.Time) *fakeRequests {
	return &fakeRequests{rights: r, now: now, way: rights.ByMailbox, code: "204816", asked: map[mailer.RequestKind]*rights.RequestView{}, copy: fullCopy(now())}
}

func (f *fakeRequests) Choices(_ context.Context, token, wanted string) (rights.ChoicesView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.rights.open(token, mailer.TokenNotice); err != nil {
		return rights.ChoicesView{}, err
	}
	v := rights.ChoicesView{Language: f.rights.choose(wanted), Languages: []string{"de", "en", "fr"}, Controller: nordlicht, Token: token, Erased: f.rights.erased}
	if f.rights.objectsTo {
		v.Objection = f.rights.token(mailer.TokenObjection)
	}
	for _, k := range mailer.RequestKinds {
		if v.Erased == nil && k != mailer.RequestObjection {
			c := rights.Choice{Kind: k, NeedsProof: k.NeedsProof(), Due: calendar.Date{Year: 2026, Month: 12, Day: 3}}
			if at := f.asked[k]; at != nil {
				view := *at
				c.Asked = &view
			}
			v.Choices = append(v.Choices, c)
		}
	}
	return v, nil
}

func (f *fakeRequests) Ask(ctx context.Context, token string, a rights.Ask, session string) (rights.RequestView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := errors.Join(ctx.Err(), f.rights.open(token, mailer.TokenNotice)); err != nil {
		return rights.RequestView{}, err
	}
	switch {
	case !slices.Contains(mailer.RequestKinds, a.Kind) || a.Kind == mailer.RequestObjection:
		return rights.RequestView{}, mailer.ErrNoSuchLink
	case len(a.Words) > rights.MostWords:
		return rights.RequestView{}, rights.ErrTooLong
	case a.Words == "" && a.Kind == mailer.RequestQuestion:
		return rights.RequestView{}, rights.ErrNothingWanted
	}
	f.asks, f.changes = append(f.asks, a), append(f.changes, "ask")
	if v := f.asked[a.Kind]; v != nil && v.State.Open() {
		return *v, nil
	}
	v := &rights.RequestView{Kind: a.Kind, State: mailer.RequestReceived, Received: f.rights.today, Due: calendar.Date{Year: 2026, Month: 12, Day: 3}}
	if _, err := f.rights.tokens.OpenSession(session, f.now()); a.Kind.NeedsProof() && err != nil {
		v.Proof = f.way
	}
	if a.Kind == mailer.RequestRestriction || a.Kind == mailer.RequestWithdrawal {
		v.State, v.Ended = mailer.RequestAnswered, &f.rights.today
	}
	f.asked[a.Kind] = v
	return *v, nil
}

func (f *fakeRequests) TakeBack(_ context.Context, token string, kind mailer.RequestKind, session string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.asked[kind]
	if v == nil || !v.State.Open() {
		return nil
	}
	if _, err := f.rights.tokens.OpenSession(session, f.now()); v.Proof == "" && kind.NeedsProof() && err != nil {
		return rights.ErrNotProved
	}
	f.changes = append(f.changes, "back")
	v.State, v.Proof, v.Ended = mailer.RequestWithdrawn, "", &f.rights.today
	return nil
}

func (f *fakeRequests) SendCode(_ context.Context, token string, kind mailer.RequestKind) (rights.ProofWay, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, "code")
	return f.way, f.rights.open(token, mailer.TokenNotice)
}

func (f *fakeRequests) Prove(_ context.Context, token string, kind mailer.RequestKind, typed string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.rights.open(token, mailer.TokenNotice); err != nil {
		return "", err
	}
	v := f.asked[kind]
	if v == nil || !v.State.Open() || typed != f.code {
		return "", rights.ErrNotProved
	}
	f.changes = append(f.changes, "prove")
	v.State, v.Proof = mailer.RequestProved, ""
	return f.session(), nil
}

func (f *fakeRequests) session() string {
	return f.rights.tokens.MakeSession(mailer.Session{ContactID: f.rights.link.ContactID, DeliveryID: f.rights.link.DeliveryID, RequestID: mailer.NewID(f.now()), Until: f.now().Add(mailer.SessionTime)})
}

func (f *fakeRequests) Open(_ context.Context, token, session string) (rights.Proved, error) {
	if err := f.rights.open(token, mailer.TokenNotice); err != nil {
		return rights.Proved{}, err
	}
	s, err := f.rights.tokens.OpenSession(session, f.now())
	if err != nil || s.DeliveryID != f.rights.link.DeliveryID {
		return rights.Proved{}, rights.ErrNotProved
	}
	return rights.Proved{Session: s}, nil
}

func (f *fakeRequests) Shown(_ context.Context, s mailer.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.given++
	if v := f.asked[mailer.RequestAccess]; v != nil {
		v.State, v.Ended = mailer.RequestAnswered, &f.rights.today
	}
	return nil
}

func (f *fakeRequests) Of(_ context.Context, contact mailer.ID, language string) (access.Copy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.copies++
	if contact != f.rights.link.ContactID {
		return access.Copy{}, mailer.ErrNoContact
	}
	return f.copy, f.broken
}
