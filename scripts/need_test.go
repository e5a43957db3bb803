// Package scripts holds what the Makefile runs; here it is tested.
package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a folder in place of /, with a PATH in which apt-get writes down
// what it was asked for.
type machine struct {
	t    *testing.T
	root string
	path string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), path: t.TempDir()}
	for _, name := range []string{"env", "grep", "tee"} {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(m.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.program(m.path, "id", "echo 0")
	m.program(m.path, "apt-get", `echo "$*" >>"$NEED_ROOT/asked"`)
	return m
}

func (m *machine) program(dir, name, body string) {
	m.t.Helper()
	m.file(filepath.Join(dir, name), "#!/bin/sh\n"+body+"\n", 0o755)
}

func (m *machine) file(path, body string, mode os.FileMode) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), mode); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) need(packages ...string) (output string, err error) {
	m.t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"need.sh"}, packages...)...)
	cmd.Env = []string{"PATH=" + m.path, "NEED_ROOT=" + m.root}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// needs is need that must succeed.
func (m *machine) needs(packages ...string) {
	m.t.Helper()
	if out, err := m.need(packages...); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
}

func (m *machine) read(name string) string {
	m.t.Helper()
	b, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return string(b)
}

const (
	asked    = "asked"
	settings = "etc/postgresql-common/createcluster.conf"
	untold   = "# Create a \"main\" cluster\n#create_main_cluster = true\n"
	install  = "install -y -q --no-install-recommends "
)

func TestDebiansPostgreSQLIsFoundThoughItIsNotInThePath(t *testing.T) {
	m := newMachine(t)
	m.program(filepath.Join(m.root, "usr/lib/postgresql/15/bin"), "initdb", "")
	m.needs("postgresql")
	if got := m.read(asked); got != "" {
		t.Errorf("apt-get was asked for %q", got)
	}
}

func TestAClientWithoutTheServerIsNoPostgreSQL(t *testing.T) {
	m := newMachine(t)
	m.program(filepath.Join(m.root, "usr/lib/postgresql/15/bin"), "psql", "")
	m.file(filepath.Join(m.root, settings), untold, 0o644)
	m.needs("postgresql")
	if got := m.read(asked); !strings.HasSuffix(got, install+"postgresql\n") {
		t.Errorf("apt-get was asked for %q", got)
	}
}

func TestDebianIsKeptFromStartingAClusterOfItsOwn(t *testing.T) {
	m := newMachine(t)
	m.file(filepath.Join(m.root, settings), untold, 0o644)
	m.needs("postgresql")
	m.needs("postgresql") // it is still missing here: said once all the same
	if want := untold + "create_main_cluster = false\n"; m.read(settings) != want {
		t.Errorf("the settings are %q", m.read(settings))
	}
	if want := "update -q\n" + install + "postgresql-common\n" + install + "postgresql\n"; m.read(asked) != want+want {
		t.Errorf("apt-get was asked for %q", m.read(asked))
	}
}

func TestWhatTheAdministratorSetForClustersStays(t *testing.T) {
	m := newMachine(t)
	const told = "create_main_cluster = true\n"
	m.file(filepath.Join(m.root, settings), told, 0o644)
	m.needs("postgresql")
	if got := m.read(settings); got != told {
		t.Errorf("the settings are %q", got)
	}
}

func TestACompilerComesWithItsLibrary(t *testing.T) {
	m := newMachine(t)
	m.needs("gcc", "libc6-dev")
	if want := "update -q\n" + install + "gcc libc6-dev\n"; m.read(asked) != want {
		t.Errorf("without both apt-get was asked for %q", m.read(asked))
	}
	m = newMachine(t)
	m.program(m.path, "gcc", "exit 1") // it finds no headers
	m.needs("gcc", "libc6-dev")
	if want := "update -q\n" + install + "libc6-dev\n"; m.read(asked) != want {
		t.Errorf("without headers apt-get was asked for %q", m.read(asked))
	}
	m = newMachine(t)
	m.program(m.path, "gcc", "exit 0")
	m.needs("gcc", "libc6-dev")
	if got := m.read(asked); got != "" {
		t.Errorf("with both apt-get was asked for %q", got)
	}
}

func TestDebiansPgBouncerIsFoundThoughItIsNotInThePath(t *testing.T) {
	m := newMachine(t)
	m.program(filepath.Join(m.root, "usr/sbin"), "pgbouncer", "")
	m.program(m.path, "systemctl", `echo "$*" >"$NEED_ROOT/told"`)
	m.file(filepath.Join(m.root, "run/systemd/system/x"), "", 0o644)
	m.needs("pgbouncer")
	if got := m.read(asked) + m.read("told"); got != "" {
		t.Errorf("apt-get and systemctl were asked for %q", got)
	}
}

func TestAPgBouncerThatComesWithItsPackageDoesNotServe(t *testing.T) {
	m := newMachine(t)
	m.program(m.path, "systemctl", `echo "$*" >"$NEED_ROOT/told"`)
	m.needs("pgbouncer") // no systemd runs here
	if got := m.read(asked) + m.read("told"); got != "update -q\n"+install+"pgbouncer\n" {
		t.Errorf("apt-get and systemctl were asked for %q", got)
	}
	m.file(filepath.Join(m.root, "run/systemd/system/x"), "", 0o644)
	m.needs("pgbouncer")
	if got := m.read("told"); got != "disable --now pgbouncer\n" {
		t.Errorf("systemctl was told %q", got)
	}
}

func TestWhoCannotInstallIsToldWhatToRun(t *testing.T) {
	m := newMachine(t)
	m.program(m.path, "id", "echo 1000") // and there is no sudo
	out, err := m.need("postgresql", "gcc")
	if err == nil || strings.Count(out, "\n") != 1 || !strings.Contains(out, "apt-get install -y --no-install-recommends postgresql gcc") {
		t.Errorf("%v: %q", err, out)
	}
	if got := m.read(asked); got != "" {
		t.Errorf("apt-get was asked for %q", got)
	}
}
