package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"article14/mailer"
)

// TestHostileFilesKeepEveryPromise draws files that nobody should send, and
// reads each in two ways: at once, and in small batches whose answers are lost.
func TestHostileFilesKeepEveryPromise(t *testing.T) { // S1, D5
	m := newMatrix(t)
	source := mailer.Source{Key: "hostile", Unknown: mailer.UnknownNoticeOnly, Columns: mailer.Mapping{Fields: map[string]string{
		"name": "name", "email": "email", "email_2": "email 2", "profile_url": "profile", "source_ref": "ref", "phone": "phone", "page": "page",
		"city": "city", "obtained_at": "obtained", "visibility": "visible", "first_communication": "first mail",
	}}}
	nested := source
	nested.Key = "hostile_json"
	m.sources = append(m.sources, source, nested)
	files, taken, refused := 0, int64(0), int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		files++
		f := contacts{path: filepath.Join(m.dir, "hostile"), source: "hostile",
			basis: rapid.SampledFrom([]mailer.ObtainedBasis{"", mailer.ObtainedUnknown}).Draw(rt, "basis")}
		body := drawCSV(rt)
		if rapid.IntRange(0, 3).Draw(rt, "format") == 0 {
			f.source, body = nested.Key, drawNDJSON(rt)
		}
		if err := os.WriteFile(f.path, []byte(body), 0o600); err != nil {
			rt.Fatal(err)
		}
		whole := m.way(t.Context(), rt, 0)
		want, wantErr := whole.endure(f)
		if wantErr == nil {
			accounted(rt, want)
		}
		parts := m.way(t.Context(), rt, rapid.IntRange(1, 5).Draw(rt, "batch"))
		parts.store = &lossy{ImportStore: parts.app.store, after: rapid.Bool().Draw(rt, "committed"), lost: map[string]bool{}}
		got, gotErr := parts.endure(f)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			rt.Fatalf("in parts it ends with %v, at once with %v", gotErr, wantErr)
		}
		if got.counts != want.counts {
			rt.Errorf("in parts %+v, at once %+v", got.counts, want.counts)
		}
		sameRefusals(rt, "in parts", got.refusals, want.refusals)
		before := whole.dump()
		same(rt, "in parts", parts.dump(), before)
		again, _ := whole.endure(f)
		if want.counts.Already = wantErr == nil; again.counts != want.counts {
			rt.Errorf("a second time %+v, first %+v", again.counts, want.counts)
		}
		same(rt, "a second time", whole.dump(), before)
		taken, refused = taken+want.counts.Accepted+want.counts.Merged, refused+want.counts.Refused
	})
	if taken < int64(files) || refused < int64(files) {
		t.Errorf("of %d files %d rows were taken and %d refused: they try nothing", files, taken, refused)
	}
}

// endure reads a file until no answer is lost any more. A file that cannot be
// read as a whole, or to its end, gives its error every time.
func (w *way) endure(f contacts) (account, error) {
	w.t.Helper()
	_, file, err := importPlan{file: f.path, source: f.source, activity: demoActivity}.open(w.app.controller, w.app.reg, w.app.now)
	if err != nil {
		return account{}, err
	}
	file.Close()
	for range 1000 {
		if a, err := w.try(f); !errors.Is(err, errInjected) {
			return a, err
		}
	}
	w.t.Fatalf("never read to its end")
	return account{}, nil
}

// hostileCells are what a cell may hold. Some are long: none may be so long that
// a table or an index cannot hold what intake lets through.
func hostileCells() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "", " ", "\x00", "Nul\x00Name", "\u202eeman\u202c", "\u200b", "\ufeff", "a\u0301\u0301\u0301", "ＡＢＣ", "İ", "\u2028", "\x1b[31m",
			"line\nbreak", "carriage\rreturn", "tab\there", "'; DROP TABLE contact; --", `\N`, `\.`, `\x00`, `"`, `""`, "=1+1", "{{.Env}}", "<script>", "NaN", "infinity", "-infinity", "null",
			"2026-02-30", "0000-00-00", "9999-12-31", "1970-01-01", "2026-10-01T00:00:00.123456789Z", "2026-10-01T00:00:00.123456Z", "2026-10-01", "01/02/2026", "+33199001533", "0033 1 99 00 15 33",
			"https://www.linkedin.com/in/x", "https://LINKEDIN.com/in/X/?utm_source=a", "javascript:alert(1)", "http://[::1]/", "public", "restricted", "a@example.com", "A@EXAMPLE.com", "a@münchen.example",
			"a@[127.0.0.1]", `"a b"@example.com`, "a@example.com, b@example.com", "\xff\xfe", "\xc3", "\xed\xa0\x80"}),
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("aé漢😀\u0300")), 1500, 2500, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.IntRange(0, 3), func(n int) string { return strings.Repeat("x", 1<<(n*7)) }),
	)
}

