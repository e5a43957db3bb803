package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/ops"
	"article14/internal/web"
	"article14/internal/web/api"
	"article14/internal/web/portal"
	"article14/mailer"
	"article14/mailer/deliver"
)

// listenFlags say where the web servers listen.
type listenFlags struct {
	Listen    string   `help:"Address of the recipients' pages." default:"127.0.0.1:8014"`
	OpsListen string   `help:"Address of metrics and health; keep it from the outside." default:"127.0.0.1:9114"`
	APIListen string   `help:"Address at which programs ask the gate (docs/gate.md); empty: none." placeholder:"HOST:PORT"`
	Proxies   []string `help:"Networks of the reverse proxies whose X-Forwarded-For is believed." placeholder:"CIDR"`
	HookFlags
}

type workCmd struct {
	RelayFlags
	WorkerFlags
	OpsListen string `help:"Address of metrics and health; empty: none." default:"127.0.0.1:9115"`
}

func (c *workCmd) Run(ctx context.Context, s *Settings, std streams) error {
	return c.run(ctx, s, std, nil, DoorFlags{})
}

func (c *workCmd) run(ctx context.Context, s *Settings, std streams, pages *listenFlags, door DoorFlags) (err error) {
	collectSeldom()
	log := s.logger(std.err)
	outlets, err := c.outlets()
	if err != nil {
		return err
	}
	recipients, err := c.WorkerFlags.recipients()
	if err != nil {
		return err
	}
	a, stopped, err := starting(ctx, s, log)
	if err != nil || stopped {
		return err
	}
	defer a.close()
	a.warnOfUntold(recipients)
	if err := a.maySignFor(outlets); err != nil {
		return err
	}
	if err := a.mayWork(ctx, s.Instance); err != nil && ctx.Err() == nil { // told to stop, it claims nothing below
		return err
	}
	registry, meter := a.metrics()
	workers := a.workers(outlets, meter)
	journals, err := c.WorkerFlags.journals(s, workers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journals.Close()) }()
	relayIsWell, journalIsWell := relayCheck(anyRelay(outlets), a.now), ops.Check{Name: "journal", Run: journals.Check}
	relayIsWell.Advisory, journalIsWell.Advisory = pages != nil, pages != nil // people who read their notice need neither
	cfg := web.Config{OperationsAddr: c.OpsListen, Log: log, Now: a.now,
		Operations: ops.Handlers(registry, append(a.checks(), relayIsWell, journalIsWell), checkFailed(log))}
	if pages != nil {
		if cfg, err = a.pages(*pages, cfg, meter); err != nil {
			return err
		}
	}
	doors, err := a.doors(ctx, door, meter)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if cfg.Addr != "" || cfg.OperationsAddr != "" {
		srv, err := listen(ctx, cfg)
		if err != nil {
			doors.close()
			return err
		}
		g.Go(func() error { return srv.Serve(ctx) })
	}
	doors.serve(ctx, g)
	defer context.AfterFunc(ctx, func() { log.Info("stopping: what is on the wire is finished, the rest goes back to the queue") })()
	for _, o := range outlets {
		log.Info("the worker is up", "relay", o.relay.Name(), "connections", o.opts.Connections, "dkim", selectors(o.relay.Signer(), a.now()))
	}
	g.Go(func() error { return a.teller(recipients).Run(ctx) })
	runWorkers(ctx, g, workers, log)
	return g.Wait()
}

// runWorkers has the workers work until ctx ends, and says when all of them have stopped.
func runWorkers(ctx context.Context, g *errgroup.Group, workers []*deliver.Worker, log *slog.Logger) {
	var stopping sync.WaitGroup
	for _, w := range workers {
		stopping.Add(1)
		g.Go(func() error {
			defer stopping.Done()
			return w.Run(ctx)
		})
	}
	g.Go(func() error {
		stopping.Wait() // a stop that was asked for: an operator sees that it was a whole one
		log.Info("the worker has stopped: what was on the wire is settled, the rest is in the queue")
		return nil
	})
}

