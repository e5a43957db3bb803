package main

import (
	"os"
	"regexp"
	"testing"

	"article14/mailer"
)

func TestACatcherIsARelayThatShowsWhatItGets(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 60)
	s.release(t, "first")
	c := s.program(t, "", s.keyFile, "catch", "--smtp", "127.0.0.1:0", "--inbox", "127.0.0.1:0")
	said := regexp.MustCompile(`smtp=127\.0\.0\.1:(\d+) inbox=(http://127\.0\.0\.1:\d+/inbox/)`)
	until(t, func() bool { return said.MatchString(c.log.String()) })
	at := said.FindStringSubmatch(c.log.String())
	s.relayPort = at[1]
	p := s.workers(t)
	until(t, s.finished(t, "first"))
	_, counts := s.campaign(t, "first")
	if counts[mailer.Relayed] == 0 {
		t.Errorf("it took nothing: %v", counts)
	}
	if status, body := get(t, at[2]); status != 200 || !regexp.MustCompile(`Nordlicht Data SAS`).MatchString(body) {
		t.Errorf("the inbox: %d %s", status, body)
	}
	p.stop(t)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, c.log)
	}
}
