package relay

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"article14/mailer"
)

func read(raw string) (mailer.Reply, error) {
	return readReply(bufio.NewReader(strings.NewReader(raw)), recipient)
}

func readReply(r *bufio.Reader, recipient string) (mailer.Reply, error) {
	code, said, err := scanReply(r, nil)
	if err != nil {
		return mailer.Reply{}, err
	}
	return newReply(code, said, recipient), nil
}

func TestReadReply(t *testing.T) {
	for _, c := range []struct {
		sentence string
		raw      string
		want     mailer.Reply
	}{
		{"one line", "250 2.0.0 queued as 1\r\n", mailer.Reply{Code: 250, Enhanced: "2.0.0", Text: "queued as 1"}},
		{"a code alone", "250\r\n", mailer.Reply{Code: 250}},
		{"a line feed alone", "250 ok\n", mailer.Reply{Code: 250, Text: "ok"}},
		{"several lines with the enhanced code on each (RFC 2034)", "550-5.1.1 no such\r\n550 5.1.1 user\r\n", mailer.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}},
		{"an enhanced code alone", "550 5.7.13\r\n", mailer.Reply{Code: 550, Enhanced: "5.7.13"}},
		{"an enhanced code of another class is text", "450 5.1.1 hm\r\n", mailer.Reply{Code: 450, Text: "5.1.1 hm"}},
		{"a version number is no enhanced code", "550 5.1.1.2 and 5.1.1a\r\n", mailer.Reply{Code: 550, Text: "5.1.1.2 and 5.1.1a"}},
		{"leading zeros are no enhanced code (RFC 3463)", "550 5.01.1 x\r\n", mailer.Reply{Code: 550, Text: "5.01.1 x"}},
		{"addresses are masked", "550 5.1.1 <ann.lee@people.example>: no\r\n", mailer.Reply{Code: 550, Enhanced: "5.1.1", Text: "<[address]>: no"}},
		{"an address across control characters is masked", "550 ann\x01.lee@peo\x00ple.example no\r\n", mailer.Reply{Code: 550, Text: "[address] no"}},
		{"the recipient's mailbox name is masked where it stands alone", "550 5.1.1 Ann.Lee... User unknown\r\n", mailer.Reply{Code: 550, Enhanced: "5.1.1", Text: "[address]... User unknown"}},
		{"control characters go, tabs become blanks", "550 a\x1b[31mb\tc\x7f\xffd\r\n", mailer.Reply{Code: 550, Text: "a[31mb cd"}},
		{"a long text is cut to 200 characters", "550 " + strings.Repeat("é", 300) + "\r\n", mailer.Reply{Code: 550, Text: strings.Repeat("é", 200)}},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			if got, err := read(c.raw); err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestWhatIsNoReplyIsNonsense(t *testing.T) {
	for _, raw := range []string{
		"\r\n", "hello\r\n", "25 ok\r\n", "2500 ok\r\n", "25x ok\r\n", "-50 ok\r\n", "250_ok\r\n", "199 low\r\n", "600 high\r\n", "٢٥٠ ok\r\n",
		"250-one\r\n550 two\r\n", "250-one\r\ntwo\r\n", "HTTP/1.1 400 Bad Request\r\n",
		"250 " + strings.Repeat("x", 2000) + "\r\n",
		"250 " + strings.Repeat("x", 1<<20),
		strings.Repeat("250-x\r\n", 101) + "250 x\r\n",
		strings.Repeat("250-"+strings.Repeat("x", 1900)+"\r\n", 40) + "250 x\r\n",
	} {
		if got, err := read(raw); !errors.Is(err, errNonsense) {
			t.Errorf("%.30q: got %+v, %v", raw, got, err)
		}
	}
	if _, err := read("250-half"); !errors.Is(err, io.EOF) {
		t.Errorf("a reply that breaks off: %v", err)
	}
}

// enhancedCode is RFC 3463, section 2, as an expression.
var enhancedCode = regexp.MustCompile(`^([245])\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})(?:\s+|$)`)

func TestAnEnhancedCodeIsWhatRFC3463Says(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, what) }
		part := []string{"0", "1", "7", "10", "13", "999", "007", "1000", "1a", ""}
		line := draw("class", "2", "2", "5", "5", "3", "22", "") + draw("dot", ".", ".", ".", ".", "") + draw("subject", part...) +
			draw("dot", ".", ".", ".", ".", "..", "") + draw("detail", part...) + draw("rest", "", " ok", "  ok", "\tok", "\n", ".1 ok", "ok", " ")
		code := rapid.SampledFrom([]int{250, 354, 550}).Draw(t, "code")
		wantCode, wantRest := "", line
		if m := enhancedCode.FindString(line); m != "" && int(m[0]-'0') == code/100 {
			wantCode, wantRest = strings.TrimSpace(m), line[len(m):]
			found++
		}
		if got, rest := cutEnhanced(line, code); got != wantCode || rest != wantRest {
			t.Errorf("%q with %d: %q and %q, want %q and %q", line, code, got, rest, wantCode, wantRest)
		}
	})
	if found == 0 {
		t.Error("no code was drawn")
	}
}

