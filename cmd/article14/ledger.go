package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"article14/internal/ledger"
	"article14/mailer"
	"article14/mailer/retain"
)

// noLedger is what --ledger says to do without one.
const noLedger = "none"

// ledgerPath is where the ledger stands; "" where none was named and there is no
// folder of this database's own.
func (s *Settings) ledgerPath(private bool) (string, error) {
	if s.Ledger != "" || !private && s.Data == "" {
		return s.Ledger, nil
	}
	dir, err := s.dataFolder()
	return filepath.Join(dir, "ledger"), err
}

// openLedger opens the ledger, and applies what it has and this database has not, before
// anything is claimed. What a person must see to first keeps a worker from starting, and
// nobody from looking.
func (a *app) openLedger(ctx context.Context, s *Settings) error {
	path, err := s.ledgerPath(a.private != nil)
	if err != nil {
		return err
	}
	if path == noLedger || path == "" {
		return a.withoutLedger(ctx, path == noLedger)
	}
	l, err := ledger.Open(path, a.keys.Newest(mailer.IdentityKey).Fingerprint(), a.now())
	if err == nil {
		_, err = a.replay(l).Run(ctx)
	}
	if err == nil || errors.Is(err, retain.ErrReplayWaits) {
		a.ledger = l
		a.store.KeepLedger(l)
	} else if l != nil {
		err = errors.Join(err, l.Close())
	}
	return a.heldBy(err)
}

// heldBy keeps a worker from starting for what a person, or a worker's end, has to mend.
// Pages go on: who objects meanwhile has objected, though no line of a ledger says so.
func (a *app) heldBy(err error) error {
	if errors.As(err, new(*ledger.Damage)) || errors.As(err, new(*unnamed)) || errors.Is(err, retain.ErrReplayWaits) {
		a.log.Error("nothing is sent", "why", err)
		a.unledgered, err = err, nil
	}
	return err
}

// withoutLedger is for who has none. A database that knows of one must not lose it by a
// flag that somebody forgot.
func (a *app) withoutLedger(ctx context.Context, onPurpose bool) error {
	known, err := a.store.Ledgers(ctx)
	if err != nil || len(known) == 0 {
		return err
	}
	if onPurpose {
		a.log.Warn("there is no ledger, and this database had one: what people ask for from now on is lost with the database")
		return nil
	}
	return a.heldBy(&unnamed{known[0].Place})
}

// unnamed is a ledger that a database has, and that nobody named.
type unnamed struct{ place string }

func (m *unnamed) Error() string {
	return "this database has a ledger, last seen at " + m.place + ": name it with --ledger FILE, or one of this machine's own, or do without (--ledger none)"
}

func (a *app) replay(l *ledger.File) *retain.Replay {
	path, err := filepath.Abs(l.Path())
	if err != nil {
		path = l.Path()
	}
	return &retain.Replay{Store: a.store, Ledger: l, Place: hostname() + ":" + path, Now: a.now, Log: a.log}
}

// keepLedger applies what a process that was killed has left in the ledger.
func (a *app) keepLedger(ctx context.Context) error {
	if a.ledger == nil {
		return nil
	}
	return a.replay(a.ledger).KeepHouse(ctx)
}

// allReplayed refuses to adopt a copy while a ledger that it knows of has not been applied to it
// since it was held: whoever objected or was erased since the backup would be told, and used, again.
func (a *app) allReplayed(ctx context.Context, lost bool) error {
	known, err := a.store.Ledgers(ctx)
	if err != nil || lost {
		return err
	}
	for _, l := range known {
		if a.instance.Held() && l.SeenAt.Before(a.instance.HeldAt) {
			return fmt.Errorf("the ledger %s, last seen at %s, has not been applied to this copy: run 'article14 ledger replay FILE' with it, or say that it is lost (--ledger-lost)", l.ID, l.Place)
		}
	}
	return a.unledgered
}

type ledgerCmd struct {
	Show   ledgerShowCmd   `cmd:"" help:"The ledgers that this database has had lines of."`
	Verify ledgerVerifyCmd `cmd:"" help:"Read a whole ledger and say whether every line is what was written."`
	Replay ledgerReplayCmd `cmd:"" help:"Apply what a ledger has and this database has not: after a restore."`
}

type ledgerShowCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *ledgerShowCmd) Run(ctx context.Context, a *app, std streams) error {
	known, err := a.store.Ledgers(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, append([]retain.KnownLedger{}, known...))
	}
	rows := [][]string{{"LEDGER", "LINES", "SEEN", "AT"}}
	for _, l := range known {
		rows = append(rows, []string{l.ID.String(), number(l.Line), whenIn(l.SeenAt, a.reg.Controller.Zone), l.Place})
	}
	if len(known) == 0 {
		fmt.Fprintln(std.out, "none: name one with --ledger FILE")
		return nil
	}
	table(std.out, rows)
	return nil
}

type ledgerVerifyCmd struct {
	File string `arg:"" help:"The ledger." type:"existingfile"`
}

// Run needs no database: a copy can be verified where it is kept.
func (c *ledgerVerifyCmd) Run(std streams) error {
	l, err := ledger.Look(c.File)
	if err != nil {
		return err
	}
	defer l.Close()
	var last time.Time
	end, err := l.Read(ledger.Mark{}, func(e mailer.LedgerEntry, _ ledger.Mark) error {
		last = e.At
		return nil
	})
	if err != nil {
		return err
	}
	if end.Line == 0 {
		fmt.Fprintf(std.out, "ledger %s is sound and has no line yet\n", l.ID())
		return nil
	}
	fmt.Fprintf(std.out, "ledger %s is sound: %s, the last of %s\n", l.ID(), counted(end.Line, "line", "lines"), when(last))
	return nil
}

type ledgerReplayCmd struct {
	File string `arg:"" optional:"" help:"The ledger; default the one of --ledger." type:"existingfile"`
	JSON bool   `help:"Print JSON."`
}

func (c *ledgerReplayCmd) Run(ctx context.Context, a *app, std streams) (err error) {
	l := a.ledger
	if c.File != "" {
		if l, err = ledger.Open(c.File, a.keys.Newest(mailer.IdentityKey).Fingerprint(), a.now()); err != nil {
			return err
		}
		defer l.Close()
	}
	if l == nil {
		return misuse{errors.New("there is no ledger: name its file")}
	}
	out, err := a.replay(l).Run(ctx)
	if err != nil && !errors.Is(err, retain.ErrReplayWaits) {
		return err
	}
	if c.JSON {
		return errors.Join(err, printJSON(std.out, out))
	}
	fmt.Fprintf(std.out, "%s read; %s applied, %s erased again\n", counted(out.Read, "line", "lines"), counted(out.Applied, "line", "lines"),
		counted(int64(out.Erased), "person", "people"))
	return err
}
