package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"article14/internal/intake"
)

func FuzzACSVFileLosesNoLine(f *testing.F) {
	for _, s := range []string{"A,Lyon\n", "\"A\",\"x\ny\"\n", "\"A,x\nB,y\n\"C\"z\n", "a\"b,\"c\n\n,\"\"\"", "\x00,\xc3", "=1,@\r\n\"\r\n\"", "a;b,c", "\u2028,\u202e"} {
		f.Add(s, byte(0))
	}
	f.Fuzz(func(t *testing.T, body string, small byte) {
		const head = "name,city\n"
		s := fuzzSettings(t, intake.CSV, small)
		accountForLines(t, head+body, 2, s)
	})
}

func FuzzAnNDJSONFileLosesNoLine(f *testing.F) {
	for _, s := range []string{`{"name":"A"}`, "{\"name\":{\"x\":1}}\n{", `{"name":"\ud800\u0000"}` + "\n\n\r\n[]", "{\"name\":\"\xc3"} {
		f.Add(s, byte(0))
	}
	f.Fuzz(func(t *testing.T, body string, small byte) {
		accountForLines(t, `{"name":"Roe","city":"Lyon"}`+"\n"+body, 1, fuzzSettings(t, intake.NDJSON, small))
	})
}

// fuzzSettings have bounds that a fuzzer can reach.
func fuzzSettings(t *testing.T, format intake.Format, small byte) intake.Settings {
	s := settings(t)
	s.Format = format
	s.Mapping.Fields = map[string]string{"name": "name", "city": "city"}
	if small > 0 {
		s.MaxLine, s.MaxField = 64+int(small), int(small)
	}
	return s
}

// accountForLines checks that lines only rise and that each that is not blank
// belongs to exactly one row: it begins one, or an accepted row goes over it.
func accountForLines(t *testing.T, file string, first int64, s intake.Settings) {
	rows, err := intake.Open(strings.NewReader(file), s)
	if err != nil {
		return
	}
	lines := strings.Split(file, "\n")
	next := first
	for {
		rec, refusal, err := rows.Next()
		var at int64
		var row string
		switch {
		case errors.Is(err, io.EOF):
			at = int64(len(lines)) + 1
		case err != nil:
			return // not UTF-8 behind what was read
		case refusal != nil:
			at, row = refusal.Line, refusal.Row
			if refusal.Reason == "" {
				t.Fatalf("line %d is refused without a reason", at)
			}
		default:
			at, row = rec.Line, rec.Row
		}
		if at < next {
			t.Fatalf("line %d comes after line %d of %q", at, next-1, file)
		}
		for skipped := next; skipped < at && skipped <= int64(len(lines)); skipped++ {
			if strings.TrimSpace(strings.TrimPrefix(lines[skipped-1], "\ufeff")) != "" {
				t.Fatalf("line %d of %q is lost", skipped, file)
			}
		}
		if err != nil {
			return
		}
		next = at + 1 + int64(strings.Count(row, "\n"))
	}
}
