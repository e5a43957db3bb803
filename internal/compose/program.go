package compose

import (
	"fmt"
	"slices"
	"strings"
)

// place is where a text with slots stands; it decides how values are escaped.
type place int

const (
	plainPlace place = iota // the text part
	htmlPlace               // the HTML part, and pages
)

// program is a text with slots, taken apart once so that values can be put in by
// walking over it. Values are never read for slots.
type program struct {
	place place
	ops   []op
	slots []string // each slot that the text names, once
}

// op is a step of a program.
type op struct {
	kind    opKind
	literal string // opLiteral: the text as it stands
	quoted  []byte // opLiteral: the same in quoted-printable
	slot    int    // its place in program.slots
	next    int    // opIf: where to go on if there is no value
}

// opKind is what a step does.
type opKind int

const (
	opLiteral opKind = iota
	opValue
	opAddress // a web address, in a link or in print
	opProse   // paragraphs and lists
	opIf
)

// parseProgram takes a text apart. It refuses slots that known does not have,
// parts that are not closed, nested or crossed, and values in tags other than an
// address as a whole href (docs/rules.md C8).
func parseProgram(text string, at place, known func(slot string) bool) (program, error) {
	p := parser{program: program{place: at}, known: known, open: -1}
	for rest := text; rest != ""; {
		literal, after, found := strings.Cut(rest, slotOpen)
		if strings.Contains(literal, slotClose) {
			return p.program, fmt.Errorf("⟫ without ⟪ after %q", clip(literal))
		}
		p.literal(literal)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, slotClose)
		if !closed {
			return p.program, fmt.Errorf("the slot %q is not closed", clip(after))
		}
		if err := p.mark(name, literal, tail); err != nil {
			return p.program, err
		}
		rest = tail
	}
	if p.open >= 0 {
		return p.program, fmt.Errorf("the optional part %q is not closed", p.slots[p.ops[p.open].slot])
	}
	return p.encode(), nil
}

type parser struct {
	program
	known func(slot string) bool
	open  int  // the step that began the optional part in force, or -1
	inTag bool // of HTML
}

func (p *parser) literal(s string) {
	if s == "" {
		return
	}
	p.ops = append(p.ops, op{kind: opLiteral, literal: s})
	if i := strings.LastIndexAny(s, "<>"); i >= 0 { // text has no bare < or >
		p.inTag = p.place == htmlPlace && s[i] == '<'
	}
}

// mark adds the step that a slot mark asks for.
func (p *parser) mark(name, before, after string) error {
	slot := strings.TrimLeft(name, "?/")
	if !p.known(slot) {
		return fmt.Errorf("there is no slot %q", clip(slot))
	}
	switch {
	case name == "?"+slot:
		return p.begin(slot)
	case name == "/"+slot:
		return p.end(slot)
	case name == slot:
		return p.value(slot, before, after)
	}
	return fmt.Errorf("%q is no mark", clip(name))
}

func (p *parser) begin(slot string) error {
	if p.open >= 0 || p.inTag {
		return fmt.Errorf("the optional part %q begins inside another, or in a tag", slot)
	}
	p.open = len(p.ops)
	p.ops = append(p.ops, op{kind: opIf, slot: p.index(slot)})
	return nil
}

func (p *parser) end(slot string) error {
	if p.open < 0 || p.slots[p.ops[p.open].slot] != slot || p.inTag {
		return fmt.Errorf("the optional part %q ends without a beginning, or in a tag", slot)
	}
	p.ops[p.open].next = len(p.ops)
	p.open = -1
	return nil
}

func (p *parser) value(slot, before, after string) error {
	kind := opValue
	switch {
	case isFlag(slot):
		return fmt.Errorf("the slot %q says whether, and has no text", slot)
	case isAddressSlot(slot):
		kind = opAddress
	case slot == teamText:
		kind = opProse
	}
	wholeHref := kind == opAddress && strings.HasSuffix(before, ` href="`) && strings.HasPrefix(after, `"`)
	if p.inTag && !wholeHref {
		return fmt.Errorf("the slot %q stands in a tag, other than as the address of a link", slot)
	}
	p.ops = append(p.ops, op{kind: kind, slot: p.index(slot)})
	return nil
}

// index is a slot's place in the program's list.
func (p *parser) index(slot string) int {
	i := slices.Index(p.slots, slot)
	if i < 0 {
		i = len(p.slots)
		p.slots = append(p.slots, slot)
	}
	return i
}

// encode puts fixed text into quoted-printable once and for all.
func (p program) encode() program {
	for i := range p.ops {
		if p.ops[i].kind == opLiteral {
			p.ops[i].quoted = appendQuoted(nil, p.ops[i].literal, i == len(p.ops)-1)
		}
	}
	return p
}

// clip keeps an error short.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
