package assess

import (
	"cmp"
	"context"
	"slices"
	"time"

	"article14/internal/calendar"
	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/plan"
)

// Assessment is what a contact file, or what is stored, comes to: who is owed what
// by when, what stands in the way, and how long telling them takes. It holds
// numbers and codes alone.
type Assessment struct {
	AsOf             time.Time                     `json:"as_of"`
	Zone             string                        `json:"zone"`
	Rows             *accept.ImportCounts          `json:"rows,omitempty"` // of a file
	Refused          []ReasonCount                 `json:"refused,omitempty"`
	People           int64                         `json:"people"`
	KnownBefore      int64                         `json:"known_before"` // of a file's people: stored already
	Duties           map[mailer.DutyState]int64    `json:"duties"`       // of a file: those that it opens
	Excused          map[mailer.ExcuseReason]int64 `json:"excused"`      // duties
	ToldLate         int64                         `json:"told_late"`    // of those excused: told before, but behind their date
	Owed             int64                         `json:"owed"`         // duties not met, excused or erased
	Overdue          int64                         `json:"overdue"`      // of them
	OverdueByAge     []Span                        `json:"overdue_by_age"`
	DueByWeek        []Span                        `json:"due_by_week"`
	CanBeTold        int64                         `json:"can_be_told"` // notices that could be queued now
	ByLetter         int64                         `json:"by_letter"`   // of those that can be told
	ByCall           int64                         `json:"by_call"`     // of those that can be told
	UnderWay         int64                         `json:"under_way"`   // notices that a campaign has taken up
	Blocked          map[mailer.BlockReason]int64  `json:"blocked"`     // notices that could not, each under the first obstacle found
	MissingLanguages map[string]int64              `json:"missing_languages"`
	Restricted       int64                         `json:"restricted"` // people
	Unknown          map[mailer.UnknownRule]int64  `json:"unknown_visibility"`
	NoAddress        int64                         `json:"no_address"`       // people who are owed a notice, whatever else keeps it from them
	RoleMailboxes    int64                         `json:"role_mailboxes"`   // people with none but an office's address
	SharedMailboxes  int64                         `json:"shared_mailboxes"` // addresses that several people have
	Plan             Plan                          `json:"plan"`
}

// ReasonCount is why rows were refused, and how many.
type ReasonCount struct {
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}

// Span is a number of duties whose dates fall into it.
type Span struct {
	Name   string        `json:"name"`
	From   calendar.Date `json:"from,omitzero"`
	Duties int64         `json:"duties"`
}

// Assessed is how one person stands: all that an assessment looks at. Duties are
// those that count.
type Assessed struct {
	mailer.Known
	Addresses []mailer.Channel // of mail
	Others    []mailer.Channel // of post, and telephones
	WasKnown  bool             // stored before the file that is assessed
}

// Store lets an assessment walk over everybody who is stored. It changes nothing.
type Store interface {
	// Assessed gives the next people behind after, in the order of their ids.
	Assessed(ctx context.Context, controller, after mailer.ID, limit int, now time.Time) ([]Assessed, error)
	// SharedMailboxes counts the addresses that several people have.
	SharedMailboxes(ctx context.Context, controller mailer.ID) (int64, error)
}

// assessor adds people up, by the decisions of the Placer.
type assessor struct {
	Assessment
	reg       *mailer.Register
	available func(lang string) bool
	now       time.Time
	placers   map[string]plan.Placer
	owing     map[int64]int64 // notices that can be queued or are, by the Unix second of their date
}

func newAssessor(reg *mailer.Register, available func(string) bool, now time.Time) *assessor {
	a := &assessor{reg: reg, available: available, now: now, placers: map[string]plan.Placer{}, owing: map[int64]int64{}}
	a.Assessment = Assessment{
		AsOf: now.In(reg.Controller.Zone), Zone: reg.Controller.Zone.String(), Duties: map[mailer.DutyState]int64{}, Excused: map[mailer.ExcuseReason]int64{},
		Blocked: map[mailer.BlockReason]int64{}, MissingLanguages: map[string]int64{}, Unknown: map[mailer.UnknownRule]int64{},
		OverdueByAge: []Span{{Name: "less than a month"}, {Name: "1 to 3 months"}, {Name: "3 to 12 months"}, {Name: "1 to 2 years"}, {Name: "more than 2 years"}},
	}
	today := calendar.DateOf(now, reg.Controller.Zone)
	for i, name := range []string{"this week", "in the 2nd week", "in the 3rd week", "in the 4th week", "in the 5th week", "later"} {
		a.DueByWeek = append(a.DueByWeek, Span{Name: name, From: today.AddDays(7 * i)})
	}
	return a
}

