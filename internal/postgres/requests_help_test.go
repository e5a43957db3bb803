package postgres

import (
	"context"
	"log/slog"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
	"article14/mailer/rights"
)

// asking is a house with the desk to which requests come, and a clock of its own.
type asking struct {
	*house
	rights.Requests
	at     time.Time
	reg    *mailer.Register
	keys   *mailer.Keyring
	absent bool // nobody has a mailbox
}

func newRequestsOn(h *house) *asking {
	p := &asking{house: h, at: noon, keys: mailer.NewKeyring()}
	p.reg = &mailer.Register{Controller: mailer.Controller{Key: h.key, Zone: time.UTC, Email: "privacy@acme.example"},
		Sources: []mailer.Source{{Key: "linkedin"}},
		Activities: []mailer.Activity{{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Years: 2}},
			Purposes: []mailer.Purpose{{Key: "sell", Basis: mailer.LegitimateInterest}, {Key: "letters", Basis: mailer.Consent}}}}}
	now := func() time.Time { return p.at }
	r := &rights.Rights{Store: h.Store, Skeletons: h.Store, Tokens: mailer.Tokens{Keys: p.keys}, Controller: h.controller, Key: h.key, Now: now,
		Registers: &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) { return p.reg, nil }}}
	p.Requests = rights.Requests{Store: h.Store, Rights: r, Mail: p, Company: p.reg.Controller, Log: slog.New(slog.DiscardHandler),
		Erase: func(ctx context.Context, contact mailer.ID, by, why string) error {
			e := h.eraser(p.at)
			e.Registers = r.Registers
			return e.Erase(ctx, contact, by, why)
		}}
	return p
}

// Plan writes a mail whose words do not matter here.
func (p *asking) Plan(ctx context.Context, to rights.To, doc mailer.Document, _ mailer.Matter) (*mailer.PlannedDelivery, error) {
	if p.absent {
		return nil, rights.ErrNoMailbox
	}
	address := to.Address
	if address.IsZero() {
		if err := p.db.GetContext(ctx, &address, `SELECT id FROM identifier WHERE contact_id = $1 AND kind = 'email' AND replaced_at IS NULL ORDER BY added_at, id LIMIT 1`, to.Contact); err != nil {
			return nil, err
		}
	}
	return &mailer.PlannedDelivery{ID: mailer.NewID(p.at), Document: doc, ContentID: p.content.ID, Identifier: address, Languages: "fr", LanguageRule: "as the notice",
		SkeletonHash: p.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: p.at, Values: mailer.Slots{mailer.SlotTokenKey: p.keys.Newest(mailer.TokenKey).ID}}, nil
}

// link is the token of a notice's link.
func (p *asking) link(a mailer.Attempt) string {
	return p.Rights.Tokens.Make(mailer.Link{Purpose: mailer.TokenNotice, ContactID: a.ContactID, DeliveryID: a.DeliveryID})
}

// askFor asks by the link, and gives the request.
func (p *asking) askFor(a mailer.Attempt, kind mailer.RequestKind, words string) mailer.Request {
	p.t.Helper()
	ask := rights.Ask{Kind: kind, Words: words}
	_, err := p.Ask(p.ctx, p.link(a), ask, "")
	must(p.t, err)
	return p.newest(a.ContactID, kind)
}

// newest is the newest request of a kind.
func (p *asking) newest(contact mailer.ID, kind mailer.RequestKind) (out mailer.Request) {
	p.t.Helper()
	st, err := p.house.RequestsOf(p.ctx, p.controller, contact)
	must(p.t, err)
	for _, q := range st.Requests {
		if q.Kind == kind {
			out = q
		}
	}
	return out
}

// request is one by its id.
func (p *asking) request(id mailer.ID) rights.RequestFile {
	p.t.Helper()
	f, err := p.house.RequestFile(p.ctx, p.controller, id)
	must(p.t, err)
	return f
}

// carry has all that waits in the express lane end in a state, and gives it.
func (p *asking) carry(to mailer.DeliveryState) []mailer.Attempt {
	p.t.Helper()
	as := p.begin(p.at, p.claim(50, p.at)...)
	p.settle(to, p.at, as...)
	return as
}

// codes are the digits of the codes that were sent for a request, the oldest first, by way of
// what stands in the tables and the key.
func (p *asking) codes(request mailer.ID) (out []string) {
	p.t.Helper()
	var rows []struct {
		ID    mailer.ID `db:"id"`
		KeyID string    `db:"key_id"`
	}
	must(p.t, p.db.SelectContext(p.ctx, &rows, `SELECT id, key_id FROM proof_code WHERE request_id = $1 AND key_id <> '' ORDER BY made_at, id`, request))
	for _, r := range rows {
		digits, _, err := p.Rights.Tokens.ProofCode(r.ID, r.KeyID)
		must(p.t, err)
		out = append(out, digits)
	}
	return out
}

// sent has a code sent for the request of a kind, and gives it.
func (p *asking) sent(a mailer.Attempt, kind mailer.RequestKind) string {
	p.t.Helper()
	_, err := p.SendCode(p.ctx, p.link(a), kind)
	must(p.t, err)
	all := p.codes(p.newest(a.ContactID, kind).ID)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// other is a code that is not the right one.
func other(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

// verdict is the gate's answer about a purpose.
func (p *asking) verdict(contact mailer.ID, purpose string) gate.Verdict {
	p.t.Helper()
	g := &gate.Gate{Store: p.house.Store, Registers: p.Rights.Registers, Keys: p.keys, Controller: p.controller, Key: p.key, Now: p.Rights.Now}
	as, err := g.Ask(p.ctx, []gate.Question{{Who: gate.Who{Contact: contact}, Activity: "sales", Purpose: purpose}})
	must(p.t, err)
	return as[0].Verdict
}

// firstNotice is the first notice of a house.
func (h *house) firstNotice() (a mailer.Attempt) {
	h.t.Helper()
	must(h.t, h.db.QueryRowxContext(h.ctx, `SELECT contact_id, id FROM delivery WHERE document = 'notice' ORDER BY id LIMIT 1`).Scan(&a.ContactID, &a.DeliveryID))
	return a
}
