package postgres

import (
	"context"
	"database/sql"
	"testing"
	"time"
)

// A process that is frozen in the middle of a transaction keeps what it has locked.
// These hold that it does not do so for long.

func TestATransactionOfOursIsNotIdleForLong(t *testing.T) { // invariant 7
	s := open(t)
	setting := func(x tx) (v string) {
		must(t, x.GetContext(context.Background(), &v, "SHOW idle_in_transaction_session_timeout"))
		return v
	}
	for _, c := range []struct {
		run   func(context.Context, func(tx) error) error
		limit string
	}{{s.write, "15s"}, {s.brief, "5s"}, {s.work, "5s"}} {
		must(t, c.run(t.Context(), func(x tx) error {
			if v := setting(x); v != c.limit {
				t.Errorf("idle for %s, not %s", v, c.limit)
			}
			return nil
		}))
	}
	must(t, s.read(t.Context(), func(x tx) error { // behind the others, perhaps over the same connection
		if v := setting(x); v != "0" {
			t.Errorf("the setting outlives its transaction: %s", v)
		}
		return nil
	}))
}

// TestWhatAFrozenProcessHasWrittenAndNotReadIsGivenBack has two sessions whose client
// does not read: one that has written, as a worker in the middle of a claim, and one
// that only reads, as a command in a pager.
func TestWhatAFrozenProcessHasWrittenAndNotReadIsGivenBack(t *testing.T) { // invariant 7
	h := newHouse(t)
	writer, reader := h.unreadAnswer(t, "UPDATE controller SET key = key"), h.unreadAnswer(t, "SELECT 1")
	defer writer.Close()
	now := time.Now()
	if _, _, err := h.Rescue(t.Context(), h.controller, now, now); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.ExecContext(h.waiting(t, 200*time.Millisecond), "UPDATE controller SET key = key"); err == nil {
		t.Fatal("the row is not locked: there is nothing to give back")
	}
	if _, _, err := h.Rescue(t.Context(), h.controller, now.Add(unread+time.Minute), now); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.ExecContext(h.waiting(t, time.Minute), "UPDATE controller SET key = key"); err != nil {
		t.Errorf("the row is locked still: %v", err)
	}
	n := 0
	for reader.Next() {
		n++
	}
	if err := reader.Err(); err != nil || n != unreadRows {
		t.Errorf("who only read got %d rows and then: %v", n, err)
	}
}

const unreadRows = 5000

func (h *house) waiting(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// unreadAnswer runs a statement in a transaction, and then one whose answer is more than
// fits between server and client. It returns when the server waits to be read.
func (h *house) unreadAnswer(t *testing.T, first string) *sql.Rows {
	t.Helper()
	c, err := h.db.DB.Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { c.Close() })
	x, err := c.BeginTx(t.Context(), nil)
	must(t, err)
	t.Cleanup(func() { x.Rollback() })
	var pid int
	must(t, x.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
	_, err = x.ExecContext(t.Context(), first)
	must(t, err)
	rows, err := x.QueryContext(t.Context(), "SELECT repeat('x', 8000) FROM generate_series(1, $1)", unreadRows)
	must(t, err)
	for event := ""; event != "ClientWrite"; {
		must(t, h.db.QueryRowContext(h.waiting(t, time.Minute), "SELECT COALESCE(wait_event, '') FROM pg_stat_activity WHERE pid = $1", pid).Scan(&event))
	}
	return rows
}
