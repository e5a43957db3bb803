package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/calendar"
	"article14/internal/catcher"
	"article14/internal/web"
	"article14/mailer"
	"article14/mailer/campaign"
)

type campaignPreviewCmd struct {
	Key   string `arg:"" help:"The campaign's key."`
	Out   string `help:"Folder for the notices as .eml, .html and .pdf (the letter); default preview-KEY." type:"path" placeholder:"DIR"`
	Inbox string `help:"Send them to a mail catcher too, and show its inbox at this address until Ctrl-C." placeholder:"HOST:PORT"`
	JSON  bool   `help:"Print JSON."`
}

func (c *campaignPreviewCmd) Run(ctx context.Context, a *app, std streams) error {
	d, mails, err := a.preview(ctx, c.Key, "", false)
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = "preview-" + c.Key
	}
	if err := writePreview(out, mails); err != nil {
		return err
	}
	if err := a.writeLetters(out, mails, std.err); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(std.out, draftReport(d, out))
	} else {
		printDraft(std.out, d)
		fmt.Fprintf(std.out, "\n%s as .eml, .html and .pdf (the letter) in %s\napprove exactly this with:\n  article14 campaign approve %s --by NAME \\\n    --content %x\n",
			counted(int64(len(mails)), "notice", "notices"), out, c.Key, d.Content.Hash)
	}
	if err != nil || c.Inbox == "" {
		return err
	}
	return a.showInbox(ctx, c.Inbox, mails, std.err)
}

// showInbox sends previews to a catcher and serves its inbox until ctx ends.
func (a *app) showInbox(ctx context.Context, address string, mails []campaign.PreviewMail, w io.Writer) error {
	c, err := newLocalCatcher(catcher.Options{Log: a.log, Now: a.now})
	if err != nil {
		return err
	}
	srv, err := web.Listen(ctx, web.Config{Addr: address, Log: a.log, Now: a.now, Portal: http.RedirectHandler("/inbox/", http.StatusFound),
		Rooms: map[string]http.Handler{"/inbox/": c.Handler("/inbox")}})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.run(ctx) })
	g.Go(func() error { return srv.Serve(ctx) })
	g.Go(func() error {
		if err := sendAll(ctx, c.relay, mails); ctx.Err() == nil {
			return err
		}
		return nil // cut off by Ctrl-C: nothing of it is anybody's notice
	})
	fmt.Fprintf(w, "look at them at http://%s/inbox/ until Ctrl-C\n", srv.Addr())
	return g.Wait()
}

func (a *app) preview(ctx context.Context, key, to string, test bool) (campaign.Draft, []campaign.PreviewMail, error) {
	r := a.releases()
	d, err := r.Draft(ctx, key)
	if err != nil {
		return d, nil, err
	}
	mails, err := r.Preview(ctx, d, to, test)
	return d, mails, err
}

func writePreview(dir string, mails []campaign.PreviewMail) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the preview folder: %w", err)
	}
	for _, m := range mails {
		// What people look at before they approve is the message's own HTML, read
		// back from its bytes: all of its languages, as it goes out.
		parsed, err := catcher.Mail{Raw: m.Message.Bytes}.Parse()
		if err != nil {
			return fmt.Errorf("read the %s notice back: %w", m.Key.Languages, err)
		}
		base := previewFile(dir, m)
		if err := os.WriteFile(base+".eml", m.Message.Bytes, 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(base+".html", []byte(parsed.HTML), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeLetters prints the same notices. A letter that cannot be printed is said, and
// holds nothing up: most campaigns send none.
func (a *app) writeLetters(dir string, mails []campaign.PreviewMail, warn io.Writer) error {
	if err := a.onPaper(); err != nil {
		return err
	}
	for _, m := range mails {
		printed, err := a.paper.printer.Print(m.Letter)
		if err != nil {
			fmt.Fprintf(warn, "there is no letter in %s: %v\n", m.Key.Languages, err)
			continue
		}
		if err := os.WriteFile(previewFile(dir, m)+".pdf", printed.PDF, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// previewFile is the name of a notice's files without their ending.
func previewFile(dir string, m campaign.PreviewMail) string {
	return filepath.Join(dir, m.Key.Languages+"_"+fileForm.Replace(m.Key.Form))
}

// fileForm writes a form for the name of a file: not every system has "?" in one.
var fileForm = strings.NewReplacer(string(mailer.DoubtUnknown), "-unknown", string(mailer.DoubtRestricted), "-restricted")

type draftJSON struct {
	Campaign string                       `json:"campaign"`
	Content  string                       `json:"content"`
	People   int64                        `json:"people"`
	Late     int64                        `json:"late"`
	FirstDue *time.Time                   `json:"first_due,omitempty"`
	Notices  map[string]int64             `json:"notices"`
	Blocked  map[mailer.BlockReason]int64 `json:"blocked"`
	Folder   string                       `json:"folder,omitempty"`
}

func draftReport(d campaign.Draft, folder string) draftJSON {
	out := draftJSON{Campaign: d.Campaign.Key, Content: hex.EncodeToString(d.Content.Hash), People: d.Audience.People, Late: d.Audience.Late,
		Notices: map[string]int64{}, Blocked: d.Audience.Blocked, Folder: folder}
	if !d.Audience.First.IsZero() {
		out.FirstDue = &d.Audience.First
	}
	for k, n := range d.Audience.Notices {
		out.Notices[k.Languages+" "+k.Form] = n
	}
	return out
}

func printDraft(w io.Writer, d campaign.Draft) {
	zone := d.Register.Controller.Zone
	whom := fmt.Sprintf("campaign %s: %s would be told, %s of them late", d.Campaign.Key, counted(d.Audience.People, "person", "people"), number(d.Audience.Late))
	if !d.Audience.First.IsZero() {
		whom += fmt.Sprintf("; the earliest date is %s (%s)", calendar.DateOf(d.Audience.First, zone), zone)
	}
	sentences(w, "", whom)
	fmt.Fprintln(w)
	rows := [][]string{{"LANGUAGE", "SOURCES", "PEOPLE"}}
	for k, n := range d.Audience.Notices {
		rows = append(rows, []string{k.Languages, k.Form, strconv.FormatInt(n, 10)})
	}
	slices.SortFunc(rows[1:], slices.Compare)
	table(w, rows)
	if slices.ContainsFunc(rows[1:], func(r []string) bool { return fileForm.Replace(r[1]) != r[1] }) {
		sentences(w, "", "what came from sources marked ? (unknown visibility) or ! (restricted) serves for the notice alone, and is erased after it")
	}
	printBlocked(w, "PEOPLE", d.Audience.Blocked)
}

// printBlocked prints how many of counted, people or duties, are blocked by what.
func printBlocked(w io.Writer, counted string, blocked map[mailer.BlockReason]int64) {
	if len(blocked) == 0 {
		return
	}
	rows := [][]string{{"BLOCKED", counted, "WHAT UNBLOCKS THEM"}}
	for _, reason := range slices.Sorted(maps.Keys(blocked)) {
		if blocked[reason] > 0 {
			rows = append(rows, []string{string(reason), number(blocked[reason]), reason.Remedy()})
		}
	}
	if len(rows) > 1 {
		fmt.Fprintln(w)
		table(w, rows)
	}
}
