package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"article14/internal/catcher"
	"article14/internal/relay"
)

// localCatcher is a mail catcher on a free port of this machine, with a relay
// that leads to it and nowhere else.
type localCatcher struct {
	*catcher.Server
	relay    *relay.SMTP
	listener net.Listener
}

func newLocalCatcher(script catcher.Script, now func() time.Time, log *slog.Logger) (*localCatcher, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	r, err := relay.New(relay.Config{Name: "default", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, HELO: "localhost.localdomain"})
	if err != nil {
		l.Close()
		return nil, err
	}
	return &localCatcher{catcher.New(catcher.Options{Log: log, Now: now, Script: script, Hostname: "catcher.example"}), r, l}, nil
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
