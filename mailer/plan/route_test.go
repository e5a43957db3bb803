package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

// at every kind: a channel of somebody.
func mailAt(n byte) mailer.Channel {
	return mailer.Channel{Identifier: mailer.Identifier{ID: mailer.ID{1, n}, Kind: mailer.ByEmail, Value: "alex@example.org"}}
}

func postAt(n byte, a mailer.PostalAddress) mailer.Channel {
	return mailer.Channel{Identifier: mailer.Identifier{ID: mailer.ID{2, n}, Kind: mailer.ByPostal, Value: a.Value()}}
}

func phoneAt(n byte) mailer.Channel {
	return mailer.Channel{Identifier: mailer.Identifier{ID: mailer.ID{3, n}, Kind: mailer.ByPhone, Value: "+33199001234"}}
}

// rueDeLExemple is an address in Lyon.
var rueDeLExemple = mailer.PostalAddress{Street: []string{"12 rue de l’Exemple"}, Postcode: "69002", Locality: "Lyon", Country: "FR"}

// allowing is a placer whose register allows letters and calls.
func allowing(t *testing.T, letters, calls bool) Placer {
	p := placerFor(t, nil)
	p.Register.Letters.Enabled, p.Register.Calls = letters, calls
	return p
}

func TestTheNextChannelIsMailThenALetterThenACall(t *testing.T) { // E3
	dead := func(c mailer.Channel) mailer.Channel { c.Suppressed = true; return c }
	full := func(c mailer.Channel) mailer.Channel { c.Full = true; return c }
	town := mailer.PostalAddress{Locality: "Lyon", Country: "FR"}
	for name, c := range map[string]struct {
		letters, calls bool
		mail, others   []mailer.Channel
		change         func(*mailer.Candidate)
		want           mailer.ID
		block          mailer.BlockReason
		detail         string
	}{
		"another address of mail":                   {true, true, []mailer.Channel{dead(mailAt(1)), mailAt(2)}, []mailer.Channel{phoneAt(1), postAt(1, rueDeLExemple)}, nil, mailer.ID{1, 2}, "", ""},
		"a letter":                                  {true, true, []mailer.Channel{dead(mailAt(1))}, []mailer.Channel{phoneAt(1), postAt(1, rueDeLExemple)}, nil, mailer.ID{2, 1}, "", ""},
		"a letter, who never had mail":              {true, true, nil, []mailer.Channel{phoneAt(1), postAt(1, rueDeLExemple)}, nil, mailer.ID{2, 1}, "", ""},
		"a call, where the letter box is dead":      {true, true, nil, []mailer.Channel{dead(postAt(1, rueDeLExemple)), phoneAt(1)}, nil, mailer.ID{3, 1}, "", ""},
		"a call, where letters are not allowed":     {false, true, nil, []mailer.Channel{postAt(1, rueDeLExemple), phoneAt(1)}, nil, mailer.ID{3, 1}, "", ""},
		"a call, where the address is a town alone": {true, true, nil, []mailer.Channel{postAt(1, town), phoneAt(1)}, nil, mailer.ID{3, 1}, "", ""},
		"a letter to the country of the person": {true, false, nil, []mailer.Channel{postAt(1, mailer.PostalAddress{Street: []string{"1 Rue"}, Locality: "Lyon"})},
			nil, mailer.ID{2, 1}, "", ""},
		"nothing is allowed": {false, false, []mailer.Channel{dead(mailAt(1))}, []mailer.Channel{postAt(1, rueDeLExemple), phoneAt(1)}, nil, mailer.ID{}, mailer.BlockAddressDead,
			"letter: the register allows none; call: the register allows none"},
		"nothing is there":                   {true, true, nil, nil, nil, mailer.ID{}, mailer.BlockNoChannel, "letter: there is no postal address; call: there is no number"},
		"nothing is left":                    {true, true, nil, []mailer.Channel{dead(postAt(1, rueDeLExemple)), dead(phoneAt(1))}, nil, mailer.ID{}, mailer.BlockAddressDead, "letter: it failed; call: it failed"},
		"nobody's name":                      {true, true, nil, []mailer.Channel{postAt(1, rueDeLExemple), phoneAt(1)}, func(c *mailer.Candidate) { c.Contact.Name = "" }, mailer.ID{}, mailer.BlockNoChannel, "letter: no name says whom it is for; call: no name says whom it is for"},
		"a mailbox that was full, once more": {true, true, []mailer.Channel{full(mailAt(1))}, []mailer.Channel{postAt(1, rueDeLExemple)}, nil, mailer.ID{1, 1}, "", ""},
		"a mailbox that was full, and the date is near": {true, true, []mailer.Channel{full(mailAt(1))}, []mailer.Channel{postAt(1, rueDeLExemple)},
			func(c *mailer.Candidate) { c.Duties[0].Due.At = c.Duties[0].Due.At.Add(-21 * 24 * time.Hour) }, mailer.ID{2, 1}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := allowing(t, c.letters, c.calls)
			pl, _, _ := p.Decide(someone(t, func(cand *mailer.Candidate) {
				cand.Addresses, cand.Others = c.mail, c.others
				if c.change != nil {
					c.change(cand)
				}
			}))
			if pl.Block != c.block || !strings.Contains(pl.Detail, c.detail) {
				t.Fatalf("blocked by %q (%s)", pl.Block, pl.Detail)
			}
			if c.block == "" && pl.Delivery.Identifier != c.want {
				t.Errorf("told at %v by %s", pl.Delivery.Identifier, pl.Delivery.Channel)
			}
		})
	}
}

