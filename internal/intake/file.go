package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"article14/mailer/accept"
)

// File is a contact file that is being read. It gives its rows ([accept.Rows]),
// and tells as what it is read.
type File struct {
	layout Layout
	build  *builder
	rows   accept.Rows
}

// Open reads a file once to find out what it is, and makes it ready to give its
// rows. It fails where the file as a whole cannot be read as asked; the error
// says what to do. Where the file was understood and only the mapping does not
// fit it, the file comes with the error, for its layout.
func Open(r io.ReadSeeker, s Settings) (*File, error) {
	s.fill()
	b, err := newBuilder(s)
	if err != nil {
		return nil, err
	}
	found, err := detect(r, s.Encoding)
	if err != nil {
		return nil, err
	}
	if found.bytes > s.MaxBytes {
		return nil, fmt.Errorf("the file has %d bytes, more than the %d that are read: part it, or allow more with --max-bytes", found.bytes, s.MaxBytes)
	}
	if found.lines() > s.MaxLines {
		return nil, fmt.Errorf("the file has %d lines, more than the %d that are read: part it, or allow more with --max-lines", found.lines(), s.MaxLines)
	}
	if _, err := r.Seek(int64(found.skip), io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	f := &File{build: b, layout: newLayout(found, b)}
	return f, f.begin(bufio.NewReaderSize(found.codec.reader(r), sampleSize), found)
}

// begin finds the columns of the file.
func (f *File) begin(in *bufio.Reader, found detected) error {
	sample, err := in.Peek(sampleSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the file: %w", err)
	}
	s := f.build.settings
	lines := &lineReader{in: in, end: '\n', encoding: found.codec.name, max: s.MaxLine}
	if found.endsWithCR() {
		lines.end = '\r'
	}
	switch f.layout.Format = s.Format.of(sample); f.layout.Format {
	case NDJSON:
		f.rows, err = openNDJSON(lines, sample, f.build, &f.layout)
	case CSV:
		f.rows, err = openCSV(lines, f.build, &f.layout)
	case jsonList:
		return errors.New("the file is a JSON list; NDJSON has one object on each line: convert it, for example with 'jq -c .[] FILE'")
	default:
		return fmt.Errorf("there is no format %q: give csv, ndjson or auto", clip(string(s.Format), 40))
	}
	return err
}

// Next implements [accept.Rows].
func (f *File) Next() (accept.Record, *accept.Refusal, error) { return f.rows.Next() }

// Layout tells as what the file is read. What it advises grows with the rows
// that were read.
func (f *File) Layout() Layout {
	l := f.layout
	l.Advice = append(append([]string(nil), l.Advice...), f.build.advice()...)
	return l
}
