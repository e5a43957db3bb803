package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"article14/internal/catcher"
	"article14/internal/register"
	"article14/mailer"
)

// crm is a recipient's system: a server with TLS that takes what is signed as it should be.
type crm struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []mailer.TidingsBody
	broken bool // it answers 500
}

const crmSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func newCRM(t *testing.T) *crm {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(crmSecret)
	if err != nil {
		t.Fatal(err)
	}
	c := &crm{}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = key.Verify(body, r.Header)
		}
		var b mailer.TidingsBody
		if err == nil {
			err = json.Unmarshal(body, &b)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case err != nil:
			t.Error(err)
			w.WriteHeader(http.StatusBadRequest)
		case c.broken:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			c.bodies = append(c.bodies, b)
		}
	}))
	c.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

func (c *crm) got() []mailer.TidingsBody {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]mailer.TidingsBody(nil), c.bodies...)
}

// file is a recipients file that has it.
func (c *crm) file(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"ca.pem":          string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})),
		"acme.secret":     crmSecret + "\n",
		"recipients.yaml": fmt.Sprintf("recipients:\n  - key: acme\n    url: %s/hook\n    secret_files: [acme.secret]\n    ca_file: ca.pem\n    allow_networks: [127.0.0.0/8]\n", c.URL),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "recipients.yaml")
}

// toldBySystem is the sample's register with a recipient that has a system.
func (s *stage) toldBySystem(t *testing.T) {
	t.Helper()
	body := bytes.ReplaceAll(register.Sample(), []byte("links: https://privacy.nordlicht.example"), []byte("links: "+s.web.URL))
	body = bytes.ReplaceAll(body, []byte("key: acme\n"), []byte("key: acme\n        system: true\n"))
	reg, _, err := register.Parse("register.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.applyRegister(t.Context(), reg, body, "test"); err != nil {
		t.Fatal(err)
	}
}

// disclose puts on record that everybody's data went to recipients.
func (s *stage) disclose(t *testing.T, recipients ...string) {
	t.Helper()
	db, err := sql.Open("postgres", s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, r := range recipients {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO disclosure (contact_id, id, controller_id, activity_key, purpose_key, kind, recipient, at, recorded_at, by, allowed, reason)
			SELECT id, gen_random_uuid(), controller_id, $1, 'offer', 'disclosure', $2, $3, $3, 'crm', true, '' FROM contact`, demoActivity, r, s.now()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoGotTheDataIsToldOfAnObjectionAndOfTheErasureBehindIt(t *testing.T) { // R7, T4
	s := newStage(t, catcher.ByLocalPart())
	s.toldBySystem(t)
	if c := s.takeRows(t, s.lead("una", "FR", "public", 5)); c.Accepted != 1 {
		t.Fatalf("%+v", c)
	}
	s.release(t, "first")
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	s.disclose(t, "acme", "abri")

	system := newCRM(t)
	system.broken = true // the first attempt fails, and is made again
	process := s.workers(t, "--recipients", system.file(t))
	process.operations(t)
	object := s.links(s.noticeTo(t, "una"), "o")[0]
	res, err := http.Post(object, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("object: %v, %v", res, err)
	}
	res.Body.Close()
	until(t, func() bool { return strings.Contains(process.log.String(), "did not take") })
	system.mu.Lock()
	system.broken = false
	system.mu.Unlock()
	until(t, func() bool { return len(system.got()) == 1 })

	if err := s.eraser().Erase(t.Context(), s.onlyContact(t), "Ann", "asked by letter"); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return len(system.got()) == 2 })
	got := system.got()
	if got[0].Type != mailer.TellObjected || got[1].Type != mailer.TellErased || got[0].Data.Activity != demoActivity || got[0].Data.Scope != mailer.ObjectToAll {
		t.Errorf("%+v", got)
	}
	for _, b := range got {
		if len(b.Data.Identifiers) == 0 || b.Data.Identifiers[0].Value != "una@mail.example" && b.Data.Identifiers[1].Value != "una@mail.example" {
			t.Errorf("nothing finds her: %d identifiers", len(b.Data.Identifiers))
		}
	}
	process.stop(t)
	for _, said := range []string{process.log.String(), s.log.String()} {
		if strings.Contains(said, "una@") || strings.Contains(said, crmSecret) {
			t.Error("the log shows a person or a secret")
		}
	}
	s.exportAbri(t)
}

// onlyContact is the one person there is.
func (s *stage) onlyContact(t *testing.T) (id mailer.ID) {
	t.Helper()
	db, err := sql.Open("postgres", s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT id FROM contact`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// exportAbri has a person pass on what the recipient without a system is to be told.
func (s *stage) exportAbri(t *testing.T) {
	file := filepath.Join(t.TempDir(), "abri.csv")
	out := s.prints(t, "telling", "export", "--recipient", "abri", "--out", file, "--by", "Ann")
	if !strings.Contains(out, "2 tellings in "+file) {
		t.Errorf("%s", out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][2] != "contact.objected" || rows[2][2] != "contact.erased" || rows[2][7] != "una@mail.example" {
		t.Errorf("%v: %v", rows, err)
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if out := s.prints(t, "telling", "export", "--recipient", "abri", "--out", file+"2", "--by", "Ann"); !strings.Contains(out, "nothing waits") {
		t.Errorf("%s", out)
	}
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("an empty list was written")
	}
	list := s.prints(t, "telling", "list")
	if strings.Count(list, "told on ") != 4 || !strings.Contains(list, "by Ann") || strings.Contains(list, "una") {
		t.Errorf("%s", list)
	}
	var entries []struct{ ID, Recipient string }
	if err := json.Unmarshal([]byte(s.prints(t, "telling", "list", "--recipient", "acme", "--json")), &entries); err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	show := s.prints(t, "telling", "show", entries[1].ID, "--values")
	if !strings.Contains(show, "500") || !strings.Contains(show, "200") || !strings.Contains(show, "not kept any more") {
		t.Errorf("%s", show)
	}
	if status := s.prints(t, "status"); !strings.Contains(status, "recipients") || !strings.Contains(status, "told 4") {
		t.Errorf("%s", status)
	}
}

// prints is what a command prints that ends well.
func (s *stage) prints(t *testing.T, args ...string) string {
	t.Helper()
	out, status := s.command(t, s.url, args...)
	if status != 0 {
		t.Fatalf("%v ended with %d: %s", args, status, out)
	}
	return out
}

func TestASlipInTheRecipientsFileIsNamedBeforeAnythingIsOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recipients.yaml")
	if err := os.WriteFile(file, []byte("recipients:\n  - key: crm\n    url: http://crm.example.org/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	status := run([]string{"work", "--relay-host", "127.0.0.1", "--recipients", file, "--database-url", "postgres://127.0.0.1:1/none"}, streams{out: io.Discard, err: &errs})
	if status != exitMisuse || !strings.Contains(errs.String(), "recipients.yaml:3:10: recipients[0].url: has no TLS") {
		t.Errorf("status %d: %s", status, &errs)
	}
}
