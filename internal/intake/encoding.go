package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// codec is how a file's characters are written as bytes. Its reader gives UTF-8,
// in which what is no character of the encoding stays a byte that is no UTF-8
// either: such a byte costs its row, and is never guessed.
type codec struct {
	name   string
	reader func(io.Reader) io.Reader
}

var (
	utf8Codec    = codec{"utf-8", func(r io.Reader) io.Reader { return r }}
	utf16LECodec = codec{"utf-16le", func(r io.Reader) io.Reader { return &wideReader{in: r, low: 0, high: 1} }}
	utf16BECodec = codec{"utf-16be", func(r io.Reader) io.Reader { return &wideReader{in: r, low: 1, high: 0} }}
	windows1252  = byteCodec(charmap.Windows1252)
)

// findCodec finds an encoding by a name as people write it: "UTF-16LE",
// "Windows-1252", "cp1250", "latin1", "ISO 8859-15".
func findCodec(name string) (codec, error) {
	key := encodingKey(name)
	for _, c := range []codec{utf8Codec, utf16LECodec, utf16BECodec} {
		if encodingKey(c.name) == key {
			return c, nil
		}
	}
	if alias, known := encodingAliases[key]; known {
		key = alias
	}
	if page, found := strings.CutPrefix(key, "cp"); found {
		for _, prefix := range []string{"windows", "ibmcodepage"} {
			if m := charmapOf(prefix + page); m != nil {
				return byteCodec(m), nil
			}
		}
	}
	if m := charmapOf(key); m != nil {
		return byteCodec(m), nil
	}
	return codec{}, fmt.Errorf("there is no encoding %q here; give utf-8, utf-16le, utf-16be, windows-1252 (Western Europe), windows-1250 (Central Europe), "+
		"windows-1251 (Cyrillic), windows-1253 (Greek), windows-1257 (Baltic), iso-8859-1 to iso-8859-16, cp850 or macintosh", clip(name, 40))
}

var encodingAliases = map[string]string{"latin1": "iso88591", "latin2": "iso88592", "latin9": "iso885915", "ansi": "windows1252", "mac": "macintosh",
	"macroman": "macintosh"}

func encodingKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func charmapOf(key string) *charmap.Charmap {
	for _, e := range charmap.All {
		if m, ok := e.(*charmap.Charmap); ok && encodingKey(m.String()) == key {
			return m
		}
	}
	return nil
}

func byteCodec(m *charmap.Charmap) codec {
	var table [256]string
	for b := range 256 {
		r := m.DecodeByte(byte(b))
		table[b] = string(r)
		// The controls behind ASCII are in no contact file: where a table has them it has no character.
		if b >= utf8.RuneSelf && (r == utf8.RuneError || r >= 0x80 && r < 0xa0) {
			table[b] = "\xff"
		}
	}
	name := strings.ReplaceAll(strings.ToLower(m.String()), " ", "-")
	return codec{name, func(r io.Reader) io.Reader { return &byteReader{in: r, table: &table} }}
}

// byteReader reads encodings of one byte a character.
type byteReader struct {
	in    io.Reader
	table *[256]string
	raw   [8 << 10]byte
	buf   []byte
	out   []byte // what of buf was not read yet
	err   error
}

func (d *byteReader) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		var n int
		n, d.err = d.in.Read(d.raw[:])
		d.buf = d.buf[:0]
		for _, b := range d.raw[:n] {
			d.buf = append(d.buf, d.table[b]...)
		}
		d.out = d.buf
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// wideReader reads UTF-16.
type wideReader struct {
	in        io.Reader
	low, high int // places of the bytes of a unit
	raw       [8 << 10]byte
	kept      int // bytes at the beginning of raw that wait for more
	buf       []byte
	out       []byte // what of buf was not read yet
	err       error
}

func (d *wideReader) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		var n int
		n, d.err = d.in.Read(d.raw[d.kept:])
		d.decode(d.kept + n)
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

func (d *wideReader) unit(at int) rune { return rune(d.raw[at+d.low]) | rune(d.raw[at+d.high])<<8 }

