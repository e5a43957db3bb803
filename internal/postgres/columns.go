package postgres

import (
	"encoding/binary"
	"time"

	"article14/mailer"
)

// Columns of a batch, for statements that read it with unnest. They travel in
// PostgreSQL's binary form of an array, which costs a fraction of text or JSON at
// both ends, so the statements that every delivery passes through take their rows
// in this form.

// Types of elements by PostgreSQL's fixed numbers (pg_type.oid).
const (
	oidBytea       = 17
	oidInt8        = 20
	oidText        = 25
	oidTID         = 27
	oidTimestamptz = 1184
	oidUUID        = 2950
)

// column is an array of one dimension, as array_recv of PostgreSQL reads it.
// value appends an element, or says that it is NULL.
func column[R any](rows []R, oid uint32, each int, value func(dst []byte, r R) (out []byte, null bool)) []byte {
	if len(rows) == 0 {
		return arrayHead(0, oid)
	}
	dst := make([]byte, 0, 20+len(rows)*(4+each))
	dst = append(dst, arrayHead(1, oid)...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(rows)))
	dst = binary.BigEndian.AppendUint32(dst, 1) // its first index
	for _, r := range rows {
		length := len(dst)
		var null bool
		if dst, null = value(append(dst, 0xff, 0xff, 0xff, 0xff), r); !null { // what stands there means NULL
			binary.BigEndian.PutUint32(dst[length:], uint32(len(dst)-length-4))
		}
	}
	return dst
}

// arrayHead is what an array begins with: its dimensions, that it may hold NULL,
// and what it is made of.
func arrayHead(dimensions, oid uint32) []byte {
	head := binary.BigEndian.AppendUint32(make([]byte, 0, 12), dimensions)
	head = binary.BigEndian.AppendUint32(head, 1)
	return binary.BigEndian.AppendUint32(head, oid)
}

// idColumn is a uuid[]; the zero id is NULL.
func idColumn[R any](rows []R, id func(R) mailer.ID) []byte {
	return column(rows, oidUUID, len(mailer.ID{}), func(dst []byte, r R) ([]byte, bool) {
		v := id(r)
		if v.IsZero() {
			return dst, true
		}
		return append(dst, v[:]...), false
	})
}

// epoch is where PostgreSQL counts its microseconds from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// timeColumn is a timestamptz[]; the zero instant is NULL.
func timeColumn[R any](rows []R, at func(R) time.Time) []byte {
	return column(rows, oidTimestamptz, 8, func(dst []byte, r R) ([]byte, bool) {
		v := at(r)
		if v.IsZero() {
			return dst, true
		}
		return binary.BigEndian.AppendUint64(dst, uint64(v.UnixMicro()-epoch)), false
	})
}

// intColumn is a bigint[].
func intColumn[R any](rows []R, number func(R) int) []byte {
	return column(rows, oidInt8, 8, func(dst []byte, r R) ([]byte, bool) {
		return binary.BigEndian.AppendUint64(dst, uint64(number(r))), false
	})
}

// textColumn is a text[].
func textColumn[R any, S ~string](rows []R, text func(R) S) []byte {
	return column(rows, oidText, 8, func(dst []byte, r R) ([]byte, bool) { return append(dst, text(r)...), false })
}

// bytesColumn is a bytea[]; nil is NULL.
func bytesColumn[R any](rows []R, value func(R) []byte) []byte {
	return column(rows, oidBytea, 32, func(dst []byte, r R) ([]byte, bool) {
		v := value(r)
		return append(dst, v...), v == nil
	})
}

// uuids is a uuid[] of ids.
func uuids(ids []mailer.ID) []byte {
	return idColumn(ids, func(id mailer.ID) mailer.ID { return id })
}

// texts is a text[]; nil is the empty array.
func texts[S ~string](ss []S) []byte { return textColumn(ss, func(s S) S { return s }) }
