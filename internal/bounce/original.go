package bounce

import (
	"regexp"
	"strings"
)

// Where a report in plain words ends and what it returns begins is told by general
// means: a line that says so ("--- Below this line is a copy of the message."), or
// a block of header fields of which enough are those of every message.

// fieldNames are the fields by which a header is known; those with true stand in
// headers alone, the others in summaries as well ("Subject: ...").
var fieldNames = map[string]bool{
	"received": true, "return-path": true, "message-id": true, "mime-version": true, "dkim-signature": true, "x-mailer": true, "delivered-to": true, "x-original-to": true, "user-agent": true, "references": true, "x-originating-ip": true,
	"content-type": true, "content-transfer-encoding": true, "authentication-results": true, "arc-seal": true, "x-received": true, "domainkey-signature": true, "received-spf": true, "x-spam-status": true, "x-virus-scanned": true, "x-priority": true, "list-unsubscribe": true, "auto-submitted": true, "envelope-to": true,
	"from": false, "to": false, "cc": false, "subject": false, "date": false, "sender": false, "reply-to": false, "in-reply-to": false, "precedence": false,
}

const (
	maxHeaderRun = 80 // lines of a header that are looked at to know it
	maxAhead     = 8  // lines between a line that announces the original and its header
)

var (
	announces = regexp.MustCompile(`(?i)\b(?:original|returned|unsent|undelivered|copy of|copie|below this line|message headers?|mail headers?|headers? of|header follows|message follows|forwarded message|ursprüngliche|originalnachricht|urspr.ngliche|d'origine|originale?|mensagem original|oorspronkelijk|oryginaln|исходн)`)
	ruled     = regexp.MustCompile(`^\s*[-=_*#~+]{2,}\s*\S`)
	leads     = regexp.MustCompile(`(?i)(?:follows?|below|headers?|message|mail|nachricht|original)\s*[-=.:!*]*\s*$`)
)

// cutOriginal parts what a report says from what it returns, which begins with its
// header; "" where none is to be seen.
func cutOriginal(text string) (words, original string) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		at := -1
		switch {
		case announced(line):
			if at = headerAhead(lines, i+1); at < 0 && !(ruled.MatchString(line) && leads.MatchString(line)) {
				continue
			}
		case startsHeader(lines, i) && isHeader(lines[i:], true):
			at = i
		default:
			continue
		}
		if at >= 0 {
			original = strings.Join(lines[at:], "\n")
		}
		return strings.Join(lines[:i], "\n"), original
	}
	return text, ""
}

// announced tells whether a line says that the original follows.
func announced(line string) bool {
	const long = 120
	return len(line) > 0 && len(line) < long && (ruled.MatchString(line) || leads.MatchString(line)) && announces.MatchString(line)
}

// headerAhead is where a header begins, soon; -1 if there is none.
func headerAhead(lines []string, from int) int {
	for i := from; i < min(len(lines), from+maxAhead); i++ {
		if startsHeader(lines, i) && isHeader(lines[i:], false) {
			return i
		}
	}
	return -1
}

// startsHeader tells whether a line may be the first of a header.
func startsHeader(lines []string, i int) bool {
	return fieldName(lines[i]) != "" && (i == 0 || fieldName(lines[i-1]) == "")
}

// isHeader tells whether lines begin with a header: three fields that are known, or
// two where it was announced, one of them such as stand in headers alone.
func isHeader(lines []string, unannounced bool) bool {
	known, alone := 0, 0
	for _, line := range lines[:min(len(lines), maxHeaderRun)] {
		if line == "" {
			break
		}
		if line[0] == ' ' {
			continue
		}
		name := fieldName(line)
		if name == "" {
			break
		}
		if inHeaders, ok := fieldNames[name]; ok {
			known++
			if inHeaders {
				alone++
			}
		}
	}
	if unannounced {
		return known >= 3 && alone >= 1
	}
	return known >= 2
}

// fieldName is the name of the field that a line begins, in small letters; "" if
// it begins none.
func fieldName(line string) string {
	at := strings.IndexByte(line, ':')
	if at < 2 || at > 60 || strings.ContainsAny(line[:at], " \t<>@\"'()[]") {
		return ""
	}
	return strings.ToLower(line[:at])
}
