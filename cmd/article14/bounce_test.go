package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/status"
	"article14/mailer/track"
)

// Two people: Anna has a second address, Ben has not.
const twoPeople = `Date added,First name,Last name,Job title,Company,LinkedIn URL,Work email,Personal email,Phone,City,Country,Email visibility
2026-01-12T00:39:00Z,Anna,Keller,Buyer,Acme,https://www.linkedin.com/in/anna-keller,anna@one.example,anna@two.example,,Lyon,FR,public
2026-01-13T00:39:00Z,Ben,Moreau,Buyer,Acme,https://www.linkedin.com/in/ben-moreau,ben@one.example,,,Lyon,FR,public
`

// bounceOf is a delivery status notification for a mail, as Postfix writes them.
func bounceOf(m catcher.Mail, action, status, diagnostic string) string {
	header, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	return strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: %s
Subject: Undelivered Mail Returned to Sender
Message-ID: <%s.%d@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4F1.177/mx.example"

--4F1.177/mx.example
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--4F1.177/mx.example
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Original-Envelope-Id: %s

Final-Recipient: rfc822; %s
Original-Recipient: %s
Action: %s
Status: %s
Diagnostic-Code: smtp; %s

--4F1.177/mx.example
Content-Type: text/rfc822-headers

%s

--4F1.177/mx.example--
`, m.From, action, m.Seq, m.EnvelopeID, m.To[0].Address, m.To[0].Original, action, status, diagnostic,
		strings.ReplaceAll(string(header), "\r\n", "\n")), "\n", "\r\n")
}

// piped runs 'article14 bounce' as a mail system does, and gives its exit status and output.
func (s *stage) piped(t *testing.T, report string, env []string, args ...string) (int, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, append([]string{"bounce"}, args...)...)
	c.Args[0] = "article14"
	c.Env = append(append(os.Environ(), "ARTICLE14_DATABASE_URL="+s.url, "ARTICLE14_KEYS="+s.keyFile), env...)
	c.Stdin = strings.NewReader(report)
	out, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

func (s *stage) figuresNow(t *testing.T) status.Figures {
	t.Helper()
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mailTo waits for the mail to an address.
func (s *stage) mailTo(t *testing.T, address string) (found catcher.Mail) {
	t.Helper()
	until(t, func() bool {
		for _, m := range s.catcher.Mails() {
			if m.To[0].Address == address {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func TestABouncePipedInReopensTheDutyAndTheNextAddressIsWrittenTo(t *testing.T) { // E2, E3
	s := newStage(t, nil)
	s.takeTwoPeople(t)
	if _, err := s.releases().Create(t.Context(), mailer.Campaign{Key: "first", ActivityKey: demoActivity, Kind: mailer.Standing, CreatedBy: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.releases().Approve(t.Context(), "first", "test", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.releases().Start(t.Context(), "first", "test"); err != nil {
		t.Fatal(err)
	}
	stop := s.worker()
	defer func() { stop() }()
	anna, ben := s.mailTo(t, "anna@one.example"), s.mailTo(t, "ben@one.example")
	until(t, func() bool { return s.figuresNow(t).Duties[mailer.DutyMet] == 2 })

	t.Run("with another address, the duty fails and the running campaign writes to that one", func(t *testing.T) {
		report := bounceOf(anna, "failed", "5.1.1", "550 5.1.1 <anna@one.example>: user unknown")
		status, out := s.piped(t, report, nil, "--to", strings.ToUpper(anna.From)) // case folded on the way
		if status != 0 || !strings.Contains(out, "is bounced, its duties are failed") {
			t.Fatalf("status %d: %s", status, out)
		}
		if status, out := s.piped(t, report, nil, "--json"); status != 0 || !strings.Contains(out, `"replayed": true`) {
			t.Errorf("as JSON: %d %s", status, out)
		}
		s.mailTo(t, "anna@two.example")
		until(t, func() bool { return s.figuresNow(t).Duties[mailer.DutyMet] == 2 })
	})
	t.Run("with none left, the duty is blocked at once", func(t *testing.T) {
		report := bounceOf(ben, "failed", "5.1.1", "550 5.1.1 user unknown")
		status, out := s.piped(t, report, []string{"ORIGINAL_RECIPIENT=" + ben.From}) // as Postfix's local(8) says it
		if status != 0 || !strings.Contains(out, "its duties are blocked") {
			t.Fatalf("status %d: %s", status, out)
		}
		if f := s.figuresNow(t); f.Blocked[mailer.BlockAddressDead] != 1 || f.Duties[mailer.DutyMet] != 1 || f.Deliveries[mailer.Bounced] != 2 {
			t.Fatalf("blocked %v, duties %v, deliveries %v", f.Blocked, f.Duties, f.Deliveries)
		}
	})
	second := s.mailTo(t, "anna@two.example")
	t.Run("brought again, it counts once", func(t *testing.T) {
		before, _ := json.Marshal(s.figuresNow(t).Reports)
		report := "Received: by another.example\r\n" + bounceOf(ben, "failed", "5.1.1", "550 5.1.1 user unknown")
		if status, out := s.piped(t, report, nil, "--to", ben.From); status != 0 || !strings.Contains(out, "taken in before") {
			t.Fatalf("status %d: %s", status, out)
		}
		if after, _ := json.Marshal(s.figuresNow(t).Reports); string(after) != string(before) || string(before) != `{"dead_address":2}` {
			t.Fatalf("figures went from %s to %s", before, after)
		}
	})
	t.Run("forged, it changes nothing, is kept, and answered to nobody", func(t *testing.T) {
		forged := second
		mac := strings.Index(forged.From, "@") - 5 // somewhere in the MAC
		forged.From = forged.From[:mac] + map[bool]string{true: "b", false: "a"}[forged.From[mac] == 'a'] + forged.From[mac+1:]
		forged.EnvelopeID = mailer.EnvelopeID(forged.From)
		status, out := s.piped(t, bounceOf(forged, "failed", "5.1.1", "550 5.1.1 user unknown"), nil, "--to", forged.From)
		f := s.figuresNow(t)
		if status != 0 || !strings.Contains(out, "forged") || f.Unmatched["waiting"] != 1 || f.Deliveries[mailer.Relayed] != 1 || f.Duties[mailer.DutyMet] != 1 {
			t.Fatalf("status %d: %s; unmatched %v, deliveries %v", status, out, f.Unmatched, f.Deliveries)
		}
		status, out = s.piped(t, "", nil, "--list")
		if status != 0 || !strings.Contains(out, "forged") || strings.Contains(out, "@") {
			t.Fatalf("the list: %d %s", status, out)
		}
		id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(out)
		if status, out := s.piped(t, "", nil, "--show", id); status != 0 || !strings.Contains(out, "Final-Recipient: rfc822; anna@two.example") {
			t.Fatalf("the report %q: %d %s", id, status, out)
		}
	})
	t.Run("delivered is recorded, and shown with its person", func(t *testing.T) {
		if status, out := s.piped(t, bounceOf(second, "delivered", "2.0.0", "250 2.0.0 ok"), []string{"LOCAL_PART=" + mailer.EnvelopeID(second.From), "DOMAIN=x.example"}); status != 0 {
			t.Fatalf("status %d: %s", status, out)
		}
		if f := s.figuresNow(t); f.Deliveries[mailer.Delivered] != 1 || f.Duties[mailer.DutyMet] != 1 {
			t.Fatalf("deliveries %v", f.Deliveries)
		}
		id, err := s.tokens().OpenEnvelope(second.From)
		if err != nil {
			t.Fatal(err)
		}
		r := s.personOf(t, id)
		var shown bytes.Buffer
		printContact(&shown, r, s.reg, s.now())
		if !strings.Contains(shown.String(), "dead_address") || !strings.Contains(shown.String(), "pipe, by envelope") {
			t.Errorf("the record does not tell of its reports:\n%s", shown.String())
		}
	})
	t.Run("the relay hears nothing of all this", func(t *testing.T) {
		if n := len(s.catcher.Mails()); n != 3 {
			t.Errorf("%d mails went out, three were notices", n)
		}
	})
	stop()
	stop = func() {}
}

var noticeCode = regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b`)