// add counts one person. Who was told before is owed nothing, also where their duty
// is about to be ended still.
func (a *assessor) add(s Assessed) {
	s.Duties = slices.Clone(s.Duties)
	for i, d := range s.Duties {
		s.Duties[i] = accept.Told(d)
	}
	a.People++
	if s.WasKnown {
		a.KnownBefore++
	}
	var activities []string
	underWay := map[string][]mailer.Duty{}
	for _, d := range s.Duties {
		a.duty(d)
		if d.State == mailer.DutyInFlight {
			underWay[d.ActivityKey] = append(underWay[d.ActivityKey], d)
		}
		if slices.Contains([]mailer.DutyState{mailer.DutyOpen, mailer.DutyFailed, mailer.DutyBlocked}, d.State) && !slices.Contains(activities, d.ActivityKey) {
			activities = append(activities, d.ActivityKey)
		}
	}
	if len(activities) > 0 {
		a.visibility(s.Acquisitions)
		if len(s.Addresses) == 0 {
			a.NoAddress++
		} else if !slices.ContainsFunc(s.Addresses, func(ch mailer.Channel) bool { return !ch.IsRole() }) {
			a.RoleMailboxes++
		}
	}
	for _, activity := range activities {
		a.notice(s, activity)
	}
	for _, duties := range underWay {
		a.UnderWay++
		a.owing[a.second(mailer.EarliestDue(duties))]++
	}
}

// duty counts one duty, by its state and, where it is owed, by its date.
func (a *assessor) duty(d mailer.Duty) {
	a.Duties[d.State]++
	switch d.State {
	case mailer.DutyMet, mailer.DutyErased:
		return
	case mailer.DutyExcused:
		a.Excused[d.Excuse]++
		if accept.ToldLate(d) {
			a.ToldLate++
		}
		return
	}
	a.Owed++
	if a.overdue(d.Due) {
		a.Overdue++
		a.OverdueByAge[a.age(d.Due.At)].Duties++
		return
	}
	days := calendar.DateOf(a.now, a.reg.Controller.Zone).DaysUntil(calendar.DateOf(d.Due.At, a.reg.Controller.Zone))
	a.DueByWeek[min(days/7, len(a.DueByWeek)-1)].Duties++
}

// overdue: an unknown obtaining counts as overdue from the moment that it is read (D4).
func (a *assessor) overdue(d mailer.Due) bool {
	return d.At.Before(a.now) || d.Rule == mailer.DueUnknown
}

// age is the place in OverdueByAge of a date that has passed.
func (a *assessor) age(due time.Time) int {
	today, at := calendar.DateOf(a.now, a.reg.Controller.Zone), calendar.DateOf(due, a.reg.Controller.Zone)
	for i, months := range []int{1, 3, 12, 24} {
		if at.AddMonths(months).After(today) {
			return i
		}
	}
	return 4
}

// visibility counts a person whose data were restricted by their holder, or may
// have been: what that means is the source's rule (S4).
func (a *assessor) visibility(acqs []mailer.Acquisition) {
	restricted, unknown := false, map[mailer.UnknownRule]bool{}
	for _, q := range acqs {
		restricted = restricted || q.Visibility == mailer.VisibleRestricted
		if q.Visibility == mailer.VisibleUnknown {
			source, _ := a.reg.Source(q.SourceKey)
			rule := source.Unknown
			if rule == "" {
				rule = mailer.UnknownNoticeOnly
			}
			unknown[rule] = true
		}
	}
	if restricted {
		a.Restricted++
	}
	for rule := range unknown {
		a.Unknown[rule]++
	}
}

// notice decides, as a campaign for the activity would, how a person is told.
func (a *assessor) notice(s Assessed, activity string) {
	c := mailer.Candidate{Contact: s.Contact, Acquisitions: mailer.FirstAcquisitions(s.Acquisitions, activity), Addresses: s.Addresses, Others: s.Others}
	var stuck mailer.BlockReason
	for _, d := range s.Duties {
		switch {
		case d.ActivityKey != activity:
		case d.State == mailer.DutyBlocked && !slices.Contains(mailer.BlocksThatMayBeGone, d.Reason):
			stuck = d.Reason
		case d.State == mailer.DutyOpen || d.State == mailer.DutyFailed || d.State == mailer.DutyBlocked:
			c.Duties = append(c.Duties, d)
		}
	}
	if len(c.Duties) == 0 {
		a.Blocked[stuck]++
		return
	}
	placer, declared := a.placer(activity)
	if !declared {
		a.Blocked[mailer.BlockUnknownSource]++
		return
	}
	switch pl, _, ok := placer.Decide(c); {
	case !ok: // duties for purposes that the register does not have
		a.Blocked[mailer.BlockNotApproved]++
	case pl.Block != "":
		a.Blocked[pl.Block]++
		if pl.Block == mailer.BlockNoLanguage {
			a.MissingLanguages[pl.Detail]++
		}
	default:
		a.CanBeTold++
		switch pl.Delivery.Channel {
		case mailer.ChannelLetter:
			a.ByLetter++
		case mailer.ChannelPhone:
			a.ByCall++
		}
		if pl.Delivery.Channel == mailer.ChannelMail {
			a.owing[a.second(pl.Delivery.DueAt)]++
		}
	}
}

