package main

import (
	"context"
	"encoding/hex"
	"errors"
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
	"article14/internal/web"
	"article14/mailer"
)

type campaignCmd struct {
	Create  campaignCreateCmd  `cmd:"" help:"Make a draft: which people, of which activity."`
	Preview campaignPreviewCmd `cmd:"" help:"Count the audience and render one full notice for each language and source form."`
	Test    campaignTestCmd    `cmd:"" help:"Send those notices to your own address, marked as a test."`
	Approve campaignApproveCmd `cmd:"" help:"Bind the content, freeze the audience, and put your name to it."`
	Start   campaignStartCmd   `cmd:"" help:"Begin sending."`
	Pause   campaignPauseCmd   `cmd:"" help:"Stop further sending within a second."`
	Resume  campaignResumeCmd  `cmd:"" help:"Go on."`
	Cancel  campaignCancelCmd  `cmd:"" help:"End it; what has not gone out is cancelled and its duties are open again."`
	Show    campaignShowCmd    `cmd:"" help:"Show a campaign and what became of its notices."`
	List    campaignListCmd    `cmd:"" help:"List campaigns."`
}

type campaignCreateCmd struct {
	Key      string   `arg:"" help:"A short name for the campaign."`
	Activity string   `help:"The activity of the register that people are told of." required:"" placeholder:"KEY"`
	Source   []string `help:"Only duties from these sources." placeholder:"KEY"`
	Country  []string `help:"Only people in these countries (ISO 3166-1)." placeholder:"CC"`
	Language []string `help:"Only people who are written to in these languages." placeholder:"LANG"`
	From     string   `help:"Only data obtained on this day or later." placeholder:"YYYY-MM-DD"`
	Until    string   `help:"Only data obtained on this day or earlier." placeholder:"YYYY-MM-DD"`
	Standing bool     `help:"Take in new people as they come."`
	Pace     int      `help:"Notices a second; 0: as the relay bears." default:"0"`
	By       string   `help:"Who creates it, for the record; default your user name." placeholder:"NAME"`
}

func (c *campaignCreateCmd) Run(ctx context.Context, a *app, std streams) error {
	reg := a.reg
	filter, err := c.filter(reg.Controller.Zone)
	if err != nil {
		return misuse{err}
	}
	kind := mailer.Once
	if c.Standing {
		kind = mailer.Standing
	}
	_, err = a.releases().Create(ctx, mailer.Campaign{Key: c.Key, ActivityKey: c.Activity, Kind: kind, Filter: filter, Pace: c.Pace, CreatedBy: person(c.By)})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "campaign %s is a draft; look at it with 'article14 campaign preview %s'\n", c.Key, c.Key)
	return nil
}

func (c *campaignCreateCmd) filter(zone *time.Location) (mailer.Filter, error) {
	f := mailer.Filter{Sources: c.Source, Languages: c.Language}
	for _, cc := range c.Country {
		f.Countries = append(f.Countries, strings.ToUpper(cc))
	}
	if c.From != "" {
		d, err := calendar.Parse(c.From)
		if err != nil {
			return f, fmt.Errorf("--from: %w", err)
		}
		f.ObtainedFrom = d.StartOf(zone)
	}
	if c.Until != "" {
		d, err := calendar.Parse(c.Until)
		if err != nil {
			return f, fmt.Errorf("--until: %w", err)
		}
		f.ObtainedUntil = d.EndOf(zone)
	}
	return f, nil
}

type campaignPreviewCmd struct {
	Key   string `arg:""`
	Out   string `help:"Folder for the notices as .eml and .html; default preview-KEY." type:"path" placeholder:"DIR"`
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
	if c.JSON {
		err = printJSON(std.out, draftReport(d, out))
	} else {
		printDraft(std.out, d)
		fmt.Fprintf(std.out, "\n%d notices as .eml and .html in %s\napprove exactly this with: article14 campaign approve %s --content %x --by NAME\n",
			len(mails), out, c.Key, d.Content.Hash)
	}
	if err != nil || c.Inbox == "" {
		return err
	}
	return a.showInbox(ctx, c.Inbox, mails, std.err)
}

// showInbox sends previews to a catcher and serves its inbox until ctx ends.
func (a *app) showInbox(ctx context.Context, address string, mails []mailer.PreviewMail, w io.Writer) error {
	c, err := newLocalCatcher(nil, a.now, a.log)
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
	g.Go(func() error { return sendAll(ctx, c.relay, mails) })
	fmt.Fprintf(w, "look at them at http://%s/inbox/ until Ctrl-C\n", srv.Addr())
	return g.Wait()
}

