package mailer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/track"
)

// TestListsOfWordsAreComplete holds the lists that figures, metrics and docs go by
// against the constants: a word that is declared and not listed is shown nowhere.
func TestListsOfWordsAreComplete(t *testing.T) {
	declared := constants(t)
	for name, listed := range map[string][]string{
		"AlertKind":     texts(mailer.AlertKinds),
		"DutyState":     texts(mailer.DutyStates),
		"DeliveryState": texts(mailer.DeliveryStates),
		"Way":           texts(mailer.Ways),
		"RequestKind":   texts(mailer.RequestKinds),
		"RequestState":  texts(mailer.RequestStates),
		"RelayState":    texts(deliver.RelayStates),
		"Action":        texts(track.Actions),
		"Wait":          texts(deliver.Waits),
	} {
		slices.Sort(listed)
		if slices.Sort(declared[name]); len(listed) < 2 || !slices.Equal(listed, declared[name]) {
			t.Errorf("%s: listed are %q, declared %q", name, listed, declared[name])
		}
	}
}

func TestEveryAlertAndEveryBlockSaysWhatToDo(t *testing.T) {
	for _, k := range mailer.AlertKinds {
		if k.Remedy() == "" {
			t.Errorf("what should a person do about %s?", k)
		}
	}
	for _, r := range constants(t)["BlockReason"] {
		if ended := strings.HasSuffix(r, "informed") || r == "excused"; !ended && mailer.BlockReason(r).Remedy() == "" {
			t.Errorf("what unblocks %s?", r)
		}
	}
}

func texts[S ~string](words []S) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

// constants gives the constants of the domain that are texts, by their type.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	rooms, failed := filepath.Glob("*/*.go")
	if files = append(files, rooms...); len(files) < 100 {
		t.Fatalf("only %d files of the domain were found: %v, %v", len(files), err, failed)
	}
	out := map[string][]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				kind, named := spec.Type.(*ast.Ident)
				if !named {
					continue
				}
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text, _ := strconv.Unquote(lit.Value)
					out[kind.Name] = append(out[kind.Name], text)
				}
			}
		}
	}
	return out
}
