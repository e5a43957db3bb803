// Package postgres is the store: it keeps what mailer's steps hand it, in
// PostgreSQL through sqlx and lib/pq.
//
// No rule lives here. Deadlines, states and matches are worked out in Go and
// passed in, and so is every instant: no statement asks the database's clock.
// What the schema refuses (illegal moves, changes to what is append-only) is a
// second lock on the door, not the rule itself.
//
// Statements stand in .sql files beside the Go that runs them, each under a
// line "-- name: x"; [load] reads them once at start. Each exported method is one
// transaction, and none is open while something outside is spoken to. Nothing
// depends on the state of a connection, so a transaction pooler may stand between.
package postgres
