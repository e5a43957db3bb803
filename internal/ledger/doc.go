// Package ledger keeps a file beside the database: what a restored database must not
// forget (R5, T4). Each line is an entry in JSON, with its number and a hash chained over
// all lines before it, so that what is missing, changed or out of place is found.
//
//	{"ledger":"0192...","format":1,"began":"2026-11-22T09:00:00Z","keys":"9f86..."}
//	{"line":1,"chain":"2c26...","entry":{"kind":"objection","at":...}}
//
// A line without its end is one whose writing was broken off: nothing was committed on
// it, and the next writer cuts it off. Several processes may write one file: each takes
// its lock, looks for what others have written, appends, and has it on disk before it lets
// go. Those of one process that wait for the disk go together.
//
// Only the writer knows this package; what an entry means and how it is applied again is
// the domain's (mailer/retain) and the store's.
package ledger
