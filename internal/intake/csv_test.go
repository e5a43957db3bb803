package intake_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/intake"
)

func TestAnyUsualDelimiterIsFoundInTheHeaderLine(t *testing.T) {
	for name, file := range map[string]string{
		"comma":               "name,city\nRoe,Lyon",
		"semicolon":           "name;city\nRoe;Lyon",
		"tab":                 "name\tcity\nRoe\tLyon",
		"pipe":                "name|city\nRoe|Lyon",
		"named by the file":   "sep=;\nname;city\nRoe;Lyon",
		"others inside quote": "name;\"a,b,c,d\";city\nRoe;;Lyon",
		"with a mark":         "\ufeffname;city\r\nRoe;Lyon\r\n",
		"blank lines first":   "\n\nname;city\nRoe;Lyon",
	} {
		out := read(t, file, settings(t))
		if len(out) != 1 || out[0].refusal != nil || out[0].rec.Contact.Name != "Roe" || out[0].rec.Contact.City != "Lyon" {
			t.Errorf("%s: read as %+v", name, out)
		}
	}
	s := settings(t)
	s.Delimiter = '~'
	if out := read(t, "name~city\nRoe, J~Lyon", s); out[0].rec.Contact.Name != "Roe, J" {
		t.Errorf("the delimiter that was asked for is not used: %+v", out[0])
	}
	s.Delimiter = '"'
	if _, err := intake.Open(strings.NewReader("name"), s); err == nil {
		t.Error("a quote is taken for a delimiter")
	}
}

func TestARowWithQuotedLineBreaksHasTheNumberOfItsFirstLine(t *testing.T) {
	out := read(t, "name,city,organisation\nA,\"Ly\non\",x\n\nB,Paris,\"1\r\n2\n3\"\nC,Nice,x\n", settings(t))
	if len(out) != 3 {
		t.Fatalf("%d rows, want 3: %+v", len(out), out)
	}
	for i, want := range []int64{2, 5, 8} {
		if out[i].line() != want {
			t.Errorf("row %d: line %d, want %d", i, out[i].line(), want)
		}
	}
	if c := out[0].rec.Contact; c.City != "Ly on" {
		t.Errorf("a line break in a city is read as %q", c.City)
	}
}

func TestABrokenRowCostsNoOther(t *testing.T) {
	const rows = "name,city\nA,Lyon\n%s\nB,Paris\nC,\"Ni\nce\"\n"
	for name, c := range map[string]struct{ row, reason string }{
		"a quote in a bare cell":       {`Bro"ken,x`, "a quote stands inside"},
		"text behind a quote":          {`"Bro"ken,x`, "behind its closing quote"},
		"too many cells":               {`a,b,c`, "the row has 3 cells where the header has 2"},
		"too few cells":                {`a`, "the row has 1 cells where the header has 2"},
		"a quote that never closes":    {`"Broken,x`, ""},
		"the same in the last cell":    {`Broken,"x`, ""},
		"a cell beyond the bound":      {strings.Repeat("a", 70<<10) + ",x", "cell 1 is longer than 65536 bytes"},
		"a row beyond the bound":       {strings.Repeat("a", 2<<20) + ",x", "the row is longer than 1048576 bytes"},
		"a quoted row beyond it":       {`"` + strings.Repeat("a\"\"", 400<<10) + `",x`, "the row is longer than 1048576 bytes"},
		"a name with a line break":     {"\"a\rBcc: b\",x", "a line break in the name"},
		"nobody at all":                {",", "nobody is in this row"},
		"an overlong name in its cell": {strings.Repeat("n", 1001) + ",x", "longer than 1000 characters"},
	} {
		out := read(t, fmt.Sprintf(rows, c.row), settings(t))
		if len(out) != 4 {
			t.Errorf("%s: %d rows, want 4", name, len(out))
			continue
		}
		if out[1].refusal == nil || out[1].line() != 3 || !strings.Contains(out[1].refusal.Reason, c.reason) {
			t.Errorf("%s: want it refused on line 3: %s; got %+v", name, c.reason, out[1])
		}
		for i, line := range map[int]int64{0: 2, 2: 4, 3: 5} {
			if out[i].refusal != nil || out[i].line() != line {
				t.Errorf("%s: the row on line %d is lost: %+v", name, line, out[i])
			}
		}
	}
}

