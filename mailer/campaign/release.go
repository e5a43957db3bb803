package campaign

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/complete"
)

// Releases is how a privacy team releases campaigns: create, preview, test,
// approve, start, pause, resume, cancel. Commands, console and API call it alike.
type Releases struct {
	Campaigns  Store
	Allowances AllowanceStore // what campaigns may tell a day, and canaries; nil in what sets and keeps none
	Classes    ClassStore     // of recipient domains; nil in what keeps none
	Registers  *mailer.Registers
	Composer   mailer.Composer
	Letters    byhand.LetterComposer // for previews; nil where nobody writes letters
	Tokens     mailer.Tokens
	Controller mailer.ID
	Key        string         // the controller's, as in the register
	Zone       *time.Location // the controller's, whose days are counted (D10); for BeginDay alone
	Now        func() time.Time
	Log        *slog.Logger // for KeepCanaries alone
	Chunk      int          // contacts looked at in one go; 0 means 1,000
}

// Audience is what a campaign would release, counted without changing anything.
type Audience struct {
	People  int64                        // who would be told
	Notices map[mailer.SkeletonKey]int64 // by languages and sources
	Blocked map[mailer.BlockReason]int64 // people who cannot be told yet
	Late    int64                        // people whose date has passed
	First   time.Time                    // the earliest date among those who would be told
}

// Create makes a draft.
func (r *Releases) Create(ctx context.Context, c mailer.Campaign) (mailer.Campaign, error) {
	_, reg, err := r.register(ctx)
	if err != nil {
		return c, err
	}
	if _, ok := reg.Activity(c.ActivityKey); !ok {
		return c, fmt.Errorf("the register declares no activity %q; it declares %s", c.ActivityKey, activityKeys(reg))
	}
	for _, s := range c.Filter.Sources {
		if _, ok := reg.Source(s); !ok {
			return c, fmt.Errorf("the register declares no source %q", s)
		}
	}
	if c.Kind == "" {
		c.Kind = mailer.Once
	}
	c.ID, c.State, c.CreatedAt = mailer.NewID(r.Now()), mailer.CampaignDraft, r.Now()
	return c, r.Campaigns.CreateCampaign(ctx, r.Controller, c)
}

// Count looks at every candidate and counts; it changes nothing.
func (r *Releases) Count(ctx context.Context, key string) (Audience, error) {
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return Audience{}, err
	}
	_, reg, err := r.register(ctx)
	if err != nil {
		return Audience{}, err
	}
	return r.count(ctx, c, reg)
}

func (r *Releases) count(ctx context.Context, c mailer.Campaign, reg *mailer.Register) (Audience, error) {
	a := Audience{Notices: map[mailer.SkeletonKey]int64{}, Blocked: map[mailer.BlockReason]int64{}}
	p, err := r.placer(c, reg, nil)
	if err != nil {
		return a, err
	}
	return a, r.walk(ctx, c, false, mailer.ID{}, func(chunk []mailer.Candidate, _ mailer.ID) error {
		for _, cand := range chunk {
			pl, k, ok := p.Decide(cand)
			switch {
			case !ok:
			case pl.Block != "":
				a.Blocked[pl.Block]++
			default:
				a.add(k, pl.Delivery.DueAt, p.Now)
			}
		}
		return nil
	})
}

func (a *Audience) add(k mailer.SkeletonKey, due, now time.Time) {
	a.People++
	a.Notices[k]++
	if now.After(due) {
		a.Late++
	}
	if a.First.IsZero() || due.Before(a.First) {
		a.First = due
	}
}

// Draft is what an approval would bind: the audience as counted now and the
// content that it needs, rendered and checked.
type Draft struct {
	Campaign mailer.Campaign
	Audience Audience
	Content  mailer.ContentVersion
	Register *mailer.Register
}

// Draft renders the content that a campaign needs.
func (r *Releases) Draft(ctx context.Context, key string) (Draft, error) {
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return Draft{}, err
	}
	v, reg, err := r.register(ctx)
	if err != nil {
		return Draft{}, err
	}
	if errs := blocking(complete.Check(reg, nil)); len(errs) > 0 {
		return Draft{}, fmt.Errorf("the register is incomplete, so nothing may be sent (C1): %s; 'article14 register check' shows all", errs[0].Message)
	}
	a, err := r.count(ctx, c, reg)
	if err != nil {
		return Draft{}, err
	}
	keys := r.contentKeys(c, reg, a)
	sks, err := r.Composer.Skeletons(reg, c.ActivityKey, keys)
	if err != nil {
		return Draft{}, fmt.Errorf("render the notices of campaign %q: %w", key, err)
	}
	content := mailer.ContentVersion{ID: mailer.NewID(r.Now()), ActivityKey: c.ActivityKey, RegisterVersionID: v.ID, Skeletons: sks}
	content.Hash = contentHash(v, sks)
	return Draft{Campaign: c, Audience: a, Content: content, Register: reg}, nil
}

