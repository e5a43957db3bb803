package letter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"article14/locales"
	"article14/mailer"
	"article14/mailer/byhand"
)

// Printer prints letters. It is safe for concurrent use.
type Printer struct {
	locales         *locales.Bundle
	regular, strong faces
}

var _ byhand.LetterPrinter = (*Printer)(nil)

// New reads the fonts. The locales name countries.
func New(l *locales.Bundle) (*Printer, error) {
	regular, strong, err := loadFaces()
	return &Printer{locales: l, regular: regular, strong: strong}, err
}

// MaxPages bounds a letter. The sample register's notice in two languages has sixteen, in
// large print.
const MaxPages = 40

// Print sets a letter. The same letter gives the same bytes (E1).
func (p *Printer) Print(l byhand.Letter) (byhand.PrintedLetter, error) {
	d, err := p.set(l)
	if err != nil {
		return byhand.PrintedLetter{}, err
	}
	pdf, err := d.draw()
	if err != nil {
		return byhand.PrintedLetter{}, err
	}
	sum := sha256.Sum256(pdf)
	return byhand.PrintedLetter{PDF: pdf, Pages: len(d.pages), SHA256: sum[:]}, nil
}

// drawing is a letter of which all is decided but the bytes.
type drawing struct {
	letter  byhand.Letter
	title   string
	window  window
	head    []row
	address addressed
	pages   []page
	foot    []foot
	m       measures
}

// foot is the last line of a page: what it is of, and its number.
type foot struct {
	left, right []piece
	width       float64 // mm of right
}

var (
	errNoDate = errors.New("letter: its date is not given, and the file needs one that is the same each time")
	errEmpty  = errors.New("letter: it has no text")
	errLong   = errors.New("letter: it has more than " + strconv.Itoa(MaxPages) + " pages: shorten what the register says")
)

// set decides where everything stands.
func (p *Printer) set(l byhand.Letter) (*drawing, error) {
	if l.Sender == (mailer.LetterSender{}) {
		l.Sender = l.Text.Sender
	}
	if l.Size == "" {
		l.Size = mailer.LetterNormal
	}
	m, known := sizes[l.Size]
	side, err := windowFor(l.Window, l.Sender.Country)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, fmt.Errorf("letter: there is no size %q: say normal or large", l.Size)
	case l.At.IsZero():
		return nil, errNoDate
	case len(l.Text.Parts) == 0:
		return nil, errEmpty
	}
	s := &setter{regular: p.regular, strong: p.strong}
	d := &drawing{letter: l, m: m, window: side}
	if d.address, err = s.address(l, d.window, p.locales); err != nil {
		return nil, err
	}
	d.head = head(s, l.Sender)
	d.pages = body(s, m, l.Text)
	if len(d.pages) > MaxPages {
		return nil, errLong
	}
	d.feet(s)
	d.title = s.printable(words(l.Text.Subject), "the subject")
	if s.err != nil {
		return nil, s.err
	}
	return d, nil
}

// head is the sender's name and address. It is as large in large print: what counts
// of it stands in the text again.
func head(s *setter, from mailer.LetterSender) []row {
	l := &layout{setter: s, measures: sizes[mailer.LetterNormal], width: textWidth}
	l.text([]byhand.LetterRun{{Text: from.Name, Strong: true}}, 12, 0, false, "the sender")
	l.text([]byhand.LetterRun{{Text: from.Address}}, 9, 0, false, "the sender")
	return l.rows
}

// body is all that stands below the window, on its pages.
func body(s *setter, m measures, t byhand.LetterText) []page {
	l := &layout{setter: s, measures: m, width: textWidth}
	where := "the text in " + t.Language
	l.dateline(t, where)
	l.text(strong(t.Subject), m.subject, m.gap*2.4, true, where)
	before := t.Language
	for _, p := range t.Parts {
		if p.Language != before {
			l.another(p)
		}
		l.part(p)
		before = p.Language
	}
	return paginate(l.rows, firstTop, textTop, textBottom)
}

// dateline has the reference on the left and the date on the right, or beneath it where
// they would touch.
func (l *layout) dateline(t byhand.LetterText, where string) {
	l.text(t.Reference, l.body, 0, true, where)
	reference, date := lineOf(l.words(t.Reference, where)), lineOf(l.words(t.Date, where))
	at := l.width - l.setter.width(date, l.body)
	const between = 10 // mm at least
	if len(l.rows) != 1 || at < l.setter.width(reference, l.body)+between {
		l.text(t.Date, l.body, 0, true, where)
		return
	}
	for _, piece := range l.pieces(date, l.body) {
		piece.x += at
		l.rows[0].pieces = append(l.rows[0].pieces, piece)
	}
}

func lineOf(words []word) []part {
	var line []part
	for _, w := range words {
		line = joined(line, w)
	}
	return line
}

// feet number the pages in the reader's language, with the reference, so that sheets
// that were parted are found together again.
func (d *drawing) feet(s *setter) {
	t := d.letter.Text
	where := "the text in " + t.Language
	total := strconv.Itoa(len(d.pages))
	for i := range d.pages {
		number := strings.NewReplacer(byhand.LetterPage, strconv.Itoa(i+1), byhand.LetterPages, total).Replace(t.Pages)
		right := lineOf(s.words([]byhand.LetterRun{{Text: number}}, where))
		f := foot{right: s.pieces(right, d.m.foot), width: s.width(right, d.m.foot)}
		if i > 0 {
			f.left = s.pieces(lineOf(s.words(t.Reference, where)), d.m.foot)
		}
		d.foot = append(d.foot, f)
	}
}

// words are the text of runs.
func words(runs []byhand.LetterRun) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.Text)
	}
	return b.String()
}

// used are the fonts of a drawing, each once, in a fixed order.
func (d *drawing) used() []*face {
	var out []*face
	d.each(func(p piece, _, _, _ float64) {
		if !slices.Contains(out, p.face) {
			out = append(out, p.face)
		}
	})
	slices.SortFunc(out, func(a, b *face) int { return strings.Compare(a.name, b.name) })
	return out
}

// runesOf are the characters that a drawing uses of a font.
func (d *drawing) runesOf(f *face) []byte {
	var b bytes.Buffer
	d.each(func(p piece, _, _, _ float64) {
		if p.face == f {
			b.WriteString(p.text)
		}
	})
	return b.Bytes()
}
