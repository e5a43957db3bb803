package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"article14/internal/compose"
	"article14/internal/postgres"
	"article14/internal/register"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
	"article14/mailer/plan"
)

// partArgument makes this program run one task from standard input.
const partArgument = "part"

// task is one piece of work in a process of its own.
type task struct {
	Part        string
	URL         string
	Keys        string
	N           int    // deliveries, rows
	Known       int    // rows of the file whose people are known already
	File        string // of an import
	Connections int
	Number      int    // (j): of a worker
	Pace        int    // (k): of the worker, a second; 0: there is none
	Pooled      bool   // (j): by way of the pooler
	Way         way    // of the mail to the sink
	Snapshot    bool   // (f): another session holds an old one
	DKIM        string // (h): see signings
	SinkPort    int
	Certificate []byte // of the sink's, for TLS
	Sink        int    // process ids, to read their processor time
	Postmaster  int
	Profile     string // file for a processor profile; "": none
}

// result is what a task took.
type result struct {
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"`
	CPU     usage   `json:"cpu_seconds"`
	Compose float64 `json:"compose_cpu_seconds,omitempty"` // of (a) and (b): of composing alone
	Peak    int64   `json:"peak_bytes"`
	Pages   *waits  `json:"pages,omitempty"` // of (k)
	Gate    *waits  `json:"gate,omitempty"`
	Sent    int     `json:"sent,omitempty"` // of (k): by the worker meanwhile
}

// rate is how many a second.
func (r result) rate() float64 { return float64(r.N) / r.Seconds }

// parts are what a process can be asked to do.
var parts = map[string]func(*stage) error{
	"register":  (*stage).register,
	"import":    (*stage).importFile,
	"release":   (*stage).release,
	"stepwise":  (*stage).stepwise,
	"pipelined": (*stage).pipelined,
	"pipeline":  (*stage).pipeline,
	"books":     (*stage).books,
	"work":      (*stage).work,
	"begin":     (*stage).begin,
	"house":     (*stage).house,
	"check":     (*stage).allRelayed,
}

// run gives a task to a new process.
func (h *hall) run(ctx context.Context, database string, t task) (result, error) {
	ended := make(chan struct{})
	close(ended)
	return h.runUntil(ctx, ended, database, t)
}

// runUntil is run for a task that goes on until over is closed.
func (h *hall) runUntil(ctx context.Context, over <-chan struct{}, database string, t task) (result, error) {
	t.URL, t.Keys, t.Connections = h.server.URL(database), h.keys, cmp.Or(t.Connections, h.Connections)
	if t.Pooled {
		t.URL = h.pooler.Through(t.URL)
	}
	t.SinkPort, t.Sink, t.Postmaster = h.sink.ports[t.Way], h.sink.cmd.Process.Pid, h.postmaster
	t.Certificate = h.sink.certificate
	if h.profile != "" {
		t.Profile = filepath.Join(h.profile, t.Part+".pprof")
	}
	in, err := json.Marshal(t)
	if err != nil {
		return result{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, partArgument)
	cmd.Stdin, cmd.Stderr = io.MultiReader(bytes.NewReader(in), until(over)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("part %s: %w", t.Part, err)
	}
	var r result
	return r, json.Unmarshal(out, &r)
}

func runPart(ctx context.Context, in io.Reader, out io.Writer) error {
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return err
	}
	s, err := openStage(ctx, t)
	if err != nil {
		return err
	}
	s.in = in
	defer s.store.Close()
	do, ok := parts[t.Part]
	if !ok {
		return fmt.Errorf("there is no part %q", t.Part)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(deliver.GCPercent) // as the worker does
	}
	if err := do(s); err != nil {
		return err
	}
	if s.result.Peak, err = peakMemory(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(s.result)
}

// stage is the program's own types joined as cmd/article14 joins them, for one task.
type stage struct {
	task
	ctx        context.Context
	in         io.Reader // behind the task: ends when it is over
	store      *postgres.Store
	keys       *mailer.Keyring
	registers  *mailer.Registers
	texts      *locales.Bundle
	composer   *compose.Composer
	skeletons  mailer.SkeletonStore
	log        *slog.Logger
	controller mailer.ID
	reg        *mailer.Register
	result     result
}

const (
	campaignKey = "bench"
	activityKey = "directory"
	sourceKey   = "linkedin"
	by          = "bench"
)

func openStage(ctx context.Context, t task) (*stage, error) {
	s := &stage{task: t, ctx: ctx, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	ring, err := os.ReadFile(t.Keys)
	if err != nil {
		return nil, err
	}
	if s.keys, err = mailer.ReadKeyring(ring); err != nil {
		return nil, err
	}
	if s.texts, err = locales.New(); err != nil {
		return nil, err
	}
	if s.composer, err = compose.New(s.texts); err != nil {
		return nil, err
	}
	if s.store, err = postgres.Open(ctx, t.URL); err != nil {
		return nil, err
	}
	s.skeletons = mailer.KeepSkeletons(s.store)
	s.registers = &mailer.Registers{Store: s.store, Parse: func(body []byte) (*mailer.Register, error) {
		reg, _, err := register.Parse("register.yaml", body)
		return reg, err
	}}
	if t.Part == "register" {
		return s, nil
	}
	v, reg, err := s.registers.Current(ctx, "")
	s.controller, s.reg = v.ControllerID, reg
	return s, err
}

func (s *stage) tokens() mailer.Tokens { return mailer.Tokens{Keys: s.keys} }

func (s *stage) releases() *campaign.Releases {
	return &campaign.Releases{Campaigns: s.store, Registers: s.registers, Composer: s.composer, Tokens: s.tokens(),
		Controller: s.controller, Key: s.reg.Controller.Key, Now: time.Now}
}

// register makes the tables and applies the sample register.
func (s *stage) register() error {
	if _, err := s.store.Migrate(s.ctx); err != nil {
		return err
	}
	body := register.Sample()
	reg, err := s.registers.Parse(body)
	if err != nil {
		return err
	}
	_, err = plan.Registrar{Registers: s.registers}.Apply(s.ctx, reg, body, by, time.Now())
	return err
}

// release approves a campaign of everybody. It is started by the part that needs it.
func (s *stage) release() error {
	r := s.releases()
	if _, err := r.Create(s.ctx, mailer.Campaign{Key: campaignKey, ActivityKey: activityKey, CreatedBy: by}); err != nil {
		return err
	}
	draft, err := r.Draft(s.ctx, campaignKey)
	if err != nil {
		return err
	}
	if draft.Audience.People != int64(s.N) {
		return fmt.Errorf("%d of %d people can be told: %v", draft.Audience.People, s.N, draft.Audience.Blocked)
	}
	_, err = r.Approve(s.ctx, campaignKey, by, draft.Content.Hash, nil)
	return err
}

// clock measures a section: what it takes by the wall and by the processors.
type clock struct {
	*stage
	began  time.Time
	before usage
}

func (s *stage) start() (c clock, err error) {
	if s.Profile != "" {
		f, err := os.Create(s.Profile)
		if err != nil {
			return c, err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return c, err
		}
	}
	c = clock{stage: s, began: time.Now()}
	c.before, err = readUsage(s.Postmaster, s.Sink)
	return c, err
}

func (c clock) stop(n int) error {
	took := time.Since(c.began)
	after, err := readUsage(c.Postmaster, c.Sink)
	pprof.StopCPUProfile()
	c.result.N, c.result.Seconds, c.result.CPU = n, took.Seconds(), after.minus(c.before)
	return err
}
