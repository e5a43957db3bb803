package relay

import (
	"bufio"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
)

// sent gives the commands of one accepted message.
func sent(t *testing.T, extensions []string, m mailer.Message) []string {
	t.Helper()
	srv := served(t, setup{extensions: extensions})
	if _, err := open(t, srv).Send(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	return srv.commands()[1:]
}

func TestParametersAreSentWhereOfferedAndNeeded(t *testing.T) {
	all := []string{"PIPELINING", "SIZE 10000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"}
	change := func(f func(*mailer.Message)) mailer.Message {
		m := notice
		f(&m)
		return m
	}
	for _, c := range []struct {
		sentence   string
		extensions []string
		m          mailer.Message
		mail, rcpt string
	}{
		{"a bare server gets bare commands", nil, notice,
			"MAIL FROM:<b-1abcdef@notices.example>", "RCPT TO:<ann.lee@people.example>"},
		{"reports are asked for failure and delay, not success (RFC 3461)", []string{"DSN"}, notice,
			"MAIL FROM:<b-1abcdef@notices.example> RET=HDRS ENVID=0198c0de", "RCPT TO:<ann.lee@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann.lee@people.example"},
		{"8BITMIME and SMTPUTF8 are not used without need", all, notice,
			"MAIL FROM:<b-1abcdef@notices.example> SIZE=43 RET=HDRS ENVID=0198c0de", "RCPT TO:<ann.lee@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann.lee@people.example"},
		{"8-bit octets are announced", all, change(func(m *mailer.Message) { m.Bytes = []byte("\xc3\xa9\n"); m.EnvelopeID = "" }),
			"MAIL FROM:<b-1abcdef@notices.example> SIZE=4 BODY=8BITMIME RET=HDRS", "RCPT TO:<ann.lee@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann.lee@people.example"},
		{"SIZE without a limit is a SIZE", []string{"SIZE"}, notice,
			"MAIL FROM:<b-1abcdef@notices.example> SIZE=43", "RCPT TO:<ann.lee@people.example>"},
		{"+ and = are encoded in ENVID and ORCPT", []string{"DSN"}, change(func(m *mailer.Message) { m.EnvelopeID = "a+b=c d"; m.To = "ann+list=x@people.example" }),
			"MAIL FROM:<b-1abcdef@notices.example> RET=HDRS ENVID=a+2Bb+3Dc+20d", "RCPT TO:<ann+list=x@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann+2Blist+3Dx@people.example"},
		{"an ENVID over 100 characters is left out", []string{"DSN"}, change(func(m *mailer.Message) { m.EnvelopeID = strings.Repeat("x", 101) }),
			"MAIL FROM:<b-1abcdef@notices.example> RET=HDRS", "RCPT TO:<ann.lee@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann.lee@people.example"},
		{"an address beyond ASCII has an ORCPT of RFC 6533", all, change(func(m *mailer.Message) { m.To = `zoë+a\b=c@bücher.example`; m.UTF8 = true }),
			"MAIL FROM:<b-1abcdef@notices.example> SIZE=43 SMTPUTF8 RET=HDRS ENVID=0198c0de", `RCPT TO:<zoë+a\b=c@bücher.example> NOTIFY=FAILURE,DELAY ORCPT=utf-8;zo\x{EB}\x{2B}a\x{5C}b\x{3D}c@b\x{FC}cher.example`},
		{"a quoted local part may have blanks (RFC 5321 4.1.2)", []string{"DSN"}, change(func(m *mailer.Message) { m.To = `"john doe"@people.example` }),
			"MAIL FROM:<b-1abcdef@notices.example> RET=HDRS ENVID=0198c0de", `RCPT TO:<"john doe"@people.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;"john+20doe"@people.example`},
		{"brackets, @ and escaped quotes are data in a quoted local part", nil, change(func(m *mailer.Message) { m.To = `"a\"<b> @\\"@people.example` }),
			"MAIL FROM:<b-1abcdef@notices.example>", `RCPT TO:<"a\"<b> @\\"@people.example>`},
		{"a quoted local part may be beyond ASCII (RFC 6531)", []string{"SMTPUTF8"}, change(func(m *mailer.Message) { m.To = `"zoë doe"@people.example`; m.UTF8 = true }),
			"MAIL FROM:<b-1abcdef@notices.example> SMTPUTF8", `RCPT TO:<"zoë doe"@people.example>`},
		{"the null sender can be written", nil, change(func(m *mailer.Message) { m.EnvelopeFrom = "" }),
			"MAIL FROM:<>", "RCPT TO:<ann.lee@people.example>"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			if diff := cmp.Diff([]string{c.mail, c.rcpt, "DATA"}, sent(t, c.extensions, c.m)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeSentIsRefusedBeforeTheWireIsTouched(t *testing.T) {
	all := []string{"SIZE 60", "8BITMIME", "SMTPUTF8", "DSN"}
	for _, c := range []struct {
		sentence   string
		extensions []string
		change     func(*mailer.Message)
		stage      mailer.Stage
		enhanced   string
	}{
		{"over the announced size", all, func(m *mailer.Message) { m.Bytes = []byte(strings.Repeat("12345678\n", 7)) }, mailer.StageMail, "5.3.4"},
		{"8-bit octets without 8BITMIME", nil, func(m *mailer.Message) { m.Bytes = []byte("\xc3\xa9") }, mailer.StageMail, "5.6.3"},
		{"an address beyond ASCII without SMTPUTF8", nil, func(m *mailer.Message) { m.To, m.UTF8 = "zoë@people.example", true }, mailer.StageMail, "5.6.7"},
		{"an address beyond ASCII that is not said to be one", all, func(m *mailer.Message) { m.To = "zoë@people.example" }, mailer.StageRcpt, "5.1.3"},
		{"no UTF-8", all, func(m *mailer.Message) { m.To, m.UTF8 = "zo\xeb@people.example", true }, mailer.StageRcpt, "5.1.3"},
		{"no recipient", all, func(m *mailer.Message) { m.To = "" }, mailer.StageRcpt, "5.1.3"},
		{"a second command behind the recipient", all, func(m *mailer.Message) { m.To = "a@b.example>\r\nRCPT TO:<c@d.example" }, mailer.StageRcpt, "5.1.3"},
		{"a line feed in the recipient", all, func(m *mailer.Message) { m.To = "a\n@b.example" }, mailer.StageRcpt, "5.1.3"},
		{"a carriage return in the recipient", all, func(m *mailer.Message) { m.To = "a\r@b.example" }, mailer.StageRcpt, "5.1.3"},
		{"a NUL in the recipient", all, func(m *mailer.Message) { m.To = "a\x00@b.example" }, mailer.StageRcpt, "5.1.3"},
		{"a parameter behind the recipient", all, func(m *mailer.Message) { m.To = "a@b.example> NOTIFY=NEVER" }, mailer.StageRcpt, "5.1.3"},
		{"a blank in the recipient", all, func(m *mailer.Message) { m.To = "a b@c.example" }, mailer.StageRcpt, "5.1.3"},
		{"a line separator in the recipient", all, func(m *mailer.Message) { m.To, m.UTF8 = "a\u2028@c.example", true }, mailer.StageRcpt, "5.1.3"},
		{"brackets in the recipient", all, func(m *mailer.Message) { m.To = "<a@b.example" }, mailer.StageRcpt, "5.1.3"},
		{"a blank behind a quoted local part", all, func(m *mailer.Message) { m.To = `"a b"@c.example NOTIFY=NEVER` }, mailer.StageRcpt, "5.1.3"},
		{"a bracket behind a quoted local part", all, func(m *mailer.Message) { m.To = `"a b"@c.example>` }, mailer.StageRcpt, "5.1.3"},
		{"a quoted local part that ends early", all, func(m *mailer.Message) { m.To = `"a"> <"b"@c.example` }, mailer.StageRcpt, "5.1.3"},
		{"a quoted local part without end", all, func(m *mailer.Message) { m.To = `"a b@c.example` }, mailer.StageRcpt, "5.1.3"},
		{"a quoted local part whose end is escaped", all, func(m *mailer.Message) { m.To = `"a b\"@c.example` }, mailer.StageRcpt, "5.1.3"},
		{"a quote inside a local part", all, func(m *mailer.Message) { m.To = `a" "b@c.example` }, mailer.StageRcpt, "5.1.3"},
		{"a line end in a quoted local part", all, func(m *mailer.Message) { m.To = "\"a\r\nRSET\r\n\"@c.example" }, mailer.StageRcpt, "5.1.3"},
		{"an escaped line feed in a quoted local part", all, func(m *mailer.Message) { m.To = "\"a\\\n\"@c.example" }, mailer.StageRcpt, "5.1.3"},
		{"a NUL in a quoted local part", all, func(m *mailer.Message) { m.To = "\"a\x00\"@c.example" }, mailer.StageRcpt, "5.1.3"},
		{"a tab in a quoted local part", all, func(m *mailer.Message) { m.To = "\"a\tb\"@c.example" }, mailer.StageRcpt, "5.1.3"},
		{"a line separator in a quoted local part", all, func(m *mailer.Message) { m.To, m.UTF8 = "\"a\u2028b\"@c.example", true }, mailer.StageRcpt, "5.1.3"},
		{"a recipient without end", all, func(m *mailer.Message) { m.To = strings.Repeat("a", 255) }, mailer.StageRcpt, "5.1.3"},
		{"a second command behind the sender", all, func(m *mailer.Message) { m.EnvelopeFrom = "a@b.example>\r\nRSET" }, mailer.StageMail, "5.1.7"},
		{"a bare carriage return in the message", all, func(m *mailer.Message) { m.Bytes = []byte("a\r.\r\nb") }, mailer.StageData, "5.6.0"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			srv := served(t, setup{extensions: c.extensions})
			s := open(t, srv)
			m := notice
			c.change(&m)
			_, err := s.Send(t.Context(), m, nil)
			failed := failure(t, err)
			if failed.Stage != c.stage || failed.Reply.Enhanced != c.enhanced || failed.Reply.Code/100 != 5 || !errors.Is(err, ErrNotSent) {
				t.Errorf("got %v at %s", err, failed.Stage)
			}
			if next := mailer.Next(mailer.Classify(failed)); next.Suppress || next.To == mailer.Queued {
				t.Errorf("leads to %+v", next)
			}
			if got := srv.commands(); len(got) != 1 || !s.Alive() {
				t.Errorf("the wire was touched: %q, alive %v", got, s.Alive())
			}
		})
	}
}

func TestTheRelayGetsTheMessageWithLinesAndDotsAsTheyWere(t *testing.T) {
	for given, want := range map[string]string{
		"":                  "",
		"a":                 "a\r\n",
		"a\nb\r\nc":         "a\r\nb\r\nc\r\n",
		".":                 ".\r\n",
		".\n.\r\n..\n...a":  ".\r\n.\r\n..\r\n...a\r\n",
		"\n\r\n.\r\nQUIT\n": "\r\n\r\n.\r\nQUIT\r\n",
		string(large):       string(large),
	} {
		srv := served(t, setup{extensions: []string{"8BITMIME"}})
		m := notice
		m.Bytes = []byte(given)
		if _, err := open(t, srv).Send(t.Context(), m, nil); err != nil {
			t.Errorf("%.20q: %v", given, err)
		}
		if got := srv.received(); len(got) != 1 || got[0] != want {
			t.Errorf("%.20q: the relay got %.40q", given, got)
		}
	}
}

// received by the rules of RFC 5321 4.5.2, written apart from onWire.
func FuzzOnWire(f *testing.F) {
	for _, seed := range []string{"", ".", "\n.\n", "a\r\n.\r\nb", "\r", "a\r\r\n", "..\n", "\xff\n", "x\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		body, err := onWire(given)
		lines := strings.ReplaceAll(string(given), "\r\n", "\n")
		if bare := strings.Contains(lines, "\r"); bare != (err != nil) {
			t.Fatalf("%q: bare carriage return %v, error %v", given, bare, err)
		}
		if err != nil {
			return
		}
		if lines != "" && !strings.HasSuffix(lines, "\n") {
			lines += "\n"
		}
		want := strings.ReplaceAll(lines, "\n", "\r\n")
		got, rest := undot(string(body.data) + ".\r\n")
		if got != want || rest != "" {
			t.Errorf("%q came as %q, with %q behind its dot", given, got, rest)
		}
		if body.size != int64(len(want)) || body.eightBit != strings.ContainsFunc(want, func(r rune) bool { return r > 127 }) {
			t.Errorf("%q: size %d, 8-bit %v", given, body.size, body.eightBit)
		}
	})
}

func undot(wire string) (message, rest string) {
	r := bufio.NewReader(strings.NewReader(wire))
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			left, _ := r.ReadString(0)
			return b.String(), left
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// What comes out of xtext can stand in a command, and says what went in.
func FuzzXtext(f *testing.F) {
	for _, seed := range []string{"", "a+b=c", "é", "\r\n", `\x{41}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		xtext := string(appendXtext(nil, s))
		for _, out := range []string{xtext, string(appendUTF8Xtext(nil, s))} {
			if strings.ContainsFunc(out, func(r rune) bool { return r < '!' || r > '~' || r == '=' }) {
				t.Errorf("%q became %q", s, out)
			}
		}
		if back := fromXtext(xtext); back != s {
			t.Errorf("%q became %q, which says %q", s, xtext, back)
		}
	})
}

func fromXtext(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' {
			c = byte(16*slices.Index(hexDigits, s[i+1]) + slices.Index(hexDigits, s[i+2]))
			i += 2
		}
		out = append(out, c)
	}
	return string(out)
}

var hexDigits = []byte("0123456789ABCDEF")
