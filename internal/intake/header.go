package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Where the header is looked for: lines of explanation may stand before it.
const (
	headerWithin = 60 // lines
	headerSpan   = 10 // lines that a header with line breaks in its cells may have
)

const usualDelimiters = ",;\t|"

// header is a place at which a header may stand, and what speaks for it.
type header struct {
	comma string
	at    int // index among the lines that were looked at
	cells []string
	score int // names of columns that are looked for
}

// findHeader sets the delimiter, and leaves the lines from the header on in
// pending. The header is the first line that has most of the columns that are
// looked for: those of the mapping, or those called like fields, or those that
// seem to be of contacts. Failing all, it is the first row that looks like a table's.
func (c *csvRows) findHeader(wanted []string) error {
	lines, err := c.lookAhead()
	if err != nil {
		return err
	}
	commas := strings.Split(usualDelimiters, "")
	if c.split.comma != "" {
		commas = []string{c.split.comma}
	} else if sep, named := namedDelimiter(lines[0]); named {
		// Spreadsheets may name theirs in a line of its own before the header: sep=;
		commas, lines = []string{sep}, lines[1:]
	}
	if n := c.build.settings.HeaderLine; n > 0 {
		if lines, err = c.skipTo(lines, int64(n)); err != nil {
			return err
		}
	}
	h := c.bestHeader(lines, commas, wanted)
	c.split.comma = h.comma
	c.putBack(lines[h.at:])
	return nil
}

// lookAhead reads lines from the first that is not blank.
func (c *csvRows) lookAhead() (lines []line, err error) {
	size := 0
	for len(lines) < headerWithin+headerSpan && size < sampleSize {
		l, err := c.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 && blank(l) && c.build.settings.HeaderLine == 0 {
			continue
		}
		lines, size = append(lines, l), size+len(l.text)
	}
	if len(lines) == 0 {
		return nil, errors.New("the file has no header line: there is nothing in it")
	}
	return lines, nil
}

func namedDelimiter(l line) (string, bool) {
	sep, named := strings.CutPrefix(strings.Trim(l.text, `"`), "sep=")
	return sep, named && utf8.RuneCountInString(sep) == 1
}

// skipTo drops what stands before a line.
func (c *csvRows) skipTo(lines []line, number int64) ([]line, error) {
	for len(lines) > 0 && lines[0].number < number {
		lines = lines[1:]
	}
	for len(lines) == 0 {
		l, err := c.line()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the file has no line %d for a header: correct --header-line", number)
		}
		if err != nil {
			return nil, err
		}
		if l.number >= number {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

func (c *csvRows) putBack(lines []line) {
	for _, l := range slices.Backward(lines) {
		c.pending = append(c.pending, l)
	}
}

func (c *csvRows) bestHeader(lines []line, commas, wanted []string) header {
	fixed := c.build.settings.HeaderLine != 0
	var all []header
	for at := range lines[:min(len(lines), headerWithin)] {
		for _, comma := range commas {
			if cells, ok := splitAhead(lines[at:], comma); ok {
				all = append(all, header{comma: comma, at: at, cells: cells})
			}
		}
		if fixed {
			break
		}
	}
	byNames := func(names func(string) bool, least int) (header, bool) {
		for i := range all {
			all[i].score = countDistinct(all[i].cells, names)
		}
		best := best(all)
		return best, best.score >= least
	}
	if h, ok := byNames(func(cell string) bool { return slices.Contains(wanted, cell) }, 1); ok {
		return h
	}
	if h, ok := byNames(func(cell string) bool { return len(knownFields(cell)) > 0 }, 2); ok {
		return h
	}
	if fixed || len(all) == 0 {
		return widest(all, commas)
	}
	// A table's rows have the same number of cells.
	for i := range all {
		all[i].score = 0
		if w := len(all[i].cells); w > 1 && slices.ContainsFunc(all, func(h header) bool {
			return h.comma == all[i].comma && h.at > all[i].at && len(h.cells) == w
		}) {
			all[i].score = w
		}
	}
	if h := best(all); h.score > 0 {
		return h
	}
	return widest(all, commas)
}

// best is the first header with the highest score; of two on one line the one
// with more cells.
func best(all []header) (b header) {
	for i, h := range all {
		if i == 0 || h.score > b.score || h.score == b.score && h.at == b.at && len(h.cells) > len(b.cells) {
			b = h
		}
	}
	return b
}

// widest takes the first line, by the delimiter that parts it into most cells.
func widest(all []header, commas []string) header {
	w := header{comma: commas[0]}
	for _, h := range all {
		if h.at == 0 && len(h.cells) > len(w.cells) {
			w = h
		}
	}
	return w
}

// splitAhead takes apart the row that begins on the first of some lines.
func splitAhead(lines []line, comma string) (cells []string, ok bool) {
	p := splitter{comma: comma}
	p.begin()
	for _, l := range lines[:min(len(lines), headerSpan)] {
		open, fault := p.line(l.text)
		if fault != "" || l.long {
			return nil, false
		}
		if !open {
			return p.cells, !(len(p.cells) == 1 && strings.TrimSpace(p.cells[0]) == "")
		}
	}
	return nil, false
}

func countDistinct(cells []string, is func(string) bool) (n int) {
	seen := map[string]bool{}
	for _, cell := range cells {
		if cell = strings.ToLower(strings.TrimSpace(cell)); cell != "" && !seen[cell] && is(cell) {
			seen[cell] = true
			n++
		}
	}
	return n
}
