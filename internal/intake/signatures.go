package intake

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

const asCSV = "save or export it as CSV"

// signatures are the first bytes of files that are no contact files, though
// people have contacts in them.
var signatures = []struct{ start, what, remedy string }{
	{"\xff\xfe\x00\x00", "in UTF-32", "convert it first, for example with 'iconv -f UTF-32 -t UTF-8 FILE > NEW'"},
	{"\x00\x00\xfe\xff", "in UTF-32", "convert it first, for example with 'iconv -f UTF-32 -t UTF-8 FILE > NEW'"},
	{"PK\x03\x04", "a workbook or an archive", "save the sheet as CSV in UTF-8, or unpack the archive"},
	{"\xd0\xcf\x11\xe0", "an old workbook", "save the sheet as CSV in UTF-8"},
	{"\x1f\x8b", "compressed with gzip", "decompress it first with 'gunzip'"},
	{"\xfd7zXZ", "compressed with xz", "decompress it first with 'unxz'"},
	{"BZh", "compressed with bzip2", "decompress it first with 'bunzip2'"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd", "decompress it first with 'unzstd'"},
	{"%PDF", "a PDF document", asCSV},
	{"{\\rtf", "a text document", asCSV},
	{"SQLite format 3", "a database", asCSV},
	{"PAR1", "a Parquet table", asCSV},
}

// markups are how texts begin that have no rows, in small letters.
var markups = []struct{ start, what string }{
	{"<?xml", "XML"}, {"<html", "a web page"}, {"<!doctype", "a web page"}, {"<table", "a web page"}, {"begin:vcard", "a list of address cards"},
}

// refuseOthers refuses what is not a contact file by its first bytes.
func refuseOthers(head []byte) error {
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))
	if len(text) == 0 && len(head) < headSize {
		return errors.New("the file is empty")
	}
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.start)) {
			return fmt.Errorf("the file is %s, and not a contact file: %s", s.what, s.remedy)
		}
	}
	start := strings.ToLower(string(text[:min(len(text), 16)]))
	for _, m := range markups {
		if strings.HasPrefix(start, m.start) {
			return fmt.Errorf("the file is %s, and not a contact file: open it where it comes from and %s", m.what, asCSV)
		}
	}
	return nil
}