func TestARefusalForWhatWeAreUsesUpNoChannel(t *testing.T) { // law.md section 7
	failed := someone(t, func(c *mailer.Candidate) {
		c.Duties[0].State, c.Duties[0].Reason = mailer.DutyFailed, mailer.BlockPolicy
		c.Others = []mailer.Channel{postAt(1, rueDeLExemple)}
	})
	p := allowing(t, true, true)
	p.Again = true
	if pl, _, _ := p.Decide(failed); pl.Block != mailer.BlockPolicy {
		t.Errorf("the campaign that was refused goes on: %+v", pl)
	}
	p.Again = false
	if pl, _, _ := p.Decide(failed); pl.Delivery == nil || pl.Delivery.Channel != mailer.ChannelMail {
		t.Errorf("the next campaign does not write to the same address: %+v", pl)
	}
}

// world plays what the store keeps of one person under one campaign.
type world struct {
	placer Placer
	person mailer.Candidate
	spent  map[mailer.ID]spent
	order  []mailer.ChannelKind
}

type spent struct{ times, full int }

// look is the candidate as the store would give it.
func (w *world) look() mailer.Candidate {
	c := w.person
	seen := func(all []mailer.Channel) (out []mailer.Channel) {
		for _, ch := range all {
			s := w.spent[ch.Identifier.ID]
			ch.Full = s == spent{1, 1}
			if ch.Suppressed || s.times == 0 || ch.Full {
				out = append(out, ch)
			}
		}
		return out
	}
	c.Addresses, c.Others = seen(c.Addresses), seen(c.Others)
	return c
}

func (w *world) suppress(id mailer.ID) {
	for _, all := range [][]mailer.Channel{w.person.Addresses, w.person.Others} {
		for i := range all {
			if all[i].Identifier.ID == id {
				all[i].Suppressed = true
			}
		}
	}
}

