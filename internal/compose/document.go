package compose

// document is what a text says, before it is text, HTML or page.
type document struct {
	language string
	dir      string
	subject  string // no slots: a subject is the same for everyone
	blocks   []block
}

// block is a piece of a document.
type block struct {
	kind     blockKind
	part     docPart
	element  string // the element of Article 14 that it gives, "14.1.a"; "" none
	anchor   string // of a heading, unique in its language
	lang     string // where it is another than the document's
	when     string // the slot without which the block is left out; "" always there
	places   places
	runs     []run
	items    [][]run // of a list
	children []block // of a callout
}

// blockKind is what a block is.
type blockKind int

const (
	paragraph blockKind = iota
	title               // of a layer
	heading             // of an element in the whole notice
	list
	callout // a block of its own, framed (docs/rules.md C5)
	button  // a link on a line of its own; its only run is the link
	slip    // a line to cut out and send back, on paper
	rule
	prose     // the team's own words: paragraphs and lists that are not known yet
	bigDigits // to be read on one screen and typed on another
)

// docPart is the layer that a block belongs to (docs/rules.md C4).
type docPart int

const (
	partFirst docPart = iota
	partObjection
	partWhole
)

// places are where a block stands: a mail has buttons, a page has forms, and paper has
// neither. None named is everywhere.
type places uint8

const (
	inMail places = 1 << iota
	inPage
	inLetter
)

// run is a piece of a line.
type run struct {
	kind   runKind
	text   string // of text and links
	slot   string // of slots and optional parts; the address of a link that is one person's
	href   string // the address of a link that is the same for everyone
	strong bool
}

// runKind is what a run is.
type runKind int

const (
	textRun runKind = iota
	slotRun
	linkRun
	ifRun  // what follows is left out where the person has no such value
	endRun // of what ifRun began
)

// in keeps the blocks that belong into a mail, a page or a letter.
func in(place places, blocks []block) []block {
	var out []block
	for _, b := range blocks {
		if b.places == 0 || b.places&place != 0 {
			out = append(out, b)
		}
	}
	return out
}
