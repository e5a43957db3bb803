package retain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Store finds what has to go, and erases.
type Store interface {
	// StorageBegun gives the next contacts whose storage began before an instant, in
	// that order.
	StorageBegun(ctx context.Context, controller mailer.ID, before time.Time, after Mark, limit int) ([]Mark, error)
	// ToldOnly gives the next notices that were handed over, composed before an
	// instant, and with sources whose data serve for the notice alone; in the order in
	// which they were composed. Those with nothing left to erase are left out.
	ToldOnly(ctx context.Context, controller mailer.ID, before time.Time, after Mark, limit int) ([]Mark, error)
	// EventsPast gives the next events behind which storage has ended before an instant, of
	// people whose data for the activity are still here.
	EventsPast(ctx context.Context, controller mailer.ID, before time.Time, after Mark, limit int) ([]Mark, error)
	// AddEvent records an event, or gives mailer.ErrNoContact.
	AddEvent(ctx context.Context, controller mailer.ID, ev Event) error
	// Erase locks contacts, lets decide look at each as it stands, and does what it
	// says, in one transaction; who was erased already is left out. An empty Erasing
	// changes nothing, and neither does ErrOnItsWay. With a decision, that is put on
	// record with it. It gives how many were changed, and how many have to wait.
	Erase(ctx context.Context, controller mailer.ID, contacts []mailer.ID, by *Decision, now time.Time, decide func(Held) (Erasing, error)) (done, waiting int, err error)
	// Quarantined gives the next quarantined duties due by an instant, in that order.
	Quarantined(ctx context.Context, controller mailer.ID, before time.Time, after Mark, limit int) ([]Mark, error)
	// Raise stores alerts, each once for its kind and subject.
	Raise(ctx context.Context, controller mailer.ID, alerts []mailer.Alert, now time.Time) error
	// SaveRun stores how far a run has come. One that has nothing to tell takes the place
	// of the one before it that had nothing.
	SaveRun(ctx context.Context, controller mailer.ID, r Run) error
	// Holds are those in force.
	Holds(ctx context.Context, controller mailer.ID, released bool) ([]Hold, error)
	// Tell puts the decision on record that a contact is told, whatever holds that
	// back, and opens what was quarantined or waited for it. It gives how many duties.
	Tell(ctx context.Context, controller mailer.ID, d Decision) (opened int, err error)
}

// Mark is a place in a walk: the instant and id by which it is ordered.
type Mark struct {
	At        time.Time
	ID        mailer.ID
	ContactID mailer.ID
}

// Decision is what a person decided about one contact, with their name and reason.
type Decision struct {
	ContactID mailer.ID
	Kind      DecisionKind
	At        time.Time
	By, Why   string
}

// DecisionKind is what was decided.
type DecisionKind string

// Kinds of decisions.
const (
	DecideTell  DecisionKind = "tell"
	DecideErase DecisionKind = "erase"
)

func (d Decision) check() error {
	if d.By == "" || d.Why == "" {
		return errors.New("this is put on record with the name of the person who decides (--by) and the reason (--why)")
	}
	return nil
}

// Eraser erases what has to go: by itself what has expired, and by a person's
// decision anybody.
type Eraser struct {
	Store      Store
	Registers  *mailer.Registers
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
	Page       int          // contacts erased in one transaction; 0 means 200
	Meter      Meter        // for KeepHouse alone
	Log        *slog.Logger // for KeepHouse alone
}

// Meter counts passes that came to their end; internal/ops shows them as metrics.
type Meter interface {
	Erased(pass Erased)
}

// Erased counts a pass.
type Erased struct {
	Contacts int // of whom something was erased
	Waiting  int // who have to wait: see ErrOnItsWay
	Held     int // of whom a legal hold keeps something that would go
	Alerts   int // quarantined duties near their date
}

// Pass erases all that has to go today, page by page (T1, T2, T3, S4), and has
// operators see what is quarantined and near its date (D8). A pass that is broken
// off is completed by the next one. How far it has come is on record page by page.
func (e *Eraser) Pass(ctx context.Context) (out Erased, err error) {
	rules, err := e.rules(ctx)
	if err != nil {
		return out, err
	}
	run := &tallied{Run: Run{ID: mailer.NewID(rules.now), StartedAt: rules.now}, seen: map[mailer.ID]bool{}}
	if err := e.walks(ctx, rules, run); err != nil {
		return Erased{Contacts: run.People, Waiting: run.Waiting, Held: run.Held}, errors.Join(err, e.uninformed(ctx, run))
	}
	run.EndedAt = e.Now()
	if err := e.Store.SaveRun(ctx, e.Controller, run.Run); err != nil {
		return out, err
	}
	out = Erased{Contacts: run.People, Waiting: run.Waiting, Held: run.Held}
	return out, errors.Join(e.uninformed(ctx, run), e.alert(ctx, rules, &out), e.reviews(ctx, rules))
}

