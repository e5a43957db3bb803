package door

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// secure goes on under TLS.
func (c *client) secure(pool *x509.CertPool) *client {
	c.t.Helper()
	c.do("STARTTLS", "220 2.0.0")
	over := tls.Client(c.Conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	return &client{t: c.t, Conn: over, r: bufio.NewReader(over)}
}

func TestChunksAreNeitherOfferedNorTaken(t *testing.T) { // RFC 3030
	config, pool := certificate(t)
	for _, x := range []struct {
		name   string
		open   func(Mail) *Listener
		hello  string
		secure bool
	}{
		{"SMTP", NewSMTP, "EHLO x", false}, {"SMTP under TLS", NewSMTP, "EHLO x", true},
		{"LMTP", NewLMTP, "LHLO x", false}, {"LMTP under TLS", NewLMTP, "LHLO x", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := newDesk(t)
			m := d.mail(Limits{})
			m.TLS = config
			c := connect(t, serve(t, x.open(m)))
			c.expect("220 ")
			if hello := c.do(x.hello, "250 "); strings.Count(hello, "STARTTLS") != 1 || strings.Contains(hello, "CHUNKING") {
				t.Errorf("offered %q", hello)
			}
			if x.secure {
				c = c.secure(pool)
				if hello := c.do(x.hello, "250 "); strings.Contains(hello, "STARTTLS") || strings.Contains(hello, "CHUNKING") || !strings.Contains(hello, "PIPELINING") {
					t.Errorf("offered under TLS %q", hello)
				}
			}
			c.do("MAIL FROM:<> BODY=BINARYMIME", "5") // it goes by chunks alone
			c.do("bdat 0", "502 5.5.1")
			c.do("MAIL FROM:<>", "250 ")
			c.do("RCPT TO:<"+ours+">", "250 ")
			for _, command := range []string{"BDAT 5", "BDAT 0 LAST", "bdat", "BDAT 5 LAST x"} {
				c.do(command, "502 5.5.1")
			}
			c.do("DATA", "354 ") // the transaction is what it was
			c.do("A: b\r\n\r\nx\r\n.", "250 ")
			if len(d.all()) != 1 {
				t.Errorf("%d are kept", len(d.all()))
			}
		})
	}
}

func TestOverAnUntrustedLineTLSBeginsAnew(t *testing.T) { // RFC 3207
	config, pool := certificate(t)
	d := newDesk(t)
	m := d.mail(Limits{})
	m.TLS = config
	c := dial(t, serve(t, NewSMTP(m)))
	c.do("STARTTLS now", "501 5.5.4")
	c.do("MAIL FROM:<>", "250 ")
	c.do("RCPT TO:<b-evil@x.example>", "250 ")
	c.do("STARTTLS", "503 5.5.1") // or what was said in the clear would go on under TLS
	c.do("RSET", "250 ")
	c = c.secure(pool)
	for _, command := range []string{"MAIL FROM:<>", "RCPT TO:<" + ours + ">", "data"} {
		c.do(command, "503 5.5.1")
	}
	c.do("EHLO x", "250 ")
	c.do("STARTTLS", "502 ")
	if got := c.give(letter(1), ours); !strings.HasPrefix(got, "250 ") {
		t.Errorf("it answered %q", got)
	}
	if in := d.all(); len(in) != 1 || len(in[0].SentTo) != 1 {
		t.Errorf("kept %+v", in)
	}
	c.do("QUIT", "221 ")
	c.lost()

	plain := dial(t, serve(t, NewSMTP(newDesk(t).mail(Limits{}))))
	plain.do("STARTTLS", "502 ")
	broken := dial(t, serve(t, NewSMTP(m)))
	broken.do("STARTTLS", "220 ")
	broken.send("MAIL FROM:<>\r\n") // which is no handshake
	for line, err := broken.reply(); err == nil; line, err = broken.reply() {
		t.Errorf("in the clear it answered %q", line)
	}
}

