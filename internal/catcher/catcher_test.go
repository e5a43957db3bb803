package catcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAMailIsKeptWithItsEnvelopeAndItsBytes(t *testing.T) {
	s, addr := serve(t, Options{})
	c := dial(t, addr)
	c.do("MAIL FROM:<b+abc@bounce.example> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=d-1+2B2", "250 2.0.0")
	c.do("RCPT TO:<jürgen@example.org> NOTIFY=FAILURE,DELAY ORCPT=utf-8;j\\x{FC}rgen@example.org", "250 2.0.0")
	c.do("RCPT TO:<second@example.org> NOTIFY=NEVER ORCPT=rfc822;se+2Bcond@example.org", "250 2.0.0")
	c.do("DATA", "354 ")
	c.send("Subject: x\r\n\r\n..a line that begins with a dot\r\nlast\r\n.\r\n")
	if got := c.expect("250 2.0.0"); got != "250 2.0.0 taken as 1" {
		t.Errorf("the answer is %q and does not give the mail's number", got)
	}
	want := []Mail{{
		Seq: 1, At: noon, Hello: "client.example", From: "b+abc@bounce.example",
		To: []Recipient{
			{Address: "jürgen@example.org", Notify: []string{"FAILURE", "DELAY"}, Original: "utf-8;jürgen@example.org"},
			{Address: "second@example.org", Notify: []string{"NEVER"}, Original: "rfc822;se+cond@example.org"},
		},
		EnvelopeID: "d-1+2", Return: "HDRS", Body: "8BITMIME", UTF8: true, Answered: true,
		Raw: []byte("Subject: x\r\n\r\n.a line that begins with a dot\r\nlast\r\n"),
	}}
	if diff := cmp.Diff(want, s.Mails()); diff != "" {
		t.Error(diff)
	}
	if got := s.MailsTo("second@example.org"); len(got) != 1 {
		t.Errorf("%d mails found by the second recipient", len(got))
	}
	if m, ok := s.Find(1); !ok || m.Seq != 1 {
		t.Error("the mail is not found by its number")
	}
	for _, no := range []uint64{0, 2} {
		if _, ok := s.Find(no); ok {
			t.Errorf("a mail %d is found that never came", no)
		}
	}
}

func TestTheExtensionsARelayHasAreOffered(t *testing.T) {
	offered := func(opts Options) string {
		_, addr := serve(t, opts)
		c, err := smtp.Dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var names []string
		for _, name := range []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH"} {
			if ok, param := c.Extension(name); ok {
				names = append(names, strings.TrimSpace(name+" "+param))
			}
		}
		return strings.Join(names, ", ")
	}
	if got, want := offered(Options{MailBytes: 5000}), "PIPELINING, 8BITMIME, SMTPUTF8, DSN, SIZE 5000, ENHANCEDSTATUSCODES"; got != want {
		t.Errorf("offered %s; want %s", got, want)
	}
	if got, want := offered(Options{NoDSN: true, NoSMTPUTF8: true, Auth: &Auth{}}),
		fmt.Sprintf("PIPELINING, 8BITMIME, SIZE %d, ENHANCEDSTATUSCODES, AUTH PLAIN", DefaultMailBytes); got != want {
		t.Errorf("offered %s; want %s", got, want)
	}
}

func TestAPipelinedGroupIsAnsweredInOrder(t *testing.T) {
	s, addr := serve(t, Options{Script: ByLocalPart()})
	c := dial(t, addr)
	c.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<refuse1@example.org>\r\nRCPT TO:<ok@example.org>\r\nDATA\r\n")
	for _, want := range []string{"250 2.0.0", "550 5.1.1", "250 2.0.0", "354"} {
		c.expect(want)
	}
	c.send("Subject: x\r\n\r\nbody\r\n.\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<refuse2@example.org>\r\nDATA\r\nQUIT\r\n")
	for _, want := range []string{"250 2.0.0 taken as 1", "250 2.0.0", "550 5.1.1", "502 5.5.1", "221 2.0.0"} {
		c.expect(want)
	}
	c.expectLost()
	if got := s.Counts(); got.Taken != 1 || got.Refused != 2 {
		t.Errorf("%+v", got)
	}
	if to := s.Mails()[0].To; len(to) != 1 || to[0].Address != "ok@example.org" {
		t.Error("a refused recipient stands in the envelope")
	}
}

