package relay

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
	"article14/mailer/deliver"
)

var pipelining = []string{"PIPELINING"}

// over opens a session whose socket is recorded.
func over(t *testing.T, srv *scripted, change ...func(*Config)) (deliver.Session, *recorded) {
	t.Helper()
	r := dialled(t, srv, change...)
	plain := r.dial
	var rec *recorded
	r.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := plain(ctx, network, addr)
		rec = &recorded{Conn: conn}
		return rec, err
	}
	s, err := r.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, rec
}

// since gives what was sent after so many writes, write by write, each message's
// text shortened to its number.
func (c *recorded) since(writes int) (out []string) {
	sent := c.sent.String()
	for i := writes; i < len(c.writes); i++ {
		w := sent[c.writes[i-1]:c.writes[i]]
		for n := range 9 {
			w = strings.ReplaceAll(w, strings.ReplaceAll(string(numbered(n).Bytes), "\r\n.", "\r\n.."), string(rune('0'+n)))
		}
		out = append(out, strings.ReplaceAll(strings.TrimSuffix(w, "\r\n"), "\r\n", " | "))
	}
	return out
}

// RFC 2920: a steady stream costs one write and one round trip a message.
func TestAStreamIsOneWriteAMessage(t *testing.T) {
	const envelope = "MAIL FROM:<" + sender + "> | RCPT TO:<" + recipient + "> | DATA"
	groups := []string{envelope, "0. | " + envelope, "1. | " + envelope, "2.", "QUIT"}
	var steps []string
	for _, n := range []string{"0", "1", "2"} {
		steps = append(append(steps, strings.Split(envelope, " | ")...), n+".")
	}
	steps = append(steps, "QUIT")
	for _, c := range []struct {
		sentence   string
		extensions []string
		stepwise   bool
		want       []string
	}{
		{"where groups are taken", pipelining, false, groups},
		{"not where they are not offered", nil, false, steps},
		{"not where the operator forbids them", pipelining, true, steps},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			srv := served(t, setup{extensions: c.extensions})
			s, rec := over(t, srv, func(cfg *Config) { cfg.Stepwise = c.stepwise })
			before := len(rec.writes)
			for i := range 3 {
				next := numbered(i + 1)
				announced := &next
				if i == 2 {
					announced = nil
				}
				if _, err := s.Send(t.Context(), numbered(i), announced); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			if diff := cmp.Diff(c.want, rec.since(before)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What the relay says to the envelope of the next message is for that message, and
// what became of the one before it changes nothing for it, while there is a connection.
func TestEachMessageOfAGroupHasAVerdictOfItsOwn(t *testing.T) {
	refused, lost := say("550 5.1.1 no such user"), mailer.StageConnect
	ok := say("250 ok")
	for _, c := range []struct {
		sentence string
		script   script
		want     [3]mailer.Stage // "": taken
		codes    [3]int
		writes   []string // after the first group
		taken    int
	}{
		{"a refused recipient of the next leaves this one and the one after it alone; DATA is refused along with it",
			script{"RCPT": {ok, refused}},
			[3]mailer.Stage{"", mailer.StageRcpt, ""}, [3]int{250, 550, 250},
			[]string{"0. | M | R | DATA", "RSET", "M | R | DATA", "2."}, 2},
		{"a relay that waits for the text to a refused recipient gets a lone dot, and its yes to that is none",
			script{"RCPT": {ok, refused}, "DATA": {say("354 go"), say("354 go")}, "DOT": {say("250 taken"), say("250 taken")}},
			[3]mailer.Stage{"", mailer.StageRcpt, ""}, [3]int{250, 550, 250},
			[]string{"0. | M | R | DATA", ". | RSET", "M | R | DATA", "2."}, 3},
		{"a lone dot that is refused is no second verdict",
			script{"RCPT": {ok, say("451 4.7.1 later")}, "DATA": {say("354 go"), say("354 go")}},
			[3]mailer.Stage{"", mailer.StageRcpt, ""}, [3]int{250, 451, 250},
			[]string{"0. | M | R | DATA", ". | RSET", "M | R | DATA", "2."}, 2},
		{"a lone dot that fails ends the session, and the verdict stays",
			script{"RCPT": {ok, refused}, "DATA": {say("354 go"), say("354 go")}, "DOT": {say("250 taken"), cut}},
			[3]mailer.Stage{"", mailer.StageRcpt, lost}, [3]int{250, 550, 0},
			[]string{"0. | M | R | DATA", ". | RSET"}, 1},
		{"a lone dot after which more is wanted ends the session, and the verdict stays",
			script{"RCPT": {ok, refused}, "DATA": {say("354 go"), say("354 go")}, "DOT": {say("250 taken"), say("354 more")}},
			[3]mailer.Stage{"", mailer.StageRcpt, lost}, [3]int{250, 550, 0},
			[]string{"0. | M | R | DATA", ". | RSET"}, 1},
		{"an RSET that fails ends the session, and the verdict stays",
			script{"RCPT": {ok, refused}, "RSET": {cut}},
			[3]mailer.Stage{"", mailer.StageRcpt, lost}, [3]int{250, 550, 0},
			[]string{"0. | M | R | DATA", "RSET"}, 1},
		{"a relay that refuses MAIL and takes all else gets no dot, which might deliver nothing to somebody",
			script{"MAIL": {ok, say("550 5.7.1 no")}, "RCPT": {ok, ok}, "DATA": {say("354 go"), say("354 go")}},
			[3]mailer.Stage{"", mailer.StageMail, lost}, [3]int{250, 550, 0},
			[]string{"0. | M | R | DATA"}, 1},
		{"a dot that is refused leaves the next alone",
			script{"DOT": {say("451 4.3.0 later")}},
			[3]mailer.Stage{mailer.StageDot, "", ""}, [3]int{451, 250, 250},
			[]string{"0. | M | R | DATA", "1. | M | R | DATA", "2."}, 2},
		{"421 to a dot leaves the others untouched",
			script{"DOT": {say("421 4.3.2 closing")}},
			[3]mailer.Stage{mailer.StageDot, lost, lost}, [3]int{421, 0, 0},
			[]string{"0. | M | R | DATA"}, 0},
		{"a relay that hangs up at a dot leaves one in doubt",
			script{"DOT": {say("250 taken"), cut}},
			[3]mailer.Stage{"", mailer.StageDot, lost}, [3]int{250, 0, 0},
			[]string{"0. | M | R | DATA", "1. | M | R | DATA"}, 1},
		{"a relay that hangs up at the next MAIL leaves none in doubt",
			script{"MAIL": {ok, cut}},
			[3]mailer.Stage{"", mailer.StageMail, lost}, [3]int{250, 0, 0},
			[]string{"0. | M | R | DATA"}, 1},
		{"an acceptance that came before the text is none",
			script{"DATA": {say("354 go"), say("354 go\r\n250 2.0.0 taken")}},
			[3]mailer.Stage{"", mailer.StageData, lost}, [3]int{250, 0, 0},
			[]string{"0. | M | R | DATA"}, 1},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			srv := serve(t, setup{script: c.script, extensions: pipelining})
			s, rec := over(t, srv)
			before := len(rec.writes) + 1
			for i, want := range c.want {
				next := numbered(i + 1)
				announced := &next
				if i == 2 {
					announced = nil
				}
				reply, err := s.Send(t.Context(), numbered(i), announced)
				var got mailer.Stage
				if err != nil {
					got, reply = failure(t, err).Stage, failure(t, err).Reply
				}
				if got != want || reply.Code != c.codes[i] {
					t.Errorf("message %d: %d at %q, want %d at %q (%v)", i, reply.Code, got, c.codes[i], want, err)
				}
			}
			writes := rec.since(before)
			for i := range writes {
				writes[i] = strings.NewReplacer("MAIL FROM:<"+sender+">", "M", "RCPT TO:<"+recipient+">", "R").Replace(writes[i])
			}
			if diff := cmp.Diff(c.writes, writes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s.Close()
			srv.stop()
			if len(srv.taken) != c.taken {
				t.Errorf("the server took %q", srv.taken)
			}
		})
	}
}

// To announce is to promise. Whoever breaks it hangs up, whatever the relay has said
// by then: behind its 354 a QUIT would be text, and a dot a delivery.
func TestWhatIsAnnouncedAndNotSentIsNeverDelivered(t *testing.T) {
	for sentence, instead := range map[string]func(*testing.T, deliver.Session){
		"by hanging up": func(_ *testing.T, s deliver.Session) { s.Close() },
		"by sending another": func(t *testing.T, s deliver.Session) {
			_, err := s.Send(t.Context(), numbered(7), nil)
			if failed := failure(t, err); failed.Stage != mailer.StageConnect || mailer.Next(mailer.Classify(failed)).To != mailer.Queued {
				t.Errorf("got %v", err)
			}
		},
		"by sending the same envelope with another text": func(t *testing.T, s deliver.Session) {
			m := numbered(1)
			m.Bytes = bytes.ToUpper(m.Bytes)
			if _, err := s.Send(t.Context(), m, nil); failure(t, err).Stage != mailer.StageConnect {
				t.Errorf("got %v", err)
			}
		},
		"by a stop": func(t *testing.T, s deliver.Session) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := s.Send(ctx, numbered(1), nil); failure(t, err).Stage != mailer.StageConnect || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		},
	} {
		for answered, then := range map[string]act{"answered": say("250 ok"), "not answered yet": stall} {
			t.Run(sentence+", its envelope "+answered, func(t *testing.T) { breakPromise(t, then, instead) })
		}
	}
}

func breakPromise(t *testing.T, then act, instead func(*testing.T, deliver.Session)) {
	srv := serve(t, setup{extensions: pipelining, script: script{"MAIL": {say("250 ok"), then}}})
	s, rec := over(t, srv)
	next := numbered(1)
	if _, err := s.Send(t.Context(), numbered(0), &next); err != nil {
		t.Fatal(err)
	}
	octets := rec.sent.Len()
	if instead(t, s); s.Alive() {
		t.Error("the session goes on")
	}
	if _, err := s.Send(t.Context(), next, nil); failure(t, err).Stage != mailer.StageConnect {
		t.Errorf("it was sent later: %v", err)
	}
	s.Close()
	srv.stop()
	if more := rec.sent.String()[octets:]; more != "" || len(srv.received()) != 1 {
		t.Errorf("%q was said, and %q received", more, srv.received())
	}
}

// A message that cannot be sent over this relay cannot be announced either: it is
// refused when its turn comes, and the session goes on.
func TestWhatCannotBeSentIsNotAnnounced(t *testing.T) {
	srv := served(t, setup{extensions: pipelining})
	s := open(t, srv)
	bad := numbered(1)
	bad.To = "a@b.example>\r\nRCPT TO:<c@d.example"
	if _, err := s.Send(t.Context(), numbered(0), &bad); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), bad, nil); !errors.Is(err, ErrNotSent) || !s.Alive() {
		t.Errorf("alive %v, %v", s.Alive(), err)
	}
	if _, err := s.Send(t.Context(), numbered(2), nil); err != nil || len(srv.received()) != 2 {
		t.Errorf("%v; %d received", err, len(srv.received()))
	}
}