func blocking(fs []complete.Finding) []complete.Finding {
	return slices.DeleteFunc(fs, func(f complete.Finding) bool { return f.Warning })
}

// contentKeys are the texts that an audience needs, with the receipts in the
// same languages. A standing campaign also needs each language with each single
// source, since people come later.
func (r *Releases) contentKeys(c mailer.Campaign, reg *mailer.Register, a Audience) []mailer.SkeletonKey {
	need := map[mailer.SkeletonKey]bool{}
	languages := map[string]bool{}
	for k := range a.Notices {
		need[k] = true
		for _, l := range append(strings.Split(k.Languages, "+"), k.Languages) {
			languages[l] = true
		}
		// The portal shows each language on its own.
		for _, l := range r.Composer.Languages() {
			need[mailer.SkeletonKey{Document: mailer.DocNotice, Languages: l, Form: k.Form}] = true
		}
	}
	if c.Kind == mailer.Standing {
		for _, l := range r.Composer.Languages() {
			languages[l] = true
			for _, s := range reg.Sources {
				need[mailer.SkeletonKey{Document: mailer.DocNotice, Languages: l, Form: s.Key}] = true
				if doubt := mailer.DoubtAbout(mailer.VisibleUnknown, s); doubt != mailer.DoubtNone && s.Unknown != mailer.UnknownIsRestricted {
					need[mailer.SkeletonKey{Document: mailer.DocNotice, Languages: l, Form: s.Key + string(doubt)}] = true
				}
			}
		}
	}
	for l := range languages {
		need[mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: l, Form: ""}] = true
		need[mailer.SkeletonKey{Document: mailer.DocAccessReceipt, Languages: l, Form: ""}] = true
	}
	keys := slices.Collect(maps.Keys(need))
	slices.SortFunc(keys, func(a, b mailer.SkeletonKey) int {
		return strings.Compare(string(a.Document)+"|"+a.Languages+"|"+a.Form, string(b.Document)+"|"+b.Languages+"|"+b.Form)
	})
	return keys
}

func contentHash(v mailer.RegisterVersion, sks []mailer.Skeleton) []byte {
	h := sha256.New()
	h.Write(v.Hash)
	for _, s := range sks {
		fmt.Fprintf(h, "%s|%s|%s|%x\n", s.Key.Document, s.Key.Languages, s.Key.Form, s.Hash)
	}
	return h.Sum(nil)
}

// ErrContentChanged says that what was looked at is not what would be approved.
var ErrContentChanged = errors.New("the content has changed since it was previewed: preview it again and approve that")

// Approve binds the content as it is now to the campaign and freezes its
// audience. With seen, the hash from a preview, it approves that content and no
// other. It can be run again after any stop and goes on where it stopped.
func (r *Releases) Approve(ctx context.Context, key, by string, seen []byte, progress func(placed int64)) (mailer.Campaign, error) {
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return c, err
	}
	if by == "" {
		return c, errors.New("an approval needs the name of the person who gives it (--by)")
	}
	switch c.State {
	case mailer.CampaignDraft:
		if err := r.approveDraft(ctx, key, by, seen); err != nil {
			return c, err
		}
	case mailer.CampaignFreezing:
	default:
		return c, fmt.Errorf("campaign %q is %s and cannot be approved: %w", key, c.State, mailer.ErrCampaignState)
	}
	if c, err = r.Campaigns.Campaign(ctx, r.Controller, key); err != nil {
		return c, err
	}
	if err := r.Freeze(ctx, c, progress); err != nil {
		return c, err
	}
	return r.Campaigns.Campaign(ctx, r.Controller, key)
}

func (r *Releases) approveDraft(ctx context.Context, key, by string, seen []byte) error {
	d, err := r.Draft(ctx, key)
	if err != nil {
		return err
	}
	if seen != nil && !slices.Equal(seen, d.Content.Hash) {
		return ErrContentChanged
	}
	if d.Audience.People == 0 && d.Campaign.Kind == mailer.Once {
		return fmt.Errorf("campaign %q would tell nobody: nothing to approve", key)
	}
	saved, err := r.Campaigns.SaveContent(ctx, r.Controller, d.Content, r.Now())
	if err != nil {
		return err
	}
	return r.Campaigns.Approve(ctx, r.Controller, d.Campaign.ID, saved.ID, d.Audience.People, by, r.Now())
}

// Start opens an approved campaign's lane.
func (r *Releases) Start(ctx context.Context, key, by string) error {
	return r.move(ctx, key, by, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning)
}

// Pause stops a campaign's further sending within a second.
func (r *Releases) Pause(ctx context.Context, key, by string) error {
	return r.move(ctx, key, by, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused)
}

