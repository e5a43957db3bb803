package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"article14/mailer"
)

// flood is what came of a flood of reports.
type flood struct {
	Reports  int                    `json:"reports"`          // brought until they had a last word
	Kept     int                    `json:"kept"`             // taken (250), the same again not counted
	Again    int                    `json:"again"`            // times one was brought again, as it was not taken for now
	Away     int                    `json:"away"`             // of these, since the database was away
	Left     int                    `json:"left"`             // never taken nor refused, as the database stayed away: their senders have them
	Unread   bool                   `json:"unread,omitempty"` // the database never came back, and nobody can look into the books
	Said     map[string]map[int]int `json:"said"`             // last words by kind of letter
	Odd      int                    `json:"odd"`              // letters that had another last word than they should
	Bounced  int                    `json:"bounced"`          // notices that came back, and are on record so, with their duties
	Missing  int                    `json:"missing"`          // notices that came back, and are on record as something else
	Reopened int                    `json:"reopened"`         // others that are not as they were
	Lost     int                    `json:"lost"`             // taken, and not in the books
	Invented int                    `json:"invented"`         // in the books, and never taken
	Blamed   int                    `json:"blamed"`           // addresses that are suppressed beyond those that are dead
	Answered int                    `json:"answered"`         // mails that went out beside the notices
	First    int                    `json:"first_mib"`
	Peak     int                    `json:"peak_mib"` // memory of the door's process: in the first tenth, and in the rest
	Seconds  float64                `json:"seconds"`  // of bringing
	Stopped  float64                `json:"stopped"`  // seconds without a database

	ends map[mailer.ID]deliveryEnd // what shall become of each delivery
	free map[mailer.ID]bool        // notices whose reports were all left: what was begun of them may stand or not
	dead int                       // notices whose address is
}

// Bounds of the memory of the door's process: whatever comes, and how much more the rest
// of a flood may need than its first tenth.
const (
	memoryBound = 160 // MiB
	memoryMore  = 24  // MiB
)

// pathologicalPace is 50,000 reports in ten minutes, a second.
const pathologicalPace = 50_000 / 600.0

