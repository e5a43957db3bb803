package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// patience is how long we wait for what takes milliseconds when all is well: the
// watcher's answer, or the end of a server that was told to stop (it writes out
// its buffers first).
const patience = time.Minute

// Server is one user's hold on the private PostgreSQL of a folder.
type Server struct {
	asked string // the folder that was asked for
	home  string // the folder where the data are
	who   account
	opts  Options

	users *os.File // users.lock, shared
	seat  *os.File // the write end of run/users
	run   string   // the folder of the socket

	leaving sync.Once
	left    error
}

// Open returns the private PostgreSQL of dir, ready for sessions. The folder is made if
// missing, and should hold nothing else; the server is started, or joined if another
// command runs it. ctx bounds the opening only. Call Close when done; a process that
// dies has left all the same.
func Open(ctx context.Context, dir string, opts Options) (*Server, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	asked, err := makeAsked(dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL in %s: %w", dir, err)
	}
	s := &Server{asked: asked, opts: opts}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("private PostgreSQL in %s: %w", asked, err)
	}
	return s, nil
}

// open comes in, under the lock of those who come and go.
func (s *Server) open(ctx context.Context) (err error) {
	gate, err := lock(ctx, filepath.Join(s.asked, "start.lock"), syscall.LOCK_EX)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: it is another user's; run this as that user or choose another data folder", err)
	}
	if err != nil {
		return fmt.Errorf("wait while another command starts or stops it: %w", err)
	}
	defer func() { err = errors.Join(err, unlock(gate)) }()
	if s.home, s.who, err = settle(s.asked, s.opts.Elsewhere); err != nil {
		return err
	}
	if s.users, err = lock(ctx, s.path("users.lock"), syscall.LOCK_SH); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return errors.Join(err, s.leave())
	}
	return nil
}

// errGone says that a server ended where one was about to be used.
var errGone = errors.New("the server stopped while it was awaited")

// enter takes a seat at the running server, or starts one and does so then. A server
// that was killed may still look alive until its last process has noticed; the next
// turn starts another.
func (s *Server) enter(ctx context.Context) error {
	for {
		held, err := tryLock(s.path("server.lock"), syscall.LOCK_EX)
		if err != nil {
			return err
		}
		if held != nil {
			return s.startAndJoin(ctx, held)
		}
		joined, err := s.join(ctx)
		if err != nil {
			return err
		}
		if !joined {
			err = s.awaitEnd(ctx)
		} else if err = s.awaitReady(ctx); err == nil {
			return nil
		}
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
}

// startAndJoin starts the server, whose lock we hold.
func (s *Server) startAndJoin(ctx context.Context, held *os.File) error {
	first, err := s.start(ctx, held)
	if err != nil {
		return err
	}
	joined, err := s.join(ctx)
	if err == nil && !joined {
		err = errGone
	}
	if err == nil {
		err = s.awaitReady(ctx)
	}
	if errors.Is(err, errGone) {
		err = fmt.Errorf("%w; its log ends with%s", err, s.logged())
	}
	return errors.Join(err, first.Close())
}

// join takes a seat at the pipe and waits until the watcher has counted us. It returns
// false if there is no watcher, or no server, any more.
//
// The order matters: seat, then removal, then line. If "counted" is there again, the
// watcher made it when we already sat, whosever line it answered.
func (s *Server) join(ctx context.Context) (bool, error) {
	run := s.runFolder()
	seat, err := os.OpenFile(filepath.Join(run, "users"), os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENXIO) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	counted, err := s.beCounted(ctx, seat, filepath.Join(run, "counted"))
	if err != nil || !counted {
		return false, errors.Join(err, seat.Close())
	}
	if s.seat != nil { // at a server that is gone
		err = s.seat.Close()
	}
	s.seat, s.run = seat, run
	return true, err
}

// beCounted writes the line and waits for the answer.
func (s *Server) beCounted(ctx context.Context, seat *os.File, answer string) (counted bool, err error) {
	if err := os.Remove(answer); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if _, err := seat.WriteString("\n"); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			return false, nil
		}
		return false, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("its watcher does not answer: stop all commands on this folder and try again"))
	defer cancel()
	err = until(ctx, func() (bool, error) {
		if _, err := os.Lstat(answer); err == nil {
			counted = true
			return true, nil
		}
		// Another line does no harm, and tells of a watcher that died with ours unread.
		if _, err := seat.WriteString("\n"); errors.Is(err, syscall.EPIPE) {
			return true, nil
		}
		alive, err := s.alive()
		return !alive, err
	})
	return counted, err
}

