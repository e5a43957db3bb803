package relay

import (
	"errors"
	"time"

	"article14/mailer"
)

// blockSize is how much of a body is written within one limit.
const blockSize = 64 << 10

var errOutOfTurn = errors.New("the relay spoke without being asked")

// envelopeStages come before the body, a command each.
var envelopeStages = [...]mailer.Stage{mailer.StageMail, mailer.StageRcpt, mailer.StageData}

// wanted is the first digit of the reply that lets a stage pass.
func wanted(stage mailer.Stage) int {
	if stage == mailer.StageData {
		return 3
	}
	return 2
}

// of gives the limit of a stage's answer.
func (l *Limits) of(stage mailer.Stage) time.Duration {
	switch stage {
	case mailer.StageMail:
		return l.Mail
	case mailer.StageRcpt:
		return l.Rcpt
	case mailer.StageData:
		return l.Data
	}
	return l.Dot
}

// envelope has MAIL, RCPT and DATA answered: those that stand on the wire
// already, or those that it sends, in one group where the relay takes groups.
func (s *session) envelope(t *transaction) *mailer.DeliveryError {
	switch {
	case s.announced:
		s.announced = false
	case s.offer.pipelining:
		s.group = s.offer.appendEnvelope(s.group[:0], t)
		if err := s.write(s.group, s.limits.Mail); err != nil {
			return s.lost(mailer.StageMail, err)
		}
	default:
		return s.stepByStep(t)
	}
	return s.groupAnswered(t)
}

func (s *session) stepByStep(t *transaction) *mailer.DeliveryError {
	for _, stage := range envelopeStages {
		s.group = s.offer.appendCommand(s.group[:0], stage, t)
		if err := s.write(s.group, s.limits.of(stage)); err != nil {
			return s.lost(stage, err)
		}
		if _, failed := s.answer(stage, &t.m); failed != nil {
			s.reset()
			return failed
		}
	}
	return nil
}

// groupAnswered reads the answers to a group of MAIL, RCPT and DATA. The first no
// is the verdict; what the others say after it (503 to RCPT, 554 to DATA) is about
// our having asked at once, and decides only how the transaction is cleared away.
func (s *session) groupAnswered(t *transaction) *mailer.DeliveryError {
	var verdict, failed *mailer.DeliveryError
	var named bool // the relay took the recipient
	for _, stage := range envelopeStages {
		if _, failed = s.answer(stage, &t.m); verdict == nil {
			verdict = failed
		}
		if s.dead {
			return verdict
		}
		if stage == mailer.StageRcpt {
			named = failed == nil
		}
	}
	waitsForText := failed == nil // 354 to DATA
	switch {
	case verdict == nil:
	case !waitsForText:
		s.reset()
	case named:
		s.dead = true // MAIL was refused and all else taken: a dot might deliver nothing to somebody
	default:
		s.loneDot()
	}
	return verdict
}

// loneDot ends the text that a relay waits for although it refused the recipient
// (RFC 2920, 3.1). Its answer accepts nothing, whatever it says.
func (s *session) loneDot() {
	code, err := s.exchange(".\r\nRSET\r\n", s.limits.Reset)
	if err != nil || code == 421 || code/100 == 3 {
		s.dead = true
		return
	}
	s.cleared(s.code(s.limits.Reset))
}

// reset clears what is left of a refused transaction.
func (s *session) reset() {
	if !s.dead {
		s.cleared(s.exchange("RSET\r\n", s.limits.Reset))
	}
}

// cleared looks at the answer to RSET. If that failed the session is over, and
// what was answered before stays as true as it was.
func (s *session) cleared(code int, err error) { s.dead = err != nil || code/100 != 2 }

// answer reads the reply to a stage. A nil error is what was asked for.
func (s *session) answer(stage mailer.Stage, m *mailer.Message) (mailer.Reply, *mailer.DeliveryError) {
	code, err := s.code(s.limits.of(stage))
	if err != nil {
		return mailer.Reply{}, s.lost(stage, err)
	}
	switch class := code / 100; {
	case class == wanted(stage):
		if stage != mailer.StageDot { // nobody keeps it
			return mailer.Reply{}, nil
		}
		return newReply(code, s.said, m.To), nil
	case class == 4 || class == 5:
		s.dead = s.dead || code == 421
		return mailer.Reply{}, &mailer.DeliveryError{Stage: stage, Reply: newReply(code, s.said, m.To)}
	}
	return mailer.Reply{}, s.lost(stage, errNonsense)
}

// lost ends the session: nobody knows any more where the dialogue stands.
func (s *session) lost(stage mailer.Stage, err error) *mailer.DeliveryError {
	s.dead = true
	return &mailer.DeliveryError{Stage: stage, Cause: err}
}

// exchange sends commands and reads the first reply.
func (s *session) exchange(commands string, limit time.Duration) (int, error) {
	s.group = append(s.group[:0], commands...)
	if err := s.write(s.group, limit); err != nil {
		return 0, err
	}
	return s.code(limit)
}

// code reads a reply within the limit; its text is in s.said.
func (s *session) code(limit time.Duration) (code int, err error) {
	s.conn.await(limit)
	code, s.said, err = scanReply(s.text.R, s.said[:0])
	return code, err
}

// write hands octets to the kernel, unless the relay has spoken out of turn: every
// reply that was owed has been read by now, and what it said would be taken for
// the answer to these, and before the dot, for acceptance.
func (s *session) write(p []byte, limit time.Duration) error {
	if s.text.R.Buffered() > 0 {
		return errOutOfTurn
	}
	if err := s.conn.patience(limit); err != nil {
		return err
	}
	if _, err := s.text.W.Write(p); err != nil { // what is over its 4 KiB leaves at once
		return err
	}
	return s.text.W.Flush()
}
