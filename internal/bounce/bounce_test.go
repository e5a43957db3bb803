package bounce

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/track"
)

// notification is a delivery status notification with the given groups of fields,
// as mail systems write them.
func notification(groups ...string) string {
	return `Return-Path: <>
X-Original-To: B-AbCd@bounces.example
Delivered-To: b-abcd@bounces.example
To: "Us" <b-abcd@bounces.example>, other@bounces.example
From: Mail Delivery System <mailer-daemon@mx.example>
Subject: Undelivered
Message-ID: <177.4F1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4F1.177/mx.example"

This is a MIME-encapsulated message.

--4F1.177/mx.example
Content-Type: text/plain; charset=us-ascii

Action: failed
(this text only looks like fields)

--4F1.177/mx.example
Content-Type: message/delivery-status

` + strings.Join(groups, "\n\n") + `

--4F1.177/mx.example
Content-Type: message/rfc822

Message-ID: <0192f0c1-2345-7000-8000-000000000001@bounces.example>
Subject: what we sent
Content-Type: multipart/mixed; boundary=inner

--inner
Content-Type: message/delivery-status

Action: failed
Final-Recipient: rfc822; never@example.org

--inner--
--4F1.177/mx.example--
`
}

const (
	aboutMessage = "Reporting-MTA: dns; mx.example\nX-Postfix-Sender: rfc822; b-abcd@bounces.example\nOriginal-Envelope-Id: b-abcd+2B1"
	aboutAnn     = "Final-Recipient: rfc822; <Ann@example.org>\nOriginal-Recipient: rfc822;ann+2Bx@example.org\nAction: failed\nStatus: 5.1.1\n" +
		"Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>:\n\tno such user"
)

var ann = track.RecipientReport{Recipient: "Ann@example.org", Original: "ann+x@example.org", Action: track.ActionFailed, Status: "5.1.1", Code: 550,
	Diagnostic: "550 5.1.1 <ann@example.org>: no such user", Class: mailer.ClassDeadAddress}

