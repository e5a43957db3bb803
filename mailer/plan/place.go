package plan

import (
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/language"
	"article14/mailer"
)

// Placer decides, for one candidate at a time, how they are told: by which
// address, in which language, with which text, or why not yet. It changes
// nothing, so that counting an audience and freezing it are the same decision.
type Placer struct {
	Register  *mailer.Register
	Activity  mailer.Activity
	Filter    mailer.Filter
	Available func(lang string) bool
	ContentID mailer.ID
	// Content is the approved skeletons. Where it is nil the placer only looks which
	// are needed.
	Content map[mailer.SkeletonKey][]byte
	Now     time.Time
	// Again says that it looks once more at what failed in its own campaign.
	Again bool
}

// Decide gives a candidate's placement. ok is false for somebody whom the
// campaign's filter leaves out.
func (p Placer) Decide(c mailer.Candidate) (pl mailer.Placement, key mailer.SkeletonKey, ok bool) {
	pl = mailer.Placement{ContactID: c.Contact.ID}
	if c.Duties = p.tells(c.Duties); len(c.Duties) == 0 {
		return pl, key, false
	}
	for _, d := range c.Duties {
		pl.DutyIDs = append(pl.DutyIDs, d.ID)
	}
	choice, chosen := p.language(c.Contact)
	if !p.wanted(choice) {
		return pl, key, false
	}
	if reason, detail := p.obstacle(c, choice, chosen); reason != "" {
		pl.Block, pl.Detail = reason, detail
		return pl, key, true
	}
	to, reason, detail := p.route(c)
	if reason != "" {
		pl.Block, pl.Detail = reason, detail
		return pl, key, true
	}
	key = mailer.SkeletonKey{Document: mailer.DocNotice, Languages: strings.Join(choice.Languages, "+"), Form: p.form(c)}
	hash, approved := p.Content[key]
	if p.Content != nil && !approved {
		pl.Block, pl.Detail = mailer.BlockNotApproved, key.Languages+" "+key.Form
		return pl, key, true
	}
	pl.Delivery = &mailer.PlannedDelivery{
		ID:           mailer.NewID(p.Now),
		Document:     mailer.DocNotice,
		ContentID:    p.ContentID,
		Identifier:   to.to.ID,
		Domain:       mailer.DomainOf(to.to.Value),
		Channel:      to.by,
		NotBefore:    to.notBefore,
		Languages:    key.Languages,
		LanguageRule: string(choice.Rule) + ": " + choice.Why,
		Form:         key.Form,
		SkeletonHash: hash,
		Code:         mailer.NewCode(),
		DueAt:        mailer.EarliestDue(c.Duties),
	}
	return pl, key, true
}

// tells leaves out the duties for purposes that the bound register does not have:
// its notice would not tell of them (14(4)). Nor is anybody told again who was told
// before: their duty is about to be ended (see AfterTold).
func (p Placer) tells(ds []mailer.Duty) []mailer.Duty {
	return slices.DeleteFunc(slices.Clone(ds), func(d mailer.Duty) bool {
		if !d.ToldAt.IsZero() {
			return true
		}
		key, later := strings.CutPrefix(d.Cause, mailer.CausePurpose)
		return later && !slices.ContainsFunc(p.Activity.Purposes, func(q mailer.Purpose) bool { return q.Key == key })
	})
}

// obstacle names what keeps a candidate from being told at all.
func (p Placer) obstacle(c mailer.Candidate, choice language.Choice, chosen bool) (mailer.BlockReason, string) {
	for _, a := range c.Acquisitions {
		if _, ok := p.Register.Source(a.SourceKey); !ok {
			return mailer.BlockUnknownSource, a.SourceKey
		}
	}
	switch {
	case p.form(c) == "": // the register has changed since they were taken in
		return mailer.BlockQuarantined, ""
	case p.expired(c):
		return mailer.BlockExpired, ""
	case p.nobodys(c) != "":
		return p.nobodys(c), ""
	case !chosen:
		return mailer.BlockNoCountry, ""
	case len(choice.Missing) > 0:
		return mailer.BlockNoLanguage, strings.Join(choice.Missing, " ")
	}
	return "", ""
}