func (a *assessor) placer(activity string) (plan.Placer, bool) {
	p, made := a.placers[activity]
	if !made {
		declared, ok := a.reg.Activity(activity)
		if !ok {
			return plan.Placer{}, false
		}
		p = plan.Placer{Register: a.reg, Activity: declared, Available: a.available, Now: a.now}
		a.placers[activity] = p
	}
	return p, true
}

// second is a date for the plan. Those of one hour count as one, not later than
// they are, and none that is ahead as past.
func (a *assessor) second(due time.Time) int64 {
	hour := due.Truncate(time.Hour)
	switch {
	case !due.After(a.now):
		hour = hour.Add(-time.Second) // past, also where both are the full hour
	case !hour.After(a.now):
		hour = due
	}
	return hour.Unix()
}

// dates are the notices that can be queued or are, by date.
func (a *assessor) dates() []pacing.Owing {
	var out []pacing.Owing
	for at, n := range a.owing {
		out = append(out, pacing.Owing{At: time.Unix(at, 0).UTC(), N: n})
	}
	slices.SortFunc(out, func(x, y pacing.Owing) int { return x.At.Compare(y.At) })
	return out
}

// Stored looks at everybody who is stored, a page at a time.
func Stored(ctx context.Context, store Store, controller mailer.ID, reg *mailer.Register, available func(string) bool, plan Planned, now time.Time, progress func(people int64)) (Assessment, error) {
	const page = 1000
	a := newAssessor(reg, available, now)
	for after := (mailer.ID{}); ; {
		people, err := store.Assessed(ctx, controller, after, page, now)
		if err != nil {
			return Assessment{}, err
		}
		for _, s := range people {
			a.add(s)
		}
		progress(a.People)
		if len(people) < page {
			break
		}
		after = people[len(people)-1].Contact.ID
	}
	var err error
	if a.SharedMailboxes, err = store.SharedMailboxes(ctx, controller); err != nil {
		return Assessment{}, err
	}
	a.Plan = plan.over(a.dates(), now, reg.Controller.Zone)
	return a.Assessment, nil
}

// FileAssessor reads a contact file as an import does, and stores nothing.
type FileAssessor struct {
	Store     accept.ImportStore // looks up who is known; nil: nobody is
	Keys      *mailer.Keyring
	Available func(lang string) bool
	Plan      Planned
	Now       func() time.Time
}

// Assess reads a file to its end, keeping its people in memory, and tells what an
// import of it would come to. The plan's DryRun and OnRefusal are its own.
func (f FileAssessor) Assess(ctx context.Context, p accept.ImportPlan) (Assessment, error) {
	people, refused := newScratch(f.Store), refusalCounts{}
	p.DryRun, p.OnRefusal = false, refused.count
	im := accept.Importer{Store: people, Keys: f.Keys, Now: f.Now}
	counts, err := im.Run(ctx, p)
	if err != nil {
		return Assessment{}, err
	}
	a := newAssessor(p.Register, f.Available, f.Now())
	people.each(a.add)
	a.Rows, a.Refused = &counts, refused.top(5)
	a.SharedMailboxes = people.sharedMailboxes()
	a.Plan = f.Plan.over(a.dates(), a.now, p.Register.Controller.Zone)
	return a.Assessment, nil
}

// refusalCounts counts refusals by field and reason. Reasons are few; should they
// not be, those beyond the first thousand count as one.
type refusalCounts map[ReasonCount]int64

func (c refusalCounts) count(r accept.Refusal) error {
	key := ReasonCount{Field: r.Field, Reason: r.Reason}
	if _, seen := c[key]; !seen && len(c) >= 1000 {
		key = ReasonCount{Reason: "other reasons"}
	}
	c[key]++
	return nil
}

// top are the n most frequent.
func (c refusalCounts) top(n int) []ReasonCount {
	var out []ReasonCount
	for key, rows := range c {
		key.Rows = rows
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Reason, b.Reason))
	})
	return out[:min(n, len(out))]
}
