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
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/calendar"
	"article14/internal/intake"
	"article14/mailer"
)

type importCmd struct {
	File          string            `arg:"" help:"The contact file: CSV of any kind, or NDJSON." type:"existingfile"`
	Source        string            `help:"The source of the register that the file came from." required:"" placeholder:"KEY"`
	Activity      string            `help:"The activity that the data were collected for; may be left out where the register declares one only." placeholder:"KEY"`
	Format        string            `help:"csv, ndjson, or auto." enum:"auto,csv,ndjson" default:"auto"`
	Encoding      string            `help:"utf-8, utf-16le, windows-1252, iso-8859-15 and so on; found out from the whole file otherwise." default:"auto" placeholder:"NAME"`
	Delimiter     string            `help:"Delimiter of a CSV file; found out otherwise. 'tab' is a tab." placeholder:"CHAR"`
	HeaderLine    string            `help:"Line on which a CSV file's header begins, or 'none', which calls the columns #1, #2; found out otherwise." placeholder:"N"`
	Map           map[string]string `help:"Columns that differ from those kept with the source: email='Work email'; in NDJSON dotted paths." placeholder:"FIELD=COLUMN"`
	Dates         string            `help:"How dates are written, if not as kept with the source: DD.MM.YYYY, say." placeholder:"PATTERN"`
	ObtainedBasis string            `help:"For rows without a date: a day that a person states (YYYY-MM-DD), or 'unknown', which treats them as overdue." placeholder:"DAY|unknown"`
	By            string            `help:"Who states the day of --obtained-basis, for the record; default your user name." placeholder:"NAME"`
	Rejects       string            `help:"Write refused rows, with line, field and reason, to this file." type:"path" placeholder:"FILE"`
	MaxBytes      int64             `help:"Refuse a file of more bytes." default:"17179869184" placeholder:"N"`
	MaxLines      int64             `help:"Refuse a file of more lines." default:"200000000" placeholder:"N"`
	Batch         int               `help:"Rows stored in one transaction." hidden:""`
	DryRun        bool              `help:"Read everything, store nothing; show as what the file is read, and its first rows."`
	JSON          bool              `help:"Print JSON."`
}

func (c *importCmd) Run(ctx context.Context, a *app, std streams) error {
	reg := a.reg
	plan, err := c.plan(reg)
	if err != nil {
		return misuse{err}
	}
	rejects, err := openRejects(c.Rejects)
	if err != nil {
		return err
	}
	plan.rejects = rejects
	if c.DryRun {
		plan.look = &fileLook{zone: reg.Controller.Zone}
	}
	p := newProgress(std.err, "importing", -1)
	plan.onProgress = p.set
	counts, err := a.importFile(ctx, plan)
	p.done()
	if err := errors.Join(err, rejects.close()); err != nil {
		if plan.look != nil && !c.JSON {
			plan.look.print(std.out) // what was understood helps to put right what was not
		}
		return err
	}
	return c.report(std, plan.look, counts)
}

func (c *importCmd) report(std streams, look *fileLook, counts mailer.ImportCounts) error {
	if c.JSON {
		if look != nil {
			return printJSON(std.out, look.withCounts(counts))
		}
		return printJSON(std.out, counts)
	}
	if look != nil {
		look.print(std.out)
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

func (c *importCmd) plan(reg *mailer.Register) (importPlan, error) {
	p := importPlan{file: c.File, source: c.Source, activity: c.Activity, dryRun: c.DryRun, batch: c.Batch}
	p.read = intake.Settings{Format: intake.Format(c.Format), Encoding: c.Encoding, DateFormat: c.Dates, Mapping: mailer.Mapping{Fields: c.Map},
		MaxBytes: c.MaxBytes, MaxLines: c.MaxLines}
	if p.activity == "" {
		if len(reg.Activities) != 1 {
			return p, errors.New("the register declares several activities: name one with --activity")
		}
		p.activity = reg.Activities[0].Key
	}
	switch {
	case c.Delimiter == "tab":
		p.read.Delimiter = '\t'
	case c.Delimiter != "":
		r, n := utf8.DecodeRuneInString(c.Delimiter)
		if n != len(c.Delimiter) {
			return p, fmt.Errorf("--delimiter takes one character, not %q", c.Delimiter)
		}
		p.read.Delimiter = r
	}
	switch n, err := strconv.Atoi(c.HeaderLine); {
	case c.HeaderLine == "none":
		p.read.HeaderLine = intake.NoHeader
	case c.HeaderLine != "" && (err != nil || n < 1):
		return p, fmt.Errorf("--header-line takes the number of a line or none, not %q", c.HeaderLine)
	default:
		p.read.HeaderLine = n
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
	read                   intake.Settings // what was said about the file; the rest is filled in
	basis                  mailer.ObtainedBasis
	stated                 time.Time
	said                   string // the statement, for the record (D4)
	dryRun                 bool
	batch                  int       // rows stored in one transaction; 0: as many as the importer thinks right
	look                   *fileLook // filled in, unless nil
	rejects                *rejectsFile
	onProgress             func(rows int64)
}

// settings is what makes another reading of the same file another import: what
// was said for it and what the register said of the source.
func (p importPlan) settings(source mailer.Source) []byte {
	r := p.read
	b, _ := json.Marshal([]any{r.Format, r.Encoding, r.Delimiter, r.HeaderLine, r.Mapping, r.DateFormat, p.basis, p.stated,
		source.Columns, source.DateFormat, source.IgnoredLanguages, source.Public}) // plain values always marshal
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
	plan, done, err := a.openImport(p)
	if err != nil {
		return mailer.ImportCounts{}, err
	}
	defer done()
	im := mailer.Importer{Store: a.store, Keys: a.keys, Now: a.now, Batch: p.batch}
	return im.Run(ctx, plan)
}

// openImport opens a contact file and finds out what it is. Whoever has read the
// plan's rows calls done.
func (a *app) openImport(p importPlan) (_ mailer.ImportPlan, done func(), err error) {
	reg := a.reg
	source, ok := reg.Source(p.source)
	if !ok {
		return mailer.ImportPlan{}, nil, misuse{fmt.Errorf("the register declares no source %q; it declares %s", p.source, sourceKeys(reg))}
	}
	f, err := os.Open(p.file)
	if err != nil {
		return mailer.ImportPlan{}, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return mailer.ImportPlan{}, nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return mailer.ImportPlan{}, nil, err
	}
	settings := p.read
	settings.Zone, settings.Source, settings.Now = reg.Controller.Zone, source, a.now
	file, err := intake.Open(f, settings)
	if err != nil {
		p.look.layout(file)
		return mailer.ImportPlan{}, nil, fmt.Errorf("%s: %w", filepath.Base(p.file), err)
	}
	return mailer.ImportPlan{
		Controller: a.controller, Register: reg, Source: source, ActivityKey: p.activity,
		Import: mailer.Import{FileName: filepath.Base(p.file), FileHash: hash.Sum(nil), SettingsHash: p.settings(source), Basis: p.said},
		Basis:  p.basis, Stated: p.stated, Rows: p.look.watch(file), DryRun: p.dryRun, OnRefusal: p.refused, OnProgress: p.onProgress,
	}, func() { p.look.layout(file); f.Close() }, nil
}

func (p importPlan) refused(r mailer.Refusal) error {
	p.look.refused(r)
	return p.rejects.write(r)
}

func sourceKeys(reg *mailer.Register) string {
	var keys []string
	for _, s := range reg.Sources {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, ", ")
}
