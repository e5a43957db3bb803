package privatepg

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestASecondProcessJoinsAndTheLastOneOutStopsTheServer(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	first := launch(t, folder)
	start := ask(t, first.hears(t, "open"), born)
	second := launch(t, folder)
	url := second.hears(t, "open")
	if got := ask(t, url, born); got != start {
		t.Errorf("the second process has a server of its own, since %s; the first's is since %s", got, start)
	}
	first.leave(t)
	if got := ask(t, url, born); got != start {
		t.Errorf("the server was started again at %s when the first user left", got)
	}
	second.leave(t)
	if running(t, folder) {
		t.Error("the server runs on after the last user left")
	}
}

func TestProcessesThatComeAtOnceToANewFolderShareOneServer(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	others := []*other{launch(t, folder), launch(t, folder), launch(t, folder)}
	births := map[string]bool{}
	for _, o := range others {
		births[ask(t, o.hears(t, "open"), born)] = true
	}
	if len(births) != 1 {
		t.Errorf("%d servers for one folder", len(births))
	}
	for _, o := range others {
		o.leave(t)
	}
}

func TestTheServerStopsWhenItsOnlyUserIsKilled(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	o.hears(t, "open")
	if !running(t, folder) {
		t.Fatal("no server runs")
	}
	o.kill()
	awaitGone(t, folder)
}

func TestTheServerStaysWhenItsStarterIsKilledAndAnotherUsesIt(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	starter := launch(t, folder)
	start := ask(t, starter.hears(t, "open"), born)
	s := open(t, folder)
	starter.kill()
	third := launch(t, folder) // is counted by a watcher that has seen the death
	if got := ask(t, third.hears(t, "open"), born); got != start {
		t.Errorf("the server was started again at %s", got)
	}
	third.kill()
	if got := ask(t, s.URL(""), born); got != start {
		t.Errorf("the server was started again at %s", got)
	}
}

func TestWhoComesWhileTheServerStopsGetsOneThatStays(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	for range 5 {
		o := launch(t, folder)
		o.hears(t, "open")
		o.kill() // from now on the watcher is about to stop it
		s := open(t, folder)
		start := ask(t, s.URL(""), born)
		joined := open(t, folder) // an answer from the watcher: whatever it did, it has done
		if got := ask(t, s.URL(""), born); got != start {
			t.Errorf("the server went away under its user")
		}
		closed(t, joined)
		closed(t, s)
	}
}

func TestWhoSitsDownAfterTheWatcherSawTheEndIsNotServedByTheOldServer(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	start := ask(t, o.hears(t, "open"), born)

	// Without the pid file the watcher stays between seeing the end and stopping the
	// server, and looks again every second: its only child is sleep(1).
	pidFile := filepath.Join(folder, "data", "postmaster.pid")
	if err := os.Rename(pidFile, pidFile+".away"); err != nil {
		t.Fatal(err)
	}
	shell := strconv.Itoa(watcher(t, folder))
	o.kill()
	if err := until(t.Context(), func() (bool, error) {
		out, err := exec.Command("ps", "-A", "-o", "ppid=").Output()
		return slices.Contains(strings.Fields(string(out)), shell), err
	}); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Server)
	go func() {
		s, err := Open(t.Context(), folder, Options{Settings: quick})
		if err != nil {
			t.Error(err)
		}
		opened <- s
	}()
	if err := os.Rename(pidFile+".away", pidFile); err != nil {
		t.Fatal(err)
	}
	s := <-opened
	if s == nil {
		return
	}
	if got := ask(t, s.URL(""), born); got == start {
		t.Error("this server is about to be stopped")
	}
	closed(t, s)
}

func TestAKilledInitdbLeavesAFolderThatOpens(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := until(ctx, func() (bool, error) {
		_, err := os.Stat(filepath.Join(folder, "data.new", "PG_VERSION"))
		return err == nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	o.kill()
	ask(t, open(t, folder).URL(""), born)
}

func TestAServerThatWasKilledIsStartedAgainByTheNext(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	start := ask(t, o.hears(t, "open"), born)
	kill(t, postmaster(t, folder))
	s := open(t, folder)
	if got := ask(t, s.URL(""), born); got == start {
		t.Error("this is the server that was killed")
	}
	o.kill() // its watcher must not take the new server for its own
	if err := do(t, s.URL(""), `SELECT 1`); err != nil {
		t.Error(err)
	}
}

func TestAServerThatLostItsWatcherIsReplacedWhenUnused(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	start := ask(t, o.hears(t, "open"), born)
	kill(t, watcher(t, folder))
	o.kill()
	s := open(t, folder)
	if got := ask(t, s.URL(""), born); got == start {
		t.Error("nobody watches this server")
	}
	closed(t, s)
	if running(t, folder) {
		t.Error("the server runs on")
	}
}

func TestCtrlCReachesTheCommandAndNotTheDatabase(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	o := launch(t, folder)
	url := o.hears(t, "open")
	start := ask(t, url, born)
	if err := syscall.Kill(-o.cmd.Process.Pid, syscall.SIGINT); err != nil { // as the terminal does
		t.Fatal(err)
	}
	if server, err := syscall.Getpgid(postmaster(t, folder)); err != nil || server == o.cmd.Process.Pid {
		t.Errorf("the server is in the command's process group %d (%v)", server, err)
	}
	if got := ask(t, url, born); got != start {
		t.Errorf("the server was started again at %s", got)
	}
	o.leave(t)
}

func TestClosingTwiceIsClosingOnce(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	s, again := open(t, folder), open(t, folder)
	closed(t, s)
	closed(t, s)
	ask(t, again.URL(""), born)
}

func TestOpeningEndsWithItsContext(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	if err := os.Mkdir(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	gate, err := tryLock(filepath.Join(folder, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock(gate)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, folder, Options{}); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("the error is %v", err)
	}
}

// postmaster is the server's process id.
func postmaster(t *testing.T, folder string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// watcher is the process id of the folder's watcher: the shell whose command line
// names the folder.
func watcher(t *testing.T, folder string) int {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "pid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[1] == "/bin/sh" && strings.Contains(line, folder) {
			pid, err := strconv.Atoi(fields[0])
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("no watcher found")
	return 0
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
