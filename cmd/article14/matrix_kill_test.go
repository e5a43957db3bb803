package main

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"article14/internal/register"
	"article14/internal/sample"
)

// TestAnImportThatIsKilledAndRunAgainEndsInTheSameTables kills real processes: some
// while PostgreSQL holds them in the middle of a batch, at each table that a
// batch writes to, the others wherever they just are.
func TestAnImportThatIsKilledAndRunAgainEndsInTheSameTables(t *testing.T) {
	s := newStage(t, nil)
	db := database(t, s.url)
	kills := &killer{stage: s, db: db, rnd: rand.New(rand.NewPCG(14, 3)), tables: []string{"contact", "identifier", "acquisition", "duty", "counter", "import"}}

	whole := s.twin(t)
	for _, f := range sample.Files(800, 7, s.now()) {
		path := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(path, f.Body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := whole.importFile(t.Context(), importPlan{file: path, source: f.Source, activity: demoActivity}); err != nil {
			t.Fatal(err)
		}
		args := []string{"import", path, "--source", f.Source, "--activity", demoActivity, "--batch", "7"}
		for range 8 {
			kills.one(t, args)
		}
		p := s.program(t, s.url, s.keyFile, args...)
		if err := p.Wait(); err != nil {
			t.Fatalf("the last run of %s: %v: %s", f.Name, err, p.log)
		}
	}
	if kills.held < 6 || kills.alive < 20 {
		t.Errorf("only %d processes were killed, %d of them in the middle of a batch", kills.alive, kills.held)
	}
	got, err := dump(t.Context(), db, s.controller)
	if err != nil {
		t.Fatal(err)
	}
	want, err := dump(t.Context(), database(t, whole.url), whole.controller)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 100_000 {
		t.Fatalf("there is nothing to compare: %d bytes", len(want))
	}
	same(t, "after all the kills", got, want)
}

// twin is the same product with the same keys over a database of its own.
func (s *stage) twin(t *testing.T) *stage {
	t.Helper()
	url := migrated(t)
	a, err := open(t.Context(), &Settings{DatabaseURL: url, Keys: s.keyFile}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	reg, _, err := register.Parse("register.yaml", register.Sample())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.applyRegister(t.Context(), reg, register.Sample(), "test"); err != nil {
		t.Fatal(err)
	}
	return &stage{app: a, url: url}
}

func database(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// killer starts imports and kills them.
type killer struct {
	*stage
	db          *sql.DB
	rnd         *rand.Rand
	tables      []string
	turn        int
	alive, held int // processes that still ran when they were killed, and those that were held in a batch
}

// one starts an import, lets it store a few batches, and kills it.
func (k *killer) one(t *testing.T, args []string) {
	t.Helper()
	from := k.position(t)
	p := k.program(t, k.url, k.keyFile, args...)
	ended := make(chan struct{})
	go func() { p.Wait(); close(ended) }()
	over := func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	batches := int64(k.rnd.IntN(3))
	until(t, func() bool { return over() || k.position(t) >= from+7*batches })
	if k.rnd.IntN(3) > 0 {
		release := k.hold(t, k.tables[k.turn%len(k.tables)])
		k.turn++
		until(t, func() bool { return over() || k.waiting(t) })
		if !over() {
			k.held++
		}
		defer release()
	}
	if !over() {
		k.alive++
	}
	p.Process.Kill()
	<-ended
}

// position is how many rows of all files are stored.
func (k *killer) position(t *testing.T) (n int64) {
	t.Helper()
	if err := k.db.QueryRowContext(t.Context(), `SELECT COALESCE(sum(position), 0) FROM import`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// hold keeps everybody from writing to a table until release.
func (k *killer) hold(t *testing.T, table string) (release func()) {
	t.Helper()
	tx, err := k.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE " + table + " IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}

// waiting tells whether a process waits for a table.
func (k *killer) waiting(t *testing.T) (yes bool) {
	t.Helper()
	err := k.db.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND l.locktype = 'relation' AND NOT l.granted)`).Scan(&yes)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
