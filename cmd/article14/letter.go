package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/byhand"
)

type letterCmd struct {
	List     letterListCmd     `cmd:"" help:"Letters that wait to be printed, and batches."`
	Batch    letterBatchCmd    `cmd:"" help:"Print what waits: a PDF for each person, batch.csv for the mail merge, and a manifest."`
	Show     letterShowCmd     `cmd:"" help:"One batch, letter by letter, with what is to be pulled out."`
	Posted   letterPostedCmd   `cmd:"" help:"Say that a batch went to the post: its duties are met."`
	Returned letterReturnedCmd `cmd:"" help:"Say that a letter came back: its duty is open again."`
	Withdraw letterWithdrawCmd `cmd:"" help:"Put letters that were not posted back into the queue."`
}

// listedLetters is how many letters and batches are listed.
const listedLetters = 200

type letterListCmd struct {
	JSON bool `help:"Print JSON."`
}

type letterListJSON struct {
	Waiting []byhand.WaitingLetter `json:"waiting"`
	Batches []batchJSON            `json:"batches"`
}

type batchJSON struct {
	ID       mailer.ID               `json:"id"`
	State    byhand.LetterBatchState `json:"state"`
	Letters  int                     `json:"letters"`
	MadeAt   time.Time               `json:"made_at"`
	MadeBy   string                  `json:"made_by"`
	PostedOn string                  `json:"posted_on,omitempty"`
	Posted   int                     `json:"posted"`
	Returned int                     `json:"returned"`
	LeftOut  []byhand.LeftOut        `json:"left_out,omitempty"`
	Folder   string                  `json:"folder,omitempty"`
}

func newBatchJSON(b byhand.LetterBatch) batchJSON {
	return batchJSON{ID: b.ID, State: b.State, Letters: b.Letters, MadeAt: b.MadeAt, MadeBy: b.MadeBy, PostedOn: b.PostedOn, Posted: b.Posted, Returned: b.Returned}
}

func (c *letterListCmd) Run(ctx context.Context, a *app, std streams) error {
	waiting, err := a.store.WaitingLetters(ctx, a.controller, listedLetters)
	if err != nil {
		return err
	}
	batches, err := a.store.LetterBatches(ctx, a.controller, listedLetters)
	if err != nil {
		return err
	}
	if c.JSON {
		out := letterListJSON{Waiting: append([]byhand.WaitingLetter{}, waiting...), Batches: []batchJSON{}}
		for _, b := range batches {
			out.Batches = append(out.Batches, newBatchJSON(b))
		}
		return printJSON(std.out, out)
	}
	zone, lead := a.reg.Controller.Zone, a.reg.Letters.Lead()
	rows := [][]string{{"LETTER", "CAMPAIGN", "PRINT BY", "LANE", "DUE"}}
	for _, w := range waiting {
		rows = append(rows, []string{w.Reference, w.CampaignKey, calendar.DateOf(w.DueAt.Add(-lead), zone).String(), string(w.LaneState), dueIn(w.DueAt, a.now(), zone)})
	}
	if len(waiting) == listedLetters {
		rows = append(rows, []string{"..."})
	}
	if len(waiting)+len(batches) == 0 {
		fmt.Fprintln(std.out, "no letter waits, and there is no batch")
		return nil
	}
	if len(waiting) == 0 {
		fmt.Fprintln(std.out, "no letter waits to be printed")
	} else {
		table(std.out, rows)
	}
	printBatches(std.out, batches, zone)
	return nil
}

// printBatches prints batches, the newest first.
func printBatches(w io.Writer, batches []byhand.LetterBatch, zone *time.Location) {
	rows := [][]string{{"BATCH", "STATE", "MADE", "LETTERS", "WHAT BECAME OF THEM"}}
	for _, b := range batches {
		became := "made by " + b.MadeBy
		if b.PostedOn != "" {
			became = fmt.Sprintf("%s posted on %s, %s returned", number(int64(b.Posted)), b.PostedOn, number(int64(b.Returned)))
		}
		rows = append(rows, []string{b.ID.String(), string(b.State), calendar.DateOf(b.MadeAt, zone).String(), number(int64(b.Letters)), visible(became)})
	}
	section(w, rows)
}

// dueIn is a date with the days late.
func dueIn(due, now time.Time, zone *time.Location) string {
	date := calendar.DateOf(due, zone).String()
	if days := mailer.LateDays(due, now, zone); days > 0 {
		date += ", late by " + counted(int64(days), "day", "days")
	}
	return date
}

