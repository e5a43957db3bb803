package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "article14/"

// Rooms by what they may know. See docs/architecture.md.
var (
	pure = []string{"internal/calendar", "internal/language", "internal/plain", "internal/address", "internal/identity",
		"internal/export", "internal/pacing", "internal/memo", "internal/dkim", "internal/wish", "internal/ses"}
	leaves = []string{"templates", "locales", "migrations"}
)

// steps are the rooms below mailer, with the sisters that each may know. mailer itself
// knows none of them.
var steps = map[string][]string{
	"mailer/accept":   {},
	"mailer/access":   {"mailer/gate", "mailer/rights", "mailer/status"},
	"mailer/assess":   {"mailer/accept", "mailer/plan"},
	"mailer/byhand":   {"mailer/track"},
	"mailer/campaign": {"mailer/byhand", "mailer/complete", "mailer/plan"},
	"mailer/complete": {},
	"mailer/deliver":  {},
	"mailer/exempt":   {},
	"mailer/gate":     {},
	"mailer/plan":     {},
	"mailer/retain":   {},
	"mailer/rights":   {},
	"mailer/status":   {"mailer/accept", "mailer/campaign", "mailer/deliver", "mailer/exempt", "mailer/gate", "mailer/retain", "mailer/track"},
	"mailer/telling":  {},
	"mailer/track":    {"mailer/rights"},
}

// forTests is what the tests of the domain share; nothing else imports it.
const forTests = "mailer/mailertest"

// homes is where each outside library lives; nobody else may import it, and none
// may be imported without a home.
var homes = map[string][]string{
	"github.com/jmoiron/sqlx":             {"internal/postgres"},
	"github.com/lib/pq":                   {"internal/postgres", "internal/privatepg/pgtest", "internal/rig"},
	"github.com/pressly/goose":            {"internal/postgres"},
	"github.com/wneessen/go-mail":         {"internal/relay", "internal/compose"},
	"github.com/nicksnyder/go-i18n":       {"locales"},
	"github.com/BurntSushi/toml":          {"locales"},
	"github.com/go-playground/locales":    {"locales"},
	"github.com/goccy/go-yaml":            {"internal/register", "internal/relay", "internal/hooks"},
	"github.com/emersion/go-smtp":         {"internal/catcher", "internal/door"}, // a toy for trying things out, and a door to the world: they share no limits
	"github.com/emersion/go-imap":         {"internal/door"},
	"github.com/emersion/go-sasl":         {"internal/catcher"},
	"github.com/emersion/go-message":      {"internal/catcher"},
	"github.com/standard-webhooks":        {"internal/door", "internal/hooks"},
	"github.com/rickar/cal":               {"internal/calendar"},
	"github.com/rivo/uniseg":              {"internal/plain", "internal/compose"},
	"github.com/prometheus/client_golang": {"internal/ops", "cmd/article14", "cmd/bench"},
	"github.com/alecthomas/kong":          {"cmd/article14"},
	"github.com/schollz/progressbar":      {"cmd/article14"},
	"golang.org/x/sync":                   {"cmd/article14", "cmd/bench"},
	"golang.org/x/term":                   {"cmd/article14"},
	"golang.org/x/time":                   {"internal/web/portal"},
	"golang.org/x/net/idna":               {"internal/address"},
	"golang.org/x/net/html":               {"internal/compose"},
	"golang.org/x/net/publicsuffix":       {"internal/doctor"},
	"codeberg.org/go-pdf/fpdf":            {"internal/letter"},
	"github.com/danielgtaylor/huma":       {"internal/web/api"},
	"github.com/go-fonts/liberation":      {"internal/letter"},
	"github.com/go-fonts/dejavu":          {"internal/letter"},
	"golang.org/x/image":                  {"internal/letter"},
	"github.com/chromedp":                 {"internal/rig/browser"}, // tests alone
	"golang.org/x/text":                   {"internal/bounce", "internal/identity", "internal/letter", "internal/language", "internal/calendar", "internal/intake", "internal/sample", "internal/web/portal", "internal/wish", "locales"},
}

