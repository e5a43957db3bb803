package assess

import (
	"encoding/binary"
	"time"

	"article14/mailer"
)

// packer writes people as few bytes: what matching and placing look at, and no
// more. Organisation, job title, page and the values of identifiers other than
// addresses are left out. Words that come again and again stand once.
type packer struct {
	words []string
	index map[string]uint64
}

func (k *packer) write(p scratchPerson) []byte {
	w := packing{packer: k, b: make([]byte, 0, 256)}
	c := p.Contact
	w.b = append(w.b, c.ID[:]...)
	w.flag(p.wasKnown)
	for _, s := range []string{c.Name, c.City, c.PostalCode} {
		w.text(s)
	}
	for _, s := range []string{c.Country, c.Region, c.Language} {
		w.word(s)
	}
	w.instant(c.FirstObtainedAt)
	w.instant(c.ObjectedAt)
	w.instant(c.TellAt)
	w.number(uint64(len(p.Identifiers)))
	for _, i := range p.Identifiers {
		w.identifier(i)
	}
	w.number(uint64(len(p.Acquisitions)))
	for _, a := range p.Acquisitions {
		w.acquisition(a)
	}
	w.number(uint64(len(p.Duties)))
	for i, d := range p.Duties {
		w.flag(i < len(p.opened) && p.opened[i])
		w.duty(d)
	}
	return append(make([]byte, 0, len(w.b)), w.b...) // no more than it needs
}

// read takes back what write wrote; anything else is a fault of the program.
func (k *packer) read(b []byte) (p scratchPerson) {
	r := unpacking{packer: k, b: b}
	c := &p.Contact
	r.b = r.b[copy(c.ID[:], r.b):]
	p.wasKnown = r.flag()
	for _, s := range []*string{&c.Name, &c.City, &c.PostalCode} {
		*s = r.text()
	}
	for _, s := range []*string{&c.Country, &c.Region, &c.Language} {
		*s = r.word()
	}
	c.FirstObtainedAt, c.ObjectedAt, c.TellAt = r.instant(), r.instant(), r.instant()
	for range r.number() {
		p.Identifiers = append(p.Identifiers, r.identifier())
	}
	for range r.number() {
		p.Acquisitions = append(p.Acquisitions, r.acquisition())
	}
	for range r.number() {
		p.opened = append(p.opened, r.flag())
		p.Duties = append(p.Duties, r.duty(c.ID))
	}
	return p
}

type packing struct {
	*packer
	b []byte
}

func (w *packing) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *packing) flag(f bool) {
	if f {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *packing) text(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *packing) word(s string) {
	n, known := w.index[s]
	if !known {
		if w.index == nil {
			w.index = map[string]uint64{}
		}
		n = uint64(len(w.words))
		w.index[s], w.words = n, append(w.words, s)
	}
	w.number(n)
}

// instant counts from the zero time: most instants of most people never came, and
// take one byte.
func (w *packing) instant(t time.Time) { w.number(uint64(t.UnixMicro() - zeroMicro)) }

var zeroMicro = time.Time{}.UnixMicro()

func (w *packing) identifier(i mailer.Identifier) {
	w.word(string(i.Kind))
	w.word(i.KeyID)
	w.b = append(append(w.b, byte(len(i.Hash))), i.Hash...)
	if i.Kind == mailer.ByEmail || i.Kind == mailer.ByPostal {
		w.text(i.Value)
	}
}

func (w *packing) acquisition(a mailer.Acquisition) {
	for _, s := range []string{a.SourceKey, a.ActivityKey, string(a.Basis), string(a.Visibility)} {
		w.word(s)
	}
	w.instant(a.ObtainedAt)
	w.number(uint64(a.Line))
}

func (w *packing) duty(d mailer.Duty) {
	w.b = append(w.b, d.ID[:]...) // what is changed later, and who was told, is said by it
	for _, s := range []string{d.ActivityKey, d.SourceKey, d.Cause, string(d.Due.Rule), string(d.State), string(d.Reason), string(d.Excuse)} {
		w.word(s)
	}
	w.instant(d.ObtainedAt)
	w.instant(d.Due.At)
	w.instant(d.Due.Inputs.ReadAt)
	w.instant(d.ToldAt)
}

type unpacking struct {
	*packer
	b []byte
}

func (r *unpacking) number() uint64 {
	n, size := binary.Uvarint(r.b)
	r.b = r.b[size:]
	return n
}

func (r *unpacking) take(n uint64) []byte {
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *unpacking) flag() bool { return r.take(1)[0] == 1 }

func (r *unpacking) text() string { return string(r.take(r.number())) }

func (r *unpacking) word() string { return r.words[r.number()] }

func (r *unpacking) instant() time.Time {
	return time.UnixMicro(int64(r.number()) + zeroMicro).UTC()
}

func (r *unpacking) identifier() mailer.Identifier {
	i := mailer.Identifier{Kind: mailer.IdentifierKind(r.word()), KeyID: r.word()}
	i.Hash = r.take(uint64(r.take(1)[0]))
	if i.Kind == mailer.ByEmail || i.Kind == mailer.ByPostal {
		i.Value = r.text()
	}
	return i
}

func (r *unpacking) acquisition() mailer.Acquisition {
	return mailer.Acquisition{SourceKey: r.word(), ActivityKey: r.word(), Basis: mailer.ObtainedBasis(r.word()), Visibility: mailer.Visibility(r.word()),
		ObtainedAt: r.instant(), Line: int64(r.number())}
}

func (r *unpacking) duty(contact mailer.ID) mailer.Duty {
	d := mailer.Duty{ID: mailer.ID(r.take(uint64(len(mailer.ID{})))), ContactID: contact, ActivityKey: r.word(), SourceKey: r.word(), Cause: r.word(),
		Due: mailer.Due{Rule: mailer.DueRule(r.word())}, State: mailer.DutyState(r.word()), Reason: mailer.BlockReason(r.word()), Excuse: mailer.ExcuseReason(r.word())}
	d.ObtainedAt, d.Due.At, d.Due.Inputs.ReadAt, d.ToldAt = r.instant(), r.instant(), r.instant(), r.instant()
	return d
}
