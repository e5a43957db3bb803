package byhand

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"article14/mailer"
)

// Letter is a notice on paper before it is printed: what it says, to whom it goes and
// how the sheet is laid out. The same letter is always the same bytes (E1).
type Letter struct {
	Text   LetterText
	To     mailer.PostalAddress
	At     time.Time           // the instant at which its values were drawn, as on record; the file's date
	Window mailer.WindowSide   // "": that of the sender's country
	Size   mailer.LetterSize   // "": LetterNormal
	Sender mailer.LetterSender // from Text, unless another is given
}

// LetterText is what a letter says: the same blocks as mail and page (C4, P4), with
// one person's values in them. It is neither HTML nor marked text, so that a value is
// never read for marks.
type LetterText struct {
	Sender    mailer.LetterSender
	Language  string // of the date, the reference and the number of the page
	Subject   []LetterRun
	Date      []LetterRun
	Reference []LetterRun
	Pages     string // how a page is numbered: LetterPage and LetterPages stand in it
	Parts     []LetterPart
}

// What the printer puts numbers in place of.
const (
	LetterPage  = "{page}"
	LetterPages = "{pages}"
)

// LetterPart is a part of a letter in one language.
type LetterPart struct {
	Language string // base code
	Dir      string // ltr or rtl
	Blocks   []LetterBlock
}

// LetterBlock is a piece of a letter.
type LetterBlock struct {
	Kind   LetterBlockKind
	Runs   []LetterRun
	Items  [][]LetterRun // of a list
	Blocks []LetterBlock // of a box
}

// LetterBlockKind is what a block is.
type LetterBlockKind string

// Kinds of blocks.
const (
	LetterParagraph LetterBlockKind = "paragraph"
	LetterTitle     LetterBlockKind = "title"
	LetterHeading   LetterBlockKind = "heading"
	LetterList      LetterBlockKind = "list"
	LetterBox       LetterBlockKind = "box"  // framed, a block of its own (C5)
	LetterSlip      LetterBlockKind = "slip" // to cut out and send back
	LetterRule      LetterBlockKind = "rule"
)

// LetterRun is a piece of a line.
type LetterRun struct {
	Text   string
	Strong bool
	Value  bool // a person's: its own direction, and none for what stands around it (UAX #9, isolates)
}

// LetterComposer puts one person's values into the letter of an approved text.
type LetterComposer interface {
	// Letter needs hash and body of the skeleton, as Compose does. It is pure. A text
	// that was approved without a letter is ErrNoLetter.
	Letter(s mailer.Skeleton, slots mailer.Slots, test bool) (LetterText, error)
}

// LetterPrinter makes a letter ready for print.
type LetterPrinter interface {
	// Print gives a PDF and its number of pages. An address that does not fit the window
	// is an *AddressError, a character that no font has is an *UnprintableError.
	Print(l Letter) (PrintedLetter, error)
}

// PrintedLetter is a letter as it goes to the printer.
type PrintedLetter struct {
	PDF    []byte
	Pages  int
	SHA256 []byte
}

// ErrNoLetter says that a text was approved before the program wrote letters. It stays
// as it was approved.
var ErrNoLetter = errors.New("this text was approved without a letter: create a new campaign and approve it, and its text has one")

// UnprintableError says that no embedded font has a character, or that its script needs
// more than letters in a row. Nothing is printed then: an empty box in silence would be
// a name that is wrong. It holds no value.
type UnprintableError struct {
	Where  string // "the address", or the language of the part
	Script string // by its Unicode name, "" where the script is fine and one sign is missing
}

func (e *UnprintableError) Error() string {
	if e.Script != "" {
		return fmt.Sprintf("letter: %s has %s script, which the letter's fonts cannot set: give it in Latin, Greek or Cyrillic letters", e.Where, e.Script)
	}
	return fmt.Sprintf("letter: %s has a sign that no font of the letter has: write it without", e.Where)
}

// Text is a letter's words as plain text, for somebody who reads them out.
func (t LetterText) Text() string {
	var b strings.Builder
	line := func(lead string, runs []LetterRun) {
		b.WriteString(lead)
		for _, r := range runs {
			b.WriteString(r.Text)
		}
		b.WriteString("\n\n")
	}
	line("", t.Subject)
	var blocks func(bs []LetterBlock)
	blocks = func(bs []LetterBlock) {
		for _, bl := range bs {
			if len(bl.Runs) > 0 {
				line(map[LetterBlockKind]string{LetterTitle: "# ", LetterHeading: "## "}[bl.Kind], bl.Runs)
			}
			for _, item := range bl.Items {
				line("- ", item)
			}
			if bl.Kind != LetterSlip { // to cut out: nothing to read out
				blocks(bl.Blocks)
			}
		}
	}
	for _, p := range t.Parts {
		blocks(p.Blocks)
	}
	return strings.TrimSpace(b.String()) + "\n"
}
