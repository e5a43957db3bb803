package bounce

import (
	"bytes"
	"cmp"
	"mime"
	"regexp"
	"slices"
	"strings"

	"article14/mailer"
	"article14/mailer/track"
)

// message is what matters of a message: its own header, the parts that are for
// machines, what it says in words, and the header of what it returns.
type message struct {
	head     header
	kind     string // media type of the whole
	report   string // report-type of a multipart/report (RFC 6522)
	status   [][]byte
	feedback []byte
	receipt  bool      // a disposition notification (RFC 8098): somebody read it, or did not
	text     string    // up to what it returns or quotes
	quoted   string    // what it quotes in its text
	lines    []string  // of the text
	found    []mention // in the lines
	files    []track.Attachment
	returned header
}

// maxStatus is how many parts with delivery statuses are looked at.
const maxStatus = 5

// open takes a message apart.
func open(raw []byte) message {
	head, body := readHeader(raw)
	m := message{head: head}
	var params map[string]string
	m.kind, params = mediaType(head)
	m.report = strings.ToLower(params["report-type"])
	var words, markup []string
	each(head, body, 0, func(p part) {
		switch p.kind {
		case "message/delivery-status", "message/global-delivery-status", "text/delivery-status":
			if len(m.status) < maxStatus {
				m.status = append(m.status, p.decoded())
			}
		case "message/feedback-report", "text/feedback-report":
			if m.feedback == nil {
				m.feedback = p.decoded()
			}
		case "message/disposition-notification", "message/global-disposition-notification":
			m.receipt = true
		case "message/rfc822", "message/global", "text/rfc822", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers":
			if m.returned == nil {
				m.returned, _ = readHeader(p.decoded())
			}
		case "text/plain", "text", "":
			words = append(words, p.words())
		case "text/html":
			markup = append(markup, unmarked(p.words()))
		default:
			if len(m.files) < maxParts {
				m.files = append(m.files, track.Attachment{Type: p.kind, Size: len(p.body)})
			}
		}
	})
	if strings.TrimSpace(strings.Join(words, "")) == "" {
		words = markup
	}
	m.text, m.quoted = cutOriginal(bounded(strings.Join(words, "\n\n")))
	if m.returned == nil {
		m.returned, _ = readHeader([]byte(m.quoted))
	}
	m.lines = strings.Split(m.text, "\n")
	m.found = mentions(m.lines)
	return m
}

// Read reads a message. It takes anything, and always tells something: what it
// does not understand is at least an answer.
func Read(raw []byte) track.Report {
	raw = raw[:min(len(raw), MaxSize)]
	m := open(raw)
	r := track.Report{SentTo: sentTo(m.head)}
	m.original(&r)
	switch {
	case m.complaint(&r), m.event(&r), m.delivery(&r):
	case m.fromMachine() || m.receipt:
		r.Kind = track.KindAutomatic
		r.Said = m.said()
	default:
		r.Kind = track.KindAnswer
		r.Said = m.said()
	}
	r.ExternalID = m.externalID(raw)
	return r
}

// original notes what a report tells of the message that it returns, or answers.
func (m message) original(r *track.Report) {
	r.MessageID = messageID(m.returned.get("Message-ID"))
	r.Sender = firstAddress(m.returned.get("Return-Path"))
	for _, name := range []string{"X-Original-Message-ID", "Original-Message-ID", "In-Reply-To"} {
		if r.MessageID == "" {
			r.MessageID = messageID(m.head.get(name))
		}
	}
	r.EnvelopeID = unxtext(m.head.get("Original-Envelope-Id"))
}

// messageID takes the brackets off.
func messageID(value string) string {
	if _, after, found := strings.Cut(value, "<"); found {
		value, _, _ = strings.Cut(after, ">")
	}
	return strings.Trim(value, "<> ")
}

