package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/retain"
)

const leadsHeader = "Date added,First name,Last name,Job title,Company,LinkedIn URL,Work email,Personal email,Phone,City,Country,Email visibility\n"

// lead is a row of a contact file, obtained some days before now.
func (s *stage) lead(name, country, visibility string, days int) string {
	obtained := s.now().AddDate(0, 0, -days).UTC().Format(time.RFC3339)
	return obtained + "," + name + ",Muster,Buyer,Acme,https://www.linkedin.com/in/" + name + "," + name + "@mail.example,,,," + country + "," + visibility + "\n"
}

func (s *stage) takeRows(t *testing.T, rows ...string) accept.ImportCounts {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leads.csv")
	if err := os.WriteFile(path, []byte(leadsHeader+strings.Join(rows, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	counts, err := s.importFile(t.Context(), importPlan{file: path, source: "linkedin", activity: demoActivity})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func (s *stage) passOn(t *testing.T, days int) retain.Erased {
	t.Helper()
	e := s.eraser()
	at := s.now().AddDate(0, 0, days)
	e.Now = func() time.Time { return at }
	out, err := e.Pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// noticeTo is the only notice to an address, as text.
func (s *stage) noticeTo(t *testing.T, name string) noticeMail {
	t.Helper()
	var found []noticeMail
	for _, m := range s.notices(t) {
		if m.To[0].Address == name+"@mail.example" {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s got %d notices", name, len(found))
	}
	return found[0]
}

func TestDataThatMustNotBeUsedAreToldOfAndThenGo(t *testing.T) { // S4, T2, T3, R3, R5
	s := newStage(t, catcher.ByLocalPart())
	rows := []string{s.lead("una", "FR", "unknown", 5), s.lead("rita", "DE", "1st-degree connections", 40), s.lead("otto", "FR", "public", 3000)}
	if c := s.takeRows(t, rows...); c.Accepted != 3 {
		t.Fatalf("%+v", c)
	}

	// What has expired goes without a notice; the quarantine is overdue, and operators hear of it.
	if out := s.passOn(t, 0); out.Contacts != 1 || out.Alerts != 1 {
		t.Fatalf("%+v", out)
	}
	quarantined, err := s.store.Quarantined(t.Context(), s.controller, s.now(), retain.Mark{}, 10)
	if err != nil || len(quarantined) != 1 {
		t.Fatalf("%v, %v", quarantined, err)
	}
	var out bytes.Buffer
	tell := contactTellCmd{ID: quarantined[0].ContactID.String(), By: "Ann", Why: "she has a right to know"}
	if err := tell.Run(t.Context(), s.app, streams{out: &out, err: io.Discard}); err != nil || !strings.Contains(out.String(), "open again: 1 duty") {
		t.Fatalf("%s, %v", &out, err)
	}
	s.release(t, "first")
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	una, rita := s.noticeTo(t, "una"), s.noticeTo(t, "rita")
	for text, m := range map[string]noticeMail{
		"Bonjour una Muster,": una, "Nous ne savons pas si vous aviez limité l’accès": una,
		"Guten Tag rita Muster,": rita, "hatten Sie eingeschränkt, wer sie sieht": rita,
	} {
		if !strings.Contains(strings.Join(strings.Fields(m.parsed.Text), " "), text) {
			t.Errorf("the notice does not say %q:\n%s", text, m.parsed.Text)
		}
	}

	// The day that the notice printed is the last one.
	if out := s.passOn(t, 30); out.Contacts != 0 {
		t.Errorf("erased too soon: %+v", out)
	}
	if out := s.passOn(t, 31); out.Contacts != 2 {
		t.Errorf("%+v", out)
	}
	for _, m := range []noticeMail{una, rita} {
		for _, link := range []string{s.links(m, "n")[0], s.links(m, "o")[0]} {
			if code, body := get(t, link+"?l=en"); code != http.StatusOK || !strings.Contains(body, "We deleted your data on") || strings.Contains(body, "Muster") {
				t.Errorf("%d: %s", code, body)
			}
		}
	}

	// The same file adds nothing; another one with the same people neither, but for
	// the one whose storage ended untold: they may be found again, and go again.
	if c := s.takeRows(t, rows...); !c.Already {
		t.Errorf("%+v", c)
	}
	if c := s.takeRows(t, append(rows, s.lead("eva", "FR", "public", 5))...); c.Accepted != 2 || c.Refused != 2 {
		t.Errorf("%+v", c)
	}
	if out := s.passOn(t, 0); out.Contacts != 1 {
		t.Errorf("%+v", out)
	}
	s.eraseEva(t)
}

// eraseEva has a person decide that somebody goes.
func (s *stage) eraseEva(t *testing.T) {
	c := mailer.Campaign{ID: mailer.NewID(s.now()), ActivityKey: demoActivity}
	cs, err := s.store.Candidates(t.Context(), s.controller, c, false, mailer.ID{}, 10, s.now())
	if err != nil || len(cs) != 1 {
		t.Fatalf("%v, %v", cs, err)
	}
	var out bytes.Buffer
	erase := func(c contactEraseCmd) error {
		out.Reset()
		c.ID = cs[0].Contact.ID.String()
		return c.Run(t.Context(), s.app, streams{out: &out, err: io.Discard})
	}
	if err := erase(contactEraseCmd{DryRun: true}); err != nil || !strings.Contains(out.String(), "identifiers") || strings.Contains(out.String(), "eva") {
		t.Errorf("%v:\n%s", err, &out)
	}
	if err := erase(contactEraseCmd{}); err == nil || !strings.Contains(err.Error(), "--by") {
		t.Errorf("without a name: %v", err)
	}
	if err := erase(contactEraseCmd{By: "Ann", Why: "asked by letter"}); err != nil || !strings.Contains(out.String(), "is erased") || !strings.Contains(out.String(), "erased before informed") {
		t.Errorf("%v:\n%s", err, &out)
	}
	if err := erase(contactEraseCmd{DryRun: true}); err == nil || !strings.Contains(err.Error(), "erased already") {
		t.Errorf("a second time: %v", err)
	}
	r, err := s.store.ContactReport(t.Context(), s.controller, cs[0].Contact.ID)
	if err != nil {
		t.Fatal(err)
	}
	out.Reset()
	printContact(&out, r, s.reg, s.now())
	for _, want := range []string{"\nerased 20", "decided to erase", "by Ann: asked by letter", "erased before informed, 0 days late"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("its record does not say %q:\n%s", want, &out)
		}
	}
}