// language is L1 and L3 for one contact; false where no rule gives any.
func (p Placer) language(c mailer.Contact) (language.Choice, bool) {
	choice, err := language.Choose(language.Input{
		Preference: c.Language,
		Country:    c.Country,
		Region:     c.Region,
		City:       c.City,
		Postcode:   c.PostalCode,
		Fallback:   p.Register.Languages.UnknownCountry,
	}, p.Available)
	return choice, err == nil
}

func (p Placer) wanted(choice language.Choice) bool {
	if len(p.Filter.Languages) == 0 {
		return true
	}
	return slices.ContainsFunc(p.Filter.Languages, func(l string) bool {
		return slices.Contains(choice.Languages, l) || slices.Contains(choice.Missing, l)
	})
}

// expired tells whether storage has ended: such data are deleted, not notified (T3).
func (p Placer) expired(c mailer.Candidate) bool {
	start := mailer.NoticeFacts{Contact: c.Contact, Duties: c.Duties}.StorageStart()
	if start.IsZero() {
		return false
	}
	zone := p.Register.Controller.Zone
	end := p.Activity.Retention.End(calendar.DateOf(start, zone))
	return end.Before(calendar.DateOf(p.Now, zone))
}

// form names the sources of a notice, and marks those whose data serve for it
// alone. Where every source is marked the notice is the narrow one. Somebody with
// marked and unmarked ones gets one ordinary notice that names all of them (S3) and
// says of each marked entry that it is not used, and when it is deleted: two
// notices that promise different things would help nobody. What is quarantined is
// part of it only where a person decided that it be told (S4).
func (p Placer) form(c mailer.Candidate) string {
	var sources []mailer.FormSource
	for _, a := range c.Acquisitions {
		s, _ := p.Register.Source(a.SourceKey)
		if mailer.Quarantined(a.Visibility, s) && c.Contact.TellAt.IsZero() {
			continue
		}
		if f := (mailer.FormSource{Key: a.SourceKey, Doubt: mailer.DoubtAbout(a.Visibility, s)}); !slices.Contains(sources, f) {
			sources = append(sources, f)
		}
	}
	return mailer.FormOf(sources)
}

// blockedBy is why a candidate without a channel is blocked: what the last one
// failed by says more than that no other is left.
func blockedBy(ds []mailer.Duty, reason mailer.BlockReason) mailer.BlockReason {
	for _, d := range ds {
		if d.State == mailer.DutyFailed && d.Reason != "" || d.State == mailer.DutyBlocked && slices.Contains(failedBefore, d.Reason) {
			return d.Reason
		}
	}
	return reason
}

// failedBefore are the reasons of blocked duties whose channels were tried and failed. Nothing
// new has come since, or the person would be told by it: so they say more than that none is left.
var failedBefore = []mailer.BlockReason{mailer.BlockAddressDead, mailer.BlockRefused, mailer.BlockPolicy, mailer.BlockNotReached}

// nobodys is why mail to a person without a name cannot find them: every address
// is an office's, or others share it. A name says whom it is for, and so does a
// person who decided to tell them all the same.
func (p Placer) nobodys(c mailer.Candidate) mailer.BlockReason {
	if c.Contact.Named() || !c.Contact.TellAt.IsZero() || len(c.Addresses) == 0 {
		return ""
	}
	reason := mailer.BlockRoleMailbox
	for _, ch := range c.Addresses {
		switch {
		case ch.Shared:
			reason = mailer.BlockSharedMailbox
		case !ch.IsRole():
			return ""
		}
	}
	return reason
}

// personalFirst puts the addresses of somebody without a name in order: theirs
// alone first, so that no office reads what is for them.
func personalFirst(c mailer.Candidate) mailer.Candidate {
	if !c.Contact.Named() {
		c.Addresses = slices.Clone(c.Addresses)
		slices.SortStableFunc(c.Addresses, func(a, b mailer.Channel) int { return others(a) - others(b) })
	}
	return c
}

// others grades how many other people read what goes to an address.
func others(ch mailer.Channel) int {
	if ch.Shared || ch.IsRole() {
		return 1
	}
	return 0
}
