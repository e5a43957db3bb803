// Package export writes tables that people open in spreadsheets.
//
// What stands in a cell may have been written by a stranger, and a spreadsheet takes a cell that begins with one of = + - @ for a
// formula (CWE-1236). [Inert] keeps a text a text, and [Writer] uses it for every cell: nothing else in the program writes CSV for
// people.
package export

import (
	"io"
	"strings"
	"unicode"
)

// Inert is a text that no spreadsheet takes for a formula: an apostrophe goes before each sign that could begin one, at the
// beginning, and behind every sign at which a spreadsheet set to another separator would begin a new cell. Other texts stay as
// they are. What is inert already does not change.
func Inert(cell string) string {
	leads := strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") // some programs begin a formula behind them
	if !leads && !strings.ContainsAny(cell, formulaSigns) {
		return cell
	}
	var b strings.Builder
	if leads {
		b.WriteByte('\'')
	}
	begins := true
	for _, r := range cell {
		switch {
		case begins && strings.ContainsRune(formulaSigns, r):
			b.WriteByte('\'')
			begins = false
		case strings.ContainsRune(separators, r):
			begins = true
		case begins && !unicode.IsSpace(r) && !unicode.IsControl(r) && r != '"' && r != '\ufeff':
			begins = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

const (
	formulaSigns = "=+-@＝＋－＠−" // and what Excel takes for them: full width, and the minus sign
	separators   = ";\t|\r\n"
)

// Writer writes CSV (RFC 4180) in UTF-8 with every cell inert, and in quotes unless it is a plain word or number.
type Writer struct{ out io.Writer }

// NewWriter writes to out, each row at once.
func NewWriter(out io.Writer) *Writer { return &Writer{out} }

// Write writes a row.
func (w *Writer) Write(cells ...string) error {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsFunc(cell, func(r rune) bool { return r != '_' && !isLetterOrDigit(r) }) {
			cell = strings.ToValidUTF8(cell, "\ufffd")
			cell = `"` + strings.ReplaceAll(Inert(cell), `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w.out, b.String())
	return err
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