// decode turns the first n bytes of raw into UTF-8, but for half a character at
// their end. At the end of the file that is what a cut character is in UTF-8.
func (d *wideReader) decode(n int) {
	d.buf = d.buf[:0]
	at := 0
	for ; at+1 < n; at += 2 {
		r := d.unit(at)
		if !utf16.IsSurrogate(r) {
			d.buf = utf8.AppendRune(d.buf, r)
			continue
		}
		if at+3 >= n && r < 0xdc00 {
			break
		}
		if at+3 < n {
			if pair := utf16.DecodeRune(r, d.unit(at+2)); pair != utf8.RuneError {
				d.buf = utf8.AppendRune(d.buf, pair)
				at += 2
				continue
			}
		}
		d.buf = append(d.buf, 0xff)
	}
	d.kept = copy(d.raw[:], d.raw[at:n])
	if d.kept > 0 && d.err != nil {
		d.buf, d.kept = append(d.buf, 0xc3), 0
	}
	d.out = d.buf
}

// headSize is how much of a file is looked at for marks and for UTF-16.
const headSize = 64 << 10

// detected is what was found out about a file's bytes.
type detected struct {
	codec codec
	skip  int    // length of the mark at its beginning
	bytes int64  // of the file
	why   string // how the encoding is known, for people
	taken bool   // for want of anything better
	survey
	shows shown // a line that shows whether the encoding is right
}

// shown is a line of a file, as it reads.
type shown struct {
	Line int64  `json:"line"`
	Text string `json:"text"`
}

// detect reads a file whole: its encoding is settled before a row is read, so
// that no file ends in the middle because of a byte behind what a sample held.
func detect(r io.ReadSeeker, asked string) (detected, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return detected{}, fmt.Errorf("reading the file: %w", err)
	}
	head = head[:n]
	if err := refuseOthers(head); err != nil {
		return detected{}, err
	}
	d := detected{}
	mark, marked := markOf(head)
	switch wide, isWide := guessWide(head); {
	case asked != "" && asked != "auto":
		if d.codec, err = findCodec(asked); err != nil {
			return d, err
		}
		d.why = "as asked"
	case marked != "":
		d.codec, _ = findCodec(marked)
		d.why = "by its byte order mark"
	case isWide:
		d.codec, d.why = wide, "by its zero bytes; it has no mark"
	}
	if d.codec.name == marked {
		d.skip = len(mark)
	}
	return d, d.look(r)
}

// look surveys the file, and settles the encoding where nothing else did.
func (d *detected) look(r io.ReadSeeker) error {
	size, err := r.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.Seek(int64(d.skip), io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("reading the file: %w", err)
	}
	d.bytes = size
	in := io.Reader(r)
	if d.codec.name == utf16LECodec.name || d.codec.name == utf16BECodec.name {
		in = d.codec.reader(in)
	}
	if err := d.survey.read(in); err != nil {
		return fmt.Errorf("reading the file: %w", err)
	}
	switch {
	case d.codec.name != "":
	case d.bad == 0 || d.wide >= d.bad:
		// A text in another encoding has hardly ever a sequence that UTF-8 would take.
		d.codec, d.why = utf8Codec, "every character is UTF-8"
		if d.bad > 0 {
			d.why = fmt.Sprintf("most of it is UTF-8; %d bytes are not, and their rows are refused", d.bad)
		}
	default:
		d.codec, d.taken = windows1252, true
		d.why = fmt.Sprintf("it is no UTF-8 (%d bytes, the first on line %d)", d.bad, d.badLine)
	}
	if sample := d.sample; len(sample) > 0 && !isWideCodec(d.codec) {
		text, _ := io.ReadAll(d.codec.reader(bytes.NewReader(sample))) // memory does not fail
		d.shows = shown{d.sampleLine, strings.ToValidUTF8(string(text), "\ufffd")}
	}
	return nil
}

func isWideCodec(c codec) bool { return c.name == utf16LECodec.name || c.name == utf16BECodec.name }

func markOf(head []byte) (mark, name string) {
	for _, m := range []struct{ mark, name string }{{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"}} {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			return m.mark, m.name
		}
	}
	return "", ""
}

// guessWide recognises UTF-16 without a mark: delimiters, digits and line ends
// have a zero byte in it, always on the same side, and there is one in twenty
// bytes of any table. In other text zeros are rare, or stand on both sides, or
// none stands beside a line end.
func guessWide(head []byte) (codec, bool) {
	var zeros, ends, wideEnds [2]int
	for i, b := range head {
		switch partner := i ^ 1; {
		case b == 0:
			zeros[i%2]++
		case b == '\n' && partner < len(head):
			ends[i%2]++
			if head[partner] == 0 {
				wideEnds[i%2]++
			}
		}
	}
	for low, c := range []codec{utf16LECodec, utf16BECodec} {
		high := 1 - low
		if zeros[high]*20 > len(head) && zeros[low]*10 < zeros[high] && wideEnds[low]*2 >= ends[low]+ends[high] {
			return c, true
		}
	}
	return codec{}, false
}
