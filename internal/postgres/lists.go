package postgres

import (
	"context"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

var (
	_ status.DutyLister = (*Store)(nil)
	_ status.AlertStore = (*Store)(nil)
)

// listRow is a duty of a list.
type listRow struct {
	ContactID mailer.ID        `db:"contact_id"`
	ID        mailer.ID        `db:"id"`
	Activity  string           `db:"activity_key"`
	Source    string           `db:"source_key"`
	DueAt     instant          `db:"due_at"`
	Rule      mailer.DueRule   `db:"due_rule"`
	State     mailer.DutyState `db:"state"`
	Reason    string           `db:"reason"`
	Detail    string           `db:"detail"`
	ToldAt    instant          `db:"told_at"`
	EndedAt   instant          `db:"ended_at"`
}

func (r listRow) listed() status.ListedDuty {
	d := status.ListedDuty{ContactID: r.ContactID, ID: r.ID, ActivityKey: r.Activity, SourceKey: r.Source, DueAt: r.DueAt.Time, Rule: r.Rule, State: r.State,
		Detail: r.Detail, ToldAt: r.ToldAt.Time, EndedAt: r.EndedAt.Time}
	if r.State == mailer.DutyExcused {
		d.Excuse = mailer.ExcuseReason(r.Reason)
	} else {
		d.Reason = mailer.BlockReason(r.Reason)
	}
	return d
}

// ListDuties gives a page of duties. Each kind of list walks its own narrow index.
func (s *Store) ListDuties(ctx context.Context, controller mailer.ID, q status.DutyQuery) (out []status.ListedDuty, err error) {
	err = s.read(ctx, func(t tx) error {
		name, args, err := t.listing(ctx, controller, q)
		if err != nil {
			return err
		}
		var rows []listRow
		if err := fault(name, t.SelectContext(ctx, &rows, statement(name), args...)); err != nil {
			return err
		}
		out = make([]status.ListedDuty, len(rows))
		for i, r := range rows {
			out[i] = r.listed()
		}
		if !q.Names {
			return nil
		}
		return t.nameListed(ctx, controller, out)
	})
	return out, err
}

// listing is the statement for a query, with its parameters.
func (t tx) listing(ctx context.Context, controller mailer.ID, q status.DutyQuery) (name string, args []any, err error) {
	after, err := t.dueOf(ctx, controller, q.After)
	if err != nil {
		return "", nil, err
	}
	filter := []any{q.Activity, texts(q.Sources), texts(q.Countries), null(q.ObtainedFrom), null(q.ObtainedUntil)}
	contact, duty := q.After.ContactID.String(), q.After.ID.String()
	if slices.ContainsFunc(q.States, func(s mailer.DutyState) bool { return !slices.Contains(status.OwedStates, s) }) {
		args = append([]any{controller, contact, duty, edge(q.DueBefore, "infinity"), texts(q.States)}, filter...)
		return "list_ended", append(args, q.Overdue, q.Limit), nil
	}
	until := q.DueBefore
	if q.Overdue && (until.IsZero() || q.Now.Before(until)) {
		until = q.Now
	}
	head := []any{controller, edge(after, "-infinity"), contact, duty, edge(until, "infinity")}
	if len(q.Reasons) > 0 {
		return "list_blocked", slices.Concat(head, []any{texts(q.Reasons)}, filter, []any{q.Limit}), nil
	}
	return "list_owed", slices.Concat(head, []any{texts(q.States)}, filter, []any{q.Limit}), nil
}

// dueOf is the deadline of the duty that a page begins behind, zero for the first page.
func (t tx) dueOf(ctx context.Context, controller mailer.ID, after mailer.DutyRef) (time.Time, error) {
	var at instant
	if after == (mailer.DutyRef{}) {
		return at.Time, nil
	}
	found, err := t.one(ctx, &at, "list_due_of", controller, after.ContactID, after.ID)
	if err == nil && !found {
		err = mailer.ErrNoDuty
	}
	return at.Time, err
}

// edge is an instant, or where there is none an end of time.
func edge(at time.Time, end string) any {
	if at.IsZero() {
		return end
	}
	return at
}

// nameListed adds names and first addresses.
func (t tx) nameListed(ctx context.Context, controller mailer.ID, ds []status.ListedDuty) error {
	ids := make([]mailer.ID, len(ds))
	for i, d := range ds {
		ids[i] = d.ContactID
	}
	people, err := t.people(ctx, controller, ids)
	if err != nil {
		return err
	}
	for i := range ds {
		p := people[ds[i].ContactID]
		ds[i].Name = p.contact.Name
		if at := slices.IndexFunc(p.identifiers, func(id mailer.Identifier) bool { return id.Kind == mailer.ByEmail }); at >= 0 {
			ds[i].Address = p.identifiers[at].Value
		}
	}
	return nil
}

// Alerts gives open alerts, the oldest first.
func (s *Store) Alerts(ctx context.Context, controller mailer.ID, kind mailer.AlertKind, after mailer.ID, limit int) (out []status.OpenAlert, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ID       mailer.ID        `db:"id"`
			Kind     mailer.AlertKind `db:"kind"`
			Subject  string           `db:"subject"`
			Detail   string           `db:"detail"`
			RaisedAt instant          `db:"raised_at"`
			Contact  mailer.ID        `db:"contact_id"`
		}
		err := t.all(ctx, &rows, "alerts_open", controller, kind, after.String(), limit)
		for _, r := range rows {
			out = append(out, status.OpenAlert{ID: r.ID, Kind: r.Kind, Subject: r.Subject, Detail: r.Detail, RaisedAt: r.RaisedAt.Time, ContactID: r.Contact})
		}
		return err
	})
	return out, err
}

// SettleAlert puts on record who has seen to an alert.
func (s *Store) SettleAlert(ctx context.Context, controller, alert mailer.ID, by string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		var kind string
		found, err := t.one(ctx, &kind, "alert_settle", controller, alert, now, by)
		if err == nil && !found {
			err = mailer.ErrNoAlert
		}
		if err != nil {
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countAlert, kind, "", 1)
		if err := t.audit(ctx, entry{controller, now, by, "alert.settle", alert.String(), map[string]any{"kind": kind}}); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
}
