package accept

import (
	"slices"
	"time"

	"article14/mailer"
)

// PriorNotice is evidence that a person was told of an activity and a source
// before: by another tool, or at first contact (14(5)(a)). It is never changed.
type PriorNotice struct {
	ID        mailer.ID
	ContactID mailer.ID
	DutyID    mailer.ID
	ToldAt    time.Time
	Proof     string // where the proof is: a reference, never a personal value
	ImportID  mailer.ID
	Line      int64
}

// AfterTold says where a duty goes whose person was told before; delivery is the
// state of the notice that it is in flight with, if any. ok is false where it
// stays as it is:
//
//   - met, excused and erased have ended already, and the evidence stands beside;
//   - what is blocked for the data themselves stays blocked. To have been told does
//     not make restricted data usable (S4), nor does it prolong their storage (T3):
//     a person still decides about them, or erases them;
//   - a notice in a worker's hands takes its course. Should it come back to the
//     queue, the next look stops it there.
//
// A notice that waits is not sent; one that may have arrived is not sent again, and
// held for a person. Where it tells of something else as well, it goes out for that.
// A duty that ends here needs no review: the information was given. A new purpose
// opens a duty of its own (14(4)).
func AfterTold(state mailer.DutyState, reason mailer.BlockReason, delivery mailer.DeliveryState) (to mailer.DutyState, ok bool) {
	switch state {
	case mailer.DutyOpen, mailer.DutyFailed:
		return mailer.DutyExcused, true
	case mailer.DutyBlocked:
		return mailer.DutyExcused, !reason.AboutData()
	case mailer.DutyInFlight:
		return mailer.DutyExcused, delivery == mailer.Queued || delivery == mailer.Deferred || delivery == mailer.Uncertain
	}
	return state, false
}

// Told is a duty as the store leaves it once it knows since when its person was
// told; one that is in flight is taken for one in a worker's hands.
func Told(d mailer.Duty) mailer.Duty {
	if to, ok := AfterTold(d.State, d.Reason, ""); ok && !d.ToldAt.IsZero() {
		d.State, d.Reason, d.Excuse, d.Detail = to, "", mailer.ToldBefore, ""
	}
	return d
}

// ToldLate tells whether a duty ended by a telling behind its date (D7).
func ToldLate(d mailer.Duty) bool {
	return d.State == mailer.DutyExcused && d.Excuse == mailer.ToldBefore && d.ToldAt.After(d.Due.At)
}

// HeldForTold is the alert that a notice may have arrived, and is not sent again
// because its person was told before.
func HeldForTold(delivery mailer.ID) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertUncertainHeld, Subject: delivery.String(), Detail: string(mailer.ToldBefore)}
}

// ToldWhileSending is the alert that a file says that a person was told already
// whose notice is in a worker's hands.
func ToldWhileSending(delivery mailer.ID) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertToldWhileSending, Subject: delivery.String(),
		Detail: "a contact file says that this person was told before; the notice could not be stopped any more, so that they may be told twice"}
}

// judge says whose a row is, nobody's being a newcomer's, or why it is refused.
// A row that says when somebody was told needs no date of obtaining where it is
// about a duty that is known: it brings evidence, and no data.
func (c *crowd) judge(row *batchRow) (*person, *Refusal) {
	refusal := row.refusal
	if refusal == nil {
		refusal = c.rules.checkTold(&row.rec)
	}
	if refusal != nil {
		return nil, refusal
	}
	p, refusal := c.find(*row)
	if refusal != nil || !row.rec.ObtainedAt.IsZero() || row.rec.ToldAt.IsZero() {
		return p, refusal
	}
	if p != nil && p.duties[c.rules.dutyKey()] != nil {
		row.noticeOnly = true
		return p, nil
	}
	if c.rules.basis == "" {
		return nil, row.rec.refuse("obtained_at", "this person is not known from this source yet, and the row says when they were told but not when their data were obtained: "+
			"import the contacts first, or say with --obtained-basis when the data were obtained, or that it is unknown")
	}
	c.rules.byBasis(&row.rec)
	return p, nil
}

