package door

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"article14/mailer/track"
)

// What a provider says happened to one message to one recipient.
const (
	eventComplained = "complained"
	eventFailed     = string(track.ActionFailed)
	eventDelayed    = string(track.ActionDelayed)
	eventDelivered  = string(track.ActionDelivered)
)

// event is what a provider tells of one message and one recipient.
type event struct {
	What         string // one of the words above
	EnvelopeFrom string // the sender that we gave: it proves which delivery it is
	MessageID    string // ours, from the header; without brackets or with them
	Recipient    string
	Status       string // RFC 3463
	Diagnostic   string // the last server's reply
	Feedback     string // kind of complaint (RFC 5965, 3.1); "": abuse
	At           time.Time
}

// incoming is the event as a message that a mail system would have sent, known by
// the id that the provider gave it.
func (e event) incoming(door string, id ...string) track.Incoming {
	sum := sha256.Sum256([]byte(strings.Join(id, "\n")))
	in := track.Incoming{Door: door, ExternalID: sum[:], Raw: e.message()}
	if from := field(e.EnvelopeFrom); from != "" {
		in.SentTo = []string{from}
	}
	return in
}

const eventBoundary = "event"

// message writes the event as a delivery status notification (RFC 3464, RFC 6533), or as
// a feedback report (RFC 5965).
func (e event) message() []byte {
	var b bytes.Buffer
	kind, part := "delivery-status", e.status
	if e.What == eventComplained {
		kind, part = "feedback-report", e.feedback
	}
	fmt.Fprintf(&b, "Subject: Event of a provider\r\nDate: %s\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=%s; boundary=%q\r\n\r\n--%s\r\nContent-Type: text/plain\r\n\r\n"+
		"A provider told us this by a webhook.\r\n\r\n--%s\r\n", e.At.UTC().Format(time.RFC1123Z), kind, eventBoundary, eventBoundary, eventBoundary)
	part(&b)
	fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\n\r\n", eventBoundary)
	put(&b, "Message-ID", "<", strings.Trim(field(e.MessageID), "<> "), ">")
	fmt.Fprintf(&b, "\r\n--%s--\r\n", eventBoundary)
	return b.Bytes()
}

func (e event) status(b *bytes.Buffer) {
	kind, to := "message/delivery-status", field(e.Recipient)
	addrType := "rfc822; "
	if strings.ContainsFunc(to, func(r rune) bool { return r > unicode.MaxASCII }) {
		kind, addrType = "message/global-delivery-status", "utf-8; "
	} else {
		to = looksEncoded.ReplaceAllString(to, "+2B$1")
	}
	fmt.Fprintf(b, "Content-Type: %s\r\n\r\n", kind)
	b.WriteString("Reporting-MTA: dns; provider\r\n\r\n")
	put(b, "Final-Recipient", addrType, to, "")
	put(b, "Action", "", e.What, "")
	put(b, "Status", "", field(e.Status), "")
	put(b, "Diagnostic-Code", "smtp; ", field(e.Diagnostic), "")
}

// looksEncoded is a + in an address that a reader would take for xtext (RFC 3461, 4).
var looksEncoded = regexp.MustCompile(`\+([0-9A-F]{2})`)

func (e event) feedback(b *bytes.Buffer) {
	b.WriteString("Content-Type: message/feedback-report\r\n\r\nVersion: 1\r\n")
	put(b, "Feedback-Type", "", cmp.Or(field(e.Feedback), "abuse"), "")
	put(b, "User-Agent", "", "provider", "")
	put(b, "Original-Mail-From", "<", field(e.EnvelopeFrom), ">")
	put(b, "Original-Rcpt-To", "<", field(e.Recipient), ">")
}

// put writes a field, unless its value is empty.
func put(b *bytes.Buffer, name, before, value, after string) {
	if value != "" {
		fmt.Fprintf(b, "%s: %s%s%s\r\n", name, before, value, after)
	}
}

// maxField is more than any address or reply has.
const maxField = 900

// field is a value as it may stand in a header: one line, and no longer than one
// (RFC 5322, 2.1.1). What somebody wrote into it begins no field of its own.
func field(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxField {
		s = strings.ToValidUTF8(s[:maxField], "")
	}
	return s
}
