package rights_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/compose"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/mailertest"
	"article14/mailer/rights"
)

// memLetters keeps content versions by hash, and knows one person.
type memLetters struct {
	mu     sync.Mutex
	person rights.Addressee
	saved  map[string]mailer.ContentVersion
	asked  int
}

func (m *memLetters) SaveContent(_ context.Context, _ mailer.ID, v mailer.ContentVersion, _ time.Time) (mailer.ContentVersion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if there, known := m.saved[string(v.Hash)]; known {
		return there, nil
	}
	m.saved[string(v.Hash)] = v
	return v, nil
}

func (m *memLetters) Addressee(_ context.Context, _, contact mailer.ID, _ string, _ time.Time) (rights.Addressee, error) {
	if contact != m.person.Contact.ID {
		return rights.Addressee{}, mailer.ErrNoContact
	}
	return m.person, nil
}

// twoVersions has a register in force and an older one, whose activity "attic" has ended.
type twoVersions struct{ mailer.RegisterStore }

var inForce, older = mailer.ID{1}, mailer.ID{2}

func (twoVersions) CurrentRegister(context.Context, string) (mailer.RegisterVersion, error) {
	return mailer.RegisterVersion{ID: inForce, Hash: []byte("new"), Body: []byte("new")}, nil
}

func (twoVersions) RegisterVersion(_ context.Context, id mailer.ID) (mailer.RegisterVersion, error) {
	if id != older {
		return mailer.RegisterVersion{}, errors.New("no such version")
	}
	return mailer.RegisterVersion{ID: older, Hash: []byte("old"), Body: []byte("old")}, nil
}

func parseVersion(body []byte) (*mailer.Register, error) {
	reg := mailertest.Register()
	reg.Languages.UnknownCountry = nil
	twin := reg.Activities[0] // whose correspondence has the same words
	twin.Key = "twin"
	reg.Activities = append(reg.Activities, twin)
	if string(body) == "old" {
		reg.Activities[0].Key = "attic"
	}
	return reg, nil
}

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// someone has two mailboxes and a notice in French that went to the second.
func someone() (*memLetters, *rights.Correspondence) {
	box := func(n byte) mailer.Channel {
		return mailer.Channel{Identifier: mailer.Identifier{ID: mailer.ID{n}, Kind: mailer.ByEmail, Value: "p" + string('0'+rune(n)) + "@example.org"}}
	}
	m := &memLetters{saved: map[string]mailer.ContentVersion{}, person: rights.Addressee{
		Contact:   mailer.Contact{ID: mailer.ID{9}, Name: "Élodie Bérard", Country: "FR"},
		Mailboxes: []mailer.Channel{box(1), box(2)}, Activities: []string{"directory"},
		Notice: &rights.GivenNotice{Activity: "directory", Languages: "fr", RegisterID: older, Identifier: mailer.ID{2}},
	}}
	l, err := locales.New()
	if err != nil {
		panic(err)
	}
	c, err := compose.New(l)
	if err != nil {
		panic(err)
	}
	return m, &rights.Correspondence{Store: m, Composer: c, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Now: func() time.Time { return now },
		Registers: &mailer.Registers{Store: twoVersions{}, Parse: parseVersion}}
}

var (
	to   = rights.To{Contact: mailer.ID{9}}
	took = mailer.Matter{At: now}
)

