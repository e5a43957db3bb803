package postgres

import (
	"encoding/hex"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
)

// Columns of a batch, for statements that read it with unnest. It costs a
// fraction of what JSON does at both ends, so the statements that every
// delivery passes through take their rows in this form.

// idColumn is a uuid[]; the zero id is NULL.
func idColumn[R any](rows []R, id func(R) mailer.ID) string {
	return column(rows, 2*len(mailer.ID{}), func(dst []byte, r R) []byte {
		v := id(r)
		if v.IsZero() {
			return append(dst, "NULL"...)
		}
		return hex.AppendEncode(dst, v[:])
	})
}

// timeColumn is a timestamptz[]; the zero instant is NULL.
func timeColumn[R any](rows []R, at func(R) time.Time) string {
	return column(rows, len(time.RFC3339Nano)+2, func(dst []byte, r R) []byte {
		v := at(r)
		if v.IsZero() {
			return append(dst, "NULL"...)
		}
		return append(v.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
	})
}

// column writes an array literal of PostgreSQL.
func column[R any](rows []R, each int, value func(dst []byte, r R) []byte) string {
	dst := append(make([]byte, 0, len(rows)*(each+1)+2), '{')
	for i, r := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value(dst, r)
	}
	return string(append(dst, '}'))
}

// textColumn is a text[].
func textColumn[R any, S ~string](rows []R, text func(R) S) any {
	out := make(pq.StringArray, len(rows))
	for i, r := range rows {
		out[i] = string(text(r))
	}
	return out
}

// intColumn is a bigint[].
func intColumn[R any](rows []R, number func(R) int) any {
	out := make(pq.Int64Array, len(rows))
	for i, r := range rows {
		out[i] = int64(number(r))
	}
	return out
}
