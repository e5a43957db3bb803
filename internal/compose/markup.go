package compose

import (
	"errors"
	"fmt"
	"strings"
)

// The light marks of texts in locales: **strong**, [label](address), slots, and
// a backslash before a mark that is meant as it stands.

const (
	slotOpen  = "⟪"
	slotClose = "⟫"
)

var (
	errSlotMark = errors.New("a text holds ⟪ or ⟫, which mark slots; write it without")
	escapeMarks = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `[`, `\[`, `]`, `\]`)
)

// literal makes a register's text safe between marks. Its blanks and line breaks
// are folded: a text is one line.
func literal(s string) (string, error) {
	if strings.Contains(s, slotOpen) || strings.Contains(s, slotClose) {
		return "", errSlotMark
	}
	return escapeMarks.Replace(clean(s, maxText)), nil
}

// slot is the mark of a person's value.
func slot(name string) string { return slotOpen + name + slotClose }

// optional is a part that stands or falls with a person's value.
func optional(name, part string) string {
	return slotOpen + "?" + name + slotClose + part + slotOpen + "/" + name + slotClose
}

// link is the mark of a link; label is marked text, address a slot or a URL.
func link(label, address string) string { return "[" + label + "](" + address + ")" }

// parseInline reads a marked text into runs.
func parseInline(s string) ([]run, error) {
	p := inlineParser{rest: s}
	for p.rest != "" {
		if err := p.step(); err != nil {
			return nil, fmt.Errorf("%w in %q", err, s)
		}
	}
	p.flush()
	if p.strong {
		return nil, fmt.Errorf("** is not closed in %q", s)
	}
	return p.runs, nil
}

type inlineParser struct {
	rest   string
	text   strings.Builder
	strong bool
	runs   []run
}

func (p *inlineParser) flush() {
	if p.text.Len() > 0 {
		p.runs = append(p.runs, run{kind: textRun, text: p.text.String(), strong: p.strong})
		p.text.Reset()
	}
}

func (p *inlineParser) step() error {
	switch {
	case strings.HasPrefix(p.rest, `\`):
		if len(p.rest) < 2 {
			return errors.New("a backslash at the end")
		}
		p.text.WriteByte(p.rest[1])
		p.rest = p.rest[2:]
	case strings.HasPrefix(p.rest, "**"):
		p.flush()
		p.strong = !p.strong
		p.rest = p.rest[2:]
	case strings.HasPrefix(p.rest, slotOpen):
		return p.slot()
	case strings.HasPrefix(p.rest, "["):
		return p.link()
	default:
		n := 1 + strings.IndexAny(p.rest[1:]+"[", `\*[`+slotOpen)
		p.text.WriteString(p.rest[:n])
		p.rest = p.rest[n:]
	}
	return nil
}

func (p *inlineParser) slot() error {
	name, rest, closed := strings.Cut(p.rest[len(slotOpen):], slotClose)
	if !closed {
		return errors.New("a slot is not closed")
	}
	r := run{kind: slotRun, slot: name, strong: p.strong}
	switch {
	case strings.HasPrefix(name, "?"):
		r.kind, r.slot = ifRun, name[1:]
	case strings.HasPrefix(name, "/"):
		r.kind, r.slot = endRun, name[1:]
	}
	p.flush()
	p.runs = append(p.runs, r)
	p.rest = rest
	return nil
}

func (p *inlineParser) link() error {
	label, rest, found := cutUnescaped(p.rest[1:], ']')
	address, after, closed := strings.Cut(strings.TrimPrefix(rest, "("), ")")
	if !found || !strings.HasPrefix(rest, "(") || !closed {
		return errors.New("a link is not closed")
	}
	r := run{kind: linkRun, text: label, strong: p.strong}
	if name, isSlot := strings.CutPrefix(address, slotOpen); isSlot {
		r.slot = strings.TrimSuffix(name, slotClose)
	} else {
		r.href = address
	}
	p.flush()
	p.runs = append(p.runs, r)
	p.rest = after
	return nil
}

// cutUnescaped cuts at the first end that no backslash precedes, and takes the
// backslashes off what stands before it.
func cutUnescaped(s string, end byte) (before, after string, found bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == end:
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}