// TestOfATextNothingIsTakenForACommand brings texts of everything that a line and its end
// could be taken for. They are kept to the octet, and the next command is one again.
func TestOfATextNothingIsTakenForACommand(t *testing.T) {
	config, _ := certificate(t)
	d := newDesk(t)
	m := d.mail(Limits{PerMinute: 1 << 30})
	m.TLS = config
	addrs := map[string]string{"EHLO x": serve(t, NewSMTP(m)), "LHLO x": serve(t, NewLMTP(m))}
	pieces := []string{"\r", "\n", "\r\n", ".", "..", "\r\n..", "BDAT 5 LAST\r\n", "\r\nBDAT 0\r\n", "STARTTLS\r\n", "\r\nRSET\r\n", "x", strings.Repeat("y", 4095), strings.Repeat("z", 5000)}
	rapid.Check(t, func(rt *rapid.T) {
		hello := rapid.SampledFrom([]string{"EHLO x", "LHLO x"}).Draw(rt, "hello")
		body := "A: b\r\n\r\n" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(rt, "text"), "")
		text := strings.TrimRight(body, ".\r\n") + "x\r\n"
		var lines []string // RFC 5321, 4.5.2: of a dot at a line's beginning one more is sent
		for _, l := range crlf(text) {
			if strings.HasPrefix(l, ".") {
				l = "." + l
			}
			lines = append(lines, l)
		}
		before := len(d.all())
		c := connect(t, addrs[hello])
		defer c.Close()
		c.expect("220 ")
		c.do(hello, "250 ")
		c.do("MAIL FROM:<>", "250 ")
		c.do("RCPT TO:<"+ours+">", "250 ")
		c.do("DATA", "354 ")
		c.send(strings.Join(lines, "") + ".\r\nBDAT 1\r\nNOOP\r\n")
		for _, want := range []string{"250 ", "502 5.5.1", "250 "} {
			if got, err := c.reply(); err != nil || !strings.HasPrefix(got, want) {
				rt.Fatalf("answered %q, %v; want %s", got, err, want)
			}
		}
		in := d.all()[before:]
		if len(in) != 1 || string(in[0].Raw) != "Return-Path: <>\r\n"+text {
			rt.Fatalf("of %q %d are kept: %q", text, len(in), in)
		}
	})
}

// crlf cuts a text behind each CRLF that ends a line to go-smtp: to it the second of two
// CR is none that ends one.
func crlf(text string) (lines []string) {
	var at, cr int
	for i := range len(text) {
		switch {
		case text[i] == '\r':
			cr++
			continue
		case text[i] == '\n' && cr%2 == 1:
			lines, at = append(lines, text[at:i+1]), i+1
		}
		cr = 0
	}
	return append(lines, text[at:])
}

// A text that is too large is answered before it has been read to its end.
func TestOfATextThatIsRefusedNothingIsTakenForACommandEither(t *testing.T) {
	for _, open := range []func(Mail) *Listener{NewSMTP, NewLMTP} {
		l := open(newDesk(t).mail(Limits{Size: 1000}))
		c := connect(t, serve(t, l))
		c.expect("220 ")
		c.do(map[bool]string{true: "LHLO x", false: "EHLO x"}[l.smtp.LMTP], "250 ")
		c.do("MAIL FROM:<>", "250 ")
		c.do("RCPT TO:<"+ours+">", "250 ")
		c.do("DATA", "354 ")
		c.send(strings.Repeat("BDAT 0\r\n", 20_000) + ".\r\n")
		c.expect("552 5.3.4")
		c.do("NOOP", "250 ")
		c.do("BDAT 0", "502 5.5.1")
	}
}

func TestALongCommandIsOneCommand(t *testing.T) {
	c := dial(t, serve(t, NewSMTP(newDesk(t).mail(Limits{}))))
	for _, n := range []int{4091, 4092, 5000, 9000} { // a part begins with what would be a command
		c.do("NOOP "+strings.Repeat("x", n-5)+"BDAT 0", "250 ")
	}
	c.do("BDAT "+strings.Repeat("0", 6000), "502 5.5.1")
	c.do("NOOP", "250 ")
}
