package door

import (
	"bytes"
	"crypto/tls"
	"io"
	"strings"
	"time"
)

// What go-smtp has no setting for. It offers CHUNKING (RFC 3030) to everybody, and reads
// chunks in a goroutine that races with the next message when one is broken off. And it
// puts TLS between itself and the connection, so that nothing could be held back there.
// So both are seen to here: chunks are neither offered nor taken, and TLS begins here.
const (
	offersChunks   = "250-CHUNKING\r\n"
	offersTLS      = "250-STARTTLS\r\n"
	beginText      = "354 "
	noChunks       = "502 5.5.1 chunks are not taken, use DATA\r\n"
	readyForTLS    = "220 2.0.0 ready to start TLS\r\n"
	noTLSArguments = "501 5.5.4 STARTTLS has no arguments\r\n"
	midTransaction = "503 5.5.1 a transaction is open, end it first\r\n"
	helloFirst     = "503 5.5.1 say EHLO first\r\n"
)

// Read gives go-smtp no more than one line: when it asks for the next, it has answered
// the last, and it is known whether a command follows or a message's text.
func (c *conn) Read(b []byte) (int, error) {
	for len(c.line) == 0 {
		if err := c.nextLine(); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.line)
	c.line = c.line[n:]
	return n, nil
}

// nextLine reads a line, or a part of one that is long. What comes to nothing more than a
// reply of ours is answered here, and the line is empty then.
func (c *conn) nextLine() error {
	line, err := c.in.ReadSlice('\n')
	if len(line) == 0 {
		return err
	}
	begins := !c.within
	c.within = line[len(line)-1] != '\n'
	c.line = line
	if c.text.open {
		c.text.pass(line)
		return nil
	}
	if !begins && c.answered {
		c.line = nil
	}
	if !begins {
		return nil
	}
	reply := c.answer(line)
	if c.answered = reply != ""; !c.answered {
		return nil
	}
	c.line = nil
	if reply == readyForTLS {
		return c.startTLS()
	}
	return c.reply(reply)
}

// answer is what a command is told that go-smtp shall not see; "" for all others.
func (c *conn) answer(line []byte) string {
	verb, rest, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
	switch verb = strings.ToUpper(verb); {
	case verb == "BDAT":
		return noChunks
	case verb == "STARTTLS" && c.tls != nil && c.secure.Load() == nil:
		switch {
		case strings.TrimSpace(rest) != "":
			return noTLSArguments
		case c.busy.Load():
			return midTransaction
		}
		return readyForTLS
	case verb == "EHLO" || verb == "LHLO" || verb == "HELO":
		c.ungreeted = false
	case c.ungreeted && (verb == "MAIL" || verb == "RCPT" || verb == "DATA"):
		return helloFirst
	}
	return ""
}

// reply answers in go-smtp's place, and waits for the next command as it would.
func (c *conn) reply(text string) error {
	if err := c.SetWriteDeadline(time.Now().Add(c.idle)); err != nil {
		return err
	}
	if _, err := c.Write([]byte(text)); err != nil {
		return err
	}
	return c.SetReadDeadline(time.Now().Add(c.idle))
}

// startTLS goes on under TLS (RFC 3207). What came behind the command in the clear is let go,
// and so is what the client had said: no transaction is open, and it has to say EHLO again.
func (c *conn) startTLS() error {
	if err := c.reply(readyForTLS); err != nil {
		return err
	}
	secure := tls.Server(c.Conn, c.tls)
	if err := secure.Handshake(); err != nil {
		return io.EOF // nothing that could be said would be understood
	}
	c.in.Reset(secure)
	c.ungreeted = true
	c.secure.Store(secure)
	return nil
}

// Write sends a line of a reply, which may be the last. In the answer to EHLO the line that
// offers chunks gives way to the one that offers TLS, where there is TLS to come.
func (c *conn) Write(b []byte) (int, error) {
	out := b
	switch {
	case string(b) == offersChunks && (c.tls == nil || c.secure.Load() != nil):
		return len(b), nil
	case string(b) == offersChunks:
		out = []byte(offersTLS)
	case bytes.HasPrefix(b, []byte(beginText)):
		c.text = text{open: true}
	}
	_, err := c.wire().Write(out)
	if c.ending.Load() {
		c.wire().Close()
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// text follows a message's text to its end, CRLF, dot, CRLF, by the same steps as go-smtp:
// whatever else looks like an end is none to either.
type text struct {
	open bool
	at   place
}

type place int

const (
	lineBegins place = iota
	afterDot
	afterDotCR
	afterCR
	inLine
)

func (t *text) pass(b []byte) {
	for _, c := range b {
		switch {
		case c == '.' && t.at == lineBegins:
			t.at = afterDot
		case c == '\r' && t.at == afterDot:
			t.at = afterDotCR
		case c == '\n' && t.at == afterDotCR:
			t.open = false
		case c == '\r' && (t.at == lineBegins || t.at == inLine):
			t.at = afterCR
		case c == '\n' && t.at == afterCR:
			t.at = lineBegins
		default:
			t.at = inLine
		}
	}
}