// hostilePeople are few, so that they meet, under names that go together and others.
func hostilePerson(rt *rapid.T) []string {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, label) }
	n := rapid.IntRange(0, 4).Draw(rt, "who")
	row := []string{pick("name", "Jane Roe", "J. Roe", "Roe, Jane", "John Doe", ""), "", "", "", "", "", pick("page", "", "p", "q"), "", "2026-10-01", pick("visible", "public", "restricted", "?", ""), ""}
	if rapid.Bool().Draw(rt, "has an address") {
		row[1] = fmt.Sprintf("a%d@example.com", n)
	}
	if rapid.Bool().Draw(rt, "has a profile") {
		row[3] = fmt.Sprintf("https://example.com/p%d", n)
	}
	if rapid.Bool().Draw(rt, "has a reference") {
		row[4] = fmt.Sprint(n)
	}
	row[8] = pick("obtained", "2026-10-01", "2026-10-02", "2026-10-01T00:00:00.1234567Z", "2026-10-01T00:00:00.1234561Z", "")
	row[10] = pick("first mail", "", "", "2026-10-03", "2026-12-24")
	return row
}

// hostileRow is a person's, some of whose cells are hostile.
func hostileRow(rt *rapid.T) []string {
	row := hostilePerson(rt)
	for range rapid.IntRange(0, 2).Draw(rt, "hostile cells") {
		row[rapid.IntRange(0, len(row)-1).Draw(rt, "cell")] = hostileCells().Draw(rt, "hostile")
	}
	return row
}

func drawCSV(rt *rapid.T) string {
	comma := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(rt, "delimiter")
	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "line end")
	var b strings.Builder
	b.WriteString(strings.Join([]string{"name", "email", "email 2", "profile", "ref", "phone", "page", "city", "obtained", "visible", "first mail"}, comma) + end)
	for range rapid.IntRange(0, 12).Draw(rt, "rows") {
		cells := hostileRow(rt)
		for i, c := range cells {
			if strings.ContainsAny(c, comma+"\"\r\n") && rapid.IntRange(0, 9).Draw(rt, "left bare") > 0 {
				cells[i] = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
		}
		switch rapid.IntRange(0, 14).Draw(rt, "broken") {
		case 0:
			cells = cells[:rapid.IntRange(1, len(cells)).Draw(rt, "cut to")]
		case 1:
			cells[0] = `"` + cells[0]
		}
		b.WriteString(strings.Join(cells, comma) + end)
	}
	body := b.String()
	switch rapid.IntRange(0, 7).Draw(rt, "encoding") {
	case 0:
		if coded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ToValidUTF8(body, "")); err == nil {
			return coded
		}
	case 1:
		if coded, err := charmap.Windows1252.NewEncoder().String(body); err == nil {
			return coded
		}
	case 2:
		return body[:rapid.IntRange(0, len(body)).Draw(rt, "file cut at")]
	}
	return body
}

func drawNDJSON(rt *rapid.T) string {
	keys := []string{"name", "email", "email 2", "profile", "ref", "phone", "page", "city", "obtained", "visible", "first mail"}
	var b strings.Builder
	for range rapid.IntRange(1, 12).Draw(rt, "rows") {
		var parts []string
		for i, c := range hostileRow(rt) {
			parts = append(parts, fmt.Sprintf("%s:%s", jsonString(keys[i]), jsonString(c)))
		}
		line := "{" + strings.Join(parts, ",") + "}"
		switch rapid.IntRange(0, 14).Draw(rt, "broken") {
		case 0:
			line = line[:rapid.IntRange(0, len(line)).Draw(rt, "cut to")]
		case 1:
			line = rapid.SampledFrom([]string{"[]", "1", "null", "{}", "{\"name\":{\"a\":1}}", strings.Repeat("[", 2000), "{\"name\":\"a\",\"name\":\"b\"}"}).Draw(rt, "other JSON")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// jsonString quotes bytes as they are, even where they are no text.
func jsonString(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\u0000`)
	return `"` + r.Replace(s) + `"`
}
