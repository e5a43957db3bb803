package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
)

// sortAtOnce bounds how many deliveries one transaction looks at.
const sortAtOnce = 2000

// sortedRow is a queued delivery that is looked at.
type sortedRow struct {
	ContactID mailer.ID `db:"contact_id"`
	ID        mailer.ID `db:"id"`
	DueAt     instant   `db:"due_at"`
	Domain    string    `db:"domain"`
	lane      int64
	class     string
}

// SortLanes looks at the next chunk of what is queued since classes changed, and moves
// what stands in the lane of another class. Those who sort at once take turns.
func (s *Store) SortLanes(ctx context.Context, controller mailer.ID) (moved int, left bool, err error) {
	return s.sortLanes(ctx, controller, sortAtOnce)
}

func (s *Store) sortLanes(ctx context.Context, controller mailer.ID, atOnce int) (moved int, left bool, err error) {
	err = s.work(ctx, func(t tx) error {
		moved = 0
		if _, err := t.one(ctx, &left, "sorting_left", controller); err != nil || !left {
			return err
		}
		var at struct {
			Lane     int64     `db:"lane"`
			DueAt    instant   `db:"due_at"`
			ID       mailer.ID `db:"id"`
			Campaign mailer.ID `db:"campaign_id"`
			Class    string    `db:"class"`
		}
		found, err := t.one(ctx, &at, "sorting_next", controller)
		if err != nil || !found { // another has just ended it: look again
			return err
		}
		var rows []sortedRow
		if err := t.all(ctx, &rows, "sorting_look", at.Lane, at.DueAt.Time, at.ID.String(), atOnce); err != nil {
			return err
		}
		book, err := s.classes.current(ctx, t, controller)
		if err != nil {
			return err
		}
		if moved, err = t.moveAstray(ctx, controller, at.Campaign, at.Lane, at.Class, rows, book); err != nil {
			return err
		}
		if len(rows) < atOnce {
			if _, err = t.exec(ctx, "sorting_done", at.Lane); err != nil {
				return err
			}
			_, err = t.one(ctx, &left, "sorting_left", controller)
			return err
		}
		last := rows[len(rows)-1]
		_, err = t.exec(ctx, "sorting_on", at.Lane, last.DueAt.Time, last.ID)
		return err
	})
	return moved, left, err
}

// moveAstray moves those of a lane whose domain is in another class.
func (t tx) moveAstray(ctx context.Context, controller, campaign mailer.ID, lane int64, class string, rows []sortedRow, book campaign.ClassBook) (int, error) {
	var astray []sortedRow
	classes := map[string]bool{}
	for _, r := range rows {
		if r.class = book.Of(r.Domain); r.class != class {
			astray = append(astray, r)
			classes[r.class] = true
		}
	}
	if len(astray) == 0 {
		return 0, nil
	}
	lanes, err := t.classLanes(ctx, campaign, slices.Sorted(maps.Keys(classes)))
	if err != nil {
		return 0, err
	}
	for i, r := range astray {
		astray[i].lane = lanes[r.class]
	}
	var to []string
	err = t.all(ctx, &to, "sorting_move", lane,
		idColumn(astray, func(r sortedRow) mailer.ID { return r.ContactID }), idColumn(astray, func(r sortedRow) mailer.ID { return r.ID }),
		intColumn(astray, func(r sortedRow) int { return int(r.lane) }), textColumn(astray, func(r sortedRow) string { return r.class }))
	if err != nil {
		return 0, err
	}
	counts := tally{}
	for _, c := range to {
		counts.class(controller, campaign, class, c)
	}
	return len(to), counts.note(ctx, t, time.Time{})
}
