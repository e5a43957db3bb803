package mailer

// adds tells whether a row's values may become part of a person's record. Data that
// must not be used (S4) add nothing to somebody of whom we have data that may be:
// once mixed, nobody could tell them apart. They make up the record of a person
// only where there is nothing else, to tell them.
func (r intakeRules) adds(p *person, rec Record) bool {
	return DoubtAbout(rec.Visibility, r.source) == DoubtNone || !r.usable(p)
}

// usable tells whether anything was obtained about a person that may be used.
func (r intakeRules) usable(p *person) bool {
	return mayBeUsed(r.register, p.acquisitions)
}

// fill puts a row's values into a person's record, as far as they may be. The first
// that may be used take the place of what was there before; the name by which the
// person is told stays until they bring another.
func (r intakeRules) fill(p *person, rec Record) {
	switch {
	case !r.adds(p, rec):
		p.obtained(rec.ObtainedAt)
		return
	case len(p.acquisitions) > 0 && !r.usable(p) && DoubtAbout(rec.Visibility, r.source) == DoubtNone:
		p.Country, p.Region, p.City, p.PostalCode, p.Language, p.Organisation, p.JobTitle = "", "", "", "", "", "", ""
		p.changed = true
	}
	p.update(rec)
}
