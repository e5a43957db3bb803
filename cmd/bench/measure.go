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

// measure runs the wanted parts. (a) and (b) take turns, so that what else happens
// on the machine hits both alike and their ratio means something.
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
	nameGroups   = "p"
	namePipeline = "b"
	nameShort    = "b, short queue"
	nameBooks    = "c"
	nameEmpty    = "d, empty"
	nameFilled   = "d, filled"
)

func (h *hall) measurements() []measurement {
	all := []measurement{
		{nameLoop, func(ctx context.Context) (result, error) { return h.mailed(ctx, queued, "a", h.Deliveries) }},
		{nameGroups, func(ctx context.Context) (result, error) { return h.mailed(ctx, queued, "p", h.Deliveries) }},
		{namePipeline, func(ctx context.Context) (result, error) { return h.mailed(ctx, queued, "b", h.Deliveries) }},
		{nameShort, func(ctx context.Context) (result, error) { return h.mailed(ctx, short, "b", h.Few) }},
		{nameBooks, func(ctx context.Context) (result, error) {
			return h.onCopy(ctx, queued, task{Part: "c", N: h.Deliveries})
		}},
		{nameEmpty, func(ctx context.Context) (result, error) { return h.imported(ctx, blank, 0, 0) }},
		{nameFilled, func(ctx context.Context) (result, error) { return h.imported(ctx, filled, h.People, h.Rows/knownShare) }},
	}
	return slices.DeleteFunc(all, func(m measurement) bool {
		return !h.wants(m.name[:1]) || m.name == nameShort && (h.Few == 0 || h.Few >= h.Deliveries)
	})
}

// knownShare is one in how many rows whose person the filled database knows.
const knownShare = 10

// mailed runs a part that sends, and asks the sink whether all came.
func (h *hall) mailed(ctx context.Context, from, part string, n int) (result, error) {
	before, err := h.sink.taken()
	if err != nil {
		return result{}, err
	}
	r, err := h.onCopy(ctx, from, task{Part: part, N: n})
	if err != nil {
		return r, err
	}
	after, err := h.sink.taken()
	if err == nil && after-before != n {
		err = fmt.Errorf("%d mails were to be sent and the sink took %d", n, after-before)
	}
	return r, err
}

// imported runs (d) on a copy.
func (h *hall) imported(ctx context.Context, from string, first, known int) (result, error) {
	file, err := h.file(first, h.Rows, known)
	if err != nil {
		return result{}, err
	}
	return h.onCopy(ctx, from, task{Part: "import", File: file, N: h.Rows, Known: known})
}
