package relay

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"sync"

	"github.com/wneessen/go-mail/smtp"

	"article14/internal/dkim"
	"article14/mailer"
	"article14/mailer/deliver"
)

var (
	errOver         = errors.New("the session is over: open another one")
	errNotAnnounced = errors.New("another message was announced: the session is over")
)

// session is one connection to a relay, ready for MAIL.
type session struct {
	sending sync.Mutex // held while the dialogue goes on, so that Close can tell
	conn    *guardedConn
	text    *textproto.Conn
	offer   offer
	signer  *dkim.Signer
	limits  Limits
	dead    bool

	// ahead is the message whose MAIL, RCPT and DATA stand on the wire, in one
	// group with the message before it. From then on nothing but its body may
	// follow, and in its place there is only hanging up: behind the 354 a QUIT is
	// text, and a dot a delivery.
	ahead     transaction
	announced bool

	group []byte // what leaves in one write
	said  []byte // the text of the reply being read
}

var _ deliver.Session = (*session)(nil)

// newSession takes a connection over from go-mail.
func newSession(conn *guardedConn, client *smtp.Client, cfg Config) *session {
	s := &session{conn: conn, text: client.Text, limits: cfg.Limits, signer: cfg.DKIM}
	var size string
	s.offer.dsn, _ = client.Extension("DSN")
	s.offer.eightBit, _ = client.Extension("8BITMIME")
	s.offer.utf8, _ = client.Extension("SMTPUTF8")
	s.offer.pipelining, _ = client.Extension("PIPELINING")
	s.offer.pipelining = s.offer.pipelining && !cfg.Stepwise
	s.offer.size, size = client.Extension("SIZE")
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 {
		s.offer.maxSize = n
	}
	conn.liftBound()
	return s
}

// Alive tells whether another Send may be tried.
func (s *session) Alive() bool { return !s.dead }

// Send makes one transaction; see [deliver.Session].
func (s *session) Send(ctx context.Context, m mailer.Message, next *mailer.Message) (mailer.Reply, error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.ready(ctx, m); err != nil {
		return mailer.Reply{}, &mailer.DeliveryError{Stage: mailer.StageConnect, Cause: err}
	}
	t, failed := s.ahead, (*mailer.DeliveryError)(nil)
	if !s.announced {
		t, failed = s.offer.prepare(m, s.signer)
	}
	if failed != nil {
		return failed.Reply, failed
	}
	s.conn.begin(ctx, s.limits.Stop)
	reply, failed := s.transact(&t, next)
	if failed != nil {
		return failed.Reply, failed
	}
	return reply, nil
}

// ready looks at what would keep the wire untouched. Of a message that was
// announced nothing but the envelope stands there, and hanging up takes it back.
func (s *session) ready(ctx context.Context, m mailer.Message) error {
	err := ctx.Err()
	switch {
	case s.dead:
		return errOver
	case err == nil && s.announced && !same(s.ahead.m, m):
		err = errNotAnnounced
	}
	s.dead = err != nil && s.announced
	return err
}

// same tells whether two messages are one; the bytes of one are found equal by
// where they lie, without being compared.
func same(a, b mailer.Message) bool {
	return a.EnvelopeID == b.EnvelopeID && a.To == b.To && a.EnvelopeFrom == b.EnvelopeFrom && a.UTF8 == b.UTF8 && bytes.Equal(a.Bytes, b.Bytes)
}

// transact sends envelope and content. After the relay has taken the message
// nothing is asked any more, so nothing can turn that into a failure.
func (s *session) transact(t *transaction, next *mailer.Message) (mailer.Reply, *mailer.DeliveryError) {
	if failed := s.envelope(t); failed != nil {
		return mailer.Reply{}, failed
	}
	return s.content(t, next)
}

// content sends the body, the dot and, where the next message is announced, its
// envelope, and waits for the answer to the dot.
func (s *session) content(t *transaction, next *mailer.Message) (mailer.Reply, *mailer.DeliveryError) {
	rest := t.body.data
	for ; len(rest) > blockSize; rest = rest[blockSize:] {
		if err := s.write(rest[:blockSize], s.limits.Block); err != nil {
			return mailer.Reply{}, s.lost(mailer.StageData, err)
		}
	}
	s.group = append(append(s.group[:0], rest...), ".\r\n"...)
	dot := len(s.group)
	ahead, announced := s.announce(next)
	before := s.conn.sent
	err := s.write(s.group, s.limits.Block)
	if err != nil {
		// No relay can have taken the message before its dot; from the dot's first
		// octet on one may have. Once all of it has left there is an answer to wait
		// for, whatever became of the octets behind it. Over TLS what has left
		// counts for more than it carries, so the doubt is on the safe side.
		switch gone := s.conn.sent - before; {
		case gone <= int64(len(rest)):
			return mailer.Reply{}, s.lost(mailer.StageData, err)
		case gone < int64(dot):
			return mailer.Reply{}, s.lost(mailer.StageDot, err)
		}
	}
	s.conn.finish()
	reply, failed := s.answer(mailer.StageDot, &t.m)
	s.dead = s.dead || err != nil
	s.ahead, s.announced = ahead, announced
	return reply, failed
}

// announce writes the envelope of the next message behind what is in the group,
// if the relay takes groups. One that cannot be sent over this relay is not
// announced: its own Send says why.
func (s *session) announce(next *mailer.Message) (transaction, bool) {
	if next == nil || !s.offer.pipelining {
		return transaction{}, false
	}
	t, refused := s.offer.prepare(*next, s.signer)
	if refused != nil {
		return transaction{}, false
	}
	s.group = s.offer.appendEnvelope(s.group, &t)
	return t, true
}

// Close says QUIT if nobody is speaking and nothing is announced, and hangs up;
// see [deliver.Session].
func (s *session) Close() error {
	if s.sending.TryLock() {
		defer s.sending.Unlock()
		if !s.dead && !s.announced {
			_, _ = s.exchange("QUIT\r\n", s.limits.Quit) // a courtesy: its answer changes nothing
		}
		s.dead = true
	}
	if err := s.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
