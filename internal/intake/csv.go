package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"article14/mailer"
)

// csvRows reads a CSV file. Lines that a broken row took along wait in pending,
// the next one last, to be read again.
type csvRows struct {
	lines   *lineReader
	pending []line
	split   splitter
	width   int
	places  [fieldCount]int
	build   *builder
}

const (
	cutOff   = "the line ends in the middle: the file was cut off"
	unclosed = "a quote opens here and never closes: the file was cut off, or the quote should be doubled"
)

func openCSV(lines *lineReader, b *builder) (mailer.Rows, error) {
	c := &csvRows{lines: lines, build: b}
	c.split.comma = string(b.settings.Delimiter)
	if b.settings.Delimiter == 0 {
		if err := c.findDelimiter(); err != nil {
			return nil, err
		}
	}
	if c.split.comma == `"` || c.split.comma == "\n" || c.split.comma == "\r" || c.split.comma == string(utf8.RuneError) {
		return nil, fmt.Errorf("%q cannot separate cells: give one character that is no quote and no line end", c.split.comma)
	}
	row, err := c.row()
	if err != nil {
		return nil, fmt.Errorf("the file has no header line: %w", err)
	}
	if row.fault != "" {
		return nil, fmt.Errorf("line %d, the header: %s", row.line, row.fault)
	}
	c.width = len(row.cells)
	c.places, err = resolve(row.cells, b.settings)
	b.mapped(func(f field) bool { return c.places[f] >= 0 })
	return c, err
}

// findDelimiter takes the usual delimiter that stands most often in the header
// line, outside quotes. Spreadsheets may name theirs in a line of its own
// before it: sep=;
func (c *csvRows) findDelimiter() error {
	first, err := c.line()
	for err == nil && blank(first) {
		first, err = c.line()
	}
	if err != nil {
		return fmt.Errorf("the file has no header line: %w", err)
	}
	if sep, named := strings.CutPrefix(first.text, "sep="); named && utf8.RuneCountInString(sep) == 1 {
		c.split.comma = sep
		return nil
	}
	c.pending = []line{first}
	most, quoted := 0, false
	counts := map[rune]int{}
	for _, r := range first.text {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[r]++
		}
	}
	c.split.comma = ","
	for _, r := range ",;\t|" {
		if counts[r] > most {
			most, c.split.comma = counts[r], string(r)
		}
	}
	return nil
}

// Next implements mailer.Rows.
func (c *csvRows) Next() (mailer.Record, *mailer.Refusal, error) {
	row, err := c.row()
	if err != nil {
		return mailer.Record{}, nil, err
	}
	if row.fault != "" {
		return mailer.Record{}, &mailer.Refusal{Line: row.line, Reason: row.fault, Row: clip(row.raw, keptOfRow)}, nil
	}
	var v values
	for f, place := range c.places {
		if place >= 0 {
			v[f] = row.cells[place]
		}
	}
	rec, refusal := c.build.record(row.line, v, row.raw)
	return rec, refusal, nil
}

// csvRow is a row in its cells, or what is wrong with it.
type csvRow struct {
	line  int64
	raw   string
	cells []string
	fault string
}

// row reads the next row. Where a row over several lines is at fault only its
// first line is given up.
func (c *csvRows) row() (csvRow, error) {
	first, err := c.line()
	for err == nil && blank(first) {
		first, err = c.line()
	}
	if err != nil {
		return csvRow{}, err
	}
	taken, fault, err := c.collect(first)
	if err != nil {
		return csvRow{}, err
	}
	row := csvRow{line: first.number, raw: first.text, fault: fault, cells: c.split.cells}
	if fault == "" {
		row.fault = c.misfit(taken)
	}
	if row.fault != "" {
		for _, l := range slices.Backward(taken[1:]) {
			c.pending = append(c.pending, l)
		}
		return row, nil
	}
	for _, l := range taken[1:] {
		row.raw += "\n" + l.text
	}
	return row, nil
}

// collect takes lines until no quote is open.
func (c *csvRows) collect(first line) (taken []line, fault string, err error) {
	c.split.begin()
	size, next := 0, first
	for {
		taken = append(taken, next)
		size += len(next.text) + 1
		if next.long || size > c.lines.max+1 {
			return taken, fmt.Sprintf("the row is longer than %d bytes", c.lines.max), nil
		}
		open, fault := c.split.line(next.text)
		switch {
		case fault == "" && open && next.last && len(taken) == 1, fault == "" && next.cut:
			return taken, cutOff, nil
		case fault != "" || !open:
			return taken, fault, nil
		}
		next, err = c.line()
		if errors.Is(err, io.EOF) {
			return taken, unclosed, nil
		}
		if err != nil {
			return nil, "", err
		}
	}
}

// misfit says what is wrong with a row that was split.
func (c *csvRows) misfit(taken []line) string {
	last := taken[len(taken)-1]
	switch got := len(c.split.cells); {
	case c.width == 0 || got == c.width:
	case got < c.width && last.last && last.open:
		return cutOff
	default:
		return fmt.Sprintf("the row has %d cells where the header has %d", got, c.width)
	}
	for i, cell := range c.split.cells {
		if len(cell) > c.build.settings.MaxField {
			return fmt.Sprintf("cell %d is longer than %d bytes", i+1, c.build.settings.MaxField)
		}
	}
	return ""
}

// line gives the next line, first of those that wait.
func (c *csvRows) line() (line, error) {
	if n := len(c.pending); n > 0 {
		l := c.pending[n-1]
		c.pending = c.pending[:n-1]
		return l, nil
	}
	return c.lines.next()
}

// blank tells a line without anything, which is no row.
func blank(l line) bool { return l.text == "" && !l.long && !l.cut }

// splitter takes a row apart into its cells (RFC 4180), line by line.
type splitter struct {
	comma  string
	cells  []string
	cell   strings.Builder // of a quoted cell what was read of it
	quoted bool
}

func (p *splitter) begin() {
	p.cells, p.quoted = nil, false
	p.cell.Reset()
}

// line takes a line; open tells that the row goes on with the next one.
func (p *splitter) line(s string) (open bool, fault string) {
	for {
		if !p.quoted && strings.HasPrefix(s, `"`) {
			p.quoted, s = true, s[1:]
		}
		more := false
		if p.quoted {
			if s, more, fault = p.inQuotes(s); p.quoted || fault != "" {
				return p.quoted, fault
			}
		} else {
			var cell string
			if cell, s, more = strings.Cut(s, p.comma); strings.Contains(cell, `"`) {
				return false, "a quote stands inside a cell that is not quoted: quote the cell and double the quote"
			}
			p.cells = append(p.cells, cell)
		}
		if !more {
			return false, ""
		}
	}
}

// inQuotes reads a quoted cell to its end or the line's; more tells that
// another cell follows.
func (p *splitter) inQuotes(s string) (rest string, more bool, fault string) {
	for {
		part, behind, found := strings.Cut(s, `"`)
		p.cell.WriteString(part)
		if !found {
			p.cell.WriteByte('\n')
			return "", false, ""
		}
		if !strings.HasPrefix(behind, `"`) {
			p.cells, p.quoted = append(p.cells, p.cell.String()), false
			p.cell.Reset()
			rest, more = strings.CutPrefix(behind, p.comma)
			if !more && rest != "" {
				return "", false, "a cell goes on behind its closing quote: double the quotes inside it"
			}
			return rest, more, ""
		}
		p.cell.WriteByte('"')
		s = behind[1:]
	}
}
