package letter

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// each walks over every text of the drawing, page by page: its place in mm and its size
// in points.
func (d *drawing) each(do func(p piece, x, baseline, size float64)) {
	for i := range d.pages {
		d.onPage(i, do)
	}
}

// onPage walks over the texts of one page.
func (d *drawing) onPage(i int, do func(p piece, x, baseline, size float64)) {
	if i == 0 {
		y := headTop
		for _, r := range d.head {
			texts(r, marginLeft, y, do)
			y += r.height
		}
		for n, line := range d.address.returnLines {
			above := float64(len(d.address.returnLines)-1-n) * returnLead
			all(line, d.window.x, d.window.returnLine-above, d.address.returnSize, do)
		}
		for n, line := range d.address.lines {
			all(line, d.window.x, d.window.top+float64(n)*addressLine+d.address.size*mmPerPoint, d.address.size, do)
		}
	}
	for _, r := range d.pages[i].rows {
		texts(r.row, marginLeft, r.top, do)
	}
	f := d.foot[i]
	all(f.left, marginLeft, footLine, d.m.foot, do)
	all(f.right, marginLeft+textWidth-f.width, footLine, d.m.foot, do)
}

// texts are those of a row whose upper edge is at top.
func texts(r row, left, top float64, do func(p piece, x, baseline, size float64)) {
	const ascent = 0.78 // of the line, below which letters stand
	all(r.pieces, left+r.x, top+r.height*ascent, r.size, do)
}

func all(pieces []piece, x, baseline, size float64, do func(p piece, x, baseline, size float64)) {
	for _, p := range pieces {
		do(p, x+p.x, baseline, size)
	}
}

// draw writes the PDF.
func (d *drawing) draw() ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(d.letter.At.UTC())
	pdf.SetModificationDate(d.letter.At.UTC())
	pdf.SetProducer("article14", true)
	pdf.SetTitle(d.title, true)
	pdf.SetAuthor(d.letter.Sender.Name, true)
	pdf.SetLang(d.letter.Text.Language)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	used := d.used()
	for _, f := range used {
		// A copy: the library pads tables of the font where they lie, and others read them.
		pdf.AddUTF8FontFromBytes(familyOf(f), "", bytes.Clone(f.ttf))
	}
	for i := range d.pages {
		pdf.AddPage()
		d.lines(pdf, i)
		d.onPage(i, func(p piece, x, baseline, size float64) {
			pdf.SetFont(familyOf(p.face), "", size)
			pdf.Text(x, baseline, p.text)
		})
	}
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("letter: the PDF could not be written: %w", err)
	}
	return d.tagged(b.Bytes(), used)
}

// lines draws what is no text: fold marks, frames, rules.
func (d *drawing) lines(pdf *fpdf.Fpdf, i int) {
	pdf.SetDrawColor(0, 0, 0)
	if i == 0 && d.window.folds {
		pdf.SetLineWidth(0.15)
		for _, y := range foldMarks {
			pdf.Line(4, y, 8, y)
		}
	}
	if i == 0 {
		pdf.SetLineWidth(0.1)
		pdf.Line(d.window.x, d.window.returnLine+0.9, d.window.x+d.window.width, d.window.returnLine+0.9)
	}
	pdf.SetLineWidth(0.3)
	rows := d.pages[i].rows
	for n, r := range rows {
		if r.box > 0 && (n == 0 || rows[n-1].box != r.box) {
			end := n
			for end+1 < len(rows) && rows[end+1].box == r.box {
				end++
			}
			pdf.Rect(marginLeft, r.top, textWidth, rows[end].top+rows[end].height-r.top, "D")
		}
		middle := r.top + r.height/2
		switch r.line {
		case ruled:
			pdf.Line(marginLeft, middle, marginLeft+textWidth, middle)
		case dashed:
			pdf.SetDashPattern([]float64{1.5, 1.5}, 0)
			pdf.Line(marginLeft, middle, marginLeft+textWidth, middle)
			pdf.SetDashPattern(nil, 0)
		}
	}
}

// familyOf is the name under which the library knows a font: as long as the name with
// a tag that takes its place.
func familyOf(f *face) string { return strings.ToLower(f.name) + "xxx" }

// tagged gives each font the tag that a part of a font must have before its name (ISO
// 32000-1, 9.6.4), made from the letters that it carries. The library leaves it out; a
// print shop that joins letters would then take the letters of one for those of another.
// The names keep their length, so that nothing else in the file moves.
func (d *drawing) tagged(pdf []byte, used []*face) ([]byte, error) {
	for _, f := range used {
		sum := sha256.Sum256(append([]byte(f.name), d.runesOf(f)...))
		tag := make([]byte, 6)
		for i := range tag {
			tag[i] = 'A' + sum[i]%26
		}
		from, to := []byte("/utf8"+familyOf(f)), []byte("/"+string(tag)+"+"+f.name)
		if n := bytes.Count(pdf, from); n != 3 || len(from) != len(to) {
			return nil, fmt.Errorf("letter: the font %s is named %d times in the PDF, and three were expected: the library writes otherwise than it did", f.name, n)
		}
		pdf = bytes.ReplaceAll(pdf, from, to)
	}
	return pdf, nil
}
