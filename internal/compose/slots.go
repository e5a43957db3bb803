package compose

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/language"
	"article14/locales"
	"article14/mailer"
)

// on is the text of slots that only say that a part stands.
const on = "1"

// Slots draws one person's values, in every language of the skeleton. It fails
// where a value that every such document needs is not known. Errors hold no value.
func (c *Composer) Slots(reg *mailer.Register, in mailer.SlotInput) (mailer.Slots, error) {
	p, err := c.planFor(in.Key)
	if err != nil {
		return nil, err
	}
	const most = 24 // values that people have with two sources in one language
	d := &drawing{plan: p, reg: reg, in: in, slots: make(mailer.Slots, most)}
	d.name()
	d.authority()
	switch in.Key.Document {
	case mailer.DocNotice:
		err = d.notice()
	default:
		err = d.correspondence()
	}
	return d.slots, err
}

// drawing is the work of one call of Slots.
type drawing struct {
	*plan
	reg   *mailer.Register
	in    mailer.SlotInput
	slots mailer.Slots
}

// date writes the day of an instant in every language. The controller's zone
// decides the day (D10).
func (d *drawing) date(name string, at time.Time) {
	d.day(name, calendar.DateOf(at, d.reg.Controller.Zone))
}

func (d *drawing) day(name string, day calendar.Date) {
	for i, slot := range d.names[name] {
		d.slots[slot] = d.languages[i].Date(day)
	}
}

// linkLike is what mail programs make links of: an address, a scheme, or a dot with
// letters of one case behind it ("evil.com", but not "J.Smith").
var linkLike = regexp.MustCompile(`@|://|[\p{L}\d-]\.(\p{Ll}{2}|\p{Lu}{2})`)

// name greets a person by their name. What would become a link in a mail program
// is none, and gets the greeting without a name: nobody shall reach readers
// through a name that they put into a contact file.
func (d *drawing) name() {
	name := clean(d.in.Facts.Contact.Name, maxValue)
	if name == "" || strings.ContainsAny(name, "@:.") && linkLike.MatchString(name) {
		d.slots["no_name"] = on
		return
	}
	d.slots["name"] = name
}

// authority is that of the person's country; outside the table it is that of
// the controller's (docs/rules.md R8).
func (d *drawing) authority() {
	a, known := language.AuthorityFor(d.in.Facts.Contact.Country, d.in.Facts.Contact.Region)
	if !known {
		a, _ = language.AuthorityFor(d.reg.Controller.Country, "")
	}
	for i, slot := range d.names["authority"] {
		d.slots[slot] = authorityName(a, d.languages[i])
	}
	if a.Address != "" {
		d.slots["authority_address"] = a.Address
	}
	if site := a.ComplaintURL; webAddress(site) {
		d.slots[authoritySite] = site
	} else if webAddress(a.Website) {
		d.slots[authoritySite] = a.Website
	}
}

// authorityName is the English name in English, and elsewhere the authority's own.
// Where only a list of them is known, that is said in the reader's language.
func authorityName(a language.Authority, l *locales.Localizer) string {
	if a.List {
		if text, err := l.Text("authority.land", nil); err == nil {
			return text
		}
	}
	return typographic.Replace(a.NameIn(l.Code()))
}

// typographic gives names from the table of authorities the apostrophes of print.
var typographic = strings.NewReplacer("'", "’")

func (d *drawing) notice() error {
	act, known := d.reg.Activity(d.in.ActivityKey)
	if !known {
		return fmt.Errorf("compose: the register has no activity %q", d.in.ActivityKey)
	}
	if err := d.sources(); err != nil {
		return err
	}
	if err := d.storage(act); err != nil {
		return err
	}
	d.slots["code"] = d.in.Code
	d.date("date", d.in.Now)
	d.why()
	return d.deadline()
}

// sources has page and day of the first acquisition from each source of the form.
func (d *drawing) sources() error {
	for _, source := range d.plan.sources {
		i := slices.IndexFunc(d.in.Facts.Acquisitions, func(a mailer.Acquisition) bool { return a.SourceKey == source.key })
		if i < 0 && d.in.Again { // erased since: its page and day are gone with it
			continue
		}
		if i < 0 {
			return fmt.Errorf("compose: the notice names the source %q, from which nothing was obtained", source.key)
		}
		a := &d.in.Facts.Acquisitions[i]
		if a.ObtainedAt.IsZero() || a.Basis == mailer.ObtainedUnknown {
			d.slots[source.unknown] = on
		} else {
			d.date(source.obtained, a.ObtainedAt)
		}
		if page := shown(a.Page); page != "" {
			d.slots[source.page] = page
		}
	}
	return nil
}

// shown is a page's address as it is printed: text to be read, not a link.
func shown(page string) string {
	page = clean(page, maxValue)
	for _, scheme := range []string{"https://", "http://"} {
		if len(page) >= len(scheme) && strings.EqualFold(page[:len(scheme)], scheme) {
			return strings.TrimSuffix(page[len(scheme):], "/")
		}
	}
	return page
}

// storage is the day on which the deletion job acts (T1, T2).
func (d *drawing) storage(act mailer.Activity) error {
	start := d.in.Facts.StorageStart()
	if start.IsZero() {
		return errors.New("compose: neither the obtaining nor the reading of the data is on record, so that the end of storage is unknown (14.2.a)")
	}
	zone := d.reg.Controller.Zone
	end := act.Retention.End(calendar.DateOf(start, zone))
	if end.Before(calendar.DateOf(d.in.Now, zone)) {
		return fmt.Errorf("compose: %w", mailer.ErrStorageEnded)
	}
	if d.marked {
		only := mailer.NoticeOnlyEnd(calendar.DateOf(d.in.Now, zone), end)
		d.day("notice_only_end", only)
		if d.narrow {
			end = only
		}
	}
	d.day("retention_end", end)
	if d.in.Facts.Contact.FirstObtainedAt.IsZero() {
		d.slots["start_unknown"] = on
	} else {
		d.slots["start_known"] = on
	}
	return nil
}

// newPurpose begins the cause of a duty that a new purpose opened; its key follows.
const newPurpose = "purpose:"

// why says what the notice is owed for: that data were obtained, or, where that was
// told before, that they are to serve for a new purpose, and which (Art. 14(4)).
func (d *drawing) why() {
	var purposes []string
	for _, duty := range d.in.Facts.Duties {
		key, is := strings.CutPrefix(duty.Cause, newPurpose)
		if !is { // all is new to somebody who is told for the first time
			d.slots["why_month"] = on
			return
		}
		purposes = append(purposes, key)
	}
	d.slots["why_purpose"] = on
	for _, key := range purposes {
		d.slots[newPurposeSlot+key] = on
	}
}

// deadline is the earliest of the duties that the notice discharges; where it
// has passed, the notice says that it is late (D7).
func (d *drawing) deadline() error {
	var due mailer.Due
	for _, duty := range d.in.Facts.Duties {
		if at := duty.Due; due.At.IsZero() || at.At.Before(due.At) {
			due = at
		}
	}
	switch late := d.in.Now.After(due.At); {
	case due.At.IsZero():
		return errors.New("compose: a notice needs a duty with its deadline")
	case late && due.Rule == mailer.DueUnknown:
		d.slots["late_unknown"] = on
	case late:
		d.date("due_date", due.At)
	default:
		d.date("deadline", due.At)
	}
	return nil
}
