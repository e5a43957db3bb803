package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"article14/internal/address"
	"article14/internal/calendar"
	"article14/internal/language"
	"article14/mailer"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
)

type campaignCmd struct {
	Create  campaignCreateCmd  `cmd:"" help:"Make a draft: which people, of which activity."`
	Preview campaignPreviewCmd `cmd:"" help:"Count the audience and render one full notice for each language and source form."`
	Test    campaignTestCmd    `cmd:"" help:"Send those notices to your own address, marked as a test."`
	Approve campaignApproveCmd `cmd:"" help:"Bind the content, freeze the audience, and put your name to it."`
	Start   campaignStartCmd   `cmd:"" help:"Begin sending."`
	Pause   campaignPauseCmd   `cmd:"" help:"Stop further sending within a second."`
	Resume  campaignResumeCmd  `cmd:"" help:"Go on."`
	Pace    campaignPaceCmd    `cmd:"" help:"Change how many notices a second it sends."`
	Daily   campaignDailyCmd   `cmd:"" help:"Change how many people a day it tells."`
	Cancel  campaignCancelCmd  `cmd:"" help:"End it; what has not gone out is cancelled and its duties are open again."`
	Settle  campaignSettleCmd  `cmd:"" help:"Decide about a delivery that may have arrived and that nobody sends any more."`
	Show    campaignShowCmd    `cmd:"" help:"Show a campaign and what became of its notices."`
	List    campaignListCmd    `cmd:"" help:"List campaigns."`
}

type campaignCreateCmd struct {
	Key      string   `arg:"" help:"A short name for the campaign: small letters, digits, - and _, 40 at most."`
	Activity string   `help:"The activity of the register that people are told of." required:"" placeholder:"KEY"`
	Source   []string `help:"Only duties from these sources." placeholder:"KEY"`
	Country  []string `help:"Only people in these countries." placeholder:"CC"`
	Language []string `help:"Only people who are written to in these languages." placeholder:"LANG"`
	From     string   `help:"Only data obtained on this day or later." placeholder:"YYYY-MM-DD"`
	Until    string   `help:"Only data obtained on this day or earlier." placeholder:"YYYY-MM-DD"`
	Standing bool     `help:"Take in new people as they come."`
	Pace     int      `help:"Notices a second; 0: as the relay bears." default:"0"`
	By       string   `help:"Who creates it, for the record; default your user name." placeholder:"NAME"`
}

// campaignKey is what a key may be: it is typed, printed, and names a folder of previews.
var campaignKey = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