// delivery reads a delivery report: by the parts that are for machines, where they
// say something, else in words.
func (m message) delivery(r *track.Report) bool {
	for _, status := range m.status {
		if len(r.Recipients) == 0 {
			readStatus(status, r)
		}
	}
	if len(r.Recipients) == 0 {
		if !m.fromMailSystem() {
			return false
		}
		m.inWords(r)
		m.within(r)
	}
	r.Kind = track.KindDelivery
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		m.saidBehind(rec)
		if rec.Action == track.ActionFailed || rec.Action == track.ActionDelayed {
			rec.Class = m.judge(*rec, len(r.Recipients) == 1)
		}
	}
	return true
}

// saidBehind takes the reply of the last server from the words behind a recipient's address, where
// the part for machines gives no Diagnostic-Code and its status says nothing (OpenSMTPD: 5.0.0
// whatever was said). As with a diagnostic, a code counts only if it is of the same class.
func (m message) saidBehind(rec *track.RecipientReport) {
	if rec.Diagnostic != "" || rec.Recipient == "" || !strings.HasSuffix(rec.Status, ".0.0") {
		return
	}
	status, code, diagnostic := replyIn(segment(m.lines, m.found, rec.Recipient))
	switch {
	case status == "" && code == 0, status != "" && status[0] != rec.Status[0], code != 0 && code/100 != int(rec.Status[0]-'0'):
		return
	}
	rec.Status, rec.Code, rec.Diagnostic = cmp.Or(status, rec.Status), code, diagnostic
}

// within looks for a report in the report: some systems pass on, as text, what
// another one told them. It counts where nothing else was said.
func (m message) within(r *track.Report) {
	if m.quoted == "" || slices.ContainsFunc(r.Recipients, func(rec track.RecipientReport) bool { return rec.Code != 0 || rec.Status != "" }) {
		return
	}
	inner := open([]byte(m.quoted))
	if !inner.fromMailSystem() {
		return
	}
	found := track.Report{SentTo: sentTo(inner.head)}
	for _, status := range inner.status {
		readStatus(status, &found)
	}
	if len(found.Recipients) > 0 {
		r.Recipients = found.Recipients
		inner.original(r)
	}
}

// judge says what became of one recipient, with the words about them in the text.
func (m message) judge(rec track.RecipientReport, alone bool) mailer.ReplyClass {
	others := !alone || slices.ContainsFunc(m.found, func(f mention) bool { return !strings.EqualFold(f.addr, rec.Recipient) })
	about := segment(m.lines, m.found, rec.Recipient)
	if heard := transcript(m.lines, rec.Recipient, !others); heard != "" {
		about = heard + "\n" + about
	}
	switch {
	case about == "":
		about = m.text
	case !others:
		about += "\n" + m.text
	}
	if others { // the rest may be about somebody else
		return judge(rec, true, []string{about})
	}
	return judge(rec, false, []string{about, m.comment()})
}

// statusComment is how some systems say in words what a status means: "5.2.1 (mailbox disabled)".
var statusComment = regexp.MustCompile(`(?im)^status:[ \t]*[245][.\d]+[ \t]*\(([^()\r\n]{1,200})\)`)

// comment is what is said beside the status, of a report about one recipient.
func (m message) comment() string {
	if found := statusComment.FindAllSubmatch(bytes.Join(m.status, []byte("\n")), 2); len(found) == 1 {
		return clean(found[0][1])
	}
	return ""
}

// said is what an answer says.
func (m message) said() track.Said {
	return track.Said{From: firstAddress(decodedWords(m.head.get("From"))), Subject: decodedWords(m.head.get("Subject")), Text: unquoted(m.text), Attachments: m.files}
}

var wordDecoder = mime.WordDecoder{CharsetReader: charsetReader}

// decodedWords undoes RFC 2047, as far as it holds good.
func decodedWords(value string) string {
	if !strings.Contains(value, "=?") {
		return value
	}
	out, err := wordDecoder.DecodeHeader(value)
	if err != nil {
		return value
	}
	return clip(clean([]byte(out)))
}
