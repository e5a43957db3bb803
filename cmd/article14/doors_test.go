package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/sync/errgroup"

	"article14/internal/catcher"
	"article14/internal/door"
	"article14/mailer"
	"article14/mailer/track"
)

// sent imports people with one address each, sends them their notices, and gives these.
func (s *stage) sent(t *testing.T, names ...string) (mails []catcher.Mail) {
	t.Helper()
	rows := []string{strings.SplitN(twoPeople, "\n", 2)[0]}
	for i, name := range names {
		rows = append(rows, fmt.Sprintf("2026-01-13T00:39:00Z,%s,Moreau,Buyer,Acme,https://www.linkedin.com/in/%s-%d,%s@one.example,,,Lyon,FR,public", name, name, i, name))
	}
	file := filepath.Join(t.TempDir(), "leads.csv")
	if err := os.WriteFile(file, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.importFile(t.Context(), importPlan{file: file, source: "linkedin", activity: demoActivity}); err != nil {
		t.Fatal(err)
	}
	s.release(t, "first")
	stop := s.worker()
	for _, name := range names {
		mails = append(mails, s.mailTo(t, name+"@one.example"))
	}
	until(t, func() bool { return s.figuresNow(t).Duties[mailer.DutyMet] == int64(len(names)) })
	stop()
	return mails
}

// opened serves the doors of some flags, and ends them with the test.
func (s *stage) opened(t *testing.T, f DoorFlags) *openDoors {
	t.Helper()
	_, meter := s.metrics()
	doors, err := s.doors(t.Context(), f, meter)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	g, ctx := errgroup.WithContext(ctx)
	doors.serve(ctx, g)
	t.Cleanup(func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	return doors
}

// TestABounceReopensItsDutyWhicheverDoorItComesThrough sends notices and brings one
// of them back through each door, over its real protocol and into a real database.
func TestABounceReopensItsDutyWhicheverDoorItComesThrough(t *testing.T) { // E2, E3
	s := newStage(t, nil)
	mails := s.sent(t, "anna", "ben", "cleo", "dora", "emil")
	report := func(m catcher.Mail) string { return bounceOf(m, "failed", "5.1.1", "550 5.1.1 user unknown") }
	socket := filepath.Join(t.TempDir(), "lmtp.sock")
	mailbox, deliver := mailboxServer(t)
	doors := s.opened(t, DoorFlags{DoorSMTP: "127.0.0.1:0", DoorLMTP: socket})
	_, meter := s.metrics()
	secret := "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), 32))
	hooks, err := s.hooks(HookFlags{HookSecret: "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n" + secret}, meter)
	if err != nil {
		t.Fatal(err)
	}
	ses, signed := s.sesDoor(t)
	hooks["/hooks/ses/main"] = ses
	mux := http.NewServeMux()
	for pattern, h := range hooks {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	defer srv.Close()

	steps := []struct {
		door  string
		bring func(m catcher.Mail)
	}{
		{track.DoorSMTP, func(m catcher.Mail) {
			if err := smtp.SendMail(doors.listening[0].Addr().String(), nil, "mailer-daemon@mx.example", []string{strings.ToUpper(m.From)}, []byte(report(m))); err != nil {
				t.Error(err)
			}
		}},
		{track.DoorLMTP, func(m catcher.Mail) { lmtp(t, socket, m.From, report(m)) }},
		{track.DoorEvents, func(m catcher.Mail) {
			body := fmt.Sprintf(`{"type":"mail.events","data":{"events":[{"event":"failed","envelope_from":%q,"recipient":%q,"status":"5.1.1"}]}}`, m.From, m.To[0].Address)
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/hooks/events", strings.NewReader(body))
			key, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Now()
			signature, _ := key.Sign("msg_1", at, []byte(body))
			for name, value := range map[string]string{"Content-Type": "application/json", "webhook-id": "msg_1", "webhook-timestamp": fmt.Sprint(at.Unix()), "webhook-signature": signature} {
				req.Header.Set(name, value)
			}
			answered(t, req)
		}},
		{track.DoorSES, func(m catcher.Mail) {
			body := signed(fmt.Sprintf(`{"notificationType":"Bounce","mail":{"source":%q},"bounce":{"bounceType":"Permanent","bounceSubType":"NoEmail","bouncedRecipients":[{"emailAddress":%q}]}}`,
				m.From, m.To[0].Address))
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/hooks/ses/main", bytes.NewReader(body))
			req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
			answered(t, req)
		}},
		{track.DoorIMAP, func(m catcher.Mail) {
			deliver("Delivered-To: " + m.From + "\r\n" + report(m))
			s.opened(t, DoorFlags{DoorIMAP: mailbox, DoorIMAPPassword: "right"})
		}},
	}
	for i, step := range steps {
		step.bring(mails[i])
		if step.door != track.DoorIMAP { // the answer came after the commit
			if got := s.figuresNow(t).Blocked[mailer.BlockAddressDead]; got != int64(i+1) {
				t.Errorf("%s: %d duties are blocked, want %d", step.door, got, i+1)
			}
		}
		until(t, func() bool { return s.figuresNow(t).Blocked[mailer.BlockAddressDead] == int64(i+1) })
		delivery, err := s.tokens().OpenEnvelope(mails[i].From)
		if err != nil {
			t.Fatal(err)
		}
		var shown bytes.Buffer
		printContact(&shown, s.personOf(t, delivery), s.reg, s.now())
		if !strings.Contains(strings.Join(strings.Fields(shown.String()), " "), step.door+", by envelope") {
			t.Errorf("the record does not say that it came by %s:\n%s", step.door, shown.String())
		}
	}
	if log := s.log.String(); strings.Contains(log, "@one.example") || strings.Contains(log, mailer.EnvelopeID(mails[0].From)) {
		t.Error("the log has an address in it")
	}
}

func TestAForgedEnvelopeSenderGetsNotPastTheDoorAndAwayIsAway(t *testing.T) { // E3
	s := newStage(t, nil)
	m := s.sent(t, "anna")[0]
	at := s.opened(t, DoorFlags{DoorSMTP: "127.0.0.1:0", DoorMailbox: []string{"privacy@nordlicht.example"}}).listening[0].Addr().String()
	forged := []byte(m.From)
	i := strings.Index(m.From, "@") - 5 // in the MAC
	forged[i] = map[bool]byte{true: 'b', false: 'a'}[forged[i] == 'a']
	for addr, want := range map[string]string{string(forged): "5.1.1", "someone@one.example": "5.1.1", "b-short@x.example": "5.1.1", mailer.EnvelopeID(m.From): "501",
		"PRIVACY@Nordlicht.Example": "250", strings.ToUpper(m.From): "250"} {
		c, err := smtp.Dial(at)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Mail(""); err != nil {
			t.Fatal(err)
		}
		err = c.Rcpt(addr)
		if got := err == nil; got != (want == "250") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", addr, err, want)
		}
		c.Close()
	}
	if f := s.figuresNow(t); f.Unmatched["waiting"] != 0 || f.Deliveries[mailer.Relayed] != 1 {
		t.Errorf("a forged address did something: %v, %v", f.Unmatched, f.Deliveries)
	}
	s.store.Close()
	if err := smtp.SendMail(at, nil, "", []string{m.From}, []byte(bounceOf(m, "failed", "5.1.1", "550"))); err == nil || !strings.HasPrefix(err.Error(), "451 ") {
		t.Errorf("without a database: %v", err)
	}
}

func TestTheDoorsOpenAndCloseWithTheirCommand(t *testing.T) {
	s := newStage(t, nil)
	settings := &Settings{DatabaseURL: s.url, Keys: s.keyFile, LogLevel: "info"}
	socket := filepath.Join(t.TempDir(), "lmtp.sock")
	left, err := net.Listen("unix", socket) // a process that was killed left its socket behind
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	var out lockedBuffer
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	cmd := &receiveCmd{DoorFlags: DoorFlags{DoorLMTP: socket}, OpsListen: "127.0.0.1:0"}
	go func() { ended <- cmd.Run(ctx, settings, streams{out: &out, err: &out}) }()
	until(t, func() bool {
		return strings.Contains(out.String(), "the door is open") && strings.Contains(out.String(), "serving")
	})
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	if err := (&receiveCmd{DoorFlags: DoorFlags{DoorLMTP: socket}}).Run(ctx, settings, streams{out: io.Discard, err: io.Discard}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second one: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is there still: %v", err)
	}
	for name, f := range map[string]DoorFlags{"no door": {}, "half a certificate": {DoorSMTP: "127.0.0.1:0", DoorCert: "x"}, "no mailbox": {DoorIMAP: "pop3://x"},
		"no host": {DoorSMTP: "2525"}, "no port": {DoorLMTP: "127.0.0.1:"}} {
		err := (&receiveCmd{DoorFlags: f}).Run(t.Context(), settings, streams{out: io.Discard, err: io.Discard})
		if _, misused := err.(misuse); !misused {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, f := range []HookFlags{{HookSES: []string{"x"}}, {HookSES: []string{"a/b=arn"}}, {HookSES: []string{"a=arn"}}, {HookSecret: "short"}} {
		if _, err := s.hooks(f, nil); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func answered(t *testing.T, req *http.Request) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Errorf("answered %d: %s", resp.StatusCode, text)
	}
}

// lmtp brings one message over a Unix socket.
func lmtp(t *testing.T, socket, to, text string) {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, step := range []struct{ say, want string }{{"", "220 "}, {"LHLO x\r\n", "250 "}, {"MAIL FROM:<>\r\n", "250 "}, {"RCPT TO:<" + to + ">\r\n", "250 "}, {"DATA\r\n", "354 "}, {text + ".\r\n", "250 "}} {
		io.WriteString(c, step.say)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if len(line) > 3 && line[3] != '-' {
				if !strings.HasPrefix(line, step.want) {
					t.Fatalf("%.20q is answered %q", step.say, line)
				}
				break
			}
		}
	}
}

// mailboxServer is an IMAP server with an empty INBOX.
func mailboxServer(t *testing.T) (address string, deliver func(string)) {
	t.Helper()
	user := imapmemserver.NewUser("bounces", "right")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapIdle: {}}, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return "imap://bounces@" + l.Addr().String() + "/INBOX", func(text string) {
		if _, err := user.Append("INBOX", literal{strings.NewReader(text)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

// sesDoor is the door of a topic whose certificate a server of this test shows, and
// what signs for it.
func (s *stage) sesDoor(t *testing.T) (http.Handler, func(text string) []byte) {
	t.Helper()
	const arn, host = "arn:aws:sns:eu-west-1:123456789012:main", "sns.eu-west-1.amazonaws.com"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	amazon := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}))
	amazon.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	amazon.StartTLS()
	t.Cleanup(amazon.Close)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, amazon.Listener.Addr().String())
		}}}
	_, meter := s.metrics()
	h, err := door.SES(s.doorHouse(meter), door.Topic{ARN: arn, Client: client, Roots: door.Roots{Pool: pool}})
	if err != nil {
		t.Fatal(err)
	}
	return h, func(text string) []byte {
		m := map[string]string{"Type": "Notification", "MessageId": "m-1", "TopicArn": arn, "Message": text, "Timestamp": time.Now().UTC().Format(time.RFC3339),
			"SignatureVersion": "2", "SigningCertURL": "https://" + host + "/x.pem"}
		var b strings.Builder
		for _, name := range []string{"Message", "MessageId", "Timestamp", "TopicArn", "Type"} {
			b.WriteString(name + "\n" + m[name] + "\n")
		}
		sum := sha256.Sum256([]byte(b.String()))
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		m["Signature"] = base64.StdEncoding.EncodeToString(signature)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
}

func TestADoorWhoseAddressIsWrittenWrongIsMisuse(t *testing.T) {
	for addr, ok := range map[string]bool{"127.0.0.1:0": true, ":2525": true, "[::1]:25": true, "localhost:smtp": true, "/run/doors.sock": true, "./doors.sock": true,
		"2525": false, "localhost": false, "127.0.0.1:": false, "::1:25": false, "": false} {
		err := doorAddress("--door-smtp", addr)
		if _, misused := err.(misuse); misused == ok || err != nil && !misused {
			t.Errorf("%q: %v", addr, err)
		}
	}
}
