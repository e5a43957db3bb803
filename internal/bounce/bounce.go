package bounce

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strconv"
	"strings"

	"article14/mailer"
)

// MaxSize is how much of a message is looked at and kept, in octets. Reports with
// the headers of what they return are some kilobytes, and the part that counts
// stands in front. Whoever knows the domain can write there: more would be an
// invitation to fill the database.
const MaxSize = 256 << 10

const (
	maxRecipients = 100
	maxSentTo     = 20
)

// Read reads a message. It takes anything. A delivery report without recipients is one
// that says nothing we can read.
func Read(raw []byte) mailer.Report {
	raw = raw[:min(len(raw), MaxSize)]
	head, body := readHeader(raw)
	r := mailer.Report{SentTo: sentTo(head)}
	l := letter{head: head}
	var status []byte
	each(head, body, 0, func(p part) {
		switch p.kind {
		case "message/delivery-status", "message/global-delivery-status":
			if r.Recipients == nil {
				status = p.decoded()
				readStatus(status, &r)
			}
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			if r.MessageID == "" {
				l.returned, _ = readHeader(p.decoded())
				r.MessageID = strings.Trim(l.returned.get("Message-ID"), "<> ")
			}
		default:
			l.part(p)
		}
	})
	l.judge(&r)
	r.ExternalID = externalID(head.get("Message-ID"), status, raw)
	return r
}

// externalID is the same for a report that is brought again, even with other trace
// headers on top. Its Message-ID alone will not do: it may be missing, or given twice.
func externalID(messageID string, status, raw []byte) []byte {
	h := sha256.New()
	if messageID == "" || status == nil {
		h.Write(raw)
		return h.Sum(nil)
	}
	h.Write([]byte(messageID + "\n"))
	h.Write(bytes.ReplaceAll(status, []byte("\r\n"), []byte("\n")))
	return h.Sum(nil)
}

// sentTo are the addresses to which a message says it was sent: the headers of
// Postfix, of Exim and others, and last the sender's own.
func sentTo(h header) (out []string) {
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"} {
		for _, f := range h {
			if !strings.EqualFold(f.name, name) {
				continue
			}
			for _, word := range strings.FieldsFunc(f.value, func(r rune) bool { return strings.ContainsRune(" ,;:<>\"()", r) }) {
				if strings.Contains(word, "@") && len(word) <= 254 && len(out) < maxSentTo {
					out = append(out, word)
				}
			}
		}
	}
	return out
}

// readStatus reads the groups of fields of RFC 3464, 2.1: the first is about the
// message, each other one about a recipient. Groups that name no action are no
// recipients; some systems have more empty lines than they should, and some put
// the first recipient into the first group.
func readStatus(b []byte, r *mailer.Report) {
	for len(b) > 0 && len(r.Recipients) < maxRecipients {
		var group header
		group, b = readHeader(b)
		if id := group.get("Original-Envelope-Id"); id != "" && r.EnvelopeID == "" {
			r.EnvelopeID = unxtext(id)
		}
		if rec, ok := recipient(group); ok {
			r.Recipients = append(r.Recipients, rec)
		}
	}
}

func recipient(group header) (mailer.RecipientReport, bool) {
	action, _, _ := strings.Cut(group.get("Action"), " ")
	action, _, _ = strings.Cut(action, "(") // a comment
	rec := mailer.RecipientReport{Action: mailer.Action(strings.ToLower(action)), Recipient: address(group.get("Final-Recipient"))}
	known := false
	for _, a := range mailer.Actions {
		known = known || a == rec.Action
	}
	if !known {
		return rec, false
	}
	if rec.Recipient == "" {
		rec.Recipient = address(group.get("Original-Recipient"))
	}
	rec.Status, rec.Code, rec.Diagnostic = reply(group.get("Status"), group.get("Diagnostic-Code"))
	return rec, true
}

// address is what follows the type of an address ("rfc822; ann@example.org"),
// with the encodings undone that such fields may have (RFC 3461, 4; RFC 6533, 3).
func address(value string) string {
	kind, addr, typed := strings.Cut(value, ";")
	if !typed {
		addr = kind
	}
	addr = strings.Trim(strings.TrimSpace(addr), "<>")
	if strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
		return unescape(addr)
	}
	return unxtext(addr)
}

var xtextOctet = regexp.MustCompile(`\+[0-9A-F]{2}`)

// unxtext undoes xtext. A + that is none, as in the names of sub-mailboxes, stays.
func unxtext(s string) string {
	return strings.ToValidUTF8(xtextOctet.ReplaceAllStringFunc(s, func(x string) string {
		n, _ := strconv.ParseUint(x[1:], 16, 8)
		if n < ' ' || n == 0x7f {
			return ""
		}
		return string([]byte{byte(n)})
	}), "?")
}

var utf8Escape = regexp.MustCompile(`\\x\{[0-9A-Fa-f]{2,6}\}`)

// unescape undoes utf-8-addr-xtext.
func unescape(s string) string {
	return utf8Escape.ReplaceAllStringFunc(s, func(x string) string {
		n, _ := strconv.ParseUint(x[3:len(x)-1], 16, 32)
		if n < ' ' || n == 0x7f {
			return ""
		}
		return string(rune(n))
	})
}

var (
	enhanced  = regexp.MustCompile(`\b([245])\.(\d{1,3})\.(\d{1,3})\b`)
	replyCode = regexp.MustCompile(`\b([245][0-5]\d)\b`)
)

// reply brings together what a status and a diagnostic say. The diagnostic is what
// the last server said, and the status what another one made of it, often by the
// first digit alone: sendmail calls any 550 a 5.1.1, and that would bury an
// address for a block that is about us. So the enhanced code of a diagnostic wins,
// where it is of the same class.
func reply(status, diagnostic string) (enh string, code int, text string) {
	kind, text, typed := strings.Cut(diagnostic, ";")
	if !typed {
		text = kind
	}
	text = strings.TrimSpace(text)
	enh = enhanced.FindString(status)
	if said := saidFirst(text); said != "" && !strings.HasSuffix(said, ".0.0") && (enh == "" || said[0] == enh[0]) {
		enh = said
	}
	if !typed || strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		code, _ = strconv.Atoi(replyCode.FindString(text[:min(len(text), 200)]))
	}
	if len(text) > maxDiagnostic {
		text = strings.ToValidUTF8(text[:maxDiagnostic], "")
	}
	return enh, code, text
}

// maxDiagnostic is how many octets of a diagnostic are kept.
const maxDiagnostic = 500

// saidFirst is the enhanced code near the start of a reply: what stands further
// behind may be a version, or an address of the internet.
func saidFirst(text string) string {
	text = text[:min(len(text), 100)]
	for _, at := range enhanced.FindAllStringIndex(text, -1) {
		after := text[at[1]:]
		before := text[:at[0]]
		if !strings.HasPrefix(after, ".") && !strings.HasSuffix(before, ".") { // 5.1.2.3 is a host
			return text[at[0]:at[1]]
		}
	}
	return ""
}