// TestWhateverComesBackEverybodyIsToldOrBlocked plays campaigns to their end: no channel
// is used that is suppressed, used up or not allowed; mail comes before letters and
// letters before calls; and it ends, told or blocked with the reason.
func TestWhateverComesBackEverybodyIsToldOrBlocked(t *testing.T) { // E2, E3, R5
	ends := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		w := &world{placer: allowing(t, rapid.Bool().Draw(r, "letters"), rapid.Bool().Draw(r, "calls")), spent: map[mailer.ID]spent{}}
		w.person = someone(t, func(c *mailer.Candidate) { c.Addresses = nil })
		for i := range rapid.IntRange(0, 3).Draw(r, "mailboxes") {
			w.person.Addresses = append(w.person.Addresses, mailAt(byte(i)))
		}
		for i := range rapid.IntRange(0, 2).Draw(r, "letter boxes") {
			w.person.Others = append(w.person.Others, postAt(byte(i), rueDeLExemple))
		}
		for i := range rapid.IntRange(0, 2).Draw(r, "telephones") {
			w.person.Others = append(w.person.Others, phoneAt(byte(i)))
		}
		for _, all := range [][]mailer.Channel{w.person.Addresses, w.person.Others} {
			for i := range all {
				all[i].Suppressed = rapid.Bool().Draw(r, "suppressed before")
			}
		}
		ends[w.play(r)]++
	})
	if ends["told"] == 0 || ends["blocked"] == 0 {
		t.Errorf("they ended as %v", ends)
	}
}

func (w *world) play(r *rapid.T) string {
	for step := 0; ; step++ {
		if step > 12 { // eight channels, each mailbox twice
			r.Fatalf("it does not end: %v", w.order)
		}
		pl, _, ok := w.placer.Decide(w.look())
		if !ok {
			r.Fatal("left out")
		}
		if pl.Block != "" {
			if pl.Block.Remedy() == "" || pl.Block != mailer.BlockPolicy && pl.Detail == "" {
				r.Fatalf("blocked by %q, and nothing says what is missing", pl.Block)
			}
			return "blocked"
		}
		w.check(r, *pl.Delivery)
		if w.comes(r, *pl.Delivery) {
			return "told"
		}
		w.placer.Again = true
	}
}

// check holds a choice against what may be chosen.
func (w *world) check(r *rapid.T, d mailer.PlannedDelivery) {
	all := slices.Concat(w.person.Addresses, w.person.Others)
	at := slices.IndexFunc(all, func(ch mailer.Channel) bool { return ch.Identifier.ID == d.Identifier })
	allowed := w.placer.Register.Allowed()
	switch s := w.spent[d.Identifier]; {
	case at < 0 || all[at].Kind() != d.Channel:
		r.Fatal("told where they are not reached")
	case all[at].Suppressed:
		r.Fatalf("a suppressed %s", d.Channel)
	case s.times > 0 && (s != spent{1, 1} || d.NotBefore.IsZero()):
		r.Fatalf("a %s that failed before", d.Channel)
	case d.Channel == mailer.ChannelLetter && !allowed.Letters, d.Channel == mailer.ChannelPhone && !allowed.Calls:
		r.Fatalf("a %s, which the register does not allow", d.Channel)
	case len(w.order) > 0 && slices.Index(mailer.ChannelKinds, d.Channel) < slices.Index(mailer.ChannelKinds, w.order[len(w.order)-1]):
		r.Fatalf("%s behind %v", d.Channel, w.order)
	}
	w.order = append(w.order, d.Channel)
}

// comes draws what becomes of a delivery, and tells whether the person was told.
func (w *world) comes(r *rapid.T, d mailer.PlannedDelivery) bool {
	class := rapid.SampledFrom([]mailer.ReplyClass{mailer.ClassAccepted, mailer.ClassDeadAddress, mailer.ClassRefused, mailer.ClassMailboxFull, mailer.ClassPolicy, mailer.ClassReturned}).Draw(r, "comes")
	if class == mailer.ClassAccepted {
		return true
	}
	s := w.spent[d.Identifier]
	s.times++
	if class == mailer.ClassMailboxFull && d.Channel == mailer.ChannelMail {
		s.full++
	}
	w.spent[d.Identifier] = s
	next := mailer.Next(class)
	if next.Suppress {
		w.suppress(d.Identifier)
	}
	w.person.Duties[0].State, w.person.Duties[0].Reason = mailer.DutyFailed, next.Reason
	if next.Reason == "" {
		w.person.Duties[0].Reason = mailer.BlockRefused
	}
	return false
}
