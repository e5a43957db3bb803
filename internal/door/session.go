package door

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"article14/mailer/track"
)

// What clients are told. No text quotes what they wrote.
var (
	errNested     = &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "a transaction is open already"}
	errNotHere    = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox here, and nothing is relayed"}
	errEnough     = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "too many recipients were refused, goodbye"}
	errTooFast    = &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "too many messages in a minute, try again later"}
	errAway       = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "it cannot be kept just now, try again later"}
	errBrokenOff  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "the message broke off"}
	errLine       = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "a line is too long"}
	errFields     = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "the header has too many fields"}
	errGoesAround = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 4, 6}, Message: "too many hops: it goes round in circles"}
)

// transaction is an envelope.
type transaction struct {
	from string
	to   []string
}

// session is one client between EHLO and the end of its connection.
type session struct {
	door *Listener
	conn *conn
	tx   *transaction // that is open; nil
}

func (l *Listener) session(c *smtp.Conn) (smtp.Session, error) {
	own, ok := c.Conn().(*conn)
	if !ok {
		return nil, fmt.Errorf("door: connection of unknown kind %T", c.Conn())
	}
	return &session{door: l, conn: own}, nil
}

// Mail opens a transaction, from whomever: reports come from the null sender,
// but not all of them, and answers from people.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.tx != nil {
		return errNested
	}
	if !s.door.clients.bring(s.conn.from) {
		return s.refuse(track.DoorLimited, errTooFast)
	}
	s.conn.busy.Store(true)
	s.tx = &transaction{from: from}
	return nil
}

// Rcpt takes our own addresses alone. A forged envelope sender is refused here,
// before anything of its message is read.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	tx := s.tx
	if tx == nil { // a MAIL that was refused
		return errNotHere
	}
	if !printable(to) || !s.door.mail.Accepts(to) {
		if s.conn.refused++; s.conn.refused > s.door.mail.Limits.Refusals {
			s.conn.ending.Store(true)
			return s.refuse(track.DoorLimited, errEnough)
		}
		return s.refuse(track.DoorUnknown, errNotHere)
	}
	tx.to = append(tx.to, to)
	return nil
}

// Data keeps the message for every recipient; one that could not be kept has all
// of it brought again, and those that were are then known.
func (s *session) Data(r io.Reader) error {
	return s.take(r, func(string, error) {})
}

// LMTPData answers for each recipient.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return s.take(r, status.SetStatus)
}

func (s *session) take(r io.Reader, answer func(to string, err error)) error {
	tx := s.tx
	raw, err := s.read(r)
	if err != nil {
		return err
	}
	raw = append([]byte("Return-Path: <"+returnPath(tx.from)+">\r\n"), raw...) // RFC 5321, 4.4
	var failed error
	for i, to := range tx.to {
		err := s.door.mail.keep(context.Background(), track.Incoming{Door: s.door.name, MailFrom: tx.from, SentTo: firstOf(tx.to, i), Raw: raw})
		if err != nil {
			err, failed = errAway, errAway
		}
		answer(to, err)
	}
	return failed // by LMTP each has its answer already
}

// read takes what is kept of a message and lets the rest of it go. Its bytes stay
// as they are, bare CR and LF too: only CRLF, dot, CRLF ends them, and nothing is passed on to a
// system that might see another end in them.
func (s *session) read(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, int64(s.door.mail.Limits.Keep)))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	var reply *smtp.SMTPError
	switch {
	case errors.As(err, &reply): // larger than SIZE
		return nil, s.refuse(track.DoorLimited, reply)
	case errors.Is(err, smtp.ErrTooLongLine): // go-smtp reads no further
		s.conn.ending.Store(true)
		return nil, s.refuse(track.DoorLimited, errLine)
	case err != nil:
		return nil, errBrokenOff
	}
	if reply := s.door.mail.Limits.header(raw); reply != nil {
		return nil, s.refuse(track.DoorLimited, reply)
	}
	return raw, nil
}

// header holds a message's header against the limits.
func (l Limits) header(raw []byte) *smtp.SMTPError {
	fields, hops := 0, 0
	for line := range bytes.Lines(raw) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		fields++
		if name, _, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(bytes.TrimSpace(name), []byte("Received")) {
			hops++
		}
		switch {
		case hops > l.Hops:
			return errGoesAround
		case fields > l.Fields:
			return errFields
		}
	}
	return nil
}

// refuse counts a reply that says no.
func (s *session) refuse(outcome track.DoorOutcome, reply *smtp.SMTPError) error {
	s.door.mail.Meter.Came(s.door.name, outcome)
	return reply
}

// Reset forgets the transaction: RSET, EHLO, or the end of a message.
func (s *session) Reset() {
	s.tx = nil
	s.conn.busy.Store(false)
}

// Logout has nothing to free.
func (s *session) Logout() error { return nil }

// firstOf is the list with its i-th in front: the recipient at hand decides first.
func firstOf(list []string, i int) []string {
	out := append([]string{list[i]}, list[:i]...)
	return append(out, list[i+1:]...)
}

// returnPath is a sender as it may stand in a header.
func returnPath(from string) string {
	if !printable(from) || strings.ContainsAny(from, "<>") {
		return ""
	}
	return from
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
