package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
)

//go:embed *.sql
var sqlFiles embed.FS

// statements are all named statements of the .sql files.
var statements = load(sqlFiles)

// load reads statements, each under a line "-- name: x". It panics on a broken
// file: the files are part of the program, and whatever runs loads them all.
func load(files fs.FS) map[string]string {
	out := map[string]string{}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err)
	}
	for _, file := range names {
		body, err := fs.ReadFile(files, file)
		if err != nil {
			panic(err)
		}
		for _, part := range strings.Split("\n"+string(body), "\n-- name: ")[1:] {
			name, text, _ := strings.Cut(part, "\n")
			if _, twice := out[name]; twice || strings.TrimSpace(text) == "" {
				panic(file + ": the statement " + name + " is empty or stands there twice")
			}
			out[name] = strings.TrimSpace(text)
		}
	}
	return out
}

// tx is a transaction that runs statements by name; for look it is none.
type tx struct {
	asked
	swift bool // see Store.swift
}

// asked is what takes statements.
type asked interface {
	GetContext(ctx context.Context, dst any, query string, args ...any) error
	SelectContext(ctx context.Context, dst any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// notIdle has PostgreSQL end a transaction whose process says nothing for a while: one
// that is frozen, or whose machine sleeps, would keep the rows that it has locked from
// everybody else until it wakes. No transaction of ours thinks for so long.
const notIdle = "SET LOCAL idle_in_transaction_session_timeout = '15s'"

// notIdleAtAll is for a worker's transactions: the other workers wait for what they
// lock, and what fails is tried again.
const notIdleAtAll = "SET LOCAL idle_in_transaction_session_timeout = '5s'"

// write runs fn in a transaction.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.writeWith(ctx, notIdle, fn)
}

// brief is write for what workers do.
func (s *Store) brief(ctx context.Context, fn func(tx) error) error {
	return s.writeWith(ctx, notIdleAtAll, fn)
}

// writeWith runs fn in a transaction with settings of its own.
func (s *Store) writeWith(ctx context.Context, settings string, fn func(tx) error) error {
	return s.within(ctx, nil, func(t tx) error {
		if _, err := t.ExecContext(ctx, settings); err != nil {
			return fault("set how a transaction runs", err)
		}
		return fn(t)
	})
}

// byKey makes a transaction look rows up by their keys. Where a batch of hundreds
// meets a table of some ten thousands, the planner would rather read all of it,
// again for every batch. It is set for the transaction alone, so that it holds
// behind a transaction pooler, too.
const byKey = notIdleAtAll + "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

// work is brief for what every delivery passes through.
func (s *Store) work(ctx context.Context, fn func(tx) error) error {
	return s.writeWith(ctx, byKey, fn)
}

// What a statement has for one of two ways, see Store.swift.
const (
	// unlessThere lets rows pass that are on record already, at the price of a lookup
	// before each is inserted.
	unlessThere = "ON CONFLICT DO NOTHING"
	// atPlace fetches a row from where it stood, instead of by its key.
	atPlace = "d.ctid = x.place AND "
)

// errOtherwise says that a batch is not what it nearly always is.
var errOtherwise = errors.New("a row is not where it was, or not what it was")

// swift is work for a batch that is as batches nearly always are: its rows are where
// the claim saw them, and what it inserts is new. So rows are fetched from their
// places, and inserted without looking first. If anything is otherwise (errThere,
// errOtherwise) all of it is undone and done again by keys, with care: then a row
// that somebody changes at this moment is waited for and looked at again, which a
// place would not survive.
func (s *Store) swift(ctx context.Context, fn func(tx) error) error {
	err := s.work(ctx, func(t tx) error {
		t.swift = true
		return fn(t)
	})
	if errors.Is(err, errThere) || errors.Is(err, errOtherwise) {
		return s.work(ctx, fn)
	}
	return err
}

// look runs fn, which asks a single question. A statement is a snapshot of its own, and
// one with parameters goes out in one piece (Open), which a transaction pooler keeps
// together. So there is no transaction around it, which would cost two more exchanges.
func (s *Store) look(ctx context.Context, fn func(tx) error) (err error) {
	defer func() { err = because(ctx, err) }()
	return fn(tx{asked: s.db})
}

// because gives the context's end as the reason of an error: a statement that was cut
// off fails with the driver's words, and callers look for the context's.
func because(ctx context.Context, err error) error {
	if cause := ctx.Err(); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// read runs fn over one snapshot, so that several statements agree.
func (s *Store) read(ctx context.Context, fn func(tx) error) error {
	return s.within(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, fn)
}

func (s *Store) within(ctx context.Context, opt *sql.TxOptions, fn func(tx) error) (err error) {
	defer func() { err = because(ctx, err) }()
	t, err := s.db.BeginTxx(ctx, opt)
	if err != nil {
		return fault("begin a transaction", err)
	}
	defer t.Rollback()
	if err := fn(tx{asked: t}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fault("commit a transaction", err)
	}
	return nil
}

func statement(name string) string {
	text, ok := statements[name]
	if !ok {
		panic("there is no statement " + name)
	}
	return text
}

// exec runs a statement and returns how many rows it touched.
func (t tx) exec(ctx context.Context, name string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, statement(name), args...)
	if err != nil {
		return 0, fault(name, err)
	}
	n, err := res.RowsAffected()
	return n, fault(name, err)
}

// one reads a single row into dst; found is false where there is none.
func (t tx) one(ctx context.Context, dst any, name string, args ...any) (found bool, err error) {
	err = t.GetContext(ctx, dst, statement(name), args...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, fault(name, err)
}

// all reads every row into the slice behind dst.
func (t tx) all(ctx context.Context, dst any, name string, args ...any) error {
	without := atPlace
	if t.swift {
		without = unlessThere
	}
	return fault(name, t.SelectContext(ctx, dst, strings.ReplaceAll(statement(name), without, ""), args...))
}

// copyIn streams rows into a table by COPY. NUL, which text cannot hold, was
// refused at the door.
func (t tx) copyIn(ctx context.Context, table, columns string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	return t.copyAll(ctx, table, columns, slices.Values(rows))
}

// copyAll is copyIn for rows that are made while PostgreSQL stores those before
// them. A row is done with when the next is asked for.
func (t tx) copyAll(ctx context.Context, table, columns string, rows iter.Seq[[]any]) (err error) {
	stmt, err := t.PrepareContext(ctx, "COPY "+table+" ("+columns+") FROM STDIN")
	if err != nil {
		return fault("copy into "+table, err)
	}
	defer func() { err = errors.Join(err, fault("copy into "+table, stmt.Close())) }()
	for r := range rows {
		if _, err := stmt.ExecContext(ctx, r...); err != nil {
			return fault("copy into "+table, err)
		}
	}
	_, err = stmt.ExecContext(ctx)
	return fault("copy into "+table, err)
}

// stage streams rows into stage_<table>, a table of this transaction only with
// the columns of table, to be merged by set.
func (t tx) stage(ctx context.Context, table, columns string, rows [][]any) error {
	make := "CREATE TEMPORARY TABLE stage_" + table + " (LIKE " + table + " INCLUDING DEFAULTS) ON COMMIT DROP"
	if _, err := t.ExecContext(ctx, make); err != nil {
		return fault("stage rows for "+table, err)
	}
	return t.copyIn(ctx, "stage_"+table, columns, rows)
}

// errThere says that what should be unique is there already.
var errThere = errors.New("a row with that key is there already (SQLSTATE 23505)")

// fault says what failed, without what PostgreSQL quotes of the rows at fault:
// details and contexts are left out, and so are the messages of data exceptions
// (class 22), which repeat the value.
func fault(what string, err error) error {
	var refused *pq.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return fmt.Errorf("database: %s: %w", what, err)
	}
	if refused.SQLState() == "23505" {
		return fmt.Errorf("database: %s: %w", what, errThere)
	}
	text := refused.Message
	if strings.HasPrefix(refused.SQLState(), "22") {
		text = "a value does not fit its column"
	}
	return fmt.Errorf("database: %s: %s (SQLSTATE %s)", what, text, refused.SQLState())
}

// records writes a value as JSON: for a jsonb column, or, a slice of structs, for
// a statement that reads it with json_to_recordset. The planner takes that for a
// hundred rows whatever its length, and so joins big tables by their keys.
type records struct{ rows any }

// Value is the JSON.
func (r records) Value() (driver.Value, error) {
	b, err := json.Marshal(r.rows)
	return string(b), err
}

// null makes the zero instant NULL.
func null(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// instant reads a timestamptz as UTC; NULL is the zero instant.
type instant struct{ time.Time }

// Scan takes an instant from the database.
func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		i.Time = time.Time{}
	case time.Time:
		i.Time = v.UTC()
	default:
		return fmt.Errorf("an instant cannot be read from a %T", src)
	}
	return nil
}

// UnmarshalJSON takes an instant out of a row that came as JSON.
func (i *instant) UnmarshalJSON(b []byte) error {
	i.Time = time.Time{}
	if string(b) == "null" {
		return nil
	}
	err := i.Time.UnmarshalJSON(b)
	i.Time = i.UTC()
	return err
}

// document reads a jsonb column into a T.
type document[T any] struct{ v T }

// UnmarshalJSON takes a document out of a row that came as JSON.
func (d *document[T]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &d.v) }

// Scan takes JSON from the database; NULL is the zero T.
func (d *document[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case []byte:
		return json.Unmarshal(v, &d.v)
	case string:
		return json.Unmarshal([]byte(v), &d.v)
	}
	return fmt.Errorf("a document cannot be read from a %T", src)
}

// idList reads a uuid[] column.
type idList []mailer.ID

// Scan takes an array of ids from the database.
func (l *idList) Scan(src any) error {
	return pq.GenericArray{A: (*[]mailer.ID)(l)}.Scan(src)
}