// pages adds the recipients' pages, and the hooks beside them, to what is served.
func (a *app) pages(f listenFlags, cfg web.Config, meter *ops.Meter) (_ web.Config, err error) {
	var proxies []netip.Prefix
	for _, p := range f.Proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return cfg, misuse{fmt.Errorf("--proxies: %w", err)}
		}
		proxies = append(proxies, prefix)
	}
	cfg.Addr, cfg.OperationsAddr, cfg.Portal = f.Listen, f.OpsListen, a.portal(proxies)
	cfg.APIAddr, cfg.API = f.APIListen, api.New(api.Options{Gate: a.gate(), Tokens: a.apiTokens(), Version: version(), Log: a.log})
	cfg.Rooms, err = a.hooks(f.HookFlags, meter)
	return cfg, err
}

// portal is the recipients' pages over everything joined.
func (a *app) portal(proxies []netip.Prefix) http.Handler {
	return portal.New(portal.Options{Rights: a.rights(), Requests: a.requests(), Copies: a.copies(), Public: a.public(), Registers: a.registers, Controller: a.key, Locales: a.texts,
		TrustedProxies: proxies, Now: a.now, Log: a.log})
}

// relayAnswerLasts is how long one look at the relay answers for: each costs a
// connection, and relays count those.
const relayAnswerLasts = 15 * time.Second

// relayCheck asks whether the relay opens its door.
func relayCheck(r deliver.Relay, now func() time.Time) ops.Check {
	return ops.Check{Name: "relay", Run: func(ctx context.Context) error {
		session, err := r.Open(ctx)
		if err != nil {
			return err
		}
		return session.Close()
	}}.Lasting(relayAnswerLasts, now)
}

func checkFailed(log *slog.Logger) func(string, error) {
	return func(name string, err error) {
		log.Warn("not ready", "check", name, "error", mailer.MaskAddresses(err.Error()))
	}
}

type serveCmd struct{ listenFlags }

func (c *serveCmd) Run(ctx context.Context, s *Settings, std streams) error {
	log := s.logger(std.err)
	a, stopped, err := starting(ctx, s, log)
	if err != nil || stopped {
		return err
	}
	defer a.close()
	registry, meter := a.metrics()
	cfg, err := a.pages(c.listenFlags, web.Config{Log: log, Now: a.now, Operations: ops.Handlers(registry, a.checks(), checkFailed(log))}, meter)
	if err != nil {
		return err
	}
	srv, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	return srv.Serve(ctx)
}

// listen opens the doors, and says where they are. Told to stop before that, it opens
// them all the same: Serve closes them at once, and there is one way out, not two.
func listen(ctx context.Context, cfg web.Config) (*web.Server, error) {
	srv, err := web.Listen(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, err
	}
	where := []any{"operations", srv.OperationsAddr().String()}
	if cfg.Addr != "" {
		where = append([]any{"pages", srv.Addr().String()}, where...)
	}
	if cfg.APIAddr != "" {
		where = append(where, "api", srv.APIAddr().String())
	}
	cfg.Log.Info("serving", where...)
	return srv, nil
}

type runCmd struct {
	listenFlags
	DoorFlags
	RelayFlags
	WorkerFlags
}

func (c *runCmd) Run(ctx context.Context, s *Settings, std streams) error {
	w := workCmd{RelayFlags: c.RelayFlags, WorkerFlags: c.WorkerFlags}
	return w.run(ctx, s, std, &c.listenFlags, c.DoorFlags)
}

// collectSeldom sets what the garbage collector waits for, unless an operator did.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(deliver.GCPercent)
	}
}

// maySignFor tells whether each relay's keys may sign for the controller.
func (a *app) maySignFor(outlets []outlet) error {
	for _, o := range outlets {
		if err := maySign(o.relay.Signer(), a.reg); err != nil {
			return err
		}
	}
	return nil
}
