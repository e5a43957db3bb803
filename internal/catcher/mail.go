package catcher

import "time"

// Mail is one mail as it came: its envelope, its connection, its bytes.
type Mail struct {
	Seq   uint64    // its number in the order of arrival, 1 for the first
	At    time.Time // when the final dot was read
	Hello string    // the client's name for itself (EHLO)
	TLS   string    // the version of TLS it came under; empty for none
	User  string    // who had signed in; empty for nobody

	From       string      // reverse-path; empty for the null sender
	To         []Recipient // accepted recipients, in order
	EnvelopeID string      // ENVID (RFC 3461), decoded
	Return     string      // RET: FULL, HDRS or empty
	Body       string      // BODY (RFC 6152): 7BIT, 8BITMIME or empty
	UTF8       bool        // SMTPUTF8 (RFC 6531) was asked for

	Answered bool   // false when the answer to the final dot was lost on order
	Raw      []byte // the bytes of the mail, dots unstuffed, line ends as sent
}

// Recipient is one accepted RCPT with its parameters of RFC 3461.
type Recipient struct {
	Address  string
	Notify   []string // NOTIFY: NEVER, or some of SUCCESS, FAILURE, DELAY
	Original string   // ORCPT, decoded, as "rfc822;a@example.org"; empty without
}

// cost is what keeping the mail takes of Options.MaxBytes.
func (m *Mail) cost() int64 {
	n := overhead + len(m.Raw) + len(m.From) + len(m.EnvelopeID)
	for _, r := range m.To {
		n += overhead + len(r.Address) + len(r.Original)
	}
	return int64(n)
}
