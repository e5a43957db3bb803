package bounce

import (
	"bytes"
	"strings"
)

// Limits of what is read. What lies beyond is passed over.
const (
	maxFields = 500  // of one header
	maxValue  = 2000 // octets of one field's value, unfolded
)

// header is a block of fields, as in RFC 5322 and in the groups of RFC 3464.
type header []field

type field struct{ name, value string }

// get is the first field of a name, in whatever case.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// readHeader reads the fields up to an empty line, and gives what follows it.
// Lines that are no fields are passed over, as is the line with which mail systems
// separate messages in a file ("From ").
func readHeader(b []byte) (h header, rest []byte) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		if len(line) == 0 {
			return h, b
		}
		if line[0] == ' ' || line[0] == '\t' {
			if n := len(h); n > 0 {
				h[n-1].value = clip(h[n-1].value + " " + clean(line))
			}
			continue
		}
		name, value, found := bytes.Cut(line, []byte{':'})
		name = bytes.TrimRight(name, " \t")
		if !found || len(name) == 0 || len(name) > 100 || bytes.ContainsAny(name, " \t") || len(h) >= maxFields {
			h = append(h[:min(len(h), maxFields)], field{}) // so that its folded lines go nowhere else
			continue
		}
		h = append(h, field{string(name), clip(clean(value))})
	}
	return h, nil
}

// cutLine takes the first line, without its end.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// clean makes text of bytes: valid UTF-8 without control characters.
func clean(b []byte) string {
	if len(b) > 2*maxValue {
		b = b[:2*maxValue]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), "?")))
}

func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "")
}
