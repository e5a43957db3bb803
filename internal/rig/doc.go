// Package rig is what the developers' tools (cmd/bench, cmd/chaos) stand on: a
// private PostgreSQL whose databases are copies of prepared ones, a private PgBouncer
// before one (tests use that, too), a file of invented people, and a server's side of
// SMTP that costs as little as it can.
//
// It is no part of the program.
package rig
