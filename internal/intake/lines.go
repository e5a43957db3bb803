package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// line is a physical line of a file.
type line struct {
	number int64
	text   string // without its end; of one that is too long only the beginning
	bad    int32  // number of the first character that is none of the encoding; 0: all are
	long   bool   // over the bound
	cut    bool   // the file ends inside a character of it
	last   bool   // nothing follows
	open   bool   // it has no line end
}

// lineReader reads lines of UTF-8 within a bound.
type lineReader struct {
	in       *bufio.Reader
	end      byte   // of a line: LF, or CR where there is no LF
	encoding string // of the file, for people
	max      int
	number   int64
	buf      []byte
}

// keptOfLong is how much of a line over the bound is kept for the rejects file.
const keptOfLong = 1 << 10

// next gives the next line, or io.EOF behind the last.
func (r *lineReader) next() (line, error) {
	text, long, err := r.read()
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, fmt.Errorf("reading the file behind line %d: %w", r.number, err)
	}
	if err != nil && len(text) == 0 {
		return line{}, io.EOF
	}
	r.number++
	l := line{number: r.number, long: long, open: err != nil}
	if r.in.Buffered() == 0 {
		_, err := r.in.Peek(1)
		l.last = errors.Is(err, io.EOF)
	}
	if long {
		l.text = strings.ToValidUTF8(string(text[:min(len(text), keptOfLong)]), "\ufffd")
		return l, nil
	}
	if !l.open {
		text = text[:len(text)-1]
		if n := len(text); n > 0 && text[n-1] == '\r' {
			text = text[:n-1]
		}
	}
	if l.text = string(text); !utf8.ValidString(l.text) {
		r.mend(&l)
	}
	return l, nil
}

// mend makes UTF-8 of a line that is none, and marks where it was not.
func (r *lineReader) mend(l *line) {
	at := invalidAt(l.text)
	if l.open && !utf8.FullRuneInString(l.text[at:]) {
		l.text, l.cut = l.text[:at], true
		return
	}
	l.bad = int32(1 + utf8.RuneCountInString(l.text[:at])) // a line has at most a few million
	l.text = strings.ToValidUTF8(l.text, "\ufffd")
}

// foreign says of a line what is wrong with its characters; "" is nothing.
func (r *lineReader) foreign(l line) string {
	if l.bad == 0 {
		return ""
	}
	return fmt.Sprintf("character %d of the line is no character of %s: correct it at the source, or name the file's encoding with --encoding", l.bad, r.encoding)
}

// read collects a line with its end. What is over the bound is read and
// dropped; the beginning stays.
func (r *lineReader) read() (text []byte, long bool, err error) {
	text = r.buf[:0]
	defer func() { r.buf = text }()
	for {
		part, err := r.in.ReadSlice(r.end)
		switch room := r.max + len("\r\n") - len(text); {
		case len(part) <= room && !long:
			text = append(text, part...)
		case !long:
			text, long = append(text, part[:max(room, 0)]...), true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, long, err
		}
	}
}

// invalidAt is the place of the first byte that is not UTF-8, or -1.
func invalidAt(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}
