package register

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Positions knows where each value of a register file stands.
type Positions struct {
	name   string
	lines  []string
	places map[string]place
}

type place struct{ line, column int }

func newPositions(name string, body []byte) *Positions {
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	return &Positions{name: name, lines: strings.Split(text, "\n"), places: map[string]place{}}
}

// Find gives line and column, both from 1, of the value at a path such as
// activities[0].purposes[1].basis, and the lines around it with a mark. Where
// the file has nothing at that path, it gives the nearest place around it:
// there is where a missing value goes.
func (p *Positions) Find(path string) (line, column int, excerpt string) {
	for at := path; at != ""; at = parent(at) {
		if found, ok := p.places[at]; ok {
			return found.line, found.column, p.excerpt(found.line, found.column)
		}
	}
	return 1, 1, p.excerpt(1, 1)
}

// parent is a path without its last key or index.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// noteKey notes where a key stands. It is the place of lists and maps.
func (p *Positions) noteKey(path string, tk *token.Token) {
	p.places[path] = place{tk.Position.Line, tk.Position.Column}
}

// noteValue notes where a value stands: a word or a number itself, what holds
// other values at its key or, in a list, at its first key.
func (p *Positions) noteValue(path string, n ast.Node) {
	_, known := p.places[path]
	var tk *token.Token
	switch v := n.(type) {
	case nil, *ast.NullNode, *ast.AnchorNode, *ast.TagNode, *ast.SequenceNode, *ast.LiteralNode:
		if known || n == nil {
			return
		}
		tk = v.GetToken()
	case ast.MapNode:
		if known {
			return
		}
		tk = firstToken(v, n)
	default:
		tk = v.GetToken()
	}
	p.noteKey(path, tk)
}

func firstToken(m ast.MapNode, n ast.Node) *token.Token {
	if it := m.MapRange(); it.Next() {
		return it.Key().GetToken()
	}
	return n.GetToken()
}

// Lines of a file that are shown before a fault, and how much of each.
const (
	linesBefore = 2
	maxShown    = 120
)

// excerpt shows a line with those before it, its number and a mark.
func (p *Positions) excerpt(line, column int) string {
	if line < 1 || line > len(p.lines) {
		return ""
	}
	var b strings.Builder
	for n := max(1, line-linesBefore); n <= line; n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %4d | %s\n", mark, n, shown(p.lines[n-1]))
	}
	if column <= maxShown {
		fmt.Fprintf(&b, "       | %s^\n", strings.Repeat(" ", max(0, column-1)))
	}
	return b.String()
}

// shown is a line as a terminal may see it: not too long, with nothing in it
// that moves the cursor, and each character one column wide.
func shown(line string) string {
	runes := []rune(line)
	cut := len(runes) > maxShown
	if cut {
		runes = runes[:maxShown]
	}
	for i, c := range runes {
		if unprintable(c) {
			runes[i] = '?'
		}
	}
	if cut {
		return string(runes) + "..."
	}
	return string(runes)
}
