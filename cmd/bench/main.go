// Command bench measures article14 on the machine that it runs on; 'make bench'
// runs it. docs/performance.md says what each figure means and what it depends on.
//
//	(a) loop      compose and send, stepwise, over some connections; no database
//	(p) loop      the same, pipelined
//	(b) pipeline  the real worker: claim, compose, begin, send, settle
//	(c) books     claim, begin and settle with the whole bookkeeping; no compose, no wire
//	(d) import    a CSV file through intake, identified and validated, into an empty and a filled database
//
// PostgreSQL is the private one of this program with its own settings, fsync and
// synchronous_commit on. Every run works on a fresh copy of the same database and
// in a process of its own, so that its processor time and its peak of memory are
// its own too. The mail goes to a sink in another process.
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
)

// options are the sizes of a benchmark.
type options struct {
	Only        string `json:"only"`
	Runs        int    `json:"runs"`
	Connections int    `json:"connections"`
	Deliveries  int    `json:"deliveries"`     // of (a), (p), (b) and (c)
	Few         int    `json:"few"`            // in the short queue that (b)'s memory is compared with
	Rows        int    `json:"rows"`           // of the file of (d)
	People      int    `json:"people"`         // in the filled database of (d)
	DKIM        string `json:"dkim,omitempty"` // how (a), (p) and (b) sign: rsa, ed25519, both; "" not
	json        bool
	profile     string
	folder      string
}

func (o options) wants(part string) bool {
	return o.Only == "" || slices.Contains(strings.Split(o.Only, ","), part)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == sinkArgument:
		err = runSink(os.Stdin, os.Stdout)
	case len(os.Args) == 2 && os.Args[1] == partArgument:
		err = runPart(ctx, os.Stdin, os.Stdout)
	default:
		err = bench(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := readOptions(args)
	if err != nil {
		return err
	}
	h, err := newHall(ctx, o, progress)
	if err != nil {
		return err
	}
	r, err := h.measure(ctx)
	if err := errors.Join(err, h.close()); err != nil {
		return err
	}
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(out)
}

func readOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.Only, "only", "", "parts to run, of a,p,b,c,d; empty: all")
	f.IntVar(&o.Runs, "runs", 3, "runs of each part; the median is shown")
	f.IntVar(&o.Connections, "connections", 8, "connections to the sink")
	f.IntVar(&o.Deliveries, "deliveries", 100_000, "deliveries of (a), (p), (b) and (c)")
	f.IntVar(&o.Few, "few", 10_000, "deliveries of the short queue whose peak of memory is compared with that of (b); 0: none")
	f.IntVar(&o.Rows, "rows", 100_000, "rows of the file of (d)")
	f.IntVar(&o.People, "people", 500_000, "people in the filled database of (d)")
	f.StringVar(&o.DKIM, "dkim", "", "sign the mails of (a), (p) and (b): rsa, ed25519 or both; empty: not")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.StringVar(&o.profile, "profile", "", "write processor profiles of the measured sections into this folder")
	f.StringVar(&o.folder, "folder", os.TempDir(), "where the database is made; its disk sets the pace of commits")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for _, part := range strings.Split(o.Only, ",") {
		if !strings.Contains("a p b c d", part) {
			return o, fmt.Errorf("-only: there is no part %q: choose from a,p,b,c,d", part)
		}
	}
	if _, known := signings[o.DKIM]; !known {
		return o, fmt.Errorf("-dkim: nothing is called %q: choose rsa, ed25519 or both", o.DKIM)
	}
	if f.NArg() > 0 || o.Runs < 1 || o.Connections < 1 || o.Deliveries < 1 || o.Rows < 1 || o.People < 1 || o.Few < 0 {
		return o, errors.New("sizes are 1 or more, and nothing stands behind the flags")
	}
	return o, nil
}
