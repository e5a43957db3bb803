package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
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
			go takeMail(c, &taken)
		}
	}()
	fmt.Fprintln(out, l.Addr().(*net.TCPAddr).Port)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, taken.Load())
	}
	return nil
}

// takeMail says what the sender of a plain transaction (RFC 5321) wants to hear.
// It costs as little as a server can: no parsing, and one write for the replies to
// all that came at once (RFC 2920, 3.2).
func takeMail(c net.Conn, taken *atomic.Int64) {
	defer c.Close()
	w := &withheld{Conn: c}
	in := bufio.NewReaderSize(w, 64<<10)
	for w.say("220 sink.invalid"); ; {
		line, err := in.ReadSlice('\n')
		if err != nil || len(line) < 4 {
			return
		}
		switch string(bytes.ToUpper(line[:4])) {
		case "EHLO":
			w.say("250-sink.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 SIZE 33554432")
		case "DATA":
			if w.say("354 go on"); !skipBody(in) {
				return
			}
			taken.Add(1) // before the answer leaves
			w.say("250 2.0.0 taken")
		case "QUIT":
			w.say("221 2.0.0 bye")
			w.flush()
			return
		default:
			w.say("250 2.0.0 ok")
		}
	}
}

// withheld keeps replies back until more has to be read.
type withheld struct {
	net.Conn
	out []byte
}

func (w *withheld) say(reply string) { w.out = append(append(w.out, reply...), "\r\n"...) }

func (w *withheld) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.Conn.Write(w.out)
	w.out = w.out[:0]
	return err
}

func (w *withheld) Read(p []byte) (int, error) {
	if err := w.flush(); err != nil {
		return 0, err
	}
	return w.Conn.Read(p)
}

// skipBody reads up to the line with the lone dot.
func skipBody(in *bufio.Reader) bool {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false
		}
		if len(line) == 3 && line[0] == '.' {
			return true
		}
	}
}
