package portal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"article14/mailer"
	"article14/mailer/access"
	"article14/mailer/rights"
)

// Copies makes the copy of what is held about a person; *access.Copies is one.
type Copies interface {
	Of(ctx context.Context, contact mailer.ID, language string) (access.Copy, error)
}

// dataBody is the page of somebody's data.
type dataBody struct {
	Token string
	Parts []copyPart
	Zone  string
}

// data shows a proved reader everything that is held about them (Art. 15, R6). Without the cookie
// of this browser it is the same page for everybody: it says neither what is held nor whether anybody
// has proved anything (R4).
func (p *portal) data(w http.ResponseWriter, r *http.Request) error {
	pg, c, token, err := p.provedCopy(w, r)
	if err != nil || pg == nil {
		return err
	}
	sheet := newSheet(pg, c)
	pg.Body = dataBody{token, sheet.parts, c.Zone}
	if sheet.err != nil {
		return sheet.err
	}
	return p.titled(w, http.StatusOK, "data", pg, "page.data.title", "")
}

// dataFile is the same for a program (Art. 20; docs/copy.schema.json).
func (p *portal) dataFile(w http.ResponseWriter, r *http.Request) error {
	pg, c, _, err := p.provedCopy(w, r)
	if err != nil || pg == nil {
		return err
	}
	body, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="data.json"`)
	send(w, http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

// provedCopy gives the copy for the session of this browser. Without one it has answered already,
// and the page is nil.
func (p *portal) provedCopy(w http.ResponseWriter, r *http.Request) (*page, access.Copy, string, error) {
	v, pg, err := p.choices(r)
	if err != nil {
		return nil, access.Copy{}, "", err
	}
	if v.Erased != nil {
		return nil, access.Copy{}, "", p.showErased(w, pg, *v.Erased)
	}
	proved, err := p.Requests.Open(r.Context(), v.Token, p.session(r))
	if errors.Is(err, rights.ErrNotProved) {
		return nil, access.Copy{}, "", p.locked(w, pg, v.Token)
	}
	if err != nil {
		return nil, access.Copy{}, "", err
	}
	c, err := p.Copies.Of(r.Context(), proved.Session.ContactID, pg.Lang())
	if errors.Is(err, mailer.ErrNoContact) { // gone since
		return nil, c, "", p.locked(w, pg, v.Token)
	}
	return pg, c, v.Token, err
}

// copy makes the copy in the language of the page.
func (p *portal) copy(r *http.Request, proved rights.Proved) (access.Copy, error) {
	v, _, err := p.choices(r)
	if err != nil {
		return access.Copy{}, err
	}
	return p.Copies.Of(r.Context(), proved.Session.ContactID, v.Language)
}

// locked says how who holds the link can prove that it is theirs.
func (p *portal) locked(w http.ResponseWriter, pg *page, token string) error {
	pg.Body = dataBody{Token: token}
	return p.titled(w, http.StatusForbidden, "locked", pg, "page.data.title", "page.data.locked")
}
