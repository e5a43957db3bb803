package compose

import (
	"html"
	"strings"
)

// htmlPart writes blocks as HTML, escaped. A person's values stand in <bdi>, so
// that a name in another script does not turn the line around it.
func htmlPart(blocks []block) string {
	var b strings.Builder
	for _, bl := range blocks {
		htmlBlock(&b, bl)
	}
	return b.String()
}

func htmlBlock(b *strings.Builder, bl block) {
	mark(b, "?", bl.when)
	switch bl.kind {
	case rule:
		b.WriteString("<hr>")
	case title:
		wrap(b, `<h2 id="`+html.EscapeString(bl.anchor)+`">`, bl.runs, "</h2>")
	case heading:
		wrap(b, `<h3 id="`+html.EscapeString(bl.anchor)+`">`, bl.runs, "</h3>")
	case list:
		b.WriteString("<ul>\n")
		for _, item := range bl.items {
			wrap(b, "<li>", item, "</li>\n")
		}
		b.WriteString("</ul>")
	case callout:
		b.WriteString("<div class=\"box\">\n")
		for _, child := range bl.children {
			htmlBlock(b, child)
		}
		b.WriteString("</div>")
	case prose: // its value brings its own tags
		mark(b, "", bl.runs[0].slot)
	case bigDigits: // one touch selects all of it; what is here and not in the frame leaves other texts as they are
		wrap(b, `<p style="font-size:32px;line-height:1.25;margin:16px 0;-webkit-user-select:all;user-select:all">`, bl.runs, "</p>")
	case button:
		b.WriteString(`<p><a class="button"`)
		htmlLink(b, bl.runs[0])
		b.WriteString("</p>")
	default:
		open := "<p>"
		if bl.lang != "" {
			open = `<p lang="` + bl.lang + `">`
		}
		wrap(b, open, bl.runs, "</p>")
	}
	b.WriteString("\n")
	mark(b, "/", bl.when)
}

func wrap(b *strings.Builder, open string, runs []run, end string) {
	b.WriteString(open)
	strong := false
	for _, r := range runs {
		switch {
		case r.strong && !strong:
			b.WriteString("<strong>")
		case strong && !r.strong:
			b.WriteString("</strong>")
		}
		strong = r.strong
		htmlRun(b, r)
	}
	if strong {
		b.WriteString("</strong>")
	}
	b.WriteString(end)
}

func htmlRun(b *strings.Builder, r run) {
	switch r.kind {
	case textRun:
		b.WriteString(html.EscapeString(r.text))
	case slotRun:
		b.WriteString("<bdi>")
		mark(b, "", r.slot)
		b.WriteString("</bdi>")
	case ifRun:
		mark(b, "?", r.slot)
	case endRun:
		mark(b, "/", r.slot)
	case linkRun:
		b.WriteString("<a")
		htmlLink(b, r)
	}
}

// htmlLink writes a link from its attributes on.
func htmlLink(b *strings.Builder, r run) {
	address := html.EscapeString(r.href)
	if r.slot != "" {
		address = slot(r.slot)
	}
	b.WriteString(` href="` + address + `">` + html.EscapeString(r.text) + `</a>`)
}
