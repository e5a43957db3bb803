package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
)

// report is what the benchmark prints.
type report struct {
	Machine machine         `json:"machine"`
	Options options         `json:"options"`
	Parts   map[string]runs `json:"parts"` // every run; the table shows medians
}

// machine is what the figures depend on.
type machine struct {
	CPU        string            `json:"cpu"`
	Cores      int               `json:"cores"`
	MemoryMiB  int64             `json:"memory_mib"`
	Go         string            `json:"go"`
	Commit     string            `json:"commit"`
	PostgreSQL string            `json:"postgresql"`
	Settings   map[string]string `json:"settings"`
}

// settingsShown are those of PostgreSQL that weigh.
var settingsShown = []string{"fsync", "synchronous_commit", "full_page_writes", "wal_compression", "shared_buffers", "max_wal_size", "checkpoint_timeout", "jit"}

func (h *hall) machine(ctx context.Context) (machine, error) {
	m := machine{CPU: fieldOf("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Go: runtime.Version(), Commit: commit(ctx), Settings: map[string]string{}}
	fmt.Sscan(fieldOf("/proc/meminfo", "MemTotal"), &m.MemoryMiB)
	m.MemoryMiB /= 1024
	if err := h.server.Admin.QueryRowContext(ctx, "SHOW server_version").Scan(&m.PostgreSQL); err != nil {
		return m, err
	}
	for _, name := range settingsShown {
		var v string
		if err := h.server.Admin.QueryRowContext(ctx, "SHOW "+name).Scan(&v); err != nil {
			return m, err
		}
		m.Settings[name] = v
	}
	return m, nil
}

// fieldOf reads "name : value" from a file of /proc; "" if it is not there.
func fieldOf(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// commit is what git says; a measured tree that differs from it is marked.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

var titles = []struct{ name, title string }{
	{nameLoop, "(a) compose and send, no database"},
	{nameGroups, "(b) the same, pipelined"},
	{namePipeline, "(c) the whole pipeline"},
	{nameShort, "    the same, short queue"},
	{nameLong, "(d) first tenth of a long queue"},
	{nameFar, "(e) (c) at 20 ms, 64 connections"},
	{nameBooks, "(f) claim, begin, settle"},
	{nameSnapshot, "    beside an old snapshot"},
	{nameTLS, "(g) (c) over TLS"},
	{nameRSA, "(h) (c) with DKIM, RSA-2048"},
	{nameEd25519, "    Ed25519"},
	{nameEmpty, "(i) import into an empty database"},
	{nameFilled, "    into a filled one"},
	{namePages, "(k) pages alone"},
	{nameGate, "    the gate alone"},
	{nameHouse, "    both beside a worker"},
	{nameCrew(1, false), "(j) one worker, to its end"},
	{nameCrew(1, true), "    through PgBouncer"},
	{nameCrew(2, false), "    two workers"},
	{nameCrew(2, true), "    through PgBouncer"},
	{nameCrew(4, false), "    four workers"},
	{nameCrew(4, true), "    through PgBouncer"},
}

func (r report) print(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "%s, %d cores, %d MiB; %s; commit %s\n", m.CPU, m.Cores, m.MemoryMiB, m.Go, m.Commit)
	fmt.Fprintf(w, "PostgreSQL %s:", m.PostgreSQL)
	for _, name := range settingsShown {
		fmt.Fprintf(w, " %s=%s", name, m.Settings[name])
	}
	fmt.Fprintf(w, "\n%d connections; medians of %d", r.Options.Connections, r.Options.Runs)
	fmt.Fprint(w, "\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "what\tn\ta second\tleast\tmost\town µs\tdatabase µs\tsink µs\tpeak MiB\t")
	for _, row := range titles {
		rs := r.Parts[row.name]
		if len(rs) == 0 {
			continue
		}
		x := rs.median()
		fmt.Fprintf(t, "%-34s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%d\t\n", row.title, x.N, x.rate(), rs.least(), rs.most(),
			x.micros(x.CPU.Own), x.micros(x.CPU.Database), x.micros(x.CPU.Sink), x.Peak>>20)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r.printSplit(w)
	r.printCrews(w)
	r.printWaits(w)
	return nil
}

// The goals of (k), at the 99th of a hundred, in milliseconds.
const pageGoal, gateGoal = 50, 5

// printWaits says how long visitors waited, and what that is of the goal.
func (r report) printWaits(w io.Writer) {
	for _, name := range []string{namePages, nameGate, nameHouse} {
		if len(r.Parts[name]) == 0 {
			continue
		}
		x := r.Parts[name].median()
		for _, of := range []struct {
			what string
			*waits
			goal float64
		}{{"pages", x.Pages, pageGoal}, {"gate", x.Gate, gateGoal}} {
			if of.N > 0 {
				fmt.Fprintf(w, "(%s) %d a second to the %s: half within %.1f ms, 99 of 100 within %.1f (%.2f of the goal of %.0f), all within %.0f; they came up to %.1f ms late; mails sent meanwhile: %d\n",
					name, r.Options.Visitors, of.what, of.Median, of.P99, of.P99/of.goal, of.goal, of.Most, of.Late, x.Sent)
			}
		}
	}
}

// printCrews says what a second and a fourth worker bring, and what PgBouncer costs.
func (r report) printCrews(w io.Writer) {
	alone := r.Parts[nameCrew(1, false)]
	for _, workers := range crews {
		straight, pooled := r.Parts[nameCrew(workers, false)], r.Parts[nameCrew(workers, true)]
		if len(alone) == 0 || len(straight) == 0 || len(pooled) == 0 {
			continue
		}
		through := pooled.median()
		fmt.Fprintf(w, "(j) workers %d: %.2f of one; through PgBouncer %.2f of straight, and %.1f µs of its own for a notice\n", workers,
			straight.median().rate()/alone.median().rate(), through.rate()/straight.median().rate(), through.micros(through.CPU.Pooler))
	}
}

// micros spreads processor seconds over what was done, in microseconds each.
func (r result) micros(seconds float64) float64 { return seconds / float64(r.N) * 1e6 }

// printSplit says where a notice's processor time goes. Composing was measured
// alone; the wire is what (b) takes beside it, the queue what (c) takes beside (b).
func (r report) printSplit(w io.Writer) {
	if len(r.Parts[nameGroups]) == 0 {
		return
	}
	b := r.Parts[nameGroups].median()
	composing, sending := b.micros(b.Compose), b.micros(b.CPU.Own)
	fmt.Fprintf(w, "\nprocessor time for a notice: compose %.0f µs, wire %.0f µs", composing, sending-composing)
	if len(r.Parts[nameLoop]) > 0 {
		a := r.Parts[nameLoop].median()
		fmt.Fprintf(w, " (stepwise %.0f µs)", a.micros(a.CPU.Own)-a.micros(a.Compose))
	}
	if len(r.Parts[namePipeline]) > 0 {
		c := r.Parts[namePipeline].median()
		fmt.Fprintf(w, ", queue %.0f µs, database %.0f µs (the sink: %.0f µs)", c.micros(c.CPU.Own)-sending, c.micros(c.CPU.Database), c.micros(c.CPU.Sink))
	}
	fmt.Fprintln(w)
	for _, pair := range [][2]string{{namePipeline, nameLoop}, {namePipeline, nameGroups}, {nameLong, namePipeline}, {nameTLS, namePipeline}, {nameRSA, namePipeline}, {nameEd25519, namePipeline},
		{nameSnapshot, nameBooks}, {nameFilled, nameEmpty}} {
		if of, by := r.Parts[pair[0]], r.Parts[pair[1]]; len(of) > 0 && len(by) > 0 {
			fmt.Fprintf(w, "(%s) is %.2f of (%s)\n", pair[0], of.median().rate()/by.median().rate(), pair[1])
		}
	}
	if rs := r.Parts[nameFar]; len(rs) > 0 {
		fmt.Fprintf(w, "(%s) is %.2f of connections by round trip\n", nameFar, rs.median().rate()/(farConnections/roundTrip.Seconds()))
	}
}
