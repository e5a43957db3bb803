package postgres

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
)

// arrivals are what a batch adds about people. Rows of a person who is new with
// it cannot be there already, whoever else writes, and are copied straight into
// their tables: merging them as well would double the work of an import. Rows of
// people who were known are staged and merged, and one that is there already is
// left as it was.
type arrivals struct {
	tx
	controller mailer.ID
	now        time.Time
	isNew      map[mailer.ID]bool
	counts     tally

	wireController, wireNow string // as COPY takes them: what all rows share is written once
}

// arrive is for people who are new, if any, and others who were known.
func (t tx) arrive(controller mailer.ID, people []mailer.Contact, now time.Time, counts tally) *arrivals {
	a := &arrivals{tx: t, controller: controller, now: now, isNew: make(map[mailer.ID]bool, len(people)), counts: counts,
		wireController: controller.String(), wireNow: wireTime(now)}
	for _, c := range people {
		a.isNew[c.ID] = true
	}
	return a
}

func (a *arrivals) addContacts(ctx context.Context, cs []mailer.Contact) error {
	if len(cs) == 0 {
		return nil
	}
	a.counts.add(a.controller, mailer.ID{}, countContact, "", "known", len(cs))
	return a.copyAll(ctx, "contact",
		"id, controller_id, name, country, region, city, postal_code, language, organisation, job_title, first_obtained_at, created_at, updated_at",
		func(yield func([]any) bool) {
			for _, c := range cs {
				if !yield([]any{c.ID.String(), a.wireController, c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language,
					c.Organisation, c.JobTitle, null(c.FirstObtainedAt), a.wireNow, a.wireNow}) {
					return
				}
			}
		})
}

// addIdentifiers stores identifiers. A microsecond between those of one person
// keeps the order in which their file names them.
func (a *arrivals) addIdentifiers(ctx context.Context, byContact map[mailer.ID][]mailer.Identifier) error {
	instants := []string{a.wireNow}
	return a.add(ctx, "identifier", "contact_id, id, controller_id, kind, hash, key_id, value, added_at", "identifier_add",
		func(yield func(mailer.ID, []any) bool) {
			for _, contact := range inOrder(byContact) {
				of := contact.String()
				for n, i := range byContact[contact] {
					if n == len(instants) {
						instants = append(instants, wireTime(a.now.Add(time.Duration(n)*time.Microsecond)))
					}
					if !yield(contact, []any{of, i.ID.String(), a.wireController, string(i.Kind), i.Hash, i.KeyID, i.Value, instants[n]}) {
						return
					}
				}
			}
		})
}

func (a *arrivals) addAcquisitions(ctx context.Context, byContact map[mailer.ID][]mailer.Acquisition) error {
	return a.add(ctx, "acquisition",
		"contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at", "acquisition_add",
		func(yield func(mailer.ID, []any) bool) {
			for _, contact := range inOrder(byContact) {
				for _, q := range byContact[contact] {
					if !yield(contact, []any{contact.String(), q.ID.String(), a.wireController, q.SourceKey, q.ActivityKey, null(q.ObtainedAt),
						string(q.Basis), q.Page, string(q.Visibility), q.ImportID, q.Line, a.wireNow}) {
						return
					}
				}
			}
		})
}

// addDuties opens duties. One that is there already for the same contact,
// activity, source and cause is left as it is (D5).
func (a *arrivals) addDuties(ctx context.Context, ds []mailer.Duty) error {
	for _, d := range ds {
		if a.isNew[d.ContactID] {
			a.counts.duty(a.controller, dutyStand{}, dutyStand{d.State, d.Reason, d.Due.At})
		}
	}
	const columns = `contact_id, id, controller_id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs, state, reason, detail, opened_at`
	staged, err := a.split(ctx, "duty", columns, func(yield func(mailer.ID, []any) bool) {
		for _, d := range ds {
			if !yield(d.ContactID, []any{d.ContactID.String(), d.ID.String(), a.wireController, d.ActivityKey, d.SourceKey, d.Cause, d.AcquisitionID,
				null(d.ObtainedAt), d.Due.At, string(d.Due.Rule), records{d.Due.Inputs}, string(d.State), string(d.Reason), d.Detail, a.wireNow}) {
				return
			}
		}
	})
	if err != nil || !staged {
		return err
	}
	var made []standRow
	if err := a.all(ctx, &made, "duty_add"); err != nil {
		return err
	}
	for _, r := range made {
		a.counts.duty(a.controller, dutyStand{}, r.stand())
	}
	return nil
}

// add adds rows to a table; merge is the statement for those of known people.
func (a *arrivals) add(ctx context.Context, table, columns, merge string, rows iter.Seq2[mailer.ID, []any]) error {
	staged, err := a.split(ctx, table, columns, rows)
	if err != nil || !staged {
		return err
	}
	_, err = a.exec(ctx, merge)
	return err
}

// split copies the rows of new people into a table and stages the others, if
// there are any.
func (a *arrivals) split(ctx context.Context, table, columns string, rows iter.Seq2[mailer.ID, []any]) (staged bool, err error) {
	var known [][]any
	straight := func(yield func([]any) bool) {
		for contact, row := range rows {
			if !a.isNew[contact] {
				known = append(known, row)
			} else if !yield(row) {
				return
			}
		}
	}
	if len(a.isNew) > 0 {
		err = a.copyAll(ctx, table, columns, straight)
	} else {
		straight(nil) // nobody is new: it only collects
	}
	if err != nil || len(known) == 0 {
		return false, err
	}
	return true, a.stage(ctx, table, columns, known)
}

// inOrder are the contacts of a batch by their ids: what belongs to one person
// stands together on disk.
func inOrder[V any](byContact map[mailer.ID]V) []mailer.ID {
	return slices.SortedFunc(maps.Keys(byContact), func(a, b mailer.ID) int { return bytes.Compare(a[:], b[:]) })
}

// wireTime is an instant as COPY takes it.
func wireTime(at time.Time) string { return string(pq.FormatTimestamp(at)) }

// standRow is what of a duty is counted.
type standRow struct {
	State  mailer.DutyState   `db:"state"`
	Reason mailer.BlockReason `db:"reason"`
	DueAt  instant            `db:"due_at"`
}

func (r standRow) stand() dutyStand { return dutyStand{r.State, r.Reason, r.DueAt.Time} }