func TestAMailLargerThanSizeIsRefused(t *testing.T) {
	s, addr := serve(t, Options{MailBytes: 1000})
	c := dial(t, addr)
	c.do("MAIL FROM:<a@example.org> SIZE=1001", "552 5.3.4")
	if got := c.give("b@example.org", strings.Repeat("0123456789\r\n", 100)); !strings.HasPrefix(got, "552 5.3.4") {
		t.Errorf("a large mail without a SIZE parameter is answered %q", got)
	}
	if got := c.give("b@example.org", strings.Repeat("0123456789\r\n", 50)); !strings.HasPrefix(got, "250 ") {
		t.Errorf("a small mail afterwards is answered %q", got)
	}
	if got := s.Counts(); got.Taken != 1 || got.Refused != 1 {
		t.Errorf("%+v", got)
	}
}

func TestANonASCIIAddressNeedsSMTPUTF8(t *testing.T) {
	_, addr := serve(t, Options{})
	c := dial(t, addr)
	c.do("MAIL FROM:<jürgen@example.org>", "553 5.6.7")
	c.do("MAIL FROM:<a@example.org>", "250 ")
	c.do("RCPT TO:<jürgen@example.org>", "553 5.6.7")
	c.do("MAIL FROM:<a@example.org>", "503 5.5.1")
	c.do("RSET", "250 ")
	c.do("MAIL FROM:<jürgen@example.org> SMTPUTF8", "250 ")
}

func TestTheNewestMailsAreKeptWithinTheirNumber(t *testing.T) {
	s, addr := serve(t, Options{Max: 3})
	c := dial(t, addr)
	for i := range 10 {
		c.give("b@example.org", letter(fmt.Sprint("mail ", i+1), "text"))
	}
	var kept []uint64
	for _, m := range s.Mails() {
		kept = append(kept, m.Seq)
		if found, ok := s.Find(m.Seq); !ok || found.Seq != m.Seq {
			t.Errorf("mail %d is not found by its number", m.Seq)
		}
	}
	if diff := cmp.Diff([]uint64{8, 9, 10}, kept); diff != "" {
		t.Error(diff)
	}
	if _, ok := s.Find(7); ok {
		t.Error("a forgotten mail is found")
	}
	if got := s.Counts(); got.Taken != 10 || got.Kept != 3 || got.Forgotten != 7 || s.Count() != 10 {
		t.Errorf("%+v", got)
	}
}

func TestTheNewestMailsAreKeptWithinTheirMemory(t *testing.T) {
	const limit = 20_000
	s, addr := serve(t, Options{MaxBytes: limit})
	c := dial(t, addr)
	for range 30 {
		c.give("b@example.org", letter("x", strings.Repeat("0123456789\r\n", 200)))
		if got := s.Counts(); got.Bytes > limit {
			t.Fatalf("%d bytes kept, %d allowed", got.Bytes, limit)
		}
	}
	got := s.Counts()
	if got.Kept < 5 || got.Kept+got.Forgotten != 30 {
		t.Errorf("%+v", got)
	}
	if last := s.Mails()[got.Kept-1].Seq; last != 30 {
		t.Errorf("the newest mail kept is %d", last)
	}
}

