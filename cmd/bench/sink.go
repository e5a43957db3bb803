package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"

	"article14/internal/rig"
)

// sinkArgument makes this program an SMTP server that takes every mail, counts it
// and drops it.
const sinkArgument = "sink"

// sink is such a server in a process of its own.
type sink struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	port int
}

func startSink() (*sink, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &sink{cmd: exec.Command(self, sinkArgument)}
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.port, err = s.number()
	return s, err
}

// taken asks how many mails the sink has taken since it began.
func (s *sink) taken() (int, error) {
	if _, err := fmt.Fprintln(s.in); err != nil {
		return 0, err
	}
	return s.number()
}

func (s *sink) number() (int, error) {
	line, err := s.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("the sink does not answer: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(line))
}

func (s *sink) stop() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

// runSink says its port, then the number of mails for every line that it is
// given, and ends with its input.
func runSink(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	var taken atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go rig.TakeMail(c, rig.Mailbox{Taken: func() bool { taken.Add(1); return true }})
		}
	}()
	fmt.Fprintln(out, l.Addr().(*net.TCPAddr).Port)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, taken.Load())
	}
	return nil
}
