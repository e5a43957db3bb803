package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/byhand"
)

// TestTheDemoShowsTheNextChannel plays it until letters and calls are all that is left. It
// waits in seconds for what takes weeks in earnest: refusals for now, full mailboxes,
// answers that were lost.
func TestTheDemoShowsTheNextChannel(t *testing.T) { // E3, R4
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := &demoCmd{Once: true, JSON: true, People: 300, Seed: 14, Listen: "127.0.0.1:0"}
	if err := cmd.Run(ctx, &Settings{LogLevel: "error"}, streams{out: &out, err: io.Discard}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var r demoReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Letters < 3 || r.Calls < 1 || r.Open < r.Letters+r.Calls || r.Open != r.ByHand {
		t.Errorf("%d letters, %d calls, %d open duties, %d by hand", r.Letters, r.Calls, r.Open, r.ByHand)
	}
	if r.Unprinted != 1 || r.BlockedBy[mailer.BlockUnprintable] != 1 {
		t.Errorf("the name that no font has: %d left out, blocked %v", r.Unprinted, r.BlockedBy)
	}
	if r.Notices != r.Relayed+r.Rejected || r.Rejected == 0 {
		t.Errorf("%d mails, of which %d relayed and %d refused", r.Notices, r.Relayed, r.Rejected)
	}
}

func TestAnOutcomeOfTheDemoThatDoesNotAddUpIsAnError(t *testing.T) { // S4: nobody is lost
	good := demoReport{Contacts: 9, Rows: 11, Merged: 1, Refused: 1, accepted: 9, Duties: 9, Met: 5, Open: 3, Blocked: 1,
		Notices: 6, Relayed: 5, Rejected: 1, Languages: map[string]int64{"fr": 5}, Letters: 2, Calls: 1, ByHand: 3}
	if err := good.account(); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*demoReport){
		"a person too many":              func(r *demoReport) { r.Contacts++ },
		"a row without an end":           func(r *demoReport) { r.Rows++ },
		"a duty without a state":         func(r *demoReport) { r.Duties++ },
		"a mail without an end":          func(r *demoReport) { r.Notices++ },
		"a mail in no language":          func(r *demoReport) { r.Languages = nil },
		"an open duty that nobody holds": func(r *demoReport) { r.Open, r.Met = 4, 4 },
		"duties by hand without papers":  func(r *demoReport) { r.Letters, r.Calls = 0, 0 },
	} {
		r := good
		r.Languages = maps.Clone(good.Languages)
		spoil(&r)
		if r.account() == nil {
			t.Errorf("%s: nobody noticed", what)
		}
	}
}

func TestTheDemosRegisterDiffersFromTheSampleInItsLinksAndChannels(t *testing.T) {
	body, err := demoRegister("http://127.0.0.1:1", "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	reg, err := parseStored(body)
	if err != nil {
		t.Fatal(err)
	}
	if w := reg.Allowed(); !w.Letters || !w.Calls {
		t.Errorf("it allows %+v", w)
	}
	at := slices.IndexFunc(reg.Sources, func(s mailer.Source) bool { return s.Key == "linkedin" })
	if got := string(body); at < 0 || strings.Contains(got, "privacy.nordlicht.example") || strings.Count(got, "Postanschrift") != 1 {
		t.Error("the links, a column or the kinds of data are not there")
	}
}

func TestTheInboxOfTheDemoLeadsToItsLetters(t *testing.T) {
	d := &demo{folder: t.TempDir(), app: &app{now: time.Now}}
	if err := d.makeLettersFolder(); err != nil {
		t.Fatal(err)
	}
	b := byhand.LetterBatch{ID: mailer.NewID(time.Now()), Letters: 1}
	folder, err := newLetterFolder(d.lettersFolder(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.close()
	if err := folder.Letter(byhand.FinishedLetter{Reference: "K7M2-9QXT-4HBD", PrintedLetter: byhand.PrintedLetter{PDF: []byte("%PDF-"), Pages: 1},
		To: mailer.PostalAddress{Recipient: []string{"Ann"}, Street: []string{"1"}, Locality: "Lyon", Country: "FR"}}); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		rec := httptest.NewRecorder()
		catcher.New(catcher.Options{Letters: d.letterFiles()}).Handler("/inbox").ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/inbox/", nil))
		return rec.Body.String()
	}
	if page := look(); strings.Contains(page, "/inbox/letters/") {
		t.Error("a letter is shown before its batch is whole")
	}
	if err := folder.Done(b); err != nil {
		t.Fatal(err)
	}
	if page := look(); !strings.Contains(page, "/inbox/letters/") {
		t.Error("the inbox does not lead to the letters")
	}
}
