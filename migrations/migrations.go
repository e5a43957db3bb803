// Package migrations holds the database schema as goose SQL files, embedded
// into the program so that a binary and its schema never part.
//
// A migration that has been released is never edited; a change is a new file.
package migrations

import "embed"

// FS holds the numbered .sql files.
//
//go:embed *.sql
var FS embed.FS
