package postgres

import (
	"context"
	"strconv"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/deliver"
)

var _ deliver.StandingStore = (*Store)(nil)

// NoteStanding adds attempts to a lane's last ones, and pauses it where they reach the
// limit. The row of the last attempts is locked before the lane's, which claims need.
func (s *Store) NoteStanding(ctx context.Context, controller mailer.ID, lane int64, marks []byte, limit pacing.StandingLimit, now time.Time) (paused bool, err error) {
	err = s.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "standing_add", lane); err != nil {
			return err
		}
		var recent []byte
		if found, err := t.one(ctx, &recent, "standing_lock", lane); err != nil || !found { // forgotten between the two: resumed
			return err
		}
		after, reached := pacing.Standing(recent).Add(marks, limit)
		if _, err := t.exec(ctx, "standing", lane, []byte(after)); err != nil {
			return err
		}
		if !reached {
			return nil
		}
		detail := strconv.Itoa(limit.Refused) + " of " + strconv.Itoa(limit.Of)
		paused, err = t.holdLane(ctx, controller, lane, deliver.HeldByPolicy, mailer.AlertLanePaused, detail, now)
		return err
	})
	return paused, err
}

// holdLane pauses an open lane of a campaign, with an alert and on record.
func (t tx) holdLane(ctx context.Context, controller mailer.ID, lane int64, reason string, alert mailer.AlertKind, detail string, now time.Time) (bool, error) {
	var c struct {
		ID    mailer.ID `db:"id"`
		Key   string    `db:"key"`
		Class string    `db:"class"`
	}
	held, err := t.one(ctx, &c, "lane_hold", controller, lane, reason)
	if err != nil || !held {
		return false, err
	}
	if class := listed(c.Class); class != "" {
		detail += " to " + class
	}
	counts := tally{}
	if err := t.raise(ctx, []alertRow{{mailer.NewID(now), controller, alert, c.ID.String(), detail, now}}, counts); err != nil {
		return false, err
	}
	if err := t.audit(ctx, entry{controller, now, "article14", "campaign.held", c.Key, map[string]any{"reason": reason, "class": c.Class}}); err != nil {
		return false, err
	}
	return true, counts.note(ctx, t, time.Time{})
}
