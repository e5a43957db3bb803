package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"article14/internal/dkim"
	"article14/internal/pacing"
	"article14/internal/relay"
	"article14/mailer/deliver"
)

// outlet is a relay with the settings of the worker that serves it. Of several
// relays each has a worker of its own, with its own breaker, connections and limits: one that is
// away claims nothing, and the others take what is there.
type outlet struct {
	relay *relay.SMTP
	opts  deliver.Options
}

// outlets are the relays of a process: that of the flags, or those of --relays.
func (c *workCmd) outlets() ([]outlet, error) {
	opts, err := c.WorkerFlags.options()
	if err != nil {
		return nil, err
	}
	if c.Relays == "" {
		r, err := c.RelayFlags.open()
		return []outlet{{r, opts}}, err
	}
	if c.RelayHost != "" || !opts.Relay.None() {
		return nil, misuse{errors.New("--relays names the relays with their limits, and --relay-host, --relay-rate, --relay-daily and --relay-ramp are for one: give either")}
	}
	list, err := relay.ReadList(c.Relays)
	if err != nil {
		return nil, misuse{err}
	}
	weights := make([]int, len(list))
	for i, e := range list {
		weights[i] = e.Weight
	}
	out := make([]outlet, len(list))
	for i, n := range pacing.Split(c.Connections, weights) {
		signer, err := c.RelayFlags.signerFor(list[i])
		if err == nil {
			out[i], err = newOutlet(list[i], opts, n, signer)
		}
		if err != nil {
			return nil, misuse{err}
		}
	}
	return out, nil
}

// claimedFor is how many deliveries are claimed at once for each connection, where
// relays share a queue: what one has in its hands, the others cannot send.
const claimedFor = 64

func newOutlet(e relay.Entry, opts deliver.Options, connections int, signer *dkim.Signer) (outlet, error) {
	r, err := e.Open(signer)
	if err != nil {
		return outlet{}, err
	}
	limits := LimitFlags{RelayRate: e.Rate, RelayDaily: e.Daily, RelayRamp: e.Ramp}
	opts.Connections, opts.Batch = connections, claimedFor*connections
	if opts.Relay, err = limits.limits(); err != nil {
		return outlet{}, fmt.Errorf("relay %s: %w", e.Name, err)
	}
	return outlet{r, opts}, nil
}

// workers are those of a process. The first one keeps house.
func (a *app) workers(outlets []outlet, m meter) []*deliver.Worker {
	out := make([]*deliver.Worker, len(outlets))
	for i, o := range outlets {
		out[i] = a.worker(o.relay, o.opts, m)
		if i > 0 {
			out[i].Chores = deliver.Chores{}
		}
	}
	return out
}

// anyRelay opens a session with the first relay that has its door open.
type anyRelay []outlet

// Name is all of their names.
func (r anyRelay) Name() string {
	names := make([]string, len(r))
	for i, o := range r {
		names[i] = o.relay.Name()
	}
	return strings.Join(names, ", ")
}

// Open asks all at once, and fails when no door is open.
func (r anyRelay) Open(ctx context.Context) (deliver.Session, error) {
	type answer struct {
		session deliver.Session
		err     error
	}
	answers := make(chan answer, len(r))
	for _, o := range r {
		go func() {
			s, err := o.relay.Open(ctx)
			answers <- answer{s, err}
		}()
	}
	var refused error
	for i := range r {
		first := <-answers
		if first.err == nil {
			go func() { // the others knocked for nothing
				for range len(r) - i - 1 {
					if late := <-answers; late.err == nil {
						late.session.Close()
					}
				}
			}()
			return first.session, nil
		}
		refused = cmp.Or(refused, first.err)
	}
	return nil, refused
}
