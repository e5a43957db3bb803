package portal

import (
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/access"
)

// copyPart is a section of the page of data.
type copyPart struct {
	ID, Title string
	Items     []copyItem
}

// copyItem is one thing with its values: a source, a use, a notice.
type copyItem struct {
	Title string
	Rows  []copyRow
	Texts []copyText
}

type copyRow struct{ Label, Value string }

// copyText is a notice as it was sent, escaped by the composer.
type copyText struct {
	Lang, Title string
	HTML        template.HTML
}

// sheet writes a copy in plain words (R6). Its first error is kept.
type sheet struct {
	pg    *page
	zone  *time.Location
	parts []copyPart
	err   error
}

func newSheet(pg *page, c access.Copy) *sheet {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		zone = time.UTC
	}
	s := &sheet{pg: pg, zone: zone}
	s.person(c)
	s.obtained(c)
	for _, a := range c.Activities {
		s.activity(a)
	}
	s.uses(c)
	s.messages(c)
	s.said(c)
	s.controller(c)
	return s
}

// part begins a section.
func (s *sheet) part(key string, pairs ...any) {
	s.parts = append(s.parts, copyPart{ID: "part-" + strconv.Itoa(len(s.parts)), Title: s.text("page.data."+key, pairs...)})
}

// item begins something in it.
func (s *sheet) item(title string) {
	p := &s.parts[len(s.parts)-1]
	p.Items = append(p.Items, copyItem{Title: title})
}

// last is the item that rows go to.
func (s *sheet) last() *copyItem {
	p := &s.parts[len(s.parts)-1]
	if len(p.Items) == 0 {
		p.Items = append(p.Items, copyItem{})
	}
	return &p.Items[len(p.Items)-1]
}

// row adds a value under its label; what is not held has none.
func (s *sheet) row(label, value string) {
	if value != "" {
		it := s.last()
		it.Rows = append(it.Rows, copyRow{s.text("page.data.label." + label), value})
	}
}

// none says that there is nothing, where there is nothing.
func (s *sheet) none(n int) {
	if n == 0 {
		s.item(s.text("page.data.none"))
	}
}

func (s *sheet) text(key string, pairs ...any) string {
	t, err := s.pg.T(key, pairs...)
	if err != nil && s.err == nil {
		s.err = err
	}
	return t
}

// word puts a code into words. One that has none yet stands for itself: a copy leaves nothing out.
func (s *sheet) word(group, code string) string {
	if code == "" {
		return ""
	}
	t, err := s.pg.T(wordKey(group, code))
	if err != nil {
		return code
	}
	return t
}

// wordKey is where the words for a code stand; grounds, sources and transfers have theirs in the notice.
func wordKey(group, code string) string {
	switch group {
	case "basis":
		return "basis." + map[mailer.Basis]string{mailer.Consent: "consent", mailer.Contract: "contract", mailer.LegalObligation: "legal_obligation",
			mailer.VitalInterests: "vital_interests", mailer.PublicTask: "public_task", mailer.LegitimateInterest: "legitimate_interest"}[mailer.Basis(code)]
	case "source":
		return "source.kind." + code
	case "mechanism":
		return "whole.transfers.by." + code
	}
	return "page.word." + group + "." + code
}

func (s *sheet) yes(b bool) string {
	if b {
		return s.text("page.word.yes")
	}
	return s.text("page.word.no")
}

// instant is in the controller's zone (D10).
func (s *sheet) instant(t time.Time) string {
	return s.pg.Date(calendar.DateOf(t, s.zone)) + ", " + t.In(s.zone).Format("15:04")
}

func (s *sheet) when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return s.instant(*t)
}

func (s *sheet) person(c access.Copy) {
	s.part("person")
	p := c.Person
	s.row("name", p.Name)
	s.row("organisation", p.Organisation)
	s.row("job_title", p.JobTitle)
	for _, id := range p.Identifiers {
		s.row("id_"+string(id.Kind), id.Value)
	}
	if p.Country != "" {
		s.row("country", s.pg.words.Country(p.Country)+" ("+p.Country+")")
	}
	s.row("region", p.Region)
	s.row("city", p.City)
	s.row("postal_code", p.PostalCode)
	s.row("language", s.language(p.Language))
	s.row("first_obtained", s.when(p.FirstObtainedAt))
	s.row("own_id", p.ID.String())
}

// languages are codes, with a plus between two of one message.
func (s *sheet) language(codes string) string {
	var out []string
	for _, code := range strings.Split(codes, "+") {
		if code != "" {
			out = append(out, s.pg.words.LanguageHere(code))
		}
	}
	return strings.Join(out, ", ")
}

func (s *sheet) obtained(c access.Copy) {
	s.part("obtained")
	s.none(len(c.Obtained))
	for _, o := range c.Obtained {
		title := o.Source.Name
		if title == "" {
			title = o.Source.Key
		}
		s.item(title)
		s.row("source_kind", s.word("source", string(o.Source.Kind)))
		s.row("source_key", o.Source.Key)
		at := s.when(o.At)
		if at == "" {
			at = s.text("source.no_day")
		}
		s.row("obtained_at", at)
		s.row("known_from", s.word("known_from", string(o.Basis)))
		s.row("page", o.Page)
		s.row("visibility", s.word("visibility", string(o.Visibility)))
		if o.Source.Public != nil {
			s.row("public", s.yes(*o.Source.Public))
		}
		s.row("source_url", o.Source.URL)
		s.row("method", o.Source.Method)
		s.row("for", o.Activity)
		s.row("file", o.File)
		if o.Line > 0 {
			s.row("line", strconv.FormatInt(o.Line, 10))
		}
		s.row("read_at", s.when(o.ReadAt))
	}
}

