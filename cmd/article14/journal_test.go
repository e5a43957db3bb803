package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/mailer"
)

// journals are the files of all workers' journals.
func (s *stage) journals(t *testing.T) (files []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.journal, "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestAKillLeavesOneDeliveryUncertainForEachConnection kills workers in full run. What
// the relay answered, and what it had not yet got, is found again by the next one at
// once; uncertain is only what was on the wire.
func TestAKillLeavesOneDeliveryUncertainForEachConnection(t *testing.T) { // E5
	const kills, connections = 5, 4
	s := newStage(t, nil)
	s.take(t, 1500)
	s.release(t, "first")
	c, counts := s.campaign(t, "first")
	step := int(c.ApprovedPeople) / (kills + 1)
	uncertain := int64(0)
	for n := 1; n <= kills; n++ {
		p := s.workers(t, "--connections", "4")
		if err := s.catcher.Wait(t.Context(), n*step); err != nil {
			t.Fatal(err)
		}
		p.Process.Kill()
		p.Wait()
		if left := s.journals(t); len(left) != 1 {
			t.Fatalf("the kill has left %q", left)
		}
		p = s.workers(t, "--connections", "4")
		until(t, func() bool {
			return len(s.journals(t)) == 1 && strings.Contains(p.log.String(), "what a worker that is gone had on record is settled")
		})
		if _, counts = s.campaign(t, "first"); counts[mailer.Uncertain] > uncertain+connections {
			t.Errorf("kill %d made %d uncertain with %d connections: %s", n, counts[mailer.Uncertain]-uncertain, connections, p.log)
		}
		uncertain = counts[mailer.Uncertain]
		p.Process.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			t.Fatalf("%v: %s", err, p.log)
		}
	}
	if left := s.journals(t); len(left) != 0 {
		t.Errorf("a graceful stop has left %q", left)
	}
	p := s.workers(t, "--connections", "4")
	until(t, func() bool {
		_, counts = s.campaign(t, "first")
		return counts[mailer.Relayed]+counts[mailer.Uncertain] == c.ApprovedPeople // no lease is waited for
	})
	p.stop(t)

	// Uncertain ones wait ten minutes: the clock of the last worker is put forward.
	s.now = func() time.Time { return time.Now().Add(11 * time.Minute) }
	stop := s.worker()
	until(t, s.finished(t, "first"))
	stop()
	again, told := 0, s.told(t)
	for id, n := range told {
		if again += n - 1; n > 2 {
			t.Errorf("%s went out %d times", id, n)
		}
	}
	t.Logf("%d people, %d kills: %d uncertain, %d told twice", len(told), kills, counts[mailer.Uncertain], again)
	if int64(len(told)) != c.ApprovedPeople || int64(again) > counts[mailer.Uncertain] {
		t.Errorf("of %d people %d were told, %d twice, of %d that were uncertain", c.ApprovedPeople, len(told), again, counts[mailer.Uncertain])
	}
}

func TestAnotherWorkerFindsWhatAKilledOneLeavesAndLeavesAFrozenOneAlone(t *testing.T) { // E5
	s := newStage(t, nil)
	s.take(t, 300)
	frozen, other := s.workers(t), s.workers(t)
	up := func(p *program) bool { return strings.Contains(p.log.String(), "the worker is up") }
	until(t, func() bool { return up(frozen) && up(other) })
	s.release(t, "first")
	if err := s.catcher.Wait(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := frozen.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	third := s.workers(t) // it looks when it starts
	until(t, func() bool { return up(third) })
	third.stop(t)
	if strings.Contains(third.log.String()+other.log.String(), "a worker that is gone") {
		t.Fatalf("a frozen worker was taken for one that is gone: %s %s", third.log, other.log)
	}
	frozen.Process.Kill()
	frozen.Wait()
	c, counts := s.campaign(t, "first")
	until(t, func() bool { // it looks every five seconds
		_, counts = s.campaign(t, "first")
		return counts[mailer.Relayed]+counts[mailer.Uncertain] == c.ApprovedPeople
	})
	other.stop(t)
	if counts[mailer.Uncertain] > 2 {
		t.Errorf("%d are uncertain with 2 connections", counts[mailer.Uncertain])
	}
}

// TestAJournalHoldsNoAddressAndNoName looks into the journal of a worker that was
// killed while a relay quoted each recipient in its reply.
func TestAJournalHoldsNoAddressAndNoName(t *testing.T) { // T4, R3
	s := newStage(t, func(e catcher.Envelope) catcher.Verdict {
		if e.Step != catcher.AtRcpt || e.To[0]%2 == 0 {
			return catcher.Accept
		}
		return catcher.Reply(catcher.AtRcpt, 550, catcher.Enhanced{5, 1, 1}, "no mailbox "+e.To+" here")
	})
	s.take(t, 300)
	s.release(t, "first")
	p := s.workers(t)
	if err := s.catcher.Wait(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	p.Process.Kill()
	p.Wait()
	var written strings.Builder
	for _, f := range s.journals(t) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		written.Write(b)
	}
	for _, want := range []string{`"to":"relayed"`, `"code":550`, "no mailbox [address] here"} {
		if !strings.Contains(written.String(), want) {
			t.Errorf("the journal has nothing with %s", want)
		}
	}
	var all string
	err := database(t, s.url).QueryRowContext(t.Context(), `SELECT string_agg(v, chr(10)) FROM (SELECT name FROM contact UNION SELECT value FROM identifier) AS known(v) WHERE length(v) > 6`).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(all, "\n")
	if len(values) < 300 {
		t.Fatalf("only %d values to look for", len(values))
	}
	for _, v := range append(values, "@") {
		if strings.Contains(strings.ToLower(written.String()), strings.ToLower(v)) {
			t.Errorf("the journal holds a person's value of %d characters", len(v))
		}
	}
}

func TestAJournalThatCannotBeWrittenIsRefusedAtStartWithItsRemedy(t *testing.T) {
	s := newStage(t, nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.workers(t, "--journal", filepath.Join(file, "journal"))
	if err := p.Wait(); err == nil || !strings.Contains(p.log.String(), "--journal DIR") {
		t.Errorf("it ended with %v: %s", err, p.log)
	}
	p = s.workers(t, "--journal", "none")
	until(t, func() bool {
		return strings.Contains(p.log.String(), "there is no journal") && strings.Contains(p.log.String(), "the worker is up")
	})
	p.stop(t)
}
