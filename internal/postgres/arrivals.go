package postgres

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
)

// arrivals are what a batch adds about people. Rows of a person who is new with
// it cannot be there already, whoever else writes, and are copied straight into
// their tables: that is half the work of an import. Rows of people who were known are
// staged and merged, and one that is there already is left as it was.
type arrivals struct {
	controllerID mailer.ID
	controller   string // the same, as the wire has it, and so is at
	now          time.Time
	at           string
	isNew        map[mailer.ID]bool
}

// newArrivals is for people who are new, if any, and others who were known.
func newArrivals(controller mailer.ID, people []mailer.Contact, now time.Time) *arrivals {
	a := &arrivals{controllerID: controller, controller: controller.String(), now: now, at: wireTime(now), isNew: make(map[mailer.ID]bool, len(people))}
	for _, c := range people {
		a.isNew[c.ID] = true
	}
	return a
}

// sorted are the rows for one table.
type sorted struct{ straight, merged [][]any }

func (a *arrivals) sort(to *sorted, contact mailer.ID, row []any) {
	if a.isNew[contact] {
		to.straight = append(to.straight, row)
		return
	}
	to.merged = append(to.merged, row)
}

func (t tx) addContacts(ctx context.Context, batch *arrivals, cs []mailer.Contact, counts tally) error {
	rows := make([][]any, len(cs))
	for i, c := range cs {
		rows[i] = []any{c.ID.String(), batch.controller, c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language,
			c.Organisation, c.JobTitle, null(c.FirstObtainedAt), batch.at, batch.at}
	}
	counts.add(batch.controllerID, mailer.ID{}, countContact, "", "known", len(rows))
	return t.copyIn(ctx, "contact",
		"id, controller_id, name, country, region, city, postal_code, language, organisation, job_title, first_obtained_at, created_at, updated_at", rows)
}

// addIdentifiers stores identifiers. A microsecond between those of one person
// keeps the order in which their file names them.
func (t tx) addIdentifiers(ctx context.Context, batch *arrivals, byContact map[mailer.ID][]mailer.Identifier) error {
	var rows sorted
	var added []string // instants
	for _, contact := range inOrder(byContact) {
		for n, i := range byContact[contact] {
			if n == len(added) {
				added = append(added, wireTime(batch.now.Add(time.Duration(n)*time.Microsecond)))
			}
			batch.sort(&rows, contact, []any{contact.String(), i.ID.String(), batch.controller, string(i.Kind), i.Hash, i.KeyID, i.Value, added[n]})
		}
	}
	return t.addRows(ctx, "identifier_add", "identifier", "contact_id, id, controller_id, kind, hash, key_id, value, added_at", rows)
}

func (t tx) addAcquisitions(ctx context.Context, batch *arrivals, byContact map[mailer.ID][]mailer.Acquisition) error {
	var rows sorted
	for _, contact := range inOrder(byContact) {
		for _, a := range byContact[contact] {
			batch.sort(&rows, contact, []any{contact.String(), a.ID.String(), batch.controller, a.SourceKey, a.ActivityKey, null(a.ObtainedAt),
				string(a.Basis), a.Page, string(a.Visibility), a.ImportID, a.Line, batch.at})
		}
	}
	return t.addRows(ctx, "acquisition_add", "acquisition",
		"contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at", rows)
}

const dutyColumns = `contact_id, id, controller_id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs, state, reason, detail, opened_at`

// addDuties opens duties. One that is there already for the same contact,
// activity, source and cause is left as it is (D5).
func (t tx) addDuties(ctx context.Context, batch *arrivals, ds []mailer.Duty, counts tally) error {
	var rows sorted
	for _, d := range ds {
		batch.sort(&rows, d.ContactID, []any{d.ContactID.String(), d.ID.String(), batch.controller, d.ActivityKey, d.SourceKey, d.Cause, d.AcquisitionID,
			null(d.ObtainedAt), d.Due.At, string(d.Due.Rule), records{d.Due.Inputs}, string(d.State), string(d.Reason), d.Detail, batch.at})
		if batch.isNew[d.ContactID] {
			counts.duty(batch.controllerID, dutyStand{}, dutyStand{d.State, d.Reason, d.Due.At})
		}
	}
	if err := t.copyIn(ctx, "duty", dutyColumns, rows.straight); err != nil || len(rows.merged) == 0 {
		return err
	}
	if err := t.stage(ctx, "duty", dutyColumns, rows.merged); err != nil {
		return err
	}
	var made []standRow
	if err := t.all(ctx, &made, "duty_add"); err != nil {
		return err
	}
	for _, r := range made {
		counts.duty(batch.controllerID, dutyStand{}, r.stand())
	}
	return nil
}

// addRows copies the rows of new people into a table and has a statement merge the others.
func (t tx) addRows(ctx context.Context, statement, table, columns string, rows sorted) error {
	if err := t.copyIn(ctx, table, columns, rows.straight); err != nil || len(rows.merged) == 0 {
		return err
	}
	if err := t.stage(ctx, table, columns, rows.merged); err != nil {
		return err
	}
	_, err := t.exec(ctx, statement)
	return err
}

// inOrder are the contacts of a batch by their ids: what belongs to one stands
// together on disk.
func inOrder[V any](byContact map[mailer.ID]V) []mailer.ID {
	return slices.SortedFunc(maps.Keys(byContact), func(a, b mailer.ID) int { return bytes.Compare(a[:], b[:]) })
}

// wireTime is an instant as COPY takes it. What a whole batch shares is written once.
func wireTime(at time.Time) string { return string(pq.FormatTimestamp(at)) }

// standRow is what of a duty is counted.
type standRow struct {
	State  mailer.DutyState   `db:"state"`
	Reason mailer.BlockReason `db:"reason"`
	DueAt  instant            `db:"due_at"`
}

func (r standRow) stand() dutyStand { return dutyStand{r.State, r.Reason, r.DueAt.Time} }
