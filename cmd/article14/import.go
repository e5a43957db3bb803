package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/calendar"
	"article14/internal/intake"
	"article14/mailer"
)

// ReadingFlags say how a contact file is to be read.
type ReadingFlags struct {
	Source        string            `help:"The source of the register that the file came from." placeholder:"KEY"`
	Activity      string            `help:"The activity that the data were collected for; may be left out where the register declares one only." placeholder:"KEY"`
	Format        string            `help:"csv, ndjson, or auto." enum:"auto,csv,ndjson" default:"auto"`
	Delimiter     string            `help:"Delimiter of a CSV file; found out from its header line otherwise. 'tab' is a tab." placeholder:"CHAR"`
	Map           map[string]string `help:"Columns that differ from those kept with the source: email='Work email'; in NDJSON dotted paths." placeholder:"FIELD=COLUMN"`
	Dates         string            `help:"How dates are written, if not as kept with the source: DD.MM.YYYY, say." placeholder:"PATTERN"`
	ObtainedBasis string            `help:"For rows without a date: a day that a person states (YYYY-MM-DD), or 'unknown', which treats them as overdue." placeholder:"DAY|unknown"`
	By            string            `help:"Who states the day of --obtained-basis, for the record; default your user name." placeholder:"NAME"`
}

type importCmd struct {
	File string `arg:"" help:"The contact file: CSV or NDJSON in UTF-8." type:"existingfile"`
	ReadingFlags
	Rejects string `help:"Write refused rows, with line, field and reason, to this file." type:"path" placeholder:"FILE"`
	DryRun  bool   `help:"Read everything, store nothing."`
	JSON    bool   `help:"Print JSON."`
}

func (c *importCmd) Run(ctx context.Context, a *app, std streams) error {
	reg := a.reg
	plan, err := c.plan(c.File, reg)
	if err != nil {
		return misuse{err}
	}
	plan.dryRun = c.DryRun
	rejects, err := openRejects(c.Rejects)
	if err != nil {
		return err
	}
	plan.rejects = rejects
	p := newProgress(std.err, "importing", -1)
	plan.onProgress = p.set
	counts, err := a.importFile(ctx, plan)
	p.done()
	if err := errors.Join(err, rejects.close()); err != nil {
		return err
	}
	return c.report(std, counts)
}

func (c *importCmd) report(std streams, counts mailer.ImportCounts) error {
	if c.JSON {
		return printJSON(std.out, counts)
	}
	if counts.Already {
		fmt.Fprint(std.out, "this file was taken in already; nothing was added. It then gave: ")
	}
	fmt.Fprintf(std.out, "%d rows: %d new people, %d known already, %d refused\n",
		counts.Accepted+counts.Merged+counts.Refused, counts.Accepted, counts.Merged, counts.Refused)
	if counts.Refused > 0 && c.Rejects == "" {
		fmt.Fprintln(std.out, "name a file with --rejects to see each refused row with its reason")
	}
	return nil
}

func (c *ReadingFlags) plan(file string, reg *mailer.Register) (importPlan, error) {
	p := importPlan{file: file, source: c.Source, activity: c.Activity, format: intake.Format(c.Format), dates: c.Dates,
		mapping: mailer.Mapping{Fields: c.Map}}
	if p.source == "" {
		return p, fmt.Errorf("where did the file come from? Name its source with --source: %s", sourceKeys(reg))
	}
	if p.activity == "" {
		if len(reg.Activities) != 1 {
			return p, errors.New("the register declares several activities: name one with --activity")
		}
		p.activity = reg.Activities[0].Key
	}
	switch {
	case c.Delimiter == "tab":
		p.delimiter = '\t'
	case c.Delimiter != "":
		r, n := utf8.DecodeRuneInString(c.Delimiter)
		if n != len(c.Delimiter) {
			return p, fmt.Errorf("--delimiter takes one character, not %q", c.Delimiter)
		}
		p.delimiter = r
	}
	switch {
	case c.ObtainedBasis == string(mailer.ObtainedUnknown):
		p.basis, p.said = mailer.ObtainedUnknown, "unknown, said by "+person(c.By)
	case c.ObtainedBasis != "":
		d, err := calendar.Parse(c.ObtainedBasis)
		if err != nil {
			return p, fmt.Errorf("--obtained-basis: %w", err)
		}
		p.basis, p.stated = mailer.ObtainedFromStatement, d.StartOf(reg.Controller.Zone)
		p.said = d.String() + ", said by " + person(c.By)
	}
	return p, nil
}

// importPlan is one reading of a file.
type importPlan struct {
	file, source, activity string
	format                 intake.Format
	delimiter              rune
	mapping                mailer.Mapping
	dates                  string
	basis                  mailer.ObtainedBasis
	stated                 time.Time
	said                   string // the statement, for the record (D4)
	dryRun                 bool
	rejects                *rejectsFile
	onProgress             func(rows int64)
}

// settings is what makes another reading of the same file another import.
func (p importPlan) settings() []byte {
	b, _ := json.Marshal([]any{p.format, p.delimiter, p.mapping, p.dates, p.basis, p.stated}) // plain values always marshal
	h := sha256.Sum256(b)
	return h[:]
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

func (r *rejectsFile) write(x mailer.Refusal) error {
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

// importFile reads a contact file into the store.
func (a *app) importFile(ctx context.Context, p importPlan) (mailer.ImportCounts, error) {
	plan, f, err := p.open(a.controller, a.reg, a.now)
	if err != nil {
		return mailer.ImportCounts{}, err
	}
	defer f.Close()
	im := mailer.Importer{Store: a.store, Keys: a.keys, Now: a.now}
	return im.Run(ctx, plan)
}

// open makes a file's rows out of it.
func (p importPlan) open(controller mailer.ID, reg *mailer.Register, now func() time.Time) (mailer.ImportPlan, io.Closer, error) {
	source, ok := reg.Source(p.source)
	if !ok {
		return mailer.ImportPlan{}, nil, misuse{fmt.Errorf("the register declares no source %q; it declares %s", p.source, sourceKeys(reg))}
	}
	f, err := os.Open(p.file)
	if err != nil {
		return mailer.ImportPlan{}, nil, err
	}
	plan, err := p.reading(f, source, controller, reg, now)
	if err != nil {
		return mailer.ImportPlan{}, nil, errors.Join(err, f.Close())
	}
	return plan, f, nil
}

func (p importPlan) reading(f *os.File, source mailer.Source, controller mailer.ID, reg *mailer.Register, now func() time.Time) (mailer.ImportPlan, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return mailer.ImportPlan{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return mailer.ImportPlan{}, err
	}
	rows, err := intake.Open(f, intake.Settings{Format: p.format, Delimiter: p.delimiter, Mapping: p.mapping, DateFormat: p.dates,
		Zone: reg.Controller.Zone, Source: source, Now: now})
	if err != nil {
		return mailer.ImportPlan{}, fmt.Errorf("%s: %w", filepath.Base(p.file), err)
	}
	return mailer.ImportPlan{
		Controller: controller, Register: reg, Source: source, ActivityKey: p.activity,
		Import: mailer.Import{FileName: filepath.Base(p.file), FileHash: hash.Sum(nil), SettingsHash: p.settings(), Basis: p.said},
		Basis:  p.basis, Stated: p.stated, Rows: rows, DryRun: p.dryRun, OnRefusal: p.rejects.write, OnProgress: p.onProgress,
	}, nil
}

func sourceKeys(reg *mailer.Register) string {
	var keys []string
	for _, s := range reg.Sources {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, ", ")
}