func (a *app) preview(ctx context.Context, key, to string, test bool) (mailer.Draft, []mailer.PreviewMail, error) {
	r := a.releases()
	d, err := r.Draft(ctx, key)
	if err != nil {
		return d, nil, err
	}
	mails, err := r.Preview(ctx, d, to, test)
	return d, mails, err
}

func writePreview(dir string, mails []mailer.PreviewMail) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the preview folder: %w", err)
	}
	for _, m := range mails {
		base := filepath.Join(dir, m.Key.Languages+"_"+m.Key.Form)
		if err := os.WriteFile(base+".eml", m.Message.Bytes, 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(base+".html", []byte(m.HTML), 0o600); err != nil {
			return err
		}
	}
	return nil
}

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

func draftReport(d mailer.Draft, folder string) draftJSON {
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

func printDraft(w io.Writer, d mailer.Draft) {
	zone := d.Register.Controller.Zone
	fmt.Fprintf(w, "campaign %s: %d people would be told, %d of them late", d.Campaign.Key, d.Audience.People, d.Audience.Late)
	if !d.Audience.First.IsZero() {
		fmt.Fprintf(w, "; the earliest date is %s (%s)", calendar.DateOf(d.Audience.First, zone), zone)
	}
	fmt.Fprint(w, "\n\n")
	rows := [][]string{{"LANGUAGE", "SOURCES", "PEOPLE"}}
	for k, n := range d.Audience.Notices {
		rows = append(rows, []string{k.Languages, k.Form, strconv.FormatInt(n, 10)})
	}
	slices.SortFunc(rows[1:], slices.Compare)
	table(w, rows)
	printBlocked(w, d.Audience.Blocked)
}

func printBlocked(w io.Writer, blocked map[mailer.BlockReason]int64) {
	if len(blocked) == 0 {
		return
	}
	rows := [][]string{{"BLOCKED", "PEOPLE", "WHAT UNBLOCKS THEM"}}
	for _, reason := range slices.Sorted(maps.Keys(blocked)) {
		if blocked[reason] > 0 {
			rows = append(rows, []string{string(reason), strconv.FormatInt(blocked[reason], 10), reason.Remedy()})
		}
	}
	if len(rows) > 1 {
		fmt.Fprintln(w)
		table(w, rows)
	}
}

type campaignTestCmd struct {
	Key string `arg:""`
	To  string `help:"Your own address." required:"" placeholder:"ADDRESS"`
	RelayFlags
}

func (c *campaignTestCmd) Run(ctx context.Context, a *app, std streams) error {
	r, err := c.RelayFlags.open()
	if err != nil {
		return err
	}
	_, mails, err := a.preview(ctx, c.Key, c.To, true)
	if err != nil {
		return err
	}
	if err := sendAll(ctx, r, mails); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%d notices, marked as a test, were handed to the relay\n", len(mails))
	return nil
}

// sendAll hands previews to a relay, outside the queue: they are nobody's notice.
func sendAll(ctx context.Context, r mailer.Relay, mails []mailer.PreviewMail) error {
	session, err := r.Open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	for _, m := range mails {
		if _, err := session.Send(ctx, m.Message); err != nil {
			return fmt.Errorf("send the %s notice: %w", m.Key.Languages, err)
		}
	}
	return nil
}

type campaignApproveCmd struct {
	Key     string `arg:""`
	By      string `help:"Who approves: a person's name, kept on record." required:"" placeholder:"NAME"`
	Content string `help:"Approve only if the content is still the one with this hash, from the preview." placeholder:"HASH"`
}

func (c *campaignApproveCmd) Run(ctx context.Context, a *app, std streams) error {
	var seen []byte
	if c.Content != "" {
		var err error
		if seen, err = hex.DecodeString(c.Content); err != nil {
			return misuse{errors.New("--content is not the hash that the preview printed")}
		}
	}
	p := newProgress(std.err, "freezing the audience", -1)
	campaign, err := a.releases().Approve(ctx, c.Key, c.By, seen, p.set)
	p.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "campaign %s is approved by %s for %d people; begin with 'article14 campaign start %s'\n", c.Key, campaign.ApprovedBy, campaign.ApprovedPeople, c.Key)
	return nil
}

