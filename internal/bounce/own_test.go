package bounce

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"article14/mailer"
	"article14/mailer/track"
)

// The message that the reports below are about.
const (
	ourSender    = "b-abcd@bounces.example"
	ourMessageID = "0192f0c1-2345-7000-8000-000000000001@bounces.example"
	ourHeader    = `Return-Path: <b-abcd@bounces.example>
Received: from us.example by mx.example with ESMTP id 4F1; Mon, 4 May 2026 10:00:00 +0200
From: "Us" <notice@us.example>
To: Ann <ann@example.org>
Subject: what we hold about you
Date: Mon, 4 May 2026 10:00:00 +0200
Message-ID: <` + ourMessageID + `>
MIME-Version: 1.0

Our text, in which "user unknown" and 550 5.1.1 stand as well.
`
)

// mail is a message to our envelope sender.
func mail(header, body string) string {
	return "Return-Path: <>\nDelivered-To: " + ourSender + "\nTo: " + ourSender + "\nDate: Mon, 4 May 2026 10:00:05 +0200\n" + header + "\n\n" + body
}

// returning is a multipart whose second part is what we sent.
func returning(header, body string) string {
	return mail(header+"\nContent-Type: multipart/mixed; boundary=cut", "--cut\nContent-Type: text/plain; charset=utf-8\n\n"+body+"\n--cut\nContent-Type: message/rfc822\n\n"+ourHeader+"\n--cut--\n")
}

// ownReport is a report in the shape of some mail system, and what it says.
type ownReport struct {
	name string
	text string
	want []track.RecipientReport // recipient, action, status, code, class
}

func one(recipient string, status string, code int, class mailer.ReplyClass) []track.RecipientReport {
	return []track.RecipientReport{{Recipient: recipient, Action: track.ActionFailed, Status: status, Code: code, Class: class}}
}

