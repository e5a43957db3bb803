package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the system's user that the server runs as.
type account struct {
	name       string
	credential *syscall.Credential // nil if it is ourselves
}

// accountFor chooses the server's user for a folder: ourselves, but for root the
// owner of the data that are there, or for a new folder an unprivileged user.
func accountFor(home string) (account, error) {
	self := os.Geteuid()
	if self != 0 {
		return accountOf(user.LookupId(strconv.Itoa(self)))
	}
	var stat syscall.Stat_t
	switch err := syscall.Stat(filepath.Join(home, "data"), &stat); {
	case err == nil && stat.Uid == 0:
		return account{}, fmt.Errorf("%s belongs to root, and PostgreSQL refuses to run as root: give it to another user", filepath.Join(home, "data"))
	case err == nil:
		return accountOf(user.LookupId(strconv.Itoa(int(stat.Uid))))
	case !errors.Is(err, fs.ErrNotExist):
		return account{}, fmt.Errorf("look at %s: %w", filepath.Join(home, "data"), err)
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return accountOf(found, nil)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody: add one with `useradd --system postgres`")
}

// accountOf takes what a look-up in os/user returned.
func accountOf(found *user.User, err error) (account, error) {
	if err != nil {
		return account{}, fmt.Errorf("find the server's user: %w", err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s has no numeric id: %w", found.Name, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s has no numeric group: %w", found.Name, err)
	}
	a := account{name: found.Username}
	if int(uid) != os.Geteuid() {
		a.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return a, nil
}

// own gives the files to the server's user.
func (a account) own(paths ...string) error {
	if a.credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// enters tells whether the server's user gets into the folder. For another user the
// kernel is asked by trying, since mode bits say nothing of ACLs.
func (a account) enters(folder string) bool {
	if a.credential == nil {
		info, err := os.Stat(folder)
		return err == nil && info.IsDir()
	}
	return a.command(context.Background(), "/bin/sh", "-c", `cd -- "$1"`, "sh", folder).Run() == nil
}

// command prepares a process of the server's user: in a session of its own, so that
// signals of our terminal pass it by, and with nothing of our environment that could
// change what it does (PGPORT) or that is none of its business (secrets).
func (a account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C"}
	for _, kept := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(kept); ok {
			cmd.Env = append(cmd.Env, kept+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: a.credential}
	return cmd
}

// run runs one of PostgreSQL's tools to its end; held is inherited, so that the tool
// keeps that lock should we die before it does.
func (a account) run(ctx context.Context, held *os.File, stdin, name string, args ...string) error {
	cmd := a.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if held != nil {
		cmd.ExtraFiles = []*os.File{held}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w%s", filepath.Base(name), err, lastLines(out))
	}
	return nil
}

// lastLines is the end of a program's output, indented for an error text.
func lastLines(output []byte) string {
	const most = 12
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return "\n\t" + strings.Join(lines[max(0, len(lines)-most):], "\n\t")
}
