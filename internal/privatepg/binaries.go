package privatepg

import (
	"debug/elf"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Binaries is one installed PostgreSQL.
type Binaries struct {
	Dir   string // holds initdb, postgres and pg_ctl
	Major int    // 17 for PostgreSQL 17.2
}

// compression is how the server shall compress pages in its log: by lz4, which costs
// a fifth of PostgreSQL's own, where it was built with that.
func (b Binaries) compression() string {
	program, err := elf.Open(b.path("postgres"))
	if err != nil { // not Linux
		return "pglz"
	}
	defer program.Close()
	libraries, err := program.ImportedLibraries()
	if err == nil && slices.ContainsFunc(libraries, func(l string) bool { return strings.HasPrefix(l, "liblz4.") }) {
		return "lz4"
	}
	return "pglz"
}

// oldestMajor has every setting and statement that we and the schema rely on;
// the latest of them is UNIQUE NULLS NOT DISTINCT.
const oldestMajor = 15

// ErrNotInstalled says that no usable PostgreSQL was found, and how to get one.
var ErrNotInstalled = errors.New("no PostgreSQL server of version " + strconv.Itoa(oldestMajor) +
	" or newer is installed: run `apt-get install postgresql` (Debian, Ubuntu)," +
	" `dnf install postgresql-server` (Fedora) or `brew install postgresql@17` (macOS)")

// Find returns the installed PostgreSQL to use for a new folder: the one in PATH,
// else the newest of Debian's, that of pg_config, or the newest of Homebrew and of
// other usual places. The error, ErrNotInstalled, says what to install and how.
func Find() (Binaries, error) {
	for _, group := range places() {
		if found := inspect(group); len(found) > 0 {
			return found[0], nil
		}
	}
	return Binaries{}, ErrNotInstalled
}

// findMajor returns an installed PostgreSQL that can open a cluster of that major
// version; no other can.
func findMajor(major int) (Binaries, error) {
	var others []string
	for _, group := range places() {
		for _, b := range inspect(group) {
			if b.Major == major {
				return b, nil
			}
			others = append(others, fmt.Sprintf("%d in %s", b.Major, b.Dir))
		}
	}
	if len(others) == 0 {
		return Binaries{}, ErrNotInstalled
	}
	return Binaries{}, fmt.Errorf("the data were made by PostgreSQL %d, but installed is only %s:"+
		" install version %d beside it, or move the data with pg_upgrade", major, strings.Join(others, ", "), major)
}

// places lists folders that may hold the binaries, in groups of equal rank.
func places() [][]string {
	groups := [][]string{nil, glob("/usr/lib/postgresql/*/bin"), nil,
		glob("/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"),
		glob("/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/local/pgsql/bin")}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			groups[0] = []string{filepath.Dir(real)}
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		groups[2] = []string{strings.TrimSpace(string(out))}
	}
	return groups
}

// glob lists what matches any of the patterns.
func glob(patterns ...string) (found []string) {
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			panic(err) // only a malformed pattern is an error
		}
		found = append(found, matches...)
	}
	return found
}

// inspect returns the usable installations among the folders, newest first.
func inspect(folders []string) (found []Binaries) {
	for _, dir := range folders {
		if major := majorOf(dir); major >= oldestMajor {
			found = append(found, Binaries{Dir: dir, Major: major})
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int { return b.Major - a.Major })
	return found
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// majorOf asks the server in dir for its version; 0 if it is not complete there.
func majorOf(dir string) int {
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return 0
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}

func (b Binaries) path(name string) string { return filepath.Join(b.Dir, name) }
