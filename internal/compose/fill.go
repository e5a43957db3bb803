package compose

import (
	"fmt"
	"strings"

	"article14/mailer"
)

// filler puts one person's values into programs. Its buffers serve one message
// after the other; what it gives is good until the next.
type filler struct {
	slots mailer.Slots
	links links
	proof string // the six digits, if the message carries some
	test  bool   // the message is a test
	base  string // our own links begin with it

	message []byte
	ready   []readyValue // for each slot of the program that is being filled
	arena   []byte       // their bytes
	scratch []byte
}

// readyValue is a person's value as it stands in one text, made once however often
// the text has it.
type readyValue struct {
	looked   bool
	value    string // "" if the person has none
	made     bool
	from, to int // in the arena
}

// fill appends a program's text with its values; in quoted-printable for a mail.
// It fails where a value that is not optional is absent, or an address is not ours.
func (f *filler) fill(dst []byte, p program, quoted bool) ([]byte, error) {
	f.ready, f.arena = append(f.ready[:0], make([]readyValue, len(p.slots))...), f.arena[:0]
	for i := 0; i < len(p.ops); i++ {
		o := &p.ops[i]
		switch {
		case o.kind == opLiteral && quoted:
			dst = append(dst, o.quoted...)
		case o.kind == opLiteral:
			dst = append(dst, o.literal...)
		case o.kind == opIf:
			if f.look(p, o.slot).value == "" {
				i = o.next - 1
			}
		default:
			r, err := f.make(p, o, quoted)
			if err != nil {
				return nil, err
			}
			dst = append(dst, f.arena[r.from:r.to]...)
		}
	}
	return dst, nil
}

// look finds a person's value for a slot.
func (f *filler) look(p program, slot int) *readyValue {
	r := &f.ready[slot]
	if r.looked {
		return r
	}
	r.looked, r.value = true, f.value(p.slots[slot])
	return r
}

// value is a person's value by the name of its slot, "" if they have none.
func (f *filler) value(name string) string {
	switch {
	case name == testSlot && f.test:
		return on
	case name == testSlot:
		return ""
	case name == noticeURL:
		return f.links.notice
	case name == objectURL:
		return f.links.object
	case name == choicesURL:
		return f.links.choices
	case name == proofCode:
		return grouped(f.proof)
	case name == proofDigits:
		return strings.Join(strings.Split(f.proof, ""), ", ")
	}
	return f.slots[name]
}

// links are the addresses of a person's own pages. One without its token is none.
type links struct{ notice, object, choices string }

func linksOf(base string, slots mailer.Slots, tokens mailer.LinkTokens) links {
	// Those that lie with the values, as programs did it that stored tokens, stand:
	// they went out like that.
	l := links{slots[noticeURL], slots[objectURL], slots[choicesURL]}
	if l.notice == "" && tokens.Notice != "" {
		l.choices = base + "/n/" + tokens.Notice + choicesPart
		l.notice = strings.TrimSuffix(l.choices, choicesPart)
	}
	if l.object == "" && tokens.Objection != "" {
		l.object = base + "/o/" + tokens.Objection
	}
	return l
}

// choicesPart is the part of a notice's page where a person says what they want.
const choicesPart = "#choices"

// make writes a value as it must stand in its place.
func (f *filler) make(p program, o *op, quoted bool) (*readyValue, error) {
	r := f.look(p, o.slot)
	switch {
	case r.made:
		return r, nil
	case r.value == "":
		return nil, fmt.Errorf("compose: the slot %q has no value", p.slots[o.slot])
	case o.kind == opAddress && !f.allowed(p.slots[o.slot], r.value):
		return nil, fmt.Errorf("compose: the address in the slot %q is not one that this notice may link to", p.slots[o.slot])
	}
	r.made, r.from = true, len(f.arena)
	if quoted {
		f.scratch = appendEscaped(f.scratch[:0], r.value, p.place, o.kind)
		f.arena = appendQuoted(f.arena, f.scratch, false)
	} else {
		f.arena = appendEscaped(f.arena, r.value, p.place, o.kind)
	}
	r.to = len(f.arena)
	return r, nil
}

// allowed lets links lead to our own pages and to an authority's site only.
func (f *filler) allowed(slot, address string) bool {
	path, ours := strings.CutPrefix(address, f.base)
	return webAddress(address) && (slot == authoritySite || ours && strings.HasPrefix(path, "/"))
}

// appendEscaped appends a value as it must stand in its place.
func appendEscaped(dst []byte, value string, at place, kind opKind) []byte {
	if kind == opProse {
		return appendProse(dst, value, at)
	}
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

// appendHTML escapes what HTML gives a meaning.
func appendHTML(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		escape := htmlEscapes[s[i]]
		if escape == "" {
			continue
		}
		dst = append(append(dst, s[from:i]...), escape...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}

var htmlEscapes = [256]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&#34;", '\'': "&#39;"}
