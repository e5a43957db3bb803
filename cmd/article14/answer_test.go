package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"article14/internal/catcher"
	"article14/internal/register"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/rights"
	"article14/mailer/track"
)

// asksForAnswers has the register name a domain for answers, before anything is approved.
func (s *stage) asksForAnswers(t *testing.T) {
	t.Helper()
	body := bytes.ReplaceAll(register.Sample(), []byte("links: https://privacy.nordlicht.example"), []byte("links: "+s.web.URL+"\n    answer_domain: answers.nordlicht.example"))
	reg, _, err := register.Parse("register.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.applyRegister(t.Context(), reg, body, "test"); err != nil {
		t.Fatal(err)
	}
	s.reg = reg
}

// answers is the header of a mail that a person's program makes of ours.
func answers(t *testing.T, m catcher.Mail, text string, headers ...string) string {
	t.Helper()
	ours, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := mail.ParseAddress(ours.Header.Get("Reply-To"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append([]string{"From: " + m.To[0].Address, "To: " + to.Address, "Subject: Re: " + ours.Header.Get("Subject"),
		"In-Reply-To: " + ours.Header.Get("Message-ID")}, headers...), "\r\n") + "\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")
}

func complaintOf(t *testing.T, m catcher.Mail) string {
	t.Helper()
	header, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	return fmt.Sprintf("From: fbl@provider.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"+
		"Feedback-Type: abuse\r\nVersion: 1\r\nOriginal-Mail-From: <%s>\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n\r\n--b--\r\n", m.From, header)
}

