package compose

import (
	"fmt"
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
}

// op is a step of a program.
type op struct {
	kind    opKind
	literal string // opLiteral: the text as it stands
	quoted  []byte // opLiteral: the same in quoted-printable
	slot    string
	next    int // opIf: where to go on if there is no value
}

// opKind is what a step does.
type opKind int

const (
	opLiteral opKind = iota
	opValue
	opAddress // a web address, in a link or in print
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
		return p.program, fmt.Errorf("the optional part %q is not closed", p.ops[p.open].slot)
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
	p.ops = append(p.ops, op{kind: opIf, slot: slot})
	return nil
}

func (p *parser) end(slot string) error {
	if p.open < 0 || p.ops[p.open].slot != slot || p.inTag {
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
	}
	wholeHref := kind == opAddress && strings.HasSuffix(before, ` href="`) && strings.HasPrefix(after, `"`)
	if p.inTag && !wholeHref {
		return fmt.Errorf("the slot %q stands in a tag, other than as the address of a link", slot)
	}
	p.ops = append(p.ops, op{kind: kind, slot: slot})
	return nil
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

// filler puts one person's values into programs.
type filler struct {
	slots   map[string]string
	test    bool   // the message is a test
	base    string // our own links begin with it
	scratch []byte
}

func (f *filler) lookup(slot string) (string, bool) {
	if slot == testSlot {
		return "", f.test
	}
	v, ok := f.slots[slot]
	return v, ok && v != ""
}

// fill appends a program's text with its values; in quoted-printable for a mail.
// It fails where a value that is not optional is absent, or an address is not ours.
func (f *filler) fill(dst []byte, p program, quoted bool) ([]byte, error) {
	for i := 0; i < len(p.ops); i++ {
		o := &p.ops[i]
		switch o.kind {
		case opLiteral:
			if quoted {
				dst = append(dst, o.quoted...)
			} else {
				dst = append(dst, o.literal...)
			}
			continue
		case opIf:
			if _, there := f.lookup(o.slot); !there {
				i = o.next - 1
			}
			continue
		}
		value, there := f.lookup(o.slot)
		if !there {
			return nil, fmt.Errorf("compose: the slot %q has no value", o.slot)
		}
		if o.kind == opAddress && !f.allowed(o.slot, value) {
			return nil, fmt.Errorf("compose: the address in the slot %q is not one that this notice may link to", o.slot)
		}
		f.scratch = appendEscaped(f.scratch[:0], value, p.place, o.kind)
		if quoted {
			dst = appendQuoted(dst, f.scratch, false)
		} else {
			dst = append(dst, f.scratch...)
		}
	}
	return dst, nil
}

// allowed lets links lead to our own pages and to an authority's site only.
func (f *filler) allowed(slot, address string) bool {
	return webAddress(address) && (slot == authoritySite || strings.HasPrefix(address, f.base+"/"))
}

// appendEscaped appends a value as it must stand in its place.
func appendEscaped(dst []byte, value string, at place, kind opKind) []byte {
	if kind == opValue {
		value = clean(value, maxValue)
	}
	if at == htmlPlace {
		return appendHTML(dst, value)
	}
	if kind == opValue && rightToLeft(value) {
		const isolate, pop = "\u2068", "\u2069" // UAX #9: FSI and PDI
		return append(append(append(dst, isolate...), value...), pop...)
	}
	return append(dst, value...)
}

func appendHTML(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
