package main

import (
	"encoding/json"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/campaign"
)

// toldAt counts the mails to a domain.
func (s *stage) toldAt(domain string) (n int) {
	for _, m := range s.catcher.Mails() {
		if strings.HasSuffix(m.To[0].Address, "@"+domain) {
			n++
		}
	}
	return n
}

// classesNow is what 'class list --json' says.
func (s *stage) classesNow(t *testing.T) (out []classJSON) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.does(t, "class", "list", "--json")), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTwoWorkersKeepAClassToItsDayAndTheOthersGoOn(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 400)
	s.approved(t, "first")
	if out := s.does(t, "class", "set", "big", "--domains", "EXAMPLE.org", "--daily", "7", "--by", "Ann Roe"); !strings.Contains(out, "1 domain, no limit a second, 7 a day") || !strings.Contains(out, "queued went to the lanes") {
		t.Errorf("class set: %s", out)
	}
	stop := s.together(t)
	s.does(t, "campaign", "start", "first")
	others := func() int64 { // queued for those in no class
		t.Helper()
		f := s.figuresNow(t)
		return f.QueuedIn(campaign.AnyClass) + f.Deliveries[mailer.Sending]
	}
	until(t, func() bool { return others() == 0 && s.toldAt("example.org") > 0 })
	_, counts := s.campaign(t, "first")
	held := counts[mailer.Queued]
	if n := s.toldAt("example.org"); n != 7 || held == 0 || counts[mailer.Relayed] < 2*held {
		t.Fatalf("%d were told on a day of 7, and %v; want the others told and these held", n, counts)
	}
	class := s.classesNow(t)[0]
	if class.Given != 7 || class.Queued != held || class.FullSince.IsZero() || class.ClearsIn == 0 {
		t.Errorf("class list: %+v; want 7 given, and %d held back since a moment ago", class, held)
	}
	if out := s.does(t, "status"); !strings.Contains(out, "first to big") || !strings.Contains(out, "USED UP SINCE") {
		t.Errorf("status does not say what holds back: %s", out)
	}

	// What is changed acts on workers that run.
	s.does(t, "class", "set", "big", "--daily", "12", "--by", "Ann Roe")
	until(t, func() bool { return s.toldAt("example.org") >= 12 })
	s.does(t, "class", "remove", "big", "--by", "Ann Roe")
	until(t, s.finished(t, "first"))
	stop()
	if n := s.toldAt("example.org"); int64(n) != held+7 {
		t.Errorf("%d were told in the end, want %d", n, held+7)
	}
	if len(s.classesNow(t)) != 0 {
		t.Error("a class that was removed is listed")
	}
}

func TestAHeldLaneOfOneClassIsResumedAlone(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 60)
	s.does(t, "class", "set", "big", "--domains", "example.org", "--by", "Ann Roe")
	s.release(t, "first")
	s.sql(t, `UPDATE lane SET state = 'paused', reason = 'policy' WHERE domain_class = 'big'`)
	if out := s.does(t, "status"); !strings.Contains(out, "policy") {
		t.Errorf("status: %s", out)
	}
	if out, status := s.command(t, s.url, "campaign", "resume", "first", "--class", "any", "--by", "Ann Roe"); status != exitFailed || !strings.Contains(out, "no lane of that class is held") {
		t.Errorf("%d: %s", status, out)
	}
	if out := s.does(t, "campaign", "resume", "first", "--class", "big", "--by", "Ann Roe"); !strings.Contains(out, "goes on with the class big") {
		t.Errorf("campaign resume: %s", out)
	}
	s.sql(t, `DO $$ BEGIN ASSERT (SELECT count(*) FROM lane WHERE state = 'paused') = 0; END $$`)
	for _, wrong := range [][]string{{"set", "Big Ones", "--domains", "example.org"}, {"set", "other", "--domains", "example.org"}, {"set", "other"}, {"remove", "other"}} {
		if out, status := s.command(t, s.url, append([]string{"class"}, wrong...)...); status != exitFailed || out == "" {
			t.Errorf("class %v: %d %s", wrong, status, out)
		}
	}
}
