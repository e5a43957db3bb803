package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/catcher"
	"article14/internal/ops"
	"article14/internal/register"
	"article14/internal/sample"
	"article14/internal/web"
	"article14/mailer"
	"article14/mailer/deliver"
)

type demoCmd struct {
	Once   bool   `help:"Stop when the campaign has come to its end."`
	JSON   bool   `help:"Print one JSON object at the end."`
	People int    `help:"How many people to invent, 20 at least." default:"1000"`
	Seed   uint64 `help:"The same seed invents the same people." default:"14"`
	Listen string `help:"Address of pages, inbox and metrics; port 0 takes a free one." default:"127.0.0.1:0"`
}

// Help says what people who have a database already want to know first.
func (c *demoCmd) Help() string {
	return "The demo ignores --database-url, --data, --keys, --controller and their twins in the environment: " +
		"it uses a private database of its own in a temporary folder and leaves nothing behind."
}

// fewestPeople is how many it takes for every kind of case to occur.
const fewestPeople = 20

const (
	demoCampaign = "first-notice"
	demoActivity = "directory"
	demoBy       = "demo"
)

// demoOptions shortens the waits, so that what takes days in earnest is seen in seconds.
var demoOptions = deliver.Options{
	Connections: 8, Idle: 50 * time.Millisecond, Tick: 200 * time.Millisecond, UncertainWait: time.Second, TakeInEvery: time.Second,
	Retry: demoRetry, FullMailbox: demoRetry,
}

var demoRetry = deliver.Retry{Steps: []time.Duration{time.Second, 2 * time.Second}, GiveUp: 6 * time.Second, Nearest: time.Second}

