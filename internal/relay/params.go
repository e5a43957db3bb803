package relay

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"article14/mailer"
)

// maxEnvelopeID is RFC 3461 4.4.
const maxEnvelopeID = 100

// appendEnvelope writes MAIL, RCPT and DATA as a group.
func (o offer) appendEnvelope(dst []byte, t *transaction) []byte {
	for _, stage := range envelopeStages {
		dst = o.appendCommand(dst, stage, t)
	}
	return dst
}

// appendCommand writes the command of a stage as a line.
func (o offer) appendCommand(dst []byte, stage mailer.Stage, t *transaction) []byte {
	switch stage {
	case mailer.StageMail:
		dst = o.appendMail(dst, t)
	case mailer.StageRcpt:
		dst = o.appendRcpt(dst, t)
	case mailer.StageData:
		dst = append(dst, "DATA"...)
	}
	return append(dst, "\r\n"...)
}

// appendMail writes MAIL with what the relay offers. Reports come back with
// headers only (RET=HDRS): they name the delivery, and the notice need not
// travel through strangers' mailboxes a second time.
func (o offer) appendMail(dst []byte, t *transaction) []byte {
	dst = append(append(append(dst, "MAIL FROM:<"...), t.m.EnvelopeFrom...), '>')
	if o.size {
		dst = strconv.AppendInt(append(dst, " SIZE="...), t.body.size, 10)
	}
	if t.body.eightBit {
		dst = append(dst, " BODY=8BITMIME"...)
	}
	if t.m.UTF8 {
		dst = append(dst, " SMTPUTF8"...)
	}
	if !o.dsn {
		return dst
	}
	dst = append(dst, " RET=HDRS"...)
	without := len(dst)
	dst = append(dst, " ENVID="...)
	id := len(dst)
	if dst = appendXtext(dst, t.m.EnvelopeID); len(dst) == id || len(dst)-id > maxEnvelopeID {
		return dst[:without]
	}
	return dst
}

// appendRcpt writes RCPT. We want to hear of failure, which reopens the duty
// (E3), and of delay, because a deadline runs; not of success: a hand-over that
// did not bounce discharges the duty (E2), and a report for each of millions
// would double the mail.
func (o offer) appendRcpt(dst []byte, t *transaction) []byte {
	dst = append(append(append(dst, "RCPT TO:<"...), t.m.To...), '>')
	if !o.dsn {
		return dst
	}
	// The address as reports shall quote it: RFC 3461 4.2, or RFC 6533 3 for one
	// that is not ASCII.
	dst = append(dst, " NOTIFY=FAILURE,DELAY ORCPT="...)
	if isASCII(t.m.To) {
		return appendXtext(append(dst, "rfc822;"...), t.m.To)
	}
	return appendUTF8Xtext(append(dst, "utf-8;"...), t.m.To)
}

// appendXtext writes xtext of RFC 3461 4: what is not printable ASCII, and + and
// =, as + and two capital hexadecimal digits.
func appendXtext(dst []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < '!' || c > '~' || c == '+' || c == '=' {
			dst = fmt.Appendf(dst, "+%02X", c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// appendUTF8Xtext writes utf-8-addr-xtext of RFC 6533 3, which every server can
// carry: \x{HEX} for what is not printable ASCII, and for +, = and \.
func appendUTF8Xtext(dst []byte, s string) []byte {
	for _, r := range s {
		if r < '!' || r > unicode.MaxASCII-1 || strings.ContainsRune(`+=\`, r) {
			dst = fmt.Appendf(dst, `\x{%02X}`, r)
		} else {
			dst = append(dst, byte(r))
		}
	}
	return dst
}
