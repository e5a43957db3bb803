package assess

import (
	"context"
	"fmt"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// scratch is an ImportStore in memory: what an import comes to is kept there, and
// nowhere else. Who is stored already is looked up in the store under it, which is
// never asked to store anything. It serves one import, and nobody else at once.
type scratch struct {
	under  accept.ImportStore // nil: nobody is known
	pack   packer
	people [][]byte            // packed; 2,000,000 people have to fit
	first  map[hashKey]int32   // who has an identifier
	others map[hashKey][]int32 // who has it too: addresses alone are shared
	stored map[mailer.ID]int32 // people of the store under it that were looked up
	batch  map[mailer.ID]int32 // everybody whom the batch at hand may change
}

// hashKey is the first half of an identifier's hash: 128 bits tell people apart.
type hashKey [16]byte

func keyOf(hash []byte) (k hashKey) {
	copy(k[:], hash)
	return k
}

func newScratch(under accept.ImportStore) *scratch {
	return &scratch{under: under, first: map[hashKey]int32{}, others: map[hashKey][]int32{}, stored: map[mailer.ID]int32{}}
}

// BeginImport begins at the first row, whatever was read before.
func (s *scratch) BeginImport(_ context.Context, _ mailer.ID, imp accept.Import, now time.Time) (accept.Import, error) {
	imp.ID = mailer.NewID(now)
	return imp, nil
}

// FinishImport has nothing to note.
func (s *scratch) FinishImport(context.Context, mailer.ID, time.Time) error { return nil }

// Merge lets decide look at whom the batch knows, of the store and of the batches
// before, and keeps what it says.
func (s *scratch) Merge(ctx context.Context, controller, importID mailer.ID, keys accept.BatchKeys, now time.Time,
	decide func(known []mailer.Known, suppressed map[string]bool) accept.Merge) error {
	var stored []mailer.Known
	var suppressed map[string]bool
	if s.under != nil {
		err := s.under.Merge(ctx, controller, importID, keys, now, func(known []mailer.Known, stopped map[string]bool) accept.Merge {
			stored, suppressed = known, stopped
			return accept.Merge{}
		})
		if err != nil {
			return err
		}
	}
	for _, k := range stored {
		if _, here := s.stored[k.Contact.ID]; !here {
			s.stored[k.Contact.ID] = s.keep(scratchPerson{Known: k, wasKnown: true})
		}
	}
	s.batch = map[mailer.ID]int32{}
	var known []mailer.Known
	for _, hashes := range keys {
		for _, h := range hashes {
			known = s.meet(known, keyOf(h))
		}
	}
	s.store(decide(known, suppressed))
	return nil
}

// meet adds those who have an identifier and are not among known yet.
func (s *scratch) meet(known []mailer.Known, key hashKey) []mailer.Known {
	one, ok := s.first[key]
	if !ok {
		return known
	}
	for _, at := range append([]int32{one}, s.others[key]...) {
		p := s.pack.read(s.people[at])
		if _, met := s.batch[p.Contact.ID]; !met {
			s.batch[p.Contact.ID] = at
			known = append(known, p.Known)
		}
	}
	return known
}

// keep adds a person, with all that they can be recognised by.
func (s *scratch) keep(p scratchPerson) int32 {
	at := int32(len(s.people))
	s.people = append(s.people, s.pack.write(p))
	for _, id := range p.Identifiers {
		s.recognise(id, at)
	}
	return at
}

func (s *scratch) recognise(id mailer.Identifier, at int32) {
	key := keyOf(id.Hash)
	switch _, taken := s.first[key]; {
	case !id.Kind.Recognises():
	case taken:
		s.others[key] = append(s.others[key], at)
	default:
		s.first[key] = at
	}
}

// store keeps what a batch comes to. Whoever is new has everything in it; of
// whoever was known, what it adds.
func (s *scratch) store(m accept.Merge) {
	changed := map[mailer.ID]*scratchPerson{}
	for _, c := range m.NewContacts {
		changed[c.ID] = &scratchPerson{Known: mailer.Known{Contact: c}}
	}
	known := func(id mailer.ID) *scratchPerson {
		if changed[id] == nil {
			p := s.pack.read(s.people[s.batch[id]])
			changed[id] = &p
		}
		return changed[id]
	}
	for _, c := range m.Updated {
		known(c.ID).Contact = c
	}
	for id, as := range m.Acquisitions {
		known(id).acquire(as)
	}
	for _, d := range m.Duties {
		p := known(d.ContactID)
		p.Duties, p.opened = append(p.Duties, d), append(p.opened, true)
	}
	for _, d := range slices.Concat(m.Shortened, m.Quarantined) {
		known(d.ContactID).replace(d)
	}
	for _, n := range m.Told {
		known(n.ContactID).tell(n)
	}
	for id, ids := range m.Identifiers {
		p := known(id)
		p.Identifiers = append(p.Identifiers, ids...)
		if at, here := s.batch[id]; here {
			for _, i := range ids {
				s.recognise(i, at)
			}
		}
	}
	for id, p := range changed {
		if at, here := s.batch[id]; here {
			s.people[at] = s.pack.write(*p)
		} else {
			s.keep(*p)
		}
	}
}

// each gives everybody, as they stand behind the last row.
func (s *scratch) each(fn func(Assessed)) {
	for _, packed := range s.people {
		a := s.pack.read(packed).assessed()
		for i, ch := range a.Addresses {
			a.Addresses[i].Shared = len(s.others[keyOf(ch.Identifier.Hash)]) > 0
		}
		fn(a)
	}
}

// sharedMailboxes are the addresses of several people.
func (s *scratch) sharedMailboxes() int64 { return int64(len(s.others)) }

// scratchPerson is a person in memory.
type scratchPerson struct {
	mailer.Known
	wasKnown bool
	opened   []bool // of the duties: whether this file opens them
}

// acquire adds obtainings; what differs by its page alone says nothing new here.
func (p *scratchPerson) acquire(as []mailer.Acquisition) {
	for _, a := range as {
		if !slices.ContainsFunc(p.Acquisitions, func(o mailer.Acquisition) bool {
			return o.SourceKey == a.SourceKey && o.ActivityKey == a.ActivityKey && o.ObtainedAt.Equal(a.ObtainedAt) && o.Visibility == a.Visibility
		}) {
			p.Acquisitions = append(p.Acquisitions, a)
		}
	}
}

// replace takes over a duty whose date or state has changed.
func (p *scratchPerson) replace(d mailer.Duty) { *p.duty(d.ID) = d }

// tell notes since when the person was told of a duty: the earliest telling counts.
// That it ends by this changes nothing for the rows behind it, see crowd.quarantine;
// the assessor ends it.
func (p *scratchPerson) tell(n accept.PriorNotice) {
	d := p.duty(n.DutyID)
	if d.ToldAt.IsZero() || n.ToldAt.Before(d.ToldAt) {
		d.ToldAt = n.ToldAt
	}
}

func (p *scratchPerson) duty(id mailer.ID) *mailer.Duty {
	at := slices.IndexFunc(p.Duties, func(d mailer.Duty) bool { return d.ID == id })
	if at < 0 {
		panic(fmt.Sprintf("duty %s, which is not there, was changed", id)) // the importer changes what it was shown
	}
	return &p.Duties[at]
}

// assessed is the person with the duties that the file opens.
func (p scratchPerson) assessed() Assessed {
	s := Assessed{Known: p.Known, WasKnown: p.wasKnown}
	s.Duties = nil
	for i, d := range p.Duties {
		if i < len(p.opened) && p.opened[i] {
			s.Duties = append(s.Duties, d)
		}
	}
	for _, id := range p.Identifiers {
		switch {
		case id.Kind == mailer.ByEmail:
			s.Addresses = append(s.Addresses, mailer.Channel{Identifier: id})
		case id.Kind.IsChannel():
			s.Others = append(s.Others, mailer.Channel{Identifier: id})
		}
	}
	return s
}
