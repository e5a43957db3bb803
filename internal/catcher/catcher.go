package catcher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// What holds where Options says nothing.
const (
	DefaultMax       = 20_000    // mails kept
	DefaultMaxBytes  = 256 << 20 // bytes kept in all
	DefaultMailBytes = 32 << 20  // largest mail taken
	defaultHostname  = "catcher.invalid"
)

// Waiting times of the server for its client (RFC 5321 section 4.5.3.2 asks
// for five minutes at least).
const (
	readPatience  = 10 * time.Minute
	writePatience = 5 * time.Minute
)

// ErrClosed says that the server was closed while somebody waited for mail.
var ErrClosed = errors.New("catcher: the server is closed")

// Options says what a Server offers and how much it keeps. The zero value is a
// kindly server on plain connections.
type Options struct {
	Log    *slog.Logger     // ids, codes and sizes only; nil for silence
	Now    func() time.Time // the clock of arrivals; nil for time.Now
	Script Script           // decides what fails; nil takes everything

	Max       int   // mails kept, the newest ones; 0 for DefaultMax
	MaxBytes  int64 // bytes kept in all; 0 for DefaultMaxBytes
	MailBytes int64 // largest mail taken, shown as SIZE (RFC 1870); 0 for DefaultMailBytes

	Hostname string      // the name in the greeting
	TLS      *tls.Config // STARTTLS (RFC 3207) is offered when set
	Auth     *Auth       // AUTH PLAIN (RFC 4954) is demanded when set

	NoDSN      bool // do not offer DSN (RFC 3461), as many relays do not
	NoSMTPUTF8 bool // do not offer SMTPUTF8 (RFC 6531)

	Letters fs.FS // PDF files that the inbox shows beside the mails, at any depth; nil shows none
}

// Auth is the one account of a server that demands one. With TLS configured
// it is accepted under TLS only.
type Auth struct{ User, Password string }

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Max <= 0 {
		o.Max = DefaultMax
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MailBytes <= 0 {
		o.MailBytes = DefaultMailBytes
	}
	o.MailBytes = min(o.MailBytes, o.MaxBytes)
	if o.Hostname == "" {
		o.Hostname = defaultHostname
	}
	return o
}

// Server takes mail over SMTP and keeps it. Make one with New.
type Server struct {
	opts Options
	smtp *smtp.Server
	box  *box

	scratch sync.Pool // *bytes.Buffer: mails are read here, then kept at their exact size

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	empty     chan struct{} // closed when closing and the last connection is gone
}

// New makes a server that waits for Serve.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{
		opts:      opts,
		box:       newBox(opts.Max, opts.MaxBytes),
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[*conn]struct{}),
		empty:     make(chan struct{}),
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = opts.Hostname
	s.smtp.TLSConfig = opts.TLS
	s.smtp.AllowInsecureAuth = opts.TLS == nil
	s.smtp.MaxMessageBytes = opts.MailBytes
	s.smtp.ReadTimeout = readPatience
	s.smtp.EnableDSN = !opts.NoDSN
	s.smtp.EnableSMTPUTF8 = !opts.NoSMTPUTF8
	s.smtp.ErrorLog = errorLog{opts.Log}
	return s
}

// Serve takes connections from l until Close or Shutdown, and then returns
// nil; any other end of l is its error.
func (s *Server) Serve(l net.Listener) error {
	if !s.open(l) {
		return l.Close()
	}
	err := s.smtp.Serve(&listener{Listener: l, srv: s})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	delete(s.listeners, l)
	return fmt.Errorf("catcher: taking connections: %w", err)
}

// Close ends everything at once: listeners, connections in the middle of a
// mail, and those who wait for mail. What was kept stays readable.
func (s *Server) Close() {
	s.stop(func(c *conn) { c.abort() })
	s.box.close()
}

// Shutdown takes no new connections, tells idle ones 421, lets running
// transactions finish until ctx ends, and cuts what is left then, with the
// error of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop(func(c *conn) { c.drain() })
	defer s.Close()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("catcher: connections were cut at shutdown: %w", ctx.Err())
	}
}

// stop closes the listeners and has end called for every connection.
func (s *Server) stop(end func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		end(c)
	}
	if !s.closing {
		s.closing = true
		s.closeIfEmpty()
	}
}

// open notes a listener to be closed later; false when it is too late.
func (s *Server) open(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.listeners[l] = struct{}{}
	}
	return !s.closing
}

// admit notes a connection; false when it is too late for it.
func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.conns[c] = struct{}{}
	}
	return !s.closing
}

// forget is called by every connection that ends, possibly twice.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.conns[c]; !known {
		return
	}
	delete(s.conns, c)
	if s.closing {
		s.closeIfEmpty()
	}
}

func (s *Server) closeIfEmpty() {
	if len(s.conns) == 0 {
		close(s.empty)
	}
}

// errorLog takes go-smtp's own messages, which are about connections and hold
// no addresses of people. A client that goes away is ordinary; a panic is not.
type errorLog struct{ log *slog.Logger }

func (l errorLog) Printf(format string, v ...any) {
	level := slog.LevelDebug
	if strings.HasPrefix(format, "panic") {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "smtp: "+fmt.Sprintf(format, v...))
}

func (l errorLog) Println(v ...any) { l.log.Debug("smtp: " + fmt.Sprint(v...)) }
