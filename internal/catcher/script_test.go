package catcher

import (
	"fmt"
	"strings"
	"testing"
)

// always gives one verdict, at the command it is meant for.
func always(v Verdict) Script {
	return func(e Envelope) Verdict {
		if e.Step == AtMail && v.Step > AtMail {
			return Accept
		}
		return v
	}
}

func TestARefusalIsGivenAtTheStepItIsMeantFor(t *testing.T) {
	for _, step := range []Step{AtMail, AtRcpt, AfterDot} {
		s, addr := serve(t, Options{Script: always(Reply(step, 554, Enhanced{5, 7, 1}, "not\r\nthis one"))})
		c := dial(t, addr)
		answers := []string{"250 ", "250 ", "554 5.7.1 not this one"}
		switch step {
		case AtMail:
			answers = []string{"554 5.7.1 not this one"}
		case AtRcpt:
			answers = []string{"250 ", "554 5.7.1 not this one"}
		}
		commands := []string{"MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"}
		for i, want := range answers {
			if commands[i] == "DATA" {
				c.do("DATA", "354 ")
				c.do(letter("x", "y")+".", want)
				continue
			}
			c.do(commands[i], want)
		}
		c.do("NOOP", "250 ") // the connection goes on
		if got := s.Counts(); got.Refused != 1 || got.Taken != 0 || got.Dropped != 0 {
			t.Errorf("step %d: %+v", step, got)
		}
	}
}

func TestAReplyForAStepThatCannotGiveItComesAfterTheDot(t *testing.T) {
	for _, step := range []Step{AtData, InBody} {
		s, addr := serve(t, Options{Script: always(Reply(step, 451, Enhanced{4, 3, 0}, "later"))})
		c := dial(t, addr)
		if got := c.give("b@example.org", "x"); got != "451 4.3.0 later" {
			t.Errorf("step %d: %q", step, got)
		}
		if got := s.Counts(); got.Deferred != 1 || got.Taken != 0 {
			t.Errorf("step %d: %+v", step, got)
		}
	}
}

func TestACodeOf421ClosesTheConnectionAfterTheReply(t *testing.T) {
	v := Reply(Now, 421, Enhanced{4, 3, 2}, "going down")
	for _, step := range []Step{AtMail, AtRcpt, AfterDot} {
		v.Step = step
		s, addr := serve(t, Options{Script: always(v)})
		c := dial(t, addr)
		c.send("MAIL FROM:<a@example.org>\r\n")
		if step > AtMail {
			c.expect("250 ")
			c.send("RCPT TO:<b@example.org>\r\n")
		}
		if step > AtRcpt {
			c.expect("250 ")
			c.do("DATA", "354 ")
			c.send(letter("x", "y") + ".\r\n")
		}
		c.expect("421 4.3.2 going down")
		c.expectLost()
		if got := s.Counts(); got.Deferred != 1 || got.Taken != 0 {
			t.Errorf("step %d: %+v", step, got)
		}
	}
}

func TestAConnectionDroppedAtMailOrRcptGivesNoAnswerToIt(t *testing.T) {
	for _, step := range []Step{AtMail, AtRcpt} {
		s, addr := serve(t, Options{Script: always(Drop(step))})
		c := dial(t, addr)
		// All in one packet: what was pipelined behind the drop must not be carried out.
		c.send("NOOP\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n")
		c.expect("250 2.0.0 I have successfully") // NOOP
		if step == AtRcpt {
			c.expect("250 2.0.0 Roger")
		}
		c.expectLost()
		if got := settled(t, s); got.Dropped != 1 || got.Taken != 0 || got.Refused != 0 {
			t.Errorf("step %d: %+v", step, got)
		}
	}
}