type letterBatchCmd struct {
	Out        string `help:"Folder that the batch's own folder is made in." type:"path" required:"" placeholder:"DIR"`
	Limit      int    `help:"Letters at most." default:"500"`
	LargePrint bool   `help:"16 point or more for everybody in it."`
	Campaign   string `help:"Letters of this campaign alone." placeholder:"KEY"`
	Resume     string `help:"Write this batch again, with the same bytes: one that was broken off, or whose files are lost." placeholder:"BATCH"`
	By         string `help:"Who has them printed: a person's name, kept on record." placeholder:"NAME"`
	JSON       bool   `help:"Print JSON."`
}

func (c *letterBatchCmd) Run(ctx context.Context, a *app, std streams) error {
	if err := a.onPaper(); err != nil {
		return err
	}
	if err := writableFolder(c.Out); err != nil { // before anything is taken out of the queue
		return err
	}
	var folder *letterFolder
	open := func(b byhand.LetterBatch) (_ byhand.LetterFolder, err error) {
		folder, err = newLetterFolder(c.Out, b.ID)
		return folder, err
	}
	b, left, err := c.make(ctx, a, open)
	if folder != nil {
		folder.close()
	}
	if err != nil {
		return err
	}
	if c.JSON {
		out := newBatchJSON(b)
		out.LeftOut, out.Folder = left, folder.final
		return printJSON(std.out, out)
	}
	for _, l := range left {
		sentences(std.out, "left out: ", fmt.Sprintf("contact %s (%s): %s", l.ContactID, words(l.Reason), l.Why))
	}
	if b.Letters == 0 {
		fmt.Fprintln(std.out, "nothing was printed")
		return nil
	}
	fmt.Fprintf(std.out, "batch %s: %s in %s\n", b.ID, counted(int64(b.Letters), "letter", "letters"), folder.final)
	sentences(std.out, "", "post "+either(int64(b.Letters), "it", "them")+", then: article14 letter posted "+b.ID.String()+" --on DATE --by NAME")
	return nil
}

func (c *letterBatchCmd) make(ctx context.Context, a *app, open func(byhand.LetterBatch) (byhand.LetterFolder, error)) (byhand.LetterBatch, []byhand.LeftOut, error) {
	if c.Resume != "" {
		id, err := batchID(c.Resume)
		if err != nil {
			return byhand.LetterBatch{}, nil, err
		}
		return a.letters().Resume(ctx, id, open)
	}
	if strings.TrimSpace(c.By) == "" {
		return byhand.LetterBatch{}, nil, misuse{errors.New("a batch is put on record with the name of the person who makes it: give --by NAME")}
	}
	if c.Limit < 1 {
		return byhand.LetterBatch{}, nil, misuse{errors.New("--limit is the number of letters in the batch, one at least")}
	}
	order := byhand.BatchOrder{Campaign: c.Campaign, Limit: c.Limit, By: c.By}
	if c.LargePrint {
		order.Size = mailer.LetterLarge
	}
	return a.letters().Batch(ctx, order, open)
}

func batchID(s string) (mailer.ID, error) {
	id, err := mailer.ParseID(s)
	if err != nil {
		return id, misuse{errors.New("that is no batch's id: 'article14 letter list' shows them")}
	}
	return id, nil
}

type letterShowCmd struct {
	Batch string `arg:"" help:"The batch's id."`
	JSON  bool   `help:"Print JSON."`
}

type letterJSON struct {
	Reference string               `json:"reference"`
	Contact   mailer.ID            `json:"contact"`
	State     mailer.DeliveryState `json:"state"`
	DueAt     time.Time            `json:"due_at"`
	SHA256    string               `json:"sha256,omitempty"`
	PullOut   string               `json:"pull_out,omitempty"`
	Objected  bool                 `json:"objected"`
}

func (c *letterShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := batchID(c.Batch)
	if err != nil {
		return err
	}
	b, jobs, err := a.store.LetterBatch(ctx, a.controller, id, a.now())
	if err != nil {
		return err
	}
	if c.JSON {
		out := struct {
			batchJSON
			Each []letterJSON `json:"each"`
		}{newBatchJSON(b), []letterJSON{}}
		for _, j := range jobs {
			out.Each = append(out.Each, letterJSON{j.Code, j.ContactID, j.State, j.DueAt, fmt.Sprintf("%x", j.SHA256), j.PullOut, j.Objected})
		}
		return printJSON(std.out, out)
	}
	printBatch(std.out, b, jobs, a.now(), a.reg.Controller.Zone)
	return nil
}

