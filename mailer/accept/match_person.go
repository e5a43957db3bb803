package accept

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"article14/internal/identity"
	"article14/mailer"
)

// person is a contact while a batch is worked out: as stored, and what is new.
type person struct {
	mailer.Contact
	seniority       int                 // who was taken in earlier has less
	identifiers     []mailer.Identifier // as stored
	acquisitions    []mailer.Acquisition
	duties          map[dutyKey]*owed
	has             map[string]bool // hashes of identifiers, new ones included
	newIdentifiers  []mailer.Identifier
	newAcquisitions []mailer.Acquisition
	isNew, changed  bool
}

// owed is a duty while a batch is worked out.
type owed struct {
	mailer.Duty
	isNew, shortened, quarantined bool
	told                          []PriorNotice // new evidence
}

func knownPerson(k mailer.Known) *person {
	p := &person{Contact: k.Contact, identifiers: k.Identifiers, acquisitions: k.Acquisitions, has: map[string]bool{}, duties: map[dutyKey]*owed{}}
	for _, id := range k.Identifiers {
		p.has[string(id.Hash)] = true
	}
	for _, d := range k.Duties {
		p.duties[dutyKey{d.ActivityKey, d.SourceKey, d.Cause}] = &owed{Duty: d}
	}
	return p
}

// dutyKeys are what the person's duties are for, in an order of their own.
func (p *person) dutyKeys() []dutyKey {
	return slices.SortedFunc(maps.Keys(p.duties), dutyKey.compare)
}

// update fills what was empty and, from newer data than those of the record,
// takes what changed: another job or town is the same person still (D5).
// When data were first obtained only ever moves to an earlier day (T1).
func (p *person) update(rec Record, newer bool) {
	set := func(to *string, value string) {
		if value != "" && value != *to && (*to == "" || newer) {
			*to, p.changed = value, true
		}
	}
	if better := betterName(p.Name, rec.Contact.Name, newer); better != p.Name {
		p.Name, p.changed = better, true
	}
	set(&p.Organisation, rec.Contact.Organisation)
	set(&p.JobTitle, rec.Contact.JobTitle)
	set(&p.Language, rec.Contact.Language)
	p.move(rec.Contact, newer, set)
	p.obtained(rec.ObtainedAt)
}

// obtained notes when data were obtained; storage counts from the first time (T1).
func (p *person) obtained(at time.Time) {
	if !at.IsZero() && (p.FirstObtainedAt.IsZero() || at.Before(p.FirstObtainedAt)) {
		p.FirstObtainedAt, p.changed = at, true
	}
}

// move takes a place as a whole: a town of one country never stands with another.
func (p *person) move(to mailer.Contact, newer bool, set func(*string, string)) {
	if to.Country != "" && p.Country != "" && to.Country != p.Country {
		if !newer {
			return
		}
		p.Region, p.City, p.PostalCode = "", "", ""
	}
	set(&p.Country, to.Country)
	set(&p.Region, to.Region)
	set(&p.City, to.City)
	set(&p.PostalCode, to.PostalCode)
}

// betterName keeps the fuller way of writing one name ("Jane Roe" for
// "J. Roe"), and takes another name from newer data only.
func betterName(old, other string, newer bool) string {
	switch {
	case other == "":
		return old
	case old == "":
		return other
	case !identity.NamesCompatible(old, other):
		if newer {
			return other
		}
	case len(identity.FoldName(other)) > len(identity.FoldName(old)):
		return other
	}
	return old
}

// acquire records an obtaining, once: the same source, activity, instant, page
// and visibility read again add nothing (S1, D5). It returns the one on record.
func (p *person) acquire(r intakeRules, rec Record) mailer.ID {
	for _, a := range p.acquisitions {
		if a.SourceKey == r.source.Key && a.ActivityKey == r.activity && a.ObtainedAt.Equal(rec.ObtainedAt) && a.Page == rec.Page && a.Visibility == rec.Visibility {
			return a.ID
		}
	}
	a := mailer.Acquisition{
		ID: mailer.NewID(r.now), SourceKey: r.source.Key, ActivityKey: r.activity, ObtainedAt: rec.ObtainedAt, Basis: rec.Basis, Page: rec.Page,
		Visibility: rec.Visibility, ImportID: r.importID, Line: rec.Line,
	}
	p.acquisitions = append(p.acquisitions, a)
	p.newAcquisitions = append(p.newAcquisitions, a)
	return a.ID
}

