package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"article14/internal/rig"
	"article14/mailer"
)

// hall is where the benchmark takes place: a server, a sink and prepared databases.
type hall struct {
	options
	folder     string
	server     *rig.Server
	postmaster int
	sink       *sink
	pooler     *rig.Pooler // nil where nobody needs it
	keys       string      // the key file
	copies     int
	progress   io.Writer
}

// Prepared databases; each run gets a copy of one.
const (
	blank  = "blank"  // tables and a register
	queued = "queued" // a campaign that is ready to start
	short  = "short"  // the same with few
	long   = "long"   // ten times as many, three tenths of them deferred
	filled = "filled" // many people
)

func newHall(ctx context.Context, o options, progress io.Writer) (h *hall, err error) {
	h = &hall{options: o, progress: progress}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.folder, err = os.MkdirTemp(o.folder, "article14-bench-"); err != nil {
		return h, err
	}
	if h.server, err = rig.OpenServer(ctx, h.folder, nil); err != nil {
		return h, err
	}
	if h.postmaster, err = h.server.Postmaster(); err != nil {
		return h, err
	}
	ring, err := mailer.NewKeyring().MarshalJSON()
	if err != nil {
		return h, err
	}
	h.keys = filepath.Join(h.folder, "keys.json")
	if err := os.WriteFile(h.keys, ring, 0o600); err != nil {
		return h, err
	}
	if h.sink, err = startSink(); err != nil {
		return h, err
	}
	if h.wants("j") {
		if h.pooler, err = rig.OpenPooler(ctx, h.server.URL(""), poolerSessions); err != nil {
			return h, err
		}
	}
	return h, h.prepare(ctx)
}

func (h *hall) close() error {
	var errs []error
	if h.sink != nil {
		errs = append(errs, h.sink.stop())
	}
	if h.pooler != nil {
		errs = append(errs, h.pooler.Close())
	}
	if h.server != nil {
		errs = append(errs, h.server.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(h.folder))...)
}

func (h *hall) say(format string, args ...any) { fmt.Fprintf(h.progress, format+"\n", args...) }

// prepare makes the databases that the wanted parts start from.
func (h *hall) prepare(ctx context.Context) error {
	if err := h.server.Create(ctx, blank, "template0"); err != nil {
		return err
	}
	if _, err := h.run(ctx, blank, task{Part: "register"}); err != nil {
		return err
	}
	known := 0
	if h.wants("a") || h.wants("b") || h.wants("c") || h.wants("f") || h.wants("g") || h.wants("h") || h.wants("j") || h.wants("k") {
		h.say("preparing a campaign of %d", h.Deliveries)
		if err := h.campaign(ctx, queued, h.Deliveries); err != nil {
			return err
		}
		known = h.Deliveries
	}
	if h.Few > 0 && (h.wants("c") && h.Few < h.Deliveries || h.wants("e")) {
		h.say("preparing a campaign of %d", h.Few)
		if err := h.campaign(ctx, short, h.Few); err != nil {
			return err
		}
	}
	if h.wants("d") {
		h.say("preparing a campaign of %d", 10*h.Deliveries)
		if err := h.longQueue(ctx); err != nil {
			return err
		}
	}
	if !h.wants("i") {
		return nil
	}
	h.say("preparing a database of %d people", h.People)
	from := blank
	if known > 0 && known <= h.People {
		from = queued
	} else {
		known = 0
	}
	if err := h.server.Create(ctx, filled, from); err != nil {
		return err
	}
	if known < h.People {
		if _, err := h.importPeople(ctx, filled, known, h.People-known); err != nil {
			return err
		}
	}
	return h.server.SettleDown(ctx, filled)
}

// campaign makes a database with a campaign of n people that is ready to start.
func (h *hall) campaign(ctx context.Context, name string, n int) error {
	if err := h.server.Create(ctx, name, blank); err != nil {
		return err
	}
	if _, err := h.importPeople(ctx, name, 0, n); err != nil {
		return err
	}
	if _, err := h.run(ctx, name, task{Part: "release", N: n}); err != nil {
		return err
	}
	return h.server.SettleDown(ctx, name)
}

// longQueue has (d)'s, with what is deferred at its head. The moves that led there
// are left out, and so are the triggers that would look at them.
func (h *hall) longQueue(ctx context.Context) error {
	if err := h.campaign(ctx, long, 10*h.Deliveries); err != nil {
		return err
	}
	db, err := sql.Open("postgres", h.server.URL(long))
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, q := range []string{
		`SET LOCAL session_replication_role = replica`,
		fmt.Sprintf(`UPDATE delivery SET state = 'deferred', ready_at = ready_at + interval '1 day'
			WHERE id IN (SELECT id FROM delivery ORDER BY due_at, id LIMIT %d)`, 3*h.Deliveries),
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return h.server.SettleDown(ctx, long)
}

// importPeople writes a file and imports it.
func (h *hall) importPeople(ctx context.Context, database string, from, n int) (result, error) {
	file, err := h.file(from, n, 0)
	if err != nil {
		return result{}, err
	}
	return h.run(ctx, database, task{Part: "import", File: file, N: n})
}

// file writes a contact file.
func (h *hall) file(from, n, known int) (string, error) {
	file := filepath.Join(h.folder, "people.csv")
	return file, rig.WritePeople(file, from, n, known)
}

// copyOf makes a copy of a prepared database.
func (h *hall) copyOf(ctx context.Context, from string) (name string, err error) {
	h.copies++
	name = fmt.Sprintf("run_%d", h.copies)
	if err := h.server.Create(ctx, name, from); err != nil {
		return "", err
	}
	_, err = h.server.Admin.ExecContext(ctx, "CHECKPOINT") // nothing left over from before
	return name, err
}

// onCopy runs a task on a copy of a prepared database.
func (h *hall) onCopy(ctx context.Context, from string, t task) (result, error) {
	name, err := h.copyOf(ctx, from)
	if err != nil {
		return result{}, err
	}
	r, err := h.run(ctx, name, t)
	if err != nil {
		return r, err
	}
	return r, h.server.Drop(ctx, name)
}
