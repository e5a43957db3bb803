package rig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"
)

// Pooler is a private PgBouncer in transaction mode before a private PostgreSQL: its
// clients share a few sessions of the server, and a session goes from one to another
// with each transaction. Like the server it can be reached by a socket alone.
//
// It goes when the process that opened it goes, however that ends.
type Pooler struct {
	Console *sql.DB // takes PgBouncer's own commands: SHOW POOLS, RECONNECT, KILL, RESUME
	server  *url.URL
	folder  string
	program string
	owner   *syscall.Credential // nil: ourselves
	log     *os.File
	running *exec.Cmd
	leash   io.Closer // what ends it when it is closed, by us or by our end
}

// GoRound is a setting for OpenPooler: a session goes round among the clients, and does not
// stay with the last one while it is free. Tests see more with it; it is not PgBouncer's way.
const GoRound = "server_round_robin = 1"

// poolerPort is only a part of the socket's name.
const poolerPort = "6432"

// OpenPooler starts a PgBouncer before the server at an address of privatepg's. All
// clients of a database share so many sessions of it. PgBouncer's own settings are left as they
// are but for what a place of one's own needs and for those given, so that what works here works there.
// For root it runs, as the server does, as the user who owns the server's socket.
func OpenPooler(ctx context.Context, server string, sessions int, settings ...string) (p *Pooler, err error) {
	p = &Pooler{}
	if p.server, err = url.Parse(server); err != nil {
		return nil, errors.New("the server's address cannot be read")
	}
	if p.program, err = findPooler(); err != nil {
		return nil, err
	}
	if p.folder, err = os.MkdirTemp("", "a14-pooler-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.log, err = os.Create(filepath.Join(p.folder, "log")); err != nil {
		return nil, err
	}
	config, err := p.config(ctx, sessions, settings)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.configFile(), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := p.handOver(); err != nil {
		return nil, err
	}
	console := *p.server
	console.Path = "/pgbouncer"
	if p.Console, err = sql.Open("postgres", p.Through(console.String())); err != nil {
		return nil, err
	}
	return p, p.Start(ctx)
}

// findPooler looks in PATH, and where Debian puts what serves.
func findPooler() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("PgBouncer is not installed: run 'sh scripts/need.sh pgbouncer', or install your system's package pgbouncer")
}

// config is its file. Who may enter the folder of its socket may use it, as with the server's.
func (p *Pooler) config(ctx context.Context, sessions int, settings []string) (string, error) {
	prepared, err := p.noPrepared(ctx)
	if err != nil {
		return "", err
	}
	q := p.server.Query()
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	return fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s
[pgbouncer]
pool_mode = transaction
default_pool_size = %d
max_client_conn = 500
%s
; a server that was away is tried again soon
server_login_retry = 1
auth_type = any
admin_users = %s
listen_addr =
listen_port = %s
unix_socket_dir = %s
unix_socket_mode = 0700
log_connections = 0
log_disconnections = 0
log_stats = 0
`, quoted(q.Get("host")), q.Get("port"), quoted(p.server.User.Username()), sessions, strings.Join(append(settings, prepared), "\n"), p.server.User.Username(), poolerPort, p.folder), nil
}

// noPrepared forbids prepared statements between transactions, which PgBouncer may
// follow since 1.21 and older ones cannot.
func (p *Pooler) noPrepared(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, p.program, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask PgBouncer for its version: %w", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "PgBouncer %d.%d", &major, &minor); err != nil {
		return "", fmt.Errorf("read PgBouncer's version: %w", err)
	}
	if major == 1 && minor < 21 {
		return "", nil
	}
	return "max_prepared_statements = 0", nil
}

func (p *Pooler) configFile() string { return filepath.Join(p.folder, "pgbouncer.ini") }

// handOver gives the folder to the server's user: PgBouncer refuses root, and the
// server admits nobody else.
func (p *Pooler) handOver() error {
	var stat syscall.Stat_t
	if err := syscall.Stat(p.server.Query().Get("host"), &stat); err != nil {
		return fmt.Errorf("look at the server's socket: %w", err)
	}
	if int(stat.Uid) == os.Geteuid() {
		return nil
	}
	p.owner = &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
	for _, path := range []string{p.configFile(), p.folder} {
		if err := os.Lchown(path, int(stat.Uid), int(stat.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// leashed runs a program until its own input ends: that is when whoever holds the other
// end lets go of it, or is gone. PgBouncer keeps nothing that would need a goodbye.
const leashed = `"$@" & pooler=$!; read -r _; kill -KILL $pooler; wait $pooler`

// Start starts it, again after Stop, and returns when it answers.
func (p *Pooler) Start(ctx context.Context) (err error) {
	p.running = exec.Command("/bin/sh", "-c", leashed, "sh", p.program, p.configFile())
	p.running.Dir = "/"
	p.running.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: p.owner}
	p.running.Stdout, p.running.Stderr = p.log, p.log
	if p.leash, err = p.running.StdinPipe(); err != nil {
		return err
	}
	if err := p.running.Start(); err != nil {
		return fmt.Errorf("start PgBouncer: %w", err)
	}
	return p.ready(ctx)
}

// ready waits for its first answer.
func (p *Pooler) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := p.Console.ExecContext(ctx, "SHOW VERSION")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			said, _ := os.ReadFile(p.log.Name()) // what it says is a help, no more
			return fmt.Errorf("PgBouncer does not answer: %w; its log: %s", err, said)
		}
	}
}

// Process is the id of the process whose child it is.
func (p *Pooler) Process() int { return p.running.Process.Pid }

// Stop ends it at once, as a crash does: every connection breaks, on both sides.
func (p *Pooler) Stop() error {
	if p.leash == nil {
		return nil
	}
	err := p.leash.Close()
	var killed *exec.ExitError // what the shell tells of its child
	if ended := p.running.Wait(); !errors.As(ended, &killed) {
		err = errors.Join(err, ended)
	}
	p.leash = nil
	return err
}

// Cut breaks every connection to a database at once, on both sides, whatever it is in the
// middle of, and lets new ones in.
func (p *Pooler) Cut(ctx context.Context, database string) error {
	for _, command := range []string{"KILL ", "RESUME "} {
		if _, err := p.Console.ExecContext(ctx, command+database); err != nil {
			return fmt.Errorf("%s%s: %w", command, database, err)
		}
	}
	return nil
}

// Through is the address by way of the pooler of what has this address at the server.
func (p *Pooler) Through(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic("an address that nobody can read") // they are ours, not an operator's
	}
	q := u.Query()
	q.Set("host", p.folder)
	q.Set("port", poolerPort)
	u.RawQuery = q.Encode()
	return u.String()
}

// Close stops it and removes what it left.
func (p *Pooler) Close() error {
	var err error
	if p.Console != nil {
		err = p.Console.Close()
	}
	err = errors.Join(err, p.Stop())
	if p.log != nil {
		err = errors.Join(err, p.log.Close())
	}
	return errors.Join(err, os.RemoveAll(p.folder))
}
