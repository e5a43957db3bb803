package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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

// Settings say how a file is to be read. Zone, Source and Now are needed.
type Settings struct {
	Format     Format
	Delimiter  rune           // of CSV; 0: found out from the header line
	Mapping    mailer.Mapping // goes before the source's own, field by field
	DateFormat string         // goes before the source's own
	Zone       *time.Location // the controller's (D10)
	Source     mailer.Source
	Now        func() time.Time
	MaxField   int // bytes of a cell; 0: 64 KiB
	MaxLine    int // bytes of a row; 0: 1 MiB
}

const (
	defaultMaxField = 64 << 10
	defaultMaxLine  = 1 << 20
	sampleSize      = 256 << 10 // what Open looks at beforehand
)

// Open looks at the beginning of a file and gives its rows. It fails where the
// file as a whole cannot be read as asked; the error says what to do.
func Open(r io.Reader, s Settings) (mailer.Rows, error) {
	if s.MaxField <= 0 {
		s.MaxField = defaultMaxField
	}
	if s.MaxLine <= 0 {
		s.MaxLine = defaultMaxLine
	}
	b, err := newBuilder(s)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(r, sampleSize)
	sample, err := in.Peek(sampleSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	if err := recognise(sample); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(sample, bom) {
		sample = sample[len(bom):]
		if _, err := in.Discard(len(bom)); err != nil {
			return nil, err
		}
	}
	lines := &lineReader{in: in, max: s.MaxLine}
	switch format := s.Format.of(sample); format {
	case NDJSON:
		return openNDJSON(lines, sample, b)
	case CSV:
		return openCSV(lines, b)
	case jsonList:
		return nil, errors.New("the file is a JSON list; NDJSON has one object on each line: convert it, for example with 'jq -c .[] FILE'")
	default:
		return nil, fmt.Errorf("there is no format %q: give csv, ndjson or auto", format)
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

var bom = []byte("\ufeff")

// signatures are the first bytes of files that are often taken for text.
var signatures = []struct{ start, what, remedy string }{
	{"\xff\xfe\x00\x00", "UTF-32", convert("UTF-32")},
	{"\x00\x00\xfe\xff", "UTF-32", convert("UTF-32")},
	{"\xff\xfe", "UTF-16 (little endian)", convert("UTF-16")},
	{"\xfe\xff", "UTF-16 (big endian)", convert("UTF-16")},
	{"PK\x03\x04", "a workbook or an archive", "save the sheet as CSV in UTF-8"},
	{"\xd0\xcf\x11\xe0", "an old workbook", "save the sheet as CSV in UTF-8"},
	{"\x1f\x8b", "compressed with gzip", "decompress it first with 'gunzip'"},
}

func convert(encoding string) string {
	return "convert it first, for example with 'iconv -f " + encoding + " -t UTF-8 FILE > NEW'"
}

// recognise refuses files that are no UTF-8 text from their first bytes on.
func recognise(sample []byte) error {
	if len(bytes.TrimSpace(bytes.TrimPrefix(sample, bom))) == 0 {
		return errors.New("the file is empty")
	}
	for _, s := range signatures {
		if bytes.HasPrefix(sample, []byte(s.start)) {
			return fmt.Errorf("the file is %s, and not UTF-8 text: %s", s.what, s.remedy)
		}
	}
	// Latin text in UTF-16 without a mark has a NUL in every second byte, which UTF-8 text hardly ever has.
	if head := sample[:min(len(sample), 1024)]; bytes.Count(head, []byte{0})*3 > len(head) {
		return fmt.Errorf("the file looks like UTF-16 without a byte order mark, and not like UTF-8 text: %s", convert("UTF-16LE"))
	}
	return nil
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