// takeTwoPeople imports Anna and Ben.
func (s *stage) takeTwoPeople(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "leads.csv")
	if err := os.WriteFile(file, []byte(twoPeople), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.importFile(t.Context(), importPlan{file: file, source: "linkedin", activity: demoActivity}); err != nil {
		t.Fatal(err)
	}
}

// TestAReportThatCameBeforeItsTimeIsMatchedByTheWorker: the relay's report is
// here before the answer to the final dot is in our books.
func TestAReportThatCameBeforeItsTimeIsMatchedByTheWorker(t *testing.T) {
	s := newStage(t, nil)
	s.takeTwoPeople(t)
	s.release(t, "first")
	now := s.now()
	jobs, err := s.store.Claim(t.Context(), s.controller, mailer.NewID(now), 2, now, time.Hour)
	if err != nil || len(jobs) != 2 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	j := jobs[slices.IndexFunc(jobs, func(j mailer.Job) bool { return j.To == "ben@one.example" })]
	a := mailer.Attempt{ID: mailer.NewID(now), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID, Number: 1, Relay: "default", BegunAt: now,
		Message: &mailer.MessageRecord{SHA256: []byte("sum"), ComposedAt: now, Slots: mailer.Slots{}}}
	if _, err := s.store.Begin(t.Context(), []mailer.Attempt{a}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	m := catcher.Mail{From: s.tokens().EnvelopeFrom(j.DeliveryID, "bounces.example"), To: []catcher.Recipient{{Address: j.To}}}
	if status, out := s.piped(t, bounceOf(m, "failed", "5.1.1", "550 5.1.1 unknown"), nil); status != 0 || !strings.Contains(out, "unsettled") {
		t.Fatalf("status %d: %s", status, out)
	}
	if _, err := s.store.Settle(t.Context(), []mailer.Settlement{{ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID,
		AttemptID: a.ID, To: mailer.Relayed, At: now, Stage: mailer.StageDot, Code: 250, Class: mailer.ClassAccepted, Duty: mailer.DutyMet}}); err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return time.Now().Add(2 * time.Minute) } // its first wait is over
	stop := s.worker()
	until(t, func() bool { return s.figuresNow(t).Blocked[mailer.BlockAddressDead] == 1 })
	stop()
	if f := s.figuresNow(t); f.Unmatched["waiting"] != 0 || f.Deliveries[mailer.Bounced] != 1 {
		t.Errorf("unmatched %v, deliveries %v", f.Unmatched, f.Deliveries)
	}
}

