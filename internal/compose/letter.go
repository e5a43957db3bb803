package compose

import (
	"errors"
	"fmt"
	"strings"

	"article14/mailer"
	"article14/mailer/byhand"
)

// letterText is a notice's letter as it is stored. Its texts have the light marks of
// locales (see parseInline) and slots; marks are read once, before any value is there.
type letterText struct {
	Sender    letterSender `json:"sender"`
	Subject   string       `json:"subject"`
	Date      string       `json:"date"`
	Reference string       `json:"reference"`
	Pages     string       `json:"pages"` // plain
	Parts     []letterPart `json:"parts"` // in the order in which they are read
}

// letterSender stands at the head and above the address.
type letterSender struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Country string `json:"country"`
}

type letterPart struct {
	Language string        `json:"language"`
	Dir      string        `json:"dir"`
	Blocks   []letterBlock `json:"blocks"`
}

type letterBlock struct {
	Kind   string        `json:"kind"`
	When   string        `json:"when,omitempty"`
	Text   string        `json:"text,omitempty"`
	Items  []string      `json:"items,omitempty"`
	Blocks []letterBlock `json:"blocks,omitempty"`
}

// each walks over every text that has marks.
func (l *letterText) each(do func(text *string)) {
	for _, text := range []*string{&l.Subject, &l.Date, &l.Reference} {
		do(text)
	}
	for i := range l.Parts {
		eachOf(l.Parts[i].Blocks, do)
	}
}

func eachOf(blocks []letterBlock, do func(text *string)) {
	for i := range blocks {
		do(&blocks[i].Text)
		for j := range blocks[i].Items {
			do(&blocks[i].Items[j])
		}
		eachOf(blocks[i].Blocks, do)
	}
}

// texts are all of them, in order.
func (l *letterText) texts() []string {
	out := []string{l.Sender.Name, l.Sender.Address, l.Sender.Country, l.Pages}
	l.each(func(text *string) { out = append(out, *text) })
	return out
}

// letterKinds are the kinds that paper knows: it has no buttons.
var letterKinds = map[blockKind]byhand.LetterBlockKind{
	paragraph: byhand.LetterParagraph, title: byhand.LetterTitle, heading: byhand.LetterHeading, list: byhand.LetterList,
	callout: byhand.LetterBox, slip: byhand.LetterSlip, rule: byhand.LetterRule,
}

// storedBlocks writes blocks as they are stored.
func storedBlocks(blocks []block) []letterBlock {
	var out []letterBlock
	for _, b := range blocks {
		stored := letterBlock{Kind: string(letterKinds[b.kind]), When: b.when, Text: marked(b.runs), Blocks: storedBlocks(b.children)}
		for _, item := range b.items {
			stored.Items = append(stored.Items, marked(item))
		}
		out = append(out, stored)
	}
	return out
}

// marked writes runs as marked text, each link as what stands in print.
func marked(runs []run) string {
	var b strings.Builder
	strong := false
	for _, r := range runs {
		if r.strong != strong {
			b.WriteString("**")
			strong = r.strong
		}
		switch r.kind {
		case textRun:
			b.WriteString(escapeMarks.Replace(r.text))
		case slotRun:
			mark(&b, "", r.slot)
		case ifRun:
			mark(&b, "?", r.slot)
		case endRun:
			mark(&b, "/", r.slot)
		case linkRun:
			b.WriteString(printedLink(r))
		}
	}
	if strong {
		b.WriteString("**")
	}
	return b.String()
}

// printedLink has the address written out, where the label is another text. A phone
// number stays on one line.
func printedLink(r run) string {
	if strings.HasPrefix(r.href, "tel:") {
		return escapeMarks.Replace(strings.ReplaceAll(r.text, " ", "\u00a0"))
	}
	label, address := escapeMarks.Replace(r.text), escapeMarks.Replace(r.href)
	if r.slot != "" {
		label, address = r.text, slot(r.slot) // a label that is a slot, or plain words
	}
	if showsItself(r.text, r.href) || label == address {
		return label
	}
	return label + " (" + address + ")"
}

// parsedLetter is a letter ready to be filled.
type parsedLetter struct {
	subject, date, reference []run
	parts                    [][]block
}

// parse reads the stored texts and checks them again (docs/rules.md C8).
func (l *letterText) parse(known func(string) bool) (*parsedLetter, error) {
	p := &parsedLetter{}
	var err error
	for _, line := range []struct {
		to   *[]run
		text string
	}{{&p.subject, l.Subject}, {&p.date, l.Date}, {&p.reference, l.Reference}} {
		if *line.to, err = parseLine(line.text, known); err != nil {
			return nil, err
		}
	}
	for _, part := range l.Parts {
		blocks, err := parseBlocks(part.Blocks, known)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, blocks)
	}
	return p, nil
}

