package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"pgregory.net/rapid"

	"article14/mailer"
)

// move is one thing that a server may do at a turn, and what a client must
// make of it. The model beneath is written from this alone.
type move struct {
	act    act
	code   int  // of a reply; 0: the client hears nothing that it can use
	yes    bool // the answer that was asked for
	brief  bool // the client's patience is tried
	hangUp bool // the server is gone afterwards
}

func moves(yes string) []move {
	return []move{
		{act: say("%s", yes), yes: true},
		{act: say("%s", yes), yes: true}, // often enough to come far
		{act: say("%s", yes), yes: true},
		{act: say("450 4.2.0 busy"), code: 450},
		{act: say("550-5.1.1 no\r\n550 5.1.1 such user"), code: 550},
		{act: say("421 4.3.2 closing"), code: 421},
		{act: cut, hangUp: true},
		{act: stall, hangUp: true, brief: true},
		{act: say("hello?")},
		{act: say("250-one\r\n251 two")},
		{act: say("099 too low")},
		{act: say("600 too high")},
	}
}

// play is what the server does with one message.
type play struct{ Mail, Rcpt, Data, Dot, Rset move }

func drawPlay(t *rapid.T, label string) play {
	draw := func(turn, yes string) move {
		return rapid.SampledFrom(moves(yes)).Draw(t, label+" "+turn)
	}
	return play{
		Mail: draw("MAIL", "250 2.1.0 ok"), Rcpt: draw("RCPT", "250 2.1.5 ok"), Data: draw("DATA", "354 go ahead"),
		Dot: draw("DOT", "250 2.0.0 taken"), Rset: draw("RSET", "250 2.0.0 ok"),
	}
}

// told is what the client must report of one message.
type told struct {
	stage mailer.Stage // "": taken
	code  int
}

// model says, without a client, what must be reported and whether the session
// can go on; and which turns the server has.
func model(p play) (want told, alive bool, turns map[string]move) {
	turns = map[string]move{}
	for _, turn := range []struct {
		name  string
		stage mailer.Stage
		move  move
	}{{"MAIL", mailer.StageMail, p.Mail}, {"RCPT", mailer.StageRcpt, p.Rcpt}, {"DATA", mailer.StageData, p.Data}, {"DOT", mailer.StageDot, p.Dot}} {
		turns[turn.name] = turn.move
		switch m := turn.move; {
		case m.yes:
			continue
		case m.code == 0 || m.code == 421:
			return told{turn.stage, m.code}, false, turns
		case turn.stage == mailer.StageDot:
			return told{turn.stage, m.code}, true, turns
		default:
			turns["RSET"] = p.Rset
			return told{turn.stage, m.code}, p.Rset.yes, turns
		}
	}
	return told{}, true, turns
}

// E5, and hold 1 of the design: over whole sessions, what is reported is what
// the model says, and what the server took is reported as taken or uncertain.
func TestEveryScriptIsReportedAsTheModelSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "messages")
		var want []told
		var alive []bool
		var l Limits
		s := script{}
		lives := true
		for i := range n {
			if !lives {
				want, alive = append(want, told{stage: mailer.StageConnect}), append(alive, false)
				continue
			}
			w, a, turns := model(drawPlay(rt, fmt.Sprintf("message %d:", i)))
			want, alive, lives = append(want, w), append(alive, a), a
			for name, m := range turns {
				s[name] = append(s[name], m.act)
				if m.brief {
					l = shorten(l, name)
				}
			}
		}
		compare(rt, s, l, want, alive)
	})
}

func shorten(l Limits, turn string) Limits {
	b := briefWhere(script{turn: {stall}})
	return Limits{Mail: max(l.Mail, b.Mail), Rcpt: max(l.Rcpt, b.Rcpt), Data: max(l.Data, b.Data), Dot: max(l.Dot, b.Dot), Reset: max(l.Reset, b.Reset)}
}

func compare(rt *rapid.T, s script, l Limits, want []told, alive []bool) {
	srv := serve(rt, setup{script: s})
	defer srv.stop()
	session, err := dialled(rt, srv, limits(l)).Open(context.Background())
	if err != nil {
		rt.Fatal(err)
	}
	defer session.Close()
	mayHaveArrived := 0
	for i := range want {
		var got told
		_, err := session.Send(context.Background(), notice, nil)
		if err != nil {
			failed := failure(rt, err)
			got = told{failed.Stage, failed.Reply.Code}
		}
		if got != want[i] || session.Alive() != alive[i] {
			rt.Errorf("message %d: %+v, alive %v; want %+v, alive %v (%v)", i, got, session.Alive(), want[i], alive[i], err)
		}
		if err == nil || mailer.Classify(failure(rt, err)) == mailer.ClassUncertain || got.stage == mailer.StageDot {
			mayHaveArrived++
		}
	}
	if got := srv.received(); len(got) != mayHaveArrived {
		rt.Errorf("%d messages came as far as their dot, %d were reported so", len(got), mayHaveArrived)
	}
	for _, m := range srv.received() {
		if m != text {
			rt.Errorf("the server got %q", m)
		}
	}
}

// A connection that breaks at any octet of what we send: nothing that the relay
// took is reported as not taken, and nothing is uncertain before the dot.
func TestACutAtAnyOctet(t *testing.T) {
	total := int64(1) << 30
	dot := sendInFull(t, &total) // once, to learn where the dot is
	named := int64(len("EHLO notices.example\r\n" + "MAIL FROM:<" + sender + ">\r\n"))
	for at := range total + 1 {
		class, arrived := reportOfCutAt(t, at)
		want := mailer.ClassAccepted
		switch {
		case at < named:
			want = mailer.ClassRelayAway
		case at <= dot:
			want = mailer.ClassCut
		case at < total:
			want = mailer.ClassUncertain
		}
		if class != want || arrived != (at == total) {
			t.Errorf("cut after %d octets of %d (dot behind %d): %s, arrived %v; want %s", at, total, dot, class, arrived, want)
		}
	}
}

// sendInFull sends one message. It gives the octets before the dot and sets
// total to those before QUIT.
func sendInFull(t *testing.T, total *int64) (dot int64) {
	srv := serve(t, setup{})
	defer srv.stop()
	s, err := dialled(t, srv).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Send(t.Context(), notice, nil); err != nil {
		t.Fatal(err)
	}
	*total = s.(*session).conn.sent
	return *total - int64(len(".\r\n"))
}

func reportOfCutAt(t *testing.T, at int64) (class mailer.ReplyClass, arrived bool) {
	srv := serve(t, setup{})
	defer srv.stop()
	r := dialled(t, srv)
	plain := r.dial
	r.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := plain(ctx, network, addr)
		return &brittle{Conn: conn, left: at}, err
	}
	s, err := r.Open(t.Context())
	if err == nil {
		_, err = s.Send(t.Context(), notice, nil)
		s.Close()
	}
	arrived = len(srv.received()) == 1
	if err == nil {
		return mailer.ClassAccepted, arrived
	}
	return mailer.Classify(failure(t, err)), arrived
}

// brittle breaks after so many octets.
type brittle struct {
	net.Conn
	left int64
}

var errBroken = errors.New("broken")

func (c *brittle) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		n, err := c.Conn.Write(p)
		c.left -= int64(n)
		return n, err
	}
	n, _ := c.Conn.Write(p[:c.left])
	c.left = 0
	c.Conn.Close()
	return n, errBroken
}
