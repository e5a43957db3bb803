package postgres

import (
	"context"
	"slices"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// limits are what the lanes of a claim share: a campaign's pace and allowance over its
// lanes, a class's over all campaigns. What another claim has locked is missing.
type limits struct {
	campaigns map[mailer.ID]*campaignLimit
	classes   map[string]*classLimit
}

// campaignLimit is what the lanes of a campaign may give together.
type campaignLimit struct {
	pacing.Budget
	pacedBy int64 // the lane that counts its pace; 0: it has none
}

// classLimit is what the lanes of a class may give together.
type classLimit struct {
	pacing.Budget
	classRow
}

// bind gives a lane its limits, or says that another claim has one of them locked.
func (l limits) bind(lane *pacing.LaneTurn, r openLane) bool {
	if r.Pace > 0 || r.Limited {
		campaign, locked := l.campaigns[r.Campaign]
		if !locked {
			return false
		}
		lane.Campaign = &campaign.Budget
	}
	if r.ClassLimited {
		class, locked := l.classes[r.Class]
		if !locked {
			return false
		}
		lane.Class = &class.Budget
	}
	return true
}

// lockLimits locks what nobody else has locked of the limits that lanes have, and
// asks for no kind that none of them has.
func (c *claiming) lockLimits(ctx context.Context, lanes []openLane) error {
	var paced bool
	var classes []string
	for _, l := range lanes {
		paced = paced || l.Pace > 0
		if l.Limited && !slices.Contains(c.limited, l.Campaign) {
			c.limited = append(c.limited, l.Campaign)
		}
		if l.ClassLimited && !slices.Contains(classes, l.Class) {
			classes = append(classes, l.Class)
		}
	}
	allowed, err := c.allowances(ctx)
	if err != nil {
		return err
	}
	paces := map[mailer.ID]pacedRow{}
	if paced {
		if paces, err = c.paceLeft(ctx); err != nil {
			return err
		}
	}
	c.limits.campaigns = map[mailer.ID]*campaignLimit{}
	for _, l := range lanes {
		limit := campaignLimit{Budget: pacing.Budget{Left: c.limit}}
		if l.Pace > 0 {
			p, locked := paces[l.Campaign]
			if !locked {
				continue
			}
			limit.pacedBy, limit.Left = p.ID, min(limit.Left, max(0, p.Pace-p.Used))
		}
		if l.Limited {
			a, locked := allowed[l.Campaign]
			if !locked {
				continue
			}
			limit.Left = a.Room(limit.Left)
		}
		c.limits.campaigns[l.Campaign] = &limit
	}
	return c.lockClasses(ctx, classes)
}

// pacedRow is the lane that counts a campaign's pace.
type pacedRow struct {
	ID       int64     `db:"id"`
	Campaign mailer.ID `db:"campaign_id"`
	Pace     int       `db:"pace"`
	Used     int       `db:"used"`
}

// paceLeft locks the paces that nobody else has locked, and tells what each has given
// in this second.
func (c *claiming) paceLeft(ctx context.Context) (map[mailer.ID]pacedRow, error) {
	var rows []pacedRow
	if err := c.all(ctx, &rows, "claim_paced_lanes", c.controller, second(c.now), second(c.now).Add(paceAhead)); err != nil {
		return nil, err
	}
	left := make(map[mailer.ID]pacedRow, len(rows))
	for _, r := range rows {
		left[r.Campaign] = r
	}
	return left, nil
}

// chargePace writes down what paced campaigns gave in this second.
func (c *claiming) chargePace(ctx context.Context) error {
	type row struct {
		ID   int64 `json:"id"`
		Used int   `json:"used"`
	}
	var rows []row
	for _, l := range c.limits.campaigns {
		if l.pacedBy != 0 && l.Used > 0 {
			rows = append(rows, row{l.pacedBy, l.Used})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := c.exec(ctx, "claim_charge_pace", records{rows}, second(c.now), second(c.now).Add(paceAhead))
	return err
}

// lockClasses locks classes with limits, and tells how many more each may be given in
// this second and on its day.
func (c *claiming) lockClasses(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var rows []classRow
	err := c.all(ctx, &rows, "claim_classes", c.controller, texts(names))
	c.limits.classes = make(map[string]*classLimit, len(rows))
	for _, r := range rows {
		left, _ := r.spent().Grant(r.caps(), c.limit, second(c.now), r.Day.Time)
		c.limits.classes[r.Name] = &classLimit{pacing.Budget{Left: left}, r}
	}
	return err
}

// chargeClasses writes down what classes with limits were given.
func (c *claiming) chargeClasses(ctx context.Context) error {
	type row struct {
		Name     string     `json:"name"`
		Second   time.Time  `json:"second"`
		InSecond int        `json:"in_second"`
		OnDay    int        `json:"on_day"`
		FullAt   *time.Time `json:"full_at"`
	}
	var rows []row
	for name, l := range c.limits.classes {
		if l.Used > 0 {
			_, s := l.spent().Grant(l.caps(), l.Used, second(c.now), l.Day.Time)
			rows = append(rows, row{name, s.Second, s.InSecond, s.OnDay, known(fullAt(l.caps(), s.OnDay, l.FullAt.Time, c.now))})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := c.exec(ctx, "claim_charge_classes", c.controller, records{rows})
	return err
}

// astray tells whether a delivery stands in a lane that is not its class's any more:
// classes have changed since it came there.
func (c *claiming) astray(r claimedRow) bool {
	return !c.campaigns[r.Lane].IsZero() && c.book.Of(mailer.DomainOf(r.Address)) != c.classes[r.Lane]
}

// sendHome moves what is astray to the lane of its class, or has the lane looked through
// where its campaign has none of that class yet. Nothing goes out under another's limits.
func (c *claiming) sendHome(ctx context.Context, rows []claimedRow) error {
	if len(rows) == 0 {
		return nil
	}
	home := func(r claimedRow) string { return c.book.Of(mailer.DomainOf(r.Address)) }
	var gone []struct {
		N     int  `db:"n"` // in rows, from 1
		Moved bool `db:"moved"`
	}
	err := c.all(ctx, &gone, "claim_astray", c.controller, idColumn(rows, contactOf), idColumn(rows, deliveryOf),
		idColumn(rows, func(r claimedRow) mailer.ID { return c.campaigns[r.Lane] }), textColumn(rows, home))
	if err != nil {
		return err
	}
	var homeless []int64
	counts := tally{}
	for _, g := range gone {
		r := rows[g.N-1]
		if g.Moved {
			counts.class(c.controller, c.campaigns[r.Lane], c.classes[r.Lane], home(r))
		} else if !slices.Contains(homeless, r.Lane) {
			homeless = append(homeless, r.Lane)
		}
	}
	if len(homeless) > 0 {
		if _, err := c.exec(ctx, "sorting_add", intColumn(homeless, func(l int64) int { return int(l) })); err != nil {
			return err
		}
	}
	return counts.note(ctx, c.tx, time.Time{})
}
