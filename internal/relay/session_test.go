package relay

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/deliver"
)

const (
	sender    = "b-1abcdef@notices.example"
	recipient = "ann.lee@people.example"
	envelope  = "0198c0de"
	text      = "Subject: Notice\r\n\r\nDear Ann,\r\n.\r\n..hidden\r\n"
)

var notice = mailer.Message{EnvelopeFrom: sender, To: recipient, EnvelopeID: envelope, Bytes: []byte(text)}

// brief are limits under which a scripted stall is over soon. Only what the
// script stalls may be brief, or a slow machine would decide.
const brief = 30 * time.Millisecond

// open opens a session with a scripted server, closed when the test ends.
func open(t testing.TB, srv *scripted, change ...func(*Config)) deliver.Session {
	t.Helper()
	s, err := dialled(t, srv, change...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dialled(t rapid.TB, srv *scripted, change ...func(*Config)) *SMTP {
	t.Helper()
	cfg := Config{Host: "127.0.0.1", Port: srv.ln.Addr().(*net.TCPAddr).Port, HELO: "notices.example"}
	for _, c := range change {
		c(&cfg)
	}
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func limits(l Limits) func(*Config) { return func(c *Config) { c.Limits = l } }

// bothWays are what a server offers that takes groups of commands, and one that does not.
var bothWays = map[string][]string{"step by step": nil, "pipelined": {"PIPELINING"}}

func both(t *testing.T, sentence string, test func(t *testing.T, extensions []string)) {
	t.Helper()
	for way, extensions := range bothWays {
		t.Run(sentence+", "+way, func(t *testing.T) { test(t, extensions) })
	}
}

// failure gives the delivery error behind err, which must be one.
func failure(t rapid.TB, err error) *mailer.DeliveryError {
	t.Helper()
	var failed *mailer.DeliveryError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a *mailer.DeliveryError", err)
	}
	return failed
}

// large overfills the buffers of both sides' sockets, so that a body that nobody
// reads cannot have left.
var large = []byte("Subject: Big\r\n\r\n" + strings.Repeat(strings.Repeat("x", 998)+"\r\n", 16<<10))

// What a mail library reports and what is true are two things; here is the truth, and more of
// its kind, over real sockets.
func TestWhatHappenedIsWhatIsReported(t *testing.T) {
	for _, c := range []struct {
		sentence string
		script   script
		stage    mailer.Stage
		code     int
		enhanced string
		class    mailer.ReplyClass
		to       mailer.DeliveryState
		alive    bool
	}{
		{"451 at RCPT is transient", script{"RCPT": {say("451 4.7.1 greylisted")}}, mailer.StageRcpt, 451, "4.7.1", mailer.ClassTransient, mailer.Deferred, true},
		{"550 5.1.1 at RCPT is permanent", script{"RCPT": {say("550 5.1.1 no such user")}}, mailer.StageRcpt, 550, "5.1.1", mailer.ClassDeadAddress, mailer.Rejected, true},
		{"a connection lost at RCPT is transient", script{"RCPT": {cut}}, mailer.StageRcpt, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"a connection lost after the final dot is uncertain", script{"DOT": {cut}}, mailer.StageDot, 0, "", mailer.ClassUncertain, mailer.Uncertain, false},
		{"no answer to the final dot is uncertain", script{"DOT": {stall}}, mailer.StageDot, 0, "", mailer.ClassUncertain, mailer.Uncertain, false},
		{"nonsense after the final dot is uncertain", script{"DOT": {say("thank you")}}, mailer.StageDot, 0, "", mailer.ClassUncertain, mailer.Uncertain, false},
		{"354 after the final dot is uncertain", script{"DOT": {say("354 more")}}, mailer.StageDot, 0, "", mailer.ClassUncertain, mailer.Uncertain, false},
		{"550 5.1.1 after the final dot is permanent", script{"DOT": {say("550 5.1.1 no such user")}}, mailer.StageDot, 550, "5.1.1", mailer.ClassDeadAddress, mailer.Rejected, true},
		{"421 after the final dot is no acceptance", script{"DOT": {say("421 4.3.2 closing")}}, mailer.StageDot, 421, "4.3.2", mailer.ClassTransient, mailer.Deferred, false},
		{"550 5.7.1 after the final dot is about us", script{"DOT": {say("550 5.7.1 your address is listed")}}, mailer.StageDot, 550, "5.7.1", mailer.ClassPolicy, mailer.Deferred, true},
		{"a connection lost at MAIL charges nobody", script{"MAIL": {cut}}, mailer.StageMail, 0, "", mailer.ClassRelayAway, mailer.Queued, false},
		{"421 at MAIL charges nobody", script{"MAIL": {say("421 4.3.2 closing")}}, mailer.StageMail, 421, "4.3.2", mailer.ClassRelayAway, mailer.Queued, false},
		{"530 at MAIL is about us", script{"MAIL": {say("530 5.7.0 authenticate")}}, mailer.StageMail, 530, "5.7.0", mailer.ClassPolicy, mailer.Deferred, true},
		{"silence at MAIL charges nobody", script{"MAIL": {stall}}, mailer.StageMail, 0, "", mailer.ClassRelayAway, mailer.Queued, false},
		{"silence at RCPT is transient", script{"RCPT": {stall}}, mailer.StageRcpt, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"silence at DATA is transient", script{"DATA": {stall}}, mailer.StageData, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"a body that nobody reads is transient", script{"BODY": {freeze}}, mailer.StageData, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"a connection lost in the body is transient", script{"BODY": {cut}}, mailer.StageData, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"554 at DATA is a refusal", script{"DATA": {say("554 5.5.1 no valid recipients")}}, mailer.StageData, 554, "5.5.1", mailer.ClassRefused, mailer.Rejected, true},
		{"250 at DATA is nonsense", script{"DATA": {say("250 ok")}}, mailer.StageData, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"an acceptance that came before the dot is none", script{"DATA": {say("354 go ahead\r\n250 taken")}}, mailer.StageData, 0, "", mailer.ClassCut, mailer.Deferred, false},
		{"a refusal stands when RSET fails", script{"RCPT": {say("550 5.1.1 no")}, "RSET": {cut}}, mailer.StageRcpt, 550, "5.1.1", mailer.ClassDeadAddress, mailer.Rejected, false},
		{"a refusal stands when RSET is refused", script{"RCPT": {say("450 busy")}, "RSET": {say("502 no")}}, mailer.StageRcpt, 450, "", mailer.ClassTransient, mailer.Deferred, false},
	} {
		both(t, c.sentence, func(t *testing.T, extensions []string) {
			srv := served(t, setup{script: c.script, extensions: extensions})
			m := notice
			if c.script["BODY"] != nil {
				m.Bytes = large
			}
			s := open(t, srv, limits(briefWhere(c.script)))
			_, err := s.Send(t.Context(), m, nil)
			failed := failure(t, err)
			got := []any{failed.Stage, failed.Reply.Code, failed.Reply.Enhanced, mailer.Classify(failed), mailer.Next(mailer.Classify(failed)).To, s.Alive()}
			want := []any{c.stage, c.code, c.enhanced, c.class, c.to, c.alive}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v\n(-want +got):\n%s", err, diff)
			}
			if strings.Contains(err.Error(), "ann") {
				t.Errorf("the error names the recipient: %v", err)
			}
		})
	}
}

// briefWhere makes short only the limits of what a script stalls.
func briefWhere(s script) Limits {
	var l Limits
	for turn, limit := range map[string]*time.Duration{
		"MAIL": &l.Mail, "RCPT": &l.Rcpt, "DATA": &l.Data, "BODY": &l.Block, "DOT": &l.Dot, "RSET": &l.Reset, "QUIT": &l.Quit,
		"GREETING": &l.Greeting, "EHLO": &l.Greeting,
	} {
		if slices.ContainsFunc(s[turn], func(a act) bool { return a.stall || a.freeze }) {
			*limit = brief
		}
	}
	return l
}

// E2: relayed means that the relay said so, and no more is asked of it.
func TestAnAcceptedMessageStaysAcceptedWhateverComesAfter(t *testing.T) {
	srv := served(t, setup{script: script{"RSET": {cut}, "QUIT": {stall}}})
	s := open(t, srv, limits(Limits{Quit: brief}))
	reply, err := s.Send(t.Context(), notice, nil)
	if err != nil || reply.Code != 250 || reply.Enhanced != "2.0.0" || reply.Text != "taken" {
		t.Fatalf("got %+v, %v", reply, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if slices.Contains(srv.commands(), "RSET") {
		t.Error("RSET after acceptance: a round trip that can only do harm")
	}
}

func TestASessionGoesOnAfterARefusal(t *testing.T) {
	srv := served(t, setup{script: script{"RCPT": {say("550 5.1.1 no such user")}, "DOT": {say("451 later")}}})
	s := open(t, srv)
	for i, want := range []mailer.Stage{mailer.StageRcpt, mailer.StageDot, ""} {
		_, err := s.Send(t.Context(), notice, nil)
		if want == "" && err != nil {
			t.Errorf("message %d: %v", i, err)
		}
		if want != "" && failure(t, err).Stage != want {
			t.Errorf("message %d: %v", i, err)
		}
	}
	mail, rcpt := "MAIL FROM:<"+sender+">", "RCPT TO:<"+recipient+">"
	want := []string{"EHLO notices.example", mail, rcpt, "RSET", mail, rcpt, "DATA", mail, rcpt, "DATA"}
	if diff := cmp.Diff(want, srv.commands()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestADeadSessionTouchesNoWire(t *testing.T) {
	srv := served(t, setup{script: script{"MAIL": {say("421 closing")}}})
	s := open(t, srv)
	s.Send(t.Context(), notice, nil)
	before := len(srv.commands())
	_, err := s.Send(t.Context(), notice, nil)
	if failed := failure(t, err); failed.Stage != mailer.StageConnect || mailer.Classify(failed) != mailer.ClassRelayAway {
		t.Errorf("got %v", err)
	}
	if s.Close(); len(srv.commands()) != before {
		t.Errorf("a dead session spoke: %q", srv.commands()[before:])
	}
}

func TestACancelledContextBeforeMailTouchesNoWire(t *testing.T) {
	srv := served(t, setup{})
	s := open(t, srv)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Send(ctx, notice, nil)
	if failed := failure(t, err); failed.Stage != mailer.StageConnect || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !s.Alive() || len(srv.commands()) != 1 {
		t.Errorf("alive %v after %q", s.Alive(), srv.commands())
	}
	if _, err := s.Send(t.Context(), notice, nil); err != nil {
		t.Errorf("the session could not be used any more: %v", err)
	}
}

// A graceful stop finishes what is on the wire: it makes nothing uncertain.
func TestAContextThatEndsAfterMailDoesNotStopTheTransaction(t *testing.T) {
	srv := served(t, setup{})
	ctx, cancel := context.WithCancel(t.Context())
	r := dialled(t, srv)
	plain := r.dial
	r.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := plain(ctx, network, addr)
		return &tapped{Conn: conn, onWrite: func(p []byte) {
			if strings.HasPrefix(string(p), "MAIL") {
				cancel()
			}
		}}, err
	}
	s, err := r.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Send(ctx, notice, nil); err != nil {
		t.Errorf("got %v", err)
	}
	if ctx.Err() == nil || len(srv.received()) != 1 {
		t.Errorf("context: %v; messages: %d", ctx.Err(), len(srv.received()))
	}
}

// A relay that hangs before the dot has taken nothing: a stop does not wait there
// for the minutes that RFC 5321 allows.
func TestAStopHangsUpSoonOnARelayThatHangsBeforeTheDot(t *testing.T) {
	for _, turn := range []string{"MAIL", "RCPT", "DATA", "BODY"} {
		both(t, turn, func(t *testing.T, extensions []string) {
			reached := make(chan struct{})
			srv := served(t, setup{extensions: extensions, script: script{turn: {{stall: turn != "BODY", freeze: turn == "BODY", reached: reached}}}})
			s := open(t, srv, limits(Limits{Stop: brief}))
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-reached; cancel() }()
			m := notice
			m.Bytes = large
			_, err := s.Send(ctx, m, nil)
			if failed := failure(t, err); mailer.Classify(failed) == mailer.ClassUncertain || s.Alive() {
				t.Errorf("got %v, alive %v", failed, s.Alive())
			}
		})
	}
}

// The end of a context hurries what is sent under it, and nothing after that.
func TestAStopHurriesOnlyWhatIsSentUnderItsContext(t *testing.T) {
	srv := served(t, setup{})
	s := open(t, srv)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Send(ctx, notice, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), notice, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	conn := s.(*session).conn
	conn.hurry(ctx.Done(), time.Nanosecond) // one that comes late
	if !conn.last.IsZero() {
		t.Error("a context that is not watched any more hurries")
	}
	if _, err := s.Send(t.Context(), notice, nil); err != nil {
		t.Error(err)
	}
}

func TestAStopDoesNotHurryTheAnswerToTheDot(t *testing.T) {
	both(t, "", func(t *testing.T, extensions []string) {
		srv := served(t, setup{extensions: extensions})
		r := dialled(t, srv)
		plain, stop := r.dial, func() {}
		r.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := plain(ctx, network, addr)
			return &tapped{Conn: conn, written: func(p []byte) {
				if bytes.Contains(p, []byte("\r\n.\r\n")) {
					stop()
				}
			}}, err
		}
		s, err := r.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stopped := false
		stop = func() { // as the end of the context does
			stopped = true
			s.(*session).conn.hurry(ctx.Done(), time.Nanosecond)
		}
		if _, err := s.Send(ctx, notice, nil); err != nil || !stopped {
			t.Errorf("stopped %v: %v", stopped, err)
		}
	})
}

// tapped calls before and after each write.
type tapped struct {
	net.Conn
	onWrite, written func([]byte)
}

func (c *tapped) Write(p []byte) (int, error) {
	if c.onWrite != nil {
		c.onWrite(p)
	}
	n, err := c.Conn.Write(p)
	if c.written != nil {
		c.written(p)
	}
	return n, err
}

func TestClosingDuringASendHangsUpAndTheSendReportsWhatIsTrue(t *testing.T) {
	for _, c := range []struct {
		sentence string
		turn     string
		want     mailer.ReplyClass
	}{
		{"before the dot it is a lost connection", "DATA", mailer.ClassCut},
		{"after the dot it is uncertain", "DOT", mailer.ClassUncertain},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			reached := make(chan struct{})
			srv := served(t, setup{script: script{c.turn: {{stall: true, reached: reached}}}})
			s := open(t, srv)
			answer := make(chan error)
			go func() {
				_, err := s.Send(context.Background(), notice, nil)
				answer <- err
			}()
			<-reached
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
			if failed := failure(t, <-answer); mailer.Classify(failed) != c.want {
				t.Errorf("got %v", failed)
			}
			if err := s.Close(); err != nil {
				t.Errorf("closing again: %v", err)
			}
		})
	}
}
