package compose

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/internal/address"
	"article14/mailer"
)

// Compose puts one person's values into a skeleton and builds the mail. It is
// pure: the same input gives the same bytes (E1). Errors hold no value.
func (c *Composer) Compose(s mailer.Skeleton, slots mailer.Slots, h mailer.Headers) (mailer.Message, error) {
	if err := checkHeaders(h); err != nil {
		return mailer.Message{}, err
	}
	p, err := c.ready(s)
	if err != nil {
		return mailer.Message{}, err
	}
	to, err := address.Parse(h.To)
	if err != nil {
		return mailer.Message{}, fmt.Errorf("compose: the recipient's address: %w", err)
	}
	f := c.filler(p, slots, h)
	defer c.done(f)
	oneClick := p.Mail.OneClick && h.Tokens.Objection != ""
	if oneClick && !f.allowed(objectURL, f.links.object) {
		return mailer.Message{}, fmt.Errorf("compose: the one-click address is not under %s", p.Mail.Links)
	}
	if domain := p.Mail.AnswerDomain; domain != "" && !strings.HasSuffix(h.AnswerTo, "@"+domain) {
		return mailer.Message{}, fmt.Errorf("compose: the text was approved with answers to %s, and the address for them is not there", domain)
	}
	m := mailer.Message{EnvelopeFrom: h.EnvelopeFrom, To: to.Normal(), EnvelopeID: mailer.EnvelopeID(h.EnvelopeFrom), UTF8: to.NeedsSMTPUTF8()}
	for _, piece := range p.frames[frameKind{h.Test, oneClick}] {
		f.message = append(f.message, piece.fixed...)
		if f.message, err = f.put(f.message, piece.next, p, h, m.To); err != nil {
			return mailer.Message{}, err
		}
	}
	m.Bytes = bytes.Clone(f.message) // in as much memory as it needs: messages wait by the hundred
	sum := sha256.Sum256(m.Bytes)
	m.SHA256 = sum[:]
	return m, nil
}

var errOtherText = errors.New("compose: the skeleton is not the text that was approved: its bytes do not have the hash that it is stored under")

// ready gives a skeleton ready to be filled. Its bytes are held against its hash
// when they are read, once and not for each notice: no text that has another hash
// than the one that was approved is kept or sent.
func (c *Composer) ready(s mailer.Skeleton) (*parsed, error) {
	if len(s.Hash) != sha256.Size {
		return nil, errOtherText
	}
	hash := [sha256.Size]byte(s.Hash)
	return c.parsed.Get(hash, func() (*parsed, error) {
		if sha256.Sum256(s.Body) != hash {
			return nil, errOtherText
		}
		return parseSkeleton(s.Body)
	})
}

// filler gives one for a message or a page; done takes it back, so that the next
// one finds its buffers.
func (c *Composer) filler(p *parsed, slots mailer.Slots, h mailer.Headers) *filler {
	f, _ := c.fillers.Get().(*filler)
	if f == nil {
		f = &filler{}
	}
	f.slots, f.test, f.proof, f.base, f.message = slots, h.Test, h.ProofCode, p.Mail.Links, f.message[:0]
	f.links = linksOf(f.base, slots, h.Tokens)
	return f
}

func (c *Composer) done(f *filler) {
	f.slots, f.links, f.proof = nil, links{}, ""
	clear(f.ready[:cap(f.ready)])
	c.fillers.Put(f)
}

// put appends a message's own value for a mark.
func (f *filler) put(dst []byte, mark frameMark, p *parsed, h mailer.Headers, to string) ([]byte, error) {
	switch mark {
	case markDate: // in UTC: the same instant must give the same bytes everywhere
		return h.Date.UTC().AppendFormat(dst, time.RFC1123Z), nil
	case markMessageID:
		dst = append(append(dst, '<'), h.DeliveryID.String()...)
		return append(append(append(dst, '@'), p.Mail.Domain...), '>'), nil
	case markTo:
		return append(dst, to...), nil
	case markAnswerTo:
		return append(dst, h.AnswerTo...), nil
	case markOneClick:
		return append(dst, f.links.object...), nil
	case markText:
		return f.fill(dst, p.text, true)
	case markHTML:
		return f.fill(dst, p.html, true)
	}
	return dst, nil
}

// Page renders a notice for the portal, in one of the skeleton's languages: the
// same words as in the mail, without what only a mail needs (docs/rules.md C4).
func (c *Composer) Page(s mailer.Skeleton, slots mailer.Slots, language string) (mailer.Page, error) {
	p, err := c.ready(s)
	if err != nil {
		return mailer.Page{}, err
	}
	page, there := p.Pages[language]
	if !there {
		return mailer.Page{}, fmt.Errorf("compose: skeleton %s has no page in %q", name(p.key()), clip(language))
	}
	f := c.filler(p, slots, mailer.Headers{})
	defer c.done(f)
	if f.message, err = f.fill(f.message, p.pages[language], false); err != nil {
		return mailer.Page{}, err
	}
	return mailer.Page{Language: language, Dir: page.Dir, Title: page.Title, HTML: string(f.message)}, nil
}
