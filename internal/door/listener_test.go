package door

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer/track"
)

func TestAReportToOurEnvelopeSenderIsKeptAsItCame(t *testing.T) { // E3
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{}))))
	c.give("Subject: x\r\n\r\n..dots\r\nbare\nlf and \rcr\r\n", "B-OURS@Bounces.example")
	in := d.all()[0]
	if want := "Return-Path: <>\r\nSubject: x\r\n\r\n.dots\r\nbare\nlf and \rcr\r\n"; string(in.Raw) != want {
		t.Errorf("kept %q, want %q", in.Raw, want)
	}
	if in.Door != track.DoorSMTP || in.SentTo[0] != "B-OURS@Bounces.example" || in.MailFrom != "" || !in.ReceivedAt.Equal(noon) || in.ExternalID != nil {
		t.Errorf("%+v", in)
	}
	if d.count("smtp kept") != 1 {
		t.Errorf("counted %v", d.came)
	}
}

func TestWhatIsNotForUsIsRefusedBeforeItsTextIsRead(t *testing.T) {
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{}))))
	c.do("MAIL FROM:<someone@example.org>", "250 ")
	for _, to := range []string{"someone@elsewhere.example", "postmaster", "@b-x.example:someone@y.example", `"b-x\` + "\x01" + `"@y.example`} {
		c.do("RCPT TO:<"+to+">", "5")
	}
	c.do("DATA", "502 ")
	if len(d.all()) != 0 || d.count("smtp unknown") == 0 {
		t.Errorf("kept %d, counted %v", len(d.all()), d.came)
	}
	if strings.Contains(d.logged(), "@") || strings.Contains(d.logged(), "127.0.0.1") {
		t.Errorf("the log has an address in it: %s", d.logged())
	}
}

func TestTwoHundredAndFiftyIsSaidOnlyForWhatIsKept(t *testing.T) {
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{}))))
	d.away(true)
	if got := c.give(letter(1), ours); !strings.HasPrefix(got, "451 4.3.0") {
		t.Errorf("while the database is away: %q", got)
	}
	if log := d.logged(); !strings.Contains(log, "away") || strings.Contains(log, "someone@") {
		t.Errorf("the log says %q", log)
	}
	d.away(false)
	if got := c.give(letter(1), ours); !strings.HasPrefix(got, "250 ") {
		t.Errorf("when it is back: %q", got)
	}
	if len(d.all()) != 1 || d.count("smtp away") != 1 || d.count("smtp kept") != 1 {
		t.Errorf("kept %d, counted %v", len(d.all()), d.came)
	}
}

func TestLMTPAnswersForEachRecipient(t *testing.T) { // RFC 2033
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "lmtp.sock")
	nl, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, NewLMTP(d.mail(Limits{PerMinute: 1, PerClient: 1})), nl)
	d.fail = func(in track.Incoming) error {
		if strings.HasPrefix(in.SentTo[0], "b-2") {
			return errAwayNow
		}
		return nil
	}
	connect(t, path).expect("220 ") // who comes over a Unix socket is of the house: no limit by client
	c := connect(t, path)
	c.expect("220 ")
	c.do("EHLO x", "500 ")
	c.do("LHLO x", "250 ")
	for range 2 {
		first := c.give(letter(1), "b-1@x.example", "b-2@x.example", "b-3@x.example", "b-1@x.example")
		second, third, fourth := c.expect(""), c.expect(""), c.expect("")
		for i, got := range []string{first, second, third, fourth} {
			if want := []string{"250 ", "451 ", "250 ", "250 "}[i]; !strings.HasPrefix(got, want) {
				t.Errorf("recipient %d: %q, want %s", i, got, want)
			}
		}
	}
	if in := d.all()[1]; len(d.all()) != 6 || in.SentTo[0] != "b-3@x.example" || len(in.SentTo) != 4 {
		t.Errorf("%d kept, the second for %q", len(d.all()), in.SentTo)
	}
}

