package rig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"

	"article14/internal/privatepg"
)

// Server is a private PostgreSQL of a tool's own.
type Server struct {
	Admin   *sql.DB
	folder  string
	options privatepg.Options
	private *privatepg.Server
}

// OpenServer starts one in a folder that is there and nobody else's; settings are put
// over the program's own. Close stops it and removes its data.
func OpenServer(ctx context.Context, folder string, settings map[string]string) (*Server, error) {
	if err := os.Chmod(folder, 0o711); err != nil { // for root the server is another user, who has to pass through
		return nil, err
	}
	s := &Server{folder: folder, options: privatepg.Options{Elsewhere: folder, Settings: settings}}
	var err error
	if s.private, err = s.open(ctx); err != nil {
		return nil, err
	}
	if s.Admin, err = sql.Open("postgres", s.URL("")); err != nil {
		return nil, errors.Join(err, s.private.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (*privatepg.Server, error) {
	return privatepg.Open(ctx, filepath.Join(s.folder, "pg"), s.options)
}

// URL is the address of a database; it stays the same when the server is restarted.
func (s *Server) URL(database string) string { return s.private.URL(database) }

// Home is the folder of the data.
func (s *Server) Home() string { return s.private.Home() }

// Close stops the server and removes its data.
func (s *Server) Close() error {
	return errors.Join(s.Admin.Close(), s.private.Close(), os.RemoveAll(s.Home()))
}

// Postmaster reads the process id that PostgreSQL leaves in its folder.
func (s *Server) Postmaster() (int, error) {
	b, err := os.ReadFile(filepath.Join(s.Home(), "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strconv.Atoi(first)
}

// Restart stops the server by a signal (SIGINT: fast, SIGQUIT: at once, as in a crash)
// and starts it again. Sessions end; databases stay where they were.
func (s *Server) Restart(ctx context.Context, signal syscall.Signal) error {
	if err := s.Halt(ctx, signal); err != nil {
		return err
	}
	return s.Revive(ctx)
}

// Halt stops the server by a signal, as Restart does, until Revive.
func (s *Server) Halt(ctx context.Context, signal syscall.Signal) error {
	pid, err := s.Postmaster()
	if err == nil {
		err = syscall.Kill(pid, signal)
	}
	if err == nil {
		err = gone(ctx, pid)
	}
	if err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// gone waits for the end of a process.
func gone(ctx context.Context, pid int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Revive starts a server again that has ended. One that lives is left as it is.
func (s *Server) Revive(ctx context.Context) error {
	again, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("start PostgreSQL again: %w", err)
	}
	was := s.URL("")
	left := s.private.Close()
	if s.private = again; s.URL("") != was {
		return fmt.Errorf("the restarted PostgreSQL is at %s and was at %s: choose a folder with a shorter path", s.URL(""), was)
	}
	return left
}

// Create makes a database as a copy of another one that nobody is connected to.
func (s *Server) Create(ctx context.Context, name, from string) error {
	_, err := s.Admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from+" STRATEGY FILE_COPY")
	return err
}

// Drop removes a database, whoever is connected to it.
func (s *Server) Drop(ctx context.Context, name string) error {
	_, err := s.Admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	return err
}

// SettleDown leaves a database as autovacuum would: with statistics, and without dead rows.
func (s *Server) SettleDown(ctx context.Context, name string) error {
	db, err := sql.Open("postgres", s.URL(name))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM (FREEZE, ANALYZE)")
	return errors.Join(err, db.Close())
}

// ReadOnly makes the server refuse to write, or write again.
func (s *Server) ReadOnly(ctx context.Context, on bool) error {
	for _, statement := range []string{fmt.Sprintf("ALTER SYSTEM SET default_transaction_read_only = %t", on), "SELECT pg_reload_conf()"} {
		if _, err := s.Admin.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
