package main

import (
	"context"
	"errors"
	"net/smtp"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"
)

// carrier brings letters as mail systems do: over some connections at once, and what is
// not taken for now again.
type carrier struct {
	addr        string
	connections int
	brought     atomic.Int64 // letters with a last word
	away        atomic.Int64 // times the door said that it cannot keep it just now (451)
	again       atomic.Int64 // times it was brought again for that or another reason

	patience time.Duration // without a last word for any letter, after which it gives up

	mu   sync.Mutex
	said map[string]map[int]int // last words by kind
	kept map[string]bool        // the keys of what was taken
	odd  int                    // letters whose last word was not the wanted one
}

func newCarrier(addr string, connections int) *carrier {
	return &carrier{addr: addr, connections: connections, patience: stuckFor, said: map[string]map[int]int{}, kept: map[string]bool{}}
}

// stuckFor is more than a database takes to start, and less than mail systems have: they
// try for days.
const stuckFor = 30 * time.Second

// errStuck ends what leads nowhere: the letters stay with their senders.
var errStuck = errors.New("nothing was taken for a while")

// carry brings letters and returns when each has had its last word, or when it is stuck: no
// letter has had one for as long as its patience lasts.
func (c *carrier) carry(parent context.Context, letters []letter) error {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	go c.watch(ctx, stop)
	bag := make(chan letter)
	var all sync.WaitGroup
	for range c.connections {
		all.Go(func() {
			var line route
			for l := range bag {
				c.deliver(ctx, &line, l)
			}
			line.hangUp()
		})
	}
	for _, l := range letters {
		if ctx.Err() != nil {
			break
		}
		select {
		case bag <- l:
		case <-ctx.Done():
		}
	}
	close(bag)
	all.Wait()
	return context.Cause(parent)
}

// watch ends what has been stuck for too long.
func (c *carrier) watch(ctx context.Context, stop context.CancelCauseFunc) {
	for before := int64(-1); ctx.Err() == nil; {
		now := c.brought.Load()
		if now == before {
			stop(errStuck)
		}
		before = now
		select {
		case <-ctx.Done():
		case <-time.After(c.patience):
		}
	}
}

// rest is how long a mail system waits until it brings again what was not taken.
const rest = 100 * time.Millisecond

// deliver brings one until it has its last word.
func (c *carrier) deliver(ctx context.Context, r *route, l letter) {
	for {
		code := r.bring(c.addr, l)
		switch {
		case code/100 == 2, code/100 == 5, code == 0 && l.want == 0: // said is said, also at the end
			c.note(l, code)
			return
		case ctx.Err() != nil:
			return
		case code == 451:
			c.away.Add(1)
		}
		c.again.Add(1)
		if code == 421 && r.used > 1 { // it has said enough on this connection
			continue
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
	}
}

// note writes a last word down.
func (c *carrier) note(l letter, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said[l.kind] == nil {
		c.said[l.kind] = map[int]int{}
	}
	c.said[l.kind][code]++
	if code/100 == 2 {
		c.kept[l.key] = true
	}
	if l.want != code && (l.want != 0 || code/100 == 2) {
		c.odd++
	}
	c.brought.Add(1)
}

// route is a connection that is opened when it is needed.
type route struct {
	client *smtp.Client
	used   int // letters brought over it
}

func (r *route) hangUp() {
	if r.client != nil {
		r.client.Close()
		r.client = nil
	}
}

// bring brings a letter once and gives the answer: a code, or 0 where the connection broke.
func (r *route) bring(addr string, l letter) int {
	if r.client == nil {
		r.used = 0
		var err error
		if r.client, err = smtp.Dial(addr); err != nil {
			return r.code(err)
		}
	}
	r.used++
	return r.code(r.transact(l))
}

func (r *route) transact(l letter) error {
	if err := r.client.Mail(l.from); err != nil {
		return err
	}
	if err := r.client.Rcpt(l.to); err != nil {
		return err
	}
	w, err := r.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(l.text()); err != nil {
		return err
	}
	return w.Close()
}

// code reads an answer. After one that is not good the connection begins anew, or ends.
func (r *route) code(err error) int {
	var answer *textproto.Error
	switch {
	case err == nil:
		return 250
	case !errors.As(err, &answer), answer.Code == 421, answer.Code == 500:
		r.hangUp()
	case r.client.Reset() != nil:
		r.hangUp()
	}
	if answer == nil {
		return 0
	}
	return answer.Code
}