func TestOfAMessageThatIsTooLargeThePartThatCountsIsKeptOrItIsRefused(t *testing.T) {
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{Size: 5000, Keep: 1000}))))
	if hello := c.do("EHLO again", "250 "); !strings.Contains(hello, "SIZE 5000") || strings.Contains(hello, "AUTH") || strings.Contains(hello, "STARTTLS") {
		t.Errorf("offered %q", hello)
	}
	c.do("MAIL FROM:<> SIZE=5001", "552 ")
	line := strings.Repeat("x", 98) + "\r\n"
	if got := c.give("A: b\r\n\r\n"+strings.Repeat(line, 40), ours); !strings.HasPrefix(got, "250 ") {
		t.Errorf("4,000 octets: %q", got)
	}
	if got := c.give("A: b\r\n\r\n"+strings.Repeat(line, 60), ours); !strings.HasPrefix(got, "552 5.3.4") {
		t.Errorf("6,000 octets: %q", got)
	}
	if got := d.all(); len(got) != 1 || len(got[0].Raw) != 1000+len("Return-Path: <>\r\n") {
		t.Errorf("%d kept", len(got))
	}
}

func TestEndsThatAreNoneEndNothing(t *testing.T) {
	for _, fake := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\x00.\r\n", "\r\r\n.\n\r\n", "\r.\r\n"} {
		t.Run(fmt.Sprintf("%q", fake), func(t *testing.T) {
			d := newDesk(t)
			c := dial(t, serve(t, NewSMTP(d.mail(Limits{}))))
			c.do("MAIL FROM:<>", "250 ")
			c.do("RCPT TO:<"+ours+">", "250 ")
			c.do("DATA", "354 ")
			c.send("A: b\r\n\r\nfirst" + fake + "MAIL FROM:<>\r\nRCPT TO:<b-smuggled@x.example>\r\nDATA\r\nsecond\r\n.\r\n")
			c.expect("250 ")
			c.do("NOOP", "250 ")
			if got := d.all(); len(got) != 1 || got[0].SentTo[0] != ours || !strings.Contains(string(got[0].Raw), "smuggled") {
				t.Errorf("%d messages were made of one", len(got))
			}
		})
	}
}

func TestACommandPipelinedBehindSTARTTLSIsNotCarriedOut(t *testing.T) { // CVE-2011-0411
	d := newDesk(t)
	m := d.mail(Limits{})
	config, pool := certificate(t)
	m.TLS = config
	plain := dial(t, serve(t, NewSMTP(m)))
	plain.send("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<>\r\nRCPT TO:<b-evil@x.example>\r\n")
	plain.expect("220 ")
	secure := tls.Client(plain.Conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	c := &client{t: t, Conn: secure, r: bufio.NewReader(secure)}
	c.do("RCPT TO:<"+ours+">", "503 ") // nobody has said EHLO here
	if hello := c.do("EHLO x", "250 "); strings.Contains(hello, "evil") || strings.Contains(hello, "STARTTLS") {
		t.Errorf("it answered %q", hello)
	}
	c.give(letter(1), ours)
	if got := d.all(); len(got) != 1 || len(got[0].SentTo) != 1 {
		t.Errorf("kept %+v", got)
	}
}

func TestWhatBreaksOffIsNotKept(t *testing.T) {
	for name, rest := range map[string]string{
		"in the text":      "DATA\r\nA: b\r\n\r\nhalf of it",
		"before the dot":   "DATA\r\nA: b\r\n\r\nall of it\r\n",
		"behind the dot":   "DATA\r\nA: b\r\n\r\nall of it\r\n.",
		"within its end":   "DATA\r\nA: b\r\n\r\nall of it\r\n.\r",
		"before any of it": "DATA\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := dial(t, serve(t, NewSMTP(d.mail(Limits{}))))
			c.do("MAIL FROM:<>", "250 ")
			c.do("RCPT TO:<"+ours+">", "250 ")
			c.send(rest)
			c.Conn.(*net.TCPConn).CloseWrite()
			for _, err := c.reply(); err == nil; _, err = c.reply() {
			}
			if got := d.all(); len(got) != 0 {
				t.Errorf("kept %q", got[0].Raw)
			}
		})
	}
}

