package register

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxValues bounds the values that are read, those behind aliases counted each
// time: a few lines of aliases on aliases could stand for billions.
const maxValues = 50_000

// maxDepth bounds how deep values stand in each other. The deepest that the
// register has is five.
const maxDepth = 16

// reader walks a YAML file once, notes where each value stands, and collects
// what is wrong.
type reader struct {
	positions *Positions
	anchors   map[string]ast.Node
	faults    []Fault
	left      int // values that may still be read
}

// entry is one line of a map.
type entry struct {
	name  string
	path  string
	value ast.Node
}

func (r *reader) refuse(path, format string, args ...any) {
	line, col, excerpt := r.positions.Find(path)
	r.faults = append(r.faults, Fault{Line: line, Column: col, Path: path,
		Message: fmt.Sprintf(format, args...), Excerpt: excerpt})
}

// settle notes a value's place and gives the value that stands behind anchors,
// aliases and tags.
func (r *reader) settle(path string, n ast.Node) (ast.Node, bool) {
	r.positions.noteValue(path, n)
	for range maxDepth {
		if r.left--; r.left < 0 {
			r.tooMany(path)
			return nil, false
		}
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			target, known := r.anchors[v.Value.GetToken().Value]
			if !known {
				r.refuse(path, "refers to an anchor that is nowhere above")
				return nil, false
			}
			n = target
		case nil, *ast.NullNode:
			r.refuse(path, "is empty; give it a value, or leave the key out")
			return nil, false
		default:
			return n, true
		}
	}
	r.refuse(path, "stands behind too many aliases")
	return nil, false
}

// tooMany says once that the file is larger than what is read of it.
func (r *reader) tooMany(path string) {
	if r.left == -1 {
		r.refuse(path, "is value number %d, aliases counted each time; the rest is not read", maxValues+1)
	}
}

// entries gives the lines of a map, without those whose key stands there twice.
// want says what the map holds, for who has written something else.
func (r *reader) entries(path string, n ast.Node, want string) ([]entry, bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.refuse(path, "must hold %s", want)
		return nil, false
	}
	var entries []entry
	firstLine := map[string]int{}
	for it := m.MapRange(); it.Next(); {
		name, ok := keyName(it.Key())
		if !ok {
			r.positions.noteKey(join(path, "?"), it.Key().GetToken())
			r.refuse(join(path, "?"), "is no plain key; merge keys and keys made of several values are not read")
			continue
		}
		e := entry{name: name, path: join(path, name), value: it.Value()}
		tk := it.Key().GetToken()
		if line, twice := firstLine[name]; twice {
			r.refuseSecond(e.path, tk, line)
			continue
		}
		firstLine[name] = tk.Position.Line
		r.positions.noteKey(e.path, tk)
		entries = append(entries, e)
	}
	return entries, true
}

// refuseSecond shows the second of two equal keys, which the path no longer finds.
func (r *reader) refuseSecond(path string, tk *token.Token, firstLine int) {
	at := tk.Position
	r.faults = append(r.faults, Fault{Line: at.Line, Column: at.Column, Path: path,
		Message: fmt.Sprintf("stands here a second time; the first is on line %d", firstLine),
		Excerpt: r.positions.excerpt(at.Line, at.Column)})
}

// keyName is the text of a key, as written, so that 14.1 stays 14.1.
func keyName(k ast.MapKeyNode) (string, bool) {
	switch k.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// join makes a path of a path and a key.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// scalar is a value's text as written: a country is NO and not false, a phone
// number keeps its plus.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.LiteralNode:
		return strings.TrimRight(v.Value.Value, "\n"), true
	case *ast.StringNode:
		return v.Value, true
	case ast.ScalarNode:
		return v.GetToken().Value, true
	}
	return "", false
}
