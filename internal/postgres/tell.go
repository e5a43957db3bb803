package postgres

import (
	"context"
	"time"

	"article14/mailer"
)

// tell has recipients told of a right, in the transaction of the right itself: call it with the
// contact's row locked, and before anything of theirs goes. Nil tells nobody.
func (t tx) tell(ctx context.Context, controller mailer.ID, tidings *mailer.Tidings, now time.Time, counts tally) error {
	if tidings == nil {
		return nil
	}
	ids := []mailer.ID{tidings.ContactID}
	passed, err := t.passedOn(ctx, ids)
	if err != nil {
		return err
	}
	people, err := t.people(ctx, controller, ids)
	if err != nil || people[tidings.ContactID] == nil {
		return err
	}
	return t.addTellings(ctx, controller, tidings.For(people[tidings.ContactID].known(), passed[tidings.ContactID], now), counts)
}

// passedOn gives to whom data of people were passed on.
func (t tx) passedOn(ctx context.Context, contacts []mailer.ID) (map[mailer.ID][]mailer.PassedOn, error) {
	var rows []struct {
		ContactID mailer.ID `db:"contact_id"`
		Recipient string    `db:"recipient"`
		Activity  string    `db:"activity_key"`
		Reference string    `db:"reference"`
	}
	err := t.all(ctx, &rows, "passed_on", uuids(contacts))
	out := map[mailer.ID][]mailer.PassedOn{}
	for _, r := range rows {
		out[r.ContactID] = append(out[r.ContactID], mailer.PassedOn{Recipient: r.Recipient, ActivityKey: r.Activity, Reference: r.Reference})
	}
	return out, err
}

// newTelling is a row of telling, with its values beside it.
type newTelling struct {
	ContactID mailer.ID        `json:"contact_id"`
	ID        mailer.ID        `json:"id"`
	Place     int              `json:"place"`
	Recipient string           `json:"recipient_key"`
	Event     mailer.TellEvent `json:"event"`
	Activity  string           `json:"activity_key"`
	Way       mailer.TellWay   `json:"way"`
	State     mailer.TellState `json:"state"`
	Why       string           `json:"why"`
	MadeAt    time.Time        `json:"made_at"`
	KeepUntil time.Time        `json:"keep_until"`
	Body      string           `json:"body"`
}

// addTellings puts tellings into the outbox, numbered for each person and recipient in their order.
func (t tx) addTellings(ctx context.Context, controller mailer.ID, ts []mailer.Telling, counts tally) error {
	if len(ts) == 0 {
		return nil
	}
	rows := make([]newTelling, len(ts))
	for i, n := range ts {
		rows[i] = newTelling{n.ContactID, n.ID, i, n.RecipientKey, n.Event, n.ActivityKey, n.By, n.State, n.Why, n.MadeAt, n.KeepUntil, ""}
		if n.State == mailer.TellWaiting {
			body, err := n.Body.JSON()
			if err != nil {
				return err
			}
			rows[i].Body = string(body)
		}
		counts.telling(controller, "", "", n.State, n.By)
	}
	if _, err := t.exec(ctx, "telling_add", records{rows}, controller); err != nil {
		return err
	}
	_, err := t.exec(ctx, "telling_value_add", records{rows}, controller)
	return err
}

// telling counts one telling's move; one that waits for a person is counted apart.
func (c tally) telling(controller mailer.ID, from mailer.TellState, fromWay mailer.TellWay, to mailer.TellState, toWay mailer.TellWay) {
	c.add(controller, mailer.ID{}, countTelling, tellingStand(from, fromWay), tellingStand(to, toWay), 1)
}

// toExport is how a telling is counted that waits for a person to pass it on.
const toExport = "to_export"

func tellingStand(s mailer.TellState, by mailer.TellWay) string {
	if s == mailer.TellWaiting && by == mailer.TellList {
		return toExport
	}
	return string(s)
}

// tellFigures are tellings by state, from their counters, and the oldest that is open.
func (t tx) tellFigures(ctx context.Context, controller mailer.ID, states, attempts map[string]int64) (mailer.TellFigures, error) {
	f := mailer.TellFigures{States: map[mailer.TellState]int64{}, Attempts: named[string](attempts), ToExport: states[toExport]}
	for s, n := range states {
		if s == toExport {
			s = string(mailer.TellWaiting)
		}
		f.States[mailer.TellState(s)] += n
	}
	var oldest instant
	_, err := t.one(ctx, &oldest, "figures_tellings", controller)
	f.Oldest = oldest.Time
	return f, err
}
