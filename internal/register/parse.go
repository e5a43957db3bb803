package register

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"article14/mailer"
)

// MaxSize is the most bytes that a register file may have.
const MaxSize = 1 << 20

// maxTokens bounds the work of the YAML parser, which grows faster than the file.
const maxTokens = 50_000

// Parse reads a register file. name is the file's name for messages. The error
// is an [*Error] that lists every fault; the positions are there with a
// register and without.
func Parse(name string, body []byte) (*mailer.Register, *Positions, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	if len(body) > MaxSize {
		p := newPositions(name, nil)
		return nil, p, newError(name, []Fault{{Line: 1, Column: 1,
			Message: fmt.Sprintf("the file has more than %d bytes; a register has no need of that", MaxSize)}})
	}
	positions := newPositions(name, body)
	root, fault := parseYAML(body)
	if fault != nil {
		fault.Excerpt = positions.excerpt(fault.Line, fault.Column)
		return nil, positions, newError(name, []Fault{*fault})
	}
	r := &reader{positions: positions, anchors: anchors(root), left: maxValues}
	reg, _ := read(r, registerShape, "", root)
	if len(r.faults) > 0 {
		return nil, positions, newError(name, r.faults)
	}
	if reg.Controller.Zone != nil {
		reg.Controller.ZoneName = reg.Controller.Zone.String()
	}
	return &reg, positions, nil
}

// parseYAML gives the one document of the file.
func parseYAML(body []byte) (ast.Node, *Fault) {
	if line := firstBadLine(body); line > 0 {
		return nil, &Fault{Line: line, Column: 1, Message: "this line is not in UTF-8; save the file as UTF-8"}
	}
	tokens := lexer.Tokenize(string(body))
	if fault := tooDeep(tokens); fault != nil {
		return nil, fault
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, &Fault{Line: 1, Column: 1, Message: "the file is empty; 'article14 register schema' tells its keys"}
	}
	if len(file.Docs) > 1 && file.Docs[1].Start != nil {
		at := file.Docs[1].Start.Position
		return nil, &Fault{Line: at.Line, Column: at.Column,
			Message: "a second document begins here; a register is one document without '---' in it"}
	}
	return file.Docs[0].Body, nil
}

func firstBadLine(body []byte) int {
	if utf8.Valid(body) {
		return 0
	}
	for i, line := range bytes.Split(body, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

func syntaxFault(err error) *Fault {
	fault := &Fault{Line: 1, Column: 1, Message: "this is not YAML"}
	var at yaml.Error
	if errors.As(err, &at) {
		fault.Message = "this is not YAML: " + at.GetMessage()
		if tk := at.GetToken(); tk != nil {
			fault.Line, fault.Column = tk.Position.Line, tk.Position.Column
		}
	}
	return fault
}

// tooDeep keeps from the parser what it takes minutes for: brackets in
// brackets, and many openings on one line, which stand in each other too.
func tooDeep(tokens token.Tokens) *Fault {
	if len(tokens) > maxTokens {
		at := tokens[maxTokens].Position
		return &Fault{Line: at.Line, Column: at.Column,
			Message: fmt.Sprintf("the file has more than %d parts; a register has no need of that", maxTokens)}
	}
	brackets, openings, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, openings = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			openings++
		}
		indented := tk.Type == token.SequenceEntryType && tk.Position.Column > maxIndent
		if brackets > maxDepth || openings > maxDepth || indented {
			return &Fault{Line: line, Column: tk.Position.Column, Message: "values stand too deep in each other here"}
		}
	}
	return nil
}

// maxIndent is the last column at which a list may begin.
const maxIndent = 200

// anchors finds what aliases refer to.
func anchors(root ast.Node) map[string]ast.Node {
	found := map[string]ast.Node{}
	for _, n := range ast.Filter(ast.AnchorType, root) {
		if a, ok := n.(*ast.AnchorNode); ok {
			found[a.Name.GetToken().Value] = a.Value
		}
	}
	return found
}
