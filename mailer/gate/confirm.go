package gate

import (
	"context"
	"errors"
	"slices"
	"time"

	"article14/mailer"
)

// Kind is what was done with a person's data.
type Kind string

// Kinds of use. The first of each kind sets a date (14(3)(b), (c)).
const (
	Communication Kind = "communication" // they were written to, or called
	Passing       Kind = "disclosure"    // their data were passed on
)

// Use is what a caller did, after asking.
type Use struct {
	Question
	Kind        Kind
	Recipient   string    // of a disclosure: the recipient's key in the register, or its name
	At          time.Time // zero: now. Never in the future
	Idempotency string    // the caller's own name for this use; the same again writes nothing
	Theirs      string    // the recipient's own reference for the person, by which it finds them again (Art. 19)
	By          string    // who says so: a token's name, or a person's
}

// Disclosure is a use on record, for one person. It is never changed.
type Disclosure struct {
	ID          mailer.ID
	ContactID   mailer.ID
	ActivityKey string
	PurposeKey  string
	Kind        Kind
	Recipient   string // "" for a communication of our own
	At          time.Time
	RecordedAt  time.Time
	By          string
	Allowed     bool
	Reason      Reason // where it was not
	Idempotency string
	Theirs      string // stands apart, and goes with the person
}

// Record is what a confirmed use comes to for one person.
type Record struct {
	Disclosure Disclosure
	Sooner     []mailer.Duty // whose date it brings forward
	Alert      *mailer.Alert // of a use that the gate refuses
}

// Recorder writes uses.
type Recorder interface {
	// Record locks some contacts, lets decide look at each as it stands, and writes what it says,
	// all in one transaction. A disclosure whose idempotency its author used before for the same person
	// is not written again, nor is what would follow from it. It gives each as it stands on record, in the
	// order in which decide gave them. A contact that is not there is left out.
	Record(ctx context.Context, controller mailer.ID, contacts []mailer.ID, now time.Time, decide func(Facts) []Record) ([]Disclosure, error)
}

// Confirmed is what became of one confirmed use.
type Confirmed struct {
	Answer
	Recorded int // disclosures written: one for each person; 0 where all were on record already, or nobody is known
}

// clockSkew is by how much a caller's clock may be ahead of ours.
const clockSkew = 2 * time.Minute

// Confirm puts uses on record (D6) and says how the gate stood to each. What had been refused is
// on record all the same: it happened, and the person's rights hang on it.
func (g *Gate) Confirm(ctx context.Context, uses []Use) ([]Confirmed, error) {
	if len(uses) > MaxBatch {
		return nil, &QuestionError{MaxBatch, "a call has at most 10,000 uses"}
	}
	_, reg, err := g.Registers.Current(ctx, g.Key)
	if err != nil {
		return nil, err
	}
	now := g.Now()
	asked := make([]asked, len(uses))
	for i := range uses {
		if asked[i], err = g.read(reg, uses[i].Question); err == nil {
			err = uses[i].settle(asked[i].activity, now)
		}
		if err != nil {
			return nil, &QuestionError{i, err.Error()}
		}
	}
	if err := g.find(ctx, asked); err != nil {
		return nil, err
	}
	w := &confirming{reg: reg, now: now, uses: uses, asked: asked}
	written, err := g.Store.Record(ctx, g.Controller, everybody(asked), now, w.decide)
	if err != nil {
		return nil, err
	}
	return w.confirmed(written), nil
}

// settle checks a use, and fills in what follows from it.
func (u *Use) settle(a mailer.Activity, now time.Time) error {
	switch {
	case u.Kind != Communication && u.Kind != Passing:
		return errors.New("kind is communication or disclosure")
	case u.Kind == Passing && u.Recipient == "":
		return errors.New("a disclosure needs its recipient (Art. 15(1)(c)): the name that the register gives it")
	case u.Kind == Communication && u.Recipient != "":
		return errors.New("a communication has no recipient: what is passed on is a disclosure")
	case u.Kind == Passing && !declares(a, u.Recipient):
		return errors.New("the register declares no such recipient for this activity: give its name as it stands there, or declare it first (14(1)(e))")
	case len(u.Idempotency) > maxReference || len(u.Theirs) > maxReference:
		return errors.New("a reference has at most 200 characters")
	case u.At.After(now.Add(clockSkew)):
		return errors.New("a use is confirmed after it was made: its instant lies ahead")
	case u.By == "":
		return errors.New("a use is on record with who says so")
	}
	if u.At.IsZero() || u.At.After(now) {
		u.At = now
	}
	u.At = u.At.UTC().Truncate(time.Microsecond)
	return nil
}

