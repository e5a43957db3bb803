package portal

import (
	"context"
	"html/template"
	"net/http"

	"article14/mailer"
	"article14/mailer/rights"
)

// Public is what everybody may read; *rights.Public is one.
type Public interface {
	Activities(ctx context.Context, language string) ([]rights.PublicActivity, error)
	Activity(ctx context.Context, key, language string) (rights.PublicView, error)
}

// publicBody is what an activity's public page shows beside its frame.
type publicBody struct {
	Text  template.HTML // escaped by the composer
	Mails []rights.PublicMail
}

// about lists the activities that have a public page.
func (p *portal) about(w http.ResponseWriter, r *http.Request) error {
	pg, err := p.newPage(r)
	if err != nil {
		return err
	}
	if pg.Body, err = p.Public.Activities(r.Context(), pg.Lang()); err != nil {
		return err
	}
	return p.titled(w, http.StatusOK, "about", pg, "page.about.title", "page.about.explain")
}

// activity shows the whole notice of an activity, and the mails that really went out, to
// everybody: who doubts a message compares it here, without touching its links.
func (p *portal) activity(w http.ResponseWriter, r *http.Request) error {
	pg, v, err := p.publicPage(r)
	if err != nil {
		return err
	}
	pg.Title = v.Page.Title
	return p.show(w, http.StatusOK, "public", pg)
}

// part is the same without the frame, for the company's own site to fetch and show (docs/operations.md).
func (p *portal) part(w http.ResponseWriter, r *http.Request) error {
	pg, _, err := p.publicPage(r)
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "public-part", pg)
}

func (p *portal) publicPage(r *http.Request) (*page, rights.PublicView, error) {
	pg, err := p.newPage(r)
	if err != nil {
		return nil, rights.PublicView{}, err
	}
	v, err := p.Public.Activity(r.Context(), r.PathValue("activity"), pg.Lang())
	if err != nil {
		return nil, v, err
	}
	if len(v.Page.HTML) == 0 {
		return nil, v, mailer.ErrNoSuchLink
	}
	pg.Body = publicBody{template.HTML(v.Page.HTML), v.Mails}
	return pg, v, nil
}
