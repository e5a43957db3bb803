// Package pgtest gives each test a PostgreSQL database of its own.
//
// A test binary has one server, started when the first test asks for it, in a
// temporary folder and without the care for power cuts that makes real data
// safe and tests slow. The first test also has the tables made, once, in a template
// database; every test then gets a copy of it, which takes milliseconds, and
// which is dropped at the test's end. So tests may run in parallel, and none sees
// another's rows.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestAnOverdueDutyComesFirst(t *testing.T) {
//		url := pgtest.New(t, migrate)
//		...
//
// If PostgreSQL is missing the tests fail, and say what to install. They never skip.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"article14/internal/privatepg"

	_ "github.com/lib/pq"
)

// Migrate brings the empty database at url up to date, and closes what it opened there.
type Migrate func(ctx context.Context, url string) error

// settings trade safety for speed. Autovacuum is off since it would gather statistics,
// and so change plans, in the middle of one run and not of another.
var settings = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"autovacuum":         "off",
	"shared_buffers":     "64MB",
	"max_connections":    "200",
}

// startLimit is how long the server may take to be made, on a busy machine.
const startLimit = 2 * time.Minute

// bench is the server of this test binary.
type bench struct {
	once   sync.Once
	err    error // of the start; every test that needs the server fails with it
	folder string
	server *privatepg.Server
	admin  *sql.DB

	template sync.Once
	migrated error
	migrate  uintptr // the function that made the template

	databases atomic.Int64 // numbers them
}

var shared bench

// Main runs the tests of a binary and stops the server after them. A binary without it is
// cleaned up after, too, but leaves its folder behind.
func Main(m *testing.M) {
	defer func() {
		if err := shared.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			os.Exit(1)
		}
	}()
	m.Run() // it keeps the exit code, which is used when TestMain returns
}

// New returns the URL of a new database with the tables that migrate makes. The database
// lives until the test's end. With a nil migrate it is empty. All tests of a binary give the
// same function, for it is run once only.
func New(t testing.TB, migrate Migrate) (url string) {
	t.Helper()
	if shared.once.Do(shared.start); shared.err != nil {
		t.Fatal(shared.err)
	}
	from := "template0"
	if migrate != nil {
		from = "migrated"
		if err := shared.prepare(migrate); err != nil {
			t.Fatal(err)
		}
	}
	name := "test_" + strconv.FormatInt(shared.databases.Add(1), 10)
	if err := shared.exec("CREATE DATABASE " + name + " TEMPLATE " + from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return shared.server.URL(name)
}

// start makes the folder and the server in it.
func (b *bench) start() {
	b.err = func() (err error) {
		if b.folder, err = os.MkdirTemp("", "article14-test-"); err != nil {
			return err
		}
		// For root the server is another user, who has to pass through.
		if err := os.Chmod(b.folder, 0o711); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		b.server, err = privatepg.Open(ctx, b.folder, privatepg.Options{Settings: settings, Elsewhere: "/tmp"})
		if err != nil {
			return errors.Join(fmt.Errorf("these tests need PostgreSQL: %w", err), os.RemoveAll(b.folder))
		}
		if b.admin, err = sql.Open("postgres", b.server.URL("")); err != nil {
			return errors.Join(err, b.server.Close())
		}
		return nil
	}()
}

// prepare makes the template, the first time. Nobody may connect to it afterwards: a copy
// can be taken only of a database that no session is in.
func (b *bench) prepare(migrate Migrate) error {
	given := reflect.ValueOf(migrate).Pointer()
	b.template.Do(func() {
		b.migrate = given
		b.migrated = func() error {
			if err := b.exec("CREATE DATABASE migrated TEMPLATE template0"); err != nil {
				return err
			}
			if err := migrate(context.Background(), b.server.URL("migrated")); err != nil {
				return fmt.Errorf("migrate the template database: %w", err)
			}
			return b.exec("ALTER DATABASE migrated ALLOW_CONNECTIONS false")
		}()
	})
	if b.migrated == nil && given != b.migrate {
		return errors.New("pgtest: two tests of one binary gave different migrations: give the same function")
	}
	return b.migrated
}

// exec runs one statement on the server.
func (b *bench) exec(statement string) error {
	if _, err := b.admin.Exec(statement); err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	return nil
}

// stop stops the server, if one was started, and removes all that it left.
func (b *bench) stop() error {
	if b.admin == nil {
		return nil
	}
	return errors.Join(b.admin.Close(), b.server.Close(), os.RemoveAll(b.server.Home()), os.RemoveAll(b.folder))
}
