package mailer

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// ID is a UUID of version 7 (RFC 9562): its first 48 bits are the millisecond
// of its making, so that new rows stand together in an index. It says nothing
// of the person behind it. The zero ID means "none".
type ID [16]byte

// NewID makes an ID for the instant at; what is not time is random.
func NewID(at time.Time) ID {
	var id ID
	rand.Read(id[6:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the form that String writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, fmt.Errorf("%q is no id: expected the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", s)
	}
	plain := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(plain)); err != nil {
		return ID{}, fmt.Errorf("%q is no id: it holds characters that are not hexadecimal", s)
	}
	return id, nil
}

// String is the canonical form of RFC 9562.
func (id ID) String() string {
	var s [36]byte
	for i, at := range [...]struct{ from, to, n int }{{0, 4, 0}, {4, 6, 9}, {6, 8, 14}, {8, 10, 19}, {10, 16, 24}} {
		hex.Encode(s[at.n:], id[at.from:at.to])
		if i > 0 {
			s[at.n-1] = '-'
		}
	}
	return string(s[:])
}

// Time is the millisecond in which the ID was made.
func (id ID) Time() time.Time {
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:])))
}

// IsZero tells whether the ID is none.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText makes IDs strings in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// Value hands the ID to a database; the zero ID is NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id.String(), nil
}

// Scan takes an ID from a database; NULL is the zero ID.
func (id *ID) Scan(src any) (err error) {
	switch v := src.(type) {
	case nil:
		*id = ID{}
	case []byte:
		*id, err = ParseID(string(v))
	case string:
		*id, err = ParseID(v)
	default:
		err = fmt.Errorf("an id cannot be read from a %T", src)
	}
	return err
}
