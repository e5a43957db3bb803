package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

var errFenced = errors.New("a claim did not stand although nobody else works here")

// runs are the runs of one part.
type runs []result

// median is the run whose rate is in the middle.
func (rs runs) median() result { return rs.sorted()[len(rs)/2] }

func (rs runs) least() float64 { return rs.sorted()[0].rate() }

func (rs runs) most() float64 { return rs.sorted()[len(rs)-1].rate() }

func (rs runs) sorted() runs {
	return slices.SortedFunc(slices.Values(rs), func(a, b result) int { return cmp.Compare(a.rate(), b.rate()) })
}

// measure runs the wanted parts. They take turns, so that what else happens on
// the machine hits all alike and their ratios mean something.
func (h *hall) measure(ctx context.Context) (report, error) {
	rep := report{Options: h.options, Parts: map[string]runs{}}
	var err error
	if rep.Machine, err = h.machine(ctx); err != nil {
		return rep, err
	}
	for i := range h.Runs {
		for _, m := range h.measurements() {
			r, err := m.run(ctx)
			if err != nil {
				return rep, fmt.Errorf("%s: %w", m.name, err)
			}
			rep.Parts[m.name] = append(rep.Parts[m.name], r)
			h.say("run %d of %s: %.0f a second", i+1, m.name, r.rate())
		}
	}
	return rep, nil
}

// measurement is one row of the report.
type measurement struct {
	name string
	run  func(context.Context) (result, error)
}

// The names of the rows.
const (
	nameLoop     = "a"
	nameGroups   = "b"
	namePipeline = "c"
	nameShort    = "c, short queue"
	nameLong     = "d"
	nameFar      = "e"
	nameBooks    = "f"
	nameSnapshot = "f, old snapshot"
	nameTLS      = "g"
	nameRSA      = "h, rsa"
	nameEd25519  = "h, ed25519"
	nameEmpty    = "i, empty"
	nameFilled   = "i, filled"
)

func (h *hall) measurements() []measurement {
	all := []measurement{
		{nameLoop, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "stepwise", N: h.Deliveries})
		}},
		{nameGroups, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "pipelined", N: h.Deliveries})
		}},
		{namePipeline, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "pipeline", N: h.Deliveries})
		}},
		{nameShort, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, short, task{Part: "pipeline", N: h.Few})
		}},
		{nameLong, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, long, task{Part: "pipeline", N: h.Deliveries})
		}},
		{nameFar, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, short, task{Part: "pipeline", N: h.Few, Connections: farConnections, Way: farAway})
		}},
		{nameBooks, func(ctx context.Context) (result, error) {
			return h.onCopy(ctx, queued, task{Part: "books", N: h.Deliveries})
		}},
		{nameSnapshot, func(ctx context.Context) (result, error) {
			return h.onCopy(ctx, queued, task{Part: "books", N: h.Deliveries, Snapshot: true})
		}},
		{nameTLS, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "pipeline", N: h.Deliveries, Way: overTLS})
		}},
		{nameRSA, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "pipeline", N: h.Deliveries, DKIM: "rsa"})
		}},
		{nameEd25519, func(ctx context.Context) (result, error) {
			return h.mailed(ctx, queued, task{Part: "pipeline", N: h.Deliveries, DKIM: "ed25519"})
		}},
		{nameEmpty, func(ctx context.Context) (result, error) { return h.imported(ctx, blank, 0, 0) }},
		{nameFilled, func(ctx context.Context) (result, error) { return h.imported(ctx, filled, h.People, h.Rows/knownShare) }},
	}
	for _, l := range []struct {
		name string
		load
	}{{namePages, load{Pages: h.Visitors}}, {nameGate, load{Gate: h.Visitors}}, {nameHouse, load{h.Visitors, h.Visitors, h.Pace}}} {
		all = append(all, measurement{l.name, func(ctx context.Context) (result, error) { return h.house(ctx, l.load) }})
	}
	for _, workers := range crews {
		for _, pooled := range []bool{false, true} {
			all = append(all, measurement{nameCrew(workers, pooled), func(ctx context.Context) (result, error) { return h.crew(ctx, workers, pooled) }})
		}
	}
	return slices.DeleteFunc(all, func(m measurement) bool {
		return !h.wants(m.name[:1]) || m.name == nameShort && h.Few >= h.Deliveries || (m.name == nameShort || m.name == nameFar) && h.Few == 0
	})
}

// farConnections are those of (e).
const farConnections = 64

// knownShare is one in how many rows whose person the filled database knows.
const knownShare = 10

// mailed runs a part that sends, and asks the sink whether all came.
func (h *hall) mailed(ctx context.Context, from string, t task) (result, error) {
	before, err := h.sink.taken()
	if err != nil {
		return result{}, err
	}
	r, err := h.onCopy(ctx, from, t)
	if err != nil {
		return r, err
	}
	after, err := h.sink.taken()
	if err == nil && after-before != r.N {
		err = fmt.Errorf("%d mails were sent and the sink took %d", r.N, after-before)
	}
	return r, err
}

// imported runs (i) on a copy.
func (h *hall) imported(ctx context.Context, from string, first, known int) (result, error) {
	file, err := h.file(first, h.Rows, known)
	if err != nil {
		return result{}, err
	}
	return h.onCopy(ctx, from, task{Part: "import", File: file, N: h.Rows, Known: known})
}
