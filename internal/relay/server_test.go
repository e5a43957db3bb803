package relay

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// act is what a scripted server does when its turn comes.
type act struct {
	say    string // a reply, without the last CRLF
	cut    bool   // hang up instead
	stall  bool   // say nothing until the client hangs up
	freeze bool   // as stall, and do not even read: for what would fill the buffers

	reached chan<- struct{} // closed when the turn comes
}

func say(format string, args ...any) act { return act{say: fmt.Sprintf(format, args...)} }

var (
	cut    = act{cut: true}
	stall  = act{stall: true}
	freeze = act{freeze: true}
)

// script is what the server does at each turn, in order: GREETING, EHLO,
// STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (after 354, before anything is read),
// DOT, RSET, QUIT. Where the list has ended the server is kind, as far as the order
// of commands lets it be.
type script map[string][]act

type setup struct {
	script     script
	extensions []string
	tls        *tls.Config // for STARTTLS, or from the first byte if implicit
	implicit   bool
}

// scripted is an SMTP server that knows no more of SMTP than its script, and
// where a message ends.
type scripted struct {
	setup
	t    rapid.TB
	ln   net.Listener
	wg   sync.WaitGroup
	over chan struct{}

	mu    sync.Mutex
	lines []string // commands that came
	mails []string // messages that came as far as their dot, dots no longer doubled
	taken []string // those of them whose answer began with a 2
}

// serve starts a server. stop waits until each client has hung up.
func serve(t rapid.TB, s setup) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	acts := script{}
	for turn, list := range s.script {
		acts[turn] = slices.Clone(list)
	}
	s.script = acts
	srv := &scripted{setup: s, t: t, ln: ln, over: make(chan struct{})}
	srv.wg.Go(srv.accept)
	return srv
}

// served is serve for a whole test.
func served(t testing.TB, s setup) *scripted {
	t.Helper()
	srv := serve(t, s)
	t.Cleanup(srv.stop)
	return srv
}

func (s *scripted) stop() {
	close(s.over)
	s.ln.Close()
	s.wg.Wait()
}

func (s *scripted) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		// Longer than any test: only a client that leaves its socket open sees it.
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		s.wg.Go(func() { s.talk(conn) })
	}
}

func (s *scripted) talk(conn net.Conn) {
	defer conn.Close()
	d := &dialogue{s: s, raw: conn}
	d.speak(conn)
	if s.implicit {
		d.speak(tls.Server(conn, s.tls))
	}
	if !d.turn("GREETING", "220 relay.example ESMTP") {
		return
	}
	for {
		line, err := d.r.ReadString('\n')
		if s.sawEnd(err); err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		if !d.answer(line) {
			return
		}
	}
}

// sawEnd looks at how a connection ended.
func (s *scripted) sawEnd(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Error("the client left its socket open")
	}
}

func (s *scripted) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

func (s *scripted) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// dialogue is one connection.
type dialogue struct {
	s    *scripted
	raw  net.Conn
	conn net.Conn // raw, or TLS over it
	r    *bufio.Reader

	sender, named bool // MAIL and RCPT were taken
}

func (d *dialogue) speak(conn net.Conn) { d.conn, d.r = conn, bufio.NewReader(conn) }

// turn does what the script says, or says what is kind; it tells whether the
// dialogue goes on.
func (d *dialogue) turn(name, kind string) bool { return d.do(d.s.next(name, kind)) }

func (d *dialogue) do(a act) bool {
	if a.reached != nil {
		close(a.reached)
	}
	switch {
	case a.cut:
		return false
	case a.stall:
		_, err := io.Copy(io.Discard, d.r)
		d.s.sawEnd(err)
		return false
	case a.freeze:
		<-d.s.over
		return false
	case a.say == "":
		return true
	}
	_, err := io.WriteString(d.conn, a.say+"\r\n")
	return err == nil
}

func (s *scripted) next(name, kind string) act {
	s.mu.Lock()
	defer s.mu.Unlock()
	if queue := s.script[name]; len(queue) > 0 {
		s.script[name] = queue[1:]
		return queue[0]
	}
	return act{say: kind}
}

func (d *dialogue) answer(line string) bool {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		return d.turn(verb, d.hello())
	case "STARTTLS":
		if !d.turn(verb, "220 go ahead") {
			return false
		}
		d.speak(tls.Server(d.conn, d.s.tls))
		return true
	case "AUTH":
		return d.turn(verb, d.authenticate(arg))
	case "MAIL":
		a := d.s.next(verb, "250 2.1.0 ok")
		d.sender, d.named = a.takes(), false
		return d.do(a)
	case "RCPT":
		a := d.s.next(verb, kindIf(d.sender, "250 2.1.5 ok", "503 5.5.1 MAIL first"))
		d.named = a.takes()
		return d.do(a)
	case "DATA":
		return d.data()
	case "QUIT":
		d.turn(verb, "221 bye")
		return false
	}
	return d.turn(verb, "250 2.0.0 ok")
}

func (a act) takes() bool { return strings.HasPrefix(a.say, "2") }

func kindIf(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func (d *dialogue) hello() string {
	lines := append([]string{"relay.example"}, d.s.extensions...)
	if _, secure := d.conn.(*tls.Conn); d.s.tls != nil && !secure {
		lines = append(lines, "STARTTLS")
	}
	for i := range lines {
		lines[i] = "250-" + lines[i]
	}
	lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], "-", " ", 1)
	return strings.Join(lines, "\r\n")
}

// authenticate knows one account, by PLAIN.
func (d *dialogue) authenticate(arg string) string {
	if arg == "PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00notices\x00open sesame")) {
		return "235 2.7.0 welcome"
	}
	return "535 5.7.8 no such account: notices@relay.example"
}

// data answers DATA, and after 354 reads as far as the dot.
func (d *dialogue) data() bool {
	a := d.s.next("DATA", kindIf(d.named, "354 go ahead", "554 5.5.1 no valid recipients"))
	if goesOn := d.do(a); !goesOn || !strings.HasPrefix(a.say, "354") {
		return goesOn
	}
	if !d.turn("BODY", "") || !d.body() {
		return false
	}
	answer := d.s.next("DOT", kindIf(d.named, "250 2.0.0 taken", "554 5.5.1 no valid recipients"))
	if answer.takes() {
		d.s.mu.Lock()
		d.s.taken = append(d.s.taken, d.s.mails[len(d.s.mails)-1])
		d.s.mu.Unlock()
	}
	return d.do(answer)
}

// body reads a message as RFC 5321 4.5.2 has it: a line ends with CRLF, and a
// line that is a dot alone ends the message.
func (d *dialogue) body() bool {
	var b strings.Builder
	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	d.s.mu.Lock()
	d.s.mails = append(d.s.mails, b.String())
	d.s.mu.Unlock()
	return true
}
