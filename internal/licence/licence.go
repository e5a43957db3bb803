// Package licence has the texts under which the parts of the program are given: its
// own, those of the modules that are compiled in, of the fonts of letters, of Go's
// standard library, and of data. They travel inside the program, as most of them ask:
// who gets the one file gets them, too.
//
// The texts of modules are copied from the modules by 'make licences', which is a test
// that writes; run without that, the same test says what is missing or has changed.
package licence

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed all:texts all:data
var files embed.FS

// Text is one file of a part's terms.
type Text struct {
	Part string // a module's path, "article14", "go" for the standard library, or the name of data
	File string // as it is named there
	Kind string // by its SPDX identifier where it has one, see KindOf
	Body string
}

// The program itself, and the language's own library, as Part names them.
const (
	Own    = "article14"
	GoSelf = "go"
)

// Texts are all of them: the program's own first, then by part and file.
func Texts() ([]Text, error) {
	var out []Text
	for _, root := range []string{"texts", "data"} {
		err := fs.WalkDir(files, root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := files.ReadFile(file)
			part, name := path.Split(strings.TrimPrefix(file, root+"/"))
			out = append(out, Text{Part: strings.TrimSuffix(part, "/"), File: name, Kind: KindOf(string(body)), Body: string(body)})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Text) int {
		if own := isOwn(a) - isOwn(b); own != 0 {
			return own
		}
		return strings.Compare(a.Part+"\x00"+a.File, b.Part+"\x00"+b.File)
	})
	return out, nil
}

func isOwn(t Text) int {
	if t.Part == Own {
		return 0
	}
	return 1
}

// marks tell kinds of terms apart by words of theirs, the more particular first.
var marks = []struct{ kind, words string }{
	{"OFL-1.1", "SIL OPEN FONT LICENSE Version 1.1"},
	{"Bitstream-Vera", "Bitstream Vera Fonts Copyright"},
	{"Unicode-3.0", "UNICODE LICENSE V3"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"Apache-2.0", "Apache License Version 2.0"},
	{"patents", "Additional IP Rights Grant (Patents)"}, // beside BSD-3-Clause: it gives more
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistribution and use in source and binary forms"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"},
	{"notice", "This product includes software developed"},
	{"notice", "Data model artifacts for Prometheus"},
	{"notice", "procfs provides functions to retrieve system"},
	{"notice", "Common libraries shared by Prometheus"},
}

// KindOf tells which terms a text has; "" where nobody has looked at them yet, so that
// a new library cannot come in unseen.
func KindOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for _, m := range marks {
		if strings.Contains(text, m.words) {
			return m.kind
		}
	}
	return ""
}
