package letter

import (
	"article14/mailer"
	"article14/mailer/byhand"
)

// row is a line of the letter, or a space or rule as high as one.
type row struct {
	pieces []piece
	size   float64 // points
	x      float64 // mm from the left edge of the text
	before float64 // mm above it, but at the head of a page
	height float64 // mm
	keep   bool    // no page ends behind it
	box    int     // > 0: inside this frame
	line   lineKind
}

// lineKind is a line that is drawn through a row.
type lineKind int

const (
	noLine lineKind = iota
	ruled
	dashed // to cut along
)

// measures of a letter, by its size.
type measures struct {
	body, title, heading, subject, foot float64 // points
	lead                                float64 // height of a line by its size
	gap                                 float64 // mm between paragraphs
	indent                              float64 // mm, of lists
}

var sizes = map[mailer.LetterSize]measures{
	mailer.LetterNormal: {body: 11, title: 14, heading: 11.5, subject: 12, foot: 9, lead: 1.28, gap: 2.2, indent: 5},
	mailer.LetterLarge:  {body: 16, title: 20, heading: 17, subject: 18, foot: 16, lead: 1.3, gap: 3.4, indent: 7},
}

// boxPad is the space in mm between a frame and what it holds.
const boxPad = 3

// layout turns blocks into rows.
type layout struct {
	*setter
	measures
	width float64 // mm of the text
	rows  []row
	boxes int
	inBox int
}

// another begins a part in another language, beneath a rule.
func (l *layout) another(p byhand.LetterPart) {
	if len(p.Blocks) > 0 && p.Blocks[0].Kind != byhand.LetterRule {
		l.rule()
	}
}

// part lays out a part of a letter.
func (l *layout) part(p byhand.LetterPart) {
	where := "the text in " + p.Language
	for i, b := range p.Blocks {
		var next byhand.LetterBlockKind
		if i+1 < len(p.Blocks) {
			next = p.Blocks[i+1].Kind
		}
		l.block(b, next, where)
	}
}

func (l *layout) block(b byhand.LetterBlock, next byhand.LetterBlockKind, where string) {
	switch b.Kind {
	case byhand.LetterRule:
		l.rule()
	case byhand.LetterTitle:
		l.text(strong(b.Runs), l.title, l.gap*2, true, where)
	case byhand.LetterHeading:
		l.text(strong(b.Runs), l.heading, l.gap*1.6, true, where)
	case byhand.LetterList:
		for _, item := range b.Items {
			l.item(item, where)
		}
	case byhand.LetterBox:
		l.box(b, where)
	case byhand.LetterSlip:
		l.add(row{line: dashed, before: l.gap, height: l.lineOf(l.body), keep: true, size: l.body})
		l.text(strong(b.Runs), l.body, 0, false, where)
	default:
		l.text(b.Runs, l.body, l.gap, next == byhand.LetterList, where)
	}
}

func strong(runs []byhand.LetterRun) []byhand.LetterRun {
	out := append([]byhand.LetterRun{}, runs...)
	for i := range out {
		out[i].Strong = true
	}
	return out
}

func (l *layout) lineOf(size float64) float64 { return size * l.lead * mmPerPoint }

func (l *layout) add(r row) {
	r.box = l.inBox
	l.rows = append(l.rows, r)
}

func (l *layout) rule() { l.add(row{line: ruled, before: l.gap * 2, height: 1, keep: true}) }

// text adds a paragraph. Its first two lines stay together, and its last two; keep has
// it stay with what follows.
func (l *layout) text(runs []byhand.LetterRun, size, before float64, keep bool, where string) {
	l.paragraph(l.words(held(runs), where), size, before, 0, keep)
}

func (l *layout) paragraph(words []word, size, before, x float64, keep bool) {
	width := l.width - x
	if l.inBox > 0 {
		x, width = x+boxPad, width-2*boxPad
	}
	lines := l.lines(words, size, width)
	for i, line := range lines {
		last := i == len(lines)-1
		r := row{pieces: l.pieces(line, size), size: size, x: x, height: l.lineOf(size), keep: i == 0 && !last || i == len(lines)-2 || last && keep}
		if i == 0 {
			r.before = before
		}
		l.add(r)
	}
}

// item adds an item of a list, with its dot.
func (l *layout) item(runs []byhand.LetterRun, where string) {
	at := len(l.rows)
	l.paragraph(l.words(held(runs), where), l.body, l.gap*0.6, l.indent, false)
	if at < len(l.rows) {
		first := &l.rows[at]
		dot := l.pieces([]part{{text: "•"}}, l.body)[0]
		dot.x = -l.indent + 1
		first.pieces = append([]piece{dot}, first.pieces...)
	}
}

// box keeps what it holds together.
func (l *layout) box(b byhand.LetterBlock, where string) {
	l.boxes++
	l.inBox = l.boxes
	from := len(l.rows)
	l.add(row{before: l.gap * 1.4, height: boxPad * 0.6})
	for i, child := range b.Blocks {
		l.block(child, "", where)
		if i == 0 {
			l.rows[from+1].before = 0
		}
	}
	l.add(row{height: boxPad})
	for i := from; i < len(l.rows)-1; i++ {
		l.rows[i].keep = true
	}
	l.inBox = 0
}

// page has rows with where they stand.
type page struct {
	rows []placed
}

type placed struct {
	row
	top float64 // mm from the head of the sheet
}

// paginate puts rows on pages. What is kept together and is higher than a page is
// divided all the same.
func paginate(rows []row, firstTop, top, bottom float64) []page {
	pages := []page{{}}
	y := firstTop
	next := func() {
		pages = append(pages, page{})
		y = top
	}
	put := func(r row) {
		p := &pages[len(pages)-1]
		if len(p.rows) > 0 {
			y += r.before
		}
		p.rows = append(p.rows, placed{r, y})
		y += r.height
	}
	for i := 0; i < len(rows); {
		j, height := i, 0.0
		for ; j < len(rows); j++ {
			if j > i || len(pages[len(pages)-1].rows) > 0 {
				height += rows[j].before
			}
			height += rows[j].height
			if !rows[j].keep {
				j++
				break
			}
		}
		if y+height > bottom && len(pages[len(pages)-1].rows) > 0 && height <= bottom-top {
			next()
		}
		for ; i < j; i++ {
			if y+rows[i].before+rows[i].height > bottom && len(pages[len(pages)-1].rows) > 0 {
				next()
			}
			put(rows[i])
		}
	}
	return pages
}
