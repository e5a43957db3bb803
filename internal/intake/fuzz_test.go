package intake_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"article14/internal/intake"
	"article14/internal/sample"
	"article14/mailer"
)

// FuzzRows reads any bytes with any settings. Nothing panics; a file read twice
// gives the same; lines only rise; each row is a record or a refusal with a
// reason; what a record holds is UTF-8 in one line without a character that
// nobody sees; and where the file is UTF-8 each line belongs to exactly one row.
func FuzzRows(f *testing.F) {
	for _, l := range sample.Layouts() {
		var body bytes.Buffer
		if _, err := l.Write(&body, 1, 12); err != nil {
			f.Fatal(err)
		}
		f.Add(body.Bytes(), uint16(0))
		f.Add(body.Bytes()[:body.Len()*2/3], uint16(0x0123))
	}
	for _, s := range []string{
		"A,Lyon\n", "\"A\",\"x\ny\"\n", "\"A,x\nB,y\n\"C\"z\n", "a\"b,\"c\n\n,\"\"\"", "\x00,\xc3", "=1,@\r\n\"\r\n\"", "a;b,c", "\u2028,\u202e", "Total,12\n", "name,city\n",
		`{"name":"A"}`, "{\"name\":{\"x\":1}}\n{", `{"name":"\ud800\u0000"}` + "\n\n\r\n[]", "{\"name\":\"\xc3", `{"name":["a",{"b":[]}]}`,
		"\xff\xfen\x00a\x00m\x00e\x00\n\x00\x00\xd8A\x00", "\xfe\xff\x00n\x00a\x00m\x00e\x00\n\xd8\x00", "n\x00a\x00m\x00e\x00\n\x00A\x00\n\x00", "name\rA\rB", "sep=;\nname;city\nA;B",
		"name\nOrl\xe9ans\n\x81\n", "Notes\n\nname|city\nA|B\n", "name,name\nA,B",
	} {
		for knobs := range uint16(8) {
			f.Add([]byte(s), knobs*0x2025)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, knobs uint16) {
		s, exact := fuzzSettings(t, knobs)
		file := string(body)
		if exact {
			file = "name,city\n" + file
			if s.Format == intake.NDJSON {
				file = `{"name":"Roe","city":"Lyon"}` + "\n" + string(body)
			}
		}
		rows, layout := readHostile(t, file, s)
		again, layout2 := readHostile(t, file, s)
		if d := cmp.Diff(rows, again, cmp.AllowUnexported(outcome{})) + cmp.Diff(layout, layout2); d != "" {
			t.Fatalf("read twice, %q differs: %s", file, d)
		}
		if exact && layout.Encoding == "utf-8" && layout.LineEnds != "CR" && len(file) < 8<<10 {
			accountForLines(t, file, s.Format, rows)
		}
	})
}

// fuzzSettings turn bits into settings; exact tells that the file begins with a
// header of ours, so that its lines can be counted.
func fuzzSettings(t *testing.T, knobs uint16) (s intake.Settings, exact bool) {
	s = settings(t)
	bits := func(n uint) int { v := int(knobs & (1<<n - 1)); knobs >>= n; return v }
	exact = bits(1) == 1
	s.Mapping.Fields = map[string]string{"name": "name", "city": "city"}
	if bits(1) == 1 {
		s.MaxLine, s.MaxField = 64, 16
	}
	s.Format = []intake.Format{intake.CSV, intake.NDJSON}[bits(1)]
	if exact {
		s.HeaderLine = 1
		return s, exact
	}
	s.Format = []intake.Format{s.Format, intake.Auto}[bits(1)]
	s.Encoding = []string{"", "", "utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15", "cp1250"}[bits(3)]
	s.Delimiter = []rune{0, 0, ';', '\t'}[bits(2)]
	s.HeaderLine = []int{0, 0, 3, intake.NoHeader}[bits(2)]
	switch bits(2) {
	case 0:
		s.Mapping.Fields = nil
	case 1:
		s.Mapping.Fields = map[string]string{"name": "#1", "email": "#2"}
	case 2:
		s.Source = sample.Layouts()[bits(3)%7].Source
		s.Mapping.Fields = nil
	}
	return s, exact
}

// readHostile reads a file to its end and holds each row against what any row must be.
func readHostile(t *testing.T, body string, s intake.Settings) (out []outcome, l intake.Layout) {
	file, err := intake.Open(strings.NewReader(body), s)
	if err != nil {
		if file != nil {
			l = file.Layout()
		}
		return nil, l
	}
	line := int64(0)
	for {
		rec, refusal, err := file.Next()
		if errors.Is(err, io.EOF) {
			return out, file.Layout()
		}
		if err != nil {
			t.Fatalf("%q ends in the middle: %v", body, err)
		}
		o := outcome{rec, refusal}
		if o.line() <= line || o.line() > file.Layout().Lines {
			t.Fatalf("line %d comes after line %d of %d in %q", o.line(), line, file.Layout().Lines, body)
		}
		line = o.line()
		checkRow(t, o)
		out = append(out, o)
	}
}

func checkRow(t *testing.T, o outcome) {
	if o.refusal != nil {
		if o.refusal.Reason == "" || !utf8.ValidString(o.refusal.Reason+o.refusal.Row) {
			t.Fatalf("line %d is refused without a reason, or with one that is no text", o.refusal.Line)
		}
		return
	}
	c, r := o.rec.Contact, o.rec
	texts := []string{c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language, c.Organisation, c.JobTitle, r.Phone, r.ProfileURL, r.SourceRef, r.Page, r.ToldProof}
	for _, e := range r.Emails {
		texts = append(texts, e.Value, e.Normal)
	}
	for _, text := range texts {
		unseen := func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r == '\ufeff'
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unseen) || strings.TrimSpace(text) != text {
			t.Fatalf("line %d gives %q", r.Line, text)
		}
	}
	if c.Name == "" && len(r.Emails) == 0 && r.ProfileURL == "" && r.SourceRef == "" && r.Phone == "" {
		t.Fatalf("nobody is on line %d", r.Line)
	}
	if len(r.Digest) != 32 || r.Visibility != mailer.VisiblePublic && r.Visibility != mailer.VisibleRestricted && r.Visibility != mailer.VisibleUnknown {
		t.Fatalf("line %d: digest %x, visibility %q", r.Line, r.Digest, r.Visibility)
	}
}

// accountForLines checks that each line that is not blank belongs to exactly
// one row: it begins one, or a row goes over it.
func accountForLines(t *testing.T, file string, format intake.Format, rows []outcome) {
	lines := strings.Split(file, "\n")
	next := int64(2)
	if format == intake.NDJSON {
		next = 1
	}
	account := func(at int64) {
		if at < next {
			t.Fatalf("line %d comes after line %d of %q", at, next-1, file)
		}
		for skipped := next; skipped < at && skipped <= int64(len(lines)); skipped++ {
			if strings.TrimSpace(strings.ToValidUTF8(lines[skipped-1], "x")) != "" {
				t.Fatalf("line %d of %q is lost", skipped, file)
			}
		}
	}
	for _, o := range rows {
		account(o.line())
		row := o.rec.Row
		if o.refusal != nil {
			row = o.refusal.Row
		}
		next = o.line() + 1 + int64(strings.Count(row, "\n"))
	}
	if rows != nil {
		account(int64(len(lines)) + 1)
	}
}
