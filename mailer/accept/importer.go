package accept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"article14/mailer"
)

// importBatch is how many rows are stored in one transaction unless told otherwise.
const importBatch = 5000

// Importer takes contact files into the store, in batches. Each batch is one
// transaction together with the position in the file, so that a second run
// after any stop goes on behind the last batch and adds nothing twice.
type Importer struct {
	Store ImportStore
	Keys  *mailer.Keyring
	Now   func() time.Time
	Batch int // rows; 0: 5,000
}

// ImportPlan is one reading of one file.
type ImportPlan struct {
	Controller  mailer.ID
	Register    *mailer.Register
	Source      mailer.Source
	ActivityKey string
	Import      Import               // FileName, FileHash, SettingsHash; the rest is filled in
	Basis       mailer.ObtainedBasis // for rows without a date (D4): a statement, unknown, or "": such rows are refused
	Stated      time.Time            // what the statement says
	ToldProof   string               // where the proof of all prior notices of the file is, for rows that name none
	Rows        Rows                 // read ahead, by another goroutine than the one that calls the functions below
	DryRun      bool                 // look only: the counts are those that an import would give, batch by batch
	OnRefusal   func(Refusal) error  // every refusal; in a second run those of earlier rows again, decided anew; nil: dropped
	OnProgress  func(rows int64)     // rows read so far; nil: nobody watches
}

// Run reads the file to its end and gives the counts of the whole file, rows of
// earlier runs included. Every row ends accepted, merged or refused. Of a file
// that was read to its end before it says so, and adds nothing. After an
// error what was read before it stands, and running again completes it.
func (im *Importer) Run(ctx context.Context, p ImportPlan) (ImportCounts, error) {
	if err := p.check(); err != nil {
		return ImportCounts{}, err
	}
	r, err := im.begin(ctx, p)
	if err != nil {
		return ImportCounts{}, fmt.Errorf("the import could not begin: %w; nothing was read: run the same command again", err)
	}
	if err := r.run(ctx); err != nil {
		return r.counts, err
	}
	if !p.DryRun && !r.imp.Finished {
		if err := im.Store.FinishImport(ctx, r.imp.ID, im.Now()); err != nil {
			return r.counts, fmt.Errorf("all %d rows are on record, but the import could not be closed: %w; run the same command again", r.read, err)
		}
	}
	return r.counts, nil
}

func (p *ImportPlan) check() error {
	if _, known := p.Register.Source(p.Source.Key); !known {
		return fmt.Errorf("the register declares no source %q", p.Source.Key)
	}
	if _, known := p.Register.Activity(p.ActivityKey); !known {
		return fmt.Errorf("the register declares no activity %q", p.ActivityKey)
	}
	switch {
	case p.Basis == mailer.ObtainedFromStatement && p.Stated.IsZero():
		return errors.New("the basis for rows without a date is a statement, but no date is stated: give --obtained-basis with a date")
	case p.Basis != "" && p.Basis != mailer.ObtainedFromStatement && p.Basis != mailer.ObtainedUnknown:
		return fmt.Errorf("%q cannot be the basis for rows without a date: give a date that a person states, or unknown", p.Basis)
	}
	return nil
}

// importRun is an import under way.
type importRun struct {
	*Importer
	plan   ImportPlan
	imp    Import // as it was when this run began
	rules  intakeRules
	counts ImportCounts
	read   int64 // rows behind us
}

func (im *Importer) begin(ctx context.Context, p ImportPlan) (*importRun, error) {
	r := &importRun{Importer: im, plan: p, imp: p.Import}
	r.imp.SourceKey, r.imp.ActivityKey = p.Source.Key, p.ActivityKey
	if !p.DryRun {
		var err error
		if r.imp, err = im.Store.BeginImport(ctx, p.Controller, r.imp, im.Now()); err != nil {
			return nil, err
		}
		r.counts = r.imp.Counts
		r.counts.Already = r.imp.Finished
	}
	r.rules = intakeRules{register: p.Register, source: p.Source, activity: p.ActivityKey, zone: p.Register.Controller.Zone, key: im.Keys.Newest(mailer.IdentityKey), importID: r.imp.ID,
		basis: p.Basis, stated: p.Stated, proof: p.ToldProof}
	return r, nil
}

// run settles batch after batch. While one is being stored the next is read.
func (r *importRun) run(ctx context.Context) error {
	reader := &rowReader{rows: r.plan.Rows, rules: r.rules, size: cmp.Or(max(r.Batch, 0), importBatch), stop: r.imp.Position}
	batches, stop := reader.start()
	defer stop()
	for b := range batches {
		if err := r.settle(ctx, b.rows); err != nil {
			return err
		}
		if b.err != nil && !errors.Is(b.err, io.EOF) {
			return fmt.Errorf("%w; the %d rows before stand", b.err, r.read)
		}
	}
	return nil
}

// settle stores a batch, then reports its refusals. A batch of an earlier run
// is looked at only, so that its refusals are reported again.
func (r *importRun) settle(ctx context.Context, rows []batchRow) error {
	if len(rows) == 0 {
		return nil
	}
	done := r.read < r.imp.Position || r.imp.Finished
	look := done || r.plan.DryRun
	rules := r.rules
	rules.now = r.Now().Truncate(time.Microsecond) // as the store keeps it
	var merge Merge
	var refused []Refusal
	decided := false
	err := r.Store.Merge(ctx, r.plan.Controller, r.imp.ID, batchKeys(rows), rules.now, func(known []mailer.Known, suppressed map[string]bool) Merge {
		merge, refused = rules.decide(rows, known, suppressed)
		merge.From, decided = r.read, true
		if look {
			return Merge{}
		}
		return merge
	})
	// How a transaction ends that was to store nothing makes no difference.
	if err != nil && !(look && decided) {
		return r.stopped(err)
	}
	r.read += int64(len(rows))
	if !done {
		r.counts.add(merge.Counts)
	}
	if err := r.report(refused); err != nil {
		return err
	}
	if r.plan.OnProgress != nil {
		r.plan.OnProgress(r.read)
	}
	return r.stopped(ctx.Err())
}

// stopped says of an error how far the import came, and what to do.
func (r *importRun) stopped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the import stopped behind row %d: %w; the rows before stand: run the same command again, and it goes on from there", r.read, err)
}

func (r *importRun) report(refused []Refusal) error {
	if r.plan.OnRefusal == nil {
		return nil
	}
	slices.SortStableFunc(refused, func(a, b Refusal) int { return int(a.Line - b.Line) })
	for _, f := range refused {
		if err := r.plan.OnRefusal(f); err != nil {
			return fmt.Errorf("the refusal of line %d could not be reported: %w; run the same command again", f.Line, err)
		}
	}
	return nil
}

func (c *ImportCounts) add(more ImportCounts) {
	c.Accepted += more.Accepted
	c.Merged += more.Merged
	c.Refused += more.Refused
}
