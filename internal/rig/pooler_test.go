package rig

import (
	"context"
	"database/sql"
	"path"
	"slices"
	"strings"
	"testing"

	"article14/internal/privatepg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// pooled gives a pooler of so many sessions, and clients of one database behind it, each
// with a connection of its own.
func pooled(t *testing.T, sessions, clients int) (*Pooler, string, []*sql.DB) {
	t.Helper()
	address := pgtest.New(t, nil)
	p, err := OpenPooler(t.Context(), address, sessions, GoRound)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	var dbs []*sql.DB
	for range clients {
		db, err := sql.Open("postgres", p.Through(address))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { db.Close() })
		dbs = append(dbs, db)
	}
	name, _, _ := strings.Cut(address, "?")
	return p, path.Base(name), dbs
}

// session is the server's process that answers.
func session(t *testing.T, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (pid int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestThePoolerHandsSessionsRoundWithEachTransaction(t *testing.T) {
	_, _, dbs := pooled(t, 2, 3)
	first, err := dbs[0].BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	own := session(t, first)
	other := session(t, dbs[1])
	if other == own || session(t, first) != own {
		t.Fatal("a transaction shares its session")
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	var seen []int
	for range 6 {
		seen = append(seen, session(t, dbs[2]))
	}
	slices.Sort(seen)
	if seen = slices.Compact(seen); len(seen) != 2 || !slices.Contains(seen, own) || !slices.Contains(seen, other) {
		t.Errorf("one client's statements ran in the sessions %v, and those of the server are %d and %d", seen, own, other)
	}
}

// What a session would remember is somebody else's behind a pooler: this is what the
// tests behind it can see, and a test before a server of one's own cannot.
func TestWhatASessionRemembersIsLostBehindThePooler(t *testing.T) {
	_, _, dbs := pooled(t, 2, 2)
	tx, err := dbs[1].BeginTx(t.Context(), nil) // in the first session, so that a second one is made
	if err != nil {
		t.Fatal(err)
	}
	session(t, tx)
	if _, err := dbs[0].Exec("SET work_mem = '7MB'"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for range 4 {
		var value string
		if err := dbs[0].QueryRow("SHOW work_mem").Scan(&value); err != nil {
			t.Fatal(err)
		}
		if value == "7MB" {
			kept++
		}
	}
	if kept == 4 {
		t.Error("a setting outlived its transaction every time: the pooler pools nothing")
	}
}

func TestAPoolerThatCutsOrCrashesTakesNewConnections(t *testing.T) {
	p, database, dbs := pooled(t, 2, 1)
	for what, breaks := range map[string]func() error{
		"cut":   func() error { return p.Cut(t.Context(), database) },
		"crash": func() error { return p.Stop() },
	} {
		tx, err := dbs[0].BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		session(t, tx)
		if err := breaks(); err != nil {
			t.Fatal(what, err)
		}
		if _, err := tx.Exec("SELECT 1"); err == nil {
			t.Errorf("%s: a transaction outlived it", what)
		}
		tx.Rollback()
		if what == "crash" {
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		session(t, dbs[0])
	}
}

// docs/operations.md says so, and what to do instead.
func TestSettingsInTheAddressAreRefusedByThePooler(t *testing.T) {
	address := pgtest.New(t, nil)
	p, err := OpenPooler(t.Context(), address, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, setting := range []string{"search_path=x", "statement_timeout=5000"} {
		db, err := sql.Open("postgres", p.Through(address)+"&"+setting)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("SELECT 1"); err == nil || !strings.Contains(err.Error(), "unsupported startup parameter") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
