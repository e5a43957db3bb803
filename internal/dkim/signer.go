package dkim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs messages with the keys that are in force. It may be used by many at once.
type Signer struct {
	domain string
	lines  [2][]Key // of each algorithm, the earliest first
}

// NewSigner makes a signer. The domain is that of the signatures (d=): the From
// address's own or one above it, and the From address's of each message if empty.
func NewSigner(domain string, keys ...Key) (*Signer, error) {
	s := &Signer{domain: strings.ToLower(domain)}
	if domain != "" && (!validDomain(domain) || !strings.Contains(domain, ".")) {
		return nil, fmt.Errorf("DKIM: %q is no domain to sign for: give it as it stands in DNS, in ASCII", domain)
	}
	if len(keys) == 0 {
		return nil, errors.New("DKIM: there is no key to sign with")
	}
	for _, k := range keys {
		for _, other := range s.Keys() {
			if strings.EqualFold(k.Selector, other.Selector) {
				return nil, fmt.Errorf("DKIM: two keys have the selector %s: give each its own", k.Selector)
			}
			if k.algorithm == other.algorithm && k.Begins.Equal(other.Begins) {
				return nil, fmt.Errorf("DKIM: %s and %s are both %s and begin at the same time: say from which date on the newer one signs", other.Selector, k.Selector, k.algorithm)
			}
		}
		line := &s.lines[0]
		if k.algorithm == Ed25519 {
			line = &s.lines[1]
		}
		*line = append(*line, k)
		slices.SortFunc(*line, func(a, b Key) int { return a.Begins.Compare(b.Begins) })
	}
	return s, nil
}

// Keys are all keys, those of RSA first, and the earliest first.
func (s *Signer) Keys() []Key { return slices.Concat(s.lines[0], s.lines[1]) }

// InForce are the keys that sign a message of a date: of each algorithm the one
// that began last. What is older than all of them is signed with the first one:
// nothing leaves unsigned.
func (s *Signer) InForce(date time.Time) []Key {
	keys := make([]Key, 0, len(s.lines))
	for _, line := range s.lines {
		for _, k := range slices.Backward(line) {
			if !k.Begins.After(date) {
				keys = append(keys, k)
				break
			}
		}
	}
	if len(keys) == 0 {
		keys = append(keys, slices.MinFunc(s.Keys(), func(a, b Key) int { return a.Begins.Compare(b.Begins) }))
	}
	return keys
}

// DomainFor is the domain of signatures (d=) on mail from a domain. One that is not
// at or above it is refused: to DMARC such a signature is none (RFC 7489, 3.1.1).
func (s *Signer) DomainFor(from string) (string, error) {
	from = strings.ToLower(from)
	switch {
	case !validDomain(from):
		return "", errors.New("DKIM: the From address's domain is not as DNS has it: write it in ASCII (xn--...)")
	case s.domain == "" || s.domain == from || strings.HasSuffix(from, "."+s.domain):
		return cmp.Or(s.domain, from), nil
	}
	return "", fmt.Errorf("DKIM: %s cannot sign for mail from %s: give the From address's domain, or the one above it", s.domain, from)
}

// covered are the fields to sign. Of those that a message has once, one more is named
// than there are (RFC 6376, 8.15): whoever adds a second one breaks the signature.
var covered = [...]struct {
	name string
	over bool
}{
	{"From", true}, {"To", true}, {"Cc", true}, {"Subject", true}, {"Date", true}, {"Message-ID", true}, {"Reply-To", true},
	{"MIME-Version", true}, {"Content-Type", true}, {"Content-Transfer-Encoding", true}, {"Content-Language", false},
	{"Auto-Submitted", false}, {"In-Reply-To", false}, {"References", false},
	{"List-Unsubscribe", false}, {"List-Unsubscribe-Post", false}, // RFC 8058, 4
}

// header is what every signature of a message says of it.
type header struct {
	domain string
	date   time.Time
	names  []byte // of what is covered, as h= lists them
	body   [sha256.Size]byte
}

