package intake_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"article14/internal/intake"
)

// wide writes a text in UTF-16.
func wide(text string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func coded(t *testing.T, m *charmap.Charmap, text string) string {
	t.Helper()
	s, err := m.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheEncodingIsFoundOutFromTheWholeFile(t *testing.T) {
	const french, greek = "name;city\nChloé Œuvrard;Nîmes\n", "name;city\nΆννα Ιωάννου;Αθήνα\n"
	ascii := strings.Repeat("Jane Roe;Cork\n", 40_000) // more than any sample holds
	for name, c := range map[string]struct {
		file, asked, encoding, last string
	}{
		"UTF-8":                       {french, "", "utf-8", "Chloé Œuvrard"},
		"UTF-8 with a mark":           {"\ufeff" + french, "", "utf-8", "Chloé Œuvrard"},
		"ASCII":                       {"name\nRoe\n", "", "utf-8", "Roe"},
		"UTF-16LE with a mark":        {"\xff\xfe" + wide(greek, false), "", "utf-16le", "Άννα Ιωάννου"},
		"UTF-16BE with a mark":        {"\xfe\xff" + wide(greek, true), "", "utf-16be", "Άννα Ιωάννου"},
		"UTF-16LE without":            {wide(french, false), "", "utf-16le", "Chloé Œuvrard"},
		"UTF-16BE without":            {wide(french, true), "", "utf-16be", "Chloé Œuvrard"},
		"Greek UTF-16LE without":      {wide(greek, false), "", "utf-16le", "Άννα Ιωάννου"},
		"UTF-16 beyond the plane":     {"\xff\xfe" + wide("name\nA𝒜\n", false), "", "utf-16le", "A𝒜"},
		"Windows-1252":                {coded(t, charmap.Windows1252, french), "", "windows-1252", "Chloé Œuvrard"},
		"Windows-1252 far behind":     {"name;city\n" + ascii + "Andr\xe9;Cork\n", "", "windows-1252", "André"},
		"UTF-8 far behind":            {"name;city\n" + ascii + "André;Cork\n", "", "utf-8", "André"},
		"Windows-1250 as asked":       {coded(t, charmap.Windows1250, "name\nŘehoř Šťastný\n"), "Windows-1250", "windows-1250", "Řehoř Šťastný"},
		"ISO 8859-15 as asked":        {coded(t, charmap.ISO8859_15, "name\nŒ Žižka\n"), "latin9", "iso-8859-15", "Œ Žižka"},
		"Greek Windows as asked":      {coded(t, charmap.Windows1253, "name\nΆννα\n"), "cp1253", "windows-1253", "Άννα"},
		"UTF-8 asked for":             {french, "utf8", "utf-8", "Chloé Œuvrard"},
		"a few zeros are no UTF-16":   {"name\nJane\x00Roe\n", "", "utf-8", "Jane Roe"},
		"a file that is mostly UTF-8": {"name\nÉlodie Bérard\nR\xe9mi\nÁgnes\n", "", "utf-8", "Ágnes"},
	} {
		s := settings(t)
		s.Encoding = c.asked
		file, err := intake.Open(strings.NewReader(c.file), s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := readAll(t, file)
		if got := file.Layout().Encoding; got != c.encoding || out[len(out)-1].rec.Contact.Name != c.last {
			t.Errorf("%s: taken for %s, and the last name reads %q", name, got, out[len(out)-1].rec.Contact.Name)
		}
	}
	s := settings(t)
	s.Encoding = "ebcdic"
	if _, err := intake.Open(strings.NewReader("name\nx"), s); err == nil || !strings.Contains(err.Error(), "windows-1250 (Central Europe)") {
		t.Errorf("an encoding that is not there: %v", err)
	}
}

func TestAByteThatIsNoCharacterCostsItsRowAndIsNeverGuessed(t *testing.T) {
	for name, c := range map[string]struct{ file, asked, reason string }{
		"one of Windows-1252":      {"name;city\nZo\xe9;Lyon\nA\x81;x\n\xc9ve;Nice\n", "", "no character of windows-1252"},
		"a control of ISO 8859-1":  {"name;city\nZo\xe9;Lyon\nA\x92;x\n\xc9ve;Nice\n", "iso-8859-1", "no character of iso-8859-1"},
		"one of UTF-8":             {"name;city\nZoé;Lyon\nA\xe9;x\nÈve;Nice\n", "utf-8", "no character of utf-8"},
		"half a pair of UTF-16":    {"\xff\xfe" + wide("name;city\nZoé;Lyon\nA", false) + "\x00\xd8" + wide(";x\nÈve;Nice\n", false), "", "no character of utf-16le"},
		"in the second line of it": {"name;city\nZoé;Lyon\n\"A\nB\xff\";x\nÈve;Nice\n", "utf-8", "no character of utf-8"},
	} {
		s := settings(t)
		s.Encoding = c.asked
		out := read(t, c.file, s)
		if len(out) != 3 || out[0].refusal != nil || out[2].refusal != nil {
			t.Errorf("%s: %+v", name, out)
			continue
		}
		wantRefused(t, out[1], 3, "", c.reason)
		if !strings.Contains(out[1].refusal.Row, "\ufffd") {
			t.Errorf("%s: the row is shown as %q", name, out[1].refusal.Row)
		}
	}
}

func TestADryRunCanShowWhetherTheEncodingIsRight(t *testing.T) {
	file, err := intake.Open(strings.NewReader("name;city\nRoe;Cork\nChlo\xe9;N\xeemes\n"), settings(t))
	if err != nil {
		t.Fatal(err)
	}
	l := file.Layout()
	if l.Shows == nil || l.Shows.Line != 3 || l.Shows.Text != "Chloé;Nîmes" || len(l.Advice) != 1 || !strings.Contains(l.Advice[0], "taken for Windows-1252") {
		t.Errorf("it shows %+v and advises %q", l.Shows, l.Advice)
	}
}

func TestAFileCutOffInsideACharacterOfAnyEncodingLosesItsLastRowOnly(t *testing.T) {
	text := "\xff\xfe" + wide("name;city\nA;Lyon\nB;Caf𝒜", false)
	for _, cut := range []int{1, 2, 3} {
		out := read(t, text[:len(text)-cut], settings(t))
		if len(out) != 2 || out[0].refusal != nil {
			t.Fatalf("%d bytes cut: %+v", cut, out)
		}
		wantRefused(t, out[1], 3, "", "the file was cut off")
	}
}

func TestAFileBeyondItsLimitsIsRefusedBeforeARowIsRead(t *testing.T) {
	const file = "name\nA\nB\nC\n"
	for name, c := range map[string]struct {
		bytes, lines int64
		want         string
	}{
		"bytes":  {int64(len(file)) - 1, 0, "--max-bytes"},
		"lines":  {0, 3, "the file has 4 lines, more than the 3 that are read"},
		"within": {int64(len(file)), 4, ""},
	} {
		s := settings(t)
		s.MaxBytes, s.MaxLines = c.bytes, c.lines
		_, err := intake.Open(strings.NewReader(file), s)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestTheLineThatShowsTheEncodingIsALineAlsoWhereLinesEndWithCR(t *testing.T) {
	file, err := intake.Open(strings.NewReader("name,email\rRoe,roe@example.com\rZo\x91,z@example.com\r"), settings(t))
	if err != nil {
		t.Fatal(err)
	}
	l := file.Layout()
	if l.Shows == nil || l.Shows.Line != 3 || l.Shows.Text != "Zo‘,z@example.com" || !strings.Contains(strings.Join(l.Advice, " "), "macintosh") {
		t.Errorf("shows %+v, advises %q", l.Shows, l.Advice)
	}
}
