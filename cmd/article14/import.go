package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"article14/internal/intake"
	"article14/mailer/accept"
)

type importCmd struct {
	File string `arg:"" help:"The contact file: CSV of any kind, or NDJSON." type:"existingfile"`
	ReadingFlags
	Rejects string `help:"Write refused rows, with line, field and reason, to this file." type:"path" placeholder:"FILE"`
	DryRun  bool   `help:"Read everything, store nothing; show as what the file is read, and its first rows."`
	Batch   int    `help:"Rows stored in one transaction." hidden:""`
	JSON    bool   `help:"Print JSON."`
}

func (c *importCmd) Run(ctx context.Context, a *app, std streams) error {
	reg := a.reg
	plan, err := c.plan(c.File, reg)
	if err != nil {
		return misuse{err}
	}
	plan.dryRun, plan.batch = c.DryRun, c.Batch
	rejects, err := openRejects(c.Rejects)
	if err != nil {
		return err
	}
	plan.rejects = rejects
	plan.look = &fileLook{zone: reg.Controller.Zone, First: []firstRow{}, Refusals: []refusals{}}
	p := newProgress(std.err, "importing", -1)
	plan.onProgress = p.set
	counts, err := a.importFile(ctx, plan)
	p.done()
	if err := errors.Join(err, rejects.close()); err != nil {
		if c.DryRun { // what was understood helps to put right what was not
			if c.JSON {
				return errors.Join(err, printJSON(std.out, plan.look.withCounts(counts, err.Error())))
			}
			plan.look.print(std.out)
		}
		return err
	}
	return c.report(std, plan.look, counts)
}

func (c *importCmd) report(std streams, look *fileLook, counts accept.ImportCounts) error {
	if c.JSON {
		if c.DryRun {
			return printJSON(std.out, look.withCounts(counts, ""))
		}
		return printJSON(std.out, counts)
	}
	if c.DryRun {
		look.print(std.out)
	} else {
		look.advise(std.out) // what was guessed or not understood is said without a dry run, too
	}
	if counts.Already {
		fmt.Fprint(std.out, "this file was taken in already; nothing was added. It then gave: ")
	}
	fmt.Fprintf(std.out, "%s: %s new people, %s known already, %s refused\n",
		counted(counts.Accepted+counts.Merged+counts.Refused, "row", "rows"), number(counts.Accepted), number(counts.Merged), number(counts.Refused))
	if counts.Refused > 0 && c.Rejects == "" {
		fmt.Fprintln(std.out, "name a file with --rejects to see each refused row with its reason")
	}
	return nil
}

// importFile reads a contact file into the store.
func (a *app) importFile(ctx context.Context, p importPlan) (accept.ImportCounts, error) {
	plan, f, err := p.open(a.controller, a.reg, a.now)
	if err != nil {
		return accept.ImportCounts{}, err
	}
	defer f.Close()
	im := accept.Importer{Store: a.store, Keys: a.keys, Now: a.now, Batch: p.batch}
	return im.Run(ctx, plan)
}

// rejectsFile is where refused rows go, for its owner's eyes; it may be nil.
type rejectsFile struct {
	f *os.File
	w *intake.Rejects
}

func openRejects(path string) (*rejectsFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the rejects file: %w", err)
	}
	if err := f.Chmod(0o600); err != nil { // one that was there already has a mode of its own
		return nil, errors.Join(fmt.Errorf("keep the rejects file for its owner: %w", err), f.Close())
	}
	w, err := intake.NewRejects(f)
	return &rejectsFile{f, w}, err
}

func (r *rejectsFile) write(x accept.Refusal) error {
	if r == nil {
		return nil
	}
	return r.w.Add(x)
}

func (r *rejectsFile) close() error {
	if r == nil {
		return nil
	}
	return r.f.Close()
}
