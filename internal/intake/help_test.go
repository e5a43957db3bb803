package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"article14/internal/intake"
	"article14/mailer"
	"article14/mailer/accept"
)

// now is the instant at which the tests read their files.
var now = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// settings read columns that are called like fields.
func settings(t testing.TB) intake.Settings {
	return intake.Settings{Zone: paris(t), Now: func() time.Time { return now }, Source: mailer.Source{Key: "fair"}}
}

// outcome is what came of a row: exactly one of the two.
type outcome struct {
	rec     accept.Record
	refusal *accept.Refusal
}

func (o outcome) line() int64 {
	if o.refusal != nil {
		return o.refusal.Line
	}
	return o.rec.Line
}

func readAll(t testing.TB, rows accept.Rows) []outcome {
	t.Helper()
	var out []outcome
	for {
		rec, refusal, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("after %d rows: %v", len(out), err)
		}
		out = append(out, outcome{rec, refusal})
	}
}

func read(t testing.TB, file string, s intake.Settings) []outcome {
	t.Helper()
	rows, err := intake.Open(strings.NewReader(file), s)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, rows)
}

// one reads a CSV file of one row.
func one(t testing.TB, header, row string, s intake.Settings) outcome {
	t.Helper()
	out := read(t, header+"\n"+row+"\n", s)
	if len(out) != 1 {
		t.Fatalf("%q has %d rows, want 1", row, len(out))
	}
	return out[0]
}

func wantRefused(t testing.TB, o outcome, line int64, field, reason string) {
	t.Helper()
	switch {
	case o.refusal == nil:
		t.Errorf("the row on line %d is taken; want it refused: %s", o.rec.Line, reason)
	case o.refusal.Line != line || o.refusal.Field != field || !strings.Contains(o.refusal.Reason, reason):
		t.Errorf("refused on line %d, field %q: %s; want line %d, field %q: %s", o.refusal.Line, o.refusal.Field, o.refusal.Reason, line, field, reason)
	}
}
