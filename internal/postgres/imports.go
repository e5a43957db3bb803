package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"article14/mailer"
)

var _ mailer.ImportStore = (*Store)(nil)

// importRow is a row of import.
type importRow struct {
	ID           mailer.ID `db:"id"`
	SourceKey    string    `db:"source_key"`
	ActivityKey  string    `db:"activity_key"`
	FileName     string    `db:"file_name"`
	FileHash     []byte    `db:"file_hash"`
	SettingsHash []byte    `db:"settings_hash"`
	FinishedAt   instant   `db:"finished_at"`
	Position     int64     `db:"position"`
	Accepted     int64     `db:"accepted"`
	Merged       int64     `db:"merged"`
	Refused      int64     `db:"refused"`
}

// BeginImport finds the import of the same file and settings or makes it.
func (s *Store) BeginImport(ctx context.Context, controller mailer.ID, imp mailer.Import, now time.Time) (mailer.Import, error) {
	var r importRow
	if imp.ID.IsZero() {
		imp.ID = mailer.NewID(now)
	}
	err := s.write(ctx, func(t tx) error {
		_, err := t.one(ctx, &r, "import_begin", imp.ID, controller, imp.SourceKey, imp.ActivityKey, imp.FileName, imp.FileHash, imp.SettingsHash, now, imp.Basis)
		return err
	})
	return mailer.Import{
		ID: r.ID, SourceKey: r.SourceKey, ActivityKey: r.ActivityKey, FileName: r.FileName,
		FileHash: r.FileHash, SettingsHash: r.SettingsHash,
		Position: r.Position, Finished: !r.FinishedAt.IsZero(),
		Counts: mailer.ImportCounts{Accepted: r.Accepted, Merged: r.Merged, Refused: r.Refused},
	}, err
}

// FinishImport marks the file as read to its end.
func (s *Store) FinishImport(ctx context.Context, importID mailer.ID, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "import_finish", importID, now)
		return err
	})
}

// Merge looks up whom a batch knows, lets decide work out what follows, and
// stores that with the import's position. The keys of suppressed are hashes as
// strings. What is stored twice is left as it was.
func (s *Store) Merge(ctx context.Context, controller, importID mailer.ID, keys mailer.BatchKeys, now time.Time,
	decide func(known []mailer.Known, suppressed map[string]bool) mailer.Merge) error {
	return s.write(ctx, func(t tx) error {
		if err := t.lockIntake(ctx, controller); err != nil {
			return err
		}
		known, suppressed, err := t.lookUp(ctx, controller, keys, now)
		if err != nil {
			return err
		}
		m := decide(known, suppressed)
		if m.Rows == 0 {
			return nil // it only looked
		}
		return t.merge(ctx, controller, importID, m, now)
	})
}

// lockIntake lets one transaction at a time give this controller's contacts
// identities, so that nobody becomes two.
func (t tx) lockIntake(ctx context.Context, controller mailer.ID) error {
	_, err := t.exec(ctx, "intake_lock", controller)
	return err
}

func (t tx) lookUp(ctx context.Context, controller mailer.ID, keys mailer.BatchKeys, now time.Time) ([]mailer.Known, map[string]bool, error) {
	type key struct {
		Kind mailer.IdentifierKind `json:"kind"`
		Hash []byte                `json:"hash"`
	}
	var ks []key
	for kind, hashes := range keys {
		for _, h := range hashes {
			ks = append(ks, key{kind, h})
		}
	}
	if len(ks) == 0 {
		return nil, nil, nil
	}
	var ids []mailer.ID
	if err := t.all(ctx, &ids, "intake_known", controller, records{ks}); err != nil {
		return nil, nil, err
	}
	var hashes [][]byte
	if err := t.all(ctx, &hashes, "intake_suppressed", controller, records{ks}, now); err != nil {
		return nil, nil, err
	}
	suppressed := make(map[string]bool, len(hashes))
	for _, h := range hashes {
		suppressed[string(h)] = true
	}
	people, err := t.people(ctx, controller, ids)
	known := make([]mailer.Known, 0, len(ids))
	for _, id := range ids {
		if p := people[id]; p != nil {
			known = append(known, p.known())
		}
	}
	return known, suppressed, err
}

// merge stores what a batch comes to. Contacts are locked before deliveries,
// deliveries before duties, each in the order of their keys.
func (t tx) merge(ctx context.Context, controller, importID mailer.ID, m mailer.Merge, now time.Time) error {
	counts := tally{}
	if err := t.addContacts(ctx, controller, m.NewContacts, now, counts); err != nil {
		return err
	}
	if err := t.fillContacts(ctx, controller, m.Updated, now); err != nil {
		return err
	}
	if err := t.addIdentifiers(ctx, controller, m.Identifiers, now); err != nil {
		return err
	}
	if err := t.addAcquisitions(ctx, controller, m.Acquisitions, now); err != nil {
		return err
	}
	tooLate, err := t.changeDuties(ctx, controller, m, now, counts)
	if err != nil {
		return err
	}
	if err := t.addDuties(ctx, controller, m.Duties, now, counts); err != nil {
		return err
	}
	if err := t.recordTold(ctx, controller, m.Told, now, counts); err != nil {
		return err
	}
	if err := t.raiseFound(ctx, controller, slices.Concat(m.Alerts, tooLate), now, counts); err != nil {
		return err
	}
	n, err := t.exec(ctx, "import_advance", importID, m.Rows, m.Counts.Accepted, m.Counts.Merged, m.Counts.Refused, m.From)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("import %s is further than row %d: another run reads the same file; let it finish", importID, m.From)
	}
	counts.add(controller, mailer.ID{}, countImport, "", "accepted", int(m.Counts.Accepted))
	counts.add(controller, mailer.ID{}, countImport, "", "merged", int(m.Counts.Merged))
	counts.add(controller, mailer.ID{}, countImport, "", "refused", int(m.Counts.Refused))
	// The lock on intake stands, so no other import waits for these rows.
	return counts.apply(ctx, t)
}

