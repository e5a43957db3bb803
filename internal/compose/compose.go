package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"

	"article14/internal/memo"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/templates"
)

// mostKept bounds the skeletons that are kept ready. A campaign has one for each
// languages and source form.
const mostKept = 256

// Composer writes texts. It is safe for concurrent use.
type Composer struct {
	locales *locales.Bundle
	frame   *template.Template
	parsed  *memo.Memo[[sha256.Size]byte, *parsed]
	plans   *memo.Memo[mailer.SkeletonKey, *plan]
	fillers sync.Pool
}

var (
	_ mailer.Composer       = (*Composer)(nil)
	_ byhand.LetterComposer = (*Composer)(nil)
)

// New makes a composer that writes in the languages of locales.
func New(l *locales.Bundle) (*Composer, error) {
	frame, err := template.ParseFS(templates.Mail, "mail/frame.gohtml")
	if err != nil {
		return nil, err
	}
	return &Composer{locales: l, frame: frame,
		parsed: memo.New[[sha256.Size]byte, *parsed](mostKept), plans: memo.New[mailer.SkeletonKey, *plan](mostKept)}, nil
}

// Languages are those that the product can write in.
func (c *Composer) Languages() []string { return c.locales.Languages() }

// Skeletons renders and checks a skeleton for each key. The error joins
// everything that is wrong, each with its document, languages and form; then
// there are no skeletons at all.
func (c *Composer) Skeletons(reg *mailer.Register, activity string, keys []mailer.SkeletonKey) ([]mailer.Skeleton, error) {
	act, known := reg.Activity(activity)
	if !known {
		return nil, fmt.Errorf("compose: the register has no activity %q", activity)
	}
	var out []mailer.Skeleton
	var errs []error
	for _, key := range keys {
		s, err := c.skeleton(reg, act, key)
		if err != nil {
			errs = append(errs, fmt.Errorf("compose: %s: %w", name(key), err))
		}
		out = append(out, s)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

func (c *Composer) skeleton(reg *mailer.Register, act mailer.Activity, key mailer.SkeletonKey) (mailer.Skeleton, error) {
	docs, err := c.documents(reg, act, key)
	if err != nil {
		return mailer.Skeleton{}, err
	}
	s := skeleton{Version: skeletonVersion, Document: key.Document, Languages: key.Languages, Form: key.Form, Mail: mailOf(reg, act, key)}
	if err := c.render(&s, docs); err != nil {
		return mailer.Skeleton{}, err
	}
	if key.Document == mailer.DocNotice {
		if err := c.letterOf(&s, docs, reg); err != nil {
			return mailer.Skeleton{}, err
		}
	}
	if err := check(reg, act, s, docs); err != nil {
		return mailer.Skeleton{}, err
	}
	s.setVersion()
	body, err := s.marshal()
	if err != nil {
		return mailer.Skeleton{}, err
	}
	if _, err := parseSkeleton(body); err != nil { // C8: what was stored can be filled
		return mailer.Skeleton{}, err
	}
	hash := sha256.Sum256(body)
	return mailer.Skeleton{Key: key, Hash: hash[:], Body: body}, nil
}

// documents writes the document once in each language of the key.
func (c *Composer) documents(reg *mailer.Register, act mailer.Activity, key mailer.SkeletonKey) ([]document, error) {
	var sources []doubted
	for _, f := range mailer.FormSources(key.Form) {
		s, known := reg.Source(f.Key)
		if !known {
			return nil, fmt.Errorf("the register has no source %q", f.Key)
		}
		sources = append(sources, doubted{s, f.Doubt})
	}
	if key.Document == mailer.DocNotice && len(sources) == 0 {
		return nil, errors.New("a notice needs a source in its form (14.2.f)")
	}
	var docs []document
	var errs []error
	for _, language := range languagesOf(key) {
		say := c.locales.For(language)
		if say == nil {
			return nil, fmt.Errorf("there are no texts in %q (docs/rules.md L2)", language)
		}
		w := &writer{reg: reg, act: act, sources: sources, doubt: mailer.FormDoubt(key.Form), say: say, rights: mailer.RightsFor(act)}
		w.doc.language, w.doc.dir = say.Code(), say.Dir()
		doc, err := w.document(key.Document)
		docs, errs = append(docs, doc), append(errs, err)
	}
	if len(docs) == 0 {
		return nil, errors.New("a document needs a language")
	}
	return docs, errors.Join(errs...)
}

func (w *writer) document(d mailer.Document) (document, error) {
	switch d {
	case mailer.DocNotice:
		w.notice()
	case mailer.DocObjectionReceipt:
		w.objectionReceipt()
	case mailer.DocAccessReceipt:
		w.accessReceipt()
	default:
		w.correspondence(d)
	}
	return w.finish()
}

// mailOf gathers what the headers need from the register.
func mailOf(reg *mailer.Register, act mailer.Activity, key mailer.SkeletonKey) mailFacts {
	m := reg.Controller.Mail
	facts := mailFacts{From: m.From, FromName: m.FromName, AnswerDomain: m.AnswerDomain, Domain: m.BounceDomain, Links: strings.TrimRight(m.Links, "/")}
	if facts.Domain == "" {
		_, facts.Domain, _ = strings.Cut(m.From, "@")
	}
	if e := reg.Controller.Email; e != "" && m.AnswerDomain == "" && !strings.EqualFold(e, m.From) {
		facts.ReplyTo = e
	}
	for _, r := range mailer.RightsFor(act) {
		facts.OneClick = facts.OneClick || key.Document == mailer.DocNotice && r.Right == mailer.RightObjection
	}
	return facts
}

// setVersion gives the text a short name of its own, made from what it says, so
// that a reader and a privacy team can speak of the same one.
func (s *skeleton) setVersion() {
	h := sha256.New()
	texts := []string{s.Subject, s.Text, s.HTML}
	if s.Letter != nil {
		texts = append(texts, s.Letter.texts()...)
	}
	for _, part := range texts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	v := hex.EncodeToString(h.Sum(nil)[:4])
	fill := strings.NewReplacer("<bdi>"+slot(versionSlot)+"</bdi>", v, slot(versionSlot), v)
	s.Text, s.HTML = fill.Replace(s.Text), fill.Replace(s.HTML)
	for l, p := range s.Pages {
		p.HTML = fill.Replace(p.HTML)
		s.Pages[l] = p
	}
	if s.Letter != nil {
		s.Letter.each(func(text *string) { *text = fill.Replace(*text) })
	}
}

// subjectLine is that of all languages.
func subjectLine(docs []document) string {
	var subjects []string
	for _, d := range docs {
		subjects = append(subjects, d.subject)
	}
	return strings.Join(subjects, " / ")
}

// render writes subject, text, HTML and pages from the same documents.
func (c *Composer) render(s *skeleton, docs []document) error {
	var texts []string
	type part struct {
		ID, Lang, Dir string
		HTML          template.HTML
	}
	var parts []part
	first := c.locales.For(docs[0].language)
	top, err := c.top(docs)
	if err != nil {
		return err
	}
	s.Pages = map[string]pageText{}
	for _, d := range docs {
		if s.Document == mailer.DocNotice {
			s.Pages[d.language] = pageText{d.dir, d.subject, htmlPart(in(inPage, d.blocks))}
		}
	}
	for _, l := range layers(docs) {
		mail := in(inMail, l.blocks)
		texts = append(texts, textPart(mail))
		parts = append(parts, part{l.id, l.language, l.dir, template.HTML(htmlPart(mail))})
	}
	mark, err := first.Text("mail.test_mark", nil)
	if err != nil {
		return err
	}
	s.Subject = optional(testSlot, mark+" ") + subjectLine(docs)
	s.Text = strings.TrimRight(textPart(top)+joinTexts(texts), "\n") + "\n"
	var b bytes.Buffer
	err = c.frame.Execute(&b, map[string]any{
		"Lang": docs[0].language, "Dir": docs[0].dir, "Title": subjectLine(docs),
		"Top": template.HTML(htmlPart(top)), "Parts": parts,
	})
	s.HTML = b.String()
	return err
}

// joinTexts parts texts by a line, but where one begins with it.
func joinTexts(texts []string) string {
	var b strings.Builder
	for i, t := range texts {
		if i > 0 && !strings.HasPrefix(t, textLine) {
			b.WriteString(textLine + "\n\n")
		}
		b.WriteString(t)
	}
	return b.String()
}

// layer is a part of a mail in one language.
type layer struct {
	document
	id string
}

// layers puts the documents of a mail in the order in which they are read: of
// several languages first what stands on top in each, so that nobody must pass
// another language's whole notice to find their own (docs/rules.md C4, L3).
func layers(docs []document) []layer {
	if len(docs) == 1 {
		return []layer{{docs[0], docs[0].language}}
	}
	var first, whole []layer
	for _, d := range docs {
		top, rest := d, d
		top.blocks = slices.DeleteFunc(slices.Clone(d.blocks), func(b block) bool { return b.part == partWhole })
		rest.blocks = slices.DeleteFunc(slices.Clone(d.blocks), func(b block) bool { return b.part != partWhole })
		first = append(first, layer{top, d.language})
		if len(rest.blocks) > 0 {
			whole = append(whole, layer{rest, d.language + "-all"})
		}
	}
	return append(first, whole...)
}

// top stands above all languages: that this is a test, if it is, and that the
// same text follows in other languages (docs/rules.md L3).
func (c *Composer) top(docs []document) ([]block, error) {
	first := c.locales.For(docs[0].language)
	test, err := first.Text("mail.test_note", nil)
	blocks := []block{{kind: paragraph, when: testSlot, runs: []run{{text: test, strong: true}}}}
	if len(docs) == 1 || err != nil {
		return blocks, err
	}
	var others []string
	var lines []block
	for _, d := range docs[1:] {
		others = append(others, first.LanguageHere(d.language))
		line, err := c.locales.For(d.language).Text("mail.language_below", nil)
		if err != nil {
			return nil, err
		}
		lines = append(lines, block{kind: paragraph, lang: d.language, runs: []run{{text: line}}})
	}
	line, err := first.Text("mail.languages_below", map[string]any{"Languages": first.List(others)})
	blocks = append(blocks, block{kind: paragraph, runs: []run{{text: line}}})
	return append(blocks, lines...), err
}
