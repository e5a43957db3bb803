package compose

import (
	"crypto/sha256"
	"fmt"
	"time"

	"article14/internal/address"
	"article14/mailer"
)

// Compose puts one person's values into a skeleton and builds the mail. It is
// pure: the same input gives the same bytes (E1). Errors hold no value.
func (c *Composer) Compose(body []byte, slots mailer.Slots, h mailer.Headers) (mailer.Message, error) {
	if err := checkHeaders(h); err != nil {
		return mailer.Message{}, err
	}
	p, err := c.cache.get(body)
	if err != nil {
		return mailer.Message{}, err
	}
	to, err := address.Parse(h.To)
	if err != nil {
		return mailer.Message{}, fmt.Errorf("compose: the recipient's address: %w", err)
	}
	f := filler{slots: slots, test: h.Test, base: p.Mail.Links}
	oneClick := h.OneClickURL != "" && p.Mail.OneClick
	if oneClick && !f.allowed(mailer.SlotObjectURL, h.OneClickURL) {
		return mailer.Message{}, fmt.Errorf("compose: the one-click address is not under %s", p.Mail.Links)
	}
	m := mailer.Message{
		EnvelopeFrom: h.EnvelopeFrom, To: to.Normal(), EnvelopeID: mailer.EnvelopeID(h.EnvelopeFrom), UTF8: to.NeedsSMTPUTF8(),
		Bytes: make([]byte, 0, p.size),
	}
	for _, piece := range p.frames[frameKind{h.Test, oneClick}] {
		m.Bytes = append(m.Bytes, piece.fixed...)
		if m.Bytes, err = f.put(m.Bytes, piece.next, p, h, m.To); err != nil {
			return mailer.Message{}, err
		}
	}
	sum := sha256.Sum256(m.Bytes)
	m.SHA256 = sum[:]
	return m, nil
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
	case markOneClick:
		return append(dst, h.OneClickURL...), nil
	case markText:
		return f.fill(dst, p.text, true)
	case markHTML:
		return f.fill(dst, p.html, true)
	}
	return dst, nil
}

// Page renders a notice for the portal, in one of the skeleton's languages: the
// same words as in the mail, without what only a mail needs (docs/rules.md C4).
func (c *Composer) Page(body []byte, slots mailer.Slots, language string) (mailer.Page, error) {
	p, err := c.cache.get(body)
	if err != nil {
		return mailer.Page{}, err
	}
	page, there := p.Pages[language]
	if !there {
		return mailer.Page{}, fmt.Errorf("compose: skeleton %s has no page in %q", name(p.key()), clip(language))
	}
	f := filler{slots: slots, base: p.Mail.Links}
	html, err := f.fill(make([]byte, 0, 2*len(page.HTML)), p.pages[language], false)
	return mailer.Page{Language: language, Dir: page.Dir, Title: page.Title, HTML: string(html)}, err
}
