package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"article14/internal/catcher"
	"article14/mailer"
	"article14/mailer/deliver"
)

// together starts two worker processes, and waits until both are up.
func (s *stage) together(t *testing.T, extra ...string) (stop func()) {
	t.Helper()
	ps := []*program{s.workers(t, extra...), s.workers(t, extra...)}
	until(t, func() bool {
		return strings.Contains(ps[0].log.String(), "the worker is up") && strings.Contains(ps[1].log.String(), "the worker is up")
	})
	return func() {
		for _, p := range ps {
			p.Process.Signal(os.Interrupt)
			if err := p.Wait(); err != nil {
				t.Errorf("%v: %s", err, p.log)
			}
		}
	}
}

// approved creates and approves a campaign.
func (s *stage) approved(t *testing.T, key string) {
	t.Helper()
	if _, err := s.releases().Create(t.Context(), mailer.Campaign{Key: key, ActivityKey: demoActivity, CreatedBy: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.releases().Approve(t.Context(), key, "test", nil, nil); err != nil {
		t.Fatal(err)
	}
}

// does runs a command that must succeed.
func (s *stage) does(t *testing.T, args ...string) (out string) {
	t.Helper()
	out, status := s.command(t, s.url, args...)
	if status != 0 {
		t.Fatalf("article14 %s: status %d: %s", strings.Join(args, " "), status, out)
	}
	return out
}

// heldFor tells whether the lane of the only campaign is held for a reason.
func (s *stage) heldFor(t *testing.T, reason string) func() bool {
	return func() bool {
		lanes, err := s.store.Lanes(t.Context(), s.controller)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lanes {
			if !l.CampaignID.IsZero() {
				return l.State == mailer.LanePaused && l.Reason == reason
			}
		}
		return false
	}
}

// runWithRelays writes a list of relays on this machine, by name and port with what else an entry says,
// and gives the command that uses it.
func runWithRelays(t *testing.T, ports ...string) []string {
	t.Helper()
	list := "relays:\n"
	for i, port := range ports {
		list += fmt.Sprintf("  - {name: relay-%d, host: 127.0.0.1, port: %s, helo: test.example, weight: %d}\n", i+1, port, 3-i)
	}
	file := filepath.Join(t.TempDir(), "relays.yaml")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"run", "--relays", file, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--connections", "4"}
}

func TestWhereOneRelayIsAwayTheOthersTakeAll(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 150)
	s.release(t, "first")
	// The near end of a connection: nobody listens at that port, nor is it given to anybody meanwhile.
	held, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", s.relayPort))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, deadPort, _ := net.SplitHostPort(held.LocalAddr().String())
	// At its rate the other one cannot take all before this one has found out.
	p := s.program(t, s.url, s.keyFile, runWithRelays(t, deadPort, s.relayPort+", rate: 20")...)
	until(t, s.finished(t, "first"))
	until(t, func() bool { // each says how it sees its relay, every few seconds
		figures, err := s.store.Figures(t.Context(), s.controller, s.now())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]deliver.RelayState{}
		for _, h := range figures.Workers {
			seen[h.Relay] = h.RelayState
		}
		return len(seen) == 2 && seen["relay-1"] != deliver.RelayUp && seen["relay-2"] == deliver.RelayUp
	})
	p.stop(t)
	_, counts := s.campaign(t, "first")
	if counts[mailer.Relayed] < 75 || counts[mailer.Uncertain]+counts[mailer.Deferred] > 0 {
		t.Errorf("%v; want all handed over", counts)
	}
}