// Sign gives the fields to put before a message, each with CRLF at its end. The message
// has lines that end by CRLF or LF, is as its receiver shall see it (dots not doubled),
// and is not changed.
func (s *Signer) Sign(message []byte) ([]byte, error) {
	fields, body := cutMessage(message)
	h, err := s.read(fields)
	if err != nil {
		return nil, err
	}
	h.body = sha256.Sum256(relaxedBody(body))
	signed := h.cover(make([]byte, 0, 2048), fields)
	keys := s.InForce(h.date)
	out := make([]byte, 0, 1024*len(keys))
	for _, k := range keys {
		if out, err = h.appendSignature(out, signed, k); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read takes from a message's fields who it is from, and when.
func (s *Signer) read(fields []field) (h header, err error) {
	from, date := last(fields, "From"), last(fields, "Date")
	if from == nil || date == nil {
		return h, errors.New("DKIM: a message without From or Date cannot be signed")
	}
	if h.date, err = parseDate(string(bytes.TrimSpace(date))); err != nil {
		return h, errors.New("DKIM: the message's Date cannot be read")
	}
	address := bytes.TrimRight(from, "> \t\r\n")
	h.domain, err = s.DomainFor(string(address[bytes.LastIndexByte(address, '@')+1:]))
	return h, err
}

// parseDate tries first the form that notices have: the library comes to it behind
// twenty others, at twenty microseconds.
func parseDate(value string) (time.Time, error) {
	if date, err := time.Parse(time.RFC1123Z, value); err == nil {
		return date, nil
	}
	return mail.ParseDate(value)
}

func last(fields []field, name string) []byte {
	for _, f := range slices.Backward(fields) {
		if f.is(name) {
			return f.value
		}
	}
	return nil
}

// cover appends the fields that are signed, of several of a name the last one first
// (RFC 6376, 5.4.2), and notes their names.
func (h *header) cover(dst []byte, fields []field) []byte {
	h.names = make([]byte, 0, 384)
	width := len(" h=")
	list := func(name string) {
		if len(h.names) > 0 {
			h.names, width = append(h.names, ':'), width+1
		}
		if width+len(name) > maxLine {
			h.names, width = append(h.names, "\r\n "...), 1
		}
		h.names, width = append(h.names, name...), width+len(name)
	}
	for _, c := range covered {
		for _, f := range slices.Backward(fields) {
			if f.is(c.name) {
				dst = appendField(dst, f.name, f.value)
				list(c.name)
			}
		}
		if c.over {
			list(c.name)
		}
	}
	return dst
}

// maxLine is where lines are folded (RFC 5322, 2.1.1), with room for what parts them.
const maxLine = 74

// appendSignature writes a DKIM-Signature (RFC 6376, 3.5) over the fields that are
// signed, which stand in their canonical form.
func (h *header) appendSignature(dst, signed []byte, k Key) ([]byte, error) {
	const name = "DKIM-Signature"
	dst = append(dst, name+":"...)
	value := len(dst)
	dst = append(append(dst, " v=1; a="...), k.algorithm...)
	dst = append(append(dst, "; c=relaxed/relaxed;\r\n d="...), h.domain...)
	dst = append(append(dst, ";\r\n s="...), k.Selector...)
	dst = strconv.AppendInt(append(dst, "; t="...), h.date.Unix(), 10)
	dst = append(append(dst, ";\r\n h="...), h.names...)
	dst = base64.StdEncoding.AppendEncode(append(dst, ";\r\n bh="...), h.body[:])
	dst = append(dst, ";\r\n b="...)
	signed = bytes.TrimSuffix(appendField(signed, []byte(name), dst[value:]), []byte("\r\n")) // 3.7: b= empty, no line end
	hash := sha256.Sum256(signed)
	signature, err := k.sign(hash[:])
	if err != nil {
		return nil, fmt.Errorf("DKIM: the key of selector %s does not sign: %w", k.Selector, err)
	}
	return append(appendFolded(dst, base64.StdEncoding.EncodeToString(signature)), "\r\n"...), nil
}

// appendFolded writes base64 behind " b=" in lines.
func appendFolded(dst []byte, text string) []byte {
	for room := maxLine - len(" b="); len(text) > room; room = maxLine - 1 {
		dst = append(append(dst, text[:room]...), "\r\n "...)
		text = text[room:]
	}
	return append(dst, text...)
}
