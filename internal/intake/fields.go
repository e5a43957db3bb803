package intake

import (
	"fmt"
	"slices"
	"strings"

	"article14/mailer"
)

// field is what a column may hold.
type field int

const (
	fName field = iota
	fGivenName
	fFamilyName
	fEmail
	fEmail2
	fPhone
	fProfileURL
	fSourceRef
	fPage
	fCountry
	fRegion
	fCity
	fPostalCode
	fLanguage
	fOrganisation
	fJobTitle
	fObtainedAt
	fVisibility
	fFirstCommunication
	fFirstDisclosure
	fToldAt
	fToldProof
	fieldCount
)

var fieldNames = [fieldCount]string{
	"name", "given_name", "family_name", "email", "email_2", "phone", "profile_url", "source_ref", "page", "country", "region", "city",
	"postal_code", "language", "organisation", "job_title", "obtained_at", "visibility", "first_communication", "first_disclosure",
	"told_at", "told_proof",
}

// Fields lists the names of the fields that a mapping may use.
func Fields() []string { return slices.Clone(fieldNames[:]) }

func (f field) String() string { return fieldNames[f] }

// values are a row's cells by field, as they stand in the file.
type values [fieldCount]string

// columns says which column or path each field is read from; "" is none.
type columns [fieldCount]string

// effective joins what a source declares with what was given for one import.
// A field given with an empty column is left out. own tells that nothing was
// declared with the source, so that columns may speak for themselves.
func effective(kept, given mailer.Mapping) (cols columns, left [fieldCount]bool, own bool, err error) {
	for _, m := range []mailer.Mapping{kept, given} {
		for name, column := range m.Fields {
			i := slices.Index(fieldNames[:], name)
			if i < 0 {
				return cols, left, false, fmt.Errorf("the mapping names a field %q that there is not; the fields are %s", name, strings.Join(fieldNames[:], ", "))
			}
			cols[i] = strings.TrimSpace(column)
			left[i] = cols[i] == ""
		}
	}
	return cols, left, len(kept.Fields) == 0, nil
}

// resolve finds the place of each mapped column in a CSV header; -1 is none.
func resolve(header []string, s Settings) (places [fieldCount]int, err error) {
	cols, left, own, err := effective(s.Source.Columns, s.Mapping)
	if err != nil {
		return places, err
	}
	for f := range fieldCount {
		column := cols[f]
		if column == "" && own && !left[f] && countColumns(header, fieldNames[f]) == 1 {
			column = fieldNames[f]
		}
		places[f] = -1
		if column == "" {
			continue
		}
		switch countColumns(header, column) {
		case 0:
			return places, fmt.Errorf("the mapping reads %s from column %q, which the file lacks; its columns are %s. Correct it with --map %s=COLUMN, or leave the field out with --map %s=",
				f, column, quoteAll(header), f, f)
		case 1:
			places[f] = slices.IndexFunc(header, sameColumn(column))
		default:
			return places, fmt.Errorf("the mapping reads %s from column %q, which the file has %d times; rename all but one", f, column, countColumns(header, column))
		}
	}
	return places, nothingMapped(places[:], func(i int) bool { return i >= 0 }, header)
}

// nothingMapped refuses a file of which no column would be read.
func nothingMapped[T any](places []T, used func(T) bool, there []string) error {
	if slices.ContainsFunc(places, used) {
		return nil
	}
	return fmt.Errorf("no column of the file is mapped to a field: it has %s; name some with --map FIELD=COLUMN, or keep a mapping with the source in the register. The fields are %s",
		quoteAll(there), strings.Join(fieldNames[:], ", "))
}

func sameColumn(name string) func(string) bool {
	return func(column string) bool { return strings.EqualFold(strings.TrimSpace(column), name) }
}

func countColumns(header []string, name string) (n int) {
	for _, column := range header {
		if sameColumn(name)(column) {
			n++
		}
	}
	return n
}

// quoteAll lists columns for an error, not more than a screen holds.
func quoteAll(names []string) string {
	const most = 60
	var out []string
	for _, n := range names[:min(len(names), most)] {
		out = append(out, fmt.Sprintf("%q", clip(strings.TrimSpace(n), 80)))
	}
	if len(names) > most {
		out = append(out, fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(out, ", ")
}
