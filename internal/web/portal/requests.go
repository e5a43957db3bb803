package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/rights"
)

// Requests is what the holder of a notice's link may ask for, and how they prove who they are (R4);
// *rights.Requests is one.
type Requests interface {
	Choices(ctx context.Context, token, wanted string) (rights.ChoicesView, error)
	Ask(ctx context.Context, token string, a rights.Ask, session string) (rights.RequestView, error)
	TakeBack(ctx context.Context, token string, kind mailer.RequestKind, session string) error
	SendCode(ctx context.Context, token string, kind mailer.RequestKind) (rights.ProofWay, error)
	Prove(ctx context.Context, token string, kind mailer.RequestKind, typed string) (session string, err error)
	Open(ctx context.Context, token, session string) (rights.Proved, error)
	Shown(ctx context.Context, s mailer.Session) error
}

// maxAsked bounds what is posted with a request: rights.MostWords of four bytes, each of
// which a form writes as three, and room for the rest.
const maxAsked = 64 << 10

// rightsBody is the page on which a right is chosen.
type rightsBody struct {
	rights.ChoicesView
	Proved bool // this browser holds a session
}

// rightBody is the page of one right.
type rightBody struct {
	rights.Choice
	Token  string
	Proved bool
	Sent   bool     // a code was asked for just now
	Fault  string   // why what was typed did not do
	Typed  string   // in the field for words, when it did not do
	Fields []string // that can be corrected
}

// Name is the word that keys of texts and paths have for the right.
func (b rightBody) Name() string { return string(b.Kind) }

// Open tells whether one is open: then there is nothing to ask.
func (b rightBody) Open() bool { return b.Asked != nil && b.Asked.State.Open() }

// AtOnce tells whether use stops as soon as it is asked.
func (b rightBody) AtOnce() bool {
	return b.Kind == mailer.RequestRestriction || b.Kind == mailer.RequestWithdrawal
}

// CanTakeBack tells whether what is open can be taken back here: once it is proved who asks,
// only by who has proved it.
func (b rightBody) CanTakeBack() bool {
	return b.Open() && (b.Proved || b.Asked.Proof != "" || !b.NeedsProof)
}

// State says where a request stands, with its dates (D9).
func (p *page) State(v rights.RequestView) (string, error) {
	key := "page.asked." + string(v.State)
	switch {
	case v.State == mailer.RequestAnswered && (v.Kind == mailer.RequestRestriction || v.Kind == mailer.RequestWithdrawal):
		key = "page.asked.stopped"
	case v.State.Open() && v.Extended:
		key = "page.asked.extended"
	case v.State.Open():
		key = "page.asked.open"
	}
	ended := calendar.Date{}
	if v.Ended != nil {
		ended = *v.Ended
	}
	return p.T(key, "Received", p.Date(v.Received), "Due", p.Date(v.Due), "Ended", p.Date(ended))
}

// rights shows what can be asked for, and where what was asked stands.
func (p *portal) rights(w http.ResponseWriter, r *http.Request) error {
	v, pg, err := p.choices(r)
	if err != nil {
		return err
	}
	if v.Erased != nil {
		return p.showErased(w, pg, *v.Erased)
	}
	pg.Body = rightsBody{v, p.proved(r)}
	return p.titled(w, http.StatusOK, "rights", pg, "page.rights.title", "page.rights.explain")
}

// choices opens the page of a notice's link, in its language.
func (p *portal) choices(r *http.Request) (rights.ChoicesView, *page, error) {
	v, err := p.Requests.Choices(r.Context(), r.PathValue("token"), wanted(r))
	if err != nil {
		return v, nil, err
	}
	pg, err := p.tokenPage(r, v.Controller, v.Language, v.Languages)
	return v, pg, err
}

// right explains one right, says what will happen and by when, and has its form; it changes nothing (R1).
func (p *portal) right(w http.ResponseWriter, r *http.Request) error {
	return p.showRight(w, r, http.StatusOK, rightBody{Sent: r.URL.Query().Has("sent")})
}

