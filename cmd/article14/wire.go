package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/internal/bounce"
	"article14/internal/compose"
	"article14/internal/ledger"
	"article14/internal/letter"
	"article14/internal/ops"
	"article14/internal/postgres"
	"article14/internal/privatepg"
	"article14/internal/register"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
	"article14/mailer/exempt"
	"article14/mailer/retain"
	"article14/mailer/rights"
	"article14/mailer/telling"
	"article14/mailer/track"
)

// app is everything joined: the one place where adapters meet.
type app struct {
	store      *postgres.Store
	private    *privatepg.Server // nil with somebody's own database
	keys       *mailer.Keyring
	registers  *mailer.Registers
	texts      *locales.Bundle
	composer   *compose.Composer
	skeletons  mailer.SkeletonStore
	log        *slog.Logger
	now        func() time.Time
	controller mailer.ID // zero before the first register is applied
	key        string
	reg        *mailer.Register // in force when it was opened; nil before the first
	instance   deliver.Instance
	paper      paper
	ledger     *ledger.File // nil: none is kept
	unledgered error        // why nothing may be sent by what the ledger has, or lacks
}

// maxSkew is how far the database's clock may be from ours. Deadlines and leases
// are instants that several machines compare.
const maxSkew = 5 * time.Second

// open connects, checks schema, clock and keys, and finds the controller. A
// private database is migrated on the way; somebody's own is migrated on purpose
// by 'article14 migrate up'.
func open(ctx context.Context, s *Settings, log *slog.Logger) (*app, error) {
	a, err := connect(ctx, s, log)
	if err != nil {
		return nil, err
	}
	if err := a.check(ctx, s); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// openWithRegister is open for commands that cannot do without a register.
func openWithRegister(ctx context.Context, s *Settings, log *slog.Logger) (*app, error) {
	a, err := open(ctx, s, log)
	if err != nil {
		return nil, err
	}
	if a.reg == nil {
		a.close()
		return nil, mailer.ErrNoRegister
	}
	return a, nil
}

// starting is openWithRegister for processes that run until they are told to stop.
// One that is told so while it starts has done what it was asked: stopped is true, and there
// is no error, whatever the driver made of a call that was broken off.
func starting(ctx context.Context, s *Settings, log *slog.Logger) (a *app, stopped bool, err error) {
	type start struct {
		app *app
		err error
	}
	opened := make(chan start, 1)
	go func() {
		a, err := openWithRegister(ctx, s, log)
		opened <- start{a, err}
	}()
	var it start
	select {
	case it = <-opened:
	case <-ctx.Done():
		select {
		case it = <-opened:
		case <-time.After(startGrace): // the driver waits for a server's first word without looking at ctx
			it.err = ctx.Err()
		}
	}
	if it.err != nil && ctx.Err() != nil {
		log.Info("stopped while it was starting; nothing had begun")
		return nil, true, nil
	}
	return it.app, false, it.err
}

// startGrace is how long a start that is told to stop is waited for.
const startGrace = 2 * time.Second

// connect opens the database without asking how it stands.
func connect(ctx context.Context, s *Settings, log *slog.Logger) (*app, error) {
	a := &app{log: log, now: time.Now, key: s.Controller}
	address, err := s.databaseURL()
	if err != nil {
		return nil, err
	}
	if address == "" {
		dir, err := s.dataFolder()
		if err != nil {
			return nil, err
		}
		if a.private, err = privatepg.Open(ctx, filepath.Join(dir, "pg"), privatepg.Options{Log: log}); err != nil {
			return nil, err
		}
		address = a.private.URL("")
	}
	if a.store, err = postgres.Open(ctx, address); err != nil {
		a.close()
		return nil, withoutSecrets(err, address)
	}
	a.skeletons = mailer.KeepSkeletons(a.store)
	a.registers = &mailer.Registers{Store: a.store, Parse: parseStored}
	if a.texts, err = locales.New(); err != nil {
		a.close()
		return nil, err
	}
	if a.composer, err = compose.New(a.texts); err != nil {
		a.close()
		return nil, err
	}
	a.paper.writer = a.composer
	return a, nil
}

// withoutSecrets is an error of the driver without the database's address, which
// has the password in it, and which the driver quotes when it cannot read it.
func withoutSecrets(err error, address string) error {
	var unread *url.Error
	if errors.As(err, &unread) {
		return fmt.Errorf("connect to the database: its address cannot be read: %w", unread.Err)
	}
	if said := err.Error(); strings.Contains(said, address) {
		return errors.New(strings.ReplaceAll(said, address, "[its address]"))
	}
	return err
}

func parseStored(body []byte) (*mailer.Register, error) {
	reg, _, err := register.Parse("register.yaml", body)
	return reg, err
}

func (a *app) check(ctx context.Context, s *Settings) error {
	if a.private != nil {
		if _, err := a.store.Migrate(ctx); err != nil {
			return err
		}
	}
	have, want, err := a.store.SchemaVersions(ctx)
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("the database is at version %d and this program needs %d: run 'article14 migrate up'", have, want)
	}
	if err := a.checkClock(ctx); err != nil {
		return err
	}
	if a.keys, err = s.keyring(a.private != nil, a.log); err != nil {
		return err
	}
	if err := a.store.CheckKeys(ctx, a.keys, a.now()); err != nil {
		return err
	}
	if err := a.recognise(ctx); err != nil {
		return err
	}
	if err := a.openLedger(ctx, s); err != nil {
		return err
	}
	v, reg, err := a.registers.Current(ctx, a.key)
	if errors.Is(err, mailer.ErrNoRegister) {
		return nil
	}
	if err != nil {
		return err
	}
	a.controller, a.key, a.reg = v.ControllerID, reg.Controller.Key, reg
	return nil
}