// Resume goes on with a paused campaign, or with one that runs and is held.
func (r *Releases) Resume(ctx context.Context, key, by string) error {
	return r.move(ctx, key, by, []mailer.CampaignState{mailer.CampaignPaused, mailer.CampaignRunning}, mailer.CampaignRunning)
}

// Cancel ends a campaign: what has not gone out is cancelled, and its duties are open again.
func (r *Releases) Cancel(ctx context.Context, key, by string) error {
	return r.move(ctx, key, by, []mailer.CampaignState{mailer.CampaignDraft, mailer.CampaignFreezing, mailer.CampaignApproved, mailer.CampaignRunning, mailer.CampaignPaused}, mailer.CampaignCancelled)
}

// SetPace changes how many notices a second a campaign sends; 0: as the relay
// bears. It takes effect with the next claim.
func (r *Releases) SetPace(ctx context.Context, key string, pace int) error {
	if pace < 0 {
		return fmt.Errorf("a pace of %d notices a second is none", pace)
	}
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return err
	}
	return r.Campaigns.SetPace(ctx, r.Controller, c.ID, pace)
}

func (r *Releases) move(ctx context.Context, key, by string, from []mailer.CampaignState, to mailer.CampaignState) error {
	c, err := r.Campaigns.Campaign(ctx, r.Controller, key)
	if err != nil {
		return err
	}
	if by == "" {
		return errors.New("this is put on record with the name of the person who does it (--by)")
	}
	err = r.Campaigns.Move(ctx, r.Controller, c.ID, from, to, by, r.Now())
	if errors.Is(err, mailer.ErrCampaignState) {
		return fmt.Errorf("campaign %q is %s and cannot become %s: %w", key, c.State, to, err)
	}
	return err
}

func (r *Releases) register(ctx context.Context) (mailer.RegisterVersion, *mailer.Register, error) {
	return r.Registers.Current(ctx, r.Key)
}

func activityKeys(reg *mailer.Register) string {
	var keys []string
	for _, a := range reg.Activities {
		keys = append(keys, a.Key)
	}
	return strings.Join(keys, ", ")
}

// Store keeps campaigns and places their audience.
type Store interface {
	CreateCampaign(ctx context.Context, controller mailer.ID, c mailer.Campaign) error
	// Campaign finds one by key, or fails with ErrNoCampaign.
	Campaign(ctx context.Context, controller mailer.ID, key string) (mailer.Campaign, error)
	Campaigns(ctx context.Context, controller mailer.ID) ([]mailer.Campaign, error)
	// Candidates gives the next contacts behind after, in the order of their ids, that have duties of the
	// campaign's activity to place: open, blocked for one of BlocksThatMayBeGone, or failed under a campaign
	// that has ended; and, where failedOnly is set, failed duties of this
	// campaign's deliveries and nothing else. Filter's sources and obtaining window narrow the
	// duties; countries narrow contacts. Languages are left to the caller.
	Candidates(ctx context.Context, controller mailer.ID, c mailer.Campaign, failedOnly bool, after mailer.ID, limit int, now time.Time) ([]mailer.Candidate, error)
	// SaveContent stores a content version with its skeletons; the same hash again changes nothing.
	SaveContent(ctx context.Context, controller mailer.ID, v mailer.ContentVersion, now time.Time) (mailer.ContentVersion, error)
	Content(ctx context.Context, id mailer.ID) (mailer.ContentVersion, error)
	// Approve binds content and approval, and makes the closed lane: draft to freezing.
	Approve(ctx context.Context, controller, campaign mailer.ID, content mailer.ID, people int64, by string, now time.Time) error
	// Place stores a chunk of placements and the position behind it in one
	// transaction: deliveries queued and their duties in flight, others blocked. Duties that
	// are no longer as the candidate had them are left alone. With a zero position the
	// campaign's own is kept (failed duties, standing campaigns).
	Place(ctx context.Context, controller mailer.ID, c mailer.Campaign, chunk []mailer.Placement, position mailer.ID, now time.Time) error
	// Move takes a campaign from one of the given states to another, with its
	// lanes, and writes who did it; it fails with ErrCampaignState otherwise. From running
	// to running opens lanes that are held, and fails where none is.
	// Cancelling also cancels what is queued or deferred, and its duties are open again; a
	// delivery with an uncertain attempt may have arrived, so it stays, its duties in
	// flight, until a person decides (E5).
	Move(ctx context.Context, controller, campaign mailer.ID, from []mailer.CampaignState, to mailer.CampaignState, by string, now time.Time) error
	SetPace(ctx context.Context, controller, campaign mailer.ID, pace int) error
	// CampaignCounts gives the number of deliveries by state, from the counters.
	CampaignCounts(ctx context.Context, campaign mailer.ID) (map[mailer.DeliveryState]int64, error)
}
