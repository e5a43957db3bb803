package privatepg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install lays programs into a new folder that say they are of that version.
func install(t *testing.T, version string, names ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		script := "#!/bin/sh\necho '" + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheNewestCompleteInstallationOfAPlaceIsTaken(t *testing.T) {
	t.Parallel()
	all := []string{"initdb", "postgres", "pg_ctl"}
	fifteen := install(t, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", all...)
	eighteen := install(t, "postgres (PostgreSQL) 18beta1", all...)
	clientOnly := install(t, "postgres (PostgreSQL) 19.1", "initdb", "pg_ctl")
	tooOld := install(t, "postgres (PostgreSQL) 14.20", all...)
	another := install(t, "something else 20", all...)

	found := inspect([]string{tooOld, fifteen, another, clientOnly, eighteen, "/nowhere"})
	if len(found) != 2 || found[0] != (Binaries{eighteen, 18}) || found[1] != (Binaries{fifteen, 15}) {
		t.Errorf("found %v", found)
	}
}

func TestThePathComesFirst(t *testing.T) {
	dir := install(t, "postgres (PostgreSQL) 16.0", "initdb", "postgres", "pg_ctl")
	t.Setenv("PATH", dir)
	found, err := Find()
	if err != nil || found != (Binaries{dir, 16}) {
		t.Errorf("found %v, %v", found, err)
	}
	if found, err := findMajor(16); err != nil || found.Dir != dir {
		t.Errorf("for version 16 found %v, %v", found, err)
	}
	if _, err := findMajor(11); err == nil || !strings.Contains(err.Error(), "16 in "+dir) {
		t.Errorf("for version 11 the error is %v", err)
	}
}

func TestTheRemedyIsOneLine(t *testing.T) {
	t.Parallel()
	text := ErrNotInstalled.Error()
	if strings.Contains(text, "\n") || !strings.Contains(text, "apt-get install postgresql") || !strings.Contains(text, "version 15 or newer") {
		t.Errorf("the error is %q", text)
	}
}
