package retain

import (
	"cmp"
	"slices"
	"time"

	"article14/mailer"
)

// Run is what a pass of the deletion job came to, or would come to on a day.
type Run struct {
	ID        mailer.ID  `json:"id"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   time.Time  `json:"ended_at,omitzero"` // zero: it was broken off, or is under way
	People    int        `json:"people"`            // of whom something goes
	Whole     int        `json:"whole"`             // of them, those of whom all goes
	Waiting   int        `json:"waiting"`           // over their date, and something is on its way to them: see ErrOnItsWay
	Held      int        `json:"held"`              // over their date, and a legal hold keeps something of theirs
	Counts    []RunCount `json:"counts"`
}

// RunCount counts duties that ended, by why, of which activity, and as what.
type RunCount struct {
	Cause    EraseCause         `json:"cause"`
	Activity string             `json:"activity"`
	As       mailer.BlockReason `json:"as"`
	Duties   int                `json:"duties"`
	Late     int                `json:"late"`      // of them, those erased behind the date on which the person had to be told
	DaysLate int                `json:"days_late"` // of the latest
}

// Uninformed is how many duties ended without anybody having told the person (T3).
func (r Run) Uninformed() (n int) {
	for _, c := range r.Counts {
		if c.As == ErasedUninformed {
			n += c.Duties
		}
	}
	return n
}

// Planned is one person of a run.
type Planned struct {
	ContactID mailer.ID   `json:"contact_id"`
	Whole     bool        `json:"whole"`
	Cause     EraseCause  `json:"cause,omitempty"`
	HeldBy    []mailer.ID `json:"held_by,omitempty"` // holds that keep what would go
	Waiting   bool        `json:"waiting,omitempty"`
}

// tallied is a run while it is counted. A page is counted when it is done, so that what
// was rolled back is not.
type tallied struct {
	Run
	seen map[mailer.ID]bool // who waits or is held, or in a dry run goes: both walks may find them
	dry  bool
	each func(Planned) // of a dry run
	page []counted
}

type counted struct {
	held Held
	plan Erasing
	wait bool
}

// begin forgets the page before.
func (t *tallied) begin() { t.page = t.page[:0] }

// note takes in what was worked out for one person.
func (t *tallied) note(h Held, plan Erasing, wait bool) {
	if goes := !plan.nothing(); goes || wait || len(plan.HeldBy) > 0 {
		t.page = append(t.page, counted{Held{Known: mailer.Known{Contact: mailer.Contact{ID: h.Contact.ID}, Duties: h.Duties}}, plan, wait})
	}
}

// done counts the page.
func (t *tallied) done() {
	for _, c := range t.page {
		id := c.held.Contact.ID
		if goes := !c.plan.nothing() && !t.dry; !goes {
			if t.seen[id] {
				continue
			}
			t.seen[id] = true
		}
		t.count(c)
		if t.each != nil {
			t.each(Planned{ContactID: id, Whole: c.plan.Whole, Cause: c.plan.why(), HeldBy: c.plan.HeldBy, Waiting: c.wait})
		}
	}
}

func (t *tallied) count(c counted) {
	if c.wait {
		t.Waiting++
	}
	if len(c.plan.HeldBy) > 0 {
		t.Held++
	}
	if c.plan.nothing() {
		return
	}
	t.People++
	if c.plan.Whole {
		t.Whole++
	}
	of := map[mailer.ID]mailer.Duty{}
	for _, d := range c.held.Duties {
		of[d.ID] = d
	}
	for _, d := range c.plan.Duties {
		t.add(RunCount{Cause: d.Cause, Activity: of[d.ID].ActivityKey, As: d.Reason, Duties: 1, Late: min(d.DaysLate, 1), DaysLate: d.DaysLate})
	}
}

func (t *tallied) add(c RunCount) {
	i := slices.IndexFunc(t.Counts, func(o RunCount) bool { return o.Cause == c.Cause && o.Activity == c.Activity && o.As == c.As })
	if i < 0 {
		t.Counts = append(t.Counts, c)
		slices.SortFunc(t.Counts, func(a, b RunCount) int {
			return cmp.Or(cmp.Compare(a.Activity, b.Activity), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.As, b.As))
		})
		return
	}
	t.Counts[i].Duties += c.Duties
	t.Counts[i].Late += c.Late
	t.Counts[i].DaysLate = max(t.Counts[i].DaysLate, c.DaysLate)
}

// why is what had the first of it go.
func (e Erasing) why() EraseCause {
	if e.Cause == "" && len(e.Duties) > 0 {
		return e.Duties[0].Cause
	}
	return e.Cause
}
