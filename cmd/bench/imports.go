package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"article14/internal/intake"
	"article14/mailer/accept"
)

// importFile is (d): a file from the disk into the tables, by the calls that
// 'article14 import' makes. Hashing the file is part of it, as it is there.
func (s *stage) importFile() error {
	source, ok := s.reg.Source(sourceKey)
	if !ok {
		return fmt.Errorf("the sample register has no source %q", sourceKey)
	}
	c, err := s.start()
	if err != nil {
		return err
	}
	f, err := os.Open(s.File)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	rows, err := intake.Open(f, intake.Settings{Format: intake.Auto, Zone: s.reg.Controller.Zone, Source: source, Now: time.Now})
	if err != nil {
		return err
	}
	im := accept.Importer{Store: s.store, Keys: s.keys, Now: time.Now}
	counts, err := im.Run(s.ctx, accept.ImportPlan{
		Controller: s.controller, Register: s.reg, Source: source, ActivityKey: activityKey, Rows: rows,
		Import: accept.Import{FileName: filepath.Base(s.File), FileHash: hash.Sum(nil), SettingsHash: []byte("bench")},
	})
	if err != nil {
		return err
	}
	if err := c.stop(s.N); err != nil {
		return err
	}
	if counts.Accepted != int64(s.N-s.Known) || counts.Merged != int64(s.Known) || counts.Refused != 0 {
		return fmt.Errorf("of %d rows, %d known, the import accepted %d, merged %d and refused %d", s.N, s.Known, counts.Accepted, counts.Merged, counts.Refused)
	}
	return nil
}
