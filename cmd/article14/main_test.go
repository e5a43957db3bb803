package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"article14/internal/postgres"
	"article14/internal/privatepg/pgtest"
)

// TestMain runs the tests, or, when a script calls this binary by the program's
// name, the program.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "article14" {
		os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
	}
	// Built with the race detector each process would sleep for a second when it ends,
	// and the tests start hundreds. What it found on the way is reported all the same.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	defer closeChromium()
	pgtest.Main(m)
}

// migrated gives a new database with all tables.
func migrated(t testing.TB) string {
	t.Helper()
	return pgtest.New(t, migrate)
}

// empty gives a new database without tables.
func empty(t testing.TB) string {
	t.Helper()
	return pgtest.New(t, nil)
}

func migrate(ctx context.Context, url string) error {
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer store.Close()
	_, err = store.Migrate(ctx)
	return err
}

// TestScripts runs the commands as people type them, each script with a database
// and a key file of its own.
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "article14")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"misused": misused},
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("ARTICLE14_DATABASE_URL", migrated(env.T().(testing.TB)))
			env.Setenv("NEXT_YEAR", time.Now().AddDate(1, 0, 0).Format(time.DateOnly)) // days of review are within two years
			env.Setenv("ARTICLE14_KEYS", filepath.Join(env.WorkDir, "keys.json"))
			if _, err := makeKeys(filepath.Join(env.WorkDir, "keys.json")); err != nil {
				return err
			}
			return writeSample(env.WorkDir)
		},
	})
}

// misused runs a command that must end with the exit status of misuse.
func misused(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var ended *exec.ExitError
	if neg || !errors.As(err, &ended) || ended.ExitCode() != exitMisuse {
		ts.Fatalf("%q ended with %v, not with status %d", args, err, exitMisuse)
	}
}
