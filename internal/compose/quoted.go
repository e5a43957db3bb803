package compose

// quotedLine is the longest line of quoted-printable, without its soft break
// (RFC 2045, section 6.7, rule 5).
const quotedLine = 75

const upperHex = "0123456789ABCDEF"

// appendQuoted appends a piece of text in quoted-printable. A piece begins at the
// start of a line and, unless it is the last, ends there, by a soft break if need
// be: so pieces can be encoded apart and joined in any order.
//
// The first character of a line is escaped if it is a full stop, a hyphen or an
// F: relays double or lose such lines, and no text can then look like the boundary
// between parts or like the "From " of a mailbox file.
func appendQuoted[T string | []byte](dst []byte, s T, last bool) []byte {
	column := 0
	for i := 0; i < len(s); i++ {
		if column > 0 { // most of a text is a run of characters that stand for themselves
			n := 0
			for n < quotedLine-column && i+n < len(s) && itself[s[i+n]] {
				n++
			}
			dst = append(dst, s[i:i+n]...)
			column += n
			if i += n; i == len(s) {
				break
			}
		}
		c := s[i]
		if c == '\n' {
			dst = append(dst, '\r', '\n')
			column = 0
			continue
		}
		plain := itself[c] && (column > 0 || c != '.' && c != '-' && c != 'F') ||
			c == ' ' && i+1 < len(s) && s[i+1] != '\n'
		width := 3
		if plain {
			width = 1
		}
		if column+width > quotedLine {
			dst = append(dst, '=', '\r', '\n')
			column = 0
			if c == '.' || c == '-' || c == 'F' {
				plain, width = false, 3
			}
		}
		if plain {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
		column += width
	}
	if column > 0 && !last {
		dst = append(dst, '=', '\r', '\n')
	}
	return dst
}

// itself has the characters that quoted-printable leaves as they are anywhere but,
// for some, at the beginning of a line.
var itself = func() (table [256]bool) {
	for c := '!'; c <= '~'; c++ {
		table[c] = c != '='
	}
	return table
}()
