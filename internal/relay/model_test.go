package relay

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/deliver"
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

// play is what the server does with one message. Lone answers the dot of a
// message whose recipient was refused.
type play struct{ Mail, Rcpt, Data, Dot, Lone, Rset move }

func drawPlay(t *rapid.T, label string) play {
	draw := func(turn, yes string) move {
		return rapid.SampledFrom(moves(yes)).Draw(t, label+" "+turn)
	}
	return play{
		Mail: draw("MAIL", "250 2.1.0 ok"), Rcpt: draw("RCPT", "250 2.1.5 ok"), Data: draw("DATA", "354 go ahead"),
		Dot: draw("DOT", "250 2.0.0 taken"), Lone: draw("lone dot", "250 2.0.0 taken"), Rset: draw("RSET", "250 2.0.0 ok"),
	}
}

// told is what the client must report of one message.
type told struct {
	stage mailer.Stage // "": taken
	code  int
}

// expected is what must come of one message: what is reported, whether the session
// can go on, which turns the server has, and whether it gets an empty text.
type expected struct {
	told
	alive bool
	turns map[string]move
	lone  bool
}

type step struct {
	name  string
	stage mailer.Stage
	move  move
}

func (p play) envelope() []step {
	return []step{{"MAIL", mailer.StageMail, p.Mail}, {"RCPT", mailer.StageRcpt, p.Rcpt}, {"DATA", mailer.StageData, p.Data}}
}

// ends tells whether nobody knows after this where the dialogue stands.
func (m move) ends() bool { return !m.yes && (m.code == 0 || m.code == 421) }

// stepwise is the model of a dialogue of single steps, without a client.
func (p play) stepwise() expected {
	e := expected{turns: map[string]move{}}
	for _, s := range p.envelope() {
		e.turns[s.name] = s.move
		if s.move.yes {
			continue
		}
		e.told = told{s.stage, s.move.code}
		if !s.move.ends() {
			e.turns["RSET"], e.alive = p.Rset, p.Rset.yes
		}
		return e
	}
	return p.dot(e)
}

func (p play) dot(e expected) expected {
	e.turns["DOT"] = p.Dot
	if !p.Dot.yes {
		e.told = told{mailer.StageDot, p.Dot.code}
	}
	e.alive = !p.Dot.ends()
	return e
}

// grouped is the model where MAIL, RCPT and DATA came together: the server
// answers them all, and the first no is the verdict.
func (p play) grouped() expected {
	e := expected{turns: map[string]move{}}
	for _, s := range p.envelope() {
		e.turns[s.name] = s.move
		if !s.move.yes && e.told == (told{}) {
			e.told = told{s.stage, s.move.code}
		}
		if s.move.ends() {
			return e
		}
	}
	switch {
	case e.told == told{}:
		return p.dot(e)
	case !p.Data.yes:
		e.turns["RSET"], e.alive = p.Rset, p.Rset.yes
	case !p.Rcpt.yes: // the server waits for a text to nobody
		e.turns["DOT"], e.lone = p.Lone, true
		if !p.Lone.ends() {
			e.turns["RSET"], e.alive = p.Rset, p.Rset.yes
		}
	}
	return e // else it waits for a text to somebody, and gets none
}

// breach is how an announced message is not sent.
type breach string

const (
	none    breach = ""
	hangUp  breach = "hang up"
	another breach = "send another one"
	ended   breach = "send it under a context that has ended"
)

// E5, and hold 1 of the design: over whole sessions, what is reported is what
// the model says, and what the server took is reported as taken or uncertain.
func TestEveryScriptIsReportedAsTheModelSays(t *testing.T) {
	for way, extensions := range bothWays {
		t.Run(way, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { drawSession(rt, extensions).check(rt) })
		})
	}
}

// rehearsal is a session of several messages whose outcome is known.
type rehearsal struct {
	setup
	limits    Limits
	want      []expected
	announces []bool   // the next one, with this one
	breaches  []breach // of the promise to send this one
}

func drawSession(rt *rapid.T, extensions []string) *rehearsal {
	r := &rehearsal{setup: setup{extensions: extensions, script: script{}}}
	untouched := expected{told: told{stage: mailer.StageConnect}}
	n, alive, announced := rapid.IntRange(1, 5).Draw(rt, "messages"), true, false
	for i := range n {
		label := fmt.Sprintf("message %d:", i)
		e, broken := untouched, none
		if alive && announced && rapid.IntRange(0, 5).Draw(rt, label+" broken") == 0 {
			broken = rapid.SampledFrom([]breach{hangUp, another, ended}).Draw(rt, label+" how")
		} else if alive {
			p := drawPlay(rt, label)
			if e = p.stepwise(); len(extensions) > 0 {
				e = p.grouped()
			}
			r.perform(e)
		}
		// A promise counts where it left something on the wire.
		announces := i+1 < n && rapid.Bool().Draw(rt, label+" announces")
		alive, announced = e.alive, announces && len(extensions) > 0 && e.reachedDot()
		r.want, r.announces, r.breaches = append(r.want, e), append(r.announces, announces), append(r.breaches, broken)
	}
	return r
}

