package accept

import (
	"time"

	"article14/mailer"
)

// adds tells whether a row's values may become part of a person's record. Data that
// must not be used (S4) add nothing to somebody of whom we have data that may be:
// once mixed, nobody could tell them apart. They make up the record of a person
// only where there is nothing else, to tell them.
func (r intakeRules) adds(p *person, rec Record) bool {
	return mailer.DoubtAbout(rec.Visibility, r.source) == mailer.DoubtNone || !r.usable(p)
}

// usable tells whether anything was obtained about a person that may be used.
func (r intakeRules) usable(p *person) bool {
	return mailer.MayBeUsed(r.register, p.acquisitions)
}

// newest is when the latest data were obtained that a person's record is made of:
// those that may be used, or all where there are none (see adds). It follows from what
// is stored alone, so that it is the same wherever a batch ends or an import stops.
func (r intakeRules) newest(p *person) (latest time.Time) {
	usable := r.usable(p)
	for i, a := range p.acquisitions {
		if a.ObtainedAt.After(latest) && (!usable || mailer.MayBeUsed(r.register, p.acquisitions[i:i+1])) {
			latest = a.ObtainedAt
		}
	}
	return latest
}

// fill puts a row's values into a person's record, as far as they may be. The first
// that may be used take the place of what was there before, whenever that was obtained;
// the name by which the person is told stays until they bring another.
func (r intakeRules) fill(p *person, rec Record) {
	switch {
	case !r.adds(p, rec):
		p.obtained(rec.ObtainedAt)
	case len(p.acquisitions) > 0 && !r.usable(p) && mailer.DoubtAbout(rec.Visibility, r.source) == mailer.DoubtNone:
		p.Country, p.Region, p.City, p.PostalCode, p.Language, p.Organisation, p.JobTitle = "", "", "", "", "", "", ""
		p.changed = true
		p.update(rec, true)
	default:
		p.update(rec, rec.ObtainedAt.After(r.newest(p)))
	}
}
