package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/access"
	"article14/mailer/gate"
)

// copySchema is docs/copy.schema.json, ready to judge.
func copySchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile("../../docs/copy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("copy.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("copy.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// contactOf is who has an address.
func (s *stage) contactOf(t *testing.T, address string) mailer.ID {
	t.Helper()
	a, err := s.gate().Ask(t.Context(), []gate.Question{{Who: gate.Who{Email: address}, Activity: demoActivity, Purpose: s.reg.Activities[0].Purposes[0].Key}})
	if err != nil || len(a[0].Contacts) == 0 {
		t.Fatalf("%s: %v", address, err)
	}
	return a[0].Contacts[0]
}

func TestTheCopyHoldsEveryFieldThatWasImportedAndNobodyElses(t *testing.T) { // R6, R4, S3
	s := newStage(t, catcher.ByLocalPart())
	obtained := s.now().AddDate(0, 0, -5).UTC().Truncate(time.Second)
	row := obtained.Format(time.RFC3339) + ",Zoë,Müller-Łuk,Head of Purchasing,Ström & Søn,https://www.linkedin.com/in/zoe,zoe@mail.example,zoe.privat@mail.example,+33 1 23 45 67 89,Nîmes,FR,public\n"
	other := obtained.Format(time.RFC3339) + ",Max,Anders,Buyer,Ostwind,https://www.linkedin.com/in/max,zoe@mail.example,,,Plougonvelin,FR,public\n" // the same mailbox
	if c := s.takeRows(t, row, other); c.Accepted != 2 {
		t.Fatalf("%+v", c)
	}
	s.release(t, "first")
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	zoe := s.contactOf(t, "zoe.privat@mail.example")
	purpose := s.reg.Activities[0].Purposes[0].Key
	recipient := ""
	for _, r := range s.reg.Activities[0].Recipients {
		if r.Name != "" {
			recipient = r.Name
		}
	}
	if _, err := s.gate().Confirm(t.Context(), []gate.Use{{Question: gate.Question{Who: gate.Who{Contact: zoe}, Activity: demoActivity, Purpose: purpose},
		Kind: gate.Passing, Recipient: recipient, By: "crm", Theirs: "case 17"}}); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	if err := (&contactCopyCmd{ID: zoe.String(), Language: "en"}).Run(t.Context(), s.app, streams{out: &out, err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	any, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := copySchema(t).Validate(any); err != nil {
		t.Errorf("the copy is not of the form that docs/copy.schema.json publishes: %v", err)
	}
	var got access.Copy
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}

	// Field by field, as the file had it.
	want := access.Person{ID: zoe, Name: "Zoë Müller-Łuk", Organisation: "Ström & Søn", JobTitle: "Head of Purchasing", Country: "FR", City: "Nîmes", FirstObtainedAt: &obtained,
		Identifiers: []access.Identifier{{Kind: mailer.ByEmail, Value: "zoe.privat@mail.example"}, {Kind: mailer.ByEmail, Value: "zoe@mail.example"},
			{Kind: mailer.ByPhone, Value: "+33 1 23 45 67 89"}, {Kind: mailer.ByProfileURL, Value: "https://www.linkedin.com/in/zoe"}}}
	slices.SortFunc(got.Person.Identifiers, func(a, b access.Identifier) int {
		return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value)
	})
	if diff := cmp.Diff(want, got.Person); diff != "" {
		t.Errorf("the person (-imported +copied):\n%s", diff)
	}
	if len(got.Obtained) != 1 {
		t.Fatalf("%d obtainings", len(got.Obtained))
	}
	o := got.Obtained[0]
	source, _ := s.reg.Source("linkedin")
	if o.Source.Name != source.Names["en"] || o.Source.Method != source.Method["en"] || !o.At.Equal(obtained) || o.File != "leads.csv" || o.Line != 2 ||
		o.Visibility != mailer.VisiblePublic || o.Basis != mailer.ObtainedFromRow || o.Page != "https://www.linkedin.com/in/zoe" {
		t.Errorf("where it came from: %+v", o)
	}
	if len(got.Uses) != 1 || got.Uses[0].Recipient != recipient || got.Uses[0].Purpose != purpose || got.Uses[0].Reference != "case 17" {
		t.Errorf("to whom it was passed on: %+v", got.Uses)
	}
	a := got.Activities[0]
	if a.StoredUntil == nil || !strings.Contains(s.noticeOf(t, zoe), a.StoredUntil.String()[:4]) || len(a.Purposes) != len(s.reg.Activities[0].Purposes) || !a.Purposes[0].Allowed {
		t.Errorf("what it is held for: %+v", a)
	}
	if len(got.Notices) != 1 || len(got.Notices[0].Texts) != 1 || !strings.Contains(got.Notices[0].Texts[0].HTML, "linkedin.com/in/zoe") || got.Notices[0].State != mailer.Relayed {
		t.Errorf("the notice as it was sent: %+v", got.Notices)
	}
	for _, theirs := range []string{"Anders", "Plougonvelin", "in/max", "Ostwind"} {
		if strings.Contains(out.String(), theirs) {
			t.Errorf("the copy holds %q of somebody who shares the mailbox", theirs)
		}
	}
}

// noticeOf is a person's only notice as they got it, as text.
func (s *stage) noticeOf(t *testing.T, contact mailer.ID) string {
	t.Helper()
	r, err := s.store.ContactReport(t.Context(), s.controller, contact)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range s.notices(t) {
		if strings.Contains(m.parsed.Get("Message-ID"), r.Deliveries[0].ID.String()) {
			return m.parsed.Text
		}
	}
	t.Fatal("they got none")
	return ""
}

func TestTheMailsThatWentOutStandOnThePublicPageAndNobodyInIt(t *testing.T) { // C4, R3
	s := newStage(t, catcher.ByLocalPart())
	if code, body := get(t, s.web.URL+"/about/"+demoActivity+"?l=fr"); code != 200 || !strings.Contains(body, "encore envoyé aucun message") {
		t.Errorf("before a campaign: %d %s", code, body)
	}
	s.takeRows(t, s.lead("zoe", "FR", "public", 5))
	s.release(t, "first")
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	m := s.noticeTo(t, "zoe")
	code, body := get(t, s.web.URL+"/about/"+demoActivity+"?l=de") // in French it is kept for a minute
	if code != 200 || !strings.Contains(body, "privacy@") || strings.Contains(body, "zoe") {
		t.Errorf("%d %s", code, body)
	}
	pub := s.public()
	v, err := pub.Activity(t.Context(), demoActivity, "fr")
	if err != nil || len(v.Mails) != 1 || v.Mails[0].Subject != m.parsed.Subject || !strings.Contains(m.parsed.Get("From"), v.Mails[0].Sender) {
		t.Errorf("%+v, %v; the mail is from %v, about %q", v.Mails, err, m.parsed.Get("From"), m.parsed.Subject)
	}
}