func TestANotificationIsRead(t *testing.T) { // RFC 3464
	got := Read([]byte(notification(aboutMessage, aboutAnn)))
	want := track.Report{
		Kind:       track.KindDelivery,
		ExternalID: got.ExternalID,
		SentTo:     []string{"B-AbCd@bounces.example", "b-abcd@bounces.example", "b-abcd@bounces.example", "other@bounces.example"},
		EnvelopeID: "b-abcd+1",
		Sender:     "b-abcd@bounces.example",
		MessageID:  "0192f0c1-2345-7000-8000-000000000001@bounces.example",
		Recipients: []track.RecipientReport{ann},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatMailSystemsDoToNotificationsDoesNoHarm(t *testing.T) {
	whole := notification(aboutMessage, aboutAnn)
	encoded := func(encoding string, body []byte) string {
		start := strings.Index(whole, "Content-Type: message/delivery-status\n\n")
		end := strings.Index(whole, "\n--4F1.177/mx.example\nContent-Type: message/rfc822")
		return whole[:start] + "Content-Type: message/delivery-status\nContent-Transfer-Encoding: " + encoding + "\n\n" + string(body) + whole[end:]
	}
	status := aboutMessage + "\n\n" + aboutAnn + "\n"
	b64 := []byte(base64.StdEncoding.EncodeToString([]byte(status)))
	for name, text := range map[string]string{
		"CRLF":                               strings.ReplaceAll(whole, "\n", "\r\n"),
		"a From line on top":                 "From MAILER-DAEMON Sat Jun  9 14:56:09 2018\n" + whole,
		"a header line that is none":         "this is no field\n " + whole,
		"no final boundary":                  strings.TrimSuffix(whole, "--4F1.177/mx.example--\n"),
		"cut off in what it returns":         whole[:strings.Index(whole, "Subject: what we sent")],
		"blanks behind the boundary":         strings.ReplaceAll(whole, "--4F1.177/mx.example\n", "--4F1.177/mx.example  \n"),
		"base64":                             encoded("base64", bytes.Join([][]byte{b64[:60], b64[60:]}, []byte("\r\n"))),
		"quoted-printable":                   encoded("Quoted-Printable", []byte(strings.ReplaceAll(status, ":", "=3A"))),
		"no quotes around the boundary":      strings.Replace(whole, `"4F1.177/mx.example"`, `4F1.177/mx.example`, 1),
		"parameters that break the rules":    strings.Replace(whole, "report-type=delivery-status;", "report-type=;;delivery=status=x;", 1),
		"multipart/mixed":                    strings.Replace(whole, "multipart/report; report-type=delivery-status", "multipart/mixed", 1),
		"in capitals":                        strings.Replace(strings.Replace(whole, "message/delivery-status", "MESSAGE/DELIVERY-STATUS", 1), "multipart/report", "Multipart/Report", 1),
		"empty lines within":                 notification(aboutMessage, "\n\n", aboutAnn, "\n"),
		"one group for all":                  notification(aboutMessage + "\n" + aboutAnn),
		"a comment behind the action":        notification(aboutMessage, strings.Replace(aboutAnn, "failed", "Failed (bounced)", 1)),
		"words behind the status":            notification(aboutMessage, strings.Replace(aboutAnn, "Status: 5.1.1", "Status: 5.1.1 (bad destination)", 1)),
		"a status by the first digit alone":  notification(aboutMessage, strings.Replace(aboutAnn, "Status: 5.1.1", "Status: 5.0.0", 1)),
		"no status":                          notification(aboutMessage, strings.Replace(aboutAnn, "Status: 5.1.1\n", "", 1)),
		"an action that nobody knows before": notification(aboutMessage, "Final-Recipient: rfc822; x@y.example\nAction: considered", aboutAnn),
		"global (RFC 6533)":                  strings.Replace(whole, "message/delivery-status", "message/global-delivery-status", 1),
		"in a multipart in a multipart": "Message-ID: <177.4F1@mx.example>\nX-Original-To: list@x.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n" +
			whole[strings.Index(whole, "Content-Type: multipart/report"):] + "--o--\n",
	} {
		got := Read([]byte(text))
		if diff := cmp.Diff([]track.RecipientReport{ann}, got.Recipients); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got.EnvelopeID != "b-abcd+1" {
			t.Errorf("%s: envelope id %q", name, got.EnvelopeID)
		}
	}
}

func TestRecipientsAreToldApart(t *testing.T) { // RFC 3464, 2.3, and what is made of it
	ben := strings.NewReplacer("Ann@", "ben@", "ann+", "ben+", "ann@", "ben@").Replace(aboutAnn)
	for name, text := range map[string]string{
		"in groups":                    notification(aboutMessage, aboutAnn, ben),
		"without a line between them":  notification(aboutMessage, aboutAnn+"\n"+ben),
		"all in one":                   notification(aboutMessage + "\n" + aboutAnn + "\n" + ben),
		"the original one named first": notification(aboutMessage, "Original-Recipient: rfc822; ann@example.org\nFinal-Recipient: rfc822; Ann@example.org\nAction: failed\nStatus: 5.1.1\nOriginal-Recipient: rfc822; ben@example.org\nFinal-Recipient: rfc822; ben@example.org\nAction: failed\nStatus: 5.1.1"),
	} {
		r := Read([]byte(text))
		if len(r.Recipients) != 2 || r.Recipients[0].Recipient != "Ann@example.org" || r.Recipients[1].Recipient != "ben@example.org" {
			t.Errorf("%s: %+v", name, r.Recipients)
		}
	}
}

func TestTheReplyOfTheLastServerWeighsMoreThanTheStatus(t *testing.T) {
	for _, c := range []struct {
		status, diagnostic, enhanced string
		code                         int
	}{
		{"5.1.1", "smtp; 550 5.7.1 your address is on a list", "5.7.1", 550}, // sendmail says 5.1.1 of any 550
		{"5.0.0", "smtp; host mx[192.0.2.1] said: 550 5.1.1 unknown", "5.1.1", 550},
		{"5.1.1", "smtp; 550 unknown", "5.1.1", 550},
		{"4.4.7", "smtp; 550 5.1.1 unknown", "4.4.7", 550}, // of another class: another reply
		{"4.4.1", "smtp; connect to 4.5.6.7: timed out", "4.4.1", 0},
		{"5.4.4", "X-Postfix; 550 host not found", "5.4.4", 0},
		{"5.3.0", "550-5.2.1 disabled", "5.2.1", 550},
		{"5.2", "", "", 0},
		{"", "", "", 0},
	} {
		enh, code, _ := reply(c.status, c.diagnostic)
		if enh != c.enhanced || code != c.code {
			t.Errorf("%q %q gives %q %d, want %q %d", c.status, c.diagnostic, enh, code, c.enhanced, c.code)
		}
	}
}

func TestAddressesAreReadInTheirTypes(t *testing.T) { // RFC 3461, RFC 6533
	for value, want := range map[string]string{
		"rfc822; ann@example.org":                "ann@example.org",
		"RFC822;<ann@example.org>":               "ann@example.org",
		"ann@example.org":                        "ann@example.org",
		"rfc822; ann+list=2B@example.org":        "ann+list=2B@example.org",
		"rfc822; ann+2Blist@example.org":         "ann+list@example.org",
		`utf-8; \x{E9}lodie@b\x{FC}cher.example`: "élodie@bücher.example",
		"utf-8; élodie@bücher.example":           "élodie@bücher.example",
		"rfc822; a+0Ab@example.org":              "ab@example.org", // no line ends
		"":                                       "",
	} {
		if got := address(value); got != want {
			t.Errorf("%q gives %q, want %q", value, got, want)
		}
	}
}

func TestWhatIsNoNotificationHasNoRecipients(t *testing.T) {
	for name, text := range map[string]string{
		"an answer":          "From: ann@example.org\nSubject: away\nAuto-Submitted: auto-replied\n\nI am away.\nAction: failed\nFinal-Recipient: rfc822; x@y.example\n",
		"a complaint":        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n",
		"a forwarded bounce": "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" + notification(aboutMessage, aboutAnn) + "\n--b--\n",
		"parts without end":  strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 100) + notification(aboutMessage, aboutAnn),
		"nothing":            "",
	} {
		if got := Read([]byte(text)); len(got.Recipients) != 0 || len(got.ExternalID) == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheSameReportBroughtAgainIsTheSame(t *testing.T) {
	id := func(s string) string { return string(Read([]byte(s)).ExternalID) }
	whole := notification(aboutMessage, aboutAnn)
	if id(whole) != id("Received: from relay.example\nX-Spam: no\n"+strings.ReplaceAll(whole, "\n", "\r\n")) {
		t.Error("trace headers and line ends make it another one")
	}
	if id(whole) == id(strings.Replace(whole, "177.4F1@", "178.4F1@", 1)) || id(whole) == id(notification(aboutMessage, strings.Replace(aboutAnn, "Ann@", "Ben@", 1))) {
		t.Error("another report is taken for the same")
	}
	if bare := strings.Replace(whole, "Message-ID: <177.4F1@mx.example>\n", "", 1); id(bare) == id(bare+"\n") {
		t.Error("without a Message-ID of its own it is not known by its bytes")
	}
}

// holds is what must hold of anything that is read.
func holds(t interface{ Errorf(string, ...any) }, r track.Report) {
	if r.Kind == "" {
		t.Errorf("a report of no kind")
	}
	if len(r.ExternalID) != 32 || len(r.Recipients) > maxRecipients || len(r.SentTo) > maxSentTo {
		t.Errorf("out of bounds: %d %d %d", len(r.ExternalID), len(r.Recipients), len(r.SentTo))
	}
	texts := append([]string{r.EnvelopeID, r.MessageID, r.Sender, r.Feedback, r.Said.From, r.Said.Subject}, r.SentTo...)
	if len(r.Said.Text) > maxText || strings.ToValidUTF8(r.Said.Text, "") != r.Said.Text || strings.ContainsAny(r.Said.Text, "\x00\r\x1b") {
		t.Errorf("an answer that no table takes: %d octets", len(r.Said.Text))
	}
	for _, rec := range r.Recipients {
		texts = append(texts, rec.Recipient, rec.Original, rec.Status, rec.Diagnostic, rec.RemoteMTA)
		if failed := rec.Action == track.ActionFailed || rec.Action == track.ActionDelayed; failed != (rec.Class != "") {
			t.Errorf("%s is of class %q", rec.Action, rec.Class)
		}
		if len(rec.Diagnostic) > maxDiagnostic {
			t.Errorf("a diagnostic of %d octets", len(rec.Diagnostic))
		}
	}
	for _, s := range texts {
		if len(s) > maxValue || strings.ToValidUTF8(s, "") != s || strings.ContainsAny(s, "\x00\r\n") {
			t.Errorf("text that no table takes: %q", s)
		}
	}
	r.Verdict()
}

func TestNothingThatIsReadIsOutOfBounds(t *testing.T) {
	words := ""
	for _, c := range inWords {
		words += c.text
	}
	line := rapid.SampledFrom(strings.SplitAfter(words+notification(aboutMessage, aboutAnn)+"Final-Recipient: utf-8; \\x{D800}\\x{110000}\xff\x00@x\n+0D+00+FF\nStatus: 4.999.9999\n", "\n"))
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.OneOf(line, line, line, rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("Content-Type: multipart/%s; boundary=%q\n\n", rapid.String().Draw(t, "type"), rapid.String().Draw(t, "boundary"))
		})), 0, 80).Draw(t, "lines")
		holds(t, Read([]byte(strings.Join(lines, ""))))
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(notification(aboutMessage, aboutAnn)))
	for _, c := range inWords {
		f.Add([]byte(c.text))
	}
	for _, c := range others {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(sesMail))
	f.Add([]byte("Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nQWN0aW9uOiBmYWlsZWQ=\n--b--"))
	f.Fuzz(func(t *testing.T, raw []byte) { holds(t, Read(raw)) })
}

