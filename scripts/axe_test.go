package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// axe runs axe.sh with an npm of our own and a cache of our own.
func axe(t *testing.T, cache, npm string) (output string, err error) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\n"+npm+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "axe.sh")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "XDG_CACHE_HOME="+cache, "HOME="+cache)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// packed is an npm that packs what it is told to, as "npm pack" does.
const packed = `while [ "$1" != --pack-destination ]; do shift; done; echo whole >"$2/$(echo "$3" | tr @ -).tgz"`

func TestAxeIsFetchedOnceAndLiesInTheCacheWhole(t *testing.T) {
	cache := t.TempDir()
	for _, npm := range []string{packed, "exit 1"} { // the second time nobody is asked
		if out, err := axe(t, cache, npm); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	var names []string
	err := filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil || len(names) != 1 || !strings.HasPrefix(names[0], "axe-core-") || !strings.HasSuffix(names[0], ".tgz") {
		t.Errorf("the cache holds %q, %v", names, err)
	}
}

func TestAnAxeThatCannotBeFetchedIsSaidAndLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	out, err := axe(t, cache, "exit 1")
	if err == nil || !strings.Contains(out, "npm could not fetch axe-core") {
		t.Errorf("%v: %q", err, out)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "article14", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
