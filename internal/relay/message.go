package relay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"article14/internal/dkim"
	"article14/mailer"
)

// ErrNotSent is the cause of errors with a code that no server gave: what was
// asked for could not be done over this relay, and the wire was not touched.
var ErrNotSent = errors.New("not sent")

func notSent(stage mailer.Stage, code int, enhanced, format string, args ...any) *mailer.DeliveryError {
	text := "not sent: " + fmt.Sprintf(format, args...)
	return &mailer.DeliveryError{Stage: stage, Reply: mailer.Reply{Code: code, Enhanced: enhanced, Text: text}, Cause: ErrNotSent}
}

// transaction is a message ready for the wire.
type transaction struct {
	m    mailer.Message
	body wireBody
}

// offer is what the relay said in answer to EHLO.
type offer struct {
	dsn, eightBit, utf8, size bool
	pipelining                bool  // RFC 2920, and we may use it
	maxSize                   int64 // 0: not said
}

// prepare checks a message against the rules of the wire and against what the
// relay offers, and signs it if that is ours to do. The transaction keeps the
// message as it is on record, without the signature.
func (o offer) prepare(m mailer.Message, signer *dkim.Signer) (transaction, *mailer.DeliveryError) {
	if m.EnvelopeFrom != "" && !validPath(m.EnvelopeFrom, m.UTF8) {
		return transaction{}, notSent(mailer.StageMail, 501, "5.1.7", "the envelope sender is not an address that can stand in MAIL")
	}
	if !validPath(m.To, m.UTF8) {
		return transaction{}, notSent(mailer.StageRcpt, 501, "5.1.3", "the recipient is not an address that can stand in RCPT")
	}
	body, err := onWire(m.Bytes)
	if err != nil {
		return transaction{}, notSent(mailer.StageData, 554, "5.6.0", "%s", err)
	}
	if signer != nil {
		fields, err := signer.Sign(m.Bytes)
		if err != nil { // as a policy's no (RFC 3463, 3.8): it is about us, and put off until it is mended
			return transaction{}, notSent(mailer.StageData, 451, "4.7.5", "%s", err)
		}
		body = body.behind(fields)
	}
	switch {
	case m.UTF8 && !o.utf8:
		return transaction{}, notSent(mailer.StageMail, 553, "5.6.7", "an address is not ASCII and the relay offers no SMTPUTF8")
	case body.eightBit && !o.eightBit:
		return transaction{}, notSent(mailer.StageMail, 554, "5.6.3", "the message has 8-bit octets and the relay offers no 8BITMIME")
	case o.maxSize > 0 && body.size > o.maxSize:
		return transaction{}, notSent(mailer.StageMail, 552, "5.3.4", "the message has %d octets and the relay takes %d", body.size, o.maxSize)
	}
	return transaction{m, body}, nil
}

// maxPath is RFC 5321 4.5.3.1.3 without the angle brackets.
const maxPath = 254

// validPath tells whether an address can stand between the brackets of MAIL and
// RCPT without ending them: whoever breaks out writes commands of his own. A
// blank and a bracket are data in a quoted local part, and nowhere else.
func validPath(addr string, utf8Allowed bool) bool {
	if addr == "" || len(addr) > maxPath || !utf8.ValidString(addr) || !utf8Allowed && !isASCII(addr) {
		return false
	}
	if strings.HasPrefix(addr, `"`) {
		rest, ok := afterQuoted(addr)
		if !ok || !strings.HasPrefix(rest, "@") {
			return false
		}
		addr = rest
	}
	for i, r := range addr {
		switch {
		case r == '<', r == '>', r <= ' ', r == 0x7f:
			return false
		case r > unicode.MaxASCII:
			return !strings.ContainsFunc(addr[i:], func(r rune) bool {
				return r == '<' || r == '>' || unicode.IsSpace(r) || unicode.IsControl(r)
			})
		}
	}
	return true
}

// afterQuoted gives what follows the Quoted-string at the start of s (RFC 5321
// 4.1.2, RFC 6531 3.3), and whether it is well formed and ends.
func afterQuoted(s string) (rest string, ok bool) {
	escaped := false
	for i, r := range s[1:] {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r) && r != ' ', escaped && r > unicode.MaxASCII:
			return "", false
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			return s[1+i+1:], true
		}
	}
	return "", false
}

// wireBody is a message's bytes as DATA carries them.
type wireBody struct {
	data     []byte // CRLF, dots doubled, without the final dot
	size     int64  // octets before dots are doubled, as RFC 1870 counts
	eightBit bool
}

// behind puts fields in front, which are ASCII, end by CRLF and have no dot at the
// start of a line.
func (b wireBody) behind(fields []byte) wireBody {
	b.data = slices.Concat(fields, b.data)
	b.size += int64(len(fields))
	return b
}

var errBareCR = errors.New("the message has a carriage return without line feed")

// onWire ends each line by CRLF, the last one too, and doubles a dot at its
// start (RFC 5321 4.5.2). A carriage return elsewhere is refused: servers
// disagree about whether a line ends there, and then about where the message does.
func onWire(b []byte) (wireBody, error) {
	if asItGoes(b) {
		return wireBody{data: b, size: int64(len(b)), eightBit: !asciiBytes(b)}, nil
	}
	out := wireBody{data: make([]byte, 0, len(b)+len(b)/64+2)}
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		if b = rest; ended {
			line = bytes.TrimSuffix(line, []byte{'\r'})
		}
		if bytes.IndexByte(line, '\r') >= 0 {
			return wireBody{}, errBareCR
		}
		if len(line) > 0 && line[0] == '.' {
			out.data = append(out.data, '.')
		}
		out.data = append(append(out.data, line...), '\r', '\n')
		out.size += int64(len(line)) + 2
		out.eightBit = out.eightBit || !isASCII(line)
	}
	return out, nil
}

// asItGoes tells whether a message may go as it is, which saves a copy: each of its
// lines ends by CRLF, none begins with a dot, and no carriage return stands alone.
func asItGoes(b []byte) bool {
	lines := 0
	for rest := b; len(rest) > 0; lines++ {
		end := bytes.IndexByte(rest, '\n')
		if rest[0] == '.' || end < 1 || rest[end-1] != '\r' {
			return false
		}
		rest = rest[end+1:]
	}
	return bytes.Count(b, []byte{'\r'}) == lines
}

// asciiBytes is isASCII for what is long, 32 octets at a time.
func asciiBytes(b []byte) bool {
	var seen uint64
	for ; len(b) >= 32; b = b[32:] {
		w := (*[32]byte)(b)
		seen |= binary.LittleEndian.Uint64(w[:8]) | binary.LittleEndian.Uint64(w[8:16]) |
			binary.LittleEndian.Uint64(w[16:24]) | binary.LittleEndian.Uint64(w[24:])
	}
	return seen&0x8080808080808080 == 0 && isASCII(b)
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}
