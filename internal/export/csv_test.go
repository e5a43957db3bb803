package export_test

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/export"
)

func TestACellThatCouldBeAFormulaIsMadeAText(t *testing.T) {
	for cell, want := range map[string]string{
		"":               "",
		"Jane Roe":       "Jane Roe",
		"a=b, c+d":       "a=b, c+d",
		"=1+1":           "'=1+1",
		"+33 1":          "'+33 1",
		"-1":             "'-1",
		"@SUM(A1)":       "'@SUM(A1)",
		"  =1":           "  '=1",
		"\t=1":           "'\t'=1",
		"\tx":            "'\tx",
		"\r\n=1":         "'\r\n'=1",
		"＝1":             "'＝1",
		"\"=1\"":         "\"'=1\"",
		"x;=1+1;y":       "x;'=1+1;y",
		"x\t@y":          "x\t'@y",
		"x|\"-1\"":       "x|\"'-1\"",
		"\x00=1":         "\x00'=1",
		"'=1":            "'=1",
		"h;+33;j@x.test": "h;'+33;j@x.test",
	} {
		if got := export.Inert(cell); got != want {
			t.Errorf("Inert(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestNoCellOfAnyTableBeginsAFormulaWhateverTheSeparator(t *testing.T) {
	text := rapid.StringMatching(`[ab=+@;\t|\n\r "'-]{0,12}`)
	rapid.Check(t, func(rt *rapid.T) {
		cells := rapid.SliceOfN(text, 1, 4).Draw(rt, "cells")
		var out strings.Builder
		if err := export.NewWriter(&out).Write(cells...); err != nil {
			rt.Fatal(err)
		}
		for _, comma := range []rune{',', ';', '\t', '|'} {
			r := csv.NewReader(strings.NewReader(out.String()))
			r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
			rows, err := r.ReadAll()
			if err != nil {
				rt.Fatal(err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if c := strings.TrimLeft(cell, " \t\r\n\""); c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
						rt.Fatalf("with %q between cells, %q of %q could be a formula", comma, cell, out.String())
					}
				}
			}
		}
		for _, cell := range cells {
			if once := export.Inert(cell); export.Inert(once) != once {
				rt.Fatalf("%q changes again", once)
			}
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFullDiskIsNoticed(t *testing.T) {
	if export.NewWriter(fullDisk{}).Write("x") == nil {
		t.Error("it goes unnoticed")
	}
}