func TestAQuoteThatNeverClosesCostsItsOwnLineInALongFile(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,city\n\"Broken,x\n")
	const others = 70_000 // more lines than are looked at for the other quote
	for i := range others {
		fmt.Fprintf(&b, "Person %d,Lyon\n", i)
	}
	out := read(t, b.String(), settings(t))
	if len(out) != others+1 || out[0].refusal == nil {
		t.Fatalf("%d rows, want %d", len(out), others+1)
	}
	for i, o := range out[1:] {
		if o.refusal != nil || o.line() != int64(i+3) {
			t.Fatalf("row %d is %+v", i, o)
		}
	}
}

func TestAFileCutOffInTheMiddleKeepsTheRowsBefore(t *testing.T) {
	for name, end := range map[string]string{
		"inside a quoted cell": `"Bro`,
		"between cells":        `Broken`,
		"inside a character":   "Broken,Orl\xc3",
	} {
		out := read(t, "name,city\nA,Lyon\n"+end, settings(t))
		if len(out) != 2 || out[0].refusal != nil {
			t.Fatalf("%s: %+v", name, out)
		}
		wantRefused(t, out[1], 3, "", "the line ends in the middle: the file was cut off")
	}
	out := read(t, "name,city\nA,\"Ly\non", settings(t))
	if len(out) != 2 {
		t.Fatalf("%d rows, want 2: %+v", len(out), out)
	}
	wantRefused(t, out[0], 2, "", "a quote opens here and never closes")
}