func (p *portal) showRight(w http.ResponseWriter, r *http.Request, status int, b rightBody) error {
	v, pg, err := p.choices(r)
	if err != nil {
		return err
	}
	if v.Erased != nil {
		return p.showErased(w, pg, *v.Erased)
	}
	i := slices.IndexFunc(v.Choices, func(c rights.Choice) bool { return string(c.Kind) == r.PathValue("kind") })
	if i < 0 {
		return mailer.ErrNoSuchLink // R10 does not give it
	}
	b.Choice, b.Token, b.Proved, b.Fields = v.Choices[i], v.Token, p.proved(r), mailer.CorrectedFields
	if b.Fault != "" {
		if b.Fault, err = pg.T(b.Fault); err != nil {
			return err
		}
	}
	pg.Body, pg.Switch = b, rightPath(v.Token, b.Name())
	return p.titled(w, status, "right", pg, "page.right."+b.Name()+".title", "page.right."+b.Name()+".explain")
}

// ask puts a request on record, has a code sent where the person must prove who they are, and
// leads back to the page of the right, which says where it stands. Pressed twice, it asks once.
func (p *portal) ask(w http.ResponseWriter, r *http.Request) error {
	form, err := ownForm(w, r, maxAsked)
	if err != nil {
		return err
	}
	before, err := p.asked(r)
	if err != nil {
		return err
	}
	ctx, done := toTheEnd(r)
	defer done()
	token, kind := r.PathValue("token"), kindOf(r)
	a := rights.Ask{Kind: kind, Words: form.Get("words")}
	if kind == mailer.RequestRectification {
		a.Wanted = map[string]string{form.Get("field"): form.Get("value")}
	}
	v, err := p.Requests.Ask(ctx, token, a, p.sessionFor(r, kind))
	switch {
	case errors.Is(err, rights.ErrNothingWanted):
		return p.showRight(w, r, http.StatusUnprocessableEntity, rightBody{Fault: "page.right.nothing", Typed: a.Words})
	case errors.Is(err, rights.ErrTooLong):
		return p.showRight(w, r, http.StatusUnprocessableEntity, rightBody{Fault: "page.right.too_long"})
	case err != nil:
		return err
	}
	sent := ""
	if v.Proof == rights.ByMailbox && !before { // once: the page has a button for another
		if _, err := p.Requests.SendCode(ctx, token, kind); err != nil {
			return err
		}
		sent = "&sent"
	}
	p.back(w, r, string(kind), sent)
	return nil
}

// asked tells whether one of the kind is open already.
func (p *portal) asked(r *http.Request) (bool, error) {
	v, err := p.Requests.Choices(r.Context(), r.PathValue("token"), wanted(r))
	return slices.ContainsFunc(v.Choices, func(c rights.Choice) bool {
		return c.Kind == kindOf(r) && c.Asked != nil && c.Asked.State.Open()
	}), err
}

// sessionFor is the session that goes with something asked. What the page of data answers is
// proved by a code of its own, because it is the session of that one whose copy is put on record as given.
func (p *portal) sessionFor(r *http.Request, kind mailer.RequestKind) string {
	if shows(kind) {
		return ""
	}
	return p.session(r)
}

// takeBack ends what was asked, as the person's own wish.
func (p *portal) takeBackRequest(w http.ResponseWriter, r *http.Request) error {
	if _, err := ownForm(w, r, maxBody); err != nil {
		return err
	}
	ctx, done := toTheEnd(r)
	defer done()
	err := p.Requests.TakeBack(ctx, r.PathValue("token"), kindOf(r), p.session(r))
	if errors.Is(err, rights.ErrNotProved) {
		return p.showRight(w, r, http.StatusForbidden, rightBody{Fault: "page.right.prove_first"})
	}
	if err == nil {
		p.back(w, r, string(kindOf(r)), "")
	}
	return err
}

func kindOf(r *http.Request) mailer.RequestKind { return mailer.RequestKind(r.PathValue("kind")) }

func rightPath(token, kind string) string { return "/n/" + token + "/rights/" + url.PathEscape(kind) }

// back leads to the page of a right, which a reader may load anew without asking again.
func (p *portal) back(w http.ResponseWriter, r *http.Request, kind, more string) {
	seeOther(w, rightPath(r.PathValue("token"), kind)+"?l="+url.QueryEscape(wanted(r))+more)
}