func many(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, format, i)
	}
	return out.String()
}

// TestHostileSizesAreReadToTheirEnd: in time that grew with the square of the
// input, the run would not come to an end.
func TestHostileSizesAreReadToTheirEnd(t *testing.T) {
	const n = MaxSize
	wanted := map[string]bool{"one diagnostic": true, "announcements": true, "fields in words": true, "gaps": true, "dialogues": true, "many recipients": true, "reports in reports": true}
	for name, text := range map[string]string{
		"one header line":          "To: " + strings.Repeat("a@b,", n/4),
		"one folded header":        "To: a\n" + strings.Repeat(" a@b.example\n", n/13),
		"header lines of nothing":  strings.Repeat("x\n", n/2),
		"empty parts":              "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n", n/4),
		"multiparts in multiparts": strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n/46),
		"groups of nothing":        "Content-Type: message/delivery-status\n\n" + strings.Repeat("a:b\n\n", n/5),
		"equals signs":             "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=", n),
		"equals signs and blanks":  "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("= \t", n/3),
		"tags":                     "Content-Type: text/html\n\n" + strings.Repeat("<", n),
		"comments":                 "Content-Type: text/html\n\n" + strings.Repeat("<!--", n/4),
		"styles":                   "Content-Type: text/html\n\n" + strings.Repeat("<style>", n/7),
		"fields in words":          "From: mailer-daemon@x\nSubject: undeliverable\n\n" + strings.Repeat("Subject: a\nx\n", n/13),
		"announcements":            "From: mailer-daemon@x\nSubject: undeliverable\n\n" + strings.Repeat("copy of the original message\n", n/29),
		"quotations":               "From: a@b\n\n" + strings.Repeat("a\nOn 1, b wrote:\n> c\nFrom: x\n", n/31),
		"gaps":                     "From: mailer-daemon@x\nSubject: undeliverable\n\n" + strings.Repeat("user ", n/5),
		"dialogues":                "From: mailer-daemon@x\nSubject: undeliverable\n\na@b:\n" + strings.Repeat(">>> RCPT TO:<a@b>\n<<< 550 x\n", n/29),
		"reports in reports":       strings.Repeat("From: mailer-daemon@x\nSubject: undeliverable\nReceived: x\nDate: x\n\nx\n--- original message\n", n/86),
		"many recipients":          "From: mailer-daemon@x\nSubject: undeliverable\n\n" + many(n/30, "ann%d@example.org: 550 no\n"),
		"braces":                   "From: a@b\n\n" + strings.Repeat("{", n-1) + "}",
		"one diagnostic":           "Content-Type: message/delivery-status\n\nAction: failed\nDiagnostic-Code: smtp; " + strings.Repeat("5.1.1.", n/6),
	} {
		r := Read([]byte(text))
		holds(t, r)
		if _, want := wanted[name]; want != (len(r.Recipients) > 0) {
			t.Errorf("%s: %d recipients", name, len(r.Recipients))
		}
	}
}

// BenchmarkRead reads a report as Postfix writes them, and one in plain words.
//
//	go test ./internal/bounce -run - -bench Read -benchmem
func BenchmarkRead(b *testing.B) {
	plainWords := inWords[slices.IndexFunc(inWords, func(c ownReport) bool { return c.name == "Exim" })].text
	for name, text := range map[string]string{"notification": notification(aboutMessage, aboutAnn), "plain words": plainWords, "answer": others[9].text} {
		raw := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Read(raw)
			}
		})
	}
}
