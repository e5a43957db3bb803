package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"article14/internal/rig"
)

// sinkArgument makes this program an SMTP server that takes every mail, counts it
// and drops it.
const sinkArgument = "sink"

// sink is such a server in a process of its own.
type sink struct {
	cmd         *exec.Cmd
	in          io.WriteCloser
	out         *bufio.Reader
	ports       map[way]int
	certificate []byte // the one that it shows where TLS is spoken, in DER
}

// way is how mail gets to the sink; it listens for each on a port of its own.
type way string

// Ways: as fast as the machine can, with answers that come later, and over TLS.
const (
	straight way = ""
	farAway  way = "far"
	overTLS  way = "tls"
)

var ways = []way{straight, farAway, overTLS}

// sinkName stands in the certificate of the sink.
const sinkName = "sink.invalid"

// roundTrip is how much later the far sink answers.
const roundTrip = 20 * time.Millisecond

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
	s.ports = map[way]int{}
	for _, w := range ways {
		if s.ports[w], err = s.number(); err != nil {
			return s, err
		}
	}
	line, err := s.out.ReadString('\n')
	if err != nil {
		return s, fmt.Errorf("the sink does not say its certificate: %w", err)
	}
	s.certificate, err = base64.StdEncoding.DecodeString(strings.TrimSpace(line))
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

// runSink says its ports and its certificate, then the number of mails for every line
// that it is given, and ends with its input.
func runSink(in io.Reader, out io.Writer) error {
	shown, err := selfSigned()
	if err != nil {
		return err
	}
	var taken atomic.Int64
	count := rig.Mailbox{Taken: func() bool { taken.Add(1); return true }}
	for _, w := range ways {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		go acceptAll(l, func(c net.Conn) {
			switch w {
			case farAway:
				c = far{c}
			case overTLS:
				c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{shown}, MinVersion: tls.VersionTLS12})
			}
			rig.TakeMail(c, count)
		})
		fmt.Fprintln(out, l.Addr().(*net.TCPAddr).Port)
	}
	fmt.Fprintln(out, base64.StdEncoding.EncodeToString(shown.Certificate[0]))
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, taken.Load())
	}
	return nil
}

// acceptAll serves each connection until the listener is closed.
func acceptAll(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

// far is a connection whose answers come a round trip later.
type far struct{ net.Conn }

func (f far) Write(p []byte) (int, error) {
	time.Sleep(roundTrip)
	return f.Conn.Write(p)
}

// selfSigned makes a certificate for this run.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{sinkName}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
