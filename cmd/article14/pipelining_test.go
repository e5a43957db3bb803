package main

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"article14/internal/catcher"
	"article14/internal/relay"
	"article14/mailer"
	"article14/mailer/deliver"
)

// countedWrites counts the replies' way onto the wire.
type countedWrites struct {
	net.Listener
	n *atomic.Int64
}

func (l countedWrites) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, l.n}, err
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// caught starts a catcher and gives a relay that leads to it.
func caught(t *testing.T, script catcher.Script) (*catcher.Server, *relay.SMTP, *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var writes atomic.Int64
	srv := catcher.New(catcher.Options{Script: script})
	go srv.Serve(countedWrites{l, &writes})
	t.Cleanup(srv.Close)
	r, err := relay.New(relay.Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, HELO: "test.example"})
	if err != nil {
		t.Fatal(err)
	}
	return srv, r, &writes
}

// stream sends a mail to each, the next announced with each, over as many
// connections as it takes, and gives the class of each.
func stream(t *testing.T, r *relay.SMTP, to []string) []mailer.ReplyClass {
	t.Helper()
	mails := make([]mailer.Message, len(to))
	for i, a := range to {
		mails[i] = mailer.Message{EnvelopeFrom: "b@bounces.example", To: a, EnvelopeID: fmt.Sprint("id", i), Bytes: fmt.Appendf(nil, "Subject: %d\r\n\r\n.\r\n", i)}
	}
	var s deliver.Session
	defer func() { s.Close() }()
	classes := make([]mailer.ReplyClass, len(to))
	for i, m := range mails {
		if s == nil || !s.Alive() {
			if s != nil {
				s.Close()
			}
			var err error
			if s, err = r.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var next *mailer.Message
		if i+1 < len(mails) {
			next = &mails[i+1]
		}
		_, err := s.Send(t.Context(), m, next)
		var failed *mailer.DeliveryError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		classes[i] = mailer.Classify(failed)
	}
	return classes
}

// RFC 2920, E5: with a real server that fails in every way that it can, in the
// midst of a stream, each mail comes to what became of it there.
func TestAPipelinedStreamOverARealServer(t *testing.T) {
	srv, r, _ := caught(t, catcher.ByLocalPart())
	kinds := []struct {
		prefix string
		class  mailer.ReplyClass
		kept   int
	}{
		{"ann", mailer.ClassAccepted, 1}, {"refuse", mailer.ClassDeadAddress, 0}, {"full", mailer.ClassMailboxFull, 0},
		{"bea", mailer.ClassAccepted, 1}, {"reject-body", mailer.ClassRefused, 0}, {"greylist", mailer.ClassTransient, 0},
		{"busy", mailer.ClassTransient, 0}, {"drop", mailer.ClassCut, 0}, {"lost-answer", mailer.ClassUncertain, 1},
	}
	var to []string
	for first := range kinds { // each behind each
		for second := range kinds {
			to = append(to, fmt.Sprintf("%s-%d@p.example", kinds[first].prefix, len(to)), fmt.Sprintf("%s-%d@p.example", kinds[second].prefix, len(to)+1))
		}
	}
	for i, class := range stream(t, r, to) {
		k := kinds[i/2/len(kinds)]
		if i%2 == 1 {
			k = kinds[i/2%len(kinds)]
		}
		if kept := len(srv.MailsTo(to[i])); class != k.class || kept != k.kept {
			t.Errorf("%s is reported %s and kept %d times, want %s and %d", to[i], class, kept, k.class, k.kept)
		}
	}
}

func TestTheCatcherAnswersAGroupByOneWrite(t *testing.T) {
	srv, r, writes := caught(t, nil)
	to := make([]string, 50)
	for i := range to {
		to[i] = fmt.Sprintf("p%d@p.example", i)
	}
	for i, class := range stream(t, r, to) {
		if class != mailer.ClassAccepted {
			t.Errorf("mail %d: %s", i, class)
		}
	}
	// Beside them: greeting, EHLO, the first envelope, QUIT.
	if n := writes.Load(); srv.Count() != 50 || n > 54 {
		t.Errorf("%d mails by %d writes", srv.Count(), n)
	}
}