func TestSomebodyIsWrittenToAtTheMailboxAndInTheLanguagesOfTheirNotice(t *testing.T) { // L1, E3, R4
	for what, c := range map[string]struct {
		change    func(*memLetters, *rights.To)
		address   mailer.ID
		languages string
		err       error
	}{
		"of the notice":           {func(*memLetters, *rights.To) {}, mailer.ID{2}, "fr", nil},
		"that is dead":            {func(m *memLetters, _ *rights.To) { m.person.Mailboxes[1].Suppressed = true }, mailer.ID{1}, "fr", nil},
		"by letter":               {func(m *memLetters, _ *rights.To) { m.person.Notice.Identifier = mailer.ID{7} }, mailer.ID{1}, "fr", nil},
		"of two languages":        {func(m *memLetters, _ *rights.To) { m.person.Notice.Languages = "fr+de" }, mailer.ID{2}, "fr+de", nil},
		"that never came":         {func(m *memLetters, _ *rights.To) { m.person.Notice, m.person.Contact.Country = nil, "DE" }, mailer.ID{1}, "de", nil},
		"the one that is proved":  {func(_ *memLetters, to *rights.To) { to.Address = mailer.ID{1} }, mailer.ID{1}, "fr", nil},
		"proved, and dead":        {func(m *memLetters, to *rights.To) { to.Address = mailer.ID{1}; m.person.Mailboxes[0].Suppressed = true }, mailer.ID{}, "", rights.ErrNoMailbox},
		"somebody else's":         {func(_ *memLetters, to *rights.To) { to.Address = mailer.ID{8} }, mailer.ID{}, "", rights.ErrNoMailbox},
		"none":                    {func(m *memLetters, _ *rights.To) { m.person.Mailboxes = nil }, mailer.ID{}, "", rights.ErrNoMailbox},
		"of nobody whom we know":  {func(_ *memLetters, to *rights.To) { to.Contact = mailer.ID{5} }, mailer.ID{}, "", mailer.ErrNoContact},
		"no notice, no activity?": {func(m *memLetters, _ *rights.To) { m.person.Notice = nil }, mailer.ID{1}, "fr", nil},
	} {
		m, letters := someone()
		whom := to
		c.change(m, &whom)
		d, err := letters.Plan(t.Context(), whom, mailer.DocTakebackReceipt, took)
		if c.err != nil {
			if !errors.Is(err, c.err) || d != nil {
				t.Errorf("%s: %v, %v", what, d, err)
			}
			continue
		}
		if err != nil || d.Identifier != c.address || d.Languages != c.languages || d.Document != mailer.DocTakebackReceipt || d.LanguageRule == "" || d.Code == "" || !d.DueAt.Equal(now) {
			t.Errorf("%s: %+v, %v", what, d, err)
		}
	}
}

func TestAMissingTextIsAnErrorAndNeverAnotherLanguage(t *testing.T) { // L2
	for what, c := range map[string]struct {
		change func(*memLetters, *mailer.Matter)
		want   string
	}{
		"of the notice":          {func(m *memLetters, _ *mailer.Matter) { m.person.Notice.Languages = "fr+pt" }, "no texts in pt"},
		"of the country":         {func(m *memLetters, _ *mailer.Matter) { m.person.Notice, m.person.Contact.Country = nil, "PT" }, "no texts in pt"},
		"of an unknown country":  {func(m *memLetters, _ *mailer.Matter) { m.person.Notice, m.person.Contact.Country = nil, "" }, "languages.unknown_country"},
		"of the answer":          {func(_ *memLetters, m *mailer.Matter) { m.Language = "it" }, "no texts in it"},
		"of one answer for two":  {func(p *memLetters, _ *mailer.Matter) { p.person.Notice.Languages = "fr+de" }, "say in which"},
		"of nothing to be there": {func(_ *memLetters, m *mailer.Matter) { m.Text = "" }, "Matter.Text"},
	} {
		p, letters := someone()
		m := mailer.Matter{Kind: "question", At: now, Text: "Oui."}
		c.change(p, &m)
		d, err := letters.Plan(t.Context(), to, mailer.DocAnswer, m)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Élodie") || strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: %v, %v", what, d, err)
		}
	}
}

