package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
	"article14/mailer/rights"
	"article14/mailer/status"
)

// Facts are what is stored about a person beside their record.
type Facts struct {
	status.ContactReport
	Files map[mailer.ID]File  // by import
	Words map[mailer.ID]Words // of their answers, by id, while they are kept
}

// File is a file that their data were read from.
type File struct {
	Name   string
	ReadAt time.Time
}

// Words are what they wrote.
type Words struct{ Subject, Body string }

// Store gives what is stored.
type Store interface {
	// CopyFacts gives everything about a contact over one snapshot, or ErrNoContact.
	CopyFacts(ctx context.Context, controller, contact mailer.ID) (Facts, error)
}

// Sent gives a notice as it was sent; *rights.Rights is one.
type Sent interface {
	Sent(ctx context.Context, contact, delivery mailer.ID) ([]mailer.Page, error)
}

var _ Sent = (*rights.Rights)(nil)

// Copies makes copies.
type Copies struct {
	Store      Store
	Sent       Sent
	Registers  *mailer.Registers
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
}

// Of gives the copy of everything held about a person, with texts in a language. It fails where the
// register has no text in it (L2), and with ErrNoContact where nobody is held, or their data are gone.
func (c *Copies) Of(ctx context.Context, contact mailer.ID, language string) (Copy, error) {
	_, reg, err := c.Registers.Current(ctx, c.Key)
	if err != nil {
		return Copy{}, err
	}
	f, err := c.Store.CopyFacts(ctx, c.Controller, contact)
	if err != nil {
		return Copy{}, err
	}
	if !f.Contact.ErasedAt.IsZero() {
		return Copy{}, mailer.ErrNoContact
	}
	w := &writing{reg: reg, facts: f, language: language, now: c.Now()}
	out := w.copy()
	for _, d := range f.Deliveries {
		n := Notice{ID: d.ID, Document: d.Document, At: known(d.ComposedAt), State: d.State, Language: d.Languages}
		if d.Document == mailer.DocNotice && n.At != nil {
			if n.Texts, err = c.texts(ctx, contact, d.ID); err != nil {
				return Copy{}, err
			}
		}
		out.Notices = append(out.Notices, n)
	}
	return out, w.err
}

func (c *Copies) texts(ctx context.Context, contact, delivery mailer.ID) ([]Text, error) {
	pages, err := c.Sent.Sent(ctx, contact, delivery)
	var out []Text
	for _, p := range pages {
		out = append(out, Text{p.Language, p.Title, p.HTML})
	}
	return out, err
}

// writing is one copy on its way. Its first error is kept.
type writing struct {
	reg      *mailer.Register
	facts    Facts
	language string
	now      time.Time
	err      error
}

func (w *writing) text(what string, t mailer.Texts) string {
	if len(t) == 0 {
		return ""
	}
	s, there := t.In(w.language)
	if !there && w.err == nil {
		w.err = fmt.Errorf("the register has no text in %q for %s: add it and apply the register (L2)", w.language, what)
	}
	return s
}

func (w *writing) copy() Copy {
	f := w.facts
	out := Copy{
		Schema: Schema, MadeAt: w.now.UTC(), Language: w.language, Zone: w.reg.Controller.Zone.String(), Controller: controller(w.reg.Controller), Person: w.person(),
		Obtained: []Obtained{}, Activities: []Activity{}, Uses: []Use{}, Notices: []Notice{}, Told: []Told{}, Objections: []Objection{}, Requests: []Request{},
		Letters: []FromPerson{}, Decisions: []Decision{},
	}
	for _, a := range f.Acquisitions {
		out.Obtained = append(out.Obtained, w.obtained(a))
	}
	for _, key := range w.activities() {
		out.Activities = append(out.Activities, w.activity(key))
	}
	for _, d := range f.Disclosures {
		out.Uses = append(out.Uses, Use{d.At, d.Kind, d.Recipient, d.ActivityKey, d.PurposeKey, d.Theirs})
	}
	for _, n := range f.PriorNotices {
		out.Told = append(out.Told, Told{n.ToldAt, n.Proof})
	}
	for _, o := range f.Objections {
		out.Objections = append(out.Objections, Objection{o.MadeAt, o.ActivityKey, o.Scope, o.Way})
	}
	for _, r := range f.Requests {
		out.Requests = append(out.Requests, Request{r.Kind, r.Way, r.ReceivedAt, r.DueAt})
	}
	for _, a := range f.Answers {
		out.Letters = append(out.Letters, FromPerson{a.ReceivedAt, f.Words[a.ID].Subject, f.Words[a.ID].Body})
	}
	for _, d := range f.Decisions {
		out.Decisions = append(out.Decisions, Decision{d.At, string(d.Kind), d.Why})
	}
	return out
}

