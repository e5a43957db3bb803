package compose

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"article14/mailer"
)

// frame is everything of a message but its own values, as go-mail writes it:
// headers, MIME parts and boundaries, cut where the values go.
type frame []framePiece

// framePiece is fixed bytes and the mark that comes after them, "" at the end.
type framePiece struct {
	fixed []byte
	next  frameMark
}

// frameMark stands for a message's own value. As text it passes through go-mail
// unchanged: it is plain ASCII and has no blank to fold at.
type frameMark string

const (
	markDate      frameMark = "@frame-date@"
	markMessageID frameMark = "@frame-message-id@"
	markTo        frameMark = "frame-to@frame.invalid"
	markAnswerTo  frameMark = "frame-answer@frame.invalid"
	markOneClick  frameMark = "https://frame.invalid/one-click"
	markText      frameMark = "@frame-text@"
	markHTML      frameMark = "@frame-html@"
)

var frameMarks = []frameMark{markDate, markMessageID, markTo, markAnswerTo, markOneClick, markText, markHTML}

// frameKind says which of the frames of a skeleton a message needs.
type frameKind struct {
	test     bool // the subject says so
	oneClick bool // RFC 8058
}

// makeFrames has go-mail write every kind of message once.
func makeFrames(s skeleton, hash [32]byte) (map[frameKind]frame, error) {
	subject, err := parseProgram(s.Subject, plainPlace, func(slot string) bool { return slot == testSlot })
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	boundary := "article14-" + hex.EncodeToString(hash[:16])
	frames := map[frameKind]frame{}
	for _, k := range []frameKind{{false, false}, {false, true}, {true, false}, {true, true}} {
		line, err := (&filler{test: k.test}).fill(nil, subject, false)
		if err != nil {
			return nil, err
		}
		written, err := writeFrame(s, string(line), boundary, k.oneClick)
		if err != nil {
			return nil, err
		}
		if frames[k], err = cutFrame(written, k.oneClick, s.Mail.AnswerDomain != ""); err != nil {
			return nil, err
		}
	}
	return frames, nil
}

// writeFrame gives a message with marks in place of its own values.
func writeFrame(s skeleton, subject, boundary string, oneClick bool) ([]byte, error) {
	if control(subject) || control(s.Mail.FromName) || control(s.Mail.From) || control(s.Mail.ReplyTo) {
		return nil, errControl
	}
	m := mail.NewMsg(mail.WithEncoding(mail.EncodingQP), mail.WithCharset(mail.CharsetUTF8),
		mail.WithBoundary(boundary), mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(s.Mail.FromName, s.Mail.From); err != nil {
		return nil, fmt.Errorf("the sender's address in the register cannot be used: %w", err)
	}
	replyTo := s.Mail.ReplyTo
	if s.Mail.AnswerDomain != "" {
		replyTo = string(markAnswerTo)
	}
	if replyTo != "" {
		if err := m.ReplyTo(replyTo); err != nil {
			return nil, fmt.Errorf("the controller's address in the register cannot be used: %w", err)
		}
	}
	if err := m.To(string(markTo)); err != nil {
		return nil, err
	}
	m.Subject(encodeSubject(subject))
	m.SetGenHeader(mail.HeaderDate, string(markDate))
	m.SetGenHeader(mail.HeaderMessageID, string(markMessageID))
	m.SetGenHeader("Content-Language", strings.Join(languagesOf(s.key()), ", ")) // RFC 3282
	m.SetGenHeader("Auto-Submitted", "auto-generated")                           // RFC 3834
	m.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")                 // the same, for Exchange; bounces still come
	if oneClick {
		m.SetGenHeader(mail.HeaderListUnsubscribe, "<"+string(markOneClick)+">")
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(mail.TypeTextPlain, string(markText))
	m.AddAlternativeString(mail.TypeTextHTML, string(markHTML))
	var b bytes.Buffer
	_, err := m.WriteTo(&b)
	return b.Bytes(), err
}

// cutFrame cuts a message at its marks, each of which must be there once.
func cutFrame(written []byte, oneClick, answers bool) (frame, error) {
	var f frame
	for rest := written; ; {
		at, found := len(rest), frameMark("")
		for _, m := range frameMarks {
			if i := bytes.Index(rest, []byte(m)); i >= 0 && i < at {
				at, found = i, m
			}
		}
		f = append(f, framePiece{rest[:at:at], found})
		if found == "" {
			break
		}
		rest = rest[at+len(found):]
	}
	want := len(frameMarks) + 1
	for _, there := range []bool{oneClick, answers} {
		if !there {
			want--
		}
	}
	if len(f) != want {
		return nil, fmt.Errorf("a message has %d values of its own in place of %d", len(f)-1, want-1)
	}
	return f, nil
}

// checkHeaders refuses, at the edge, what no header or envelope may have.
func checkHeaders(h mailer.Headers) error {
	for _, given := range [...]struct{ what, value string }{
		{"recipient", h.To}, {"envelope sender", h.EnvelopeFrom}, {"address for answers", h.AnswerTo}, {"token of objection", h.Tokens.Objection},
	} {
		if control(given.value) {
			return fmt.Errorf("compose: the %s: %w", given.what, errControl)
		}
	}
	if h.DeliveryID.IsZero() || h.Date.IsZero() {
		return fmt.Errorf("compose: a message needs the id of its delivery and a date")
	}
	return nil
}

var errControl = errors.New("a line break or other control character, which could start a header of its own")

// control tells whether s has a control character.
func control(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