// DryRun works out what the pass of a day would erase, and changes nothing. each, if not
// nil, hears of everybody who goes, waits or is held, by id.
func (e *Eraser) DryRun(ctx context.Context, on calendar.Date, each func(Planned)) (Run, error) {
	rules, err := e.rules(ctx)
	if err != nil {
		return Run{}, err
	}
	if today := calendar.DateOf(rules.now, rules.zone()); on.Before(today) {
		return Run{}, fmt.Errorf("%s lies behind us: what went then is in 'article14 retention list'", on)
	} else if today.Before(on) {
		rules.now = on.StartOf(rules.zone())
	}
	run := &tallied{Run: Run{StartedAt: rules.now}, seen: map[mailer.ID]bool{}, dry: true, each: each}
	err = e.walks(ctx, rules, run)
	run.EndedAt = rules.now
	return run.Run, err
}

// walks goes through everybody whose time may have come.
func (e *Eraser) walks(ctx context.Context, rules eraseRules, run *tallied) error {
	today := calendar.DateOf(rules.now, rules.zone())
	begun := today.AddDays(-rules.shortest()).StartOf(rules.zone())
	if err := e.walk(ctx, e.Store.StorageBegun, begun, rules, run); err != nil {
		return err
	}
	if err := e.walk(ctx, e.Store.EventsPast, today.AddDays(1).StartOf(rules.zone()), rules, run); err != nil {
		return err
	}
	// What storage ends sooner than the thirty days was found by the first walk.
	told := today.AddDays(-mailer.NoticeOnlyPeriod.Days).StartOf(rules.zone())
	return e.walk(ctx, e.Store.ToldOnly, told, rules, run)
}

type walk func(ctx context.Context, controller mailer.ID, before time.Time, after Mark, limit int) ([]Mark, error)

func (e *Eraser) walk(ctx context.Context, next walk, before time.Time, rules eraseRules, run *tallied) error {
	limit := e.Page
	if limit == 0 {
		limit = 200
	}
	var after Mark
	for {
		page, err := next(ctx, e.Controller, before, after, limit)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]
		ids := make([]mailer.ID, len(page))
		for i, m := range page {
			ids[i] = m.ContactID
		}
		run.begin()
		done, _, err := e.Store.Erase(ctx, e.Controller, ids, nil, rules.now, func(h Held) (Erasing, error) {
			plan, err := rules.ended(h)
			if err == nil || errors.Is(err, ErrOnItsWay) {
				run.note(h, plan, err != nil)
			}
			if run.dry && err == nil {
				return Erasing{}, nil
			}
			return plan, err
		})
		if err != nil {
			return err
		}
		run.done()
		if done > 0 {
			if err := e.Store.SaveRun(ctx, e.Controller, run.Run); err != nil {
				return err
			}
		}
	}
}

// uninformed has operators see that people's data went before anybody told them (T3).
func (e *Eraser) uninformed(ctx context.Context, run *tallied) error {
	n := run.Uninformed()
	if n == 0 {
		return nil
	}
	return e.Store.Raise(context.WithoutCancel(ctx), e.Controller, []mailer.Alert{{Kind: mailer.AlertErasedUninformed, Subject: run.ID.String(),
		Detail: fmt.Sprintf("%d duties ended with their data before anybody told the person", n)}}, e.Now())
}

