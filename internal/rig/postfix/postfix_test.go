package postfix

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"article14/internal/catcher"
)

// TestAMailGoesThroughTwoMailSystemsOrComesBack sends to one who is there, to one who
// is greylisted, and to one whom nobody knows.
func TestAMailGoesThroughTwoMailSystemsOrComesBack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("Postfix has to be started by root: run the tests as root to see this one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	back, backAddr := openCatcher(t)
	grey, err := OpenGreylist(func(recipient string) bool { return strings.HasPrefix(recipient, "grey") })
	if err != nil {
		t.Fatal(err)
	}
	defer grey.Close()
	boxes, settings, err := MakeMailboxes(place(t), "people.example", []string{"here", "grey"})
	if err != nil {
		t.Fatal(err)
	}
	settings["myhostname"] = "provider.example"
	settings["smtpd_recipient_restrictions"] = "reject_unlisted_recipient, " + grey.Restriction() + ", permit_mynetworks, reject"
	provider := start(t, settings)
	relay := start(t, Settings{
		"myhostname":           "relay.example",
		"transport_maps":       "inline:{ people.example=" + nextHop(provider.Addr) + ", bounces.example=" + nextHop(backAddr) + " }",
		"relay_domains":        "people.example, bounces.example",
		"minimal_backoff_time": "1s",
		"queue_run_delay":      "1s",
	})

	for _, user := range []string{"here", "grey", "gone"} {
		mail := fmt.Sprintf("Subject: for %s\r\nMessage-ID: <%s@test.example>\r\n\r\nHello\r\n", user, user)
		if err := smtp.SendMail(relay.Addr, nil, "b-"+user+"@bounces.example", []string{user + "@people.example"}, []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	for !came(t, boxes, "here") || !came(t, boxes, "grey") || back.Count() == 0 {
		select {
		case <-ctx.Done():
			log, _ := relay.Log()
			far, _ := provider.Log()
			t.Fatalf("not all has come:\n%s\n%s", log, far)
		case <-time.Tick(20 * time.Millisecond):
		}
	}
	if n := grey.Deferred(); n != 1 {
		t.Errorf("%d recipients were greylisted", n)
	}
	report := back.Mails()[0]
	for _, want := range []string{"multipart/report", "Final-Recipient: rfc822; gone@people.example", "Status: 5.1.1", "Message-ID: <gone@test.example>"} {
		if !bytes.Contains(report.Raw, []byte(want)) {
			t.Errorf("the report lacks %q:\n%s", want, report.Raw)
		}
	}
	if waiting, err := relay.Queue(ctx); err != nil || len(waiting) > 0 {
		t.Errorf("something is left in the queue: %v %v", waiting, err)
	}
}

func openCatcher(t *testing.T) (*catcher.Server, string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := catcher.New(catcher.Options{})
	go c.Serve(l)
	t.Cleanup(c.Close)
	return c, l.Addr().String()
}

// place is a folder that the parts of Postfix can reach, whoever they run as.
func place(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, settings Settings) *Server {
	s, err := Start(t.Context(), place(t), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func nextHop(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return "smtp:[" + host + "]:" + port
}

func came(t *testing.T, boxes Mailboxes, user string) bool {
	mails, err := boxes.Mails(user)
	if err != nil {
		t.Fatal(err)
	}
	return len(mails) > 0
}