func parseBlocks(stored []letterBlock, known func(string) bool) ([]block, error) {
	var out []block
	for _, s := range stored {
		b := block{kind: -1, when: s.When}
		for kind, name := range letterKinds {
			if string(name) == s.Kind {
				b.kind = kind
			}
		}
		if b.kind < 0 || b.when != "" && !known(b.when) {
			return nil, fmt.Errorf("a block of the kind %q that stands on %q is none of a letter", clip(s.Kind), clip(s.When))
		}
		var err error
		if b.runs, err = parseLine(s.Text, known); err != nil {
			return nil, err
		}
		for _, item := range s.Items {
			runs, err := parseLine(item, known)
			if err != nil {
				return nil, err
			}
			b.items = append(b.items, runs)
		}
		if b.children, err = parseBlocks(s.Blocks, known); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// parseLine refuses what no letter can print: a slot that is not known, one that only
// says whether, a link, a part that is not closed or crosses another.
func parseLine(text string, known func(string) bool) ([]run, error) {
	runs, err := parseInline(text)
	if err != nil {
		return nil, err
	}
	open := ""
	for _, r := range runs {
		switch {
		case r.kind == linkRun:
			return nil, fmt.Errorf("a letter has no links: %q", clip(r.text))
		case r.kind != textRun && !known(r.slot):
			return nil, fmt.Errorf("there is no slot %q", clip(r.slot))
		case r.kind == slotRun && isFlag(r.slot):
			return nil, fmt.Errorf("the slot %q says whether, and has no text", r.slot)
		case r.kind == slotRun && personalPage(r.slot):
			return nil, fmt.Errorf("the slot %q is an address that nobody can type", r.slot)
		case r.kind == ifRun && open != "", r.kind == endRun && open != r.slot:
			return nil, fmt.Errorf("the optional part %q is nested or crossed", r.slot)
		case r.kind == ifRun:
			open = r.slot
		case r.kind == endRun:
			open = ""
		}
	}
	if open != "" {
		return nil, fmt.Errorf("the optional part %q is not closed", open)
	}
	return runs, nil
}

func personalPage(slot string) bool {
	return slot == noticeURL || slot == objectURL || slot == choicesURL
}

// Letter puts one person's values into the letter of a notice. No link and no token is
// in it. It is pure; errors hold no value. A text that was approved without a letter is
// [byhand.ErrNoLetter].
func (c *Composer) Letter(s mailer.Skeleton, slots mailer.Slots, test bool) (byhand.LetterText, error) {
	p, err := c.ready(s)
	if err != nil {
		return byhand.LetterText{}, err
	}
	if p.letter == nil {
		return byhand.LetterText{}, fmt.Errorf("compose: skeleton %s: %w", name(p.key()), byhand.ErrNoLetter)
	}
	f := c.filler(p, slots, mailer.Headers{Test: test})
	defer c.done(f)
	stored := p.Letter
	out := byhand.LetterText{Sender: mailer.LetterSender(stored.Sender), Language: languagesOf(p.key())[0], Pages: stored.Pages}
	var errs []error
	line := func(runs []run) []byhand.LetterRun {
		filled, err := f.runs(runs)
		errs = append(errs, err)
		return filled
	}
	out.Subject, out.Date, out.Reference = line(p.letter.subject), line(p.letter.date), line(p.letter.reference)
	for i, part := range stored.Parts {
		blocks, err := f.blocks(p.letter.parts[i])
		errs = append(errs, err)
		if len(blocks) > 0 {
			out.Parts = append(out.Parts, byhand.LetterPart{Language: part.Language, Dir: part.Dir, Blocks: blocks})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return byhand.LetterText{}, err
	}
	return out, nil
}

// blocks puts values into blocks, and leaves out those that stand on one that is not there.
func (f *filler) blocks(blocks []block) ([]byhand.LetterBlock, error) {
	var out []byhand.LetterBlock
	for _, b := range blocks {
		if b.when != "" && f.value(b.when) == "" {
			continue
		}
		filled := byhand.LetterBlock{Kind: letterKinds[b.kind]}
		var err error
		if filled.Runs, err = f.runs(b.runs); err != nil {
			return nil, err
		}
		for _, item := range b.items {
			runs, err := f.runs(item)
			if err != nil {
				return nil, err
			}
			filled.Items = append(filled.Items, runs)
		}
		if filled.Blocks, err = f.blocks(b.children); err != nil {
			return nil, err
		}
		out = append(out, filled)
	}
	return out, nil
}

// runs puts values into a line.
func (f *filler) runs(runs []run) ([]byhand.LetterRun, error) {
	var out []byhand.LetterRun
	absent := "" // the value whose optional part is being left out
	for _, r := range runs {
		switch {
		case r.kind == ifRun && f.value(r.slot) == "":
			absent = r.slot
		case r.kind == endRun:
			absent = ""
		case r.kind == ifRun || absent != "":
		case r.kind == slotRun:
			value := f.value(r.slot)
			if value == "" {
				return nil, fmt.Errorf("compose: the slot %q has no value", r.slot)
			}
			if isAddressSlot(r.slot) && !f.allowed(r.slot, value) {
				return nil, fmt.Errorf("compose: the address in the slot %q is not one that this notice may name", r.slot)
			}
			if !isAddressSlot(r.slot) {
				value = clean(value, maxValue)
			}
			out = append(out, byhand.LetterRun{Text: value, Strong: r.strong, Value: true})
		default:
			out = append(out, byhand.LetterRun{Text: r.text, Strong: r.strong})
		}
	}
	return out, nil
}