// maxReference bounds what callers name things by.
const maxReference = 200

// declares tells whether an activity has a recipient. Where the register describes some by
// category (C6), any name may be one of those: who it was is just what is put on record.
func declares(a mailer.Activity, recipient string) bool {
	return slices.ContainsFunc(a.Recipients, func(r mailer.Recipient) bool { return r.Name == "" || r.Name == recipient })
}

// confirming is one call of Confirm.
type confirming struct {
	reg   *mailer.Register
	now   time.Time
	uses  []Use
	asked []asked
	order []int // the use behind each record, in the order in which they were made
	made  []mailer.ID
}

// decide says what is written of one person.
func (w *confirming) decide(f Facts) []Record {
	var out []Record
	for i, a := range w.asked {
		if !slices.Contains(a.contacts, f.Contact.ID) {
			continue
		}
		r := w.record(i, f)
		for _, d := range r.Sooner { // the next use of the same call sees it
			at := slices.IndexFunc(f.Duties, func(old mailer.Duty) bool { return old.ID == d.ID })
			f.Duties[at] = d
		}
		out = append(out, r)
	}
	return out
}

func (w *confirming) record(i int, f Facts) Record {
	u, a := w.uses[i], w.asked[i]
	v := Decide(w.reg, a.activity, a.purpose, f, u.At)
	if a.suppressed {
		v = worst([]Verdict{v, no(Objected)})
	}
	r := Record{Disclosure: Disclosure{
		ID: mailer.NewID(w.now), ContactID: f.Contact.ID, ActivityKey: a.activity.Key, PurposeKey: a.purpose.Key, Kind: u.Kind, Recipient: u.Recipient,
		At: u.At, RecordedAt: w.now, By: u.By, Allowed: v.Allowed, Reason: v.Reason, Idempotency: u.Idempotency, Theirs: u.Theirs,
	}}
	r.Sooner = sooner(f.Duties, a.activity.Key, u, w.reg.Controller.Zone)
	if !v.Allowed {
		r.Alert = &mailer.Alert{Kind: mailer.AlertUsedAnyway, Subject: f.Contact.ID.String(), Detail: string(v.Reason)}
	}
	w.order, w.made = append(w.order, i), append(w.made, r.Disclosure.ID)
	return r
}

// sooner are the duties whose date a use brings forward (14(3)(b), (c)): those of the activity
// that are not settled and were to be met later than the use was made. It never moves one back.
func sooner(ds []mailer.Duty, activity string, u Use, zone *time.Location) []mailer.Duty {
	var out []mailer.Duty
	for _, d := range ds {
		if d.ActivityKey != activity || d.Cause != mailer.CauseAcquisition || settled(d.State) {
			continue
		}
		in := d.Due.Inputs
		if u.Kind == Communication {
			in.FirstCommunication = earlier(in.FirstCommunication, u.At)
		} else {
			in.FirstDisclosure = earlier(in.FirstDisclosure, u.At)
		}
		if due := mailer.DueFor(in, zone); due.At.Before(d.Due.At) {
			d.Due = due
			out = append(out, d)
		}
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// confirmed gives the answers in the order of the uses. One that was on record before has the
// answer of that time.
func (w *confirming) confirmed(stored []Disclosure) []Confirmed {
	out, verdicts := make([]Confirmed, len(w.uses)), make([][]Verdict, len(w.uses))
	for n, d := range stored {
		i := w.order[n]
		verdicts[i] = append(verdicts[i], Verdict{Allowed: d.Allowed, Reason: d.Reason})
		out[i].Contacts = append(out[i].Contacts, d.ContactID)
		if d.ID == w.made[n] {
			out[i].Recorded++
		}
	}
	for i := range out {
		out[i].Verdict = worst(verdicts[i])
	}
	return out
}
