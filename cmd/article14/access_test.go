package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/access"
	"article14/mailer/gate"
	"article14/mailer/status"
)

// reader is somebody at a browser without scripts, who keeps cookies.
type reader struct {
	t *testing.T
	http.Client
}

func newReader(t *testing.T) *reader {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t, http.Client{Jar: jar}}
}

func (r *reader) read(resp *http.Response, err error) (int, string) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (r *reader) open(at string) (int, string) { return r.read(r.Get(at)) }

func (r *reader) press(at string, pairs ...string) (int, string) {
	form := url.Values{"from": {"page"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return r.read(r.PostForm(at, form))
}

var sixDigits = regexp.MustCompile(`(?m)^\D*(\d{3})\W?(\d{3})\D*$`)

// lastCode waits for a mail with a code, and gives that of the newest.
func (s *stage) lastCode(t *testing.T) (code string) {
	t.Helper()
	until(t, func() bool {
		for _, mail := range slices.Backward(s.notices(t)) {
			if m := sixDigits.FindStringSubmatch(mail.parsed.Text); m != nil {
				code = m[1] + " " + m[2]
				return true
			}
		}
		return false
	})
	return code
}

func TestWhoeverProvesTheMailboxSeesTheCopyAndWhoeverHoldsTheLinkDoesNot(t *testing.T) { // R4, R6, D9
	s := newStage(t, catcher.ByLocalPart())
	s.takeRows(t, s.lead("zoe", "FR", "public", 5))
	s.release(t, "first")
	stop := s.worker()
	defer func() { stop() }()
	until(t, s.finished(t, "first"))
	notice := s.links(s.noticeTo(t, "zoe"), "n")[0]
	right := notice + "/rights/access"

	holder := newReader(t)
	for _, path := range []string{"/data", "/data.json"} {
		if code, body := holder.open(notice + path); code != http.StatusForbidden || strings.Contains(body, "zoe@") {
			t.Errorf("%s without proof: %d %s", path, code, body)
		}
	}
	zoe := newReader(t)
	if code, body := zoe.press(right); code != http.StatusOK || strings.Contains(body, "zoe@") {
		t.Fatalf("asking: %d %s", code, body)
	}
	code := s.lastCode(t)
	if status, body := zoe.press(right+"/code", "code", "000 000"); status == http.StatusOK && strings.Contains(body, "zoe@") {
		t.Errorf("a wrong code opens: %d", status)
	}
	if status, body := zoe.press(right+"/code", "code", code); status != http.StatusOK {
		t.Fatalf("the right code: %d %s", status, body)
	}
	if status, body := zoe.open(notice + "/data?l=en"); status != http.StatusOK || !strings.Contains(body, "zoe@mail.example") || !strings.Contains(body, "linkedin.com/in/zoe") {
		t.Errorf("the copy: %d %s", status, body)
	}
	status, body := zoe.open(notice + "/data.json")
	var got access.Copy
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&got); status != http.StatusOK || err != nil || got.Person.Name != "zoe Muster" {
		t.Errorf("the file: %d, %v, %s", status, err, body)
	}
	if status, _ := holder.open(notice + "/data"); status != http.StatusForbidden {
		t.Errorf("the holder of the link, while her session stands: %d", status)
	}
	s.noPersonalDataOf(t, "zoe@mail.example", code)
}

// noPersonalDataOf looks for values in all that was logged.
func (s *stage) noPersonalDataOf(t *testing.T, values ...string) {
	t.Helper()
	for _, v := range values {
		if strings.Contains(s.log.String(), v) || strings.Contains(s.log.String(), strings.ReplaceAll(v, " ", "")) {
			t.Errorf("the log holds %q", v)
		}
	}
}

func TestAnErasureThatIsAskedForAndProvedLeavesNoTraceAndNoUse(t *testing.T) { // R4, R5, R9
	s := newStage(t, catcher.ByLocalPart())
	s.takeRows(t, s.lead("zoe", "FR", "public", 5), s.lead("max", "FR", "public", 5))
	s.release(t, "first")
	stop := s.worker()
	defer func() { stop() }()
	until(t, s.finished(t, "first"))
	contact := s.contactOf(t, "zoe@mail.example")
	right := s.links(s.noticeTo(t, "zoe"), "n")[0] + "/rights/erasure"
	zoe := newReader(t)
	if code, body := zoe.press(right); code != http.StatusOK {
		t.Fatalf("asking: %d %s", code, body)
	}
	if status, body := zoe.press(right+"/code", "code", s.lastCode(t)); status != http.StatusOK {
		t.Fatalf("the right code: %d %s", status, body)
	}
	until(t, func() bool { // they are told before their address goes
		r, err := s.store.ContactReport(t.Context(), s.controller, contact)
		return err == nil && slices.ContainsFunc(r.Deliveries, func(d status.DeliveryReport) bool {
			return d.Document == mailer.DocErasureReceipt && d.State == mailer.Relayed
		})
	})
	if err := s.requests().KeepHouse(t.Context()); err != nil { // the worker does the same, every half minute
		t.Fatal(err)
	}
	if r, err := s.store.ContactReport(t.Context(), s.controller, contact); err != nil || r.Contact.ErasedAt.IsZero() {
		t.Fatalf("not erased: %v", err)
	}
	if status, body := zoe.open(right); status != http.StatusOK || strings.Contains(body, "zoe") {
		t.Errorf("afterwards: %d %s", status, body)
	}
	again, err := s.gate().Ask(t.Context(), []gate.Question{{Who: gate.Who{Email: "zoe@mail.example"}, Activity: demoActivity, Purpose: s.reg.Activities[0].Purposes[0].Key}})
	if err != nil || again[0].Allowed || again[0].Reason != gate.Objected {
		t.Errorf("the gate: %+v, %v", again, err)
	}
	if c := s.takeRows(t, s.lead("zoe", "FR", "public", 1)); c.Accepted != 0 || c.Refused != 1 {
		t.Errorf("taken in again: %+v", c)
	}
}