func TestAClientThatAsksForTooMuchIsSentAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		say    string
		want   string // the last reply before the connection ends
	}{
		{"a line without end", Limits{Line: 2000}, strings.Repeat("x", 9000), "500 "},
		{"commands without end", Limits{Commands: 30}, strings.Repeat("NOOP\r\n", 100), "421 "},
		{"chunks without end", Limits{Commands: 30}, strings.Repeat("BDAT 0\r\n", 100), "421 "},
		{"nonsense", Limits{}, strings.Repeat("XYZZY\r\n", 10), "500 "},
		{"an address book", Limits{Refusals: 5}, "MAIL FROM:<>\r\n" + strings.Repeat("RCPT TO:<anna@x.example>\r\n", 50), "421 4.7.0"},
		{"a text line without end", Limits{Line: 2000}, "MAIL FROM:<>\r\nRCPT TO:<" + ours + ">\r\nDATA\r\n" + strings.Repeat("x", 9000) + "\r\n.\r\n", "554 5.6.0"},
		{"silence", Limits{Idle: 50 * time.Millisecond}, "", "421 4.4.2"},
		{"a slow text", Limits{Idle: 50 * time.Millisecond}, "MAIL FROM:<>\r\nRCPT TO:<" + ours + ">\r\nDATA\r\nx", "421 4.4.2"},
		{"hours of it", Limits{Total: 50 * time.Millisecond, Idle: time.Hour}, "NOOP\r\n", "421 4.4.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			cl := connect(t, serve(t, NewSMTP(d.mail(c.limits))))
			cl.Write([]byte("EHLO x\r\n" + c.say)) // it may be cut off in the middle
			last := ""
			for got, err := cl.reply(); err == nil; got, err = cl.reply() {
				last = got
			}
			if !strings.HasPrefix(last, c.want) {
				t.Errorf("the last reply is %q, want %q", last, c.want)
			}
			if len(d.all()) != 0 {
				t.Error("something was kept")
			}
		})
	}
}

func TestAHeaderWithoutEndAndAMailThatGoesInCirclesAreRefused(t *testing.T) {
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{Fields: 60, Hops: 10}))))
	for _, x := range []struct{ body, want string }{
		{strings.Repeat("X-A: b\r\n", 61) + "\r\nx\r\n", "554 5.6.0"},
		{strings.Repeat("Received: from a\r\n\tby b\r\n", 11) + "\r\nx\r\n", "554 5.4.6"},
		{strings.Repeat("Received: from a\r\n\tby b\r\n", 10) + "\r\n" + strings.Repeat("Received: x\r\n", 99), "250 "},
	} {
		if got := c.give(x.body, ours); !strings.HasPrefix(got, x.want) {
			t.Errorf("%.20q...: %q, want %s", x.body, got, x.want)
		}
	}
}

func TestOneClientCannotTakeAllConnectionsNorAllTime(t *testing.T) {
	d := newDesk(t)
	addr := serve(t, NewSMTP(d.mail(Limits{PerClient: 2, PerMinute: 3})))
	first := dial(t, addr)
	dial(t, addr)
	third := connect(t, addr)
	third.expect("421 4.7.0")
	third.lost()
	for n := range 3 {
		first.give(letter(n), ours)
	}
	first.do("MAIL FROM:<>", "450 4.7.1")
	d.clock = noon.Add(time.Minute)
	first.do("MAIL FROM:<>", "250 ")
	if d.count("smtp limited") != 2 {
		t.Errorf("counted %v", d.came)
	}
	first.do("QUIT", "221 ")
	first.lost()
}

func TestRecipientsBeyondTheLimitAreAskedForAgainAndTheOthersAreServed(t *testing.T) {
	d := newDesk(t)
	c := dial(t, serve(t, NewSMTP(d.mail(Limits{Recipients: 2}))))
	c.do("MAIL FROM:<>", "250 ")
	for i, want := range []string{"250 ", "250 ", "452 4.5.3"} {
		c.do(fmt.Sprintf("RCPT TO:<b-%d@x.example>", i), want)
	}
	c.do("DATA", "354 ")
	c.do("x\r\n.", "250 ")
	if got := d.all(); len(got) != 2 {
		t.Errorf("%d are kept", len(got))
	}
}

