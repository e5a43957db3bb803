package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Public is what everybody may read without a link: the whole notice of each activity, and the
// mails that really went out, so that somebody who doubts one can compare. Nobody's values are in it.
type Public struct {
	Campaigns  CampaignList
	Skeletons  mailer.SkeletonStore
	Registers  *mailer.Registers
	Composer   PublicComposer
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time

	mu   sync.Mutex // one is made at a time: anybody may ask, and each costs the store a little
	kept map[publicKey]keptView
}

// publicFor is how long a public page is shown before it is made again.
const publicFor = time.Minute

type publicKey struct{ activity, language string }

type keptView struct {
	view PublicView
	made time.Time
}

// CampaignList gives campaigns and what was approved with them.
type CampaignList interface {
	Campaigns(ctx context.Context, controller mailer.ID) ([]mailer.Campaign, error)
	Content(ctx context.Context, id mailer.ID) (mailer.ContentVersion, error)
}

// PublicComposer writes what everybody may read.
type PublicComposer interface {
	Languages() []string
	// Public writes an activity's notice without anybody's values.
	Public(reg *mailer.Register, activity, language string) (mailer.Page, error)
	// Head gives sender and subject of a skeleton's mails.
	Head(s mailer.Skeleton) (mailer.MailHead, error)
}

// PublicActivity is an activity by its name.
type PublicActivity struct{ Key, Name string }

// PublicView is the public page of an activity.
type PublicView struct {
	Page       mailer.Page
	Languages  []string
	Controller mailer.Controller
	Activity   string
	Mails      []PublicMail // the latest first
}

// PublicMail is a campaign as its recipients met it.
type PublicMail struct {
	From    calendar.Date
	Until   *calendar.Date // nil: it still goes out
	Sender  string         // the address that it comes from
	Name    string         // as mail programs show it
	Subject string
}

// mostMails bounds how many are listed.
const mostMails = 50

// Activities are those that have a public page, in the order of the register, named in a language.
func (p *Public) Activities(ctx context.Context, language string) ([]PublicActivity, error) {
	_, reg, err := p.Registers.Current(ctx, p.Key)
	if err != nil {
		return nil, err
	}
	var out []PublicActivity
	for _, a := range reg.Activities {
		name, _ := a.Names.In(language)
		out = append(out, PublicActivity{a.Key, name})
	}
	return out, nil
}

// Activity gives the public page of an activity, not more than a minute old, or ErrNoSuchLink.
func (p *Public) Activity(ctx context.Context, key, language string) (PublicView, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := publicKey{key, language}
	if v, there := p.kept[k]; there && p.Now().Sub(v.made) < publicFor {
		return v.view, nil
	}
	v, err := p.make(ctx, key, language)
	if err != nil {
		return v, err
	}
	if p.kept == nil {
		p.kept = map[publicKey]keptView{}
	}
	p.kept[k] = keptView{v, p.Now()}
	return v, nil
}

func (p *Public) make(ctx context.Context, key, language string) (PublicView, error) {
	_, reg, err := p.Registers.Current(ctx, p.Key)
	if err != nil {
		return PublicView{}, err
	}
	if _, declared := reg.Activity(key); !declared {
		return PublicView{}, mailer.ErrNoSuchLink
	}
	page, err := p.Composer.Public(reg, key, language)
	if err != nil {
		return PublicView{}, err
	}
	v := PublicView{Page: page, Languages: p.Composer.Languages(), Controller: reg.Controller, Activity: key}
	v.Mails, err = p.mails(ctx, reg, key, language)
	return v, err
}

// mails are the campaigns of an activity that began, the latest first.
func (p *Public) mails(ctx context.Context, reg *mailer.Register, activity, language string) ([]PublicMail, error) {
	all, err := p.Campaigns.Campaigns(ctx, p.Controller)
	if err != nil {
		return nil, err
	}
	begun := slices.DeleteFunc(all, func(c mailer.Campaign) bool { return c.ActivityKey != activity || c.StartedAt.IsZero() })
	slices.SortStableFunc(begun, func(a, b mailer.Campaign) int { return b.StartedAt.Compare(a.StartedAt) })
	var out []PublicMail
	for _, c := range begun[:min(len(begun), mostMails)] {
		head, err := p.head(ctx, c.ContentVersionID, language)
		if err != nil {
			return nil, fmt.Errorf("campaign %s: %w", c.Key, err)
		}
		m := PublicMail{From: calendar.DateOf(c.StartedAt, reg.Controller.Zone), Until: dateOf(c.EndedAt, reg), Sender: head.From, Name: head.FromName, Subject: head.Subject}
		out = append(out, m)
	}
	return out, nil
}

// head is that of the notice in a language: as it went out in it, else as it would have.
func (p *Public) head(ctx context.Context, content mailer.ID, language string) (mailer.MailHead, error) {
	v, err := p.Campaigns.Content(ctx, content)
	if err != nil {
		return mailer.MailHead{}, err
	}
	var best *mailer.Skeleton
	for i, s := range v.Skeletons {
		if s.Key.Document != mailer.DocNotice {
			continue
		}
		if best == nil || s.Key.Languages == language || !slices.Contains(strings.Split(best.Key.Languages, "+"), language) && strings.HasPrefix(s.Key.Languages, language) {
			best = &v.Skeletons[i]
		}
		if s.Key.Languages == language {
			break
		}
	}
	if best == nil {
		return mailer.MailHead{}, fmt.Errorf("its approved content has no notice")
	}
	body := best.Body
	if body == nil {
		if body, err = p.Skeletons.Skeleton(ctx, best.Hash); err != nil {
			return mailer.MailHead{}, err
		}
	}
	return p.Composer.Head(mailer.Skeleton{Hash: best.Hash, Body: body})
}
