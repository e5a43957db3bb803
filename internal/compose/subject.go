package compose

import "strings"

// encodeSubject writes a subject as encoded-words (RFC 2047, "Q"), short enough
// that the first stands on the line of its header's name: some readers keep the
// blank of a fold before it. ASCII stays as it is.
func encodeSubject(s string) string {
	const most = 50 // with its marks it then goes beside "Subject:" in the 76 columns of a line
	plain := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	if plain && !strings.Contains(s, "=?") {
		return s
	}
	var words []string
	var word strings.Builder
	for _, r := range s {
		q := quoteRune(r)
		if word.Len()+len(q) > most {
			words = append(words, word.String())
			word.Reset()
		}
		word.WriteString(q)
	}
	words = append(words, word.String())
	return "=?utf-8?q?" + strings.Join(words, "?= =?utf-8?q?") + "?="
}

// quoteRune keeps the bytes of a character together (RFC 2047, section 5).
func quoteRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
		return string(r)
	}
	var b strings.Builder
	for _, c := range []byte(string(r)) {
		b.Write([]byte{'=', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}
