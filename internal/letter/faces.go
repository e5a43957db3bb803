package letter

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is a font with the widths of its letters.
type face struct {
	name   string // as it stands in the PDF
	ttf    []byte
	widths []int16 // by character of the basic plane, in thousandths of the size; -1 it has none
}

// faces are the fonts for a kind of text: what the first lacks the next may have.
type faces []*face

// loadFaces reads the embedded fonts.
func loadFaces() (regular, strong faces, err error) {
	for _, f := range []struct {
		to   *faces
		name string
		ttf  []byte
	}{
		{&regular, "LiberationSans", liberationsansregular.TTF}, {&regular, "DejaVuSans", dejavusans.TTF},
		{&strong, "LiberationSans-Bold", liberationsansbold.TTF}, {&strong, "DejaVuSans-Bold", dejavusansbold.TTF},
	} {
		read, err := loadFace(f.name, f.ttf)
		if err != nil {
			return nil, nil, fmt.Errorf("letter: the font %s: %w", f.name, err)
		}
		*f.to = append(*f.to, read)
	}
	return regular, strong, nil
}

func loadFace(name string, ttf []byte) (*face, error) {
	read, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, err
	}
	const plane = 1 << 16
	f := &face{name: name, ttf: ttf, widths: make([]int16, plane)}
	var buf sfnt.Buffer
	for r := range rune(plane) {
		f.widths[r] = -1
		glyph, err := read.GlyphIndex(&buf, r)
		if err != nil {
			return nil, err
		}
		if glyph == 0 {
			continue
		}
		advance, err := read.GlyphAdvance(&buf, glyph, fixed.I(1000), font.HintingNone)
		if err != nil {
			return nil, err
		}
		f.widths[r] = int16(advance.Round())
	}
	return f, nil
}

func (f *face) has(r rune) bool { return r >= 0 && int(r) < len(f.widths) && f.widths[r] >= 0 }

// of finds the font that has a character; nil where none does.
func (fs faces) of(r rune) *face {
	for _, f := range fs {
		if f.has(r) {
			return f
		}
	}
	return nil
}

// width of a text in thousandths of its size. Characters that no font has were refused
// before.
func (fs faces) width(s string) int {
	sum := 0
	for _, r := range s {
		if f := fs.of(r); f != nil {
			sum += int(f.widths[r])
		}
	}
	return sum
}

// rowScripts are written as letters in a row, which is all that we can set.
var rowScripts = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian,
	unicode.Hebrew, unicode.Common, unicode.Inherited}

// scriptOf is the name of a script that we cannot set, "" for one that we can.
func scriptOf(r rune) string {
	if unicode.In(r, rowScripts...) {
		return ""
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return strings.ReplaceAll(name, "_", " ")
		}
	}
	return "an unknown"
}
