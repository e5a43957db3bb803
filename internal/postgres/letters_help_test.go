package postgres

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/byhand"
	"article14/mailer/plan"
)

// post is a house whose people have postal addresses alone, with everything that prints
// letters. The printer writes what it was given, so that bytes tell what is in a letter.
type post struct {
	*house
	byhand.Letters
	at time.Time
}

func newPost(t testing.TB) *post { return newPostIn(newHouse(t)) }

func newPostIn(h *house) *post {
	p := &post{house: h, at: noon}
	registers := &mailer.Registers{Store: h.Store, Parse: func([]byte) (*mailer.Register, error) { return letterRegister(), nil }}
	p.Letters = byhand.Letters{Store: h.Store, Queue: h.Store, Reports: h.Store, Codes: h.DeliveryByCode, Composer: paperWriter{}, Printer: paperPrinter{},
		Skeletons: h.Store, Registers: registers, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Controller: h.controller, Key: h.key,
		Zone: time.UTC, Allowed: mailer.Allowed{Letters: true, Calls: true}, Now: func() time.Time { return p.at }}
	return p
}

func letterRegister() *mailer.Register {
	return &mailer.Register{Letters: mailer.LetterRules{Enabled: true}, Calls: true}
}

// paperWriter writes a letter of its values.
type paperWriter struct{ mailer.Composer }

func (paperWriter) Slots(_ *mailer.Register, in mailer.SlotInput) (mailer.Slots, error) {
	return mailer.Slots{"name": in.Facts.Contact.Name, "code": in.Code, "date": in.Now.Format(time.RFC3339)}, nil
}

func (paperWriter) Letter(_ mailer.Skeleton, slots mailer.Slots, _ bool) (byhand.LetterText, error) {
	return byhand.LetterText{Subject: []byhand.LetterRun{{Text: fmt.Sprint(slots["name"], slots["code"], slots["date"])}}}, nil
}

// paperPrinter prints the subject, and refuses an address that does not fit.
type paperPrinter struct{}

func (paperPrinter) Print(l byhand.Letter) (byhand.PrintedLetter, error) {
	if _, err := l.To.Lines(""); err != nil {
		return byhand.PrintedLetter{}, err
	}
	pdf := []byte(fmt.Sprint(l.Text.Subject, l.To, l.At.Unix(), l.Size))
	sum := sha256.Sum256(pdf)
	return byhand.PrintedLetter{PDF: pdf, Pages: 1, SHA256: sum[:]}, nil
}

// tray is a folder of letters in memory. It fails at a letter, if it is told to.
type tray struct {
	failAt  int
	letters map[string]string // bytes by reference
	names   []string          // in the order in which they came
	done    int
}

var errTray = errors.New("the disk is full")

func (f *tray) Letter(l byhand.FinishedLetter) error {
	if f.failAt > 0 && len(f.letters) == f.failAt {
		return errTray
	}
	f.letters[l.Reference] = string(l.PDF)
	f.names = append(f.names, l.Reference)
	return nil
}

func (f *tray) Done(byhand.LetterBatch) error { f.done++; return nil }

func (f *tray) open(byhand.LetterBatch) (byhand.LetterFolder, error) {
	f.letters = map[string]string{}
	return f, nil
}

// postal is where a person lives.
func postal(number int) mailer.Identifier {
	value := mailer.PostalAddress{Street: []string{fmt.Sprintf("%d High Street", number)}, Postcode: "69002", Locality: "Lyon", Country: "FR"}.Value()
	hash := sha256.Sum256([]byte(value))
	return mailer.Identifier{ID: mailer.NewID(noon), Kind: mailer.ByPostal, Value: value, Hash: hash[:], KeyID: "a"}
}

func phone(number int) mailer.Identifier {
	value := fmt.Sprintf("+331990012%02d", number)
	hash := sha256.Sum256([]byte(value))
	return mailer.Identifier{ID: mailer.NewID(noon), Kind: mailer.ByPhone, Value: value, Hash: hash[:], KeyID: "a"}
}

// reached moves in people who are reached by the given kinds alone.
func (p *post) reached(n int, dueAt time.Time, by ...func(int) mailer.Identifier) []mailer.ID {
	p.t.Helper()
	var ms []accept.Merge
	var ids []mailer.ID
	for range n {
		p.next++
		m := p.newPerson(p.next, dueAt)
		id := m.NewContacts[0].ID
		m.Identifiers[id] = nil
		for _, kind := range by {
			m.Identifiers[id] = append(m.Identifiers[id], kind(p.next))
		}
		ms, ids = append(ms, m), append(ids, id)
	}
	p.store(ms...)
	return ids
}

// release makes a campaign of everybody, each by the channel that the placer chooses.
func (p *post) release(key string) mailer.Campaign {
	p.t.Helper()
	c := p.approved(key, 0)
	p.placeAll(c, false)
	must(p.t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(p.t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	return p.campaign(key)
}

// placeAll places candidates as the placer decides.
func (p *post) placeAll(c mailer.Campaign, failedOnly bool) (pls []mailer.Placement) {
	p.t.Helper()
	reg := letterRegister()
	reg.Sources = []mailer.Source{{Key: "linkedin", Public: true}}
	reg.Controller.Zone = time.UTC
	placer := plan.Placer{Register: reg, Activity: mailer.Activity{Key: "sales", Retention: mailer.Retention{Period: calendar.Period{Years: 9}}},
		Available: func(string) bool { return true }, ContentID: p.content.ID, Now: p.at, Again: failedOnly,
		Content: map[mailer.SkeletonKey][]byte{{Document: mailer.DocNotice, Languages: "fr", Form: "linkedin"}: p.skeleton(mailer.DocNotice)}}
	cs, err := p.Candidates(p.ctx, p.controller, c, failedOnly, mailer.ID{}, 10_000, p.at)
	must(p.t, err)
	for _, cand := range cs {
		pl, _, ok := placer.Decide(cand)
		if !ok {
			p.t.Fatalf("%s was left out", cand.Contact.ID)
		}
		pls = append(pls, pl)
	}
	must(p.t, p.Place(p.ctx, p.controller, c, pls, mailer.ID{}, p.at))
	return pls
}

// batch prints what waits.
func (p *post) batch(f *tray) byhand.LetterBatch {
	p.t.Helper()
	b, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 100, By: "ann"}, f.open)
	must(p.t, err)
	return b
}

func today(at time.Time) calendar.Date { return calendar.DateOf(at, time.UTC) }

func (p *post) posted(b byhand.LetterBatch, except ...string) byhand.LetterBatch {
	p.t.Helper()
	b, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), Except: except, By: "ben"})
	must(p.t, err)
	return b
}
