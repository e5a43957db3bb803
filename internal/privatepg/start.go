package privatepg

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed watch.sh
var watchScript string

// start starts the server and its watcher. It takes the lock of the server, held,
// over to them, and returns a seat at the pipe that has to be kept until we have
// been counted: it stands for us from the watcher's first moment on.
func (s *Server) start(ctx context.Context, held *os.File) (seat *os.File, err error) {
	defer func() { err = errors.Join(err, held.Close()) }()
	binaries, err := s.prepareData(ctx, held)
	if err != nil {
		return nil, err
	}
	if err := s.makeRun(); err != nil {
		return nil, fmt.Errorf("prepare the run folder: %w", err)
	}
	output, err := s.openLog()
	if err != nil {
		return nil, err
	}
	reader, seat, err := openPipe(filepath.Join(s.runFolder(), "users"))
	if err != nil {
		return nil, errors.Join(err, output.Close())
	}
	cmd := s.who.command(context.WithoutCancel(ctx), "/bin/sh", s.serverArguments(binaries)...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = []*os.File{held, reader}
	err = cmd.Start()
	if err := errors.Join(err, reader.Close(), output.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), seat.Close())
	}
	go cmd.Wait() // only to reap it; how it fares is told by its lock and its log
	s.opts.Log.Debug("private PostgreSQL started", "folder", s.home, "version", binaries.Major, "pid", cmd.Process.Pid)
	return seat, nil
}

// serverArguments is the command line of the shell that becomes the server.
func (s *Server) serverArguments(binaries Binaries) []string {
	run, data := s.runFolder(), filepath.Join(s.home, "data")
	quoted := `"` + strings.ReplaceAll(run, `"`, `""`) + `"` // an item of PostgreSQL's lists
	args := []string{"-c", watchScript, "sh", run, data, binaries.path("postgres"), "-D", data}
	args = append(args, "-c", "wal_compression="+binaries.compression())
	args = append(args, s.opts.arguments()...)
	for _, setting := range []string{
		"listen_addresses=",
		"port=" + port,
		"unix_socket_directories=" + quoted,
		"unix_socket_permissions=0700",
		"hba_file=" + filepath.Join(run, "hba.conf"),
		"ident_file=" + filepath.Join(run, "ident.conf"),
		"logging_collector=off",
		"log_destination=stderr",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// openPipe opens both ends. The watcher inherits the reader already open: were it to
// open the pipe itself, it would wait for ever if we died before.
func openPipe(path string) (reader, writer *os.File, err error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := syscall.SetNonblock(fd, false); err != nil { // a shell cannot read otherwise
		return nil, nil, errors.Join(err, syscall.Close(fd))
	}
	reader = os.NewFile(uintptr(fd), path)
	writer, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return reader, writer, nil
}

// prepareData makes the cluster if there is none, and returns the binaries for it.
func (s *Server) prepareData(ctx context.Context, held *os.File) (Binaries, error) {
	data := filepath.Join(s.home, "data")
	if _, err := os.Lstat(data); errors.Is(err, fs.ErrNotExist) {
		binaries, err := Find()
		if err != nil {
			return binaries, err
		}
		return binaries, s.initialise(ctx, binaries, held)
	}
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s is no PostgreSQL cluster: %w; choose another folder, or move that one away", data, err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s/PG_VERSION does not name a version: restore the folder from a backup", data)
	}
	return findMajor(major)
}

// initialise makes a cluster with the user's database beside its final place, and
// moves it there when complete: whoever is killed in between leaves nothing that
// could be taken for one.
func (s *Server) initialise(ctx context.Context, binaries Binaries, held *os.File) error {
	fresh := filepath.Join(s.home, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	if err := s.who.own(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", s.opts.User, "-E", "UTF8", "--no-locale", "-A", "peer", "-k"}
	if s.opts.Settings["fsync"] == "off" {
		args = append(args, "-N")
	}
	if err := s.who.run(ctx, held, "", binaries.path("initdb"), args...); err != nil {
		return fmt.Errorf("make the cluster %s: %w", fresh, err)
	}
	if err := s.who.run(ctx, held, "CREATE DATABASE "+s.opts.User+"\n", binaries.path("postgres"),
		"--single", "-D", fresh, "-c", "exit_on_error=on", "-c", "log_checkpoints=off", "postgres"); err != nil {
		return fmt.Errorf("make the database %s: %w", s.opts.User, err)
	}
	if err := os.Rename(fresh, filepath.Join(s.home, "data")); err != nil {
		return err
	}
	return syncFolder(s.home)
}

// syncFolder makes a rename in the folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// openLog begins the log of this run and keeps that of the one before.
func (s *Server) openLog() (*os.File, error) {
	path := filepath.Join(s.home, "server.log")
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
}

// logged is the end of the server's log, for an error text.
func (s *Server) logged() string {
	text, err := os.ReadFile(filepath.Join(s.home, "server.log"))
	if err != nil {
		return "\n\t(its log cannot be read: " + err.Error() + ")"
	}
	return lastLines(text)
}
