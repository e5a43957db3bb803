package portal

import (
	"errors"
	"net/http"
	"net/url"

	"article14/mailer"
	"article14/mailer/rights"
)

// sendCode has another code sent to where the notice went. Its answer is one and the same,
// whether or not a code goes (R4).
func (p *portal) sendCode(w http.ResponseWriter, r *http.Request) error {
	if _, err := ownForm(w, r, maxBody); err != nil {
		return err
	}
	if !p.tries.allow(p.proxies.network(r), p.Now()) {
		return errTooMany
	}
	ctx, done := toTheEnd(r)
	defer done()
	if _, err := p.Requests.SendCode(ctx, r.PathValue("token"), kindOf(r)); err != nil {
		return err
	}
	p.back(w, r, string(kindOf(r)), "&sent")
	return nil
}

// prove compares a code that was typed. Whatever is wrong with it gets one answer, which does not
// repeat it. With the right one the browser is believed for mailer.SessionTime.
func (p *portal) prove(w http.ResponseWriter, r *http.Request) error {
	form, err := ownForm(w, r, maxBody)
	if err != nil {
		return err
	}
	if !p.tries.allow(p.proxies.network(r), p.Now()) {
		return errTooMany
	}
	ctx, done := toTheEnd(r)
	defer done()
	token, kind := r.PathValue("token"), kindOf(r)
	session, err := p.Requests.Prove(ctx, token, kind, form.Get("code"))
	if errors.Is(err, rights.ErrNotProved) {
		return p.showRight(w, r, http.StatusForbidden, rightBody{Fault: "page.proof.wrong"})
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, p.cookie(r, session))
	if !shows(kind) {
		p.back(w, r, string(kind), "")
		return nil
	}
	proved, err := p.Requests.Open(ctx, token, session)
	if err != nil {
		return err
	}
	// It counts as given only if it can be made.
	if _, err := p.copy(r, proved); err != nil {
		return err
	}
	if err := p.Requests.Shown(ctx, proved.Session); err != nil {
		return err
	}
	seeOther(w, "/n/"+token+"/data?l="+url.QueryEscape(wanted(r)))
	return nil
}

// shows tells whether the page of data is what a request asks for.
func shows(kind mailer.RequestKind) bool {
	return kind == mailer.RequestAccess || kind == mailer.RequestPortability
}

// end ends the session of this browser.
func (p *portal) end(w http.ResponseWriter, r *http.Request) error {
	if _, err := ownForm(w, r, maxBody); err != nil {
		return err
	}
	over := p.cookie(r, "")
	over.MaxAge = -1
	http.SetCookie(w, over)
	seeOther(w, "/n/"+r.PathValue("token")+"/rights?l="+url.QueryEscape(wanted(r)))
	return nil
}

// cookie holds a session. Over TLS its name has the browser make sure that no other site wrote it
// (RFC 6265bis, 4.1.3.2), which needs the whole site as its path; what it opens is bound by its
// MAC to one notice. It goes when the browser is closed, and with no link from elsewhere.
func (p *portal) cookie(r *http.Request, session string) *http.Cookie {
	c := &http.Cookie{Name: "proof", Path: "/n/" + r.PathValue("token"), Value: session, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if p.proxies.secure(r) {
		c.Name, c.Path, c.Secure = "__Host-proof", "/", true
	}
	return c
}

// session is the value of the cookie; "" for none.
func (p *portal) session(r *http.Request) string {
	c, err := r.Cookie(p.cookie(r, "").Name)
	if err != nil {
		return ""
	}
	return c.Value
}

// proved tells whether this browser holds a session for the notice; a store that is away is a no.
func (p *portal) proved(r *http.Request) bool {
	session := p.session(r)
	if session == "" {
		return false
	}
	_, err := p.Requests.Open(r.Context(), r.PathValue("token"), session)
	return err == nil
}

var (
	errForeign  = &errBody{http.StatusForbidden, errors.New("a page of another site sent it")}
	errNoButton = &errBody{http.StatusBadRequest, errors.New("no button of ours was pressed")}
)

// ownForm reads a form that only a page of ours sends, of at most so many bytes.
func ownForm(w http.ResponseWriter, r *http.Request, most int64) (url.Values, error) {
	if fromElsewhere(r) {
		return nil, errForeign
	}
	form, err := readFormOf(w, r, most)
	if err == nil && !fromPage(form) {
		err = errNoButton
	}
	return form, err
}

// fromElsewhere tells whether a page of another site sent a form. Browsers say so with
// Sec-Fetch-Site; older ones have Origin, which for our own pages is "null", because they send no
// referrer. The token in the address is what the sender must hold anyway, and the cookie goes with
// nothing that another site sends.
func fromElsewhere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}
