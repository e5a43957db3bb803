package bounce

import (
	"strings"
	"testing"

	"article14/mailer"
)

// answering is a person's mail with more headers and a text.
func answering(headers, text string) []byte {
	return []byte("From: Ann Keller <ann@example.org>\r\nTo: privacy@acme.example\r\nSubject: =?utf-8?q?Stop_=C3=A9?=\r\nMessage-ID: <1@example.org>\r\n" +
		strings.ReplaceAll(headers, "\n", "\r\n") + "\r\n" + strings.ReplaceAll(text, "\n", "\r\n"))
}

func TestAPersonsAnswerIsReadWithoutWhatItQuotes(t *testing.T) {
	for name, text := range map[string]string{
		"quoted lines":            "STOP\n\n> You may object.\n> stop\n",
		"an introduction":         "STOP\n\nOn Mon, 2 Mar 2026 at 12:00, Acme <notice@acme.example> wrote:\n\nYou may object to this.\n",
		"a folded introduction":   "STOP\n\nOn Mon, 2 Mar 2026 at 12:00, Acme Limited of Lyon\n<notice@acme.example> wrote:\n\nYou may object to this.\n",
		"in German":               "STOP\n\nAm 2. März 2026 um 12:00 schrieb Acme <notice@acme.example>:\n> Sie können widersprechen\n",
		"in French":               "STOP\n\nLe lun. 2 mars 2026 à 12:00, Acme <notice@acme.example> a écrit :\n\nVous pouvez vous opposer\n",
		"the mail beneath":        "STOP\n\n-----Original Message-----\nFrom: Acme\nYou may object\n",
		"its header beneath":      "STOP\n\nVon: Acme <notice@acme.example>\nGesendet: Montag\nSie können widersprechen\n",
		"a signature":             "STOP\n\n-- \nAnn Keller\nstop by our shop\n",
		"a line of a mail client": "STOP\n\n________________________________\nFrom: Acme <notice@acme.example>\nYou may object\n",
	} {
		r := Read(answering("In-Reply-To: <0192f0c1@b.example>\n", text))
		if r.Kind != mailer.KindAnswer || r.Said.Text != "STOP" || r.Said.From != "ann@example.org" || r.Said.Subject != "Stop é" || r.MessageID != "0192f0c1@b.example" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAnAnswerInHTMLAloneIsReadAsText(t *testing.T) {
	r := Read(answering("Content-Type: text/html; charset=utf-8\n", `<html><head><style>p{}</style></head><body><p>Please&nbsp;<b>stop</b><br>now</p><script>x</script><blockquote>You may object</blockquote></body></html>`))
	if r.Said.Text != "Please\u00a0stop\nnow" {
		t.Errorf("%q", r.Said.Text)
	}
}

func TestAttachmentsAreCountedAndNotRead(t *testing.T) {
	r := Read(answering("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: application/pdf; name=\"Ann.pdf\"\nContent-Disposition: attachment\n\nstop stop\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=x.txt\n\nstop\n--b--\n"))
	if r.Said.Text != "hello" || len(r.Said.Attachments) != 2 || r.Said.Attachments[0].Type != "application/pdf" || r.Said.Attachments[0].Size == 0 {
		t.Errorf("%+v", r.Said)
	}
}

func TestProgramsAndListsWriteNoAnswers(t *testing.T) { // RFC 3834, RFC 2919
	for name, headers := range map[string]string{
		"a vacation program": "Auto-Submitted: auto-replied (vacation)\n", "one of Exchange": "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n", "an older one": "X-Autoreply: yes\n",
		"a list": "List-Id: <x.example>\n", "bulk mail": "Precedence: bulk\n", "one that says so in its subject": "subject: x\n",
	} {
		raw := answering(headers, "STOP\n")
		if strings.HasPrefix(name, "one that says") {
			raw = []byte(strings.Replace(string(raw), "=?utf-8?q?Stop_=C3=A9?=", "Out of Office: until Monday", 1))
		}
		if r := Read(raw); r.Kind != mailer.KindAutomatic || r.Said.Text != "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := Read(answering("Auto-Submitted: no\nPrecedence: normal\n", "STOP")); r.Kind != mailer.KindAnswer {
		t.Errorf("a person whose program says that it is none: %+v", r)
	}
	for name, raw := range map[string]string{
		"the null sender": "Return-Path: <>\r\n" + string(answering("", "STOP")), "a mail system": "From: MAILER-DAEMON@mx.example\r\n\r\nSTOP", "nobody": "Subject: x\r\n\r\nSTOP", "nothing": "",
	} {
		if r := Read([]byte(raw)); r.Kind != mailer.KindDelivery || len(r.Recipients) != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAComplaintIsReadWithTheMailThatItIsAbout(t *testing.T) { // RFC 5965
	report := `From: feedback@provider.example
Return-Path: <>
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is a spam report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1.0
Version: 1
Original-Mail-From: <b-abc@bounces.example>
Original-Envelope-Id: b-abc

--b
Content-Type: message/rfc822

Message-ID: <0192f0c1@bounces.example>
Subject: ours

text
--b--
`
	r := Read([]byte(report))
	if r.Kind != mailer.KindComplaint || r.Feedback != "abuse" || r.Sender != "b-abc@bounces.example" || r.EnvelopeID != "b-abc" || r.MessageID != "0192f0c1@bounces.example" {
		t.Errorf("%+v", r)
	}
	if r := Read([]byte(strings.Replace(report, "abuse", "not-spam", 1))); r.Kind != mailer.KindAutomatic {
		t.Errorf("a complaint that is taken back: %+v", r)
	}
}
