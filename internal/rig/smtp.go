package rig

import (
	"bufio"
	"bytes"
	"net"
)

// Mailbox is what becomes of the mails that come over one connection.
type Mailbox struct {
	// Command is given each line of an envelope (MAIL, RCPT) as it came. It lasts for the
	// call only. Nil if nobody wants to know.
	Command func(line []byte)
	// Line is given each line of a mail's text as it came over the wire: with its line
	// end, and with its first dot doubled (RFC 5321, 4.5.2). It lasts for the call only.
	// Nil if nobody wants to know.
	Line func(line []byte)
	// Taken is told that a mail has come whole, before the answer leaves. If it says
	// false the answer never leaves, and the connection ends.
	Taken func() (answer bool)
}

// TakeMail says what the sender of a plain transaction (RFC 5321) wants to hear,
// takes every mail, and returns when the connection has ended. It costs as little as
// a server can: no parsing, and one write for the replies to all that came at once
// (RFC 2920, 3.2).
func TakeMail(c net.Conn, box Mailbox) {
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
			if w.say("354 go on"); !box.text(in) || !box.Taken() {
				return
			}
			w.say("250 2.0.0 taken")
		case "QUIT":
			w.say("221 2.0.0 bye")
			w.flush()
			return
		default:
			if box.Command != nil {
				box.Command(line)
			}
			w.say("250 2.0.0 ok")
		}
	}
}

// text reads up to the line with the lone dot.
func (b Mailbox) text(in *bufio.Reader) bool {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false
		}
		if len(line) == 3 && line[0] == '.' {
			return true
		}
		if b.Line != nil {
			b.Line(line)
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