func controller(c mailer.Controller) Controller {
	return Controller{c.Name, c.Address, c.Email, c.Phone, party(c.Representative), party(c.DPO)}
}

func party(p *mailer.Party) *Party {
	if p == nil {
		return nil
	}
	return &Party{p.Name, p.Address, p.Email, p.Phone}
}

func (w *writing) person() Person {
	c := w.facts.Contact
	p := Person{ID: c.ID, Name: c.Name, Organisation: c.Organisation, JobTitle: c.JobTitle, Country: c.Country, Region: c.Region, City: c.City,
		PostalCode: c.PostalCode, Language: c.Language, FirstObtainedAt: known(c.FirstObtainedAt), Identifiers: []Identifier{}}
	for _, id := range w.facts.Identifiers {
		if id.Kind != mailer.ByRow { // a digest of a row, and no value
			p.Identifiers = append(p.Identifiers, Identifier{id.Kind, id.Value})
		}
	}
	return p
}

func (w *writing) obtained(a mailer.Acquisition) Obtained {
	o := Obtained{Source: Source{Key: a.SourceKey}, Activity: a.ActivityKey, At: known(a.ObtainedAt), Basis: a.Basis, Page: a.Page,
		Visibility: a.Visibility, File: w.facts.Files[a.ImportID].Name, Line: a.Line, ReadAt: known(w.facts.Files[a.ImportID].ReadAt)}
	if s, declared := w.reg.Source(a.SourceKey); declared {
		o.Source = Source{s.Key, w.text("source "+s.Key, s.Names), s.Kind, &s.Public, s.URL, w.text("the method of source "+s.Key, s.Method)}
	}
	return o
}

// activities are those that anything is held for, sorted.
func (w *writing) activities() []string {
	var keys []string
	for _, a := range w.facts.Acquisitions {
		keys = append(keys, a.ActivityKey)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (w *writing) activity(key string) Activity {
	out := Activity{Key: key, Purposes: []Purpose{}, Categories: []string{}, Recipients: []Recipient{}, Transfers: []Transfer{}, Rights: []Right{}}
	a, declared := w.reg.Activity(key)
	if !declared {
		return out
	}
	out.Name, out.StoredUntil, out.Event = w.text("activity "+key, a.Names), w.storedUntil(a), w.text("the end of storage of "+key, a.Retention.Event)
	for _, p := range a.Purposes {
		v := gate.Decide(w.reg, a, p, w.gateFacts(), w.now)
		out.Purposes = append(out.Purposes, Purpose{p.Key, w.text("purpose "+p.Key, p.Texts), p.Basis, w.text("the interest of "+p.Key, p.Interest), p.DirectMarketing, v.Allowed, v.Reason})
	}
	for _, c := range a.Categories {
		out.Categories = append(out.Categories, w.text("category "+c.Key, c.Texts))
	}
	for _, r := range a.Recipients {
		of := cmp.Or(r.Name, "a recipient of "+key)
		out.Recipients = append(out.Recipients, Recipient{r.Name, w.text(of, r.Role), w.text(of, r.Activity), w.text(of, r.Industry), w.text(of, r.Sector), w.text(of, r.Place)})
	}
	for _, t := range a.Transfers {
		out.Transfers = append(out.Transfers, Transfer{t.To, t.Country, t.Mechanism, t.Link})
	}
	for _, r := range mailer.RightsFor(a) {
		out.Rights = append(out.Rights, Right{r.Right, r.Absolute, r.Purposes})
	}
	if d := a.Automated; d != nil {
		of := "the automated decisions of " + key
		out.Automated = &Automated{w.text(of, d.Logic), w.text(of, d.Significance), w.text(of, d.Consequences)}
	}
	return out
}

func (w *writing) gateFacts() gate.Facts {
	return gate.Facts{Known: mailer.Known{Contact: w.facts.Contact, Identifiers: w.facts.Identifiers, Acquisitions: w.facts.Acquisitions, Duties: w.facts.Duties},
		Objections: w.facts.Objections}
}

// storedUntil is the last day of storage (T1, T2).
func (w *writing) storedUntil(a mailer.Activity) *calendar.Date {
	facts := mailer.NoticeFacts{Contact: w.facts.Contact}
	for _, d := range w.facts.Duties {
		if d.ActivityKey == a.Key {
			facts.Duties = append(facts.Duties, d)
		}
	}
	start := facts.StorageStart()
	if start.IsZero() {
		return nil
	}
	end := a.Retention.End(calendar.DateOf(start, w.reg.Controller.Zone))
	return &end
}

func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
