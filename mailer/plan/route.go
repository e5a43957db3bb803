package plan

import (
	"slices"
	"time"

	"article14/mailer"
)

// route is by what, and where, a candidate is told.
type route struct {
	to        mailer.Identifier
	by        mailer.ChannelKind
	notBefore time.Time // zero: at once
}

// route is the next channel (E3): a mailbox that was full once more if the date allows,
// then the first that is left. Where there is none, the reason and what is missing.
func (p Placer) route(c mailer.Candidate) (route, mailer.BlockReason, string) {
	if p.Again && slices.ContainsFunc(c.Duties, func(d mailer.Duty) bool { return d.State == mailer.DutyFailed && d.Reason == mailer.BlockPolicy }) {
		return route{}, mailer.BlockPolicy, "" // it is about us: no other channel is used up for it
	}
	all := slices.Concat(personalFirst(c).Addresses, c.Others)
	left := p.Register.Allowed().Open(c.Contact, all)
	again := p.Now.Add(mailer.FullMailboxWait)
	if at := slices.IndexFunc(left, func(ch mailer.Channel) bool { return ch.Full }); at >= 0 && again.Before(mailer.EarliestDue(c.Duties)) {
		return route{left[at].Identifier, mailer.ChannelMail, again}, "", ""
	}
	for _, ch := range left {
		if !ch.Full {
			return route{ch.Identifier, ch.Kind(), time.Time{}}, "", ""
		}
	}
	reason := mailer.BlockNoChannel
	if len(c.Addresses)+len(c.Others) > 0 {
		reason = mailer.BlockAddressDead
	}
	if !slices.ContainsFunc(all, func(ch mailer.Channel) bool { return ch.Suppressed || ch.Full }) {
		reason = mailer.BlockNoChannel // nothing failed: what there is cannot be used
	}
	return route{}, blockedBy(c.Duties, reason), p.Register.Allowed().Missing(c.Contact, all)
}