func (e expected) reachedDot() bool {
	_, there := e.turns["DOT"]
	return there && !e.lone
}

// perform has the server play a message's turns.
func (r *rehearsal) perform(e expected) {
	for name, m := range e.turns {
		r.script[name] = append(r.script[name], m.act)
		if !m.brief {
			continue
		}
		if name == "DOT" && e.lone {
			name = "RSET" // whose limit it has
		}
		b := briefWhere(script{name: {stall}})
		l := &r.limits
		*l = Limits{Mail: max(l.Mail, b.Mail), Rcpt: max(l.Rcpt, b.Rcpt), Data: max(l.Data, b.Data), Dot: max(l.Dot, b.Dot), Reset: max(l.Reset, b.Reset)}
	}
}

// numbered is the i-th message of a session.
func numbered(i int) mailer.Message {
	m := notice
	m.EnvelopeID = fmt.Sprintf("id%d", i)
	m.Bytes = fmt.Appendf(nil, "Subject: Notice %d\r\n\r\n%s", i, text)
	return m
}

// check plays it and compares.
func (r *rehearsal) check(rt *rapid.T) {
	srv := serve(rt, r.setup)
	stopped := false
	defer func() {
		if !stopped {
			srv.stop()
		}
	}()
	session, err := dialled(rt, srv, limits(r.limits)).Open(context.Background())
	if err != nil {
		rt.Fatal(err)
	}
	defer session.Close()
	reports := make([]error, len(r.want))
	for i, want := range r.want {
		reports[i] = r.send(session, i)
		got := toldBy(rt, reports[i])
		if got != want.told || session.Alive() != want.alive {
			rt.Errorf("message %d: %+v, alive %v; want %+v, alive %v (%v)", i, got, session.Alive(), want.told, want.alive, reports[i])
		}
	}
	session.Close()
	srv.stop()
	stopped = true
	lone := 0
	for _, e := range r.want {
		if e.lone {
			lone++
		}
	}
	srv.agrees(rt, reports, lone)
}

func (r *rehearsal) send(s deliver.Session, i int) error {
	ctx, m := context.Background(), numbered(i)
	switch r.breaches[i] {
	case hangUp:
		s.Close()
	case another:
		m = numbered(i + 100)
	case ended:
		over, cancel := context.WithCancel(ctx)
		cancel()
		ctx = over
	}
	var next *mailer.Message
	if r.announces[i] {
		n := numbered(i + 1)
		next = &n
	}
	_, err := s.Send(ctx, m, next)
	return err
}

func toldBy(t rapid.TB, err error) told {
	if err == nil {
		return told{}
	}
	failed := failure(t, err)
	return told{failed.Stage, failed.Reply.Code}
}

// agrees holds what was reported of numbered messages against what the server, which
// has stopped, really got and took: nothing that it took is reported as not taken,
// nothing is reported as taken that it did not take, a broken connection leaves one
// message uncertain at most, and but for lone dots no text came that is not one of them.
func (s *scripted) agrees(t rapid.TB, reports []error, lone int) {
	t.Helper()
	doubts, texts := 0, map[string]bool{}
	for i, err := range reports {
		m := string(numbered(i).Bytes)
		texts[m] = true
		class, came := mailer.ClassAccepted, 0
		if err != nil {
			class = mailer.Classify(failure(t, err))
		}
		for _, got := range s.mails {
			if got == m {
				came++
			}
		}
		taken := slices.Contains(s.taken, m)
		switch {
		case came > 1:
			t.Errorf("message %d came %d times", i, came)
		case class == mailer.ClassUncertain:
			doubts++
		case taken != (class == mailer.ClassAccepted):
			t.Errorf("message %d is reported %s, and the server took it: %v", i, class, taken)
		}
	}
	for _, got := range s.mails {
		if got == "" {
			lone--
		} else if !texts[got] {
			t.Errorf("the server got %q", got)
		}
	}
	if lone != 0 || doubts > 1 {
		t.Errorf("%d lone dots are missing, %d messages are uncertain", lone, doubts)
	}
}