func TestAConnectionDroppedAtDataGivesNo354(t *testing.T) {
	s, addr := serve(t, Options{Script: always(Drop(AtData))})
	c := dial(t, addr)
	c.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
	c.expect("250 2.0.0 Roger")
	c.expect("250 2.0.0 I'll")
	c.expectLost()
	if got := settled(t, s); got.Dropped != 1 || got.Taken != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionDroppedInTheBodyIsLostBeforeTheDot(t *testing.T) {
	s, addr := serve(t, Options{Script: always(Drop(InBody))})
	c := dial(t, addr)
	c.open("b@example.org")
	c.do("DATA", "354 ")
	c.send("S") // one byte, and no dot ever
	c.expectLost()
	if got := settled(t, s); got.Dropped != 1 || got.Taken != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionDroppedAfterTheDotKeepsTheMailUnanswered(t *testing.T) {
	s, addr := serve(t, Options{Script: always(Drop(AfterDot))})
	c := dial(t, addr)
	c.open("b@example.org")
	c.do("DATA", "354 ")
	c.send("Subject: x\r\n\r\nkept\r\n.\r\n")
	c.expectLost()
	waitFor(t, s, 1)
	m := s.Mails()[0]
	if m.Answered || !strings.HasSuffix(string(m.Raw), "\r\nkept\r\n") {
		t.Errorf("answered %v, bytes %q", m.Answered, m.Raw)
	}
	if got := s.Counts(); got.Unanswered != 1 || got.Dropped != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAChunkedMailFailsAtTheSameSteps(t *testing.T) {
	for _, step := range []Step{AtData, InBody, AfterDot} {
		s, addr := serve(t, Options{Script: always(Drop(step))})
		c := dial(t, addr)
		c.open("b@example.org")
		c.send("BDAT 14 LAST\r\nSubject: x\r\n\r\n")
		c.expectLost()
		taken := 0
		if step == AfterDot {
			taken = 1
		}
		if got := settled(t, s); got.Dropped != 1 || got.Taken != taken {
			t.Errorf("step %d: %+v", step, got)
		}
	}
	s, addr := serve(t, Options{})
	c := dial(t, addr)
	c.open("b@example.org")
	c.send("BDAT 14\r\nSubject: x\r\n\r\n")
	c.expect("250 ")
	c.send("BDAT 5 LAST\r\n.\r\nok")
	c.expect("250 2.0.0")
	if got := string(s.Mails()[0].Raw); got != "Subject: x\r\n\r\n.\r\nok" {
		t.Errorf("a chunked mail was kept as %q", got)
	}
}

func TestTriesAreCountedForEachRecipientAndSender(t *testing.T) {
	var seen []string
	_, addr := serve(t, Options{Script: func(e Envelope) Verdict {
		seen = append(seen, fmt.Sprint(e.Step, " ", e.From, " ", e.To, " ", e.EnvelopeID, " ", e.Try))
		return Accept
	}})
	c := dial(t, addr)
	for _, to := range []string{"b@example.org", "b@EXAMPLE.org", "B@example.org"} {
		c.do("MAIL FROM:<a@example.org> ENVID=e", "250 ")
		c.do("RCPT TO:<"+to+">", "250 ")
		c.do("RSET", "250 ")
	}
	want := []string{
		"1 a@example.org  e 1", "2 a@example.org b@example.org e 1",
		"1 a@example.org  e 2", "2 a@example.org b@EXAMPLE.org e 2",
		"1 a@example.org  e 3", "2 a@example.org B@example.org e 1",
	}
	if got, want := strings.Join(seen, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAVerdictForALaterStepIsForgottenWithItsTransaction(t *testing.T) {
	s, addr := serve(t, Options{Script: func(e Envelope) Verdict {
		if e.To == "bad@example.org" {
			return Reply(AfterDot, 554, Enhanced{5, 7, 1}, "no")
		}
		return Accept
	}})
	c := dial(t, addr)
	c.open("bad@example.org")
	c.do("RSET", "250 ")
	if got := c.give("good@example.org", letter("x", "y")); !strings.HasPrefix(got, "250 ") {
		t.Errorf("the mail after RSET is answered %q", got)
	}
	if s.Count() != 1 {
		t.Error("the mail after RSET was not kept")
	}
}

// outcome tries one address once, as a sender that does not pipeline sees it.
func outcome(t *testing.T, addr, to string) string {
	c := dial(t, addr)
	for _, line := range []string{"MAIL FROM:<a@example.org>", "RCPT TO:<" + to + ">", "DATA", letter("x", "y") + "."} {
		step, _, _ := strings.Cut(line, " ")
		if strings.HasSuffix(line, ".") {
			step = "dot"
		}
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			return "lost at " + step
		}
		switch reply, err := c.reply(); {
		case err != nil:
			return "lost at " + step
		case reply[0] > '3':
			return reply[:9] + " at " + step
		}
	}
	return "taken"
}

func TestTheLocalPartOrdersWhatHappens(t *testing.T) {
	s, addr := serve(t, Options{Script: ByLocalPart()})
	cases := []struct{ to, first, second string }{
		{"anna@example.org", "taken", "taken"},
		{"refuse17@example.org", "550 5.1.1 at RCPT", "550 5.1.1 at RCPT"},
		{"Refuse.Anna@example.org", "550 5.1.1 at RCPT", "550 5.1.1 at RCPT"},
		{"full@example.org", "452 4.2.2 at RCPT", "452 4.2.2 at RCPT"},
		{"reject-body-3@example.org", "554 5.6.0 at dot", "554 5.6.0 at dot"},
		{"greylist-3@example.org", "451 4.7.1 at RCPT", "taken"},
		{"busy@example.org", "421 4.3.2 at RCPT", "taken"},
		{"drop2@example.org", "lost at DATA", "taken"},
		{"drop-body2@example.org", "lost at dot", "taken"},
		{"lost-answer@example.org", "lost at dot", "taken"},
		{"not-refuse@example.org", "taken", "taken"},
	}
	for _, c := range cases {
		if got := outcome(t, addr, c.to); got != c.first {
			t.Errorf("%s, first try: %s; want %s", c.to, got, c.first)
		}
		if got := outcome(t, addr, c.to); got != c.second {
			t.Errorf("%s, second try: %s; want %s", c.to, got, c.second)
		}
	}
	if n := len(s.MailsTo("lost-answer@example.org")); n != 2 {
		t.Errorf("a lost answer leaves %d mails after two tries; both were taken", n)
	}
	if n := len(s.MailsTo("drop-body2@example.org")); n != 1 {
		t.Errorf("a mail cut in its middle leaves %d mails after two tries", n)
	}
}

func TestEveryRowOfTheTableSaysWhatItDoes(t *testing.T) {
	for _, row := range LocalParts() {
		if row.Meaning == "" || row.Verdict == Accept {
			t.Errorf("%s... says or does nothing", row.Prefix)
		}
	}
}
