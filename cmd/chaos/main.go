// Command chaos breaks what article14 runs on and holds what comes of it against
// what was promised; 'make chaos' runs it, and docs/crashes.md says what it found.
//
//	kills     kill -9 of random workers in mid-run, uncertain ones sent again
//	hold      the same, uncertain ones left to a person
//	restarts  PostgreSQL restarted in mid-run, fast and as in a crash
//	pooler    the workers behind a transaction pooler whose sessions are cut, and that is gone for a moment
//	relay     the relay's connections reset at random points, the relay refused, and back
//	disk      the database's disk full for a while
//	flood     five reports for each notice, most of them forged, and the database away for a while
//	frozen    a worker stopped past its lease and woken
//
// The workers are real processes of the program as it is built from this tree, on a
// private PostgreSQL; the mail goes to a sink that keeps a hash of every mail by its
// Message-ID. After each trial the sink and the books are held against each other,
// delivery by delivery. It ends with status 1 if any goal is missed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the sizes of a trial.
type options struct {
	Only        string        `json:"only"`
	Deliveries  int           `json:"deliveries"`
	Others      int           `json:"others"`  // deliveries of the other trials
	Flooded     int           `json:"flooded"` // deliveries of flood, with five reports each
	Kills       int           `json:"kills"`
	Restarts    int           `json:"restarts"`
	Workers     int           `json:"workers"`
	Connections int           `json:"connections"` // of all workers together
	Seed        uint64        `json:"seed"`
	Lease       time.Duration `json:"lease"`
	Limit       time.Duration `json:"limit"` // of one trial
	Away        time.Duration `json:"away"`  // the database of flood
	together    bool          // side by side: for the short form that the tests run
	json        bool
	keep        bool
	folder      string
}

func (o options) wants(name string) bool {
	return o.Only == "" || slices.Contains(strings.Split(o.Only, ","), name)
}

// connectionsOf is the share of one worker in the connections.
func (o options) connectionsOf(worker int) int {
	share := o.Connections / o.Workers
	if worker < o.Connections%o.Workers {
		share++
	}
	return share
}

var errMissed = errors.New("a goal was missed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := chaos(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func chaos(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := readOptions(args)
	if err != nil {
		return err
	}
	results, err := o.run(ctx, progress)
	if o.json && err == nil {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(struct {
			Options options  `json:"options"`
			Trials  []result `json:"trials"`
		}{o, results})
	} else {
		printResults(out, results)
	}
	for _, r := range results {
		if len(r.Missed) > 0 {
			err = errors.Join(err, fmt.Errorf("%s: %w", r.Trial, errMissed))
		}
	}
	return err
}

func readOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.StringVar(&o.Only, "only", "", "trials to run, of "+strings.Join(trialNames(), ",")+"; empty: all")
	f.IntVar(&o.Deliveries, "deliveries", 100_000, "deliveries of kills")
	f.IntVar(&o.Others, "others", 10_000, "deliveries of each other trial")
	f.IntVar(&o.Flooded, "flooded", 10_000, "deliveries of flood; five times as many reports come back")
	f.IntVar(&o.Kills, "kills", 30, "workers killed in kills and in hold")
	f.IntVar(&o.Restarts, "restarts", 5, "restarts of PostgreSQL; the pooler breaks three times more")
	f.IntVar(&o.Workers, "workers", 3, "workers at once")
	f.IntVar(&o.Connections, "connections", 16, "connections of all workers together")
	f.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "of whom is killed and when; printed, so that a run can be had again")
	f.DurationVar(&o.Lease, "lease", 12*time.Second, "the workers' lease")
	f.DurationVar(&o.Limit, "limit", 10*time.Minute, "how long one trial may take")
	f.DurationVar(&o.Away, "away", 3*time.Second, "how long PostgreSQL is away in flood; after half a minute of nothing taken what waits is left with its senders")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.keep, "keep", false, "leave the folder with the workers' logs behind")
	f.StringVar(&o.folder, "folder", os.TempDir(), "where the database is made")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.Only != "" {
		for _, name := range strings.Split(o.Only, ",") {
			if !slices.Contains(trialNames(), name) {
				return o, fmt.Errorf("-only: there is no trial %q: choose from %s", name, strings.Join(trialNames(), ","))
			}
		}
	}
	if f.NArg() > 0 || o.Deliveries < 100 || o.Others < 100 || o.Flooded < 100 || o.Kills < 1 || o.Restarts < 1 || o.Workers < 2 || o.Connections < o.Workers || o.Lease < 2*time.Second {
		return o, errors.New("at least 100 deliveries, 2 workers, a connection for each, a kill, a restart and a lease of 2s; nothing stands behind the flags")
	}
	return o, nil
}
