package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// crew are the workers of a trial, each a process that keeps its number when it is
// started again.
type crew struct {
	*scene
	policy string
	procs  []*process
	fell   int // processes that ended unasked
}

// process is one worker at work.
type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has ended
}

func (c *crew) logFile(n int) string {
	return filepath.Join(c.folder, fmt.Sprintf("%s-worker-%d.log", c.name, n))
}

// start starts worker n, which is not there.
func (c *crew) start(ctx context.Context, n int) error {
	log, err := os.OpenFile(c.logFile(n), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	port := c.sink.port()
	args := []string{"work", "--relay-host", "127.0.0.1", "--relay-port", port, "--ops-listen", "",
		"--connections", strconv.Itoa(c.connectionsOf(n)), "--uncertain", c.policy,
		"--lease", c.Lease.String(), "--uncertain-wait", uncertainWait.String(),
		"--journal", filepath.Join(c.folder, fmt.Sprintf("%s-journal-%d", c.name, n))}
	p := &process{c.command(ctx, c.database, args...), make(chan struct{})}
	p.Stderr, p.Stdout = log, log
	if c.pooler != nil {
		p.Env = append(p.Env, "ARTICLE14_DATABASE_URL="+c.pooler.Through(c.server.URL(c.database))) // the last one counts
	}
	if err := p.Start(); err != nil {
		return err
	}
	for len(c.procs) <= n {
		c.procs = append(c.procs, nil)
	}
	c.procs[n] = p
	go func() { p.Wait(); close(p.ended) }()
	return nil
}

func (c *crew) startAll(ctx context.Context) error {
	for n := range c.Workers {
		if err := c.start(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// signal sends one to a worker, and notes that it had ended by itself before.
func (c *crew) signal(n int, s syscall.Signal) {
	select {
	case <-c.procs[n].ended:
		c.fell++
	default:
		c.procs[n].Process.Signal(s) // one that ends meanwhile does not hear it
	}
}

// kill kills worker n, which has no time to say a word, and waits until it is gone.
func (c *crew) kill(n int) {
	c.signal(n, syscall.SIGKILL)
	<-c.procs[n].ended
}

// stop freezes worker n and waits until it stands still: on a busy machine its threads go
// on for some milliseconds behind the signal, in which a worker sends many a mail.
func (s *scene) stop(ctx context.Context, n int) error {
	s.crew.signal(n, syscall.SIGSTOP)
	return s.until(ctx, "a worker stands still", func() bool { return stopped(s.crew.procs[n].Process.Pid) })
}

// stopped tells whether every thread of a process is stopped; one of which the system
// does not tell counts as stopped.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, file := range threads {
		b, _ := os.ReadFile(file) // of a thread that has ended there is none
		_, state, _ := bytes.Cut(b, []byte(") "))
		if len(state) > 0 && state[0] != 'T' {
			return false
		}
	}
	return true
}

// patience is how long a worker may take to stop when it is asked to.
const patience = time.Minute

// dismiss asks all to stop, and waits until they have.
func (c *crew) dismiss() error {
	var errs []error
	for n := range c.procs {
		c.signal(n, syscall.SIGTERM)
	}
	for n, p := range c.procs {
		select {
		case <-p.ended:
			if !p.ProcessState.Success() {
				errs = append(errs, fmt.Errorf("worker %d ended with %s: see the end of its log: %s", n, p.ProcessState, tail(c.logFile(n))))
			}
		case <-time.After(patience):
			errs = append(errs, fmt.Errorf("worker %d did not stop within %s", n, patience))
			c.kill(n)
		}
	}
	c.procs = nil
	return errors.Join(errs...)
}

// clear kills whoever is left.
func (c *crew) clear() {
	for _, p := range c.procs {
		p.Process.Kill()
		<-p.ended
	}
	c.procs = nil
}

// said counts how often the workers' logs have some words.
func (c *crew) said(words string) (n int) {
	for i := range c.Workers {
		b, _ := os.ReadFile(c.logFile(i)) // one that was never started has said nothing
		n += bytes.Count(b, []byte(words))
	}
	return n
}

// tail is the end of a log.
func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-1000):])
}
