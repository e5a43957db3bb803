package accept

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"article14/internal/identity"
	"article14/mailer"
)

// intakeRules decide what becomes of rows: whose they are, and which duties
// they open. All of it follows from the rows and what is stored; nothing here
// asks the time or a database.
type intakeRules struct {
	register *mailer.Register
	source   mailer.Source
	activity string
	zone     *time.Location
	key      mailer.Key // identity
	importID mailer.ID
	now      time.Time
	basis    mailer.ObtainedBasis // of rows without a date (D4)
	stated   time.Time
	proof    string // of prior notices that name none
}

// identifiers are what a row can be recognised by, in the order in which they
// are tried: the source's own reference, then the profile, then addresses. A
// row that has none of them is recognised by its digest, when it is read again.
// A telephone number and a postal address come along and recognise nobody: families and offices share theirs.
func (r intakeRules) identifiers(rec Record) []mailer.Identifier {
	var ids []mailer.Identifier
	add := func(kind mailer.IdentifierKind, value, normal string) {
		hash := r.key.MAC([]byte(kind), []byte(normal))
		if !slices.ContainsFunc(ids, func(id mailer.Identifier) bool { return bytes.Equal(id.Hash, hash) }) {
			ids = append(ids, mailer.Identifier{Kind: kind, Value: value, Hash: hash, KeyID: r.key.ID})
		}
	}
	if rec.SourceRef != "" {
		add(mailer.BySourceRef, rec.SourceRef, r.source.Key+"\n"+rec.SourceRef)
	}
	if normal, ok := identity.ProfileURL(rec.ProfileURL); ok {
		add(mailer.ByProfileURL, rec.ProfileURL, normal)
	}
	for _, e := range rec.Emails {
		add(mailer.ByEmail, e.Value, e.Normal)
	}
	if len(ids) == 0 {
		add(mailer.ByRow, "", string(rec.Digest))
	}
	if normal, _ := identity.Phone(rec.Phone); normal != "" {
		add(mailer.ByPhone, rec.Phone, normal)
	}
	if normal := rec.Postal.Normal(); normal != "" {
		add(mailer.ByPostal, rec.Postal.Value(), normal)
	}
	return ids
}

// batchKeys are the hashes under which a batch's people may be stored, sorted:
// random ones in the order of a file would tear through the index.
func batchKeys(rows []batchRow) BatchKeys {
	keys := BatchKeys{}
	for _, row := range rows {
		for _, id := range row.ids {
			if id.Kind.Recognises() {
				keys[id.Kind] = append(keys[id.Kind], id.Hash)
			}
		}
	}
	for kind, hashes := range keys {
		slices.SortFunc(hashes, bytes.Compare)
		keys[kind] = slices.CompactFunc(hashes, bytes.Equal)
	}
	return keys
}

// batchRow is a row of a batch: refused already, or with its identifiers.
type batchRow struct {
	rec        Record
	ids        []mailer.Identifier
	refusal    *Refusal
	noticeOnly bool // it says when somebody known was told, and brings no data
}

// crowd is everybody whom a batch may be about: contacts that are stored, and
// those that the batch itself brought, so that its rows find each other.
type crowd struct {
	rules      intakeRules
	byHash     map[string][]*person
	people     []*person
	suppressed map[string]bool
	alerts     []mailer.Alert
}

// decide works out what a batch comes to, and which of its rows are refused.
func (r intakeRules) decide(rows []batchRow, known []mailer.Known, suppressed map[string]bool) (Merge, []Refusal) {
	c := &crowd{rules: r, byHash: map[string][]*person{}, suppressed: suppressed}
	slices.SortFunc(known, bySeniority)
	for _, k := range known {
		c.join(knownPerson(k))
	}
	m := Merge{Rows: int64(len(rows)), Identifiers: map[mailer.ID][]mailer.Identifier{}, Acquisitions: map[mailer.ID][]mailer.Acquisition{}}
	var refused []Refusal
	for _, row := range rows {
		p, refusal := c.judge(&row)
		switch {
		case refusal != nil:
			refused = append(refused, *refusal)
			m.Counts.Refused++
			continue
		case p == nil:
			p = c.newcomer()
			m.Counts.Accepted++
		default:
			m.Counts.Merged++
		}
		c.take(p, row)
	}
	c.write(&m)
	return m, refused
}

// bySeniority orders contacts as they were taken in, so that a tie between two
// ends the same way in every run: by the instant in their ids, and those of
// one batch, whose ids are random behind it, by the lines that brought them.
func bySeniority(a, b mailer.Known) int {
	line := func(k mailer.Known) int64 {
		var first int64
		for _, acq := range k.Acquisitions {
			if first == 0 || acq.Line < first {
				first = acq.Line
			}
		}
		return first
	}
	return cmp.Or(bytes.Compare(a.Contact.ID[:6], b.Contact.ID[:6]), cmp.Compare(line(a), line(b)), bytes.Compare(a.Contact.ID[:], b.Contact.ID[:]))
}

