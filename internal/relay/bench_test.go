package relay

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"article14/mailer"
)

// sinkVariable makes the test program an SMTP server that takes everything, so that
// a benchmark's processor time is the client's alone.
const sinkVariable = "ARTICLE14_TEST_SINK"

func TestMain(m *testing.M) {
	if os.Getenv(sinkVariable) != "" {
		sink()
		return
	}
	os.Exit(m.Run())
}

// sink says its port, and takes what comes until its input ends.
func sink() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(ln.Addr().(*net.TCPAddr).Port) + "\n")
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go swallow(conn)
		}
	}()
	bufio.NewReader(os.Stdin).ReadString(0)
}

// swallow answers all that came at once by one write.
func swallow(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	out := []byte("220 sink\r\n")
	for {
		if r.Buffered() == 0 {
			conn.Write(out)
			out = out[:0]
		}
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case bytes.HasPrefix(line, []byte("EHLO")):
			out = append(out, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 33554432\r\n"...)
		case bytes.HasPrefix(line, []byte("DATA")):
			out = append(out, "354 go ahead\r\n"...)
			if r.Buffered() == 0 {
				conn.Write(out)
				out = out[:0]
			}
			for len(line) != 3 || line[0] != '.' {
				if line, err = r.ReadSlice('\n'); err != nil {
					return
				}
			}
			out = append(out, "250 2.0.0 taken as 4711\r\n"...)
		default:
			out = append(out, "250 2.1.0 ok\r\n"...)
		}
	}
}

// BenchmarkSend is what the wire costs, without composing: 'own-µs/op' is the
// processor time of this process, user and system.
func BenchmarkSend(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), sinkVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		b.Fatal(err)
	}
	m := notice
	m.Bytes = []byte("Subject: Notice\r\n\r\n" + strings.Repeat(strings.Repeat("a word ", 10)+"\r\n", 300)) // 21 KiB, as a notice is
	for _, c := range []struct {
		name     string
		stepwise bool
		next     *mailer.Message
	}{{"stepwise", true, nil}, {"pipelined", false, &m}} {
		b.Run(c.name, func(b *testing.B) {
			r, err := New(Config{Host: "127.0.0.1", Port: port, HELO: "localhost", Stepwise: c.stepwise})
			if err != nil {
				b.Fatal(err)
			}
			s, err := r.Open(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.ReportAllocs()
			before := used(b)
			for b.Loop() {
				if _, err := s.Send(b.Context(), m, c.next); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((used(b)-before)/float64(b.N), "own-µs/op")
		})
	}
}

// used is the processor time of this process in microseconds.
func used(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}
