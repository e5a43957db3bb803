package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
	"article14/mailer/retain"
)

// gateHouse is a house with a gate in front of it.
func gateHouse(t *testing.T) (*house, *gate.Gate) {
	h := newHouse(t)
	reg := &mailer.Register{
		Controller: mailer.Controller{Key: h.key, Zone: time.UTC},
		Sources:    []mailer.Source{{Key: "linkedin"}},
		Activities: []mailer.Activity{{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Years: 3}},
			Purposes:   []mailer.Purpose{{Key: "offers", Basis: mailer.LegitimateInterest, DirectMarketing: true}},
			Recipients: []mailer.Recipient{{Name: "Mailer Ltd"}}}},
	}
	return h, &gate.Gate{Store: h.Store, Keys: mailer.NewKeyring(), Controller: h.controller, Key: h.key, Now: func() time.Time { return noon },
		Registers: &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) { return reg, nil }}}
}

func about(contact mailer.ID) gate.Question {
	return gate.Question{Who: gate.Who{Contact: contact}, Purpose: "offers"}
}

func (h *house) ask(g *gate.Gate, q gate.Question) gate.Answer {
	h.t.Helper()
	out, err := g.Ask(h.ctx, []gate.Question{q})
	must(h.t, err)
	return out[0]
}

func TestTheGateFollowsANoticeFromOweedToGivenToBounced(t *testing.T) { // D6, E2
	h, g := gateHouse(t)
	contact := h.people(1, noon.Add(day))[0]
	got := h.ask(g, about(contact))
	equal(t, "before the notice", got.Verdict, gate.Verdict{Reason: gate.NotInformed, DueAt: noon.Add(day)})
	h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	equal(t, "while it is sent", h.ask(g, about(contact)).Reason, gate.NotInformed)
	h.settle(mailer.Relayed, noon, a)
	equal(t, "handed over", h.ask(g, about(contact)).Allowed, true)
	_, _, err := h.Object(h.ctx, h.controller, mailer.Objection{ID: mailer.NewID(noon), ContactID: contact, ActivityKey: "sales", Scope: mailer.ObjectToAll,
		Way: mailer.WayPage, MadeAt: noon, DeliveryID: a.DeliveryID}, nil, nil, noon)
	must(t, err)
	equal(t, "after an objection (R5)", h.ask(g, about(contact)).Reason, gate.Objected)
}

func TestAskingChangesNothing(t *testing.T) { // D6
	h, g := gateHouse(t)
	contact := h.people(1, noon.Add(day))[0]
	before := h.everything()
	for range 3 {
		h.ask(g, about(contact))
		h.ask(g, gate.Question{Who: gate.Who{Email: "nobody@example.org"}, Purpose: "offers"})
	}
	equal(t, "all tables", h.everything(), before)
}

// everything is a sum over all rows of all tables.
func (h *house) everything() (sum string) {
	h.t.Helper()
	must(h.t, h.db.GetContext(h.ctx, &sum, `SELECT md5(string_agg(x.t, '|' ORDER BY x.t)) FROM (
		SELECT c.relname || (xpath('/row/m/text()', query_to_xml('SELECT md5(COALESCE(string_agg(CAST(r AS text), ''|'' ORDER BY CAST(r AS text)), '''')) AS m FROM ' || quote_ident(c.relname) || ' r', false, true, '')))[1] AS t
		FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = CAST('public' AS regnamespace)) x`))
	return sum
}

func TestPeopleAreFoundByKeyedHashesAndSuppressionsOutliveThem(t *testing.T) { // R5
	h, _ := gateHouse(t)
	ids := h.people(2, noon.Add(day))
	gone := address(99)
	must(t, h.write(h.ctx, func(t tx) error {
		return t.suppress(h.ctx, []suppressionRow{newSuppressionRow(h.controller, mailer.Suppression{Kind: gone.Kind, Hash: gone.Hash, KeyID: "a", Scope: mailer.SuppressUse, Reason: "objection"}, noon)})
	}))
	found, err := h.Lookup(h.ctx, h.controller, []gate.Key{{Kind: mailer.ByEmail, Hash: address(2).Hash}, {Kind: mailer.ByEmail, Hash: address(77).Hash}, {Kind: mailer.ByEmail, Hash: gone.Hash}, {Kind: mailer.ByEmail, Hash: address(1).Hash}}, noon)
	must(t, err)
	equal(t, "the first", len(found[0].Contacts) == 1 && found[0].Contacts[0] == ids[1], true)
	equal(t, "nobody", len(found[1].Contacts) == 0 && !found[1].Suppressed, true)
	equal(t, "suppressed", found[2].Suppressed, true)
	equal(t, "the last", found[3].Contacts[0], ids[0])
	other := moveIn(h.ctx, t, h.Store, "other")
	found, err = h.Lookup(h.ctx, other.controller, []gate.Key{{Kind: mailer.ByEmail, Hash: address(1).Hash}}, noon)
	must(t, err)
	equal(t, "for another controller", len(found[0].Contacts), 0)
	facts, err := h.Facts(h.ctx, other.controller, ids)
	must(t, err)
	equal(t, "another controller's facts", len(facts), 0)
}

func confirm(contact mailer.ID, kind gate.Kind, id string) gate.Use {
	u := gate.Use{Question: about(contact), Kind: kind, At: noon, Idempotency: id, By: "crm", Theirs: "case 17"}
	if kind == gate.Passing {
		u.Recipient = "Mailer Ltd"
	}
	return u
}

