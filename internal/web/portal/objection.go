package portal

import (
	"net/http"

	"article14/mailer"
	"article14/mailer/rights"
)

// objectionBody is what the objection's page shows beside its frame.
type objectionBody struct {
	Objection string
	Confirmed bool // a receipt goes out by mail
}

// objection explains and shows the button; it changes nothing (R1).
func (p *portal) objection(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Rights.Objection(r.Context(), r.PathValue("token"), wanted(r))
	if err != nil {
		return err
	}
	return p.showObjection(w, r, http.StatusOK, v)
}

// object records the objection and says so at once. It answers 200 without
// redirect, as RFC 8058 asks; a page that is loaded anew posts again, which
// changes nothing (R2).
func (p *portal) object(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	var way mailer.Way
	switch {
	case oneClick(form):
		way = mailer.WayOneClick
	case fromPage(form):
		way = mailer.WayPage
	default:
		return p.askAgain(w, r)
	}
	ctx, done := toTheEnd(r)
	defer done()
	v, err := p.Rights.Object(ctx, r.PathValue("token"), way, wanted(r))
	switch {
	case err != nil:
		return err
	case way == mailer.WayOneClick:
		plain(w, http.StatusOK)
		return nil
	}
	return p.showObjected(w, r, v)
}

// askAgain is for a request without either field: some programs post to whatever
// they find. It shows the button, in case a person is behind it.
func (p *portal) askAgain(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Rights.Objection(r.Context(), r.PathValue("token"), wanted(r))
	if err != nil {
		return err
	}
	return p.showObjection(w, r, http.StatusBadRequest, v)
}

func (p *portal) showObjection(w http.ResponseWriter, r *http.Request, status int, v rights.ObjectionView) error {
	if v.Objected != nil || v.Erased != nil {
		return p.showObjected(w, r, v)
	}
	pg, err := p.objectionPage(r, v)
	if err != nil {
		return err
	}
	return p.titled(w, status, "objection", pg, "page.objection.heading", "")
}

func (p *portal) showObjected(w http.ResponseWriter, r *http.Request, v rights.ObjectionView) error {
	pg, err := p.objectionPage(r, v)
	if err != nil {
		return err
	}
	if v.Erased != nil {
		return p.showErased(w, pg, *v.Erased)
	}
	if pg.Text, err = pg.T("page.objected.body", "Date", pg.Date(*v.Objected)); err != nil {
		return err
	}
	return p.titled(w, http.StatusOK, "objected", pg, "page.objected.title", "")
}

func (p *portal) objectionPage(r *http.Request, v rights.ObjectionView) (*page, error) {
	pg, err := p.tokenPage(r, v.Controller, v.Language, v.Languages)
	if err != nil {
		return nil, err
	}
	pg.Switch = "" // the same path can be read too
	pg.Body = objectionBody{Objection: v.Token, Confirmed: v.Confirmed}
	return pg, nil
}
