package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"article14/mailer/accept"
)

// csvRows reads a CSV file. Lines that a broken row took along wait in pending,
// the next one last, to be read again.
type csvRows struct {
	lines   *lineReader
	pending []line
	split   splitter
	width   int
	header  []string // nil: there is none
	places  [fieldCount]int
	build   *builder
	one     [1]line // room for the lines of most rows
}

const (
	cutOff   = "the line ends in the middle: the file was cut off, get it whole from where it came from"
	unclosed = "a quote opens here and never closes: the file was cut off, or the quote should be doubled"
	totals   = "a total line, not a person: there is nothing to do"
	again    = "the header again, not a person"
)

func openCSV(lines *lineReader, b *builder, l *Layout) (accept.Rows, error) {
	c := &csvRows{lines: lines, build: b, split: splitter{most: maxColumns}}
	if d := b.settings.Delimiter; d != 0 {
		c.split.comma = string(d)
	}
	switch c.split.comma {
	case `"`, "\n", "\r", string(utf8.RuneError):
		return nil, fmt.Errorf("%q cannot separate cells: give one character that is no quote and no line end", c.split.comma)
	}
	m, err := effective(b.settings.Source.Columns, b.settings.Mapping)
	if err != nil {
		return nil, err
	}
	if err := c.findHeader(m.wanted()); err != nil {
		return nil, err
	}
	l.Delimiter = delimiterName(c.split.comma)
	if err := c.readHeader(l); err != nil {
		return nil, err
	}
	c.places, err = m.resolve(c.header, c.width)
	l.uses(c.header, func(f field) string { return m.columnAt(c.header, c.places[f]) }, func(f field) string { return m.by[f] })
	b.mapped(func(f field) bool { return c.places[f] >= 0 })
	return c, err
}

// readHeader takes the header, or looks at the first row where there is none.
func (c *csvRows) readHeader(l *Layout) error {
	row, err := c.row()
	if err != nil {
		return fmt.Errorf("the file has no header line: %w", err)
	}
	if row.fault != "" {
		return fmt.Errorf("line %d, the header: %s; name its line with --header-line", row.line, row.fault)
	}
	c.width = len(row.cells)
	if c.build.settings.HeaderLine == NoHeader {
		c.putBack(row.taken)
		return nil
	}
	c.header, l.HeaderLine = slices.Clone(row.cells), row.line
	return nil
}

// Next implements accept.Rows.
func (c *csvRows) Next() (accept.Record, *accept.Refusal, error) {
	row, err := c.row()
	if err != nil {
		return accept.Record{}, nil, err
	}
	if row.fault != "" {
		return accept.Record{}, &accept.Refusal{Line: row.line, Reason: row.fault, Row: clip(row.raw, keptOfRow)}, nil
	}
	var v values
	for f, place := range c.places {
		if place >= 0 {
			v[f] = row.cells[place]
		}
	}
	rec, refusal := c.build.record(row.line, &v, row.raw, row.cells...)
	return rec, refusal, nil
}

// csvRow is a row in its cells, or what is wrong with it.
type csvRow struct {
	line  int64
	raw   string
	cells []string // until the next row is read
	fault string
	taken []line
}

// row reads the next row. Where the shape of a row over several lines is at
// fault, only its first line is given up: the others may be rows themselves.
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
	row := csvRow{line: first.number, raw: first.text, fault: fault, cells: c.split.cells, taken: taken}
	if fault == "" {
		row.fault = c.misfit(taken)
	}
	if row.fault != "" {
		c.putBack(taken[1:])
		return row, nil
	}
	for _, l := range taken[1:] {
		row.raw += "\n" + l.text
	}
	row.fault = c.unfit(taken)
	return row, nil
}

// collect takes lines until no quote is open.
func (c *csvRows) collect(first line) (taken []line, fault string, err error) {
	c.split.begin()
	size, next := 0, first
	taken = c.one[:0]
	for {
		taken = append(taken, next)
		size += len(next.text) + 1
		if next.long || size > c.lines.max+1 {
			return taken, fmt.Sprintf("the row is longer than %d bytes: look for a quote that never closes, or shorten it", c.lines.max), nil
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

// misfit says what is wrong with the shape of a row.
func (c *csvRows) misfit(taken []line) string {
	last := taken[len(taken)-1]
	switch got := len(c.split.cells); {
	case c.width == 0 || got == c.width:
		return ""
	case isTotal(c.split.cells):
		return totals
	case got < c.width && last.last && last.open:
		return cutOff
	default:
		return fmt.Sprintf("the row has %d cells where the header has %d: look for a delimiter too many or too few, and quote cells that hold one", got, c.width)
	}
}

// unfit says why a row of the right shape is not read. It costs the whole row,
// and no other.
func (c *csvRows) unfit(taken []line) string {
	for _, l := range taken {
		if reason := c.lines.foreign(l); reason != "" {
			return reason
		}
	}
	cells := c.split.cells
	for i, cell := range cells {
		if len(cell) > c.build.settings.MaxField {
			return fmt.Sprintf("cell %d is longer than %d bytes: look for a quote that never closes, or shorten it", i+1, c.build.settings.MaxField)
		}
	}
	switch {
	case c.width == 0: // this is the header itself
	case isTotal(cells):
		return totals
	case c.header != nil && cells[0] == c.header[0] && slices.Equal(cells, c.header):
		return again
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
func blank(l line) bool { return l.text == "" && !l.long && !l.cut && l.bad == 0 }

// splitter takes a row apart into its cells (RFC 4180), line by line.
type splitter struct {
	comma  string
	most   int // cells of a row; 0: any number
	cells  []string
	cell   strings.Builder // of a quoted cell what was read of it
	quoted bool
}

func (p *splitter) begin() {
	p.cells, p.quoted = p.cells[:0], false
	p.cell.Reset()
}

// line takes a line; open tells that the row goes on with the next one.
func (p *splitter) line(s string) (open bool, fault string) {
	for {
		if p.most > 0 && len(p.cells) >= p.most {
			return false, fmt.Sprintf("more than %d cells: is the delimiter right?", p.most)
		}
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
