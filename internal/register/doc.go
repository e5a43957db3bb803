// Package register reads register.yaml, the file in which a company declares
// itself, the sources of its data and what it does with them, into the types
// of package mailer.
//
// The file is written by a privacy team and read by a machine that will write
// to many people on the strength of it. So nothing in it is guessed, and
// nothing is passed over: an unknown key, a key given twice, a word that is no
// legal basis, a text with a control character are faults. [Parse] names all
// of them at once, each with line, column, path and the lines of the file.
//
// Parse asks whether the file can be read. Whether the register is complete is
// the question of [complete.Check], whose findings name an element of
// Article 14 and a path; [Report] shows them at their place in the file.
//
// Every key of the file stands once, in a table (shapes.go). The table reads
// the file and describes it: [Schema] is the same table as a JSON Schema (draft
// 2020-12) for editors, so the two cannot drift apart.
//
// Implemented here: Article 14(1)-(2) GDPR as keys of a file,
// ISO 8601 durations and dates, ISO 3166-1 country codes, ISO 639 language
// codes, RFC 3339 times. YAML is read by goccy/go-yaml; its aliases are
// followed a bounded number of times, and merge keys are not read.
package register
