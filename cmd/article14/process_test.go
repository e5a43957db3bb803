package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/mailer"
)

// program is this binary called by the program's name: a real process.
type program struct {
	*exec.Cmd
	log *lockedBuffer
}

func (s *stage) program(t *testing.T, url, keys string, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{exec.CommandContext(t.Context(), self, args...), &lockedBuffer{}}
	p.Args[0] = "article14"
	p.Env = append(os.Environ(), "ARTICLE14_DATABASE_URL="+url, "ARTICLE14_KEYS="+keys, "ARTICLE14_JOURNAL="+s.journal)
	p.Stderr, p.Stdout = p.log, io.Discard
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *stage) workers(t *testing.T, extra ...string) *program {
	args := append([]string{"run", "--relay-host", "127.0.0.1", "--relay-port", s.relayPort, "--listen", "127.0.0.1:0",
		"--ops-listen", "127.0.0.1:0", "--connections", "2"}, extra...)
	return s.program(t, s.url, s.keyFile, args...)
}

// campaign is a campaign with its deliveries by state.
func (s *stage) campaign(t *testing.T, key string) (mailer.Campaign, map[mailer.DeliveryState]int64) {
	t.Helper()
	c, err := s.store.Campaign(t.Context(), s.controller, key)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := s.store.CampaignCounts(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c, counts
}

// told counts the mails by Message-ID.
func (s *stage) told(t *testing.T) map[string]int {
	t.Helper()
	told := map[string]int{}
	for _, m := range s.notices(t) {
		told[m.parsed.MessageID]++
	}
	return told
}

func TestAProcessStopsGracefullyInMidRunAndAnotherFinishes(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 300)
	s.release(t, "first")

	p := s.workers(t)
	if err := s.catcher.Wait(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("a graceful stop ended with %v: %s", err, p.log)
	}
	if !strings.Contains(p.log.String(), "the worker has stopped") {
		t.Errorf("its log does not say that the stop was a whole one: %s", p.log)
	}
	_, counts := s.campaign(t, "first")
	if counts[mailer.Sending] != 0 || counts[mailer.Uncertain] != 0 || counts[mailer.Queued] == 0 {
		t.Fatalf("after a graceful stop in mid-run: %v", counts)
	}

	p = s.workers(t)
	until(t, s.finished(t, "first"))
	p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
	for id, n := range s.told(t) {
		if n != 1 {
			t.Errorf("%s went out %d times", id, n)
		}
	}
}

// TestAKilledProcessLosesNobody kills a worker in mid-run. What was begun and not
// yet settled is uncertain once the lease has passed, and sent again with the same
// bytes: nobody is lost, and nobody is told twice without a reason on record.
func TestAKilledProcessLosesNobody(t *testing.T) { // E5
	s := newStage(t, nil)
	s.take(t, 300)
	s.release(t, "first")
	p := s.workers(t)
	if err := s.catcher.Wait(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	p.Process.Kill()
	p.Wait()

	// The lease is fifteen minutes: the clock of the rescuer is put forward.
	s.now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	told := s.told(t)
	c, counts := s.campaign(t, "first")
	if int64(len(told)) != counts[mailer.Relayed] || counts[mailer.Relayed] != c.ApprovedPeople {
		t.Errorf("%d people were told, %d are on record, %d were approved", len(told), counts[mailer.Relayed], c.ApprovedPeople)
	}
	again := int64(0)
	for _, n := range told {
		again += int64(n) - 1
	}
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	if again > f.Attempts[mailer.Uncertain] {
		t.Errorf("%d notices went out again, and only %d are on record as uncertain", again, f.Attempts[mailer.Uncertain])
	}
}

func TestAnUnreachableRelayLeavesDeliveriesQueuedAndChargesNobody(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 60)
	s.release(t, "first")
	s.catcher.Close()
	p := s.workers(t)
	until(t, func() bool { return strings.Contains(p.log.String(), "cannot be reached") })
	p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Attempts) != 0 || f.Deliveries[mailer.Queued] == 0 || f.Deliveries[mailer.Sending] != 0 {
		t.Errorf("attempts %v, deliveries %v", f.Attempts, f.Deliveries)
	}
}

func TestAWorkerGoesOnWhenItsRelayIsBack(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 60)
	s.release(t, "first")
	s.catcher.Close()
	p := s.workers(t)
	until(t, func() bool { return strings.Contains(p.log.String(), "cannot be reached") })
	l, err := net.Listen("tcp", "127.0.0.1:"+s.relayPort)
	if err != nil {
		t.Fatal(err)
	}
	s.catcher = catcher.New(catcher.Options{})
	go s.catcher.Serve(l)
	t.Cleanup(s.catcher.Close)
	until(t, s.finished(t, "first"))
	p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.log)
	}
}

func TestADatabaseClockThatIsOffIsRefusedAtStart(t *testing.T) {
	s := newStage(t, nil)
	for off, want := range map[time.Duration]bool{6 * time.Second: false, -6 * time.Second: false, 2 * time.Second: true} {
		s.now = func() time.Time { return time.Now().Add(off) }
		err := s.checkClock(t.Context())
		if (err == nil) != want {
			t.Errorf("a clock off by %s: %v", off, err)
		}
		if err != nil && !strings.Contains(err.Error(), "NTP") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
}

func TestKeysOfAnotherDatabaseAreRefused(t *testing.T) {
	s := newStage(t, nil)
	other := filepath.Join(t.TempDir(), "keys.json")
	if _, err := makeKeys(other); err != nil {
		t.Fatal(err)
	}
	_, err := open(t.Context(), &Settings{DatabaseURL: s.url, Keys: other}, s.app.log)
	if err == nil || !strings.Contains(err.Error(), "--keys") {
		t.Fatalf("another key file was taken: %v", err)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestTwoWorkersNeverSendTheSameDelivery(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 300)
	a, b := s.workers(t), s.workers(t)
	up := func(p *program) bool { return strings.Contains(p.log.String(), "the worker is up") }
	until(t, func() bool { return up(a) && up(b) }) // neither has sent all before the other is there
	s.release(t, "first")
	until(t, s.finished(t, "first"))
	for _, p := range []*program{a, b} {
		p.Process.Signal(os.Interrupt)
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %s", err, p.log)
		}
	}
	told := map[string]int{}
	for _, m := range s.notices(t) {
		if told[m.EnvelopeID]++; told[m.EnvelopeID] > 1 {
			t.Errorf("delivery %s went out twice", m.EnvelopeID)
		}
	}
	if len(told) < 150 {
		t.Errorf("only %d notices were sent", len(told))
	}
}

func TestPreviewsAreShownInAnInbox(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 60)
	if _, err := s.releases().Create(t.Context(), mailer.Campaign{Key: "first", ActivityKey: demoActivity, CreatedBy: "test"}); err != nil {
		t.Fatal(err)
	}
	p := s.program(t, s.url, s.keyFile, "campaign", "preview", "first", "--out", t.TempDir(), "--inbox", "127.0.0.1:0")
	var base string
	until(t, func() bool {
		base = regexp.MustCompile(`http://127\.0\.0\.1:\d+/inbox/`).FindString(p.log.String())
		if base == "" {
			return false
		}
		_, body := get(t, base)
		return strings.Contains(body, "Nordlicht Data SAS speichert") && strings.Contains(body, "Nordlicht Data SAS holds")
	})
	p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
}
