package relay

import (
	"fmt"
	"strings"
	"unicode"

	"article14/mailer"
)

// maxEnvelopeID is RFC 3461 4.4.
const maxEnvelopeID = 100

// mailCommand writes MAIL with what the relay offers. Reports come back with
// headers only (RET=HDRS): they name the delivery, and the notice need not
// travel through strangers' mailboxes a second time.
func (o offer) mailCommand(m mailer.Message, body wireBody) string {
	c := "MAIL FROM:<" + m.EnvelopeFrom + ">"
	if o.size {
		c += fmt.Sprintf(" SIZE=%d", body.size)
	}
	if body.eightBit {
		c += " BODY=8BITMIME"
	}
	if m.UTF8 {
		c += " SMTPUTF8"
	}
	if o.dsn {
		c += " RET=HDRS"
		if id := xtext(m.EnvelopeID); id != "" && len(id) <= maxEnvelopeID {
			c += " ENVID=" + id
		}
	}
	return c
}

// rcptCommand writes RCPT. We want to hear of failure, which reopens the duty
// (E3), and of delay, because a deadline runs; not of success: a hand-over that
// did not bounce discharges the duty (E2), and a report for each of millions
// would double the mail.
func (o offer) rcptCommand(m mailer.Message) string {
	c := "RCPT TO:<" + m.To + ">"
	if o.dsn {
		c += " NOTIFY=FAILURE,DELAY ORCPT=" + originalRecipient(m.To)
	}
	return c
}

// originalRecipient is the address as reports shall quote it: RFC 3461 4.2, or
// RFC 6533 3 for an address that is not ASCII.
func originalRecipient(addr string) string {
	if isASCII(addr) {
		return "rfc822;" + xtext(addr)
	}
	return "utf-8;" + utf8Xtext(addr)
}

// xtext is RFC 3461 4: what is not printable ASCII, and + and =, as + and two
// capital hexadecimal digits.
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// utf8Xtext is utf-8-addr-xtext of RFC 6533 3, which every server can carry:
// \x{HEX} for what is not printable ASCII, and for +, = and \.
func utf8Xtext(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < '!' || r > unicode.MaxASCII-1 || strings.ContainsRune(`+=\`, r) {
			fmt.Fprintf(&b, `\x{%02X}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
