package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"article14/mailer"
	"article14/mailer/retain"
)

// format is that of the lines; a reader refuses another.
const format = 1

// head is the first line.
type head struct {
	Ledger mailer.ID `json:"ledger"`
	Format int       `json:"format"`
	Began  time.Time `json:"began"`
	Keys   string    `json:"keys"` // fingerprint of the identity key, by which the hashes were made
}

// line is one of the others.
type line struct {
	Line  int64           `json:"line"`
	Chain string          `json:"chain"`
	Entry json.RawMessage `json:"entry"`
}

// Mark is a place in the file: behind a line, with the hash of all up to it. The zero
// Mark stands at the beginning.
type Mark = retain.LedgerMark

// chained is the hash of a line, given that of the line before it.
func chained(before []byte, n int64, entry []byte) []byte {
	h := sha256.New()
	h.Write(before)
	fmt.Fprintf(h, "%d:", n)
	h.Write(entry)
	return h.Sum(nil)
}

// begin is the hash on which the first line builds: that of the head, to the octet.
func begin(headLine []byte) []byte {
	sum := sha256.Sum256(headLine)
	return sum[:]
}

// after is the line of an entry behind a mark, and the mark behind it.
func after(m Mark, entry mailer.LedgerEntry) ([]byte, Mark, error) {
	body, err := json.Marshal(entry)
	if err != nil {
		return nil, m, err
	}
	next := Mark{Line: m.Line + 1, Chain: chained(m.Chain, m.Line+1, body)}
	b, err := written(next, body)
	if err != nil {
		return nil, m, err
	}
	next.Offset = m.Offset + int64(len(b))
	return b, next, nil
}

// written is a line to the octet.
func written(m Mark, body []byte) ([]byte, error) {
	b, err := json.Marshal(line{m.Line, hex.EncodeToString(m.Chain), body})
	return append(b, '\n'), err
}

// read takes a whole line behind a mark apart, and holds it against the chain.
func read(m Mark, b []byte) (entry mailer.LedgerEntry, next Mark, err error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return entry, m, errBroken
	}
	next = Mark{Line: m.Line + 1, Offset: m.Offset + int64(len(b)), Chain: chained(m.Chain, m.Line+1, l.Entry)}
	if same, err := written(next, l.Entry); err != nil || !bytes.Equal(same, b) {
		return entry, m, errBroken
	}
	if err := json.Unmarshal(l.Entry, &entry); err != nil {
		return entry, m, errBroken
	}
	return entry, next, nil
}

// readHead takes the first line apart.
func readHead(b []byte) (h head, m Mark, err error) {
	if !bytes.HasSuffix(b, []byte("\n")) || json.Unmarshal(b, &h) != nil || h.Ledger.IsZero() {
		return h, m, errBroken
	}
	if h.Format != format {
		return h, m, fmt.Errorf("it has format %d, and this program knows %d", h.Format, format)
	}
	return h, Mark{Offset: int64(len(b)), Chain: begin(b)}, nil
}
