package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/catcher"
	"article14/internal/relay"
	"article14/internal/web"
)

// catchCmd is a relay for trying things out: it takes every mail, shows it in an
// inbox, and passes nothing on.
type catchCmd struct {
	SMTP  string `name:"smtp" help:"Address to take mail on." default:"127.0.0.1:2525"`
	Inbox string `help:"Address of the inbox page; whoever reaches it reads the mails." default:"127.0.0.1:8025"`
}

func (c *catchCmd) Run(ctx context.Context, s *Settings, std streams) error {
	log := s.logger(std.err)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.SMTP)
	if err != nil {
		return fmt.Errorf("listen for mail: %w", err)
	}
	box := &localCatcher{Server: catcher.New(catcher.Options{Log: log, Now: time.Now, Hostname: "catcher.example"}), listener: l}
	srv, err := web.Listen(ctx, web.Config{Addr: c.Inbox, Portal: http.RedirectHandler("/inbox/", http.StatusSeeOther),
		Rooms: map[string]http.Handler{"/inbox/": box.Handler("/inbox")}, Log: log, Now: time.Now})
	if err != nil {
		l.Close()
		return err
	}
	log.Info("catching mail", "smtp", l.Addr().String(), "inbox", "http://"+srv.Addr().String()+"/inbox/")
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return box.run(ctx) })
	g.Go(func() error { return srv.Serve(ctx) })
	return g.Wait()
}

// localCatcher is a mail catcher on a free port of this machine, with a relay
// that leads to it and nowhere else.
type localCatcher struct {
	*catcher.Server
	relay    *relay.SMTP
	listener net.Listener
}

func newLocalCatcher(o catcher.Options) (*localCatcher, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	r, err := relay.New(relay.Config{Name: "default", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, HELO: "localhost.localdomain"})
	if err != nil {
		l.Close()
		return nil, err
	}
	o.Hostname = "catcher.example"
	return &localCatcher{catcher.New(o), r, l}, nil
}

// run catches mail until ctx ends.
func (c *localCatcher) run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- c.Serve(c.listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	c.Close()
	<-served
	return nil
}
