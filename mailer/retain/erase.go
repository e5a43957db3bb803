package retain

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Held is all that is held of one contact, as it stands while it is decided upon.
type Held struct {
	mailer.Known
	Deliveries []HeldDelivery
	AskedUntil time.Time // by when an open request for access is to be answered; zero: there is none
	PassedOn   []mailer.PassedOn
	Holds      []Hold // in force, about them or about everybody

	Events map[string]calendar.Date // by activity: the day of the event that ended the need of their data (T1b)
}

// HeldDelivery is what of a delivery matters to erasing.
type HeldDelivery struct {
	ID          mailer.ID
	Document    mailer.Document
	State       mailer.DeliveryState
	ActivityKey string
	Form        string
	RegisterID  mailer.ID // the version behind its text
	ComposedAt  time.Time
	Duties      []mailer.ID
	Unsure      bool // an attempt ended uncertain, and nothing has settled it since
}

// EraseCause is why data go.
type EraseCause string

// Causes of erasing.
const (
	EraseExpired EraseCause = "expired"     // storage has ended (T1)
	EraseTold    EraseCause = "notice_only" // they served for a notice alone, and its time is over (S4)
	EraseDecided EraseCause = "decided"     // a person decided it
)

// What a duty came to when its data went. It stands as the reason of the erased
// duty, which stays as the proof, with its date, rule and, if it was met, the instant.
const (
	ErasedInformed   mailer.BlockReason = "informed"
	ErasedUnsure     mailer.BlockReason = "perhaps_informed" // an attempt ended uncertain
	ErasedExcused    mailer.BlockReason = "excused"
	ErasedUninformed mailer.BlockReason = "erased_before_informed" // the detail has the days late (T3)
)

// Erasing is what goes of one contact, worked out and not yet done.
type Erasing struct {
	ContactID mailer.ID
	Duties    []ErasedDuty
	Origins   []Origin    // whose acquisitions go
	Cancel    []mailer.ID // deliveries that have not gone out
	Emptied   []mailer.ID // deliveries whose values and replies go; the hash of their bytes stays
	Pages     []ErasedAt  // values that go out of deliveries which stay
	Whole     bool        // nothing is left: identifiers and all values of the contact go too
	Cause     EraseCause  // why, if Whole
	Replayed  bool        // the ledger has it already
	HeldBy    []mailer.ID // legal holds that keep more from going
	Suppress  []mailer.Suppression
	Tell      []mailer.Telling // whom to tell of it (R7)
}

// ErasedDuty is where a duty ends.
type ErasedDuty struct {
	ID       mailer.ID
	Cause    EraseCause
	Reason   mailer.BlockReason
	Detail   string
	DaysLate int // of one erased before the person was informed
}

// Origin is a source of an activity.
type Origin struct{ Activity, Source string }

// ErasedAt is a slot of a delivery.
type ErasedAt struct {
	DeliveryID mailer.ID
	Slot       string
}

func (e Erasing) nothing() bool { return len(e.Duties) == 0 && len(e.Origins) == 0 && !e.Whole }

// ErrOnItsWay says that something about a contact must settle before it is erased.
var ErrOnItsWay = errors.New("a notice to them is on its way or unsettled, or they wait for an answer: that comes to its end first (a letter in a batch, by 'letter posted' or 'letter withdraw')")

// unsureWait is how long a delivery that may have arrived holds up erasing: a report
// settles most of them within days. Its duty is then erased as perhaps informed.
const unsureWait = 14 * 24 * time.Hour

// eraseRules decide what goes of a contact.
type eraseRules struct {
	again    bool // it was done once, in a database that is lost: nothing is waited for but a worker's hands
	now      time.Time
	current  *mailer.Register
	versions map[mailer.ID]*mailer.Register // every version that notices were written from
}

func (r eraseRules) zone() *time.Location { return r.current.Controller.Zone }

func (r eraseRules) over(end calendar.Date) bool {
	return end.Before(calendar.DateOf(r.now, r.zone()))
}

