package portal

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"article14/internal/calendar"
	"article14/mailer/rights"
)

// noticeBody is what the notice's page shows beside its frame.
type noticeBody struct {
	First     template.HTML // the first layer, escaped by the composer
	Whole     template.HTML // the whole notice beneath it
	Token     string        // of the notice
	Objection string        // "" where there is no right to object (R10)
	Objected  *calendar.Date
	AccessDue *calendar.Date
	Confirmed bool
}

// notice shows the whole notice (C4) and what its reader can do.
func (p *portal) notice(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Rights.Notice(r.Context(), r.PathValue("token"), wanted(r))
	if err != nil {
		return err
	}
	return p.showNotice(w, r, http.StatusOK, v)
}

func (p *portal) showNotice(w http.ResponseWriter, r *http.Request, status int, v rights.NoticeView) (err error) {
	pg, err := p.tokenPage(r, v.Controller, v.Page.Language, v.Languages)
	if err != nil {
		return err
	}
	if v.Erased != nil {
		return p.showErased(w, pg, *v.Erased)
	}
	if pg.LanguagesLabel, err = pg.T("page.notice.other_languages"); err != nil {
		return err
	}
	first, whole := layers(v.Page.HTML)
	pg.Body = noticeBody{First: first, Whole: whole, Token: v.Token, Objection: v.Objection, Objected: v.Objected, AccessDue: v.AccessDue, Confirmed: v.Confirmed}
	return p.titled(w, status, "notice", pg, "page.notice.title", "")
}

// showErased says that nothing is held any more, and since when (R3).
func (p *portal) showErased(w http.ResponseWriter, pg *page, day calendar.Date) (err error) {
	if pg.Text, err = pg.T("page.erased.body", "Date", pg.Date(day)); err != nil {
		return err
	}
	pg.ContactAbove = true
	return p.titled(w, http.StatusOK, "message", pg, "page.erased.title", "")
}

// layers parts a notice before its first heading, which is that of the whole
// notice (C4): the first layer has none. So the buttons stand where a reader of
// the first layer looks for them. Only the composer writes tags; values are
// escaped. Without a heading all is first layer, and the buttons come last.
func layers(html string) (first, whole template.HTML) {
	at := strings.Index(html, "<h2")
	if at < 0 {
		at = len(html)
	}
	return template.HTML(html[:at]), template.HTML(html[at:])
}

// access records that the person asks what is held about them, and leads back to
// the notice, which then says by when it is answered. Nothing is shown here that
// the notice does not show: holding the link is no proof of who asks (R4).
func (p *portal) access(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	if !fromPage(form) {
		plain(w, http.StatusBadRequest)
		return nil
	}
	ctx, done := toTheEnd(r)
	defer done()
	v, err := p.Rights.RequestAccess(ctx, r.PathValue("token"), wanted(r))
	if err != nil {
		return err
	}
	seeOther(w, "/n/"+v.Token+"?l="+url.QueryEscape(v.Page.Language))
	return nil
}

// seeOther leads to another page of ours (RFC 9110, 15.4.4).
func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
