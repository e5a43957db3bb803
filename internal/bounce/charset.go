package bounce

import (
	"bytes"
	"html"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxText  = 64 << 10 // octets of what a message says in words
	maxLines = 2000
	maxLine  = 2000
)

// words is a part's text, in UTF-8 with LF, whatever it claims to be in.
func (p part) words() string {
	_, params := mediaType(p.head)
	b := p.decoded()
	return toUTF8(b[:min(len(b), 2*maxText)], params["charset"])
}

// toUTF8 reads bytes in a charset. One that is unknown, or wrong, is taken for
// UTF-8 if it can be that, else for Windows-1252, in which every octet is something.
func toUTF8(b []byte, charset string) string {
	if charset = strings.TrimSpace(charset); charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		if enc, err := htmlindex.Get(charset); err == nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				return strings.ToValidUTF8(string(out), "?")
			}
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	out, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return strings.ToValidUTF8(string(out), "?")
}

// charsetReader is toUTF8 for encoded words (RFC 2047).
func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxValue))
	return strings.NewReader(toUTF8(b, charset)), err
}

// bounded cuts a text to what is looked at: so many octets, lines, and octets of a
// line, without control characters.
func bounded(text string) string {
	var out strings.Builder
	for n := 0; n < maxLines && text != "" && out.Len() < maxText; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		line = line[:min(len(line), maxLine, maxText-out.Len())]
		line = strings.Map(func(r rune) rune {
			switch {
			case r == '\t' || r == '\u00a0':
				return ' '
			case r < ' ' || r == 0x7f:
				return -1
			}
			return r
		}, strings.ToValidUTF8(line, ""))
		out.WriteString(strings.TrimRight(line, " ") + "\n")
		text = rest
	}
	return out.String()
}

var (
	hidden = regexp.MustCompile(`(?is)<(style|script|head|title)\b.*?</(?:style|script|head|title)\s*>|<!--.*?-->`)
	breaks = regexp.MustCompile(`(?i)<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?table|/?blockquote|/?pre)\b[^<>]*>`)
	tags   = regexp.MustCompile(`<[!/?a-zA-Z][^<>]*>`)
)

// unmarked is the text of HTML, roughly: enough for phrases and addresses.
func unmarked(markup string) string {
	markup = markup[:min(len(markup), maxText)]
	text := hidden.ReplaceAllString(markup, " ")
	text = breaks.ReplaceAllString(strings.ReplaceAll(text, "\n", " "), "\n")
	return html.UnescapeString(tags.ReplaceAllString(text, " "))
}

// lenientBase64 keeps what belongs to the alphabet, up to the first padding and
// in whole groups: mail systems break lines anywhere, and write footers beneath.
func lenientBase64(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c == '=':
			return out
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			out = append(out, c)
		}
	}
	return out
}

// lenientQuoted undoes quoted-printable, and leaves what is none as it stands.
func lenientQuoted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		at := bytes.IndexByte(b, '=')
		if at < 0 {
			return append(out, b...)
		}
		out, b = append(out, b[:at]...), b[at:]
		if next := softBreak(b); next > 0 {
			b = b[next:]
			continue
		}
		hi, lo := unhex(b, 1), unhex(b, 2)
		if hi < 0 || lo < 0 {
			out, b = append(out, '='), b[1:]
			continue
		}
		out, b = append(out, byte(hi<<4|lo)), b[3:]
	}
	return out
}

// softBreak is the length of a soft line break, blanks before its end included.
func softBreak(b []byte) int {
	i := 1
	for i < min(len(b), maxBlanks) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	switch {
	case i >= len(b):
		return len(b)
	case b[i] == '\n':
		return i + 1
	}
	return 0
}

const maxBlanks = 80

func unhex(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
