package licence

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the texts of what is compiled in, as 'make licences' does")

// termsFile is what files with terms are called.
var termsFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)([-_][a-z0-9.-]+)?(\.(txt|md))?$`)

// listed is what 'go list' says of a package.
type listed struct {
	ImportPath, Dir string
	Module          *struct {
		Path, Dir string
		Main      bool
	}
}

// compiledIn are the packages of the program, as it is built for release.
func compiledIn(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Dir,Module", "./cmd/article14")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// wanted are the texts by their place under texts: of each module, what stands in its
// root and in the folders above each package that is used of it.
func wanted(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{Own + "/LICENSE": "../../LICENSE", GoSelf + "/LICENSE": filepath.Join(goroot(t), "LICENSE")}
	modules := map[string]bool{}
	for _, p := range compiledIn(t) {
		if p.Module == nil || p.Module.Main {
			continue
		}
		modules[p.Module.Path] = true
		for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			rel, err := filepath.Rel(p.Module.Dir, dir)
			if err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !e.IsDir() && termsFile.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" {
					out[filepath.ToSlash(filepath.Join(p.Module.Path, rel, e.Name()))] = filepath.Join(dir, e.Name())
				}
			}
		}
	}
	if len(modules) < 30 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	for m := range modules {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(out)), func(file string) bool { return strings.HasPrefix(file, m+"/") }) {
			t.Errorf("%s comes without terms: it must not be used", m)
		}
	}
	return out
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestTheTermsOfEverythingCompiledInTravelWithTheProgram(t *testing.T) {
	want := wanted(t)
	if *update {
		if err := os.RemoveAll("texts"); err != nil {
			t.Fatal(err)
		}
		for file, from := range want {
			body, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join("texts", filepath.FromSlash(file))
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, body, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	have := map[string]bool{}
	err := filepath.WalkDir("texts", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			have[filepath.ToSlash(strings.TrimPrefix(file, "texts"+string(filepath.Separator)))] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, from := range want {
		body, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join("texts", filepath.FromSlash(file)))
		if err != nil || file != GoSelf+"/LICENSE" && !bytes.Equal(kept, body) { // which toolchain builds is not said here
			t.Errorf("%s is not here, or not as it is there now: run 'make licences'", file)
		}
		delete(have, file)
	}
	for file := range have {
		t.Errorf("%s is of nothing that is compiled in: run 'make licences'", file)
	}
}

// fits are terms under which a part may be in a program under Apache-2.0 that is given away as
// one file with these texts. MPL-2.0 binds its own files alone.
var fits = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "patents", "notice", "OFL-1.1", "Bitstream-Vera", "Unicode-3.0", "MPL-2.0"}

func TestAllTermsFitTheProgramsOwn(t *testing.T) {
	texts, err := Texts()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, x := range texts {
		if !slices.Contains(fits, x.Kind) {
			t.Errorf("%s/%s: %q are no terms that somebody has looked at", x.Part, x.File, x.Kind)
		}
		kinds[x.Part+"/"+x.File] = x.Kind
	}
	if texts[0].Part != Own || texts[0].Kind != "Apache-2.0" {
		t.Errorf("the first text is of %s, %s", texts[0].Part, texts[0].Kind)
	}
	for file, want := range map[string]string{
		"github.com/go-fonts/liberation/LICENSE-SIL": "OFL-1.1", "github.com/go-fonts/dejavu/LICENSE-DejaVu": "Bitstream-Vera",
		"github.com/lib/pq/LICENSE": "MIT", "golang.org/x/text/LICENSE": "BSD-3-Clause", "cldr/LICENSE": "Unicode-3.0",
		"publicsuffix/NOTICE": "MPL-2.0", "go/LICENSE": "BSD-3-Clause", "github.com/prometheus/client_golang/LICENSE": "Apache-2.0",
	} {
		if kinds[file] != want {
			t.Errorf("%s is %q, want %q", file, kinds[file], want)
		}
	}
}

func TestTermsThatNobodyKnowsHaveNoKind(t *testing.T) {
	for _, text := range []string{"", "GNU GENERAL PUBLIC LICENSE Version 3", "All rights reserved.", "Attribution-NoDerivatives 4.0 International"} {
		if kind := KindOf(text); kind != "" {
			t.Errorf("%q is taken for %s", text, kind)
		}
	}
}