// ended works out what goes today: activities whose storage has ended (T1, T3), and
// what served for a notice alone whose days are over (S4). It is empty where
// nothing does, and fails with ErrOnItsWay where that has to wait.
func (r eraseRules) ended(h Held) (Erasing, error) {
	w := &erasing{rules: r, held: h, gone: map[Origin]EraseCause{}, kept: map[Origin]bool{}}
	for _, activity := range h.activities() {
		if end, known := r.storageEnd(h, activity); known && r.over(end) {
			w.activity(activity, EraseExpired)
			continue
		}
		for _, d := range h.Deliveries {
			w.toldOnly(d, activity)
		}
	}
	by := w.heldBack()
	e, err := w.work()
	if err == nil && !e.nothing() && r.now.Before(h.AskedUntil) { // what they asked to see is shown before it goes (Art. 12(3), 15)
		return Erasing{}, ErrOnItsWay
	}
	e.HeldBy = by
	return e, err
}

// everything works out how a contact goes altogether, because a person decided it. It
// fails with a *HeldError where a legal hold keeps any of it.
func (r eraseRules) everything(h Held) (Erasing, error) {
	w := &erasing{rules: r, held: h, gone: map[Origin]EraseCause{}, decided: true}
	for _, activity := range h.activities() {
		w.activity(activity, EraseDecided)
	}
	if err := w.refused(); err != nil && !r.again {
		return Erasing{}, err
	}
	return w.work()
}

