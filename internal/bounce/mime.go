package bounce

import (
	"bytes"
	"encoding/base64"
	"mime"
	"regexp"
	"strings"
)

const (
	maxParts = 50 // of one multipart
	maxDepth = 5  // of multiparts in multiparts
)

// part is one part that holds no others.
type part struct {
	kind string // media type, in lower case
	body []byte // as it was sent: transfer encoding not undone
	head header
}

// each calls do for every part, in their order. Returned messages are parts:
// whatever stands in them is what we sent, or somebody else did, and no report.
func each(h header, body []byte, depth int, do func(part)) {
	kind, params := mediaType(h)
	if !strings.HasPrefix(kind, "multipart/") {
		do(part{kind, body, h})
		return
	}
	if depth >= maxDepth {
		return
	}
	boundary := params["boundary"]
	parts := [][]byte(nil)
	if boundary != "" {
		parts = split(body, boundary)
	}
	if len(parts) == 0 { // it says that it has parts, and has none
		do(part{"text/plain", body, nil})
	}
	for _, raw := range parts {
		head, rest := readHeader(raw)
		each(head, rest, depth+1, do)
	}
}

// mediaType is a part's Content-Type. One whose parameters are broken has its type still.
func mediaType(h header) (string, map[string]string) {
	value := h.get("Content-Type")
	kind, params, err := mime.ParseMediaType(value)
	if err != nil {
		kind, _, _ = strings.Cut(value, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	if boundary, there := params["boundary"]; kind != "" && (there || !strings.HasPrefix(kind, "multipart/")) && boundary != "--" {
		return kind, params
	}
	return kind, map[string]string{"boundary": looseBoundary(value)}
}

var boundaryIs = regexp.MustCompile(`(?i)boundary=`)

// looseBoundary finds a boundary in parameters that break the rules.
func looseBoundary(value string) string {
	at := boundaryIs.FindStringIndex(value) // not by way of ToLower: a letter's other case may be longer
	if at == nil {
		return ""
	}
	value = value[at[1]:]
	if quoted, found := strings.CutPrefix(value, `"`); found {
		value, _, _ = strings.Cut(quoted, `"`)
		return value
	}
	value, _, _ = strings.Cut(value, ";")
	return strings.TrimSpace(value)
}

// split gives the parts between boundary lines. One that never closes ends with
// the message.
func split(body []byte, boundary string) (parts [][]byte) {
	mark := []byte("--" + boundary)
	start := -1 // of the part under way
	for at := 0; at < len(body); {
		line, rest := cutLine(body[at:])
		next := len(body) - len(rest)
		tail, found := bytes.CutPrefix(line, mark)
		tail = bytes.TrimRight(tail, " \t")
		closes := string(tail) == "--"
		if found && (closes || len(tail) == 0) {
			if start >= 0 {
				parts = append(parts, body[start:at])
			}
			if start = next; closes || len(parts) >= maxParts {
				return parts
			}
		}
		at = next
	}
	if start >= 0 && start < len(body) {
		parts = append(parts, body[start:])
	}
	return parts
}

// decoded undoes a part's transfer encoding, as far as it holds good.
func (p part) decoded() []byte {
	encoding, _, _ := strings.Cut(p.head.get("Content-Transfer-Encoding"), ";")
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		in := lenientBase64(p.body)
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(in)))
		n, _ := base64.RawStdEncoding.Decode(out, in)
		return out[:n]
	case "quoted-printable":
		return lenientQuoted(p.body)
	}
	return p.body
}
