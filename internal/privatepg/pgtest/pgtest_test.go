package pgtest_test

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"

	"article14/internal/privatepg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var migrations atomic.Int64

// migrate makes one table, and counts how often it was asked to.
func migrate(ctx context.Context, url string) error {
	migrations.Add(1)
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `CREATE TABLE guest (name text PRIMARY KEY)`)
	return err
}

func connect(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestTestsInParallelDoNotSeeEachOthersRows(t *testing.T) {
	t.Run("together", func(t *testing.T) {
		for range 6 {
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				db := connect(t, pgtest.New(t, migrate))
				if _, err := db.Exec(`INSERT INTO guest VALUES ('the only one')`); err != nil {
					t.Fatal(err) // a second row in one table would break the key
				}
			})
		}
	})
	if n := migrations.Load(); n != 1 {
		t.Errorf("migrated %d times, want once for all tests", n)
	}
}

func TestTheDatabaseIsDroppedAtTheTestsEnd(t *testing.T) {
	var url string
	t.Run("a test that leaves its connection open", func(t *testing.T) {
		url = pgtest.New(t, migrate)
		db, err := sql.Open("postgres", url)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
	})
	if err := connect(t, url).Ping(); err == nil {
		t.Error("the database is still there")
	}
}

func TestWithoutMigrationsTheDatabaseIsEmpty(t *testing.T) {
	var tables int
	db := connect(t, pgtest.New(t, nil))
	if err := db.QueryRow(`SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Errorf("%d tables in a database that nobody migrated", tables)
	}
}