func TestAnAnswerIsFramedInTheLanguageThatItIsWrittenIn(t *testing.T) { // L1, L4
	p, letters := someone()
	p.person.Notice.Languages = "fr+de"
	d, err := letters.Plan(t.Context(), to, mailer.DocAnswer, mailer.Matter{Kind: "question", At: now, Text: "Ja.", Language: "de"})
	if err != nil || d.Languages != "de" || d.Values["text"] != "Ja." || d.Values["done.de"] != "22. November 2026" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestTheTextsAreMadeOnceForARegisterAnActivityAndLanguages(t *testing.T) { // C8, E1
	m, letters := someone()
	var all sync.WaitGroup
	plans := make([]*mailer.PlannedDelivery, 8)
	for i := range plans {
		all.Go(func() {
			d, err := letters.Plan(t.Context(), to, mailer.DocTakebackReceipt, took)
			if err != nil {
				t.Error(err)
				return
			}
			plans[i] = d
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, d := range plans[1:] {
		if d.ContentID != plans[0].ContentID || d.ID == plans[0].ID || d.Code == plans[0].Code {
			t.Errorf("two mails: %+v and %+v", plans[0], d)
		}
	}
	asked := m.asked
	if _, err := letters.Plan(t.Context(), to, mailer.DocCode, mailer.Matter{}); err != nil || m.asked != asked || len(m.saved) != 1 {
		t.Errorf("%d versions, saved %d times more: %v", len(m.saved), m.asked-asked, err)
	}
	_, fresh := someone() // another process
	fresh.Store = m
	d, err := fresh.Plan(t.Context(), to, mailer.DocTakebackReceipt, took)
	if err != nil || d.ContentID != plans[0].ContentID {
		t.Errorf("another process made another version: %v", err)
	}
	whom := to
	whom.Activity = "twin"
	d, err = letters.Plan(t.Context(), whom, mailer.DocTakebackReceipt, took)
	if err != nil || d.ContentID == plans[0].ContentID || len(m.saved) != 2 {
		t.Errorf("two activities share a version: %v, %v", d, err)
	}
	for _, v := range m.saved {
		if slices.ContainsFunc(v.Skeletons, func(s mailer.Skeleton) bool { return s.Body == nil }) {
			t.Errorf("a text of %s was not stored", v.ActivityKey)
		}
	}
}

func TestWhatEndedIsWrittenAboutFromTheRegisterOfTheirNotice(t *testing.T) { // Art. 12(2)
	m, letters := someone()
	m.person.Notice.Activity = "attic"
	d, err := letters.Plan(t.Context(), to, mailer.DocTakebackReceipt, took)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.saved {
		if v.ID != d.ContentID || v.RegisterVersionID != older || v.ActivityKey != "attic" {
			t.Errorf("%+v", v)
		}
	}
	m.person.Notice = nil
	m.person.Activities = []string{"cellar"}
	if d, err := letters.Plan(t.Context(), to, mailer.DocTakebackReceipt, took); err == nil || !strings.Contains(err.Error(), "cellar") {
		t.Errorf("%v, %v", d, err)
	}
}

func TestNothingThatIsPlannedHoldsTheDigitsOfACode(t *testing.T) { // R4
	_, letters := someone()
	d, err := letters.Plan(t.Context(), to, mailer.DocCode, mailer.Matter{})
	if err != nil {
		t.Fatal(err)
	}
	digits, key, err := letters.Tokens.ProofCode(d.ID, d.Values[mailer.SlotTokenKey])
	if err != nil || key != letters.Tokens.Keys.Newest(mailer.TokenKey).ID {
		t.Fatalf("the key %q of %v: %v", key, d.Values, err)
	}
	for name, value := range d.Values {
		if strings.Contains(value, digits) {
			t.Errorf("the value %s holds the code", name)
		}
	}
	if !letters.Tokens.CheckProofCode(d.ID, key, digits[:3]+" "+digits[3:]) {
		t.Error("the code of the mail does not fit")
	}
}

func TestALinkToObjectIsPlannedWhereThereIsARightToObject(t *testing.T) { // R10
	_, letters := someone()
	d, err := letters.Plan(t.Context(), to, mailer.DocObjectLink, mailer.Matter{})
	if err != nil || d.Values[mailer.SlotTokenKey] == "" {
		t.Errorf("%+v, %v", d, err)
	}
	whom := to
	whom.Activity = "safety" // consent alone
	if _, err := letters.Plan(t.Context(), whom, mailer.DocObjectLink, mailer.Matter{}); !errors.Is(err, mailer.ErrNoSuchLink) {
		t.Errorf("without a right to object: %v", err)
	}
	if _, err := letters.Plan(t.Context(), to, mailer.DocNotice, mailer.Matter{}); err == nil {
		t.Error("a notice is planned as correspondence")
	}
}