func TestWhatIsNoContactFileIsRefusedWithARemedy(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"a workbook":     {"PK\x03\x04xl/workbook.xml", "save the sheet as CSV in UTF-8"},
		"an old one":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook"},
		"a false one":    {"\ufeff\n<HTML><table>", "a web page, and not a contact file"},
		"gzip":           {"\x1f\x8b\x08", "gunzip"},
		"UTF-32":         {"\xff\xfe\x00\x00n\x00\x00\x00", "iconv -f UTF-32"},
		"address cards":  {"BEGIN:VCARD\nN:Roe", "address cards"},
		"nothing":        {"\ufeff\r\n", "the file is empty"},
		"nothing at all": {"", "the file is empty"},
		"nothing, wide":  {"\xff\xfe", "there is nothing in it"},
		"a JSON list":    {` [{"name":"x"}]`, "one object on each line"},
	} {
		_, err := intake.Open(strings.NewReader(c.file), settings(t))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestAMappingThatDoesNotFitTheFileIsAnErrorWithTheColumnsThereAre(t *testing.T) {
	kept := map[string]string{"name": "Name", "email": "Mail"}
	for name, c := range map[string]struct {
		file  string
		given map[string]string
		want  string
	}{
		"a column that lacks":       {"Name,E-mail\n", nil, `reads email from column "Mail", which the file lacks; its columns are "Name", "E-mail"`},
		"a column twice":            {"Name,Mail,Mail\n", nil, "which the file has 2 times"},
		"a field that there is not": {"Name,Mail\n", map[string]string{"e-mail": "Mail"}, `a field "e-mail" that there is not`},
		"a path that lacks":         {`{"Name":"x","contact":{"mail":"y"}}`, nil, `reads email from "Mail", which none of the file's first rows has; they have "Name", "contact.mail"`},
		"everything left out":       {"Name,Mail\n", map[string]string{"name": "", "email": ""}, "no column of the file is mapped"},
	} {
		s := settings(t)
		s.Source.Columns.Fields, s.Mapping.Fields = kept, c.given
		if _, err := intake.Open(strings.NewReader(c.file), s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestAMappingGivenForTheImportGoesBeforeTheSources(t *testing.T) {
	s := settings(t)
	s.Source.Columns.Fields = map[string]string{"name": "Name", "city": "Town", "email": "Mail"}
	s.Mapping.Fields = map[string]string{"city": "Place", "email": ""}
	o := one(t, "Name,Town,PLACE ,country", "Roe,Nice,Lyon,FR", s)
	if c := o.rec.Contact; c.City != "Lyon" || c.Country != "" {
		t.Errorf("read as %+v, want the given column and none that nobody mapped", c)
	}
}

func TestWhatEncodingCSVAcceptsIsReadAsItReadsIt(t *testing.T) {
	cell := rapid.StringMatching(`[ab ",;\n\r|é']{0,6}`)
	rapid.Check(t, func(rt *rapid.T) {
		comma := rapid.SampledFrom([]rune{',', ';', '|'}).Draw(rt, "comma")
		var file strings.Builder
		w := csv.NewWriter(&file)
		w.Comma, w.UseCRLF = comma, rapid.Bool().Draw(rt, "crlf")
		_ = w.Write([]string{"source_ref", "city", "page"})
		for range rapid.IntRange(0, 5).Draw(rt, "rows") {
			_ = w.Write([]string{cell.Draw(rt, "ref"), cell.Draw(rt, "city"), cell.Draw(rt, "page")})
		}
		w.Flush()
		std := csv.NewReader(strings.NewReader(file.String()))
		std.Comma = comma
		want, err := std.ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		var got []outcome
		rows, err := intake.Open(strings.NewReader(file.String()), settings(t))
		for err == nil {
			var o outcome
			if o.rec, o.refusal, err = rows.Next(); err == nil {
				got = append(got, o)
			}
		}
		if !errors.Is(err, io.EOF) || len(got) != len(want)-1 {
			rt.Fatalf("%d rows of %d: %v\n%q", len(got), len(want)-1, err, file.String())
		}
		for i, o := range got {
			line := strings.Join(strings.Fields(want[i+1][0]), " ")
			if o.refusal != nil && line == "" {
				continue // nobody is in it
			}
			if o.refusal != nil || o.rec.SourceRef != line || o.rec.Page != strings.Join(strings.Fields(want[i+1][2]), " ") {
				rt.Fatalf("%q is read as %+v, want %q", file.String(), o, want[i+1])
			}
		}
	})
}

// repeated is a file of a head and then one text over and over, up to a size.
type repeated struct {
	head, text string
	size, at   int64
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) && r.at < r.size {
		part := r.head
		if behind := r.at - int64(len(r.head)); behind < 0 {
			part = part[r.at:]
		} else {
			part = r.text[behind%int64(len(r.text)):]
		}
		c := copy(p[n:], part[:min(int64(len(part)), r.size-r.at)])
		n, r.at = n+c, r.at+int64(c)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *repeated) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		r.at = offset
	case io.SeekEnd:
		r.at = r.size + offset
	}
	return r.at, nil
}

func TestMemoryStaysFlatWhateverTheFile(t *testing.T) {
	const most = 16 << 20 // a row of 1 MiB may be 200,000 lines
	for name, c := range map[string]struct {
		head, text string
		size       int64
	}{
		"plain rows":                {"name,city\n", "Roe,Lyon\n", 32 << 20},
		"a line that never ends":    {"name,city\nRoe,", "x", 100 << 20},
		"a quote that never closes": {"name,city\nRoe,\"", "x\"\"\n", 32 << 20},
		"an object without end":     {"", `{"name":"x",`, 32 << 20},
		"other letters":             {"name,city\nRoe,", "\xe9", 32 << 20},
	} {
		s := settings(t)
		s.Mapping.Fields = map[string]string{"name": "name"}
		rows, err := intake.Open(&repeated{head: c.head, text: strings.Repeat(c.text, 1+(1<<16)/len(c.text)), size: c.size}, s)
		if rows == nil {
			t.Fatalf("%s: %v", name, err)
		}
		before, read := liveHeap(), 0
		for ; err == nil; read++ {
			if _, _, err = rows.Next(); read == 20_000 {
				break
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%s: %v", name, err)
		}
		if grown := liveHeap() - before; grown > most {
			t.Errorf("%s: %d bytes are held after %d rows", name, grown, read)
		}
		runtime.KeepAlive(rows)
	}
}

func TestALineWithoutEndCostsMemoryForItsBeginningOnly(t *testing.T) {
	for name, head := range map[string]string{"the header": "name,", "a row": "name,city\nRoe,"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rows, err := intake.Open(&repeated{head: head, text: strings.Repeat("x", 1<<16), size: 100 << 20}, settings(t))
		if name == "the header" {
			if err == nil || !strings.Contains(err.Error(), "line 1, the header: the row is longer than 1048576 bytes") {
				t.Errorf("%s: %v", name, err)
			}
		} else if _, refusal, err := rows.Next(); err != nil || refusal == nil || len(refusal.Row) > 2<<10 {
			t.Errorf("%s: %v, %+v", name, err, refusal)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d bytes were taken in all for a line of 100 MiB", name, used)
		}
	}
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
