package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"article14/internal/register"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/status"
)

// The demo's register is the sample, with links that lead to this machine, and with the
// channels that an operator has to allow by a line of their own: letters and calls
// (docs/channels.md).
func demoRegister(base, address string) ([]byte, error) {
	body := register.Sample()
	for _, change := range [][2]string{
		{"links: https://privacy.nordlicht.example", "links: " + base},
		{"shown_as: privacy.nordlicht.example", "shown_as: " + address},
		{"      city: City\n", "      street: Street\n      postal_code: Postal code\n      city: City\n"},
		{"private e-mail address, town, country", "private e-mail address, postal address, country"},
		{"adresse e-mail privée, ville, pays", "adresse e-mail privée, adresse postale, pays"},
		{"private E-Mail-Adresse, Ort, Land", "private E-Mail-Adresse, Postanschrift, Land"},
	} {
		if n := bytes.Count(body, []byte(change[0])); n != 1 {
			return nil, fmt.Errorf("the sample register has %q %d times, and the demo changes it once", change[0], n)
		}
		body = bytes.Replace(body, []byte(change[0]), []byte(change[1]), 1)
	}
	return append(body, "\nletters: {enabled: true}\ncalls: true\n"...), nil
}

// lettersFolder is where the demo prints, and what its inbox shows.
func (d *demo) lettersFolder() string { return filepath.Join(d.folder, "letters") }

func (d *demo) letterFiles() fs.FS { return os.DirFS(d.lettersFolder()) }

// manyLetters is more than the demo ever has.
const manyLetters = 10_000

// letters prints what waits for the post, as 'article14 letter batch' does.
func (d *demo) letters(ctx context.Context) (left []byhand.LeftOut, err error) {
	if err := d.onPaper(); err != nil {
		return nil, err
	}
	var folder *letterFolder
	_, left, err = d.app.letters().Batch(ctx, byhand.BatchOrder{Limit: manyLetters, By: demoBy}, func(b byhand.LetterBatch) (_ byhand.LetterFolder, err error) {
		folder, err = newLetterFolder(d.lettersFolder(), b.ID)
		return folder, err
	})
	if folder != nil {
		folder.close()
	}
	if errors.Is(err, byhand.ErrNothingWaits) {
		return nil, nil
	}
	return left, err
}

// makeLettersFolder has it stand before the inbox looks into it.
func (d *demo) makeLettersFolder() error { return os.Mkdir(d.lettersFolder(), 0o700) }

// watch shows the progress and returns when everything that goes by itself has gone: what
// is left waits for a person, who posts letters and calls people.
func (d *demo) watch(ctx context.Context, what string) error {
	c, err := d.store.Campaign(ctx, d.controller, demoCampaign)
	if err != nil {
		return err
	}
	p := newProgress(d.err, what, c.ApprovedPeople)
	for {
		f, err := d.store.Figures(ctx, d.controller, d.now())
		if err != nil {
			return err
		}
		p.set(f.Deliveries[mailer.Relayed] + f.Deliveries[mailer.Rejected])
		if byHandAlone(f) {
			p.done()
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// byHandAlone tells whether letters and calls are all that is still on its way.
func byHandAlone(f status.Figures) bool {
	moving := f.Deliveries[mailer.Queued] + f.Deliveries[mailer.Sending] + f.Deliveries[mailer.Deferred] + f.Deliveries[mailer.Uncertain]
	return f.Duties[mailer.DutyOpen]+f.Duties[mailer.DutyFailed] == 0 && moving == f.ByHand.Letters+f.ByHand.InBatches+f.ByHand.Calls
}