// moveFlags are what start, pause, resume and cancel take.
type moveFlags struct {
	Key string `arg:""`
	By  string `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

type (
	campaignStartCmd  struct{ moveFlags }
	campaignPauseCmd  struct{ moveFlags }
	campaignResumeCmd struct{ moveFlags }
	campaignCancelCmd struct{ moveFlags }
)

func (c *campaignStartCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*mailer.Releases).Start, "runs; a worker ('article14 work') sends it")
}

func (c *campaignPauseCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*mailer.Releases).Pause, "is paused")
}

func (c *campaignResumeCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*mailer.Releases).Resume, "runs again")
}

func (c *campaignCancelCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*mailer.Releases).Cancel, "is cancelled; what had not gone out is owed still")
}

func (c *moveFlags) move(ctx context.Context, a *app, std streams, do func(*mailer.Releases, context.Context, string, string) error, said string) error {
	if err := do(a.releases(), ctx, c.Key, person(c.By)); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "campaign %s %s\n", c.Key, said)
	return nil
}

type campaignShowCmd struct {
	Key  string `arg:""`
	JSON bool   `help:"Print JSON."`
}

type campaignJSON struct {
	Key        string                         `json:"key"`
	Activity   string                         `json:"activity"`
	Kind       mailer.CampaignKind            `json:"kind"`
	State      mailer.CampaignState           `json:"state"`
	Filter     mailer.Filter                  `json:"filter"`
	Pace       int                            `json:"pace"`
	CreatedAt  time.Time                      `json:"created_at"`
	CreatedBy  string                         `json:"created_by"`
	Content    string                         `json:"content,omitempty"`
	ApprovedAt time.Time                      `json:"approved_at,omitzero"`
	ApprovedBy string                         `json:"approved_by,omitempty"`
	People     int64                          `json:"approved_people"`
	StartedAt  time.Time                      `json:"started_at,omitzero"`
	EndedAt    time.Time                      `json:"ended_at,omitzero"`
	Deliveries map[mailer.DeliveryState]int64 `json:"deliveries"`
}

func (c *campaignShowCmd) Run(ctx context.Context, a *app, std streams) error {
	campaign, err := a.store.Campaign(ctx, a.controller, c.Key)
	if err != nil {
		return err
	}
	report, err := a.campaignReport(ctx, campaign)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, report)
	}
	rows := [][]string{{"campaign", report.Key}, {"activity", report.Activity}, {"kind", string(report.Kind)}, {"state", string(report.State)},
		{"created", when(report.CreatedAt) + " by " + report.CreatedBy}}
	if report.ApprovedBy != "" {
		rows = append(rows, []string{"approved", fmt.Sprintf("%s by %s for %d people", when(report.ApprovedAt), report.ApprovedBy, report.People)},
			[]string{"content", report.Content})
	}
	for _, st := range mailer.DeliveryStates {
		if n := report.Deliveries[st]; n > 0 {
			rows = append(rows, []string{string(st), strconv.FormatInt(n, 10)})
		}
	}
	table(std.out, rows)
	return nil
}

func (a *app) campaignReport(ctx context.Context, c mailer.Campaign) (campaignJSON, error) {
	out := campaignJSON{Key: c.Key, Activity: c.ActivityKey, Kind: c.Kind, State: c.State, Filter: c.Filter, Pace: c.Pace, CreatedAt: c.CreatedAt,
		CreatedBy: c.CreatedBy, ApprovedAt: c.ApprovedAt, ApprovedBy: c.ApprovedBy, People: c.ApprovedPeople, StartedAt: c.StartedAt, EndedAt: c.EndedAt}
	if !c.ContentVersionID.IsZero() {
		v, err := a.store.Content(ctx, c.ContentVersionID)
		if err != nil {
			return out, err
		}
		out.Content = hex.EncodeToString(v.Hash)
	}
	var err error
	out.Deliveries, err = a.store.CampaignCounts(ctx, c.ID)
	return out, err
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

type campaignListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *campaignListCmd) Run(ctx context.Context, a *app, std streams) error {
	campaigns, err := a.store.Campaigns(ctx, a.controller)
	if err != nil {
		return err
	}
	reports := make([]campaignJSON, 0, len(campaigns))
	rows := [][]string{{"CAMPAIGN", "ACTIVITY", "KIND", "STATE", "PEOPLE", "APPROVED BY"}}
	for _, campaign := range campaigns {
		r, err := a.campaignReport(ctx, campaign)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		rows = append(rows, []string{r.Key, r.Activity, string(r.Kind), string(r.State), strconv.FormatInt(r.People, 10), r.ApprovedBy})
	}
	if c.JSON {
		return printJSON(std.out, reports)
	}
	table(std.out, rows)
	return nil
}
