package main

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"math/rand/v2"
	"net"
	"strings"
	"sync"

	"article14/internal/rig"
	"article14/mailer"
)

// sink is the relay: it takes every mail, remembers which, and can be made to fail.
type sink struct {
	addr string

	mu       sync.Mutex
	listener net.Listener // nil while the relay is away
	conns    map[net.Conn]bool
	mails    map[mailer.ID]*mail
	taken    int // mails, again or not
	nameless int // mails whose Message-ID is none of ours
	cuts     int // connections that were reset
	cutting  *rand.Rand
	held     chan struct{} // while not nil: what is taken is answered when it is closed
	waiting  int           // mails that wait for their answer
}

// mail is what came under one Message-ID.
type mail struct {
	sum     [sha256.Size]byte
	times   int
	changed bool // other bytes came under the same Message-ID
	envelope
}

// envelope is what a report about a mail speaks of.
type envelope struct{ from, to, messageID string }

func openSink() (*sink, error) {
	s := &sink{addr: "127.0.0.1:0", conns: map[net.Conn]bool{}, mails: map[mailer.ID]*mail{}}
	return s, s.open()
}

// open opens the door: at first, and again after refuse, at the same address.
func (s *sink) open() error {
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.addr = l, l.Addr().String()
	go s.serve(l)
	return nil
}

func (s *sink) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.talk(c)
	}
}

func (s *sink) talk(c net.Conn) {
	s.mu.Lock()
	s.conns[c] = true
	s.mu.Unlock()
	p := &reader{sum: sha256.New()}
	rig.TakeMail(fragile{c.(*net.TCPConn), s}, rig.Mailbox{Command: p.command, Line: p.line, Taken: func() bool { return s.take(c, p) }})
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// close ends everything.
func (s *sink) close() {
	s.refuse()
	s.release()
}

// refuse shuts the door and resets whoever is inside.
func (s *sink) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	for c := range s.conns {
		s.reset(c)
	}
}

// reset cuts a connection off without a goodbye; s.mu is held.
func (s *sink) reset(c net.Conn) {
	if s.conns[c] {
		s.cuts++
		delete(s.conns, c)
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}

// cut makes connections break at points that r chooses; nil: no more.
func (s *sink) cut(r *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutting = r
}

// hold keeps back the answers to what is taken from now on, until release.
func (s *sink) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = make(chan struct{})
}

func (s *sink) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
}

// count is a look at one of the sink's counters.
func (s *sink) count(what func(*sink) int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return what(s)
}

func (s *sink) takenUpToNow() int { return s.count(func(s *sink) int { return s.taken }) }

// Of a relay that breaks, one read in how many ends in a reset, and one mail in how
// many is taken and never answered.
const (
	readsToACut     = 60
	mailsToAnAbsent = 300
)

// take writes a mail down. What is taken counts, answered or not.
func (s *sink) take(c net.Conn, p *reader) (answer bool) {
	about := p.about
	id, sum := p.end()
	s.mu.Lock()
	s.taken++
	if id.IsZero() {
		s.nameless++
	} else if m := s.mails[id]; m == nil {
		s.mails[id] = &mail{sum: sum, times: 1, envelope: about}
	} else {
		m.times++
		m.changed = m.changed || m.sum != sum
	}
	held := s.held
	if s.cutting != nil && s.cutting.IntN(mailsToAnAbsent) == 0 {
		s.reset(c)
		s.mu.Unlock()
		return false
	}
	if held != nil {
		s.waiting++
	}
	s.mu.Unlock()
	if held != nil {
		<-held
		s.count(func(s *sink) int { s.waiting--; return 0 })
	}
	return true
}

// fragile is a connection that breaks while the sink cuts: behind a random part of
// what came.
type fragile struct {
	*net.TCPConn
	sink *sink
}

func (f fragile) Read(p []byte) (int, error) {
	n, err := f.TCPConn.Read(p)
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	if r := f.sink.cutting; err == nil && r != nil && r.IntN(readsToACut) == 0 {
		f.sink.reset(f.TCPConn)
		return r.IntN(n + 1), nil // the next read fails
	}
	return n, err
}

// reader makes of a mail's lines its hash and the delivery that its Message-ID names.
type reader struct {
	sum    hash.Hash
	id     mailer.ID
	about  envelope
	inBody bool
}

// command reads a line of the envelope.
func (r *reader) command(line []byte) {
	verb, rest, _ := strings.Cut(string(line), ":<")
	path, _, _ := strings.Cut(rest, ">")
	switch strings.ToUpper(verb) {
	case "MAIL FROM":
		r.about.from = path
	case "RCPT TO":
		r.about.to = path
	}
}

func (r *reader) line(line []byte) {
	if line[0] == '.' {
		line = line[1:]
	}
	r.sum.Write(line)
	if r.inBody || len(line) <= 2 {
		r.inBody = true
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	if bytes.EqualFold(name, []byte("Message-ID")) {
		r.about.messageID = strings.Trim(string(value), " <>\r\n")
		left, _, _ := strings.Cut(r.about.messageID, "@")
		r.id, _ = mailer.ParseID(left) // one that is none of ours stays zero, and is counted
	}
}

// end gives what a mail came to, and begins the next.
func (r *reader) end() (id mailer.ID, sum [sha256.Size]byte) {
	r.sum.Sum(sum[:0])
	id = r.id
	r.sum.Reset()
	r.id, r.about, r.inBody = mailer.ID{}, envelope{}, false
	return id, sum
}