// printBatch prints a batch, letter by letter. Of one that was posted and did not come back
// the days late are those of that day: they grow no more.
func printBatch(w io.Writer, b byhand.LetterBatch, jobs []byhand.LetterJob, now time.Time, zone *time.Location) {
	sentences(w, "", fmt.Sprintf("batch %s: %s, %s, made on %s by %s", b.ID, b.State, counted(int64(b.Letters), "letter", "letters"), calendar.DateOf(b.MadeAt, zone), b.MadeBy))
	rows := [][]string{{"LETTER", "CONTACT", "STATE", "DUE"}}
	for _, j := range jobs {
		as := now
		if on, err := calendar.Parse(b.PostedOn); err == nil && (j.State == mailer.Relayed || j.State == mailer.Delivered) {
			as = on.EndOf(zone)
		}
		rows = append(rows, []string{j.Code, j.ContactID.String(), letterState(j.State), dueIn(j.DueAt, as, zone)})
		switch {
		case j.PullOut != "":
			rows = append(rows, []string{"  PULL OUT: " + strings.ReplaceAll(j.PullOut, "_", " ")})
		case j.Objected:
			rows = append(rows, []string{"  objected since; the notice is owed all the same"})
		}
	}
	section(w, rows)
}

// letterState is the state of a letter's delivery in words of the post.
func letterState(s mailer.DeliveryState) string {
	switch s {
	case mailer.Sending:
		return "in the batch"
	case mailer.Relayed:
		return "posted"
	case mailer.Bounced:
		return "returned"
	}
	return words(s)
}

type letterPostedCmd struct {
	Batch  string   `arg:"" help:"The batch's id."`
	On     string   `help:"The day on which it was handed to the post." required:"" placeholder:"YYYY-MM-DD"`
	Except []string `help:"References of letters that were pulled out; they wait again." placeholder:"REF,..."`
	Gone   bool     `help:"Letters that should have been pulled out went, too."`
	By     string   `help:"Who says so: a person's name, kept on record." required:"" placeholder:"NAME"`
}

func (c *letterPostedCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := batchID(c.Batch)
	if err != nil {
		return err
	}
	on, err := letterDay("--on", c.On)
	if err != nil {
		return err
	}
	b, err := a.letters().Posted(ctx, byhand.PostedOrder{Batch: id, On: on, Except: c.Except, Gone: c.Gone, By: c.By})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "batch %s: %s posted on %s\n", b.ID, counted(int64(b.Posted), "letter", "letters"), b.PostedOn)
	if n := len(c.Except); n > 0 {
		fmt.Fprintf(std.out, "%s pulled out: 'article14 letter list' shows what waits again\n", counted(int64(n), "letter was", "letters were"))
	}
	return nil
}

func letterDay(flag, day string) (calendar.Date, error) {
	d, err := calendar.Parse(day)
	if err != nil {
		return d, misuse{fmt.Errorf("%s: write a day as 2026-03-31", flag)}
	}
	return d, nil
}

type letterReturnedCmd struct {
	Reference string `arg:"" help:"The letter's reference, as it stands on it: XXXX-XXXX-XXXX."`
	Reason    string `help:"What the post says: ${enum}." enum:"unknown,moved,refused,incomplete,unclaimed,deceased,other" required:"" placeholder:"REASON"`
	On        string `help:"The day on which it came back." required:"" placeholder:"YYYY-MM-DD"`
	By        string `help:"Who says so: a person's name, kept on record." required:"" placeholder:"NAME"`
}

func (c *letterReturnedCmd) Run(ctx context.Context, a *app, std streams) error {
	on, err := letterDay("--on", c.On)
	if err != nil {
		return err
	}
	fate, err := a.letters().Returned(ctx, c.Reference, mailer.LetterReturn(c.Reason), on, c.By)
	if err != nil {
		return err
	}
	switch {
	case fate.Replayed:
		fmt.Fprintln(std.out, "it was taken in before; nothing changed")
	case fate.Duty == "":
		fmt.Fprintf(std.out, "recorded with delivery %s\n", fate.DeliveryID)
	default:
		fmt.Fprintf(std.out, "it is on record as returned, its duties are %s; see 'article14 contact show %s'\n", words(fate.Duty), c.Reference)
	}
	return nil
}

type letterWithdrawCmd struct {
	Batch      string   `arg:"" help:"The batch's id."`
	References []string `arg:"" optional:"" help:"Of some letters; all of the batch where none is named."`
	By         string   `help:"Who decides: a person's name, kept on record." required:"" placeholder:"NAME"`
	Why        string   `help:"Why, without personal data: it stands in the audit." required:"" placeholder:"TEXT"`
}

func (c *letterWithdrawCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := batchID(c.Batch)
	if err != nil {
		return err
	}
	n, err := a.letters().Withdraw(ctx, id, slices.Clone(c.References), c.By, c.Why)
	if err != nil {
		return err
	}
	sentences(std.out, "", counted(int64(n), "letter was", "letters were")+" put back into the queue; what is printed of "+either(int64(n), "it", "them")+" must not be posted")
	return nil
}