func TestSeveralRelaysShareAQueueAndAttemptsBearTheirNames(t *testing.T) {
	s := newStage(t, nil)
	first, firstPort := s.catcher, s.relayPort
	s.openCatcher(t, nil)
	s.take(t, 800)
	p := s.program(t, s.url, s.keyFile, runWithRelays(t, firstPort, s.relayPort)...)
	until(t, func() bool { return strings.Contains(p.log.String(), "the worker is up") })
	s.release(t, "first")
	until(t, s.finished(t, "first"))
	p.stop(t)
	for relay, got := range map[string]int{"relay-1": len(first.Mails()), "relay-2": len(s.catcher.Mails())} {
		if got == 0 {
			t.Errorf("%s was given nothing", relay)
		}
		s.sql(t, fmt.Sprintf(`DO $$ BEGIN ASSERT (SELECT count(*) FROM attempt WHERE relay = '%s') = %d; END $$`, relay, got))
	}
}

func TestTwoWorkersHoldACampaignBehindItsCanaryAndARelayAtItsDay(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 300)
	s.approved(t, "first")
	stop := s.together(t, "--relay-daily", "60", "--relay-rate", "40")
	s.does(t, "campaign", "start", "first", "--canary", "20")
	until(t, s.heldFor(t, deliver.HeldByCanary))
	if n := len(s.notices(t)); n != 20 {
		t.Errorf("%d went out before the campaign was held, want the 20 of the canary", n)
	}
	if out := s.does(t, "campaign", "show", "first"); !strings.Contains(out, "20 people, waiting since") || !strings.Contains(out, "running") {
		t.Errorf("campaign show: %s", out)
	}
	if out := s.does(t, "status"); !strings.Contains(out, deliver.HeldByCanary) {
		t.Errorf("status does not say why the lane is paused: %s", out)
	}
	s.does(t, "campaign", "resume", "first", "--by", "Ann Roe")
	until(t, func() bool { return len(s.notices(t)) >= 60 })
	stop()
	if n := len(s.notices(t)); n != 60 {
		t.Errorf("%d went out on a day of 60", n)
	}
	_, counts := s.campaign(t, "first")
	if counts[mailer.Relayed] != 60 || counts[mailer.Queued] == 0 || counts[mailer.Sending] != 0 {
		t.Errorf("%v; want 60 relayed, and the others queued", counts)
	}
	figures, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil || len(figures.Relays) != 1 || figures.Relays[0].OnDay != 60 {
		t.Errorf("%+v, %v; want one relay that was given 60", figures.Relays, err)
	}
}

func TestTwoWorkersPauseALaneThatIsRefusedForWhatWeAre(t *testing.T) {
	refuse := func(e catcher.Envelope) catcher.Verdict {
		return catcher.Reply(catcher.AtRcpt, 550, catcher.Enhanced{5, 7, 1}, "you are on a block list")
	}
	s := newStage(t, refuse)
	s.take(t, 300)
	s.approved(t, "first")
	stop := s.together(t, "--relay-rate", "40")
	s.does(t, "campaign", "start", "first")
	until(t, s.heldFor(t, deliver.HeldByPolicy))
	until(t, func() bool { // what was on the wire is settled, and the rest given back
		_, counts := s.campaign(t, "first")
		return counts[mailer.Sending] == 0
	})
	c, counts := s.campaign(t, "first")
	// A quarter of a second until it is noted, as much until it is seen: 40 a second.
	if c.State != mailer.CampaignRunning || counts[mailer.Deferred] < 5 || counts[mailer.Deferred] > 150 {
		t.Errorf("the campaign is %s, %v; want it running, held after a few", c.State, counts)
	}
	alerts, err := s.store.Alerts(t.Context(), s.controller, mailer.AlertLanePaused, mailer.ID{}, 10)
	if err != nil || len(alerts) != 1 || alerts[0].Subject != c.ID.String() {
		t.Errorf("%v, %v; want one alert about the campaign", alerts, err)
	}
	s.does(t, "campaign", "resume", "first", "--by", "Ann Roe")
	until(t, s.heldFor(t, deliver.HeldByPolicy)) // nothing was mended
	stop()
	if _, counts = s.campaign(t, "first"); counts[mailer.Rejected]+counts[mailer.Suppressed] > 0 || counts[mailer.Sending] > 0 {
		t.Errorf("%v: nobody is to blame", counts)
	}
}
