package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc64"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"article14/internal/rig"
)

// scene is one trial: a copy of the prepared database, a sink, workers.
type scene struct {
	*hall
	name     string
	database string
	db       *sql.DB
	sink     *sink
	pooler   *rig.Pooler // what the workers reach the database by; nil: straight
	crew     *crew
	rand     *rand.Rand
	result   result
}

// uncertainWait is how long the workers let an uncertain delivery rest.
const uncertainWait = time.Second

// play runs a trial on a scene of its own and gives what came of it. A fault of the
// trial itself is an error; what the program does wrong stands in the result.
func (h *hall) play(ctx context.Context, t trial) (r result, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.Limit, fmt.Errorf("it was not over within %s", h.Limit))
	defer cancel()
	s := &scene{hall: h, name: t.name, database: "trial_" + t.name, rand: rand.New(rand.NewPCG(h.Seed, crc64.Checksum([]byte(t.name), crc64.MakeTable(crc64.ISO))))}
	s.result = result{Trial: t.name, Deliveries: h.people, Fault: t.fault}
	s.crew = &crew{scene: s, policy: t.policy}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", t.name, err)
		}
	}()
	if err := s.set(ctx); err != nil {
		return s.result, errors.Join(err, s.strike(ctx))
	}
	h.say("%s, seed %d", t.name, h.Seed)
	began := time.Now()
	err = t.run(ctx, s)
	s.result.Seconds = time.Since(began).Seconds()
	if err == nil && t.flood {
		err = s.weighFlood(ctx)
	} else if err == nil {
		err = s.weigh(ctx, t)
	}
	return s.result, errors.Join(err, s.strike(ctx))
}

// set makes the copy and starts its campaign.
func (s *scene) set(ctx context.Context) (err error) {
	if s.sink, err = openSink(); err != nil {
		return err
	}
	if err := s.server.Create(ctx, s.database, prepared); err != nil {
		return err
	}
	if s.db, err = sql.Open("postgres", s.server.URL(s.database)); err != nil {
		return err
	}
	if _, err := s.article14(ctx, s.database, "instance", "adopt", "--by", by, "--why", "a trial"); err != nil { // a copy sends nothing before
		return err
	}
	_, err = s.article14(ctx, s.database, "campaign", "start", campaignKey)
	return err
}

// strike takes everything down.
func (s *scene) strike(ctx context.Context) error {
	s.crew.clear()
	if s.sink != nil {
		s.sink.close()
	}
	var gone error
	if s.pooler != nil {
		gone = s.pooler.Close()
	}
	if s.db == nil {
		return gone
	}
	return errors.Join(gone, s.db.Close(), s.server.Drop(context.WithoutCancel(ctx), s.database))
}

// between is how long to wait between two looks.
const between = 20 * time.Millisecond

// until waits for a condition, and says for what if it never comes.
func (s *scene) until(ctx context.Context, what string, come func() bool) error {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for !come() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s (%d mails taken): %w", what, s.sink.takenUpToNow(), context.Cause(ctx))
		}
	}
	return nil
}

// taken waits until the sink has taken so many mails.
func (s *scene) taken(ctx context.Context, n int) error {
	return s.until(ctx, fmt.Sprintf("%d mails were taken", n), func() bool { return s.sink.takenUpToNow() >= n })
}

// moments are points of a run, in mails taken, in order: one at random in each of n
// equal parts of all but the last fifth of it.
func (s *scene) moments(n int) []int {
	out := make([]int, n)
	part := float64(s.people) * 0.8 / float64(n)
	for i := range out {
		out[i] = 1 + int((float64(i)+s.rand.Float64())*part)
	}
	slices.Sort(out)
	return out
}

// over waits until nothing is left to do: everything is relayed, or waits for a person.
func (s *scene) over(ctx context.Context) error {
	var left int
	var trouble error
	err := s.until(ctx, "all is settled", func() bool {
		if left, trouble = s.unsettled(ctx); trouble == nil && left > 0 {
			trouble = s.hurry(ctx)
		}
		return trouble == nil && left == 0
	})
	if err != nil {
		return errors.Join(fmt.Errorf("%d deliveries are left: %w", left, err), trouble)
	}
	return nil
}

func (s *sink) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}
