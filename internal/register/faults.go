package register

import (
	"fmt"
	"slices"
	"strings"

	"article14/mailer/complete"
)

// Fault is one thing in the file that cannot be read.
type Fault struct {
	Line, Column int    // from 1
	Path         string // activities[0].purposes[1].basis; "" for the file
	Message      string // what is wrong, and what to write
	Excerpt      string // the lines at fault, with a mark
}

// Error is everything that is wrong with a file, in the order of its lines.
type Error struct {
	Name   string
	Faults []Fault
}

// maxReported bounds what a person is shown at once; the first fault is often
// the cause of the rest.
const maxReported = 50

func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i == maxReported {
			fmt.Fprintf(&b, "and %d more\n", len(e.Faults)-maxReported)
			break
		}
		b.WriteString(show(e.Name, f.Line, f.Column, f.Path, f.Message, f.Excerpt))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func newError(name string, faults []Fault) *Error {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &Error{Name: name, Faults: faults}
}

// show is the one form in which faults and findings are printed.
func show(name string, line, column int, path, message, excerpt string) string {
	if path != "" {
		message = path + ": " + message
	}
	return fmt.Sprintf("%s:%d:%d: %s\n%s", name, line, column, message, excerpt)
}

// Report shows the findings of [complete.Check] at their places in the
// file, in the order of its lines. Each names the element of Article 14 and the
// rule that it breaks.
func Report(findings []complete.Finding, positions *Positions) string {
	type placed struct {
		line int
		text string
	}
	var all []placed
	for _, f := range findings {
		line, column, excerpt := positions.Find(f.Path)
		text := show(positions.name, line, column, f.Path, wording(f), excerpt)
		all = append(all, placed{line, text})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.line - b.line })
	var b strings.Builder
	for _, p := range all {
		b.WriteString(p.text)
	}
	return b.String()
}

// wording is a finding in words: "14.1.e (C6), fr: ...".
func wording(f complete.Finding) string {
	keys := f.Key
	if f.Rule != "" && f.Rule != f.Key {
		keys += " (" + f.Rule + ")"
	}
	if f.Language != "" {
		keys += ", " + f.Language
	}
	if f.Warning {
		keys = "warning, " + keys
	}
	return keys + ": " + f.Message
}