func TestWaitEndsWhenTheMailsAreTaken(t *testing.T) {
	s, addr := serve(t, Options{})
	const waiters = 4
	done := make(chan error, waiters)
	for i := range waiters {
		go func() { done <- s.Wait(t.Context(), i+1) }()
	}
	c := dial(t, addr)
	for range waiters {
		c.give("b@example.org", letter("x", "y"))
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := s.Wait(t.Context(), waiters); err != nil {
		t.Errorf("waiting for what has come: %v", err)
	}
}

func TestWaitEndsWithItsContextAndWithTheServer(t *testing.T) {
	s, _ := serve(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with an ended context: %v", err)
	}
	if n := len(s.box.waiters); n != 0 {
		t.Errorf("%d waiters left behind", n)
	}
	done := make(chan error)
	go func() { done <- s.Wait(t.Context(), 1) }()
	s.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("Wait on a closed server: %v", err)
	}
}

func TestSixteenConnectionsGiveTwoThousandMails(t *testing.T) {
	const clients, each = 16, 125
	s, addr := serve(t, Options{})
	var wg sync.WaitGroup
	for i := range clients {
		c := dial(t, addr)
		wg.Go(func() {
			for n := range each {
				to := fmt.Sprintf("r%d-%d@example.org", i, n)
				c.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n")
				for range 3 {
					if _, err := c.reply(); err != nil {
						t.Error(err)
						return
					}
				}
				c.send(letter(to, "text") + ".\r\n")
				if got, err := c.reply(); err != nil || !strings.HasPrefix(got, "250 ") {
					t.Errorf("%q, %v", got, err)
					return
				}
			}
		})
	}
	waitFor(t, s, clients*each)
	wg.Wait()
	seen := make(map[string]bool)
	for i, m := range s.Mails() {
		to := m.To[0].Address
		if m.Seq != uint64(i+1) || seen[to] || !strings.Contains(string(m.Raw), "Subject: "+to+"\r\n") {
			t.Fatalf("mail %d at place %d has another's envelope, bytes or number", m.Seq, i)
		}
		seen[to] = true
	}
	if len(seen) != clients*each {
		t.Errorf("%d of %d mails kept", len(seen), clients*each)
	}
}

func TestShutdownLetsARunningTransactionFinishAndEndsIdleOnes(t *testing.T) {
	s, addr := serve(t, Options{})
	idle, busy := dial(t, addr), dial(t, addr)
	busy.open("b@example.org")
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(t.Context()) }()
	idle.expect("421 4.4.2")
	idle.expectLost()
	busy.do("DATA", "354 ")
	busy.do(letter("x", "y")+".", "250 2.0.0")
	busy.expect("421 4.4.2")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s.Count() != 1 {
		t.Error("the mail under way was lost")
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("a new connection was taken")
	}
}

func TestShutdownCutsWhatOutlastsItsContext(t *testing.T) {
	s, addr := serve(t, Options{})
	busy := dial(t, addr)
	busy.open("b@example.org")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	busy.expectLost()
}

func TestNoAddressIsLogged(t *testing.T) {
	var log strings.Builder
	opts := Options{
		Script: ByLocalPart(),
		Log:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	s, addr := serve(t, opts)
	c := dial(t, addr)
	c.give("anna@example.org", letter("for Anna", "y"))
	c.do("MAIL FROM:<anna@example.org>", "250 ")
	c.do("RCPT TO:<refuse-anna@example.org>", "550 ")
	c.do("QUIT", "221 ")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "mail taken") {
		t.Fatal("nothing was logged, so this test says nothing")
	}
	if strings.Contains(strings.ToLower(log.String()), "anna") {
		t.Error("an address or a subject stands in the log")
	}
}

func BenchmarkAMailIsTaken(b *testing.B) {
	s, addr := serve(b, Options{})
	c := dial(b, addr)
	body := letter("x", strings.Repeat("0123456789012345678901234567890123456789\r\n", 500))
	group := []byte(body + ".\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
	c.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
	for range 3 {
		c.reply()
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c.Write(group)
		for range 4 {
			c.reply()
		}
	}
	b.StopTimer()
	if s.Count() == 0 {
		b.Fatal("nothing was taken")
	}
}