func (c *campaignCreateCmd) Run(ctx context.Context, a *app, std streams) error {
	if !campaignKey.MatchString(c.Key) {
		return misuse{fmt.Errorf("%q cannot be a campaign's key: use up to 40 small letters, digits, - and _", c.Key)}
	}
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
	for _, given := range c.Country {
		code, known := language.Country(given)
		if !known {
			return f, fmt.Errorf("--country: %q is no country: give its ISO 3166-1 code, such as FR", given)
		}
		f.Countries = append(f.Countries, code)
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

type campaignTestCmd struct {
	Key string `arg:"" help:"The campaign's key."`
	To  string `help:"Your own address." required:"" placeholder:"ADDRESS"`
	RelayFlags
}

func (c *campaignTestCmd) Run(ctx context.Context, a *app, std streams) error {
	if _, err := address.Parse(c.To); err != nil {
		return misuse{fmt.Errorf("--to: %w", err)}
	}
	r, err := c.RelayFlags.open()
	if err != nil {
		return err
	}
	if err := maySign(r.Signer(), a.reg); err != nil {
		return err
	}
	_, mails, err := a.preview(ctx, c.Key, c.To, true)
	if err != nil {
		return err
	}
	if err := sendAll(ctx, r, mails); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s, marked as a test: handed to the relay\n", counted(int64(len(mails)), "notice", "notices"))
	return nil
}

// sendAll hands previews to a relay, outside the queue: they are nobody's notice.
func sendAll(ctx context.Context, r deliver.Relay, mails []campaign.PreviewMail) error {
	session, err := r.Open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	for _, m := range mails {
		if _, err := session.Send(ctx, m.Message, nil); err != nil {
			return fmt.Errorf("send the %s notice: %w", m.Key.Languages, err)
		}
	}
	return nil
}

type campaignApproveCmd struct {
	Key     string `arg:"" help:"The campaign's key."`
	By      string `help:"Who approves: a person's name, kept on record." required:"" placeholder:"NAME"`
	Content string `help:"Approve only if the content is still the one with this hash, from the preview." placeholder:"HASH"`
}

func (c *campaignApproveCmd) Run(ctx context.Context, a *app, std streams) error {
	seen, err := c.seen()
	if err != nil {
		return misuse{err}
	}
	p := newProgress(std.err, "freezing the audience", -1)
	campaign, err := a.releases().Approve(ctx, c.Key, c.By, seen, p.set)
	p.done()
	if err != nil {
		return a.whatToDo(ctx, c.Key, err)
	}
	fmt.Fprintf(std.out, "campaign %s is approved by %s for %s; begin with\n  article14 campaign start %s\n", c.Key, campaign.ApprovedBy, counted(campaign.ApprovedPeople, "person", "people"), c.Key)
	return nil
}

// seen is the hash of the content that was looked at, or nil where none is named.
func (c *campaignApproveCmd) seen() ([]byte, error) {
	if c.Content == "" {
		return nil, nil
	}
	hash, err := hex.DecodeString(c.Content)
	if err != nil || len(hash) != sha256.Size {
		return nil, errors.New("--content: give the whole hash, as the preview printed it")
	}
	return hash, nil
}

// whatToDo adds to the refusal of a campaign's state what that state allows.
func (a *app) whatToDo(ctx context.Context, key string, refusal error) error {
	if !errors.Is(refusal, mailer.ErrCampaignState) {
		return refusal
	}
	campaign, err := a.store.Campaign(ctx, a.controller, key)
	if err != nil {
		return refusal
	}
	return fmt.Errorf("%w: %s", refusal, campaign.State.Remedy())
}

type campaignPaceCmd struct {
	Key  string `arg:"" help:"The campaign's key."`
	Pace int    `arg:"" help:"Notices a second; 0: as the relay bears."`
}

func (c *campaignPaceCmd) Run(ctx context.Context, a *app, std streams) error {
	if err := a.releases().SetPace(ctx, c.Key, c.Pace); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "campaign %s sends %s\n", c.Key, paceWords(c.Pace))
	return nil
}

// moveFlags are what start, pause, resume and cancel take.
type moveFlags struct {
	Key string `arg:"" help:"The campaign's key."`
	By  string `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

type campaignDailyCmd struct {
	Key   string `arg:"" help:"The campaign's key."`
	Daily int    `arg:"" help:"People a day, as many as can answer at once; 0: no limit."`
}

func (c *campaignDailyCmd) Run(ctx context.Context, a *app, std streams) error {
	if err := a.releases().SetDaily(ctx, c.Key, c.Daily); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "campaign %s tells %s\n", c.Key, dailyWords(c.Daily))
	return nil
}

// dailyWords says how many people are told on a day.
func dailyWords(people int) string {
	if people == 0 {
		return "any number of people a day"
	}
	return counted(int64(people), "person", "people") + " a day at most"
}

type campaignStartCmd struct {
	moveFlags
	Canary      int           `help:"Tell so many people first, then hold the campaign for --canary-wait; 0: all at once." default:"0"`
	CanaryWait  time.Duration `help:"How long bounces and complaints are waited for; then it goes on by itself." default:"24h"`
	CanaryShare float64       `help:"The part of those people at which bounces and complaints hold the campaign for a person." default:"0.05"`
	Daily       int           `help:"People a day, as many as can answer at once; 0: no limit." default:"0"`
}

type (
	campaignPauseCmd  struct{ moveFlags }
	campaignCancelCmd struct{ moveFlags }
)

type campaignResumeCmd struct {
	moveFlags
	Class string `help:"Only its held lane to this class of domains." placeholder:"NAME"`
}

func (c *campaignStartCmd) Run(ctx context.Context, a *app, std streams) error {
	if c.Canary != 0 {
		canary := campaign.Canary{People: c.Canary, Wait: c.CanaryWait, Share: c.CanaryShare}
		if err := a.releases().SetCanary(ctx, c.Key, canary); err != nil {
			return a.whatToDo(ctx, c.Key, err)
		}
	}
	if c.Daily != 0 {
		if err := a.releases().SetDaily(ctx, c.Key, c.Daily); err != nil {
			return err
		}
	}
	return c.move(ctx, a, std, (*campaign.Releases).Start, "runs; a worker ('article14 work') sends it")
}

func (c *campaignPauseCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*campaign.Releases).Pause, "is paused")
}

func (c *campaignResumeCmd) Run(ctx context.Context, a *app, std streams) error {
	if c.Class == "" {
		return c.move(ctx, a, std, (*campaign.Releases).Resume, "runs again")
	}
	return c.move(ctx, a, std, func(r *campaign.Releases, ctx context.Context, key, by string) error {
		return r.ResumeClass(ctx, key, c.Class, by)
	}, "goes on with the class "+c.Class)
}

func (c *campaignCancelCmd) Run(ctx context.Context, a *app, std streams) error {
	return c.move(ctx, a, std, (*campaign.Releases).Cancel, "is cancelled; what had not gone out is owed still")
}

func (c *moveFlags) move(ctx context.Context, a *app, std streams, do func(*campaign.Releases, context.Context, string, string) error, said string) error {
	if err := do(a.releases(), ctx, c.Key, person(c.By)); err != nil {
		return a.whatToDo(ctx, c.Key, err)
	}
	fmt.Fprintf(std.out, "campaign %s %s\n", c.Key, said)
	return nil
}
