package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is processor time, user and system, in seconds.
type usage struct {
	Own      float64 `json:"own"`      // of this process
	Database float64 `json:"database"` // of PostgreSQL and all its processes
	Sink     float64 `json:"sink"`
	Pooler   float64 `json:"pooler,omitempty"` // of PgBouncer, where it stands between
}

func (u usage) minus(v usage) usage {
	return usage{u.Own - v.Own, u.Database - v.Database, u.Sink - v.Sink, u.Pooler - v.Pooler}
}

// readUsage reads what has been used up to now.
func readUsage(postmaster, sink int) (u usage, err error) {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return u, err
	}
	u.Own = (time.Duration(self.Utime.Nano()) + time.Duration(self.Stime.Nano())).Seconds()
	if u.Database, err = treeUsage(postmaster); err != nil {
		return u, err
	}
	u.Sink, err = treeUsage(sink)
	return u, err
}

// ticks a second of /proc/PID/stat: USER_HZ, which is 100 on every Linux that Go runs on.
const ticks = 100

// treeUsage adds up a process, its children that are there, and those that have ended.
// A child that ends meanwhile would be in neither, so that it looks again.
func treeUsage(pid int) (float64, error) {
	for {
		before, err := readStat(pid)
		if err != nil {
			return 0, err
		}
		sum, err := childrenUsage(pid)
		if err != nil {
			return 0, err
		}
		own, err := readStat(pid)
		if err != nil || own.ofEnded == before.ofEnded {
			return float64(own.used+own.ofEnded+sum) / ticks, err
		}
	}
}

// childrenUsage adds up the children that are there, in ticks.
func childrenUsage(pid int) (sum int64, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		child, err := readStatFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) { // it has just ended
			continue
		}
		if err != nil {
			return 0, err
		}
		if child.parent == pid {
			sum += child.used + child.ofEnded
		}
	}
	return sum, nil
}

// stat is what is read of /proc/PID/stat, see proc_pid_stat(5).
type stat struct {
	parent        int
	used, ofEnded int64 // ticks
}

func readStat(pid int) (stat, error) { return readStatFile(fmt.Sprintf("/proc/%d/stat", pid)) }

func readStatFile(path string) (s stat, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	// The name stands in parentheses and may hold anything, so count from behind it.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 15 {
		return s, fmt.Errorf("%s cannot be read", path)
	}
	number := func(i int) int64 {
		n, failed := strconv.ParseInt(f[i], 10, 64)
		err = errors.Join(err, failed)
		return n
	}
	s.parent, s.used, s.ofEnded = int(number(1)), number(11)+number(12), number(13)+number(14)
	return s, err
}

// peakMemory is the most that this process has held in memory, in bytes (VmHWM).
func peakMemory() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}
