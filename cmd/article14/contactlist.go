package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/export"
	"article14/mailer"
	"article14/mailer/status"
)

type contactListCmd struct {
	Overdue   bool   `help:"Only duties past their date; with --state met or excused, those that were told late."`
	DueBefore string `help:"Only duties due before this day." placeholder:"YYYY-MM-DD"`
	Limit     int    `help:"How many; 0: all." default:"50"`
	After     string `help:"Begin behind this duty, as the page before says." placeholder:"CONTACT/DUTY"`
	Names     bool   `help:"Print names and addresses as well."`
	CSV       string `help:"Write CSV to this file, for your eyes only (mode 0600)." name:"csv" type:"path" placeholder:"FILE"`
	JSON      bool   `help:"Print JSON."`
	dutyFlags
}

// listPage is how many duties are asked for at once.
const listPage = 500

func (c *contactListCmd) Run(ctx context.Context, a *app, std streams) error {
	q, err := c.query(a)
	if err != nil {
		return misuse{err}
	}
	zone := a.reg.Controller.Zone
	out, err := c.open(std.out, q.Now, zone)
	if err != nil {
		return err
	}
	listed := 0
	next, err := eachPage(ctx, a.store, a.controller, q, c.Limit, func(d status.ListedDuty) error { listed++; return out.add(d) })
	if err := errors.Join(err, out.close()); err != nil {
		return err
	}
	if err := c.undeclared(a.reg); err != nil && listed == 0 {
		return misuse{err}
	}
	if next != "" {
		fmt.Fprintf(std.err, "there may be more: --after %s\n", next)
	}
	return nil
}

func (c *contactListCmd) query(a *app) (q status.DutyQuery, err error) {
	zone := a.reg.Controller.Zone
	q = status.DutyQuery{Overdue: c.Overdue, Names: c.Names, Now: a.now()}
	if q.DutyFilter, err = c.filter(zone); err != nil {
		return q, err
	}
	if q.DueBefore, err = dayFlag("--due-before", c.DueBefore, calendar.Date.StartOf, zone); err != nil {
		return q, err
	}
	switch owed := func(s mailer.DutyState) bool { return slices.Contains(status.OwedStates, s) }; {
	case c.Limit < 0:
		return q, errors.New("--limit is a number of duties, 0 for all")
	case c.JSON && c.CSV != "":
		return q, errors.New("give --json or --csv, not both")
	case len(q.Reasons) > 0 && slices.ContainsFunc(q.States, func(s mailer.DutyState) bool { return s != mailer.DutyBlocked }):
		return q, errors.New("--reason is why duties are blocked: leave --state out, or give --state blocked")
	case slices.ContainsFunc(q.States, owed) && !slices.ContainsFunc(q.States, func(s mailer.DutyState) bool { return !owed(s) }):
	case slices.ContainsFunc(q.States, owed):
		return q, fmt.Errorf("what is owed still (%s) and what has ended are lists of their own: ask for one of them", joined(status.OwedStates))
	case len(q.States) == 0:
		q.States = status.OwedStates
	}
	if c.After != "" {
		contact, duty, _ := strings.Cut(c.After, "/")
		cid, err1 := mailer.ParseID(contact)
		did, err2 := mailer.ParseID(duty)
		if err1 != nil || err2 != nil {
			return q, errors.New("--after takes CONTACT/DUTY, as the page before says it")
		}
		q.After = mailer.DutyRef{ContactID: cid, ID: did}
	}
	return q, nil
}

// eachPage gives up to limit duties (0: all), and the place behind which there may be more.
func eachPage(ctx context.Context, store status.DutyLister, controller mailer.ID, q status.DutyQuery, limit int, add func(status.ListedDuty) error) (next string, err error) {
	for given := 0; ; {
		q.Limit = listPage
		if limit > 0 {
			q.Limit = min(listPage, limit-given)
		}
		ds, err := store.ListDuties(ctx, controller, q)
		if err != nil {
			return "", err
		}
		for _, d := range ds {
			if err := add(d); err != nil {
				return "", err
			}
		}
		given += len(ds)
		if len(ds) < q.Limit {
			return "", nil
		}
		last := ds[len(ds)-1]
		q.After = mailer.DutyRef{ContactID: last.ContactID, ID: last.ID}
		if given == limit {
			return last.ContactID.String() + "/" + last.ID.String(), nil
		}
	}
}

