package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table prints rows in columns.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		for i, cell := range r {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, cell)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

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
