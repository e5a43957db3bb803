package intake

import (
	"fmt"
	"slices"
	"strings"
)

// Layout is as what a file is read, and how each of it was found out.
type Layout struct {
	Format     Format      `json:"format"`
	Encoding   string      `json:"encoding"`
	EncodingBy string      `json:"encoding_by"`
	Shows      *shown      `json:"shows,omitempty"` // a line by which a person can tell whether the encoding is right
	Bytes      int64       `json:"bytes"`
	Lines      int64       `json:"lines"`
	LineEnds   string      `json:"line_ends"`
	Delimiter  string      `json:"delimiter,omitempty"`
	HeaderLine int64       `json:"header_line,omitempty"` // 0: there is none
	Dates      string      `json:"dates"`
	DatesBy    string      `json:"dates_by"`
	Columns    []ColumnUse `json:"columns"`
	Unread     []string    `json:"unread"`              // columns that no field is read from
	Suggested  []ColumnUse `json:"suggested,omitempty"` // what unread columns seem to hold
	Advice     []string    `json:"advice,omitempty"`
}

// ColumnUse says which column or path a field is read from.
type ColumnUse struct {
	Field  string `json:"field"`
	Column string `json:"column"`
	By     string `json:"by"` // who said so
}

// Who says which column a field is read from.
const (
	byFlag     = "--map"
	byRegister = "the register"
	byItsName  = "its name"
)

func newLayout(d detected, b *builder) Layout {
	l := Layout{Encoding: d.codec.name, EncodingBy: d.why, Bytes: d.bytes, Lines: d.lines(), LineEnds: d.lineEnds(), Dates: b.form.String(), Columns: []ColumnUse{},
		Unread: []string{}}
	if d.shows.Text != "" {
		l.Shows = &d.shows
	}
	switch {
	case b.settings.DateFormat != "":
		l.DatesBy = "--dates"
	case b.settings.Source.DateFormat != "":
		l.DatesBy = byRegister
	default:
		l.DatesBy = "nothing: dates with the year first are read, and no others"
	}
	if d.taken {
		l.advise("The file is no UTF-8 and is taken for Windows-1252, the encoding of Western Europe. Look at the line that a dry run shows; if letters " +
			"are wrong in it, name another: --encoding windows-1250 (Central Europe), windows-1253 (Greek), windows-1257 (Baltic), windows-1251 (Cyrillic) " +
			"or macintosh (old Apple programs).")
	}
	if d.zeros > 0 && !isWideCodec(d.codec) {
		l.advise(fmt.Sprintf("Zero bytes in the file: %d. Each is read as a blank.", d.zeros))
	}
	return l
}

func (l *Layout) advise(text string) { l.Advice = append(l.Advice, text) }

// uses records which columns are read, and what the others may be for.
func (l *Layout) uses(there []string, used func(field) string, by func(field) string) {
	var taken []string
	for f := range fieldCount {
		if column := used(f); column != "" {
			l.Columns = append(l.Columns, ColumnUse{Field: f.String(), Column: column, By: by(f)})
			taken = append(taken, strings.ToLower(column))
		}
	}
	var places []int
	for i, column := range there {
		if name := strings.TrimSpace(column); !slices.Contains(taken, strings.ToLower(name)) {
			l.Unread, places = append(l.Unread, clip(name, 80)), append(places, i)
		}
	}
	called := func(i int) string {
		if countColumns(there, l.Unread[i]) > 1 {
			return fmt.Sprintf("#%d", places[i]+1) // its name does not tell it from the other
		}
		return l.Unread[i]
	}
	l.Suggested = suggest(l.Unread, called, func(f field) bool { return used(f) != "" })
}

// delimiterName is a delimiter as people say it.
func delimiterName(comma string) string {
	switch comma {
	case ",":
		return "comma"
	case ";":
		return "semicolon"
	case "\t":
		return "tab"
	case "|":
		return "pipe"
	}
	return comma
}
