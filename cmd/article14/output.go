package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// pageWidth is how many columns a page for people takes at most.
const pageWidth = 100

// table prints rows in columns. The last cell of a row takes what is left of the
// line, and goes on below itself where that does not suffice.
func table(w io.Writer, rows [][]string) {
	var widths []int
	for _, r := range rows {
		for i, cell := range r[:max(len(r)-1, 0)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, r := range rows {
		indent := 0
		var line strings.Builder
		for i, cell := range r[:max(len(r)-1, 0)] {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			indent += widths[i] + 2
		}
		last := []string{""}
		if len(r) > 0 {
			last = wrap(r[len(r)-1], pageWidth-indent)
		}
		for i, more := range last {
			if i > 0 {
				line.WriteString("\n" + strings.Repeat(" ", indent))
			}
			line.WriteString(more)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// sentences prints texts for people, each beginning with its lead, within the page.
func sentences(w io.Writer, lead, text string) {
	for i, line := range wrap(text, pageWidth-len(lead)) {
		if i > 0 {
			lead = strings.Repeat(" ", len(lead))
		}
		fmt.Fprintln(w, lead+line)
	}
}

// quoted is something to paste, with the flag that it belongs to: 'contact tell ID',
// --dates 'DD MMM YYYY'.
var quoted = regexp.MustCompile(`(?:--[a-z-]+ )?\B'[^']{1,60}'`)

// wrap breaks a text into lines of at most width characters, at spaces; a word that
// is longer, such as an address to copy, and what stands in quotes stay whole. A text
// that fits stays as it is.
func wrap(text string, width int) []string {
	if utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	width -= len(indent)
	var lines []string
	line, long := "", 0
	const stays = "\uE000" // a space that is no place to break; nobody's text has it
	text = quoted.ReplaceAllStringFunc(text, func(s string) string { return strings.ReplaceAll(s, " ", stays) })
	for word := range strings.FieldsSeq(text) {
		word = strings.ReplaceAll(word, stays, " ")
		n := utf8.RuneCountInString(word)
		if line != "" && long+1+n > width {
			lines, line, long = append(lines, indent+line), "", 0
		}
		if line != "" {
			line, long = line+" ", long+1
		}
		line, long = line+word, long+n
	}
	return append(lines, indent+line)
}

// counted is a number of things, the last of its name changed where there is one only.
func counted(n int64, one, many string) string { return number(n) + " " + either(n, one, many) }

// either is the word for one, or the one for several.
func either(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func duties(n int64) string { return counted(n, "duty", "duties") }

// progress shows how far long work is: a bar on a terminal, a line every few
// seconds elsewhere.
type progress struct {
	bar  *progressbar.ProgressBar
	w    io.Writer
	what string
	last time.Time // when a line was printed
	said int64     // what it said
	n    int64     // how far it is
	max  int64
}

func newProgress(w io.Writer, what string, max int64) *progress {
	p := &progress{w: w, what: what, max: max, said: -1, n: -1}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(max, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// plainEvery is how often a progress line is printed where there is no terminal.
const plainEvery = 5 * time.Second

func (p *progress) set(n int64) {
	p.n = n
	if p.bar != nil {
		p.bar.Set64(n)
		return
	}
	if now := time.Now(); now.Sub(p.last) >= plainEvery {
		p.last = now
		p.say()
	}
}

func (p *progress) say() {
	p.said = p.n
	if p.max > 0 {
		fmt.Fprintf(p.w, "%s: %d of %d\n", p.what, p.n, p.max)
	} else {
		fmt.Fprintf(p.w, "%s: %d\n", p.what, p.n)
	}
}

// done ends it; the last line is how far it came.
func (p *progress) done() {
	switch {
	case p.bar != nil:
		p.bar.Finish()
	case p.said != p.n:
		p.say()
	}
}
