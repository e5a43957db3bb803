package intake_test

import (
	"bytes"
	"strings"
	"testing"

	"article14/internal/intake"
	"article14/internal/sample"
)

func TestAFileOfEveryLayoutIsReadWithEachRowAccountedFor(t *testing.T) {
	for _, l := range sample.Layouts() {
		t.Run(l.Name, func(t *testing.T) {
			var body bytes.Buffer
			expect, err := l.Write(&body, 3, 2000)
			if err != nil {
				t.Fatal(err)
			}
			s := settings(t)
			s.Source = l.Source
			file, err := intake.Open(bytes.NewReader(body.Bytes()), s)
			if err != nil {
				t.Fatal(err)
			}
			out := readAll(t, file)
			if len(out) != expect.Rows {
				t.Errorf("%d rows, want %d", len(out), expect.Rows)
			}
			faults := expect.Faults
			undated := 0
			for _, o := range out {
				if o.refusal != nil {
					if len(faults) == 0 {
						t.Errorf("refused, and should not be: %+v", o.refusal)
						continue
					}
					wantRefused(t, o, faults[0].Line, faults[0].Field, faults[0].Says)
					faults = faults[1:]
				} else if o.rec.ObtainedAt.IsZero() {
					undated++
				}
			}
			if len(faults) > 0 || undated != expect.Undated {
				t.Errorf("not refused: %+v; %d rows without a date, want %d", faults, undated, expect.Undated)
			}
		})
	}
}

func TestALayoutTellsHowAFileIsRead(t *testing.T) {
	want := map[string]struct {
		encoding, ends, delimiter string
		header                    int64
		unread                    string
	}{
		"lead tool":          {"utf-8", "CRLF", "comma", 1, ""},
		"social network":     {"utf-8", "CRLF and LF", "comma", 4, ""},
		"customer database":  {"utf-8", "CRLF", "comma", 1, "Original Source"},
		"French spreadsheet": {"windows-1252", "CRLF", "semicolon", 1, "Civilité"},
		"broker list":        {"utf-16le", "CRLF", "tab", 1, "street"},
		"registry dump":      {"utf-8", "LF", "", 0, "registry"},
		"hard cases":         {"utf-8", "LF", "comma", 1, "note"},
	}
	for _, l := range sample.Layouts() {
		var body bytes.Buffer
		if _, err := l.Write(&body, 3, 50); err != nil {
			t.Fatal(err)
		}
		s := settings(t)
		s.Source = l.Source
		file, err := intake.Open(bytes.NewReader(body.Bytes()), s)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, file)
		got, w := file.Layout(), want[l.Name]
		if got.Encoding != w.encoding || got.LineEnds != w.ends || got.Delimiter != w.delimiter || got.HeaderLine != w.header || strings.Join(got.Unread, ",") != w.unread {
			t.Errorf("%s: %+v, want %+v", l.Name, got, w)
		}
		if len(got.Columns) != len(l.Source.Columns.Fields) || got.Columns[0].By != "the register" {
			t.Errorf("%s: the columns are %+v", l.Name, got.Columns)
		}
	}
}
