package privatepg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	port       = "5432"             // only a part of the socket's name
	socketName = ".s.PGSQL." + port // PostgreSQL's own
	runPrefix  = "article14-pg-"    // of run folders under the temporary one
)

// makeAsked makes the asked folder and returns its full path. Ours it is alone; but
// when root asks, the server's user has to pass through it.
func makeAsked(dir string) (string, error) {
	asked, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(asked), 0o755); err != nil {
		return "", err
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	switch err := os.Mkdir(asked, mode); {
	case errors.Is(err, fs.ErrExist):
		return asked, nil
	case err != nil:
		return "", err
	}
	return asked, os.Chmod(asked, mode) // whatever the umask is
}

// settle finds where the data of the asked folder are, or shall be, and as whom the
// server runs there.
func settle(asked, elsewhere string) (home string, who account, err error) {
	home = asked
	if target, err := os.Readlink(filepath.Join(asked, "home")); err == nil {
		home = target
	}
	who, err = accountFor(home)
	if err != nil || who.enters(home) {
		return home, who, err
	}
	if home != asked {
		return "", who, fmt.Errorf("%s says that its data are in %s, but user %s cannot enter that: bring it back or make it passable", filepath.Join(asked, "home"), home, who.name)
	}
	if _, err := os.Lstat(filepath.Join(asked, "data")); err == nil {
		return "", who, fmt.Errorf("user %s can no longer enter %s, where its data are: make it and the folders above passable (chmod o+x)", who.name, asked)
	}
	return settleElsewhere(asked, elsewhere)
}

// settleElsewhere puts the data beside the asked folder and leaves a link there.
func settleElsewhere(asked, elsewhere string) (home string, who account, err error) {
	sum := sha256.Sum256([]byte(asked))
	home = filepath.Join(elsewhere, hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(filepath.Dir(elsewhere), 0o755); err != nil { // macOS has no /var/lib
		return "", who, err
	}
	for _, folder := range []string{elsewhere, home} {
		switch err := os.Mkdir(folder, 0o711); {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return "", who, err
		}
		if err := os.Chmod(folder, 0o711); err != nil {
			return "", who, err
		}
	}
	if who, err = accountFor(home); err != nil {
		return "", who, err
	}
	if !who.enters(home) {
		return "", who, fmt.Errorf("user %s, who runs PostgreSQL for root, can enter neither %s nor %s: choose a data folder that it can enter", who.name, asked, home)
	}
	return home, who, os.Symlink(home, filepath.Join(asked, "home"))
}

// fits tells whether the socket's path in that folder is short enough for the system.
// A comma would not do either: lib/pq, as libpq, takes it as the end of a host.
func fits(folder string) bool {
	return !strings.Contains(folder, ",") && len(filepath.Join(folder, socketName)) < len(syscall.RawSockaddrUnix{}.Path)
}

// temporaryFolders may hold a run folder whose place in home has too long a path.
func temporaryFolders() []string { return []string{filepath.Clean(os.TempDir()), "/tmp"} }

// runFolder is the folder of the socket as it really is, or "" if there is none.
func (s *Server) runFolder() string {
	link := filepath.Join(s.home, "run")
	if target, err := os.Readlink(link); err == nil {
		return target
	}
	if _, err := os.Lstat(link); err != nil {
		return ""
	}
	return link
}

// clearRun removes the run folder. A link is followed only to where we put such
// folders: it lies in a folder that may be another user's, and we may be root.
func (s *Server) clearRun() error {
	folder, link := s.runFolder(), filepath.Join(s.home, "run")
	if folder != "" && folder != link && slices.Contains(temporaryFolders(), filepath.Dir(folder)) &&
		strings.HasPrefix(filepath.Base(folder), runPrefix) {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return os.RemoveAll(link)
}

// makeRun makes the run folder for one run of the server. It is filled first and
// handed over last, so that root never writes where another user could lay a link.
func (s *Server) makeRun() error {
	if err := s.clearRun(); err != nil {
		return err
	}
	folder, err := s.makeRunFolder()
	if err != nil {
		return err
	}
	rules := filepath.Join(folder, "hba.conf")
	names := filepath.Join(folder, "ident.conf")
	pipe := filepath.Join(folder, "users")
	if err := os.WriteFile(rules, []byte("local all all peer map=private\n"), 0o600); err != nil {
		return err
	}
	admitted := fmt.Sprintf("private root %[1]s\nprivate \"%[2]s\" %[1]s\n", s.opts.User, s.who.name)
	if err := os.WriteFile(names, []byte(admitted), 0o600); err != nil {
		return err
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return fmt.Errorf("make the pipe %s: %w", pipe, err)
	}
	return s.who.own(rules, names, pipe, folder)
}

// makeRunFolder makes it in home, or where its path is short enough.
func (s *Server) makeRunFolder() (string, error) {
	link := filepath.Join(s.home, "run")
	if fits(link) {
		return link, os.Mkdir(link, 0o700)
	}
	for _, base := range temporaryFolders() {
		if !s.who.enters(base) {
			continue
		}
		folder, err := os.MkdirTemp(base, runPrefix)
		if err != nil {
			return "", err
		}
		if fits(folder) {
			return folder, os.Symlink(folder, link)
		}
		if err := os.Remove(folder); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no folder for the socket: the path of %s is too long or has a comma, and so with the temporary folder; set TMPDIR to a short one", link)
}