// personOf is the record of the person whom a delivery is for.
func (s *stage) personOf(t *testing.T, delivery mailer.ID) status.ContactReport {
	t.Helper()
	for _, m := range s.notices(t) {
		if id, _ := s.tokens().OpenEnvelope(m.From); id == delivery {
			found := noticeCode.FindString(m.parsed.Text)
			contact, err := s.contact(t.Context(), found)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.store.ContactReport(t.Context(), s.controller, contact)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	t.Fatal("nobody has that delivery")
	return status.ContactReport{}
}

func TestAReportThatCannotBeKeptIsBroughtAgain(t *testing.T) {
	s := newStage(t, nil)
	report := "From: a@b.example\r\n\r\nI am away.\r\n"
	for name, c := range map[string]struct {
		input string
		env   []string
		args  []string
		want  int
	}{
		"the database is away":       {report, []string{"ARTICLE14_DATABASE_URL=postgres://nobody@127.0.0.1:1/none?sslmode=disable"}, nil, exitTempFail},
		"the keys are not there":     {report, []string{"ARTICLE14_KEYS=" + filepath.Join(t.TempDir(), "none.json")}, nil, exitTempFail},
		"there is nothing to read":   {" \r\n", nil, nil, exitMisuse},
		"a flag that does not exist": {report, nil, []string{"--answer"}, exitMisuse},
		"it is no report at all":     {report, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := s.piped(t, c.input, c.env, c.args...)
			if status != c.want {
				t.Errorf("status %d, want %d: %s", status, c.want, out)
			}
			if strings.Contains(out, "a@b.example") {
				t.Errorf("personal data were said: %s", out)
			}
		})
	}
	if f := s.figuresNow(t); f.Reports[string(track.KindAnswer)] != 1 {
		t.Errorf("an answer is not counted: %v", f.Reports)
	}
}
