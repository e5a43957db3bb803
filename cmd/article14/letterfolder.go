package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"article14/internal/export"
	"article14/mailer"
	"article14/mailer/byhand"
)

// letterFolder is a batch on disk. Its files are written into a folder beside the place
// where it will stand, which nobody else can read, and it is moved there when it is whole:
// half a batch is never taken for one.
type letterFolder struct {
	final, partial string
	csvFile        *os.File
	csv            *export.Writer
	files          []manifestFile
	pages          int
}

type manifestFile struct {
	File      string `json:"file"`
	Reference string `json:"reference,omitempty"`
	Pages     int    `json:"pages,omitempty"`
	SHA256    string `json:"sha256"`
}

type manifest struct {
	Batch   mailer.ID      `json:"batch"`
	MadeAt  string         `json:"made_at"`
	MadeBy  string         `json:"made_by"`
	Letters int            `json:"letters"`
	Pages   int            `json:"pages"`
	Files   []manifestFile `json:"files"`
}

// addressColumns are lines behind the recipient's: six lines fit the window.
const addressColumns = mailer.MaxAddressLines - 1

func newLetterFolder(dir string, batch mailer.ID) (*letterFolder, error) {
	f := &letterFolder{final: filepath.Join(dir, "batch-"+batch.String())}
	if _, err := os.Lstat(f.final); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder of batch %s is there already, and is not written over: name another with --out, or move it away", batch)
	}
	pattern := ".batch-" + batch.String() + "-"
	broken, err := filepath.Glob(filepath.Join(globless(dir), pattern+"*"))
	if err != nil {
		return nil, err
	}
	for _, old := range broken { // of a run that was broken off: the same letters, written again
		if err := os.RemoveAll(old); err != nil {
			return nil, err
		}
	}
	if f.partial, err = os.MkdirTemp(dir, pattern); err != nil {
		return nil, fmt.Errorf("make the folder for letters: %w", err)
	}
	if f.csvFile, err = f.create("batch.csv"); err != nil {
		return nil, err
	}
	f.csv = export.NewWriter(f.csvFile)
	head := []string{"reference", "name"}
	for i := range addressColumns {
		head = append(head, "line_"+strconv.Itoa(i+1))
	}
	return f, f.csv.Write(append(head, "country", "language", "file", "pages", "sha256")...)
}

// writableFolder makes the folder that batches stand in, and tries it.
func writableFolder(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var probe string
		if probe, err = os.MkdirTemp(dir, ".probe-"); err == nil {
			err = os.Remove(probe)
		}
	}
	if err != nil {
		return fmt.Errorf("the folder for letters cannot be written to: %w", err)
	}
	return nil
}

// globless is a folder's name with nothing in it that a pattern would read as its own.
func globless(dir string) string {
	out := make([]byte, 0, len(dir))
	for _, c := range []byte(dir) {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}

func (f *letterFolder) create(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(f.partial, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// write writes a whole file, down to the disk.
func (f *letterFolder) write(name string, body []byte) error {
	file, err := f.create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(body)
	return errors.Join(err, file.Sync(), file.Close())
}

// Letter writes one PDF and its row.
func (f *letterFolder) Letter(l byhand.FinishedLetter) error {
	name := l.Reference + ".pdf"
	if err := f.write(name, l.PDF); err != nil {
		return fmt.Errorf("write letter %s: %w", l.Reference, err)
	}
	sum := fmt.Sprintf("%x", l.SHA256)
	f.files = append(f.files, manifestFile{name, l.Reference, l.Pages, sum})
	f.pages += l.Pages
	lines, err := l.To.Lines("")
	if err != nil {
		return err
	}
	row := []string{l.Reference}
	for i := range addressColumns + 1 {
		line := ""
		if i < len(lines) {
			line = lines[i].Text
		}
		row = append(row, line)
	}
	return f.csv.Write(append(row, l.To.Country, l.Languages, name, strconv.Itoa(l.Pages), sum)...)
}

// Done finishes the batch: from now on it stands where it was asked for.
func (f *letterFolder) Done(b byhand.LetterBatch) error {
	if err := errors.Join(f.csvFile.Sync(), f.csvFile.Close()); err != nil {
		return err
	}
	table, err := os.ReadFile(f.csvFile.Name())
	if err != nil {
		return err
	}
	f.csvFile = nil
	m := manifest{b.ID, b.MadeAt.UTC().Format("2006-01-02T15:04:05Z"), b.MadeBy, b.Letters, f.pages,
		append(f.files, manifestFile{File: "batch.csv", SHA256: fmt.Sprintf("%x", sha256.Sum256(table))})}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := f.write("manifest.json", append(body, '\n')); err != nil {
		return err
	}
	if err := errors.Join(syncFolder(f.partial), os.Rename(f.partial, f.final)); err != nil {
		return err
	}
	f.partial = ""
	return syncFolder(filepath.Dir(f.final))
}

// close takes away what was not finished.
func (f *letterFolder) close() {
	if f.csvFile != nil {
		f.csvFile.Close()
	}
	if f.partial != "" {
		os.RemoveAll(f.partial)
	}
}

// syncFolder brings the names in a folder down to the disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
