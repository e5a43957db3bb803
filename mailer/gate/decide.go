package gate

import (
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Reason says why a use is not allowed. They are bounded, and safe to log.
type Reason string

// Reasons, the strongest first: where several stand, the first of them is given.
const (
	Unknown     Reason = "unknown"      // nobody is held here under what was asked
	NotHeld     Reason = "not_held"     // they are held, and not for this activity
	Erased      Reason = "erased"       // their data are gone
	Objected    Reason = "objected"     // they said no (Art. 21)
	Restricted  Reason = "restricted"   // use is stopped while something is weighed or checked (Art. 18)
	Expired     Reason = "expired"      // storage has ended (T1, T3)
	Quarantined Reason = "quarantined"  // who held the data limited who may see them, or that is not known (S4)
	NotStarted  Reason = "not_started"  // a new purpose that begins on a later day (14(4))
	NotInformed Reason = "not_informed" // the notice is not handed over yet (D6)
)

// reasons in the order in which they are given.
var reasons = []Reason{Unknown, Erased, NotHeld, Objected, Restricted, Expired, Quarantined, NotStarted, NotInformed}

// Verdict is the gate's answer about one person and one purpose.
type Verdict struct {
	Allowed bool
	Reason  Reason    // "" where allowed
	From    time.Time // when it would be a yes by itself; zero: that cannot be known, or never
	DueAt   time.Time // of NotInformed: the date by which they must be told; zero otherwise
}

func yes() Verdict        { return Verdict{Allowed: true} }
func no(r Reason) Verdict { return Verdict{Reason: r} }

// Facts are what is known of a person when the question is asked.
type Facts struct {
	mailer.Known
	Objections   []mailer.Objection
	Restrictions []mailer.Restriction // of the contact; those that are over are among them
}

// Decide is the gate's rule (D6), for one person and one purpose of an activity. The purpose
// must be one that the register declares.
func Decide(reg *mailer.Register, activity mailer.Activity, purpose mailer.Purpose, f Facts, now time.Time) Verdict {
	zone := reg.Controller.Zone
	today := calendar.DateOf(now, zone)
	switch {
	case !f.Contact.ErasedAt.IsZero():
		return no(Erased)
	case !f.heldFor(activity.Key):
		return no(NotHeld)
	case f.objectedTo(activity.Key, purpose):
		return no(Objected)
	case f.restricted(activity.Key, purpose.Key):
		return no(Restricted)
	case f.expired(activity, today, zone):
		return no(Expired)
	case !f.usable(reg, activity.Key):
		return no(Quarantined)
	case purpose.Starts != nil && today.Before(*purpose.Starts):
		v := no(NotStarted)
		v.From = purpose.Starts.StartOf(zone).UTC()
		return v
	}
	return f.informed(activity.Key, purpose.Key)
}

func (f Facts) heldFor(activity string) bool {
	return slices.ContainsFunc(f.Acquisitions, func(a mailer.Acquisition) bool { return a.ActivityKey == activity })
}

// objectedTo tells whether a no stands against a purpose. One to all use, made to any
// activity, stops every use: who says so means the company, not a row of its register. One
// against advertising stops advertising alone (Art. 21(2)-(3)).
func (f Facts) objectedTo(activity string, p mailer.Purpose) bool {
	if !f.Contact.ObjectedAt.IsZero() {
		return true
	}
	return slices.ContainsFunc(f.Objections, func(o mailer.Objection) bool {
		return o.Scope == mailer.ObjectToAll || p.DirectMarketing && o.ActivityKey == activity
	})
}

// restricted tells whether use is stopped for a purpose: asked for by the person, while
// something is weighed, or because consent was taken back (Art. 7(3), 18).
func (f Facts) restricted(activity, purpose string) bool {
	return slices.ContainsFunc(f.Restrictions, func(x mailer.Restriction) bool { return x.Stops(activity, purpose) })
}

// expired tells whether the last day of storage is over. The eraser follows within the hour;
// until then nobody uses what should be gone.
func (f Facts) expired(a mailer.Activity, today calendar.Date, zone *time.Location) bool {
	facts := mailer.NoticeFacts{Contact: f.Contact}
	for _, d := range f.Duties {
		if d.ActivityKey == a.Key {
			facts.Duties = append(facts.Duties, d)
		}
	}
	start := facts.StorageStart()
	return !start.IsZero() && a.Retention.End(calendar.DateOf(start, zone)).Before(today)
}

// usable tells whether anything obtained for the activity may be used, and not for a notice
// alone (S4).
func (f Facts) usable(reg *mailer.Register, activity string) bool {
	return slices.ContainsFunc(mailer.FirstAcquisitions(f.Acquisitions, activity), func(a mailer.Acquisition) bool {
		s, declared := reg.Source(a.SourceKey)
		return declared && mailer.DoubtAbout(a.Visibility, s) == mailer.DoubtNone
	})
}

// informed tells whether every notice that is owed for the purpose is handed over, or a
// reviewed exemption stands. Another source opens a duty of its own (D5), and until that is met
// the answer is no again: its data cannot be told apart from the rest. A duty of another
// purpose does not matter here.
func (f Facts) informed(activity, purpose string) Verdict {
	v := yes()
	for _, d := range f.Duties {
		if d.ActivityKey != activity || d.Cause != mailer.CauseAcquisition && d.Cause != mailer.CausePurpose+purpose || settled(d.State) {
			continue
		}
		if v.Allowed || d.Due.At.Before(v.DueAt) {
			v = Verdict{Reason: NotInformed, DueAt: d.Due.At}
		}
	}
	return v
}

// settled are the states in which the person was told, or need not be. What was erased is
// owed no more, and neither is it there to be used.
func settled(s mailer.DutyState) bool {
	return s == mailer.DutyMet || s == mailer.DutyExcused || s == mailer.DutyErased
}

// worst is the answer for several people under one address: yes only if it is for each.
func worst(vs []Verdict) Verdict {
	out := no(Unknown)
	for i, v := range vs {
		if i == 0 || out.Allowed && !v.Allowed || !v.Allowed && slices.Index(reasons, v.Reason) < slices.Index(reasons, out.Reason) {
			out = v
		}
	}
	return out
}