func (c *demoCmd) Run(ctx context.Context, s *Settings, std streams) error {
	if c.People < fewestPeople {
		return misuse{fmt.Errorf("--people: the demo needs %d people at least", fewestPeople)}
	}
	began := time.Now()
	d, err := c.open(ctx, s, std)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.register(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	g, running := errgroup.WithContext(running)
	d.start(running, g)
	report, err := d.play(running)
	if err == nil {
		report.ElapsedMS = time.Since(began).Milliseconds()
		err = c.show(ctx, std, d, report)
	}
	stop()
	return errors.Join(err, g.Wait())
}

// show prints what came of it and, unless once, goes on serving until Ctrl-C.
func (c *demoCmd) show(ctx context.Context, std streams, d *demo, report demoReport) error {
	if c.JSON {
		if err := printJSON(std.out, report); err != nil {
			return err
		}
	} else {
		report.print(std.out)
	}
	if err := report.account(); err != nil || c.Once {
		return err
	}
	if err := d.invite(std.out); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// demo is the running show: everything private, on this machine, and gone afterwards.
type demo struct {
	*app
	cmd     *demoCmd
	folder  string
	server  *web.Server
	portal  http.Handler // set once the register is there, before anything is served
	catcher *localCatcher
	meter   *ops.Meter
	err     io.Writer
}

func (c *demoCmd) open(ctx context.Context, s *Settings, std streams) (*demo, error) {
	folder, err := os.MkdirTemp("", "article14-demo-")
	if err != nil {
		return nil, err
	}
	d := &demo{cmd: c, folder: folder, err: std.err}
	// When root plays, PostgreSQL runs as another user, who must pass through here;
	// it would put its data elsewhere otherwise, where they would outlive the demo.
	if err := os.Chmod(folder, 0o711); err != nil {
		d.close()
		return nil, err
	}
	own := *s
	own.DatabaseURL, own.Data, own.Keys, own.Controller = "", filepath.Join(folder, "data"), "", ""
	if own.LogLevel == "info" {
		own.LogLevel = "error" // the demo plays failures on purpose; its table tells of them
	}
	fmt.Fprintln(std.err, "starting a private PostgreSQL and making the tables")
	if d.app, err = open(ctx, &own, own.logger(std.err)); err != nil {
		d.close()
		return nil, err
	}
	if err := d.listen(ctx); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// listen opens the doors. Links need the address of the pages before the
// register can be applied, and the pages need the register.
func (d *demo) listen(ctx context.Context) (err error) {
	if err := d.makeLettersFolder(); err != nil {
		return err
	}
	if d.catcher, err = newLocalCatcher(catcher.Options{Log: d.log, Now: d.now, Script: catcher.ByLocalPart(), Letters: d.letterFiles()}); err != nil {
		return err
	}
	registry, meter := d.metrics()
	d.meter = meter
	d.server, err = web.Listen(ctx, web.Config{Addr: d.cmd.Listen, Log: d.log, Now: d.now,
		Portal:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.portal.ServeHTTP(w, r) }),
		Rooms:      map[string]http.Handler{"/inbox/": d.catcher.Handler("/inbox")},
		Operations: ops.Handlers(registry, append(d.checks(), relayCheck(d.catcher.relay, d.now)), checkFailed(d.log))})
	return err
}

// start brings up the catcher, the worker and, on one address, the recipients'
// pages, the inbox and the metrics.
func (d *demo) start(ctx context.Context, g *errgroup.Group) {
	d.portal = d.app.portal(nil)
	g.Go(func() error { return d.server.Serve(ctx) })
	g.Go(func() error { return d.catcher.run(ctx) })
	g.Go(func() error { return d.worker(d.catcher.relay, demoOptions, d.meter).Run(ctx) })
}

func (d *demo) close() {
	if d.app != nil {
		d.app.close()
	}
	os.RemoveAll(d.folder)
}

func (d *demo) address() string { return d.server.Addr().String() }

func (d *demo) base() string { return "http://" + d.address() }

// play is the way through, step by step, by the same calls that the commands make.
func (d *demo) play(ctx context.Context) (demoReport, error) {
	if err := d.intake(ctx); err != nil {
		return demoReport{}, err
	}
	if err := d.release(ctx); err != nil {
		return demoReport{}, err
	}
	if err := d.watch(ctx, "telling people"); err != nil {
		return demoReport{}, err
	}
	left, err := d.letters(ctx)
	if err != nil {
		return demoReport{}, err
	}
	if err := d.watch(ctx, "printing letters"); err != nil { // whose letter cannot be printed is looked at again
		return demoReport{}, err
	}
	return d.report(ctx, int64(len(left)))
}

// register applies the demo's register.
func (d *demo) register(ctx context.Context) error {
	body, err := demoRegister(d.base(), d.address())
	if err != nil {
		return err
	}
	reg, _, err := register.Parse("sample register", body)
	if err != nil {
		return err
	}
	_, err = d.applyRegister(ctx, reg, body, demoBy)
	return err
}

func (d *demo) intake(ctx context.Context) error {
	for _, f := range sample.Files(d.cmd.People, d.cmd.Seed, d.now()) {
		path := filepath.Join(d.folder, f.Name)
		if err := os.WriteFile(path, f.Body, 0o600); err != nil {
			return err
		}
		p := newProgress(d.err, "importing "+f.Name, -1)
		_, err := d.importFile(ctx, importPlan{file: path, source: f.Source, activity: demoActivity, onProgress: p.set})
		p.done()
		if err != nil {
			return err
		}
	}
	return nil
}

// release creates, previews, approves and starts the campaign. The previews go to the inbox first.
func (d *demo) release(ctx context.Context) error {
	r := d.releases()
	if _, err := r.Create(ctx, mailer.Campaign{Key: demoCampaign, ActivityKey: demoActivity, CreatedBy: demoBy}); err != nil {
		return err
	}
	draft, mails, err := d.preview(ctx, demoCampaign, "", true)
	if err != nil {
		return err
	}
	if err := sendAll(ctx, d.catcher.relay, mails); err != nil {
		return err
	}
	if _, err := r.Approve(ctx, demoCampaign, demoBy, draft.Content.Hash, nil); err != nil {
		return err
	}
	return r.Start(ctx, demoCampaign, demoBy)
}
