package dkim

import "bytes"

// field is a field of a message's header. The value may have line ends in it.
type field struct{ name, value []byte }

// is tells whether the field has a name.
func (f field) is(name string) bool {
	return len(f.name) == len(name) && bytes.EqualFold(f.name, []byte(name))
}

// cutMessage gives the fields of a message's header, and its body. Lines end by
// CRLF or LF; on the wire both are CRLF.
func cutMessage(message []byte) (fields []field, body []byte) {
	fields = make([]field, 0, 24)
	for rest := message; len(rest) > 0; {
		line, after := cutLine(rest)
		if len(line) == 0 {
			return fields, after
		}
		for len(after) > 0 && isBlank(after[0]) { // folded
			_, after = cutLine(after)
		}
		name, value, _ := bytes.Cut(rest[:len(rest)-len(after)], []byte{':'})
		fields = append(fields, field{bytes.TrimRight(name, " \t"), value})
		rest = after
	}
	return fields, nil
}

// cutLine gives the first line without its end, and what comes after.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// appendField writes a field as RFC 6376 3.4.2 has it: the name in small letters,
// the value unfolded, blanks as one, none at either end.
func appendField(dst []byte, name, value []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	dst = append(dst, ':')
	start, blank := len(dst), false
	for _, c := range value {
		switch {
		case c == '\r' || c == '\n':
		case isBlank(c):
			blank = true
		default:
			if blank && len(dst) > start {
				dst = append(dst, ' ')
			}
			dst, blank = append(dst, c), false
		}
	}
	return append(dst, "\r\n"...)
}

// relaxedBody gives a body as it is hashed: itself where it is so already, which saves
// a copy of nearly all of a message.
func relaxedBody(body []byte) []byte {
	for bytes.HasSuffix(body, []byte("\r\n\r\n")) {
		body = body[:len(body)-len("\r\n")]
	}
	if isRelaxedBody(body) {
		return body
	}
	return appendBody(make([]byte, 0, len(body)+len("\r\n")), body)
}

// isRelaxedBody tells whether each line may stay as it is, and the last one is not empty.
func isRelaxedBody(body []byte) bool {
	end := 0
	for len(body) > 0 {
		if end = bytes.IndexByte(body, '\n'); end < 1 || body[end-1] != '\r' || !isRelaxed(body[:end-1]) {
			return false
		}
		body = body[end+1:]
	}
	return end != len("\r")
}

// appendBody writes a body as RFC 6376 3.4.4 has it: blanks as one, none at the end
// of a line, no empty lines at the end.
func appendBody(dst, body []byte) []byte {
	end := len(dst) // of the last line that is not empty
	for len(body) > 0 {
		var line []byte
		line, body = cutLine(body)
		before := len(dst)
		dst = appendLine(dst, line)
		filled := len(dst) > before
		if dst = append(dst, "\r\n"...); filled {
			end = len(dst)
		}
	}
	return dst[:end]
}

func appendLine(dst, line []byte) []byte {
	if isRelaxed(line) {
		return append(dst, line...)
	}
	blank := false
	for _, c := range line {
		if isBlank(c) {
			blank = true
			continue
		}
		if blank {
			dst, blank = append(dst, ' '), false
		}
		dst = append(dst, c)
	}
	return dst
}

// isRelaxed tells whether a line may stay as it is, as nearly every one may.
func isRelaxed(line []byte) bool {
	blank := false
	for _, c := range line {
		if c == '\t' || blank && c == ' ' {
			return false
		}
		blank = c == ' '
	}
	return !blank
}
