package main

import (
	"context"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"article14/internal/rig"
)

// bringer brings messages of its own over one connection after another.
type bringer struct {
	door  string
	name  string
	kept  []string // texts that were answered 250
	n     int
	phase *atomic.Int32
}

// Phases of the database.
const (
	there int32 = iota
	going
	away
	back
)

// bring brings one message and gives the answer, with the phase if it was the same all the while.
func (b *bringer) bring(text string) (answer string, phase int32) {
	phase = b.phase.Load()
	err := smtp.SendMail(b.door, nil, "", []string{"reports@nordlicht.example"}, []byte(text))
	if b.phase.Load() != phase {
		phase = going
	}
	if err == nil {
		return "250", phase
	}
	return err.Error(), phase
}

func (b *bringer) next() string {
	b.n++
	return fmt.Sprintf("Subject: Undelivered\r\nMessage-ID: <%s-%d@mx.example>\r\n\r\nNumber %d could not be delivered.\r\n", b.name, b.n, b.n)
}

// TestTheDoorNeverSays250WhileTheDatabaseIsAway stops a real PostgreSQL as in a crash, and
// starts it again, while eight clients bring messages. What is answered 250 is in the tables
// afterwards, and while it is away nothing is.
func TestTheDoorNeverSays250WhileTheDatabaseIsAway(t *testing.T) { // E3, invariant 1
	folder := t.TempDir()
	for d := folder; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o711); err != nil { // for root the server is another user, who has to pass through
			t.Fatal(err)
		}
	}
	server, err := rig.OpenServer(t.Context(), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if err := migrate(t.Context(), server.URL("")); err != nil {
		t.Fatal(err)
	}
	s := newStageAt(t, server.URL(""), nil)
	addr := s.opened(t, DoorFlags{DoorSMTP: "127.0.0.1:0", DoorMailbox: []string{"reports@nordlicht.example"}, DoorPerMinute: 1 << 30}).listening[0].Addr().String()

	var phase atomic.Int32
	var kept, refused atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	bringers := make([]bringer, 8)
	var all sync.WaitGroup
	for i := range bringers {
		b := &bringers[i]
		*b = bringer{door: addr, name: fmt.Sprint("b", i), phase: &phase}
		all.Go(func() {
			for ctx.Err() == nil {
				text := b.next()
				switch answer, when := b.bring(text); {
				case answer == "250" && when == away:
					t.Errorf("250 was said while there was no database")
				case answer == "250":
					b.kept = append(b.kept, text)
					kept.Add(1)
				case !strings.HasPrefix(answer, "451 "):
					t.Errorf("it was answered %q", answer)
				case when == away:
					refused.Add(1)
				}
			}
		})
	}
	until(t, func() bool { return kept.Load() >= 100 })
	phase.Store(going)
	if err := server.Halt(t.Context(), syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	phase.Store(away)
	until(t, func() bool { return refused.Load() >= 50 })
	phase.Store(back)
	if err := server.Revive(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := kept.Load()
	until(t, func() bool { return kept.Load() >= before+100 })
	stop()
	all.Wait()

	received := func() (n int64) {
		if err := server.Admin.QueryRow(`SELECT count(*) FROM report_received`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	stands := received()
	for i := range bringers {
		for _, text := range bringers[i].kept { // one that is there is known again, and adds nothing
			if answer, _ := bringers[i].bring(text); answer != "250" {
				t.Fatalf("again it was answered %q", answer)
			}
		}
	}
	if lost := received() - stands; lost != 0 {
		t.Errorf("%d of %d that were answered 250 were lost", lost, kept.Load())
	}
	t.Logf("%d were answered 250, %d stand, %d were asked for again", kept.Load(), stands, refused.Load())
}
