package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/ops"
	"article14/internal/web"
	"article14/internal/web/portal"
	"article14/locales"
	"article14/mailer"
)

// listenFlags say where the web servers listen.
type listenFlags struct {
	Listen    string   `help:"Address of the recipients' pages." default:"127.0.0.1:8014"`
	OpsListen string   `help:"Address of metrics and health; keep it from the outside." default:"127.0.0.1:9114"`
	Proxies   []string `help:"Networks of the reverse proxies whose X-Forwarded-For is believed." placeholder:"CIDR"`
}

type workCmd struct {
	RelayFlags
	WorkerFlags
	OpsListen string `help:"Address of metrics and health; empty: none." default:"127.0.0.1:9115"`
}

func (c *workCmd) Run(ctx context.Context, s *Settings, std streams) error {
	return c.run(ctx, s, std, nil)
}

func (c *workCmd) run(ctx context.Context, s *Settings, std streams, pages *listenFlags) error {
	log := s.logger(std.err)
	r, err := c.RelayFlags.open()
	if err != nil {
		return err
	}
	a, err := open(ctx, s, log)
	if err != nil {
		return err
	}
	defer a.close()
	if _, err := a.needRegister(ctx); err != nil {
		return err
	}
	registry, meter := a.metrics()
	checks := append(a.checks(), relayCheck(r))
	g, ctx := errgroup.WithContext(ctx)
	opsAddress := c.OpsListen
	if pages != nil {
		opsAddress = pages.OpsListen
		h, err := a.portal(pages.Proxies)
		if err != nil {
			return err
		}
		g.Go(func() error { return serveHTTP(ctx, pages.Listen, h, log) })
	}
	if opsAddress != "" {
		g.Go(func() error { return serveHTTP(ctx, opsAddress, ops.Handler(registry, checks, checkFailed(log)), log) })
	}
	log.Info("the worker is up", "relay", r.Name(), "connections", c.Connections)
	g.Go(func() error { return a.worker(r, c.WorkerFlags.options(), meter).Run(ctx) })
	return g.Wait()
}

// relayCheck asks whether the relay opens its door.
func relayCheck(r mailer.Relay) ops.Check {
	return ops.Check{Name: "relay", Run: func(ctx context.Context) error {
		session, err := r.Open(ctx)
		if err != nil {
			return err
		}
		return session.Close()
	}}
}

func checkFailed(log *slog.Logger) func(string, error) {
	return func(name string, err error) {
		log.Warn("not ready", "check", name, "error", mailer.MaskAddresses(err.Error()))
	}
}

type serveCmd struct{ listenFlags }

func (c *serveCmd) Run(ctx context.Context, s *Settings, std streams) error {
	log := s.logger(std.err)
	a, err := open(ctx, s, log)
	if err != nil {
		return err
	}
	defer a.close()
	if _, err := a.needRegister(ctx); err != nil {
		return err
	}
	h, err := a.portal(c.Proxies)
	if err != nil {
		return err
	}
	registry, _ := a.metrics()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveHTTP(ctx, c.Listen, h, log) })
	g.Go(func() error {
		return serveHTTP(ctx, c.OpsListen, ops.Handler(registry, a.checks(), checkFailed(log)), log)
	})
	return g.Wait()
}

type runCmd struct {
	listenFlags
	RelayFlags
	WorkerFlags
}

func (c *runCmd) Run(ctx context.Context, s *Settings, std streams) error {
	w := workCmd{RelayFlags: c.RelayFlags, WorkerFlags: c.WorkerFlags}
	return w.run(ctx, s, std, &c.listenFlags)
}

// portal is the recipients' pages over everything joined.
func (a *app) portal(proxies []string) (http.Handler, error) {
	texts, err := locales.New()
	if err != nil {
		return nil, err
	}
	return portal.New(portal.Options{Rights: a.rights(), Texts: texts, Proxies: proxies, Now: a.now, Log: a.log})
}

// serveHTTP serves until ctx ends, then lets requests under way finish.
func serveHTTP(ctx context.Context, address string, h http.Handler, log *slog.Logger) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return serveOn(ctx, l, h, log)
}

func serveOn(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	srv := web.NewServer(h, log)
	log.Info("serving", "address", l.Addr().String())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	shut, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := srv.Shutdown(shut)
	if serveErr := <-done; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}
