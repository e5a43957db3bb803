package bounce

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
	"article14/mailer/track"
)

// statusReport is a report of one recipient, with words above its fields.
func statusReport(words string, fields ...string) string {
	return "From: MAILER-DAEMON@mx.example\nSubject: Returned mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n" + words +
		"\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + strings.Join(fields, "\n\n") + "\n\n--b--\n"
}

func fields(addr, status, diagnostic string) string {
	return fmt.Sprintf("Final-Recipient: rfc822; %s\nAction: failed\nStatus: %s\nDiagnostic-Code: smtp; %s", addr, status, diagnostic)
}

func TestWordsAroundAReplyKeepAnAddressAlive(t *testing.T) { // E3: nobody is held to be dead where something speaks against it
	unknown := fields("ann@example.org", "5.1.1", "550 5.1.1 User unknown")
	for name, c := range map[string]struct {
		raw  string
		want []mailer.ReplyClass
	}{
		"nothing speaks against it":          {statusReport("We could not deliver your message.", unknown), []mailer.ReplyClass{mailer.ClassDeadAddress}},
		"the words say that it is full":      {statusReport("Your message was rejected: quota exceeded", unknown), []mailer.ReplyClass{mailer.ClassMailboxFull}},
		"the words say that it sleeps":       {statusReport("The account of this person is suspended.", unknown), []mailer.ReplyClass{mailer.ClassTransient}},
		"a comment of the status says so":    {statusReport("No.", fields("ann@example.org", "5.2.1 (mailbox is inactive)", "550 5.2.1 User unknown")), []mailer.ReplyClass{mailer.ClassTransient}},
		"a comment that repeats it":          {statusReport("No.", fields("ann@example.org", "5.1.1 (bad destination mailbox)", "550 5.1.1 User unknown")), []mailer.ReplyClass{mailer.ClassDeadAddress}},
		"the code alone, and the words":      {statusReport("The mailbox is full.", fields("ann@example.org", "5.1.1", "550 5.1.1 no")), []mailer.ReplyClass{mailer.ClassMailboxFull}},
		"it may be about somebody else":      {statusReport("One mailbox is full.", unknown, fields("ben@example.org", "5.2.2", "552 5.2.2 over quota")), []mailer.ReplyClass{mailer.ClassDeadAddress, mailer.ClassMailboxFull}},
		"a policy is no sign of life":        {statusReport("Sent to you by policy of the system.", unknown), []mailer.ReplyClass{mailer.ClassDeadAddress}},
		"nor is a full mailbox one of a ban": {statusReport("The mailbox is full.", fields("ann@example.org", "5.7.1", "550 5.7.1 listed at dnsbl.example")), []mailer.ReplyClass{mailer.ClassPolicy}},
	} {
		r := Read([]byte(c.raw))
		if len(r.Recipients) != len(c.want) {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		for i, want := range c.want {
			if got := r.Recipients[i].Class; got != want {
				t.Errorf("%s: recipient %d is %s, want %s", name, i+1, got, want)
			}
		}
	}
}

func TestADomainThatSaysItselfThatItTakesNoMailIsBelieved(t *testing.T) { // RFC 7505
	for _, c := range []struct {
		status, diagnostic string
		want               mailer.ReplyClass
	}{
		{"4.0.0", "DNS lookup: the domain publishes a Null MX", mailer.ClassDeadAddress},
		{"4.4.4", "450 4.4.4 domain has a null MX record", mailer.ClassDeadAddress},
		{"4.0.0", "450 this host does not accept mail", mailer.ClassTransient}, // a server says so, and for now
		{"4.4.3", "450 4.4.3 unknown domain", mailer.ClassTransient},           // a lookup may have failed
	} {
		var r track.RecipientReport
		r.Action = track.ActionFailed
		r.Status, r.Code, r.Diagnostic = reply(c.status, c.diagnostic)
		if got := Judge(r); got != c.want {
			t.Errorf("%s %q is %s, want %s", c.status, c.diagnostic, got, c.want)
		}
	}
}

// dialogues is a report in words with several recipients at several hosts, as old sendmails write them.
const dialogues = "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail\n\n" + `   ----- Transcript of session follows -----
While talking to mx.one.example:
>>> DATA
<<< 554 Blocked, see our blocklist
554 <ann@one.example>... Remote protocol error
550 two.example (smtp)... 550 Host unknown
554 <ben@two.example>... 550 Host unknown
While talking to mx.three.example:
>>> RCPT To:<cleo@three.example>
<<< 550 No such user here
550 <cleo@three.example>... User unknown

   ----- Unsent message follows -----
From: us@acme.example
Message-ID: <x@acme.example>
To: ann@one.example
`

func TestWhatIsSaidOfOneHostIsNotTakenForAnother(t *testing.T) { // E3
	r := Read([]byte(dialogues))
	var got []string
	for _, rec := range r.Recipients {
		got = append(got, rec.Recipient+" "+string(rec.Class))
	}
	want := "ann@one.example policy, ben@two.example dead_address, cleo@three.example dead_address"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
	if diagnostic := r.Recipients[0].Diagnostic; strings.Contains(diagnostic, "Host unknown") {
		t.Errorf("the reply about somebody else is taken in: %q", diagnostic)
	}
}

// bare is a report whose part for machines has no code of the last server, as OpenSMTPD writes it.
func bare(words string, recipients ...string) string {
	var groups string
	for _, addr := range recipients {
		groups += "Final-Recipient: rfc822; " + addr + "\nAction: failed\nStatus: 5.0.0\n\n"
	}
	return "From: Mailer Daemon <MAILER-DAEMON@mx.example>\nSubject: Delivery status notification: error\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n" +
		"    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\n" + words + "\n\n    Below is a copy of the original message:\n\n" +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + groups + "--b\nContent-Type: text/rfc822-headers\n\nSubject: 550 5.1.1 of Ann\n\n--b--\n"
}

func TestACodeInTheWordsBehindAnAddressIsHeardWhereTheStatusSaysNothing(t *testing.T) { // E3
	const ann, ben = "ann@example.org", "ben@example.org"
	for name, c := range map[string]struct {
		raw  string
		want []track.RecipientReport
	}{
		"an enhanced code and no known phrase": {bare(ann+": 550 5.1.1 nobody of that name", ann), one(ann, "5.1.1", 550, mailer.ClassDeadAddress)},
		"each recipient has its own": {bare(ann+": 550 5.1.1 nobody of that name\n"+ben+": 554 5.7.1 not from there", ann, ben),
			append(one(ann, "5.1.1", 550, mailer.ClassDeadAddress), one(ben, "5.7.1", 554, mailer.ClassPolicy)...)},
		"a code of the other class is not of this failure": {bare(ann+": 450 4.2.1 nobody of that name", ann), one(ann, "5.0.0", 0, mailer.ClassRefused)},
		"an SMTP code alone":                       {bare(ann+": 550 nobody of that name", ann), one(ann, "5.0.0", 550, mailer.ClassRefused)},
		"no code":                                  {bare(ann+": nobody of that name", ann), one(ann, "5.0.0", 0, mailer.ClassRefused)},
		"a code behind nobody's address":           {bare("550 5.1.1 nobody of that name", ann), one(ann, "5.0.0", 0, mailer.ClassRefused)},
		"a diagnostic weighs more than words":      {statusReport(ann+": 550 5.1.1 nobody of that name", fields(ann, "5.0.0", "550 5.7.1 not from there")), one(ann, "5.7.1", 550, mailer.ClassPolicy)},
		"and so does a status that says something": {strings.ReplaceAll(bare(ann+": 550 5.1.1 nobody of that name", ann), "Status: 5.0.0", "Status: 5.7.1"), one(ann, "5.7.1", 0, mailer.ClassPolicy)},
	} {
		r := Read([]byte(c.raw))
		if diff := cmp.Diff(c.want, told(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
