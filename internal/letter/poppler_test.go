package letter

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"article14/mailer/byhand"
)

// read is a PDF as poppler reads it: other people's code than that which wrote it.
type read struct {
	t    testing.TB
	file string
	pdf  []byte
}

func (b *bench) print(t testing.TB, l byhand.Letter) read {
	t.Helper()
	p, err := b.printer.Print(l)
	if err != nil {
		t.Fatal(err)
	}
	r := read{t, filepath.Join(t.TempDir(), "letter.pdf"), p.PDF}
	if err := os.WriteFile(r.file, p.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs one of poppler's commands on the file.
func (r read) run(name string, args ...string) string {
	r.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		r.t.Fatalf("%v: run 'sh scripts/need.sh poppler-utils'", err)
	}
	out, err := exec.Command(path, append(args, r.file)...).Output()
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// text is what stands in the PDF, in the order in which it was written.
func (r read) text() string {
	r.t.Helper()
	out := filepath.Join(r.t.TempDir(), "text")
	path, err := exec.LookPath("pdftotext")
	if err != nil {
		r.t.Fatalf("%v: run 'sh scripts/need.sh poppler-utils'", err)
	}
	if err := exec.Command(path, "-raw", r.file, out).Run(); err != nil {
		r.t.Fatal(err)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

// seen is a word and where it stands, in mm.
type seen struct {
	rectangle
	text string
}

// words are those of each page.
func (r read) words() [][]seen {
	r.t.Helper()
	out := filepath.Join(r.t.TempDir(), "bbox")
	path, err := exec.LookPath("pdftotext")
	if err != nil {
		r.t.Fatalf("%v: run 'sh scripts/need.sh poppler-utils'", err)
	}
	if err := exec.Command(path, "-bbox", r.file, out).Run(); err != nil {
		r.t.Fatal(err)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		r.t.Fatal(err)
	}
	var doc struct {
		Pages []struct {
			Words []struct {
				XMin float64 `xml:"xMin,attr"`
				YMin float64 `xml:"yMin,attr"`
				XMax float64 `xml:"xMax,attr"`
				YMax float64 `xml:"yMax,attr"`
				Text string  `xml:",chardata"`
			} `xml:"word"`
		} `xml:"body>doc>page"`
	}
	d := xml.NewDecoder(strings.NewReader(string(body)))
	d.Strict, d.Entity = false, xml.HTMLEntity
	if err := d.Decode(&doc); err != nil {
		r.t.Fatal(err)
	}
	var pages [][]seen
	for _, p := range doc.Pages {
		var page []seen
		for _, w := range p.Words {
			page = append(page, seen{rectangle{w.XMin * mmPerPoint, w.YMin * mmPerPoint, w.XMax * mmPerPoint, w.YMax * mmPerPoint}, w.Text})
		}
		pages = append(pages, page)
	}
	if len(pages) == 0 || len(pages[0]) == 0 {
		r.t.Fatal("poppler found no word: the test has lost its way to the text")
	}
	return pages
}

func (a rectangle) holds(b rectangle) bool {
	return b.left >= a.left && b.right <= a.right && b.top >= a.top && b.bottom <= a.bottom
}

func (a rectangle) touches(b rectangle) bool {
	return b.left < a.right && b.right > a.left && b.top < a.bottom && b.bottom > a.top
}
