package postgres

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"article14/migrations"
)

// asleep counts sessions that run a statement of this length.
func (h *house) asleep() int64 {
	return h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'`)
}

func TestWhatIsCalledOffEndsAtOnce(t *testing.T) {
	h := newHouse(t)
	ctx, callOff := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	go func() {
		done <- h.write(ctx, func(x tx) error {
			_, err := x.ExecContext(ctx, "SELECT pg_sleep(600)")
			return err
		})
	}()
	for h.asleep() == 0 {
	}
	callOff()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("not the context's error: %v", err)
	}
}

// TestAQuestionThatIsCalledOffWhileItsRowsComeEndsAtOnce has the first row come, since those
// behind it are big, and the last keep everybody waiting. No transaction watches over it.
func TestAQuestionThatIsCalledOffWhileItsRowsComeEndsAtOnce(t *testing.T) {
	h := newHouse(t)
	ctx, callOff := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	go func() {
		done <- h.look(ctx, func(x tx) error {
			var rows []struct {
				Slept string `db:"pg_sleep"`
				Long  string `db:"long"`
			}
			return x.SelectContext(ctx, &rows, "SELECT pg_sleep(x / 2 * $1), repeat('x', 20000) AS long FROM generate_series(0, 2) x", 600)
		})
	}()
	for h.asleep() == 0 {
	}
	callOff()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("not the context's error: %v", err)
	}
}

// With lib/pq's own way of calling off, PgBouncer 1.18 was gone after the first time.
func TestWhatIsCalledOffBetweenTwoStatementsLeavesNothingAndTakesNobodyAlong(t *testing.T) {
	h := newHouse(t)
	for range 20 {
		ctx, callOff := context.WithCancel(h.ctx)
		err := h.write(ctx, func(x tx) error {
			_, err := x.ExecContext(ctx, "UPDATE controller SET key = 'changed'")
			callOff()
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("not the context's error: %v", err)
		}
		equal(t, "what it wrote", h.count("SELECT count(*) FROM controller WHERE key = 'changed'"), 0)
	}
}

// ofASession is what a session remembers beyond a transaction, in SQL or in Go that
// says SQL. Behind a transaction pooler the next transaction may have another one.
var ofASession = regexp.MustCompile(`(?i)(^|[;"` + "`" + `]) ?SET (SESSION |ROLE |TIME ZONE |[a-z_.]+ ?(=|TO ))|\bset_config\([^)]*\bfalse ?\)|\bpg_(try_)?advisory_(lock|unlock)|` +
	`(^|[;"` + "`" + `]) ?(UN)?LISTEN [a-z_*]|\bNOTIFY [a-z_]+|\bpg_notify\b|(^|[;"` + "`" + `]) ?PREPARE [a-z_]+|\bDISCARD (ALL|PLANS|TEMP|SEQUENCES)|\bWITH HOLD\b|` +
	`\bCREATE (GLOBAL |LOCAL )?TEMP(ORARY)? [^;]{0,200}|\b(curr|last)val\(|\bpq\.NewListener|\bdb\.(Prepare|Conn\()`)

var (
	comment = regexp.MustCompile(`(?m)^\s*(--|//).*$`)
	blank   = regexp.MustCompile(`\s+`)
)

// remembered finds what ofASession has. A comment ends a statement, as "-- name: x" does;
// a table for a transaction goes with it.
func remembered(text string) (found []string) {
	text = blank.ReplaceAllString(comment.ReplaceAllString(text, ";"), " ")
	for _, is := range ofASession.FindAllString(text, -1) {
		if !strings.Contains(is, "ON COMMIT DROP") {
			found = append(found, is)
		}
	}
	return found
}

func TestNothingDependsOnASession(t *testing.T) {
	looked := 0
	for name, files := range map[string]fs.FS{"internal/postgres": os.DirFS("."), "migrations": migrations.FS} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".sql") {
				return err
			}
			looked++
			b, err := fs.ReadFile(files, path)
			for _, line := range remembered(string(b)) {
				t.Errorf("%s/%s: a session would remember this, and behind a transaction pooler it is another's: %s", name, path, line)
			}
			return err
		})
		must(t, err)
	}
	if looked < 60 {
		t.Fatalf("looked at %d files: the test has lost its way", looked)
	}
}

func TestWhatASessionRemembersIsSeen(t *testing.T) {
	for _, text := range []string{
		"SET statement_timeout = '5s'", "set search_path to a", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET ROLE x", "SET TIME ZONE 'UTC'",
		"SELECT set_config('a.b', 'c', false)", "SELECT pg_advisory_lock(1)", "SELECT pg_try_advisory_lock(1)", "SELECT pg_advisory_unlock(1)",
		"LISTEN work;", "UNLISTEN work;", "NOTIFY work", "SELECT pg_notify('work', '')", "PREPARE x AS SELECT 1", "DISCARD ALL;", "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
		"CREATE TEMP TABLE x (y int)", "CREATE TEMPORARY TABLE x (y int) ON COMMIT DELETE ROWS", "SELECT currval('x')", "l := pq.NewListener(url)", "s.db.PrepareContext(ctx, q)",
	} {
		if len(remembered(text)) == 0 {
			t.Errorf("not seen: %s", text)
		}
	}
	for _, text := range []string{
		"SET LOCAL statement_timeout = '5s'", "UPDATE lane SET state = 'open'", "UPDATE lane l\nSET state = x.state", "DO UPDATE SET a = b", "CREATE FUNCTION f() SET search_path = a", "SELECT pg_advisory_xact_lock(1)", "-- SET search_path = a",
		"SELECT set_config('a.b', 'c', true)", "CREATE TEMPORARY TABLE x (LIKE y) ON COMMIT DROP", "// LISTEN work;", "srv, err := web.Listen(ctx, cfg)",
	} {
		if found := remembered(text); len(found) > 0 {
			t.Errorf("taken for a session's: %q of %s", found, text)
		}
	}
}
