package privatepg

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
)

// roleFolder is set for the second process of a test: this binary, run again as a
// command that opens that folder.
const roleFolder = "PRIVATEPG_TEST_FOLDER"

func TestMain(m *testing.M) {
	if folder, ok := os.LookupEnv(roleFolder); ok {
		os.Exit(beACommand(folder))
	}
	m.Run()
}

// quick leaves out what protects data from power cuts.
var quick = map[string]string{"fsync": "off", "shared_buffers": "16MB"}

// beACommand opens the folder, says so, and leaves when its standard input ends. It
// outlives Ctrl-C, like a command that shuts down gracefully.
func beACommand(folder string) int {
	signal.Ignore(os.Interrupt)
	s, err := Open(context.Background(), folder, Options{Settings: quick})
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("open", s.URL(""))
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	if err := s.Close(); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("closed")
	return 0
}

// other is another process that uses a folder.
type other struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

// launch starts another process on the folder, in a process group of its own.
func launch(t *testing.T, folder string) *other {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleFolder+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &other{cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
	t.Cleanup(o.kill)
	return o
}

// hears waits for the next line and returns what stands behind the word.
func (o *other) hears(t *testing.T, word string) string {
	t.Helper()
	if !o.lines.Scan() {
		t.Fatalf("the other process ended before it said %q: %v", word, o.lines.Err())
	}
	rest, ok := strings.CutPrefix(o.lines.Text(), word)
	if !ok {
		t.Fatalf("the other process said %q, want %q", o.lines.Text(), word)
	}
	return strings.TrimSpace(rest)
}

// leave has the other process close the server.
func (o *other) leave(t *testing.T) {
	t.Helper()
	if err := o.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	o.hears(t, "closed")
}

// kill is SIGKILL; killing the dead does nothing.
func (o *other) kill() {
	o.cmd.Process.Kill()
	o.cmd.Wait()
}

// newFolder is a folder for a server that any user can enter, unlike t.TempDir(), and
// whose server is gone when the test is over.
func newFolder(t *testing.T) string {
	t.Helper()
	base, err := os.MkdirTemp("", "privatepg-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(base, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	folder := filepath.Join(base, "pg")
	t.Cleanup(func() { awaitGone(t, folder) })
	return folder
}

// awaitGone waits until nothing runs in the folder any more.
func awaitGone(t *testing.T, home string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(home, "server.log")); err != nil {
		return // nothing was ever started there
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	held, err := lock(ctx, filepath.Join(home, "server.lock"), syscall.LOCK_EX)
	if err != nil {
		t.Errorf("the server in %s does not stop: %v", home, err)
		return
	}
	if err := unlock(held); err != nil {
		t.Error(err)
	}
}

// running tells whether a server runs in the folder.
func running(t *testing.T, home string) bool {
	t.Helper()
	alive, err := (&Server{home: home}).alive()
	if err != nil {
		t.Fatal(err)
	}
	return alive
}

// open opens the folder in this process.
func open(t *testing.T, folder string) *Server {
	t.Helper()
	s, err := Open(t.Context(), folder, Options{Settings: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// ask runs a query that has one value.
func ask(t *testing.T, url, query string) (answer string) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

// do runs a statement.
func do(t *testing.T, url, statement string) error {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// born tells one run of a server from another.
const born = `SELECT pg_postmaster_start_time()`