// activities are those that anything is held for.
func (h Held) activities() []string {
	var keys []string
	for _, a := range h.Acquisitions {
		keys = append(keys, a.ActivityKey)
	}
	for _, d := range h.Duties {
		if d.State != mailer.DutyErased {
			keys = append(keys, d.ActivityKey)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// storageEnd is the last day of storage for an activity: what the register in force
// says, and no later than any notice printed (T2). It is not known for an activity
// that no register declares, or without any date.
func (r eraseRules) storageEnd(h Held, activity string) (end calendar.Date, known bool) {
	regs := []*mailer.Register{r.current}
	for _, d := range h.Deliveries {
		if d.ActivityKey == activity && d.handedOver() && r.versions[d.RegisterID] != nil {
			regs = append(regs, r.versions[d.RegisterID])
		}
	}
	for _, reg := range regs {
		if e, ok := r.storageEndBy(reg, h, activity); ok && (!known || e.Before(end)) {
			end, known = e, true
		}
	}
	return end, known
}

func (r eraseRules) storageEndBy(reg *mailer.Register, h Held, activity string) (calendar.Date, bool) {
	facts := mailer.NoticeFacts{Contact: h.Contact}
	for _, d := range h.Duties {
		if d.ActivityKey == activity {
			facts.Duties = append(facts.Duties, d)
		}
	}
	a, declared := reg.Activity(activity)
	start := facts.StorageStart()
	if !declared || start.IsZero() {
		return calendar.Date{}, false
	}
	end := a.Retention.End(calendar.DateOf(start, r.zone()))
	if on, happened := h.Events[activity]; happened {
		end = a.Retention.EndAfter(on, end)
	}
	return end, true
}

// handedOver tells whether a notice was given and did not come back (E2).
func (d HeldDelivery) handedOver() bool {
	return d.Document == mailer.DocNotice && slices.Contains(HandedOver, d.State)
}

// HandedOver are the states of a delivery that was given and did not come back.
var HandedOver = []mailer.DeliveryState{mailer.Relayed, mailer.Delivered, mailer.Complained}

// erasing is one contact while it is worked out what goes.
type erasing struct {
	rules   eraseRules
	held    Held
	gone    map[Origin]EraseCause
	decided bool
	kept    map[Origin]bool // would go, but for a legal hold
}

// activity has all go that is held for an activity.
func (w *erasing) activity(key string, cause EraseCause) {
	for _, a := range w.held.Acquisitions {
		if a.ActivityKey == key {
			w.gone[Origin{key, a.SourceKey}] = cause
		}
	}
	for _, d := range w.held.Duties {
		if d.ActivityKey == key && d.State != mailer.DutyErased {
			w.gone[Origin{key, d.SourceKey}] = cause
		}
	}
}

// toldOnly has the sources go that a notice said would go, when its days are over.
// Everything from such a source goes, what came after the notice too: so it was said.
func (w *erasing) toldOnly(d HeldDelivery, activity string) {
	if d.ActivityKey != activity || !d.handedOver() {
		return
	}
	end, known := w.rules.storageEnd(w.held, activity)
	written := calendar.DateOf(d.ComposedAt, w.rules.zone())
	if !known {
		end = mailer.NoticeOnlyPeriod.AddTo(written)
	}
	if !w.rules.over(mailer.NoticeOnlyEnd(written, end)) {
		return
	}
	for _, s := range mailer.FormSources(d.Form) {
		if s.Doubt != mailer.DoubtNone {
			w.gone[Origin{activity, s.Key}] = EraseTold
		}
	}
}

// left tells whether anything obtained for an activity stays; for "", for any.
func (w *erasing) left(activity string) bool {
	for o := range w.kept {
		if activity == "" || o.Activity == activity {
			return true
		}
	}
	return slices.ContainsFunc(w.held.Acquisitions, func(a mailer.Acquisition) bool {
		return (activity == "" || a.ActivityKey == activity) && w.gone[Origin{a.ActivityKey, a.SourceKey}] == ""
	})
}

func (w *erasing) work() (Erasing, error) {
	e := Erasing{ContactID: w.held.Contact.ID, Whole: w.decided || len(w.gone) > 0 && !w.left("")}
	erased := map[mailer.ID]bool{}
	for _, d := range w.held.Duties {
		switch cause := w.cause(d, e.Whole); {
		case d.State == mailer.DutyErased:
			erased[d.ID] = true
		case cause != "":
			erased[d.ID] = true
			e.Duties = append(e.Duties, w.end(d, cause))
		}
	}
	for _, a := range w.held.Acquisitions {
		o := Origin{a.ActivityKey, a.SourceKey}
		if w.gone[o] != "" && !slices.Contains(e.Origins, o) {
			e.Origins = append(e.Origins, o)
		}
	}
	if e.nothing() {
		return Erasing{}, nil
	}
	if err := w.deliveries(&e, erased); err != nil {
		return Erasing{}, err
	}
	if e.Whole {
		e.Cause = w.whole()
		e.Suppress = w.suppress(e.Cause)
	}
	e.Tell = w.tell(e)
	return e, nil
}

// tell has recipients told of what goes: of the person altogether, or of the activities of
// which nothing is left. The record of people who were held for nothing has nobody to tell.
func (w *erasing) tell(e Erasing) (out []mailer.Telling) {
	gone := []string{""}
	if !e.Whole {
		gone = nil
		for _, o := range e.Origins {
			if !w.left(o.Activity) && !slices.Contains(gone, o.Activity) {
				gone = append(gone, o.Activity)
			}
		}
	}
	for _, activity := range gone {
		t := w.rules.current.Tidings(mailer.TellErased, e.ContactID, activity, w.rules.now)
		out = append(out, t.For(w.held.Known, w.held.PassedOn, w.rules.now)...)
	}
	return out
}

// cause is why a duty goes, "" where it stays. One for a purpose goes with the last
// that was obtained for its activity.
func (w *erasing) cause(d mailer.Duty, whole bool) EraseCause {
	cause := w.gone[Origin{d.ActivityKey, d.SourceKey}]
	switch {
	case cause != "" && d.Cause == mailer.CauseAcquisition:
		return cause
	case whole || !w.left(d.ActivityKey):
		return cmp.Or(cause, w.of(d.ActivityKey))
	}
	return ""
}

// of is why something of an activity goes, "" where nothing does.
func (w *erasing) of(activity string) EraseCause {
	for o, cause := range w.gone {
		if o.Activity == activity {
			return cause // an activity's all have the same
		}
	}
	return ""
}

// end is what a duty came to (T3).
func (w *erasing) end(d mailer.Duty, cause EraseCause) ErasedDuty {
	e := ErasedDuty{ID: d.ID, Cause: cause}
	switch {
	case d.State == mailer.DutyMet:
		e.Reason = ErasedInformed
	case d.State == mailer.DutyExcused && d.Excuse == mailer.ToldBefore: // the evidence of that stays
		e.Reason = ErasedInformed
	case d.State == mailer.DutyExcused:
		e.Reason = ErasedExcused
	case slices.ContainsFunc(w.held.Deliveries, func(v HeldDelivery) bool { return v.ID == d.DeliveryID && v.Unsure }):
		e.Reason = ErasedUnsure
	default:
		e.Reason = ErasedUninformed
		e.DaysLate = mailer.LateDays(d.Due.At, w.rules.now, w.rules.zone())
		e.Detail = daysLate(d.Due.At, w.rules.now, w.rules.zone())
	}
	return e
}

func daysLate(due, at time.Time, zone *time.Location) string {
	return fmt.Sprintf("%d days late", mailer.LateDays(due, at, zone))
}

// UninformedAfterAll is the detail of a duty that was erased as informed, and whose
// notice came back after that: how late it was when it was erased (T3).
func UninformedAfterAll(due, erasedAt time.Time, in mailer.DueInputs) string {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil { // of a time zone database that has lost it
		zone = time.UTC
	}
	return daysLate(due, erasedAt, zone)
}

// deliveries says which are cancelled and emptied. What is with a relay at this
// moment, or may have arrived, is waited for.
func (w *erasing) deliveries(e *Erasing, erased map[mailer.ID]bool) error {
	known := map[mailer.ID]bool{}
	for _, d := range w.held.Deliveries {
		known[d.ID] = true
		touched := e.Whole || slices.ContainsFunc(d.Duties, func(id mailer.ID) bool { return erased[id] }) || w.stale(d)
		empty := e.Whole || touched && !slices.ContainsFunc(d.Duties, func(id mailer.ID) bool { return !erased[id] })
		switch {
		case !touched:
			continue
		case d.State == mailer.Sending, d.Unsure && !w.rules.again && w.rules.now.Before(d.ComposedAt.Add(unsureWait)):
			return ErrOnItsWay
		case d.State == mailer.Queued, d.State == mailer.Deferred:
			e.Cancel = append(e.Cancel, d.ID)
		}
		if empty {
			e.Emptied = append(e.Emptied, d.ID)
			continue
		}
		for _, o := range e.Origins {
			if o.Activity == d.ActivityKey {
				e.Pages = append(e.Pages, ErasedAt{d.ID, "page." + o.Source})
			}
		}
	}
	for _, d := range w.held.Duties { // placed while this looked
		if d.State == mailer.DutyInFlight && !known[d.DeliveryID] {
			return ErrOnItsWay
		}
	}
	return nil
}

// stale tells whether a notice that has not gone out names a source that goes: its
// text cannot be made any more, and its duties are placed again.
func (w *erasing) stale(d HeldDelivery) bool {
	return (d.State == mailer.Queued || d.State == mailer.Deferred) && slices.ContainsFunc(mailer.FormSources(d.Form), func(s mailer.FormSource) bool {
		return w.gone[Origin{d.ActivityKey, s.Key}] != ""
	})
}

// whole is why all of somebody goes: a decision above all, then what we promised them.
func (w *erasing) whole() EraseCause {
	if w.decided {
		return EraseDecided
	}
	for _, cause := range w.gone {
		if cause == EraseTold {
			return EraseTold
		}
	}
	return EraseExpired
}

// suppress keeps people from being taken in again whom we promised that, or about
// whom a person decided it (R5). Who is erased because storage has ended may be found again.
func (w *erasing) suppress(cause EraseCause) []mailer.Suppression {
	switch cause {
	case EraseDecided:
		return mailer.StopUse(w.held.Identifiers, "erased")
	case EraseTold:
		return mailer.StopUse(w.held.Identifiers, string(EraseTold))
	}
	return nil
}