// find says whose a row is; nobody's is a newcomer's. Where identifiers lead to
// several contacts the first in order wins and the contradiction is put on
// record. Who objected or was erased, and is not stored any more, is not taken in again (R5).
func (c *crowd) find(row batchRow) (*person, *Refusal) {
	var found *person
	for _, id := range row.ids {
		p := c.holder(id, row.rec.Contact.Name)
		switch {
		case p == nil || found != nil && found.has[string(id.Hash)]:
		case found == nil:
			found = p
		default:
			c.alerts = append(c.alerts, mailer.Alert{Kind: mailer.AlertIdentityConflict, Subject: found.ID.String(),
				Detail: fmt.Sprintf("line %d of import %s: its %s is that of contact %s; they may be one person", row.rec.Line, c.rules.importID, id.Kind, p.ID)})
		}
	}
	if found == nil && c.objected(row.ids) {
		return nil, &Refusal{Line: row.rec.Line, Row: row.rec.Row, Reason: "this person objected or was erased, and is not taken in again: take the row out at the source"}
	}
	return found, nil
}

// holder is the contact that an identifier leads to. An address does so only
// with a compatible name, of several the best fitting, and the longest known
// among those: two names on one address are two people.
func (c *crowd) holder(id mailer.Identifier, name string) *person {
	holders := c.byHash[string(id.Hash)]
	if id.Kind != mailer.ByEmail {
		if len(holders) == 0 {
			return nil
		}
		return holders[0]
	}
	var best *person
	fit := 0
	for _, p := range holders {
		if f := nameFit(p.Name, name); f > fit || f == fit && best != nil && p.seniority < best.seniority {
			best, fit = p, f
		}
	}
	return best
}

// nameFit grades how well two names go together: 0 not at all.
func nameFit(a, b string) int {
	fa, fb := identity.FoldName(a), identity.FoldName(b)
	switch {
	case !identity.NamesCompatible(a, b):
		return 0
	case fa == "" || fb == "":
		return 1
	case fa != fb:
		return 2
	}
	return 3
}

// objected tells whether an identifier is suppressed for use. On a shared
// mailbox the objection may be that of another, who is still stored: then it is theirs alone.
func (c *crowd) objected(ids []mailer.Identifier) bool {
	return slices.ContainsFunc(ids, func(id mailer.Identifier) bool {
		theirs := slices.ContainsFunc(c.byHash[string(id.Hash)], func(p *person) bool { return !p.ObjectedAt.IsZero() })
		return c.suppressed[string(id.Hash)] && !theirs
	})
}

func (c *crowd) newcomer() *person {
	p := &person{Contact: mailer.Contact{ID: mailer.NewID(c.rules.now)}, seniority: len(c.people), isNew: true, has: map[string]bool{}, duties: map[dutyKey]*owed{}}
	c.people = append(c.people, p)
	return p
}

func (c *crowd) join(p *person) {
	p.seniority = len(c.people)
	c.people = append(c.people, p)
	for _, id := range p.identifiers {
		if id.Kind.Recognises() {
			c.byHash[string(id.Hash)] = append(c.byHash[string(id.Hash)], p)
		}
	}
}

// take adds a row to a person. What already identifies somebody else stays
// theirs alone; only an address may be shared.
func (c *crowd) take(p *person, row batchRow) {
	if row.noticeOnly {
		c.takeNotice(p, row.rec)
		return
	}
	adds := c.rules.adds(p, row.rec)
	for _, id := range row.ids {
		holders := c.byHash[string(id.Hash)]
		if !adds || p.has[string(id.Hash)] || len(holders) > 0 && id.Kind != mailer.ByEmail {
			continue
		}
		id.ID = mailer.NewID(c.rules.now)
		p.has[string(id.Hash)] = true
		p.newIdentifiers = append(p.newIdentifiers, id)
		if id.Kind.Recognises() {
			c.byHash[string(id.Hash)] = append(holders, p)
		}
	}
	c.rules.fill(p, row.rec)
	c.rules.owe(p, row.rec, p.acquire(c.rules, row.rec))
	c.rules.tell(p, row.rec)
	if mailer.Quarantined(row.rec.Visibility, c.rules.source) {
		c.restrict(p)
	}
}

// write lists what is to be stored, in the order of the contacts' ids.
func (c *crowd) write(m *Merge) {
	slices.SortFunc(c.people, func(a, b *person) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, p := range c.people {
		switch {
		case p.isNew:
			m.NewContacts = append(m.NewContacts, p.Contact)
		case p.changed:
			m.Updated = append(m.Updated, p.Contact)
		}
		if len(p.newIdentifiers) > 0 {
			m.Identifiers[p.ID] = p.newIdentifiers
		}
		if len(p.newAcquisitions) > 0 {
			m.Acquisitions[p.ID] = p.newAcquisitions
		}
		for _, key := range p.dutyKeys() {
			d := p.duties[key]
			m.Told = append(m.Told, d.told...)
			if d.isNew {
				m.Duties = append(m.Duties, d.Duty)
				continue
			}
			if d.shortened {
				m.Shortened = append(m.Shortened, d.Duty)
			}
			if d.quarantined {
				m.Quarantined = append(m.Quarantined, d.Duty)
			}
		}
	}
	m.Alerts = c.alerts
}

// dutyKey is what there is one duty for (D5).
type dutyKey struct{ activity, source, cause string }

func (k dutyKey) compare(other dutyKey) int {
	return cmp.Or(cmp.Compare(k.activity, other.activity), cmp.Compare(k.source, other.source), cmp.Compare(k.cause, other.cause))
}