// R5, hold 6: the short way is taken only where the long one changes nothing.
func TestATextIsKeptAsItIsOnlyWhereCleaningChangesNothing(t *testing.T) {
	kept := 0
	rapid.Check(t, func(t *rapid.T) {
		to := rapid.SampledFrom([]string{recipient, "Ann@p.example", "a.b@p.example", `"john doe"@p.example`, ".odd.@p.example", "", "@"}).Draw(t, "to")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"2.0.0", "5.1.1", "ann", "Ann.Lee", "a.b", "john", "doe", ".odd.", "odd", "x@y", "(ann)", "é", "\x01", "\t", "\n", " ", " ", " ", ":", "taken"}), 0, 8).Draw(t, "text"), "")
		if !mayBeKept(text, to) {
			return
		}
		kept++
		if got, want := newReply(250, []byte(text), to), cleaned(250, text, to); got != want {
			t.Errorf("%q to %q is kept as %+v, want %+v", text, to, got, want)
		}
	})
	if kept == 0 {
		t.Error("no text took the short way")
	}
}

// endless never stops saying the same; it counts what was read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[(e.read+i)%len(e.text)]
	}
	e.read += len(p)
	return len(p), nil
}

func TestAnEndlessReplyIsNotReadToItsEnd(t *testing.T) {
	for _, text := range []string{"250-more\r\n", "2", "250-" + strings.Repeat("y", 1500) + "\r\n"} {
		source := &endless{text: text}
		if _, err := readReply(bufio.NewReader(source), recipient); !errors.Is(err, errNonsense) {
			t.Errorf("%.10q: got %v", text, err)
		}
		if source.read > maxReplySize+8<<10 {
			t.Errorf("%.10q: %d octets were read", text, source.read)
		}
	}
}

// R5, hold 6: whatever a server says, what is kept is short, printable and names nobody.
func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "550-5.1.1 a\r\n550 5.1.1 <b@c.example>\r\n", "421", "250-\r\n250 \r\n", "550 ann.lee\r\n", "550 \"a b\"@c\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := read(string(raw))
		if err != nil {
			if got != (mailer.Reply{}) {
				t.Errorf("%v with %+v", err, got)
			}
			return
		}
		if got.Code < 200 || got.Code > 599 || got.Enhanced != "" && int(got.Enhanced[0]-'0') != got.Code/100 {
			t.Errorf("got %+v", got)
		}
		if utf8.RuneCountInString(got.Text) > maxReplyText || strings.ContainsFunc(got.Text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("kept %q", got.Text)
		}
		if mailer.MaskAddresses(got.Text) != got.Text || strings.Contains(got.Text, recipient) {
			t.Errorf("kept an address: %q", got.Text)
		}
	})
}

func TestAQuotedMailboxNameIsMaskedInEverySpelling(t *testing.T) {
	const quoted = `"john doe"@people.example`
	for raw, want := range map[string]string{
		`550 <"john doe"@people.example>: no`:  `<[address]>: no`,
		`550 "John Doe" is unknown`:            `"[address] [address]" is unknown`,
		`550 john doe... is unknown`:           `[address] [address]... is unknown`,
		`550 "john  doe"@people.example is no`: `[address] is no`,
	} {
		reply, err := readReply(bufio.NewReader(strings.NewReader(raw+"\r\n")), quoted)
		if err != nil || reply.Text != want {
			t.Errorf("%q is kept as %q, %v; want %q", raw, reply.Text, err, want)
		}
	}
}
