package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/calendar"
	"article14/internal/intake"
	"article14/mailer"
	"article14/mailer/accept"
)

// ReadingFlags say how a contact file is to be read.
type ReadingFlags struct {
	Source        string            `help:"The source of the register that the file came from." placeholder:"KEY"`
	Activity      string            `help:"The activity that the data were collected for; may be left out where the register declares one only." placeholder:"KEY"`
	Format        string            `help:"csv, ndjson, or auto." enum:"auto,csv,ndjson" default:"auto"`
	Encoding      string            `help:"utf-8, utf-16le, windows-1252, iso-8859-15 and so on; found out from the whole file otherwise." default:"auto" placeholder:"NAME"`
	Delimiter     string            `help:"Delimiter of a CSV file; found out otherwise. 'tab' is a tab." placeholder:"CHAR"`
	HeaderLine    string            `help:"Line on which a CSV file's header begins, or 'none', which calls the columns #1, #2; found out otherwise." placeholder:"N"`
	Map           map[string]string `help:"Columns that differ from those kept with the source: email='Work email'; in NDJSON dotted paths." placeholder:"FIELD=COLUMN"`
	OtherColumns  bool              `help:"The file has other columns than those kept with the source: read columns called like a field, and those of --map."`
	Dates         string            `help:"How dates are written, if not as kept with the source: DD.MM.YYYY, say." placeholder:"PATTERN"`
	ObtainedBasis string            `help:"For rows without a date: a day that a person states (YYYY-MM-DD), or 'unknown', which treats them as overdue." placeholder:"DAY|unknown"`
	By            string            `help:"Who states the day of --obtained-basis, for the record; default your user name." placeholder:"NAME"`
	ToldProof     string            `help:"Where the proof is that people were told, for rows with told_at that name none: a reference, never a personal value." placeholder:"REF"`
	MaxBytes      int64             `help:"Refuse a file of more bytes." default:"17179869184" placeholder:"N"`
	MaxLines      int64             `help:"Refuse a file of more lines." default:"200000000" placeholder:"N"`
}

func (c *ReadingFlags) plan(file string, reg *mailer.Register) (importPlan, error) {
	p := importPlan{file: file, source: c.Source, activity: c.Activity, toldProof: strings.TrimSpace(c.ToldProof), otherColumns: c.OtherColumns}
	p.read = intake.Settings{Format: intake.Format(c.Format), Encoding: c.Encoding, DateFormat: c.Dates, Mapping: mailer.Mapping{Fields: c.Map},
		MaxBytes: c.MaxBytes, MaxLines: c.MaxLines}
	if p.source == "" {
		return p, fmt.Errorf("where did the file come from? Name its source with --source: %s", sourceKeys(reg))
	}
	if p.activity == "" {
		if len(reg.Activities) != 1 {
			return p, fmt.Errorf("for which activity were the data collected? Name it with --activity: %s", joined(activityKeys(reg)))
		}
		p.activity = reg.Activities[0].Key
	}
	if _, declared := reg.Source(p.source); !declared {
		return p, fmt.Errorf("the register declares no source %q; it declares %s", p.source, sourceKeys(reg))
	}
	if !slices.Contains(activityKeys(reg), p.activity) {
		return p, fmt.Errorf("the register declares no activity %q; it declares %s", p.activity, joined(activityKeys(reg)))
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
	toldProof              string
	otherColumns           bool
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
	source = p.asRead(source)
	b, _ := json.Marshal([]any{r.Format, r.Encoding, r.Delimiter, r.HeaderLine, r.Mapping, r.DateFormat, p.basis, p.stated,
		p.toldProof, source.Columns, source.DateFormat, source.IgnoredLanguages, source.Public}) // plain values always marshal
	h := sha256.Sum256(b)
	return h[:]
}

// asRead is the source as far as it says how this file is read.
func (p importPlan) asRead(s mailer.Source) mailer.Source {
	if p.otherColumns {
		s.Columns.Fields = nil // what the values of the visibility column mean holds all the same
	}
	return s
}

// open makes a file's rows out of it. Whoever reads them closes it after.
func (p importPlan) open(controller mailer.ID, reg *mailer.Register, now func() time.Time) (accept.ImportPlan, io.Closer, error) {
	source, ok := reg.Source(p.source)
	if !ok {
		return accept.ImportPlan{}, nil, misuse{fmt.Errorf("the register declares no source %q; it declares %s", p.source, sourceKeys(reg))}
	}
	f, err := os.Open(p.file)
	if err != nil {
		return accept.ImportPlan{}, nil, err
	}
	plan, err := p.readFrom(f, source, controller, reg, now)
	if err != nil {
		return accept.ImportPlan{}, nil, errors.Join(err, f.Close())
	}
	return plan, f, nil
}

func (p importPlan) readFrom(f *os.File, source mailer.Source, controller mailer.ID, reg *mailer.Register, now func() time.Time) (accept.ImportPlan, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return accept.ImportPlan{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return accept.ImportPlan{}, err
	}
	settings := p.read
	settings.Zone, settings.Source, settings.Now = reg.Controller.Zone, p.asRead(source), now
	file, err := intake.Open(f, settings)
	p.look.reading(file, source)
	if err != nil {
		return accept.ImportPlan{}, fmt.Errorf("%s: %w", filepath.Base(p.file), err)
	}
	return accept.ImportPlan{
		Controller: controller, Register: reg, Source: source, ActivityKey: p.activity,
		Import: accept.Import{FileName: filepath.Base(p.file), FileHash: hash.Sum(nil), SettingsHash: p.settings(source), Basis: p.said},
		Basis:  p.basis, Stated: p.stated, ToldProof: p.toldProof, Rows: p.look.watch(file), DryRun: p.dryRun, OnRefusal: p.refused, OnProgress: p.onProgress,
	}, nil
}

func (p importPlan) refused(r accept.Refusal) error {
	p.look.refused(r)
	return p.rejects.write(r)
}

func activityKeys(reg *mailer.Register) []string {
	keys := make([]string, len(reg.Activities))
	for i, a := range reg.Activities {
		keys[i] = a.Key
	}
	return keys
}

func sourceKeys(reg *mailer.Register) string {
	var keys []string
	for _, s := range reg.Sources {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, ", ")
}
