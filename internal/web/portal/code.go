package portal

import (
	"errors"
	"net/http"

	"article14/mailer"
)

// home stands at the address that the mail tells people to type.
func (p *portal) home(w http.ResponseWriter, r *http.Request) error {
	pg, err := p.newPage(r)
	if err != nil {
		return err
	}
	return p.titled(w, http.StatusOK, "home", pg, "page.home.title", "page.home.explain")
}

// code leads from the short code to its notice. Codes are short, so tries are
// counted; the answer to a wrong one is the same whatever is wrong with it, and
// does not repeat what was typed.
func (p *portal) code(w http.ResponseWriter, r *http.Request) error {
	if !p.tries.allow(p.proxies.network(r), p.Now()) {
		return errTooMany
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	token, err := p.Rights.ByCode(r.Context(), form.Get("code"))
	switch {
	case errors.Is(err, mailer.ErrNoSuchLink):
		return p.noSuchCode(w, r)
	case err != nil:
		return err
	}
	seeOther(w, "/n/"+token) // in the language of the mail
	return nil
}

func (p *portal) noSuchCode(w http.ResponseWriter, r *http.Request) error {
	pg, err := p.newPage(r)
	if err != nil {
		return err
	}
	if pg.CodeFault, err = pg.T("page.code.not_found"); err != nil {
		return err
	}
	return p.titled(w, http.StatusNotFound, "code", pg, "page.code.title", "")
}
