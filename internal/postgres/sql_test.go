package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lib/pq"

	"article14/mailer"
)

func TestEveryStatementIsUsedAndEveryUsedStatementIsThere(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	var code strings.Builder
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			b, err := os.ReadFile(f)
			must(t, err)
			code.Write(b)
		}
	}
	if len(statements) < 60 {
		t.Fatalf("only %d statements were found", len(statements))
	}
	for name := range statements {
		if !strings.Contains(code.String(), `"`+name+`"`) {
			t.Errorf("nobody uses the statement %s", name)
		}
	}
	used := regexp.MustCompile(`t\.(?:exec|one|all)\(ctx, (?:&?[\w.]+, )?"(\w+)"`).FindAllStringSubmatch(code.String(), -1)
	if len(used) < 50 {
		t.Fatalf("only %d uses were found", len(used))
	}
	for _, m := range used {
		if _, there := statements[m[1]]; !there {
			t.Errorf("there is no statement %s", m[1])
		}
	}
}

func TestNoStatementAsksTheDatabasesClock(t *testing.T) {
	clock := regexp.MustCompile(`(?i)\b(now\(\)|current_(date|time|timestamp)|localtime|clock_timestamp|statement_timestamp|transaction_timestamp)`)
	if !clock.MatchString("x > now()") {
		t.Fatal("the pattern finds nothing")
	}
	for name, text := range statements {
		if clock.MatchString(text) {
			t.Errorf("%s decides by the database's clock", name)
		}
	}
}

func TestABrokenStatementFileIsNoticedAtOnce(t *testing.T) {
	for name, body := range map[string]string{
		"one that stands there twice": "-- name: a\nSELECT 1\n\n-- name: a\nSELECT 2\n",
		"an empty one":                "-- name: a\n\n-- name: b\nSELECT 1\n",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", name)
				}
			}()
			load(fstest.MapFS{"x.sql": {Data: []byte(body)}})
		}()
	}
}

func TestErrorsDoNotRepeatPersonalValues(t *testing.T) {
	h := newHouse(t)
	ids := h.people(1, noon)
	const secret = "jean.dupont@example.org"
	insert := `INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at)
		SELECT contact_id, id, controller_id, kind, hash, key_id, $1, added_at FROM identifier`
	for name, fail := range map[string]func(tx) error{
		"a key that is there already": func(x tx) error {
			_, err := x.ExecContext(h.ctx, insert, secret)
			return err
		},
		"a value that does not fit": func(x tx) error {
			_, err := x.ExecContext(h.ctx, `UPDATE contact SET updated_at = CAST($1 AS timestamptz)`, secret)
			return err
		},
		"a check that fails": func(x tx) error {
			_, err := x.ExecContext(h.ctx, `UPDATE identifier SET kind = $1`, secret)
			return err
		},
		"a copy that fails": func(x tx) error {
			return x.copyIn(h.ctx, "identifier", "contact_id, id, controller_id, kind, hash, key_id, value, added_at",
				[][]any{{ids[0], mailer.NewID(noon), h.controller, secret, []byte{1}, "a", secret, noon}})
		},
	} {
		err := fault("test", h.write(h.ctx, fail))
		if err == nil {
			t.Fatalf("%s: did not fail", name)
		}
		var refused *pq.Error
		if strings.Contains(err.Error(), "dupont") || errors.As(err, &refused) {
			t.Errorf("%s: the error repeats the value, or can be asked for it: %v", name, err)
		}
	}
}
