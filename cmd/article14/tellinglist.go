package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"article14/internal/export"
	"article14/mailer/telling"
)

// tellingList is a CSV for a recipient without a system. It is written beside its place, and
// moved there when it is whole and on the disk.
type tellingList struct {
	final, partial string
	file           *os.File
	out            *bufio.Writer
	csv            *export.Writer
}

// tellingColumns are those of docs/telling.md.
var tellingColumns = []string{"telling", "at", "event", "activity", "scope", "your_references", "name", "emails", "profiles", "phones", "other_identifiers", "changes"}

func newTellingList(name string) (*tellingList, error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is there already, and is not written over: name another with --out", name)
	}
	l := &tellingList{final: name, partial: name + ".partial"}
	var err error
	if l.file, err = os.OpenFile(l.partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, err
	}
	if err := l.file.Chmod(0o600); err != nil { // of one that was broken off
		return nil, errors.Join(err, l.file.Close())
	}
	l.out = bufio.NewWriter(l.file)
	l.csv = export.NewWriter(l.out)
	return l, l.csv.Write(tellingColumns...)
}

// Write writes one row.
func (l *tellingList) Write(t telling.Line) error {
	return l.csv.Write(t.ID, t.At.UTC().Format(time.RFC3339), string(t.Event), t.Activity, string(t.Scope), t.References, t.Name, t.Emails, t.Profiles, t.Phones, t.Others, t.Changes)
}

// Keep puts the file into its place once its bytes are on the disk.
func (l *tellingList) Keep() error {
	if err := errors.Join(l.out.Flush(), l.file.Sync(), l.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", l.partial, err)
	}
	return os.Rename(l.partial, l.final)
}

// Drop removes what was written of it.
func (l *tellingList) Drop() {
	l.file.Close()
	os.Remove(l.partial)
}