// inWords are reports without a part for machines, as families of mail systems
// write them.
var inWords = []ownReport{
	{"qmail", mail("From: MAILER-DAEMON@mx.example\nSubject: failure notice", `Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.org>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <ann@example.org>: no mailbox here by that name
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

`+ourHeader), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"qmail, itself", mail("From: MAILER-DAEMON@mx.example\nSubject: failure notice", `<ann@example.org>:
Sorry, I couldn't find any host named example.org. (#5.1.2)

--- Below this line is a copy of the message.

`+ourHeader), one("ann@example.org", "5.1.2", 0, mailer.ClassDeadAddress)},
	{"Exim", mail("From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: ann@example.org\nAuto-Submitted: auto-replied", `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.org
    host mail.example.org [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<ann@example.org>:
    552 5.2.2 Mailbox size limit exceeded

------ This is a copy of the message, including all the headers. ------

`+ourHeader), one("ann@example.org", "5.2.2", 552, mailer.ClassMailboxFull)},
	{"Exim, refused before RCPT", mail("From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed\nX-Failed-Recipients: ann@example.org", `The following address(es) failed:

  ann@example.org
    SMTP error from remote mail server after MAIL FROM:<b-abcd@bounces.example>:
    host mail.example.org [192.0.2.9]: 550 us.example does not exist
`), one("ann@example.org", "", 550, mailer.ClassPolicy)},
	{"Exim, waiting", mail("From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Warning: message 1aB delayed 24 hours\nAuto-Submitted: auto-replied", `A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.

  ann@example.org
    host mail.example.org [192.0.2.9]
    Delay reason: SMTP error from remote mail server after RCPT TO:<ann@example.org>:
    451 4.3.2 Please try again later
`), []track.RecipientReport{{Recipient: "ann@example.org", Action: track.ActionDelayed, Status: "4.3.2", Code: 451, Class: mailer.ClassTransient}}},
	{"Postfix without its report", returning("From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender", `This is the mail system at host mx.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

<ann@example.org>: host mail.example.org[192.0.2.9] said: 554 5.7.1 Service
    unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org (in reply to RCPT TO command)
`), one("ann@example.org", "5.7.1", 554, mailer.ClassPolicy)},
	{"sendmail's transcript", mail("From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: see transcript for details", `The original message was received at Mon, 4 May 2026 10:00:00 +0200
from us.example [192.0.2.1]

   ----- The following addresses had permanent fatal errors -----
<ann@example.org>

   ----- Transcript of session follows -----
... while talking to mail.example.org.:
>>> DATA
<<< 550 5.1.1 <ann@example.org>... User unknown
550 5.1.1 <ann@example.org>... User unknown
<<< 503 5.0.0 Need RCPT (recipient)

   ----- Original message follows -----

`+ourHeader), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"sendmail's transcript, refused when it was read", mail("From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: User unknown", `   ----- The following addresses had permanent fatal errors -----
<ann@example.org>

   ----- Transcript of session follows -----
... while talking to mail.example.org.:
>>> DATA
<<< 550 Unknown user ann@example.org
554 5.0.0 Service unavailable
`), one("ann@example.org", "", 550, mailer.ClassPolicy)},
	{"Exchange 2003", mail("From: System Administrator <postmaster@mx.example>\nSubject: Undeliverable: what we hold about you", `Your message did not reach some or all of the intended recipients.

      Subject:	what we hold about you
      Sent:	5/4/2026 10:00 AM

The following recipient(s) could not be reached:

      ann@example.org on 5/4/2026 10:00 AM
            The e-mail account does not exist at the organization this message was sent to.
            <mx.example #5.1.1>
`), one("ann@example.org", "5.1.1", 0, mailer.ClassDeadAddress)},
	{"Exchange, as HTML", mail("From: Microsoft Outlook <postmaster@mx.example>\nSubject: Undeliverable: what we hold about you\nContent-Type: text/html; charset=utf-8", `<html><head><style>p { margin: 550 5.7.1 }</style></head><body><p>Delivery has failed to these recipients or groups:</p>
<p><a href="mailto:ann@example.org">ann@example.org</a><br>The recipient&#39;s mailbox is full and can't accept messages now.</p>
<p>Diagnostic information:</p><p>mx.example<br>Remote Server returned '554 5.2.2 mailbox full'</p></body></html>`), one("ann@example.org", "5.2.2", 554, mailer.ClassMailboxFull)},
	{"Domino", returning("From: Mail Router <Postmaster@mx.example>\nSubject: DELIVERY FAILURE: User ann (ann@example.org) not listed in Domino Directory", `Your message

  Subject: what we hold about you

was not delivered to:

  ann@example.org

because:

  User ann (ann@example.org) not listed in Domino Directory
`), one("ann@example.org", "", 0, mailer.ClassDeadAddress)},
	{"Gmail, before it wrote reports", mail("From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nX-Failed-Recipients: ann@example.org", `Delivery to the following recipient failed permanently:

     ann@example.org

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the server for the recipient domain example.org by mail.example.org. [192.0.2.9].

The error that the other server returned was:
550-5.7.26 This mail has been blocked because the sender is unauthenticated.
550 5.7.26 Please set up SPF or DKIM.

----- Original message -----

`+ourHeader), one("ann@example.org", "5.7.26", 550, mailer.ClassPolicy)},
	{"Yahoo", mail("From: MAILER-DAEMON@yahoo.example\nSubject: Failure Notice", `Sorry, we were unable to deliver your message to the following address.

<ann@example.org>:
554: delivery error: dd This user doesn't have a example.org account (ann@example.org) [0] - mta1.example.org

--- Below this line is a copy of the message.

`+ourHeader), one("ann@example.org", "", 554, mailer.ClassDeadAddress)},
	{"OpenSMTPD, two people", mail("From: Mailer Daemon <MAILER-DAEMON@mx.example>\nSubject: Delivery status notification: error", `    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

ann@example.org: 550 5.2.2 <ann@example.org>... Over quota
ben@example.org: 550 5.1.1 <ben@example.org>... User unknown

    Below is a copy of the original message:

`+ourHeader), []track.RecipientReport{
		{Recipient: "ann@example.org", Action: track.ActionFailed, Status: "5.2.2", Code: 550, Class: mailer.ClassMailboxFull},
		{Recipient: "ben@example.org", Action: track.ActionFailed, Status: "5.1.1", Code: 550, Class: mailer.ClassDeadAddress}}},
	{"DragonFly", mail("From: MAILER-DAEMON <>\nSubject: Mail delivery failed", `This is the DragonFly Mail Agent v0.13 at mx.example.

There was an error delivering your mail to <ann@example.org>.

mail.example.org [192.0.2.9] did not like our RCPT TO:
552 5.3.4 Message size exceeds fixed limit

Message headers follow.

`+ourHeader), one("ann@example.org", "5.3.4", 552, mailer.ClassTooLarge)},
	{"IMail", mail("From: \"Postmaster\" <postmaster@mx.example>\nSubject: Undeliverable Mail\nX-Mailer: <SMTP32 v8.22>", `Unknown user: ann@example.org

Original message follows.

`+ourHeader), one("ann@example.org", "", 0, mailer.ClassDeadAddress)},
	{"MailMarshal", mail("From: <postmaster@mx.example>\nSubject: Undeliverable Mail: \"what we hold about you\"", `Your message:
   From:    notice@us.example
   Subject: what we hold about you
Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
   ann@example.org
`), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"InterScan", returning("From: mailer-daemon@mx.example\nSubject: Mail delivery failed", `Unable to deliver message to <ann@example.org>

Connected to mail.example.org
Sent >>> RCPT TO:<ann@example.org>
Received <<< 550 5.1.1 unknown or illegal alias: ann@example.org
`), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"Courier", returning("From: \"Courier mail server at mx.example\" <@>\nSubject: NOTICE: mail delivery status.", `This is a delivery status notification from mx.example,
running the Courier mail server.

UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<ann@example.org>:
    mail.example.org [192.0.2.9]:
>>> RCPT TO:<ann@example.org>
<<< 550 sorry, no mailbox here by that name (#5.1.1)
`), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"Zoho", mail("From: mailer-daemon@mail.zoho.example\nSubject: Mail Delivery Status Notification (Failure)", `This message was created automatically by mail delivery software.
 A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.

[Status: Error, Address: <ann@example.org>, ResponseCode 550, 5.7.1 Relaying denied]
`), one("ann@example.org", "5.7.1", 550, mailer.ClassPolicy)},
	{"mail.ru", mail("From: mailer-daemon@corp.mail.example\nSubject: =?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte("Ваше сообщение не доставлено"))+"?=. Mail failure.\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: 8bit", koi8("К сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n  ann@example.org\n    ящик переполнен\n")), one("ann@example.org", "", 0, mailer.ClassMailboxFull)},
	{"KDDI", mail("From: Postmaster@mx.example\nSubject: Mail System Error - Returned Mail\nContent-Type: text/plain; charset=ISO-2022-JP", jis("次のあて先へのメッセージはエラーのため送信できませんでした。\n\nEach of the following recipients was rejected by a remote\nmail server.\n\n    Recipient: <ann@example.org>\n    >>> RCPT TO:<ann@example.org>\n    <<< 550 <ann@example.org>: User unknown\n")), one("ann@example.org", "", 550, mailer.ClassDeadAddress)},
	{"a mobile gateway", mail("From: no-reply@mx.example\nSubject: Mail", ""), nil},
	{"a mobile gateway that returns it", returning("From: no-reply@mx.example\nSubject: Mail", `Your mail sent on: Mon, 4 May 2026 10:00:00 +0200
     Could not be delivered to: <ann@example.org>
     As their mailbox is full.
`), one("ann@example.org", "", 0, mailer.ClassMailboxFull)},
	{"a gateway that shows fields among words", returning("From: MAILER-DAEMON@mx.example\nSubject: Delivery Status Notification (Failure)", `An error occurred while trying to deliver the mail to the following recipients:
ann@example.org

Technical report:

Reporting-MTA: dsn; mx.example
Action: failed
Final-Recipient: rfc822; ann@example.org
Diagnostic-Code: smtp; 550 5.7.1 Message content rejected
Status: 5.7.1
`), one("ann@example.org", "5.7.1", 550, mailer.ClassContent)},
	{"a report that names nobody but returns it", returning("From: Postmaster <postmaster@mx.example>\nSubject: Undeliverable message", "The message below was not delivered: delivery expired, it was in the queue too long.\n"), one("ann@example.org", "", 0, mailer.ClassTransient)},
	{"nothing but a failure", mail("From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail", "Something went wrong and it was not delivered.\n"), one("", "", 0, mailer.ClassRefused)},
	{"it arrived", mail("From: MAILER-DAEMON@mx.example\nSubject: Delivery Status Notification (Success)", "Your message was successfully delivered to:\n\nann@example.org\n"), []track.RecipientReport{{Recipient: "ann@example.org", Action: track.ActionDelivered}}},
	{"a report within the words of another", mail("From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender", "The message returned below could not be delivered.\n\n-----------------\n"+notification(aboutMessage, aboutAnn)), one("Ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
}

func jis(s string) string {
	out, _ := japanese.ISO2022JP.NewEncoder().String(s)
	return out
}

func koi8(s string) string {
	out, _ := charmap.KOI8R.NewEncoder().String(s)
	return out
}

// others are messages that are no delivery reports.
var others = []struct {
	name, text, feedback string
	kind                 track.ReportKind
}{
	{"a feedback report", complaint("abuse"), "abuse", track.KindComplaint},
	{"an opt-out", complaint("opt-out"), "opt-out", track.KindComplaint},
	{"Hotmail's complaints", mail("From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b", "--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ann@example.org\n"+ourHeader+"\n--b--\n"), "abuse", track.KindComplaint},
	{"a program that unsubscribes for its user", mail("From: ann@example.org\nSubject: unsubscribe\nAuto-Submitted: auto-replied", "This mail unsubscribes from a message.\n"), "opt-out", track.KindComplaint},
	{"RFC 3834", mail("From: Ann <ann@example.org>\nSubject: Re: what we hold about you\nAuto-Submitted: auto-replied (vacation)", "I am in the mountains.\n"), "", track.KindAutomatic},
	{"a subject in German", strings.TrimPrefix(mail("From: Ann <ann@example.org>\nSubject: =?iso-8859-1?Q?Automatische_Antwort=3A_Ihre_Nachricht?=", "Ich bin bis Montag nicht da.\n"), "Return-Path: <>\n"), "", track.KindAutomatic},
	{"an answer to any sender", mail("From: Ann <ann@example.org>\nSubject: Hello", "I am away.\n"), "", track.KindAutomatic},
	{"a receipt", mail("From: Ann <ann@example.org>\nSubject: Read: what we hold about you\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b", "--b\nContent-Type: text/plain\n\nIt was read.\n--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n"), "", track.KindAutomatic},
	{"absence that speaks of failure", mail("From: postmaster@example.org\nSubject: Out of office\nAuto-Submitted: auto-replied", "Mail to me could not be delivered: mailbox full.\nAction: failed\nFinal-Recipient: rfc822; ann@example.org\n"), "", track.KindAutomatic},
	{"a person", "From: Ann <ann@example.org>\nTo: " + ourSender + "\nSubject: Re: what we hold about you\nIn-Reply-To: <" + ourMessageID + ">\n\nPlease delete everything.\n", "", track.KindAnswer},
	{"a person who tells of a failure", "From: Ann <ann@example.org>\nTo: " + ourSender + "\nSubject: your letter\n\nMy answer to ben@us.example could not be delivered: 550 5.1.1 user unknown. Please delete my data.\n", "", track.KindAnswer},
	{"a postmaster who is a person", "From: postmaster@example.org\nTo: " + ourSender + "\nSubject: your letter\n\nPlease stop writing to us.\n", "", track.KindAnswer},
	{"nothing at all", "", "", track.KindAnswer},
}

func complaint(kind string) string {
	return mail("From: feedback@mx.example\nSubject: FW: what we hold about you\nContent-Type: multipart/report; report-type=feedback-report; boundary=b", `--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: `+kind+`
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <b-abcd@bounces.example>
Original-Rcpt-To: <ann@example.org>

--b
Content-Type: message/rfc822

`+ourHeader+`
--b--
`)
}

// told is what of a recipient the tables above speak of.
func told(r track.Report) (out []track.RecipientReport) {
	for _, rec := range r.Recipients {
		out = append(out, track.RecipientReport{Recipient: rec.Recipient, Action: rec.Action, Status: rec.Status, Code: rec.Code, Class: rec.Class})
	}
	return out
}

func TestReportsInPlainWordsAreRead(t *testing.T) {
	for _, c := range inWords {
		for ending, text := range map[string]string{"": c.text, ", with CRLF": strings.ReplaceAll(c.text, "\n", "\r\n")} {
			r := Read([]byte(text))
			holds(t, r)
			if diff := cmp.Diff(c.want, told(r)); diff != "" {
				t.Errorf("%s%s: %s", c.name, ending, diff)
			}
			if c.want != nil && r.Kind != track.KindDelivery {
				t.Errorf("%s%s is taken for a %s", c.name, ending, r.Kind)
			}
			if strings.Contains(c.text, ourHeader) && (r.MessageID != ourMessageID || r.Sender != ourSender) {
				t.Errorf("%s%s: of what it returns, it tells %q and %q", c.name, ending, r.MessageID, r.Sender)
			}
		}
	}
}

func TestWhatIsNoReportIsOfItsKind(t *testing.T) {
	for _, c := range others {
		r := Read([]byte(c.text))
		holds(t, r)
		if r.Kind != c.kind || r.Feedback != c.feedback {
			t.Errorf("%s is a %s %q, want %s %q", c.name, r.Kind, r.Feedback, c.kind, c.feedback)
		}
		if c.kind == track.KindComplaint && (len(r.Recipients) != 1 || r.Recipients[0].Recipient != "ann@example.org") {
			t.Errorf("%s: recipients %v", c.name, r.Recipients)
		}
	}
}

// reasonOf is a word of expected.csv for each class.
var reasonOf = map[mailer.ReplyClass]string{mailer.ClassDeadAddress: "userunknown", mailer.ClassMailboxFull: "mailboxfull", mailer.ClassTransient: "expired",
	mailer.ClassPolicy: "rejected", mailer.ClassContent: "spamdetected", mailer.ClassTooLarge: "mesgtoobig", mailer.ClassRefused: "onhold", "": "delivered"}

// writeOwnCorpus writes our own messages as the folders of real ones lie.
func writeOwnCorpus(t *testing.T, folder string) {
	t.Helper()
	rows := []string{"file,recipient_no,enhanced_status,smtp_code,reason,hard_bounce"}
	n := 0
	add := func(text string, reasons ...string) {
		n++
		name := fmt.Sprintf("own-%02d.eml", n)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, reason := range reasons {
			rows = append(rows, fmt.Sprintf("%s,%d,,,%s,%t", name, i+1, reason, reason == "userunknown"))
		}
	}
	for _, c := range slices.Concat(inWords, []ownReport{{text: notification(aboutMessage, aboutAnn), want: []track.RecipientReport{ann}}}) {
		var reasons []string
		for _, rec := range c.want {
			if rec.Recipient != "" {
				reasons = append(reasons, reasonOf[rec.Class])
			}
		}
		add(c.text, reasons...)
	}
	for _, c := range others {
		add(c.text, map[track.ReportKind]string{track.KindComplaint: "feedback", track.KindAutomatic: "vacation", track.KindAnswer: "notabounce"}[c.kind])
	}
	if err := os.WriteFile(filepath.Join(folder, "expected.csv"), []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
