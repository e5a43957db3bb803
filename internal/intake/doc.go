// Package intake reads contact files, CSV (RFC 4180) and NDJSON in the
// encodings and layouts that tools and spreadsheets write, row by row into
// [accept.Record], whatever their size.
//
// Every row comes out once, as a record or as a refusal with its line, field
// and reason; a fault in one row never costs another. Lines are counted as an
// editor counts them, so that a row whose cells hold line breaks has the number
// of the line on which it begins.
//
// # What a file is
//
// [Open] reads a file once before its first row. The encoding is settled by all
// of it: a mark, the zero bytes of UTF-16, or whether its characters are UTF-8;
// what is none of these is taken for Windows-1252, and [Layout] shows a line by
// which a person can tell. A byte that is no character costs its row, never the
// rest of the file, and is not guessed. The header of a CSV file is the first
// line with most of the columns that are looked for.
//
// What a file's columns mean is told by a mapping from field to column (or, for
// NDJSON, to a path such as registrant.name), kept with the source in the
// register or given for one import. Without any, columns that are called like
// a field are taken; what others may mean is advice, see [Layout]. [Fields]
// lists the fields.
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
// Texts are cleaned on purpose: controls become blanks, and marks that turn the
// direction of writing are dropped, so that no name can end a header or show
// itself as another. In a name a line break refuses the row.
//
// # Dates
//
// Their forms are those of [calendar.ParseForm], and never guessed: 03/04/2026
// without a form is refused, and once the file was read the advice names the
// form that fits all of it. Times without a zone are read in the controller's
// zone (D10).
package intake
