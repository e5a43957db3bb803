package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"article14/mailer"
)

// TestNobodySendsFromARestoredDatabaseBeforeItKnowsWhatItsLedgerKnows erases somebody after
// the backup, and goes through what operators may forget.
func TestNobodySendsFromARestoredDatabaseBeforeItKnowsWhatItsLedgerKnows(t *testing.T) { // R5, T4
	s := newStage(t, nil)
	s.take(t, 20)
	file := filepath.Join(t.TempDir(), "outside", "ledger")
	s.does(t, "--ledger", file, "status")
	backup := restored(t, s.url)
	cs, err := s.store.Candidates(t.Context(), s.controller, mailer.Campaign{ID: mailer.NewID(s.now()), ActivityKey: demoActivity}, false, mailer.ID{}, 1, s.now())
	if err != nil || len(cs) != 1 {
		t.Fatalf("%d, %v", len(cs), err)
	}
	who := cs[0].Contact.ID.String()
	s.does(t, "--ledger", file, "contact", "erase", who, "--by", "Ann", "--why", "asked by letter")

	refused := func(says string, args ...string) {
		t.Helper()
		if out, status := s.command(t, backup, args...); status != exitFailed || !strings.Contains(out, says) {
			t.Errorf("article14 %s ended with %d: %s", strings.Join(args, " "), status, out)
		}
	}
	work := []string{"work", "--relay-host", "127.0.0.1", "--relay-port", s.relayPort, "--ops-listen", "", "--journal", "none"}
	adopt := []string{"instance", "adopt", "--by", "Ann", "--why", "the old server is lost"}
	refused("this database has a ledger", work...)
	refused("has not been applied to this copy", adopt...)

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(whole, []byte("erasure"), []byte("erazure"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("damaged at line 1", append([]string{"--ledger", file}, work...)...)
	refused("damaged at line 1", "ledger", "verify", file)
	refused("has not been applied to this copy", append([]string{"--ledger", file}, adopt...)...)
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := func(want string, args ...string) {
		t.Helper()
		if out, status := s.command(t, backup, args...); status != 0 || !strings.Contains(out, want) {
			t.Errorf("article14 %s ended with %d: %s", strings.Join(args, " "), status, out)
		}
	}
	asked("is sound: 1 line", "ledger", "verify", file)
	asked("1 line applied, 1 person erased again", "ledger", "replay", file)
	asked("0 lines applied", "--ledger", file, "ledger", "replay")
	asked("this copy sends from now on", append([]string{"--ledger", file}, adopt...)...)
	asked("erased 20", "--ledger", file, "contact", "show", who)
	asked(hostname()+":"+file, "--ledger", file, "ledger", "show")
}

func TestAHoldIsSetAndReleasedByCommand(t *testing.T) { // T4
	s := newStage(t, nil)
	s.take(t, 3)
	review := s.now().AddDate(0, 3, 0).Format("2006-01-02")
	for _, args := range [][]string{{"--all", "--activity", demoActivity}, {}} {
		if out, status := s.command(t, s.url, append([]string{"hold", "set", "--by", "Ann", "--why", "case 12", "--review", review}, args...)...); status != exitMisuse {
			t.Errorf("%v: %d %s", args, status, out)
		}
	}
	out := s.does(t, "hold", "set", "--all", "--by", "Ann", "--why", "case 12", "--review", review)
	id := strings.Fields(out)[1]
	if out := s.does(t, "hold", "list"); !strings.Contains(out, id) || !strings.Contains(out, "everybody; by Ann") || !strings.Contains(out, "case 12") {
		t.Error(out)
	}
	far := s.now().AddDate(3, 0, 0).Format("2006-01-02")
	if out := s.does(t, "retention", "run", "--dry-run", "--on", far, "--people"); !strings.Contains(out, "held by "+id) || !strings.Contains(out, "would be erased: 0 people") {
		t.Error(out)
	}
	s.does(t, "hold", "release", id, "--by", "Ben", "--why", "the case is over")
	if out := s.does(t, "retention", "run", "--dry-run", "--on", far); strings.Contains(out, "would be erased: 0 people") || strings.Contains(out, "held") {
		t.Error(out)
	}
	s.does(t, "retention", "run")
	if out := s.does(t, "retention", "report"); !strings.Contains(out, "erased: ") {
		t.Error(out)
	}
	if out := s.does(t, "retention", "list"); len(strings.Split(out, "\n")) < 2 {
		t.Error(out)
	}
	if out := s.does(t, "retention", "stores"); !strings.Contains(out, "answer_text") || strings.Contains(out, "worker_heartbeat") {
		t.Error(out)
	}
}
