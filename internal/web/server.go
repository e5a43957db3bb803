package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// What a client may cost. Pages are small and made at once; a body is at most
// 8 KiB, so that whoever needs longer is stalling or gone.
const (
	readHeaderWithin = 5 * time.Second
	readWithin       = 15 * time.Second
	writeWithin      = 45 * time.Second
	idleFor          = 90 * time.Second
	maxHeaderBytes   = 16 << 10
	shutdownWithin   = 10 * time.Second
)

// Config says what is served where.
type Config struct {
	Addr           string                  // host:port for recipients; "": no pages, Operations alone
	OperationsAddr string                  // host:port for Operations; "" shares Addr
	APIAddr        string                  // host:port for programs; "": no API
	API            http.Handler            // what programs ask
	Portal         http.Handler            // every path that no other pattern takes
	Rooms          map[string]http.Handler // further pages on Addr, by ServeMux pattern: "/inbox/"
	Operations     map[string]http.Handler // by ServeMux pattern: "GET /metrics", "GET /healthz"
	Log            *slog.Logger
	Now            func() time.Time // for the durations in the log
}

// Server is the listeners of a Config, open from the start, so that their
// addresses are known before the first request.
type Server struct {
	log    *slog.Logger
	open   []opened // for recipients, for programs, for operations unless shared
	api    net.Addr // nil: none
	shared bool     // operations answer where pages do
}

type opened struct {
	listener net.Listener
	server   *http.Server
}

// Listen opens the listeners. A port of 0 takes a free one.
func Listen(ctx context.Context, c Config) (*Server, error) {
	s := &Server{log: c.Log}
	if c.Addr == "" {
		return s, s.listen(ctx, "operations", c.OperationsAddr, NewServer(c.logged(muxOf(c.Operations)), c.Log))
	}
	public := muxOf(map[string]http.Handler{"/": c.Portal}, c.Rooms)
	if c.OperationsAddr == "" {
		public = muxOf(map[string]http.Handler{"/": c.Portal}, c.Rooms, c.Operations)
	}
	if err := s.listen(ctx, "recipients", c.Addr, NewServer(c.logged(public), c.Log)); err != nil {
		return nil, err
	}
	if c.APIAddr != "" {
		if err := s.listen(ctx, "programs", c.APIAddr, NewServer(c.logged(c.API), c.Log)); err != nil {
			s.Close()
			return nil, err
		}
		s.api = s.open[len(s.open)-1].listener.Addr()
	}
	if s.shared = c.OperationsAddr == ""; s.shared {
		return s, nil
	}
	if err := s.listen(ctx, "operations", c.OperationsAddr, NewServer(c.logged(muxOf(c.Operations)), c.Log)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) listen(ctx context.Context, whom, addr string, srv *http.Server) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("web: cannot listen for %s on %s: %w; give another address, or stop the program that uses this one", whom, addr, err)
	}
	s.open = append(s.open, opened{l, srv})
	return nil
}

// Addr is where recipients are served, or operations if there are no pages.
func (s *Server) Addr() net.Addr { return s.open[0].listener.Addr() }

// APIAddr is where programs are served; nil where they are not.
func (s *Server) APIAddr() net.Addr { return s.api }

// OperationsAddr is where metrics and health are served, Addr if it is shared.
func (s *Server) OperationsAddr() net.Addr {
	if s.shared {
		return s.Addr()
	}
	return s.open[len(s.open)-1].listener.Addr()
}

// Close gives the listeners back without serving.
func (s *Server) Close() {
	for _, o := range s.open {
		o.listener.Close()
	}
}

// Serve answers until ctx ends, then finishes what is being answered. Its error
// is that of a listener which failed.
func (s *Server) Serve(ctx context.Context) error {
	ended := make(chan error, len(s.open))
	for _, o := range s.open {
		go func() { ended <- o.server.Serve(o.listener) }()
	}
	var failed error
	left := len(s.open)
	select {
	case <-ctx.Done():
	case failed = <-ended:
		left--
	}
	s.shutdown(ctx)
	for range left {
		if err := <-ended; failed == nil && !errors.Is(err, http.ErrServerClosed) {
			failed = err
		}
	}
	if failed != nil {
		return fmt.Errorf("web: a listener failed: %w", failed)
	}
	return nil
}

func (s *Server) shutdown(ctx context.Context) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
	defer done()
	for _, o := range s.open {
		if err := o.server.Shutdown(ctx); err != nil {
			s.log.Warn("some answers were cut off by the stop", "error", err)
			o.server.Close()
		}
	}
}

// NewServer is an http.Server that no client can hold up.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      writeWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog(log),
	}
}

// muxOf joins handlers by pattern. Patterns that clash are a fault of the
// wiring, at which ServeMux panics.
func muxOf(tables ...map[string]http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, table := range tables {
		for _, pattern := range slices.Sorted(maps.Keys(table)) {
			mux.Handle(pattern, table[pattern])
		}
	}
	return mux
}

func (c Config) logged(next http.Handler) http.Handler { return LogRequests(c.Log, c.Now, next) }
