package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/accept"
)

var _ accept.ImportStore = (*Store)(nil)

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
func (s *Store) BeginImport(ctx context.Context, controller mailer.ID, imp accept.Import, now time.Time) (accept.Import, error) {
	var r importRow
	if imp.ID.IsZero() {
		imp.ID = mailer.NewID(now)
	}
	err := s.write(ctx, func(t tx) error {
		_, err := t.one(ctx, &r, "import_begin", imp.ID, controller, imp.SourceKey, imp.ActivityKey, imp.FileName, imp.FileHash, imp.SettingsHash, now, imp.Basis)
		return err
	})
	return accept.Import{
		ID: r.ID, SourceKey: r.SourceKey, ActivityKey: r.ActivityKey, FileName: r.FileName,
		FileHash: r.FileHash, SettingsHash: r.SettingsHash,
		Position: r.Position, Finished: !r.FinishedAt.IsZero(),
		Counts: accept.ImportCounts{Accepted: r.Accepted, Merged: r.Merged, Refused: r.Refused},
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
func (s *Store) Merge(ctx context.Context, controller, importID mailer.ID, keys accept.BatchKeys, now time.Time,
	decide func(known []mailer.Known, suppressed map[string]bool) accept.Merge) error {
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

func (t tx) lookUp(ctx context.Context, controller mailer.ID, keys accept.BatchKeys, now time.Time) ([]mailer.Known, map[string]bool, error) {
	var kinds []mailer.IdentifierKind
	var hashes [][]byte
	for _, kind := range slices.Sorted(maps.Keys(keys)) {
		for _, h := range keys[kind] {
			kinds, hashes = append(kinds, kind), append(hashes, h)
		}
	}
	if len(hashes) == 0 {
		return nil, nil, nil
	}
	var ids []mailer.ID
	if err := t.all(ctx, &ids, "intake_known", controller, texts(kinds), pq.ByteaArray(hashes)); err != nil {
		return nil, nil, err
	}
	var found [][]byte
	if err := t.all(ctx, &found, "intake_suppressed", controller, texts(kinds), pq.ByteaArray(hashes), now); err != nil {
		return nil, nil, err
	}
	suppressed := make(map[string]bool, len(found))
	for _, h := range found {
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
func (t tx) merge(ctx context.Context, controller, importID mailer.ID, m accept.Merge, now time.Time) error {
	counts := tally{}
	batch := t.arrive(controller, m.NewContacts, now, counts)
	if err := batch.addContacts(ctx, m.NewContacts); err != nil {
		return err
	}
	if err := t.fillContacts(ctx, controller, m.Updated, now); err != nil {
		return err
	}
	if err := batch.addIdentifiers(ctx, m.Identifiers); err != nil {
		return err
	}
	if err := batch.addAcquisitions(ctx, m.Acquisitions); err != nil {
		return err
	}
	tooLate, err := t.changeDuties(ctx, controller, m, now, counts)
	if err != nil {
		return err
	}
	if err := batch.addDuties(ctx, m.Duties); err != nil {
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
