package intake

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// survey is what one reading of a file says about its bytes.
type survey struct {
	size         int64 // bytes of UTF-8, where the file is in UTF-16
	lf, crlf, cr int64 // line ends: those with LF, of these those behind CR; and CR of all kinds
	wide, bad    int64 // bytes inside UTF-8 sequences behind their first; bytes that are no UTF-8
	badLine      int64
	zeros        int64
	sample       []byte // the line around the first byte that is not ASCII, or a part of it
	sampleLine   int64
	afterCR      bool
	carried      []byte // the beginning of a sequence at the end of a block
	lastByte     byte
}

// surveyBlock is how much is looked at at a time.
const surveyBlock = 64 << 10

func (s *survey) read(r io.Reader) error {
	block := make([]byte, surveyBlock+utf8.UTFMax)
	for {
		kept := copy(block, s.carried)
		n, err := io.ReadFull(r, block[kept:kept+surveyBlock])
		last := err != nil
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		s.size += int64(n)
		s.block(block[:kept+n], last)
		if last {
			return nil
		}
	}
}

func (s *survey) block(b []byte, last bool) {
	b, s.carried = wholeCharacters(b)
	s.characters(b)
	cr := int64(bytes.Count(b, []byte("\r")))
	if cr > 0 || s.afterCR {
		s.crlf += int64(bytes.Count(b, []byte("\r\n")))
		if s.afterCR && len(b) > 0 && b[0] == '\n' {
			s.crlf++
		}
	}
	s.cr += cr
	s.lf += int64(bytes.Count(b, []byte("\n")))
	s.zeros += int64(bytes.Count(b, []byte{0}))
	if len(b) > 0 {
		s.lastByte = b[len(b)-1]
		s.afterCR = s.lastByte == '\r'
	}
	if last && len(s.carried) > 0 {
		s.lastByte = s.carried[0] // the file ends inside a character
	}
}

// wholeCharacters parts a block before a sequence that its end cuts.
func wholeCharacters(b []byte) (whole, rest []byte) {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if at := len(b) - back; utf8.RuneStart(b[at]) {
			if b[at] >= utf8.RuneSelf && !utf8.FullRune(b[at:]) {
				return b[:at], bytes.Clone(b[at:])
			}
			break
		}
	}
	return b, nil
}

func (s *survey) characters(b []byte) {
	if s.sample == nil {
		if at := bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }); at >= 0 {
			s.sampleLine = s.lineOf(b[:at])
			s.sample = around(b, at)
		}
	}
	if utf8.Valid(b) {
		s.wide += int64(len(b) - utf8.RuneCount(b))
		return
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			if s.bad++; s.bad == 1 {
				s.badLine = s.lineOf(b[:i])
				s.sample, s.sampleLine = around(b, i), s.badLine
			}
		}
		s.wide += int64(size - 1)
		i += size
	}
}

// lineOf is the number of the line that what stands before it in a block leads to.
func (s *survey) lineOf(before []byte) int64 {
	if n := s.lf + int64(bytes.Count(before, []byte("\n"))); n > 0 {
		return 1 + n
	}
	return 1 + s.cr + int64(bytes.Count(before, []byte("\r"))) // no line feed: perhaps an old Macintosh's
}

// around is the line in which a byte stands, as much of it as a screen shows.
func around(b []byte, at int) []byte {
	const side = 60
	from := max(bytes.LastIndexAny(b[:at], "\r\n")+1, at-side)
	to := min(at+side, len(b))
	if end := bytes.IndexAny(b[at:to], "\r\n"); end >= 0 {
		to = at + end
	}
	return bytes.Clone(b[from:to])
}

// lines is how many lines the file has, as an editor counts them.
func (s *survey) lines() int64 {
	n, end := s.lf, byte('\n')
	if s.endsWithCR() {
		n, end = s.cr, '\r'
	}
	if s.lastByte != end && s.size > 0 {
		n++
	}
	return n
}

// endsWithCR tells the lines of an old Macintosh, which end with CR alone.
func (s *survey) endsWithCR() bool { return s.lf == 0 && s.cr > 0 }

// lineEnds names them for people.
func (s *survey) lineEnds() string {
	switch {
	case s.endsWithCR():
		return "CR"
	case s.lf == 0:
		return "none"
	case s.crlf == 0:
		return "LF"
	case s.crlf == s.lf:
		return "CRLF"
	}
	return "CRLF and LF"
}
