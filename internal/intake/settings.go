package intake

import (
	"bytes"
	"time"
	"unicode/utf8"

	"article14/mailer"
)

// Format is the layout of a contact file.
type Format string

// Formats; the zero value is found out from the file's first character.
const (
	Auto   Format = "auto"
	CSV    Format = "csv"
	NDJSON Format = "ndjson"

	jsonList Format = "json" // recognised to be refused
)

// NoHeader is the HeaderLine of a file whose first line is a row. Its columns
// are called by their places: #1, #2.
const NoHeader = -1

// Settings say how a file is to be read. Zone, Source and Now are needed; what
// else is left out is found out from the file.
type Settings struct {
	Format     Format
	Encoding   string         // by name; "" or "auto": found out
	Delimiter  rune           // of CSV; 0: found out
	HeaderLine int            // number of the line on which the header of a CSV file begins; 0: found out
	Mapping    mailer.Mapping // goes before the source's own, field by field
	DateFormat string         // goes before the source's own
	Zone       *time.Location // the controller's (D10)
	Source     mailer.Source
	Now        func() time.Time
	MaxField   int   // bytes of a cell in UTF-8; 0: 64 KiB
	MaxLine    int   // bytes of a row in UTF-8; 0: 1 MiB
	MaxBytes   int64 // of the file; 0: 16 GiB
	MaxLines   int64 // of the file; 0: 200 million
}

const (
	defaultMaxField = 64 << 10
	defaultMaxLine  = 1 << 20
	defaultMaxBytes = 16 << 30
	defaultMaxLines = 200_000_000
	maxColumns      = 2000
	sampleSize      = 256 << 10 // what is looked at before the first row
)

func (s *Settings) fill() {
	if s.MaxField <= 0 {
		s.MaxField = defaultMaxField
	}
	if s.MaxLine <= 0 {
		s.MaxLine = defaultMaxLine
	}
	if s.MaxBytes <= 0 {
		s.MaxBytes = defaultMaxBytes
	}
	if s.MaxLines <= 0 {
		s.MaxLines = defaultMaxLines
	}
}

// of is the format, found out from a file's first character where it is not
// given.
func (f Format) of(sample []byte) Format {
	if f != Auto && f != "" {
		return f
	}
	switch start := bytes.TrimLeft(sample, " \t\r\n"); {
	case bytes.HasPrefix(start, []byte("{")):
		return NDJSON
	case bytes.HasPrefix(start, []byte("[")):
		return jsonList
	}
	return CSV
}

// clip cuts a text to at most n bytes between two characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