// dutyOut is where a list goes.
type dutyOut struct {
	add   func(status.ListedDuty) error
	close func() error
}

func (c *contactListCmd) open(w io.Writer, now time.Time, zone *time.Location) (dutyOut, error) {
	columns := dutyColumns
	if c.Names {
		columns = append(slices.Clone(columns), "NAME", "ADDRESS")
	}
	cells := func(d status.ListedDuty) []string { return dutyCells(d, now, zone)[:len(columns)] }
	switch {
	case c.CSV != "":
		return openDutyCSV(c.CSV, columns, cells)
	case c.JSON:
		ds := []listedJSON{}
		return dutyOut{
			add: func(d status.ListedDuty) error {
				ds = append(ds, listedJSON{d, d.LateDays(now, zone), d.Reason.Remedy()})
				return nil
			},
			close: func() error { return printJSON(w, ds) },
		}, nil
	}
	p := dutyPage{names: c.Names, now: now, zone: zone}
	return dutyOut{add: p.add, close: func() error { p.print(w); return nil }}, nil
}

// dutyPage is a list for a terminal: as wide as one, and each remedy once.
type dutyPage struct {
	names bool
	now   time.Time
	zone  *time.Location
	rows  [][]string
	whys  map[mailer.BlockReason]int64
}

func (p *dutyPage) add(d status.ListedDuty) error {
	cells := dutyCells(d, p.now, p.zone)
	state := words(d.State)
	switch why, told := cells[7], cells[8]; {
	case told != "":
		state += ", told " + told
	case why != "":
		state += ": " + words(why)
	}
	p.rows = append(p.rows, []string{cells[0], cells[2], cells[3], cells[4], cells[5], state})
	if p.names {
		p.rows = append(p.rows, []string{strings.TrimRight("  "+visible(d.Name+"  "+d.Address), " ")})
	}
	if d.Reason.Remedy() != "" {
		if p.whys == nil {
			p.whys = map[mailer.BlockReason]int64{}
		}
		p.whys[d.Reason]++
	}
	return nil
}

func (p *dutyPage) print(w io.Writer) {
	if len(p.rows) == 0 {
		fmt.Fprintln(w, "nobody")
		return
	}
	table(w, append([][]string{{"CONTACT", "ACTIVITY", "SOURCE", "DUE", "LATE", "STATE"}}, p.rows...))
	printBlocked(w, "LISTED", p.whys)
}

type listedJSON struct {
	status.ListedDuty
	LateDays int    `json:"late_days"`
	Remedy   string `json:"remedy,omitempty"`
}

var dutyColumns = []string{"CONTACT", "DUTY", "ACTIVITY", "SOURCE", "DUE", "LATE", "STATE", "REASON", "TOLD BEFORE", "WHAT UNBLOCKS IT"}

func dutyCells(d status.ListedDuty, now time.Time, zone *time.Location) []string {
	late, told := "", ""
	if days := d.LateDays(now, zone); days > 0 {
		late = strconv.Itoa(days) + " d"
	}
	if !d.ToldAt.IsZero() {
		told = calendar.DateOf(d.ToldAt, zone).String()
	}
	return []string{d.ContactID.String(), d.ID.String(), d.ActivityKey, d.SourceKey, calendar.DateOf(d.DueAt, zone).String(), late, string(d.State),
		string(d.Reason) + string(d.Excuse), told, d.Reason.Remedy(), d.Name, d.Address}
}

// openDutyCSV writes a list for its owner's eyes; no cell is taken for a formula.
func openDutyCSV(path string, columns []string, cells func(status.ListedDuty) []string) (dutyOut, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return dutyOut{}, fmt.Errorf("write the list: %w", err)
	}
	if err := f.Chmod(0o600); err != nil { // one that was there already has a mode of its own
		return dutyOut{}, errors.Join(fmt.Errorf("keep the list for its owner: %w", err), f.Close())
	}
	buffered := bufio.NewWriter(f)
	w := export.NewWriter(buffered)
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = strings.ReplaceAll(strings.ToLower(c), " ", "_")
	}
	if err := w.Write(header...); err != nil {
		return dutyOut{}, errors.Join(fmt.Errorf("write the list: %w", err), f.Close())
	}
	return dutyOut{
		add: func(d status.ListedDuty) error {
			return w.Write(cells(d)...)
		},
		close: func() error {
			return errors.Join(buffered.Flush(), f.Close())
		},
	}, nil
}
