package compose

import "strings"

// textLine frames callouts and layers in the text part.
const textLine = "------------------------------------------------------------"

// textPart writes blocks as plain text. Lines are not wrapped: mail programs do
// that, and nobody knows here how long a person's values are.
func textPart(blocks []block) string {
	var b strings.Builder
	for _, bl := range blocks {
		textBlock(&b, bl)
	}
	return b.String()
}

func textBlock(b *strings.Builder, bl block) {
	mark(b, "?", bl.when)
	switch bl.kind {
	case rule:
		b.WriteString(textLine + "\n\n")
	case callout:
		b.WriteString(textLine + "\n\n")
		for _, child := range bl.children {
			textBlock(b, child)
		}
		b.WriteString(textLine + "\n\n")
	case list:
		for _, item := range bl.items {
			b.WriteString("- ")
			textRuns(b, item)
			b.WriteString("\n")
		}
		b.WriteString("\n")
	default:
		textRuns(b, bl.runs)
		b.WriteString("\n\n")
	}
	mark(b, "/", bl.when)
}

func textRuns(b *strings.Builder, runs []run) {
	for _, r := range runs {
		switch r.kind {
		case textRun:
			b.WriteString(r.text)
		case slotRun:
			mark(b, "", r.slot)
		case ifRun:
			mark(b, "?", r.slot)
		case endRun:
			mark(b, "/", r.slot)
		case linkRun:
			textLink(b, r)
		}
	}
}

// textLink prints the address after the label, between angle brackets (RFC 3986,
// Appendix C), unless the label shows it already.
func textLink(b *strings.Builder, r run) {
	address := r.href
	if r.slot != "" {
		address = slot(r.slot)
	}
	b.WriteString(r.text)
	if !showsItself(r.text, address) {
		b.WriteString(" <" + address + ">")
	}
}

// showsItself tells whether a link's label is its address.
func showsItself(label, address string) bool {
	return label == address || strings.HasPrefix(address, "mailto:") || strings.HasPrefix(address, "tel:")
}

func mark(b *strings.Builder, sign, name string) {
	if name != "" {
		b.WriteString(slotOpen + sign + name + slotClose)
	}
}
