package address

import (
	"strings"
	"unicode"
)

// split parts a text into display name and address. Without angle brackets the whole is the address. A reason says why it has none
// or several.
func split(s string) (name, spec string, reason Reason) {
	open := indexOutside(s, "<")
	if open < 0 {
		return "", s, ""
	}
	spec, found := strings.CutSuffix(s[open+1:], ">")
	switch {
	case !found || indexOutside(spec, "<>") >= 0:
		if strings.Count(s, "@") > 1 {
			return "", "", Several
		}
		return "", "", Syntax
	case indexOutside(s[:open], ">") >= 0:
		return "", "", Syntax
	}
	return unquote(strings.TrimFunc(s[:open], isPadding)), strings.TrimFunc(spec, isPadding), ""
}

// indexOutside returns the index of the first of some characters outside quotes, or -1.
func indexOutside(s, chars string) int {
	quoted, escaped := false, false
	for i, r := range s {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(chars, r):
			return i
		}
	}
	return -1
}

// unquote takes a display name out of its quotes.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	escaped := false
	for _, r := range s[1 : len(s)-1] {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// scanLocal reads the local part up to its @, and returns it with what follows the @ (RFC 5321: Dot-string or Quoted-string; RFC
// 6531 adds what is not ASCII).
func scanLocal(s string) (local, rest string, reason Reason) {
	if strings.HasPrefix(s, `"`) {
		return scanQuoted(s)
	}
	local, rest, found := strings.Cut(s, "@")
	if !found {
		return "", "", Syntax
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return "", "", LocalPart
		}
	}
	return local, rest, ""
}

func scanQuoted(s string) (local, rest string, reason Reason) {
	escaped := false
	for i, r := range s[1:] {
		switch {
		case escaped:
			if r < ' ' || r > '~' {
				return "", "", LocalPart
			}
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			end := 1 + i + 1
			if end == 2 || !strings.HasPrefix(s[end:], "@") {
				return "", "", LocalPart
			}
			return s[:end], s[end+1:], ""
		case r > unicode.MaxASCII && !isMailText(r):
			return "", "", LocalPart
		}
	}
	return "", "", LocalPart
}

// isAtext reports whether a character may stand in an unquoted local part (RFC 5322, section 3.2.3; RFC 6532, section 3.2).
func isAtext(r rune) bool {
	switch {
	case r > unicode.MaxASCII:
		return isMailText(r)
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// isMailText reports whether a character outside ASCII can be seen: letters, marks, digits, signs, and no spaces, format
// characters, private or unassigned ones. RFC 6532 would take those as well; in a contact file they are damage or an attack.
func isMailText(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

// isPadding reports whether a character may be dropped at either end: spaces, the byte order mark and the zero-width space, which
// spreadsheets and web pages leave behind. Line breaks are not dropped; they are a sign of something else.
func isPadding(r rune) bool {
	return r == '\t' || unicode.Is(unicode.Zs, r) || r == '\uFEFF' || r == '\u200B'
}

// isControl reports whether a character must not be anywhere: C0 and C1 controls, line and paragraph separators, and the
// bidirectional controls, with which a name can be made to look like another.
func isControl(r rune) bool {
	return unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
