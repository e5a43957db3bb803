package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"article14/internal/rig"
	"article14/internal/sample"
	"article14/mailer"
)

// pooled gives the address of a database by way of a PgBouncer in transaction mode, where
// all processes together share so many sessions, and the PgBouncer.
func pooled(t *testing.T, url string, sessions int) (string, *rig.Pooler) {
	t.Helper()
	p, err := rig.OpenPooler(t.Context(), url, sessions, rig.GoRound)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.Through(url), p
}

func TestTwoMigrationsAtOnceBehindAPoolerBothEndWell(t *testing.T) {
	direct := empty(t)
	url, _ := pooled(t, direct, 3)
	s := &stage{keyFile: filepath.Join(t.TempDir(), "keys.json")}
	both := []*program{s.program(t, url, s.keyFile, "migrate", "up"), s.program(t, url, s.keyFile, "migrate", "up")}
	for _, p := range both {
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %s", err, p.log)
		}
	}
	out, status := s.command(t, url, "migrate", "status", "--json")
	var at struct{ Database, Program int64 }
	if err := json.Unmarshal([]byte(out), &at); err != nil || status != 0 || at.Database != at.Program || at.Program == 0 {
		t.Fatalf("%d %s", status, out)
	}
	db, err := sql.Open("postgres", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var runs, versions int
	if err := db.QueryRow("SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&runs, &versions); err != nil {
		t.Fatal(err)
	}
	if runs != versions || runs < 10 {
		t.Errorf("%d migrations are on record for %d versions", runs, versions)
	}
}

// runs runs a command that must succeed, by way of the stage's database.
func (s *stage) runs(t *testing.T, args ...string) string {
	t.Helper()
	out, status := s.command(t, s.url, args...)
	if status != 0 {
		t.Fatalf("%v ended with %d: %s", args, status, out)
	}
	return out
}

// sender starts a worker that has a journal of its own, as on a machine of its own.
func (s *stage) sender(t *testing.T, n int) *program {
	return s.program(t, s.url, s.keyFile, "work", "--relay-host", "127.0.0.1", "--relay-port", s.relayPort, "--ops-listen", "",
		"--connections", "2", "--journal", s.journal+strconv.Itoa(n))
}

// TestThreeWorkersBehindAPoolerTellEachPersonOnce is the whole way behind a PgBouncer
// that gives four sessions to all processes together: commands, three workers, two of
// them killed while nothing is on the wire, and the pages.
func TestThreeWorkersBehindAPoolerTellEachPersonOnce(t *testing.T) { // E5, govuk-puppet #7920
	direct := empty(t)
	url, pooler := pooled(t, direct, 4)
	if err := migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s := newStageAt(t, url, nil)
	files := sample.Files(2400, 7, s.now())
	path := filepath.Join(t.TempDir(), files[0].Name)
	if err := os.WriteFile(path, files[0].Body, 0o600); err != nil {
		t.Fatal(err)
	}
	s.runs(t, "import", path, "--source", files[0].Source, "--activity", demoActivity)
	s.runs(t, "campaign", "create", "first", "--activity", demoActivity, "--by", "test")
	s.runs(t, "campaign", "approve", "first", "--by", "test")
	s.runs(t, "campaign", "pace", "first", "300") // so that it lasts until it is paused
	workers := []*program{s.sender(t, 0), s.sender(t, 1), s.sender(t, 2)}
	for _, w := range workers {
		until(t, func() bool { return strings.Contains(w.log.String(), "the worker is up") })
	}
	s.runs(t, "campaign", "start", "first")
	if err := s.catcher.Wait(t.Context(), 60); err != nil {
		t.Fatal(err)
	}

	s.runs(t, "campaign", "pause", "first")
	paused := time.Now()
	until(t, func() bool {
		_, counts := s.campaign(t, "first")
		return counts[mailer.Sending] == 0
	})
	c, counts := s.campaign(t, "first")
	if counts[mailer.Queued] == 0 || c.State != mailer.CampaignPaused {
		t.Fatalf("all was over before it was paused: nothing was tested: %s %v", c.State, counts)
	}
	mails := s.notices(t)
	// Workers look four times a second; the rest is for a machine that has other work.
	if late := mails[len(mails)-1].At.Sub(paused); late > 5*time.Second {
		t.Errorf("a mail went out %s after the pause", late)
	}
	t.Logf("the last mail went out %s behind the pause", mails[len(mails)-1].At.Sub(paused))
	for n, w := range workers[:2] {
		w.Process.Kill()
		w.Wait()
		workers[n] = s.sender(t, n)
	}
	if again := s.notices(t); len(again) != len(mails) {
		t.Errorf("%d mails went out while the campaign was paused", len(again)-len(mails))
	}
	s.runs(t, "campaign", "pace", "first", "0")
	s.runs(t, "campaign", "resume", "first")
	until(t, s.finished(t, "first"))

	c, counts = s.campaign(t, "first")
	told := s.told(t)
	if int64(len(told)) != c.ApprovedPeople || counts[mailer.Relayed] != c.ApprovedPeople || c.ApprovedPeople < 500 {
		t.Errorf("%d people were told, %d are on record, %d were approved", len(told), counts[mailer.Relayed], c.ApprovedPeople)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s went out %d times", id, n)
		}
	}
	s.shared(t, direct, pooler)
	var f struct {
		Deliveries map[mailer.DeliveryState]int64
		Workers    []any
	}
	if out := s.runs(t, "status", "--json"); json.Unmarshal([]byte(out), &f) != nil || f.Deliveries[mailer.Relayed] != c.ApprovedPeople || len(f.Workers) < len(workers) {
		t.Errorf("status says %v of the deliveries and names %d workers", f.Deliveries, len(f.Workers))
	}
	s.lookAtLinks(t, s.notices(t))
	for _, w := range workers {
		w.stop(t)
	}
}

// shared holds that the processes have had sessions of the pooler's alone, and fewer
// than they had connections.
func (s *stage) shared(t *testing.T, direct string, pooler *rig.Pooler) {
	t.Helper()
	var clients, servers int
	for what, n := range map[string]*int{"CLIENTS": &clients, "SERVERS": &servers} {
		rows, err := pooler.Console.QueryContext(t.Context(), "SHOW "+what)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			*n++
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("postgres", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var others int
	err = db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Scan(&others)
	if err != nil || others != servers || servers > 4 || clients <= servers {
		t.Errorf("%d connections share %d sessions, and the server has %d: %v", clients, servers, others, err)
	}
}