func TestWhatPeopleWriteBackFindsItsConsequence(t *testing.T) { // R5, R9, D9, RFC 3834, RFC 5965
	s := newStage(t, nil)
	s.asksForAnswers(t)
	s.takeTwoPeople(t)
	s.release(t, "first")
	stop := s.worker()
	defer func() { stop() }()
	anna, ben := s.mailTo(t, "anna@one.example"), s.mailTo(t, "ben@one.example")
	until(t, func() bool { return s.figuresNow(t).Duties[mailer.DutyMet] == 2 })
	brought := func(t *testing.T, report, want string) {
		t.Helper()
		if status, out := s.piped(t, report, nil); status != 0 || !strings.Contains(out, want) {
			t.Fatalf("status %d: %s", status, out)
		}
	}

	t.Run("a vacation program gets no answer and makes no item", func(t *testing.T) {
		brought(t, answers(t, anna, "I am away. STOP", "Auto-Submitted: auto-replied"), "automatic_reply: recorded with delivery")
		if f := s.figuresNow(t); len(f.Answers.Open) != 0 || len(f.Objections) != 0 || f.Reports["automatic_reply"] != 1 {
			t.Fatalf("%v %v %v", f.Answers, f.Objections, f.Reports)
		}
	})
	t.Run("a question waits with its date", func(t *testing.T) {
		brought(t, answers(t, anna, "Where did you get my address?\n\n> you may object: stop"), "suggested access, is open")
		var listed []answerJSON
		if err := json.Unmarshal([]byte(s.does(t, "answer", "list", "--open", "--json")), &listed); err != nil || len(listed) != 1 {
			t.Fatalf("%v, %v", listed, err)
		}
		if a := listed[0]; a.MatchedBy != track.ByReply || a.Language != "" && a.Language != "en" || !a.DueAt.Equal(rights.RequestDue(a.ReceivedAt, s.reg.Controller.Zone)) || a.Contact.IsZero() {
			t.Errorf("%+v", a)
		}
		shown := s.does(t, "answer", "show", listed[0].ID.String())
		if !strings.Contains(shown, "| Where did you get my address?") || strings.Contains(shown, "you may object") {
			t.Errorf("it shows\n%s", shown)
		}
		if status := s.does(t, "status"); !strings.Contains(status, "1 answer of a person is open") {
			t.Errorf("status does not say so:\n%s", status)
		}
		s.does(t, "answer", "close", listed[0].ID.String(), "--as", "request:access", "--by", "Ann", "--why", "they ask for it")
		if f := s.figuresNow(t); f.Answers.Open[wish.Access] != 0 || f.Requests.Count() != 1 {
			t.Errorf("%v, requests %d", f.Answers, f.Requests.Count())
		}
	})
	t.Run("STOP is an objection, acknowledged once", func(t *testing.T) {
		brought(t, answers(t, anna, "STOP\n\nOn Monday Nordlicht wrote:\n> you may object", "Message-ID: <1@x.example>"), "is closed, its objection recorded")
		brought(t, answers(t, anna, "Stop!!", "Message-ID: <2@x.example>"), "is closed, its objection recorded")
		until(t, func() bool { return len(s.catcher.Mails()) == 3 })
		receipt := s.notices(t)[2]
		if receipt.To[0].Address != "anna@one.example" {
			t.Errorf("the receipt went to %s", receipt.To[0].Address)
		}
		if f := s.figuresNow(t); f.Objections[mailer.WayAnswer] != 1 || f.Duties[mailer.DutyMet] != 2 {
			t.Errorf("%v, duties %v", f.Objections, f.Duties)
		}
		brought(t, answers(t, receipt.Mail, "thanks", "Message-ID: <3@x.example>"), "suggested other, is open") // a receipt can be answered, too
	})
	t.Run("a complaint ends use and leaves the duty met", func(t *testing.T) {
		brought(t, complaintOf(t, ben), "is complained")
		if f := s.figuresNow(t); f.Deliveries[mailer.Complained] != 1 || f.Duties[mailer.DutyMet] != 2 || f.Objections[mailer.WayComplaint] != 1 {
			t.Errorf("%v %v %v", f.Deliveries, f.Duties, f.Objections)
		}
	})
	t.Run("what could play tricks on a terminal is shown, and does none", func(t *testing.T) {
		brought(t, answers(t, ben, "who are you? \x1b[2J\u202egpj", "Message-ID: <4@x.example>"), "suggested question, is open")
		out := s.does(t, "answer", "list", "--open")
		for _, id := range regexp.MustCompile(`(?m)^[0-9a-f]{8}-[0-9a-f-]{27}`).FindAllString(out, -1) {
			if shown := s.does(t, "answer", "show", id); strings.ContainsAny(shown, "\x1b\u202e") {
				t.Errorf("%q", shown)
			}
		}
		if strings.Contains(out, "@") {
			t.Errorf("the list names people:\n%s", out)
		}
	})
	t.Run("no mail went out for anything else", func(t *testing.T) {
		if n := len(s.catcher.Mails()); n != 3 {
			t.Errorf("%d mails, two were notices and one a receipt", n)
		}
	})
	t.Run("erasure leaves no trace of the words", func(t *testing.T) {
		contact, err := s.contact(t.Context(), noticeCode.FindString(s.notices(t)[indexOf(t, s, "ben@one.example")].parsed.Text))
		if err != nil {
			t.Fatal(err)
		}
		if out := s.does(t, "contact", "show", contact.String()); !strings.Contains(out, "question") {
			t.Errorf("the record does not tell of the answer:\n%s", out)
		}
		s.does(t, "contact", "erase", contact.String(), "--by", "Ann", "--why", "asked")
		var r struct {
			Answers []answerJSON `json:"answers"`
		}
		if err := json.Unmarshal([]byte(s.does(t, "contact", "show", contact.String(), "--json")), &r); err != nil || len(r.Answers) != 1 || r.Answers[0].ClosedAs != track.EndErased {
			t.Fatalf("%+v, %v", r, err)
		}
		if shown := s.does(t, "answer", "show", r.Answers[0].ID.String()); strings.Contains(shown, "who are you") || strings.Contains(shown, "@") {
			t.Errorf("its words are there:\n%s", shown)
		}
	})
	if log := s.log.String(); !strings.Contains(log, "worker") && len(log) < 100 || strings.Contains(log, "one.example") || strings.Contains(log, "STOP") {
		t.Errorf("the log names people, or is none:\n%s", log)
	}
	stop()
	stop = func() {}
}

// indexOf is the place of the first mail to an address.
func indexOf(t *testing.T, s *stage, address string) int {
	t.Helper()
	for i, m := range s.notices(t) {
		if m.To[0].Address == address {
			return i
		}
	}
	t.Fatal("nobody wrote to them")
	return 0
}
