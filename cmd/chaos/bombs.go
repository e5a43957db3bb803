package main

import (
	"fmt"
	"strings"
)

// report is a delivery report (RFC 3464) as mail systems write it.
type report struct {
	about envelope
	failure
	envid    string // "": it quotes none
	returned string // "": the header of the notice
	more     int    // further recipients
}

func (r report) text(messageID string) []byte {
	envid, returned := "", r.returned
	if r.envid != "" {
		envid = "Original-Envelope-Id: " + r.envid + "\r\n"
	}
	if returned == "" {
		returned = "Message-ID: <" + r.about.messageID + ">\r\nTo: " + r.about.to + "\r\nSubject: a notice\r\n"
	}
	recipients := recipient(r.about.to, r.failure)
	for i := range r.more {
		recipients += "\r\n" + recipient(fmt.Sprintf("nobody-%d@mx.example", i), r.failure)
	}
	return fmt.Appendf(nil, strings.ReplaceAll(`From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Message-ID: <%s>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
%s
%s
--B
Content-Type: message/rfc822

%s
--B--
`, "\n", "\r\n"), messageID, envid, recipients, returned)
}

func recipient(to string, f failure) string {
	return "Final-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: " + f.status + "\r\nDiagnostic-Code: smtp; " + f.said + "\r\n"
}

// plain is a message with a text.
func plain(messageID, fields, text string) []byte {
	return []byte("From: somebody@mx.example\r\nMessage-ID: <" + messageID + ">\r\n" + fields + "\r\n" + text)
}

// bombs are messages that shall cost more than they are worth, in turns.
var bombs = []func(*pen){
	func(p *pen) { p.bomb(552, "", strings.Repeat(manyLines, 26)) }, // larger than --door-size
	func(p *pen) { p.bomb(250, "", strings.Repeat(manyLines, 8)) },
	func(p *pen) {
		p.bomb(250, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n", strings.Repeat("--B\r\nContent-Type: text/plain\r\n\r\nx\r\n", 6000))
	},
	func(p *pen) { // a report of thousands
		x := p.one(p.back)
		p.add("bomb", x.from, 250, report{about: x.envelope, failure: *x.back, more: 5000}.text)
	},
	func(p *pen) { p.bomb(554, strings.Repeat("X-Again: and again\r\n", 5000), "") },
	func(p *pen) { p.bomb(0, "X-Long: "+strings.Repeat("x", 4<<20)+"\r\n", "") },
	func(p *pen) { // one in the other
		var b strings.Builder
		for i := range 500 {
			fmt.Fprintf(&b, "--B%d\r\nContent-Type: multipart/mixed; boundary=B%d\r\n\r\n", i, i+1)
		}
		p.bomb(250, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B0\r\n", b.String())
	},
}

// manyLines is a MiB of text.
var manyLines = strings.Repeat(strings.Repeat("x", 1022)+"\r\n", 1<<10)

// bomb adds a message to the address of a notice that arrived.
func (p *pen) bomb(want int, fields, text string) {
	p.add("bomb", p.one(p.fine).from, want, func(messageID string) []byte { return plain(messageID, fields, text) })
}

// withBombs gives all letters, with n bombs at equal distances. What is brought first and
// what is brought later then cost the same.
func (p *pen) withBombs(n int) []letter {
	rest := len(p.letters)
	for i := range n {
		bombs[i%len(bombs)](p)
	}
	others, set := p.letters[:rest], p.letters[rest:]
	out := make([]letter, 0, len(p.letters))
	for i, l := range set {
		out = append(append(out, l), others[i*rest/n:(i+1)*rest/n]...)
	}
	return out
}
