// Package intake reads contact files: CSV (RFC 4180) and NDJSON, in UTF-8, row
// by row into [mailer.Record], whatever their size.
//
// Every row comes out once, as a record or as a refusal with its line, field
// and reason; a fault in one row never costs another. Lines are counted as an
// editor counts them, so that a row whose cells hold line breaks has the number
// of the line on which it begins.
//
// What a file's columns mean is told by a mapping from field to column (or, for
// NDJSON, to a path such as registrant.name), kept with the source in the
// register or given for one import. Without any, columns that are called like
// a field are taken. [Fields] lists the fields.
//
// # Faults
//
// The splitter is our own because encoding/csv has no bounds and cannot go back:
// one quote too many would have it read a whole file into one cell. Here a row
// that spans lines and turns out broken (a stray quote, a wrong number of
// cells, too long, or never closed) costs its first line only, and reading goes
// on with the second. What it accepts, it reads as encoding/csv does; a test
// holds the two against each other.
//
// A file that is not UTF-8 ends in an error that names the line and the remedy.
//
// # Dates
//
// An instant with its offset (RFC 3339) and a date written year first are
// understood as they are. Other forms are named by the source in words such as
// DD.MM.YYYY hh:mm, and never guessed: 03/04/2026 without a name is refused.
// Times without a zone are read in the controller's zone (D10): where the clock
// shows a time twice, the earlier is taken, so that no deadline gains an hour. A bare
// date is its first instant there, which is of that date wherever it is asked
// in that zone.
package intake