// owe opens the duty that an obtaining brings (14(3)), one for each contact,
// activity and source. Each row's deadline follows from that row alone, and the
// duty keeps the earliest: no order of rows or files makes it later, and none
// makes a difference (D1, D5).
func (r intakeRules) owe(p *person, rec Record, acquisition mailer.ID) {
	due := mailer.DueFor(mailer.DueInputs{ObtainedAt: rec.ObtainedAt, Basis: rec.Basis, FirstCommunication: rec.FirstCommunication,
		FirstDisclosure: rec.FirstDisclosure, ReadAt: r.now}, r.zone)
	key := r.dutyKey()
	d, known := p.duties[key]
	if !known {
		state, reason := r.opening(p, rec.Visibility)
		p.duties[key] = &owed{isNew: true, Duty: mailer.Duty{
			ID: mailer.NewID(r.now), ContactID: p.ID, ActivityKey: r.activity, SourceKey: r.source.Key, Cause: mailer.CauseAcquisition, AcquisitionID: acquisition,
			ObtainedAt: rec.ObtainedAt, Due: due, State: state, Reason: reason,
		}}
		return
	}
	if d.bringForward(due) && !rec.ObtainedAt.IsZero() && (d.ObtainedAt.IsZero() || rec.ObtainedAt.Before(d.ObtainedAt)) {
		d.ObtainedAt = rec.ObtainedAt
	}
}

// bringForward takes an earlier deadline, and tells whether this one is.
func (d *owed) bringForward(due mailer.Due) bool {
	if d.State == mailer.DutyErased || !due.At.Before(d.Due.At) {
		return false
	}
	d.Due, d.shortened = due, true
	return true
}

// opening is the state of a new duty. Data whose holder restricted who may see
// them are quarantined while their date runs on (S4); for unknown visibility
// the source's rule decides, and without one the notice goes out. So it does to
// whom a person decided to tell.
func (r intakeRules) opening(p *person, v mailer.Visibility) (mailer.DutyState, mailer.BlockReason) {
	if mailer.Quarantined(v, r.source) && p.TellAt.IsZero() {
		return mailer.DutyBlocked, mailer.BlockQuarantined
	}
	return mailer.DutyOpen, ""
}

// restrict quarantines what a person is owed about this source, because a row
// says that its data are restricted: the duty that obtaining them opened, and
// where no other source stands behind the activity, those of new purposes (S4).
// Whom a person decided to tell is told of this too.
func (c *crowd) restrict(p *person) {
	if !p.TellAt.IsZero() {
		return
	}
	var ofPurposes []*owed
	unrestricted := false
	for _, key := range p.dutyKeys() {
		switch d := p.duties[key]; {
		case key.activity != c.rules.activity:
		case key.cause != mailer.CauseAcquisition:
			ofPurposes = append(ofPurposes, d)
		case key.source == c.rules.source.Key:
			c.quarantine(d)
		case d.Reason != mailer.BlockQuarantined:
			unrestricted = true
		}
	}
	if unrestricted {
		return
	}
	for _, d := range ofPurposes {
		c.quarantine(d)
	}
}

// quarantine blocks a duty that nothing was done about yet, or that ended because
// its person was told before: that does not make restricted data usable, and the
// order of the rows must make no difference. A notice that still waits is stopped by
// the store, which alone knows whether it does; where it is on the wire or was given,
// or a person excused the duty, a person has to know.
func (c *crowd) quarantine(d *owed) {
	switch {
	case d.State == mailer.DutyBlocked && d.Reason == mailer.BlockQuarantined:
	case d.State == mailer.DutyOpen, d.State == mailer.DutyInFlight, d.State == mailer.DutyFailed, d.State == mailer.DutyBlocked, d.State == mailer.DutyExcused && d.Excuse == mailer.ToldBefore:
		d.State, d.Reason, d.Excuse, d.Detail, d.quarantined = mailer.DutyBlocked, mailer.BlockQuarantined, "", "", true
	case d.State == mailer.DutyMet, d.State == mailer.DutyExcused:
		c.alerts = append(c.alerts, RestrictedLater(d.Duty))
	}
}

// RestrictedLater is the alert that data turned out to be restricted (S4) when
// their duty could not be quarantined any more.
func RestrictedLater(d mailer.Duty) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertRestrictedLater, Subject: d.ContactID.String(),
		Detail: fmt.Sprintf("duty %s, of source %s: its data are restricted, and that was learnt when it was no longer open; decide about them", d.ID, d.SourceKey)}
}