// date refuses a row without a date unless there is a basis for the file (D4).
// The import's own date is never one. Whether a row that says when somebody was told
// needs a date depends on whom it is about, see judge.
func (r intakeRules) date(rec *Record) *Refusal {
	switch {
	case !rec.ObtainedAt.IsZero():
		rec.Basis = mailer.ObtainedFromRow
	case !rec.ToldAt.IsZero():
	case r.basis == "":
		return rec.refuse("obtained_at", "no date of obtaining: say with --obtained-basis when the data were obtained, or that it is unknown")
	default:
		r.byBasis(rec)
	}
	return nil
}

// byBasis dates a row by what was said of its file.
func (r intakeRules) byBasis(rec *Record) {
	rec.Basis = r.basis
	if r.basis == mailer.ObtainedFromStatement {
		rec.ObtainedAt = r.stated.UTC().Truncate(time.Microsecond) // as the store keeps it
	}
}

func (rec *Record) refuse(field, reason string) *Refusal {
	return &Refusal{Line: rec.Line, Field: field, Reason: reason, Row: rec.Row}
}

// checkTold refuses a prior notice that proves nothing. A proof without a date
// is refused as well: taken as no notice, the person would be told a second time.
func (r intakeRules) checkTold(rec *Record) *Refusal {
	switch {
	case rec.ToldAt.IsZero() && rec.ToldProof != "":
		return rec.refuse("told_at", "a proof that the person was told, but no date: add the date, or empty the proof if they were not told")
	case rec.ToldAt.IsZero():
		return nil
	case rec.ToldAt.After(r.now):
		return rec.refuse("told_at", "the date lies in the future: nobody has been told then")
	case rec.ToldProof == "" && r.proof == "":
		return rec.refuse("told_proof", "told on a date, but nothing says where the proof is: add a reference to the row, or give one for the whole file with --told-proof")
	case rec.ToldProof == "":
		rec.ToldProof = r.proof
	}
	return nil
}

func (r intakeRules) dutyKey() dutyKey {
	return dutyKey{r.activity, r.source.Key, mailer.CauseAcquisition}
}

// takeNotice takes from a row about somebody known what it says of notices: that
// they were told, were written to first, or restrict their data. It brings no data, so
// nothing else of it is stored.
func (c *crowd) takeNotice(p *person, rec Record) {
	d := p.duties[c.rules.dutyKey()]
	in := d.Due.Inputs
	in.ObtainedAt, in.FirstCommunication, in.FirstDisclosure = p.firstObtained(c.rules), rec.FirstCommunication, rec.FirstDisclosure
	d.bringForward(mailer.DueFor(in, c.rules.zone))
	c.rules.tell(p, rec)
	if rec.Visibility == mailer.VisibleRestricted {
		c.restrict(p)
	}
}

// firstObtained is the earliest known obtaining from the rules' source for their
// activity: whatever was written after it was written with these data.
func (p *person) firstObtained(r intakeRules) (first time.Time) {
	for _, a := range p.acquisitions {
		ours := a.SourceKey == r.source.Key && a.ActivityKey == r.activity && !a.ObtainedAt.IsZero()
		if ours && (first.IsZero() || a.ObtainedAt.Before(first)) {
			first = a.ObtainedAt
		}
	}
	return first
}

// tell records that a person was told of what a row is about. The duty itself is
// ended by the store, which alone knows whether a notice is under way by now.
func (r intakeRules) tell(p *person, rec Record) {
	if rec.ToldAt.IsZero() {
		return
	}
	d := p.duties[r.dutyKey()]
	if d.ToldAt.IsZero() || rec.ToldAt.Before(d.ToldAt) {
		d.ToldAt = rec.ToldAt
	}
	again := func(n PriorNotice) bool { return n.ToldAt.Equal(rec.ToldAt) && n.Proof == rec.ToldProof }
	if slices.ContainsFunc(d.told, again) {
		return
	}
	d.told = append(d.told, PriorNotice{ID: mailer.NewID(r.now), ContactID: p.ID, DutyID: d.ID, ToldAt: rec.ToldAt, Proof: rec.ToldProof,
		ImportID: r.importID, Line: rec.Line})
}