func TestAUseThatTheGateRefusesIsOnRecordBringsTheDateForwardAndRaisesAnAlert(t *testing.T) { // D6, 14(3)(b)
	h, g := gateHouse(t)
	contact := h.people(1, noon.Add(10*day))[0]
	out, err := g.Confirm(h.ctx, []gate.Use{confirm(contact, gate.Communication, "call 1")})
	must(t, err)
	equal(t, "the answer", out[0].Reason, gate.NotInformed)
	equal(t, "recorded", out[0].Recorded, 1)
	equal(t, "the date", h.count(`SELECT count(*) FROM duty WHERE due_at = $1 AND due_rule = '14.3.b'`, noon), 1)
	equal(t, "the alert", h.count(`SELECT count(*) FROM alert WHERE kind = 'used_anyway' AND subject = $1`, contact.String()), 1)

	again, err := g.Confirm(h.ctx, []gate.Use{confirm(contact, gate.Communication, "call 1")})
	must(t, err)
	equal(t, "said again", again[0].Recorded, 0)
	equal(t, "with the same answer", again[0].Reason, gate.NotInformed)
	equal(t, "one row", h.count(`SELECT count(*) FROM disclosure`), 1)

	_, err = g.Confirm(h.ctx, []gate.Use{confirm(contact, gate.Passing, "list 1")})
	must(t, err)
	equal(t, "a later disclosure moves nothing back", h.count(`SELECT count(*) FROM duty WHERE due_at = $1 AND due_rule = '14.3.b'`, noon), 1)
}

func TestTheSameUseSaidByManyAtOnceIsOneRow(t *testing.T) {
	h, g := gateHouse(t)
	contact := h.people(1, noon.Add(10*day))[0]
	var all sync.WaitGroup
	recorded := make([]int, 8)
	for i := range recorded {
		all.Go(func() {
			out, err := g.Confirm(context.WithoutCancel(h.ctx), []gate.Use{confirm(contact, gate.Passing, "list 1")})
			if err != nil {
				t.Error(err)
				return
			}
			recorded[i] = out[0].Recorded
		})
	}
	all.Wait()
	sum := 0
	for _, n := range recorded {
		sum += n
	}
	equal(t, "recorded in all", sum, 1)
	equal(t, "rows", h.count(`SELECT count(*) FROM disclosure`), 1)
	equal(t, "references", h.count(`SELECT count(*) FROM disclosure_reference WHERE reference = 'case 17'`), 1)
}

func TestDisclosuresAreAppendOnlyAndTheirReferencesGoWithThePerson(t *testing.T) { // S1, R7
	h, g := gateHouse(t)
	contact := h.people(1, noon.Add(10*day))[0]
	_, err := g.Confirm(h.ctx, []gate.Use{confirm(contact, gate.Passing, "")})
	must(t, err)
	if _, err := h.db.ExecContext(h.ctx, `UPDATE disclosure SET recipient = 'somebody else'`); err == nil {
		t.Error("the database lets a disclosure be changed")
	}
	_, _, err = h.Erase(h.ctx, h.controller, []mailer.ID{contact}, nil, noon, func(held retain.Held) (retain.Erasing, error) {
		return retain.Erasing{ContactID: contact, Whole: true}, nil
	})
	must(t, err)
	equal(t, "references", h.count(`SELECT count(*) FROM disclosure_reference`), 0)
	equal(t, "disclosures", h.count(`SELECT count(*) FROM disclosure`), 1)
}

func TestATokenOpensUntilItIsRevoked(t *testing.T) {
	h := newHouse(t)
	ts := gate.Tokens{Store: h.Store, Controller: h.controller, Now: func() time.Time { return noon }}
	text, made, err := ts.Make(h.ctx, "crm", []string{"offers"}, "ann")
	must(t, err)
	got, err := ts.Open(h.ctx, text)
	must(t, err)
	equal(t, "name", got.Name, made.Name)
	equal(t, "may", got.May("offers") && !got.May("fraud"), true)
	equal(t, "used on", h.count(`SELECT count(*) FROM api_token WHERE used_on = '2026-03-02'`), 1)
	equal(t, "the secret is stored nowhere", h.count(`SELECT count(*) FROM api_token WHERE CAST(api_token AS text) LIKE '%' || $1 || '%'`, text[len(text)-52:]), 0)
	if _, _, err := ts.Make(h.ctx, "crm", nil, "ann"); err == nil {
		t.Error("two tokens have one name: nobody can tell what each of them wrote")
	}
	for name, wrong := range map[string]string{"empty": "", "another secret": text[:len(text)-1] + "a", "another id": "a14gate_aaaaaaaaaaaaaaaa" + text[24:], "cut": text[:40]} {
		if wrong == text {
			wrong = text[:len(text)-1] + "b"
		}
		if _, err := ts.Open(h.ctx, wrong); !errors.Is(err, gate.ErrNoSuchToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := moveIn(h.ctx, t, h.Store, "other")
	if _, err := (gate.Tokens{Store: h.Store, Controller: other.controller, Now: ts.Now}).Open(h.ctx, text); !errors.Is(err, gate.ErrNoSuchToken) {
		t.Errorf("it opens another controller's gate: %v", err)
	}
	must(t, ts.Revoke(h.ctx, "crm", "ben"))
	if _, err := ts.Open(h.ctx, text); !errors.Is(err, gate.ErrNoSuchToken) {
		t.Errorf("revoked: %v", err)
	}
	if err := ts.Revoke(h.ctx, "crm", "ben"); err == nil {
		t.Error("what is revoked is revoked again")
	}
}
