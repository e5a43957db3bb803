package compose

import "strings"

// paragraphOf the team's own words, or a list of theirs.
type paragraphOf struct {
	lines []string // of a list: its items; else one
	list  bool
}

// bullets begin the items of a list, as people write them in plain text.
var bullets = []string{"- ", "* ", "• ", "– "}

// readProse takes plain text apart: an empty line ends a paragraph, a line that begins with
// a bullet is an item of a list, and other lines go on with what stands above them. Nothing
// else has a meaning, so that nothing can be a tag, a heading or a link.
func readProse(text string) []paragraphOf {
	var out []paragraphOf
	fresh := true // the next line begins something
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(text)) {
		item, isItem := bulleted(line)
		if item = clean(item, maxProse); item == "" {
			fresh = true
			continue
		}
		last := len(out) - 1
		switch {
		case isItem && last >= 0 && out[last].list: // also past an empty line
			out[last].lines = append(out[last].lines, item)
		case isItem || fresh:
			out = append(out, paragraphOf{lines: []string{item}, list: isItem})
		default:
			lines := out[last].lines
			lines[len(lines)-1] += " " + item
		}
		fresh = false
	}
	return out
}

func bulleted(line string) (item string, is bool) {
	line = strings.TrimSpace(line)
	for _, bullet := range bullets {
		if rest, cut := strings.CutPrefix(line+" ", bullet); cut {
			return rest, true
		}
	}
	return line, false
}

// appendProse writes the team's own words as they must stand in their place. In HTML each
// paragraph has the direction of its first letter; in plain text every reader does that by itself.
func appendProse(dst []byte, text string, at place) []byte {
	for i, p := range readProse(text) {
		if i > 0 {
			dst = append(dst, '\n')
			if at == plainPlace {
				dst = append(dst, '\n')
			}
		}
		dst = p.append(dst, at)
	}
	return dst
}

func (p paragraphOf) append(dst []byte, at place) []byte {
	open, first, last, end := "", "", "", ""
	switch {
	case at == htmlPlace && p.list:
		open, first, last, end = "<ul>\n", `<li dir="auto">`, "</li>\n", "</ul>"
	case at == htmlPlace:
		first, last = `<p dir="auto">`, "</p>"
	case p.list:
		first, last = "- ", "\n"
	}
	dst = append(dst, open...)
	for i, line := range p.lines {
		if at == plainPlace && i == len(p.lines)-1 {
			last = ""
		}
		dst = append(dst, first...)
		if at == htmlPlace {
			dst = appendHTML(dst, line)
		} else {
			dst = append(dst, line...)
		}
		dst = append(dst, last...)
	}
	return append(dst, end...)
}