// floodDoor sends all notices, and has five reports for each come to the door by SMTP. In
// the middle the database stops for some seconds. Stays it away, what waits is left with its
// senders, and the rest is judged. The worker is there all the time: what would be answered goes out.
func floodDoor(ctx context.Context, s *scene) error {
	if err := s.crew.start(ctx, 0); err != nil {
		return err
	}
	if err := s.over(ctx); err != nil {
		return err
	}
	d, err := s.openDoor(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	f := &flood{ends: map[mailer.ID]deliveryEnd{}}
	s.result.Flood = f
	p := newPen(s.rand, s.notices())
	for _, n := range p.notices {
		f.ends[n.id] = untouched
		if n.back != nil {
			f.ends[n.id] = n.back.end
			if n.back == &failures[0] {
				f.dead++
			}
		}
	}
	letters := p.write()
	f.Reports = len(letters)
	c := newCarrier(d.addr, s.Connections)
	began := time.Now()
	if err := c.carry(ctx, letters[:len(letters)/10]); err != nil {
		return err
	}
	if f.First, err = d.peak(); err != nil {
		return err
	}
	moment := int64(len(letters)/10 + s.rand.IntN(len(letters)/2))
	bringing, brought := context.WithCancel(ctx)
	stop := make(chan error, 1)
	go func() { stop <- s.stopDatabase(bringing, c, moment) }()
	err = c.carry(ctx, letters[len(letters)/10:])
	brought()
	if err = errors.Join(err, <-stop); err != nil {
		return err
	}
	if err := s.server.Revive(ctx); err != nil {
		s.result.Note, f.Unread = err.Error(), true
	}
	f.Seconds = time.Since(began).Seconds()
	if f.Peak, err = d.peak(); err != nil {
		return err
	}
	f.carried(c, letters)
	return errors.Join(d.close(), s.crew.dismiss())
}

// carried takes down what the carrier heard.
func (f *flood) carried(c *carrier, letters []letter) {
	f.Kept, f.Again, f.Away, f.Said, f.Odd = len(c.kept), int(c.again.Load()), int(c.away.Load()), c.said, c.odd
	f.Left = len(letters) - int(c.brought.Load())
	f.free = map[mailer.ID]bool{}
	for _, l := range letters {
		if !l.back.IsZero() && !c.kept[l.key] {
			f.free[l.back] = true
		}
	}
}

// notices are what the sink has taken, in the order of their ids.
func (s *scene) notices() (out []notice) {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	for id, m := range s.sink.mails {
		out = append(out, notice{envelope: m.envelope, id: id})
	}
	slices.SortFunc(out, func(a, b notice) int { return bytes.Compare(a.id[:], b.id[:]) })
	return out
}

// stopDatabase stops PostgreSQL when so many letters have been brought, and starts it again after
// a while in which somebody wanted to bring one. When ctx ends nobody brings any more: then
// it stays as it is.
func (s *scene) stopDatabase(ctx context.Context, c *carrier, moment int64) error {
	if err := s.until(ctx, "half of the reports are brought", func() bool { return c.brought.Load() >= moment }); err != nil {
		return err
	}
	if err := s.server.Halt(ctx, syscall.SIGINT); err != nil {
		return err
	}
	s.result.Faults++
	began := time.Now()
	defer func() { s.result.Flood.Stopped = time.Since(began).Seconds() }()
	if err := s.until(ctx, "reports were sent away for a while", func() bool {
		return c.away.Load() >= int64(s.Connections) && time.Since(began) > s.Away
	}); err != nil {
		return nil // it stayed away for longer than anybody waited
	}
	s.server.Revive(ctx) // where that fails it is away for longer
	return nil
}

// openedDoor is 'article14 receive' at work.
type openedDoor struct {
	*process
	addr string
	log  string
}

var doorAddr = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// openDoor starts it, and waits until it listens. One client brings everything here, so that
// it may be as fast as it can.
func (s *scene) openDoor(ctx context.Context) (*openedDoor, error) {
	d := &openedDoor{log: filepath.Join(s.folder, s.name+"-door.log")}
	log, err := os.Create(d.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d.process = &process{s.command(ctx, s.database, "receive", "--door-smtp", "127.0.0.1:0", "--door-mailbox", doorMailbox,
		"--door-name", "door.chaos.example", "--door-per-minute", "10000000", "--ops-listen", ""), make(chan struct{})}
	d.Stderr, d.Stdout = log, log
	if err := d.Start(); err != nil {
		return nil, err
	}
	go func() { d.Wait(); close(d.ended) }()
	err = s.until(ctx, "the door is open", func() bool {
		b, _ := os.ReadFile(d.log)
		d.addr = string(doorAddr.Find(b))
		return d.addr != ""
	})
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// close ends it as a service manager does.
func (d *openedDoor) close() error {
	d.Process.Signal(syscall.SIGTERM) // one that has ended does not hear it
	<-d.ended
	if !d.ProcessState.Success() {
		return fmt.Errorf("the door ended with %s: see the end of its log: %s", d.ProcessState, tail(d.log))
	}
	return nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`)

// peak is the most memory that the door's process had in use since it was last asked, in
// MiB; 0 where the system does not tell.
func (d *openedDoor) peak() (int, error) {
	proc := fmt.Sprintf("/proc/%d/", d.Process.Pid)
	b, err := os.ReadFile(proc + "status")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	found := highWater.FindSubmatch(b)
	if err != nil || found == nil {
		return 0, errors.Join(err, errors.New("the system does not tell how much memory the door's process had"))
	}
	kib, err := strconv.Atoi(string(found[1]))
	return (kib + 1023) >> 10, errors.Join(err, os.WriteFile(proc+"clear_refs", []byte("5"), 0)) // proc(5): begin anew
}
