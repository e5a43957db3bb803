package door

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"article14/mailer/track"
)

// Mail says what a [Listener] takes.
type Mail struct {
	House
	Hostname string                 // the name in the greeting
	Accepts  func(addr string) bool // the addresses for which mail is taken; all others get 550 5.1.1
	TLS      *tls.Config            // STARTTLS (RFC 3207) is offered when set
	Limits   Limits
}

// Listener takes mail over SMTP or LMTP.
type Listener struct {
	mail    Mail
	name    string // track.DoorSMTP, track.DoorLMTP
	smtp    *smtp.Server
	clients *clients

	mu       sync.Mutex
	draining bool
	open     map[*conn]struct{}
}

// NewSMTP makes a listener that speaks SMTP and waits for Serve.
func NewSMTP(m Mail) *Listener { return newListener(m, track.DoorSMTP) }

// NewLMTP makes one that speaks LMTP (RFC 2033), to a mail system of the house: each
// recipient of a message has an answer of its own.
func NewLMTP(m Mail) *Listener { return newListener(m, track.DoorLMTP) }

func newListener(m Mail, name string) *Listener {
	m.Limits = m.Limits.withDefaults()
	l := &Listener{mail: m, name: name, clients: newClients(m.Limits, m.Now), open: map[*conn]struct{}{}}
	s := smtp.NewServer(smtp.BackendFunc(l.session))
	s.LMTP = name == track.DoorLMTP
	s.Domain = m.Hostname
	s.EnableSMTPUTF8 = true // reports about addresses that are not ASCII (RFC 6533)
	s.MaxRecipients = m.Limits.Recipients
	s.MaxMessageBytes = m.Limits.Size
	s.MaxLineLength = m.Limits.Line
	s.ReadTimeout = m.Limits.Idle
	s.WriteTimeout = m.Limits.Idle
	s.ErrorLog = serverLog{m.Log, name}
	l.smtp = s
	return l
}

// Serve takes connections from nl until ctx ends; then transactions under way are
// finished, within Limits.Drain, and all others are told 421. Its error is that of nl.
func (l *Listener) Serve(ctx context.Context, nl net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- l.smtp.Serve(&admitting{nl, l}) }()
	select {
	case err := <-ended:
		l.smtp.Close()
		return fmt.Errorf("the %s door: %w", l.name, err)
	case <-ctx.Done():
	}
	nl.Close()
	<-ended // go-smtp must count no connection while it waits for those that it has
	l.drain()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.mail.Limits.Drain)
	defer cancel()
	if err := l.smtp.Shutdown(within); err != nil && !errors.Is(err, net.ErrClosed) {
		l.mail.Log.Warn("connections were cut at the stop; what they had not been told is kept will come again", "door", l.name)
		l.cut()
	}
	return nil
}

func (l *Listener) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = true
	for c := range l.open {
		c.drain()
	}
}

func (l *Listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Conn.Close()
	}
}

// admitting hands out connections that the limits admit.
type admitting struct {
	net.Listener
	door *Listener
}

// tooMany is said to a client before it is let go (RFC 5321, 3.8).
const tooMany = "421 4.7.0 too many connections, try again later\r\n"

func (a *admitting) Accept() (net.Conn, error) {
	for {
		nc, err := a.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := a.door.admit(nc); c != nil {
			return c, nil
		}
		a.door.mail.Meter.Came(a.door.name, track.DoorLimited)
		nc.SetWriteDeadline(time.Now().Add(time.Second)) // it goes into the buffer of a new socket, or nowhere
		nc.Write([]byte(tooMany))
		nc.Close()
	}
}

func (l *Listener) admit(nc net.Conn) *conn {
	from := networkOf(nc.RemoteAddr())
	if !l.clients.enter(from) {
		return nil
	}
	limits := l.mail.Limits
	c := &conn{Conn: nc, in: bufio.NewReader(nc), from: from, tls: l.mail.TLS, idle: limits.Idle,
		until: time.Now().Add(limits.Total)} // deadlines of sockets are the machine's time
	c.commands.Store(int64(limits.Commands))
	c.leave = func() {
		l.clients.leave(from)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = struct{}{}
	if l.draining {
		c.draining.Store(true)
	}
	return c
}

// serverLog takes go-smtp's own messages, whose arguments are clients' addresses
// and what they wrote. A client that goes away is ordinary; a panic is not.
type serverLog struct {
	log  *slog.Logger
	door string
}

func (l serverLog) Printf(format string, v ...any) {
	if !strings.HasPrefix(format, "panic") {
		l.log.Debug("a connection ended with an error", "door", l.door)
		return
	}
	stack := ""
	if n := len(v); n > 0 {
		stack = fmt.Sprintf("%s", v[n-1])
	}
	l.log.Error("a connection was ended by a fault of the program", "door", l.door, "stack", stack)
}

func (l serverLog) Println(...any) { l.log.Debug("a connection ended with an error", "door", l.door) }
