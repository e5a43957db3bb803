// Command bench measures article14 on the machine that it runs on; 'make bench'
// runs it. docs/performance.md says what each figure means and what it depends on.
//
//	(a) loop      compose and send, stepwise, over some connections; no database
//	(b) loop      the same, pipelined
//	(c) pipeline  the real worker: claim, compose, begin, send, settle
//	(d) pipeline  the first of a queue ten times as long, three tenths of it deferred
//	(e) pipeline  over many connections to a relay that answers 20 ms later
//	(f) books     claim, begin and settle with the whole bookkeeping, no compose, no wire; alone, and beside an old snapshot
//	(g) pipeline  over TLS
//	(h) pipeline  with DKIM signatures, by each algorithm
//	(j) pipeline  one, two and four workers with the connections of one, straight and through PgBouncer
//	(k) house     pages and gate under visitors who come when they like, alone and beside a worker
//	(i) import    a CSV file through intake, identified and validated, into an empty and a filled database
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
	Deliveries  int    `json:"deliveries"` // of all but (e) and (i)
	Few         int    `json:"few"`        // in the short queue that (c)'s memory is compared with, and of (e)
	Rows        int    `json:"rows"`       // of the file of (i)
	People      int    `json:"people"`     // in the filled database of (i)
	Seconds     int    `json:"seconds"`    // that visitors of (k) come for
	Visitors    int    `json:"visitors"`   // of (k): a second, to the pages, and as many programs to the gate
	Pace        int    `json:"pace"`       // of (k): of the worker beside them, a second
	json        bool
	profile     string
	folder      string
}

// allParts are those that there are; (d) takes minutes to prepare, (j) needs PgBouncer, and
// both are measured if they are asked for.
const allParts, usualParts = "a,b,c,d,e,f,g,h,i,j,k", "a,b,c,e,f,g,h,i,k"

func (o options) wants(part string) bool {
	return slices.Contains(strings.Split(o.Only, ","), part)
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
	case len(os.Args) == 2 && os.Args[1] == visitArgument:
		err = runVisit(ctx, os.Stdin, os.Stdout)
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
	f.StringVar(&o.Only, "only", usualParts, "parts to run, of "+allParts)
	f.IntVar(&o.Runs, "runs", 3, "runs of each part; the median is shown")
	f.IntVar(&o.Connections, "connections", 8, "connections to the sink")
	f.IntVar(&o.Deliveries, "deliveries", 100_000, "deliveries of each part but (e)")
	f.IntVar(&o.Few, "few", 10_000, "deliveries of (e), and of the short queue whose peak of memory is compared with that of (c); 0: neither")
	f.IntVar(&o.Rows, "rows", 100_000, "rows of the file of (i)")
	f.IntVar(&o.People, "people", 500_000, "people in the filled database of (i)")
	f.IntVar(&o.Seconds, "seconds", 20, "how long the visitors of (k) come for")
	f.IntVar(&o.Visitors, "visitors", 500, "of (k): visitors a second to the pages, and as many programs to the gate")
	f.IntVar(&o.Pace, "pace", 500, "of (k): what the worker sends a second beside them")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.StringVar(&o.profile, "profile", "", "write processor profiles of the measured sections into this folder")
	f.StringVar(&o.folder, "folder", os.TempDir(), "where the database is made; its disk sets the pace of commits")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for _, part := range strings.Split(o.Only, ",") {
		if !slices.Contains(strings.Split(allParts, ","), part) {
			return o, fmt.Errorf("-only: there is no part %q: choose from %s", part, allParts)
		}
	}
	if f.NArg() > 0 || o.Runs < 1 || o.Connections < 1 || o.Deliveries < 1 || o.Rows < 1 || o.People < 1 || o.Few < 0 || o.Seconds < 1 || o.Visitors < 1 || o.Pace < 1 {
		return o, errors.New("sizes are 1 or more, and nothing stands behind the flags")
	}
	return o, nil
}
