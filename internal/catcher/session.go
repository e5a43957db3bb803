package catcher

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// scratchKept bounds what a reading buffer may hold on to between two mails.
const scratchKept = 1 << 20

// errGone ends a command that gets no answer, because its connection was cut
// on order or its transaction is gone. No client reads it.
var errGone = errors.New("catcher: nobody is there to answer")

var (
	errNested       = &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "a transaction is open already"}
	errAuthRequired = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "please authenticate first"}
	errNeedsUTF8    = &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "a non-ASCII address needs SMTPUTF8"}
)

// session is one client between EHLO and the end of its connection.
type session struct {
	srv  *Server
	conn *conn
	base Mail // what all mails of this connection share

	// tx is the open transaction. Atomic, because go-smtp reads chunked mails
	// (BDAT) in a goroutine of its own while commands may still reset it.
	tx atomic.Pointer[transaction]
}

type transaction struct {
	mail  Mail
	later Verdict // what the script wants at a later step
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	nc, under := c.Conn(), ""
	if t, ok := nc.(*tls.Conn); ok {
		nc, under = t.NetConn(), tls.VersionName(t.ConnectionState().Version)
	}
	own, ok := nc.(*conn)
	if !ok {
		return nil, fmt.Errorf("catcher: connection of unknown kind %T", nc)
	}
	sess := &session{srv: s, conn: own, base: Mail{Hello: c.Hostname(), TLS: under, Answered: true}}
	if s.opts.Auth != nil {
		return &authSession{sess}, nil
	}
	return sess, nil
}

// Mail opens a transaction.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	switch {
	case s.tx.Load() != nil:
		return errNested
	case s.srv.opts.Auth != nil && s.base.User == "":
		return errAuthRequired
	case !opts.UTF8 && !isASCII(from):
		return s.refuse(errNeedsUTF8)
	}
	tx := &transaction{mail: s.base}
	tx.mail.From = from
	tx.mail.EnvelopeID = opts.EnvelopeID
	tx.mail.Return = string(opts.Return)
	tx.mail.Body = string(opts.Body)
	tx.mail.UTF8 = opts.UTF8
	if err := s.ask(tx, AtMail, ""); err != nil {
		return err
	}
	s.conn.busy.Store(true)
	s.tx.Store(tx)
	return nil
}

// Rcpt adds a recipient to the transaction.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	tx := s.tx.Load()
	if !tx.mail.UTF8 && !isASCII(to) {
		return s.refuse(errNeedsUTF8)
	}
	if err := s.ask(tx, AtRcpt, to); err != nil {
		return err
	}
	r := Recipient{Address: to}
	for _, n := range opts.Notify {
		r.Notify = append(r.Notify, string(n))
	}
	if opts.OriginalRecipient != "" {
		r.Original = strings.ToLower(string(opts.OriginalRecipientType)) + ";" + opts.OriginalRecipient
	}
	tx.mail.To = append(tx.mail.To, r)
	return nil
}

// Data takes the mail, or does what the script wanted at this step.
func (s *session) Data(r io.Reader) error {
	tx := s.tx.Load()
	if tx == nil { // chunks whose transaction was reset before this goroutine ran
		return errGone
	}
	if tx.later.Drop && tx.later.Step < AfterDot {
		return s.dropBeforeDot(r, tx.later.Step)
	}
	raw, err := s.read(r)
	if err != nil {
		var reply *smtp.SMTPError
		if errors.As(err, &reply) { // larger than SIZE
			return s.refuse(reply)
		}
		return err
	}
	if tx.later.Code != 0 {
		return s.carryOut(tx.later)
	}
	tx.mail.Raw, tx.mail.At, tx.mail.Answered = raw, s.srv.opts.Now(), !tx.later.Drop
	seq := s.srv.box.put(tx.mail)
	s.srv.opts.Log.Debug("mail taken", "mail", seq, "bytes", len(raw),
		"recipients", len(tx.mail.To), "answered", tx.mail.Answered)
	if tx.later.Drop {
		return s.carryOut(tx.later)
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: fmt.Sprintf("taken as %d", seq)}
}

// dropBeforeDot cuts at DATA, or as soon as the first byte of the mail is in.
func (s *session) dropBeforeDot(r io.Reader, step Step) error {
	s.srv.box.count(func(c *Counts) { c.Dropped++ })
	if _, chunked := r.(*io.PipeReader); step <= AtData && !chunked {
		s.conn.hangUpInstead() // BDAT has no 354 that could be taken back
		return errGone
	}
	io.ReadFull(r, make([]byte, 1)) // an empty mail is cut all the same
	s.conn.hangUp()
	return errGone
}

// read takes the bytes of a mail, dots unstuffed, at their exact size.
func (s *session) read(r io.Reader) ([]byte, error) {
	buf, ok := s.srv.scratch.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	defer func() {
		if buf.Cap() <= scratchKept {
			s.srv.scratch.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(r); err != nil {
		return nil, err
	}
	return bytes.Clone(buf.Bytes()), nil
}

// Reset forgets the transaction: RSET, EHLO, or the end of a mail.
func (s *session) Reset() {
	s.tx.Store(nil)
	s.conn.busy.Store(false)
}

// Logout has nothing to free.
func (s *session) Logout() error { return nil }

// ask has the script decide about the command at hand, and keeps for later
// what it wants later.
func (s *session) ask(tx *transaction, step Step, to string) error {
	if s.srv.opts.Script == nil {
		return nil
	}
	v := s.srv.opts.Script(Envelope{
		Step: step, From: tx.mail.From, To: to, EnvelopeID: tx.mail.EnvelopeID,
		Try: s.srv.box.try(step, tx.mail.From, to),
	})
	switch {
	case v == Accept:
		return nil
	case v.Step > step:
		if tx.later == Accept {
			tx.later = v
		}
		return nil
	default:
		return s.carryOut(v)
	}
}

// carryOut does what a verdict says, now.
func (s *session) carryOut(v Verdict) error {
	if v.Drop {
		s.srv.box.count(func(c *Counts) { c.Dropped++ })
		s.conn.hangUp()
		return errGone
	}
	if v.Code == 421 {
		s.conn.hangUpAfterReply()
	}
	return s.refuse(v.err())
}

// refuse counts a reply that says no.
func (s *session) refuse(reply *smtp.SMTPError) error {
	s.srv.box.count(func(c *Counts) {
		if reply.Temporary() {
			c.Deferred++
		} else {
			c.Refused++
		}
	})
	return reply
}

// authSession is a session of a server that demands an account.
type authSession struct{ *session }

func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *authSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		want := s.srv.opts.Auth
		okUser := subtle.ConstantTimeCompare([]byte(user), []byte(want.User))
		okPassword := subtle.ConstantTimeCompare([]byte(password), []byte(want.Password))
		if okUser&okPassword != 1 {
			return smtp.ErrAuthFailed
		}
		s.base.User = user
		return nil
	}), nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
