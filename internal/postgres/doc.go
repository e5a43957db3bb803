// Package postgres is the store: it keeps what mailer's steps hand it, in
// PostgreSQL (15 or later) through sqlx and lib/pq.
//
// No rule lives here. Deadlines, states and matches are worked out in Go and
// passed in, and so is every instant: no statement asks the database's clock.
// What the schema refuses (illegal moves, changes to what is append-only) is a
// second lock on the door, not the rule itself.
//
// Statements stand in .sql files beside the Go that runs them, each under a
// line "-- name: x"; [load] reads them once at start. Each exported method is one
// transaction, but for long sweeps, which are one for each chunk; none is open
// while something outside is spoken to. Nothing depends on the state of a
// connection, so a transaction pooler may stand between.
//
// # Order
//
// Rows are locked in one order, so that no two transactions wait for each other:
// intake (an advisory lock for each controller), contact, campaign, lane,
// delivery, class, attempt, duty, suppression, telling, alert, counter; within a table by the
// key, (contact_id, id). Workers that look for something to do pass over what
// others have locked.
//
// # Counts
//
// Who moves rows adds up the moves in a [tally] and notes it in the same
// transaction as delta rows; [Store.FoldCounters] folds them. Nobody counts rows
// of big tables.
//
// # Errors
//
// PostgreSQL's errors quote the rows at fault. What leaves this package names the
// statement, the message and the SQLSTATE, and cannot be unwrapped to more; the
// context's error can.
package postgres