// recognise finds out whether this copy of the database is the one that sends. A
// copy that is held can be looked at, so that is no error.
func (a *app) recognise(ctx context.Context) (err error) {
	if a.instance, err = a.store.Recognise(ctx, a.now()); err != nil {
		return err
	}
	if held := a.instance.HeldError(); held != nil {
		a.log.Error("nothing is sent", "why", held)
	}
	return nil
}

// mayWork refuses a worker that is meant for another instance.
func (a *app) mayWork(ctx context.Context, label string) error {
	if err := a.instance.CheckLabel(label); err != nil {
		return err
	}
	if a.unledgered != nil {
		return a.unledgered
	}
	if a.instance.Label == "" && label != "" {
		return a.store.NameInstance(ctx, label)
	}
	return nil
}

func (a *app) checkClock(ctx context.Context) error {
	skew, err := a.store.ClockSkew(ctx, a.now)
	if err != nil {
		return err
	}
	return skewed(skew)
}

func skewed(skew time.Duration) error {
	if skew.Abs() > maxSkew {
		return fmt.Errorf("the database's clock is off from this machine's by %s, more than %s: set both by NTP, then start again", skew.Round(time.Millisecond), maxSkew)
	}
	return nil
}

func (a *app) close() {
	if a.store != nil {
		a.store.Close()
	}
	if a.ledger != nil {
		a.ledger.Close() // what was appended is on disk
	}
	if a.private != nil {
		if err := a.private.Close(); err != nil {
			a.log.Error("stop the private database", "error", err)
		}
	}
}

func (a *app) tokens() mailer.Tokens { return mailer.Tokens{Keys: a.keys} }

func (a *app) releases() *campaign.Releases {
	return &campaign.Releases{Campaigns: a.store, Allowances: a.store, Classes: a.store, Registers: a.registers, Composer: a.composer, Letters: a.composer,
		Tokens: a.tokens(), Controller: a.controller, Key: a.key, Now: a.now}
}

func (a *app) exemptions() *exempt.Exemptions {
	return &exempt.Exemptions{Store: a.store, Controller: a.controller, Zone: a.reg.Controller.Zone, Now: a.now}
}

func (a *app) rights() *rights.Rights {
	return &rights.Rights{Store: a.store, Skeletons: a.skeletons, Registers: a.registers, Composer: a.composer, Tokens: a.tokens(),
		Controller: a.controller, Key: a.key, Now: a.now}
}

// public is what everybody may read.
func (a *app) public() *rights.Public {
	return &rights.Public{Campaigns: a.store, Skeletons: a.store, Registers: a.registers, Composer: a.composer, Controller: a.controller, Key: a.key, Now: a.now}
}

// correspondence writes what people are told about what they ask.
func (a *app) correspondence() *rights.Correspondence {
	return &rights.Correspondence{Store: a.store, Registers: a.registers, Composer: a.composer, Tokens: a.tokens(),
		Controller: a.controller, Key: a.key, Now: a.now}
}

func (a *app) requests() *rights.Requests {
	return &rights.Requests{Store: a.store, Rights: a.rights(), Mail: a.correspondence(), Company: a.reg.Controller, Erase: a.eraser().Erase, Log: a.log}
}

func (a *app) reports() *track.Reports {
	return &track.Reports{Store: a.store, Read: bounce.Read, Answers: a.answers(), Tokens: a.tokens(), Allowed: a.reg.Allowed(), Objectable: a.reg.Objectable, Objected: a.reg.Objected,
		Controller: a.controller, Now: a.now, Log: a.log}
}

func (a *app) answers() *track.Answers {
	return &track.Answers{Store: a.store, Rights: a.rights(), Keys: a.keys, Controller: a.controller, Company: a.reg.Controller, Now: a.now, Log: a.log}
}

// paper is what letters are written and printed with.
type paper struct {
	writer  byhand.LetterWriter
	printer byhand.LetterPrinter // nil until onPaper: it reads its fonts
}

// onPaper makes ready for printing.
func (a *app) onPaper() (err error) {
	if a.paper.printer == nil {
		a.paper.printer, err = letter.New(a.texts)
	}
	return err
}

