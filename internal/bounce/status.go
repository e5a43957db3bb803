package bounce

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"article14/mailer/track"
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

// externalID is the same for a message that is brought again, or by another door, even with other
// trace headers on top. Its Message-ID alone will not do: it may be missing, or given twice. What a
// mail system reports, or a person says, is the rest of it; how that travelled is not.
func (m message) externalID(raw []byte) []byte {
	h := sha256.New()
	id, status := m.head.get("Message-ID"), bytes.Join(m.status, nil)
	switch {
	case id == "":
		h.Write(raw)
	case len(status) > 0:
		h.Write([]byte(id + "\n"))
		h.Write(bytes.ReplaceAll(status, []byte("\r\n"), []byte("\n")))
	default:
		said := strings.Join(strings.Fields(m.text), " ")
		h.Write([]byte(strings.Join([]string{id, firstAddress(decodedWords(m.head.get("From"))), said, string(bytes.Join(bytes.Fields(m.feedback), []byte(" ")))}, "\n")))
	}
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
func readStatus(b []byte, r *track.Report) {
	for len(b) > 0 && len(r.Recipients) < maxRecipients {
		var group header
		group, b = readHeader(b)
		if id := group.get("Original-Envelope-Id"); id != "" && r.EnvelopeID == "" {
			r.EnvelopeID = unxtext(id)
		}
		for _, f := range group {
			name := strings.ToLower(f.name) // X-Postfix-Sender, and what others made of it
			if r.Sender == "" && strings.HasPrefix(name, "x-") && strings.HasSuffix(name, "-sender") {
				r.Sender = firstAddress(f.value)
			}
		}
		for _, one := range apart(group) {
			if rec, ok := recipient(one); ok && len(r.Recipients) < maxRecipients {
				r.Recipients = append(r.Recipients, rec)
			}
		}
	}
}

// apart takes a group apart in which several recipients stand without an empty
// line between them.
func apart(group header) (out []header) {
	start := 0
	for i, f := range group {
		names := strings.EqualFold(f.name, "Final-Recipient") || strings.EqualFold(f.name, "Original-Recipient")
		if one := group[start:i]; names && one.get("Action") != "" && one.get(f.name) != "" && len(out) < maxRecipients {
			out, start = append(out, one), i
		}
	}
	return append(out, group[start:])
}

func recipient(group header) (track.RecipientReport, bool) {
	rec := track.RecipientReport{Action: action(group.get("Action")), Recipient: address(group.get("Final-Recipient")),
		Original: address(group.get("Original-Recipient")), RemoteMTA: typed(group.get("Remote-MTA"))}
	if rec.Action == "" && group.get("Action") == "" && rec.Recipient+rec.Original != "" {
		rec.Action = implied(enhanced.FindString(group.get("Status")))
	}
	if rec.Action == "" {
		return rec, false
	}
	rec.Recipient = cmp.Or(rec.Recipient, rec.Original)
	rec.Status, rec.Code, rec.Diagnostic = reply(group.get("Status"), group.get("Diagnostic-Code"))
	return rec, true
}

// action is one of RFC 3464, 2.3.3; "" if it is none. sendmail and Postfix say
// deliverable and undeliverable where they were only asked (-bv).
func action(value string) track.Action {
	word, _, _ := strings.Cut(strings.ToLower(value), " ")
	word, _, _ = strings.Cut(word, "(") // a comment
	switch word = strings.Trim(word, " ;."); word {
	case "undeliverable", "undelivered", "fail", "failure", "error", "expired", "rejected", "bounced":
		return track.ActionFailed
	case "delay":
		return track.ActionDelayed
	case "deliverable":
		return track.ActionRelayed
	}
	if a := track.Action(word); slices.Contains(track.Actions, a) {
		return a
	}
	return ""
}

// implied is the action of a group that names a recipient and a status, and leaves
// the action out. Nobody is said to have got a message for want of a field.
func implied(status string) track.Action {
	switch {
	case strings.HasPrefix(status, "5"):
		return track.ActionFailed
	case strings.HasPrefix(status, "4"):
		return track.ActionDelayed
	}
	return ""
}

// typed is what follows the type of a value ("dns; mx.example").
func typed(value string) string {
	if _, after, found := strings.Cut(value, ";"); found {
		value = after
	}
	return strings.TrimSpace(value)
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
