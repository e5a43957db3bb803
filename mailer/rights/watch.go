package rights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Look is what a worker finds when it looks at a request.
type Look struct {
	Request mailer.Request
	Raise   []mailer.Alert
	Settle  []mailer.AlertKind
	Next    time.Time // when it looks again; zero: never
	Begin   bool      // an erasure that nothing speaks against
	Erase   bool      // an erasure that was decided, and whose receipt is out
	By      string    // who decided it
}

// The days before a request's date on which somebody is reminded (D8, D9), and for how long
// what ended is watched: most of what comes back does so within days.
var reminders = []time.Duration{14 * 24 * time.Hour, 7 * 24 * time.Hour, 2 * 24 * time.Hour, 0}

const (
	lookSoon  = time.Hour          // while a mail is on its way
	lookLate  = 24 * time.Hour     // while it is late
	lookAfter = 7 * 24 * time.Hour // after its end
)

// firstLook is when a worker looks at a request that has just changed.
func firstLook(q mailer.Request, now time.Time) time.Time {
	switch {
	case !q.State.Open() && q.Answer.DeliveryID.IsZero():
		return time.Time{}
	case !q.State.Open() || !q.Extension.MadeAt.IsZero():
		return now.Add(lookSoon)
	}
	return nextReminder(q.DueAt, now)
}

// nextReminder is the next instant at which somebody is to be reminded of a date.
func nextReminder(due, now time.Time) time.Time {
	for _, before := range reminders {
		if at := due.Add(-before); at.After(now) {
			return at
		}
	}
	return now.Add(lookLate)
}

// look works out what is to be said of a request at an instant.
func (r *Requests) look(reg *mailer.Register, f RequestFile, now time.Time) Look {
	l := Look{Request: f.Request}
	if !f.State.Open() {
		return l.ended(f, now)
	}
	due, stand := f.Clock(now)
	l.Next = nextReminder(due, now)
	date := "to be answered by " + calendar.DateOf(due, r.Company.Zone).String()
	if now.Before(due.Add(-lookFirst)) {
		l.Settle = append(l.Settle, mailer.AlertRequestDue)
	} else {
		l.Raise = append(l.Raise, alertOf(mailer.AlertRequestDue, f.Request, date))
	}
	switch stand {
	case mailer.ExtensionWaits:
		l.Next = now.Add(lookSoon)
	case mailer.ExtensionNotHeld:
		l.Raise = append(l.Raise, alertOf(mailer.AlertExtensionNotHeld, f.Request, "its extension does not count, "+date))
	case mailer.ExtensionHolds: // until it may not come back any more
		if again := now.Add(lookLate); again.Before(l.Next) {
			l.Next = again
		}
	}
	if f.Kind == mailer.RequestErasure {
		l.erasure(reg, f, now)
	}
	return l
}

// ended watches whether what ended a request arrived: an answer that came back is none.
func (l Look) ended(f RequestFile, now time.Time) Look {
	lost, waits := f.Answer.Lost(), !f.Answer.None() && !f.Answer.Done()
	for _, x := range f.Restrictions {
		if x.RequestID == f.ID && !x.LiftAt.IsZero() {
			lost, waits = lost || x.Told.Lost(), waits || !x.Told.Done()
		}
	}
	switch {
	case lost:
		l.Raise = []mailer.Alert{alertOf(mailer.AlertRequestUntold, f.Request, "what was written to them did not arrive")}
	case waits:
		l.Next = now.Add(lookSoon)
	case now.Before(f.EndedAt.Add(lookAfter)) || f.liftedLately(now):
		l.Next = now.Add(lookLate)
	}
	return l
}

func (f RequestFile) liftedLately(now time.Time) bool {
	return slices.ContainsFunc(f.Restrictions, func(x mailer.Restriction) bool {
		return x.RequestID == f.ID && !x.LiftAt.IsZero() && now.Before(x.LiftAt.Add(lookAfter))
	})
}

// erasure says whether an erasure may begin, or be carried out.
func (l *Look) erasure(reg *mailer.Register, f RequestFile, now time.Time) {
	decided := slices.IndexFunc(f.Events, func(e RequestEvent) bool { return e.What == eventErasing })
	switch {
	case decided >= 0:
		l.By = f.Events[decided].By
		l.Erase = f.Answer.Done() || f.Answer.Lost() || !now.Before(f.Events[decided].At.Add(erasureGrace))
		l.Next = now.Add(lookSoon)
	case f.State == mailer.RequestProved && mayGo(reg, f.Activities):
		l.Begin = true
	}
}

