package rights

import (
	"context"
	"slices"
	"strings"

	"article14/mailer"
)

// Sent gives a notice as it was sent, a page for each of the languages that it had, in their order
// (Art. 15, R6). A text that names a source which was erased since leaves that out.
func (r *Rights) Sent(ctx context.Context, contact, delivery mailer.ID) ([]mailer.Page, error) {
	n, reg, err := r.behind(ctx, mailer.Link{Purpose: mailer.TokenNotice, ContactID: contact, DeliveryID: delivery})
	if err != nil {
		return nil, err
	}
	var out []mailer.Page
	for _, language := range strings.Split(n.Languages, "+") {
		if !slices.Contains(n.languages(), language) {
			continue // several languages in one mail, and no skeleton of this one alone
		}
		v, err := r.view(ctx, n, reg, language)
		if err != nil {
			return nil, err
		}
		out = append(out, v.Page)
	}
	return out, nil
}