const contactColumns = `id, controller_id, name, country, region, city, postal_code, language, organisation, job_title, first_obtained_at, created_at, updated_at`

func (t tx) addContacts(ctx context.Context, controller mailer.ID, cs []mailer.Contact, now time.Time, counts tally) error {
	rows := make([][]any, len(cs))
	for i, c := range cs {
		rows[i] = []any{c.ID, controller, c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language,
			c.Organisation, c.JobTitle, null(c.FirstObtainedAt), now, now}
	}
	n, err := t.mergeIn(ctx, "contact_add", "contact", contactColumns, rows)
	counts.add(controller, mailer.ID{}, countContact, "", "known", n)
	return err
}

// fillContacts writes fields that a later file filled in. The first obtaining,
// from which retention counts, only ever moves back (T1).
func (t tx) fillContacts(ctx context.Context, controller mailer.ID, cs []mailer.Contact, now time.Time) error {
	if len(cs) == 0 {
		return nil
	}
	type row struct {
		ID           mailer.ID  `json:"id"`
		Name         string     `json:"name"`
		Country      string     `json:"country"`
		Region       string     `json:"region"`
		City         string     `json:"city"`
		PostalCode   string     `json:"postal_code"`
		Language     string     `json:"language"`
		Organisation string     `json:"organisation"`
		JobTitle     string     `json:"job_title"`
		Obtained     *time.Time `json:"first_obtained_at"`
	}
	rows := make([]row, len(cs))
	for i, c := range cs {
		rows[i] = row{c.ID, c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language, c.Organisation, c.JobTitle, known(c.FirstObtainedAt)}
	}
	_, err := t.exec(ctx, "contact_fill", controller, records{rows}, now)
	return err
}

// addIdentifiers stores identifiers. A microsecond between those of one person
// keeps the order in which their file names them.
func (t tx) addIdentifiers(ctx context.Context, controller mailer.ID, byContact map[mailer.ID][]mailer.Identifier, now time.Time) error {
	var rows [][]any
	for contact, ids := range byContact {
		for n, i := range ids {
			rows = append(rows, []any{contact, i.ID, controller, string(i.Kind), i.Hash, i.KeyID, i.Value, now.Add(time.Duration(n) * time.Microsecond)})
		}
	}
	_, err := t.mergeIn(ctx, "identifier_add", "identifier", "contact_id, id, controller_id, kind, hash, key_id, value, added_at", rows)
	return err
}

func (t tx) addAcquisitions(ctx context.Context, controller mailer.ID, byContact map[mailer.ID][]mailer.Acquisition, now time.Time) error {
	var rows [][]any
	for contact, as := range byContact {
		for _, a := range as {
			rows = append(rows, []any{contact, a.ID, controller, a.SourceKey, a.ActivityKey, null(a.ObtainedAt), string(a.Basis),
				a.Page, string(a.Visibility), a.ImportID, a.Line, now})
		}
	}
	_, err := t.mergeIn(ctx, "acquisition_add", "acquisition",
		"contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at", rows)
	return err
}

// addDuties opens duties. One that is there already for the same contact,
// activity, source and cause is left as it is (D5).
func (t tx) addDuties(ctx context.Context, controller mailer.ID, ds []mailer.Duty, now time.Time, counts tally) error {
	if len(ds) == 0 {
		return nil
	}
	rows := make([][]any, len(ds))
	for i, d := range ds {
		rows[i] = []any{d.ContactID, d.ID, controller, d.ActivityKey, d.SourceKey, d.Cause, d.AcquisitionID, null(d.ObtainedAt),
			d.Due.At, string(d.Due.Rule), records{d.Due.Inputs}, string(d.State), string(d.Reason), d.Detail, now}
	}
	if err := t.stage(ctx, "duty", "contact_id, id, controller_id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs, state, reason, detail, opened_at", rows); err != nil {
		return err
	}
	var made []standRow
	if err := t.all(ctx, &made, "duty_add"); err != nil {
		return err
	}
	for _, r := range made {
		counts.duty(controller, dutyStand{}, r.stand())
	}
	return nil
}

// standRow is what of a duty is counted.
type standRow struct {
	State  mailer.DutyState   `db:"state"`
	Reason mailer.BlockReason `db:"reason"`
	DueAt  instant            `db:"due_at"`
}

func (r standRow) stand() dutyStand { return dutyStand{r.State, r.Reason, r.DueAt.Time} }

// raiseFound stores what a batch found that a person must look at.
func (t tx) raiseFound(ctx context.Context, controller mailer.ID, as []mailer.Alert, now time.Time, counts tally) error {
	rows := make([]alertRow, len(as))
	for i, a := range as {
		rows[i] = alertRow{mailer.NewID(now), controller, a.Kind, a.Subject, a.Detail, now}
	}
	return t.raise(ctx, rows, counts)
}

// known is nil for the zero instant, which JSON hands over as null.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