func (a *app) letters() *byhand.Letters {
	return &byhand.Letters{Store: a.store, Queue: a.store, Reports: a.store, Codes: a.store.DeliveryByCode, Composer: a.paper.writer, Printer: a.paper.printer,
		Skeletons: a.skeletons, Registers: a.registers, Tokens: a.tokens(), Controller: a.controller, Key: a.key, Zone: a.reg.Controller.Zone,
		Allowed: a.reg.Allowed(), Now: a.now}
}

func (a *app) calls() *byhand.Calls {
	return &byhand.Calls{Store: a.store, Composer: a.paper.writer, Skeletons: a.skeletons, Registers: a.registers, Tokens: a.tokens(),
		Controller: a.controller, Now: a.now}
}

func (a *app) eraser() *retain.Eraser {
	return &retain.Eraser{Store: a.store, Registers: a.registers, Controller: a.controller, Key: a.key, Now: a.now}
}

func (a *app) holds() *retain.Holds {
	return &retain.Holds{Store: a.store, Controller: a.controller, Register: a.reg, Now: a.now}
}

// meter counts what a worker and its chores do.
type meter interface {
	deliver.Meter
	retain.Meter
}

// chores are what the other rooms have a worker do, in order: who need not be told any
// more is no longer placed, and a "no" by mail takes effect before its words are forgotten.
func (a *app) chores(m meter) deliver.Chores {
	releases, reports, eraser, requests := a.releases(), a.reports(), a.eraser(), a.requests()
	releases.Zone, releases.Log = a.reg.Controller.Zone, a.log
	eraser.Meter, eraser.Log = m, a.log
	return deliver.Chores{
		Round: []deliver.Chore{
			{Name: "begin a day", Do: releases.BeginDay},
			{Name: "look after canaries", Do: releases.KeepCanaries},
			{Name: "sort the queue by class of domain", Do: releases.KeepClasses},
		},
		TakeIn: []deliver.Chore{
			{Name: "look after exemptions", Do: a.exemptions().KeepHouse},
			{Name: "take in duties", Do: releases.TakeInAll},
		},
		Parked: reports,
		Reports: []deliver.Chore{
			{Name: "forget old reports", Do: reports.Forget},
			{Name: "see to people's answers", Do: reports.Answers.KeepHouse},
			{Name: "forget old answers", Do: reports.Answers.Forget},
			{Name: "see to people's requests", Do: requests.KeepHouse},
			{Name: "forget old requests", Do: requests.Forget},
		},
		Erase: []deliver.Chore{
			{Name: "bring in the ledger", Do: a.keepLedger},
			{Name: "erase what has expired", Do: eraser.KeepHouse},
			{Name: "look after letters", Do: a.letters().KeepHouse},
		},
	}
}

func (a *app) worker(r deliver.Relay, opts deliver.Options, m meter) *deliver.Worker {
	return &deliver.Worker{Queue: a.store, Relay: r, Composer: a.composer, Skeletons: a.skeletons, Registers: a.registers,
		Chores: a.chores(m), Tokens: a.tokens(), Quotas: a.store, Standing: a.store, Zone: a.reg.Controller.Zone, Hearts: a.store, Instances: a.store, Host: hostname(), Controller: a.controller, Options: opts,
		Now: a.now, After: time.After, Jitter: rand.Float64, Meter: m, Log: a.log}
}

func (a *app) tellDesk() *telling.Desk {
	return &telling.Desk{Store: a.store, Controller: a.controller, Now: a.now}
}

// teller tells recipients' systems, and keeps house where no recipients file names any.
func (a *app) teller(s telling.Sender) *telling.Teller {
	return &telling.Teller{Store: a.store, Sender: s, Controller: a.controller, Now: a.now, After: time.After, Chance: rand.Float64, Log: a.log}
}

// hostname is this machine's name, as operators know it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// version is that of the program, as the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// metrics makes the registry that /metrics shows.
func (a *app) metrics() (*prometheus.Registry, *ops.Meter) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&ops.Figures{Source: a.store, Controller: func() mailer.ID { return a.controller }, Now: a.now, Log: a.log})
	ops.RegisterProcess(reg, version())
	return reg, ops.NewMeter(reg, a.now)
}

// checks are what readiness asks.
func (a *app) checks() []ops.Check {
	return []ops.Check{
		{Name: "database", Run: func(ctx context.Context) error {
			have, want, err := a.store.SchemaVersions(ctx)
			if err == nil && have != want {
				err = fmt.Errorf("the database is at version %d and this program needs %d", have, want)
			}
			if err == nil {
				err = a.store.Writable(ctx)
			}
			return err
		}},
		{Name: "clock", Through: true, Run: a.askClock},
		{Name: "instance", Advisory: true, Through: true, Run: func(ctx context.Context) error {
			i, err := a.store.Recognise(ctx, a.now())
			return ops.Unless(err, i.HeldError())
		}},
	}
}

// askClock is checkClock for readiness: a database that does not answer says nothing of its clock.
func (a *app) askClock(ctx context.Context) error {
	skew, err := a.store.ClockSkew(ctx, a.now)
	return ops.Unless(err, skewed(skew))
}
