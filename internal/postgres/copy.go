package postgres

import (
	"context"

	"article14/mailer"
	"article14/mailer/access"
)

var _ access.Store = (*Store)(nil)

// CopyFacts gives everything that is stored about a person, over one snapshot (Art. 15).
func (s *Store) CopyFacts(ctx context.Context, controller, contact mailer.ID) (f access.Facts, err error) {
	err = s.read(ctx, func(t tx) error {
		if f.ContactReport, err = t.contactReport(ctx, controller, contact); err != nil {
			return err
		}
		if f.Files, err = t.filesOf(ctx, controller, f.Acquisitions); err != nil {
			return err
		}
		f.Words, err = t.wordsOf(ctx, controller, contact)
		return err
	})
	return f, err
}

// filesOf are the files that obtainings were read from.
func (t tx) filesOf(ctx context.Context, controller mailer.ID, as []mailer.Acquisition) (map[mailer.ID]access.File, error) {
	var ids []mailer.ID
	for _, a := range as {
		ids = append(ids, a.ImportID)
	}
	var rows []struct {
		ID     mailer.ID `db:"id"`
		Name   string    `db:"file_name"`
		ReadAt instant   `db:"started_at"`
	}
	err := t.all(ctx, &rows, "copy_files", controller, uuids(ids))
	out := map[mailer.ID]access.File{}
	for _, r := range rows {
		out[r.ID] = access.File{Name: r.Name, ReadAt: r.ReadAt.Time}
	}
	return out, err
}

// wordsOf are what a person wrote to us, by answer, while they are kept.
func (t tx) wordsOf(ctx context.Context, controller, contact mailer.ID) (map[mailer.ID]access.Words, error) {
	var rows []struct {
		ID      mailer.ID `db:"answer_id"`
		Subject string    `db:"subject"`
		Body    string    `db:"body"`
	}
	err := t.all(ctx, &rows, "copy_words", controller, contact)
	out := map[mailer.ID]access.Words{}
	for _, r := range rows {
		out[r.ID] = access.Words{Subject: r.Subject, Body: r.Body}
	}
	return out, err
}
