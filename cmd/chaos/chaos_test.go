package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"article14/mailer"
)

// TestNobodyIsLostWhateverBreaks is the short form of 'make chaos': every trial once,
// with real processes.
func TestNobodyIsLostWhateverBreaks(t *testing.T) { // E5
	o := options{Deliveries: 1500, Others: 1500, Flooded: 300, Kills: 3, Restarts: 2, Workers: 3, Connections: 6, Seed: 14,
		Lease: 10 * time.Second, Limit: 3 * time.Minute, folder: os.TempDir(), together: true}
	results, err := o.run(t.Context(), t.Output())
	printResults(t.Output(), results)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		for _, m := range r.Missed {
			t.Errorf("%s: %s", r.Trial, m)
		}
	}
	if len(results) != len(trials) {
		t.Errorf("%d of %d trials took place", len(results), len(trials))
	}
}

func TestTheHarnessSeesWhatIsWrong(t *testing.T) {
	sum := sha256.Sum256([]byte("a notice"))
	once := entry{state: mailer.Relayed, met: true, attempts: 1, ended: 1, relayed: 1, sha256: sum[:]}
	twice := once
	twice.attempts, twice.ended, twice.uncertain = 2, 2, 1
	but := func(e entry, change func(*entry)) entry { change(&e); return e }
	inDoubt := entry{state: mailer.Uncertain, attempts: 1, ended: 1, uncertain: 1, sha256: sum[:]}
	kills, held, late := trial{policy: resend}, trial{policy: hold}, trial{policy: resend, frozen: true}

	for _, c := range []struct {
		what   string
		trial  trial
		entry  entry
		mail   mail
		missed []string
	}{
		{"told once", kills, once, mail{sum: sum, times: 1}, nil},
		{"sent again with its reason", kills, twice, mail{sum: sum, times: 1}, nil},
		{"held for a person", held, inDoubt, mail{sum: sum, times: 1}, nil},
		{"held, and never sent", held, inDoubt, mail{}, nil},
		{"relayed, and no mail came", kills, once, mail{}, []string{"lost"}},
		{"relayed, and the duty is open", kills, but(once, func(e *entry) { e.met = false }), mail{sum: sum, times: 1}, []string{"lost"}},
		{"left in the queue", kills, entry{state: mailer.Queued}, mail{}, []string{"lost"}},
		{"left with a worker", held, entry{state: mailer.Sending}, mail{}, []string{"lost"}},
		{"uncertain, and not sent again", kills, inDoubt, mail{}, []string{"lost"}},
		{"other bytes the second time", kills, twice, mail{sum: sum, times: 1, changed: true}, []string{"other bytes"}},
		{"other bytes than on record", kills, once, mail{times: 1}, []string{"other bytes"}},
		{"a mail too many", kills, twice, mail{sum: sum, times: 2}, []string{"told twice"}},
		{"a mail without an attempt", kills, once, mail{sum: sum, times: 2}, []string{"off the record", "told twice"}},
		{"an attempt without an end", kills, but(once, func(e *entry) { e.attempts = 2 }), mail{sum: sum, times: 1}, []string{"off the record"}},
		{"sent again although held", held, twice, mail{sum: sum, times: 2}, []string{"told twice", "sent again although held"}},
		{"a late word that was not written down", late, but(once, func(e *entry) {
			e.state, e.met, e.relayed, e.uncertain, e.attempts, e.ended = mailer.Uncertain, false, 0, 2, 2, 2
		}),
			mail{sum: sum, times: 1}, []string{"a mail that went out is not recorded", "nothing was fenced"}},
	} {
		r := result{Faults: 1}
		r.add(c.entry, &c.mail, c.trial.policy)
		r.judge(c.trial)
		if !slices.Equal(r.Missed, c.missed) {
			t.Errorf("%s: missed %q, not %q", c.what, r.Missed, c.missed)
		}
	}
}

// A worker that goes on behind the signal sends what nobody allows for.
func TestAWorkerCountsAsStoppedWhenAllOfItsThreadsAre(t *testing.T) {
	busy := exec.Command("/bin/sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	defer busy.Wait()
	defer busy.Process.Kill()
	if stopped(busy.Process.Pid) {
		t.Error("one that works counts as stopped")
	}
	busy.Process.Signal(syscall.SIGSTOP)
	for !stopped(busy.Process.Pid) { // the test's own limit ends it
		runtime.Gosched()
	}
	if stopped(os.Getpid()) {
		t.Error("this process, of several threads, counts as stopped")
	}
}

func TestTheSinkKnowsEachMailByItsMessageIDAndBytes(t *testing.T) {
	s, err := openSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	id, other := mailer.NewID(time.Unix(1_800_000_000, 0)), mailer.NewID(time.Unix(1_800_000_001, 0))
	head := func(id mailer.ID) string {
		return "Subject: x\r\nMessage-Id: <" + id.String() + "@bounce.example>\r\n\r\n"
	}
	text := head(id) + ".dotted\r\n"
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := textproto.NewReader(bufio.NewReader(c))
	for _, body := range []string{text, text, head(other) + "one\r\n", head(other) + "two\r\n", "Subject: y\r\n\r\nMessage-Id: <" + id.String() + "@x>\r\n"} {
		fmt.Fprintf(c, "DATA\r\n%s.\r\n", strings.ReplaceAll(body, "\r\n.", "\r\n.."))
		for {
			line, err := in.ReadLine()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "250") {
				break
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.mails[id]; m == nil || m.times != 2 || m.changed || m.sum != sha256.Sum256([]byte(text)) {
		t.Errorf("of the same bytes twice the sink has %+v", m)
	}
	if m := s.mails[other]; m == nil || m.times != 2 || !m.changed {
		t.Errorf("of other bytes under one Message-ID the sink has %+v", m)
	}
	if s.taken != 5 || s.nameless != 1 || len(s.mails) != 2 {
		t.Errorf("taken %d, nameless %d, known %d", s.taken, s.nameless, len(s.mails))
	}
}