// Only the last block of a large text forms a group with what follows.
func TestALargeTextGoesInBlocksAndTheNextEnvelopeBehindIt(t *testing.T) {
	srv := serve(t, setup{extensions: pipelining})
	s, rec := over(t, srv)
	first, next := numbered(0), numbered(1)
	first.Bytes = large[:200_000/1000*1000+18]
	first.Bytes = append(slices.Clone(first.Bytes[:len(first.Bytes)-2]), "\r\n"...)
	before := len(rec.writes)
	for _, c := range []struct {
		m    mailer.Message
		next *mailer.Message
	}{{first, &next}, {next, nil}} {
		if _, err := s.Send(t.Context(), c.m, c.next); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(rec.writes) - before; got != 1+4+1 {
		t.Errorf("%d writes for an envelope, four blocks and another text", got)
	}
	s.Close()
	srv.stop()
	if got := srv.received(); len(got) != 2 || got[0] != string(first.Bytes) || got[1] != string(next.Bytes) {
		t.Errorf("%d received", len(got))
	}
}

// short takes no more than so many octets of the write with the next envelope, and
// keeps the connection.
type short struct {
	net.Conn
	behindDot int
}

func (c *short) Write(p []byte) (int, error) {
	dot := bytes.Index(p, []byte("\r\n.\r\n"))
	if dot < 0 || bytes.HasSuffix(p, []byte("\r\n.\r\n")) {
		return c.Conn.Write(p)
	}
	n, _ := c.Conn.Write(p[:dot+5+c.behindDot])
	return n, errBroken
}

// Once all of the dot has left, the relay has an answer to it, whatever became of
// what should have followed.
func TestTheAnswerToADotThatHasLeftIsWaitedForThoughTheNextEnvelopeHasNot(t *testing.T) {
	for _, c := range []struct {
		behind int
		want   mailer.ReplyClass
	}{{0, mailer.ClassAccepted}, {7, mailer.ClassAccepted}, {-1, mailer.ClassUncertain}, {-2, mailer.ClassUncertain}, {-3, mailer.ClassCut}} {
		srv := serve(t, setup{extensions: pipelining})
		reports := inSession(t, srv, 2, func(conn net.Conn) net.Conn { return &short{conn, c.behind} })
		got := mailer.ClassAccepted
		if reports[0] != nil {
			got = mailer.Classify(failure(t, reports[0]))
		}
		if got != c.want || mailer.Classify(failure(t, reports[1])) != mailer.ClassRelayAway {
			t.Errorf("%d octets behind the dot: %v", c.behind, reports)
		}
		srv.stop()
		srv.agrees(t, reports, 0)
	}
}