// alive tells whether the server, or a tool of ours, runs in the folder. Only for
// those who hold start.lock: to ask is to take the server's lock for an instant.
func (s *Server) alive() (bool, error) {
	held, err := tryLock(s.path("server.lock"), syscall.LOCK_EX)
	if err != nil || held == nil {
		return true, err
	}
	return false, unlock(held)
}

// awaitReady waits until the server takes sessions. After a crash it recovers first,
// which takes as long as it takes: only ctx and the server's death end the wait.
func (s *Server) awaitReady(ctx context.Context) error {
	return until(ctx, func() (bool, error) {
		if ready(ctx, s.run, s.opts.User) {
			return true, nil
		}
		alive, err := s.alive()
		if err == nil && !alive {
			err = errGone
		}
		return false, err
	})
}

// awaitEnd waits for a server that nobody watches to be gone. Most likely the watcher has
// just told it to stop. If it was the watcher that was killed, we tell the server
// ourselves, provided that nobody uses it.
func (s *Server) awaitEnd(ctx context.Context) error {
	if alone, err := s.alone(); err != nil {
		return err
	} else if alone {
		s.stopUnwatched(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("a server without its watcher runs there and does not stop: stop all commands on this folder and try again"))
	defer cancel()
	return until(ctx, func() (bool, error) {
		alive, err := s.alive()
		return !alive, err
	})
}

// stopUnwatched has pg_ctl send the signal, as the server's user: root does not kill
// by the word of a file that another user can write. That there is none to be stopped
// (a left-over initdb may hold the lock) is no fault, and the wait tells the rest.
func (s *Server) stopUnwatched(ctx context.Context) {
	binaries, err := Find()
	if err == nil {
		err = s.who.run(ctx, nil, "", binaries.path("pg_ctl"), "stop", "-m", "fast", "-W", "-D", s.path("data"))
	}
	if err != nil {
		s.opts.Log.Debug("no unwatched PostgreSQL was stopped", "folder", s.home, "error", err)
	}
}

// alone tells whether we are the only user; for those who hold start.lock.
func (s *Server) alone() (bool, error) {
	err := flock(s.users, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		// A conversion that fails may have lost the shared lock.
		return false, flock(s.users, syscall.LOCK_SH)
	}
	if err != nil {
		return false, err
	}
	return true, flock(s.users, syscall.LOCK_SH)
}

// Home is the folder where the data really are: the asked one, or for root perhaps
// another (see the package's comment).
func (s *Server) Home() string { return s.home }

// URL is the address of a database of the server, for lib/pq and its like. The database
// named like Options.User always exists; an empty name means that one.
func (s *Server) URL(database string) string {
	if database == "" {
		database = s.opts.User
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(s.opts.User),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.run}, "port": {port}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Close leaves the server. The last user's Close returns when the server has stopped,
// by a fast shutdown that ends open sessions; any other's returns at once.
func (s *Server) Close() error {
	s.leaving.Do(func() {
		if err := s.close(); err != nil {
			s.left = fmt.Errorf("private PostgreSQL in %s: %w", s.asked, err)
		}
	})
	return s.left
}

func (s *Server) close() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	gate, err := lock(ctx, filepath.Join(s.asked, "start.lock"), syscall.LOCK_EX)
	if err != nil { // somebody comes in for a long time: he is the last then, not we
		return s.leave()
	}
	defer func() { err = errors.Join(err, unlock(gate)) }()
	alone, err := s.alone()
	if err := errors.Join(err, s.leave()); err != nil || !alone {
		return err
	}
	if err := until(ctx, func() (bool, error) {
		alive, err := s.alive()
		return !alive, err
	}); err != nil {
		return fmt.Errorf("wait for the server to stop: %w", err)
	}
	s.opts.Log.Debug("private PostgreSQL stopped", "folder", s.home)
	return s.clearRun()
}

// leave gives the seat and the share in users.lock back.
func (s *Server) leave() error {
	var err error
	if s.seat != nil {
		err = s.seat.Close()
	}
	return errors.Join(err, unlock(s.users))
}

func (s *Server) path(name string) string { return filepath.Join(s.home, name) }
