package intake

import (
	"fmt"
	"slices"
	"strconv"
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
	fStreet
	fStreet2
	fStreet3
	fieldCount
)

var fieldNames = [fieldCount]string{
	"name", "given_name", "family_name", "email", "email_2", "phone", "profile_url", "source_ref", "page", "country", "region", "city",
	"postal_code", "language", "organisation", "job_title", "obtained_at", "visibility", "first_communication", "first_disclosure",
	"told_at", "told_proof", "street", "street_2", "street_3",
}

// Fields lists the names of the fields that a mapping may use.
func Fields() []string { return slices.Clone(fieldNames[:]) }

func (f field) String() string { return fieldNames[f] }

// values are a row's cells by field, as they stand in the file.
type values [fieldCount]string

// columns says which column or path each field is read from; "" is none.
type columns [fieldCount]string

// mapping joins what a source declares with what was given for one import.
type mapping struct {
	columns columns
	by      [fieldCount]string // who said so
	left    [fieldCount]bool   // given with an empty column: left out
	own     bool               // nothing was declared with the source, so that columns may speak for themselves
}

func effective(kept, given mailer.Mapping) (m mapping, err error) {
	for by, fields := range map[string]map[string]string{byRegister: kept.Fields, byFlag: given.Fields} {
		for name, column := range fields {
			i := slices.Index(fieldNames[:], name)
			if i < 0 {
				return m, fmt.Errorf("the mapping names a field %q that there is not; the fields are %s", name, strings.Join(fieldNames[:], ", "))
			}
			if _, goesBefore := given.Fields[name]; goesBefore && by == byRegister {
				continue
			}
			m.columns[i], m.by[i] = strings.TrimSpace(column), by
			m.left[i] = m.columns[i] == ""
		}
	}
	m.own = len(kept.Fields) == 0
	return m, nil
}

// wanted are the columns to look for in a header, in small letters.
func (m mapping) wanted() []string {
	var names []string
	for f := range fieldCount {
		switch {
		case m.columns[f] != "":
			names = append(names, strings.ToLower(m.columns[f]))
		case m.own && !m.left[f]:
			names = append(names, fieldNames[f])
		}
	}
	return names
}

// resolve finds the place of each mapped column in a CSV header; -1 is none. A
// column may be named by its place as well: #1 is the first.
func (m *mapping) resolve(header []string, width int) (places [fieldCount]int, err error) {
	for f := range fieldCount {
		places[f] = -1
	}
	for f := range fieldCount {
		column := m.columns[f]
		if column == "" && m.own && !m.left[f] && countColumns(header, fieldNames[f]) > 0 {
			column, m.by[f] = fieldNames[f], byItsName
		}
		if column == "" {
			continue
		}
		switch n := countColumns(header, column); {
		case n == 1:
			places[f] = slices.IndexFunc(header, sameColumn(column))
		case n > 1:
			return places, fmt.Errorf("the mapping reads %s from column %q, which the file has %d times; rename all but one, or name it by its place, as in --map %s=#%d",
				f, column, n, f, slices.IndexFunc(header, sameColumn(column))+1)
		default:
			if places[f] = placeNumber(column, width); places[f] < 0 {
				return places, fmt.Errorf("the mapping reads %s from column %q, which the file lacks; %s. Correct it with --map %s=COLUMN, or leave the field out with --map %s=",
					f, column, itsColumns(header), f, f)
			}
		}
	}
	return places, nothingMapped(places[:], func(i int) bool { return i >= 0 }, header)
}

// placeNumber reads #1 as 0; -1 is none.
func placeNumber(column string, width int) int {
	digits, found := strings.CutPrefix(column, "#")
	n, err := strconv.Atoi(digits)
	if !found || err != nil || n < 1 || n > width {
		return -1
	}
	return n - 1
}

// columnAt is what a column is called.
func (m mapping) columnAt(header []string, place int) string {
	switch {
	case place < 0:
		return ""
	case place < len(header) && strings.TrimSpace(header[place]) != "":
		return clip(strings.TrimSpace(header[place]), 80)
	}
	return fmt.Sprintf("#%d", place+1)
}

// nothingMapped refuses a file of which no column would be read.
func nothingMapped[T any](places []T, used func(T) bool, there []string) error {
	if slices.ContainsFunc(places, used) {
		return nil
	}
	return fmt.Errorf("no column of the file is mapped to a field: %s; name some with --map FIELD=COLUMN, or keep a mapping with the source in the register. The fields are %s",
		itsColumns(there), strings.Join(fieldNames[:], ", "))
}

// itsColumns names a file's columns for an error, unless they look like
// somebody's data: then there is no header where one was looked for.
func itsColumns(header []string) string {
	if header == nil {
		return "it has no header; its columns are #1, #2 and so on"
	}
	if slices.ContainsFunc(header, func(c string) bool { return strings.ContainsAny(c, "@") || strings.Contains(c, "://") }) {
		return "the line that was taken for its header holds data: name the header's with --header-line, or none"
	}
	return "its columns are " + quoteAll(header)
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