// eventErasing is the event by which an erasure is decided.
const eventErasing = "erasure_decided"

// mayGo tells whether data may be erased without anybody's decision: where a contract or a law
// may ask for them, somebody weighs that (Art. 17(1), (3)(b)).
func mayGo(reg *mailer.Register, activities []string) bool {
	return !slices.ContainsFunc(activities, func(key string) bool {
		a, declared := reg.Activity(key)
		return !declared || slices.ContainsFunc(a.Purposes, func(p mailer.Purpose) bool { return p.Basis == mailer.Contract || p.Basis == mailer.LegalObligation })
	})
}

// erasing works out that an erasure is decided: it is carried out when its receipt is out.
func (r *Requests) erasing(f RequestFile, d Decided, mail *mailer.PlannedDelivery) RequestChange {
	c := r.event(f.Request, eventErasing, mailer.RequestInWork, d.By, "")
	c.Request.Answer = d.handing(mail)
	c.send(mail)
	c.say(TextAnswer, d.By, d.Language, d.Text)
	c.LookAt = r.Rights.Now()
	return c
}

// erasureReceipt plans what tells somebody that they are erased, before the address goes.
func (r *Requests) erasureReceipt(ctx context.Context, f RequestFile, d Decided) (*mailer.PlannedDelivery, error) {
	m := mailer.Matter{Text: d.Text}
	if d.Text != "" {
		m.Kept = []mailer.Kept{mailer.KeptByLaw}
	}
	return r.tell(ctx, f, mailer.DocErasureReceipt, m, d)
}

// KeepHouse looks at every request whose time has come: it reminds (D8, D9), says what did not
// arrive, and has erasures carried out that were asked for and proved.
func (r *Requests) KeepHouse(ctx context.Context) error {
	_, reg, err := r.Rights.Registers.Current(ctx, r.Rights.Key)
	if err != nil {
		return err
	}
	for {
		now := r.Rights.Now()
		looks, err := r.Store.LookAtRequests(ctx, r.Rights.Controller, now, func(f RequestFile) Look { return r.look(reg, f, now) }, lookAtOnce)
		if err != nil {
			return err
		}
		for _, l := range looks {
			if err := r.carryOut(ctx, l); err != nil {
				r.Log.Error("an erasure waits; it is tried again", "request", l.Request.ID, "error", mailer.MaskAddresses(err.Error()))
			}
		}
		if len(looks) < lookAtOnce || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// carryOut does what a look found to be done.
func (r *Requests) carryOut(ctx context.Context, l Look) error {
	switch {
	case l.Begin:
		d := Decided{}
		f, err := r.Store.RequestFile(ctx, r.Rights.Controller, l.Request.ID)
		if err != nil {
			return err
		}
		mail, err := r.erasureReceipt(ctx, f, d)
		if errors.Is(err, ErrNoMailbox) { // somebody tells them by post, and answers it
			return nil
		}
		if err != nil {
			return err
		}
		_, err = r.Store.ChangeRequest(ctx, r.Rights.Controller, f.ID, r.Rights.Now(), func(f RequestFile) (RequestChange, error) {
			if f.State != mailer.RequestProved {
				return RequestChange{}, nil
			}
			return r.erasing(f, d, mail), nil
		})
		return err
	case l.Erase:
		return r.Erase(ctx, l.Request.ContactID, cmp.Or(l.By, "the person"), fmt.Sprintf("request %s", l.Request.ID))
	}
	return nil
}

// Forget deletes words whose time has come (T4), and codes that are over.
func (r *Requests) Forget(ctx context.Context) error {
	_, err := r.Store.ForgetRequests(ctx, r.Rights.Controller, r.Rights.Now(), lookAtOnce)
	return err
}

// Ends is where the requests of somebody end who is erased: what they asked for is done where
// that is what they asked, and the rest has nothing left that it could be about.
func Ends(q mailer.Request) mailer.RequestState {
	if q.Kind == mailer.RequestErasure && q.Proof != mailer.ProofNone {
		return mailer.RequestAnswered
	}
	return mailer.RequestLapsed
}
