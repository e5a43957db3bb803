package bounce

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
	"article14/mailer/track"
)

// TestWhatProvidersWriteIsUnderstood holds stock replies of mail systems and mailbox
// providers, in the words of their own pages, against what they mean.
func TestWhatProvidersWriteIsUnderstood(t *testing.T) { // E3
	const dead, full, later, policy, content, large = mailer.ClassDeadAddress, mailer.ClassMailboxFull, mailer.ClassTransient, mailer.ClassPolicy, mailer.ClassContent, mailer.ClassTooLarge
	for _, c := range []struct {
		status, diagnostic string
		want               mailer.ReplyClass
	}{
		// AOL, Yahoo
		{"5.0.0", "554 30 Sorry, your message to ann@example.org cannot be delivered. This mailbox is disabled (554.30).", later},
		{"5.7.9", "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.example", policy},
		{"5.0.0", "552 1 Requested mail action aborted, mailbox not found", dead},
		{"4.7.0", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", policy},
		{"5.0.0", "554 Message not allowed - [PH01] Email not accepted for policy reasons", policy},
		{"5.0.0", "553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed", policy},
		{"5.0.0", "554 delivery error: dd Sorry, your message to ann@example.org cannot be delivered. This account has been disabled or discontinued [#102]", later},
		// Apple
		{"5.1.6", "550 5.1.6 recipient no longer on server: ann@example.org", dead},
		{"5.7.1", "554 5.7.1 [CS01] Message rejected due to local policy.", policy},
		{"5.0.0", "550 5.7.0 Blocked - see https://support.example/dnsbl-lookup.cgi?ip=192.0.2.1", policy},
		// Cox
		{"5.1.0", "550 5.1.0 192.0.2.1 blocked - Refer to Error Codes section for more information. AUP#CXBL", policy},
		{"4.1.0", "421 4.1.0 192.0.2.1 Too many sessions open. Refer to Error Codes section. AUP#CXCNCT", later},
		{"5.5.0", "550 5.5.0 sender rejected - AUP#CXSNDR", policy},
		{"5.0.0", "554 cox 192.0.2.1 rejected - no rDNS. AUP#CXDNS", policy},
		{"4.0.0", "452 cox 192.0.2.1 requested action aborted: try again later. AUP#CXTHRT", later},
		// Orange
		{"5.0.0", "550 mwinf5c10 ME Service refuse. Veuillez verifier votre configuration. Service refused, please try later. OFR_103", later},
		{"5.0.0", "421 mwinf5c10 ME Trop de connexions, veuillez ralentir. Too many connections, slow down. OFR004_104", later},
		{"5.0.0", "550 5.1.1 Boite du destinataire archivee. Archived recipient OFR_418", later},
		{"5.0.0", "550 Emetteur invalide. Invalid Sender. OFR_402", policy},
		{"5.0.0", "550 Mail rejete. Mail rejected. OFR_506 [506]", content},
		{"5.0.0", "552 Taille limite du message atteinte. OFR_414", large},
		// GoDaddy
		{"5.0.0", "554 mx.example bizsmtp Temporarily rejected. Reverse DNS for 192.0.2.1 failed. IB108", policy},
		{"5.0.0", "554 mx.example ESMTP 192.0.2.1 is blocked. IB110", policy},
		{"5.0.0", "421 mx.example 192.0.2.1, Too many concurrent connections. IB007", later},
		{"5.1.1", "550 5.1.1 ann@example.org Account does not exist. Recipient not found IB603", dead},
		{"5.1.1", "550 5.1.1 mail receiving disabled. IB603d", later},
		{"5.0.0", "535 Authentication not allowed on IBSMTP Servers. IB401", policy},
		{"5.0.0", "552 This message has been rejected due to content judged to be spam by the internet community IB212", content},
		// Tencent, NetEase, Coremail
		{"5.0.0", "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?id=20022", dead},
		{"5.0.0", "550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help?id=20022", later},
		{"5.0.0", "550 Domain frequency limited", later},
		{"5.0.0", "550 Suspected bounce attacks", policy},
		{"5.0.0", "550 Mail content denied. http://service.mail.qq.com", content},
		{"5.0.0", "550 Connection denied. http://service.mail.qq.com", policy},
		{"5.0.0", "550 Mail is rejected by recipients", policy},
		{"5.0.0", "550 User suspended", later},
		{"5.0.0", "550 User in blacklist: ann@example.org", policy},
		{"5.0.0", "553 Requested action not taken: NULL sender is not allowed", policy},
		{"5.0.0", "553 Requested action not taken: Local user only,163 zwqz0,192.0.2.1", policy},
		{"5.0.0", "554 DT:SPM 163 smtp5, see http://mail.163.com/help/help_spam_16.htm", content},
		{"5.0.0", "554 MI:SPB 163 mx35", content},
		{"5.0.0", "554 HL:ITC 163 mx1, too many", later},
		{"5.0.0", "554 IP is rejected, smtp auth error limit exceed", policy},
		{"5.0.0", "550 Requested mail action not taken: too much fail authentication", policy},
		// i.ua
		{"5.0.0", "550 User is not registered - http://mail.i.ua/err/2/", dead},
		{"5.0.0", "550 Sorry, we do not relay - http://mail.i.ua/err/1/", policy},
		// MessageLabs
		{"5.0.0", "501 Connection rejected by policy [7.7] 20805, please visit www.example for more details", policy},
		{"5.0.0", "550-Invalid recipient <ann@example.org> (#5.1.1)", dead},
		{"5.0.0", "553-Message filtered. Refer to the Troubleshooting page at", content},
		{"5.0.0", "550 Requested action aborted [2] 20405, please visit www.example", policy},
		{"5.0.0", "553 Message size exceeds maximum. Refer to the troubleshooting page", large},
		// Mimecast
		{"5.0.0", "550 Administrative prohibition - envelope blocked", policy},
		{"5.0.0", "554 Email rejected due to security policies - MCSpamSignature.x.x", content},
		{"5.0.0", "550 Rejected by header based Anti-Spoofing policy: us.example", policy},
		{"5.0.0", "550 Rejected by header based manually Blocked Senders: us.example", policy},
		{"5.0.0", "554 Host network not allowed", policy},
		{"5.0.0", "451 Internal resources are temporarily unavailable", later},
		{"5.0.0", "554 Maximum email size exceeded", large},
		{"5.0.0", "550 message bounced due to Content Examination Policy", content},
		{"5.0.0", "554 Mail loop detected", later},
		{"5.0.0", "535 Incorrect authentication data", policy},
		{"5.0.0", "550 csi.mimecast.org Poor Reputation Sender", policy},
		// Microsoft
		{"5.7.1", "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your ISP since part of their network is on our block list (S3140).", policy},
		{"4.7.500", "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", later},
		{"5.7.511", "550 5.7.511 Access denied, banned sender[192.0.2.1]", policy},
		{"5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", dead},
		{"5.4.14", "554 5.4.14 Hop count exceeded - possible mail loop ATTR34", later},
		{"5.4.310", "550 5.4.310 DNS domain example.org does not exist [Message=InfoDomainNonexistent]", dead},
		{"5.4.312", "550 5.4.312 Message expired, DNS query failed(ServerFailure)", later},
		{"5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed", policy},
		{"5.2.122", "554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour", later},
		{"5.1.90", "554 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", later},
		{"5.6.0", "554 5.6.0 STOREDRV.Deliver; Corrupt message content", content},
		{"5.2.0", "554 5.2.0 STOREDRV.Deliver.Exception:AccountDisabledException; Failed to process message due to a permanent exception with message Cannot open mailbox", later},
		{"5.2.0", "554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException", full},
		{"5.2.14", "554 5.2.14 RESOLVER.FWD.Loop; there is a forwarding loop in the directory", later},
		{"5.7.705", "550 5.7.705 Access denied, tenant has exceeded threshold", policy},
		{"5.7.64", "550 5.7.64 TenantAttribution; Relay Access Denied", policy},
		// Google
		{"5.4.5", "550 5.4.5 Daily user sending quota exceeded", later},
		{"5.7.1", "550-5.7.1 This message is not RFC 5322 compliant, the issue is: duplicate headers", content},
		{"4.2.1", "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", later},
		{"5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", later},
		{"5.7.1", "550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent.", policy},
		{"5.7.25", "550 5.7.25 The IP address sending this message does not have a PTR record setup", policy},
		{"4.3.0", "451 4.3.0 Mail server temporarily rejected message", later},
		{"5.7.0", "552 5.7.0 This message was blocked because its content presents a potential security issue.", content},
		// Facebook
		{"5.1.1", "550 5.1.1 RCP-P1 https://www.example/postmaster/response_codes?ip=192.0.2.1#rcp", dead},
		{"5.7.1", "554 5.7.1 POL-P4 https://www.example/postmaster/response_codes", policy},
		{"5.1.1", "550 5.1.1 RCP-P2 http://postmaster.example/response_codes refused due to recipient preferences", policy},
		{"4.7.1", "421 4.7.1 CON-T1 http://postmaster.example/response_codes", later},
		// GMX, 1&1, Telekom
		{"5.0.0", "554 For explanation visit https://postmaster.example/error-messages?ip=192.0.2.1 Transaction failed Reject due to policy restrictions.", policy},
		{"5.0.0", "550 Requested action not taken: mailbox unavailable", dead},
		{"5.0.0", "421 Rate limit by source ip exceeded", later},
		{"5.0.0", "Mail size limit exceeded. For explanation visit https://postmaster.example", large},
		{"5.0.0", "554 IP=192.0.2.1 - A problem occurred. Ask your postmaster for help or to contact tosa@rx.example to clarify.", policy},
		// web.de, freenet, hosters
		{"5.0.0", "550 5.7.1 Refused by local policy. No SPAM please!", content},
		{"5.0.0", "550 This system is configured to reject mail from 192.0.2.1", policy},
		{"5.0.0", "550 SC-001 Mail rejected by Outlook.com for policy reasons.", policy},
		// filters of people
		{"5.0.0", "550 This account is protected by a filter of its owner", policy},
		{"5.0.0", "550 user reject", policy},
		{"5.0.0", "550 sorry, recipient is only accepting mail from specific email addresses", policy},
		{"5.0.0", "550 the user refuses to receive this mail", policy},
		{"5.0.0", "550 You have been blocked by the recipient", policy},
		{"5.0.0", "553 Due to extended inactivity new mail is not currently being accepted for this mailbox.", later},
		{"5.0.0", "550 account temporary disabled", later},
		{"5.0.0", "550 Mailbox has been blocked due to inactivity", later},
		{"5.0.0", "554 this mailbox is temporarily over its limit, the sender's mail was too much", later},
		// servers in trouble
		{"5.3.0", "554 5.3.0 unknown mailer error 1", later},
		{"5.0.0", "550 Service unavailable; x-unix; Mailbox locked by another process", later},
		{"5.3.5", "554 5.3.5 Local configuration error", later},
		{"5.0.0", "554 5.4.6 Too many hops 26 (25 max)", later},
		{"5.0.0", "x-unix; input/output error", later},
		{"5.3.0", "Command died with status 75: \"/usr/local/bin/filter\"", later},
		{"5.3.0", "x-unix; LDAP attributes unavailable", later},
		{"5.4.3", "554 5.4.3 unable to route: no mail hosts for domain example.org", dead},
		{"5.0.0", "dn_expand failed; mail.example.org", dead},
		{"5.0.0", "all hosts for 'example.org' have been failing for a long time (and retry time not reached)", later},
		{"5.0.0", "an MX or SRV record indicated no SMTP service", dead},
		{"5.0.0", "all relevant MX records point to non-existent hosts", dead},
		{"5.0.0", "lowest numbered MX record points to local host", later},
		{"5.0.0", "remote host address is the local host", later},
		{"5.0.0", "Unrouteable address", dead},
		{"5.0.0", "local delivery failed", later},
		{"5.0.0", "message too big for system", large},
		// form and authentication
		{"5.0.0", "550 Multiple From headers are not allowed", policy},
		{"5.0.0", "554 Message contains invalid header", content},
		{"5.0.0", "550 5.7.515 Access denied, sending domain does not meet the required authentication level.", policy},
		{"5.0.0", "550 Not authorized to send from this header address", policy},
		{"5.0.0", "501 5.5.2 Syntax error in parameters or arguments", content},
		{"5.0.0", "501 5.5.4 Invalid domain name", policy},
		{"5.0.0", "503 5.5.1 Bad sequence of commands", policy},
		{"5.0.0", "500 5.5.1 Command unrecognized", policy},
		// a mailbox that is disabled and unknown at once, and a recipient refused after DATA
		{"5.2.1", "550 5.2.1 <ann@example.org>... User Unknown", policy},
		{"5.2.1", "550 5.2.1 <ann@example.org>... User Unknown (in reply to RCPT TO command)", dead},
		{"5.0.0", "5.3.0 - Other mail system problem 550-'Unknown user ann@example.org' (delivery attempts: 0)", policy},
		{"5.1.0", "5.1.0 - Unknown address error 550-'Unknown user ann@example.org' (delivery attempts: 0)", dead},
		// a hosting panel, a relay service, a mailing list's server
		{"5.0.0", "The mail server could not deliver mail to ann@example.org. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.", dead},
		{"5.0.0", "554 Message rejected: Email address is not verified.", policy},
		{"5.0.0", "Duplicated Message-ID in <list@example.org>", later},
		{"5.1.0", "550 5.1.0 <us@us.example> sender rejected. AUP#In-1310", later},
		{"5.0.0", "Connected to 192.0.2.112 but my name was rejected. Remote host said: 501 5.0.0 Invalid domain name", policy},
		{"5.0.0", "Connected to 192.0.2.112 but sender was rejected. Remote host said: 550 user unknown", policy},
		{"5.0.0", "550 Domain from not resolve", policy},
		{"5.0.0", "553 sorry, your envelope sender domain must exist (#5.7.1)", policy},
		{"5.0.0", "Domain of sender address us@us.example does not resolve", policy},
		{"5.0.0", "550 bogus mail from", policy},
		{"5.0.0", "550 Virus Email.Phishing found in message", content},
		{"5.0.0", "550 The message was rejected because it contains prohibited virus or spam content", content},
		{"5.0.0", "552 5.2.0 Remote MTA example: network error", later},
	} {
		r := track.RecipientReport{Action: track.ActionFailed}
		r.Status, r.Code, r.Diagnostic = reply(c.status, c.diagnostic)
		if got := Judge(r, c.diagnostic); got != c.want {
			t.Errorf("%s %q is %s, want %s", c.status, c.diagnostic, got, c.want)
		}
	}
}

// moreSystems are reports of further families of mail systems.
var moreSystems = []ownReport{
	{"Active!hunter", mail("From: MAILER-DAEMON@mx.example\nSubject: FAILURE NOTICE :\nX-AHMAILID: ah0001", `   >>> Error notice

   ----- The following addresses had permanent fatal errors -----

>>> ann@example.org

550 sorry, no mailbox here by that name (#5.1.1 - chkuser)

   ----- Original message follows -----

`+ourHeader), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"Apache James", mail("From: postmaster@mx.example\nSubject: [BOUNCE]\nX-Mailer: James Mail Server", `Hi. This is the James mail server at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.  Below
I include the list of recipients and the reason why I was unable to deliver
your message.

Failed recipient(s):
ann@example.org

Error message:
550 5.2.2 Mailbox is full

Message details:
  Subject: what we hold about you
`), one("ann@example.org", "5.2.2", 550, mailer.ClassMailboxFull)},
	{"Biglobe", mail("From: postmaster@mx.example\nSubject: Returned mail: see transcript for details", `   ----- The following addresses had delivery problems -----
ann@example.org

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.

`+ourHeader), one("ann@example.org", "", 0, mailer.ClassMailboxFull)},
	{"1&1", mail("From: Mail Delivery System <mailer-daemon@kundenserver.example>\nSubject: Mail delivery failed: returning message to sender", `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of
its recipients. The following addresses failed:

<ann@example.org>
SMTP error from remote server after RCPT command:
host: mail.example.org
5.1.1 <ann@example.org>... User Unknown

--- The header of the original message is following. ---

`+ourHeader), one("ann@example.org", "5.1.1", 0, mailer.ClassDeadAddress)},
	{"1&1, a size", mail("From: Mail Delivery System <mailer-daemon@kundenserver.example>\nSubject: Mail delivery failed: returning message to sender", `The following addresses failed:

<ann@example.org>

For the following reason:

Mail size limit exceeded. For explanation visit https://help.example

--- The header of the original message is following. ---

`+ourHeader), one("ann@example.org", "", 0, mailer.ClassTooLarge)},
	{"MessageLabs", mail("From: MAILER-DAEMON@mx.example\nSubject: Mail Delivery Failure", `This is the mail delivery agent at mx.example.
I was not able to deliver your message to the following addresses.

<ann@example.org>

Reason: 550 5.1.1 No such user ann@example.org

Message headers follow:
`+ourHeader), one("ann@example.org", "5.1.1", 550, mailer.ClassDeadAddress)},
	{"MailFoundry", mail("From: <>\nSubject: Message delivery has failed", `Unable to deliver message to: <ann@example.org>
Delivery failed for the following reason:
Server mail.example.org[192.0.2.9] failed with: 550 <ann@example.org> No such user here

This has been a permanent failure.  No further delivery attempts will be made.
`), one("ann@example.org", "", 550, mailer.ClassDeadAddress)},
	{"a list server's alert", "From: list-admin@example.org\nTo: " + ourSender + "\nSubject: Loop Alert: Duplicated Message-ID (our list)\nX-MLServer: fml [fml 4.0.3]\n\nDuplicated Message-ID in <list@example.org>.\n\nOriginal mail as follows:\n\n", one("list@example.org", "", 0, mailer.ClassTransient)},
	{"Verizon", returning("From: post_master@mx.example\nSubject: Undeliverable Message", `Message not delivered.

Error: No valid recipients from this MM

RCPT TO: ann@example.org
Reason: 550 - Requested action not taken: no such user here
`), one("ann@example.org", "", 550, mailer.ClassDeadAddress)},
	{"a gateway that names the time", mail("From: \"Mail Delivery Subsystem\" <MAILER-DAEMON@mx.example>\nSubject: Returned mail: Unable to deliver", `The original message was received at Mon, 4 May 2026 10:00:00 +0200

   ----- To ann@example.org: -----
Delivery time expired: no answer from host mail.example.org

`+ourHeader), one("ann@example.org", "", 0, mailer.ClassTransient)},
	{"NTT docomo", mail("From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: see transcript for details", `   ----- The following addresses had permanent fatal errors -----
<ann@example.org>
    (reason: 550 Unknown user ann@example.org)

   ----- Transcript of session follows -----
... while talking to mail.example.org.:
>>> DATA
<<< 550 Unknown user ann@example.org
554 5.0.0 Service unavailable
`), one("ann@example.org", "", 550, mailer.ClassPolicy)},
}

func TestReportsOfFurtherMailSystemsAreRead(t *testing.T) {
	for _, c := range moreSystems {
		r := Read([]byte(c.text))
		holds(t, r)
		if diff := cmp.Diff(c.want, told(r)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestALetterWhoseOtherCaseIsLongerBreaksNoBoundary(t *testing.T) {
	r := Read([]byte("Content-Type: multipart/ȺȺȺ; boundary=\"\"\n\n"))
	holds(t, r)
	if r.Kind != track.KindAnswer {
		t.Errorf("it is a %s", r.Kind)
	}
	if got := looseBoundary(`multipart/ȺȺȺȺ; Boundary="cut"`); got != "cut" {
		t.Errorf("the boundary is %q", got)
	}
}

func TestAGroupWithoutAnActionIsReadByItsStatus(t *testing.T) {
	report := func(fields string) track.Report {
		return Read([]byte(mail("From: MAILER-DAEMON@mx.example\nSubject: Delivery Status\nContent-Type: multipart/report; report-type=delivery-status; boundary=b", "--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ann@example.org\n"+fields+"\n--b--\n")))
	}
	for fields, want := range map[string]track.RecipientReport{
		"Status: 5.1.1\n":                  {Recipient: "ann@example.org", Action: track.ActionFailed, Status: "5.1.1", Class: mailer.ClassDeadAddress},
		"Status: 4.2.2\n":                  {Recipient: "ann@example.org", Action: track.ActionDelayed, Status: "4.2.2", Class: mailer.ClassMailboxFull},
		"Action: expired\nStatus: 4.4.7\n": {Recipient: "ann@example.org", Action: track.ActionFailed, Status: "4.4.7", Class: mailer.ClassTransient},
	} {
		if diff := cmp.Diff([]track.RecipientReport{want}, told(report(fields))); diff != "" {
			t.Errorf("%q: %s", fields, diff)
		}
	}
	for _, rec := range report("Status: 2.0.0\n").Recipients {
		if rec.Action == track.ActionDelivered {
			t.Error("a status alone is taken for a delivery")
		}
	}
}
