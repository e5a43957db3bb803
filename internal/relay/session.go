package relay

import (
	"context"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"article14/mailer"
)

// blockSize is how much of a body is written within one limit.
const blockSize = 64 << 10

var (
	errOver      = errors.New("the session is over: open another one")
	errOutOfTurn = errors.New("the relay spoke without being asked")
)

// session is one connection to a relay, ready for MAIL.
type session struct {
	sending sync.Mutex // held while the dialogue goes on, so that Close can tell
	conn    *guardedConn
	text    *textproto.Conn
	offer   offer
	limits  Limits
	dead    bool
}

var _ mailer.Session = (*session)(nil)

// newSession takes a connection over from go-mail.
func newSession(conn *guardedConn, client *smtp.Client, limits Limits) *session {
	s := &session{conn: conn, text: client.Text, limits: limits}
	var size string
	s.offer.dsn, _ = client.Extension("DSN")
	s.offer.eightBit, _ = client.Extension("8BITMIME")
	s.offer.utf8, _ = client.Extension("SMTPUTF8")
	s.offer.size, size = client.Extension("SIZE")
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 {
		s.offer.maxSize = n
	}
	conn.liftBound()
	return s
}

// Alive tells whether another Send may be tried.
func (s *session) Alive() bool { return !s.dead }

// Send makes one transaction; see [mailer.Session].
func (s *session) Send(ctx context.Context, m mailer.Message) (mailer.Reply, error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.ready(ctx); err != nil {
		return mailer.Reply{}, &mailer.DeliveryError{Stage: mailer.StageConnect, Cause: err}
	}
	t, refused := s.offer.prepare(m)
	if refused != nil {
		return refused.Reply, refused
	}
	s.conn.begin()
	defer context.AfterFunc(ctx, func() { s.conn.hurry(s.limits.Stop) })()
	reply, failed := s.transact(t)
	if failed != nil {
		return failed.Reply, failed
	}
	return reply, nil
}

// ready looks at what would keep the wire untouched.
func (s *session) ready(ctx context.Context) error {
	if s.dead {
		return errOver
	}
	return ctx.Err()
}

// transact goes through the stages. After the relay has taken the message
// nothing is asked any more, so nothing can turn that into a failure.
func (s *session) transact(t transaction) (mailer.Reply, *mailer.DeliveryError) {
	for _, step := range []struct {
		stage   mailer.Stage
		command string
		want    int // first digit
		limit   time.Duration
	}{
		{mailer.StageMail, t.mail, 2, s.limits.Mail},
		{mailer.StageRcpt, t.rcpt, 2, s.limits.Rcpt},
		{mailer.StageData, "DATA", 3, s.limits.Data},
	} {
		reply, err := s.exchange(step.command, t.recipient, step.limit)
		if failed := s.judge(step.stage, reply, err, step.want); failed != nil {
			s.reset()
			return mailer.Reply{}, failed
		}
	}
	if err := s.writeBody(t.data); err != nil {
		return mailer.Reply{}, s.lost(mailer.StageData, err)
	}
	return s.dot(t.recipient)
}

// dot ends the message. It leaves by a write of its own: before that no relay
// can have taken the message, from its first octet on one may have.
func (s *session) dot(recipient string) (mailer.Reply, *mailer.DeliveryError) {
	s.conn.finish()
	before := s.conn.sent
	if err := s.write(".\r\n", s.limits.Dot); err != nil {
		if s.conn.sent == before {
			return mailer.Reply{}, s.lost(mailer.StageData, err)
		}
		return mailer.Reply{}, s.lost(mailer.StageDot, err)
	}
	reply, err := readReply(s.text.R, recipient)
	if failed := s.judge(mailer.StageDot, reply, err, 2); failed != nil {
		return mailer.Reply{}, failed
	}
	return reply, nil
}

// judge turns an answer into an error, or nil if it is what was asked for.
func (s *session) judge(stage mailer.Stage, reply mailer.Reply, err error, want int) *mailer.DeliveryError {
	switch class := reply.Code / 100; {
	case err != nil:
		return s.lost(stage, err)
	case class == want:
		return nil
	case class == 4 || class == 5:
		s.dead = s.dead || reply.Code == 421
		return &mailer.DeliveryError{Stage: stage, Reply: reply}
	}
	return s.lost(stage, errNonsense)
}

// lost ends the session: nobody knows any more where the dialogue stands.
func (s *session) lost(stage mailer.Stage, err error) *mailer.DeliveryError {
	s.dead = true
	return &mailer.DeliveryError{Stage: stage, Cause: err}
}

// reset clears what is left of a refused transaction. If that fails the
// session is over, and what was answered before stays as true as it was.
func (s *session) reset() {
	if s.dead {
		return
	}
	reply, err := s.exchange("RSET", "", s.limits.Reset)
	s.dead = err != nil || reply.Code/100 != 2
}

// exchange sends a command and reads its reply, both within the limit.
func (s *session) exchange(command, recipient string, limit time.Duration) (mailer.Reply, error) {
	if err := s.write(command+"\r\n", limit); err != nil {
		return mailer.Reply{}, err
	}
	return readReply(s.text.R, recipient)
}

// write sends a line, unless the relay has spoken out of turn: what it said
// would be taken for the answer to this line, and before the dot, for acceptance.
func (s *session) write(line string, limit time.Duration) error {
	if s.text.R.Buffered() > 0 {
		return errOutOfTurn
	}
	if err := s.conn.patience(limit); err != nil {
		return err
	}
	if _, err := s.text.W.WriteString(line); err != nil {
		return err
	}
	return s.text.W.Flush()
}

// writeBody hands the body to the kernel, block by block, and is done when all
// of it has left us.
func (s *session) writeBody(data []byte) error {
	for len(data) > 0 {
		n := min(len(data), blockSize)
		if err := s.conn.patience(s.limits.Block); err != nil {
			return err
		}
		if _, err := s.text.W.Write(data[:n]); err != nil {
			return err
		}
		if err := s.text.W.Flush(); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Close says QUIT if nobody is speaking, and hangs up; see [mailer.Session].
func (s *session) Close() error {
	if s.sending.TryLock() {
		defer s.sending.Unlock()
		if !s.dead {
			s.dead = true
			_, _ = s.exchange("QUIT", "", s.limits.Quit) // a courtesy: its answer changes nothing
		}
	}
	if err := s.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