func (s *sheet) activity(a access.Activity) {
	name := a.Name
	if name == "" {
		name = a.Key
	}
	s.part("activity", "Name", name)
	s.row("key", a.Key)
	s.row("categories", strings.Join(a.Categories, ", "))
	if a.StoredUntil != nil {
		s.row("stored_until", s.pg.Date(*a.StoredUntil))
	}
	s.row("stored_event", a.Event)
	for _, p := range a.Purposes {
		s.item(p.Text)
		s.row("key", p.Key)
		s.row("basis", s.word("basis", string(p.Basis)))
		s.row("interest", p.Interest)
		s.row("marketing", s.yes(p.DirectMarketing))
		s.row("used_now", s.yes(p.Allowed))
		s.row("not_used", s.word("not_used", string(p.Why)))
	}
	for _, r := range a.Recipients {
		s.item(s.text("page.data.recipient"))
		s.row("name", r.Name)
		s.row("role", r.Role)
		s.row("business", r.Activity)
		s.row("industry", r.Industry)
		s.row("sector", r.Sector)
		s.row("place", r.Place)
	}
	for _, t := range a.Transfers {
		s.item(s.text("page.data.transfer"))
		s.row("name", t.To)
		s.row("country", s.pg.words.Country(t.Country)+" ("+t.Country+")")
		s.row("mechanism", s.word("mechanism", string(t.Mechanism)))
		s.row("text_of_it", t.Link)
	}
	if d := a.Automated; d != nil {
		s.item(s.text("page.data.automated"))
		s.row("logic", d.Logic)
		s.row("significance", d.Significance)
		s.row("consequences", d.Consequences)
	}
	s.item(s.text("page.data.rights"))
	for _, r := range a.Rights {
		value := s.yes(true)
		if r.Absolute {
			value = s.text("page.data.absolute")
		}
		if len(r.Purposes) > 0 {
			value += " (" + strings.Join(r.Purposes, ", ") + ")"
		}
		s.row("right_"+string(r.Right), value)
	}
}

// headings and ids are those of the page of a notice. Here many stand below each other, and
// under headings of ours.
var (
	ids      = regexp.MustCompile(` (?:id|aria-labelledby|aria-describedby)="[^"]*"`)
	headings = regexp.MustCompile(`<(/?)h[1-6]([ >])`)
)

// within brings the composer's page of a notice to where it stands in a longer one.
func within(html string) template.HTML {
	return template.HTML(headings.ReplaceAllString(ids.ReplaceAllString(html, ""), "<${1}h4$2"))
}

func (s *sheet) uses(c access.Copy) {
	s.part("uses")
	s.none(len(c.Uses))
	for _, u := range c.Uses {
		s.item(s.word("use", string(u.Kind)))
		s.row("at", s.instant(u.At))
		s.row("recipient", u.Recipient)
		s.row("for", u.Activity)
		s.row("purpose", u.Purpose)
		s.row("reference", u.Reference)
	}
}

func (s *sheet) messages(c access.Copy) {
	s.part("messages")
	s.none(len(c.Notices) + len(c.Told))
	for _, n := range c.Notices {
		s.item(s.word("document", string(n.Document)))
		s.row("at", s.when(n.At))
		s.row("state", s.word("state", string(n.State)))
		s.row("language", s.language(n.Language))
		s.row("own_id", n.ID.String())
		for _, t := range n.Texts {
			it := s.last()
			it.Texts = append(it.Texts, copyText{t.Language, t.Title, within(t.HTML)})
		}
	}
	for _, t := range c.Told {
		s.item(s.text("page.data.told"))
		s.row("at", s.instant(t.At))
		s.row("proof", t.Proof)
	}
}

// said is what the person did and wrote, and what was decided about them.
func (s *sheet) said(c access.Copy) {
	s.part("said")
	s.none(len(c.Objections) + len(c.Requests) + len(c.Letters) + len(c.Decisions))
	for _, o := range c.Objections {
		s.item(s.text("page.data.label.right_objection"))
		s.row("at", s.instant(o.At))
		s.row("for", o.Activity)
		s.row("scope", s.word("scope", string(o.Scope)))
		s.row("way", s.word("way", string(o.Way)))
	}
	for _, q := range c.Requests {
		s.item(s.word("asked", string(q.Kind)))
		s.row("received_at", s.instant(q.At))
		s.row("due", s.instant(q.DueAt))
		s.row("way", s.word("way", string(q.Way)))
	}
	for _, l := range c.Letters {
		s.item(s.text("page.data.from_you"))
		s.row("received_at", s.instant(l.At))
		s.row("subject", l.Subject)
		s.row("words", l.Text)
	}
	for _, d := range c.Decisions {
		s.item(s.text("page.data.decision"))
		s.row("at", s.instant(d.At))
		s.row("what", s.word("decision", d.What))
		s.row("why", d.Why)
	}
}

func (s *sheet) controller(c access.Copy) {
	s.part("controller")
	k := c.Controller
	s.party(k.Name, k.Address, k.Email, k.Phone)
	s.other("representative", k.Representative)
	s.other("dpo", k.DPO)
}

func (s *sheet) other(key string, p *access.Party) {
	if p != nil {
		s.item(s.text("page.data." + key))
		s.party(p.Name, p.Address, p.Email, p.Phone)
	}
}

func (s *sheet) party(name, address, email, phone string) {
	s.row("name", name)
	s.row("address", address)
	s.row("id_email", email)
	s.row("id_phone", phone)
}