// reviews has operators look again at holds whose day has come (T4).
func (e *Eraser) reviews(ctx context.Context, rules eraseRules) error {
	holds, err := e.Store.Holds(ctx, e.Controller, false)
	if err != nil {
		return err
	}
	var alerts []mailer.Alert
	for _, h := range holds {
		if !calendar.DateOf(rules.now, rules.zone()).Before(h.ReviewOn) {
			alerts = append(alerts, mailer.Alert{Kind: mailer.AlertHoldReview, Subject: h.ID.String(), Detail: fmt.Sprintf("the hold on %s was to be looked at on %s", h.About(), h.ReviewOn)})
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	return e.Store.Raise(ctx, e.Controller, alerts, rules.now)
}

// quarantineNear is how long before its date a quarantined duty is shown to
// operators, so that somebody decides in time.
const quarantineNear = 7 * 24 * time.Hour

func (e *Eraser) alert(ctx context.Context, rules eraseRules, out *Erased) error {
	var after Mark
	for {
		page, err := e.Store.Quarantined(ctx, e.Controller, rules.now.Add(quarantineNear), after, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]
		alerts := make([]mailer.Alert, len(page))
		for i, m := range page {
			alerts[i] = mailer.Alert{Kind: mailer.AlertQuarantineDue, Subject: m.ID.String(), Detail: fmt.Sprintf(
				"contact %s, due by %s, is quarantined: tell or erase them", m.ContactID, calendar.DateOf(m.At, rules.zone()))}
		}
		if err := e.Store.Raise(ctx, e.Controller, alerts, rules.now); err != nil {
			return err
		}
		out.Alerts += len(page)
	}
}

// rules are those of today, by the register in force and all that came before it.
func (e *Eraser) rules(ctx context.Context) (eraseRules, error) {
	v, current, err := e.Registers.Current(ctx, e.Key)
	if err != nil {
		return eraseRules{}, err
	}
	r := eraseRules{now: e.Now(), current: current, versions: map[mailer.ID]*mailer.Register{v.ID: current}}
	for {
		if v, err = e.Registers.Store.RegisterBefore(ctx, v); errors.Is(err, mailer.ErrNoRegister) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		if r.versions[v.ID], err = e.Registers.Version(ctx, v.ID); err != nil {
			return r, err
		}
	}
}

// shortest is a number of days that no storage period of any version is shorter than.
func (r eraseRules) shortest() int {
	least := -1
	for _, reg := range r.versions {
		for _, a := range reg.Activities {
			p := a.Retention.Period
			if p.IsZero() {
				p = a.Retention.Limit
			}
			if days := p.Years*365 + p.Months*28 + p.Weeks*7 + p.Days; least < 0 || days < least {
				least = days
			}
		}
	}
	return max(least, 0)
}

// Preview says what a decision to erase a contact would erase; it changes nothing.
// It fails with ErrOnItsWay where that would have to wait, and with ErrNoContact
// for somebody unknown or erased already.
func (e *Eraser) Preview(ctx context.Context, contact mailer.ID) (plan Erasing, held Held, err error) {
	rules, err := e.rules(ctx)
	if err != nil {
		return plan, held, err
	}
	found := false
	_, waiting, err := e.Store.Erase(ctx, e.Controller, []mailer.ID{contact}, nil, rules.now, func(h Held) (Erasing, error) {
		found, held = true, h
		var err error
		plan, err = rules.everything(h)
		return Erasing{}, err
	})
	return plan, held, decided(found, waiting, err)
}

// Erase erases a contact because a person decided it, and keeps them from being
// taken in again (R5). What they were owed and did not get is on record as that (T3).
func (e *Eraser) Erase(ctx context.Context, contact mailer.ID, by, why string) error {
	d := Decision{contact, DecideErase, e.Now(), by, why}
	if err := d.check(); err != nil {
		return err
	}
	rules, err := e.rules(ctx)
	if err != nil {
		return err
	}
	found := false
	_, waiting, err := e.Store.Erase(ctx, e.Controller, []mailer.ID{contact}, &d, rules.now, func(h Held) (Erasing, error) {
		found = true
		return rules.everything(h)
	})
	return decided(found, waiting, err)
}

func decided(found bool, waiting int, err error) error {
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("%w, or they are erased already", mailer.ErrNoContact)
	case waiting > 0:
		return ErrOnItsWay
	}
	return nil
}

// Tell decides that a contact is told, whatever holds that back: data that their
// holder restricted (S4), an office's mailbox, one that several people share. The
// next campaign takes them in. Restricted data have the narrow notice, and go after it.
func (e *Eraser) Tell(ctx context.Context, contact mailer.ID, by, why string) (opened int, err error) {
	d := Decision{contact, DecideTell, e.Now(), by, why}
	if err := d.check(); err != nil {
		return 0, err
	}
	return e.Store.Tell(ctx, e.Controller, d)
}

// TellOpens are the blocks that a decision to tell takes away.
var TellOpens = []mailer.BlockReason{mailer.BlockQuarantined, mailer.BlockRoleMailbox, mailer.BlockSharedMailbox}

// KeepHouse makes a pass, and has it counted and logged.
func (e *Eraser) KeepHouse(ctx context.Context) error {
	out, err := e.Pass(ctx)
	if err == nil {
		e.Meter.Erased(out)
	}
	if out.Contacts+out.Waiting+out.Held > 0 {
		e.Log.Info("erased what has expired", "contacts", out.Contacts, "waiting", out.Waiting, "held", out.Held)
	}
	return err
}