// TestEveryRoomKnowsOnlyWhomItMayKnow parses the imports of all files that are
// not tests and holds them against the rules of the house.
func TestEveryRoomKnowsOnlyWhomItMayKnow(t *testing.T) {
	arrows := imports(t, "../..")
	seen := 0
	for from, tos := range arrows {
		for _, to := range tos {
			seen++
			if why := forbidden(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
	if len(arrows) < 15 || seen < 100 {
		t.Fatalf("looked at %d packages with %d imports: the test has lost its way to the code", len(arrows), seen)
	}
}

func TestTheRulesOfTheHouseRefuseWhatTheyMust(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"mailer", "article14/internal/postgres"},
		{"mailer", "github.com/lib/pq"},
		{"mailer", "article14/locales"},
		{"mailer", "article14/mailer/deliver"},
		{"mailer/deliver", "article14/mailer/track"},
		{"mailer/track", "article14/internal/postgres"},
		{"mailer/track", "github.com/lib/pq"},
		{"mailer/nobodys", "article14/mailer"},
		{"internal/relay", "article14/mailer/nobodys"},
		{"internal/calendar", "article14/mailer/plan"},
		{"internal/postgres", "article14/mailer/mailertest"},
		{"cmd/article14", "article14/mailer/mailertest"},
		{"internal/calendar", "article14/mailer"},
		{"internal/compose", "article14/internal/relay"},
		{"internal/relay", "github.com/lib/pq"},
		{"internal/web", "article14/internal/postgres"},
		{"locales", "article14/mailer"},
		{"internal/postgres", "article14/cmd/article14"},
		{"internal/web", "github.com/nobody/asked"},
	} {
		if forbidden(c.from, c.to) == "" {
			t.Errorf("%s may import %s, and must not", c.from, c.to)
		}
	}
}

// forbidden says why from may not import to; "" is allowed.
func forbidden(from, to string) string {
	ours, inside := strings.CutPrefix(to, module)
	if rooms := homeOf(to); !inside && strings.Contains(to, ".") && !slices.Contains(rooms, from) {
		return "its home is " + strings.Join(rooms, ", ") + " (none: give it one, and a line in docs/dependencies.md)"
	}
	_, step := steps[from]
	switch {
	case ours == forTests:
		return "tests alone import it"
	case strings.HasPrefix(from, "cmd/"), from == "internal/rig": // the developers' tools, and what these share
		return ""
	case from == "mailer":
		if inside && !slices.Contains(pure, ours) || !inside && strings.Contains(to, ".") {
			return "the domain imports the standard library and the pure packages"
		}
	case strings.HasPrefix(from, "mailer/") && !step && from != forTests:
		return "it is no room of the domain that is listed"
	case strings.HasPrefix(from, "mailer/"):
		if inside && ours != "mailer" && !slices.Contains(pure, ours) && !slices.Contains(steps[from], ours) || !inside && strings.Contains(to, ".") {
			return "a room of the domain imports mailer, the standard library, the pure packages, and the sisters listed"
		}
	case slices.Contains(pure, from):
		if inside {
			return "a pure package imports nothing of the house"
		}
	case slices.Contains(leaves, from):
		if inside && !slices.Contains(pure, ours) {
			return "a leaf imports pure packages alone"
		}
	case inside && !adapterMayKnow(from, ours):
		return "an adapter imports mailer, pure packages and leaves, and no other adapter"
	}
	return ""
}

func homeOf(library string) []string {
	for home, rooms := range homes {
		if library == home || strings.HasPrefix(library, home+"/") {
			return rooms
		}
	}
	return nil
}

func adapterMayKnow(from, to string) bool {
	if _, step := steps[to]; step || to == "mailer" || slices.Contains(pure, to) || slices.Contains(leaves, to) {
		return true
	}
	// web knows its own rooms, and a room its own parts.
	return strings.HasPrefix(from, "internal/") && strings.HasPrefix(to+"/", roomOf(from)+"/")
}

func roomOf(pkg string) string {
	parts := strings.Split(pkg, "/")
	return path.Join(parts[:min(2, len(parts))]...)
}

// mostLines is how large a package grows before it is split along a noun.
const mostLines = 3000

// yetToBeSplit are packages that are larger.
var yetToBeSplit = []string{"cmd/article14", "internal/compose", "internal/postgres"}

// TestNoPackageOutgrowsItsNoun counts lines, tests left out.
func TestNoPackageOutgrowsItsNoun(t *testing.T) {
	lines := map[string]int{}
	eachSource(t, "../..", func(pkg string, src []byte) { lines[pkg] += bytes.Count(src, []byte("\n")) })
	if len(lines) < 30 {
		t.Fatalf("only %d packages were found", len(lines))
	}
	for pkg, n := range lines {
		switch waits := slices.Contains(yetToBeSplit, pkg); {
		case n > mostLines && !waits:
			t.Errorf("%s has %d lines: split it along a noun", pkg, n)
		case n <= mostLines && waits:
			t.Errorf("%s has %d lines: it has been split, so take it off the list", pkg, n)
		}
	}
}

// TestTheImportsHaveNoCircle follows the arrows between rooms. Go forbids circles
// of packages, but not of rooms.
func TestTheImportsHaveNoCircle(t *testing.T) {
	rooms := map[string][]string{}
	for from, tos := range imports(t, "../..") {
		if strings.HasPrefix(from, "internal/") {
			from = roomOf(from)
		}
		for _, to := range tos {
			ours, inside := strings.CutPrefix(to, module)
			if strings.HasPrefix(ours, "internal/") {
				ours = roomOf(ours)
			}
			if inside && ours != from {
				rooms[from] = append(rooms[from], ours)
			}
		}
	}
	state := map[string]int{}
	var visit func(room string, way []string)
	visit = func(room string, way []string) {
		if state[room] == 1 {
			t.Fatalf("a circle: %s", strings.Join(append(way, room), " -> "))
		}
		if state[room] == 2 {
			return
		}
		state[room] = 1
		for _, next := range rooms[room] {
			visit(next, append(way, room))
		}
		state[room] = 2
	}
	for room := range rooms {
		visit(room, nil)
	}
}

// imports gives the imports of every package below root, tests left out.
func imports(t *testing.T, root string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	eachSource(t, root, func(pkg string, src []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), pkg, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[pkg] = append(out[pkg], to)
		}
	})
	return out
}

// walk visits every Go file below root that is no test, with the package that it is of.
func eachSource(t *testing.T, root string, visit func(pkg string, src []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") && file != root {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