func TestNetworksShareALimitAndAddressesOfIPv6AreManyToOneClient(t *testing.T) {
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 25} }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1", true}, {"2001:db8::1", "2001:db8:0:1::1", false}, {"::ffff:192.0.2.1", "192.0.2.1", true},
	} {
		if got := networkOf(at(c.a)) == networkOf(at(c.b)); got != c.same {
			t.Errorf("%s and %s: one client is %v", c.a, c.b, got)
		}
	}
	clients := newClients(Limits{PerMinute: 1}.withDefaults(), func() time.Time { return noon })
	for i := range 2 * clientsKnown {
		clients.bring(networkOf(&net.TCPAddr{IP: net.IPv4(10, byte(i>>16), byte(i>>8), byte(i))}))
	}
	if n := len(clients.brought); n > clientsKnown+1 {
		t.Errorf("%d networks are remembered", n)
	}
}

func TestAStopFinishesWhatIsUnderWayAndSendsTheOthersAway(t *testing.T) {
	d := newDesk(t)
	l := NewSMTP(d.mail(Limits{}))
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, nl) }()
	idle, busy := dial(t, nl.Addr().String()), dial(t, nl.Addr().String())
	busy.do("MAIL FROM:<>", "250 ")
	busy.do("RCPT TO:<"+ours+">", "250 ")
	busy.do("DATA", "354 ")
	stop()
	idle.expect("421 ")
	idle.lost()
	busy.do(letter(1)+".", "250 ")
	busy.expect("421 ")
	busy.lost()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", nl.Addr().String()); err == nil {
		t.Error("it still takes connections")
	}
	if len(d.all()) != 1 {
		t.Errorf("%d kept", len(d.all()))
	}
}

// TestWhateverAClientSends250FollowsAKeepingAlone drives the listener with commands
// in any order while the database comes and goes. At each reply: 250 to the end of a
// message means that it is kept for every recipient, and anything else that nothing is.
func TestWhateverAClientSends250FollowsAKeepingAlone(t *testing.T) {
	d := newDesk(t)
	addr := serve(t, NewSMTP(d.mail(Limits{PerMinute: 1 << 30, Keep: 200, Size: 2000})))
	commands := []string{"MAIL FROM:<>", "MAIL FROM:<a@b.example>", "RCPT TO:<" + ours + ">", "RCPT TO:<x@y.example>", "RCPT TO:<b-2@x.example>",
		"RSET", "EHLO x", "NOOP", "DATA", "DATA", "BDAT 3", "BDAT 0 LAST", "away", "back"}
	bodies := []string{"x", "A: b\r\n\r\n" + strings.Repeat("y", 500), strings.Repeat("z\r\n", 1500), "Received: a\n.\n"}
	ends := 0
	rapid.Check(t, func(rt *rapid.T) {
		d.away(false)
		c := dial(t, addr)
		defer c.Close()
		kept, recipients := len(d.all()), 0
		if rapid.Bool().Draw(rt, "begun") {
			c.do("MAIL FROM:<>", "250")
			c.do("RCPT TO:<"+ours+">", "250")
			recipients = 1
		}
		for range rapid.IntRange(1, 25).Draw(rt, "commands") {
			command := rapid.SampledFrom(commands).Draw(rt, "command")
			if command == "away" || command == "back" {
				d.away(command == "away")
				continue
			}
			got, end := c.do(command, ""), false
			if strings.HasPrefix(got, "354") {
				got, end = c.do(rapid.SampledFrom(bodies).Draw(rt, "body")+"\r\n.", ""), true
			}
			grown := len(d.all()) - kept
			kept += grown
			switch yes := strings.HasPrefix(got, "250"); {
			case end && yes && (grown == 0 || grown != recipients):
				rt.Fatalf("%q to %d recipients was answered %q, and %d are kept", command, recipients, got, grown)
			case (!end || !yes) && grown != 0:
				rt.Fatalf("%q was answered %q, and %d are kept", command, got, grown)
			case strings.HasPrefix(command, "RCPT") && yes:
				recipients++
			case end || command == "RSET" || command == "EHLO x":
				recipients = 0
				if end && yes {
					ends++
				}
			case strings.HasPrefix(command, "BDAT") && yes:
				rt.Fatalf("%q was answered %q", command, got)
			}
		}
	})
	if ends == 0 {
		t.Error("nothing was ever kept")
	}
}
